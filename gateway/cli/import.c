#include "cli/command.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/exit_code.h"
#include "cli/import_fields.h"
#include "cli/import_open.h"
#include "cli/owner.h"
#include "cli/import_store.h"
#include "cli/service_directory.h"
#include "cli/tame.h"
#include "mqtt/json.h"

#define FILE_MAX     (16u << 20) /* a measurement each hour for a lifetime has less */
#define FUTURE_MAX_S (2 * 24 * 3600)
#define WORDS_MAX    12

DEFINE_CLEANUP(struct store *, store_close)

struct import {
        const struct command_arguments *arguments;
        const char *words[WORDS_MAX]; /* this command, for somebody else */
        struct config config;
        struct bdaddr cuff;
        uint8_t user; /* 0: not given */
        char *text;
        size_t size;
        enum import_format format;
        struct import_row *rows;
        size_t n, allocated;
        int64_t now;
        size_t refused, left_out;
        struct import_count count;
        int error; /* -ENOMEM while rows were taken */
};

/* ---- the command line ---- */

static void make_words(struct import *i) {
        const struct command_arguments *a = i->arguments;
        const char *const values[][2] = {
                {"--config", a->config}, {"--cuff", a->cuff}, {"--user", a->user}};
        size_t n = 0;

        i->words[n++] = "cuff2mqtt";
        i->words[n++] = "import";
        for (size_t k = 0; k < ELEMENTS(values); k++)
                if (values[k][1]) {
                        i->words[n++] = values[k][0];
                        i->words[n++] = values[k][1];
                }
        i->words[n++] = "-"; /* the file is opened by whoever may read it */
        if (strcmp(a->operand[0], "-") != 0) {
                i->words[n++] = "<";
                i->words[n++] = a->operand[0];
        }
}

static int take_arguments(struct import *i) {
        const struct command_arguments *a = i->arguments;
        int user;

        if (!a->operand[0] || !a->cuff) {
                fprintf(stderr, "cuff2mqtt: import needs the name of a file and --cuff ADDRESS\n"
                                "Try `cuff2mqtt import --help`.\n");
                return EXIT_CODE_USAGE;
        }
        if (bdaddr_from_string(a->cuff, &i->cuff) < 0) {
                fprintf(stderr, "cuff2mqtt: --cuff needs the address of a cuff, such as "
                                "28:FF:B2:05:91:B5\n");
                return EXIT_CODE_USAGE;
        }
        if (!a->user)
                return EXIT_CODE_OK;
        if (!import_fields_number((struct import_text){a->user, strlen(a->user)}, &user) ||
            user < 1 || user > IMPORT_USER_MAX) {
                fprintf(stderr, "cuff2mqtt: --user needs the number of a user of the cuff: 1, 2, "
                                "..\n");
                return EXIT_CODE_USAGE;
        }
        i->user = (uint8_t) user;
        return EXIT_CODE_OK;
}

/* ---- the file ---- */

/* All of it, with a NUL behind. 0; -EFBIG; negative errno. */
static int read_all(int fd, char **ret, size_t *ret_n) {
        _cleanup_(freep) char *text = NULL;
        size_t n = 0, room = 0;

        for (;;) {
                ssize_t got;

                if (n + 1 >= room) {
                        char *more = realloc(text, room = room ? 2 * room : 1 << 16);

                        if (!more)
                                return -ENOMEM;
                        text = more;
                }
                got = read(fd, text + n, room - n - 1);
                if (got < 0)
                        return -errno;
                if (got == 0)
                        break;
                n += (size_t) got;
                if (n > FILE_MAX)
                        return -EFBIG;
        }
        text[n] = '\0';
        *ret = TAKE_PTR(text);
        *ret_n = n;
        return 0;
}

static int read_file(struct import *i) {
        const char *name = i->arguments->operand[0];
        const bool is_input = strcmp(name, "-") == 0;
        _cleanup_(closep) int fd = is_input ? dup(STDIN_FILENO) : open(name, O_RDONLY | O_CLOEXEC);
        int r = fd < 0 ? -errno : read_all(fd, &i->text, &i->size);

        if (r >= 0)
                return EXIT_CODE_OK;
        fprintf(stderr, "cuff2mqtt: %s cannot be read: %s\n",
                is_input ? "standard input" : tame(strdupa(name)),
                r == -EFBIG ? "it has more than 16 MB, which no export has" : strerror(-r));
        return EXIT_CODE_FAILURE;
}

