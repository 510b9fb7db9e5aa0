/* `cuff2mqtt stats`: what stats.c has summed up, stats_print.c shows. */
#pragma once

#include "cli/history.h"
#include "cli/history_table.h"
#include "cli/stats_sums.h"

#define STATS_WINDOWS 4

/* The last one: from the beginning. */
extern const int stats_window_days[STATS_WINDOWS]; /* 7, 30, 90, 0 */

struct stats_person {             /* or a user without a name */
        struct history_user user; /* the first that was met */
        bool several;             /* of the same person there are more */
        struct stats_sums window[STATS_WINDOWS];
};

struct stats {
        struct history *h;
        int64_t until, since[STATS_WINDOWS]; /* UTC seconds */
        struct stats_person *person;         /* ordered by their first measurement */
        size_t n;
};

void stats_print(FILE *out, const struct stats *s, const struct history_screen *screen);
/* One object on one line. 0; -ENOMEM. */
int stats_print_json(FILE *out, const struct stats *s);
