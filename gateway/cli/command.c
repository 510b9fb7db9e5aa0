#include "cli/command.h"

#include <stdio.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "base/nearest.h"
#include "cli/exit_code.h"
#include "cli/tame.h"

const struct command *const command_list[] = {
        &command_run,          &command_pair,    &command_cuffs,
        &command_sync,         &command_watch,   &command_history,
        &command_stats,        &command_rename,  &command_users,
        &command_remove,       &command_info,    &command_health,
        &command_import,       &command_backup,  &command_doctor,
        &command_check_config, &command_explain, &command_decode,
        &command_version,      &command_help,    NULL,
};

const char command_exit_codes[] =
        "   0  done, or stopped in good order\n"
        "   1  something failed; another try may well succeed\n"
        "  10  Bluetooth is not ready\n"
        "  13  it is being done already, or something else is in the way: later\n"
        "  14  the MQTT broker is away\n"
        "  15  the service does not answer\n"
        "  19  the cuff was not heard\n"
        "  11, 12, 16 to 18, and from 20 on: `pair`, no cuff was paired; see its --help\n"
        "  64  unknown subcommand or option\n"
        "  65  the database belongs to a newer cuff2mqtt\n"
        "  73  the state directory or the database cannot be used\n"
        "  75  what we depend on is away (the system bus ended): start again\n"
        "  78  the configuration is wrong\n"
        "After 64, 65 and 78 a restart does not help.\n";

int command_refuse(const char *what, const char *word, const struct nearest *n) {
        fprintf(stderr, "cuff2mqtt: there is no %s \"%s\"", what, word);
        if (nearest_best(n))
                fprintf(stderr, "; did you mean \"%s\"?", nearest_best(n));
        fprintf(stderr, "\nTry `cuff2mqtt help`.\n");
        return EXIT_CODE_USAGE;
}

int command_refuse_word(const char *command, const char *before, const char *word,
                        const char *after) {
        _cleanup_(freep) char *shown = tame(strdup(word));

        fprintf(stderr, "cuff2mqtt: %s\"%s\"%s\nTry `cuff2mqtt %s --help`.\n", before,
                shown ? shown : "", after, command);
        return EXIT_CODE_USAGE;
}

const struct command *command_find(const char *name) {
        struct nearest n;

        nearest_init(&n, name);
        for (size_t i = 0; command_list[i]; i++) {
                if (strcmp(command_list[i]->name, name) == 0)
                        return command_list[i];
                nearest_offer(&n, command_list[i]->name);
        }
        command_refuse("subcommand", name, &n);
        return NULL;
}

void command_print_help(const struct command *c) {
        if (c) {
                printf("Usage: cuff2mqtt %s%s%s\n\n%s\n%s", c->name, c->synopsis[0] ? " " : "",
                       c->synopsis, c->summary, c->help);
                return;
        }
        printf("cuff2mqtt brings blood-pressure cuffs to MQTT and Home Assistant.\n\n"
               "Usage: cuff2mqtt SUBCOMMAND [OPTION]..\n\n");
        for (size_t i = 0; command_list[i]; i++)
                printf("  %-13s %s\n", command_list[i]->name, command_list[i]->summary);
        printf("\n`cuff2mqtt SUBCOMMAND --help` says more.\n\nExit codes:\n%s", command_exit_codes);
}

/* --- the words of one command line ---------------------------------------------------------------
 */

static bool is_help(const char *word) {
        return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0;
}

static const struct command_option no_options[] = {{0}};

static const struct command_option *options_of(const struct command *c) {
        return c && c->options ? c->options : no_options;
}

static int refuse_option(const struct command *c, const char *word) {
        struct nearest n;

        nearest_init(&n, word);
        nearest_offer(&n, "--help");
        if (!c)
                nearest_offer(&n, "--version");
        for (const struct command_option *o = options_of(c); o->name; o++)
                nearest_offer(&n, o->name);
        return command_refuse("option", word, &n);
}

static int take_value(const struct command_option *o, const char *value,
                      struct command_arguments *a) {
        if (!value)
                fprintf(stderr, "cuff2mqtt: %s needs %s\n", o->name, o->value);
        else
                *(const char **) ((char *) a + o->at) = value;
        return value ? 2 : 0;
}

