#include "cli/decode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/hex.h"
#include "base/nearest.h"
#include "cli/command.h"
#include "cli/exit_code.h"

#define VALUE_MAX 512 /* the longest a characteristic can hold */

static const struct kind {
        const char *name;
        decode_function decode;
} kinds[] = {
        /* clang-format off */
        {"advert",   decode_advert},
        {"record",   decode_record},
        {"index",    decode_index},
        {"settings", decode_settings},
        {"frame",    decode_frame},
        {"clock",    decode_clock},
        {"unlock",   decode_unlock},
        {"2a35",     decode_2a35},
        {"2a49",     decode_2a49},
        {"2a2b",     decode_2a2b},
        {"2a52",     decode_2a52},
        {"smp",      decode_smp},
        /* clang-format on */
};

/* --- what several kinds share --- */

void decode_add_hex(struct json *j, cJSON *parent, const char *key, const uint8_t *bytes,
                    size_t n) {
        char text[2 * VALUE_MAX + 1];

        json_text(j, parent, key, hex_print(bytes, n < VALUE_MAX ? n : VALUE_MAX, text));
}

void decode_add_word(struct json *j, cJSON *parent, const char *key, uint16_t word) {
        char text[8];

        snprintf(text, sizeof text, "0x%04x", word);
        json_text(j, parent, key, text);
}

void decode_add_time(struct json *j, cJSON *parent, const char *key, const struct date_time *dt) {
        unsigned second = dt->second > 59 ? 59 : dt->second;
        char text[48];

        if (!dt->year || !dt->month || !dt->day) {
                json_null(j, parent, key);
                return;
        }
        snprintf(text, sizeof text, "%04u-%02u-%02uT%02u:%02u:%02u", dt->year, dt->month, dt->day,
                 dt->hour, dt->minute, second);
        json_text(j, parent, key, text);
}

/* --- one value --- */

/* As logs and other tools write them: blanks, colons and dashes may stand between two bytes, 0x
 * before the first. 0 or -EBADMSG. */
static int bytes_from_hex(const char *hex, uint8_t ret[VALUE_MAX], size_t *ret_n) {
        size_t n = 0;

        hex += strspn(hex, " \t");
        if (hex[0] == '0' && (hex[1] == 'x' || hex[1] == 'X'))
                hex += 2;
        while (hex += strspn(hex, " \t\r\n:-"), hex[0]) {
                int high = hex_digit(hex[0]), low = high < 0 ? -1 : hex_digit(hex[1]);

                if (low < 0 || n == VALUE_MAX)
                        return -EBADMSG;
                ret[n++] = (uint8_t) (high << 4 | low);
                hex += 2;
        }
        if (n == 0)
                return -EBADMSG;
        *ret_n = n;
        return 0;
}

static void add_error(struct json *j, int error, const char *reason) {
        static const struct {
                int error;
                const char *word, *reason;
        } words[] = {
                {-EBADMSG, "EBADMSG", "the bytes are malformed"},
                {-ENODATA, "ENODATA", "there is no value in these bytes"},
                {-ERANGE, "ERANGE", "no living person has such a value"},
                {-ENOTSUP, "ENOTSUP", "not understood"},
        };

        for (size_t i = 0; i < ELEMENTS(words); i++)
                if (words[i].error == error) {
                        json_text(j, j->root, "error", words[i].word);
                        json_text(j, j->root, "reason", reason ? reason : words[i].reason);
                }
}

/* An exit code. */
static int decode_one(const struct kind *kind, const struct omron_model *model, const char *hex) {
        struct json j = json_begin(cJSON_CreateObject());
        uint8_t bytes[VALUE_MAX];
        struct decode_value v = {.bytes = bytes, .model = model};
        const char *reason = "not pairs of hexadecimal digits, 1 to 512 of them";
        _cleanup_(freep) char *text = NULL;
        int r;

        r = bytes_from_hex(hex, bytes, &v.n);
        if (r == 0) {
                reason = NULL;
                r = kind->decode(&v, &j, &reason);
        }
        if (r < 0)
                add_error(&j, r, reason);
        text = json_end(&j);
        if (!text || puts(text) < 0 || fflush(stdout) != 0)
                return EXIT_CODE_FAILURE;
        return r < 0 ? EXIT_CODE_FAILURE : EXIT_CODE_OK;
}

/* An exit code: OK when every line was fine. */
static int decode_lines(const struct kind *kind, const struct omron_model *model) {
        _cleanup_(freep) char *line = NULL;
        int code = EXIT_CODE_OK;
        size_t size = 0;

        while (getline(&line, &size, stdin) >= 0) {
                const char *at = line + strspn(line, " \t\r\n");

                if (at[0] == '\0' || at[0] == '#')
                        continue;
                if (decode_one(kind, model, at) != EXIT_CODE_OK)
                        code = EXIT_CODE_FAILURE;
        }
        return ferror(stdin) ? EXIT_CODE_FAILURE : code;
}

