/* A database looked at from outside, while a service may run on it: nothing is written, made or
 * migrated, and of what people measured only the number is told. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bdaddr.h"
#include "store/cuffs.h"

#define STORE_SURVEY_CUFFS_MAX 64

enum store_survey_state {
        STORE_SURVEY_ABSENT,    /* there is no file, or no directory */
        STORE_SURVEY_FORBIDDEN, /* for this user */
        STORE_SURVEY_NEWER,     /* made by a newer cuff2mqtt: nothing else is known */
        STORE_SURVEY_FOREIGN,   /* sound, but the tables are not ours */
        STORE_SURVEY_DAMAGED,   /* store_open() would set it aside */
        STORE_SURVEY_INDEX,     /* only an index does not fit its table; the counts are right */
        STORE_SURVEY_PENDING,   /* what was written last is in a log that only a writer can read:
                                 * store_open() does */
        STORE_SURVEY_FAILED,    /* `error` */
        STORE_SURVEY_FINE,
};

enum store_survey_lock {
        STORE_SURVEY_LOCK_ABSENT,    /* no service has ever run there */
        STORE_SURVEY_LOCK_FORBIDDEN, /* cannot be looked at by this user */
        STORE_SURVEY_LOCK_FREE,
        STORE_SURVEY_LOCK_HELD, /* a service runs */
};

struct store_survey {
        enum store_survey_state state;
        int error;   /* of FAILED: negative errno; -ETIME it took longer than 5 s */
        int version; /* of its tables */
        int64_t size_bytes;
        bool checked; /* to its end: a large database on a slow disk is not */
        int64_t measurements, waiting, rejected;
        struct store_survey_cuff {
                struct bdaddr address;
                char name[STORE_TEXT_SIZE];
                int64_t last_seen; /* UTC seconds, 0 never */
                bool bond_lost;
        } cuff[STORE_SURVEY_CUFFS_MAX]; /* ordered by address; more are not told */
        size_t n_cuffs;
};

/* Of `directory`/cuff2mqtt.db. Needs 5 s at most, on a disk that answers. */
void store_survey_look(const char *directory, struct store_survey *ret);

/* Of `directory`/cuff2mqtt.lock. For a moment it holds a shared lock: a service that starts in that
 * very moment finds it taken. */
enum store_survey_lock store_survey_lock(const char *directory);
