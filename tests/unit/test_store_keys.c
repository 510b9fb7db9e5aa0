/* Keys, backups and dumps: files of their own that survive the database. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "store/backup.h"
#include "store/keys.h"
#include "store/store.h"

#define DIGITS "00112233445566778899aabbccddeeff"

static const struct bdaddr cuff = {{0x00, 0x5F, 0xBF, 0x11, 0x22, 0x33}};
static const uint8_t key[STORE_KEY_SIZE] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                            0x88, 0x99, 0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF};

struct place {
        char directory[32], path[96];
};

static struct place place(void) {
        struct place p = {.directory = "/tmp/cuff2mqtt-keys-XXXXXX"};

        if (!mkdtemp(p.directory))
                abort();
        return p;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
        return remove(path);
}

static void place_done(const struct place *p) {
        CHECK_EQ(nftw(p->directory, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static const char *in(struct place *p, const char *name) {
        snprintf(p->path, sizeof p->path, "%s/%s", p->directory, name);
        return p->path;
}

static mode_t mode_of(struct place *p, const char *name) {
        struct stat st = {0};

        CHECK_EQ(stat(in(p, name), &st), 0);
        return st.st_mode & 07777;
}

static void write_file(struct place *p, const char *name, const void *bytes, size_t n,
                       mode_t mode) {
        int fd = open(in(p, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

        CHECK(fd >= 0 && write(fd, bytes, n) == (ssize_t) n);
        CHECK(fd >= 0 && fchmod(fd, mode) == 0);
        if (fd >= 0)
                close(fd);
}

static void check_file(struct place *p, const char *name, const void *bytes, size_t n) {
        char got[400];
        FILE *file = fopen(in(p, name), "re");

        CHECK(file);
        if (!file)
                return;
        CHECK(fread(got, 1, sizeof got, file) == n && memcmp(got, bytes, n) == 0);
        fclose(file);
        CHECK_EQ(mode_of(p, name), 0600);
}

static int count(struct place *p, const char *room) {
        DIR *d = opendir(in(p, room));
        int n = 0;

        for (struct dirent *e; d && (e = readdir(d));)
                n += e->d_name[0] != '.';
        if (d)
                closedir(d);
        return n;
}

static void a_key_comes_back_from_a_private_file(void) {
        const mode_t before = umask(0);
        uint8_t got[STORE_KEY_SIZE] = {0};
        struct place p = place();

        CHECK_EQ(store_key_load(p.directory, &cuff, got), -ENOENT);
        CHECK_EQ(store_key_save(p.directory, &cuff, key), 0);
        CHECK_EQ(mode_of(&p, "keys"), 0700);
        check_file(&p, "keys/005fbf112233", DIGITS "\n", 33);
        CHECK_EQ(store_key_load(p.directory, &cuff, got), 0);
        CHECK(memcmp(got, key, sizeof key) == 0);
        CHECK_EQ(store_key_load(p.directory, &(struct bdaddr){{1}}, got), -ENOENT);
        CHECK_EQ(count(&p, "keys"), 1);
        place_done(&p);
        umask(before);
}

static void a_new_key_takes_the_place_of_the_old(void) {
        uint8_t other[STORE_KEY_SIZE] = {1}, got[STORE_KEY_SIZE] = {0};
        struct place p = place();

        CHECK_EQ(store_key_save(p.directory, &cuff, key), 0);
        CHECK_EQ(chmod(in(&p, "keys/005fbf112233"), 0644), 0);
        /* What a power cut in an earlier save left: longer than a key, and open to all. */
        write_file(&p, "keys/005fbf112233.new", DIGITS DIGITS, 64, 0666);
        CHECK_EQ(store_key_save(p.directory, &cuff, other), 0);
        CHECK_EQ(store_key_load(p.directory, &cuff, got), 0);
        CHECK(memcmp(got, other, sizeof other) == 0);
        CHECK_EQ(mode_of(&p, "keys/005fbf112233"), 0600);
        CHECK_EQ(count(&p, "keys"), 1);
        place_done(&p);
}

