/* A database seen from outside: told as it is, and left as it is. */
#include <fcntl.h>
#include <sys/file.h>

#include "store/survey.h"
#include "store_fixture.h"
#include "store_v1.h"

#define MANY 150
#define PAGE 4096

static struct store_survey look(const struct fixture *f) {
        struct store_survey s;

        memset(&s, 0xff, sizeof s);
        store_survey_look(f->directory, &s);
        return s;
}

#define LOOK_AT "CUFF2MQTT_TEST_LOOK_AT"

/* This program, started again by look_apart(), is the one who looks. */
__attribute__((constructor)) static void be_the_other_process(void) {
        const char *directory = getenv(LOOK_AT);
        struct fixture f = {0};
        struct store_survey s;

        if (!directory)
                return;
        snprintf(f.directory, sizeof f.directory, "%s", directory);
        s = look(&f);
        _exit(write(STDOUT_FILENO, &s, sizeof s) != sizeof s);
}

/* As the doctor looks: locks belong to processes, and SQLite shares much within one. */
static struct store_survey look_apart(const struct fixture *f) {
        struct store_survey s = {.state = STORE_SURVEY_FAILED};
        uint64_t before = fixture_sum(f);
        int to[2];
        pid_t child;

        CHECK_EQ(pipe(to), 0);
        child = fork();
        if (child == 0) {
                dup2(to[1], STDOUT_FILENO);
                setenv(LOOK_AT, f->directory, 1);
                fixture_again("look");
        }
        close(to[1]);
        CHECK_EQ(read(to[0], &s, sizeof s), sizeof s);
        close(to[0]);
        fixture_wait(child);
        CHECK_EQ(fixture_sum(f), before);
        return s;
}

static void fill(struct fixture *f) {
        struct store_cuff a = {.address = cuff_a, .name = "Kitchen", .last_seen = NOON},
                          b = {.address = cuff_b, .bond_lost = true};

        fixture_start(f);
        CHECK_EQ(store_cuffs_save(f->store, &a), 0);
        CHECK_EQ(store_cuffs_save(f->store, &b), 0);
        insert_many(f, 3);
        CHECK_EQ(store_outbox_remove(f->store, 1), 0);
        CHECK_EQ(store_rejected_insert(f->store, &cuff_a, "2a35", (const uint8_t *) "x", 1,
                                       "EBADMSG", 1),
                 1);
}

static void check_filled(const struct store_survey *s) {
        CHECK_EQ(s->state, STORE_SURVEY_FINE);
        CHECK_EQ(s->error, 0);
        CHECK(s->checked && s->version > 0 && s->size_bytes >= PAGE);
        CHECK(s->measurements == 3 && s->waiting == 2 && s->rejected == 1);
        CHECK_EQ(s->n_cuffs, 2);
        CHECK(bdaddr_equal(&s->cuff[0].address, &cuff_a) &&
              bdaddr_equal(&s->cuff[1].address, &cuff_b));
        CHECK_STR(s->cuff[0].name, "Kitchen");
        CHECK_STR(s->cuff[1].name, "");
        CHECK(s->cuff[0].last_seen == NOON && s->cuff[1].last_seen == 0);
        CHECK(!s->cuff[0].bond_lost && s->cuff[1].bond_lost);
}

static void a_database_at_rest_is_told_and_nothing_is_made(void) {
        struct store_survey s;
        struct fixture f;

        fill(&f);
        fixture_close(&f);
        CHECK(!fixture_exists(&f, "cuff2mqtt.db-wal"));
        s = look_apart(&f);
        check_filled(&s);
        CHECK(!fixture_exists(&f, "cuff2mqtt.db-wal") && !fixture_exists(&f, "cuff2mqtt.db-shm"));
        fixture_done(&f);
}

/* What was committed last is in the log only. */
static void a_running_service_is_looked_over_its_shoulder(void) {
        struct store_survey s;
        struct fixture f;

        fill(&f);
        CHECK(fixture_exists(&f, "cuff2mqtt.db-wal"));
        s = look_apart(&f);
        check_filled(&s);
        CHECK_EQ(insert_sample(&f, "more", 1000), 1);
        s = look_apart(&f);
        CHECK_EQ(s.measurements, 4);
        CHECK_EQ(insert_sample(&f, "last", 2000), 1); /* and the service is not held up */
        fixture_done(&f);
}

/* kill -9: log and index stay behind. */
static void what_a_killed_service_left_is_read(void) {
        struct store_survey s;
        struct fixture f, dead;

        fill(&f);
        fixture_init(&dead);
        fixture_copy(&f, &dead, "cuff2mqtt.db");
        fixture_copy(&f, &dead, "cuff2mqtt.db-wal");
        fixture_copy(&f, &dead, "cuff2mqtt.db-shm");
        s = look_apart(&dead);
        check_filled(&s);
        fixture_done(&f);
        fixture_done(&dead);
}

