/* Private to this room: the connection, its errors, transactions and migrations. */
#pragma once

#include <stdbool.h>

#include <sqlite3.h>

#include "base/cleanup.h"
#include "store/measurements.h"
#include "store/reader.h"

#define INST_PREFIX "cuff2mqtt_"
#define INST_DIGITS 12

struct store {
        sqlite3 *db;
        int lock;
        char *set_aside;
        char *inst;
        char *path; /* a reader's; NULL: a service's */
        struct reader_view view;
};

/* Is it as store_open() makes it? */
bool inst_is_valid(const char *inst);

/* Opens a file with our settings; nothing is written until database_migrate. 0 or negative errno.
 */
int database_connect(const char *path, int open_flags, sqlite3 **ret);
/* A reader's is closed when the last statement in use is given back. */
void database_close(sqlite3 *db);
DEFINE_CLEANUP(sqlite3 *, database_close)

/* 0 sound; -EUCLEAN damaged; -ENOTSUP sound, but newer than us: `*ret_version` is set in any case.
 */
int database_check(sqlite3 *db, int *ret_version);
/* Our settings, and the steps from `version` to ours. -ENOTSUP: its tables are not ours. */
int database_migrate(sqlite3 *db, int version);
int database_version(void);

/* The negative errno of an SQLite result: -ENOSPC, -EROFS, -EBUSY, -EUCLEAN, -EIO, ..; -ENOTSUP
 * when the tables are not as we made them. */
int database_error(int result);

int database_execute(sqlite3 *db, const char *sql);
/* A statement is compiled once and stays with its connection (not with a reader's). It is given
 * back with database_release, and stepped before the same text is prepared again: one that was not
 * stepped yet does not show that it is in use. */
int database_prepare(sqlite3 *db, const char *sql, sqlite3_stmt **ret);
void database_release(sqlite3_stmt *query);
DEFINE_CLEANUP(sqlite3_stmt *, database_release)
/* 1 a row, 0 done, negative errno. */
int database_step(sqlite3_stmt *query);
/* One row with one integer, or -ENODATA. */
int database_integer(sqlite3 *db, const char *sql, int64_t *ret);

/* Between the two everything or nothing happens. `end` commits if `result` is not negative, rolls
 * back otherwise or if the commit fails, and returns `result` or the commit's error. */
int database_begin(sqlite3 *db);
int database_end(sqlite3 *db, int result);

/* Texts and blobs are bound without a copy: they must outlive the query, and binding cannot fail.
 */
void database_bind_text(sqlite3_stmt *query, int at, const char *text);
void database_bind_number(sqlite3_stmt *query, int at, struct number number);
void database_bind_answer(sqlite3_stmt *query, int at, struct answer answer);
struct number database_column_number(sqlite3_stmt *query, int at);
void database_column_text(sqlite3_stmt *query, int at, char *ret, size_t size);
int database_column_address(sqlite3_stmt *query, int at, struct bdaddr *ret);

/* The damaged database in `directory` makes way: a new one with what could be saved takes its place
 * and `*ret_aside` is where the damaged one went. `*ret_step` says what failed. */
int database_replace(const char *directory, char **ret_aside, const char **ret_step);
/* Ends a replacement that was cut off when the damaged file was gone and the new one not yet named.
 */
int database_replace_resume(const char *directory);

/* The columns of version 1, and those of today: what measurements_column reads, in its order. The
 * bytes of the other way ("other") are read by merging alone. */
#define MEASUREMENT_COLUMNS_V1                                                                     \
        "cuff, id, user, taken, record, systolic, diastolic, mean, pulse, irregular_heartbeat, "   \
        "body_movement, cuff_fit_ok, position_ok, received_at, measured_at, clock_ok, source, raw"
#define MEASUREMENT_COLUMNS                                                                        \
        MEASUREMENT_COLUMNS_V1 ", irregular_beats, artifacts, series_position, behind"

#define CUFF_COLUMNS_V1                                                                            \
        "address, name, model, serial, firmware, hardware, manufacturer, feature, paired_at, "     \
        "last_seen, last_sync, battery_percent, clock_drift_s, clock_refused, bond_lost"
#define CUFF_COLUMNS CUFF_COLUMNS_V1 ", memory_model, token, unread, writes"
#define CUFF_VALUES                                                                                \
        "INTO cuff (" CUFF_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, " \
        "?, ?)"

/* The cuff's time of a measurement for the columns `taken` and `taken_seconds`. */
struct taken {
        char text[40]; /* the bytes as they came; "" without a time */
        bool usable;
        int64_t seconds; /* meaningful if usable */
};

struct taken taken_from(const struct measurement *m);
void taken_bind_seconds(sqlite3_stmt *query, int at, const struct taken *t);
int taken_column(sqlite3_stmt *query, int at, struct measurement *ret);

/* Is it in the database already? 1: it is, and what this way of delivery knows more was added to
 * its row. 0: it is new. Negative errno. Inside a transaction. */
int merge_into_known(sqlite3 *db, const struct store_measurement *m, const char *cuff,
                     const struct taken *taken);

int measurements_column(sqlite3_stmt *query, int at, struct store_measurement *ret);
