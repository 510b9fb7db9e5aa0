/* What is kept: does a service run on it, is the database sound, is there room for more. */
#include "cli/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/cleanup.h"
#include "core/bdaddr.h"
#include "cli/service_directory.h"
#include "store/survey.h"

/* Below the first the next measurements may not fit; below the second share of a disk that is not
 * large the journal, updates and the like fill it soon. */
#define FREE_MIN_BYTES   (UINT64_C(50) << 20)
#define FREE_SHARE       50 /* a fiftieth: 2 % */
#define FREE_ALWAYS_FINE (UINT64_C(1) << 30)

struct look {
        struct doctor *d;
        char directory[PATH_MAX];
        const char *shown; /* the directory, but not to strangers: it may be in somebody's home */
        char quoted[PATH_MAX], restart[64]; /* the directory on a command line; what restarts */
        enum store_survey_lock lock;
        struct store_survey survey;
};

_Static_assert(DOCTOR_CUFFS_MAX >= STORE_SURVEY_CUFFS_MAX, "all that are told fit");

static void choose_directory(struct look *l) {
        service_directory(l->d->config->state_directory, l->d->root, l->directory);
        l->shown = l->d->report ? "the state directory" : l->directory;
        doctor_quote(l->d->report ? "DIRECTORY" : l->directory, l->quoted, sizeof l->quoted);
        doctor_of_service(l->d, "restart", l->restart);
}

static void skip(struct look *l, enum doctor_check check) {
        char command[PATH_MAX + 64];
        _cleanup_(freep) char *remedy = NULL;

        doctor_as_service(l->d, command, sizeof command);
        if (asprintf(&remedy, "Look as the service does: `%s`.", command) < 0)
                remedy = NULL;
        doctor_found(l->d, check, DOCTOR_SKIPPED, remedy, "this user may not look into %s",
                     l->shown);
}

static void find_no_service(struct look *l) {
        char start[64], remedy[256];

        doctor_of_service(l->d, "start", start);
        snprintf(remedy, sizeof remedy, "Start it: `%s`. If it does not stay, `%s` says why.",
                 start,
                 strstr(start, "systemctl") ? "journalctl -u cuff2mqtt" : "docker logs CONTAINER");
        doctor_found(l->d, DOCTOR_SERVICE, DOCTOR_WARNING, remedy, "does not run on %s", l->shown);
}

static void find_service(struct look *l) {
        switch (l->lock) {
        case STORE_SURVEY_LOCK_HELD:
                doctor_found(l->d, DOCTOR_SERVICE, DOCTOR_OK, NULL, "runs on %s", l->shown);
                break;
        case STORE_SURVEY_LOCK_FORBIDDEN:
                skip(l, DOCTOR_SERVICE);
                break;
        case STORE_SURVEY_LOCK_ABSENT:
        case STORE_SURVEY_LOCK_FREE:
                find_no_service(l);
                break;
        }
}

/* ---- the database ---- */

/* A problem of the database; `format` is its remedy's. */
__attribute__((format(printf, 3, 4))) static void problem(struct look *l, const char *text,
                                                          const char *format, ...) {
        _cleanup_(freep) char *remedy = NULL;
        va_list ap;

        va_start(ap, format);
        if (vasprintf(&remedy, format, ap) < 0)
                remedy = NULL;
        va_end(ap);
        doctor_found(l->d, DOCTOR_DATABASE, DOCTOR_PROBLEM, remedy, "%s", text);
}

static void find_no_database(struct look *l) {
        if (l->lock == STORE_SURVEY_LOCK_HELD)
                problem(l, "is gone, although the service runs on it",
                        "Restart the service: `%s`. It makes a new one and reads the memories of "
                        "the cuffs again.",
                        l->restart);
        else if (l->lock == STORE_SURVEY_LOCK_FREE)
                doctor_found(l->d, DOCTOR_DATABASE, DOCTOR_WARNING,
                             "If you have a backup of cuff2mqtt.db, put it back before the service "
                             "starts: otherwise it makes a new one.",
                             "is gone: a service has run on %s", l->shown);
        else
                doctor_found(l->d, DOCTOR_DATABASE, DOCTOR_OK, NULL, "none yet");
}

