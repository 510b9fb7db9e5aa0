/* A progress bar on standard error: only on a terminal, only when there is something to wait for;
 * wiped away at the end. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct progress {
        const char *what;    /* "Reading capture.log" */
        uint64_t shown_usec; /* CLOCK_MONOTONIC of the last drawing; 0 never */
        uint64_t begun_usec;
        bool drawn; /* it is on the screen */
        int on;     /* -1 not decided */
};

void progress_init(struct progress *p, const char *what);
/* Draws at most ten times a second, and nothing in the first half second. `all` 0: not known. */
void progress_show(struct progress *p, uint64_t done, uint64_t all);
/* Wipes it away; it may be shown again, so call this before anything else is printed, too. */
void progress_done(struct progress *p);
