/* Rows of an export against what the database has: each measurement once, whatever came first. */
#include "app/wall_clock.h"
#include "cli/import_store.h"
#include "store_fixture.h"

static struct import_row row(int user, int seconds) {
        const struct store_measurement m = sample("", seconds);
        struct import_row row = {.measurement = m.measurement};

        row.measurement.user = (uint8_t) user;
        return row;
}

/* As a program without seconds has it. */
static struct import_row minute(int user, int seconds) {
        struct import_row m = row(user, seconds);

        m.measurement.taken.second = 0;
        m.whole_minute = true;
        return m;
}

static struct import_count import_rows(const struct fixture *f, struct import_row *rows, size_t n) {
        struct import_count count = {0};
        struct progress progress;

        progress_init(&progress, "");
        CHECK_EQ(import_store_rows(f->store, &cuff_a, rows, n, &progress, &count), 0);
        CHECK_EQ(count.fresh + count.known, n);
        return count;
}

static size_t import_one(const struct fixture *f, struct import_row one) {
        return import_rows(f, &one, 1).fresh;
}

static struct store_measurement of_memory(int user, int seconds) {
        struct store_measurement m = sample("", seconds);

        m.measurement.user = (uint8_t) user;
        m.measurement.series_position = (struct number){.known = true, .value = 2};
        snprintf(m.source, sizeof m.source, STORE_SOURCE_MEMORY);
        measurement_id(&m.cuff, &m.measurement, 0, m.id);
        return m;
}

static int insert(const struct fixture *f, const struct store_measurement *m) {
        return store_measurements_insert(f->store, m);
}

static void what_is_imported_is_kept_and_waits_to_be_told(void) {
        struct import_row rows[] = {row(1, 0), row(2, 100)};
        struct store_measurement m;
        struct fixture f;

        wall_clock_set_zone("Europe/Berlin");
        fixture_start(&f);
        rows[0].measurement.body_movement = (struct answer){.known = true, .yes = true};
        CHECK_EQ(import_rows(&f, rows, 2).fresh, 2);
        CHECK_EQ(fixture_outbox(&f), 2);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 1, &m), 0);
        CHECK_STR(m.source, "import");
        CHECK(m.clock_ok && !m.behind && m.raw_size == 0);
        CHECK(m.measurement.body_movement.yes);
        CHECK_EQ(m.measurement.systolic_mmhg, 120);
        CHECK_EQ(m.measured_at, 1749983200); /* 12:26:40 in Berlin, in summer */
        CHECK(m.received_at > m.measured_at);
        fixture_done(&f);
}

static void the_same_file_again_brings_nothing(void) {
        struct import_row rows[] = {row(1, 0), row(1, 100), minute(1, 200)};
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(import_rows(&f, rows, 3).fresh, 3);
        CHECK_EQ(import_rows(&f, rows, 3).fresh, 0);
        CHECK_EQ(fixture_outbox(&f), 3);
        fixture_done(&f);
}

static void a_file_that_has_it_twice_brings_it_once(void) {
        struct import_row rows[] = {row(1, 0), row(1, 100), row(1, 0), minute(1, 200),
                                    minute(1, 200)};
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(import_rows(&f, rows, 5).fresh, 3);
        fixture_done(&f);
}

/* More than one transaction; the file is in no order. */
static void the_oldest_is_told_first(void) {
        enum { N = 4500 };
        static struct import_row rows[N];
        struct fixture f;

        fixture_start(&f);
        for (int i = 0; i < N; i++)
                rows[i] = row(1, 100 * (i * 7 % N));
        CHECK_EQ(import_rows(&f, rows, N).fresh, N);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM outbox JOIN measurement "
                                 "ON measurement = arrival WHERE taken_seconds <> "
                                 "(SELECT min(taken_seconds) FROM measurement) + 100 * "
                                 "(sequence - 1)"),
                 0);
        fixture_done(&f);
}

