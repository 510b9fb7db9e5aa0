#include "store/persons.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"

#define PREFIX "person." /* in `meta`; the values are empty */

int store_persons_note(struct store *s, const char *slug) {
        char key[sizeof PREFIX + STORE_TEXT_SIZE];

        snprintf(key, sizeof key, PREFIX "%s", slug);
        return store_meta_set(s, key, "");
}

int store_persons_list(struct store *s, struct store_person **ret, size_t *ret_n) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        _cleanup_(freep) struct store_person *all = NULL;
        size_t n = 0;
        int r = database_prepare(s->db,
                                 "SELECT substr(key, length('" PREFIX "') + 1) FROM meta "
                                 "WHERE key GLOB '" PREFIX "?*' ORDER BY key",
                                 &query);

        while (r >= 0 && (r = database_step(query)) > 0) {
                struct store_person *more = reallocarray(all, n + 1, sizeof *more);

                if (!more)
                        return -ENOMEM;
                all = more;
                database_column_text(query, 0, all[n].slug, sizeof all[n].slug);
                n++;
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(all);
        *ret_n = n;
        return 0;
}

static bool is_newer(const struct store_measurement *a, const struct store_measurement *b) {
        return a->measured_at != b->measured_at ? a->measured_at > b->measured_at
                                                : a->received_at > b->received_at;
}

int store_persons_newest(struct store *s, const char *slug, struct store_measurement *ret) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        struct store_measurement m, newest = {0};
        bool found = false;
        int r = database_prepare(s->db,
                                 "SELECT cuff, user FROM user JOIN cuff ON address = cuff "
                                 "WHERE person = ? AND person != ''",
                                 &query);

        if (r < 0)
                return r;
        database_bind_text(query, 1, slug);
        while ((r = database_step(query)) > 0) {
                struct bdaddr cuff;

                r = database_column_address(query, 0, &cuff);
                if (r >= 0)
                        r = store_measurements_newest(s, &cuff,
                                                      (uint8_t) sqlite3_column_int(query, 1), &m);
                if (r < 0 && r != -ENODATA)
                        return r;
                if (r >= 0 && (!found || is_newer(&m, &newest)))
                        newest = m;
                found |= r >= 0;
        }
        if (r < 0 || !found)
                return r < 0 ? r : -ENODATA;
        *ret = newest;
        return 0;
}
