/* The database read from outside, while a service writes, has died, starts or ends: what it has is
 * seen, nothing changes on the disk, and every refusal says what to do. */
#include <grp.h>
#include <sys/prctl.h>

#include "store/history.h"
#include "store_fixture.h"
#include "store_v1.h"

#define MANY   150
#define PAGE   4096
#define NOBODY 65534

struct report {
        int opened, read, wrote, count;
        int64_t measurements;
        char inst[64], why[400];
};

/* ---- a reader in a process of its own: locks belong to processes, and SQLite shares much within
 * one ---- */

#define READ_AT "CUFF2MQTT_TEST_READ_AT"
#define AS_USER "CUFF2MQTT_TEST_AS_USER"

static int count_row(void *owner, const struct store_measurement *m,
                     const struct store_history_cursor *here) {
        ++*(int *) owner;
        return 0;
}

static void use(struct store *s, struct report *r) {
        const struct store_history_filter all = {.user = STORE_HISTORY_ANY_USER, .to_s = INT64_MAX};
        struct store_measurement m = sample("mine", 5000);

        r->count = 0;
        r->read = store_history_read(s, &all, count_row, &r->count);
        if (store_measurements_count(s, &r->measurements) < 0)
                r->measurements = -1;
        r->wrote = store_measurements_insert(s, &m);
        if (r->wrote == -EROFS)
                r->wrote = store_meta_set(s, "inst", "other");
        snprintf(r->inst, sizeof r->inst, "%s", store_inst(s));
}

