/* Measurements: what goes in comes out, known ones stay out, and never one without its outbox row.
 */
#include "store_fixture.h"

#include "store/database.h"

static void check_measurement(const struct store_measurement *got,
                              const struct store_measurement *want) {
        const struct measurement *g = &got->measurement, *w = &want->measurement;

        CHECK(bdaddr_equal(&got->cuff, &want->cuff));
        CHECK_STR(got->id, want->id);
        CHECK_EQ(g->user, w->user);
        CHECK_EQ(g->has_time, w->has_time);
        CHECK(date_time_equal(&g->taken, &w->taken));
        CHECK_EQ(g->systolic_mmhg, w->systolic_mmhg);
        CHECK_EQ(g->diastolic_mmhg, w->diastolic_mmhg);
        const struct number *numbers[][2] = {
                {&g->sequence, &w->sequence},   {&g->mean_mmhg, &w->mean_mmhg},
                {&g->pulse_bpm, &w->pulse_bpm}, {&g->irregular_beats, &w->irregular_beats},
                {&g->artifacts, &w->artifacts}, {&g->series_position, &w->series_position}};
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
                CHECK_EQ(numbers[i][0]->known, numbers[i][1]->known);
                CHECK_EQ(numbers[i][0]->value, numbers[i][1]->value);
        }
        const struct answer *answers[][2] = {{&g->irregular_heartbeat, &w->irregular_heartbeat},
                                             {&g->body_movement, &w->body_movement},
                                             {&g->cuff_fit_ok, &w->cuff_fit_ok},
                                             {&g->position_ok, &w->position_ok}};
        for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
                CHECK_EQ(answers[i][0]->known, answers[i][1]->known);
                CHECK_EQ(answers[i][0]->yes, answers[i][1]->yes);
        }
        CHECK_EQ(got->received_at, want->received_at);
        CHECK_EQ(got->measured_at, want->measured_at);
        CHECK_EQ(got->clock_ok, want->clock_ok);
        CHECK_EQ(got->behind, want->behind);
        CHECK_STR(got->source, want->source);
        CHECK_EQ(got->raw_size, want->raw_size);
        CHECK(memcmp(got->raw, want->raw, sizeof got->raw) == 0);
}

static void check_round_trip(const struct store_measurement *m) {
        struct store_measurement got;
        struct store_outbox_row row;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_measurements_insert(f.store, m), 1);
        fixture_reopen(&f);
        CHECK_EQ(store_measurements_newest(f.store, &m->cuff, m->measurement.user, &got), 0);
        check_measurement(&got, m);
        CHECK_EQ(store_outbox_next(f.store, 0, &row), 0);
        check_measurement(&row.measurement, m);
        fixture_done(&f);
}

static void every_field_comes_back_when_all_are_known(void) {
        struct store_measurement m = sample("0123456789abcdef", 0);

        m.measurement.user = 2;
        m.measurement.sequence = (struct number){.known = true, .value = 65535};
        m.measurement.mean_mmhg = (struct number){.known = true, .value = 93};
        m.measurement.irregular_heartbeat = (struct answer){.known = true, .yes = true};
        m.measurement.body_movement = (struct answer){.known = true, .yes = false};
        m.measurement.cuff_fit_ok = (struct answer){.known = true, .yes = true};
        m.measurement.position_ok = (struct answer){.known = true, .yes = false};
        m.measurement.irregular_beats = (struct number){.known = true, .value = 15};
        m.measurement.artifacts = (struct number){.known = true, .value = 0};
        m.measurement.series_position = (struct number){.known = true, .value = 3};
        m.behind = true;
        m.raw_size = sizeof m.raw;
        for (size_t i = 0; i < sizeof m.raw; i++)
                m.raw[i] = (uint8_t) (i * 5);
        snprintf(m.source, sizeof m.source, "memory");
        check_round_trip(&m);
}

static void every_field_comes_back_when_nothing_is_known(void) {
        struct store_measurement m = {
                .cuff = cuff_b,
                .id = "ffffffffffffffff",
                .measurement = {.user = MEASUREMENT_USER_UNKNOWN,
                                .systolic_mmhg = 280,
                                .diastolic_mmhg = 30},
                .received_at = -1,
                .measured_at = INT64_MAX,
        };

        check_round_trip(&m);
}

