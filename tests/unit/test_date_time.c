#include "core/date_time.h"

#include <errno.h>
#include <time.h>

#include "check.h"
#include "exact.h"

/* The value a HEM-7155T-MW3 really answered (eigger/hass-omron#67): 2026-06-12 20:48:08, manual. */
static const uint8_t REAL[CURRENT_TIME_SIZE] = {0xEA, 0x07, 0x06, 0x0C, 0x14,
                                                0x30, 0x08, 0x00, 0x00, 0x01};

static const struct date_time REAL_TIME = {2026, 6, 12, 20, 48, 8};

static void a_real_cuffs_current_time_is_read(void) {
        struct current_time time;

        CHECK_EQ(current_time_decode(REAL, sizeof REAL, &time), 0);
        CHECK(date_time_equal(&time.date_time, &REAL_TIME));
        CHECK_EQ(time.day_of_week, 0);
        CHECK_EQ(time.fractions256, 0);
        CHECK_EQ(time.adjust_reason, ADJUST_MANUAL);
}

static void every_truncation_is_refused_and_writes_nothing(void) {
        for (size_t n = 0; n < sizeof REAL; n++) {
                uint8_t *exact = exact_copy(REAL, n);
                struct current_time time, before;

                memset(&time, 0xAA, sizeof time);
                memset(&before, 0xAA, sizeof before);
                CHECK_EQ(current_time_decode(exact, n, &time), -EBADMSG);
                CHECK(memcmp(&time, &before, sizeof time) == 0);
                free(exact);
        }
}

static void trailing_bytes_are_ignored(void) {
        uint8_t longer[CURRENT_TIME_SIZE + 3] = {0};
        struct current_time time;

        memcpy(longer, REAL, sizeof REAL);
        CHECK_EQ(current_time_decode(longer, sizeof longer, &time), 0);
        CHECK(date_time_equal(&time.date_time, &REAL_TIME));
}

static void encoding_gives_the_bytes_that_were_decoded(void) {
        static const uint8_t odd[CURRENT_TIME_SIZE] = {0xFF, 0xFE, 0xFD, 0xFC, 0xFB,
                                                       0xFA, 0xF9, 0xF8, 0xF7, 0xF6};
        uint8_t back[CURRENT_TIME_SIZE];
        struct current_time time;

        CHECK_EQ(current_time_decode(REAL, sizeof REAL, &time), 0);
        current_time_encode(&time, back);
        CHECK(memcmp(back, REAL, sizeof back) == 0);

        CHECK_EQ(current_time_decode(odd, sizeof odd, &time), 0);
        current_time_encode(&time, back);
        CHECK(memcmp(back, odd, sizeof back) == 0);
}

static void every_field_counts_in_equality(void) {
        const struct date_time other[] = {
                {2025, 6, 12, 20, 48, 8}, {2026, 7, 12, 20, 48, 8}, {2026, 6, 13, 20, 48, 8},
                {2026, 6, 12, 21, 48, 8}, {2026, 6, 12, 20, 49, 8}, {2026, 6, 12, 20, 48, 9},
        };

        CHECK(date_time_equal(&REAL_TIME, &(struct date_time){2026, 6, 12, 20, 48, 8}));
        for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
                CHECK(!date_time_equal(&REAL_TIME, &other[i]));
}

