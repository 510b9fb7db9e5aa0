/* Opening: what is made, who may see it, who is let in, which versions, and what a kill leaves. */
#include "store/marks.h"
#include "store_fixture.h"
#include "store_v1.h"

static mode_t mode_of(const struct fixture *f, const char *name) {
        char path[128];
        struct stat st = {0};

        fixture_path(f, name, path);
        CHECK_EQ(stat(path, &st), 0);
        return st.st_mode & 07777;
}

/* Opens a directory that must be refused; the sentence names the place and the remedy. */
static void check_refused(const char *directory, int error, const char *remedy) {
        struct store *s = NULL;
        char *why = NULL;

        CHECK_EQ(store_open(directory, &s, &why), error);
        CHECK(!s);
        CHECK(why && strstr(why, directory));
        CHECK(why && strstr(why, remedy));
        CHECK(why && why[strlen(why) - 1] == '.');
        free(why);
}

static void all_files_are_private_whatever_the_umask(void) {
        const mode_t before = umask(0);
        struct fixture f;

        fixture_init(&f);
        CHECK_EQ(rmdir(f.directory), 0);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(mode_of(&f, "."), 0700);
        CHECK_EQ(mode_of(&f, "cuff2mqtt.db"), 0600);
        CHECK_EQ(mode_of(&f, "cuff2mqtt.db-wal"), 0600);
        CHECK_EQ(mode_of(&f, "cuff2mqtt.db-shm"), 0600);
        CHECK_EQ(mode_of(&f, "cuff2mqtt.lock"), 0600);
        fixture_done(&f);
        umask(before);
}

static void a_loose_directory_and_file_of_ours_are_tightened(void) {
        char path[128];
        struct fixture f;

        fixture_start(&f);
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK_EQ(chmod(path, 0644), 0);
        CHECK_EQ(chmod(f.directory, 0755), 0);
        fixture_reopen(&f);
        CHECK_EQ(mode_of(&f, "."), 0700);
        CHECK_EQ(mode_of(&f, "cuff2mqtt.db"), 0600);
        fixture_done(&f);
}

static void a_directory_that_holds_other_things_keeps_its_mode(void) {
        char path[128];
        struct fixture f;

        fixture_init(&f);
        fixture_path(&f, "options.json", path);
        FILE *other = fopen(path, "we");
        CHECK(other && fclose(other) == 0);
        CHECK_EQ(chmod(f.directory, 0755), 0);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK_EQ(mode_of(&f, "."), 0755);
        CHECK_EQ(mode_of(&f, "cuff2mqtt.db"), 0600);
        fixture_done(&f);
}

/* Keys beside the database are ours too, while nobody else can use that directory. */
static void a_directory_with_our_own_directories_is_tightened(void) {
        static const struct { mode_t keys, then; } cases[] = {{0700, 0700}, {0755, 0755}};
        char path[128];
        struct fixture f;

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                fixture_start(&f);
                fixture_path(&f, "keys", path);
                CHECK_EQ(mkdir(path, 0700), 0);
                CHECK_EQ(chmod(path, cases[i].keys), 0);
                CHECK_EQ(chmod(f.directory, 0755), 0);
                fixture_reopen(&f);
                CHECK_EQ(mode_of(&f, "."), cases[i].then);
                fixture_done(&f);
        }
}

static void inst_is_made_once_and_differs_between_databases(void) {
        char inst[64];
        struct fixture f, g;

        fixture_start(&f);
        fixture_start(&g);
        snprintf(inst, sizeof inst, "%s", store_inst(f.store));
        CHECK_EQ(strlen(inst), strlen("cuff2mqtt_") + 12);
        CHECK_EQ(strspn(inst + strlen("cuff2mqtt_"), "0123456789abcdef"), 12);
        CHECK(strcmp(inst, store_inst(g.store)) != 0);
        CHECK(!store_set_aside(f.store));
        fixture_reopen(&f);
        CHECK_STR(store_inst(f.store), inst);
        fixture_done(&f);
        fixture_done(&g);
}

