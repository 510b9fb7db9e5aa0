/* On a terminal that is ours. What was drawn is read up to a mark, so nothing waits for a time. */
#include "check.h"

#include <pty.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "cli/progress.h"

#define MARK   "\x04MARK\x04"
#define SECOND 1000000

struct screen {
        int master, before; /* before: what standard error was */
        char text[4096];
};

static void screen_open(struct screen *s, unsigned short columns) {
        struct winsize size = {.ws_row = 25, .ws_col = columns};
        struct termios raw = {0};
        int slave;

        *s = (struct screen){.before = dup(STDERR_FILENO)};
        setenv("TERM", "xterm", 1);
        CHECK_EQ(openpty(&s->master, &slave, NULL, NULL, &size), 0);
        tcgetattr(slave, &raw);
        cfmakeraw(&raw);
        tcsetattr(slave, TCSANOW, &raw);
        dup2(slave, STDERR_FILENO);
        close(slave);
}

/* What was drawn since the last time. */
static const char *drawn(struct screen *s) {
        size_t n = 0;
        char *mark = NULL;

        CHECK_EQ(write(STDERR_FILENO, MARK, sizeof MARK - 1), sizeof MARK - 1);
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
        return s->text;
}

static void screen_close(struct screen *s) {
        dup2(s->before, STDERR_FILENO);
        close(s->before);
        close(s->master);
}

/* As if it had begun a second ago. */
static void begin_long_ago(struct progress *p, const char *what) {
        progress_init(p, what);
        CHECK(p->begun_usec > SECOND);
        p->begun_usec -= SECOND;
}

static void draws_a_bar_that_fits(void) {
        struct screen s;
        struct progress p;

        screen_open(&s, 200);
        begin_long_ago(&p, "Reading walk.log");
        progress_show(&p, 45, 100);
        CHECK_STR(drawn(&s), "\rReading walk.log [########################"
                             "..............................]  45 %\033[K");
        CHECK_EQ(strlen(s.text), 1 + 79 + 3); /* the last column stays free */
        screen_close(&s);

        screen_open(&s, 40);
        begin_long_ago(&p, "Reading walk.log");
        progress_show(&p, 45, 100);
        CHECK_STR(drawn(&s), "\rReading walk.log [######........]  45 %\033[K");
        screen_close(&s);
}

static void draws_the_beginning_and_the_end(void) {
        struct screen s;
        struct progress p;

        screen_open(&s, 40);
        begin_long_ago(&p, "Reading walk.log");
        progress_show(&p, 0, UINT64_MAX);
        CHECK_STR(drawn(&s), "\rReading walk.log [..............]   0 %\033[K");
        p.shown_usec = 1;
        progress_show(&p, UINT64_MAX, UINT64_MAX);
        CHECK_STR(drawn(&s), "\rReading walk.log [##############] 100 %\033[K");
        p.shown_usec = 1;
        progress_show(&p, 300, 100); /* it grew meanwhile */
        CHECK_STR(drawn(&s), "\rReading walk.log [##############] 100 %\033[K");
        p.shown_usec = 1;
        progress_show(&p, 99999, 100000); /* not before it is true */
        CHECK_STR(drawn(&s), "\rReading walk.log [#############.]  99 %\033[K");
        screen_close(&s);
}

static void counts_where_the_size_is_not_known(void) {
        struct screen s;
        struct progress p;

        screen_open(&s, 80);
        begin_long_ago(&p, "Reading standard input");
        progress_show(&p, 12345678, 0);
        CHECK_STR(drawn(&s), "\rReading standard input: 12.3 MB\033[K");
        screen_close(&s);
}

static void a_narrow_terminal_gets_the_number(void) {
        struct screen s;
        struct progress p;

        screen_open(&s, 39);
        begin_long_ago(&p, "Reading walk.log");
        progress_show(&p, 45, 100);
        CHECK_STR(drawn(&s), "\r 45 %\033[K");
        p.shown_usec = 1;
        progress_show(&p, 45000000, 0);
        CHECK_STR(drawn(&s), "\r45.0 MB\033[K");
        screen_close(&s);
        screen_open(&s, 0); /* a width that is not told is 80 */
        begin_long_ago(&p, "Reading");
        progress_show(&p, 1, 100);
        CHECK_EQ(strlen(drawn(&s)), 1 + 79 + 3);
        screen_close(&s);
}