/* This program, started again by reader_start(): reports once for each byte it is sent. */
__attribute__((constructor)) static void be_the_reader(void) {
        const char *directory = getenv(READ_AT);
        struct store *s = NULL;
        struct report r = {0};
        char *why = NULL, byte;

        if (!directory)
                return;
        if (getenv(AS_USER) && (setgroups(0, NULL) < 0 || setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
                _exit(FIXTURE_SKIP);
        r.opened = store_open_reader(directory, &s, &why);
        snprintf(r.why, sizeof r.why, "%s", why ? why : "");
        while (read(STDIN_FILENO, &byte, 1) == 1) {
                if (s)
                        use(s, &r);
                if (write(STDOUT_FILENO, &r, sizeof r) != sizeof r)
                        _exit(1);
        }
        store_close(s);
        free(why);
        _exit(0);
}

struct reader {
        pid_t child;
        int to, from;
};

static struct reader reader_start(const struct fixture *f, bool as_other_user) {
        struct reader r = {0};
        int to[2], from[2];

        CHECK(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
        r.child = fork();
        if (r.child == 0) {
                dup2(to[0], STDIN_FILENO);
                dup2(from[1], STDOUT_FILENO);
                setenv(READ_AT, f->directory, 1);
                if (as_other_user)
                        setenv(AS_USER, "1", 1);
                fixture_again("reader");
        }
        close(to[0]);
        close(from[1]);
        r.to = to[1];
        r.from = from[0];
        return r;
}

static struct report reader_ask(const struct reader *r) {
        struct report report = {.opened = 1};

        CHECK_EQ(write(r->to, "?", 1), 1);
        CHECK_EQ(read(r->from, &report, sizeof report), sizeof report);
        return report;
}

static void reader_end(const struct reader *r) {
        close(r->to);
        close(r->from);
        fixture_wait(r->child);
}

/* One look, which leaves no trace. */
static struct report read_apart(const struct fixture *f, bool as_other_user) {
        uint64_t before = fixture_sum(f);
        struct reader reader = reader_start(f, as_other_user);
        struct report r = reader_ask(&reader);

        reader_end(&reader);
        CHECK_EQ(fixture_sum(f), before);
        return r;
}

static void check_read(const struct report *r, int measurements) {
        CHECK_EQ(r->opened, 0);
        CHECK_STR(r->why, "");
        CHECK_EQ(r->read, 0);
        CHECK_EQ(r->count, measurements);
        CHECK_EQ(r->measurements, measurements);
        CHECK_EQ(r->wrote, -EROFS);
}

/* A sentence that names the file and what to do. */
static void check_refused(const struct fixture *f, int error, const char *remedy) {
        struct report r = read_apart(f, /* as_other_user= */ false);
        char path[128];

        fixture_path(f, "cuff2mqtt.db", path);
        CHECK_EQ(r.opened, error);
        CHECK(strstr(r.why, path));
        if (!strstr(r.why, remedy))
                CHECK_STR(r.why, remedy);
        CHECK(*r.why && r.why[strlen(r.why) - 1] == '.');
}

static void fill(struct fixture *f) {
        struct store_cuff cuff = {.address = cuff_a, .name = "Kitchen"};

        fixture_start(f);
        CHECK_EQ(store_cuffs_save(f->store, &cuff), 0);
        insert_many(f, 3);
}

/* ---- what is read ---- */

static void at_rest_it_is_read_and_nothing_is_made(void) {
        struct report r;
        struct fixture f;
        char inst[64];

        fill(&f);
        snprintf(inst, sizeof inst, "%s", store_inst(f.store));
        fixture_close(&f);
        CHECK(!fixture_exists(&f, "cuff2mqtt.db-wal"));
        r = read_apart(&f, false);
        check_read(&r, 3);
        CHECK_STR(r.inst, inst);
        CHECK(!fixture_exists(&f, "cuff2mqtt.db-wal") && !fixture_exists(&f, "cuff2mqtt.db-shm"));
        fixture_done(&f);
}

static void a_running_service_goes_on_beside_it(void) {
        struct reader reader;
        struct report r;
        struct fixture f;

        fill(&f);
        r = read_apart(&f, false);
        check_read(&r, 3);
        CHECK_STR(r.inst, store_inst(f.store));
        reader = reader_start(&f, false);
        for (int i = 0; i < 5; i++) {
                r = reader_ask(&reader);
                check_read(&r, 3 + i);
                CHECK_EQ(insert_sample(&f, &"abcde"[i], 1000 * (i + 1)), 1);
        }
        CHECK_EQ(store_meta_set(f.store, "a", "b"), 0);
        reader_end(&reader);
        fixture_reopen(&f);
        CHECK_EQ(fixture_measurements(&f), 8);
        fixture_done(&f);
}

static void another_user_reads_while_the_service_writes(void) {
        static const char *const files[] = {"cuff2mqtt.db", "cuff2mqtt.db-wal", "cuff2mqtt.db-shm"};
        struct reader reader;
        struct report r;
        struct fixture f;
        char path[128];

        if (geteuid() != 0) {
                CHECK_SKIP("only root can become another user");
                return;
        }
        fill(&f);
        CHECK_EQ(chmod(f.directory, 0755), 0);
        for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
                fixture_path(&f, files[i], path);
                CHECK_EQ(chmod(path, 0644), 0);
        }
        r = read_apart(&f, /* as_other_user= */ true);
        check_read(&r, 3);
        reader = reader_start(&f, /* as_other_user= */ true);
        r = reader_ask(&reader);
        check_read(&r, 3);
        CHECK_EQ(insert_sample(&f, "more", 1000), 1);
        r = reader_ask(&reader);
        check_read(&r, 4);
        reader_end(&reader);
        fixture_close(&f); /* and when the service has gone */
        r = read_apart(&f, /* as_other_user= */ true);
        check_read(&r, 4);
        fixture_done(&f);
}

static void what_may_not_be_read_is_explained(void) {
        struct report r;
        struct fixture f;

        if (geteuid() != 0) {
                CHECK_SKIP("only root can become another user");
                return;
        }
        fill(&f);
        fixture_close(&f);
        for (int closed = 0; closed < 2; closed++) {
                CHECK_EQ(chmod(f.directory, closed ? 0700 : 0755), 0);
                r = read_apart(&f, /* as_other_user= */ true);
                CHECK_EQ(r.opened, -EACCES);
                CHECK(strstr(r.why, f.directory));
                CHECK(strstr(r.why, "run this as the service's user or as root."));
        }
        fixture_done(&f);
}

/* ---- a service that dies, ends or starts ---- */

static void start_and_be_killed(struct fixture *f) {
        int ready[2];
        char byte;
        pid_t child;

        CHECK_EQ(pipe(ready), 0);
        child = fork();
        if (child == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL); /* whatever happens to us */
                if (fixture_open(f) < 0)
                        _exit(1);
                insert_many(f, 3);
                (void) !write(ready[1], "!", 1);
                for (;;)
                        pause();
        }
        close(ready[1]);
        CHECK_EQ(read(ready[0], &byte, 1), 1);
        kill(child, SIGKILL);
        CHECK(waitpid(child, NULL, 0) == child);
        close(ready[0]);
}

static void what_a_killed_service_left_is_read(void) {
        struct report r;
        struct fixture f;
        char path[128];

        fixture_init(&f);
        start_and_be_killed(&f);
        CHECK(fixture_exists(&f, "cuff2mqtt.db-wal"));
        r = read_apart(&f, false);
        check_read(&r, 3);
        fixture_path(&f, "cuff2mqtt.db-shm", path);
        CHECK_EQ(unlink(path), 0); /* as after a power cut on some disks */
        check_refused(&f, -EAGAIN, "restart it (`sudo systemctl restart cuff2mqtt`)");
        CHECK_EQ(fixture_open(&f), 0);
        fixture_close(&f);
        r = read_apart(&f, false);
        check_read(&r, 3);
        fixture_overwrite(&f, "cuff2mqtt.db-journal", 0, "x", 1);
        check_refused(&f, -EAGAIN, "by the service only");
        fixture_done(&f);
}

/* It cannot fold its log into the database while somebody reads: the log stays, whole. */
static void a_service_that_ends_meanwhile(void) {
        struct reader reader;
        struct report r;
        struct fixture f;

        fill(&f);
        reader = reader_start(&f, false);
        r = reader_ask(&reader);
        check_read(&r, 3);
        fixture_close(&f);
        r = reader_ask(&reader);
        check_read(&r, 3);
        r = read_apart(&f, false);
        check_read(&r, 3);
        reader_end(&reader);
        r = read_apart(&f, false);
        check_read(&r, 3);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK_EQ(fixture_measurements(&f), 3);
        fixture_close(&f);
        CHECK(!fixture_exists(&f, "cuff2mqtt.db-wal"));
        fixture_done(&f);
}

/* What SQLite was told nobody changes is read anew: while the service runs, and when it has gone
 * again. */
static void a_service_that_starts_meanwhile(void) {
        struct reader reader;
        struct report r;
        struct fixture f;

        for (int gone = 0; gone < 2; gone++) {
                fill(&f);
                fixture_close(&f);
                reader = reader_start(&f, false);
                r = reader_ask(&reader);
                check_read(&r, 3);
                CHECK_EQ(fixture_open(&f), 0);
                CHECK_EQ(insert_sample(&f, "more", 1000), 1);
                if (gone)
                        fixture_close(&f);
                r = reader_ask(&reader);
                check_read(&r, 4);
                reader_end(&reader);
                fixture_done(&f);
        }
}

/* ---- what is refused ---- */

static void nothing_is_there(void) {
        struct fixture f, none = {.directory = "/tmp/cuff2mqtt-store-none/such"};
        struct store *s = NULL;
        char path[128], *why = NULL;

        fixture_init(&f);
        check_refused(&f, -ENOENT, "the service makes it when it starts");
        check_refused(&none, -ENOENT, "correct state_directory");
        CHECK_EQ(access(none.directory, F_OK), -1);
        fixture_overwrite(&f, "file", 0, "x", 1);
        fixture_path(&f, "file", path);
        CHECK_EQ(store_open_reader(path, &s, &why), -ENOTDIR);
        CHECK(why && strstr(why, "There is no database"));
        free(why);
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK_EQ(mkdir(path, 0700), 0);
        check_refused(&f, -EISDIR, "is not a file");
        fixture_done(&f);
}

static void an_older_one_is_left_to_the_service(void) {
        struct report r;
        struct fixture f;

        fixture_init(&f);
        fixture_v1(&f, 5);
        check_refused(&f, -ESTALE, "was left by an older cuff2mqtt");
        CHECK_EQ(fixture_open(&f), 0);
        fixture_close(&f);
        r = read_apart(&f, false);
        check_read(&r, 5);
        fixture_done(&f);
}

/* Made a moment ago, and cut off there. */
static void an_empty_file_is_left_to_the_service(void) {
        struct fixture f;

        fixture_init(&f);
        fixture_overwrite(&f, "cuff2mqtt.db", 0, "", 0);
        check_refused(&f, -ESTALE, "restart the service");
        fixture_overwrite(&f, "cuff2mqtt.db-wal", 0, "log", 3);
        fixture_overwrite(&f, "cuff2mqtt.db-shm", 0, "index", 5);
        check_refused(&f, -EAGAIN, "by the service only");
        fixture_done(&f);
}

static void without_its_name_it_is_left_to_the_service(void) {
        struct fixture f;

        fill(&f);
        fixture_close(&f);
        CHECK_EQ(fixture_sql(&f, "UPDATE meta SET value = 'a/b' WHERE key = 'inst'"), 0);
        check_refused(&f, -ESTALE, "restart the service");
        CHECK_EQ(fixture_sql(&f, "DELETE FROM meta"), 0);
        check_refused(&f, -ESTALE, "restart the service");
        fixture_done(&f);
}

static void a_newer_one_and_others(void) {
        struct fixture f;

        fill(&f);
        fixture_close(&f);
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version = 99"), 0);
        check_refused(&f, -ENOTSUP, "made by a newer cuff2mqtt (version 99");
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version = 1"), 0);
        check_refused(&f, -ESTALE, "restart the service");
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version = 1; DROP TABLE outbox"), 0);
        check_refused(&f, -ENOTSUP, "is not a database of cuff2mqtt");
        fixture_done(&f);
        fill(&f);
        fixture_close(&f);
        CHECK_EQ(fixture_sql(&f, "DROP TABLE memory_mark"), 0);
        check_refused(&f, -ENOTSUP, "is not a database of cuff2mqtt");
        fixture_done(&f);
        fixture_init(&f);
        CHECK_EQ(fixture_sql(&f, "CREATE TABLE theirs (a)"), 0);
        check_refused(&f, -ENOTSUP, "is not a database of cuff2mqtt");
        fixture_done(&f);
}

static void damage_is_found(void) {
        static const char garbage[5000] = "This is not a database.";
        static uint8_t ones[PAGE];
        struct fixture f;
        char path[128];
        struct stat st;

        memset(ones, 0xff, sizeof ones);
        fixture_start(&f);
        insert_many(&f, MANY);
        fixture_close(&f);
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK_EQ(stat(path, &st), 0);
        fixture_overwrite(&f, "cuff2mqtt.db", st.st_size / PAGE / 2 * PAGE, ones, PAGE);
        check_refused(&f, -EUCLEAN, "keeps what can be read");
        fixture_done(&f);
        fixture_init(&f);
        fixture_overwrite(&f, "cuff2mqtt.db", 0, garbage, sizeof garbage);
        check_refused(&f, -EUCLEAN, "keeps what can be read");
        fixture_done(&f);
}

/* Without a process of its own, too: tests and other programs of ours may. */
static void the_same_process_may_be_both(void) {
        struct store *s = NULL;
        struct report r = {0};
        struct fixture f;
        char *why = NULL;

        fill(&f);
        CHECK_EQ(store_open_reader(f.directory, &s, &why), 0);
        CHECK(!why);
        use(s, &r);
        check_read(&r, 3);
        CHECK(!store_set_aside(s));
        store_close(s);
        CHECK_EQ(insert_sample(&f, "more", 1000), 1);
        fixture_done(&f);
}

CHECK_MAIN("unit.store_reader", TEST(at_rest_it_is_read_and_nothing_is_made),
           TEST(a_running_service_goes_on_beside_it),
           TEST(another_user_reads_while_the_service_writes),
           TEST(what_may_not_be_read_is_explained), TEST(what_a_killed_service_left_is_read),
           TEST(a_service_that_ends_meanwhile), TEST(a_service_that_starts_meanwhile),
           TEST(nothing_is_there), TEST(an_older_one_is_left_to_the_service),
           TEST(an_empty_file_is_left_to_the_service),
           TEST(without_its_name_it_is_left_to_the_service), TEST(a_newer_one_and_others),
           TEST(damage_is_found), TEST(the_same_process_may_be_both))
