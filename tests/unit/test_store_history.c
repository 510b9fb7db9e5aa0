/* Measurements looked up: every filter and both orders against a plain loop over all, pages that
 * join without a seam while a writer goes on, and no more memory for many than for few. */
#include <limits.h>

#include "store/history.h"
#include "store_fixture.h"

#define MAX_TOLD 400
#define MANY     10000

struct told {
        char ids[MAX_TOLD][MEASUREMENT_ID_SIZE];
        int n, end_after, end_with; /* `end_with` is returned for the row numbered `end_after` */
        struct store_history_cursor last;
        void (*meanwhile)(struct told *t);
        const struct fixture *fixture;
};

static int tell(void *owner, const struct store_measurement *m,
                const struct store_history_cursor *here) {
        struct told *t = owner;

        CHECK(here->set && here->measured_at == m->measured_at && here->arrival > 0);
        if (t->n < MAX_TOLD)
                snprintf(t->ids[t->n], sizeof t->ids[0], "%s", m->id);
        t->n++;
        t->last = *here;
        if (t->meanwhile)
                t->meanwhile(t);
        return t->end_after && t->n == t->end_after ? t->end_with : 0;
}

static const struct store_history_filter everything = {
        .user = STORE_HISTORY_ANY_USER, .from_s = INT64_MIN, .to_s = INT64_MAX};

/* The ids with a blank after each. */
static const char *join(const struct told *t) {
        static char text[MAX_TOLD * (MEASUREMENT_ID_SIZE + 1) + 1];
        char *at = text;

        *at = '\0';
        for (int i = 0; i < t->n && i < MAX_TOLD; i++)
                at += sprintf(at, "%s ", t->ids[i]);
        return text;
}

static const char *read_all(struct store *s, struct store_history_filter filter) {
        static struct told t;

        t = (struct told){0};
        CHECK_EQ(store_history_read(s, &filter, tell, &t), 0);
        return join(&t);
}

/* Page by page, each from the cursor of the last row of the one before. */
static const char *read_pages(struct store *s, struct store_history_filter filter, size_t limit) {
        static struct told all;
        int before;

        all = (struct told){0};
        filter.limit = limit;
        do {
                before = all.n;
                CHECK_EQ(store_history_read(s, &filter, tell, &all), 0);
                CHECK(all.n - before <= (int) limit);
                filter.after = all.last;
        } while (all.n > before && all.n < MAX_TOLD);
        return join(&all);
}

/* `taken` tells them apart: equal times of measuring are what a clock that jumped makes. */
static void insert(const struct fixture *f, const char *id, const struct bdaddr *cuff, uint8_t user,
                   int taken, int64_t measured_at) {
        struct store_measurement m = sample(id, taken);

        m.cuff = *cuff;
        m.measurement.user = user;
        m.measured_at = measured_at;
        CHECK_EQ(store_measurements_insert(f->store, &m), 1);
}

static void equal_times_in_order_of_arrival_both_ways(void) {
        struct store_history_filter newest = everything;
        struct fixture f;

        newest.newest_first = true;
        fixture_start(&f);
        insert(&f, "d", &cuff_a, 1, 10, NOON + 50);
        insert(&f, "b", &cuff_a, 1, 20, NOON);
        insert(&f, "c", &cuff_b, 2, 30, NOON);
        insert(&f, "a", &cuff_a, 1, 40, NOON - 50);
        CHECK_STR(read_all(f.store, everything), "a b c d ");
        CHECK_STR(read_all(f.store, newest), "d c b a ");
        fixture_done(&f);
}

static void an_empty_database_tells_nothing(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_STR(read_all(f.store, everything), "");
        fixture_done(&f);
}

static int check_whole(void *owner, const struct store_measurement *m,
                       const struct store_history_cursor *here) {
        const struct store_measurement *want = owner;
        const struct measurement *v = &m->measurement;

        CHECK_STR(m->id, want->id);
        CHECK(bdaddr_equal(&m->cuff, &want->cuff));
        CHECK(v->user == 0xFF && v->systolic_mmhg == 120 && v->diastolic_mmhg == 80);
        CHECK(v->pulse_bpm.known && v->pulse_bpm.value == 60 && !v->mean_mmhg.known);
        CHECK(v->has_time && v->taken.year == 2025 && v->taken.minute == 26);
        CHECK(m->measured_at == NOON && m->received_at == NOON + 100 && m->clock_ok && !m->behind);
        CHECK(m->raw_size == 3 && memcmp(m->raw, want->raw, 3) == 0);
        CHECK_STR(m->source, "2a35");
        return 1;
}