static void loose_modes_are_tightened(void) {
        uint8_t got[STORE_KEY_SIZE];
        struct place p = place();

        CHECK_EQ(store_key_save(p.directory, &cuff, key), 0);
        CHECK_EQ(chmod(in(&p, "keys/005fbf112233"), 0644), 0);
        CHECK_EQ(chmod(in(&p, "keys"), 0755), 0);
        CHECK_EQ(store_key_load(p.directory, &cuff, got), 0);
        CHECK_EQ(mode_of(&p, "keys/005fbf112233"), 0600);
        CHECK_EQ(mode_of(&p, "keys"), 0700);
        place_done(&p);
}

static void keys_survive_the_database(void) {
        static const char garbage[5000] = "This is not a database.";
        uint8_t got[STORE_KEY_SIZE] = {0};
        struct place p = place();
        struct store *s = NULL;
        char *why = NULL;

        CHECK_EQ(store_key_save(p.directory, &cuff, key), 0);
        write_file(&p, "cuff2mqtt.db", garbage, sizeof garbage, 0600);
        CHECK_EQ(store_open(p.directory, &s, &why), 0);
        CHECK(s && store_set_aside(s));
        store_close(s);
        free(why);
        CHECK_EQ(store_key_load(p.directory, &cuff, got), 0);
        CHECK(memcmp(got, key, sizeof key) == 0);
        place_done(&p);
}

static void what_people_write_is_a_key_too(void) {
        static const char *const good[] = {
                DIGITS,
                DIGITS "\n",
                DIGITS "\r\n",
                DIGITS " \t\n\n",
                "00112233445566778899AABBCCDDEEFF",
                "00112233445566778899AabBccDDeeFF\n",
        };
        uint8_t got[STORE_KEY_SIZE];
        struct place p = place();

        CHECK_EQ(mkdir(in(&p, "keys"), 0700), 0);
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
                memset(got, 0x5A, sizeof got);
                CHECK_EQ(store_key_parse(good[i], got), 0);
                CHECK(memcmp(got, key, sizeof key) == 0);
                memset(got, 0x5A, sizeof got);
                write_file(&p, "keys/005fbf112233", good[i], strlen(good[i]), 0600);
                CHECK_EQ(store_key_load(p.directory, &cuff, got), 0);
                CHECK(memcmp(got, key, sizeof key) == 0);
        }
        place_done(&p);
}

static void what_is_no_key_is_refused_and_nothing_written(void) {
        static const struct {
                const char *text;
                size_t n;
        } bad[] = {
                {"", 0},
                {"\n", 1},
                {"00112233445566778899aabbccddeef", 31},
                {"00112233445566778899aabbccddeef\n", 32},
                {DIGITS "0", 33},
                {DIGITS " 0", 34},
                {" " DIGITS, 33},
                {"0g112233445566778899aabbccddeeff", 32},
                {"0@112233445566778899aabbccddeeff", 32},
                {"0`112233445566778899aabbccddeeff", 32},
                {"00:11:22:33:44:55:66:77:88:99:aa:bb:cc:dd:ee:ff", 47},
                {DIGITS "\0garbage", 40},
                {DIGITS DIGITS DIGITS, 96},
                {DIGITS "                                        x", 73},
        };
        uint8_t got[STORE_KEY_SIZE], untouched[STORE_KEY_SIZE];
        struct place p = place();

        memset(got, 0x5A, sizeof got);
        memcpy(untouched, got, sizeof got);
        CHECK_EQ(mkdir(in(&p, "keys"), 0700), 0);
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                if (strlen(bad[i].text) == bad[i].n)
                        CHECK_EQ(store_key_parse(bad[i].text, got), -EBADMSG);
                write_file(&p, "keys/005fbf112233", bad[i].text, bad[i].n, 0600);
                CHECK_EQ(store_key_load(p.directory, &cuff, got), -EBADMSG);
                CHECK(memcmp(got, untouched, sizeof got) == 0);
        }
        CHECK_EQ(unlink(in(&p, "keys/005fbf112233")), 0);
        CHECK_EQ(mkdir(in(&p, "keys/005fbf112233"), 0700), 0);
        CHECK_EQ(store_key_load(p.directory, &cuff, got), -EISDIR);
        place_done(&p);
}

