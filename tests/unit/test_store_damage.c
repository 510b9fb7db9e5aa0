/* Damaged files and full disks: nothing lost in silence, and work goes on. */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>

#include "store/marks.h"
#include "store_fixture.h"
#include "store_v1.h"

#define PAGE 4096

static void write_at(const struct fixture *f, const char *name, off_t at, const void *bytes,
                     size_t n) {
        char path[128];

        fixture_path(f, name, path);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        CHECK(fd >= 0 && pwrite(fd, bytes, n, at) == (ssize_t) n);
        if (fd >= 0)
                close(fd);
}

static off_t size_of(const struct fixture *f, const char *name) {
        char path[128];
        struct stat st;

        fixture_path(f, name, path);
        return stat(path, &st) < 0 ? -1 : st.st_size;
}

#define MANY        150
#define PER_PAGE    40 /* more measurements than fit on one page */
#define PER_PAGE_V1 50

static int64_t outbox_count(const struct fixture *f) {
        int64_t n = -1;

        CHECK_EQ(store_outbox_count(f->store, &n), 0);
        return n;
}

/* A store with a cuff, a named user and enough measurements for many pages. Returns its inst. */
static void fill(struct fixture *f, char inst[64]) {
        struct store_cuff cuff = {.address = cuff_a, .name = "Kitchen", .paired_at = 1};
        struct store_user user = {.cuff = cuff_a, .user = 1, .name = "Anna", .person = "anna"};

        fixture_start(f);
        CHECK_EQ(store_cuffs_save(f->store, &cuff), 0);
        CHECK_EQ(store_users_save(f->store, &user), 0);
        CHECK_EQ(store_meta_set(f->store, "log.level", "debug"), 0);
        insert_many(f, MANY);
        snprintf(inst, 64, "%s", store_inst(f->store));
        fixture_close(f);
}

static void check_saved(const struct fixture *f, const char *inst) {
        struct store_cuff *cuffs = NULL;
        struct store_user *users = NULL;
        char *level = NULL;
        size_t n = 0;

        CHECK_STR(store_inst(f->store), inst);
        CHECK_EQ(store_cuffs_list(f->store, &cuffs, &n), 0);
        CHECK(n == 1 && strcmp(cuffs[0].name, "Kitchen") == 0 && cuffs[0].paired_at == 1);
        free(cuffs);
        CHECK_EQ(store_users_list(f->store, &cuff_a, &users, &n), 0);
        CHECK(n == 1 && strcmp(users[0].name, "Anna") == 0 && strcmp(users[0].person, "anna") == 0);
        free(users);
        CHECK_EQ(store_meta_get(f->store, "log.level", &level), 0);
        CHECK_STR(level, "debug");
        free(level);
}

/* The name is dated, and the file under it is the damaged one. */
static void check_set_aside(const struct fixture *f, off_t size) {
        const char *aside = store_set_aside(f->store), *dated = "cuff2mqtt.db.corrupt-20";
        struct stat st = {0};

        CHECK(aside && strncmp(aside, f->directory, strlen(f->directory)) == 0);
        CHECK(aside && strncmp(aside + strlen(f->directory) + 1, dated, strlen(dated)) == 0);
        CHECK(aside && stat(aside, &st) == 0 && st.st_size == size);
        CHECK_EQ(insert_sample(f, "new", 90000), 1);
}

static void garbage_is_set_aside_and_a_new_database_works(void) {
        static const char garbage[5000] = "This is not a database.";
        struct fixture f;

        fixture_init(&f);
        write_at(&f, "cuff2mqtt.db", 0, garbage, sizeof garbage);
        CHECK_EQ(fixture_open(&f), 0);
        check_set_aside(&f, sizeof garbage);
        fixture_reopen(&f);
        CHECK(!store_set_aside(f.store));
        CHECK_EQ(fixture_measurements(&f), 1);
        fixture_done(&f);
}

