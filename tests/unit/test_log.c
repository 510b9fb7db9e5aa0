#define LOG_COMPONENT "collector"
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/stat.h>
#include <sys/syslog.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "base/cleanup.h"
#include "check.h"

#define CUFF "28:FF:B2:05:91:BE"

/* --- a journal that takes the place of libsystemd's: nobody's own gets our test lines --- */

static char journal[1024];
static int journal_answer;

int sd_journal_send(const char *format, ...) {
        va_list arguments;
        size_t used = 0;

        if (journal_answer < 0)
                return journal_answer;
        va_start(arguments, format);
        for (; format; format = va_arg(arguments, const char *)) {
                for (const char *at = format; *at && used < sizeof journal - 300; at++) {
                        if (*at != '%')
                                journal[used++] = *at;
                        else if (*++at == 's')
                                used += (size_t) snprintf(journal + used, 256, "%s",
                                                          va_arg(arguments, const char *));
                        else
                                used += (size_t) snprintf(journal + used, 256, "%d",
                                                          va_arg(arguments, int));
                }
                journal[used++] = '\n';
        }
        va_end(arguments);
        journal[used] = '\0';
        return 0;
}

/* --- stderr: a pipe while a test runs --- */

struct capture {
        int saved, read_end;
        char text[8192];
};

static void capture_begin(struct capture *c) {
        int ends[2];

        if (pipe(ends) < 0)
                abort();
        c->saved = dup(STDERR_FILENO);
        c->read_end = ends[0];
        dup2(ends[1], STDERR_FILENO);
        close(ends[1]);
        unsetenv("JOURNAL_STREAM");
        journal[0] = '\0';
        journal_answer = 0;
        log_open();
        log_set_sink(NULL, NULL);
}

/* Gives stderr back and returns what was written to it: the pipe ends with its last writer. */
static const char *capture_end(struct capture *c) {
        size_t used = 0;
        ssize_t n;

        dup2(c->saved, STDERR_FILENO);
        close(c->saved);
        while ((n = read(c->read_end, c->text + used, sizeof c->text - 1 - used)) > 0)
                used += (size_t) n;
        close(c->read_end);
        c->text[used] = '\0';
        return c->text;
}

/* --- plain text --- */

static void a_line_says_level_component_cuff_and_text(void) {
        struct capture c;

        capture_begin(&c);
        log_info("started %d", 7);
        log_cuff_info(CUFF, "session ended: %s", "rest");
        log_warning("w");
        log_error("e");
        log_cuff_warning(CUFF, "w");
        log_cuff_error(CUFF, "e");
        CHECK_STR(capture_end(&c), "info collector: started 7\n"
                                   "info collector: " CUFF ": session ended: rest\n"
                                   "warning collector: w\n"
                                   "error collector: e\n"
                                   "warning collector: " CUFF ": w\n"
                                   "error collector: " CUFF ": e\n");
        CHECK_STR(journal, "");
}

static void a_level_lets_its_own_and_graver_lines_pass(void) {
        static const char *const names[] = {"error", "warning", "info", "debug"};

        for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
                char expected[256] = "";
                struct capture c;

                capture_begin(&c);
                CHECK_EQ(log_get_level(), LOG_LEVEL_INFO);
                log_set_level((enum log_level) level);
                CHECK_EQ(log_get_level(), level);
                for (int i = LOG_LEVEL_ERROR; i <= LOG_LEVEL_DEBUG; i++) {
                        log_write((enum log_level) i, "app", NULL, "x");
                        if (i <= level)
                                strcat(strcat(expected, names[i]), " app: x\n");
                }
                CHECK_STR(capture_end(&c), expected);
        }
}

static void debug_lines_appear_when_asked_for(void) {
        struct capture c;

        capture_begin(&c);
        log_debug("hidden");
        log_set_level(LOG_LEVEL_DEBUG);
        log_debug("one");
        log_cuff_debug(CUFF, "two");
        CHECK_STR(capture_end(&c), "debug collector: one\ndebug collector: " CUFF ": two\n");
}

