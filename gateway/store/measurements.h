/* Measurements with their raw bytes. A new one and its outbox row are one transaction. */
#pragma once

#include <stddef.h>

#include "core/measurement.h"
#include "store/store.h"

#define STORE_RAW_SIZE 64

struct store_measurement {
        struct bdaddr cuff;
        char id[MEASUREMENT_ID_SIZE];
        struct measurement measurement;
        int64_t received_at; /* UTC seconds: when it arrived here */
        int64_t measured_at; /* UTC seconds: cuff time in the configured zone, or received_at */
        bool clock_ok;
        char source[8]; /* "2a35", "memory" */
        uint8_t raw[STORE_RAW_SIZE];
        size_t raw_size;
};

/* 1: new, committed with its outbox row. 0: known (same id, or same cuff, user and values within 2
 * s of cuff time: the first id stays); nothing written. Negative: -ENOSPC full, -EROFS, -EBUSY,
 * -EIO, -EUCLEAN corrupt: nothing written, keep it and try again. */
int store_measurements_insert(struct store *s, const struct store_measurement *m);

/* The newest of a user by measured_at, the later arrival of equals. 0, -ENODATA, negative errno. */
int store_measurements_newest(struct store *s, const struct bdaddr *cuff, uint8_t user,
                              struct store_measurement *ret);
int store_measurements_count(struct store *s, int64_t *ret);
/* Users of a cuff that have measurements. At most `max`; returns how many, or negative errno. */
int store_measurements_users(struct store *s, const struct bdaddr *cuff, uint8_t *ret_users,
                             size_t max);

/* Bytes that were refused, kept for later: `why` is the errno word ("EBADMSG"). The oldest beyond
 * 1000 go. 0 or negative errno. */
int store_rejected_insert(struct store *s, const struct bdaddr *cuff, const char *uuid,
                          const uint8_t *raw, size_t raw_size, const char *why,
                          int64_t received_at);
