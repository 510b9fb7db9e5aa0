/* One measurement by two ways, its memory record and its 2A35, in every order of arrival. The ids
 * are the real ones. */
#include "store_fixture.h"

#define NO_TIME  INT32_MIN     /* the measurement says no time at all */
#define NO_CLOCK (NO_TIME + 1) /* it has the time of a clock that was never set */

static void set_time(struct store_measurement *m, int seconds) {
        if (seconds > NO_CLOCK)
                return;
        m->clock_ok = false;
        m->measured_at = m->received_at;
        m->measurement.has_time = seconds == NO_CLOCK;
        m->measurement.taken = seconds == NO_CLOCK ? (struct date_time){2019, 1, 1, 0, 0, 63}
                                                   : (struct date_time){0};
}

static struct store_measurement identified(struct store_measurement m, int64_t session) {
        measurement_id(&m.cuff, &m.measurement, session, m.id);
        return m;
}

/* `seconds`: of the cuff's clock, as in sample(). An indication of `session`, when that began. */
static struct store_measurement indication(uint8_t user, int seconds, int64_t session) {
        struct store_measurement m = sample("", seconds > NO_CLOCK ? seconds : 0);

        set_time(&m, seconds);
        m.measurement.user = user;
        m.measurement.mean_mmhg = (struct number){.known = true, .value = 95};
        m.measurement.body_movement = (struct answer){.known = true, .yes = false};
        m.measurement.position_ok = (struct answer){.known = true, .yes = true};
        m.raw[1] = (uint8_t) seconds;
        m.raw[2] = user;
        return identified(m, session);
}

static struct store_measurement record(uint8_t user, int seconds, int sequence) {
        struct store_measurement m = sample("", seconds > NO_CLOCK ? seconds : 0);

        set_time(&m, seconds);
        m.measurement.user = user;
        m.measurement.sequence = (struct number){.known = true, .value = sequence};
        m.measurement.body_movement = (struct answer){.known = true, .yes = true};
        m.measurement.cuff_fit_ok = (struct answer){.known = true, .yes = true};
        m.measurement.irregular_beats = (struct number){.known = true, .value = 2};
        m.measurement.artifacts = (struct number){.known = true, .value = 1};
        m.measurement.series_position = (struct number){.known = true, .value = 3};
        snprintf(m.source, sizeof m.source, "memory");
        m.raw_size = 16;
        m.raw[1] = (uint8_t) seconds;
        m.raw[10] = (uint8_t) sequence;
        return identified(m, /* session= */ NOON);
}

/* A record of a layout without a sequence: its bytes are all that tells it from others. */
static struct store_measurement record_without_sequence(int seconds, uint8_t byte) {
        struct store_measurement m = record(1, seconds, 0);

        m.measurement.sequence = (struct number){0};
        m.measurement.record_hash = 0x1234 + byte;
        m.raw[8] = byte;
        return identified(m, NOON);
}

static int put(const struct fixture *f, const struct store_measurement *m) {
        return store_measurements_insert(f->store, m);
}

static int put_indication(const struct fixture *f, uint8_t user, int seconds, int64_t session) {
        struct store_measurement m = indication(user, seconds, session);

        return put(f, &m);
}

static int put_record(const struct fixture *f, uint8_t user, int seconds, int sequence) {
        struct store_measurement m = record(user, seconds, sequence);

        return put(f, &m);
}

static void check_rows(const struct fixture *f, int rows, int merged) {
        CHECK_EQ(fixture_measurements(f), rows);
        CHECK_EQ(fixture_outbox(f), rows); /* what is known goes out once */
        CHECK_EQ(fixture_sql(f, "SELECT count(*) FROM measurement WHERE other IS NOT NULL"),
                 merged);
}