static void one_set_aside_never_overwrites_another(void) {
        char first[200] = "", path[200];
        struct stat st;
        struct fixture f;

        fixture_init(&f);
        for (int i = 1; i <= 3; i++) {
                fixture_close(&f);
                char garbage[100] = {(char) i};

                fixture_path(&f, "cuff2mqtt.db", path);
                (void) remove(path);
                write_at(&f, "cuff2mqtt.db", 0, garbage, (size_t) (50 + i));
                CHECK_EQ(fixture_open(&f), 0);
                CHECK(store_set_aside(f.store) && strcmp(store_set_aside(f.store), first) != 0);
                if (i == 1 && store_set_aside(f.store))
                        snprintf(first, sizeof first, "%s", store_set_aside(f.store));
        }
        CHECK(stat(first, &st) == 0 && st.st_size == 51);
        fixture_done(&f);
}

static void a_truncated_file_is_set_aside_and_ids_survive(void) {
        char inst[64], path[128];
        struct fixture f;

        fill(&f, inst);
        const off_t size = size_of(&f, "cuff2mqtt.db") / PAGE / 2 * PAGE + 100;
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK_EQ(truncate(path, size), 0);
        CHECK_EQ(fixture_open(&f), 0);
        check_set_aside(&f, size);
        check_saved(&f, inst);
        fixture_done(&f);
}

/* One page after the other, each time in a fresh file: whatever happens, it ends in a store that
 * works and every damage to a table of measurements leaves cuffs and ids alone. */
static void any_flipped_page_is_survived(void) {
        static uint8_t ones[PAGE];
        char inst[64], path[128];
        struct fixture f;
        int kept = 0, told = 0, pages = 0;

        memset(ones, 0xff, sizeof ones);
        fill(&f, inst);
        pages = (int) (size_of(&f, "cuff2mqtt.db") / PAGE);
        fixture_path(&f, "cuff2mqtt.db", path);
        CHECK(pages > 12);
        static uint8_t whole[100 * PAGE];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        CHECK_EQ(read(fd, whole, sizeof whole), (long) pages * PAGE);
        close(fd);
        for (int page = 0; page < pages; page++) {
                write_at(&f, "cuff2mqtt.db", 0, whole, (size_t) pages * PAGE);
                write_at(&f, "cuff2mqtt.db", (off_t) page * PAGE, ones, sizeof ones);
                CHECK_EQ(fixture_open(&f), 0);
                CHECK(store_set_aside(f.store));
                kept += strcmp(store_inst(f.store), inst) == 0;
                if (page == pages - 3)
                        check_saved(&f, inst);
                told += fixture_measurements(&f) >= MANY - PER_PAGE &&
                        outbox_count(&f) >= MANY - PER_PAGE;
                CHECK_EQ(insert_sample(&f, "new", 90000), 1);
                fixture_close(&f);
        }
        CHECK(kept >= pages - 4); /* lost with the header, the schema or its own table only */
        CHECK(told >= pages - 6); /* a page of measurements takes its own along, and no others */
        fixture_done(&f);
}

/* As many as have pages of their own: what lies behind the damage is saved, too. */
static void names_and_settings_are_saved_from_both_ends(void) {
        static const char what[] = "SELECT (SELECT count(*) FROM meta WHERE key = 'person.599') + "
                                   "(SELECT count(*) FROM user WHERE name = 'User 250')";
        static uint8_t ones[PAGE], whole[100 * PAGE];
        char inst[64], path[128];
        int pages, saved = 0;
        struct fixture f;

        memset(ones, 0xff, sizeof ones);
        fill(&f, inst);
        CHECK_EQ(fixture_sql(&f, "WITH n(i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE "
                                 "i < 599) INSERT INTO meta SELECT 'person.' || i, '' FROM n"),
                 0);
        CHECK_EQ(fixture_sql(
                         &f,
                         "WITH n(i) AS (VALUES (2) UNION ALL SELECT i + 1 FROM n WHERE "
                         "i < 250) INSERT INTO user SELECT 'AA:BB:CC:00:11:22', i, 'User ' || i, "
                         "printf('%60d', i) FROM n"),
                 0);
        fixture_path(&f, "cuff2mqtt.db", path);
        pages = (int) (size_of(&f, "cuff2mqtt.db") / PAGE);
        CHECK(pages > 20 && pages <= 100);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        CHECK_EQ(read(fd, whole, sizeof whole), (long) pages * PAGE);
        close(fd);
        for (int page = 0; page < pages; page++) {
                write_at(&f, "cuff2mqtt.db", 0, whole, (size_t) pages * PAGE);
                write_at(&f, "cuff2mqtt.db", (off_t) page * PAGE, ones, sizeof ones);
                CHECK_EQ(fixture_open(&f), 0);
                saved += fixture_sql(&f, what) == 2;
                fixture_close(&f);
        }
        CHECK(saved >= pages - 5); /* lost with the header, the roots and their own pages only */
        fixture_done(&f);
}

