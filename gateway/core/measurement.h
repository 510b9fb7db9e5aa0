/* The measurement: one decoded blood-pressure value, however the cuff delivered it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/bdaddr.h"
#include "core/date_time.h"

#define MEASUREMENT_USER_UNKNOWN 0xFF
#define MEASUREMENT_ID_SIZE      17 /* 16 hexadecimal digits + NUL */

struct number { /* unknown is never a number */
        bool known;
        int value; /* 0 unless known */
};

struct answer { /* yes, no, or the cuff does not say */
        bool known;
        bool yes;
};

struct measurement {
        uint8_t user; /* the cuff's memory slot 1, 2, ..; MEASUREMENT_USER_UNKNOWN */
        bool has_time;
        struct date_time taken; /* the cuff's wall clock as sent; all zero unless has_time */
        struct number sequence; /* the cuff's own record number, if it sent one */
        int systolic_mmhg;
        int diastolic_mmhg;
        struct number mean_mmhg; /* as sent by the cuff */
        struct number pulse_bpm;
        struct answer irregular_heartbeat;
        struct answer body_movement;
        struct answer cuff_fit_ok;
        struct answer position_ok;
        struct number irregular_beats; /* counted during this measurement; memory records only */
        struct number artifacts;       /* the same */
        struct number series_position; /* 1..3 in a TruRead of three; unknown: a single one */
        uint64_t record_hash;          /* of the raw memory record; 0: it came another way */
};

/* 0, or -ERANGE when no living person has such values: systolic 60..280, diastolic 30..180 and
 * below systolic, pulse 30..240 (DECISIONS 9). Says nothing about the time. */
int measurement_check(const struct measurement *m);

/* The identity (DECISIONS 2): a hash of cuff, user, the cuff's raw time, systolic, diastolic and
 * pulse. Without a usable cuff time the sequence stands in its place; without that the record's
 * hash; with none of them, `arrival_seconds` (when the session that delivered it began, UTC). Same
 * bytes on every machine, for ever. */
void measurement_id(const struct bdaddr *cuff, const struct measurement *m, int64_t arrival_seconds,
                    char ret[MEASUREMENT_ID_SIZE]);

/* kPa in thousandths to mmHg, rounded half away from zero (1 kPa = 7.500617 mmHg), and back. */
int measurement_mmhg_from_milli_kpa(int32_t milli_kpa);
int32_t measurement_milli_kpa_from_mmhg(int mmhg);
