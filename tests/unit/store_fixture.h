/* What the tests of the store share: a private directory, a store in it, sample values, and a
 * second connection to the same file for looking and for mischief. */
#pragma once

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "store/cuffs.h"
#include "store/measurements.h"
#include "store/outbox.h"
#include "store/store.h"

#define NOON 1750000000 /* UTC seconds of the samples */

struct fixture {
        char directory[64];
        struct store *store;
};

static const struct bdaddr cuff_a = {{0xAA, 0xBB, 0xCC, 0x00, 0x11, 0x22}};
static const struct bdaddr cuff_b = {{0xAA, 0xBB, 0xCC, 0x00, 0x11, 0x23}};

static inline void fixture_path(const struct fixture *f, const char *name, char ret[128]) {
        snprintf(ret, 128, "%s/%s", f->directory, name);
}

static inline void fixture_init(struct fixture *f) {
        *f = (struct fixture){.directory = "/tmp/cuff2mqtt-store-XXXXXX"};
        if (!mkdtemp(f->directory))
                abort();
}

/* Opens, and says why if that fails. */
static inline int fixture_open(struct fixture *f) {
        char *why = NULL;
        int r = store_open(f->directory, &f->store, &why);

        if (r < 0)
                printf("# %s\n", why ? why : "(no sentence)");
        free(why);
        return r;
}

static inline void fixture_start(struct fixture *f) {
        fixture_init(f);
        if (fixture_open(f) < 0)
                abort();
}

static inline void fixture_close(struct fixture *f) {
        store_close(f->store);
        f->store = NULL;
}

static inline void fixture_reopen(struct fixture *f) {
        fixture_close(f);
        if (fixture_open(f) < 0)
                abort();
}

static inline int fixture_remove(const char *path, const struct stat *st, int type,
                                 struct FTW *at) {
        return remove(path);
}

