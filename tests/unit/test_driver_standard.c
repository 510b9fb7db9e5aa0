#include "check.h"

#include <errno.h>

#include "core/gatt_uuid.h"
#include "cuff/driver_standard.h"

#define SIZE(string) (sizeof(string) - 1)

static const struct driver_now noon = {
        .local = {.year = 2026, .month = 3, .day = 1, .hour = 12},
        .synchronised = true,
};

static struct driver_request next(struct driver_standard *d, const struct driver_now *now) {
        struct driver_request request;

        driver_standard_next(d, now, &request);
        return request;
}

/* Walks the plan with "no such characteristic" up to the read of `uuid`. */
static struct driver_standard at_read_of(const char *uuid) {
        struct driver_standard d;
        struct driver_request request;

        driver_standard_begin(&d, true);
        driver_standard_reply(&d, &noon, 0, NULL, 0);
        for (int i = 0; i < 10; i++) {
                request = next(&d, &noon);
                if (request.verb == DRIVER_READ && strcmp(request.uuid, uuid) == 0)
                        return d;
                driver_standard_reply(&d, &noon, -ENOENT, NULL, 0);
        }
        CHECK(!"the plan reads this");
        return d;
}

static struct driver_standard after_clock(const struct date_time *clock,
                                          const struct driver_now *now) {
        struct driver_standard d = at_read_of(UUID_CURRENT_TIME);
        uint8_t value[CURRENT_TIME_SIZE];

        current_time_encode(&(struct current_time){.date_time = *clock}, value);
        driver_standard_reply(&d, now, 0, value, sizeof value);
        return d;
}

/* --- the plan ------------------------------------------------------------------------------------
 */

/* All of the plan, each read answered like this; 0 is an answer without bytes. */
static struct driver_standard walked(bool is_described, int error, int *ret_reads) {
        struct driver_standard d;

        driver_standard_begin(&d, true);
        d.is_described = is_described;
        driver_standard_reply(&d, &noon, 0, NULL, 0);
        for (*ret_reads = 0; next(&d, &noon).verb == DRIVER_READ; ++*ret_reads)
                driver_standard_reply(&d, &noon, error, NULL, 0);
        CHECK_EQ(next(&d, &noon).verb, DRIVER_WAIT);
        return d;
}

static void what_a_cuff_is_need_be_read_once(void) {
        struct driver_standard d;
        int reads;

        CHECK(walked(false, 0, &reads).facts.described);
        CHECK_EQ(reads, 8);
        CHECK(walked(false, -ENOENT, &reads).facts.described);
        CHECK(!walked(false, -EIO, &reads).facts.described);
        CHECK(!walked(true, 0, &reads).facts.described);
        CHECK_EQ(reads, 2); /* battery and clock */
        d = at_read_of(UUID_MANUFACTURER_NAME);
        CHECK(!d.facts.described);
        driver_standard_reply(&d, &noon, -ENOTCONN, NULL, 0);
        CHECK(!d.facts.described);
        d = at_read_of(UUID_BATTERY_LEVEL);
        driver_standard_reply(&d, &noon, -EIO, NULL, 0); /* says nothing of what it is */
        while (next(&d, &noon).verb == DRIVER_READ)
                driver_standard_reply(&d, &noon, -ENOENT, NULL, 0);
        CHECK(d.facts.described);
}

static void the_plan_is_the_one_of_the_profile(void) {
        static const char *const reads[] = {UUID_BLOOD_PRESSURE_FEATURE, UUID_BATTERY_LEVEL,
                                            UUID_MODEL_NUMBER,           UUID_SERIAL_NUMBER,
                                            UUID_FIRMWARE_REVISION,      UUID_HARDWARE_REVISION,
                                            UUID_MANUFACTURER_NAME,      UUID_CURRENT_TIME};
        struct driver_request request;
        struct driver_standard d;

        driver_standard_begin(&d, true);
        request = next(&d, &noon);
        CHECK_EQ(request.verb, DRIVER_SUBSCRIBE);
        CHECK_STR(request.uuid, UUID_BLOOD_PRESSURE_MEASUREMENT);
        driver_standard_reply(&d, &noon, 0, NULL, 0);
        for (size_t i = 0; i < sizeof reads / sizeof reads[0]; i++) {
                request = next(&d, &noon);
                CHECK_EQ(request.verb, DRIVER_READ);
                CHECK_STR(request.uuid, reads[i]);
                CHECK_EQ(request.value_size, 0);
                driver_standard_reply(&d, &noon, -ENOENT, NULL, 0);
        }
        request = next(&d, &noon);
        CHECK_EQ(request.verb, DRIVER_WAIT);
        CHECK(request.uuid == NULL);
}