static void an_inst_that_would_break_topics_is_made_anew(void) {
        struct fixture f;

        fixture_start(&f);
        fixture_close(&f);
        CHECK_EQ(fixture_sql(&f, "UPDATE meta SET value = 'a/#' WHERE key = 'inst'"), 0);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK_EQ(strlen(store_inst(f.store)), strlen("cuff2mqtt_") + 12);
        fixture_done(&f);
}

static void small_values_come_back_by_name(void) {
        char *value = NULL;
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(store_meta_get(f.store, "log.level", &value), -ENODATA);
        CHECK_EQ(store_meta_set(f.store, "log.level", "debug"), 0);
        CHECK_EQ(store_meta_set(f.store, "log.level", ""), 0);
        CHECK_EQ(store_meta_set(f.store, "name", "'; DROP TABLE meta; --"), 0);
        fixture_reopen(&f);
        CHECK_EQ(store_meta_get(f.store, "log.level", &value), 0);
        CHECK_STR(value, "");
        free(value);
        CHECK_EQ(store_meta_get(f.store, "name", &value), 0);
        CHECK_STR(value, "'; DROP TABLE meta; --");
        free(value);
        fixture_done(&f);
}

static void a_second_service_is_kept_out_until_the_first_is_gone(void) {
        struct fixture f;

        fixture_start(&f);
        pid_t child = fork();
        if (child == 0) {
                check_refused(f.directory, -EBUSY, "systemctl stop cuff2mqtt");
                _exit(check_failed);
        }
        fixture_wait(child);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        fixture_reopen(&f);
        CHECK_EQ(fixture_measurements(&f), 1);
        fixture_done(&f);
}

static void durability_is_what_was_promised(void) {
        struct fixture f;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        CHECK_EQ(fixture_sql(&f,
                             "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"),
                 1);
        CHECK_EQ(fixture_sql(
                         &f,
                         "PRAGMA foreign_keys = ON; INSERT INTO outbox (measurement) VALUES (99)"),
                 -1);
        fixture_done(&f);
}

static void an_empty_file_and_an_older_version_are_migrated(void) {
        char path[128];
        struct fixture f;

        fixture_init(&f);
        fixture_path(&f, "cuff2mqtt.db", path);
        FILE *empty = fopen(path, "we");
        CHECK(empty && fclose(empty) == 0);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version"), 2);
        fixture_done(&f);

        fixture_init(&f);
        CHECK_EQ(fixture_sql(&f, "CREATE TABLE note (i); INSERT INTO note VALUES (7)"), 0);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK(!store_set_aside(f.store));
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version"), 2);
        CHECK_EQ(fixture_sql(&f, "SELECT i FROM note"), 7);
        CHECK_EQ(insert_sample(&f, "a", 0), 1);
        fixture_done(&f);
}

/* As the first release left it, with everything in it. */
static void version_1_keeps_all_and_can_be_read_from_memory(void) {
        struct omron_mark marks[2] = {{.known = true}, {.known = true}};
        struct store_measurement got, m;
        struct store_cuff *cuffs = NULL;
        size_t n = 0;
        struct fixture f;

        fixture_init(&f);
        fixture_v1(&f, 3);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK(!store_set_aside(f.store));
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version"), 2);
        CHECK_STR(store_inst(f.store), "cuff2mqtt_0123456789ab");
        CHECK_EQ(store_cuffs_list(f.store, &cuffs, &n), 0);
        CHECK_EQ(n, 1);
        if (n == 1) {
                CHECK_STR(cuffs[0].name, "Kitchen");
                CHECK_STR(cuffs[0].memory_model, "");
                CHECK_EQ(cuffs[0].token, STORE_TOKEN_FINE);
                CHECK(!cuffs[0].unread.known);
                CHECK_EQ(cuffs[0].writes, STORE_WRITES_NONE);
                CHECK_EQ(cuffs[0].clock_drift_s.value, -3);
        }
        free(cuffs);
        CHECK_EQ(store_marks_load(f.store, &cuff_a, marks, 2), 0);
        CHECK(!marks[0].known && !marks[1].known);
        CHECK_EQ(fixture_measurements(&f), 3);
        CHECK_EQ(fixture_outbox(&f), 3);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM rejected"), 1);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 1, &got), 0);
        CHECK_STR(got.id, "v1-3");
        CHECK(!got.behind && !got.measurement.irregular_beats.known);
        m = sample("record", 30);
        snprintf(m.source, sizeof m.source, "memory");
        CHECK_EQ(store_measurements_insert(f.store, &m), 0); /* v1-3 by the other way */
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM measurement WHERE other IS NOT NULL"), 1);
        fixture_reopen(&f);
        CHECK_EQ(fixture_measurements(&f), 3);
        fixture_done(&f);
}

