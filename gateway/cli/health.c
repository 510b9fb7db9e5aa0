/* Whether the service of this computer is well, by its own word: for a container's HEALTHCHECK and
 * for scripts. It asks the socket in the state directory, so that it works without the broker. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "app/config.h"
#include "app/health.h"
#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/owner.h"
#include "cli/service_directory.h"
#include "cli/shell_print.h"
#include "cli/tame.h"
#include "mqtt/json.h"

#define LIMIT_USEC 5000000u /* a service that is well answers in milliseconds */

static int refuse(const char *directory, int error, const char *const *words) {
        if (error == -ENOENT || error == -ECONNREFUSED)
                fprintf(stderr,
                        "cuff2mqtt: no service runs with the state directory %s: see its log\n",
                        directory);
        else if (error == -ETIMEDOUT)
                fprintf(stderr,
                        "cuff2mqtt: the service does not answer within %u seconds: restart it\n",
                        LIMIT_USEC / 1000000);
        else
                fprintf(stderr, "cuff2mqtt: the service cannot be asked in %s: %s\n", directory,
                        strerror(-error));
        if (error == -EACCES)
                owner_say(directory, words);
        return EXIT_CODE_FAILURE;
}

/* What the service said; NULL: an exit code was made of it. */
static cJSON *ask(const char *directory, const char *const *words) {
        char text[HEALTH_ANSWER_MAX + 1];
        cJSON *answer = NULL;
        bool exact;
        int r = health_ask(directory, LIMIT_USEC, text);

        if (r >= 0)
                r = json_parse(text, strlen(text), &answer, &exact);
        if (r < 0)
                refuse(directory, r, words);
        return r < 0 ? NULL : answer;
}

static int print(cJSON *answer, bool json) {
        bool healthy = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "healthy"));
        _cleanup_(freep) char *problem = tame(strdup(shell_text(answer, "problem")));

        if (json)
                shell_print_json(stdout, answer);
        else
                cJSON_Delete(answer);
        if (!json)
                puts(healthy               ? "All is well: Bluetooth, the database and the broker."
                     : problem && *problem ? problem
                                           : "Something is wrong: see its log.");
        return healthy ? EXIT_CODE_OK : EXIT_CODE_FAILURE;
}

static int run(const struct command_arguments *a) {
        const char *words[COMMAND_WORDS_MAX];
        char directory[PATH_MAX];
        struct config config;
        cJSON *answer;
        int r;

        command_words(&command_health, a, words);
        r = owner_config_load(a->config, words, &config);
        if (r != EXIT_CODE_OK)
                return r;
        answer = ask(service_directory(config.state_directory, "", directory), words);
        config_done(&config);
        return answer ? print(answer, a->json) : EXIT_CODE_FAILURE;
}

/* clang-format off */
const struct command command_health = {
        .name = "health",
        .synopsis = "[--json] [--config FILE]",
        .summary = "Say whether the service is well; the exit code says it, too.",
        .help = "\n"
                "  --json         {\"healthy\", \"checks\": {\"bluetooth\", \"database\", \"mqtt\"}, \"problem\"}\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "It asks the service of this computer itself, not over the broker. One sentence: all is\n"
                "well, or the first thing that is wrong and what to do. Cuffs do not count: one that\n"
                "sleeps is well.\n"
                "Exit code 0: the service runs, Bluetooth is on, the database takes measurements, the\n"
                "broker is connected. 1: not so. 78: the configuration is wrong.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG, COMMAND_OPTION_JSON, {0}},
        .run = run,
};
/* clang-format on */
