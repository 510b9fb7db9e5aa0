#include "cli/command.h"

#include <stdio.h>

#include "app/config.h"
#include "base/cleanup.h"
#include "cli/exit_code.h"

static int run(const struct command_arguments *a) {
        _cleanup_(freep) char *errors = NULL, *warnings = NULL;
        struct config config;
        int r = config_load(a->config, &config, &errors, &warnings);

        if (warnings)
                fprintf(stderr, "Warnings:\n%s", warnings);
        if (errors)
                fprintf(stderr, "%s", errors);
        if (r < 0)
                return EXIT_CODE_CONFIG;
        config_print(&config);
        config_done(&config);
        return EXIT_CODE_OK;
}

const struct command command_check_config = {
        .name = "check-config",
        .synopsis = "[--config FILE]",
        .summary = "Say all that is wrong with the configuration, or print it.",
        .help = "\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "Each error is one line on stderr, FILE:LINE: first. A good configuration is "
                "printed as it is\n"
                "in effect: environment before file before default; passwords as \"(set)\".\n"
                "Exit code 0: good, 78: wrong.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG, {0}},
        .run = run,
};