static void the_row_comes_whole(void) {
        struct store_measurement m = sample("whole", 0);
        struct fixture f;

        fixture_start(&f);
        m.measurement.user = 0xFF;
        CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        CHECK_EQ(store_history_read(f.store, &everything, check_whole, &m), 1);
        fixture_done(&f);
}

/* ---- pages ---- */

/* Five for each of 12 times: no page of 7 ends where a time does. */
static void insert_groups(const struct fixture *f) {
        char id[MEASUREMENT_ID_SIZE];

        for (int i = 0; i < 60; i++) {
                snprintf(id, sizeof id, "g%02d", i);
                insert(f, id, i % 2 ? &cuff_a : &cuff_b, (uint8_t) (1 + i % 3), 10 * i,
                       NOON + i * 7 % 12);
        }
}

static void pages_join_without_a_seam(void) {
        static char whole[4096];
        struct store_history_filter filters[3] = {everything, everything, everything};
        struct fixture f;

        fixture_start(&f);
        insert_groups(&f);
        filters[1].cuff = &cuff_a;
        filters[2].cuff = &cuff_b;
        filters[2].user = 2;
        for (int i = 0; i < 6; i++) {
                struct store_history_filter filter = filters[i / 2];

                filter.newest_first = i % 2;
                snprintf(whole, sizeof whole, "%s", read_all(f.store, filter));
                CHECK_EQ(strlen(whole), i < 2 ? 240 : i < 4 ? 120 : 40);
                for (size_t limit = 1; limit <= 61; limit += 3)
                        CHECK_STR(read_pages(f.store, filter, limit), whole);
        }
        fixture_done(&f);
}

static void a_limit_ends_it_and_none_does_not(void) {
        struct store_history_filter filter = everything;
        struct fixture f;

        fixture_start(&f);
        insert_many(&f, 5);
        filter.limit = 3;
        CHECK_STR(read_all(f.store, filter), "many0 many1 many2 ");
        filter.limit = 5;
        CHECK_STR(read_all(f.store, filter), "many0 many1 many2 many3 many4 ");
        filter.limit = SIZE_MAX;
        CHECK_STR(read_all(f.store, filter), "many0 many1 many2 many3 many4 ");
        filter.limit = 1;
        filter.newest_first = true;
        CHECK_STR(read_all(f.store, filter), "many4 ");
        fixture_done(&f);
}

/* Behind the cursor they come, before it they do not; nothing comes twice. */
static void a_writer_between_pages(void) {
        struct store_history_filter filter = everything;
        struct told t = {0};
        struct fixture f;

        for (int newest = 0; newest < 2; newest++) {
                fixture_start(&f);
                insert_many(&f, 4);
                filter = everything;
                filter.newest_first = newest;
                filter.limit = 2;
                t = (struct told){0};
                CHECK_EQ(store_history_read(f.store, &filter, tell, &t), 0);
                CHECK_STR(join(&t), newest ? "many3 many2 " : "many0 many1 ");
                insert(&f, "early", &cuff_a, 1, -100, NOON - 100);
                insert(&f, "equal", &cuff_b, 1, -200, t.last.measured_at);
                insert(&f, "late", &cuff_a, 1, 900, NOON + 900);
                filter.after = t.last;
                filter.limit = 0;
                CHECK_EQ(store_history_read(f.store, &filter, tell, &t), 0);
                CHECK_STR(join(&t), newest ? "many3 many2 many1 many0 early "
                                           : "many0 many1 equal many2 many3 late ");
                fixture_done(&f);
        }
}

/* A cursor that a person may have kept for long: its row need not be there. */
static void a_cursor_is_a_place_not_a_row(void) {
        struct store_history_filter filter = everything;
        struct fixture f;

        fixture_start(&f);
        insert_many(&f, 3);
        filter.after =
                (struct store_history_cursor){.set = true, .measured_at = NOON + 15, .arrival = 1};
        CHECK_STR(read_all(f.store, filter), "many2 ");
        filter.newest_first = true;
        CHECK_STR(read_all(f.store, filter), "many1 many0 ");
        filter.after.measured_at = INT64_MAX;
        filter.after.arrival = INT64_MAX;
        CHECK_STR(read_all(f.store, filter), "many2 many1 many0 ");
        fixture_done(&f);
}

/* ---- filters ---- */

