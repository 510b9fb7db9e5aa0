#include "app/intake.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"

#define LOG_COMPONENT "intake"
#include "base/log.h"

#define FUTURE_MAX_S (2 * 24 * 3600)

static void on_retry(void *userdata);

void intake_init(struct intake *i, sd_event *event, struct store *store,
                 const struct intake_events *events, void *owner) {
        *i = (struct intake){.store = store, .events = events, .owner = owner};
        deadline_init(&i->retry, event, on_retry, i);
        /* Made now: when it is needed there may be no memory. */
        i->waiting = calloc(INTAKE_WAITING_READY, sizeof *i->waiting);
        i->allocated = i->waiting ? INTAKE_WAITING_READY : 0;
}

/* Cuff time if it has a believable one, else the arrival. */
static void place_in_time(struct store_measurement *row) {
        const struct measurement *m = &row->measurement;
        int64_t utc;

        row->measured_at = row->received_at;
        row->clock_ok = false;
        if (!m->has_time || date_time_check(&m->taken) < 0 || date_time_is_first_day(&m->taken))
                return;
        if (wall_clock_utc(&m->taken, &utc) < 0 || utc > row->received_at + FUTURE_MAX_S)
                return;
        row->measured_at = utc;
        row->clock_ok = true;
}

static void set_error(struct intake *i, int error) {
        if (i->error == error)
                return;
        i->error = error;
        i->events->changed(i->owner);
}

/* All or none; `ret` as in intake_records. */
static int commit_all(struct intake *i, const struct store_measurement *rows, size_t n, int *ret) {
        int r = i->store ? store_measurements_insert_many(i->store, rows, n, ret) : -ENODEV;

        for (size_t k = 0; k < n && r >= 0; k++)
                if (ret[k] > 0)
                        i->events->stored(i->owner, &rows[k].cuff, rows[k].measurement.user);
        return r;
}

static int commit(struct intake *i, const struct store_measurement *row) {
        int is_new, r = commit_all(i, row, 1, &is_new);

        return r < 0 ? r : is_new;
}

/* The oldest goes first, so that order is kept. */
static int drain(struct intake *i) {
        size_t done = 0;
        int r = 0;

        while (done < i->n_waiting) {
                r = commit(i, &i->waiting[done]);
                if (r < 0)
                        break;
                done++;
        }
        if (done) {
                i->n_waiting -= done;
                memmove(i->waiting, i->waiting + done, i->n_waiting * sizeof *i->waiting);
                log_info("%zu measurements that had to wait are saved now", done);
        }
        return r < 0 ? r : 0;
}

void intake_done(struct intake *i) {
        if (i->n_waiting)
                (void) drain(i); /* the disk may be free again */
        if (i->n_waiting)
                log_error("%zu measurements could not be saved before the end and are lost: %s",
                          i->n_waiting, strerror(-i->error));
        deadline_done(&i->retry);
        free(i->waiting);
        i->waiting = NULL;
        i->n_waiting = i->allocated = 0;
}

static void on_retry(void *userdata) {
        struct intake *i = userdata;
        int r = drain(i);

        if (r < 0)
                deadline_set_usec(&i->retry, INTAKE_RETRY_USEC);
        set_error(i, r);
        if (r == -EUCLEAN)
                i->events->broken(i->owner);
}

void intake_set_store(struct intake *i, struct store *store) {
        i->store = store;
        if (i->error == -EUCLEAN)
                i->error = -EAGAIN; /* that was the other one */
        intake_hurry(i);
}

void intake_hurry(struct intake *i) {
        if (i->n_waiting)
                deadline_set_usec(&i->retry, 0);
}

/* A memory is read again as long as its records are not saved. */
static bool waits_already(const struct intake *i, const struct store_measurement *row) {
        for (size_t k = 0; k < i->n_waiting; k++)
                if (bdaddr_equal(&i->waiting[k].cuff, &row->cuff) &&
                    strcmp(i->waiting[k].id, row->id) == 0 &&
                    strcmp(i->waiting[k].source, row->source) == 0)
                        return true;
        return false;
}

