/* How `pair` shows events: as lines, on a terminal that is ours, and for programs. What was shown
 * on the terminal is read up to a mark, so nothing waits for a time. */
#include "check.h"

#include <cjson/cJSON.h>
#include <pty.h>
#include <termios.h>
#include <unistd.h>

#include "cli/explain_words.h"
#include "cli/pair_view.h"

#define MARK  "\x04MARK\x04"
#define CLEAR "\r\033[K"
#define UNTIL "\"until\":\"2026-11-23T05:12:00+01:00\""
#define END_S 1795407120 /* the same in UTC seconds */

struct show {
        struct pair_view view;
        FILE *out;
        int master; /* of the terminal; -1: a file */
        char text[8192];
};

static void show_open(struct show *s, bool json) {
        *s = (struct show){.out = tmpfile(), .master = -1};
        pair_view_init(&s->view, s->out, json);
}

static void show_open_terminal(struct show *s, bool json, const char *term) {
        struct termios raw = {0};
        int slave;

        *s = (struct show){.master = -1};
        if (term)
                setenv("TERM", term, 1);
        else
                unsetenv("TERM");
        CHECK_EQ(openpty(&s->master, &slave, NULL, NULL, NULL), 0);
        tcgetattr(slave, &raw);
        cfmakeraw(&raw);
        tcsetattr(slave, TCSANOW, &raw);
        s->out = fdopen(slave, "w");
        pair_view_init(&s->view, s->out, json);
}

static void read_terminal(struct show *s) {
        char *mark = NULL;
        size_t n = 0;

        CHECK_EQ(write(fileno(s->out), MARK, sizeof MARK - 1), sizeof MARK - 1);
        while (!mark && n < sizeof s->text - 1) {
                ssize_t r = read(s->master, s->text + n, sizeof s->text - 1 - n);

                if (r <= 0)
                        break;
                n += (size_t) r;
                s->text[n] = '\0';
                mark = strstr(s->text, MARK);
        }
        CHECK(mark);
        if (mark)
                *mark = '\0';
}

/* What was shown since the last time. Nothing of it may still be in the stream. */
static const char *shown(struct show *s) {
        ssize_t n;

        if (s->master >= 0) {
                read_terminal(s);
                return s->text;
        }
        n = pread(fileno(s->out), s->text, sizeof s->text - 1, 0);
        s->text[n > 0 ? n : 0] = '\0';
        CHECK_EQ(ftruncate(fileno(s->out), 0), 0);
        rewind(s->out);
        return s->text;
}

static void show_close(struct show *s) {
        fclose(s->out);
        if (s->master >= 0)
                close(s->master);
}

static void happens(struct show *s, const char *type, const char *data) {
        pair_view_event(&s->view, type, data);
}

static void step(struct show *s, const char *data) {
        happens(s, "pairing_progress", data);
}

/* --- lines --- */

static void steps_are_lines(void) {
        struct show s;

        show_open(&s, false);
        pair_view_say(&s.view, "The service runs");
        CHECK_STR(shown(&s), "- The service runs\n");
        happens(&s, "pairing_started", "{}");
        CHECK_STR(shown(&s), "");
        step(&s, "{\"step\":\"looking\",\"text\":\"Looking\"," UNTIL "}");
        CHECK_STR(shown(&s), "- Looking\n");
        step(&s, "{\"step\":\"dances\",\"text\":\"A step of a newer service\"}");
        CHECK_STR(shown(&s), "- A step of a newer service\n");
        happens(&s, "pairing_finished", "{\"text\":\"From now on\"}");
        CHECK_STR(shown(&s), "- From now on\n");
        CHECK_EQ(s.view.end, PAIR_PAIRED);
        pair_view_finish(&s.view, 0);
        CHECK_STR(shown(&s), "");
        show_close(&s);
}