/* --- the words of the command line --- */

static const struct kind *kind_find(const char *name) {
        struct nearest n;

        nearest_init(&n, name);
        for (size_t i = 0; i < ELEMENTS(kinds); i++) {
                if (strcmp(kinds[i].name, name) == 0)
                        return &kinds[i];
                nearest_offer(&n, kinds[i].name);
        }
        command_refuse("kind of bytes", name, &n);
        return NULL;
}

#define ROWS_MAX (2 * OMRON_CANDIDATES_MAX)

/* The rows a name can mean: those of a trade name, of both generations; else those whose id begins
 * so. Returns how many. */
static size_t rows_of(const char *name, const struct omron_model *ret[ROWS_MAX]) {
        const char *hem = strncasecmp(name, "HEM-", 4) == 0 ? name + 4 : name;
        size_t n = omron_model_candidates(name, OMRON_CLASSIC, ret);

        n += omron_model_candidates(name, OMRON_MODERN, ret + n);
        if (n > 0 || !hem[0])
                return n;
        for (size_t i = 0; n < ROWS_MAX && i < omron_model_count; i++)
                if (strncasecmp(omron_models[i].id + 4, hem, strlen(hem)) == 0)
                        ret[n++] = &omron_models[i];
        return n;
}

static void refuse_model(const char *name) {
        const struct omron_model *rows[ROWS_MAX];
        size_t n = rows_of(name, rows);
        struct nearest nearest;

        if (n == 0) {
                nearest_init(&nearest, name);
                for (size_t i = 0; i < omron_model_count; i++)
                        nearest_offer(&nearest, omron_models[i].id);
                command_refuse("model", name, &nearest);
                return;
        }
        fprintf(stderr, "cuff2mqtt: \"%s\" is not the id of one model; it can be", name);
        for (size_t i = 0; i < n; i++)
                fprintf(stderr, "%s %s", i == 0 ? "" : i + 1 < n ? "," : " or", rows[i]->id);
        fprintf(stderr, "\nTry `cuff2mqtt decode --help`.\n");
}

static int run(const struct command_arguments *a) {
        const struct omron_model *model = NULL;
        const struct kind *kind;

        if (!a->operand[0]) {
                fprintf(stderr, "cuff2mqtt: decode needs a kind of bytes\n"
                                "Try `cuff2mqtt decode --help`.\n");
                return EXIT_CODE_USAGE;
        }
        kind = kind_find(a->operand[0]);
        if (!kind)
                return EXIT_CODE_USAGE;
        if (a->model && !(model = omron_model_find(a->model))) {
                refuse_model(a->model);
                return EXIT_CODE_USAGE;
        }
        if (!a->operand[1] || strcmp(a->operand[1], "-") == 0)
                return decode_lines(kind, model);
        return decode_one(kind, model, a->operand[1]);
}

const struct command command_decode = {
        .name = "decode",
        .synopsis = "KIND [HEX | -] [--model ID]",
        .summary = "Say what bytes of a cuff mean, as JSON; needs no cuff.",
        .help = "\n"
                "  KIND        where the bytes come from:\n"
                "    advert    manufacturer data of company 0x020E, without the company id\n"
                "    frame     OMRON's memory protocol: a whole frame, slices joined\n"
                "    record    one memory record\n"
                "    index     the beginning of the settings block (with --model)\n"
                "    settings  the settings block (with --model)\n"
                "    clock     the clock window of the settings block\n"
                "    unlock    the unlock characteristic, either direction\n"
                "    2a35 2a49 2a2b 2a52\n"
                "              these standard characteristics\n"
                "    smp       pairing: a PDU of the Security Manager Protocol\n"
                "  HEX         the bytes; blanks, colons and dashes between them do not matter.\n"
                "              Without it, or as -: lines from standard input; empty lines and "
                "lines\n"
                "              that begin with # are skipped\n"
                "  --model ID  whose bytes they are: \"HEM-7155T\"; a frame is then decoded\n"
                "              further, by its address\n"
                "\n"
                "  cuff2mqtt decode 2a35 1e7e0058006500ea0706110f231e5400010000\n"
                "  cuff2mqtt decode record 584e4419ac0d1e16000014000400\n"
                "  cuff2mqtt decode frame --model HEM-7140T1 < frames.txt\n"
                "\n"
                "One JSON object per value and line. What cannot be decoded has \"error\" and "
                "\"reason\".\n"
                "A settings block holds dates of birth: look at it before you publish it.\n"
                "Exit code 0: every value was fine, 1: some was not, 64: a word of the command "
                "is wrong.\n",
        .options =
                (const struct command_option[]){
                        {"--model", "the id of a cuff", offsetof(struct command_arguments, model)},
                        {0},
                },
        .operands = 2,
        .run = run,
};
