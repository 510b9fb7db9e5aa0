/* What a driver and the collector say to each other: data, no calls. A driver is a plan walked by
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
        DRIVER_SUBSCRIBE, /* StartNotify on `uuid` */
        DRIVER_READ,      /* ReadValue of `uuid` */
        DRIVER_WRITE,     /* WriteValue of `value` to `uuid`, with response */
        DRIVER_WAIT,      /* nothing to ask: collect values until the cuff hangs up */
        DRIVER_DRAINED,   /* all read: linger for the cuff's hang-up, then disconnect */
        DRIVER_FAILED,    /* cannot go on: `error` says why */
};

struct driver_request {
        enum driver_verb verb;
        const char *uuid; /* of the characteristic, as BlueZ prints it; NULL for WAIT and later */
        uint8_t value[DRIVER_VALUE_SIZE];
        size_t value_size;
        int error; /* DRIVER_FAILED: negative errno */
};

/* What the collector knows of the present when it reports a reply; core and cuff have no clock. */
struct driver_now {
        struct date_time local; /* wall clock in the configured time zone */
        bool synchronised;      /* the system clock can be trusted */
};

/* What the session learned about the cuff besides measurements. */
struct driver_facts {
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
