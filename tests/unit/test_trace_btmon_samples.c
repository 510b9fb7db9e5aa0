/* What btmon printed, from tests/captures: as it is the events are those of the capture itself,
 * and however people mangle it they stay the same. */
#include "core/trace_hci.h"
#include "trace_btmon_fixture.h"

#define FILE_MAX (1 << 17)
#define QUESTION                                                                                   \
        "17 0 64 cuff 0b 01\n"                                                                     \
        "18 124 64 host 01 03 00 01 10 05 07\n"                                                    \
        "20 96938 64 cuff 05 08\n"

static const struct sample {
        const char *text, *capture; /* capture NULL: nobody has it */
        int events;
} samples[] = {
        {"original-question.txt", NULL, 3},
        {"btmon-5.66-pair_ok.txt", "pair_ok.btsnoop", 20},
        {"btmon-5.66-secreq_fail_connect.txt", "secreq_fail_connect.btsnoop", 8},
        {"btmon-5.66-secreq_fail_noagent.txt", "secreq_fail_noagent.btsnoop", 10},
        {"btmon-5.66-failonce.txt", "failonce.btsnoop", 22},
        {"btmon-5.66-cap_keyboarddisplay.txt", "cap_keyboarddisplay.btsnoop", 17},
        {"btmon-5.66-privacy_device.txt", "privacy_device.btsnoop", 23},
        {"btmon-5.66-pairable_off.txt", "pairable_off.btsnoop", 14},
        {"btmon-5.66-reconnect.txt", "reconnect.btsnoop", 3},
        {"btmon-5.66-bondlost.txt", "bondlost.btsnoop", 4},
        {"btmon-5.66-time-secreq_fail_connect.txt", "secreq_fail_connect.btsnoop", 6},
        {"btmon-5.66-date-secreq_fail_connect.txt", "secreq_fail_connect.btsnoop", 6},
        {"btmon-5.66-colour-secreq_fail_connect.txt", "secreq_fail_connect.btsnoop", 6},
};

#define SAMPLES (sizeof samples / sizeof samples[0])

static char file[FILE_MAX], mangled[4 * FILE_MAX], plain[TOLD_MAX], told[TOLD_MAX];

static size_t load(const char *name) {
        const char *source = getenv("CUFF2MQTT_SOURCE");
        char path[4096];
        size_t n;
        FILE *f;

        snprintf(path, sizeof path, "%s/tests/captures/%s", source ? source : ".", name);
        f = fopen(path, "re");
        if (!f) {
                printf("FAIL samples.file: %s cannot be read\n", path);
                exit(1);
        }
        n = fread(file, 1, sizeof file - 1, f);
        file[n] = '\0';
        fclose(f);
        return n;
}

static const char *tell_text(const char *text, print_function *print, char *ret) {
        struct trace_btmon b;

        trace_btmon_init(&b);
        tell_with(&b, text, strlen(text), print, ret);
        CHECK(b.seen);
        return ret;
}

static uint64_t big(const char *bytes, size_t n) {
        uint64_t number = 0;

        while (n-- > 0)
                number = number << 8 | (uint8_t) *bytes++;
        return number;
}

/* btsnoop, big endian: 16 bytes, then records of 24 bytes (.., size, flags: adapter and opcode, ..,
 * usec) and their packet. */
static void tell_capture(const char *name) {
        FILE *out = fmemopen(told, sizeof told, "w");
        struct trace_hci hci;
        int64_t last_usec = -1;
        size_t n = load(name), size;

        memset(told, 0, sizeof told);
        trace_hci_init(&hci);
        for (size_t at = 16; at + 24 <= n; at += 24 + size) {
                struct trace_event events[TRACE_HCI_EVENTS_MAX];
                struct trace_hci_frame frame = {
                        .adapter = (uint16_t) big(file + at + 8, 2),
                        .usec = (int64_t) (big(file + at + 16, 8) & INT64_MAX),
                        .bytes = (const uint8_t *) file + at + 24,
                };
                size_t k;

                size = frame.n = big(file + at + 4, 4);
                frame.type =
                        trace_hci_of_monitor((uint16_t) big(file + at + 10, 2), &frame.received);
                k = trace_hci_step(&hci, &frame, events);
                for (size_t i = 0; i < k; i++)
                        print_spans(out, &events[i], &last_usec);
        }
        fputc('\n', out);
        fclose(out);
}

static int lines_of(const char *text) {
        int n = 0;

        while (*text)
                n += *text++ == '\n';
        return n;
}