/* Without its index SQLite would have to write one: the service may, we do not. */
static void a_log_without_its_index_is_left_to_the_service(void) {
        struct fixture f, dead;

        fill(&f);
        fixture_init(&dead);
        fixture_copy(&f, &dead, "cuff2mqtt.db");
        fixture_copy(&f, &dead, "cuff2mqtt.db-wal");
        CHECK_EQ(look_apart(&dead).state, STORE_SURVEY_PENDING);
        CHECK_EQ(fixture_open(&dead), 0);
        CHECK_EQ(fixture_measurements(&dead), 3);
        fixture_close(&dead);
        fixture_overwrite(&dead, "cuff2mqtt.db-journal", 0, "x", 1);
        CHECK_EQ(look_apart(&dead).state, STORE_SURVEY_PENDING);
        fixture_done(&f);
        fixture_done(&dead);
}

static void nothing_there_is_no_trouble(void) {
        struct fixture f, none = {.directory = "/tmp/cuff2mqtt-store-none/such"};

        fixture_init(&f);
        CHECK_EQ(look_apart(&f).state, STORE_SURVEY_ABSENT);
        CHECK_EQ(look(&none).state, STORE_SURVEY_ABSENT);
        CHECK_EQ(store_survey_lock(f.directory), STORE_SURVEY_LOCK_ABSENT);
        CHECK_EQ(store_survey_lock(none.directory), STORE_SURVEY_LOCK_ABSENT);
        CHECK(!fixture_exists(&f, "cuff2mqtt.lock"));
        fixture_overwrite(&f, "cuff2mqtt.db", 0, "", 0); /* made a moment ago */
        CHECK_EQ(look_apart(&f).state, STORE_SURVEY_FINE);
        CHECK_EQ(look_apart(&f).measurements, 0);
        fixture_done(&f);
}

static void a_directory_in_its_place_is_an_error(void) {
        char path[128];
        struct store_survey s;
        struct fixture f;

        fixture_init(&f);
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK_EQ(mkdir(path, 0700), 0);
        s = look(&f);
        CHECK_EQ(s.state, STORE_SURVEY_FAILED);
        CHECK_EQ(s.error, -EISDIR);
        fixture_done(&f);
}

/* Another user: neither the file nor, when the directory is closed, its name. */
static void what_another_user_may_not_see(void) {
        struct fixture f;
        pid_t child;

        fill(&f);
        fixture_close(&f);
        for (int closed = 0; closed < 2; closed++) {
                CHECK_EQ(chmod(f.directory, closed ? 0700 : 0755), 0);
                child = fork();
                if (child == 0) {
                        check_failed = false;
                        if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                                _exit(1);
                        if (geteuid() != 65534)
                                _exit(FIXTURE_SKIP);
                        CHECK_EQ(look(&f).state, STORE_SURVEY_FORBIDDEN);
                        CHECK_EQ(store_survey_lock(f.directory), STORE_SURVEY_LOCK_FORBIDDEN);
                        _exit(check_failed);
                }
                fixture_wait(child);
        }
        fixture_done(&f);
}

static void a_newer_version_and_foreign_tables(void) {
        struct store_survey s;
        struct fixture f;

        fill(&f);
        fixture_close(&f);
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version = 99"), 0);
        s = look_apart(&f);
        CHECK_EQ(s.state, STORE_SURVEY_NEWER);
        CHECK_EQ(s.version, 99);
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version = 2; DROP TABLE outbox"), 0);
        CHECK_EQ(look_apart(&f).state, STORE_SURVEY_FOREIGN);
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version = -1"), 0);
        CHECK_EQ(look_apart(&f).state, STORE_SURVEY_DAMAGED);
        fixture_done(&f);
}

/* The service was updated and has not been started since: nothing is migrated here. */
static void a_database_of_version_1(void) {
        struct store_survey s;
        struct fixture f;

        fixture_init(&f);
        fixture_v1(&f, 5);
        s = look_apart(&f);
        CHECK_EQ(s.state, STORE_SURVEY_FINE);
        CHECK(s.version == 1 && s.measurements == 5 && s.waiting == 5 && s.rejected == 1);
        CHECK(s.n_cuffs == 1 && s.cuff[0].last_seen == 2);
        fixture_done(&f);
}

static void damage_is_found_and_left(void) {
        static uint8_t ones[PAGE];
        static const char garbage[5000] = "This is not a database.";
        struct store_survey s;
        struct fixture f;
        int64_t pages;

        memset(ones, 0xff, sizeof ones);
        fixture_start(&f);
        insert_many(&f, MANY);
        fixture_close(&f);
        pages = look_apart(&f).size_bytes / PAGE;
        CHECK(pages > 12);
        fixture_overwrite(&f, "cuff2mqtt.db", pages / 2 * PAGE, ones, PAGE);
        CHECK_EQ(look_apart(&f).state, STORE_SURVEY_DAMAGED);
        fixture_done(&f);
        fixture_init(&f);
        fixture_overwrite(&f, "cuff2mqtt.db", 0, garbage, sizeof garbage);
        s = look_apart(&f);
        CHECK_EQ(s.state, STORE_SURVEY_DAMAGED);
        CHECK(!s.checked);
        fixture_overwrite(&f, "cuff2mqtt.db-wal", 0, "",
                          0); /* the same with an empty log: it ends */
        CHECK_EQ(look_apart(&f).state, STORE_SURVEY_DAMAGED);
        fixture_done(&f);
}