static void the_same_question_until_it_is_answered(void) {
        struct driver_standard d;

        driver_standard_begin(&d, true);
        CHECK_EQ(next(&d, &noon).verb, DRIVER_SUBSCRIBE);
        CHECK_EQ(next(&d, &noon).verb, DRIVER_SUBSCRIBE);
        driver_standard_reply(&d, &noon, 0, NULL, 0);
        CHECK_STR(next(&d, &noon).uuid, UUID_BLOOD_PRESSURE_FEATURE);
        CHECK_STR(next(&d, &noon).uuid, UUID_BLOOD_PRESSURE_FEATURE);
}

static void replies_to_nothing_are_dropped(void) {
        struct driver_standard d = at_read_of(UUID_CURRENT_TIME);

        driver_standard_reply(&d, &noon, -ENOENT, NULL, 0);
        for (int i = 0; i < 3; i++) {
                CHECK_EQ(next(&d, &noon).verb, DRIVER_WAIT);
                driver_standard_reply(&d, &noon, -ENOTCONN, NULL, 0);
        }
}

static void a_lost_link_fails_every_step_for_good(void) {
        for (int steps = 0; steps < 9; steps++) {
                struct driver_standard d;

                driver_standard_begin(&d, true);
                for (int i = 0; i < steps; i++)
                        driver_standard_reply(&d, &noon, 0, NULL, 0);
                driver_standard_reply(&d, &noon, -ENOTCONN, NULL, 0);
                for (int i = 0; i < 2; i++) {
                        CHECK_EQ(next(&d, &noon).verb, DRIVER_FAILED);
                        CHECK_EQ(next(&d, &noon).error, -ENOTCONN);
                        driver_standard_reply(&d, &noon, 0, NULL, 0);
                }
        }
}

static void only_a_refused_subscription_is_fatal(void) {
        static const int errors[] = {-ENOENT, -EACCES, -EPERM, -EIO};

        for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
                struct driver_standard d;

                driver_standard_begin(&d, true);
                driver_standard_reply(&d, &noon, errors[i], NULL, 0);
                CHECK_EQ(next(&d, &noon).verb, DRIVER_FAILED);
                CHECK_EQ(next(&d, &noon).error, errors[i]);

                d = at_read_of(UUID_BATTERY_LEVEL);
                driver_standard_reply(&d, &noon, errors[i], NULL, 0);
                CHECK_STR(next(&d, &noon).uuid, UUID_MODEL_NUMBER);
                CHECK_EQ(d.facts.clock_refused, false);
        }
}

/* --- the clock -----------------------------------------------------------------------------------
 */

static void check_drift(int drift_s, enum driver_verb verb) {
        struct date_time clock =
                date_time_from_seconds(date_time_to_seconds(&noon.local) + drift_s);
        struct driver_standard d = after_clock(&clock, &noon);

        CHECK_EQ(d.facts.clock_unset, false);
        CHECK_EQ(d.facts.drift_s.known, true);
        CHECK_EQ(d.facts.drift_s.value, drift_s);
        CHECK_EQ(next(&d, &noon).verb, verb);
}

static void a_drift_of_more_than_a_minute_is_mended(void) {
        check_drift(0, DRIVER_WAIT);
        check_drift(60, DRIVER_WAIT);
        check_drift(61, DRIVER_WRITE);
        check_drift(-60, DRIVER_WAIT);
        check_drift(-61, DRIVER_WRITE);
        check_drift(3 * 86400, DRIVER_WRITE);
}

static void a_clock_before_2019_01_02_was_never_set(void) {
        static const struct {
                struct date_time clock;
                bool unset;
        } cases[] = {
                {{.year = 2019, .month = 1, .day = 1}, true},
                {{.year = 2019, .month = 1, .day = 1, .second = 63}, true},
                {{2019, 1, 1, 23, 59, 59}, true},
                {{.year = 2019, .month = 1, .day = 2}, false},
                {{2018, 12, 31, 23, 59, 59}, true},
                {{.year = 2010, .month = 1, .day = 1}, true},
                {{.year = 2000, .month = 1, .day = 1}, true}, /* out of range */
                {{.year = 2026, .month = 2, .day = 30}, true},
                {{.year = 0}, true},
                {{.year = 2099, .month = 12, .day = 31}, false},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct driver_standard d = after_clock(&cases[i].clock, &noon);

                CHECK_EQ(d.facts.clock_read, true);
                CHECK_EQ(d.facts.clock_unset, cases[i].unset);
                CHECK_EQ(d.facts.drift_s.known, !cases[i].unset);
                CHECK_EQ(next(&d, &noon).verb, DRIVER_WRITE);
        }
}

