/* The subcommands: one file each, one exported descriptor each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_OPERANDS_MAX 2

struct nearest;

struct command_arguments {
        const char *config;                        /* --config FILE; NULL not given */
        const char *model;                         /* --model ID; NULL not given */
        bool json, keys, report, trace;            /* --json, --keys, --report, --trace */
        const char *operand[COMMAND_OPERANDS_MAX]; /* NULL not given */
};

struct command_option {
        const char *name;  /* "--model" */
        const char *value; /* what must follow it, for people; NULL: nothing, it is a switch */
        size_t at;         /* offsetof(struct command_arguments, ..): const char *, or bool */
};

#define COMMAND_OPTION_CONFIG                                                                      \
        { "--config", "the name of a file", offsetof(struct command_arguments, config) }
#define COMMAND_OPTION_JSON                                                                        \
        { "--json", NULL, offsetof(struct command_arguments, json) }

struct command {
        const char *name;
        const char *synopsis;                          /* what may follow the name */
        const char *summary;                           /* one line for `cuff2mqtt help` */
        const char *help;                              /* more lines for `cuff2mqtt NAME --help` */
        const struct command_option *options;          /* up to one without a name; NULL: none */
        unsigned operands;                             /* at most so many */
        int (*run)(const struct command_arguments *a); /* returns an exit code */
};

extern const struct command command_run;
extern const struct command command_check_config;
extern const struct command command_decode;
extern const struct command command_pair;
extern const struct command command_explain;
extern const struct command command_doctor;
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
