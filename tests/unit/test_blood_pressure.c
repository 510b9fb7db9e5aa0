#include "core/blood_pressure.h"

#include <errno.h>

#include "check.h"
#include "exact.h"

/* 126/88 mmHg, mean 101, 2026-06-17 15:35:30, pulse 84, user 1, status 0x0027 */
static const uint8_t FULL[] = {0x1E, 0x7E, 0x00, 0x58, 0x00, 0x65, 0x00, 0xEA, 0x07, 0x06,
                               0x11, 0x0F, 0x23, 0x1E, 0x54, 0x00, 0x01, 0x27, 0x00};
static const uint8_t PLAIN[] = {0x00, 0x7E, 0x00, 0x58, 0x00, 0x65, 0x00};

/* What FULL is when only the fields of `flags` are sent; returns the size. */
static size_t frame_with(uint8_t flags, uint8_t frame[sizeof FULL]) {
        static const struct {
                uint8_t flag;
                size_t at, size;
        } options[] = {{0x02, 7, 7}, {0x04, 14, 2}, {0x08, 16, 1}, {0x10, 17, 2}};
        size_t n = sizeof PLAIN;

        memcpy(frame, FULL, n);
        frame[0] = flags;
        for (size_t i = 0; i < 4; i++)
                if (flags & options[i].flag) {
                        memcpy(frame + n, FULL + options[i].at, options[i].size);
                        n += options[i].size;
                }
        return n;
}

static void check_answer(struct answer got, bool known, bool yes) {
        CHECK_EQ(got.known, known);
        CHECK_EQ(got.yes, yes);
}

static void every_combination_of_fields_is_read(void) {
        for (unsigned flags = 0; flags <= 0x1E; flags += 2) {
                uint8_t frame[sizeof FULL];
                size_t n = frame_with((uint8_t) flags, frame);
                struct measurement m;

                CHECK_EQ(blood_pressure_decode(frame, n, &m), 0);
                CHECK_EQ(m.systolic_mmhg, 126);
                CHECK_EQ(m.diastolic_mmhg, 88);
                CHECK_EQ(m.mean_mmhg.value, 101);
                CHECK_EQ(m.has_time, (flags & 2) != 0);
                CHECK_EQ(m.taken.year, flags & 2 ? 2026 : 0);
                CHECK_EQ(m.taken.second, flags & 2 ? 30 : 0);
                CHECK_EQ(m.pulse_bpm.known, (flags & 4) != 0);
                CHECK_EQ(m.pulse_bpm.value, flags & 4 ? 84 : 0);
                CHECK_EQ(m.user, 1);
                CHECK(!m.sequence.known);
                check_answer(m.body_movement, flags & 0x10, flags & 0x10);
                check_answer(m.cuff_fit_ok, flags & 0x10, false);
                check_answer(m.irregular_heartbeat, flags & 0x10, flags & 0x10);
                check_answer(m.position_ok, flags & 0x10, false);
        }
}

static void every_truncation_is_refused_and_writes_nothing(void) {
        for (unsigned flags = 0; flags <= 0x1F; flags++) {
                uint8_t frame[sizeof FULL];
                size_t size = frame_with((uint8_t) flags, frame);

                for (size_t n = 0; n < size; n++) {
                        uint8_t *exact = exact_copy(frame, n);
                        struct measurement m, before;
                        int mmhg = 42;

                        memset(&m, 0xAA, sizeof m);
                        memset(&before, 0xAA, sizeof before);
                        CHECK_EQ(blood_pressure_decode(exact, n, &m), -EBADMSG);
                        CHECK(memcmp(&m, &before, sizeof m) == 0);
                        CHECK_EQ(intermediate_cuff_pressure_decode(exact, n, &mmhg), -EBADMSG);
                        CHECK_EQ(mmhg, 42);
                        free(exact);
                }
        }
}