static inline void fixture_done(struct fixture *f) {
        fixture_close(f);
        CHECK_EQ(nftw(f->directory, fixture_remove, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static inline bool fixture_exists(const struct fixture *f, const char *name) {
        char path[128];

        fixture_path(f, name, path);
        return access(path, F_OK) == 0;
}

/* At most a megabyte. */
static inline size_t fixture_read(const struct fixture *f, const char *name, char **ret) {
        static char bytes[1 << 20];
        char path[400];
        int fd;
        ssize_t n;

        snprintf(path, sizeof path, "%s/%s", f->directory, name);
        fd = open(path, O_RDONLY | O_CLOEXEC);
        n = read(fd, bytes, sizeof bytes);
        CHECK(n >= 0 && n < (ssize_t) sizeof bytes);
        close(fd);
        *ret = bytes;
        return n > 0 ? (size_t) n : 0;
}

static inline void fixture_overwrite(const struct fixture *f, const char *name, off_t at,
                                     const void *bytes, size_t n) {
        char path[128];

        fixture_path(f, name, path);
        int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        CHECK(fd >= 0 && pwrite(fd, bytes, n, at) == (ssize_t) n);
        close(fd);
}

static inline void fixture_copy(const struct fixture *from, const struct fixture *to,
                                const char *name) {
        char *bytes;
        size_t n = fixture_read(from, name, &bytes);

        CHECK(n > 0);
        fixture_overwrite(to, name, 0, bytes, n);
}

/* Names and bytes of all files, without those in directories. */
static inline uint64_t fixture_sum(const struct fixture *f) {
        uint64_t sum = 0;
        DIR *d = opendir(f->directory);

        for (struct dirent *e; d && (e = readdir(d));) {
                uint64_t one = 14695981039346656037u;
                size_t n = 0;
                char *bytes = NULL;

                if (e->d_name[0] == '.')
                        continue;
                if (e->d_type != DT_DIR)
                        n = fixture_read(f, e->d_name, &bytes);
                for (const char *c = e->d_name; *c; c++)
                        one = (one ^ (uint8_t) *c) * 1099511628211u;
                for (size_t i = 0; i < n; i++)
                        one = (one ^ (uint8_t) bytes[i]) * 1099511628211u;
                sum += one;
        }
        if (d)
                closedir(d);
        return sum;
}

/* SQL through a connection of its own. The first integer it yields, 0 if none; -1 when it fails. */
static inline int64_t fixture_sql(const struct fixture *f, const char *sql) {
        char path[128];
        sqlite3 *db = NULL;
        sqlite3_stmt *query = NULL;
        int64_t answer = 0;

        fixture_path(f, "cuff2mqtt.db", path);
        if (sqlite3_open(path, &db) != SQLITE_OK)
                abort();
        for (int r = SQLITE_OK; *sql && answer >= 0;) {
                r = sqlite3_prepare_v2(db, sql, -1, &query, &sql);
                while (r == SQLITE_OK && query && (r = sqlite3_step(query)) == SQLITE_ROW) {
                        answer = sqlite3_column_int64(query, 0);
                        r = SQLITE_OK;
                }
                if (r != SQLITE_OK && r != SQLITE_DONE)
                        answer = -1;
                sqlite3_finalize(query);
        }
        sqlite3_close(db);
        return answer;
}

static inline int64_t fixture_measurements(const struct fixture *f) {
        int64_t n = -1;

        CHECK_EQ(store_measurements_count(f->store, &n), 0);
        return n;
}

static inline int64_t fixture_outbox(const struct fixture *f) {
        int64_t n = -1;

        CHECK_EQ(store_outbox_count(f->store, &n), 0);
        return n;
}

/* 12:26:40 on 15 June 2025 by the cuff's clock, `seconds` later; a whole measurement. */
static inline struct store_measurement sample(const char *id, int seconds) {
        struct store_measurement m = {
                .cuff = cuff_a,
                .measurement = {.user = 1,
                                .has_time = true,
                                .taken = {2025, 6, 15, 12, 26, 40},
                                .systolic_mmhg = 120,
                                .diastolic_mmhg = 80,
                                .pulse_bpm = {.known = true, .value = 60}},
                .received_at = NOON + 100,
                .measured_at = NOON + seconds,
                .clock_ok = true,
                .source = "2a35",
                .raw = {0x04, 0x78, 0x00},
                .raw_size = 3,
        };

        m.measurement.taken =
                date_time_from_seconds(date_time_to_seconds(&m.measurement.taken) + seconds);
        snprintf(m.id, sizeof m.id, "%s", id);
        return m;
}

static inline int insert_sample(const struct fixture *f, const char *id, int seconds) {
        struct store_measurement m = sample(id, seconds);

        return store_measurements_insert(f->store, &m);
}

/* `n` measurements ten seconds apart, so that the file has many pages. */
static inline void insert_many(const struct fixture *f, int n) {
        for (int i = 0; i < n; i++) {
                char id[MEASUREMENT_ID_SIZE];

                snprintf(id, sizeof id, "many%d", i);
                CHECK_EQ(insert_sample(f, id, 10 * i), 1);
        }
}

/* The exit code of a child that came to its end; its failed checks count here. */
/* In a child: this program once more. EMULATOR runs programs of another architecture. */
static inline void fixture_again(const char *name) {
        const char *emulator = getenv("EMULATOR");
        char path[4096];
        ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);

        if (emulator && emulator[0] && n > 0) {
                path[n] = '\0';
                execlp(emulator, emulator, path, (char *) NULL);
        } else {
                execl("/proc/self/exe", name, (char *) NULL);
        }
        _exit(1);
}

#define FIXTURE_SKIP 77 /* a child's exit code: could not be tried here */

static inline void fixture_wait(pid_t child) {
        int status = 0;

        CHECK(waitpid(child, &status, 0) == child);
        if (WIFEXITED(status) && WEXITSTATUS(status) == FIXTURE_SKIP) {
                CHECK_SKIP("no right to mount a small disk");
                return;
        }
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}
