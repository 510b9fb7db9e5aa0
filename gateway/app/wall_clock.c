#include "app/wall_clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>

#include "base/cleanup.h"

#define DAY_S          86400
#define OFFSET_MAX_MIN (14 * 60) /* of any time zone there is */

void wall_clock_set_zone(const char *time_zone) {
        if (time_zone)
                setenv("TZ", time_zone, /* overwrite= */ 1);
        tzset();
}

int wall_clock_check(void) {
        struct timespec t;

        return clock_gettime(CLOCK_REALTIME, &t) < 0 ? -errno : 0;
}

int64_t wall_clock_now(void) {
        struct timespec t = {0};

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec;
}

uint64_t wall_clock_monotonic_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

/* The only place where an instant of ours becomes one of libc, whose time_t may have 32 bits: it
 * then knows 1901-12-13 to 2038-01-19, and would tell a wrong date for any other instant. */
static bool to_local(int64_t utc, struct tm *ret) {
        time_t t = (time_t) utc;

        return t == utc && localtime_r(&t, ret);
}

int wall_clock_local(int64_t utc, struct date_time *ret) {
        struct tm tm;

        if (!to_local(utc, &tm) || tm.tm_year + 1900 < 1582 || tm.tm_year + 1900 > 9999)
                return -ERANGE;
        *ret = (struct date_time){
                .year = (uint16_t) (tm.tm_year + 1900),
                .month = (uint8_t) (tm.tm_mon + 1),
                .day = (uint8_t) tm.tm_mday,
                .hour = (uint8_t) tm.tm_hour,
                .minute = (uint8_t) tm.tm_min,
                .second = (uint8_t) (tm.tm_sec > 59 ? 59 : tm.tm_sec),
        };
        return 0;
}

int wall_clock_utc(const struct date_time *local, int64_t *ret) {
        struct tm tm = {
                .tm_year = local->year - 1900,
                .tm_mon = local->month - 1,
                .tm_mday = local->day,
                .tm_hour = local->hour,
                .tm_min = local->minute,
                .tm_sec = local->second > 59 ? 59 : local->second,
                .tm_isdst = -1,
        };
        time_t t;

        errno = 0;
        t = mktime(&tm);
        if (t == (time_t) -1 && errno)
                return -ERANGE;
        *ret = t;
        return 0;
}

/* How many characters of `text` are as in `shape`: any digit for 0, T or a blank for T, either sign
 * for +, else the same; 0: not all of them. */
static size_t matches(const char *text, const char *shape) {
        for (size_t n = 0;; n++) {
                bool fits = shape[n] == '0'   ? text[n] >= '0' && text[n] <= '9'
                            : shape[n] == 'T' ? text[n] == 'T' || text[n] == ' '
                            : shape[n] == '+' ? text[n] == '+' || text[n] == '-'
                                              : text[n] == shape[n];

                if (!shape[n])
                        return n;
                if (!fits)
                        return 0;
        }
}

/* "Z", "+01:00". */
static bool take_offset(const char *text, int64_t *ret_s) {
        unsigned hours, minutes;

        *ret_s = 0;
        if (strcmp(text, "Z") == 0)
                return true;
        if (matches(text, "+00:00") != strlen(text))
                return false;
        sscanf(text + 1, "%2u:%2u", &hours, &minutes);
        *ret_s = (int64_t) (hours * 60 + minutes) * (text[0] == '-' ? -60 : 60);
        return minutes < 60 && hours * 60 + minutes <= OFFSET_MAX_MIN;
}

/* The same, for a limit that somebody chose: where libc knows no zone UTC will do, as nothing is
 * stored there. */
static int64_t limit(const struct date_time *local) {
        int64_t utc;

        return wall_clock_utc(local, &utc) < 0 ? date_time_to_seconds(local) : utc;
}

/* A day of the calendar, an hour of the day. */
static bool exists(const struct date_time *t) {
        struct date_time same;

        if (t->year < 1970 || t->year > 9998 || t->month < 1 || t->month > 12 || t->day < 1 ||
            t->day > 31 || t->hour > 23 || t->minute > 59 || t->second > 59)
                return false;
        same = date_time_from_seconds(date_time_to_seconds(t));
        return date_time_equal(&same, t);
}

int wall_clock_parse(const char *text, int64_t *ret_begin, int64_t *ret_end) {
        static const struct {
                const char *shape;
                int lasts_s;
        } shapes[] = {{"0000-00-00T00:00:00", 1}, {"0000-00-00T00:00", 60}, {"0000-00-00", DAY_S}};
        struct date_time t = {0}, next;
        int64_t begin, end, offset;
        size_t n = 0, i = 0;

        while (i < ELEMENTS(shapes) && (n = matches(text, shapes[i].shape)) == 0)
                i++;
        if (n == 0)
                return -EBADMSG;
        sscanf(text, "%4hu-%2hhu-%2hhu%*[T ]%2hhu:%2hhu:%2hhu", &t.year, &t.month, &t.day, &t.hour,
               &t.minute, &t.second);
        if (!exists(&t))
                return -EBADMSG;
        if (text[n]) { /* a day has no offset: it would be another one's */
                if (shapes[i].lasts_s == DAY_S || !take_offset(text + n, &offset))
                        return -EBADMSG;
                begin = date_time_to_seconds(&t) - offset;
                end = begin + shapes[i].lasts_s;
        } else {
                next = date_time_from_seconds(date_time_to_seconds(&t) + DAY_S);
                begin = limit(&t);
                /* a day may have 23 hours, or 25 */
                end = shapes[i].lasts_s < DAY_S ? begin + shapes[i].lasts_s : limit(&next);
        }
        *ret_begin = begin;
        *ret_end = end;
        return 0;
}

void wall_clock_format_local(int64_t utc, char ret[WALL_CLOCK_TEXT_SIZE]) {
        struct tm tm;
        long minutes;
        size_t n;

        if (!to_local(utc, &tm)) {
                wall_clock_format_utc(utc, ret);
                return;
        }
        n = strftime(ret, WALL_CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
        minutes = tm.tm_gmtoff / 60;
        snprintf(ret + n, WALL_CLOCK_TEXT_SIZE - n, "%c%02ld:%02ld", minutes < 0 ? '-' : '+',
                 labs(minutes) / 60, labs(minutes) % 60);
}

void wall_clock_format_utc(int64_t utc, char ret[WALL_CLOCK_TEXT_SIZE]) {
        struct date_time t = date_time_from_seconds(utc);

        snprintf(ret, WALL_CLOCK_TEXT_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ", t.year, t.month,
                 t.day, t.hour, t.minute, t.second);
}

int wall_clock_ask_kernel(void) {
        struct timex t = {0};
        int r = adjtimex(&t);

        return r < 0 ? -errno : r != TIME_ERROR && !(t.status & STA_UNSYNC);
}

bool wall_clock_is_suspicious(const char *configured) {
        time_t t = time(NULL);
        struct tm tm = {0};

        if (configured)
                return false;
        localtime_r(&t, &tm);
        return tm.tm_gmtoff == 0 && tm.tm_zone && tm.tm_zone[0] == 'U'; /* "UTC", "UCT" */
}