/* What came with the memory of cuffs is saved, but not how far it was read: that is read again. */
static void memory_is_saved_and_read_again_after_damage(void) {
        static uint8_t ones[PAGE];
        struct store_cuff cuff = {.address = cuff_a,
                                  .memory_model = "HEM-7155T",
                                  .token = STORE_TOKEN_SILENCES,
                                  .unread = {.known = true, .value = 7},
                                  .writes = STORE_WRITES_REFUSED},
                          *cuffs = NULL;
        struct omron_mark mark = {.known = true, .slot = 5, .hash = 6};
        struct store_measurement m = sample("record", 50), got;
        char inst[64];
        size_t n = 0;
        struct fixture f;

        memset(ones, 0xff, sizeof ones);
        fill(&f, inst);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK_EQ(store_cuffs_save(f.store, &cuff), 0);
        CHECK_EQ(store_marks_save(f.store, &cuff_a, &mark, 1), 0);
        m.measurement.irregular_beats = (struct number){.known = true, .value = 3};
        m.measurement.series_position = (struct number){.known = true, .value = 2};
        m.measurement.user = 2;
        m.behind = true;
        snprintf(m.source, sizeof m.source, "memory");
        m.raw[0] = 9;
        CHECK_EQ(store_measurements_insert(f.store, &m), 0); /* many5, claimed */
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM measurement WHERE other = x'097800'"), 1);
        m = sample("alone", 7);
        m.measurement.artifacts = (struct number){.known = true, .value = 4};
        m.measurement.user = 2;
        m.behind = true;
        snprintf(m.source, sizeof m.source, "memory");
        CHECK_EQ(store_measurements_insert(f.store, &m), 1);
        fixture_close(&f);
        write_at(&f, "cuff2mqtt.db", size_of(&f, "cuff2mqtt.db") / PAGE / 2 * PAGE, ones, PAGE);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK(store_set_aside(f.store));
        CHECK_EQ(store_cuffs_list(f.store, &cuffs, &n), 0);
        CHECK(n == 1 && strcmp(cuffs[0].memory_model, "HEM-7155T") == 0 &&
              cuffs[0].token == STORE_TOKEN_SILENCES && cuffs[0].unread.value == 7 &&
              cuffs[0].writes == STORE_WRITES_REFUSED);
        free(cuffs);
        CHECK_EQ(fixture_sql(&f, "SELECT count(*) FROM measurement WHERE other = x'097800' AND "
                                 "irregular_beats = 3 AND series_position = 2"),
                 1);
        CHECK_EQ(store_measurements_newest(f.store, &cuff_a, 2, &got), 0);
        CHECK(got.behind && got.measurement.artifacts.value == 4);
        CHECK_EQ(store_marks_load(f.store, &cuff_a, &mark, 1), 0);
        CHECK(!mark.known);
        fixture_done(&f);
}