static void a_drift_beyond_an_int_is_the_largest_one(void) {
        static const struct date_time late = {.year = 2099, .month = 12, .day = 31};
        static const struct driver_now early = {.local = {.year = 2010, .month = 1, .day = 1}};
        static const struct driver_now far = {.local = {.year = 2099, .month = 12, .day = 31}};
        static const struct date_time young = {.year = 2019, .month = 1, .day = 2};
        struct driver_standard d = after_clock(&late, &early);

        CHECK_EQ(d.facts.drift_s.value, INT32_MAX);
        d = after_clock(&young, &far);
        CHECK_EQ(d.facts.drift_s.value, INT32_MIN);
}

/* A Pi that starts in 1970 knows neither the drift nor what to write. */
static void without_a_sound_present_nothing_is_measured_or_set(void) {
        static const struct driver_now epoch = {.local = {.year = 1970, .month = 1, .day = 1},
                                                .synchronised = true};
        struct date_time clock = {.year = 2026, .month = 3, .day = 1};
        struct driver_standard d = after_clock(&clock, &epoch);

        CHECK_EQ(d.facts.clock_unset, false);
        CHECK_EQ(d.facts.drift_s.known, false);
        CHECK_EQ(next(&d, &epoch).verb, DRIVER_WAIT);

        clock = (struct date_time){.year = 2019, .month = 1, .day = 1};
        d = after_clock(&clock, &epoch);
        CHECK_EQ(next(&d, &epoch).verb, DRIVER_WAIT);
}

static void the_clock_is_set_to_the_time_of_asking(void) {
        static const uint8_t want[] = {0xea, 0x07, 3, 1, 12, 34, 56, 7, 0, ADJUST_MANUAL};
        struct driver_now later = {.local = {2026, 3, 1, 12, 34, 56}, .synchronised = true};
        struct date_time unset = {.year = 2019, .month = 1, .day = 1};
        struct driver_standard d = after_clock(&unset, &noon);
        struct driver_request request = next(&d, &later);

        CHECK_EQ(request.verb, DRIVER_WRITE);
        CHECK_STR(request.uuid, UUID_CURRENT_TIME);
        CHECK_EQ(request.value_size, sizeof want);
        CHECK(memcmp(request.value, want, sizeof want) == 0);

        driver_standard_reply(&d, &later, 0, NULL, 0);
        CHECK_EQ(d.facts.clock_set, true);
        CHECK_EQ(d.facts.clock_refused, false);
        CHECK_EQ(next(&d, &later).verb, DRIVER_WAIT);
}

static void only_a_cuff_that_refuses_is_not_asked_again(void) {
        struct date_time unset = {.year = 2019, .month = 1, .day = 1};
        static const int errors[] = {-EACCES, -EIO, -ENOENT, -EPERM};

        for (size_t i = 0; i < sizeof errors / sizeof errors[0]; i++) {
                struct driver_standard d = after_clock(&unset, &noon);

                CHECK_EQ(next(&d, &noon).verb, DRIVER_WRITE);
                driver_standard_reply(&d, &noon, errors[i], NULL, 0);
                CHECK_EQ(d.facts.clock_set, false);
                CHECK_EQ(d.facts.clock_refused, errors[i] == -EACCES);
                CHECK_EQ(next(&d, &noon).verb, DRIVER_WAIT);
        }
}

static void a_clock_that_may_not_be_set_is_left_alone(void) {
        struct driver_now lost = {.local = noon.local, .synchronised = false};
        struct date_time unset = {.year = 2019, .month = 1, .day = 1};
        struct driver_standard d = after_clock(&unset, &noon);

        d.may_set_clock = false;
        CHECK_EQ(next(&d, &noon).verb, DRIVER_WAIT);

        d = after_clock(&unset, &noon);
        CHECK_EQ(next(&d, &lost).verb, DRIVER_WAIT);
        CHECK_EQ(next(&d, &noon).verb, DRIVER_WAIT); /* the answer stands */
}

static void a_truncated_clock_is_no_clock(void) {
        static const uint8_t value[CURRENT_TIME_SIZE] = {0xe3, 0x07, 1, 1};

        for (size_t n = 0; n < sizeof value; n++) {
                struct driver_standard d = at_read_of(UUID_CURRENT_TIME);

                driver_standard_reply(&d, &noon, 0, value, n);
                CHECK_EQ(d.facts.clock_read, false);
                CHECK_EQ(next(&d, &noon).verb, DRIVER_WAIT);
        }
}

