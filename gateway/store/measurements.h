/* Measurements with their raw bytes. A new one and its outbox row are one transaction. */
#pragma once

#include <stddef.h>

#include "core/measurement.h"
#include "store/store.h"

#define STORE_RAW_SIZE 64

#define STORE_SOURCE_MEMORY "memory"
#define STORE_SOURCE_IMPORT "import"

struct store_measurement {
        struct bdaddr cuff;
        char id[MEASUREMENT_ID_SIZE];
        struct measurement measurement; /* its record_hash is not kept: `raw` has the bytes */
        int64_t received_at;            /* UTC seconds: when it arrived here */
        int64_t measured_at; /* UTC seconds: cuff time in the configured zone, or received_at */
        bool clock_ok;
        bool behind;    /* the cuff's memory held newer ones of this user when it was read */
        char source[8]; /* "2a35", STORE_SOURCE_MEMORY: the way it came first */
        uint8_t raw[STORE_RAW_SIZE];
        size_t raw_size;
};

/* 1: new, committed with its outbox row. 0: known; nothing new goes out. Negative: -ENOSPC full,
 * -EROFS, -EBUSY, -EIO, -EUCLEAN corrupt: nothing written, keep it and try again.
 *
 * Known is one with the same id, or with the same cuff, user and values within 2 s of cuff time. A
 * memory record and a 2A35 are one measurement also when their user numbers differ; and without a
 * usable cuff time if all else is equal: each row then takes one partner, the oldest first. The
 * first id stays, and the row gains what the other way knows more (DECISIONS 2). */
int store_measurements_insert(struct store *s, const struct store_measurement *m);
/* Several in one transaction, all or none. 0: ret[i] is what the above says of each. Negative: as
 * above, and `ret` means nothing. */
int store_measurements_insert_many(struct store *s, const struct store_measurement *m, size_t n,
                                   int *ret);

/* The newest of a user: of those with a good clock the latest measured, the later arrival of
 * equals; or one without that came after it and was not `behind`. 0, -ENODATA, negative errno. */
int store_measurements_newest(struct store *s, const struct bdaddr *cuff, uint8_t user,
                              struct store_measurement *ret);
int store_measurements_count(struct store *s, int64_t *ret);
/* Users of a cuff that have measurements. At most `max`; returns how many, or negative errno. */
int store_measurements_users(struct store *s, const struct bdaddr *cuff, uint8_t *ret_users,
                             size_t max);

/* Bytes that were refused, kept for later: `why` is the errno word ("EBADMSG"). The oldest beyond
 * 1000 go. 1 new; 0 known: a memory record (uuid STORE_SOURCE_MEMORY) is read again and again, and
 * the same bytes of a cuff are kept once. Negative errno. */
int store_rejected_insert(struct store *s, const struct bdaddr *cuff, const char *uuid,
                          const uint8_t *raw, size_t raw_size, const char *why,
                          int64_t received_at);