static const struct bdaddr *const cuffs[] = {NULL, &cuff_a, &cuff_b, &(struct bdaddr){{1}}};
static const int users[] = {STORE_HISTORY_ANY_USER, 1, 2, 0xFF, 3};
static const int64_t bounds[] = {INT64_MIN, NOON, NOON + 10, NOON + 11, NOON + 35, INT64_MAX};
static const uint8_t users_there[] = {1, 2, 0xFF};

static bool fits(const struct store_history_filter *f, int i) {
        int64_t at = NOON + 10 * (i / 6);

        return (!f->cuff || bdaddr_equal(f->cuff, i % 2 ? &cuff_b : &cuff_a)) &&
               (f->user == STORE_HISTORY_ANY_USER || f->user == users_there[i / 2 % 3]) &&
               at >= f->from_s && at < f->to_s;
}

static void check_filter(struct store *s, struct store_history_filter filter) {
        static char want[1024];
        char *at = want;

        *at = '\0';
        for (int j = 0; j < 24; j++) {
                int i = filter.newest_first ? 23 - j : j;

                if (fits(&filter, i))
                        at += sprintf(at, "f%02d ", i);
        }
        CHECK_STR(read_all(s, filter), want);
}

/* Four times, at each both cuffs with users 1, 2 and the unknown one. */
static void every_combination_of_filters(void) {
        char id[MEASUREMENT_ID_SIZE];
        struct fixture f;
        int n = 0;

        fixture_start(&f);
        for (int i = 0; i < 24; i++) {
                snprintf(id, sizeof id, "f%02d", i);
                insert(&f, id, i % 2 ? &cuff_b : &cuff_a, users_there[i / 2 % 3], 10 * i,
                       NOON + 10 * (i / 6));
        }
        for (size_t c = 0; c < 4; c++)
                for (size_t u = 0; u < 5; u++)
                        for (size_t b = 0; b < 36; b++, n++)
                                check_filter(f.store,
                                             (struct store_history_filter){.cuff = cuffs[c],
                                                                           .user = users[u],
                                                                           .from_s = bounds[b / 6],
                                                                           .to_s = bounds[b % 6],
                                                                           .newest_first = n % 2});
        CHECK_EQ(n, 720);
        fixture_done(&f);
}

/* ---- the one who is told ---- */

static void the_row_function_ends_it(void) {
        static const int answers[] = {1, 7, -5, INT_MIN, INT_MAX};
        struct store_history_filter filter = everything;
        struct fixture f;

        fixture_start(&f);
        insert_many(&f, 4);
        for (int i = 0; i < 5; i++) {
                struct told t = {.end_after = 1 + i % 4, .end_with = answers[i]};

                filter.limit = i % 2 ? 0 : 4;
                CHECK_EQ(store_history_read(f.store, &filter, tell, &t), answers[i]);
                CHECK_EQ(t.n, t.end_after);
        }
        fixture_done(&f);
}

/* It may look up what else it needs, as names. */
static void look_up(struct told *t) {
        struct store_user *users_found = NULL;
        size_t n = 0;

        CHECK_EQ(store_users_list(t->fixture->store, &cuff_a, &users_found, &n), 0);
        CHECK_EQ(n, 1);
        free(users_found);
}

static void the_row_function_may_look_things_up(void) {
        struct fixture f;
        struct told t = {.meanwhile = look_up, .fixture = &f};

        fixture_start(&f);
        insert_many(&f, 3);
        CHECK_EQ(store_history_read(f.store, &everything, tell, &t), 0);
        CHECK_EQ(t.n, 3);
        fixture_done(&f);
}

/* A service that starts, writes and ends between two rows of a reader that had taken the file for
 * one that nobody changes. */
static void a_service_comes_and_goes(struct told *t) {
        struct fixture f = *t->fixture;

        if (t->n != 3)
                return;
        CHECK_EQ(fixture_open(&f), 0);
        for (int i = 0; i < 100; i++) {
                char id[MEASUREMENT_ID_SIZE];

                snprintf(id, sizeof id, "new%d", i);
                CHECK_EQ(insert_sample(&f, id, 5 + 10 * i), 1);
        }
        fixture_close(&f);
}

static void between_two_rows_a_service_comes_and_goes(void) {
        static struct told t;
        static char want[4096];
        struct store *reader = NULL;
        char *why = NULL, *at = want;
        struct fixture f;

        fixture_start(&f);
        insert_many(&f, 100);
        fixture_close(&f);
        t = (struct told){.meanwhile = a_service_comes_and_goes, .fixture = &f};
        CHECK_EQ(store_open_reader(f.directory, &reader, &why), 0);
        CHECK_EQ(store_history_read(reader, &everything, tell, &t), 0);
        for (int i = 0; i < 3; i++)
                at += sprintf(at, "many%d ", i);
        for (int i = 2; i < 100; i++) {
                at += sprintf(at, "new%d ", i);
                if (i < 99)
                        at += sprintf(at, "many%d ", i + 1);
        }
        CHECK_STR(join(&t), want); /* of before, and what was measured later than the third */
        store_close(reader);
        fixture_done(&f);
}