static void trailing_bytes_and_reserved_flags_are_ignored(void) {
        uint8_t longer[sizeof FULL + 4] = {0};
        struct measurement m;

        memcpy(longer, FULL, sizeof FULL);
        longer[0] |= 0xE0;
        CHECK_EQ(blood_pressure_decode(longer, sizeof longer, &m), 0);
        CHECK_EQ(m.systolic_mmhg, 126);
        CHECK_EQ(m.user, 1);
}

static void a_failed_measurement_has_no_value(void) {
        static const uint16_t specials[] = {0x07FF, 0x0800, 0x07FE, 0x0802, 0x0801};

        for (size_t at = 1; at <= 3; at += 2)
                for (size_t i = 0; i < 5; i++) {
                        uint8_t frame[sizeof PLAIN];
                        struct measurement m = {.user = 0xAA};

                        memcpy(frame, PLAIN, sizeof frame);
                        frame[at] = (uint8_t) specials[i];
                        frame[at + 1] = (uint8_t) (specials[i] >> 8);
                        CHECK_EQ(blood_pressure_decode(frame, sizeof frame, &m), -ENODATA);
                        CHECK_EQ(m.user, 0xAA);
                }
}

static void a_pressure_that_no_number_holds_is_refused(void) {
        for (size_t at = 1; at <= 3; at += 2) {
                uint8_t frame[sizeof PLAIN];
                struct measurement m = {.user = 0xAA};

                memcpy(frame, PLAIN, sizeof frame);
                frame[at] = 0xFF;
                frame[at + 1] = 0x77; /* 2047 * 10^7 */
                CHECK_EQ(blood_pressure_decode(frame, sizeof frame, &m), -ERANGE);
                CHECK_EQ(m.user, 0xAA);
        }
}

static void a_mean_or_pulse_without_value_is_unknown(void) {
        static const struct {
                uint16_t raw;
                bool mean_known, pulse_known;
        } cases[] = {
                {0x07FF, false, false}, /* NaN */
                {0x0800, false, false}, /* NRes */
                {0x77FF, false, false}, /* 2047 * 10^7 */
                {0x0000, false, true},  /* no mean is sent as 0; a pulse of 0 is for the check */
                {0x0054, true, true},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                uint8_t low = (uint8_t) cases[i].raw, high = (uint8_t) (cases[i].raw >> 8);
                const uint8_t frame[] = {0x04, 0x7E, 0x00, 0x58, 0x00, low, high, low, high};
                struct measurement m;

                CHECK_EQ(blood_pressure_decode(frame, sizeof frame, &m), 0);
                CHECK_EQ(m.mean_mmhg.known, cases[i].mean_known);
                CHECK_EQ(m.mean_mmhg.value, cases[i].mean_known ? 84 : 0);
                CHECK_EQ(m.pulse_bpm.known, cases[i].pulse_known);
                CHECK_EQ(m.pulse_bpm.value, cases[i].raw == 0x0054 ? 84 : 0);
        }
}

static void kilopascal_becomes_mmhg(void) {
        static const uint8_t frame[] = {0x01, 0xA8, 0xF0, 0x75, 0xF0, 0x86, 0xF0};
        struct measurement m;

        CHECK_EQ(blood_pressure_decode(frame, sizeof frame, &m), 0); /* 16.8/11.7, mean 13.4 kPa */
        CHECK_EQ(m.systolic_mmhg, 126);
        CHECK_EQ(m.diastolic_mmhg, 88);
        CHECK_EQ(m.mean_mmhg.value, 101);
}

static void fractions_round(void) {
        static const uint8_t frame[] = {0x04, 0xEC, 0xF4, 0x74, 0xF3, 0x00, 0x00, 0x4D, 0xF3};
        struct measurement m;

        CHECK_EQ(blood_pressure_decode(frame, sizeof frame, &m), 0); /* 126.0/88.4, pulse 84.5 */
        CHECK_EQ(m.systolic_mmhg, 126);
        CHECK_EQ(m.diastolic_mmhg, 88);
        CHECK_EQ(m.pulse_bpm.value, 85);
}

