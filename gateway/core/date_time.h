/* Date Time (GATT 0x2A08), Current Time (0x2A2B) and plain calendar arithmetic.
 * A cuff's time is local wall clock without a zone; nothing here knows zones or the present. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/bytes.h"

#define CURRENT_TIME_SIZE 10

/* Current Time Service, bit field */
enum current_time_adjust_reason {
        ADJUST_MANUAL = 1 << 0,
        ADJUST_EXTERNAL_REFERENCE = 1 << 1,
        ADJUST_TIME_ZONE_CHANGE = 1 << 2,
        ADJUST_DST_CHANGE = 1 << 3,
};

struct date_time {      /* as the cuff sent it, not normalised */
        uint16_t year;  /* 1582..9999, 0 unknown */
        uint8_t month;  /* 1..12, 0 unknown */
        uint8_t day;    /* 1..31, 0 unknown */
        uint8_t hour;   /* 0..23 */
        uint8_t minute; /* 0..59 */
        uint8_t second; /* 0..59; memory records can hold 60..63 */
};

struct current_time {
        struct date_time date_time;
        uint8_t day_of_week; /* 1 Monday..7 Sunday, 0 unknown */
        uint8_t fractions256;
        uint8_t adjust_reason;
};

/* Seven bytes: year LE16, month, day, hour, minute, second. */
struct date_time date_time_take(struct bytes *b);

bool date_time_equal(const struct date_time *a, const struct date_time *b);

/* 0: a usable time (second 60..63 counts as 59). -ENODATA: year, month or day unknown, or the mark
 * of a clock that was never set (2019-01-01 with second 63, seen in three records, dzikus/
 * esphome-omron, sure; or midnight sharp of that day, inferred). -ERANGE: no such day or hour, or
 * year outside 2010..2099. */
int date_time_check(const struct date_time *dt);

/* 2019-01-01: where the clock of a cuff that was never set begins, and may tick on from (README of
 * eigger/hass-omron; fairly sure). As a time it is good enough to tell two measurements apart, not
 * to date them by. */
bool date_time_is_first_day(const struct date_time *dt);

/* Seconds since 1970-01-01 00:00:00 of the same wall clock: for differences and ordering, not UTC.
 * Meaningful when date_time_check() is 0. Seconds over 59 count as 59. */
int64_t date_time_to_seconds(const struct date_time *dt);
struct date_time date_time_from_seconds(int64_t seconds);

/* Seconds from `b` to `a`; two sound dates can lie further apart than an int holds: then the
 * largest one, which says enough. */
int date_time_difference_s(const struct date_time *a, const struct date_time *b);

/* 1 Monday..7 Sunday. */
uint8_t date_time_day_of_week(const struct date_time *dt);

/* Current Time, 10 bytes. 0 or -EBADMSG; trailing bytes are ignored. */
int current_time_decode(const uint8_t *value, size_t n, struct current_time *ret);
void current_time_encode(const struct current_time *time, uint8_t ret[CURRENT_TIME_SIZE]);
