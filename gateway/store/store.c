#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>

#include "store/database.h"
#include "store/file.h"

/* How far an opening has come: what was tried, and on what. */
struct opening {
        const char *directory, *path, *lock_path;
        const char *step, *where;
        bool making; /* the directory: it is not there yet */
        int version;
};

static const struct {
        int error;
        const char *before, *after; /* with `after`, the directory stands between the two */
} remedies[] = {
        {EACCES, "run the service as the user that owns it, or `cd ",
         " && chown cuff2mqtt: . cuff2mqtt.*`"},
        {EPERM, "run the service as the user that owns it, or `cd ",
         " && chown cuff2mqtt: . cuff2mqtt.*`"},
        {EROFS,
         "make that disk writable again (an SD card that turns read-only is worn out: copy "
         "it to a new one)",
         NULL},
        {ENOSPC, "free some space on that disk (`df -h ",
         "` shows it), then start the service again"},
        {EDQUOT, "free some space on that disk (`df -h ",
         "` shows it), then start the service again"},
        {ENOENT, "create it with `mkdir -p ", "`, owned by the user of the service"},
        {ENOTDIR, "move the file that is in the way, or set another state_directory", NULL},
        {EISDIR, "move the directory that has this name, then start the service again", NULL},
        {EBUSY, "close the program that holds it, then start the service again", NULL},
        {EIO, "the disk fails (`dmesg` tells more): copy ", " to a healthy one"},
        {ENOTSUP, "it is not a database of cuff2mqtt: move it away, then start the service again",
         NULL},
        {0, "check that ", " is a directory on a local disk that the service may write to"},
};

static char *explain(const struct opening *o, int error) {
        int remedy = -error;
        char *why = NULL;
        size_t i = 0;

        if (error == -EBUSY && o->where == o->lock_path) {
                if (asprintf(&why,
                             "Another cuff2mqtt is already running on the database in %s: stop it "
                             "first (`systemctl stop cuff2mqtt`), or set another state_directory.",
                             o->directory) < 0)
                        return NULL;
                return why;
        }
        if (error == -ENOTSUP && o->version > database_version()) {
                if (asprintf(&why,
                             "The database %s was made by a newer cuff2mqtt (version %d, this one "
                             "knows %d) and was left as it is: install the newer cuff2mqtt again.",
                             o->path, o->version, database_version()) < 0)
                        return NULL;
                return why;
        }
        if (o->making && (error == -EACCES || error == -EPERM))
                remedy = ENOENT; /* nothing there yet whose owner could be changed */
        while (remedies[i].error && remedies[i].error != remedy)
                i++;
        if (asprintf(&why, "Cannot %s %s (%s): %s%s%s.", o->step, o->where, strerror(-error),
                     remedies[i].before, remedies[i].after ? o->directory : "",
                     remedies[i].after ? remedies[i].after : "") < 0)
                return NULL;
        return why;
}

static void closedirp(DIR **d) {
        if (*d)
                closedir(*d);
}

/* Ours are the files of the database, and the directories that store/file.c closes to others. */
static bool is_ours(DIR *d, const char *name) {
        static const char *const rooms[] = {FILE_KEYS, FILE_BACKUPS, FILE_DUMPS};
        struct stat st;

        if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
            strncmp(name, "cuff2mqtt.", strlen("cuff2mqtt.")) == 0)
                return true;
        for (size_t i = 0; i < ELEMENTS(rooms); i++)
                if (strcmp(name, rooms[i]) == 0)
                        return fstatat(dirfd(d), name, &st, AT_SYMLINK_NOFOLLOW) >= 0 &&
                               S_ISDIR(st.st_mode) && st.st_uid == geteuid() && !(st.st_mode & 077);
        return false;
}

/* A directory of ours that others may look into is closed to them, but not one that holds other
 * things too: a service run by root on /tmp or /srv must not lock everybody else out. */
static void tighten_directory(DIR *d) {
        struct stat st;

        if (fstat(dirfd(d), &st) < 0 || st.st_uid != geteuid() || !(st.st_mode & 077))
                return;
        for (struct dirent *e; (e = readdir(d));)
                if (!is_ours(d, e->d_name))
                        return;
        /* A file system without modes has nothing to tighten. */
        (void) fchmod(dirfd(d), st.st_mode & 07700);
}

static int make_directory(struct opening *o) {
        _cleanup_(closedirp) DIR *d = opendir(o->directory);

        o->making = !d && errno == ENOENT;
        if (o->making && mkdir(o->directory, 0700) >= 0)
                d = opendir(o->directory);
        if (!d)
                return -errno;
        tighten_directory(d);
        return 0;
}

/* Makes the file if need be; SQLite gives its -wal and -shm the same mode. */
static int open_private(const char *path) {
        struct stat st;
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

        if (fd < 0)
                return -errno;
        if (fstat(fd, &st) >= 0 && st.st_uid == geteuid() && st.st_mode & 077)
                (void) fchmod(fd, st.st_mode & 0700);
        return fd;
}