static void find_unreadable(struct look *l) {
        char text[160];
        int error = l->survey.error;

        snprintf(text, sizeof text, "cannot be read (%s)", strerror(-error));
        if (error == -EIO)
                problem(l, text,
                        "Its disk fails (`sudo dmesg` tells more): copy %s to a healthy one.",
                        l->shown);
        else if (error == -EBUSY)
                problem(l, text,
                        "Close the program that holds it: `sudo fuser -v %s/cuff2mqtt.db` names "
                        "it.",
                        l->quoted);
        else if (error == -ETIME)
                problem(l, "could not be read within 5 s",
                        "Is the disk of %s overloaded, or does it fail (`sudo dmesg`)?", l->shown);
        else
                problem(l, text,
                        "Check what stands at %s/cuff2mqtt.db: it must be a file on a local disk.",
                        l->shown);
}

static const char *plural(int64_t n) {
        return n == 1 ? "" : "s";
}

static void find_sound(struct look *l) {
        const struct store_survey *s = &l->survey;
        char waiting[64] = "", rejected[64] = "";

        if (s->waiting > 0)
                snprintf(waiting, sizeof waiting, ", %" PRId64 " of them wait%s for the broker",
                         s->waiting, s->waiting == 1 ? "s" : "");
        if (s->rejected > 0)
                snprintf(rejected, sizeof rejected, ", %" PRId64 " refused message%s", s->rejected,
                         plural(s->rejected));
        doctor_found(l->d, DOCTOR_DATABASE, DOCTOR_OK, NULL,
                     "%s: %" PRId64 " measurement%s%s%s, %zu cuff%s, %.1f MB",
                     s->checked ? "sound" : "readable (too large to be checked within 5 s)",
                     s->measurements, plural(s->measurements), waiting, rejected, s->n_cuffs,
                     plural((int64_t) s->n_cuffs), (double) s->size_bytes / 1e6);
}

static void find_damaged(struct look *l) {
        problem(l, "is damaged",
                "Restart the service: `%s`. It sets the damaged file aside "
                "(cuff2mqtt.db.corrupt-..), keeps what can be read, and reads the memories of the "
                "cuffs again. Or stop it, put a backup of cuff2mqtt.db there, and start it. If "
                "this repeats, the disk or SD card fails.",
                l->restart);
}

static void find_bad_index(struct look *l) {
        char stop[64];

        problem(l, "has an index that does not fit its table",
                "Stop the service (`%s`), run `sudo sqlite3 %s/cuff2mqtt.db REINDEX` (of the "
                "package sqlite3), and start it again.",
                doctor_of_service(l->d, "stop", stop), l->quoted);
}

static void find_pending(struct look *l) {
        char remedy[160];

        snprintf(remedy, sizeof remedy,
                 "Restart the service, which may write: `%s`. Then run the doctor again.",
                 l->restart);
        doctor_found(l->d, DOCTOR_DATABASE, DOCTOR_SKIPPED, remedy,
                     "what was written last can be read by the service only");
}

static void find_database(struct look *l) {
        switch (l->survey.state) {
        case STORE_SURVEY_ABSENT:
                find_no_database(l);
                break;
        case STORE_SURVEY_FORBIDDEN:
                skip(l, DOCTOR_DATABASE);
                break;
        case STORE_SURVEY_NEWER:
                doctor_found(l->d, DOCTOR_DATABASE, DOCTOR_PROBLEM,
                             "Install that newer cuff2mqtt again: this one leaves it as it is.",
                             "was made by a newer cuff2mqtt (its version is %d)",
                             l->survey.version);
                break;
        case STORE_SURVEY_FOREIGN:
                problem(l, "is not one of cuff2mqtt",
                        "Move %s/cuff2mqtt.db away, then start the service again: it makes a new "
                        "one.",
                        l->shown);
                break;
        case STORE_SURVEY_DAMAGED:
                find_damaged(l);
                break;
        case STORE_SURVEY_INDEX:
                find_bad_index(l);
                break;
        case STORE_SURVEY_PENDING:
                find_pending(l);
                break;
        case STORE_SURVEY_FAILED:
                find_unreadable(l);
                break;
        case STORE_SURVEY_FINE:
                find_sound(l);
                break;
        }
}

