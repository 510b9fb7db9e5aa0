#include "app/wall_clock.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/timex.h>
#include <time.h>

void wall_clock_set_zone(const char *time_zone) {
        if (time_zone)
                setenv("TZ", time_zone, /* overwrite= */ 1);
        tzset();
}

int64_t wall_clock_now(void) {
        struct timespec t;

        clock_gettime(CLOCK_REALTIME, &t);
        return t.tv_sec;
}

uint64_t wall_clock_monotonic_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (uint64_t) t.tv_sec * 1000000 + (uint64_t) t.tv_nsec / 1000;
}

int wall_clock_local(int64_t utc, struct date_time *ret) {
        time_t t = (time_t) utc;
        struct tm tm;

        if (!localtime_r(&t, &tm) || tm.tm_year + 1900 < 1582 || tm.tm_year + 1900 > 9999)
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

void wall_clock_format_local(int64_t utc, char ret[WALL_CLOCK_TEXT_SIZE]) {
        time_t t = (time_t) utc;
        struct tm tm = {0};
        long minutes;
        size_t n;

        localtime_r(&t, &tm);
        n = strftime(ret, WALL_CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%S", &tm);
        minutes = tm.tm_gmtoff / 60;
        snprintf(ret + n, WALL_CLOCK_TEXT_SIZE - n, "%c%02ld:%02ld", minutes < 0 ? '-' : '+',
                 labs(minutes) / 60, labs(minutes) % 60);
}

void wall_clock_format_utc(int64_t utc, char ret[WALL_CLOCK_TEXT_SIZE]) {
        time_t t = (time_t) utc;
        struct tm tm = {0};

        gmtime_r(&t, &tm);
        strftime(ret, WALL_CLOCK_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

int wall_clock_ask_kernel(void) {
        struct timex t = {0};
        int r = adjtimex(&t);

        return r < 0 ? -errno : r != TIME_ERROR && !(t.status & STA_UNSYNC);
}

bool wall_clock_is_synchronised(enum config_system_clock policy) {
        if (policy != CONFIG_CLOCK_AUTO)
                return policy == CONFIG_CLOCK_TRUSTED;
        return wall_clock_ask_kernel() > 0;
}

bool wall_clock_is_suspicious(const char *configured) {
        time_t t = time(NULL);
        struct tm tm = {0};

        if (configured)
                return false;
        localtime_r(&t, &tm);
        return tm.tm_gmtoff == 0 && tm.tm_zone && tm.tm_zone[0] == 'U'; /* "UTC", "UCT" */
}