static void an_unusable_cuff_time_comes_back_as_sent(void) {
        struct store_measurement m = sample("a", 0);

        m.measurement.taken = (struct date_time){2019, 1, 1, 0, 0, 63};
        check_round_trip(&m);
        m.measurement.taken = (struct date_time){65535, 255, 0, 255, 7, 255};
        check_round_trip(&m);
        m.measurement.taken = (struct date_time){0};
        check_round_trip(&m);
}

static void unknown_is_null_in_the_database(void) {
        struct store_measurement m = sample("a", 0);
        struct fixture f;

        m.measurement.pulse_bpm = (struct number){0};
        m.measurement.has_time = false;
        fixture_start(&f);
        CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        CHECK_EQ(
                fixture_sql(&f,
                            "SELECT count(*) FROM measurement WHERE pulse IS NULL AND mean IS NULL "
                            "AND record IS NULL AND taken IS NULL AND taken_seconds IS NULL AND "
                            "body_movement IS NULL AND irregular_heartbeat IS NULL AND "
                            "cuff_fit_ok IS NULL AND position_ok IS NULL AND irregular_beats "
                            "IS NULL AND artifacts IS NULL AND series_position IS NULL AND other "
                            "IS NULL"),
                1);
        fixture_done(&f);
}

static void too_many_raw_bytes_are_refused(void) {
        struct store_measurement m = sample("a", 0);
        struct fixture f;

        m.raw_size = sizeof m.raw + 1;
        fixture_start(&f);
        CHECK_EQ(store_measurements_insert(f.store, &m), -EINVAL);
        CHECK_EQ(fixture_measurements(&f), 0);
        fixture_done(&f);
}

static void the_same_id_is_known_whatever_else_differs(void) {
        struct store_measurement m = sample("a", 5000);
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        m.cuff = cuff_b;
        m.measurement.user = 2;
        m.measurement.systolic_mmhg = 140;
        CHECK_EQ(store_measurements_insert(f.store, &m), 0);
        CHECK_EQ(fixture_measurements(&f), 1);
        CHECK_EQ(fixture_outbox(&f), 1);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM user"), 1);
        fixture_done(&f);
}

static void equal_values_within_two_seconds_are_one_and_the_first_id_stays(void) {
        static const int apart[] = {-2, -1, 0, 1, 2};
        struct store_measurement got;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "first", 0), 1);
        for (size_t i = 0; i < sizeof apart / sizeof apart[0]; i++)
                CHECK_EQ(insert_sample(&f, "second", apart[i]), 0);
        CHECK_EQ(fixture_outbox(&f), 1);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 1, &got), 0);
        CHECK_STR(got.id, "first");
        fixture_done(&f);
}

static void equal_values_three_seconds_apart_are_two(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(insert_sample(&f, "b", 3), 1);
        CHECK_EQ(insert_sample(&f, "c", -3), 1);
        CHECK_EQ(fixture_outbox(&f), 3);
        fixture_done(&f);
}

static void the_two_seconds_hold_over_midnight_and_for_second_63(void) {
        struct store_measurement m = sample("a", 0);
        struct fixture f;

        fixture_start(&f);
        m.measurement.taken = (struct date_time){2025, 12, 31, 23, 59, 59};
        CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        snprintf(m.id, sizeof m.id, "b");
        m.measurement.taken = (struct date_time){2026, 1, 1, 0, 0, 1};
        CHECK_EQ(store_measurements_insert(f.store, &m), 0);
        m.measurement.taken = (struct date_time){2025, 12, 31, 23, 59, 63};
        CHECK_EQ(store_measurements_insert(f.store, &m), 0);
        fixture_done(&f);
}

