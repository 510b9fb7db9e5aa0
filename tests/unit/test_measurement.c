#include "core/measurement.h"

#include <errno.h>

#include "check.h"

#define KNOWN(x)                                                                                   \
        { .known = true, .value = (x) }

static const struct bdaddr CUFF = {{0x28, 0xFF, 0xB2, 0x05, 0x91, 0xBE}};

static const struct measurement GOOD = {
        .user = 1,
        .has_time = true,
        .taken = {2026, 6, 17, 15, 35, 30},
        .systolic_mmhg = 126,
        .diastolic_mmhg = 88,
        .pulse_bpm = KNOWN(84),
};

#define ARRIVAL 1781297288

static void plausible_values_pass_and_others_do_not(void) {
        static const struct {
                int systolic, diastolic;
                struct number pulse;
                int want;
        } cases[] = {
                {126, 88, KNOWN(84), 0},       {60, 30, KNOWN(30), 0},
                {280, 180, KNOWN(240), 0},     {126, 88, {.known = false}, 0},
                {59, 30, KNOWN(84), -ERANGE},  {281, 88, KNOWN(84), -ERANGE},
                {126, 29, KNOWN(84), -ERANGE}, {250, 181, KNOWN(84), -ERANGE},
                {88, 88, KNOWN(84), -ERANGE},  {88, 126, KNOWN(84), -ERANGE},
                {126, 88, KNOWN(29), -ERANGE}, {126, 88, KNOWN(241), -ERANGE},
                {126, 88, KNOWN(0), -ERANGE},  {-126, -88, KNOWN(84), -ERANGE},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct measurement m = {
                        .systolic_mmhg = cases[i].systolic,
                        .diastolic_mmhg = cases[i].diastolic,
                        .pulse_bpm = cases[i].pulse,
                };

                CHECK_EQ(measurement_check(&m), cases[i].want);
        }
}

/* Pinned: these ids are in databases and in other people's systems. Worked out apart from our code.
 */
static void the_id_is_the_same_for_ever(void) {
        char id[MEASUREMENT_ID_SIZE];
        struct measurement m = GOOD;

        measurement_id(&CUFF, &m, ARRIVAL, id);
        CHECK_STR(id, "f0b1274a2d3d55d0");

        m.taken.month = 13;
        measurement_id(&CUFF, &m, ARRIVAL, id);
        CHECK_STR(id, "ffc87215df426843");

        m = GOOD;
        m.user = 2;
        m.has_time = false;
        m.sequence = (struct number) KNOWN(496);
        m.pulse_bpm = (struct number){.known = false};
        measurement_id(&CUFF, &m, ARRIVAL, id);
        CHECK_STR(id, "8be22d4d351e8faf");

        m = GOOD;
        m.user = MEASUREMENT_USER_UNKNOWN;
        m.has_time = false;
        measurement_id(&CUFF, &m, ARRIVAL, id);
        CHECK_STR(id, "e573c42d526dedc9");

        m = GOOD;
        m.has_time = false;
        m.record_hash = UINT64_C(0x1122334455667788);
        measurement_id(&CUFF, &m, ARRIVAL, id);
        CHECK_STR(id, "294cb112f16070b7");
}

static bool same_id(const struct measurement *a, int64_t arrival_a, const struct measurement *b,
                    int64_t arrival_b) {
        char id_a[MEASUREMENT_ID_SIZE], id_b[MEASUREMENT_ID_SIZE];

        measurement_id(&CUFF, a, arrival_a, id_a);
        measurement_id(&CUFF, b, arrival_b, id_b);
        return strcmp(id_a, id_b) == 0;
}

static void with_a_time_neither_sequence_nor_arrival_counts(void) {
        struct measurement m = GOOD;

        m.sequence = (struct number) KNOWN(7);
        CHECK(same_id(&GOOD, ARRIVAL, &m, ARRIVAL + 1));
        m.has_time = false;
        CHECK(!same_id(&GOOD, ARRIVAL, &m, ARRIVAL));
}

static void without_a_usable_time_the_sequence_counts(void) {
        struct measurement a = GOOD, b;

        a.taken = (struct date_time){2019, 1, 1, 0, 0, 63};
        a.sequence = (struct number) KNOWN(7);
        b = a;
        CHECK(same_id(&a, ARRIVAL, &b, ARRIVAL + 1));
        b.sequence.value = 8;
        CHECK(!same_id(&a, ARRIVAL, &b, ARRIVAL));
        b = a;
        b.taken = (struct date_time){0};
        CHECK(same_id(&a, ARRIVAL, &b, ARRIVAL));
}

