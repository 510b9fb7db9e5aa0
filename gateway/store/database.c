#include "store/database.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define BUSY_TIMEOUT_MS 1000 /* a person with the sqlite3 shell; longer would hold up the radio */

/* KiB of the file that SQLite keeps in memory; the rest the kernel has. A measurement touches some
 * 20 of these 64 pages. SQLite's own choice is 2000, which quick_check() fills once there are
 * years of data. */
#define CACHE "256"

/* One step per version, never changed once released. Step n leads from user_version n to n + 1. */
static const char *const migrations[] = {
        "CREATE TABLE meta ("
        " key TEXT PRIMARY KEY NOT NULL,"
        " value TEXT NOT NULL) STRICT;"

        "CREATE TABLE cuff ("
        " address TEXT PRIMARY KEY NOT NULL CHECK (length(address) = 17),"
        " name TEXT NOT NULL, model TEXT NOT NULL, serial TEXT NOT NULL, firmware TEXT NOT NULL,"
        " hardware TEXT NOT NULL, manufacturer TEXT NOT NULL,"
        " feature INTEGER, paired_at INTEGER, last_seen INTEGER, last_sync INTEGER,"
        " battery_percent INTEGER, clock_drift_s INTEGER,"
        " clock_refused INTEGER NOT NULL, bond_lost INTEGER NOT NULL) STRICT;"

        /* No reference to cuff: names outlive a cuff that is removed and paired again. */
        "CREATE TABLE user ("
        " cuff TEXT NOT NULL CHECK (length(cuff) = 17), user INTEGER NOT NULL,"
        " name TEXT NOT NULL DEFAULT '', person TEXT NOT NULL DEFAULT '',"
        " PRIMARY KEY (cuff, user)) STRICT;"

        /* `taken` is the cuff's time as sent; `taken_seconds` the same when it is usable. `record`
         * is the cuff's own number. */
        "CREATE TABLE measurement ("
        " arrival INTEGER PRIMARY KEY,"
        " id TEXT NOT NULL UNIQUE,"
        " cuff TEXT NOT NULL, user INTEGER NOT NULL,"
        " taken TEXT, taken_seconds INTEGER, record INTEGER,"
        " systolic INTEGER NOT NULL, diastolic INTEGER NOT NULL, mean INTEGER, pulse INTEGER,"
        " irregular_heartbeat INTEGER, body_movement INTEGER, cuff_fit_ok INTEGER,"
        " position_ok INTEGER,"
        " received_at INTEGER NOT NULL, measured_at INTEGER NOT NULL, clock_ok INTEGER NOT NULL,"
        " source TEXT NOT NULL, raw BLOB NOT NULL,"
        " FOREIGN KEY (cuff, user) REFERENCES user) STRICT;"
        "CREATE INDEX measurement_newest ON measurement (cuff, user, measured_at);"
        "CREATE INDEX measurement_known ON measurement (cuff, user, taken_seconds);"

        "CREATE TABLE outbox ("
        " sequence INTEGER PRIMARY KEY AUTOINCREMENT,"
        " measurement INTEGER NOT NULL UNIQUE REFERENCES measurement) STRICT;"

        "CREATE TABLE rejected ("
        " arrival INTEGER PRIMARY KEY,"
        " cuff TEXT NOT NULL, uuid TEXT NOT NULL, raw BLOB NOT NULL, why TEXT NOT NULL,"
        " received_at INTEGER NOT NULL) STRICT;",

        /* The memory of a cuff. `other` is the same measurement's bytes by the other way (memory
         * record or 2A35), NULL while it came one way only. */
        "ALTER TABLE measurement ADD COLUMN irregular_beats INTEGER;"
        "ALTER TABLE measurement ADD COLUMN artifacts INTEGER;"
        "ALTER TABLE measurement ADD COLUMN series_position INTEGER;"
        "ALTER TABLE measurement ADD COLUMN behind INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE measurement ADD COLUMN other BLOB;"
        /* The two ways may number users differently. */
        "DROP INDEX measurement_known;"
        "CREATE INDEX measurement_known ON measurement (cuff, taken_seconds);"

        "ALTER TABLE cuff ADD COLUMN memory_model TEXT NOT NULL DEFAULT '';"
        "ALTER TABLE cuff ADD COLUMN token INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE cuff ADD COLUMN unread INTEGER;"
        "ALTER TABLE cuff ADD COLUMN writes INTEGER NOT NULL DEFAULT 0;"

        /* `hash` is 64 bits, kept as a signed number. */
        "CREATE TABLE memory_mark ("
        " cuff TEXT NOT NULL CHECK (length(cuff) = 17), user INTEGER NOT NULL,"
        " slot INTEGER NOT NULL, hash INTEGER NOT NULL,"
        " PRIMARY KEY (cuff, user)) STRICT;",
};

