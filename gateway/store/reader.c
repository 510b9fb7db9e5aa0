#include "store/reader.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "store/database.h"

#define TRIES 5 /* a service that starts or ends in that very moment; then it settles */

/* With a log (WAL) it is read as SQLite's other readers do, through the -shm file of the writer.
 * Without one nothing is pending, and SQLite is told so: it would make one. */
static const char through_log[] = "mode=ro&readonly_shm=1";
static const char without_log[] = "immutable=1";

/* ---- the way in ---- */

/* The file is not opened: closing it would drop the locks of an SQLite in this process. */
static int look_at(const char *path, const char *suffix, struct stat *ret) {
        _cleanup_(freep) char *name = NULL;

        if (asprintf(&name, "%s%s", path, suffix) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        if (stat(name, ret) < 0)
                return -errno;
        return S_ISREG(ret->st_mode) ? 0 : -EISDIR;
}

int64_t reader_size(const char *path, const char *suffix) {
        struct stat st;
        int r = look_at(path, suffix, &st);

        return r < 0 ? r : st.st_size;
}

/* NULL: only a writer can read it. */
static const char *way_in(const char *path) {
        int64_t log = reader_size(path, "-wal");

        if (reader_size(path, "-journal") > 0)
                return NULL;
        if (log >= 0 && reader_size(path, "") == 0) /* SQLite would remove that log */
                return NULL;
        if (log >= 0 && reader_size(path, "-shm") >= 0)
                return through_log;
        return log > 0 ? NULL : without_log;
}

int reader_look(const char *path, struct reader_view *ret) {
        struct reader_view view;
        int r = look_at(path, "", &view.file); /* first: what changes from here on is noticed */

        if (r < 0)
                return r;
        if (faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0)
                return -errno;
        view.way = way_in(path);
        if (!view.way)
                return -EAGAIN;
        *ret = view;
        return 0;
}

/* A path has characters that a URI has not. */
static char *uri_of(const char *path, const char *query) {
        size_t n = strlen("file:?") + 3 * strlen(path) + strlen(query) + 1;
        char *uri = malloc(n), *at = uri;

        if (!uri)
                return NULL;
        at += sprintf(at, "file:");
        for (; *path; path++)
                at += sprintf(at, "%%%02X", (unsigned char) *path);
        sprintf(at, "?%s", query);
        return uri;
}

int reader_connect(const char *path, const struct reader_view *view, sqlite3 **ret) {
        _cleanup_(freep) char *uri = uri_of(path, view->way);

        return uri ? database_connect(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, ret) : -ENOMEM;
}

static bool is_same_file(const struct stat *a, const struct stat *b) {
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

bool reader_view_is_past(const char *path, const struct reader_view *view) {
        struct stat now;

        if (way_in(path) != view->way)
                return true;
        return view->way == without_log &&
               (look_at(path, "", &now) < 0 || !is_same_file(&now, &view->file));
}

/* ---- what is in it ---- */

/* What these name has been there since version 1, and what those, today. */
static const char *const always[] = {
        "SELECT key, value FROM meta",
        "SELECT " CUFF_COLUMNS_V1 " FROM cuff",
        "SELECT cuff, user, name, person FROM user",
        "SELECT arrival, " MEASUREMENT_COLUMNS_V1 " FROM measurement",
        "SELECT sequence, measurement FROM outbox",
};
static const char *const today[] = {
        "SELECT " CUFF_COLUMNS " FROM cuff",
        "SELECT " MEASUREMENT_COLUMNS " FROM measurement",
        "SELECT cuff, user, slot, hash FROM memory_mark",
};

/* -ENOTSUP: not all of it is there. */
static int check_tables(sqlite3 *db, const char *const *queries, size_t n) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
                int r = database_prepare(db, queries[i], &query);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int check(sqlite3 *db, int *ret_version) {
        int64_t tables = 0;
        int r = database_check(db, ret_version);

        if (r >= 0)
                r = database_integer(db, "SELECT count(*) FROM sqlite_schema", &tables);
        if (r < 0)
                return r;
        if (*ret_version == 0) /* a file that was made and not yet filled, or others' tables */
                return tables == 0 ? -ESTALE : -ENOTSUP;
        r = check_tables(db, always, ELEMENTS(always));
        if (r < 0)
                return r;
        if (*ret_version < database_version())
                return -ESTALE;
        return check_tables(db, today, ELEMENTS(today));
}

/* It goes into topics, and only a service makes one. */
static int take_inst(struct store *s) {
        _cleanup_(freep) char *inst = NULL;
        int r = store_meta_get(s, "inst", &inst);

        if (r < 0 && r != -ENODATA)
                return r;
        if (!inst || !inst_is_valid(inst))
                return -ESTALE;
        free(s->inst);
        s->inst = TAKE_PTR(inst);
        return 0;
}

/* ---- the store ---- */

static int open_once(struct store *s, int *ret_version) {
        int r = reader_look(s->path, &s->view);

        if (r >= 0)
                r = reader_connect(s->path, &s->view, &s->db);
        if (r >= 0)
                r = check(s->db, ret_version);
        if (r >= 0)
                r = take_inst(s);
        return r == -EROFS ? -EAGAIN : r;
}

static int open_settled(struct store *s, int *ret_version) {
        int r = -EAGAIN;

        for (int i = 0; i < TRIES; i++) {
                /* Statements of the caller, if there are any, may end later. */
                database_close(TAKE_PTR(s->db));
                s->view = (struct reader_view){0};
                *ret_version = 0;
                r = open_once(s, ret_version);
                if (!s->view.way || !reader_view_is_past(s->path, &s->view))
                        return r;
        }
        return r < 0 ? r : -EAGAIN;
}

bool reader_is_past(const struct store *s) {
        return s->view.way == without_log && reader_view_is_past(s->path, &s->view);
}

int reader_renew(struct store *s) {
        int version;

        return open_settled(s, &version);
}

#define RESTART "`sudo systemctl restart cuff2mqtt`"

static const struct {
        int error;
        const char *before, *after; /* the path stands between the two */
} sentences[] = {
        {ENOENT, "There is no database ",
         ": the service makes it when it starts (" RESTART
         "); if it keeps its own elsewhere, correct state_directory."},
        {ENOTDIR, "There is no database ",
         ": the service makes it when it starts (" RESTART
         "); if it keeps its own elsewhere, correct state_directory."},
        {EACCES, "This user may not read the database ",
         ": run this as the service's user or as root."},
        {EPERM, "This user may not read the database ",
         ": run this as the service's user or as root."},
        {EUCLEAN, "The database ",
         " is damaged: restart the service (" RESTART
         "), which sets it aside and keeps what can be read."},
        {ENOTSUP, "", " is not a database of cuff2mqtt: move it away, or correct state_directory."},
        {ESTALE, "The database ",
         " was left by an older cuff2mqtt: restart the service (" RESTART
         "), which brings it up to date."},
        {EAGAIN, "What was written last to the database ",
         " can be read by the service only: restart it (" RESTART "), then try again."},
        {EBUSY, "Another program holds the database ",
         ": close it (`sudo fuser -v` with that path names it), then try again."},
        {EISDIR, "", " is not a file: correct state_directory, or move it away."},
};

static char *explain(const char *path, int error, int version) {
        char *why = NULL;

        if (error == -ENOTSUP && version > database_version()) {
                if (asprintf(&why,
                             "The database %s was made by a newer cuff2mqtt (version %d, this one "
                             "knows %d): install the newer cuff2mqtt again.",
                             path, version, database_version()) < 0)
                        return NULL;
                return why;
        }
        for (size_t i = 0; i < ELEMENTS(sentences); i++)
                if (sentences[i].error == -error) {
                        if (asprintf(&why, "%s%s%s", sentences[i].before, path,
                                     sentences[i].after) < 0)
                                return NULL;
                        return why;
                }
        if (asprintf(&why,
                     "Cannot read the database %s (%s): check that it is on a local disk, and that "
                     "the disk does not fail (`sudo dmesg` tells).",
                     path, strerror(-error)) < 0)
                return NULL;
        return why;
}

DEFINE_CLEANUP(struct store *, store_close)

int store_open_reader(const char *directory, struct store **ret, char **ret_why) {
        _cleanup_(store_closep) struct store *s = calloc(1, sizeof *s);
        int version, r;

        *ret_why = NULL;
        if (!s)
                return -ENOMEM;
        s->lock = -1;
        if (asprintf(&s->path, "%s/cuff2mqtt.db", directory) < 0) {
                s->path = NULL;
                return -ENOMEM;
        }
        r = open_settled(s, &version);
        if (r < 0) {
                *ret_why = explain(s->path, r, version);
                return r;
        }
        *ret = TAKE_PTR(s);
        return 0;
}
