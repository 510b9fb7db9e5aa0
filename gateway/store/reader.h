/* Private to this room: a database looked at from outside, without a trace: nothing is written,
 * made or locked beyond what SQLite's readers lock. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "store/store.h"

struct reader_view { /* how the file was found */
        const char *way;
        struct stat file;
};

/* Bytes of the file or of a companion ("-wal"); negative errno. */
int64_t reader_size(const char *path, const char *suffix);

/* 0; -EAGAIN only a writer can read it; -EISDIR, -ENOENT, -EACCES, .. */
int reader_look(const char *path, struct reader_view *ret);
/* 0 or negative errno; -EROFS: SQLite would have to write first. */
int reader_connect(const char *path, const struct reader_view *view, sqlite3 **ret);
/* Since it was looked at, a service has started or ended: what was read may fit neither. */
bool reader_view_is_past(const char *path, const struct reader_view *view);

/* Of a store. Without a log SQLite takes the file for one that nobody changes; if a service came
 * and changed it, what was read since the last row that was good may be of two times. Never of a
 * service's own. */
bool reader_is_past(const struct store *s);
/* Opens it anew, after that; all statements must have ended. 0 or negative errno. */
int reader_renew(struct store *s);