/* .. and the row that a cuff's other way may still claim is left alone. */
static void what_the_cuff_told_is_known(void) {
        static const char *const sources[] = {"2a35", STORE_SOURCE_MEMORY};

        for (size_t i = 0; i < 2; i++) {
                struct store_measurement m = of_memory(2, 0);
                struct fixture f;

                fixture_start(&f);
                snprintf(m.source, sizeof m.source, "%s", sources[i]);
                CHECK_EQ(insert(&f, &m), 1);
                CHECK_EQ(import_one(&f, row(2, 0)), 0);
                CHECK_EQ(import_one(&f, row(2, 2)), 0);
                CHECK_EQ(import_one(&f, row(2, -2)), 0);
                CHECK_EQ(import_one(&f, row(1, 1)),
                         0); /* users are numbered otherwise, or mistyped */
                CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM measurement WHERE other IS NULL"),
                         1);
                CHECK_EQ(import_one(&f, row(2, 3)), 1);
                fixture_done(&f);
        }
}

static void what_is_another_users_is_known_and_counted(void) {
        struct import_row rows[] = {row(2, 0), row(1, 100), row(2, 200)};
        struct import_count count;
        struct fixture f;

        wall_clock_set_zone("Europe/Berlin");
        fixture_start(&f);
        import_one(&f, row(1, 0));
        import_one(&f, row(1, 100));
        count = import_rows(&f, rows, 3);
        CHECK_EQ(count.fresh, 1);
        CHECK_EQ(count.known, 2);
        CHECK_EQ(count.of_another, 1);
        fixture_done(&f);
}

static void other_values_are_another_measurement(void) {
        struct import_row other[] = {row(1, 0), row(1, 0), row(1, 0), row(1, 0)};
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        other[0].measurement.systolic_mmhg++;
        other[1].measurement.diastolic_mmhg++;
        other[2].measurement.pulse_bpm.value++;
        other[3].measurement.pulse_bpm = (struct number){0};
        for (size_t i = 0; i < 4; i++)
                CHECK_EQ(import_one(&f, other[i]), 1);
        fixture_done(&f);
}

static void another_cuff_is_another_measurement(void) {
        struct store_measurement m = sample("a", 0);
        struct fixture f;

        fixture_start(&f);
        m.cuff = cuff_b;
        CHECK_EQ(insert(&f, &m), 1);
        CHECK_EQ(import_one(&f, row(1, 0)), 1);
        fixture_done(&f);
}

/* The samples are taken at second 40. */
static void without_seconds_the_minute_counts(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(insert_sample(&f, "b", 75), 1); /* second 55 of the next minute */
        CHECK_EQ(import_one(&f, minute(1, 0)), 0);
        CHECK_EQ(import_one(&f, minute(1, 60)), 0);
        CHECK_EQ(import_one(&f, minute(1, -60)), 1);
        CHECK_EQ(import_one(&f, minute(1, 120)), 1);
        fixture_done(&f);
}

static void the_next_minute_is_another(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 23), 1); /* 12:27:03 */
        CHECK_EQ(import_one(&f, minute(1, 0)), 1);
        fixture_done(&f);
        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 20), 1); /* 12:27:00, when the minute is over */
        CHECK_EQ(import_one(&f, minute(1, 0)), 1);
        fixture_done(&f);
}

/* A zone was changed, or summer ended: the instants do not follow the cuff's clock. */
static void the_order_of_instants_does_not_matter(void) {
        struct fixture f;

        fixture_start(&f);
        for (int i = 0; i < 9; i++) {
                char id[] = {(char) ('a' + i), '\0'};
                struct store_measurement m = sample(id, 1000 * (i * 5 % 9));

                m.measured_at = NOON + i;
                CHECK_EQ(insert(&f, &m), 1);
        }
        for (int i = 0; i < 9; i++)
                CHECK_EQ(import_one(&f, row(2, 1000 * i)), 0);
        fixture_done(&f);
}

static void what_came_without_seconds_is_known_with_them(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(import_one(&f, minute(1, 0)), 1);
        CHECK_EQ(import_one(&f, row(1, 0)), 0);
        CHECK_EQ(import_one(&f, row(1, 19)), 0);
        CHECK_EQ(import_one(&f, row(1, 20)), 1);
        CHECK_EQ(import_one(&f, row(1, -43)), 1);
        fixture_done(&f);
}