static void what_is_missing_is_left_out(void) {
        static const char *const odd[] = {
                NULL,
                "",
                "{",
                "{}",
                "[]",
                "[1,2]",
                "7",
                "null",
                "\"text\"",
                "{\"step\":7,\"text\":7,\"until\":7}",
                "{\"step\":null,\"text\":null,\"until\":null}",
                "{\"text\":\"\"}",
        };
        static const char *const types[] = {"pairing_progress", "pairing_dances", ""};
        struct show s;

        show_open(&s, false);
        for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++)
                for (size_t t = 0; t < sizeof types / sizeof types[0]; t++)
                        happens(&s, types[t], odd[i]);
        CHECK_STR(shown(&s), "");
        CHECK_EQ(s.view.end, PAIR_GOES_ON);
        CHECK_EQ(s.view.until_s, 0);
        happens(&s, "pairing_failed", "{\"cause\":\"Only a cause\",\"evidence\":null}");
        pair_view_finish(&s.view, 1);
        CHECK_STR(shown(&s), "Cause:    Only a cause\n");
        CHECK_STR(s.view.code, "");
        show_close(&s);
}

static void a_failure_without_words_says_that(void) {
        struct show s;

        show_open(&s, false);
        happens(&s, "pairing_failed", "{}");
        pair_view_finish(&s.view, 1);
        CHECK_STR(shown(&s), "Cause:    It failed, and nobody said why\n");
        show_close(&s);
}

static void a_failure_is_three_lines(void) {
        struct show s;

        show_open(&s, false);
        happens(&s, "pairing_failed",
                "{\"code\":\"adapter\",\"cause\":\"It went away\",\"evidence\":\"It is gone.\","
                "\"remedy\":\"Plug it in\",\"certainty\":\"sure\"}");
        CHECK_STR(shown(&s), ""); /* at the end, not before */
        CHECK_EQ(s.view.end, PAIR_FAILED);
        CHECK_STR(s.view.code, "adapter");
        CHECK_STR(s.view.certainty, "sure");
        happens(&s, "pairing_stopped", "{\"reason\":\"adapter\",\"text\":\"It went away\"}");
        CHECK_EQ(s.view.end, PAIR_FAILED);
        pair_view_finish(&s.view, 10);
        CHECK_STR(shown(&s), "Cause:    It went away\n"
                             "Evidence: It is gone.\n"
                             "Do:       Plug it in\n");
        pair_view_fail(&s.view, "no_broker", "a", "b", "c");
        CHECK_STR(s.view.code, "no_broker");
        CHECK_STR(s.view.certainty, "");
        pair_view_finish(&s.view, 14);
        CHECK_STR(shown(&s), "Cause:    a\nEvidence: b\nDo:       c\n");
        show_close(&s);
}

static void how_sure_it_is(void) {
        static const struct {
                const char *certainty, *said;
        } cases[] = {
                {"sure", "Cause:    It went away\n"},
                {"", "Cause:    It went away\n"},
                {"likely", "Cause:    It went away (likely)\n"},
                {"possible", "Cause:    It went away (possible)\n"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char data[128];
                struct show s;

                show_open(&s, false);
                snprintf(data, sizeof data, "{\"cause\":\"It went away\",\"certainty\":\"%s\"}",
                         cases[i].certainty);
                happens(&s, "pairing_failed", data);
                pair_view_finish(&s.view, 1);
                CHECK_STR(shown(&s), cases[i].said);
                show_close(&s);
        }
}

/* 1000 blank-separated words: more than any field holds. */
static const char *long_text(char text[6000]) {
        text[0] = '\0';
        for (char *at = text; at < text + 5000; at += strlen(at))
                sprintf(at, "%sword", at == text ? "" : " ");
        return text;
}

static unsigned check_lines(char *text, const char *first, const char *next) {
        unsigned n = 0;

        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
                const char *begin = n++ == 0 ? first : next;

                CHECK(strlen(line) <= EXPLAIN_COLUMNS);
                CHECK(strncmp(line, begin, strlen(begin)) == 0 && line[strlen(begin)] == 'w');
        }
        return n;
}

static void long_texts_are_wrapped(void) {
        char text[6000], data[6100];
        struct show s;

        show_open(&s, false);
        snprintf(data, sizeof data, "{\"text\":\"%s\"}", long_text(text));
        step(&s, data);
        shown(&s);
        CHECK(check_lines(s.text, "- ", "  ") > 50);
        snprintf(data, sizeof data, "{\"cause\":\"c\",\"evidence\":\"%s\"}", text);
        happens(&s, "pairing_failed", data);
        pair_view_finish(&s.view, 1);
        shown(&s);
        CHECK(check_lines(strchr(s.text, '\n') + 1, "Evidence: ", "          ") > 3);
        pair_view_fail(&s.view, text, text, text, text);
        CHECK_EQ(strlen(s.view.code), sizeof s.view.code - 1);
        show_close(&s);
}