static void what_differs_in_person_or_value_is_kept_apart(void) {
        struct store_measurement others[6];
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        for (size_t i = 0; i < 6; i++) {
                char id[] = {(char) ('b' + i), 0};

                others[i] = sample(id, 1);
        }
        others[0].measurement.user = 2;
        others[1].measurement.systolic_mmhg++;
        others[2].measurement.diastolic_mmhg--;
        others[3].measurement.pulse_bpm.value++;
        others[4].measurement.pulse_bpm = (struct number){0};
        others[5].cuff = cuff_b;
        for (size_t i = 0; i < 6; i++)
                CHECK_EQ(store_measurements_insert(f.store, &others[i]), 1);
        snprintf(others[4].id, sizeof others[4].id, "unknown");
        CHECK_EQ(store_measurements_insert(f.store, &others[4]), 0); /* unknown equals unknown */
        fixture_done(&f);
}

static void without_a_usable_time_only_the_id_makes_two_the_same(void) {
        struct store_measurement m = sample("a", 0);
        struct fixture f;

        fixture_start(&f);
        m.measurement.taken = (struct date_time){2019, 1, 1, 0, 0, 63};
        CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        snprintf(m.id, sizeof m.id, "b");
        CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        m.measurement.has_time = false;
        m.measurement.taken = (struct date_time){0};
        snprintf(m.id, sizeof m.id, "c");
        CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        CHECK_EQ(store_measurements_insert(f.store, &m), 0);
        fixture_done(&f);
}

static void a_measurement_without_its_outbox_row_does_not_happen(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(fixture_sql(&f, "CREATE TRIGGER mischief BEFORE INSERT ON outbox "
                                 "BEGIN SELECT RAISE(ABORT, 'no'); END"),
                 0);
        struct store_measurement m = sample("b", 100);
        m.measurement.user = 2;
        CHECK_EQ(store_measurements_insert(f.store, &m), -EIO);
        CHECK_EQ(fixture_measurements(&f), 1);
        CHECK_EQ(fixture_outbox(&f), 1);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM user"), 1);
        CHECK_EQ(fixture_sql(&f, "DROP TRIGGER mischief"), 0);
        CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        CHECK_EQ(fixture_outbox(&f), 2);
        fixture_done(&f);
}

static void a_database_that_another_program_holds_is_busy_and_then_works(void) {
        char path[128];
        sqlite3 *other = NULL;
        struct fixture f;

        fixture_start(&f);
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK_EQ(sqlite3_open(path, &other), SQLITE_OK);
        CHECK_EQ(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
        CHECK_EQ(insert_sample(&f, "a", 0), -EBUSY);
        CHECK_EQ(sqlite3_exec(other, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        sqlite3_close(other);
        fixture_done(&f);
}

/* Without memory COMMIT can fail, and ROLLBACK behind it. */
static void a_transaction_that_was_left_open_is_not_in_the_way(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(sqlite3_exec(f.store->db, "BEGIN; INSERT INTO meta (key, value) VALUES ('x', 'y')",
                              NULL, NULL, NULL),
                 SQLITE_OK);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(fixture_measurements(&f), 1); /* by another connection: committed */
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM meta WHERE key = 'x'"), 0);
        fixture_done(&f);
}

static void the_newest_goes_by_measured_at_then_by_arrival(void) {
        struct store_measurement m, got;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 1, &got), -ENODATA);
        CHECK_EQ(insert_sample(&f, "late", 1000), 1);
        CHECK_EQ(insert_sample(&f, "early", 0), 1);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 1, &got), 0);
        CHECK_STR(got.id, "late");
        m = sample("later arrival", 500);
        m.measured_at = NOON + 1000;
        CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 1, &got), 0);
        CHECK_STR(got.id, "later arrival");
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 2, &got), -ENODATA);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_b, 1, &got), -ENODATA);
        fixture_done(&f);
}

/* `arrival` is the place in the list; seconds are those of measured_at, which for an undated one is
 * when it arrived: later than all. */
static void check_newest(const char *what, const struct store_measurement *list, size_t n,
                         const char *want) {
        struct store_measurement got = {0};
        struct fixture f;

        fixture_start(&f);
        for (size_t i = 0; i < n; i++)
                CHECK_EQ(store_measurements_insert(f.store, &list[i]), 1);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 1, &got), 0);
        if (strcmp(got.id, want) != 0)
                printf("# %s\n", what);
        CHECK_STR(got.id, want);
        fixture_done(&f);
}