/* Whatever came first: one row, one id, and what both ways know. */
static void check_completed(const struct fixture *f, const struct store_measurement *first,
                            const struct store_measurement *second) {
        struct store_measurement got = {0};
        const struct measurement *m = &got.measurement;
        const bool memory_first = strcmp(first->source, "memory") == 0;

        CHECK_EQ(store_measurements_newest(f->store, &cuff_a, first->measurement.user, &got), 0);
        CHECK_STR(got.id, first->id);
        CHECK_STR(got.source, first->source);
        CHECK_EQ(got.received_at, first->received_at);
        CHECK(got.raw_size == first->raw_size && memcmp(got.raw, first->raw, got.raw_size) == 0);
        CHECK(m->sequence.known && m->sequence.value == 41);
        CHECK(m->mean_mmhg.known && m->mean_mmhg.value == 95);
        CHECK(m->irregular_beats.known && m->irregular_beats.value == 2);
        CHECK(m->artifacts.known && m->artifacts.value == 1);
        CHECK(m->series_position.known && m->series_position.value == 3);
        CHECK(!m->irregular_heartbeat.known);
        CHECK(m->cuff_fit_ok.known && m->cuff_fit_ok.yes);
        CHECK(m->position_ok.known && m->position_ok.yes);
        /* Both have an opinion on that: the first stays. */
        CHECK(m->body_movement.known && m->body_movement.yes == memory_first);
        CHECK_EQ(fixture_sql(f, "SELECT length(other) FROM measurement"),
                 (int64_t) second->raw_size);
        CHECK_EQ(fixture_sql(f, "SELECT substr(hex(other), 1, 2) = '04' FROM measurement"), 1);
}

/* Three ways around, again and again, on a good clock, on one that is a second off between the
 * ways, with users that are numbered differently, and on clocks that were never set. */
static void one_measurement_stays_one_in_every_order(void) {
        static const struct {
                uint8_t user;         /* of the indication; the record's is 1 */
                int indicated, taken; /* by the cuff's clock */
        } cases[] = {
                {1, 0, 0},
                {1, 0, 2},
                {2, 0, 0},
                {MEASUREMENT_USER_UNKNOWN, 2, 0},
                {2, 0, -2},
                {1, NO_CLOCK, NO_CLOCK},
                {1, NO_TIME, NO_CLOCK},
        };
        struct fixture f;

        for (size_t i = 0; i < 2 * (sizeof cases / sizeof cases[0]); i++) {
                const struct store_measurement indicated = indication(cases[i / 2].user,
                                                                      cases[i / 2].indicated, 1000),
                                               recorded = record(1, cases[i / 2].taken, 41),
                                               *first = i % 2 ? &recorded : &indicated,
                                               *second = i % 2 ? &indicated : &recorded;

                fixture_start(&f);
                CHECK_EQ(put(&f, first), 1);
                CHECK_EQ(put(&f, second), 0);
                check_completed(&f, first, second);
                CHECK_EQ(put(&f, first), 0);
                CHECK_EQ(put(&f, &recorded), 0);
                check_completed(&f, first, second);
                if (cases[i / 2].indicated > NO_CLOCK) {
                        CHECK_EQ(put(&f, &indicated), 0);
                        CHECK_EQ(put(&f, &recorded), 0);
                }
                check_rows(&f, 1, 1);
                fixture_done(&f);
        }
}

static void a_row_takes_one_partner(void) {
        struct store_measurement other_bytes = record(2, 1, 41);
        struct fixture f;

        other_bytes.raw[9] = 0x21;
        fixture_start(&f);
        CHECK_EQ(put_indication(&f, 1, 0, 1000), 1);
        CHECK_EQ(put_record(&f, 2, 0, 41), 0);
        CHECK_EQ(put(&f, &other_bytes), 1); /* another user's, with the same values */
        CHECK_EQ(put(&f, &other_bytes), 0);
        CHECK_EQ(put_record(&f, 2, 0, 41), 0);
        check_rows(&f, 2, 1);
        fixture_done(&f);
}

static void of_two_possible_partners_the_older_is_taken(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(put_indication(&f, 2, 0, 1000), 1);
        CHECK_EQ(put_indication(&f, 3, 0, 1000), 1);
        CHECK_EQ(put_record(&f, 1, 0, 41), 0);
        check_rows(&f, 2, 1);
        CHECK_EQ(fixture_sql(&f, "SELECT user FROM measurement WHERE other IS NOT NULL"), 2);
        fixture_done(&f);
}

