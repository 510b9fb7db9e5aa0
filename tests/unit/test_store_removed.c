/* Removing a cuff: what goes, what stays, what is remembered; and the persons its users were. */
#include "store/removed.h"

#include "store/history.h"
#include "store/marks.h"
#include "store/persons.h"
#include "store_fixture.h"

#define KEY_A     "removed.AA:BB:CC:00:11:22"
#define OPTION_A  "option.aabbcc001122.memory"
#define OPTION_B  "option.aabbcc001123.memory"
#define OPTION_US "option.log_level"

static const struct omron_mark mark = {.known = true, .slot = 3, .hash = 9};

static void insert_for(const struct fixture *f, const struct bdaddr *cuff, uint8_t user,
                       const char *id, int seconds) {
        struct store_measurement m = sample(id, seconds);

        m.cuff = *cuff;
        m.measurement.user = user;
        CHECK_EQ(store_measurements_insert(f->store, &m), 1);
}

static void name_user(const struct fixture *f, const struct bdaddr *cuff, uint8_t user,
                      const char *name, const char *person) {
        struct store_user u = {.cuff = *cuff, .user = user};

        snprintf(u.name, sizeof u.name, "%s", name);
        snprintf(u.person, sizeof u.person, "%s", person);
        if (*person)
                CHECK_EQ(store_persons_note(f->store, person), 0);
        CHECK_EQ(store_users_save(f->store, &u), 0);
}

/* Two cuffs, with everything that a cuff can have in the database. */
static void start(struct fixture *f) {
        struct store_cuff a = {.address = cuff_a, .name = "Kitchen"},
                          b = {.address = cuff_b, .name = "Bedroom"};

        fixture_start(f);
        CHECK_EQ(store_cuffs_save(f->store, &a), 0);
        CHECK_EQ(store_cuffs_save(f->store, &b), 0);
        insert_for(f, &cuff_a, 1, "a1", 0);
        insert_for(f, &cuff_a, 2, "a2", 10);
        insert_for(f, &cuff_a, 255, "a255", 20);
        insert_for(f, &cuff_b, 1, "b1", 30);
        CHECK_EQ(store_marks_save(f->store, &cuff_a, &mark, 1), 0);
        CHECK_EQ(store_marks_save(f->store, &cuff_b, &mark, 1), 0);
        CHECK_EQ(store_rejected_insert(f->store, &cuff_a, "2a35", (const uint8_t *) "x", 1,
                                       "EBADMSG", NOON),
                 1);
        CHECK_EQ(store_meta_set(f->store, OPTION_A, "false"), 0);
        CHECK_EQ(store_meta_set(f->store, OPTION_B, "false"), 0);
        CHECK_EQ(store_meta_set(f->store, OPTION_US, "debug"), 0);
}

static int64_t count(const struct fixture *f, const char *table, const char *cuff) {
        char sql[128];

        snprintf(sql, sizeof sql, "SELECT count(*) FROM %s WHERE cuff = '%s'", table, cuff);
        return fixture_sql(f, sql);
}

#define A "AA:BB:CC:00:11:22"
#define B "AA:BB:CC:00:11:23"

static void check_b_is_whole(const struct fixture *f) {
        CHECK_EQ(count(f, "measurement", B), 1);
        CHECK_EQ(count(f, "user", B), 1);
        CHECK_EQ(count(f, "memory_mark", B), 1);
        CHECK_EQ(fixture_sql(f, "SELECT count(*) FROM cuff WHERE address = '" B "'"), 1);
        CHECK_EQ(fixture_sql(f, "SELECT count(*) FROM meta WHERE key = '" OPTION_B "'"), 1);
        CHECK_EQ(fixture_sql(f, "SELECT count(*) FROM meta WHERE key = '" OPTION_US "'"), 1);
        CHECK(!store_removed_has(f->store, &cuff_b));
        CHECK_EQ(fixture_sql(f, "PRAGMA foreign_key_check"), 0);
        CHECK_EQ(fixture_sql(f, "SELECT count(*) FROM pragma_integrity_check() "
                                "WHERE integrity_check != 'ok'"),
                 0);
}

