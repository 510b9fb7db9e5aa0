/* Measurements looked up: by cuff, user and time, a page at a time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/measurements.h"

#define STORE_HISTORY_ANY_USER (-1)

struct store_history_cursor { /* a place between two rows; of one that was told */
        bool set;
        int64_t measured_at, arrival;
};

struct store_history_filter {
        const struct bdaddr *cuff; /* NULL: all */
        int user;                  /* as in struct measurement, or STORE_HISTORY_ANY_USER */
        int64_t from_s, to_s;      /* UTC seconds of measured_at: from <= t < to */
        bool newest_first;
        size_t limit;                      /* 0: all */
        struct store_history_cursor after; /* only what comes behind it, in this order */
};

/* 0 goes on; anything else ends the reading and is what it returns. */
typedef int store_history_row(void *owner, const struct store_measurement *m,
                              const struct store_history_cursor *here);

/* Each matching measurement in the order of measured_at, of equal ones in that of arrival
 * (newest_first: the exact reverse). `row` may look things up in `s`, not write or close it. `s`:
 * of a service, or of store_open_reader(). 0 all were told; negative errno; what `row` returned. */
int store_history_read(struct store *s, const struct store_history_filter *filter,
                       store_history_row *row, void *owner);