static void a_peer_cannot_forge_a_line_or_drive_a_terminal(void) {
        static const struct {
                const char *sent, *shown;
        } cases[] = {
                {"a\nerror app: forged", "a?error app: forged"},
                {"a\r\tb\x1b[2Jc\x7f", "a??b?[2Jc?"},
                {"c1: \xC2\x9B"
                 "2J \xC2\x85.",
                 "c1: ??2J ??."},
                {"M\xC3\xBCller \xE2\x82\xAC \xF0\x9F\x92\x93",
                 "M\xC3\xBCller \xE2\x82\xAC \xF0\x9F\x92\x93"},
                {"\xC2\xA0|", "\xC2\xA0|"},
                {"stray \x80\xBF", "stray ??"},
                {"cut \xE2\x82", "cut ??"},
                {"overlong \xC0\x8A \xE0\x80\x8A \xF0\x80\x80\x8A", "overlong ?? ??? ????"},
                {"surrogate \xED\xA0\x80", "surrogate ???"},
                {"beyond \xF4\x90\x80\x80 \xF8\x88\x80\x80\x80 \xFF", "beyond ???? ????? ?"},
                {"last \xF4\x8F\xBF\xBF \xEE\x80\x80", "last \xF4\x8F\xBF\xBF \xEE\x80\x80"},
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char expected[128];
                struct capture c;

                capture_begin(&c);
                log_info("%s", cases[i].sent);
                snprintf(expected, sizeof expected, "info collector: %s\n", cases[i].shown);
                CHECK_STR(capture_end(&c), expected);
        }
}

static void a_long_message_is_cut_and_stays_one_line(void) {
        char longer[5000];
        struct capture c;
        const char *text;

        memset(longer, 'x', sizeof longer - 1);
        longer[sizeof longer - 1] = '\0';
        capture_begin(&c);
        log_cuff_info(CUFF, "%s", longer);
        text = capture_end(&c);
        CHECK(strlen(text) > 1000 && strlen(text) < 1100);
        CHECK(strchr(text, '\n') == text + strlen(text) - 1);
}

static void errno_is_left_as_it_was(void) {
        struct capture c;

        capture_begin(&c);
        errno = ENOENT;
        log_cuff_error(CUFF, "open: %m");
        CHECK_EQ(errno, ENOENT);
        CHECK_STR(capture_end(&c), "error collector: " CUFF ": open: No such file or directory\n");
}

/* --- the journal --- */

/* As systemd does: the stream that is stderr now, or one that is not. */
static void set_journal_stream(ino_t offset) {
        char stream[64];
        struct stat st;

        if (fstat(STDERR_FILENO, &st) < 0)
                abort();
        snprintf(stream, sizeof stream, "%ju:%ju", (uintmax_t) st.st_dev,
                 (uintmax_t) (st.st_ino + offset));
        setenv("JOURNAL_STREAM", stream, 1);
}

static void under_systemd_lines_go_to_the_journal_with_fields(void) {
        struct capture c;

        capture_begin(&c);
        set_journal_stream(0);
        log_open();
        log_cuff_warning(CUFF, "bond\nlost");
        CHECK_STR(capture_end(&c), "");
        CHECK_STR(journal, "MESSAGE=collector: " CUFF ": bond?lost\n"
                           "PRIORITY=4\n"
                           "SYSLOG_IDENTIFIER=cuff2mqtt\n"
                           "CUFF2MQTT_COMPONENT=collector\n"
                           "CUFF2MQTT_CUFF=" CUFF "\n");
}

static void a_line_about_no_cuff_has_no_cuff_field(void) {
        static const int priorities[] = {LOG_ERR, LOG_WARNING, LOG_INFO, LOG_DEBUG};

        for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
                char expected[256];
                struct capture c;

                capture_begin(&c);
                set_journal_stream(0);
                log_open();
                log_set_level(LOG_LEVEL_DEBUG);
                log_write((enum log_level) level, "app", NULL, "x");
                CHECK_STR(capture_end(&c), "");
                snprintf(expected, sizeof expected,
                         "MESSAGE=app: x\nPRIORITY=%d\nSYSLOG_IDENTIFIER=cuff2mqtt\n"
                         "CUFF2MQTT_COMPONENT=app\n",
                         priorities[level]);
                CHECK_STR(journal, expected);
        }
}

