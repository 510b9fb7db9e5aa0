/* One measurement, two ways: a cuff indicates it (2A35) and keeps it in its memory, and either can
 * come first, come again, or never come. The first one makes the row; `other` takes the bytes of
 * the second, so that the next of the same kind is known and claims no row of its own.
 *
 *   it comes ..       a row has ..                                             then
 *   any way           its id                                                   known
 *   with a cuff time  cuff, user, values, time within 2 s                      known
 *                     .. these very bytes in `other`, any user                 known
 *                     .. the other way, no `other` yet, any user               known, claimed
 *   clock never set   cuff, user, values, clock never set,
 *                     .. these very bytes in `other`, and it is from memory    known
 *                     .. the other way, no `other` yet                         known, claimed
 *
 * Why the user may differ: some cuffs number them differently on the two ways; nobody measures
 * twice within two seconds. Why a 2A35 without time is not known by its bytes: two equal ones in
 * two sessions count as two (DECISIONS 19), while a record is read again from the same place. */
#include "store/database.h"

#include <errno.h>
#include <string.h>

#define CANDIDATE                                                                                  \
        "SELECT arrival, id = ?1, user = ?2, (source = '" STORE_SOURCE_MEMORY "') <> ?3, "         \
        "other IS NULL, other IS ?4, taken, taken_seconds IS NOT NULL, "                           \
        "source = '" STORE_SOURCE_IMPORT "' FROM measurement "
#define SAME_VALUES "cuff = ?5 AND systolic = ?6 AND diastolic = ?7 AND pulse IS ?8 "

#define SAME_WITHIN_SECONDS "2"

#define CANDIDATES_DATED                                                                           \
        CANDIDATE "WHERE id = ?1 OR (" SAME_VALUES "AND taken_seconds BETWEEN "                    \
                  "?9 - " SAME_WITHIN_SECONDS " AND ?9 + " SAME_WITHIN_SECONDS                     \
                  ") OR (" SAME_VALUES "AND taken_seconds BETWEEN ?9 - 59 AND ?9 "                 \
                  "AND taken_seconds % 60 = 0 AND source = '" STORE_SOURCE_IMPORT                  \
                  "') ORDER BY arrival"
#define CANDIDATES_UNDATED                                                                         \
        CANDIDATE "WHERE id = ?1 OR (" SAME_VALUES "AND user = ?2 AND taken_seconds IS NULL) "     \
                  "ORDER BY arrival"

#define COMPLETE                                                                                   \
        "UPDATE measurement SET record = coalesce(record, ?), mean = coalesce(mean, ?), "          \
        "irregular_heartbeat = coalesce(irregular_heartbeat, ?), "                                 \
        "body_movement = coalesce(body_movement, ?), cuff_fit_ok = coalesce(cuff_fit_ok, ?), "     \
        "position_ok = coalesce(position_ok, ?), "                                                 \
        "irregular_beats = coalesce(irregular_beats, ?), artifacts = coalesce(artifacts, ?), "     \
        "series_position = coalesce(series_position, ?), other = ? WHERE arrival = ?"

enum likeness {
        DIFFERENT,
        POSSIBLE, /* it can be the partner */
        SAME,
};

struct candidate {
        int64_t arrival; /* 0: none */
        bool claims;     /* the other way, and it has no partner yet */
};

static bool is_from_memory(const struct store_measurement *m) {
        return strcmp(m->source, STORE_SOURCE_MEMORY) == 0;
}

/* No time, or the mark of a clock that was never set. An impossible time is neither: it does not
 * date a measurement, but tells it from others. (Without a time `taken` is all zero.) */
static bool is_unset(const struct measurement *m) {
        return date_time_check(&m->taken) == -ENODATA;
}

static enum likeness judge(sqlite3_stmt *query, const struct store_measurement *m,
                           struct candidate *ret) {
        const bool same_id = sqlite3_column_int(query, 1), same_user = sqlite3_column_int(query, 2),
                   other_way = sqlite3_column_int(query, 3), alone = sqlite3_column_int(query, 4),
                   same_bytes = sqlite3_column_int(query, 5), dated = sqlite3_column_int(query, 7),
                   imported = sqlite3_column_int(query, 8);
        struct measurement row = {0};

        *ret = (struct candidate){
                .arrival = sqlite3_column_int64(query, 0),
                .claims = other_way && alone,
        };
        if (same_id || (same_bytes && (dated || is_from_memory(m))) ||
            (dated && (same_user || imported)))
                return SAME;
        if (!ret->claims)
                return DIFFERENT;
        if (dated)
                return POSSIBLE;
        return taken_column(query, 6, &row) >= 0 && is_unset(&row) && is_unset(&m->measurement)
                       ? POSSIBLE
                       : DIFFERENT;
}

static int find(sqlite3 *db, const struct store_measurement *m, const char *cuff,
                const struct taken *taken, struct candidate *ret) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        struct candidate partner = {0}, found;
        int r = database_prepare(db, taken->usable ? CANDIDATES_DATED : CANDIDATES_UNDATED, &query);

        if (r < 0)
                return r;
        database_bind_text(query, 1, m->id);
        sqlite3_bind_int(query, 2, m->measurement.user);
        sqlite3_bind_int(query, 3, is_from_memory(m));
        sqlite3_bind_blob(query, 4, m->raw, (int) m->raw_size, SQLITE_STATIC);
        database_bind_text(query, 5, cuff);
        sqlite3_bind_int(query, 6, m->measurement.systolic_mmhg);
        sqlite3_bind_int(query, 7, m->measurement.diastolic_mmhg);
        database_bind_number(query, 8, m->measurement.pulse_bpm);
        if (taken->usable)
                taken_bind_seconds(query, 9, taken);
        while ((r = database_step(query)) > 0) {
                const enum likeness alike = judge(query, m, &found);

                if (alike == SAME) {
                        *ret = found;
                        return 0;
                }
                if (alike == POSSIBLE && !partner.arrival)
                        partner = found;
        }
        if (r >= 0)
                *ret = partner;
        return r;
}

static int complete(sqlite3 *db, int64_t arrival, const struct store_measurement *m) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        const struct measurement *v = &m->measurement;
        int i = 0, r = database_prepare(db, COMPLETE, &query);

        if (r < 0)
                return r;
        database_bind_number(query, ++i, v->sequence);
        database_bind_number(query, ++i, v->mean_mmhg);
        database_bind_answer(query, ++i, v->irregular_heartbeat);
        database_bind_answer(query, ++i, v->body_movement);
        database_bind_answer(query, ++i, v->cuff_fit_ok);
        database_bind_answer(query, ++i, v->position_ok);
        database_bind_number(query, ++i, v->irregular_beats);
        database_bind_number(query, ++i, v->artifacts);
        database_bind_number(query, ++i, v->series_position);
        sqlite3_bind_blob(query, ++i, m->raw, (int) m->raw_size, SQLITE_STATIC);
        sqlite3_bind_int64(query, ++i, arrival);
        return database_step(query);
}

int merge_into_known(sqlite3 *db, const struct store_measurement *m, const char *cuff,
                     const struct taken *taken) {
        struct candidate known = {0};
        int r = find(db, m, cuff, taken, &known);

        if (r < 0 || !known.arrival)
                return r;
        if (known.claims)
                r = complete(db, known.arrival, m);
        return r < 0 ? r : 1;
}
