#include "store/measurements.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/database.h"

#define REJECTED_MAX "1000"

#define INSERT                                                                                     \
        "INSERT INTO measurement (" MEASUREMENT_COLUMNS ", taken_seconds) "                        \
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"

struct taken taken_from(const struct measurement *m) {
        struct taken t = {.usable = m->has_time && date_time_check(&m->taken) >= 0};

        if (m->has_time)
                snprintf(t.text, sizeof t.text, "%04u-%02u-%02u %02u:%02u:%02u", m->taken.year,
                         m->taken.month, m->taken.day, m->taken.hour, m->taken.minute,
                         m->taken.second);
        if (t.usable)
                t.seconds = date_time_to_seconds(&m->taken);
        return t;
}

void taken_bind_seconds(sqlite3_stmt *query, int at, const struct taken *t) {
        if (t->usable)
                sqlite3_bind_int64(query, at, t->seconds);
        else
                sqlite3_bind_null(query, at);
}

int taken_column(sqlite3_stmt *query, int at, struct measurement *ret) {
        const char *text = (const char *) sqlite3_column_text(query, at);
        struct date_time *t = &ret->taken;

        ret->has_time = text;
        if (text && sscanf(text, "%5hu-%3hhu-%3hhu %3hhu:%3hhu:%3hhu", &t->year, &t->month, &t->day,
                           &t->hour, &t->minute, &t->second) != 6)
                return -EUCLEAN;
        return 0;
}

static struct answer column_answer(sqlite3_stmt *query, int at) {
        struct number n = database_column_number(query, at);

        return (struct answer){.known = n.known, .yes = n.value != 0};
}

static int insert_user(struct store *s, const char *cuff, uint8_t user) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(
                s->db, "INSERT INTO user (cuff, user) VALUES (?, ?) ON CONFLICT DO NOTHING",
                &query);

        if (r < 0)
                return r;
        database_bind_text(query, 1, cuff);
        sqlite3_bind_int(query, 2, user);
        return database_step(query);
}

static int insert_measurement(struct store *s, const struct store_measurement *m, const char *cuff,
                              const struct taken *taken) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        const struct measurement *v = &m->measurement;
        int i = 0, r = database_prepare(s->db, INSERT, &query);

        if (r < 0)
                return r;
        database_bind_text(query, ++i, cuff);
        database_bind_text(query, ++i, m->id);
        sqlite3_bind_int(query, ++i, v->user);
        database_bind_text(query, ++i, v->has_time ? taken->text : NULL);
        database_bind_number(query, ++i, v->sequence);
        sqlite3_bind_int(query, ++i, v->systolic_mmhg);
        sqlite3_bind_int(query, ++i, v->diastolic_mmhg);
        database_bind_number(query, ++i, v->mean_mmhg);
        database_bind_number(query, ++i, v->pulse_bpm);
        database_bind_answer(query, ++i, v->irregular_heartbeat);
        database_bind_answer(query, ++i, v->body_movement);
        database_bind_answer(query, ++i, v->cuff_fit_ok);
        database_bind_answer(query, ++i, v->position_ok);
        sqlite3_bind_int64(query, ++i, m->received_at);
        sqlite3_bind_int64(query, ++i, m->measured_at);
        sqlite3_bind_int(query, ++i, m->clock_ok);
        database_bind_text(query, ++i, m->source);
        sqlite3_bind_blob(query, ++i, m->raw, (int) m->raw_size, SQLITE_STATIC);
        database_bind_number(query, ++i, v->irregular_beats);
        database_bind_number(query, ++i, v->artifacts);
        database_bind_number(query, ++i, v->series_position);
        sqlite3_bind_int(query, ++i, m->behind);
        taken_bind_seconds(query, ++i, taken);
        return database_step(query);
}

static int insert_in_transaction(struct store *s, const struct store_measurement *m) {
        char cuff[BDADDR_STRING_SIZE];
        struct taken taken = taken_from(&m->measurement);
        int r;

        bdaddr_to_string(&m->cuff, cuff);
        r = merge_into_known(s->db, m, cuff, &taken);
        if (r != 0)
                return r < 0 ? r : 0;
        r = insert_user(s, cuff, m->measurement.user);
        if (r >= 0)
                r = insert_measurement(s, m, cuff, &taken);
        if (r >= 0)
                r = database_execute(
                        s->db, "INSERT INTO outbox (measurement) VALUES (last_insert_rowid())");
        return r < 0 ? r : 1;
}