static void without_a_sequence_the_record_counts(void) {
        struct measurement a = GOOD, b;

        a.taken = (struct date_time){2019, 1, 1, 0, 0, 63};
        a.record_hash = 7;
        b = a;
        CHECK(same_id(&a, ARRIVAL, &b, ARRIVAL + 1));
        b.record_hash = UINT64_C(7) << 56;
        CHECK(!same_id(&a, ARRIVAL, &b, ARRIVAL));

        a.sequence = b.sequence = (struct number) KNOWN(7);
        CHECK(same_id(&a, ARRIVAL, &b, ARRIVAL + 1));
        a.sequence.known = b.sequence.known = false;
        a.taken.year = b.taken.year = 2026;
        CHECK(same_id(&a, ARRIVAL, &b, ARRIVAL + 1));
}

static void with_none_of_them_the_arrival_counts(void) {
        struct measurement m = GOOD;

        m.taken.year = 0;
        CHECK(same_id(&m, ARRIVAL, &m, ARRIVAL));
        CHECK(!same_id(&m, ARRIVAL, &m, ARRIVAL + 1));
}

static void each_part_of_the_identity_changes_the_id(void) {
        struct measurement other[11];
        struct bdaddr cuff = CUFF;
        char id[MEASUREMENT_ID_SIZE], id_other[MEASUREMENT_ID_SIZE];

        for (size_t i = 0; i < 11; i++)
                other[i] = GOOD;
        other[0].user = 2;
        other[1].taken.year++;
        other[2].taken.month++;
        other[3].taken.day++;
        other[4].taken.hour++;
        other[5].taken.minute++;
        other[6].taken.second++;
        other[7].systolic_mmhg++;
        other[8].diastolic_mmhg++;
        other[9].pulse_bpm.value++;
        other[10].pulse_bpm.known = false;
        for (size_t i = 0; i < 11; i++)
                CHECK(!same_id(&GOOD, ARRIVAL, &other[i], ARRIVAL));

        cuff.byte[5]++;
        measurement_id(&CUFF, &GOOD, ARRIVAL, id);
        measurement_id(&cuff, &GOOD, ARRIVAL, id_other);
        CHECK(strcmp(id, id_other) != 0);
}

static void what_is_not_the_identity_does_not_change_it(void) {
        struct measurement m = GOOD;

        m.mean_mmhg = (struct number) KNOWN(101);
        m.irregular_heartbeat = (struct answer){true, true};
        m.body_movement = (struct answer){true, true};
        m.cuff_fit_ok = (struct answer){true, false};
        m.position_ok = (struct answer){true, false};
        m.irregular_beats = m.artifacts = m.series_position = (struct number) KNOWN(1);
        m.record_hash = 1;
        CHECK(same_id(&GOOD, ARRIVAL, &m, ARRIVAL));
}

static void kilopascal_and_mmhg_convert_exactly(void) {
        CHECK_EQ(measurement_mmhg_from_milli_kpa(16800), 126); /* 126.01 */
        CHECK_EQ(measurement_mmhg_from_milli_kpa(11700), 88);  /* 87.76 */
        CHECK_EQ(measurement_mmhg_from_milli_kpa(0), 0);
        CHECK_EQ(measurement_mmhg_from_milli_kpa(-16800), -126);
        CHECK_EQ(measurement_mmhg_from_milli_kpa(66), 0); /* 0.495 */
        CHECK_EQ(measurement_mmhg_from_milli_kpa(67), 1); /* 0.503 */
        CHECK_EQ(measurement_mmhg_from_milli_kpa(INT32_MAX), 16107452);
        CHECK_EQ(measurement_mmhg_from_milli_kpa(INT32_MIN), -16107452);

        CHECK_EQ(measurement_milli_kpa_from_mmhg(120), 15999); /* 15998.68 */
        CHECK_EQ(measurement_milli_kpa_from_mmhg(-120), -15999);
        for (int mmhg = -300; mmhg <= 300; mmhg++)
                CHECK_EQ(measurement_mmhg_from_milli_kpa(measurement_milli_kpa_from_mmhg(mmhg)),
                         mmhg);
}

CHECK_MAIN("unit.measurement", TEST(plausible_values_pass_and_others_do_not),
           TEST(the_id_is_the_same_for_ever), TEST(with_a_time_neither_sequence_nor_arrival_counts),
           TEST(without_a_usable_time_the_sequence_counts),
           TEST(without_a_sequence_the_record_counts), TEST(with_none_of_them_the_arrival_counts),
           TEST(each_part_of_the_identity_changes_the_id),
           TEST(what_is_not_the_identity_does_not_change_it),
           TEST(kilopascal_and_mmhg_convert_exactly))