int database_version(void) {
        return (int) ELEMENTS(migrations);
}

/* The errno that a failed system call left behind: it tells a quota from a broken disk. Results
 * that no system call stands behind have none. */
static int system_error(int result, int otherwise) {
        switch (result) {
        case SQLITE_IOERR_WRITE:
        case SQLITE_IOERR_FSYNC:
        case SQLITE_IOERR_TRUNCATE:
        case SQLITE_IOERR_SHMOPEN:
        case SQLITE_IOERR_SHMSIZE:
        case SQLITE_CANTOPEN:
                break;
        default:
                return otherwise;
        }
        switch (errno) {
        case ENOSPC:
        case EDQUOT:
        case EFBIG:
                return -ENOSPC;
        case EROFS:
        case EACCES:
        case EPERM:
                return -errno;
        default:
                return otherwise;
        }
}

int database_error(int result) {
        switch (result & 0xff) {
        case SQLITE_OK:
        case SQLITE_ROW:
        case SQLITE_DONE:
                return 0;
        case SQLITE_FULL:
                return -ENOSPC;
        case SQLITE_READONLY:
                return -EROFS;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return -EBUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return -EUCLEAN;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_CANTOPEN:
                return system_error(result, -EACCES);
        case SQLITE_ERROR: /* of our constant SQL: a table or column is missing */
                return -ENOTSUP;
        case SQLITE_IOERR:
                return system_error(result, -EIO);
        default:
                return -EIO;
        }
}

int database_execute(sqlite3 *db, const char *sql) {
        return database_error(sqlite3_exec(db, sql, NULL, NULL, NULL));
}

/* A reader's connection may be closed while its statements are in use. */
static bool keeps_statements(sqlite3 *db) {
        return sqlite3_db_readonly(db, "main") == 0;
}

/* In SQLite's own list, the newest first: a few dozen. */
static sqlite3_stmt *find_kept(sqlite3 *db, const char *sql) {
        sqlite3_stmt *q = NULL;

        while ((q = sqlite3_next_stmt(db, q)))
                if (!sqlite3_stmt_busy(q) && strcmp(sqlite3_sql(q), sql) == 0)
                        break;
        return q;
}

int database_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret) {
        bool keep = keeps_statements(db);

        *ret = keep ? find_kept(db, sql) : NULL;
        if (*ret)
                return 0;
        return database_error(
                sqlite3_prepare_v3(db, sql, -1, keep ? SQLITE_PREPARE_PERSISTENT : 0, ret, NULL));
}

void database_release(sqlite3_stmt *query) {
        if (!keeps_statements(sqlite3_db_handle(query))) {
                sqlite3_finalize(query);
                return;
        }
        sqlite3_reset(query);
        sqlite3_clear_bindings(query);
}

void database_close(sqlite3 *db) {
        while (db && keeps_statements(db) && sqlite3_next_stmt(db, NULL))
                sqlite3_finalize(sqlite3_next_stmt(db, NULL));
        sqlite3_close_v2(db);
}

int database_step(sqlite3_stmt *query) {
        int result = sqlite3_step(query);

        return result == SQLITE_ROW ? 1 : database_error(result);
}