static void measurements_and_names_stay(void) {
        struct fixture f;

        start(&f);
        CHECK(!store_removed_has(f.store, &cuff_a));
        CHECK_EQ(store_removed_add(f.store, &cuff_a, false), 0);
        CHECK(store_removed_has(f.store, &cuff_a));
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM cuff"), 1);
        CHECK_EQ(count(&f, "measurement", A), 3);
        CHECK_EQ(count(&f, "user", A), 3);
        CHECK_EQ(count(&f, "rejected", A), 1);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM meta WHERE key = '" OPTION_A "'"), 1);
        CHECK_EQ(count(&f, "memory_mark", A), 0); /* its memory is read from the beginning */
        CHECK_EQ(fixture_outbox(&f), 4);
        check_b_is_whole(&f);
        fixture_done(&f);
}

static void purging_leaves_nothing_of_it(void) {
        struct fixture f;

        start(&f);
        CHECK_EQ(store_removed_add(f.store, &cuff_a, true), 0);
        CHECK(store_removed_has(f.store, &cuff_a));
        CHECK_EQ(count(&f, "measurement", A), 0);
        CHECK_EQ(count(&f, "user", A), 0);
        CHECK_EQ(count(&f, "rejected", A), 0);
        CHECK_EQ(count(&f, "memory_mark", A), 0);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM meta WHERE key = '" OPTION_A "'"), 0);
        CHECK_EQ(fixture_outbox(&f), 1); /* that of the other cuff */
        check_b_is_whole(&f);
        fixture_done(&f);
}

/* It is on the disk, and of either kind the users are known, whose topics must be cleared. */
static void its_users_are_remembered(void) {
        for (int purge = 0; purge < 2; purge++) {
                struct store_removed *all = NULL;
                struct fixture f;
                size_t n = 9;

                start(&f);
                name_user(&f, &cuff_a, 4, "Nobody yet", "");
                CHECK_EQ(store_removed_add(f.store, &cuff_a, purge), 0);
                fixture_reopen(&f);
                CHECK_EQ(store_removed_list(f.store, &all, &n), 0);
                CHECK_EQ(n, 1);
                CHECK(n == 1 && bdaddr_equal(&all[0].address, &cuff_a));
                CHECK(n == 1 && all[0].n_users == 4);
                CHECK(n == 1 && all[0].user[0] == 1 && all[0].user[1] == 2 &&
                      all[0].user[2] == 255 && all[0].user[3] == 4);
                free(all);
                fixture_done(&f);
        }
}

static void one_without_users(void) {
        struct store_removed *all = NULL;
        struct fixture f;
        size_t n = 0;

        fixture_start(&f);
        CHECK_EQ(store_removed_list(f.store, &all, &n), 0);
        CHECK_EQ(n, 0);
        free(all);
        all = NULL;
        CHECK_EQ(store_removed_add(f.store, &cuff_b, true), 0);
        CHECK_EQ(store_removed_list(f.store, &all, &n), 0);
        CHECK(n == 1 && all[0].n_users == 0 && bdaddr_equal(&all[0].address, &cuff_b));
        free(all);
        fixture_done(&f);
}