static void a_time_is_usable_unknown_or_implausible(void) {
        static const struct {
                struct date_time dt;
                int want;
        } cases[] = {
                {{2026, 6, 12, 20, 48, 8}, 0},         {{2010, 1, 1, 0, 0, 0}, 0},
                {{2099, 12, 31, 23, 59, 59}, 0},       {{2024, 2, 29, 0, 0, 0}, 0},
                {{2022, 9, 2, 10, 20, 63}, 0}, /* a real HEM-7322T-E record: the day is good */
                {{2019, 1, 1, 0, 0, 59}, 0},   /* somebody may have measured then */
                {{2019, 1, 1, 0, 0, 62}, 0},           {{2019, 1, 2, 0, 0, 63}, 0},
                {{2019, 2, 1, 0, 0, 63}, 0},           {{2020, 1, 1, 0, 0, 63}, 0},
                {{2019, 1, 1, 0, 0, 63}, -ENODATA}, /* real HEM-7155T-MW3: never set */
                {{2019, 1, 1, 0, 0, 0}, -ENODATA},     {{2019, 1, 1, 1, 0, 0}, 0},
                {{0, 0, 0, 0, 0, 0}, -ENODATA},        {{0, 6, 12, 20, 48, 8}, -ENODATA},
                {{2026, 0, 12, 20, 48, 8}, -ENODATA},  {{2026, 6, 0, 20, 48, 8}, -ENODATA},
                {{2009, 12, 31, 23, 59, 59}, -ERANGE}, {{2100, 1, 1, 0, 0, 0}, -ERANGE},
                {{2026, 13, 1, 0, 0, 0}, -ERANGE},     {{2026, 255, 1, 0, 0, 0}, -ERANGE},
                {{2026, 6, 31, 0, 0, 0}, -ERANGE},     {{2026, 1, 32, 0, 0, 0}, -ERANGE},
                {{2026, 2, 29, 0, 0, 0}, -ERANGE},     {{2026, 6, 12, 24, 0, 0}, -ERANGE},
                {{2026, 6, 12, 20, 60, 0}, -ERANGE},   {{2026, 6, 12, 20, 48, 64}, -ERANGE},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                CHECK_EQ(date_time_check(&cases[i].dt), cases[i].want);
}

static void the_first_day_is_that_of_a_clock_never_set(void) {
        CHECK(date_time_is_first_day(&(struct date_time){2019, 1, 1, 0, 7, 12}));
        CHECK(!date_time_is_first_day(&(struct date_time){2019, 1, 2, 0, 0, 0}));
        CHECK(!date_time_is_first_day(&(struct date_time){2019, 2, 1, 0, 0, 0}));
        CHECK(!date_time_is_first_day(&(struct date_time){2020, 1, 1, 0, 0, 0}));
}

/* Against the C library, which knows nothing of our arithmetic: every day from 1582 to 2400; or
 * from 1902 to 2037, which is all that a time_t of 32 bits can express (Debian 12 for armhf). */
static void seconds_and_weekdays_agree_with_the_c_library(void) {
        int64_t first = -12244089600, last = 13569465600; /* 1582-01-01, 2400-01-01 */

        if (sizeof(time_t) == 4) {
                first = -2145916800; /* 1902-01-01 */
                last = 2145916800;   /* 2038-01-01 */
        }
        for (int64_t s = first + 86399, step = 86400 - 7; s < last; s += step) {
                struct date_time dt = date_time_from_seconds(s);
                time_t at = (time_t) s;
                struct tm tm;

                gmtime_r(&at, &tm);
                if (dt.year == tm.tm_year + 1900 && dt.month == tm.tm_mon + 1 &&
                    dt.day == tm.tm_mday && dt.hour == tm.tm_hour && dt.minute == tm.tm_min &&
                    dt.second == tm.tm_sec && date_time_to_seconds(&dt) == s &&
                    date_time_day_of_week(&dt) % 7 == tm.tm_wday)
                        continue;
                CHECK_EQ(date_time_to_seconds(&dt), s);
                CHECK_EQ(date_time_day_of_week(&dt) % 7, tm.tm_wday);
                CHECK_EQ(dt.year * 10000 + dt.month * 100 + dt.day,
                         (tm.tm_year + 1900) * 10000 + (tm.tm_mon + 1) * 100 + tm.tm_mday);
                return;
        }
}

static void known_moments_have_known_seconds(void) {
        CHECK_EQ(date_time_to_seconds(&(struct date_time){1970, 1, 1, 0, 0, 0}), 0);
        CHECK_EQ(date_time_to_seconds(&(struct date_time){2000, 2, 29, 12, 0, 0}), 951825600);
        CHECK_EQ(date_time_to_seconds(&REAL_TIME), 1781297288);
        CHECK_EQ(date_time_day_of_week(&REAL_TIME), 5);
        CHECK_EQ(date_time_day_of_week(&(struct date_time){2026, 6, 14, 0, 0, 0}), 7);
        /* beyond what 32 bits express, `date -u -d .. +%s`; a Friday */
        CHECK_EQ(date_time_to_seconds(&(struct date_time){2099, 12, 31, 23, 59, 59}), 4102444799);
        CHECK_EQ(date_time_day_of_week(&(struct date_time){2039, 7, 1, 0, 0, 0}), 5);
        CHECK_EQ(date_time_from_seconds(-1).year, 1969);
        CHECK_EQ(date_time_from_seconds(-1).second, 59);
}

static void seconds_over_59_count_as_59(void) {
        const struct date_time last = {2022, 9, 2, 10, 20, 59}, raw = {2022, 9, 2, 10, 20, 63};

        CHECK_EQ(date_time_to_seconds(&raw), date_time_to_seconds(&last));
}

CHECK_MAIN("unit.date_time", TEST(a_real_cuffs_current_time_is_read),
           TEST(every_truncation_is_refused_and_writes_nothing), TEST(trailing_bytes_are_ignored),
           TEST(encoding_gives_the_bytes_that_were_decoded), TEST(every_field_counts_in_equality),
           TEST(a_time_is_usable_unknown_or_implausible),
           TEST(the_first_day_is_that_of_a_clock_never_set),
           TEST(seconds_and_weekdays_agree_with_the_c_library),
           TEST(known_moments_have_known_seconds), TEST(seconds_over_59_count_as_59))
