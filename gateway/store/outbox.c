#include "store/outbox.h"

#include <errno.h>

#include "store/database.h"

int store_outbox_next(struct store *s, int64_t after, struct store_outbox_row *ret) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        struct store_outbox_row row;
        int r = database_prepare(s->db,
                                 "SELECT sequence, " MEASUREMENT_COLUMNS
                                 " FROM outbox JOIN measurement ON arrival = measurement "
                                 "WHERE sequence > ? ORDER BY sequence LIMIT 1",
                                 &query);

        if (r < 0)
                return r;
        sqlite3_bind_int64(query, 1, after);
        r = database_step(query);
        if (r <= 0)
                return r < 0 ? r : -ENODATA;
        row.sequence = sqlite3_column_int64(query, 0);
        r = measurements_column(query, 1, &row.measurement);
        if (r < 0)
                return r;
        *ret = row;
        return 0;
}

int store_outbox_remove(struct store *s, int64_t sequence) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(s->db, "DELETE FROM outbox WHERE sequence = ?", &query);

        if (r < 0)
                return r;
        sqlite3_bind_int64(query, 1, sequence);
        return database_step(query);
}

int store_outbox_remove_many(struct store *s, const int64_t *sequences, size_t n) {
        int r = database_begin(s->db);

        if (r < 0)
                return r;
        for (size_t i = 0; i < n && r >= 0; i++)
                r = store_outbox_remove(s, sequences[i]);
        return database_end(s->db, r);
}

int store_outbox_count(struct store *s, int64_t *ret) {
        return database_integer(s->db, "SELECT count(*) FROM outbox", ret);
}