static struct store_measurement undated(const char *id, bool behind) {
        struct store_measurement m = sample(id, 0);

        m.measurement.has_time = false;
        m.measured_at = NOON + 100000;
        m.clock_ok = false;
        m.behind = behind;
        return m;
}

static void the_newest_is_not_hidden_by_undated_ones_of_an_old_ring(void) {
        const struct store_measurement old = undated("old", true), older = undated("older", true),
                                       now = undated("now", false), dated = sample("dated", 0);
        struct store_measurement yesterday = sample("yesterday", -86400),
                                 other = undated("other user", false);

        yesterday.behind = true;
        other.measurement.user = 2;
        check_newest("another user's", (struct store_measurement[]){dated, other}, 2, "dated");
        check_newest("dated, but read from an old ring",
                     (struct store_measurement[]){yesterday, old}, 2, "yesterday");
        check_newest("read before the dated one",
                     (struct store_measurement[]){older, old, yesterday, dated}, 4, "dated");
        check_newest("the dated one came first, as 2A35, then the ring",
                     (struct store_measurement[]){dated, older, old, yesterday}, 4, "dated");
        check_newest("the clock was lost since", (struct store_measurement[]){dated, old, now}, 3,
                     "now");
        check_newest("the clock was set since", (struct store_measurement[]){now, dated}, 2,
                     "dated");
        check_newest("a dated one that was read late",
                     (struct store_measurement[]){dated, yesterday}, 2, "dated");
        check_newest("never a clock: the newest came as 2A35",
                     (struct store_measurement[]){now, older, old}, 3, "now");
        check_newest("never a clock: the ring alone", (struct store_measurement[]){older, old, now},
                     3, "now");
        check_newest("the link was lost in the middle of a ring",
                     (struct store_measurement[]){older, old}, 2, "old");
}

static void users_are_listed_once_each_up_to_the_room_there_is(void) {
        static const uint8_t order[] = {2, MEASUREMENT_USER_UNKNOWN, 1, 2};
        uint8_t users[3] = {0};
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_measurements_users(f.store, &cuff_a, users, 3), 0);
        for (size_t i = 0; i < sizeof order; i++) {
                char id[] = {(char) ('a' + i), 0};
                struct store_measurement m = sample(id, (int) i * 100);

                m.measurement.user = order[i];
                CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        }
        CHECK_EQ(store_measurements_users(f.store, &cuff_a, users, 3), 3);
        CHECK(users[0] == 1 && users[1] == 2 && users[2] == MEASUREMENT_USER_UNKNOWN);
        CHECK_EQ(store_measurements_users(f.store, &cuff_a, users, 2), 2);
        CHECK_EQ(store_measurements_users(f.store, &cuff_b, users, 3), 0);
        fixture_done(&f);
}

static int count_step(void *userdata) {
        unsigned *steps = userdata;

        (*steps)++;
        return 0;
}

/* Of SQLite's machine, for what each session asks. */
static unsigned steps_of_a_session(const struct fixture *f) {
        struct store_measurement newest;
        uint8_t users[3];
        unsigned steps = 0;

        sqlite3_progress_handler(f->store->db, 1, count_step, &steps);
        CHECK_EQ(store_measurements_users(f->store, &cuff_a, users, 3), 2);
        for (uint8_t user = 1; user <= 2; user++)
                CHECK_EQ(store_measurements_newest(f->store, &cuff_a, user, &newest), 0);
        sqlite3_progress_handler(f->store->db, 0, NULL, NULL);
        return steps;
}

static void insert_for_both(struct fixture *f, unsigned from, unsigned to) {
        for (unsigned i = from; i < to; i++) {
                char id[16];
                struct store_measurement m;

                snprintf(id, sizeof id, "%u", i);
                m = sample(id, (int) i * 100);
                m.measurement.user = (uint8_t) (1 + i % 2);
                CHECK_EQ(store_measurements_insert(f->store, &m), 1);
        }
}

