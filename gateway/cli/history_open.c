/* The database of the service on this computer, opened to be read, or exactly what to do. */
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cli/exit_code.h"
#include "cli/history.h"
#include "cli/owner.h"
#include "cli/service_directory.h"
#include "cli/tame.h"

/* As somebody else would type it. */
static void words_of(const struct history *h, const char *ret[COMMAND_WORDS_MAX]) {
        command_words(command_find(h->command), h->arguments, ret);
}

/* --- opening --- */

static int open_config(struct history *h) {
        const char *words[COMMAND_WORDS_MAX];

        words_of(h, words);
        return owner_config_load(h->arguments->config, words, &h->config);
}

static int open_store(struct history *h) {
        _cleanup_(freep) char *why = NULL;
        const char *words[COMMAND_WORDS_MAX];
        char directory[PATH_MAX];
        int r;

        service_directory(h->config.state_directory, "", directory);
        r = store_open_reader(directory, &h->store, &why);
        if (r >= 0)
                return EXIT_CODE_OK;
        h->store = NULL;
        fprintf(stderr, "cuff2mqtt: %s\n", why ? tame(why) : strerror(-r));
        if (r == -EACCES) {
                words_of(h, words);
                owner_say(directory, words);
        }
        return r == -ENOTSUP ? EXIT_CODE_DATABASE_NEWER : EXIT_CODE_STATE;
}

static int open_people(struct history *h) {
        _cleanup_(freep) struct store_cuff *cuffs = NULL;
        size_t n = 0;
        int r = store_cuffs_list(h->store, &cuffs, &n);

        for (size_t i = 0; i < n && r >= 0; i++) {
                r = history_add_cuff(h, &cuffs[i]);
                if (r >= 0)
                        r = history_add_users(h, &cuffs[i].address);
        }
        cuff_word_distinguish(h->cuffs, h->n_cuffs);
        return r < 0 ? history_fail(h, r) : EXIT_CODE_OK;
}

int history_open(struct history *h, const char *command, const struct command_arguments *a) {
        int code;

        *h = (struct history){.command = command, .arguments = a};
        log_open();
        log_set_level(LOG_LEVEL_ERROR);
        code = open_config(h);
        if (code != EXIT_CODE_OK)
                return code;
        h->scheme = h->config.homeassistant.category;
        wall_clock_set_zone(h->config.time_zone);
        h->now_s = wall_clock_now();
        code = open_store(h);
        return code == EXIT_CODE_OK ? open_people(h) : code;
}

void history_done(struct history *h) {
        if (h->store)
                store_close(h->store);
        free(h->cuffs);
        free(h->users);
        config_done(&h->config);
}

/* --- how it ended --- */

int history_written(FILE *out) {
        if (!ferror(out))
                return 0;
        return errno == EPIPE ? -EPIPE : -EIO;
}

int history_fail(const struct history *h, int error) {
        if (error == -EPIPE)
                return EXIT_CODE_FAILURE;
        if (ferror(stdout))
                return EXIT_CODE_OK; /* main() says that not all could be written */
        if (error == -ENOMEM)
                fputs("cuff2mqtt: memory is out\n", stderr);
        else
                fprintf(stderr,
                        "cuff2mqtt: the database cannot be read (%s): run `cuff2mqtt doctor`\n",
                        strerror(-error));
        return error == -ENOMEM ? EXIT_CODE_FAILURE : EXIT_CODE_STATE;
}

int history_end(const struct history *h, int r) {
        if (h->dateless > 0)
                fprintf(stderr,
                        "cuff2mqtt: left out: %llu with a time that no calendar has; `cuff2mqtt "
                        "doctor` looks at the database\n",
                        (unsigned long long) h->dateless);
        return r < 0 ? history_fail(h, r) : EXIT_CODE_OK;
}
