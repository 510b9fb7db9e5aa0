/* The subcommands: one file each, one exported descriptor each. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define COMMAND_OPERANDS_MAX 3
#define COMMAND_WORDS_MAX    32 /* of one command line, at most */

struct nearest;

struct command_arguments {
        const char *config;                         /* --config FILE; NULL not given */
        const char *model;                          /* --model ID; NULL not given */
        bool json, keys, report, trace;             /* --json, --keys, --report, --trace */
        const char *cuff, *user, *from, *to, *last; /* --cuff ID .. : which measurements */
        bool csv, fhir, omblepy;                    /* --csv .. : how they are written */
        const char *person;                         /* --person WORD */
        bool keep_bond, purge, yes;                 /* --keep-bond --purge --yes */
        const char *operand[COMMAND_OPERANDS_MAX];  /* NULL not given */
};

struct command_option {
        const char *name;  /* "--model" */
        const char *value; /* what must follow it, for people; NULL: nothing, it is a switch */
        size_t at;         /* offsetof(struct command_arguments, ..): const char *, or bool */
};

#define COMMAND_OPTION_CONFIG                                                                      \
        { "--config", "the name of a file", offsetof(struct command_arguments, config) }
#define COMMAND_OPTION_CUFF                                                                        \
        { "--cuff", "a cuff", offsetof(struct command_arguments, cuff) }
#define COMMAND_OPTION_USER                                                                        \
        { "--user", "a user", offsetof(struct command_arguments, user) }
#define COMMAND_OPTION_TO                                                                          \
        { "--to", "a time", offsetof(struct command_arguments, to) }
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

extern const struct command command_run, command_pair, command_cuffs, command_sync, command_watch,
        command_history, command_stats, command_rename, command_users, command_remove, command_info,
        command_health, command_import, command_backup, command_doctor, command_check_config,
        command_explain, command_decode, command_version, command_help;

extern const struct command *const command_list[]; /* all of them, up to a NULL */
extern const char command_exit_codes[];            /* lines, as the overview ends */

/* Does what the words after "cuff2mqtt" say, or says on stderr what is wrong with them.
 * Returns an exit code. */
int command_main(int argc, char **argv);

const struct command *
command_find(const char *name);                   /* NULL: says so on stderr, with the nearest */
void command_print_help(const struct command *c); /* of one; NULL: the overview */

/* The words of a command line again, for somebody else to type: "cuff2mqtt", the command, its
 * options, its operands, NULL. Borrowed. */
void command_words(const struct command *c, const struct command_arguments *a,
                   const char *ret[COMMAND_WORDS_MAX]);

/* "BEFORE"WORD"AFTER", the word made harmless, and where to look; returns EXIT_CODE_USAGE. */
int command_refuse_word(const char *command, const char *before, const char *word,
                        const char *after);
/* "there is no WHAT "WORD"", with the nearest, and where to look; returns EXIT_CODE_USAGE. */
int command_refuse(const char *what, const char *word, const struct nearest *n);
