#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/shell_print.h"
#include "cli/tame.h"

#define REMOVING_USEC 30000000u /* BlueZ has ten seconds */

/* Measurements that are gone are gone: for them a y is not enough. */
static int confirm(struct ask *ask, const struct cuff_named *cuff,
                   const struct command_arguments *a) {
        _cleanup_(freep) char *question = NULL;
        char said[ASK_PROMPT_SIZE];
        int code;

        if (asprintf(&question,
                     a->purge ? "%s is removed, and all of its measurements are deleted. To do so, "
                                "type "
                                "the cuff's name: "
                              : "%s is removed: its bond and what Home Assistant shows of it; its "
                                "measurements stay. Do so? [y/N] ",
                     ask_name(cuff)) < 0) {
                question = NULL;
                return EXIT_CODE_FAILURE;
        }
        code = ask_prompt(ask, question, said);
        if (code != EXIT_CODE_OK)
                return code;
        tame(said); /* as the name was */
        if (a->purge ? strcmp(said, ask_name(cuff)) == 0
                     : strcasecmp(said, "y") == 0 || strcasecmp(said, "yes") == 0)
                return EXIT_CODE_OK;
        ask_end(ask, EXIT_CODE_FAILURE, "nothing was removed");
        return EXIT_CODE_FAILURE;
}

static int remove_cuff(struct ask *ask, const struct command_arguments *a,
                       struct cuff_named *cuff) {
        int code = ask_hear(ask, /* offline_will_do= */ false);
        cJSON *data;

        if (code == EXIT_CODE_OK)
                code = ask_cuff(ask, a->operand[0], cuff);
        if (code == EXIT_CODE_OK && !a->yes)
                code = confirm(ask, cuff, a);
        if (code != EXIT_CODE_OK)
                return code;
        data = ask_about(cuff);
        cJSON_AddBoolToObject(data, "unpair", !a->keep_bond);
        cJSON_AddBoolToObject(data, "purge", a->purge);
        code = ask_request(ask, data, REMOVING_USEC);
        return code == EXIT_CODE_NOT_HEARD ? EXIT_CODE_FAILURE : code; /* BlueZ was not */
}

static int refuse(const char *why) {
        fprintf(stderr, "cuff2mqtt: %s\nTry `cuff2mqtt remove --help`.\n", why);
        return EXIT_CODE_USAGE;
}

static int run(const struct command_arguments *a) {
        struct cuff_named cuff;
        struct ask ask;
        int code;

        if (!a->operand[0])
                return refuse("remove needs a cuff");
        if (!a->yes && !isatty(STDIN_FILENO))
                return refuse(
                        "remove needs --yes: there is no terminal to ask whether it is meant");
        code = ask_open(&ask, &command_remove, a, &(struct ask_setup){.request = "device/remove"});
        if (code == EXIT_CODE_OK)
                code = remove_cuff(&ask, a, &cuff);
        if (code == EXIT_CODE_OK)
                printf("%s is removed.%s%s\n", ask_name(&cuff),
                       a->purge ? "" : " Its measurements stay in the database.",
                       a->keep_bond ? " BlueZ keeps the bond." : "");
        ask_close(&ask);
        return code;
}

/* clang-format off */
const struct command command_remove = {
        .name = "remove",
        .synopsis = "CUFF [--keep-bond] [--purge] [--yes] [--config FILE]",
        .summary = "Forget a cuff: its bond, and what Home Assistant shows of it.",
        .help = "\n"
                "  CUFF           its name, its id or its address, or how one of these begins\n"
                "  --keep-bond    BlueZ keeps its keys: only the gateway forgets the cuff\n"
                "  --purge        its measurements, names and keys are deleted, too\n"
                "  --yes          do not ask; needed where there is no terminal\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "On a terminal it asks first. The cuff may still have its side of the bond: to pair it\n"
                "again, hold its Bluetooth button until the P blinks (`cuff2mqtt pair`).\n"
                "Exit code 0: done; 1: not confirmed, or BlueZ does not give up the bond; 10: Bluetooth\n"
                "is not ready; 13: the cuff is being read; 14: the MQTT broker is away; 15: the service\n"
                "does not answer; 64: no such cuff.\n",
        .options = (const struct command_option[]){
                COMMAND_OPTION_CONFIG,
                {"--keep-bond", NULL, offsetof(struct command_arguments, keep_bond)},
                {"--purge", NULL, offsetof(struct command_arguments, purge)},
                {"--yes", NULL, offsetof(struct command_arguments, yes)},
                {0},
        },
        .operands = 1,
        .run = run,
};
/* clang-format on */
