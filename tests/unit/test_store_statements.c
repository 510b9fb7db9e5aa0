/* Statements are compiled once for a connection. */
#include "check.h"

#include <errno.h>
#include <unistd.h>

#include "store/database.h"

#define ASK "SELECT ?"

static sqlite3 *opened(const char *path, int flags) {
        sqlite3 *db = NULL;

        CHECK_EQ(database_connect(path, flags, &db), 0);
        return db;
}

static int count(sqlite3 *db) {
        int n = 0;

        for (sqlite3_stmt *q = NULL; (q = sqlite3_next_stmt(db, q)); n++)
                ;
        return n;
}

static sqlite3_stmt *prepared(sqlite3 *db, const char *sql) {
        sqlite3_stmt *query = NULL;

        CHECK_EQ(database_prepare(db, sql, &query), 0);
        return query;
}

static void a_statement_is_compiled_once_and_forgets_what_was_bound(void) {
        sqlite3 *db = opened(":memory:", SQLITE_OPEN_READWRITE);
        sqlite3_stmt *first = prepared(db, ASK), *second;

        sqlite3_bind_int(first, 1, 7);
        CHECK_EQ(database_step(first), 1);
        CHECK_EQ(sqlite3_column_int(first, 0), 7);
        database_release(first);
        second = prepared(db, ASK);
        CHECK(second == first);
        CHECK_EQ(database_step(second), 1);
        CHECK_EQ(sqlite3_column_type(second, 0), SQLITE_NULL);
        database_release(second);
        database_release(prepared(db, "SELECT 1"));
        CHECK_EQ(count(db), 2);
        database_close(db);
}

static void one_that_is_between_two_rows_is_left_alone(void) {
        sqlite3 *db = opened(":memory:", SQLITE_OPEN_READWRITE);
        sqlite3_stmt *outer = prepared(db, "SELECT 1 UNION SELECT 2"), *inner;

        CHECK_EQ(database_step(outer), 1);
        inner = prepared(db, "SELECT 1 UNION SELECT 2");
        CHECK(inner != outer);
        CHECK_EQ(database_step(inner), 1);
        database_release(inner);
        CHECK_EQ(database_step(outer), 1);
        CHECK_EQ(sqlite3_column_int(outer, 0), 2);
        database_release(outer);
        database_close(db);
}

static void one_that_cannot_be_compiled_is_not_kept(void) {
        sqlite3 *db = opened(":memory:", SQLITE_OPEN_READWRITE);
        sqlite3_stmt *query = NULL;

        CHECK_EQ(database_prepare(db, "SELECT x FROM nowhere", &query), -ENOTSUP);
        CHECK(!query);
        CHECK_EQ(count(db), 0);
        database_close(db);
}

/* .. which may be closed while it is read from. */
static void a_reader_keeps_none(void) {
        char path[] = "/tmp/cuff2mqtt-statements-XXXXXX";
        int fd = mkstemp(path);
        sqlite3 *db;
        sqlite3_stmt *query;

        CHECK(fd >= 0);
        close(fd);
        db = opened(path, SQLITE_OPEN_READONLY);
        database_release(prepared(db, ASK));
        CHECK_EQ(count(db), 0);
        query = prepared(db, ASK);
        CHECK_EQ(database_step(query), 1);
        database_close(db);
        CHECK_EQ(sqlite3_column_type(query, 0), SQLITE_NULL);
        database_release(query);
        unlink(path);
}

CHECK_MAIN("unit.store_statements", TEST(a_statement_is_compiled_once_and_forgets_what_was_bound),
           TEST(one_that_is_between_two_rows_is_left_alone),
           TEST(one_that_cannot_be_compiled_is_not_kept), TEST(a_reader_keeps_none))