static int know_format(struct import *i) {
        const char *why;

        if (import_detect(i->text, i->size, &i->format, &why) < 0) {
                fprintf(stderr, "cuff2mqtt: nothing was imported. %s\n", why);
                return EXIT_CODE_FAILURE;
        }
        if (i->user || import_format_tells_user(i->format))
                return EXIT_CODE_OK;
        fprintf(stderr,
                "cuff2mqtt: %s does not tell whose its measurements are: add --user 1, or "
                "whichever "
                "number the person has on the cuff\n",
                import_format_to_string(i->format));
        return EXIT_CODE_USAGE;
}

/* ---- its rows ---- */

static int append(struct import *i, const struct import_row *row) {
        if (i->n == i->allocated) {
                const size_t more = i->allocated ? 2 * i->allocated : 256;
                struct import_row *rows = reallocarray(i->rows, more, sizeof *rows);

                if (!rows)
                        return -ENOMEM;
                i->rows = rows;
                i->allocated = more;
        }
        i->rows[i->n++] = *row;
        return 0;
}

static const char *on_row(void *owner, const struct import_row *row) {
        struct import *i = owner;
        struct import_row mine = *row;
        int64_t utc;

        if (mine.measurement.user == MEASUREMENT_USER_UNKNOWN)
                mine.measurement.user = i->user;
        if (i->user && mine.measurement.user != i->user) {
                i->left_out++;
                return NULL;
        }
        if (wall_clock_utc(&mine.measurement.taken, &utc) < 0 || utc > i->now + FUTURE_MAX_S)
                return "it lies in the future: the clock of the cuff was wrong";
        if (append(i, &mine) < 0)
                i->error = -ENOMEM;
        return NULL;
}

static void on_refused(void *owner, const char *where, const char *why) {
        struct import *i = owner;

        i->refused++;
        fprintf(stderr, "cuff2mqtt: %s is left out: %s\n", where, why);
}

static int take_rows(struct import *i) {
        static const struct import_events events = {.row = on_row, .refused = on_refused};
        const char *why;

        i->now = wall_clock_now();
        if (import_parse(i->text, i->size, i->format, &events, i, &why) < 0)
                fprintf(stderr, "cuff2mqtt: nothing was imported. %s\n", why);
        else if (i->error)
                fprintf(stderr, "cuff2mqtt: nothing was imported: memory is out\n");
        else
                return EXIT_CODE_OK;
        return EXIT_CODE_FAILURE;
}

/* ---- the database ---- */

static int write_rows(struct import *i, struct store *s) {
        struct progress progress;
        int r;

        progress_init(&progress, "Importing");
        r = import_store_rows(s, &i->cuff, i->rows, i->n, &progress, &i->count);
        progress_done(&progress);
        if (r >= 0)
                return EXIT_CODE_OK;
        fprintf(stderr,
                "cuff2mqtt: the database cannot be written (%s) after %zu new measurements, which "
                "are kept: run `cuff2mqtt doctor`, then import again; nothing will be there "
                "twice\n",
                strerror(-r), i->count.fresh);
        return EXIT_CODE_STATE;
}

/* ---- the end ---- */

static int print_json(const struct import *i) {
        struct json j = json_begin(cJSON_CreateObject());
        _cleanup_(freep) char *text = NULL;
        char address[BDADDR_STRING_SIZE];
        const struct {
                const char *key;
                size_t value;
        } counts[] = {{"new", i->count.fresh},
                      {"known", i->count.known},
                      {"known_of_another", i->count.of_another},
                      {"refused", i->refused},
                      {"left_out", i->left_out}};

        bdaddr_to_string(&i->cuff, address);
        json_text(&j, j.root, "cuff", address);
        json_text(&j, j.root, "format", import_format_to_string(i->format));
        for (size_t k = 0; k < ELEMENTS(counts); k++)
                json_real(&j, j.root, counts[k].key, (double) counts[k].value);
        text = json_end(&j);
        if (!text)
                return EXIT_CODE_FAILURE;
        puts(text);
        return EXIT_CODE_OK;
}

