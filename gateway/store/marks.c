#include "store/marks.h"

#include "store/database.h"

int store_marks_load(struct store *s, const struct bdaddr *cuff, struct omron_mark *ret, size_t n) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        char address[BDADDR_STRING_SIZE];
        int r = database_prepare(
                s->db, "SELECT slot, hash FROM memory_mark WHERE cuff = ? AND user = ?", &query);

        bdaddr_to_string(cuff, address);
        for (size_t i = 0; r >= 0 && i < n; i++) {
                database_bind_text(query, 1, address);
                sqlite3_bind_int64(query, 2, (int64_t) i + 1);
                r = database_step(query);
                ret[i] = (struct omron_mark){.known = r > 0};
                if (r > 0) {
                        ret[i].slot = (uint16_t) sqlite3_column_int(query, 0);
                        ret[i].hash = (uint64_t) sqlite3_column_int64(query, 1);
                }
                sqlite3_reset(query);
        }
        return r < 0 ? r : 0;
}

static int save(struct store *s, const char *address, size_t user, const struct omron_mark *mark) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(s->db,
                                 mark->known
                                         ? "INSERT OR REPLACE INTO memory_mark "
                                           "(cuff, user, slot, hash) VALUES (?, ?, ?, ?)"
                                         : "DELETE FROM memory_mark WHERE cuff = ? AND user = ?",
                                 &query);

        if (r < 0)
                return r;
        database_bind_text(query, 1, address);
        sqlite3_bind_int64(query, 2, (int64_t) user);
        if (mark->known) {
                sqlite3_bind_int(query, 3, mark->slot);
                sqlite3_bind_int64(query, 4, (int64_t) mark->hash);
        }
        return database_step(query);
}

int store_marks_save(struct store *s, const struct bdaddr *cuff, const struct omron_mark *marks,
                     size_t n) {
        char address[BDADDR_STRING_SIZE];
        int r = database_begin(s->db);

        if (r < 0)
                return r;
        bdaddr_to_string(cuff, address);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = save(s, address, i + 1, &marks[i]);
        return database_end(s->db, r);
}
