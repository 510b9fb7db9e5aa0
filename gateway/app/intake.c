#include "app/intake.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"

#define LOG_COMPONENT "intake"
#include "base/log.h"

#define FUTURE_MAX_S (2 * 24 * 3600)

static void on_retry(void *userdata);

void intake_init(struct intake *i, sd_event *event, struct store *store,
                 const struct intake_events *events, void *owner) {
        *i = (struct intake){.store = store, .events = events, .owner = owner};
        deadline_init(&i->retry, event, on_retry, i);
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

static int commit(struct intake *i, const struct store_measurement *row) {
        int r = i->store ? store_measurements_insert(i->store, row) : -ENODEV;

        if (r > 0)
                i->events->stored(i->owner, &row->cuff, row->measurement.user);
        return r;
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

static int wait_in_memory(struct intake *i, const struct store_measurement *row, int error) {
        if (i->n_waiting == INTAKE_WAITING_MAX) {
                log_error("A measurement is lost: %zu are waiting for the database already (%s)",
                          i->n_waiting, strerror(-error));
                return error;
        }
        if (i->n_waiting == i->allocated) {
                size_t n = i->allocated ? i->allocated * 2 : 16;
                struct store_measurement *more = reallocarray(i->waiting, n, sizeof *more);

                if (!more) {
                        log_error("A measurement is lost: out of memory");
                        return -ENOMEM;
                }
                i->waiting = more;
                i->allocated = n;
        }
        i->waiting[i->n_waiting++] = *row;
        deadline_set_usec(&i->retry, INTAKE_RETRY_USEC);
        return error;
}

int intake_measurement(struct intake *i, const struct bdaddr *cuff, const struct measurement *m,
                       const char *source, const uint8_t *raw, size_t raw_size, int64_t arrival_s,
                       bool behind) {
        struct store_measurement row = {
                .cuff = *cuff,
                .measurement = *m,
                .received_at = wall_clock_now(),
                .behind = behind,
                .raw_size = raw_size > STORE_RAW_SIZE ? STORE_RAW_SIZE : raw_size,
        };
        char address[BDADDR_STRING_SIZE];
        int r;

        snprintf(row.source, sizeof row.source, "%s", source);
        memcpy(row.raw, raw, row.raw_size);
        measurement_id(cuff, m, arrival_s, row.id);
        place_in_time(&row);
        bdaddr_to_string(cuff, address);
        r = i->n_waiting ? i->error : commit(i, &row); /* never overtake what waits */
        if (r >= 0)
                return r;
        log_cuff_error(address,
                       "A measurement cannot be saved (%s); it is kept in memory and tried again",
                       strerror(-r));
        r = wait_in_memory(i, &row, r);
        set_error(i, r);
        if (r == -EUCLEAN)
                i->events->broken(i->owner); /* gives another store: r is no longer -EUCLEAN then */
        return r;
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
