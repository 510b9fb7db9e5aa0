/* The subcommands: one file each, one exported descriptor each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_OPERANDS_MAX 2

struct nearest;

struct command_arguments {
        const char *config;                        /* --config FILE; NULL not given */
        const char *model;                         /* --model ID; NULL not given */
        const char *operand[COMMAND_OPERANDS_MAX]; /* NULL not given */
};

struct command {
        const char *name;
        const char *synopsis; /* what may follow the name */
        const char *summary;  /* one line for `cuff2mqtt help` */
        const char *help;     /* more lines for `cuff2mqtt NAME --help` */
        bool takes_config, takes_model;
        unsigned operands;                             /* at most so many */
        int (*run)(const struct command_arguments *a); /* returns an exit code */
};

extern const struct command command_run;
extern const struct command command_check_config;
extern const struct command command_decode;
extern const struct command command_version;
extern const struct command command_help;

/* Does what the words after "cuff2mqtt" say, or says on stderr what is wrong with them.
 * Returns an exit code. */
int command_main(int argc, char **argv);

const struct command *
command_find(const char *name);                   /* NULL: says so on stderr, with the nearest */
void command_print_help(const struct command *c); /* of one; NULL: the overview */

/* "there is no WHAT "WORD"", with the nearest, and where to look; returns EXIT_CODE_USAGE. */
int command_refuse(const char *what, const char *word, const struct nearest *n);
