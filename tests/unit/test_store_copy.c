/* A copy of all that a gateway knows: whole, private, and as good as the original; or nothing. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/syscall.h>

#include "store/copy.h"
#include "store/history.h"
#include "store/keys.h"
#include "store_fixture.h"

#define PAGE   4096
#define NOBODY 65534
#define COPY   "copy"

static const uint8_t key_a[STORE_KEY_SIZE] = {0x00, 0x11, 0x22, 0xFF},
                     key_b[STORE_KEY_SIZE] = {0xAA, 0xBB, 0xCC};

/* Names of everything at `path` and below, with modes, each with a newline. */
static void list_into(const char *path, char **at) {
        struct dirent **entries;
        int n = scandir(path, &entries, NULL, alphasort);

        for (int i = 0; i < n; i++) {
                char name[512];
                struct stat st;

                snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
                if (entries[i]->d_name[0] != '.' && lstat(name, &st) == 0) {
                        *at += sprintf(*at, "%s %o\n", entries[i]->d_name,
                                       (unsigned) st.st_mode & 07777);
                        if (S_ISDIR(st.st_mode))
                                list_into(name, at);
                }
                free(entries[i]);
        }
        if (n >= 0)
                free(entries);
}

static const char *list(const char *path) {
        static char text[4096];
        char *at = text;

        *at = '\0';
        list_into(path, &at);
        return text;
}

static void fill(struct fixture *f) {
        struct store_cuff cuff = {.address = cuff_a, .name = "Kitchen", .paired_at = 5};
        struct store_user user = {.cuff = cuff_a, .user = 1, .name = "Anna", .person = "anna"};

        fixture_start(f);
        CHECK_EQ(store_cuffs_save(f->store, &cuff), 0);
        insert_many(f, 3);
        CHECK_EQ(store_users_save(f->store, &user), 0);
        CHECK_EQ(store_outbox_remove(f->store, 1), 0);
        CHECK_EQ(store_key_save(f->directory, &cuff_a, key_a), 0);
        CHECK_EQ(store_key_save(f->directory, &cuff_b, key_b), 0);
}

static void check_copied(struct store *s, const struct fixture *f, const char *to) {
        char *why = NULL;
        int r = store_copy(s, f->directory, to, &why);

        CHECK_EQ(r, 0);
        CHECK(!why);
        if (why)
                printf("# %s\n", why);
        free(why);
}

/* A sentence that names a place and what to do; and of the copy nothing has stayed. */
static void check_refused(struct store *s, const struct fixture *f, const char *to, int error,
                          const char *remedy) {
        char before[4096], *why = NULL;

        snprintf(before, sizeof before, "%s", list(f->directory));
        CHECK_EQ(store_copy(s, f->directory, to, &why), error);
        CHECK_STR(list(f->directory), before);
        CHECK(why && strstr(why, to));
        if (!why || !strstr(why, remedy))
                CHECK_STR(why, remedy);
        CHECK(why && why[strlen(why) - 1] == '.');
        free(why);
}

static int count_row(void *owner, const struct store_measurement *m,
                     const struct store_history_cursor *here) {
        ++*(int *) owner;
        return 0;
}

/* As its owner would after putting the copy in place of a lost directory. */
static void check_restored(const char *path, const char *inst, int measurements) {
        const struct store_history_filter all = {.user = STORE_HISTORY_ANY_USER, .to_s = INT64_MAX};
        struct fixture f = {0};
        uint8_t key[STORE_KEY_SIZE];
        int n = 0;

        snprintf(f.directory, sizeof f.directory, "%s", path);
        CHECK_EQ(fixture_open(&f), 0);
        if (!f.store)
                return;
        CHECK(!store_set_aside(f.store));
        CHECK_STR(store_inst(f.store), inst);
        CHECK_EQ(fixture_measurements(&f), measurements);
        CHECK_EQ(fixture_outbox(&f), measurements - 1);
        CHECK_EQ(store_history_read(f.store, &all, count_row, &n), 0);
        CHECK_EQ(n, measurements);
        CHECK(store_key_load(path, &cuff_a, key) == 0 && memcmp(key, key_a, sizeof key) == 0);
        CHECK(store_key_load(path, &cuff_b, key) == 0 && memcmp(key, key_b, sizeof key) == 0);
        CHECK_EQ(insert_sample(&f, "many1", 10), 0); /* known */
        CHECK_EQ(insert_sample(&f, "after", 9000), 1);
        fixture_close(&f);
}

