/* Averages of measurements, in whole numbers: sums, from which means are rounded once. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "core/category.h"
#include "core/measurement.h"

#define STATS_CATEGORIES_MAX 8

struct stats_value { /* of one of the values */
        uint64_t n, sum;
        int lowest, highest; /* 0 unless n */
};

struct stats_set {
        struct stats_value systolic, diastolic, pulse; /* pulse.n: those that have one */
};

enum stats_time { STATS_OTHER, STATS_MORNING, STATS_EVENING, STATS_TIME_MAX_ };

struct stats_sums {
        struct stats_set all, at[STATS_TIME_MAX_]; /* at: only where the time is good */
        uint64_t without_clock;
        uint64_t category[STATS_CATEGORIES_MAX]; /* in the order of category_words() */
};

/* 05:00 to 11:59, 17:00 to 23:59. */
enum stats_time stats_time_of(unsigned hour);
/* `hour` of the cuff's local time; `clock_ok` false: it means nothing. */
void stats_sums_add(struct stats_sums *s, const struct measurement *m, bool clock_ok, unsigned hour,
                    enum category_scheme scheme);

/* Rounded half up; 0 for none (ask for n). */
uint64_t stats_mean(const struct stats_value *v);
uint64_t stats_mean_tenths(const struct stats_value *v);
/* Of a hundred, of a thousand: rounded half up; 0 of none. */
unsigned stats_percent(uint64_t part, uint64_t all);
unsigned stats_permille(uint64_t part, uint64_t all);
