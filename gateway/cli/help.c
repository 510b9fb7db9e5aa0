#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "app/config.h"
#include "cli/exit_code.h"

static int run(const struct command_arguments *a) {
        const struct command *c = NULL;

        if (a->operand[0] && strcmp(a->operand[0], "options") == 0) {
                config_print_options();
                return EXIT_CODE_OK;
        }
        if (a->operand[0] && !(c = command_find(a->operand[0])))
                return EXIT_CODE_USAGE;
        command_print_help(c);
        return EXIT_CODE_OK;
}

const struct command command_help = {
        .name = "help",
        .synopsis = "[SUBCOMMAND | options]",
        .summary = "Explain the subcommands, one of them, or all options.",
        .help = "\n  options  every option: default, meaning, limits, name in the environment\n",
        .operands = 1,
        .run = run,
};