static int wait_in_memory(struct intake *i, const struct store_measurement *row, int error) {
        if (i->n_waiting && !deadline_is_set(&i->retry)) /* once it could not be set */
                deadline_set_usec(&i->retry, INTAKE_RETRY_USEC);
        if (waits_already(i, row))
                return error;
        if (i->n_waiting == INTAKE_WAITING_MAX) {
                log_error("A measurement is lost: %zu are waiting for the database already (%s)",
                          i->n_waiting, strerror(-error));
                return error;
        }
        if (i->n_waiting == i->allocated) {
                size_t n = i->allocated ? i->allocated * 2 : INTAKE_WAITING_READY;
                struct store_measurement *more = reallocarray(i->waiting, n, sizeof *more);

                if (!more) {
                        log_error("A measurement is lost: out of memory");
                        return -ENOMEM;
                }
                i->waiting = more;
                i->allocated = n;
        }
        i->waiting[i->n_waiting++] = *row;
        if (!deadline_is_set(&i->retry)) /* those that keep coming must not put it off */
                deadline_set_usec(&i->retry, INTAKE_RETRY_USEC);
        return error;
}

static void make_row(struct store_measurement *ret, const struct bdaddr *cuff,
                     const struct measurement *m, const char *source, const uint8_t *raw,
                     size_t raw_size, int64_t arrival_s, bool behind) {
        *ret = (struct store_measurement){
                .cuff = *cuff,
                .measurement = *m,
                .received_at = wall_clock_now(),
                .behind = behind,
                .raw_size = raw_size > STORE_RAW_SIZE ? STORE_RAW_SIZE : raw_size,
        };
        snprintf(ret->source, sizeof ret->source, "%s", source);
        memcpy(ret->raw, raw, ret->raw_size);
        measurement_id(cuff, m, arrival_s, ret->id);
        place_in_time(ret);
}

static int let_wait(struct intake *i, const struct store_measurement *row, int r) {
        char address[BDADDR_STRING_SIZE];

        bdaddr_to_string(&row->cuff, address);
        if (i->error != r) /* once, not for each of a whole memory */
                log_cuff_error(address,
                               "A measurement cannot be saved (%s); it is kept in memory and tried "
                               "again",
                               strerror(-r));
        r = wait_in_memory(i, row, r);
        set_error(i, r);
        if (r == -EUCLEAN)
                i->events->broken(i->owner); /* gives another store: r is no longer -EUCLEAN then */
        return r;
}

int intake_measurement(struct intake *i, const struct bdaddr *cuff, const struct measurement *m,
                       const char *source, const uint8_t *raw, size_t raw_size, int64_t arrival_s) {
        struct store_measurement row;
        int r;

        make_row(&row, cuff, m, source, raw, raw_size, arrival_s, /* behind= */ false);
        r = i->n_waiting ? i->error : commit(i, &row); /* never overtake what waits */
        return r < 0 ? let_wait(i, &row, r) : r;
}

void intake_records(struct intake *i, const struct bdaddr *cuff,
                    const struct driver_omron_record *records, size_t n, int64_t arrival_s,
                    int *ret) {
        struct store_measurement rows[DRIVER_OMRON_QUEUE];
        int r;

        assert(n <= ELEMENTS(rows));
        for (size_t k = 0; k < n; k++)
                make_row(&rows[k], cuff, &records[k].measurement, STORE_SOURCE_MEMORY,
                         records[k].raw, records[k].raw_size, arrival_s, records[k].behind);
        r = i->n_waiting ? i->error : commit_all(i, rows, n, ret);
        for (size_t k = 0; k < n && r < 0; k++) {
                ret[k] = let_wait(i, &rows[k], r);
                r = i->error; /* the store may be another one now */
        }
}

const char *intake_problem(const struct intake *i, char *buffer, size_t size) {
        if (!i->error)
                return NULL;
        snprintf(buffer, size,
                 "%zu measurements wait in memory because the database cannot be written (%s): "
                 "free some space "
                 "on its disk or check its permissions before the power goes",
                 i->n_waiting, strerror(-i->error));
        return buffer;
}
