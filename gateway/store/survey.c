#include "store/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "store/database.h"

#define LIMIT_S        5
#define PROGRESS_STEPS 10000 /* of SQLite's machine: some milliseconds */
#define WHOLE_CHECK_BYTES                                                                          \
        (16 << 20) /* up to here the indexes are compared with their tables, too */

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
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
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
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
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
        case -EAGAIN:
        case -EROFS: /* SQLite would have to write first */
                return STORE_SURVEY_PENDING;
        case -ENOTSUP:
                return STORE_SURVEY_FOREIGN;
        default:
                return STORE_SURVEY_FAILED;
        }
}

static int look(const char *path, const struct reader_view *view, struct store_survey *s) {
        _cleanup_(database_closep) sqlite3 *db = NULL;
        int r = reader_connect(path, view, &db);

        return r < 0 ? r : look_inside(db, s);
}

static void survey(const char *path, struct store_survey *ret) {
        int64_t size = reader_size(path, ""), log = reader_size(path, "-wal");
        struct reader_view view;
        int r = reader_look(path, &view);
        bool found = r >= 0;

        *ret = (struct store_survey){0};
        if (found || r == -EAGAIN)
                ret->size_bytes = size + (log > 0 ? log : 0);
        if (found)
                r = look(path, &view, ret);
        if (r < 0) {
                ret->error = r;
                ret->state = state_of(r);
        }
        /* A service has started or ended meanwhile. */
        if (found && ret->state != STORE_SURVEY_FINE && reader_view_is_past(path, &view))
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
