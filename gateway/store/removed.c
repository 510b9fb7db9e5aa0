#include "store/removed.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/database.h"

/* Keys in `meta`: "removed.AA:BB:CC:DD:EE:FF", whose value is "" until it is paired again, and
 * behind it one for each user that it ever had, "removed.AA:BB:CC:DD:EE:FF.2". */
#define PREFIX   "removed."
#define AGAIN    "paired"
#define KEY_SIZE (sizeof PREFIX + BDADDR_STRING_SIZE)

static void key_of(const struct bdaddr *address, char ret[KEY_SIZE]) {
        char text[BDADDR_STRING_SIZE];

        bdaddr_to_string(address, text);
        snprintf(ret, KEY_SIZE, PREFIX "%s", text);
}

/* Runs `sql`, whose only parameter is the cuff's address. */
static int run(struct store *s, const char *sql, const char *address) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(s->db, sql, &query);

        if (r < 0)
                return r;
        database_bind_text(query, 1, address);
        return database_step(query);
}

static int remember(struct store *s, const char *address) {
        return run(s,
                   "INSERT OR REPLACE INTO meta SELECT '" PREFIX "' || ?1, '' UNION ALL "
                   "SELECT '" PREFIX "' || ?1 || '.' || user, '' FROM user WHERE cuff = ?1",
                   address);
}

/* Also the options of this cuff (app/cuff_option.c). */
static int purge(struct store *s, const char *address) {
        static const char *const steps[] = {
                ("DELETE FROM outbox WHERE measurement IN "
                 "(SELECT arrival FROM measurement WHERE cuff = ?)"),
                "DELETE FROM measurement WHERE cuff = ?",
                "DELETE FROM rejected WHERE cuff = ?",
                "DELETE FROM user WHERE cuff = ?",
                "DELETE FROM meta WHERE key GLOB 'option.' || lower(replace(?, ':', '')) || '.*'",
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTS(steps) && r >= 0; i++)
                r = run(s, steps[i], address);
        return r;
}

int store_removed_add(struct store *s, const struct bdaddr *address, bool with_measurements) {
        char text[BDADDR_STRING_SIZE];
        int r = database_begin(s->db);

        if (r < 0)
                return r;
        bdaddr_to_string(address, text);
        r = remember(s, text);
        if (r >= 0)
                r = run(s, "DELETE FROM cuff WHERE address = ?", text);
        if (r >= 0)
                r = run(s, "DELETE FROM memory_mark WHERE cuff = ?", text);
        if (r >= 0 && with_measurements)
                r = purge(s, text);
        return database_end(s->db, r);
}

int store_removed_end(struct store *s, const struct bdaddr *address) {
        char key[KEY_SIZE];

        key_of(address, key);
        return run(s, "UPDATE meta SET value = '" AGAIN "' WHERE key = ?", key);
}

bool store_removed_has(struct store *s, const struct bdaddr *address) {
        _cleanup_(freep) char *value = NULL;
        char key[KEY_SIZE];

        key_of(address, key);
        return store_meta_get(s, key, &value) >= 0 && strcmp(value, AGAIN) != 0;
}

/* A cuff, behind which its users come: they go to `last`. 1 it is a cuff; 0 it is none. */
static int column(sqlite3_stmt *query, struct store_removed *last, struct store_removed *ret) {
        char text[BDADDR_STRING_SIZE + sizeof ".255"], *user;

        database_column_text(query, 0, text, sizeof text);
        user = strchr(text, '.');
        if (user)
                *user++ = '\0';
        *ret = (struct store_removed){0};
        if (bdaddr_from_string(text, &ret->address) < 0)
                return 0;
        if (!user)
                return 1;
        if (last && bdaddr_equal(&last->address, &ret->address) &&
            last->n_users < STORE_REMOVED_USERS_MAX)
                last->user[last->n_users++] = (uint8_t) strtoul(user, NULL, 10);
        return 0;
}

int store_removed_list(struct store *s, struct store_removed **ret, size_t *ret_n) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        _cleanup_(freep) struct store_removed *all = NULL;
        size_t n = 0;
        int r = database_prepare(s->db,
                                 "SELECT substr(key, length('" PREFIX "') + 1) FROM meta "
                                 "WHERE key GLOB '" PREFIX "*' ORDER BY key",
                                 &query);

        while (r >= 0 && (r = database_step(query)) > 0) {
                struct store_removed *more = reallocarray(all, n + 1, sizeof *more);

                if (!more)
                        return -ENOMEM;
                all = more;
                n += (size_t) column(query, n ? &all[n - 1] : NULL, &all[n]);
        }
        if (r < 0)
                return r;
        *ret = TAKE_PTR(all);
        *ret_n = n;
        return 0;
}