static void on_what_both_ways_know_the_first_is_believed(void) {
        struct store_measurement one = indication(1, 0, 1000), two = record(1, 0, 41), got = {0};
        const struct answer yes = {true, true}, no = {true, false};
        struct fixture f;

        one.measurement.sequence = one.measurement.mean_mmhg = one.measurement.irregular_beats =
                one.measurement.artifacts = one.measurement.series_position =
                        (struct number){.known = true, .value = 1};
        two.measurement.sequence = two.measurement.mean_mmhg = two.measurement.irregular_beats =
                two.measurement.artifacts = two.measurement.series_position =
                        (struct number){.known = true, .value = 2};
        one.measurement.irregular_heartbeat = one.measurement.body_movement =
                one.measurement.cuff_fit_ok = one.measurement.position_ok = no;
        two.measurement.irregular_heartbeat = two.measurement.body_movement =
                two.measurement.cuff_fit_ok = two.measurement.position_ok = yes;
        fixture_start(&f);
        CHECK_EQ(put(&f, &one), 1);
        CHECK_EQ(put(&f, &two), 0);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 1, &got), 0);
        CHECK_EQ(got.measurement.sequence.value, 1);
        CHECK_EQ(got.measurement.mean_mmhg.value, 1);
        CHECK_EQ(got.measurement.irregular_beats.value, 1);
        CHECK_EQ(got.measurement.artifacts.value, 1);
        CHECK_EQ(got.measurement.series_position.value, 1);
        CHECK(!got.measurement.irregular_heartbeat.yes && !got.measurement.body_movement.yes);
        CHECK(!got.measurement.cuff_fit_ok.yes && !got.measurement.position_ok.yes);
        fixture_done(&f);
}

static void what_differs_is_not_merged(void) {
        struct store_measurement m;
        struct fixture f;

        for (int first = NO_CLOCK; first <= NO_CLOCK + 1; first++) {
                const int seconds = first == NO_CLOCK ? NO_CLOCK : 0;

                fixture_start(&f);
                CHECK_EQ(put_indication(&f, 1, seconds, 1000), 1);
                m = record(1, seconds, 1);
                m.measurement.systolic_mmhg++;
                m = identified(m, NOON);
                CHECK_EQ(put(&f, &m), 1);
                m = record(1, seconds, 2);
                m.measurement.diastolic_mmhg++;
                m = identified(m, NOON);
                CHECK_EQ(put(&f, &m), 1);
                m = record(1, seconds, 3);
                m.measurement.pulse_bpm = (struct number){0};
                m = identified(m, NOON);
                CHECK_EQ(put(&f, &m), 1);
                m = record(1, seconds, 4);
                m.cuff = cuff_b;
                m = identified(m, NOON);
                CHECK_EQ(put(&f, &m), 1);
                check_rows(&f, 5, 0);
                fixture_done(&f);
        }
}

static void three_seconds_apart_are_two_measurements(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(put_indication(&f, 1, 0, 1000), 1);
        CHECK_EQ(put_record(&f, 1, 3, 1), 1);
        CHECK_EQ(put_record(&f, 2, -3, 1), 1);
        check_rows(&f, 3, 0);
        fixture_done(&f);
}

/* A dated one and an undated one have nothing in common but values. */
static void a_time_and_none_are_two_measurements(void) {
        static const int without[] = {NO_TIME, NO_CLOCK};
        struct fixture f;

        for (size_t i = 0; i < 2; i++) {
                fixture_start(&f);
                CHECK_EQ(put_indication(&f, 1, 0, 1000), 1);
                CHECK_EQ(put_record(&f, 1, without[i], 1), 1);
                check_rows(&f, 2, 0);
                fixture_done(&f);

                fixture_start(&f);
                CHECK_EQ(put_indication(&f, 1, without[i], 1000), 1);
                CHECK_EQ(put_record(&f, 1, 0, 1), 1);
                check_rows(&f, 2, 0);
                fixture_done(&f);
        }
}

