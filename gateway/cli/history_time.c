#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "cli/history.h"

#define DAY_S      86400
#define MONTHS_MAX 1200 /* of --last: a hundred years */
#define COUNT_MAX  1000000000

int64_t history_days_before(int64_t utc, int days) {
        struct date_time local;
        int64_t then = utc - (int64_t) days * DAY_S;

        /* not 24 hours a day: those of a change to summer time have 23 */
        if (wall_clock_local(utc, &local) >= 0) {
                local = date_time_from_seconds(date_time_to_seconds(&local) -
                                               (int64_t) days * DAY_S);
                wall_clock_utc(&local, &then);
        }
        return then;
}

/* The last day of the month, where it has no such day. */
static int64_t months_before(int64_t utc, int months) {
        struct date_time t;
        int64_t then = utc;
        int month;

        if (wall_clock_local(utc, &t) < 0)
                return utc;
        month = t.year * 12 + t.month - 1 - months;
        t.year = (uint16_t) (month / 12);
        t.month = (uint8_t) (month % 12 + 1);
        while (date_time_from_seconds(date_time_to_seconds(&t)).day != t.day)
                t.day--;
        wall_clock_utc(&t, &then);
        return then;
}

int history_last_parse(const char *text, int64_t now, struct history_last *ret) {
        static const struct {
                char letter;
                int days, months;
        } units[] = {{'d', 1, 0}, {'w', 7, 0}, {'m', 0, 1}, {'y', 0, 12}};
        char *end;
        int64_t n; /* a billion years are more months than a long has */

        if (!isdigit((unsigned char) *text))
                return -EINVAL;
        errno = 0;
        n = strtol(text, &end, 10);
        if (errno || n < 1 || n > COUNT_MAX)
                return -EINVAL;
        if (!*end) {
                *ret = (struct history_last){.count = (size_t) n};
                return 0;
        }
        for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
                if (tolower((unsigned char) *end) != units[i].letter || end[1])
                        continue;
                if (n * units[i].days > MONTHS_MAX * 30 || n * units[i].months > MONTHS_MAX)
                        n = units[i].days > 0 ? MONTHS_MAX * 30 / units[i].days
                                              : MONTHS_MAX / units[i].months;
                *ret = (struct history_last){
                        .since_utc = units[i].days > 0
                                             ? history_days_before(now, (int) n * units[i].days)
                                             : months_before(now, (int) n * units[i].months)};
                return 0;
        }
        return -EINVAL;
}