/* Only an import can have lost its seconds: a cuff that says :00 means it. */
static void a_whole_minute_of_the_cuff_is_its_time(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 20), 1);
        CHECK_EQ(import_one(&f, row(1, 30)), 1);
        CHECK_EQ(import_one(&f, row(1, 50)), 1); /* nor has an import that has others */
        fixture_done(&f);
}

static void without_a_cuff_time_nothing_is_known(void) {
        struct store_measurement m = sample("a", 0);
        struct fixture f;

        fixture_start(&f);
        m.measurement.has_time = false;
        m.measurement.taken = (struct date_time){0};
        CHECK_EQ(insert(&f, &m), 1);
        CHECK_EQ(import_one(&f, row(1, 0)), 1);
        fixture_done(&f);
}

/* The id is the same, and the row gains what only the memory knows. */
static void what_was_imported_is_known_when_the_cuff_tells_it(void) {
        const struct store_measurement memory = of_memory(1, 0);
        struct store_measurement m;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(import_one(&f, row(1, 0)), 1);
        CHECK_EQ(insert(&f, &memory), 0);
        CHECK_EQ(fixture_measurements(&f), 1);
        CHECK_EQ(fixture_outbox(&f), 1);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 1, &m), 0);
        CHECK_STR(m.id, memory.id);
        CHECK_EQ(m.measurement.series_position.value, 2);
        m = sample("x", 1);
        CHECK_EQ(insert(&f, &m), 0);
        fixture_done(&f);
}

static void a_row_whose_time_no_calendar_has_is_passed_over(void) {
        struct store_measurement m = sample("a", 0);
        struct fixture f;

        fixture_start(&f);
        m.measurement.taken.month = 13;
        CHECK_EQ(insert(&f, &m), 1);
        CHECK_EQ(import_one(&f, row(1, 0)), 1);
        fixture_done(&f);
}

static void what_was_written_before_it_failed_is_counted(void) {
        enum { N = 4000 };
        static struct import_row rows[N];
        struct import_count count = {0};
        struct progress progress;
        struct fixture f;

        fixture_start(&f);
        for (int i = 0; i < N; i++)
                rows[i] = row(i < 2500 ? 1 : 2, 100 * i);
        CHECK_EQ(fixture_sql(&f, "CREATE TRIGGER full BEFORE INSERT ON user WHEN new.user = 2 "
                                 "BEGIN SELECT raise(ABORT, 'full'); END"),
                 0);
        progress_init(&progress, "");
        CHECK(import_store_rows(f.store, &cuff_a, rows, N, &progress, &count) < 0);
        CHECK_EQ(count.fresh, 2000);
        CHECK_EQ(fixture_measurements(&f), 2000);
        CHECK_EQ(fixture_sql(&f, "DROP TRIGGER full"), 0);
        count = import_rows(&f, rows, N);
        CHECK_EQ(count.known, 2000);
        CHECK_EQ(fixture_measurements(&f), N);
        fixture_done(&f);
}

CHECK_MAIN("unit.import_store", TEST(what_is_imported_is_kept_and_waits_to_be_told),
           TEST(the_same_file_again_brings_nothing), TEST(a_file_that_has_it_twice_brings_it_once),
           TEST(the_oldest_is_told_first), TEST(what_the_cuff_told_is_known),
           TEST(what_is_another_users_is_known_and_counted),
           TEST(other_values_are_another_measurement), TEST(another_cuff_is_another_measurement),
           TEST(without_seconds_the_minute_counts), TEST(the_next_minute_is_another),
           TEST(the_order_of_instants_does_not_matter),
           TEST(what_came_without_seconds_is_known_with_them),
           TEST(a_whole_minute_of_the_cuff_is_its_time), TEST(without_a_cuff_time_nothing_is_known),
           TEST(what_was_imported_is_known_when_the_cuff_tells_it),
           TEST(a_row_whose_time_no_calendar_has_is_passed_over),
           TEST(what_was_written_before_it_failed_is_counted))