/* Month 13 dates nothing, but it is no clock that was never set: it tells one from the other. */
static void an_impossible_time_matches_only_itself(void) {
        struct store_measurement indicated = indication(1, 0, 1000), recorded = record(1, 0, 1);
        struct fixture f;

        indicated.measurement.taken.month = recorded.measurement.taken.month = 13;
        indicated = identified(indicated, 1000);
        recorded = identified(recorded, NOON);
        fixture_start(&f);
        CHECK_EQ(put(&f, &indicated), 1);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 2), 1);
        check_rows(&f, 2, 0);
        CHECK_EQ(put(&f, &recorded), 0); /* by its id */
        check_rows(&f, 2, 1);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 1000), 0); /* the record without a clock */
        check_rows(&f, 2, 2);
        recorded.measurement.taken.month = 14;
        recorded.raw[5]++;
        recorded = identified(recorded, NOON);
        CHECK_EQ(put(&f, &recorded), 1);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 2000), 1);
        recorded.measurement.taken.month = 15;
        recorded.raw[5]++;
        recorded = identified(recorded, NOON);
        CHECK_EQ(put(&f, &recorded), 1); /* not that indication */
        check_rows(&f, 5, 2);
        fixture_done(&f);
}

/* A minute apart with a clock that stands: the cuff's own numbers are all that differs. */
static void equal_records_without_a_clock_are_as_many_as_there_are(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 1), 1);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 2), 1);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 1), 0);
        check_rows(&f, 2, 0);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 1000), 0);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 1000), 0); /* of the same session: the second */
        check_rows(&f, 2, 2);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 2), 0);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 1), 0);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 3), 1);
        check_rows(&f, 3, 2);
        fixture_done(&f);
}

static void equal_indications_without_a_clock_get_a_record_each_oldest_first(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(put_indication(&f, 1, NO_TIME, 1000), 1);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 2000), 1);
        for (int again = 0; again < 2; again++) {
                CHECK_EQ(put_record(&f, 1, NO_CLOCK, 1), 0);
                CHECK_EQ(put_record(&f, 1, NO_CLOCK, 2), 0);
                check_rows(&f, 2, 2);
                CHECK_EQ(fixture_sql(&f, "SELECT record FROM measurement ORDER BY arrival"), 2);
                CHECK_EQ(fixture_sql(&f, "SELECT record FROM measurement ORDER BY arrival DESC"),
                         1);
        }
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 3), 1);
        check_rows(&f, 3, 2);
        fixture_done(&f);
}

/* A record that is read again must not take a younger indication that waits for its own. */
static void a_record_read_again_leaves_the_next_indication_alone(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 1000), 1);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 1), 0);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 2000), 1);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 1), 0);
        check_rows(&f, 2, 1);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 2), 0);
        check_rows(&f, 2, 2);
        fixture_done(&f);

        /* Nor an older one, should that be free. */
        fixture_start(&f);
        for (int i = 1; i <= 2; i++)
                CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 1000 * i), 1);
        for (int i = 1; i <= 2; i++)
                CHECK_EQ(put_record(&f, 1, NO_CLOCK, i), 0);
        CHECK_EQ(fixture_sql(&f, "UPDATE measurement SET other = NULL WHERE arrival = 1"), 0);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 2), 0);
        CHECK_EQ(fixture_sql(&f, "SELECT other IS NULL FROM measurement WHERE arrival = 1"), 1);
        fixture_done(&f);
}

static void records_without_clock_and_number_are_told_apart_by_their_bytes(void) {
        const struct store_measurement a = record_without_sequence(NO_CLOCK, 1),
                                       b = record_without_sequence(NO_CLOCK, 2);
        struct fixture f;

        CHECK(strcmp(a.id, b.id) != 0);
        fixture_start(&f);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 1000), 1);
        CHECK_EQ(put(&f, &a), 0);
        CHECK_EQ(put(&f, &a), 0);
        CHECK_EQ(put(&f, &b), 1);
        CHECK_EQ(put(&f, &b), 0);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 2000), 0);
        check_rows(&f, 2, 2);
        fixture_done(&f);
}