static void take_cuffs(struct look *l) {
        enum store_survey_state state = l->survey.state;
        struct doctor *d = l->d;

        d->cuffs_known = state == STORE_SURVEY_FINE || state == STORE_SURVEY_INDEX ||
                         (state == STORE_SURVEY_ABSENT && l->lock != STORE_SURVEY_LOCK_HELD);
        for (size_t i = 0; d->cuffs_known && i < l->survey.n_cuffs; i++) {
                const struct store_survey_cuff *from = &l->survey.cuff[i];
                struct doctor_cuff *c = &d->cuff[d->n_cuffs++];

                bdaddr_to_string(&from->address, c->address);
                snprintf(c->name, sizeof c->name, "%s", from->name);
                c->last_seen_s = from->last_seen;
                c->bond_lost = from->bond_lost;
        }
}

/* ---- its disk ---- */

/* Of the directory, or of the one it will be made in. */
static int ask_disk(const char *directory, struct statvfs *ret) {
        char path[PATH_MAX];

        snprintf(path, sizeof path, "%s", directory);
        while (statvfs(path, ret) < 0) {
                char *last = strrchr(path, '/');

                if (errno != ENOENT || !last || !path[1])
                        return -errno;
                last[last == path] = '\0';
        }
        return 0;
}

static void full(struct look *l, const char *what, const char *command) {
        _cleanup_(freep) char *remedy = NULL;

        if (asprintf(&remedy,
                     "Free some: `%s %s` shows the disk, `sudo journalctl --vacuum-size=50M` and "
                     "`sudo apt-get clean` often help. The service waits and goes on by itself.",
                     command, l->quoted) < 0)
                remedy = NULL;
        doctor_found(l->d, DOCTOR_SPACE, DOCTOR_PROBLEM, remedy, "%s", what);
}

static const char *amount(uint64_t bytes, char ret[24]) {
        double mega = (double) bytes / 1e6;

        snprintf(ret, 24, mega < 1000 ? "%.1f MB" : "%.1f GB", mega < 1000 ? mega : mega / 1e3);
        return ret;
}

static void find_space(struct look *l) {
        struct statvfs disk;
        char text[96], free_text[24], all_text[24];
        int r = ask_disk(l->directory, &disk);

        if (r < 0) {
                if (r == -EACCES)
                        skip(l, DOCTOR_SPACE);
                else
                        doctor_found(l->d, DOCTOR_SPACE, DOCTOR_PROBLEM,
                                     "Correct state_directory, or mount its disk.",
                                     "%s cannot be used (%s)", l->shown, strerror(-r));
                return;
        }
        uint64_t left = (uint64_t) disk.f_bavail * disk.f_frsize,
                 all = (uint64_t) disk.f_blocks * disk.f_frsize;
        snprintf(text, sizeof text, "%s of %s are free", amount(left, free_text),
                 amount(all, all_text));
        if (disk.f_flag & ST_RDONLY)
                doctor_found(l->d, DOCTOR_SPACE, DOCTOR_PROBLEM,
                             "Make it writable again. An SD card that turns read-only is worn out: "
                             "copy it to a new one.",
                             "the disk of %s is read-only", l->shown);
        else if (left < FREE_MIN_BYTES || (left < all / FREE_SHARE && left < FREE_ALWAYS_FINE))
                full(l, text, "df -h");
        else if (disk.f_files > 0 && disk.f_favail == 0)
                full(l, "no file can be made any more: there are too many", "df -i");
        else
                doctor_found(l->d, DOCTOR_SPACE, DOCTOR_OK, NULL, "%s", text);
}

void doctor_store(struct doctor *d) {
        struct look l = {.d = d};

        choose_directory(&l);
        l.lock = store_survey_lock(l.directory);
        store_survey_look(l.directory, &l.survey);
        find_service(&l);
        find_database(&l);
        find_space(&l);
        take_cuffs(&l);
}