int database_integer(sqlite3 *db, const char *sql, int64_t *ret) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(db, sql, &query);

        if (r >= 0)
                r = database_step(query);
        if (r <= 0)
                return r < 0 ? r : -ENODATA;
        *ret = sqlite3_column_int64(query, 0);
        return 0;
}

int database_connect(const char *path, int open_flags, sqlite3 **ret) {
        _cleanup_(database_closep) sqlite3 *db = NULL;
        int result = sqlite3_open_v2(path, &db, open_flags, NULL);

        if (!db)
                return -ENOMEM;
        if (result != SQLITE_OK)
                return database_error(result);
        sqlite3_extended_result_codes(db, 1);
        sqlite3_busy_timeout(db, BUSY_TIMEOUT_MS);
        /* Until it is ours to write, closing it must not fold its log into it. */
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        *ret = TAKE_PTR(db);
        return 0;
}

static int quick_check(sqlite3 *db) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(db, "PRAGMA quick_check(1)", &query);

        if (r >= 0)
                r = database_step(query);
        if (r < 0)
                return r;
        const char *said = r > 0 ? (const char *) sqlite3_column_text(query, 0) : NULL;
        return said && strcmp(said, "ok") == 0 ? 0 : -EUCLEAN;
}

int database_check(sqlite3 *db, int *ret_version) {
        int64_t version = 0;
        int r = database_integer(db, "PRAGMA user_version", &version);

        *ret_version = (int) version;
        if (r >= 0 && version > database_version())
                return -ENOTSUP;
        if (r >= 0)
                r = database_execute(db, "PRAGMA cache_size = -" CACHE);
        if (r >= 0)
                r = quick_check(db);
        if (r < 0)
                return r;
        return version < 0 ? -EUCLEAN : 0;
}

int database_migrate(sqlite3 *db, int version) {
        int r = database_execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");

        for (; r >= 0 && version < database_version(); version++) {
                char next[48];

                snprintf(next, sizeof next, "PRAGMA user_version = %d", version + 1);
                r = database_begin(db);
                if (r < 0)
                        return r;
                r = database_execute(db, migrations[version]);
                r = database_end(db, r < 0 ? r : database_execute(db, next));
        }
        if (r < 0)
                return r;
        sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        return database_execute(db, "PRAGMA foreign_keys = ON");
}

int database_begin(sqlite3 *db) {
        if (!sqlite3_get_autocommit(db)) /* the last one could not even be rolled back: no memory */
                (void) database_execute(db, "ROLLBACK");
        return database_execute(db, "BEGIN IMMEDIATE");
}

int database_end(sqlite3 *db, int result) {
        int r = result < 0 ? result : database_execute(db, "COMMIT");

        /* After some errors SQLite has rolled back by itself. */
        if (r < 0 && !sqlite3_get_autocommit(db))
                (void) database_execute(db, "ROLLBACK");
        return r < 0 ? r : result;
}

void database_bind_text(sqlite3_stmt *query, int at, const char *text) {
        sqlite3_bind_text(query, at, text, -1, SQLITE_STATIC);
}

void database_bind_number(sqlite3_stmt *query, int at, struct number number) {
        if (number.known)
                sqlite3_bind_int(query, at, number.value);
        else
                sqlite3_bind_null(query, at);
}

void database_bind_answer(sqlite3_stmt *query, int at, struct answer answer) {
        database_bind_number(query, at,
                             (struct number){.known = answer.known, .value = answer.yes});
}

struct number database_column_number(sqlite3_stmt *query, int at) {
        return (struct number){
                .known = sqlite3_column_type(query, at) != SQLITE_NULL,
                .value = sqlite3_column_int(query, at),
        };
}

void database_column_text(sqlite3_stmt *query, int at, char *ret, size_t size) {
        const char *text = (const char *) sqlite3_column_text(query, at);

        snprintf(ret, size, "%s", text ? text : "");
}

int database_column_address(sqlite3_stmt *query, int at, struct bdaddr *ret) {
        const char *text = (const char *) sqlite3_column_text(query, at);

        return text && bdaddr_from_string(text, ret) >= 0 ? 0 : -EUCLEAN;
}
