#include "store/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "store/database.h"

#define LIMIT_S        5
#define PROGRESS_STEPS 10000 /* of SQLite's machine: some milliseconds */
#define WHOLE_CHECK_BYTES                                                                          \
        (16 << 20) /* up to here the indexes are compared with their tables, too */

/* With a log (WAL) it is read as SQLite's other readers do, through the -shm file of the writer.
 * Without one nothing is pending, and SQLite is told so: it would make one. */
#define THROUGH_LOG "mode=ro&readonly_shm=1"
#define WITHOUT_LOG "immutable=1"

/* Bytes; negative errno. The file is not opened: closing it would drop the locks of an SQLite in
 * this process. */
static int64_t size_of(const char *path, const char *suffix) {
        _cleanup_(freep) char *name = NULL;
        struct stat st;

        if (asprintf(&name, "%s%s", path, suffix) < 0) {
                name = NULL;
                return -ENOMEM;
        }
        if (stat(name, &st) < 0)
                return -errno;
        return S_ISREG(st.st_mode) ? st.st_size : -EISDIR;
}

/* NULL: only a writer can read it. */
static const char *way_in(const char *path) {
        int64_t log = size_of(path, "-wal");

        if (size_of(path, "-journal") > 0)
                return NULL;
        if (log >= 0 && size_of(path, "-shm") >= 0)
                return THROUGH_LOG;
        return log > 0 ? NULL : WITHOUT_LOG;
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

/* ---- time ---- */

struct limit {
        struct timespec end;
        bool passed;
};

static int on_progress(void *userdata) {
        struct limit *l = userdata;
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        l->passed = now.tv_sec > l->end.tv_sec ||
                    (now.tv_sec == l->end.tv_sec && now.tv_nsec >= l->end.tv_nsec);
        return l->passed;
}

static void limit_init(struct limit *l, sqlite3 *db) {
        *l = (struct limit){0};
        clock_gettime(CLOCK_MONOTONIC, &l->end);
        l->end.tv_sec += LIMIT_S;
        sqlite3_progress_handler(db, PROGRESS_STEPS, on_progress, l);
}

/* ---- what is in it ---- */

static int read_cuffs(sqlite3 *db, struct store_survey *s) {
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *query = NULL;
        int r = database_prepare(
                db, "SELECT address, name, last_seen, bond_lost FROM cuff ORDER BY address",
                &query);

        if (r < 0)
                return r;
        while (s->n_cuffs < ELEMENTS(s->cuff) && (r = database_step(query)) > 0) {
                struct store_survey_cuff *c = &s->cuff[s->n_cuffs];

                r = database_column_address(query, 0, &c->address);
                if (r < 0)
                        return r;
                database_column_text(query, 1, c->name, sizeof c->name);
                c->last_seen = sqlite3_column_int64(query, 2);
                c->bond_lost = sqlite3_column_int(query, 3);
                s->n_cuffs++;
        }
        return r < 0 ? r : 0;
}

static int read_contents(sqlite3 *db, struct store_survey *s) {
        int64_t tables = 0;
        int r = database_integer(db, "SELECT count(*) FROM sqlite_schema", &tables);

        if (r < 0 || (s->version == 0 && tables == 0)) /* a file that was made and not yet filled */
                return r;
        r = database_integer(db, "SELECT count(*) FROM measurement", &s->measurements);
        if (r >= 0)
                r = database_integer(db, "SELECT count(*) FROM outbox", &s->waiting);
        if (r >= 0)
                r = database_integer(db, "SELECT count(*) FROM rejected", &s->rejected);
        return r < 0 ? r : read_cuffs(db, s);
}

/* 1 sound, 0 not, negative errno. */
static int check(sqlite3 *db, const char *pragma) {
        _cleanup_(sqlite3_finalizep) sqlite3_stmt *query = NULL;
        int r = database_prepare(db, pragma, &query);

        if (r >= 0)
                r = database_step(query);
        if (r < 0)
                return r;
        const char *said = r > 0 ? (const char *) sqlite3_column_text(query, 0) : NULL;
        return said && strcmp(said, "ok") == 0;
}

/* The quick one is what store_open() asks. */
static int check_contents(sqlite3 *db, struct store_survey *s) {
        int r = check(db, "PRAGMA quick_check(1)");

        if (r <= 0)
                return r < 0 ? r : -EUCLEAN;
        if (s->size_bytes <= WHOLE_CHECK_BYTES)
                r = check(db, "PRAGMA integrity_check(1)");
        s->checked = r >= 0;
        if (r == 0)
                s->state = STORE_SURVEY_INDEX;
        return r;
}

static int look_inside(sqlite3 *db, struct store_survey *s) {
        struct limit limit;
        int64_t version = 0;
        int r;

        limit_init(&limit, db);
        r = database_integer(db, "PRAGMA user_version", &version);
        s->version = (int) version;
        if (r >= 0 && version > database_version()) {
                s->state = STORE_SURVEY_NEWER;
                return 0;
        }
        if (r >= 0)
                r = version < 0 ? -EUCLEAN : read_contents(db, s);
        if (r < 0)
                return limit.passed ? -ETIME : r;
        s->state = STORE_SURVEY_FINE;
        r = check_contents(db, s);
        return limit.passed ? 0 : r;
}

static enum store_survey_state state_of(int error) {
        switch (error) {
        case -ENOENT:
                return STORE_SURVEY_ABSENT;
        case -EACCES:
        case -EPERM:
                return STORE_SURVEY_FORBIDDEN;
        case -EUCLEAN:
                return STORE_SURVEY_DAMAGED;
        case -EROFS: /* SQLite would have to write first */
                return STORE_SURVEY_PENDING;
        case -ENOTSUP:
                return STORE_SURVEY_FOREIGN;
        default:
                return STORE_SURVEY_FAILED;
        }
}

static void look(const char *path, const char *way, struct store_survey *s) {
        _cleanup_(sqlite3_closep) sqlite3 *db = NULL;
        _cleanup_(freep) char *uri = uri_of(path, way);
        int r = uri ? 0 : -ENOMEM;

        if (r >= 0)
                r = database_connect(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, &db);
        if (r >= 0)
                r = look_inside(db, s);
        if (r >= 0)
                return;
        s->error = r;
        s->state = state_of(r);
}

static void survey(const char *path, struct store_survey *ret) {
        int64_t size = size_of(path, ""), log = size_of(path, "-wal");
        const char *way = way_in(path);

        *ret = (struct store_survey){.size_bytes = size + (log > 0 ? log : 0)};
        if (size >= 0 && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0)
                size = -errno;
        if (size < 0) {
                *ret = (struct store_survey){.error = (int) size, .state = state_of((int) size)};
                return;
        }
        if (!way) {
                ret->state = STORE_SURVEY_PENDING;
                return;
        }
        look(path, way, ret);
        /* A service has started meanwhile and changed what was read as if nobody could. */
        if (ret->state != STORE_SURVEY_FINE && strcmp(way, WITHOUT_LOG) == 0 && way_in(path) != way)
                survey(path, ret);
}

void store_survey_look(const char *directory, struct store_survey *ret) {
        _cleanup_(freep) char *path = NULL;

        if (asprintf(&path, "%s/cuff2mqtt.db", directory) < 0) {
                path = NULL;
                *ret = (struct store_survey){.state = STORE_SURVEY_FAILED, .error = -ENOMEM};
                return;
        }
        survey(path, ret);
}

enum store_survey_lock store_survey_lock(const char *directory) {
        _cleanup_(freep) char *path = NULL;
        _cleanup_(closep) int fd = -1;

        if (asprintf(&path, "%s/cuff2mqtt.lock", directory) < 0) {
                path = NULL;
                return STORE_SURVEY_LOCK_FORBIDDEN;
        }
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR ? STORE_SURVEY_LOCK_ABSENT
                                                           : STORE_SURVEY_LOCK_FORBIDDEN;
        if (flock(fd, LOCK_SH | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? STORE_SURVEY_LOCK_HELD : STORE_SURVEY_LOCK_FORBIDDEN;
        return STORE_SURVEY_LOCK_FREE; /* released with the descriptor */
}