static void a_step_that_fails_half_way_leaves_nothing(void) {
        struct fixture f;

        fixture_init(&f);
        CHECK_EQ(fixture_sql(&f, "CREATE TABLE rejected (i)"), 0);
        check_refused(f.directory, -ENOTSUP, "not a database of cuff2mqtt");
        CHECK_EQ(fixture_sql(&f, "PRAGMA user_version"), 0);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM sqlite_schema"), 1);
        fixture_done(&f);
}

static size_t read_file(const struct fixture *f, const char *name, char *ret, size_t size) {
        char path[128];

        fixture_path(f, name, path);
        FILE *file = fopen(path, "re");
        size_t n = file ? fread(ret, 1, size, file) : 0;
        if (file)
                fclose(file);
        return n;
}

/* Version 99, once in the file and once only in its log, as a crash leaves it. */
static void a_newer_version_is_refused_and_nothing_touched(void) {
        static char db[2][200000], wal[2][200000];
        char path[128];
        sqlite3 *other;
        size_t n;
        struct fixture f;

        for (int only_in_log = 0; only_in_log < 2; only_in_log++) {
                fixture_start(&f);
                fixture_close(&f);
                fixture_path(&f, "cuff2mqtt.db", path);
                CHECK_EQ(sqlite3_open(path, &other), SQLITE_OK);
                sqlite3_db_config(other, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, only_in_log, NULL);
                CHECK_EQ(sqlite3_exec(other, "PRAGMA user_version = 99", NULL, NULL, NULL),
                         SQLITE_OK);
                sqlite3_close(other);
                n = read_file(&f, "cuff2mqtt.db", db[0], sizeof db[0]);
                size_t n_wal = read_file(&f, "cuff2mqtt.db-wal", wal[0], sizeof wal[0]);
                CHECK((n_wal > 0) == only_in_log);
                check_refused(f.directory, -ENOTSUP, "version 99, this one knows 2");
                CHECK_EQ(read_file(&f, "cuff2mqtt.db", db[1], sizeof db[1]), n);
                CHECK(n > 0 && memcmp(db[0], db[1], n) == 0);
                CHECK_EQ(read_file(&f, "cuff2mqtt.db-wal", wal[1], sizeof wal[1]), n_wal);
                CHECK(memcmp(wal[0], wal[1], n_wal) == 0);
                CHECK_EQ(fixture_sql(&f, "PRAGMA user_version"), 99);
                fixture_done(&f);
        }
}

static void a_directory_that_cannot_be_is_explained(void) {
        char path[128];
        struct fixture f;

        fixture_init(&f);
        fixture_path(&f, "missing/state", path);
        check_refused(path, -ENOENT, "`mkdir -p ");
        fixture_path(&f, "file", path);
        FILE *file = fopen(path, "we");
        CHECK(file && fclose(file) == 0);
        check_refused(path, -ENOTDIR, "move the file that is in the way");
        fixture_path(&f, "file/below", path);
        check_refused(path, -ENOTDIR, "move the file that is in the way");
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK_EQ(mkdir(path, 0700), 0);
        check_refused(f.directory, -EISDIR, "move the directory that has this name");
        fixture_done(&f);
}

/* Root is bound by no mode: it becomes nobody for this. */
static void a_directory_of_another_user_is_explained(void) {
        char path[128];
        struct fixture f;

        fixture_init(&f);
        CHECK_EQ(chmod(f.directory, 0555), 0);
        pid_t child = fork();
        if (child == 0) {
                if (geteuid() == 0 && setuid(65534) < 0)
                        abort();
                check_refused(f.directory, -EACCES, "chown cuff2mqtt: ");
                fixture_path(&f, "state", path);
                check_refused(path, -EACCES, "`mkdir -p ");
                _exit(check_failed);
        }
        fixture_wait(child);
        CHECK_EQ(chmod(f.directory, 0700), 0);
        fixture_done(&f);
}

