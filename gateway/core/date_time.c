/*
 * Date Time (2A08), seven bytes:          YY YY MM DD hh mm ss          YY YY = year, LE16
 * Current Time (2A2B), ten bytes:         YY YY MM DD hh mm ss WW FF RR
 *                                         WW day of week, FF 1/256 seconds, RR adjust reason
 */
#include "core/date_time.h"

#include <errno.h>

#define SECONDS_PER_DAY (24 * 60 * 60)
#define DAYS_PER_ERA    146097 /* 400 years: the Gregorian calendar repeats */

/* Days from 1 March of the year -400 to 1970-01-01. Starting in March puts the leap day last in
 * its year; starting an era early keeps January of the year 0 above zero. */
#define EPOCH_DAYS (719468 + DAYS_PER_ERA)

struct date_time date_time_take(struct bytes *b) {
        struct date_time dt = {.year = bytes_le16(b)};

        dt.month = bytes_u8(b);
        dt.day = bytes_u8(b);
        dt.hour = bytes_u8(b);
        dt.minute = bytes_u8(b);
        dt.second = bytes_u8(b);
        return dt;
}

bool date_time_equal(const struct date_time *a, const struct date_time *b) {
        return a->year == b->year && a->month == b->month && a->day == b->day &&
               a->hour == b->hour && a->minute == b->minute && a->second == b->second;
}

bool date_time_is_first_day(const struct date_time *dt) {
        return dt->year == 2019 && dt->month == 1 && dt->day == 1;
}

/* 2019-01-01 with second 63: HEM-7155T-MW3 records taken before the clock was first set
 * (dzikus/esphome-omron, captured bytes; sure). Midnight sharp of that day: a clock that begins
 * there and does not tick (inferred; nobody finishes a measurement in its first second). Two equal
 * measurements with such a stamp are still two. */
static bool is_never_set(const struct date_time *dt) {
        return date_time_is_first_day(dt) &&
               (dt->second == 63 || (dt->hour == 0 && dt->minute == 0 && dt->second == 0));
}

int date_time_check(const struct date_time *dt) {
        struct date_time clamped = *dt, again;

        if (dt->year == 0 || dt->month == 0 || dt->day == 0 || is_never_set(dt))
                return -ENODATA;
        if (dt->year < 2010 || dt->year > 2099)
                return -ERANGE;

        if (clamped.second > 59 && clamped.second <= 63) /* what six bits can say too much */
                clamped.second = 59;
        /* Only a moment that exists comes back from seconds as it went. */
        again = date_time_from_seconds(date_time_to_seconds(&clamped));
        return date_time_equal(&again, &clamped) ? 0 : -ERANGE;
}

/* From 1 March of the year -400. */
static int64_t days_from_date(const struct date_time *dt) {
        int64_t year = 400 + dt->year - (dt->month <= 2);
        int64_t month = dt->month > 2 ? dt->month - 3 : dt->month + 9; /* 0 March..11 February */
        int64_t day_of_year = (153 * month + 2) / 5 + dt->day - 1;     /* 153 days in 5 months */

        return year * 365 + year / 4 - year / 100 + year / 400 + day_of_year;
}

int64_t date_time_to_seconds(const struct date_time *dt) {
        int64_t second = dt->second > 59 ? 59 : dt->second;

        return (days_from_date(dt) - EPOCH_DAYS) * SECONDS_PER_DAY + dt->hour * 3600 +
               dt->minute * 60 + second;
}

struct date_time date_time_from_seconds(int64_t seconds) {
        int64_t days = seconds / SECONDS_PER_DAY;
        int64_t rest = seconds % SECONDS_PER_DAY;
        int64_t era, day, year, month;

        if (rest < 0) { /* before 1970: the day began earlier */
                rest += SECONDS_PER_DAY;
                days--;
        }
        days += EPOCH_DAYS;
        era = days / DAYS_PER_ERA;
        day = days % DAYS_PER_ERA;
        /* Take out the leap days of 4, 100 and 400 years, then every year has 365. */
        year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
        day -= year * 365 + year / 4 - year / 100;
        month = (5 * day + 2) / 153;
        return (struct date_time){
                .year = (uint16_t) (era * 400 + year - 400 + (month >= 10)),
                .month = (uint8_t) (month < 10 ? month + 3 : month - 9),
                .day = (uint8_t) (day - (153 * month + 2) / 5 + 1),
                .hour = (uint8_t) (rest / 3600),
                .minute = (uint8_t) (rest / 60 % 60),
                .second = (uint8_t) (rest % 60),
        };
}

int date_time_difference_s(const struct date_time *a, const struct date_time *b) {
        int64_t difference = date_time_to_seconds(a) - date_time_to_seconds(b);

        if (difference > INT32_MAX)
                return INT32_MAX;
        return difference < INT32_MIN ? INT32_MIN : (int) difference;
}

uint8_t date_time_day_of_week(const struct date_time *dt) {
        /* Day 0, 1 March of the year -400, was a Wednesday, as 1 March 2000 was: 400 years are
         * whole weeks. */
        return (uint8_t) ((days_from_date(dt) + 2) % 7 + 1);
}

int current_time_decode(const uint8_t *value, size_t n, struct current_time *ret) {
        struct bytes b = bytes_of(value, n);
        struct current_time time = {.date_time = date_time_take(&b)};

        time.day_of_week = bytes_u8(&b);
        time.fractions256 = bytes_u8(&b);
        time.adjust_reason = bytes_u8(&b);
        if (b.short_read)
                return -EBADMSG;

        *ret = time;
        return 0;
}

void current_time_encode(const struct current_time *time, uint8_t ret[CURRENT_TIME_SIZE]) {
        const struct date_time *dt = &time->date_time;

        ret[0] = (uint8_t) dt->year;
        ret[1] = (uint8_t) (dt->year >> 8);
        ret[2] = dt->month;
        ret[3] = dt->day;
        ret[4] = dt->hour;
        ret[5] = dt->minute;
        ret[6] = dt->second;
        ret[7] = time->day_of_week;
        ret[8] = time->fractions256;
        ret[9] = time->adjust_reason;
}