/* The service was updated, and a page of the file went bad before it could be migrated. */
static void a_damaged_version_1_is_saved_too(void) {
        static uint8_t ones[PAGE], whole[100 * PAGE];
        char path[128];
        struct fixture f;
        int kept = 0, told = 0, pages;

        memset(ones, 0xff, sizeof ones);
        fixture_init(&f);
        fixture_v1(&f, MANY);
        pages = (int) (size_of(&f, "cuff2mqtt.db") / PAGE);
        fixture_path(&f, "cuff2mqtt.db", path);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        CHECK_EQ(read(fd, whole, sizeof whole), (long) pages * PAGE);
        close(fd);
        for (int page = 1; page < pages; page++) {
                struct store_cuff *cuffs = NULL;
                size_t n = 0;

                write_at(&f, "cuff2mqtt.db", 0, whole, (size_t) pages * PAGE);
                write_at(&f, "cuff2mqtt.db", (off_t) page * PAGE, ones, sizeof ones);
                CHECK_EQ(fixture_open(&f), 0);
                CHECK(store_set_aside(f.store));
                CHECK_EQ(store_cuffs_list(f.store, &cuffs, &n), 0);
                kept += n == 1 && strcmp(cuffs[0].name, "Kitchen") == 0 &&
                        strcmp(store_inst(f.store), "cuff2mqtt_0123456789ab") == 0;
                free(cuffs);
                told += fixture_measurements(&f) >= MANY - PER_PAGE_V1 &&
                        fixture_outbox(&f) >= MANY - PER_PAGE_V1;
                CHECK_EQ(insert_sample(&f, "new", 90000), 1);
                fixture_close(&f);
        }
        CHECK(kept >= pages - 4); /* as with a database of today: any_flipped_page_is_survived */
        CHECK(told >= pages - 4);
        fixture_done(&f);
}

/* Behind the largest number there is no next one: a database saved with it would be full for
 * ever. */
static void an_impossible_place_in_the_outbox_gets_another(void) {
        static const uint8_t rubbish[16] = {0xFF};
        struct store_outbox_row row;
        struct fixture f;
        int page;

        fixture_start(&f);
        CHECK_EQ(insert_sample(&f, "one", 0), 1);
        CHECK_EQ(insert_sample(&f, "two", 100), 1);
        CHECK_EQ(fixture_sql(&f, "UPDATE outbox SET sequence = 9223372036854775807 "
                                 "WHERE sequence = 1"),
                 0);
        page = (int) fixture_sql(&f, "SELECT rootpage FROM sqlite_schema WHERE name = 'rejected'");
        fixture_close(&f);
        write_at(&f, "cuff2mqtt.db", (page - 1) * PAGE, rubbish, sizeof rubbish);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK(store_set_aside(f.store));
        CHECK_EQ(insert_sample(&f, "three", 200), 1);
        CHECK_EQ(fixture_outbox(&f), 3);
        CHECK_EQ(store_outbox_next(f.store, 2, &row), 0);
        CHECK_STR(row.measurement.id, "one");
        fixture_done(&f);
}