/* Inserts and reports each one that insert says is committed, until it is killed. */
static void insert_until_killed(struct fixture *f, int report, int kill_after) {
        if (fixture_open(f) < 0)
                _exit(1);
        for (int i = 0;; i++) {
                char id[MEASUREMENT_ID_SIZE];

                snprintf(id, sizeof id, "k%d", i);
                if (i == kill_after)
                        kill(getpid(), SIGKILL);
                if (insert_sample(f, id, 10 * i) != 1 || write(report, "+", 1) != 1)
                        _exit(1);
        }
}

/* How many were reported as committed by a child that dies after `kill_after`, or by our hand as
 * soon as it has reported `kill_at`. */
static int reported_by_killed_child(struct fixture *f, int kill_after, int kill_at) {
        int pipes[2], n = 0, status = 0;
        char c;

        CHECK_EQ(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0) {
                close(pipes[0]);
                insert_until_killed(f, pipes[1], kill_after);
        }
        close(pipes[1]);
        while (read(pipes[0], &c, 1) == 1)
                if (++n == kill_at)
                        kill(child, SIGKILL);
        close(pipes[0]);
        CHECK(waitpid(child, &status, 0) == child);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
        return n;
}

static void after_kill_9_exactly_what_was_committed_is_there(void) {
        struct fixture f;

        fixture_init(&f);
        CHECK_EQ(reported_by_killed_child(&f, 5, -1), 5);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK(!store_set_aside(f.store));
        CHECK_EQ(fixture_measurements(&f), 5);
        CHECK_EQ(fixture_outbox(&f), 5);
        for (int i = 0; i < 5; i++) {
                char id[MEASUREMENT_ID_SIZE];

                snprintf(id, sizeof id, "k%d", i);
                CHECK_EQ(insert_sample(&f, id, 10 * i), 0);
        }
        CHECK_EQ(insert_sample(&f, "next", 1000), 1);
        fixture_done(&f);
}

/* Killed from outside, wherever it happens to be: one may be committed and not yet reported. */
static void after_kill_9_in_the_middle_nothing_is_lost_or_halved(void) {
        struct fixture f;

        for (int at = 1; at <= 7; at += 2) {
                fixture_init(&f);
                const int reported = reported_by_killed_child(&f, -1, at);
                CHECK(reported >= at);
                CHECK_EQ(fixture_open(&f), 0);
                CHECK(!store_set_aside(f.store));
                const int64_t n = fixture_measurements(&f);
                CHECK(n == reported || n == reported + 1);
                CHECK_EQ(fixture_outbox(&f), n);
                fixture_done(&f);
        }
}

CHECK_MAIN("unit.store", TEST(all_files_are_private_whatever_the_umask),
           TEST(a_loose_directory_and_file_of_ours_are_tightened),
           TEST(a_directory_that_holds_other_things_keeps_its_mode),
           TEST(a_directory_with_our_own_directories_is_tightened),
           TEST(inst_is_made_once_and_differs_between_databases),
           TEST(an_inst_that_would_break_topics_is_made_anew), TEST(small_values_come_back_by_name),
           TEST(a_second_service_is_kept_out_until_the_first_is_gone),
           TEST(durability_is_what_was_promised),
           TEST(an_empty_file_and_an_older_version_are_migrated),
           TEST(version_1_keeps_all_and_can_be_read_from_memory),
           TEST(a_step_that_fails_half_way_leaves_nothing),
           TEST(a_newer_version_is_refused_and_nothing_touched),
           TEST(a_directory_that_cannot_be_is_explained),
           TEST(a_directory_of_another_user_is_explained),
           TEST(after_kill_9_exactly_what_was_committed_is_there),
           TEST(after_kill_9_in_the_middle_nothing_is_lost_or_halved))