/* Purged, paired again, removed again: those of its first life may still be on the broker. */
static void users_of_all_its_lives(void) {
        struct store_cuff again = {.address = cuff_a};
        struct store_removed *all = NULL;
        struct fixture f;
        size_t n = 9;

        start(&f);
        CHECK_EQ(store_removed_add(f.store, &cuff_b, false), 0);
        CHECK_EQ(store_removed_add(f.store, &cuff_a, true), 0);
        CHECK_EQ(store_cuffs_save(f.store, &again), 0);
        insert_for(&f, &cuff_a, 1, "a1", 0);
        insert_for(&f, &cuff_a, 4, "a4", 10);
        CHECK_EQ(store_removed_add(f.store, &cuff_a, true), 0);
        CHECK_EQ(store_removed_list(f.store, &all, &n), 0);
        CHECK_EQ(n, 2);
        CHECK(n == 2 && all[0].n_users == 4 && all[1].n_users == 1);
        CHECK(n == 2 && all[0].user[0] == 1 && all[0].user[1] == 2 && all[0].user[2] == 255 &&
              all[0].user[3] == 4 && all[1].user[0] == 1);
        free(all);
        fixture_done(&f);
}

/* The bond is that of the new pairing; what is to be cleared is still known. */
static void paired_again(void) {
        struct store_removed *all = NULL;
        struct fixture f;
        size_t n = 0;

        start(&f);
        CHECK_EQ(store_removed_end(f.store, &cuff_a), 0); /* it never was removed */
        CHECK_EQ(store_removed_add(f.store, &cuff_a, true), 0);
        CHECK_EQ(store_removed_add(f.store, &cuff_b, true), 0);
        CHECK_EQ(store_removed_end(f.store, &cuff_a), 0);
        CHECK(!store_removed_has(f.store, &cuff_a));
        CHECK(store_removed_has(f.store, &cuff_b));
        CHECK_EQ(store_removed_list(f.store, &all, &n), 0);
        CHECK(n == 2 && all[0].n_users == 3);
        free(all);
        CHECK_EQ(store_removed_add(f.store, &cuff_a, true), 0);
        CHECK(store_removed_has(f.store, &cuff_a));
        fixture_done(&f);
}

/* What others wrote there does no harm. */
static void odd_rows(void) {
        struct store_removed *all = NULL;
        struct fixture f;
        size_t n = 0;

        fixture_start(&f);
        CHECK_EQ(store_meta_set(f.store, "removed.11:22:33:44:55:66.1", ""), 0); /* of nobody */
        CHECK_EQ(store_meta_set(f.store, "removed.kitchen", ""), 0);
        CHECK_EQ(store_meta_set(f.store, "removedAA:BB:CC:00:11:22", ""), 0);
        CHECK_EQ(store_meta_set(f.store, KEY_A, "1 2"), 0);
        for (int i = 1; i <= STORE_REMOVED_USERS_MAX + 2; i++) {
                char key[64];

                snprintf(key, sizeof key, KEY_A ".%d", i);
                CHECK_EQ(store_meta_set(f.store, key, ""), 0);
        }
        CHECK_EQ(store_meta_set(f.store, "removed." B, ""), 0);
        CHECK_EQ(store_removed_list(f.store, &all, &n), 0);
        CHECK_EQ(n, 2);
        CHECK(n == 2 && all[0].n_users == STORE_REMOVED_USERS_MAX);
        CHECK(n == 2 && all[1].n_users == 0 && bdaddr_equal(&all[1].address, &cuff_b));
        free(all);
        fixture_done(&f);
}

/* Everything or nothing. */
static void when_nothing_can_be_written(void) {
        struct fixture f;

        start(&f);
        CHECK_EQ(fixture_sql(&f, "CREATE TRIGGER full BEFORE DELETE ON user BEGIN "
                                 "SELECT RAISE(ABORT, 'full'); END"),
                 0);
        CHECK(store_removed_add(f.store, &cuff_a, true) < 0);
        CHECK(!store_removed_has(f.store, &cuff_a));
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM cuff"), 2);
        CHECK_EQ(count(&f, "measurement", A), 3);
        CHECK_EQ(count(&f, "memory_mark", A), 1);
        CHECK_EQ(fixture_outbox(&f), 4);
        fixture_done(&f);
}

