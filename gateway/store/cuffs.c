#include "store/cuffs.h"

#include <errno.h>

#include "store/database.h"

/* UTC seconds, 0 never: NULL in the database. */
static void bind_when(sqlite3_stmt *query, int at, int64_t when) {
        if (when != 0)
                sqlite3_bind_int64(query, at, when);
        else
                sqlite3_bind_null(query, at);
}

/* A number we do not know was not written by us: the careful reading of it is "never again". */
static enum store_writes column_writes(sqlite3_stmt *query, int at) {
        int value = sqlite3_column_int(query, at);

        return value == STORE_WRITES_NONE || value == STORE_WRITES_PENDING
                       ? (enum store_writes) value
                       : STORE_WRITES_REFUSED;
}

static int column_cuff(sqlite3_stmt *query, struct store_cuff *ret) {
        struct store_cuff c = {0};
        int i = 0, r = database_column_address(query, i++, &c.address);

        if (r < 0)
                return r;
        database_column_text(query, i++, c.name, sizeof c.name);
        database_column_text(query, i++, c.model, sizeof c.model);
        database_column_text(query, i++, c.serial, sizeof c.serial);
        database_column_text(query, i++, c.firmware, sizeof c.firmware);
        database_column_text(query, i++, c.hardware, sizeof c.hardware);
        database_column_text(query, i++, c.manufacturer, sizeof c.manufacturer);
        c.feature = database_column_number(query, i++);
        c.paired_at = sqlite3_column_int64(query, i++);
        c.last_seen = sqlite3_column_int64(query, i++);
        c.last_sync = sqlite3_column_int64(query, i++);
        c.battery_percent = database_column_number(query, i++);
        c.clock_drift_s = database_column_number(query, i++);
        c.clock_refused = sqlite3_column_int(query, i++);
        c.bond_lost = sqlite3_column_int(query, i++);
        database_column_text(query, i++, c.memory_model, sizeof c.memory_model);
        c.token = sqlite3_column_int(query, i++) ? STORE_TOKEN_SILENCES : STORE_TOKEN_FINE;
        c.unread = database_column_number(query, i++);
        c.writes = column_writes(query, i++);
        *ret = c;
        return 0;
}

int store_cuffs_list(struct store *s, struct store_cuff **ret, size_t *ret_n) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        _cleanup_(freep) struct store_cuff *cuffs = NULL;
        size_t n = 0;
        int r = database_prepare(s->db, "SELECT " CUFF_COLUMNS " FROM cuff ORDER BY address",
                                 &query);

        if (r < 0)
                return r;
        while ((r = database_step(query)) > 0) {
                struct store_cuff *more = reallocarray(cuffs, n + 1, sizeof *more);

                if (!more)
                        return -ENOMEM;
                cuffs = more;
                r = column_cuff(query, &cuffs[n++]);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(cuffs);
        *ret_n = n;
        return 0;
}

int store_cuffs_save(struct store *s, const struct store_cuff *cuff) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        char address[BDADDR_STRING_SIZE];
        int i = 0, r = database_prepare(s->db, "INSERT OR REPLACE " CUFF_VALUES, &query);

        if (r < 0)
                return r;
        bdaddr_to_string(&cuff->address, address);
        database_bind_text(query, ++i, address);
        database_bind_text(query, ++i, cuff->name);
        database_bind_text(query, ++i, cuff->model);
        database_bind_text(query, ++i, cuff->serial);
        database_bind_text(query, ++i, cuff->firmware);
        database_bind_text(query, ++i, cuff->hardware);
        database_bind_text(query, ++i, cuff->manufacturer);
        database_bind_number(query, ++i, cuff->feature);
        bind_when(query, ++i, cuff->paired_at);
        bind_when(query, ++i, cuff->last_seen);
        bind_when(query, ++i, cuff->last_sync);
        database_bind_number(query, ++i, cuff->battery_percent);
        database_bind_number(query, ++i, cuff->clock_drift_s);
        sqlite3_bind_int(query, ++i, cuff->clock_refused);
        sqlite3_bind_int(query, ++i, cuff->bond_lost);
        database_bind_text(query, ++i, cuff->memory_model);
        sqlite3_bind_int(query, ++i, cuff->token);
        database_bind_number(query, ++i, cuff->unread);
        sqlite3_bind_int(query, ++i, cuff->writes);
        return database_step(query);
}

/* False: its cuff is no address, so nobody's. */
static bool column_user(sqlite3_stmt *query, struct store_user *ret) {
        *ret = (struct store_user){.user = (uint8_t) sqlite3_column_int(query, 1)};
        database_column_text(query, 2, ret->name, sizeof ret->name);
        database_column_text(query, 3, ret->person, sizeof ret->person);
        return database_column_address(query, 0, &ret->cuff) >= 0;
}

int store_users_list(struct store *s, const struct bdaddr *cuff, struct store_user **ret,
                     size_t *ret_n) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        _cleanup_(freep) struct store_user *users = NULL;
        char address[BDADDR_STRING_SIZE];
        size_t n = 0;
        int r = database_prepare(s->db,
                                 cuff ? "SELECT cuff, user, name, person FROM user WHERE cuff = ? "
                                        "ORDER BY user"
                                      : "SELECT cuff, user, name, person FROM user "
                                        "ORDER BY cuff, user",
                                 &query);

        if (r < 0)
                return r;
        if (cuff) {
                bdaddr_to_string(cuff, address);
                database_bind_text(query, 1, address);
        }
        while ((r = database_step(query)) > 0) {
                struct store_user *more = reallocarray(users, n + 1, sizeof *more);

                if (!more)
                        return -ENOMEM;
                users = more;
                n += column_user(query, &users[n]);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(users);
        *ret_n = n;
        return 0;
}

int store_users_save(struct store *s, const struct store_user *user) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        char address[BDADDR_STRING_SIZE];
        int r = database_prepare(
                s->db,
                "INSERT INTO user (cuff, user, name, person) VALUES (?, ?, ?, ?) "
                "ON CONFLICT DO UPDATE SET name = excluded.name, person = excluded.person",
                &query);

        if (r < 0)
                return r;
        bdaddr_to_string(&user->cuff, address);
        database_bind_text(query, 1, address);
        sqlite3_bind_int(query, 2, user->user);
        database_bind_text(query, 3, user->name);
        database_bind_text(query, 4, user->person);
        return database_step(query);
}
