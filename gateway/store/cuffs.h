/* The cuffs we know and the people who use them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/measurement.h"
#include "store/store.h"

#define STORE_TEXT_SIZE 64

enum store_token {                       /* what is known of this cuff's START */
                   STORE_TOKEN_FINE,     /* answered after a token, or not tried yet */
                   STORE_TOKEN_SILENCES, /* stays unanswered after a token */
};

enum store_writes {                       /* of what we wrote into its memory */
                    STORE_WRITES_NONE,    /* nothing is open */
                    STORE_WRITES_PENDING, /* to be verified at the next connection */
                    STORE_WRITES_REFUSED, /* it did not take them: never again */
};

struct store_cuff {
        struct bdaddr address;
        char name[STORE_TEXT_SIZE]; /* shown to people; "" none yet */
        char model[STORE_TEXT_SIZE], serial[STORE_TEXT_SIZE], firmware[STORE_TEXT_SIZE],
                hardware[STORE_TEXT_SIZE], manufacturer[STORE_TEXT_SIZE];
        struct number feature;        /* 2A49 as sent */
        int64_t paired_at;            /* UTC seconds; 0 never by us (adopted bond) */
        int64_t last_seen, last_sync; /* UTC seconds, 0 never */
        struct number battery_percent;
        struct number clock_drift_s;
        bool clock_refused; /* refuses to have its clock set */
        bool bond_lost;
        char memory_model[STORE_TEXT_SIZE]; /* whose memory map was proved; "" none yet */
        enum store_token token;
        struct number unread; /* measurements the cuff counts as not yet fetched */
        enum store_writes writes;
};

struct store_user {
        struct bdaddr cuff;
        uint8_t user;                 /* as in struct measurement */
        char name[STORE_TEXT_SIZE];   /* "" unnamed */
        char person[STORE_TEXT_SIZE]; /* slug, "" none */
};

/* All, ordered by address. `*ret` to be freed. 0 or negative errno. */
int store_cuffs_list(struct store *s, struct store_cuff **ret, size_t *ret_n);
int store_cuffs_save(struct store *s, const struct store_cuff *cuff); /* insert or replace */

/* Users of one cuff, or (NULL) of all, cuff by cuff; ordered. `*ret` to be freed. A user exists
 * from its first measurement or name on. */
int store_users_list(struct store *s, const struct bdaddr *cuff, struct store_user **ret,
                     size_t *ret_n);
int store_users_save(struct store *s, const struct store_user *user);