static void the_user_is_kept_as_sent(void) {
        for (unsigned user = 0; user <= 0xFF; user++) {
                const uint8_t frame[] = {0x08, 0x7E, 0x00, 0x58, 0x00, 0x65, 0x00, (uint8_t) user};
                struct measurement m;

                CHECK_EQ(blood_pressure_decode(frame, sizeof frame, &m), 0);
                CHECK_EQ(m.user, user);
        }
        CHECK_EQ(MEASUREMENT_USER_UNKNOWN, 0xFF);
}

static void each_status_bit_answers_one_question(void) {
        for (unsigned bit = 0; bit < 16; bit++) {
                unsigned status = 1u << bit;
                const uint8_t frame[] = {0x10,
                                         0x7E,
                                         0x00,
                                         0x58,
                                         0x00,
                                         0x65,
                                         0x00,
                                         (uint8_t) status,
                                         (uint8_t) (status >> 8)};
                struct measurement m;

                CHECK_EQ(blood_pressure_decode(frame, sizeof frame, &m), 0);
                check_answer(m.body_movement, true, bit == 0);
                check_answer(m.cuff_fit_ok, true, bit != 1);
                check_answer(m.irregular_heartbeat, true, bit == 2);
                check_answer(m.position_ok, true, bit != 5);
        }
}

static void a_raw_time_is_kept_as_sent(void) {
        uint8_t frame[sizeof FULL];
        struct measurement m;

        memcpy(frame, FULL, sizeof frame);
        frame[13] = 63;
        CHECK_EQ(blood_pressure_decode(frame, sizeof frame, &m), 0);
        CHECK_EQ(m.taken.second, 63);

        memset(frame + 7, 0, 7);
        CHECK_EQ(blood_pressure_decode(frame, sizeof frame, &m), 0);
        CHECK(m.has_time);
        CHECK_EQ(date_time_check(&m.taken), -ENODATA);
}

static void the_pressure_of_an_inflating_cuff_is_read(void) {
        static const uint8_t mmhg_frame[] = {0x00, 0xB4, 0x00, 0xFF, 0x07, 0xFF, 0x07};
        static const uint8_t kpa_frame[] = {0x01, 0xA8, 0xF0, 0xFF, 0x07, 0xFF, 0x07};
        static const uint8_t none_frame[] = {0x00, 0xFF, 0x07, 0xFF, 0x07, 0xFF, 0x07};
        static const uint8_t huge_frame[] = {0x00, 0xFF, 0x77, 0xFF, 0x07, 0xFF, 0x07};
        int mmhg = 42;

        CHECK_EQ(intermediate_cuff_pressure_decode(none_frame, sizeof none_frame, &mmhg), -ENODATA);
        CHECK_EQ(intermediate_cuff_pressure_decode(huge_frame, sizeof huge_frame, &mmhg), -ERANGE);
        CHECK_EQ(mmhg, 42);
        CHECK_EQ(intermediate_cuff_pressure_decode(mmhg_frame, sizeof mmhg_frame, &mmhg), 0);
        CHECK_EQ(mmhg, 180);
        CHECK_EQ(intermediate_cuff_pressure_decode(kpa_frame, sizeof kpa_frame, &mmhg), 0);
        CHECK_EQ(mmhg, 126);
}

static void each_feature_bit_is_one_feature(void) {
        for (unsigned bit = 0; bit < 16; bit++) {
                uint8_t value[] = {(uint8_t) (1u << bit), (uint8_t) (1u << bit >> 8), 0x55};
                struct blood_pressure_feature f;

                CHECK_EQ(blood_pressure_feature_decode(value, 2 + bit % 2, &f), 0);
                CHECK_EQ(f.body_movement, bit == 0);
                CHECK_EQ(f.cuff_fit, bit == 1);
                CHECK_EQ(f.irregular_pulse, bit == 2);
                CHECK_EQ(f.pulse_range, bit == 3);
                CHECK_EQ(f.position, bit == 4);
                CHECK_EQ(f.multiple_bonds, bit == 5);
        }
}

