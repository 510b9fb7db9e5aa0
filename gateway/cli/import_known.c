#include "cli/import_known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import_store.h"
#include "store/history.h"

#define SAME_WITHIN_S 2

struct import_known_one {
        int64_t taken; /* seconds of the cuff's wall clock */
        int systolic, diastolic, pulse_bpm;
        uint8_t user;
        bool whole_minute; /* can have lost its seconds */
};

static int add(void *owner, const struct store_measurement *m,
               const struct store_history_cursor *here) {
        struct import_known *k = owner;
        const struct measurement *v = &m->measurement;

        if (!v->has_time || date_time_check(&v->taken) < 0)
                return 0;
        if (k->n == k->allocated) {
                const size_t more = k->allocated ? 2 * k->allocated : 256;
                struct import_known_one *one = reallocarray(k->one, more, sizeof *one);

                if (!one)
                        return -ENOMEM;
                k->one = one;
                k->allocated = more;
        }
        k->one[k->n++] = (struct import_known_one){
                .taken = date_time_to_seconds(&v->taken),
                .systolic = v->systolic_mmhg,
                .diastolic = v->diastolic_mmhg,
                .pulse_bpm = v->pulse_bpm.value,
                .user = v->user,
                .whole_minute = strcmp(m->source, STORE_SOURCE_IMPORT) == 0 && v->taken.second == 0,
        };
        return 0;
}

static int compare(const void *a, const void *b) {
        const struct import_known_one *x = a, *y = b;

        return (x->taken > y->taken) - (x->taken < y->taken);
}

int import_known_load(struct import_known *k, struct store *s, const struct bdaddr *cuff) {
        const struct store_history_filter filter = {
                .cuff = cuff,
                .user = STORE_HISTORY_ANY_USER,
                .from_s = INT64_MIN,
                .to_s = INT64_MAX,
        };
        int r;

        *k = (struct import_known){0};
        r = store_history_read(s, &filter, add, k);
        if (r >= 0 && k->n > 0)
                qsort(k->one, k->n, sizeof *k->one, compare);
        return r;
}

void import_known_done(struct import_known *k) {
        free(k->one);
        *k = (struct import_known){0};
}

static bool same_moment(const struct import_known_one *one, const struct import_row *row,
                        int64_t taken) {
        const int64_t later = taken - one->taken;

        if (row->whole_minute)
                return later > -60 && later <= 0;
        if (one->whole_minute && later >= 0 && later < 60)
                return true;
        return later >= -SAME_WITHIN_S && later <= SAME_WITHIN_S;
}

static bool same_values(const struct import_known_one *one, const struct measurement *m) {
        return one->systolic == m->systolic_mmhg && one->diastolic == m->diastolic_mmhg &&
               one->pulse_bpm == m->pulse_bpm.value; /* 0: unknown */
}

enum import_known_match import_known_find(const struct import_known *k,
                                          const struct import_row *row) {
        const int64_t taken = date_time_to_seconds(&row->measurement.taken);
        enum import_known_match found = IMPORT_NOT_KNOWN;
        size_t low = 0, high = k->n;

        while (low < high) { /* the first that is not more than a minute before */
                const size_t middle = low + (high - low) / 2;

                if (k->one[middle].taken < taken - 60)
                        low = middle + 1;
                else
                        high = middle;
        }
        for (; low < k->n && k->one[low].taken <= taken + 60; low++) {
                if (!same_moment(&k->one[low], row, taken) ||
                    !same_values(&k->one[low], &row->measurement))
                        continue;
                if (k->one[low].user == row->measurement.user)
                        return IMPORT_KNOWN;
                found = IMPORT_KNOWN_OF_ANOTHER;
        }
        return found;
}