static void a_limit_holds_when_a_service_comes_and_goes(void) {
        static struct told t;
        static const char *const want[] = {"many0 many1 many2 ", "many0 many1 many2 new2 many3 "};

        for (int i = 0; i < 2; i++) {
                struct store_history_filter filter = everything;
                struct store *reader = NULL;
                char *why = NULL;
                struct fixture f;

                fixture_start(&f);
                insert_many(&f, 100);
                fixture_close(&f);
                filter.limit = i ? 5 : 3;
                t = (struct told){.meanwhile = a_service_comes_and_goes, .fixture = &f};
                CHECK_EQ(store_open_reader(f.directory, &reader, &why), 0);
                CHECK_EQ(store_history_read(reader, &filter, tell, &t), 0);
                CHECK_STR(join(&t), want[i]);
                store_close(reader);
                fixture_done(&f);
        }
}

/* ---- many ---- */

static void insert_very_many(const struct fixture *f, int n) {
        char sql[600];

        insert(f, "first", &cuff_a, 1, 0, NOON - 1);
        insert(f, "second", &cuff_b, 1, 0, NOON - 1);
        snprintf(sql, sizeof sql,
                 "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < %d) "
                 "INSERT INTO measurement (id, cuff, user, systolic, diastolic, received_at,"
                 " measured_at, clock_ok, source, raw) SELECT 'n' || i,"
                 " CASE i %% 2 WHEN 0 THEN 'AA:BB:CC:00:11:22' ELSE 'AA:BB:CC:00:11:23' END, 1,"
                 " 120, 80, %d, %d + (i * 7919) %% 100000, 1, 'memory', zeroblob(60) FROM n",
                 n - 2, NOON, NOON);
        CHECK_EQ(fixture_sql(f, sql), 0);
}

static int check_order(void *owner, const struct store_measurement *m,
                       const struct store_history_cursor *here) {
        struct told *t = owner;

        CHECK(t->n == 0 || here->measured_at > t->last.measured_at ||
              (here->measured_at == t->last.measured_at && here->arrival > t->last.arrival));
        t->last = *here;
        t->n++;
        return 0;
}

/* Bytes that reading takes beyond what was in use before. */
static int64_t memory_of(struct store *s, const struct store_history_filter *filter, int want) {
        static struct told t;
        int64_t before = sqlite3_memory_used();

        (void) sqlite3_memory_highwater(/* resetFlag= */ 1);
        t = (struct told){0};
        CHECK_EQ(store_history_read(s, filter, check_order, &t), 0);
        CHECK_EQ(t.n, want);
        return sqlite3_memory_highwater(0) - before;
}

static void many_rows_take_no_more_memory_than_few(void) {
        struct store_history_filter of_one = everything, few;
        struct fixture f;
        int64_t some;

        fixture_start(&f);
        insert_very_many(&f, MANY);
        of_one.cuff = &cuff_a;
        of_one.user = 1;
        (void) memory_of(f.store, &everything, MANY); /* SQLite's cache of pages is full now */
        (void) memory_of(f.store, &of_one, MANY / 2);
        few = of_one;
        few.limit = 100;
        some = memory_of(f.store, &few, 100);
        CHECK(some > 0); /* else this SQLite does not count */
        CHECK(memory_of(f.store, &of_one, MANY / 2) <= some + 16 * 1024);
        /* Sorted: a place of each, not the row. */
        CHECK(memory_of(f.store, &everything, MANY) < MANY * 100);
        fixture_done(&f);
}

CHECK_MAIN("unit.store_history", TEST(equal_times_in_order_of_arrival_both_ways),
           TEST(an_empty_database_tells_nothing), TEST(the_row_comes_whole),
           TEST(pages_join_without_a_seam), TEST(a_limit_ends_it_and_none_does_not),
           TEST(a_writer_between_pages), TEST(a_cursor_is_a_place_not_a_row),
           TEST(every_combination_of_filters), TEST(the_row_function_ends_it),
           TEST(the_row_function_may_look_things_up),
           TEST(between_two_rows_a_service_comes_and_goes),
           TEST(a_limit_holds_when_a_service_comes_and_goes),
           TEST(many_rows_take_no_more_memory_than_few))