static void how_a_window_ends(void) {
        static const struct {
                const char *reason;
                bool bonded;
                enum pair_end end;
                const char *said;
        } cases[] = {
                {"requested", false, PAIR_CLOSED, "- The window is closed; no cuff was paired\n"},
                {"dances", false, PAIR_CLOSED, "- The window is closed; no cuff was paired\n"},
                {"paired", false, PAIR_GOES_ON, ""},
                {"paired", true, PAIR_GOES_ON, ""},
                {"requested", true, PAIR_GOES_ON, ""},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char data[64];
                struct show s;

                show_open(&s, false);
                if (cases[i].bonded)
                        step(&s, "{\"step\":\"bonded\"}");
                snprintf(data, sizeof data, "{\"reason\":\"%s\",\"text\":\"no line\"}",
                         cases[i].reason);
                happens(&s, "pairing_stopped", data);
                CHECK_EQ(s.view.end, cases[i].end);
                pair_view_finish(&s.view, 12);
                CHECK_STR(shown(&s), cases[i].said);
                show_close(&s);
        }
}

/* Ctrl-C after the bond: the program sets the end. */
static void closed_after_the_bond_is_no_failure(void) {
        struct show s;

        show_open(&s, false);
        step(&s, "{\"step\":\"bonded\"}");
        s.view.end = PAIR_CLOSED;
        pair_view_finish(&s.view, 12);
        CHECK_STR(shown(&s), "- The cuff is paired; its first reading was not waited for\n");
        show_close(&s);
}

/* --- the countdown --- */

static void a_terminal_counts_down(void) {
        struct show s;

        show_open_terminal(&s, false, "xterm");
        pair_view_tick(&s.view, END_S - 120);
        CHECK_STR(shown(&s), ""); /* nobody said how long */
        step(&s, "{\"step\":\"looking\",\"text\":\"Looking\"," UNTIL "}");
        CHECK_STR(shown(&s), "- Looking\n");
        pair_view_tick(&s.view, END_S - 120);
        CHECK_STR(shown(&s), CLEAR "  2:00 left");
        pair_view_tick(&s.view, END_S - 61);
        CHECK_STR(shown(&s), CLEAR "  1:01 left");
        step(&s, "{\"step\":\"found\",\"text\":\"Found\"}");
        CHECK_STR(shown(&s), CLEAR "- Found\n");
        step(&s, "{\"step\":\"connecting\",\"text\":\"Connecting\"}");
        CHECK_STR(shown(&s), "- Connecting\n"); /* nothing to clear */
        pair_view_tick(&s.view, END_S);
        CHECK_STR(shown(&s), CLEAR "  0:00 left");
        pair_view_tick(&s.view, END_S + 1); /* a clock that was set shows no nonsense */
        CHECK_STR(shown(&s), CLEAR);
        pair_view_tick(&s.view, END_S - 600);
        CHECK_STR(shown(&s), CLEAR "  10:00 left");
        pair_view_tick(&s.view, END_S - 601);
        CHECK_STR(shown(&s), CLEAR);
        pair_view_tick(&s.view, END_S);
        shown(&s);
        pair_view_fail(&s.view, "code", "cause", "", "");
        pair_view_tick(&s.view, END_S - 1);
        CHECK_STR(shown(&s), "");
        pair_view_finish(&s.view, 1);
        CHECK_STR(shown(&s), CLEAR "Cause:    cause\n");
        show_close(&s);
}

static void after_the_bond_nothing_is_counted(void) {
        struct show s;

        show_open_terminal(&s, false, "xterm");
        step(&s, "{\"step\":\"looking\"," UNTIL "}");
        pair_view_tick(&s.view, END_S - 9);
        CHECK_STR(shown(&s), CLEAR "  0:09 left");
        step(&s, "{\"step\":\"bonded\",\"text\":\"Keys\"}");
        step(&s, "{\"step\":\"read\"}");
        CHECK_STR(shown(&s), CLEAR "- Keys\n");
        pair_view_tick(&s.view, END_S - 8);
        CHECK_STR(shown(&s), "");
        show_close(&s);
}

