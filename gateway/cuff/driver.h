/* What drivers and the collector say to each other: data, no calls. A driver is a plan walked by
 * an index; it answers "what next" with a request and is told how the request ended. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/blood_pressure.h"
#include "core/date_time.h"
#include "core/measurement.h"

#define DRIVER_TEXT_SIZE  64 /* longest device information string kept, with NUL */
#define DRIVER_VALUE_SIZE 64 /* longest value a driver writes */

enum driver_verb {
        DRIVER_SUBSCRIBE,     /* StartNotify on `uuid` */
        DRIVER_READ,          /* ReadValue of `uuid` */
        DRIVER_WRITE,         /* WriteValue of `value` to `uuid`, with response */
        DRIVER_WRITE_COMMAND, /* the same without response, if the characteristic takes that */
        DRIVER_KEEP,          /* keep `value` on disk (`keep` says what) before going on */
        DRIVER_WAIT,    /* nothing to ask. wait_usec 0: collect values until the cuff hangs up;
                         * else for that long at most, then say so (plan_elapsed) */
        DRIVER_DRAINED, /* all read: linger for the cuff's hang-up, then disconnect */
        DRIVER_FAILED,  /* cannot go on: `error` says why */
};

enum driver_keep {
        KEEP_KEY,    /* 16 bytes: the key about to be programmed; it must survive a lost database */
        KEEP_BACKUP, /* settings about to be changed; `address` tells where they were read */
};

struct driver_request {
        enum driver_verb verb;
        const char *uuid; /* of the characteristic, as BlueZ prints it; NULL for KEEP and later */
        uint8_t value[DRIVER_VALUE_SIZE];
        size_t value_size;
        enum driver_keep keep;
        uint16_t address;   /* KEEP_BACKUP */
        uint64_t wait_usec; /* WAIT */
        int error;          /* DRIVER_FAILED: negative errno */
};

/* What the collector knows of the present when it reports a reply; core and cuff have no clock. */
struct driver_now {
        struct date_time local; /* wall clock in the configured time zone */
        bool synchronised;      /* the system clock can be trusted */
};

/* What the session learned about the cuff besides measurements. */
struct driver_facts {
        bool described; /* the next ones and the feature were all asked for, and each answer was one
                         */
        char model[DRIVER_TEXT_SIZE], serial[DRIVER_TEXT_SIZE], firmware[DRIVER_TEXT_SIZE],
                hardware[DRIVER_TEXT_SIZE], manufacturer[DRIVER_TEXT_SIZE]; /* "" if unknown */
        struct number battery_percent;
        bool has_feature;
        struct blood_pressure_feature feature;
        struct number feature_bits; /* the same, as sent */
        bool clock_read;            /* 2A2B was read: the next two are meaningful */
        bool clock_unset;           /* the cuff has no time */
        struct number drift_s;      /* cuff minus local wall clock; unknown if unset */
        bool clock_set;             /* we set it in this session */
        bool clock_refused;         /* the cuff refuses to be set (ATT 0x80): do not ask again */
};

/* All waits of the drivers in one place, so that tests can shorten them. Sources: timeouts of
 * eigger/hass-omron, userx14/omblepy and dzikus/esphome-omron, which agree within a factor of two.
 */
struct driver_timing {
        uint64_t listen_usec;  /* for a measurement the cuff sends by itself, before its memory is
                                * opened; begins anew with each: 1.5 s */
        uint64_t settle_usec;  /* after a subscription, before anything is written: 0.75 s */
        uint64_t reply_usec;   /* for the answer to a frame: 3 s */
        uint64_t unlock_usec;  /* for the answer to an unlock: 5 s */
        uint64_t token_usec;   /* .. to a token; silence is no failure: 2 s */
        uint64_t program_usec; /* between two tries to program a key, ten at most: 1 s */
};

#define DRIVER_TIMING_DEFAULT                                                                      \
        ((struct driver_timing){1500000, 750000, 3000000, 5000000, 2000000, 1000000})