/* Root is bound by no mode: it becomes nobody for this. */
static void a_key_of_another_user_is_told_from_none(void) {
        uint8_t got[STORE_KEY_SIZE];
        struct place p = place();
        int status = 0;

        CHECK_EQ(store_key_save(p.directory, &cuff, key), 0);
        CHECK_EQ(chmod(p.directory, 0755), 0);
        CHECK_EQ(chmod(in(&p, "keys/005fbf112233"), 0), 0);
        if (geteuid() == 0)
                CHECK_EQ(chmod(in(&p, "keys"), 0755), 0);
        pid_t child = fork();
        if (child == 0) {
                if (geteuid() == 0 && setuid(65534) < 0)
                        abort();
                CHECK_EQ(store_key_load(p.directory, &cuff, got), -EACCES);
                if (geteuid() == 65534)
                        CHECK_EQ(store_key_save(p.directory, &cuff, key), -EACCES);
                _exit(check_failed);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        place_done(&p);
}

/* No byte more can be written: the old key stays, and no half one is left beside it. */
static void on_a_full_disk_the_old_key_stays(void) {
        uint8_t other[STORE_KEY_SIZE] = {1}, got[STORE_KEY_SIZE] = {0};
        struct place p = place();
        int status = 0;

        CHECK_EQ(store_key_save(p.directory, &cuff, key), 0);
        pid_t child = fork();
        if (child == 0) {
                signal(SIGXFSZ, SIG_IGN);
                CHECK_EQ(setrlimit(RLIMIT_FSIZE, &(struct rlimit){20, 20}), 0);
                _exit(store_key_save(p.directory, &cuff, other) == -EFBIG ? 0 : 1);
        }
        CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
        CHECK_EQ(store_key_load(p.directory, &cuff, got), 0);
        CHECK(memcmp(got, key, sizeof key) == 0);
        CHECK_EQ(count(&p, "keys"), 1);
        place_done(&p);
}

/* A reader at any moment sees one whole key, also while the writer is killed again and again. */
static void a_save_that_is_killed_leaves_one_whole_key(void) {
        uint8_t keys[2][STORE_KEY_SIZE] = {{1}, {2}}, got[STORE_KEY_SIZE];
        struct place p = place();
        char c;

        CHECK_EQ(store_key_save(p.directory, &cuff, keys[0]), 0);
        for (int round = 1; round <= 8; round++) {
                int pipes[2], status = 0;

                CHECK_EQ(pipe(pipes), 0);
                pid_t child = fork();
                if (child == 0) {
                        for (int i = 0;; i++)
                                if (store_key_save(p.directory, &cuff, keys[i % 2]) < 0 ||
                                    write(pipes[1], "+", 1) != 1)
                                        _exit(1);
                }
                close(pipes[1]);
                for (int i = 0; i < round; i++) {
                        CHECK_EQ(read(pipes[0], &c, 1), 1);
                        CHECK_EQ(store_key_load(p.directory, &cuff, got), 0);
                        CHECK(got[0] == 1 || got[0] == 2);
                }
                kill(child, SIGKILL);
                CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
                close(pipes[0]);
                CHECK_EQ(store_key_load(p.directory, &cuff, got), 0);
                CHECK((got[0] == 1 || got[0] == 2) && got[1] == 0);
        }
        CHECK_EQ(store_key_save(p.directory, &cuff, key), 0);
        CHECK_EQ(count(&p, "keys"), 1);
        place_done(&p);
}

static void a_backup_never_overwrites_another(void) {
        static const uint8_t first[] = {1, 0, 3}, second[] = {4};
        const int64_t when = 1795415462; /* 2026-11-23 06:31:02 UTC */
        struct place p = place();

        CHECK_EQ(store_backup_save(p.directory, &cuff, when, 0x0260, first, sizeof first), 0);
        CHECK_EQ(store_backup_save(p.directory, &cuff, when, 0x0260, second, sizeof second), 0);
        CHECK_EQ(store_backup_save(p.directory, &cuff, when, 0x0010, second, sizeof second), 0);
        CHECK_EQ(store_backup_save(p.directory, &cuff, when + 1, 0x0260, NULL, 0), 0);
        CHECK_EQ(mode_of(&p, "backups"), 0700);
        CHECK_EQ(count(&p, "backups"), 4);
        check_file(&p, "backups/005fbf112233-20261123T063102Z-0260.bin", first, sizeof first);
        check_file(&p, "backups/005fbf112233-20261123T063102Z-0260-2.bin", second, sizeof second);
        check_file(&p, "backups/005fbf112233-20261123T063102Z-0010.bin", second, sizeof second);
        check_file(&p, "backups/005fbf112233-20261123T063103Z-0260.bin", "", 0);
        CHECK_EQ(store_backup_save(p.directory, &cuff, INT64_MAX, 0, first, 1), -ERANGE);
        CHECK_EQ(store_backup_save(p.directory, &cuff, 253402300800, 0, first, 1), -ERANGE);
        CHECK_EQ(store_backup_save(p.directory, &cuff, -1, 0, first, 1), -ERANGE);
        CHECK_EQ(count(&p, "backups"), 4);
        /* also where time_t has 32 bits */
        CHECK_EQ(store_backup_save(p.directory, &cuff, 4102444799, 0, first, sizeof first), 0);
        check_file(&p, "backups/005fbf112233-20991231T235959Z-0000.bin", first, sizeof first);
        for (int i = 3; i <= 100; i++)
                CHECK_EQ(store_backup_save(p.directory, &cuff, when, 0x0260, second, 1), 0);
        CHECK_EQ(store_backup_save(p.directory, &cuff, when, 0x0260, second, 1), -EEXIST);
        place_done(&p);
}

static void a_dump_is_the_latest(void) {
        struct place p = place();

        CHECK_EQ(store_dump_save(p.directory, &cuff, "{\"blocks\":[1,2,3]}"), 0);
        CHECK_EQ(store_dump_save(p.directory, &cuff, "{}"), 0);
        CHECK_EQ(mode_of(&p, "dumps"), 0700);
        check_file(&p, "dumps/005fbf112233.json", "{}", 2);
        CHECK_EQ(count(&p, "dumps"), 1);
        place_done(&p);
}

static void a_place_that_cannot_be_is_an_error(void) {
        struct place p = place();

        CHECK_EQ(store_key_save(in(&p, "missing"), &cuff, key), -ENOENT);
        write_file(&p, "keys", "", 0, 0600);
        CHECK_EQ(store_key_save(p.directory, &cuff, key), -ENOTDIR);
        write_file(&p, "dumps", "", 0, 0600);
        CHECK_EQ(store_dump_save(p.directory, &cuff, "{}"), -ENOTDIR);
        CHECK_EQ(store_dump_save(in(&p, "dumps"), &cuff, "{}"), -ENOTDIR);
        place_done(&p);
}

CHECK_MAIN("unit.store_keys", TEST(a_key_comes_back_from_a_private_file),
           TEST(a_new_key_takes_the_place_of_the_old), TEST(loose_modes_are_tightened),
           TEST(keys_survive_the_database), TEST(what_people_write_is_a_key_too),
           TEST(what_is_no_key_is_refused_and_nothing_written),
           TEST(a_key_of_another_user_is_told_from_none), TEST(on_a_full_disk_the_old_key_stays),
           TEST(a_save_that_is_killed_leaves_one_whole_key),
           TEST(a_backup_never_overwrites_another), TEST(a_dump_is_the_latest),
           TEST(a_place_that_cannot_be_is_an_error))