static void only_a_terminal_counts(void) {
        struct show s;

        for (int i = 0; i < 4; i++) {
                if (i == 0)
                        show_open(&s, false);
                else
                        show_open_terminal(&s, i == 3, i == 1 ? "dumb" : i == 2 ? NULL : "xterm");
                step(&s, "{\"step\":\"looking\"," UNTIL "}");
                shown(&s);
                pair_view_tick(&s.view, END_S - 9);
                CHECK_STR(shown(&s), "");
                show_close(&s);
        }
}

static void the_end_in_any_zone(void) {
        static const struct {
                const char *iso;
                long long until_s;
        } cases[] = {
                {"2026-11-23T05:12:00+01:00", END_S},
                {"2026-11-23T04:12:00+00:00", END_S},
                {"2026-11-23T04:12:00Z", END_S},
                {"2026-11-22T23:12:00-05:00", END_S},
                {"2026-11-23T09:42:00+05:30", END_S},
                {"2039-07-01T02:00:00+02:00", 2193091200},
                {"2026-11-23T05:12:00", 0},
                {"2026-11-23T05:12:00+01:00 or so", 0},
                {"soon", 0},
                {"", 0},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char data[128];
                struct show s;

                show_open(&s, false);
                snprintf(data, sizeof data, "{\"until\":\"%s\"}", cases[i].iso);
                step(&s, data);
                CHECK_EQ(s.view.until_s, cases[i].until_s);
                step(&s, "{\"until\":\"never\"}"); /* keeps what is known */
                CHECK_EQ(s.view.until_s, cases[i].until_s);
                show_close(&s);
        }
}

/* --- for programs --- */

static void json_is_an_object_a_line(void) {
        struct show s;

        show_open(&s, true);
        pair_view_say(&s.view, "not for programs");
        CHECK_STR(shown(&s), "");
        step(&s, "{ \"step\": \"looking\",\n \"text\": \"Looking\", \"more\": [1] }");
        CHECK_STR(shown(&s), "{\"type\":\"pairing_progress\",\"data\":{\"step\":\"looking\","
                             "\"text\":\"Looking\",\"more\":[1]}}\n");
        happens(&s, "pairing_started", NULL);
        CHECK_STR(shown(&s), "{\"type\":\"pairing_started\",\"data\":{}}\n");
        happens(&s, "pairing_finished", "{\"text\":\"x\"}");
        CHECK_STR(shown(&s), "{\"type\":\"pairing_finished\",\"data\":{\"text\":\"x\"}}\n");
        pair_view_finish(&s.view, 0);
        CHECK_STR(shown(&s), "{\"type\":\"result\",\"data\":{\"paired\":true,\"code\":null,"
                             "\"certainty\":null,\"cause\":null,\"evidence\":null,"
                             "\"remedy\":null,\"exit_code\":0}}\n");
        show_close(&s);
}

static void json_tells_the_failure(void) {
        struct show s;

        show_open(&s, true);
        happens(&s, "pairing_failed",
                "{\"code\":\"c\",\"cause\":\"d\",\"evidence\":\"e\",\"remedy\":\"f\","
                "\"certainty\":\"likely\"}");
        shown(&s);
        pair_view_finish(&s.view, 21);
        CHECK_STR(shown(&s), "{\"type\":\"result\",\"data\":{\"paired\":false,\"code\":\"c\","
                             "\"certainty\":\"likely\",\"cause\":\"d\",\"evidence\":\"e\","
                             "\"remedy\":\"f\",\"exit_code\":21}}\n");
        show_close(&s);
}

static void json_closed(void) {
        struct show s;

        show_open(&s, true);
        s.view.end = PAIR_CLOSED;
        pair_view_finish(&s.view, 12);
        CHECK(strstr(shown(&s), "\"paired\":false,\"code\":null"));
        CHECK(!strstr(s.text, "window"));
        show_close(&s);
}