/* ---- whole ---- */

static void a_running_service_is_copied_and_restored(void) {
        char to[128], before[4096], inst[64];
        struct store_outbox_row row;
        struct store_cuff *cuffs = NULL;
        struct store_user *users = NULL;
        struct fixture f, restored = {0};
        const mode_t mask = umask(0);
        size_t n = 0;

        fill(&f);
        snprintf(inst, sizeof inst, "%s", store_inst(f.store));
        fixture_path(&f, COPY, to);
        snprintf(before, sizeof before, "%s", list(f.directory));
        check_copied(f.store, &f, to);
        CHECK_STR(list(to), "cuff2mqtt.db 600\nkeys 700\naabbcc001122 600\naabbcc001123 600\n");
        CHECK_EQ(insert_sample(&f, "more", 1000), 1); /* and the service goes on */
        check_restored(to, inst, 3);
        CHECK_EQ(fixture_measurements(&f), 4);
        snprintf(restored.directory, sizeof restored.directory, "%.63s", to);
        CHECK_EQ(fixture_open(&restored), 0);
        CHECK_EQ(store_cuffs_list(restored.store, &cuffs, &n), 0);
        CHECK(n == 1 && cuffs[0].paired_at == 5);
        CHECK_STR(cuffs[0].name, "Kitchen");
        CHECK_EQ(store_users_list(restored.store, &cuff_a, &users, &n), 0);
        CHECK(n == 1);
        CHECK_STR(users[0].person, "anna");
        CHECK_EQ(store_outbox_next(restored.store, 0, &row), 0);
        CHECK_EQ(row.sequence, 2);
        CHECK_STR(row.measurement.id, "many1");
        free(cuffs);
        free(users);
        fixture_done(&restored);
        CHECK_STR(list(f.directory), before);
        fixture_done(&f);
        umask(mask);
}

static void modes_and_names(void) {
        struct fixture f;
        char to[128], with_slash[140];
        struct stat st;

        fill(&f);
        fixture_path(&f, COPY, to);
        snprintf(with_slash, sizeof with_slash, "%s//", to);
        check_copied(f.store, &f, with_slash);
        CHECK(stat(to, &st) == 0 && (st.st_mode & 07777) == 0700);
        char *cwd = getcwd(NULL, 0);
        CHECK_EQ(chdir(f.directory), 0);
        check_copied(f.store, &f, "beside");
        CHECK_EQ(chdir(cwd), 0);
        free(cwd);
        CHECK(fixture_exists(&f, "beside/cuff2mqtt.db"));
        fixture_done(&f);
}

