/* From a decoded measurement to a row, and from a row to what is told of it as news or backlog. */
#include "store_fixture.h"

#include "app/intake.h"
#include "app/render.h"
#include "app/wall_clock.h"

struct told { /* what the intake told its owner */
        int stored, broken, changed;
};

static void on_stored(void *owner, const struct bdaddr *cuff, uint8_t user) {
        ((struct told *) owner)->stored++;
}

static void on_broken(void *owner) {
        ((struct told *) owner)->broken++;
}

static void on_changed(void *owner) {
        ((struct told *) owner)->changed++;
}

static const struct intake_events events = {on_stored, on_broken, on_changed};

struct setting {
        struct fixture f;
        sd_event *event;
        struct intake intake;
        struct told told;
};

static void setting_init(struct setting *s) {
        *s = (struct setting){0};
        fixture_start(&s->f);
        if (sd_event_new(&s->event) < 0)
                abort();
        wall_clock_set_zone("UTC"); /* no hour twice, whenever this runs */
        intake_init(&s->intake, s->event, s->f.store, &events, &s->told);
}

static void setting_done(struct setting *s) {
        intake_done(&s->intake);
        sd_event_unref(s->event);
        fixture_done(&s->f);
}

/* By the cuff's clock this long ago; INT64_MAX: it has none. */
static struct measurement taken_ago(int64_t seconds) {
        struct measurement m = sample("", 0).measurement;

        m.has_time = seconds != INT64_MAX;
        m.taken = (struct date_time){0};
        if (m.has_time)
                CHECK_EQ(wall_clock_local(wall_clock_now() - seconds, &m.taken), 0);
        return m;
}

static int take(struct setting *s, const struct measurement *m, const char *source, bool behind) {
        struct driver_omron_record record = {
                .behind = behind, .measurement = *m, .raw = {1, 2, 3}, .raw_size = 3};
        int r;

        if (strcmp(source, STORE_SOURCE_MEMORY) != 0)
                return intake_measurement(&s->intake, &cuff_a, m, source, record.raw,
                                          record.raw_size, NOON);
        intake_records(&s->intake, &cuff_a, &record, 1, NOON, &r);
        return r;
}

static void a_record_behind_others_is_kept_as_that(void) {
        struct measurement m = taken_ago(INT64_MAX);
        struct store_measurement got;
        struct setting s;

        setting_init(&s);
        m.sequence = (struct number){.known = true, .value = 1};
        CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, true), 1);
        CHECK_EQ(store_measurements_newest(s.f.store, &cuff_a, 1, &got), 0);
        CHECK(got.behind && !got.clock_ok);
        CHECK_STR(got.source, "memory");
        CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, false), 0);
        m.sequence.value = 2;
        CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, false), 1);
        CHECK_EQ(store_measurements_newest(s.f.store, &cuff_a, 1, &got), 0);
        CHECK(!got.behind && got.measurement.sequence.value == 2);
        CHECK_EQ(s.told.stored, 2);
        setting_done(&s);
}

/* Beyond what a time_t of 32 bits can express: dated by its arrival, and the cuff's own time kept.
 */
static void a_cuffs_clock_beyond_2038_is_not_believed(void) {
        struct measurement m = taken_ago(60);
        struct store_measurement got;
        struct setting s;

        setting_init(&s);
        m.taken = (struct date_time){2099, 12, 31, 23, 59, 59};
        CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, false), 1);
        CHECK_EQ(store_measurements_newest(s.f.store, &cuff_a, m.user, &got), 0);
        CHECK(!got.clock_ok);
        CHECK_EQ(got.measured_at, got.received_at);
        CHECK(date_time_equal(&got.measurement.taken, &m.taken));
        setting_done(&s);
}

static void the_other_way_is_no_news(void) {
        struct measurement m = taken_ago(60);
        struct setting s;

        setting_init(&s);
        CHECK_EQ(take(&s, &m, "2a35", false), 1);
        m.irregular_beats = (struct number){.known = true, .value = 2};
        CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, false), 0);
        CHECK_EQ(s.told.stored, 1);
        CHECK_EQ(fixture_outbox(&s.f), 1);
        CHECK_EQ(fixture_sql(&s.f, "SELECT irregular_beats FROM measurement"), 2);
        setting_done(&s);
}

