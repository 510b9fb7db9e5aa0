/* The copy is made beside its place and takes it when all of it is on the disk. */
#include "store/copy.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/bdaddr.h"
#include "store/database.h"
#include "store/file.h"

#define KEY_FILE_MAX 256 /* bytes; a key has 33 */
#define RENEWALS_MAX 5

struct copying {
        struct store *store;
        const char *directory;
        char *to, *parent; /* without the slash at their end */
        char *keys;        /* of `directory` */
        char *partial;     /* where it is made; NULL: there is nothing to remove */
        char *database;    /* in there */
        const char *step, *where;
        bool reading; /* what fails is at the source */
};

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at) {
        (void) remove(path);
        return 0;
}

static void copying_done(struct copying *c) {
        if (c->partial)
                (void) nftw(c->partial, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        free(c->to);
        free(c->parent);
        free(c->keys);
        free(c->partial);
        free(c->database);
}

static void step(struct copying *c, const char *what, const char *where, bool reading) {
        c->step = what;
        c->where = where;
        c->reading = reading;
}

/* ---- the database ---- */

/* All in one go: what other connections commit meanwhile waits in their log. */
static int back_up(sqlite3 *from, sqlite3 *to) {
        sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
        int result, r;

        if (!backup)
                return database_error(sqlite3_extended_errcode(to));
        result = sqlite3_backup_step(backup, -1);
        r = database_error(result); /* of errno, too */
        (void) sqlite3_backup_finish(backup);
        return result == SQLITE_OK ? -EIO : r; /* OK: it is not done */
}

static int back_up_into(struct copying *c) {
        _cleanup_(database_closep) sqlite3 *to = NULL;
        _cleanup_(closep) int fd =
                open(c->database, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        int r;

        if (fd < 0)
                return -errno;
        close(TAKE_FD(fd)); /* SQLite must be the only one that has it open */
        r = database_connect(c->database, SQLITE_OPEN_READWRITE, &to);
        /* Half of it would be thrown away, and the whole is synced by us: neither journal nor haste
         * is needed, nor is what was written looked at again. */
        if (r >= 0)
                r = database_execute(to, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; "
                                         "PRAGMA cache_size = -64");
        return r < 0 ? r : back_up(c->store->db, to);
}

/* A copy of damage is no copy. */
static int check_copy(const struct copying *c) {
        _cleanup_(database_closep) sqlite3 *db = NULL;
        struct reader_view view;
        int version, r = reader_look(c->database, &view);

        if (r >= 0)
                r = reader_connect(c->database, &view, &db);
        return r < 0 ? r : database_check(db, &version);
}

static int sync_path(const char *path) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int copy_database(struct copying *c) {
        int r = -EAGAIN;

        for (int i = 0; i < RENEWALS_MAX; i++) {
                step(c, "copy the database to", c->to, /* reading= */ false);
                r = back_up_into(c);
                if (!reader_is_past(c->store))
                        break;
                step(c, "read the database for", c->to, /* reading= */ true);
                r = reader_renew(c->store);
                if (r < 0)
                        return r;
                r = -EAGAIN;
        }
        if (r >= 0)
                r = check_copy(c);
        return r < 0 ? r : sync_path(c->database);
}

/* ---- the keys ---- */

/* Else it is what an interrupted save left, or none of ours. */
static bool is_key(const char *name) {
        return strlen(name) == BDADDR_ID_SIZE - 1 &&
               strspn(name, "0123456789abcdef") == BDADDR_ID_SIZE - 1;
}

/* As they are, also one that is no key: it is not ours to judge here. */
static int copy_key(struct copying *c, const char *name) {
        uint8_t bytes[KEY_FILE_MAX];
        int n = file_load(c->directory, FILE_KEYS, name, bytes, sizeof bytes);

        if (n == -ENOENT) /* removed meanwhile */
                return 0;
        if (n < 0)
                return n;
        if (n == sizeof bytes)
                return -EFBIG;
        step(c, "copy the keys of the cuffs to", c->to, /* reading= */ false);
        return file_save(c->partial, FILE_KEYS, name, bytes, (size_t) n);
}

static void closedirp(DIR **d) {
        if (*d)
                closedir(*d);
}

static int copy_keys_from(struct copying *c) {
        _cleanup_(closedirp) DIR *d = NULL;

        step(c, "read the keys of the cuffs in", c->keys, /* reading= */ true);
        d = opendir(c->keys);
        if (!d)
                return errno == ENOENT ? 0 : -errno;
        for (;;) {
                struct dirent *entry;
                int r;

                step(c, "read the keys of the cuffs in", c->keys, /* reading= */ true);
                errno = 0;
                entry = readdir(d);
                if (!entry)
                        return -errno;
                r = is_key(entry->d_name) ? copy_key(c, entry->d_name) : 0;
                if (r < 0)
                        return r;
        }
}

static int copy_keys(struct copying *c) {
        _cleanup_(freep) char *room = NULL;
        int r;

        if (asprintf(&room, "%s/" FILE_KEYS, c->partial) < 0) {
                room = NULL;
                return -ENOMEM;
        }
        step(c, "copy the keys of the cuffs to", c->to, /* reading= */ false);
        if (mkdir(room, 0700) < 0)
                return -errno;
        r = sync_path(room);
        return r < 0 ? r : copy_keys_from(c);
}

/* ---- the whole ---- */

static int init(struct copying *c, const char *to) {
        size_t n = strlen(to);
        const char *last;

        while (n > 1 && to[n - 1] == '/')
                n--;
        c->to = strndup(to, n);
        if (!c->to)
                return -ENOMEM;
        last = strrchr(c->to, '/');
        n = !last ? 0 : last == c->to ? 1 : (size_t) (last - c->to);
        c->parent = n > 0 ? strndup(c->to, n) : strdup(".");
        if (!c->parent)
                return -ENOMEM;
        if (asprintf(&c->keys, "%s/" FILE_KEYS, c->directory) < 0) {
                c->keys = NULL;
                return -ENOMEM;
        }
        return 0;
}

static int make_partial(struct copying *c) {
        _cleanup_(freep) char *path = NULL;
        struct stat st;

        step(c, "make the copy", c->to, /* reading= */ false);
        if (lstat(c->to, &st) >= 0)
                return -EEXIST;
        if (asprintf(&path, "%s.partial-XXXXXX", c->to) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        if (!mkdtemp(path)) /* 0700 */
                return -errno;
        c->partial = TAKE_PTR(path);
        if (asprintf(&c->database, "%s/cuff2mqtt.db", c->partial) < 0) {
                c->database = NULL;
                return -ENOMEM;
        }
        return 0;
}

/* Plain rename() would take the place of an empty directory; not every file system knows more. */
static int rename_new(const char *from, const char *to) {
        struct stat st;

        if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) >= 0)
                return 0;
        if (errno != EINVAL)
                return -errno;
        if (lstat(to, &st) >= 0)
                return -EEXIST;
        return rename(from, to) < 0 ? -errno : 0;
}

static int finish(struct copying *c) {
        char *made;
        int r;

        step(c, "finish the copy", c->to, /* reading= */ false);
        r = sync_path(c->partial);
        if (r >= 0)
                r = rename_new(c->partial, c->to);
        if (r < 0)
                return r;
        r = sync_path(c->parent);
        made = r < 0 ? strdup(c->to) : NULL; /* under its new name it goes away, too */
        free(c->partial);
        c->partial = made;
        return r;
}

/* The database first: a key is saved before the cuff gets it, so none of a cuff in it is missing.
 */
static int copy(struct copying *c, const char *to) {
        int r = init(c, to);

        if (r >= 0)
                r = make_partial(c);
        if (r >= 0)
                r = copy_database(c);
        if (r >= 0)
                r = copy_keys(c);
        return r < 0 ? r : finish(c);
}

#define ANY 0

static const struct {
        int error;
        bool reading;
        const char *before, *after; /* with `after`, the directory it goes into stands between */
} remedies[] = {
        {EACCES, true, "run this as the service's user or as root", NULL},
        {EPERM, true, "run this as the service's user or as root", NULL},
        {EFBIG, true, "a file there with the name of a cuff is no key: move it away", NULL},
        {EACCES, false, "choose a place where this user may write; it may not in ", ""},
        {EPERM, false, "choose a place where this user may write; it may not in ", ""},
        {EROFS, false, "choose another disk, or make this one writable: ", " is read-only"},
        {ENOSPC, false, "free some space on that disk (`df -h ", "` shows it), or choose another"},
        {EDQUOT, false, "free some space on that disk (`df -h ", "` shows it), or choose another"},
        {ENOENT, false, "make the directory it goes into first (`mkdir -p ", "`)"},
        {ENOTDIR, false, "choose another place: ", " is not a directory"},
        {EBUSY, false, "another program holds the database: close it, then try again", NULL},
        {EUCLEAN, false,
         "the database is damaged: restart the service (`sudo systemctl restart cuff2mqtt`), which "
         "sets it aside and keeps what can be read, then try again",
         NULL},
        {EIO, false, "a disk fails (`sudo dmesg` tells which): choose another place than ", ""},
        {ANY, false, "choose a directory on a local disk where this user may write", NULL},
};

static char *explain(const struct copying *c, int error) {
        char *why = NULL;
        size_t i = 0;

        if (error == -EEXIST) {
                if (asprintf(&why,
                             "%s is there already: choose another name for the copy, or move that "
                             "away first.",
                             c->to) < 0)
                        return NULL;
                return why;
        }
        while (remedies[i].error != ANY &&
               (remedies[i].error != -error || remedies[i].reading != c->reading))
                i++;
        if (asprintf(&why, "Cannot %s %s (%s): %s%s%s.", c->step, c->where, strerror(-error),
                     remedies[i].before, remedies[i].after ? c->parent : "",
                     remedies[i].after ? remedies[i].after : "") < 0)
                return NULL;
        return why;
}

int store_copy(struct store *s, const char *directory, const char *to, char **ret_why) {
        _cleanup_(copying_done) struct copying c = {.store = s, .directory = directory};
        int r;

        *ret_why = NULL;
        r = copy(&c, to);
        if (r < 0 && r != -ENOMEM)
                *ret_why = explain(&c, r);
        return r;
}
