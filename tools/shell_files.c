/* What a shell wants to know of the command line, from gateway/cli/command.c: man pages and
 * completion. `make all` writes them into its build directory; `make install` puts them in place.
 *
 *      shell-files man NAME    cuff2mqtt-NAME(1); without NAME cuff2mqtt(1)
 *      shell-files names       the subcommands, one a line
 *      shell-files bash        completion for bash
 *      shell-files zsh         completion for zsh */
#include "cli/command.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "version.h"

#define FOREACH(c)           for (const struct command *const *at = command_list, *c = *at; c; c = *++at)
#define FOREACH_OPTION(o, c) for (const struct command_option *o = (c)->options; o && o->name; o++)

/* --- man pages --- */

static void roff(const char *text) {
        for (bool at_begin = true; *text; text++) {
                if (at_begin && (*text == '.' || *text == '\''))
                        fputs("\\&", stdout);
                at_begin = *text == '\n';
                if (*text == '\\')
                        fputs("\\e", stdout);
                else if (*text == '-')
                        fputs("\\-", stdout);
                else
                        putchar(*text);
        }
}

/* .TH has no date: pages of the same version are the same bytes. */
static void title(const char *name, const char *summary) {
        printf(".TH \"%s\" 1 \"\" \"cuff2mqtt " CUFF2MQTT_VERSION "\" \"cuff2mqtt\"\n"
               ".SH NAME\n",
               name);
        roff(name);
        fputs(" \\- ", stdout);
        roff(summary);
        fputs("\n.SH SYNOPSIS\n", stdout);
}

static void man_of(const struct command *c) {
        char name[64];

        snprintf(name, sizeof name, "cuff2mqtt-%s", c->name);
        title(name, c->summary);
        printf(".B cuff2mqtt %s\n", c->name);
        roff(c->synopsis);
        fputs("\n.SH DESCRIPTION\n", stdout);
        roff(c->summary);
        fputs("\n.PP\n.nf\n", stdout);
        roff(c->help);
        fputs(".fi\n.SH SEE ALSO\n.BR cuff2mqtt (1)\n", stdout);
}

static void man_of_all(void) {
        title("cuff2mqtt", "blood-pressure cuffs to MQTT and Home Assistant");
        fputs(".B cuff2mqtt\n.I SUBCOMMAND\n.RI [ OPTION ]..\n.SH SUBCOMMANDS\n", stdout);
        FOREACH (c) {
                printf(".TP\n.BR cuff2mqtt\\-%s (1)\n", c->name);
                roff(c->summary);
                putchar('\n');
        }
        fputs(".SH EXIT STATUS\n.nf\n", stdout);
        roff(command_exit_codes);
        fputs(".fi\n"
              ".SH FILES\n"
              ".TP\n.I /etc/cuff2mqtt/cuff2mqtt.conf\nThe configuration; each option is explained "
              "in it.\n"
              ".TP\n.I /var/lib/cuff2mqtt\nThe database, and the keys of cuffs.\n",
              stdout);
}

static int man(const char *name) {
        if (!name) {
                man_of_all();
                return 0;
        }
        FOREACH (c) {
                if (strcmp(c->name, name) == 0) {
                        man_of(c);
                        return 0;
                }
        }
        return 1;
}

/* --- completion --- */

static bool is_path(const char *what) {
        return strstr(what, "file");
}

/* The word stands in the synopsis, and not behind an option. */
static bool has_operand(const struct command *c, const char *word) {
        for (const char *at = c->synopsis; (at = strstr(at, word)); at++) {
                const char *before = at - strlen("--config ");

                if (before < c->synopsis || strncmp(before, "--config ", at - before) != 0)
                        return true;
        }
        return false;
}

static void bash_commands(void) {
        FOREACH (c)
                printf("%s ", c->name);
}

static void bash_of(const struct command *c) {
        printf("        %s,-*) COMPREPLY=($(compgen -W '", c->name);
        FOREACH_OPTION(o, c)
        printf("%s ", o->name);
        fputs("--help' -- \"$word\")) ;;\n", stdout);
        if (has_operand(c, "FILE"))
                printf("        %s,*) compopt -o default ;;\n", c->name);
        if (has_operand(c, "DIRECTORY"))
                printf("        %s,*) compopt -o dirnames ;;\n", c->name);
}

