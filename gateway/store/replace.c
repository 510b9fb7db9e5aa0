/* A damaged database makes way for a new one that keeps what can be read: `inst`, cuffs and users,
 * so that Home Assistant's ids survive, and measurements and outbox, so that nothing is lost that
 * the damage did not hit. The new one is whole before the damaged one is touched: a full disk or a
 * power cut in between leaves things as they were. */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define MAX_ASIDE_PER_SECOND 100

#define SALVAGE_META "INSERT OR IGNORE INTO meta (key, value) VALUES (?, ?)"
#define SALVAGE_CUFF "INSERT OR IGNORE " CUFF_VALUES
#define SALVAGE_USER "INSERT OR IGNORE INTO user (cuff, user, name, person) VALUES (?, ?, ?, ?)"
#define STORED       "arrival, taken_seconds, other, " MEASUREMENT_COLUMNS
#define STORED_V1    "arrival, taken_seconds, NULL, " MEASUREMENT_COLUMNS_V1 ", NULL, NULL, NULL, 0"
#define SALVAGE_MEASUREMENT                                                                        \
        "INSERT OR IGNORE INTO measurement (" STORED ") VALUES "                                   \
        "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define SEQUENCE_IS_OURS "sequence BETWEEN 1 AND (1 << 48) - 1" /* PUBLISHER_STORE_SHIFT */
#define SALVAGE_OUTBOX   "INSERT OR IGNORE INTO outbox (sequence, measurement) VALUES (?, ?)"

/* What SQLite keeps beside a database. Left behind, it would be played into the new one. */
static const char *const companions[] = {"-wal", "-shm", "-journal"};

struct replacement {
        char *path, *fresh, *aside;
};

static void replacement_done(struct replacement *p) {
        free(p->path);
        free(p->fresh);
        free(p->aside);
}

static int replacement_init(struct replacement *p, const char *directory) {
        if (asprintf(&p->path, "%s/cuff2mqtt.db", directory) < 0)
                p->path = NULL;
        if (asprintf(&p->fresh, "%s/cuff2mqtt.db.new", directory) < 0)
                p->fresh = NULL;
        return p->path && p->fresh ? 0 : -ENOMEM;
}

static bool exists(const char *path, const char *suffix) {
        _cleanup_(freep) char *name = NULL;
        struct stat st;

        if (asprintf(&name, "%s%s", path, suffix) < 0) {
                name = NULL;
                return true;
        }
        return lstat(name, &st) >= 0 || errno != ENOENT;
}

static int move_companion(const char *from, const char *to, const char *suffix) {
        _cleanup_(freep) char *a = NULL, *b = NULL;

        if (asprintf(&a, "%s%s", from, suffix) < 0) {
                a = NULL;
                return -ENOMEM;
        }
        if (!to)
                return unlink(a) < 0 && errno != ENOENT ? -errno : 0;
        if (asprintf(&b, "%s%s", to, suffix) < 0) {
                b = NULL;
                return -ENOMEM;
        }
        return rename(a, b) < 0 && errno != ENOENT ? -errno : 0;
}