/* A damaged database is replaced: what was removed must not come back by that. */
static void it_survives_damage(void) {
        struct store_removed *all = NULL;
        struct store_person *persons = NULL;
        struct fixture f;
        char *value = NULL;
        size_t n = 0;

        start(&f);
        name_user(&f, &cuff_b, 1, "Anna", "anna");
        CHECK_EQ(store_removed_add(f.store, &cuff_a, false), 0);
        fixture_close(&f);
        CHECK_EQ(fixture_sql(&f, "PRAGMA writable_schema = ON; DELETE FROM sqlite_schema "
                                 "WHERE name = 'measurement_newest'"),
                 0);
        fixture_open(&f);
        CHECK(f.store && store_set_aside(f.store));
        CHECK(store_removed_has(f.store, &cuff_a));
        CHECK_EQ(store_removed_list(f.store, &all, &n), 0);
        CHECK(n == 1 && all[0].n_users == 3);
        free(all);
        CHECK_EQ(store_meta_get(f.store, OPTION_A, &value), 0);
        CHECK_STR(value, "false");
        free(value);
        CHECK_EQ(store_persons_list(f.store, &persons, &n), 0);
        CHECK(n == 1 && strcmp(persons[0].slug, "anna") == 0);
        free(persons);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM cuff"), 1);
        CHECK_EQ(count(&f, "measurement", A), 3);
        fixture_done(&f);
}

/* --- persons --- */

static void check_newest(const struct fixture *f, const char *person, const char *id) {
        struct store_measurement m;

        CHECK_EQ(store_persons_newest(f->store, person, &m), 0);
        CHECK_STR(m.id, id);
}

static void the_newest_of_a_person(void) {
        struct store_measurement m;
        struct fixture f;

        start(&f);
        CHECK_EQ(store_persons_newest(f.store, "anna", &m), -ENODATA);
        name_user(&f, &cuff_a, 1, "", "anna");
        name_user(&f, &cuff_b, 1, "", "anna");
        name_user(&f, &cuff_a, 2, "", "ben");
        name_user(&f, &cuff_b, 2, "", "eve");
        check_newest(&f, "anna", "b1");
        check_newest(&f, "ben", "a2");
        CHECK_EQ(store_persons_newest(f.store, "eve", &m), -ENODATA);
        CHECK_EQ(store_persons_newest(f.store, "", &m), -ENODATA);
        insert_for(&f, &cuff_a, 1, "a1late", 35);
        check_newest(&f, "anna", "a1late");
        CHECK_EQ(store_removed_add(f.store, &cuff_a, false), 0);
        check_newest(&f, "anna", "b1");
        CHECK_EQ(store_persons_newest(f.store, "ben", &m), -ENODATA);
        fixture_done(&f);
}

static void every_word_is_remembered(void) {
        struct store_person *all = NULL;
        struct fixture f;
        size_t n = 0;

        start(&f);
        CHECK_EQ(store_persons_list(f.store, &all, &n), 0);
        CHECK_EQ(n, 0);
        free(all);
        all = NULL;
        name_user(&f, &cuff_a, 1, "", "ben");
        name_user(&f, &cuff_a, 1, "", "anna");
        name_user(&f, &cuff_a, 1, "", "anna");
        name_user(&f, &cuff_a, 1, "", "");
        CHECK_EQ(store_removed_add(f.store, &cuff_a, true), 0);
        CHECK_EQ(store_persons_list(f.store, &all, &n), 0);
        CHECK_EQ(n, 2);
        CHECK(n == 2 && strcmp(all[0].slug, "anna") == 0 && strcmp(all[1].slug, "ben") == 0);
        free(all);
        fixture_done(&f);
}

CHECK_MAIN("unit.store_removed", TEST(measurements_and_names_stay),
           TEST(purging_leaves_nothing_of_it), TEST(its_users_are_remembered),
           TEST(one_without_users), TEST(users_of_all_its_lives), TEST(paired_again),
           TEST(odd_rows), TEST(when_nothing_can_be_written), TEST(it_survives_damage),
           TEST(the_newest_of_a_person), TEST(every_word_is_remembered))
