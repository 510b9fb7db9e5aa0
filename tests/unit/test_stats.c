/* The arithmetic of `cuff2mqtt stats`. */
#include "check.h"
#include "cli/stats_sums.h"

static struct measurement of(int systolic, int diastolic, int pulse) {
        return (struct measurement){
                .systolic_mmhg = systolic,
                .diastolic_mmhg = diastolic,
                .pulse_bpm = {.known = pulse > 0, .value = pulse},
        };
}

static void add(struct stats_sums *s, int systolic, int diastolic, int pulse, unsigned hour) {
        struct measurement m = of(systolic, diastolic, pulse);

        stats_sums_add(s, &m, /* clock_ok= */ true, hour, CATEGORY_ACC_AHA);
}

static void hours_belong_to_morning_or_evening(void) {
        for (unsigned hour = 0; hour < 24; hour++)
                CHECK_EQ(stats_time_of(hour), hour < 5    ? STATS_OTHER
                                              : hour < 12 ? STATS_MORNING
                                              : hour < 17 ? STATS_OTHER
                                                          : STATS_EVENING);
        CHECK_EQ(stats_time_of(24), STATS_OTHER);
        CHECK_EQ(stats_time_of(255), STATS_OTHER);
}

static void nothing_has_no_mean(void) {
        struct stats_sums s = {0};

        CHECK_EQ(s.all.systolic.n, 0);
        CHECK_EQ(stats_mean(&s.all.systolic), 0);
        CHECK_EQ(stats_mean_tenths(&s.all.systolic), 0);
        CHECK_EQ(stats_percent(0, 0), 0);
        CHECK_EQ(stats_permille(0, 0), 0);
}

static void means_are_rounded_once_and_half_up(void) {
        static const struct {
                uint64_t n, sum, mean, tenths;
        } rows[] = {
                {1, 120, 120, 1200},
                {2, 241, 121, 1205},
                {3, 361, 120, 1203},
                {3, 362, 121, 1207},
                {4, 481, 120, 1203},
                {4, 482, 121, 1205},
                {20, 2409, 120, 1205}, /* not by 120.5 */
                {100000000, UINT64_C(27999999999), 280, 2800},
        };

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                struct stats_value v = {.n = rows[i].n, .sum = rows[i].sum};

                CHECK_EQ(stats_mean(&v), rows[i].mean);
                CHECK_EQ(stats_mean_tenths(&v), rows[i].tenths);
        }
}

static void shares_are_rounded_half_up(void) {
        CHECK_EQ(stats_percent(1, 3), 33);
        CHECK_EQ(stats_percent(2, 3), 67);
        CHECK_EQ(stats_percent(1, 200), 1);
        CHECK_EQ(stats_percent(7, 7), 100);
        CHECK_EQ(stats_permille(4, 9), 444);
        CHECK_EQ(stats_permille(1, 2000), 1);
}

static void sums_keep_the_lowest_and_the_highest(void) {
        struct stats_sums s = {0};

        add(&s, 131, 84, 67, 6);
        add(&s, 118, 91, 0, 6);
        add(&s, 145, 70, 50, 18);
        CHECK_EQ(s.all.systolic.n, 3);
        CHECK(s.all.systolic.lowest == 118 && s.all.systolic.highest == 145);
        CHECK(s.all.diastolic.lowest == 70 && s.all.diastolic.highest == 91);
        CHECK(s.all.pulse.n == 2 && s.all.pulse.lowest == 50 && s.all.pulse.highest == 67);
        CHECK_EQ(stats_mean(&s.all.pulse), 59);
        CHECK_EQ(s.at[STATS_MORNING].systolic.n, 2);
        CHECK_EQ(s.at[STATS_MORNING].pulse.n, 1);
        CHECK_EQ(stats_mean(&s.at[STATS_EVENING].systolic), 145);
        CHECK_EQ(s.at[STATS_OTHER].systolic.n, 0);
}

static void without_a_clock_it_counts_but_has_no_time_of_day(void) {
        struct measurement m = of(131, 84, 67);
        struct stats_sums s = {0};

        stats_sums_add(&s, &m, /* clock_ok= */ false, 6, CATEGORY_ACC_AHA);
        CHECK(s.all.systolic.n == 1 && s.without_clock == 1);
        for (int t = 0; t < STATS_TIME_MAX_; t++)
                CHECK_EQ(s.at[t].systolic.n, 0);
}

static void each_scheme_fits_and_each_measurement_has_one_class(void) {
        for (enum category_scheme scheme = 0; scheme < CATEGORY_SCHEME_MAX_; scheme++) {
                struct stats_sums s = {0};
                uint64_t sum = 0;
                size_t n;

                category_words(scheme, &n);
                CHECK(n <= STATS_CATEGORIES_MAX);
                for (int systolic = 90; systolic < 200; systolic += 5) {
                        struct measurement m = of(systolic, systolic - 45, 60);

                        stats_sums_add(&s, &m, true, 6, scheme);
                }
                for (size_t i = 0; i < STATS_CATEGORIES_MAX; i++)
                        sum += s.category[i];
                CHECK_EQ(sum, 22);
                CHECK(s.category[0] > 0 && s.category[n - 1] > 0);
        }
}

/* What a broken database may hold does no harm. */
static void absurd_values_do_not_overflow(void) {
        struct stats_sums s = {0};

        add(&s, -2147483647 - 1, 2147483647, -5, 6);
        add(&s, 2147483647, -7, 0, 300);
        CHECK_EQ(s.all.systolic.n, 2);
        CHECK_EQ(s.all.systolic.sum, 2147483647);
        CHECK_EQ(s.at[STATS_OTHER].systolic.n, 1);
}

CHECK_MAIN("unit.stats", TEST(hours_belong_to_morning_or_evening), TEST(nothing_has_no_mean),
           TEST(means_are_rounded_once_and_half_up), TEST(shares_are_rounded_half_up),
           TEST(sums_keep_the_lowest_and_the_highest),
           TEST(without_a_clock_it_counts_but_has_no_time_of_day),
           TEST(each_scheme_fits_and_each_measurement_has_one_class),
           TEST(absurd_values_do_not_overflow))