/* To beside `to`, or away if that is NULL. */
static int move_companions(const char *from, const char *to) {
        for (size_t i = 0; i < ELEMENTS(companions); i++) {
                int r = move_companion(from, to, companions[i]);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Rows that cannot be read, or that no longer fit, are left out; only a failing target counts. */
static int copy_rows(sqlite3 *from, const char *select, sqlite3 *to, const char *insert) {
        _cleanup_(database_releasep) sqlite3_stmt *in = NULL, *out = NULL;
        int r = database_prepare(to, insert, &out);

        if (r < 0 || database_prepare(from, select, &in) < 0)
                return r;
        while (database_step(in) > 0) {
                for (int i = 0; i < sqlite3_column_count(in); i++)
                        sqlite3_bind_value(out, i + 1, sqlite3_column_value(in, i));
                int result = sqlite3_step(out);
                if (result != SQLITE_DONE && (result & 0xff) != SQLITE_CONSTRAINT)
                        return database_error(result);
                sqlite3_reset(out);
        }
        return 0;
}

/* A database that was never opened since version 1 has not the columns of today: what cannot be
 * selected is skipped, and the columns of then come after those of today. */
static int salvage(sqlite3 *from, sqlite3 *to) {
        static const struct {
                const char *select, *insert;
        } tables[] = {
                /* Reading ends at the first damaged page: from both ends to it. The rowid order
                 * needs no index, which may be what is damaged. */
                {"SELECT key, value FROM meta NOT INDEXED", SALVAGE_META},
                {"SELECT key, value FROM meta NOT INDEXED ORDER BY rowid DESC", SALVAGE_META},
                /* Marks stay behind: the memories are read from the beginning again, which brings
                 * back what the damage took and tells nothing twice that is still here. */
                {"SELECT " CUFF_COLUMNS " FROM cuff NOT INDEXED", SALVAGE_CUFF},
                {"SELECT " CUFF_COLUMNS " FROM cuff NOT INDEXED ORDER BY rowid DESC", SALVAGE_CUFF},
                {"SELECT " CUFF_COLUMNS_V1 ", '', 0, NULL, 0 FROM cuff", SALVAGE_CUFF},
                {"SELECT cuff, user, name, person FROM user NOT INDEXED", SALVAGE_USER},
                {"SELECT cuff, user, name, person FROM user NOT INDEXED ORDER BY rowid DESC",
                 SALVAGE_USER},
                /* A measurement needs its user. */
                {"SELECT cuff, user, '', '' FROM measurement NOT INDEXED", SALVAGE_USER},
                {"SELECT cuff, user, '', '' FROM measurement NOT INDEXED ORDER BY arrival DESC",
                 SALVAGE_USER},
                {"SELECT " STORED " FROM measurement NOT INDEXED", SALVAGE_MEASUREMENT},
                {"SELECT " STORED " FROM measurement NOT INDEXED ORDER BY arrival DESC",
                 SALVAGE_MEASUREMENT},
                {"SELECT " STORED_V1 " FROM measurement NOT INDEXED", SALVAGE_MEASUREMENT},
                {"SELECT " STORED_V1 " FROM measurement NOT INDEXED ORDER BY arrival DESC",
                 SALVAGE_MEASUREMENT},
                /* A sequence that no database of ours has come to is damage, and behind the largest
                 * there is no next one: such a row gets another. */
                {"SELECT sequence, measurement FROM outbox NOT INDEXED WHERE " SEQUENCE_IS_OURS,
                 SALVAGE_OUTBOX},
                {"SELECT sequence, measurement FROM outbox NOT INDEXED WHERE " SEQUENCE_IS_OURS
                 " ORDER BY sequence DESC",
                 SALVAGE_OUTBOX},
                {"SELECT NULL, measurement FROM outbox NOT INDEXED", SALVAGE_OUTBOX},
        };
        int r = database_begin(to);

        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < ELEMENTS(tables); i++)
                r = copy_rows(from, tables[i].select, to, tables[i].insert);
        return database_end(to, r);
}

static int make_fresh(const struct replacement *p) {
        _cleanup_(database_closep) sqlite3 *from = NULL, *to = NULL;
        int r = move_companions(p->fresh, NULL);

        if (r < 0)
                return r;
        _cleanup_(closep) int fd = open(p->fresh, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0)
                return -errno;
        close(TAKE_FD(fd)); /* SQLite must be the only one that has it open */
        r = database_connect(p->fresh, SQLITE_OPEN_READWRITE, &to);
        if (r >= 0)
                r = database_migrate(to, 0);
        /* writable_schema makes SQLite read a file that is shorter than its header says. */
        if (r >= 0 && database_connect(p->path, SQLITE_OPEN_READONLY, &from) >= 0 &&
            database_execute(from, "PRAGMA writable_schema = ON") >= 0)
                r = salvage(from, to);
        if (r < 0)
                return r;
        /* All into the file itself: it will be renamed without its log. */
        return database_error(
                sqlite3_wal_checkpoint_v2(to, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL));
}

static int name_aside(struct replacement *p) {
        char when[32];
        time_t now = time(NULL);
        struct tm tm;

        if (!localtime_r(&now, &tm) || strftime(when, sizeof when, "%Y%m%d-%H%M%S", &tm) == 0)
                return -ERANGE;
        for (int i = 1; i <= MAX_ASIDE_PER_SECOND; i++) {
                char again[16] = "";

                if (i > 1)
                        snprintf(again, sizeof again, "-%d", i);
                if (asprintf(&p->aside, "%s.corrupt-%s%s", p->path, when, again) < 0) {
                        p->aside = NULL;
                        return -ENOMEM;
                }
                if (!exists(p->aside, "") && !exists(p->aside, "-wal"))
                        return 0;
                free(TAKE_PTR(p->aside));
        }
        return -EEXIST;
}

static void sync_directory(const char *directory) {
        _cleanup_(closep) int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd >= 0)
                (void) fsync(fd);
}

int database_replace(const char *directory, char **ret_aside, const char **ret_step) {
        _cleanup_(replacement_done) struct replacement p = {0};
        int r = replacement_init(&p, directory);

        *ret_step = "make a new database beside the damaged";
        if (r >= 0)
                r = make_fresh(&p);
        if (r < 0)
                return r;
        *ret_step = "set aside the damaged database";
        r = name_aside(&p);
        /* The log first: a database without its log is old, a log beside another database is
         * poison. */
        if (r >= 0)
                r = move_companions(p.path, p.aside);
        if (r < 0)
                return r;
        if (rename(p.path, p.aside) < 0 || rename(p.fresh, p.path) < 0)
                return -errno;
        sync_directory(directory);
        *ret_aside = TAKE_PTR(p.aside);
        return 0;
}

int database_replace_resume(const char *directory) {
        _cleanup_(replacement_done) struct replacement p = {0};
        int r = replacement_init(&p, directory);

        if (r < 0)
                return r;
        if (exists(p.path, "") || !exists(p.fresh, "") || exists(p.fresh, "-wal"))
                return 0;
        return rename(p.fresh, p.path) < 0 ? -errno : 0;
}
