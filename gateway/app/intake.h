/* From a decoded measurement to a committed row. What the database cannot take now (full disk,
 * locked) is kept in memory and tried again: the cuff has been told already that we have it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/deadline.h"
#include "core/measurement.h"
#include "cuff/driver_omron.h"
#include "store/measurements.h"

#define INTAKE_WAITING_MAX   1000 /* a cuff holds 200 at most */
#define INTAKE_WAITING_READY 16   /* so many need no memory */
#define INTAKE_RETRY_USEC    5000000u

struct intake_events {
        void (*stored)(void *owner, const struct bdaddr *cuff,
                       uint8_t user); /* new and committed */
        /* The database is damaged: give another one with intake_set_store, or stop. */
        void (*broken)(void *owner);
        void (*changed)(void *owner); /* intake_problem changed */
};

struct intake {
        struct store *store; /* not owned; NULL after one that could not be made anew */
        const struct intake_events *events;
        void *owner;
        struct deadline retry;
        struct store_measurement *waiting;
        size_t n_waiting, allocated;
        int error; /* why they wait: negative errno, 0 none */
};

void intake_init(struct intake *i, sd_event *event, struct store *store,
                 const struct intake_events *events, void *owner);
void intake_done(struct intake *i);
void intake_set_store(struct intake *i, struct store *store);
void intake_hurry(struct intake *i); /* what waits is tried at once: the service is stopping */

/* `source`: as in struct store_measurement; `raw`: the bytes as the cuff sent them; `arrival_s`:
 * when the session began. Fills in id, measured_at and clock_ok (DECISIONS 2), then commits. 1 new,
 * 0 known already, negative: waiting in memory. */
int intake_measurement(struct intake *i, const struct bdaddr *cuff, const struct measurement *m,
                       const char *source, const uint8_t *raw, size_t raw_size, int64_t arrival_s);

/* Good records (error 0) of a memory, oldest first, DRIVER_OMRON_QUEUE at most: committed together,
 * all or none. ret[i]: as above. */
void intake_records(struct intake *i, const struct bdaddr *cuff,
                    const struct driver_omron_record *records, size_t n, int64_t arrival_s,
                    int *ret);

/* NULL, or one sentence for people: what waits, why, what to do. Valid until the next call. */
const char *intake_problem(const struct intake *i, char *buffer, size_t size);