static void shortens_a_long_name_and_obeys_none(void) {
        struct screen s;
        struct progress p;

        screen_open(&s, 40);
        begin_long_ago(&p, "Reading a-name-that-never-ends-because-it-is-so-long.log");
        progress_show(&p, 50, 100);
        CHECK_STR(drawn(&s), "\rReading a-name-that- [#####.....]  50 %\033[K");
        screen_close(&s);
        screen_open(&s, 40);
        begin_long_ago(&p, "Reading a-name-that\xc3\xa4");
        progress_show(&p, 50, 100); /* no half characters */
        CHECK_STR(drawn(&s), "\rReading a-name-that [#####......]  50 %\033[K");
        screen_close(&s);
        screen_open(&s, 40);
        begin_long_ago(&p, "Reading \033[2J\x7f");
        progress_show(&p, 50, 100);
        CHECK_STR(drawn(&s), "\rReading ?[2J? [########.........]  50 %\033[K");
        screen_close(&s);
}

static void draws_nothing_in_the_first_half_second(void) {
        struct screen s;
        struct progress p;

        screen_open(&s, 80);
        progress_init(&p, "Reading walk.log");
        p.begun_usec += 60 * SECOND; /* it has only just begun, however slow this machine is */
        progress_show(&p, 45, 100);
        progress_done(&p);
        CHECK_STR(drawn(&s), "");
        CHECK_EQ(p.shown_usec, 0);
        screen_close(&s);
}

static void draws_not_too_often(void) {
        struct screen s;
        struct progress p;
        uint64_t shown;

        screen_open(&s, 40);
        begin_long_ago(&p, "Reading walk.log");
        progress_show(&p, 45, 100);
        CHECK_STR(drawn(&s), "\rReading walk.log [######........]  45 %\033[K");
        CHECK(p.shown_usec >= p.begun_usec + SECOND);
        shown = p.shown_usec += 60 * SECOND; /* only just now */
        progress_show(&p, 46, 100);
        CHECK_STR(drawn(&s), "");
        CHECK_EQ(p.shown_usec, shown);
        p.shown_usec -= 60 * SECOND + 100000;
        progress_show(&p, 50, 100);
        CHECK_STR(drawn(&s), "\rReading walk.log [#######.......]  50 %\033[K");
        screen_close(&s);
}

static void is_wiped_away(void) {
        struct screen s;
        struct progress p;

        screen_open(&s, 80);
        begin_long_ago(&p, "Reading walk.log");
        progress_show(&p, 45, 100);
        drawn(&s);
        progress_done(&p);
        CHECK_STR(drawn(&s), "\r\033[K");
        progress_done(&p);
        CHECK_STR(drawn(&s), "");
        progress_show(&p, 46, 100); /* and comes again after what was printed, but not at once: */
        progress_done(&p);          /* a capture may hold thousands of pairings */
        CHECK_STR(drawn(&s), "");
        p.shown_usec -= 100000;
        progress_show(&p, 46, 100);
        CHECK_EQ(strncmp(drawn(&s), "\rReading walk.log [", 19), 0);
        screen_close(&s);
}

static void draws_only_on_a_terminal(void) {
        struct screen s;
        struct progress p;
        int ends[2], terminal;
        char byte;

        screen_open(&s, 80);
        setenv("TERM", "dumb", 1);
        begin_long_ago(&p, "Reading walk.log");
        progress_show(&p, 45, 100);
        progress_done(&p);
        CHECK_STR(drawn(&s), "");

        setenv("TERM", "xterm", 1);
        CHECK_EQ(pipe(ends), 0);
        terminal = dup(STDERR_FILENO);
        dup2(ends[1], STDERR_FILENO);
        begin_long_ago(&p, "Reading walk.log");
        progress_show(&p, 45, 100);
        progress_done(&p);
        dup2(terminal, STDERR_FILENO);
        close(terminal);
        close(ends[1]);
        CHECK_EQ(read(ends[0], &byte, 1), 0);
        close(ends[0]);
        CHECK_STR(drawn(&s), "");
        screen_close(&s);
}

CHECK_MAIN("unit.progress", TEST(draws_a_bar_that_fits), TEST(draws_the_beginning_and_the_end),
           TEST(counts_where_the_size_is_not_known), TEST(a_narrow_terminal_gets_the_number),
           TEST(shortens_a_long_name_and_obeys_none), TEST(draws_nothing_in_the_first_half_second),
           TEST(draws_not_too_often), TEST(is_wiped_away), TEST(draws_only_on_a_terminal))