/* A service killed with measurements still in the log, then a page goes bad. */
static void the_log_goes_aside_with_its_database(void) {
        static uint8_t ones[PAGE];
        char inst[64], path[256];
        struct stat st;
        struct fixture f;
        int status;

        memset(ones, 0xff, sizeof ones);
        fill(&f, inst);
        pid_t child = fork();
        if (child == 0) {
                if (fixture_open(&f) < 0 || insert_sample(&f, "logged", 5000) != 1)
                        _exit(1);
                kill(getpid(), SIGKILL);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
        const off_t wal = size_of(&f, "cuff2mqtt.db-wal");
        CHECK(wal > 0);
        write_at(&f, "cuff2mqtt.db", 14 * PAGE, ones, sizeof ones);
        CHECK_EQ(fixture_open(&f), 0);
        check_saved(&f, inst);
        CHECK(store_set_aside(f.store));
        snprintf(path, sizeof path, "%s-wal", store_set_aside(f.store));
        CHECK(stat(path, &st) == 0 && st.st_size == wal);
        fixture_reopen(&f);
        CHECK(fixture_measurements(&f) >
              MANY - PER_PAGE); /* the old log was not played into the new file */
        fixture_done(&f);
}

static void a_replacement_cut_off_between_two_names_is_ended(void) {
        char inst[64], path[128], fresh[128];
        struct fixture f;

        fill(&f, inst);
        fixture_path(&f, "cuff2mqtt.db", path);
        fixture_path(&f, "cuff2mqtt.db.new", fresh);
        CHECK_EQ(rename(path, fresh), 0);
        CHECK_EQ(fixture_open(&f), 0);
        CHECK_STR(store_inst(f.store), inst);
        CHECK_EQ(fixture_measurements(&f), 150);
        fixture_close(&f);
        write_at(&f, "cuff2mqtt.db.new", 0, "left over", 9); /* and one that was cut off earlier */
        CHECK_EQ(fixture_open(&f), 0);
        CHECK_EQ(fixture_measurements(&f), 150);
        fixture_done(&f);
}

static int insert_until_refused(const struct fixture *f, int *ret_n) {
        int r;

        do {
                char id[MEASUREMENT_ID_SIZE];

                snprintf(id, sizeof id, "n%d", ++*ret_n);
                r = insert_sample(f, id, 10 * *ret_n);
        } while (r == 1 && *ret_n < 10000);
        return r;
}

/* Insert says the disk is full, nothing is half there, and with room again it goes on as if nothing
 * had been. `relieve` makes the room. */
static void check_full_disk(const struct fixture *f, void (*relieve)(const struct fixture *f)) {
        int n = 0;

        CHECK_EQ(insert_until_refused(f, &n), -ENOSPC);
        CHECK(n > 1);
        CHECK_EQ(insert_sample(f, "again", -100), -ENOSPC);
        CHECK_EQ(fixture_measurements(f), n - 1);
        CHECK_EQ(fixture_outbox(f), n - 1);
        relieve(f);
        CHECK_EQ(insert_sample(f, "again", -100), 1);
        CHECK_EQ(fixture_measurements(f), n);
        CHECK_EQ(fixture_outbox(f), n);
}

static void lift_limit(const struct fixture *f) {
        struct rlimit limit;

        CHECK_EQ(getrlimit(RLIMIT_FSIZE, &limit), 0);
        limit.rlim_cur = limit.rlim_max;
        CHECK_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void a_file_that_may_not_grow_is_full_and_then_works(void) {
        struct fixture f;

        fixture_start(&f);
        fixture_close(&f);
        pid_t child = fork();
        if (child == 0) {
                struct rlimit limit;

                signal(SIGXFSZ, SIG_IGN);
                if (fixture_open(&f) < 0 || getrlimit(RLIMIT_FSIZE, &limit) < 0)
                        abort();
                limit.rlim_cur = 200000;
                CHECK_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
                check_full_disk(&f, lift_limit);
                fixture_reopen(&f);
                CHECK(!store_set_aside(f.store));
                CHECK_EQ(insert_sample(&f, "last", -200), 1);
                fixture_close(&f);
                _exit(check_failed);
        }
        fixture_wait(child);
        fixture_done(&f);
}

/* A disk of our own, gone with the process. False where that is not allowed. */
static bool mount_small_disk(const struct fixture *f, const char *options) {
        return unshare(CLONE_NEWNS) == 0 &&
               mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
               mount("none", f->directory, "tmpfs", 0, options) == 0;
}

static void free_ballast(const struct fixture *f) {
        char path[128];

        fixture_path(f, "cuff2mqtt.ballast", path);
        CHECK_EQ(unlink(path), 0);
}

static void fill_with_ballast(const struct fixture *f, size_t size) {
        static const char block[PAGE];

        for (size_t at = 0; at < size; at += sizeof block)
                write_at(f, "cuff2mqtt.ballast", (off_t) at, block, sizeof block);
}

static void fill_disk(const struct fixture *f) {
        static const char block[PAGE];
        char path[128];

        fixture_path(f, "cuff2mqtt.ballast", path);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        while (write(fd, block, sizeof block) > 0)
                ;
        CHECK_EQ(errno, ENOSPC);
        close(fd);
}

static void run_on_small_disk(void (*run)(struct fixture *f)) {
        struct fixture f;

        fixture_init(&f);
        pid_t child = fork();
        if (child == 0) {
                if (!mount_small_disk(&f, "size=4m"))
                        _exit(FIXTURE_SKIP);
                run(&f);
                _exit(check_failed);
        }
        fixture_wait(child);
        fixture_done(&f);
}

static void fill_and_free(struct fixture *f) {
        fill_with_ballast(f, 500000);
        CHECK_EQ(fixture_open(f), 0);
        check_full_disk(f, free_ballast);
        fixture_reopen(f);
        CHECK(!store_set_aside(f->store));
        fixture_close(f);
}

static void a_full_disk_says_so_and_works_again_when_it_is_freed(void) {
        run_on_small_disk(fill_and_free);
}

static void check_open_fails(const struct fixture *f, int error, const char *remedy) {
        struct store *s = NULL;
        char *why = NULL;

        CHECK_EQ(store_open(f->directory, &s, &why), error);
        CHECK(why && strstr(why, f->directory) && strstr(why, remedy));
        CHECK(!s);
        store_close(s);
        free(why);
}

/* A store with measurements, a damaged page, and no room beside it. Returns its inst and size. */
static off_t damage_and_fill(struct fixture *f, char inst[64]) {
        static uint8_t ones[PAGE];

        memset(ones, 0xff, sizeof ones);
        CHECK_EQ(fixture_open(f), 0);
        snprintf(inst, 64, "%s", store_inst(f->store));
        insert_many(f, 60);
        fixture_close(f);
        const off_t size = size_of(f, "cuff2mqtt.db");
        write_at(f, "cuff2mqtt.db", size - 3 * PAGE, ones, sizeof ones);
        fill_disk(f);
        return size;
}

static void damage_on_full_disk(struct fixture *f) {
        char inst[64];
        const off_t size = damage_and_fill(f, inst);

        check_open_fails(f, -ENOSPC, "free some space");
        CHECK_EQ(size_of(f, "cuff2mqtt.db"), size);
        free_ballast(f);
        CHECK_EQ(fixture_open(f), 0);
        check_set_aside(f, size);
        CHECK_STR(store_inst(f->store), inst);
        fixture_close(f);
}

static void a_damaged_file_stays_until_there_is_room_for_a_new_one(void) {
        run_on_small_disk(damage_on_full_disk);
}

/* With any room there is less than what is needed, and with enough: nothing is lost. */
static void damage_with_little_room(struct fixture *f) {
        char inst[64], path[128];
        struct store *s = NULL;
        int r = -ENOSPC;
        const off_t size = damage_and_fill(f, inst);

        fixture_path(f, "cuff2mqtt.ballast", path);
        off_t ballast = size_of(f, "cuff2mqtt.ballast");
        for (; r == -ENOSPC && ballast >= PAGE; ballast -= PAGE) {
                char *why = NULL;

                CHECK_EQ(truncate(path, ballast), 0);
                r = store_open(f->directory, &s, &why);
                free(why);
                if (r < 0)
                        CHECK_EQ(size_of(f, "cuff2mqtt.db"), size);
        }
        CHECK_EQ(r, 0);
        f->store = s;
        if (!s)
                return;
        check_set_aside(f, size);
        CHECK_STR(store_inst(s), inst);
        CHECK(fixture_measurements(f) > 30);
        fixture_close(f);
}

static void a_replacement_has_room_for_all_or_is_not_made(void) {
        run_on_small_disk(damage_with_little_room);
}

static void read_only_disk(struct fixture *f) {
        CHECK_EQ(fixture_open(f), 0);
        fixture_close(f);
        CHECK_EQ(mount("none", f->directory, "none", MS_REMOUNT | MS_RDONLY, NULL), 0);
        check_open_fails(f, -EROFS, "SD card");
}

static void a_read_only_disk_is_explained(void) {
        run_on_small_disk(read_only_disk);
}

CHECK_MAIN("unit.store_damage", TEST(garbage_is_set_aside_and_a_new_database_works),
           TEST(one_set_aside_never_overwrites_another),
           TEST(a_truncated_file_is_set_aside_and_ids_survive), TEST(any_flipped_page_is_survived),
           TEST(names_and_settings_are_saved_from_both_ends),
           TEST(memory_is_saved_and_read_again_after_damage),
           TEST(a_damaged_version_1_is_saved_too),
           TEST(an_impossible_place_in_the_outbox_gets_another),
           TEST(the_log_goes_aside_with_its_database),
           TEST(a_replacement_cut_off_between_two_names_is_ended),
           TEST(a_file_that_may_not_grow_is_full_and_then_works),
           TEST(a_full_disk_says_so_and_works_again_when_it_is_freed),
           TEST(a_damaged_file_stays_until_there_is_room_for_a_new_one),
           TEST(a_replacement_has_room_for_all_or_is_not_made), TEST(a_read_only_disk_is_explained))