static void a_redirected_stderr_gets_plain_text(void) {
        struct capture c;

        capture_begin(&c);
        set_journal_stream(1);
        log_open();
        log_info("one");
        setenv("JOURNAL_STREAM", "nonsense", 1);
        log_open();
        log_info("two");
        CHECK_STR(capture_end(&c), "info collector: one\ninfo collector: two\n");
        CHECK_STR(journal, "");
}

static void a_journal_that_refuses_does_not_lose_the_line(void) {
        struct capture c;

        capture_begin(&c);
        set_journal_stream(0);
        log_open();
        journal_answer = -ENOBUFS;
        log_info("kept");
        CHECK_STR(capture_end(&c), "info collector: kept\n");
}

static void without_a_stderr_nothing_breaks(void) {
        struct capture c;

        capture_begin(&c);
        close(STDERR_FILENO);
        setenv("JOURNAL_STREAM", "1:1", 1);
        log_open();
        log_info("nobody reads this");
        CHECK_STR(capture_end(&c), "");
        CHECK_STR(journal, "");
}

/* --- the sink --- */

struct seen {
        int count;
        enum log_level level;
        char component[32], message[64];
};

static void on_line(enum log_level level, const char *component, const char *message,
                    void *userdata) {
        struct seen *seen = userdata;

        seen->count++;
        seen->level = level;
        snprintf(seen->component, sizeof seen->component, "%s", component);
        snprintf(seen->message, sizeof seen->message, "%s", message);
        log_error("the sink failed"); /* must not come back to the sink */
}

static void a_sink_gets_each_line_that_passes_and_cannot_recurse(void) {
        struct seen seen = {0};
        struct capture c;

        capture_begin(&c);
        log_set_sink(on_line, &seen);
        log_debug("below the level");
        CHECK_EQ(seen.count, 0);
        log_cuff_warning(CUFF, "bond lost");
        CHECK_EQ(seen.count, 1);
        CHECK_EQ(seen.level, LOG_LEVEL_WARNING);
        CHECK_STR(seen.component, "collector");
        CHECK_STR(seen.message, CUFF ": bond lost");
        log_info("next");
        CHECK_EQ(seen.count, 2);
        CHECK_STR(seen.message, "next");
        log_set_sink(NULL, NULL);
        log_info("unheard");
        CHECK_EQ(seen.count, 2);
        CHECK_STR(capture_end(&c), "warning collector: " CUFF ": bond lost\n"
                                   "error collector: the sink failed\n"
                                   "info collector: next\n"
                                   "error collector: the sink failed\n"
                                   "info collector: unheard\n");
}

static void levels_have_names(void) {
        for (int level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
                const char *name = log_level_to_string((enum log_level) level);

                CHECK_EQ(log_level_from_string(name), level);
        }
        CHECK_STR(log_level_to_string(LOG_LEVEL_WARNING), "warning");
        CHECK_EQ(log_level_from_string("Info"), -EINVAL);
        CHECK_EQ(log_level_from_string("warn"), -EINVAL);
        CHECK_EQ(log_level_from_string(""), -EINVAL);
}

CHECK_MAIN("unit.log", TEST(a_line_says_level_component_cuff_and_text),
           TEST(a_level_lets_its_own_and_graver_lines_pass),
           TEST(debug_lines_appear_when_asked_for),
           TEST(a_peer_cannot_forge_a_line_or_drive_a_terminal),
           TEST(a_long_message_is_cut_and_stays_one_line), TEST(errno_is_left_as_it_was),
           TEST(under_systemd_lines_go_to_the_journal_with_fields),
           TEST(a_line_about_no_cuff_has_no_cuff_field), TEST(a_redirected_stderr_gets_plain_text),
           TEST(a_journal_that_refuses_does_not_lose_the_line),
           TEST(without_a_stderr_nothing_breaks),
           TEST(a_sink_gets_each_line_that_passes_and_cannot_recurse), TEST(levels_have_names))