static void a_reader_at_rest_copies_and_leaves_no_trace(void) {
        struct store *reader = NULL;
        struct fixture f;
        char *why = NULL, to[] = "/tmp/cuff2mqtt-copy-XXXXXX", inst[64];
        uint64_t before;

        CHECK(mkdtemp(to) && rmdir(to) == 0);
        fill(&f);
        snprintf(inst, sizeof inst, "%s", store_inst(f.store));
        fixture_close(&f);
        before = fixture_sum(&f);
        CHECK_EQ(store_open_reader(f.directory, &reader, &why), 0);
        check_copied(reader, &f, to);
        store_close(reader);
        CHECK_EQ(fixture_sum(&f), before);
        check_restored(to, inst, 3);
        CHECK_EQ(nftw(to, fixture_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
        fixture_done(&f);
}

/* Taken for a file that nobody changes, until a service came. */
static void a_service_that_came_meanwhile_is_copied_too(void) {
        struct store *reader = NULL;
        char *why = NULL, to[128], inst[64];
        struct fixture f;

        fill(&f);
        snprintf(inst, sizeof inst, "%s", store_inst(f.store));
        fixture_close(&f);
        CHECK_EQ(store_open_reader(f.directory, &reader, &why), 0);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK_EQ(insert_sample(&f, "more", 1000), 1);
        fixture_path(&f, COPY, to);
        check_copied(reader, &f, to);
        store_close(reader);
        check_restored(to, inst, 4);
        fixture_done(&f);
}

/* What is not committed yet is not in it, even where it is on the disk already. */
static void in_the_middle_of_another_ones_transaction(void) {
        char to[128], path[128], inst[64];
        struct fixture f;
        sqlite3 *db = NULL;

        fill(&f);
        snprintf(inst, sizeof inst, "%s", store_inst(f.store));
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK_EQ(sqlite3_open(path, &db), SQLITE_OK);
        CHECK_EQ(sqlite3_exec(db,
                              "PRAGMA cache_size = 2; BEGIN;"
                              "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
                              "WHERE i < 500) INSERT INTO measurement (id, cuff, user, systolic,"
                              " diastolic, received_at, measured_at, clock_ok, source, raw) "
                              "SELECT 'n' || i, 'AA:BB:CC:00:11:22', 1, 120, 80, 1, 1, 1, 'memory',"
                              " zeroblob(60) FROM n",
                              NULL, NULL, NULL),
                 SQLITE_OK);
        fixture_path(&f, COPY, to);
        check_copied(f.store, &f, to);
        CHECK_EQ(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
        sqlite3_close(db);
        CHECK_EQ(fixture_measurements(&f), 503);
        check_restored(to, inst, 3);
        fixture_done(&f);
}

static void insert_until_killed(struct fixture *f, int report) {
        if (fixture_open(f) < 0)
                _exit(1);
        for (int i = 0;; i++) {
                char id[MEASUREMENT_ID_SIZE];

                snprintf(id, sizeof id, "w%d", i);
                if (insert_sample(f, id, 10 * i) != 1)
                        _exit(1);
                if (write(report, "!", 1) != 1)
                        _exit(1);
        }
}

/* Each measurement and its outbox row are one transaction: no copy has one without the other. */
static void check_consistent(const struct fixture *f, int64_t at_least) {
        int64_t n = fixture_sql(f, "SELECT count(*) FROM measurement");

        CHECK(n >= at_least);
        CHECK_EQ(fixture_sql(f, "SELECT count(*) FROM outbox"), n);
        CHECK_EQ(fixture_sql(f, "PRAGMA integrity_check(1)"), 0);
}

static void while_a_service_writes_without_rest(void) {
        struct fixture f;
        int report[2];
        char byte[64], name[16], to[128];
        int64_t done = 0;
        struct store *reader = NULL;
        char *why = NULL;
        pid_t child;

        fixture_init(&f);
        CHECK_EQ(pipe(report), 0);
        child = fork();
        if (child == 0) {
                close(report[0]); /* so that it ends with us, whatever happens */
                insert_until_killed(&f, report[1]);
        }
        close(report[1]);
        for (int i = 0; i < 8; i++) {
                struct fixture made = {0};
                ssize_t n = read(report[0], byte, sizeof byte);

                CHECK(n > 0);
                done += n;
                if (!reader)
                        CHECK_EQ(store_open_reader(f.directory, &reader, &why), 0);
                if (!reader)
                        break;
                snprintf(name, sizeof name, "copy%d", i);
                fixture_path(&f, name, to);
                check_copied(reader, &f, to);
                snprintf(made.directory, sizeof made.directory, "%.63s", to);
                check_consistent(&made, done);
        }
        kill(child, SIGKILL);
        CHECK(waitpid(child, NULL, 0) == child);
        close(report[0]);
        store_close(reader);
        free(why);
        fixture_done(&f);
}

static void keys_as_they_are(void) {
        struct fixture f;
        char to[128], path[128], *bytes;

        fill(&f);
        fixture_overwrite(&f, "keys/aabbcc001124", 0, "no key\n", 7);
        fixture_overwrite(&f, "keys/aabbcc001126", 0, "", 0);
        fixture_overwrite(&f, "keys/aabbcc001125.new", 0, "half", 4); /* of a cut-off save */
        fixture_overwrite(&f, "keys/notes.txt", 0, "mine", 4);
        fixture_path(&f, COPY, to);
        check_copied(f.store, &f, to);
        CHECK_STR(list(to), "cuff2mqtt.db 600\nkeys 700\naabbcc001122 600\naabbcc001123 600\n"
                            "aabbcc001124 600\naabbcc001126 600\n");
        CHECK_EQ(fixture_read(&f, COPY "/keys/aabbcc001124", &bytes), 7);
        CHECK(memcmp(bytes, "no key\n", 7) == 0);
        fixture_path(&f, "keys", path);
        CHECK_EQ(nftw(path, fixture_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
        fixture_path(&f, "second", to);
        check_copied(f.store, &f, to);
        CHECK_STR(list(to), "cuff2mqtt.db 600\nkeys 700\n");
        fixture_done(&f);
}

/* ---- nothing ---- */

static void what_is_there_is_left_alone(void) {
        struct fixture f;
        char file[128], directory[128], dangling[128], *bytes;

        fill(&f);
        fixture_overwrite(&f, "file", 0, "mine", 4);
        fixture_path(&f, "file", file);
        fixture_path(&f, "directory", directory);
        fixture_path(&f, "dangling", dangling);
        CHECK_EQ(mkdir(directory, 0755), 0);
        CHECK_EQ(symlink("/nowhere/such", dangling), 0);
        check_refused(f.store, &f, file, -EEXIST, "choose another name");
        check_refused(f.store, &f, directory, -EEXIST, "choose another name");
        check_refused(f.store, &f, dangling, -EEXIST, "choose another name");
        check_refused(f.store, &f, "/", -EEXIST, "choose another name");
        CHECK_EQ(fixture_read(&f, "file", &bytes), 4);
        fixture_done(&f);
}

static void places_that_cannot_be(void) {
        struct fixture f;
        char to[128];

        fill(&f);
        fixture_path(&f, "missing/" COPY, to);
        check_refused(f.store, &f, to, -ENOENT, "/missing`)");
        fixture_overwrite(&f, "file", 0, "mine", 4);
        fixture_path(&f, "file/" COPY, to);
        check_refused(f.store, &f, to, -ENOTDIR, "is not a directory");
        check_refused(f.store, &f, "/proc/" COPY, -ENOENT, "make the directory");
        fixture_done(&f);
}

static void a_file_that_is_no_key_ends_it(void) {
        static char large[1000];
        struct fixture f;
        char to[128], path[128], before[4096], *why = NULL;

        fill(&f);
        memset(large, '0', sizeof large);
        fixture_overwrite(&f, "keys/aabbcc001124", 0, large, sizeof large);
        fixture_path(&f, COPY, to);
        fixture_path(&f, "keys", path);
        snprintf(before, sizeof before, "%s", list(f.directory));
        CHECK_EQ(store_copy(f.store, f.directory, to, &why), -EFBIG);
        CHECK_STR(list(f.directory), before);
        CHECK(why && strstr(why, path) && strstr(why, "is no key: move it away"));
        free(why);
        fixture_done(&f);
}

/* Root is bound by no mode: it becomes nobody for this. */
static void another_user_may_not(void) {
        struct fixture f;
        char to[128], path[128];
        pid_t child;

        fill(&f);
        fixture_close(&f);
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK(chmod(f.directory, 0755) == 0 && chmod(path, 0644) == 0);
        child = fork();
        if (child == 0) {
                struct store *reader = NULL;
                char *why = NULL, theirs[] = "/tmp/cuff2mqtt-copy-XXXXXX";

                if (geteuid() == 0 && (setgid(NOBODY) < 0 || setuid(NOBODY) < 0))
                        _exit(1);
                if (geteuid() != NOBODY)
                        _exit(FIXTURE_SKIP);
                CHECK_EQ(store_open_reader(f.directory, &reader, &why), 0);
                fixture_path(&f, COPY, to);
                check_refused(reader, &f, to, -EACCES, "where this user may write");
                CHECK(mkdtemp(theirs) && rmdir(theirs) == 0);
                CHECK_EQ(store_copy(reader, f.directory, theirs, &why), -EACCES);
                CHECK(why && strstr(why, "/keys") && strstr(why, "as the service's user"));
                CHECK_EQ(access(theirs, F_OK), -1);
                free(why);
                store_close(reader);
                _exit(check_failed);
        }
        fixture_wait(child);
        fixture_done(&f);
}

/* A disk of our own, gone with the process. False where that is not allowed. */
static bool mount_small_disk(const char *path, const char *options, unsigned long flags) {
        return unshare(CLONE_NEWNS) == 0 &&
               mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("none", path, "tmpfs", flags, options) == 0;
}

static void on_a_disk(const char *options, unsigned long flags, int error, const char *remedy) {
        struct fixture f, disk;
        char to[128];
        pid_t child;

        fixture_init(&disk);
        fill(&f);
        fixture_close(&f);
        child = fork();
        if (child == 0) {
                if (!mount_small_disk(disk.directory, options, flags))
                        _exit(FIXTURE_SKIP);
                CHECK_EQ(fixture_open(&f), 0);
                fixture_path(&disk, COPY, to);
                check_refused(f.store, &f, to, error, remedy);
                CHECK_STR(list(disk.directory), "");
                fixture_close(&f);
                _exit(check_failed);
        }
        fixture_wait(child);
        fixture_done(&f);
        fixture_done(&disk);
}

static void a_full_disk_at_every_step(void) {
        /* Of a tmpfs each file and directory takes an inode, its root too. */
        on_a_disk("size=16k", 0, -ENOSPC, "free some space on that disk (`df -h ");
        on_a_disk("size=1m,nr_inodes=1", 0, -ENOSPC, "free some space");
        on_a_disk("size=1m,nr_inodes=2", 0, -ENOSPC, "free some space");
        on_a_disk("size=1m,nr_inodes=3", 0, -ENOSPC, "free some space");
        on_a_disk("size=1m,nr_inodes=4", 0, -ENOSPC, "free some space");
        on_a_disk("size=1m,nr_inodes=5", 0, -ENOSPC, "free some space");
        on_a_disk("size=1m", MS_RDONLY, -EROFS, "make this one writable");
}

/* Of all that the program syncs, by whatever name. */
static int sync_error;

static int sync_file(int fd) {
        if (sync_error == 0)
                return (int) syscall(SYS_fsync, fd);
        errno = sync_error;
        return -1;
}

int fsync(int fd) {
        return sync_file(fd);
}

int fdatasync(int fd) {
        return sync_file(fd);
}

static void a_failing_disk_is_told_from_a_full_one(void) {
        struct fixture f;
        char to[128];

        fill(&f);
        fixture_path(&f, COPY, to);
        sync_error = EIO;
        check_refused(f.store, &f, to, -EIO, "`sudo dmesg` tells which");
        sync_error = 0;
        check_copied(f.store, &f, to);
        fixture_done(&f);
}

static void damage_is_not_copied(void) {
        static uint8_t ones[PAGE];
        struct fixture f;
        char to[128], path[128];
        struct stat st;

        memset(ones, 0xff, sizeof ones);
        fixture_start(&f);
        insert_many(&f, 150);
        fixture_reopen(&f);
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK_EQ(stat(path, &st), 0);
        fixture_overwrite(&f, "cuff2mqtt.db", st.st_size / PAGE / 2 * PAGE, ones, PAGE);
        /* A commit of another connection, and what is in memory counts no more. */
        CHECK_EQ(fixture_sql(&f, "INSERT INTO meta VALUES ('a', 'b')"), 0);
        fixture_path(&f, COPY, to);
        check_refused(f.store, &f, to, -EUCLEAN, "restart the service");
        fixture_done(&f);
}

CHECK_MAIN("unit.store_copy", TEST(a_running_service_is_copied_and_restored), TEST(modes_and_names),
           TEST(a_reader_at_rest_copies_and_leaves_no_trace),
           TEST(a_service_that_came_meanwhile_is_copied_too),
           TEST(in_the_middle_of_another_ones_transaction),
           TEST(while_a_service_writes_without_rest), TEST(keys_as_they_are),
           TEST(what_is_there_is_left_alone), TEST(places_that_cannot_be),
           TEST(a_file_that_is_no_key_ends_it), TEST(another_user_may_not),
           TEST(a_full_disk_at_every_step), TEST(a_failing_disk_is_told_from_a_full_one),
           TEST(damage_is_not_copied))
