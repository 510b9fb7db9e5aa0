#include "cli/command.h"

#include <stdio.h>

#include "cli/exit_code.h"
#include "version.h"

static int run(const struct command_arguments *a) {
        puts("cuff2mqtt " CUFF2MQTT_VERSION);
        return EXIT_CODE_OK;
}

const struct command command_version = {
        .name = "version",
        .synopsis = "",
        .summary = "Print the version.",
        .help = "",
        .run = run,
};
