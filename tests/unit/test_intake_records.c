/* Records of a memory: those of one reply are committed together, and none is lost when they cannot
 * be. */
#include "store_fixture.h"

#include "app/intake.h"
#include "app/wall_clock.h"

struct setting {
        struct fixture f;
        sd_event *event;
        struct intake intake;
        int stored;
        int64_t seen; /* by another program when the first was told */
};

static void on_stored(void *owner, const struct bdaddr *cuff, uint8_t user) {
        struct setting *s = owner;

        if (s->stored++ == 0)
                s->seen = fixture_sql(&s->f, "SELECT count(*) FROM outbox");
}

static void on_nothing(void *owner) {
}

static const struct intake_events events = {on_stored, on_nothing, on_nothing};

static void setting_init(struct setting *s) {
        *s = (struct setting){0};
        fixture_start(&s->f);
        if (sd_event_new(&s->event) < 0)
                abort();
        wall_clock_set_zone("UTC");
        intake_init(&s->intake, s->event, s->f.store, &events, s);
}

static void setting_done(struct setting *s) {
        intake_done(&s->intake);
        sd_event_unref(s->event);
        fixture_done(&s->f);
}

static struct driver_omron_record record(unsigned i) {
        return (struct driver_omron_record){
                .user = 1,
                .slot = (uint16_t) i,
                .measurement = {.user = 1,
                                .has_time = true,
                                .taken = {2026, 8, (uint8_t) (1 + i), 7, 30, 0},
                                .systolic_mmhg = 120 + (int) i,
                                .diastolic_mmhg = 80,
                                .pulse_bpm = {.known = true, .value = 60}},
                .raw = {(uint8_t) i},
                .raw_size = 16,
        };
}

/* Records from..from+n-1. */
static void take(struct setting *s, unsigned from, size_t n, int *ret) {
        struct driver_omron_record records[DRIVER_OMRON_QUEUE];

        for (size_t i = 0; i < n; i++)
                records[i] = record(from + (unsigned) i);
        intake_records(&s->intake, &cuff_a, records, n, NOON, ret);
}

static void check_saved_in_order(struct setting *s, int64_t n) {
        CHECK_EQ(fixture_measurements(&s->f), n);
        CHECK_EQ(fixture_outbox(&s->f), n);
        CHECK_EQ(fixture_sql(&s->f, "SELECT count(*) FROM measurement WHERE systolic <> 119 + "
                                    "arrival OR source <> 'memory' OR length(raw) <> 16"),
                 0);
}

static void all_are_in_the_database_when_the_first_is_told(void) {
        int result[DRIVER_OMRON_QUEUE];
        struct setting s;

        setting_init(&s);
        take(&s, 0, DRIVER_OMRON_QUEUE, result);
        for (size_t i = 0; i < DRIVER_OMRON_QUEUE; i++)
                CHECK_EQ(result[i], 1);
        CHECK_EQ(s.seen, DRIVER_OMRON_QUEUE);
        CHECK_EQ(s.stored, DRIVER_OMRON_QUEUE);
        check_saved_in_order(&s, DRIVER_OMRON_QUEUE);
        setting_done(&s);
}

static void known_ones_among_them_are_no_news(void) {
        int result[DRIVER_OMRON_QUEUE];
        struct setting s;

        setting_init(&s);
        take(&s, 0, 2, result);
        take(&s, 0, 4, result);
        for (size_t i = 0; i < 4; i++)
                CHECK_EQ(result[i], i >= 2);
        CHECK_EQ(s.stored, 4);
        check_saved_in_order(&s, 4);
        setting_done(&s);
}

static void when_one_cannot_be_written_all_wait_and_keep_their_order(void) {
        int result[DRIVER_OMRON_QUEUE];
        struct setting s;

        setting_init(&s);
        CHECK_EQ(fixture_sql(&s.f, "CREATE TRIGGER mischief BEFORE INSERT ON measurement "
                                   "WHEN new.systolic = 122 BEGIN SELECT RAISE(ABORT, 'no'); END"),
                 0);
        take(&s, 0, 4, result);
        for (size_t i = 0; i < 4; i++)
                CHECK_EQ(result[i], -EIO);
        CHECK_EQ(fixture_measurements(&s.f), 0);
        CHECK_EQ(s.intake.n_waiting, 4);

        CHECK_EQ(fixture_sql(&s.f, "DROP TRIGGER mischief"), 0);
        take(&s, 4, 2, result); /* never overtakes what waits */
        CHECK_EQ(result[0], -EIO);
        CHECK_EQ(result[1], -EIO);
        CHECK_EQ(fixture_measurements(&s.f), 0);
        intake_hurry(&s.intake);
        while (s.intake.n_waiting && sd_event_run(s.event, UINT64_MAX) >= 0)
                ;
        CHECK_EQ(s.stored, 6);
        check_saved_in_order(&s, 6);
        setting_done(&s);
}

static void without_a_database_they_wait(void) {
        int result[DRIVER_OMRON_QUEUE];
        struct setting s;

        setting_init(&s);
        intake_set_store(&s.intake, NULL);
        take(&s, 0, 2, result);
        CHECK_EQ(result[0], -ENODEV);
        CHECK_EQ(result[1], -ENODEV);
        intake_set_store(&s.intake, s.f.store);
        while (s.intake.n_waiting && sd_event_run(s.event, UINT64_MAX) >= 0)
                ;
        check_saved_in_order(&s, 2);
        setting_done(&s);
}

CHECK_MAIN("unit.intake_records", TEST(all_are_in_the_database_when_the_first_is_told),
           TEST(known_ones_among_them_are_no_news),
           TEST(when_one_cannot_be_written_all_wait_and_keep_their_order),
           TEST(without_a_database_they_wait))