/* --- values --------------------------------------------------------------------------------------
 */

static int value(struct driver_standard *d, const char *uuid, const char *bytes, size_t n,
                 struct measurement *ret) {
        return driver_standard_value(d, uuid, (const uint8_t *) bytes, n, ret);
}

#define VALUE(uuid, bytes) value(&d, uuid, bytes, SIZE(bytes), &m)

static void a_value_that_is_no_measurement_writes_none(void) {
        struct measurement m = {.user = 0xAA};
        struct driver_standard d;

        driver_standard_begin(&d, true);
        CHECK_EQ(VALUE(UUID_BLOOD_PRESSURE_MEASUREMENT, "\x04\x78"), -EBADMSG);
        CHECK_EQ(VALUE(UUID_BLOOD_PRESSURE_MEASUREMENT, "\0\xff\x07\x50\0\xff\x07"), -ENODATA);
        CHECK_EQ(VALUE(UUID_BLOOD_PRESSURE_MEASUREMENT, "\0\x50\0\x50\0\xff\x07"), -ERANGE);
        CHECK_EQ(VALUE(UUID_INTERMEDIATE_CUFF_PRESSURE, ""), 0);
        CHECK_EQ(VALUE(UUID_BATTERY_LEVEL, "\x32"), 0);
        CHECK_EQ(VALUE(UUID_CURRENT_TIME, "\x32"), -ENOTSUP);
        CHECK_EQ(VALUE("", "\x32"), -ENOTSUP);
        CHECK_EQ(m.user, 0xAA);
        CHECK_EQ(m.systolic_mmhg, 0);

        CHECK_EQ(VALUE(UUID_BLOOD_PRESSURE_MEASUREMENT, "\0\x78\0\x50\0\xff\x07"), 1);
        CHECK_EQ(m.systolic_mmhg, 120);
        CHECK_EQ(m.diastolic_mmhg, 80);
}

static void a_bad_battery_level_keeps_the_good_one(void) {
        struct driver_standard d = at_read_of(UUID_BATTERY_LEVEL);
        struct measurement m;

        driver_standard_reply(&d, &noon, 0, (const uint8_t *) "\x64", 1);
        CHECK_EQ(d.facts.battery_percent.value, 100);
        CHECK_EQ(VALUE(UUID_BATTERY_LEVEL, "\x65"), -ERANGE);
        CHECK_EQ(VALUE(UUID_BATTERY_LEVEL, ""), -EBADMSG);
        CHECK_EQ(d.facts.battery_percent.known, true);
        CHECK_EQ(d.facts.battery_percent.value, 100);
        CHECK_EQ(VALUE(UUID_BATTERY_LEVEL, "\0"), 0);
        CHECK_EQ(d.facts.battery_percent.value, 0);
}

static void a_new_session_knows_nothing_of_the_last(void) {
        struct date_time unset = {.year = 2019, .month = 1, .day = 1};
        struct driver_standard d = after_clock(&unset, &noon);

        driver_standard_reply(&d, &noon, -ENOTCONN, NULL, 0);
        driver_standard_begin(&d, false);
        CHECK_EQ(next(&d, &noon).verb, DRIVER_SUBSCRIBE);
        CHECK_EQ(next(&d, &noon).error, 0);
        CHECK_EQ(d.facts.clock_read, false);
        CHECK_EQ(d.may_set_clock, false);
}

CHECK_MAIN("unit.driver_standard", TEST(the_plan_is_the_one_of_the_profile),
           TEST(what_a_cuff_is_need_be_read_once), TEST(the_same_question_until_it_is_answered),
           TEST(replies_to_nothing_are_dropped), TEST(a_lost_link_fails_every_step_for_good),
           TEST(only_a_refused_subscription_is_fatal),
           TEST(a_drift_of_more_than_a_minute_is_mended),
           TEST(a_clock_before_2019_01_02_was_never_set),
           TEST(a_drift_beyond_an_int_is_the_largest_one),
           TEST(without_a_sound_present_nothing_is_measured_or_set),
           TEST(the_clock_is_set_to_the_time_of_asking),
           TEST(only_a_cuff_that_refuses_is_not_asked_again),
           TEST(a_clock_that_may_not_be_set_is_left_alone), TEST(a_truncated_clock_is_no_clock),
           TEST(a_value_that_is_no_measurement_writes_none),
           TEST(a_bad_battery_level_keeps_the_good_one),
           TEST(a_new_session_knows_nothing_of_the_last))
