/* The outbox: in order, until acknowledged, and never a sequence twice. */
#include "store_fixture.h"

static void rows_come_oldest_first_and_only_after_the_given_one(void) {
        struct store_outbox_row row = {.sequence = -7};
        int64_t after = 0;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_outbox_next(f.store, 0, &row), -ENODATA);
        CHECK_EQ(row.sequence, -7);
        CHECK_EQ(insert_sample(&f, "a", 200), 1); /* by arrival, whatever the cuff's clock says */
        CHECK_EQ(insert_sample(&f, "b", 0), 1);
        CHECK_EQ(insert_sample(&f, "c", 100), 1);
        for (const char *want = "abc"; *want; want++) {
                const char id[] = {*want, 0};

                CHECK_EQ(store_outbox_next(f.store, after, &row), 0);
                CHECK(row.sequence > after);
                CHECK_STR(row.measurement.id, id);
                after = row.sequence;
        }
        CHECK_EQ(store_outbox_next(f.store, after, &row), -ENODATA);
        CHECK_EQ(fixture_outbox(&f), 3); /* looking removes nothing */
        fixture_done(&f);
}

static void a_row_leaves_when_removed_and_its_measurement_stays(void) {
        struct store_outbox_row row;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(insert_sample(&f, "b", 100), 1);
        CHECK_EQ(store_outbox_next(f.store, 0, &row), 0);
        CHECK_EQ(store_outbox_remove(f.store, row.sequence), 0);
        CHECK_EQ(store_outbox_remove(f.store, row.sequence), 0);
        CHECK_EQ(store_outbox_remove(f.store, 999), 0);
        fixture_reopen(&f);
        CHECK_EQ(fixture_outbox(&f), 1);
        CHECK_EQ(fixture_measurements(&f), 2);
        CHECK_EQ(store_outbox_next(f.store, 0, &row), 0);
        CHECK_STR(row.measurement.id, "b");
        CHECK_EQ(insert_sample(&f, "a", 0), 0); /* acknowledged is still known */
        CHECK_EQ(fixture_outbox(&f), 1);
        fixture_done(&f);
}

static void several_rows_leave_together_or_not_at_all(void) {
        int64_t sequences[3] = {0};
        struct store_outbox_row row;
        struct fixture f;

        fixture_start(&f);
        insert_many(&f, 3);
        for (int i = 0; i < 3; i++) {
                CHECK_EQ(store_outbox_next(f.store, i > 0 ? sequences[i - 1] : 0, &row), 0);
                sequences[i] = row.sequence;
        }
        CHECK_EQ(fixture_sql(&f,
                             "CREATE TRIGGER mischief BEFORE DELETE ON outbox WHEN old.sequence = "
                             "(SELECT max(sequence) FROM outbox) "
                             "BEGIN SELECT RAISE(ABORT, 'no'); END"),
                 0);
        CHECK_EQ(store_outbox_remove_many(f.store, sequences, 3), -EIO);
        CHECK_EQ(fixture_outbox(&f), 3);
        CHECK_EQ(fixture_sql(&f, "DROP TRIGGER mischief"), 0);
        CHECK_EQ(store_outbox_remove_many(f.store, sequences, 2), 0);
        CHECK_EQ(store_outbox_next(f.store, 0, &row), 0);
        CHECK_EQ(row.sequence, sequences[2]);
        CHECK_EQ(store_outbox_remove_many(f.store, sequences, 3), 0); /* two are gone already */
        CHECK_EQ(fixture_outbox(&f), 0);
        fixture_done(&f);
}

static void a_sequence_is_never_used_again(void) {
        struct store_outbox_row row;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(store_outbox_next(f.store, 0, &row), 0);
        const int64_t first = row.sequence;
        CHECK_EQ(store_outbox_remove(f.store, first), 0);
        fixture_reopen(&f);
        CHECK_EQ(insert_sample(&f, "b", 100), 1);
        CHECK_EQ(store_outbox_next(f.store, first, &row), 0);
        CHECK(row.sequence > first);
        fixture_done(&f);
}

CHECK_MAIN("unit.store_outbox", TEST(rows_come_oldest_first_and_only_after_the_given_one),
           TEST(a_row_leaves_when_removed_and_its_measurement_stays),
           TEST(several_rows_leave_together_or_not_at_all), TEST(a_sequence_is_never_used_again))