static void what_a_session_asks_costs_the_same_after_years(void) {
        struct fixture f;
        unsigned young;

        fixture_start(&f);
        insert_for_both(&f, 0, 4);
        young = steps_of_a_session(&f);
        insert_for_both(&f, 4, 404);
        CHECK_EQ(steps_of_a_session(&f), young);
        fixture_done(&f);
}

static void refused_bytes_are_kept_and_the_oldest_beyond_1000_go(void) {
        static const uint8_t raw[3] = {1, 2, 3};
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_rejected_insert(f.store, &cuff_a, "2a35", NULL, 0, "EBADMSG", 0), 1);
        CHECK_EQ(fixture_sql(&f,
                             "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i+1 FROM n WHERE "
                             "i<999) INSERT INTO rejected(cuff,uuid,raw,why,received_at) "
                             "SELECT '', '', x'', '', i FROM n"),
                 0);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM rejected"), 1000);
        CHECK_EQ(store_rejected_insert(f.store, &cuff_a, "2a35", raw, sizeof raw, "ERANGE", 5000),
                 1);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM rejected"), 1000);
        CHECK_EQ(fixture_sql(&f, "SELECT min(received_at) FROM rejected"), 1);
        CHECK_EQ(fixture_sql(&f,
                             "SELECT count(*) FROM rejected WHERE cuff = 'AA:BB:CC:00:11:22' AND "
                             "uuid = '2a35' AND raw = x'010203' AND why = 'ERANGE' AND "
                             "received_at = 5000"),
                 1);
        fixture_done(&f);
}

static void refused_records_are_kept_once_and_indications_each_time(void) {
        static const uint8_t raw[3] = {1, 2, 3};
        static const struct {
                const struct bdaddr *cuff;
                const char *uuid;
                size_t size;
                int want;
        } cases[] = {
                {&cuff_a, "memory", 3, 1}, {&cuff_a, "memory", 3, 0}, {&cuff_a, "memory", 2, 1},
                {&cuff_b, "memory", 3, 1}, {&cuff_a, "2a35", 3, 1},   {&cuff_a, "2a35", 3, 1},
                {&cuff_a, "memory", 0, 1}, {&cuff_a, "memory", 0, 0}, {&cuff_a, "memory", 3, 0},
        };
        int64_t n = 0;
        struct fixture f;

        fixture_start(&f);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                CHECK_EQ(store_rejected_insert(f.store, cases[i].cuff, cases[i].uuid, raw,
                                               cases[i].size, i % 2 ? "ERANGE" : "EBADMSG",
                                               (int64_t) i),
                         cases[i].want);
                n += cases[i].want;
                CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM rejected"), n);
        }
        fixture_done(&f);
}

CHECK_MAIN("unit.store_measurements", TEST(every_field_comes_back_when_all_are_known),
           TEST(every_field_comes_back_when_nothing_is_known),
           TEST(an_unusable_cuff_time_comes_back_as_sent), TEST(unknown_is_null_in_the_database),
           TEST(too_many_raw_bytes_are_refused), TEST(the_same_id_is_known_whatever_else_differs),
           TEST(equal_values_within_two_seconds_are_one_and_the_first_id_stays),
           TEST(equal_values_three_seconds_apart_are_two),
           TEST(the_two_seconds_hold_over_midnight_and_for_second_63),
           TEST(what_differs_in_person_or_value_is_kept_apart),
           TEST(without_a_usable_time_only_the_id_makes_two_the_same),
           TEST(a_measurement_without_its_outbox_row_does_not_happen),
           TEST(a_database_that_another_program_holds_is_busy_and_then_works),
           TEST(a_transaction_that_was_left_open_is_not_in_the_way),
           TEST(the_newest_goes_by_measured_at_then_by_arrival),
           TEST(the_newest_is_not_hidden_by_undated_ones_of_an_old_ring),
           TEST(users_are_listed_once_each_up_to_the_room_there_is),
           TEST(what_a_session_asks_costs_the_same_after_years),
           TEST(refused_bytes_are_kept_and_the_oldest_beyond_1000_go),
           TEST(refused_records_are_kept_once_and_indications_each_time))