/* Two people, the first measurement of each: the same number, the same bytes. */
static void without_a_clock_users_are_never_mixed(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(put_indication(&f, 2, NO_CLOCK, 1000), 1);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 1), 1);
        CHECK_EQ(put_record(&f, 2, NO_CLOCK, 1), 0);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 1), 0);
        check_rows(&f, 2, 1);
        CHECK_EQ(fixture_sql(&f, "SELECT user FROM measurement WHERE other IS NOT NULL"), 2);
        fixture_done(&f);
}

static void a_second_indication_without_a_clock_is_a_second_measurement(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 1), 1);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 1000), 0);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 2000), 1);
        CHECK_EQ(put_indication(&f, 1, NO_CLOCK, 2000), 0);
        CHECK_EQ(put_record(&f, 1, NO_CLOCK, 2), 0);
        check_rows(&f, 2, 2);
        fixture_done(&f);
}

static void after_a_lost_database_records_have_the_ids_they_had(void) {
        static const int64_t sessions[2] = {NOON, NOON + 86400};
        char ids[2][6][MEASUREMENT_ID_SIZE];
        struct fixture f;

        for (size_t life = 0; life < 2; life++) {
                struct store_measurement ring[] = {
                        record(1, 0, 1),
                        record(1, 60, 2),
                        record(1, NO_CLOCK, 3),
                        record(1, NO_TIME, 4),
                        record_without_sequence(NO_CLOCK, 5),
                        record_without_sequence(90, 6),
                };

                fixture_start(&f);
                for (size_t i = 0; i < 6; i++) {
                        ring[i] = identified(ring[i], sessions[life]);
                        CHECK_EQ(put(&f, &ring[i]), 1);
                        CHECK_STR(ring[i].id, life ? ids[0][i] : ring[i].id);
                        memcpy(ids[life][i], ring[i].id, MEASUREMENT_ID_SIZE);
                }
                check_rows(&f, 6, 0);
                fixture_done(&f);
        }
        for (size_t i = 1; i < 6; i++)
                CHECK(strcmp(ids[0][i - 1], ids[0][i]) != 0);
}

static void a_completion_that_fails_leaves_the_row_as_it_was(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(put_indication(&f, 1, 0, 1000), 1);
        CHECK_EQ(fixture_sql(&f, "CREATE TRIGGER mischief AFTER UPDATE ON measurement "
                                 "BEGIN SELECT RAISE(ABORT, 'no'); END"),
                 0);
        CHECK_EQ(put_record(&f, 1, 0, 41), -EIO);
        CHECK_EQ(fixture_sql(&f, "DROP TRIGGER mischief"), 0);
        check_rows(&f, 1, 0);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM measurement WHERE record IS NULL"), 1);
        CHECK_EQ(put_record(&f, 1, 0, 41), 0);
        check_rows(&f, 1, 1);
        fixture_done(&f);
}

CHECK_MAIN("unit.store_merge", TEST(one_measurement_stays_one_in_every_order),
           TEST(a_row_takes_one_partner), TEST(of_two_possible_partners_the_older_is_taken),
           TEST(on_what_both_ways_know_the_first_is_believed), TEST(what_differs_is_not_merged),
           TEST(three_seconds_apart_are_two_measurements),
           TEST(a_time_and_none_are_two_measurements), TEST(an_impossible_time_matches_only_itself),
           TEST(equal_records_without_a_clock_are_as_many_as_there_are),
           TEST(equal_indications_without_a_clock_get_a_record_each_oldest_first),
           TEST(a_record_read_again_leaves_the_next_indication_alone),
           TEST(records_without_clock_and_number_are_told_apart_by_their_bytes),
           TEST(without_a_clock_users_are_never_mixed),
           TEST(a_second_indication_without_a_clock_is_a_second_measurement),
           TEST(after_a_lost_database_records_have_the_ids_they_had),
           TEST(a_completion_that_fails_leaves_the_row_as_it_was))
