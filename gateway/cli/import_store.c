#include "cli/import_store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/import_known.h"
#include "store/measurements.h"

#define BATCH 2000 /* rows in one transaction: few of them, and the bar moves */

static int compare(const void *a, const void *b) {
        const struct measurement *x = &((const struct import_row *) a)->measurement,
                                 *y = &((const struct import_row *) b)->measurement;
        const int64_t s = date_time_to_seconds(&x->taken), t = date_time_to_seconds(&y->taken);

        return s != t ? (s > t) - (s < t) : (x->user > y->user) - (x->user < y->user);
}

static int make_row(const struct bdaddr *cuff, const struct import_row *row, int64_t now,
                    struct store_measurement *ret) {
        *ret = (struct store_measurement){
                .cuff = *cuff,
                .measurement = row->measurement,
                .received_at = now,
                .clock_ok = true,
                .source = STORE_SOURCE_IMPORT,
        };
        measurement_id(cuff, &row->measurement, now, ret->id);
        return wall_clock_utc(&row->measurement.taken, &ret->measured_at);
}

static int write_batch(struct store *s, const struct store_measurement *rows, size_t n, int *said,
                       struct import_count *count) {
        int r = n > 0 ? store_measurements_insert_many(s, rows, n, said) : 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                ++*(said[i] > 0 ? &count->fresh : &count->known);
        return r;
}

/* `batch` and `said` have room for BATCH. */
static int write_unknown(struct store *s, const struct bdaddr *cuff, const struct import_row *rows,
                         size_t n, const struct import_known *known,
                         struct store_measurement *batch, int *said, struct progress *progress,
                         struct import_count *count) {
        const int64_t now = wall_clock_now();
        size_t waiting = 0;
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++) {
                enum import_known_match match = import_known_find(known, &rows[i]);

                count->known += match != IMPORT_NOT_KNOWN;
                count->of_another += match == IMPORT_KNOWN_OF_ANOTHER;
                if (match == IMPORT_NOT_KNOWN)
                        r = make_row(cuff, &rows[i], now, &batch[waiting++]);
                if (r < 0 || waiting < BATCH)
                        continue;
                r = write_batch(s, batch, waiting, said, count);
                waiting = 0;
                progress_show(progress, i, n);
        }
        return r < 0 ? r : write_batch(s, batch, waiting, said, count);
}

int import_store_rows(struct store *s, const struct bdaddr *cuff, struct import_row *rows, size_t n,
                      struct progress *progress, struct import_count *count) {
        _cleanup_(freep) struct store_measurement *batch = calloc(BATCH, sizeof *batch);
        _cleanup_(freep) int *said = calloc(BATCH, sizeof *said);
        struct import_known known;
        int r;

        if (!batch || !said)
                return -ENOMEM;
        if (n > 0)
                qsort(rows, n, sizeof *rows, compare);
        r = import_known_load(&known, s, cuff);
        if (r >= 0)
                r = write_unknown(s, cuff, rows, n, &known, batch, said, progress, count);
        import_known_done(&known);
        return r;
}