static void a_truncated_feature_is_refused_and_writes_nothing(void) {
        static const uint8_t value[] = {0x2F, 0x00};

        for (size_t n = 0; n < sizeof value; n++) {
                uint8_t *exact = exact_copy(value, n);
                struct blood_pressure_feature f = {.position = true};

                CHECK_EQ(blood_pressure_feature_decode(exact, n, &f), -EBADMSG);
                CHECK(f.position && !f.cuff_fit);
                free(exact);
        }
}

static void a_battery_holds_0_to_100_percent(void) {
        uint8_t percent = 42;

        CHECK_EQ(battery_level_decode(NULL, 0, &percent), -EBADMSG);
        CHECK_EQ(battery_level_decode((const uint8_t[]){101}, 1, &percent), -ERANGE);
        CHECK_EQ(battery_level_decode((const uint8_t[]){255}, 1, &percent), -ERANGE);
        CHECK_EQ(percent, 42);
        CHECK_EQ(battery_level_decode((const uint8_t[]){0}, 1, &percent), 0);
        CHECK_EQ(percent, 0);
        CHECK_EQ(battery_level_decode((const uint8_t[]){100, 200}, 2, &percent), 0);
        CHECK_EQ(percent, 100);
}

static void what_a_cuff_cannot_detect_is_unknown(void) {
        const struct blood_pressure_feature none = {0}, all = {.body_movement = true,
                                                               .cuff_fit = true,
                                                               .irregular_pulse = true,
                                                               .position = true};
        const struct answer no = {true, false}, yes = {true, true};
        const struct measurement quiet = {.body_movement = no,
                                          .cuff_fit_ok = yes,
                                          .irregular_heartbeat = no,
                                          .position_ok = yes},
                                 alarmed = {.body_movement = yes,
                                            .cuff_fit_ok = no,
                                            .irregular_heartbeat = yes,
                                            .position_ok = no};
        struct measurement m = quiet;

        blood_pressure_apply_feature(&m, &all);
        check_answer(m.body_movement, true, false);
        check_answer(m.cuff_fit_ok, true, true);
        blood_pressure_apply_feature(&m, &none);
        check_answer(m.body_movement, false, false);
        check_answer(m.cuff_fit_ok, false, false);
        check_answer(m.irregular_heartbeat, false, false);
        check_answer(m.position_ok, false, false);
        m = alarmed; /* a bit that is set is believed */
        blood_pressure_apply_feature(&m, &none);
        check_answer(m.body_movement, true, true);
        check_answer(m.cuff_fit_ok, true, false);
        check_answer(m.irregular_heartbeat, true, true);
        check_answer(m.position_ok, true, false);
}

CHECK_MAIN("unit.blood_pressure", TEST(every_combination_of_fields_is_read),
           TEST(every_truncation_is_refused_and_writes_nothing),
           TEST(trailing_bytes_and_reserved_flags_are_ignored),
           TEST(a_failed_measurement_has_no_value),
           TEST(a_pressure_that_no_number_holds_is_refused),
           TEST(a_mean_or_pulse_without_value_is_unknown), TEST(kilopascal_becomes_mmhg),
           TEST(fractions_round), TEST(the_user_is_kept_as_sent),
           TEST(each_status_bit_answers_one_question), TEST(a_raw_time_is_kept_as_sent),
           TEST(the_pressure_of_an_inflating_cuff_is_read), TEST(each_feature_bit_is_one_feature),
           TEST(a_truncated_feature_is_refused_and_writes_nothing),
           TEST(a_battery_holds_0_to_100_percent), TEST(what_a_cuff_cannot_detect_is_unknown))