static void what_had_to_wait_is_still_behind(void) {
        struct measurement m = taken_ago(INT64_MAX);
        struct store_measurement got;
        struct setting s;

        setting_init(&s);
        CHECK_EQ(fixture_sql(&s.f, "CREATE TRIGGER mischief BEFORE INSERT ON measurement "
                                   "BEGIN SELECT RAISE(ABORT, 'no'); END"),
                 0);
        m.sequence = (struct number){.known = true, .value = 1};
        CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, true), -EIO);
        CHECK_EQ(fixture_measurements(&s.f), 0);
        CHECK_EQ(fixture_sql(&s.f, "DROP TRIGGER mischief"), 0);
        intake_hurry(&s.intake);
        while (s.told.stored == 0 && sd_event_run(s.event, UINT64_MAX) >= 0)
                ;
        CHECK_EQ(store_measurements_newest(s.f.store, &cuff_a, 1, &got), 0);
        CHECK(got.behind && got.measurement.sequence.value == 1);
        setting_done(&s);
}

static void what_waits_is_tried_again_though_the_timer_could_not_be_set(void) {
        struct measurement m = taken_ago(60);
        struct setting s;

        setting_init(&s);
        CHECK(s.intake.retry.source);  /* made ready .. */
        CHECK(s.intake.allocated > 0); /* .. for when there is no memory */
        CHECK(!deadline_is_set(&s.intake.retry));
        intake_set_store(&s.intake, NULL);
        CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, false), -ENODEV);
        CHECK(deadline_is_set(&s.intake.retry));
        deadline_clear(&s.intake.retry); /* as if it had failed */
        CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, false), -ENODEV);
        CHECK_EQ(s.intake.n_waiting, 1);
        CHECK(deadline_is_set(&s.intake.retry));
        setting_done(&s);
}

/* A database that stays away: what was measured first is kept, and saved when it is back. */
static void of_too_many_that_wait_the_first_stay(void) {
        struct measurement m = taken_ago(60);
        struct setting s;

        setting_init(&s);
        intake_set_store(&s.intake, NULL);
        for (int i = 0; i <= INTAKE_WAITING_MAX; i++) {
                m.sequence = (struct number){.known = true, .value = i};
                m.systolic_mmhg = 100 + i % 100;
                m.diastolic_mmhg = 50 + i / 100;
                CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, false), -ENODEV);
        }
        CHECK_EQ(s.intake.n_waiting, INTAKE_WAITING_MAX);
        intake_set_store(&s.intake, s.f.store);
        intake_hurry(&s.intake);
        while (s.intake.n_waiting > 0 && sd_event_run(s.event, UINT64_MAX) >= 0)
                ;
        CHECK_EQ(fixture_measurements(&s.f), INTAKE_WAITING_MAX);
        CHECK_EQ(fixture_sql(&s.f, "SELECT max(diastolic) FROM measurement"), 59);
        setting_done(&s);
}

static void backlog_is_what_is_old_or_was_behind_without_a_time(void) {
        static const struct {
                int64_t ago;
                bool behind, backlog;
        } cases[] = {
                {60, false, false}, {60, true, false},       {7200, false, true},
                {7200, true, true}, {INT64_MAX, true, true}, {INT64_MAX, false, false},
        };
        struct setting s;

        setting_init(&s);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct measurement m = taken_ago(cases[i].ago);
                struct store_outbox_row row = {0};
                char *payload = NULL;

                m.sequence = (struct number){.known = true, .value = (int) i};
                m.systolic_mmhg += (int) i;
                CHECK_EQ(take(&s, &m, STORE_SOURCE_MEMORY, cases[i].behind), 1);
                CHECK_EQ(store_outbox_next(s.f.store, (int64_t) i, &row), 0);
                payload = render_measurement(s.f.store, &row.measurement, /* is_event= */ true);
                CHECK(payload &&
                      strstr(payload, cases[i].backlog ? "\"backlog\":true" : "\"backlog\":false"));
                free(payload);
        }
        setting_done(&s);
}

/* As a damaged row may say. */
static void the_ends_of_time_are_told(void) {
        static const int64_t ends[] = {INT64_MIN, INT64_MAX};
        struct setting s;

        setting_init(&s);
        for (size_t i = 0; i < 2; i++) {
                struct store_measurement m = sample("end", 0);
                char *payload;

                m.measured_at = m.received_at = ends[i];
                payload = render_measurement(s.f.store, &m, /* is_event= */ true);
                CHECK(payload && strstr(payload, i ? "\"backlog\":false" : "\"backlog\":true"));
                free(payload);
        }
        setting_done(&s);
}

CHECK_MAIN("unit.intake", TEST(a_record_behind_others_is_kept_as_that),
           TEST(a_cuffs_clock_beyond_2038_is_not_believed), TEST(the_other_way_is_no_news),
           TEST(what_had_to_wait_is_still_behind),
           TEST(what_waits_is_tried_again_though_the_timer_could_not_be_set),
           TEST(of_too_many_that_wait_the_first_stay),
           TEST(backlog_is_what_is_old_or_was_behind_without_a_time),
           TEST(the_ends_of_time_are_told))