/* Names of files are left to readline, which knows blanks, quotes and "~". */
static void bash(void) {
        fputs("# bash completion for cuff2mqtt; made from its own list of commands\n"
              "_cuff2mqtt() {\n"
              "        local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
              "        COMPREPLY=()\n"
              "        if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
              "                COMPREPLY=($(compgen -W '",
              stdout);
        bash_commands();
        fputs("--help --version' -- \"$word\"))\n"
              "                return\n"
              "        fi\n"
              "        # --config=FILE comes as three words\n"
              "        if [ \"$before\" = = ]; then before=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
              "        case ${COMP_WORDS[1]},$before in\n",
              stdout);
        FOREACH (c) {
                FOREACH_OPTION(o, c) {
                        if (o->value)
                                printf("        %s,%s) %sreturn ;;\n", c->name, o->name,
                                       is_path(o->value) ? "compopt -o default; " : "");
                }
        }
        fputs("        esac\n"
              "        case ${COMP_WORDS[1]},$word in\n",
              stdout);
        FOREACH (c)
                bash_of(c);
        fputs("        help,*) [ \"$COMP_CWORD\" -ne 2 ] || COMPREPLY=($(compgen -W '", stdout);
        bash_commands();
        fputs("options' -- \"$word\")) ;;\n"
              "        esac\n"
              "}\n"
              "complete -F _cuff2mqtt cuff2mqtt\n",
              stdout);
}

/* Inside single quotes and the brackets of _arguments. */
static void zsh_text(const char *text) {
        for (; *text; text++)
                if (*text == '\'')
                        fputs("'\\''", stdout);
                else if (strchr("[]:\\", *text))
                        printf("\\%c", *text);
                else
                        putchar(*text);
}

static void zsh_of(const struct command *c) {
        printf("        %s)\n                _arguments '--help[what it does]'", c->name);
        FOREACH_OPTION(o, c) {
                printf(" \\\n                        '%s%s[", o->name, o->value ? "=" : "");
                zsh_text(o->value ? o->value : o->name + 2);
                fputs("]", stdout);
                if (o->value) {
                        fputs(":", stdout);
                        zsh_text(o->value);
                        fputs(is_path(o->value) ? ":_files" : ": ", stdout);
                }
                fputs("'", stdout);
        }
        if (has_operand(c, "FILE"))
                fputs(" \\\n                        '*:file:_files'", stdout);
        if (has_operand(c, "DIRECTORY"))
                fputs(" \\\n                        '1:directory:_path_files -/'", stdout);
        if (has_operand(c, "SUBCOMMAND"))
                fputs(" \\\n                        '1:subcommand:{_describe subcommand commands}'",
                      stdout);
        fputs("\n                ;;\n", stdout);
}

static void zsh(void) {
        fputs("#compdef cuff2mqtt\n"
              "# zsh completion for cuff2mqtt; made from its own list of commands\n"
              "local -a commands\n"
              "commands=(\n",
              stdout);
        FOREACH (c) {
                printf("        '%s:", c->name);
                zsh_text(c->summary);
                fputs("'\n", stdout);
        }
        fputs(")\n"
              "if (( CURRENT == 2 )); then\n"
              "        _describe 'subcommand' commands\n"
              "        return\n"
              "fi\n"
              "shift words\n"
              "(( CURRENT-- ))\n"
              "case $words[1] in\n",
              stdout);
        FOREACH (c)
                zsh_of(c);
        fputs("esac\n", stdout);
}

static void names(void) {
        FOREACH (c)
                puts(c->name);
}

int main(int argc, char **argv) {
        const char *what = argc > 1 ? argv[1] : "";

        if (strcmp(what, "man") == 0)
                return man(argc > 2 ? argv[2] : NULL);
        if (strcmp(what, "names") == 0)
                names();
        else if (strcmp(what, "bash") == 0)
                bash();
        else if (strcmp(what, "zsh") == 0)
                zsh();
        else
                return 1;
        return 0;
}
