/* Rows are told one by one while SQLite walks: of the places (measurement_newest has all that is
 * needed for them) it sorts what no index has in order, which is cheap even for all cuffs; the rows
 * themselves are fetched when their turn comes. So memory stays small, however many there are. */
#include "store/history.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>

#include "store/database.h"

#define RENEWALS_MAX 5

struct reading {
        struct store *store;
        struct store_history_filter left; /* of what was asked: its cursor and limit go on */
        store_history_row *row;
        void *owner;
        bool ended; /* by the limit or by `row` */
};

enum { AT_FROM = 1, AT_TO, AT_CUFF, AT_USER, AT_TIME, AT_ARRIVAL, AT_LIMIT };

static int prepare_places(const struct reading *r, sqlite3_stmt **ret) {
        const struct store_history_filter *f = &r->left;
        const char *order = f->newest_first ? "DESC" : "ASC";
        char sql[400];

        snprintf(sql, sizeof sql,
                 "SELECT measured_at, arrival FROM measurement "
                 "WHERE measured_at >= ?1 AND measured_at < ?2%s%s%s%s%s "
                 "ORDER BY measured_at %s, arrival %s LIMIT ?7",
                 f->cuff ? " AND cuff = ?3" : "",
                 f->user != STORE_HISTORY_ANY_USER ? " AND user = ?4" : "",
                 f->after.set ? " AND (measured_at, arrival) " : "",
                 f->after.set ? (f->newest_first ? "<" : ">") : "", f->after.set ? " (?5, ?6)" : "",
                 order, order);
        return database_prepare(r->store->db, sql, ret);
}

/* What the text has no place for is not bound. */
static void bind_places(const struct reading *r, sqlite3_stmt *places, const char *cuff) {
        const struct store_history_filter *f = &r->left;

        sqlite3_bind_int64(places, AT_FROM, f->from_s);
        sqlite3_bind_int64(places, AT_TO, f->to_s);
        if (f->cuff)
                database_bind_text(places, AT_CUFF, cuff);
        if (f->user != STORE_HISTORY_ANY_USER)
                sqlite3_bind_int(places, AT_USER, f->user);
        if (f->after.set) {
                sqlite3_bind_int64(places, AT_TIME, f->after.measured_at);
                sqlite3_bind_int64(places, AT_ARRIVAL, f->after.arrival);
        }
        sqlite3_bind_int64(places, AT_LIMIT, f->limit > 0 ? (int64_t) f->limit : -1);
}

static int fetch(sqlite3_stmt *query, int64_t arrival, struct store_measurement *ret) {
        int r;

        sqlite3_reset(query);
        sqlite3_bind_int64(query, 1, arrival);
        r = database_step(query);
        if (r <= 0) /* both see the same moment: what has a place is there */
                return r < 0 ? r : -EUCLEAN;
        return measurements_column(query, 0, ret);
}

/* Until all was told, or what is read can no longer be relied on: reader_is_past(). */
static int read_on(struct reading *r) {
        _cleanup_(database_releasep) sqlite3_stmt *places = NULL, *rows = NULL;
        char cuff[BDADDR_STRING_SIZE];
        struct store_measurement m;
        int result = prepare_places(r, &places);

        if (result >= 0)
                result = database_prepare(
                        r->store->db,
                        "SELECT " MEASUREMENT_COLUMNS " FROM measurement WHERE arrival = ?", &rows);
        if (result < 0)
                return result;
        if (r->left.cuff)
                bdaddr_to_string(r->left.cuff, cuff);
        bind_places(r, places, cuff);
        while ((result = database_step(places)) > 0) {
                struct store_history_cursor here = {
                        .set = true,
                        .measured_at = sqlite3_column_int64(places, 0),
                        .arrival = sqlite3_column_int64(places, 1),
                };

                result = fetch(rows, here.arrival, &m);
                if (result < 0 || reader_is_past(r->store))
                        return result;
                r->left.after = here;
                result = r->row(r->owner, &m, &here);
                r->ended = result != 0 || (r->left.limit > 0 && --r->left.limit == 0);
                if (r->ended)
                        return result;
        }
        return result;
}

int store_history_read(struct store *s, const struct store_history_filter *filter,
                       store_history_row *row, void *owner) {
        struct reading reading = {.store = s, .left = *filter, .row = row, .owner = owner};

        for (int i = 0; i < RENEWALS_MAX; i++) {
                int r = read_on(&reading);

                if (reading.ended || !reader_is_past(s))
                        return r;
                r = reader_renew(s);
                if (r < 0)
                        return r;
        }
        return -EAGAIN;
}