static int take_lock(struct store *s, const char *path) {
        s->lock = open_private(path);
        if (s->lock < 0)
                return s->lock;
        if (flock(s->lock, LOCK_EX | LOCK_NB) < 0)
                return errno == EWOULDBLOCK ? -EBUSY : -errno;
        return 0;
}

bool inst_is_valid(const char *inst) {
        size_t prefix = strlen(INST_PREFIX);

        return strncmp(inst, INST_PREFIX, prefix) == 0 && strlen(inst) == prefix + INST_DIGITS &&
               strspn(inst + prefix, "0123456789abcdef") == INST_DIGITS;
}

/* It goes into topics: one that was damaged or edited into another shape is made anew. */
static int take_inst(struct store *s) {
        _cleanup_(freep) char *inst = NULL;
        uint8_t b[INST_DIGITS / 2];
        int r = store_meta_get(s, "inst", &inst);

        if (r < 0 && r != -ENODATA)
                return r;
        if (!inst || !inst_is_valid(inst)) {
                free(TAKE_PTR(inst));
                if (getrandom(b, sizeof b, 0) != sizeof b)
                        return -EIO;
                if (asprintf(&inst, INST_PREFIX "%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2], b[3],
                             b[4], b[5]) < 0) {
                        inst = NULL;
                        return -ENOMEM;
                }
                r = store_meta_set(s, "inst", inst);
                if (r < 0)
                        return r;
        }
        s->inst = TAKE_PTR(inst);
        return 0;
}

static int take_database(struct store *s, struct opening *o) {
        int fd, r;

        o->step = "open the database";
        o->where = o->path;
        fd = open_private(o->path); /* says why it cannot, better than SQLite would */
        if (fd < 0)
                return fd;
        close(fd);
        r = database_connect(o->path, SQLITE_OPEN_READWRITE, &s->db);
        if (r >= 0)
                r = database_check(s->db, &o->version);
        /* The file could be opened for writing: it is its header that forbids it. */
        if (r >= 0 && sqlite3_db_readonly(s->db, "main"))
                r = -EUCLEAN;
        if (r < 0)
                return r;
        o->step = "write to the database";
        r = database_migrate(s->db, o->version);
        return r < 0 ? r : take_inst(s);
}

static int open_steps(struct store *s, struct opening *o) {
        int r;

        o->step = "use the database directory";
        o->where = o->directory;
        r = make_directory(o);
        if (r < 0)
                return r;
        o->making = false;
        o->step = "write to the database directory";
        r = take_lock(s, o->lock_path);
        if (r < 0 && access(o->lock_path, F_OK) >= 0) {
                o->step = "take the lock";
                o->where = o->lock_path;
        }
        if (r >= 0)
                r = database_replace_resume(o->directory);
        if (r < 0)
                return r;
        r = take_database(s, o);
        if (r != -EUCLEAN)
                return r;
        database_close(TAKE_PTR(s->db));
        r = database_replace(o->directory, &s->set_aside, &o->step);
        return r < 0 ? r : take_database(s, o);
}

DEFINE_CLEANUP(struct store *, store_close)

int store_open(const char *directory, struct store **ret, char **ret_why) {
        _cleanup_(store_closep) struct store *s = calloc(1, sizeof *s);
        _cleanup_(freep) char *path = NULL, *lock_path = NULL;
        int r;

        *ret_why = NULL;
        if (!s)
                return -ENOMEM;
        s->lock = -1;
        if (asprintf(&path, "%s/cuff2mqtt.db", directory) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (asprintf(&lock_path, "%s/cuff2mqtt.lock", directory) < 0) {
                lock_path = NULL;
                return -ENOMEM;
        }
        struct opening o = {.directory = directory, .path = path, .lock_path = lock_path};
        r = open_steps(s, &o);
        if (r < 0) {
                *ret_why = explain(&o, r);
                return r;
        }
        *ret = TAKE_PTR(s);
        return 0;
}

void store_close(struct store *s) {
        if (!s)
                return;
        database_close(s->db);
        if (s->lock >= 0)
                close(s->lock); /* last: nobody else may open before all is written */
        free(s->set_aside);
        free(s->inst);
        free(s->path);
        free(s);
}

const char *store_set_aside(const struct store *s) {
        return s->set_aside;
}

const char *store_inst(const struct store *s) {
        return s->inst;
}

int store_meta_get(struct store *s, const char *key, char **ret) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(s->db, "SELECT value FROM meta WHERE key = ?", &query);

        if (r < 0)
                return r;
        database_bind_text(query, 1, key);
        r = database_step(query);
        if (r <= 0)
                return r < 0 ? r : -ENODATA;
        const char *text = (const char *) sqlite3_column_text(query, 0);
        char *value = text ? strdup(text) : NULL;
        if (!value)
                return -ENOMEM;
        *ret = value;
        return 0;
}

int store_meta_set(struct store *s, const char *key, const char *value) {
        _cleanup_(database_releasep) sqlite3_stmt *query = NULL;
        int r = database_prepare(s->db, "INSERT OR REPLACE INTO meta VALUES (?, ?)", &query);

        if (r < 0)
                return r;
        database_bind_text(query, 1, key);
        database_bind_text(query, 2, value);
        return database_step(query);
}