/* An address that no address is comes from no service of ours. */
static void a_row_that_cannot_be_is_damage(void) {
        struct fixture f;

        fill(&f);
        fixture_close(&f);
        CHECK_EQ(fixture_sql(&f, "UPDATE cuff SET address = 'AA:BB:CC:00:11:2x' "
                                 "WHERE address = 'AA:BB:CC:00:11:22'"),
                 0);
        CHECK_EQ(look_apart(&f).state, STORE_SURVEY_DAMAGED);
        fixture_done(&f);
}

/* An index is told, behind SQLite's back, that it is of other columns. */
static void an_index_that_does_not_fit_is_told_apart(void) {
        struct store_survey s;
        struct fixture f;

        fill(&f);
        fixture_close(&f);
        CHECK(fixture_sql(&f, "PRAGMA writable_schema = 1;"
                              "UPDATE sqlite_schema SET sql = replace(sql, 'user', 'pulse') "
                              "WHERE name = 'measurement_newest'") >= 0);
        s = look_apart(&f);
        CHECK_EQ(s.state, STORE_SURVEY_INDEX);
        CHECK(s.checked && s.measurements == 3);
        CHECK_EQ(fixture_sql(&f, "REINDEX"), 0); /* the remedy */
        CHECK_EQ(look_apart(&f).state, STORE_SURVEY_FINE);
        fixture_done(&f);
}

static void more_cuffs_than_are_told(void) {
        struct store_cuff cuff = {.address = cuff_a};
        struct store_survey s;
        struct fixture f;

        fixture_start(&f);
        for (int i = 0; i < STORE_SURVEY_CUFFS_MAX + 5; i++) {
                cuff.address.byte[5] = (uint8_t) i;
                CHECK_EQ(store_cuffs_save(f.store, &cuff), 0);
        }
        s = look_apart(&f);
        CHECK_EQ(s.state, STORE_SURVEY_FINE);
        CHECK_EQ(s.n_cuffs, STORE_SURVEY_CUFFS_MAX);
        fixture_done(&f);
}

static void characters_that_mean_something_in_a_uri(void) {
        struct store_survey s;
        struct fixture f, odd;

        fill(&f);
        fixture_close(&f);
        fixture_init(&odd);
        CHECK_EQ(rmdir(odd.directory), 0);
        snprintf(odd.directory, sizeof odd.directory, "/tmp//cuff2mqtt %%41?x=1&#-%d",
                 (int) getpid());
        CHECK_EQ(mkdir(odd.directory, 0700), 0);
        fixture_copy(&f, &odd, "cuff2mqtt.db");
        s = look_apart(&odd);
        check_filled(&s);
        fixture_done(&odd);
        fixture_done(&f);
}

static void the_lock_tells_whether_a_service_runs(void) {
        struct fixture f;
        char path[128], *why = NULL;
        struct store *second = NULL;

        fill(&f);
        CHECK_EQ(store_survey_lock(f.directory), STORE_SURVEY_LOCK_HELD);
        CHECK_EQ(store_open(f.directory, &second, &why), -EBUSY); /* and it is still held */
        free(why);
        fixture_close(&f);
        CHECK_EQ(store_survey_lock(f.directory), STORE_SURVEY_LOCK_FREE);
        fixture_path(&f, "cuff2mqtt.lock", path);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        CHECK_EQ(flock(fd, LOCK_EX | LOCK_NB), 0); /* released at once */
        close(fd);
        fixture_done(&f);
}

CHECK_MAIN("unit.store_survey", TEST(a_database_at_rest_is_told_and_nothing_is_made),
           TEST(a_running_service_is_looked_over_its_shoulder),
           TEST(what_a_killed_service_left_is_read),
           TEST(a_log_without_its_index_is_left_to_the_service), TEST(nothing_there_is_no_trouble),
           TEST(a_directory_in_its_place_is_an_error), TEST(what_another_user_may_not_see),
           TEST(a_newer_version_and_foreign_tables), TEST(a_database_of_version_1),
           TEST(damage_is_found_and_left), TEST(a_row_that_cannot_be_is_damage),
           TEST(an_index_that_does_not_fit_is_told_apart), TEST(more_cuffs_than_are_told),
           TEST(characters_that_mean_something_in_a_uri),
           TEST(the_lock_tells_whether_a_service_runs))