/* --- what comes from the air --- */

static const struct {
        const char *said, *kept; /* JSON's text, and what may be shown of it */
} hostile[] = {
        {"plain", "plain"},
        {"two\\nlines\\tand\\r\\u001b[2J\\u0007\\b\\u007f", "two lines and??[2J???"},
        {"\x1b]0;title\x07", "?]0;title?"},
        {"M\xC3\xBCller \\u20ac \xE2\x82\xAC", "M\xC3\xBCller \xE2\x82\xAC \xE2\x82\xAC"},
        {"c1 \\u009b"
         "2J \xC2\x9B"
         "2J",
         "c1 ??2J ??2J"},
        {"\xC2\xA0|", "\xC2\xA0|"},
        {"broken \xC3 \x9B", "broken ? ?"},
};

static void no_byte_drives_a_terminal(void) {
        for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
                char data[512], wanted[512];
                struct show s;

                show_open_terminal(&s, false, "xterm");
                snprintf(data, sizeof data, "{\"text\":\"%s\"}", hostile[i].said);
                snprintf(wanted, sizeof wanted, "- %s\n", hostile[i].kept);
                step(&s, data);
                CHECK_STR(shown(&s), wanted);
                snprintf(data, sizeof data,
                         "{\"code\":\"%s\",\"cause\":\"%s\",\"evidence\":\"%s\",\"remedy\":\"%s\"}",
                         hostile[i].said, hostile[i].said, hostile[i].said, hostile[i].said);
                happens(&s, "pairing_failed", data);
                snprintf(wanted, sizeof wanted, "Cause:    %s\nEvidence: %s\nDo:       %s\n",
                         hostile[i].kept, hostile[i].kept, hostile[i].kept);
                pair_view_finish(&s.view, 1);
                CHECK_STR(shown(&s), wanted);
                show_close(&s);
        }
}

static void nor_does_one_of_our_own_endings(void) {
        struct show s;

        show_open(&s, false);
        pair_view_say(&s.view, "a\x1b[2J");
        pair_view_fail(&s.view, "a\x1b", "b\r\nb", "c\x9b", "d\x7f");
        pair_view_finish(&s.view, 1);
        CHECK_STR(shown(&s), "- a?[2J\nCause:    b? b\nEvidence: c?\nDo:       d?\n");
        CHECK_STR(s.view.code, "a?");
        show_close(&s);
}

static void nor_does_one_in_json(void) {
        for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
                char data[512];
                struct show s;
                cJSON *line;

                show_open(&s, true);
                snprintf(data, sizeof data, "{\"text\":\"%s\",\"cause\":\"%s\"}", hostile[i].said,
                         hostile[i].said);
                step(&s, data);
                happens(&s, "pairing_failed", data);
                pair_view_finish(&s.view, 1);
                shown(&s);
                for (const char *c = s.text; *c; c++) {
                        CHECK((unsigned char) *c >= ' ' || *c == '\n');
                        CHECK(*c != 0x7F && (strncmp(c, "\xC2", 1) != 0 || c[1] == '\xA0'));
                }
                for (char *at = strtok(s.text, "\n"); at; at = strtok(NULL, "\n")) {
                        line = cJSON_Parse(at);
                        CHECK(cJSON_GetObjectItem(line, "data"));
                        cJSON_Delete(line);
                }
                show_close(&s);
        }
}

CHECK_MAIN("unit.pair_view", TEST(steps_are_lines), TEST(what_is_missing_is_left_out),
           TEST(a_failure_without_words_says_that), TEST(a_failure_is_three_lines),
           TEST(how_sure_it_is), TEST(long_texts_are_wrapped), TEST(how_a_window_ends),
           TEST(closed_after_the_bond_is_no_failure), TEST(a_terminal_counts_down),
           TEST(after_the_bond_nothing_is_counted), TEST(only_a_terminal_counts),
           TEST(the_end_in_any_zone), TEST(json_is_an_object_a_line), TEST(json_tells_the_failure),
           TEST(json_closed), TEST(no_byte_drives_a_terminal),
           TEST(nor_does_one_of_our_own_endings), TEST(nor_does_one_in_json))
