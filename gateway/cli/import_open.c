#include "cli/import_open.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/exit_code.h"
#include "cli/owner.h"
#include "cli/tame.h"
#include "store/cuffs.h"

/* What is made there by another user, the service could not use any more. */
static int check_directory(const char *directory, const char *const *words) {
        char path[PATH_MAX + 16];
        uid_t owner;
        int r = owner_of(directory, &owner);

        if (r >= 0 && owner != geteuid()) {
                fprintf(stderr, "cuff2mqtt: %s belongs to another user\n", directory);
                owner_say(directory, words);
                return EXIT_CODE_STATE;
        }
        snprintf(path, sizeof path, "%s/cuff2mqtt.db", directory);
        if (r >= 0 && access(path, F_OK) >= 0)
                return EXIT_CODE_OK;
        fprintf(stderr,
                "cuff2mqtt: there is no database in %s yet: start the service and pair the cuff "
                "first, or name the service's configuration with --config\n",
                directory);
        return EXIT_CODE_STATE;
}

static int refuse_busy(const char *directory, const char *const *words) {
        _cleanup_(freep) char *command =
                getenv("SUDO_USER") ? owner_command_as(geteuid(), words) : owner_command(words);

        fprintf(stderr,
                "cuff2mqtt: a service runs on the database in %s, and an import needs it alone: "
                "`sudo systemctl stop cuff2mqtt`, then `%s`, then `sudo systemctl start "
                "cuff2mqtt`\n",
                directory, command ? command : "cuff2mqtt import");
        return EXIT_CODE_STATE;
}

int import_open(const char *directory, const char *const *words, struct store **ret) {
        _cleanup_(freep) char *why = NULL;
        int code = check_directory(directory, words), r;

        if (code != EXIT_CODE_OK)
                return code;
        r = store_open(directory, ret, &why);
        if (r == -EBUSY)
                return refuse_busy(directory, words);
        if (r < 0) {
                fprintf(stderr, "cuff2mqtt: %s\n", why ? why : strerror(-r));
                return r == -ENOTSUP ? EXIT_CODE_DATABASE_NEWER : EXIT_CODE_STATE;
        }
        if (store_set_aside(*ret))
                fprintf(stderr,
                        "cuff2mqtt: the database was damaged; it was set aside as %s, and what "
                        "could be read of it is in a new one\n",
                        store_set_aside(*ret));
        return EXIT_CODE_OK;
}

/* A mistyped address would make a cuff that nobody has. */
int import_check_cuff(struct store *s, const struct bdaddr *cuff) {
        _cleanup_(freep) struct store_cuff *cuffs = NULL;
        char address[BDADDR_STRING_SIZE];
        size_t n = 0;
        int r = store_cuffs_list(s, &cuffs, &n);

        if (r < 0) {
                fprintf(stderr,
                        "cuff2mqtt: the database cannot be read (%s): run `cuff2mqtt doctor`\n",
                        strerror(-r));
                return EXIT_CODE_STATE;
        }
        for (size_t k = 0; k < n; k++)
                if (bdaddr_equal(&cuffs[k].address, cuff))
                        return EXIT_CODE_OK;
        bdaddr_to_string(cuff, address);
        fprintf(stderr, "cuff2mqtt: there is no cuff %s here: ", address);
        for (size_t k = 0; k < n; k++) {
                bdaddr_to_string(&cuffs[k].address, address);
                fprintf(stderr, "%s%s (%s)", k > 0 ? ", " : "known are ", address,
                        cuffs[k].name[0] ? tame(cuffs[k].name) : "no name");
        }
        fprintf(stderr, "%s\n", n > 0 ? "" : "pair it first (`cuff2mqtt pair`)");
        return EXIT_CODE_FAILURE;
}
