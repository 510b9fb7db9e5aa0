#include "cli/progress.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define BEFORE_USEC  500000 /* nothing is drawn before that */
#define BETWEEN_USEC 100000 /* .. and no oftener than that */
#define COLUMNS_MAX  80
#define COLUMNS_FEW  40 /* below: only the number */
#define BAR_MIN      10

/* Coarse: a few milliseconds are enough, and it costs next to nothing for each frame. */
static uint64_t now_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

static bool can_draw(void) {
        const char *terminal = getenv("TERM");

        return isatty(STDERR_FILENO) && (!terminal || strcmp(terminal, "dumb") != 0);
}

static unsigned columns(void) {
        struct winsize size = {0};

        if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                return COLUMNS_MAX;
        return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

/* "45 %", or what was read of something whose size is not known. */
static void print_number(uint64_t done, uint64_t all, char *ret, size_t size) {
        if (all > 0)
                snprintf(ret, size, "%3u %%",
                         done < all ? (unsigned) ((double) done / (double) all * 100) : 100);
        else
                snprintf(ret, size, "%.1f MB", (double) done / 1e6);
}

/* At most so many bytes, whole characters, and none that a terminal would obey. */
static void print_label(const char *what, size_t most, char *ret) {
        size_t n = strlen(what);

        if (n > most)
                n = most;
        while (n > 0 && ((unsigned char) what[n] & 0xC0) == 0x80)
                n--;
        for (size_t i = 0; i < n; i++)
                ret[i] = (unsigned char) what[i] < ' ' || what[i] == 0x7F ? '?' : what[i];
        ret[n] = '\0';
}

static void draw(const struct progress *p, uint64_t done, uint64_t all) {
        static const char full[] = "########################################"
                                   "########################################",
                          empty[] = "........................................"
                                    "........................................";
        char number[32], label[COLUMNS_MAX];
        unsigned width = columns() - 1, taken, bar, filled; /* the last column may wrap */

        print_number(done, all, number, sizeof number);
        if (width + 1 < COLUMNS_FEW) {
                fprintf(stderr, "\r%s\033[K", number);
                return;
        }
        taken = (unsigned) strlen(number) + 4; /* " [", "] " */
        print_label(p->what, width - taken - BAR_MIN, label);
        if (all == 0) {
                fprintf(stderr, "\r%s: %s\033[K", label, number);
                return;
        }
        bar = width - taken - (unsigned) strlen(label);
        filled = done < all ? (unsigned) ((double) done / (double) all * bar) : bar;
        fprintf(stderr, "\r%s [%.*s%.*s] %s\033[K", label, (int) filled, full, (int) (bar - filled),
                empty, number);
}

void progress_init(struct progress *p, const char *what) {
        *p = (struct progress){.what = what, .begun_usec = now_usec(), .on = -1};
}

void progress_show(struct progress *p, uint64_t done, uint64_t all) {
        uint64_t now;

        if (p->on < 0)
                p->on = can_draw();
        if (!p->on)
                return;
        now = now_usec();
        if (now < p->begun_usec + BEFORE_USEC ||
            (p->shown_usec > 0 && now < p->shown_usec + BETWEEN_USEC))
                return;
        p->shown_usec = now;
        p->drawn = true;
        draw(p, done, all);
}

void progress_done(struct progress *p) {
        if (p->drawn)
                fprintf(stderr, "\r\033[K");
        p->drawn = false;
}