static int insert_all(struct store *s, const struct store_measurement *m, size_t n, int *ret) {
        for (size_t i = 0; i < n; i++) {
                ret[i] =
                        m[i].raw_size > sizeof m[i].raw ? -EINVAL : insert_in_transaction(s, &m[i]);
                if (ret[i] < 0)
                        return ret[i];
        }
        return 0;
}

int store_measurements_insert_many(struct store *s, const struct store_measurement *m, size_t n,
                                   int *ret) {
        int r = database_begin(s->db);

        return r < 0 ? r : database_end(s->db, insert_all(s, m, n, ret));
}

int store_measurements_insert(struct store *s, const struct store_measurement *m) {
        int is_new, r = store_measurements_insert_many(s, m, 1, &is_new);

        return r < 0 ? r : is_new;
}

int measurements_column(sqlite3_stmt *query, int at, struct store_measurement *ret) {
        struct store_measurement m = {0};
        struct measurement *v = &m.measurement;

        if (database_column_address(query, at++, &m.cuff) < 0)
                return -EUCLEAN;
        database_column_text(query, at++, m.id, sizeof m.id);
        v->user = (uint8_t) sqlite3_column_int(query, at++);
        if (taken_column(query, at++, v) < 0)
                return -EUCLEAN;
        v->sequence = database_column_number(query, at++);
        v->systolic_mmhg = sqlite3_column_int(query, at++);
        v->diastolic_mmhg = sqlite3_column_int(query, at++);
        v->mean_mmhg = database_column_number(query, at++);
        v->pulse_bpm = database_column_number(query, at++);
        v->irregular_heartbeat = column_answer(query, at++);
        v->body_movement = column_answer(query, at++);
        v->cuff_fit_ok = column_answer(query, at++);
        v->position_ok = column_answer(query, at++);
        m.received_at = sqlite3_column_int64(query, at++);
        m.measured_at = sqlite3_column_int64(query, at++);
        m.clock_ok = sqlite3_column_int(query, at++);
        database_column_text(query, at++, m.source, sizeof m.source);
        const void *raw = sqlite3_column_blob(query, at);
        m.raw_size = (size_t) sqlite3_column_bytes(query, at++);
        if (m.raw_size > sizeof m.raw)
                return -EUCLEAN;
        if (raw)
                memcpy(m.raw, raw, m.raw_size);
        v->irregular_beats = database_column_number(query, at++);
        v->artifacts = database_column_number(query, at++);
        v->series_position = database_column_number(query, at++);
        m.behind = sqlite3_column_int(query, at++);
        *ret = m;
        return 0;
}

/* A record without a usable time counts as measured when it was read, so by `measured_at` the
 * oldest of a ring, from before its clock was set, would hide the newest dated one. Arrival puts it
 * right: rings are read oldest first, and an undated one counts only if it came after the newest
 * dated. The newest can also have come as 2A35 before the ring was read: an undated one that had
 * newer ones behind it goes last. (The pluses: few came later than that; an index on the user would
 * walk all there are. All by subqueries of one value: joined or sorted, SQLite would make a table
 * for them, 90 kB each.) */
#define DATED                                                                                      \
        "(SELECT arrival FROM measurement WHERE cuff = ?1 AND user = ?2 AND clock_ok "             \
        "ORDER BY measured_at DESC, arrival DESC LIMIT 1)"
#define UNDATED_SINCE                                                                              \
        "(SELECT arrival FROM measurement WHERE arrival > coalesce(" DATED ", 0) "                 \
        "AND +cuff = ?1 AND +user = ?2 AND NOT clock_ok AND NOT behind "                           \
        "ORDER BY arrival DESC LIMIT 1)"
