#include "cli/command.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/exit_code.h"
#include "cli/owner.h"
#include "cli/service_directory.h"
#include "cli/tame.h"
#include "store/copy.h"
#include "store/file.h"
#include "store/measurements.h"

DEFINE_CLEANUP(struct store *, store_close)

struct backup {
        const char *config_path;
        struct config config;
        char directory[PATH_MAX];
        char target[PATH_MAX], other_target[PATH_MAX + sizeof "/var/tmp"];
        bool elsewhere;       /* somebody else had better write to the other one */
        const char *words[6]; /* this command, for somebody else */
};

/* "cuff2mqtt-backup-20261122-180431" here, or what was asked for; with its whole path, which is
 * what sentences about it need. */
static int choose_target(struct backup *b, const char *wanted) {
        char here[PATH_MAX] = "", name[64];
        struct date_time t = {0};
        size_t n;

        wall_clock_local(wall_clock_now(), &t);
        snprintf(name, sizeof name, "cuff2mqtt-backup-%04u%02u%02u-%02u%02u%02u", t.year, t.month,
                 t.day, t.hour, t.minute, t.second);
        if (!wanted)
                wanted = name;
        if (!*wanted)
                return -ENOENT;
        b->elsewhere = wanted[0] != '/';
        if (b->elsewhere && !getcwd(here, sizeof here))
                strcpy(here, ".");
        n = (size_t) snprintf(b->target, sizeof b->target, "%s%s%s", here, b->elsewhere ? "/" : "",
                              wanted);
        if (n >= sizeof b->target)
                return -ENAMETOOLONG;
        while (n > 1 && b->target[n - 1] == '/')
                b->target[--n] = '\0';
        return 0;
}

/* Another user may not be able to write where this one is: a place where everybody may, then. */
static void make_words(struct backup *b) {
        size_t n = 0;

        b->words[n++] = "cuff2mqtt";
        b->words[n++] = "backup";
        if (b->config_path) {
                b->words[n++] = "--config";
                b->words[n++] = b->config_path;
        }
        if (b->elsewhere)
                snprintf(b->other_target, sizeof b->other_target, "/var/tmp%s",
                         strrchr(b->target, '/'));
        b->words[n++] = b->elsewhere ? b->other_target : b->target;
}

static int load_config(struct backup *b) {
        int code = owner_config_load(b->config_path, b->words, &b->config);

        if (code == EXIT_CODE_OK) {
                wall_clock_set_zone(b->config.time_zone);
                service_directory(b->config.state_directory, "", b->directory);
        }
        return code;
}

static int open_reader(const struct backup *b, const char *directory, struct store **ret) {
        _cleanup_(freep) char *why = NULL;
        int r = store_open_reader(directory, ret, &why);

        if (r >= 0)
                return EXIT_CODE_OK;
        fprintf(stderr, "cuff2mqtt: %s\n", why ? tame(why) : strerror(-r));
        if (r == -EACCES && directory == b->directory)
                owner_say(b->directory, b->words);
        return r == -ENOTSUP ? EXIT_CODE_DATABASE_NEWER : EXIT_CODE_STATE;
}

/* A copy that goes with the directory is none. The room where the service itself puts copies is
 * allowed: in a container it is the only place, and whoever looks there takes them out. */
static int check_place(const struct backup *b) {
        char *end = strrchr(b->target, '/');
        _cleanup_(freep) char *parent = strndup(b->target, (size_t) (end - b->target) + 1);
        _cleanup_(freep) char *to = parent ? realpath(parent, NULL) : NULL;
        _cleanup_(freep) char *from = realpath(b->directory, NULL);
        size_t n = from ? strlen(from) : 0;

        if (!to || !from || strncmp(to, from, n) != 0 || (to[n] && to[n] != '/') ||
            strcmp(to + n, "/" FILE_BACKUPS) == 0)
                return EXIT_CODE_OK;
        fprintf(stderr,
                "cuff2mqtt: %s lies in the directory that is copied: choose another place, or "
                "%s/backups\n",
                tame(strdupa(b->target)), tame(strdupa(b->directory)));
        return EXIT_CODE_USAGE;
}

static int copy(const struct backup *b) {
        _cleanup_(store_closep) struct store *store = NULL;
        _cleanup_(freep) char *why = NULL;
        int code = open_reader(b, b->directory, &store), r;

        if (code != EXIT_CODE_OK)
                return code;
        r = store_copy(store, b->directory, b->target, &why);
        if (r >= 0)
                return EXIT_CODE_OK;
        fprintf(stderr, "cuff2mqtt: %s\n", why ? tame(why) : strerror(-r));
        return EXIT_CODE_FAILURE;
}

/* What is told is what the copy holds: it was opened and read. */
static int report(const struct backup *b) {
        _cleanup_(store_closep) struct store *store = NULL;
        _cleanup_(freep) char *path = realpath(b->target, NULL);
        int64_t count = 0;
        int code = open_reader(b, b->target, &store), r;

        if (code != EXIT_CODE_OK)
                return code;
        r = store_measurements_count(store, &count);
        if (r < 0) {
                fprintf(stderr, "cuff2mqtt: the copy cannot be read (%s): make another one\n",
                        strerror(-r));
                return EXIT_CODE_FAILURE;
        }
        printf("The backup is in %s: %" PRId64 " measurement%s, and the keys of the cuffs.\n"
               "It holds health data and keys: keep it where nobody else can read it. How to "
               "restore "
               "it: `cuff2mqtt backup --help`\n",
               path ? tame(path) : b->target, count, count == 1 ? "" : "s");
        return EXIT_CODE_OK;
}

static void backup_done(struct backup *b) {
        config_done(&b->config);
}

static int run(const struct command_arguments *a) {
        _cleanup_(backup_done) struct backup b = {.config_path = a->config};
        int r = choose_target(&b, a->operand[0]), code;

        if (r < 0) {
                fprintf(stderr, "cuff2mqtt: the name of the directory is %s\n",
                        r == -ENOENT ? "empty" : "too long");
                return EXIT_CODE_USAGE;
        }
        make_words(&b);
        code = load_config(&b);
        if (code == EXIT_CODE_OK)
                code = check_place(&b);
        if (code == EXIT_CODE_OK)
                code = copy(&b);
        return code == EXIT_CODE_OK ? report(&b) : code;
}

const struct command command_backup = {
        .name = "backup",
        .synopsis = "[DIRECTORY] [--config FILE]",
        .summary = "Copy everything the gateway knows, also while the service runs.",
        .help = "\n"
                "  DIRECTORY      to be made; without it ./cuff2mqtt-backup-YYYYMMDD-HHMMSS\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "The copy has the measurements, the names, and the keys of the cuffs. Put in place "
                "of the\n"
                "service's directory it is that gateway, and publishes nothing anew. To restore "
                "BACKUP:\n"
                "\n"
                "  sudo systemctl stop cuff2mqtt\n"
                "  sudo mv /var/lib/cuff2mqtt /var/lib/cuff2mqtt.old\n"
                "  sudo cp -a BACKUP /var/lib/cuff2mqtt\n"
                "  sudo chown -R --reference=/var/lib/cuff2mqtt.old /var/lib/cuff2mqtt\n"
                "  sudo systemctl start cuff2mqtt\n"
                "\n"
                "What the cuffs and the computer know of each other (the bond) is Bluetooth's and "
                "is not in\n"
                "it: on another computer each cuff is paired again. More: docs/backup.md. Exit "
                "codes:\n"
                "`cuff2mqtt help`.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG, {0}},
        .operands = 1,
        .run = run,
};