static int print_summary(const struct import *i) {
        if (i->arguments->json)
                return print_json(i);
        printf("%s: %zu new, %zu known already, %zu refused", import_format_to_string(i->format),
               i->count.fresh, i->count.known, i->refused);
        if (i->left_out)
                printf(", %zu of other users left out", i->left_out);
        printf("\n");
        if (i->count.of_another)
                printf("%zu of those that are known are another user's here, and stay so: see "
                       "docs/import.md\n",
                       i->count.of_another);
        if (i->count.fresh)
                printf("The service publishes the new ones when it runs: `sudo systemctl start "
                       "cuff2mqtt`\n");
        return EXIT_CODE_OK;
}

static int import_file(struct import *i) {
        _cleanup_(store_closep) struct store *store = NULL;
        char directory[PATH_MAX];
        int code;

        service_directory(i->config.state_directory, "", directory);
        code = import_open(directory, i->words, &store);
        if (code == EXIT_CODE_OK)
                code = import_check_cuff(store, &i->cuff);
        if (code == EXIT_CODE_OK)
                code = take_rows(i);
        if (code == EXIT_CODE_OK)
                code = write_rows(i, store);
        if (code == EXIT_CODE_OK)
                code = print_summary(i);
        if (code == EXIT_CODE_OK && i->refused && !i->n)
                code = EXIT_CODE_FAILURE;
        return code;
}

static void import_done(struct import *i) {
        config_done(&i->config);
        free(i->text);
        free(i->rows);
}

static int run(const struct command_arguments *a) {
        _cleanup_(import_done) struct import i = {.arguments = a};
        int code = take_arguments(&i);

        if (code != EXIT_CODE_OK)
                return code;
        make_words(&i);
        code = read_file(&i);
        if (code == EXIT_CODE_OK)
                code = know_format(&i);
        if (code == EXIT_CODE_OK)
                code = owner_config_load(a->config, i.words, &i.config);
        if (code != EXIT_CODE_OK)
                return code;
        wall_clock_set_zone(i.config.time_zone);
        return import_file(&i);
}

const struct command command_import = {
        .name = "import",
        .synopsis = "FILE --cuff ADDRESS [--user N] [--config FILE] [--json]",
        .summary = "Take over the measurements of omblepy or UBPM.",
        .help = "\n"
                "  FILE            omblepy's userN.csv or ubpm.json, UBPM's JSON, OBPM's CSV; - is "
                "standard input\n"
                "  --cuff ADDRESS  of the cuff that they are measurements of\n"
                "  --user N        whose they are, where the file does not tell (omblepy's CSV); "
                "where it\n"
                "                  does, only those of this user are taken\n"
                "  --config FILE   instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "  --json          the summary as one object on one line\n"
                "\n"
                "The database must be free: stop the service before and start it afterwards.\n"
                "\n"
                "  sudo systemctl stop cuff2mqtt\n"
                "  sudo -u cuff2mqtt cuff2mqtt import --cuff 28:FF:B2:05:91:B5 --user 1 - < "
                "user1.csv\n"
                "  sudo systemctl start cuff2mqtt\n"
                "\n"
                "Nothing is there twice, however often it is imported or read from the cuff. Each "
                "line that\n"
                "cannot be taken is told; the others are. What is new is published once, as "
                "backlog, when\n"
                "the service runs. More: docs/import.md. Exit codes: `cuff2mqtt help`.\n",
        .options = (const struct command_option[]){{"--cuff", "the address of a cuff",
                                                    offsetof(struct command_arguments, cuff)},
                                                   {"--user", "the number of a user",
                                                    offsetof(struct command_arguments, user)},
                                                   COMMAND_OPTION_CONFIG,
                                                   COMMAND_OPTION_JSON,
                                                   {0}},
        .operands = 1,
        .run = run,
};