#define LAST_COME "(SELECT max(arrival) FROM measurement WHERE cuff = ?1 AND user = ?2)"
#define NEWEST                                                                                     \
        "SELECT " MEASUREMENT_COLUMNS " FROM measurement "                                         \
        "WHERE arrival = coalesce(" UNDATED_SINCE ", " DATED ", " LAST_COME ")"

int store_measurements_newest(struct store *s, const struct bdaddr *cuff, uint8_t user,
                              struct store_measurement *ret) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        char address[BDADDR_STRING_SIZE];
        int r = database_prepare(s->db, NEWEST, &query);

        if (r < 0)
                return r;
        bdaddr_to_string(cuff, address);
        database_bind_text(query, 1, address);
        sqlite3_bind_int(query, 2, user);
        r = database_step(query);
        if (r <= 0)
                return r < 0 ? r : -ENODATA;
        return measurements_column(query, 0, ret);
}

int store_measurements_count(struct store *s, int64_t *ret) {
        return database_integer(s->db, "SELECT count(*) FROM measurement", ret);
}

int store_measurements_users(struct store *s, const struct bdaddr *cuff, uint8_t *ret_users,
                             size_t max) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        char address[BDADDR_STRING_SIZE];
        size_t n = 0;
        int r = database_prepare(s->db,
                                 "SELECT user FROM user WHERE cuff = ?1 AND EXISTS (SELECT 1 "
                                 "FROM measurement AS m WHERE m.cuff = ?1 AND m.user = user.user) "
                                 "ORDER BY user",
                                 &query);

        if (r < 0)
                return r;
        bdaddr_to_string(cuff, address);
        database_bind_text(query, 1, address);
        while (n < max && (r = database_step(query)) > 0)
                ret_users[n++] = (uint8_t) sqlite3_column_int(query, 0);
        return r < 0 ? r : (int) n;
}

static int bind_rejected(sqlite3_stmt *query, const char *cuff, const char *uuid,
                         const uint8_t *raw, size_t raw_size) {
        database_bind_text(query, 1, cuff);
        database_bind_text(query, 2, uuid);
        return database_error(sqlite3_bind_blob64(query, 3, raw_size > 0 ? (const void *) raw : "",
                                                  raw_size, SQLITE_STATIC));
}

/* 1 yes, 0 no. */
static int is_rejected(struct store *s, const char *cuff, const char *uuid, const uint8_t *raw,
                       size_t raw_size) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(
                s->db, "SELECT 1 FROM rejected WHERE cuff = ? AND uuid = ? AND raw = ? LIMIT 1",
                &query);

        if (r >= 0)
                r = bind_rejected(query, cuff, uuid, raw, raw_size);
        return r < 0 ? r : database_step(query);
}

static int insert_rejected(struct store *s, const char *cuff, const char *uuid, const uint8_t *raw,
                           size_t raw_size, const char *why, int64_t received_at) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(s->db,
                                 "INSERT INTO rejected (cuff, uuid, raw, why, received_at) "
                                 "VALUES (?, ?, ?, ?, ?)",
                                 &query);

        if (r >= 0)
                r = bind_rejected(query, cuff, uuid, raw, raw_size);
        if (r < 0)
                return r;
        database_bind_text(query, 4, why);
        sqlite3_bind_int64(query, 5, received_at);
        r = database_step(query);
        if (r >= 0)
                r = database_execute(s->db, "DELETE FROM rejected WHERE arrival <= "
                                            "last_insert_rowid() - " REJECTED_MAX);
        return r < 0 ? r : 1;
}

int store_rejected_insert(struct store *s, const struct bdaddr *cuff, const char *uuid,
                          const uint8_t *raw, size_t raw_size, const char *why,
                          int64_t received_at) {
        char address[BDADDR_STRING_SIZE];
        int known = 0, r = database_begin(s->db);

        if (r < 0)
                return r;
        bdaddr_to_string(cuff, address);
        if (strcmp(uuid, STORE_SOURCE_MEMORY) == 0)
                known = is_rejected(s, address, uuid, raw, raw_size);
        r = known < 0   ? known
            : known > 0 ? 0
                        : insert_rejected(s, address, uuid, raw, raw_size, why, received_at);
        return database_end(s->db, r);
}