static void a_text_has_the_events_of_its_capture(void) {
        for (size_t i = 0; i < SAMPLES; i++) {
                load(samples[i].text);
                tell_text(file, print_spans, plain);
                strcat(plain, "\n");
                CHECK_EQ(lines_of(plain), samples[i].events);
                if (!samples[i].capture)
                        continue;
                tell_capture(samples[i].capture);
                if (strstr(told, plain))
                        continue;
                check_failed = true;
                printf("# %s: not so in its capture:\n%s", samples[i].text, plain);
        }
}

static void the_question_that_was_asked(void) {
        load("original-question.txt");
        CHECK_STR(tell(file), QUESTION);
        CHECK_STR(tell(strstr(file, "> ACL Data RX: Handle 64 flags 0x02 dlen 6 #20")),
                  "20 0 64 cuff 05 08\n");
        CHECK_STR(tell("    > ACL Data RX: Handle 64 flags 0x02 dlen 6                  "
                       "#20 [hci0] 26.420475\n"
                       "          SMP: Pairing Failed (0x05) len 1\n"
                       "            Reason: Unspecified reason (0x08)\n"),
                  "20 0 64 cuff 05 08\n");
}

/* --- what people do to it --- */

static bool is_header(const char *line) {
        return trace_btmon_is_header(line, strlen(line));
}

/* The columns before which a header's "#17 [hci0] ..", else its time or adapter, begins. */
static size_t stamp_at(const char *line) {
        const char *at = strstr(line, " #");

        if (!at)
                at = strstr(line, " {0x");
        if (!at)
                at = strstr(line, " [hci");
        return at ? (size_t) (at - line) : strlen(line);
}

static void as_it_is(FILE *out, const char *line, size_t i) {
        fprintf(out, "%s\n", line);
}

static void unindented(FILE *out, const char *line, size_t i) {
        fprintf(out, "%s\n", line + strspn(line, " "));
}

static void with_crlf(FILE *out, const char *line, size_t i) {
        fprintf(out, "%s\r\n", line);
}

static void quoted(FILE *out, const char *line, size_t i) {
        fprintf(out, "> %s\n", line);
}

static void quoted_twice(FILE *out, const char *line, size_t i) {
        fprintf(out, ">>%s\n", line);
}

static void with_bars(FILE *out, const char *line, size_t i) {
        fprintf(out, "%zu | %s\n", i + 1, line);
}

static void with_line_numbers(FILE *out, const char *line, size_t i) {
        fprintf(out, "%4zu: %s\n", i + 1, line);
}

static void with_blank_lines(FILE *out, const char *line, size_t i) {
        fprintf(out, "%s\n\n \n", line);
}

static void coloured(FILE *out, const char *line, size_t i) {
        fprintf(out, "\x1b[0;35m%s\x1b[0m\x1b[K\n", line);
}

static void put_each(FILE *out, const char *line, char replaced, const char *by) {
        for (; *line; line++)
                if (*line == replaced)
                        fputs(by, out);
                else
                        fputc(*line, out);
        fputc('\n', out);
}

static void with_tabs(FILE *out, const char *line, size_t i) {
        put_each(out, line, ' ', "\t");
}

static void with_no_break_spaces(FILE *out, const char *line, size_t i) {
        put_each(out, line, ' ', i % 2 ? "&nbsp;" : "\xC2\xA0");
}

static void in_html(FILE *out, const char *line, size_t i) {
        put_each(out, line, *line == '<' ? '<' : '>', *line == '<' ? "&lt;" : "&gt;");
}

static void with_stamps_below(FILE *out, const char *line, size_t i) {
        size_t at = is_header(line) ? stamp_at(line) : strlen(line);

        fprintf(out, "%.*s\n\n%s\n", (int) at, line, line + at);
}

/* As mail does it: at the last blank before column 72. */
static void wrapped(FILE *out, const char *line, size_t i) {
        size_t at = strlen(line);

        if (at > 72 && !strchr(line, '\x1b'))
                for (at = 72; line[at] != ' ';)
                        at--;
        fprintf(out, "%.*s\n%s\n", (int) at, line, line + at + (line[at] == ' '));
}

static void with_chatter(FILE *out, const char *line, size_t i) {
        if (is_header(line))
                fputs("pi@raspberrypi:~ $ sudo btmon\n"
                      "the HCI Event: Disconnect Complete (0x05) plen 4 line says more\n"
                      "HCI Event: what is this (0x05)\n"
                      "Note: my adapter is built in\n"
                      "bluetoothd[123]: src/device.c: bonding failed\n"
                      "Reason: it just does not pair\n",
                      out);
        fprintf(out, "%s\n", line);
}

static void with_comments(FILE *out, const char *line, size_t i) {
        fprintf(out, "%s%s\n", line, is_header(line) ? "   // here (0x0b) #3" : " (!)");
}

static void with_senders(FILE *out, const char *line, size_t i) {
        fprintf(out, "%s%s\n", *line == '<' || *line == '@' ? "bluetoothd[746]: " : "", line);
}