/* --name VALUE, --name=VALUE, or a switch. How many words it took; 0 when it is refused (and said).
 */
static int take_option(const struct command *c, char **argv, struct command_arguments *a) {
        for (const struct command_option *o = options_of(c); o->name; o++) {
                size_t n = strlen(o->name);

                if (strncmp(argv[0], o->name, n) != 0)
                        continue;
                if (argv[0][n] == '=' && o->value)
                        return take_value(o, argv[0] + n + 1, a) ? 1 : 0;
                if (argv[0][n] != '\0')
                        continue;
                if (o->value)
                        return take_value(o, argv[1], a);
                *(bool *) ((char *) a + o->at) = true;
                return 1;
        }
        refuse_option(c, argv[0]);
        return 0;
}

/* Takes one word, and the next if it belongs to it: how many; 0 when it is refused (and said).
 * `plain`: "--" stood before, so that this is no option whatever it looks like. */
static int take_word(const struct command *c, char **argv, bool plain,
                     struct command_arguments *a) {
        const char *word = argv[0];
        unsigned given = 0;

        /* "-" alone is an operand: standard input */
        if (!plain && word[0] == '-' && word[1] != '\0')
                return take_option(c, argv, a);
        while (given < c->operands && a->operand[given])
                given++;
        if (given == c->operands) {
                fprintf(stderr,
                        "cuff2mqtt: \"%s\" is one word too many\nTry `cuff2mqtt %s --help`.\n",
                        word, c->name);
                return 0;
        }
        a->operand[given] = word;
        return 1;
}

void command_words(const struct command *c, const struct command_arguments *a,
                   const char *ret[COMMAND_WORDS_MAX]) {
        bool plain = false;
        size_t n = 0;

        ret[n++] = "cuff2mqtt";
        ret[n++] = c->name;
        for (const struct command_option *o = options_of(c); o->name; o++) {
                const char *at = (const char *) a + o->at;
                const char *value = o->value ? *(const char *const *) at : NULL;

                if (value || (!o->value && *(const bool *) at))
                        ret[n++] = o->name;
                if (value)
                        ret[n++] = value;
        }
        for (size_t i = 0; i < COMMAND_OPERANDS_MAX && a->operand[i]; i++) {
                if (a->operand[i][0] == '-' && a->operand[i][1] && !plain) {
                        plain = true;
                        ret[n++] = "--";
                }
                ret[n++] = a->operand[i];
        }
        ret[n] = NULL;
}

/* `argv` ends with NULL and begins after the command's name. */
static int run_command(const struct command *c, char **argv) {
        struct command_arguments a = {0};
        bool plain = false;

        for (size_t i = 0; argv[i] && strcmp(argv[i], "--") != 0; i++)
                if (is_help(argv[i])) {
                        command_print_help(c);
                        return EXIT_CODE_OK;
                }
        while (*argv) {
                int taken = 1;

                if (!plain && strcmp(*argv, "--") == 0)
                        plain = true;
                else
                        taken = take_word(c, argv, plain, &a);

                if (taken == 0)
                        return EXIT_CODE_USAGE;
                argv += taken;
        }
        if (wall_clock_check() < 0 && c != &command_help && c != &command_version) {
                fprintf(stderr,
                        "cuff2mqtt: the clock of this computer stands beyond the year 2038, which "
                        "programs of this release of Debian cannot tell: set it right (`date`), or "
                        "install a newer release\n");
                return EXIT_CODE_FAILURE;
        }
        return c->run(&a);
}

int command_main(int argc, char **argv) {
        const struct command *c;

        if (argc < 2) {
                fprintf(stderr, "cuff2mqtt: no subcommand\nTry `cuff2mqtt help`.\n");
                return EXIT_CODE_USAGE;
        }
        if (is_help(argv[1]))
                return command_help.run(&(struct command_arguments){0});
        if (strcmp(argv[1], "--version") == 0)
                return command_version.run(&(struct command_arguments){0});
        if (argv[1][0] == '-')
                return refuse_option(NULL, argv[1]);
        c = command_find(argv[1]);
        return c ? run_command(c, argv + 2) : EXIT_CODE_USAGE;
}