static void put_replaced(FILE *out, const char *line, const char *const (*words)[2], size_t n) {
        while (*line) {
                size_t i = 0;

                while (i < n && strncmp(line, words[i][0], strlen(words[i][0])) != 0)
                        i++;
                if (i < n) {
                        fputs(words[i][1], out);
                        line += strlen(words[i][0]);
                } else {
                        fputc(*line++, out);
                }
        }
        fputc('\n', out);
}

static void of_a_newer_version(FILE *out, const char *line, size_t i) {
        static const char *const words[][2] = {
                {"ACL Data RX: Handle 64", "LE-ACL: Handle 64 [28:5F:DB:11:22:33]"},
                {"ACL Data TX: Handle 64", "LE-ACL: Handle 64 [28:5F:DB:11:22:33] [1/6]"},
                {" Handle: 64", " Handle: 64 Address: 28:5F:DB:11:22:33 (OUI 28-5F-DB)"},
                {"Confim value:", "Confirm value[16]:"},
                {"Random value:", "Random value[16]:"},
                {"Long term key:", "Long term key[16]:"},
                {"Signature key:", "Signature key[16]:"},
        };

        put_replaced(out, line, words, sizeof words / sizeof words[0]);
}

static void of_an_older_version(FILE *out, const char *line, size_t i) {
        static const char *const words[][2] = {
                {"Central Identification", "Master Identification"},
                {"Role: Central", "Role: Master"},
                {"Central", "Master"},
                {"Omron Healthcare Co., LTD (526)", "not assigned (526)"},
        };

        put_replaced(out, line, words, sizeof words / sizeof words[0]);
}

typedef void mangle(FILE *out, const char *line, size_t i);

static void mangle_file(mangle *how) {
        FILE *out = fmemopen(mangled, sizeof mangled, "w");
        size_t i = 0;

        memset(mangled, 0, sizeof mangled);
        for (char *line = file, *end; *line; line = end + 1) {
                end = strchr(line, '\n');
                *end = '\0';
                how(out, line, i++);
                *end = '\n';
        }
        fclose(out);
}

static void mangled_it_says_the_same(void) {
        static const struct {
                const char *name;
                mangle *how;
        } ways[] = {
                {"as it is", as_it_is},
                {"unindented", unindented},
                {"CRLF", with_crlf},
                {"quoted", quoted},
                {"quoted twice", quoted_twice},
                {"bars", with_bars},
                {"line numbers", with_line_numbers},
                {"blank lines", with_blank_lines},
                {"coloured", coloured},
                {"tabs", with_tabs},
                {"no-break spaces", with_no_break_spaces},
                {"HTML", in_html},
                {"stamps below", with_stamps_below},
                {"wrapped", wrapped},
                {"chatter", with_chatter},
                {"comments", with_comments},
                {"senders", with_senders},
                {"older", of_an_older_version},
        };

        for (size_t i = 0; i < SAMPLES; i++) {
                load(samples[i].text);
                tell_text(file, print_all_of_it, plain);
                for (size_t k = 0; k < sizeof ways / sizeof ways[0]; k++) {
                        mangle_file(ways[k].how);
                        if (strcmp(tell_text(mangled, print_all_of_it, told), plain) == 0)
                                continue;
                        check_failed = true;
                        printf("# %s, %s:\n%s# not\n%s", samples[i].text, ways[k].name, told,
                               plain);
                }
        }
}

/* Truncated by the terminal, or in colours, the words are not there to replace: so not all. */
static void a_newer_version_says_the_same(void) {
        for (size_t i = 0; i < SAMPLES; i++) {
                load(samples[i].text);
                tell_text(file, print_all_of_it, plain);
                mangle_file(of_a_newer_version);
                CHECK_STR(tell_text(mangled, print_all_of_it, told), plain);
        }
}

static void unsigned_line(FILE *out, const char *line, size_t i) {
        bool has_sign = *line && strchr("<>@=", *line) && line[1] == ' ';

        fprintf(out, "%s\n", line + (has_sign ? 2 : 0));
}

/* Some lines are headers by their sign only: what btmon did not number counts otherwise. */
static void without_signs_it_says_the_same(void) {
        for (size_t i = 0; i < SAMPLES; i++) {
                load(samples[i].text);
                tell_text(file, print_spans, plain);
                mangle_file(unsigned_line);
                CHECK_STR(tell_text(mangled, print_spans, told), plain);
        }
}

CHECK_MAIN("unit.trace_btmon_samples", TEST(a_text_has_the_events_of_its_capture),
           TEST(the_question_that_was_asked), TEST(mangled_it_says_the_same),
           TEST(a_newer_version_says_the_same), TEST(without_signs_it_says_the_same))
