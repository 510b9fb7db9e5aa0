#include <string.h>

#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/history_table.h"
#include "cli/shell_print.h"

#define NUMBER 9

/* What the words mean: [CUFF] | [CUFF] N NAME | [CUFF] N --person WORD */
struct words {
        const char *cuff; /* NULL: the only one */
        const char *user; /* "1" .. "4", "unknown"; NULL: only shows them */
        const char *name; /* NULL: stays */
        const char *person;
};

static bool is_user(const char *word) {
        return word &&
               (strcmp(word, "unknown") == 0 || (word[0] >= '1' && word[0] <= '4' && !word[1]));
}

static bool take_words(const struct command_arguments *a, struct words *ret) {
        const char *const *w = a->operand;

        *ret = (struct words){.person = a->person};
        if (a->person && is_user(w[0]) && !w[1])
                ret->user = w[0];
        else if (a->person && is_user(w[1]) && !w[2])
                *ret = (struct words){w[0], w[1], NULL, a->person};
        else if (w[2])
                *ret = (struct words){w[0], w[1], w[2], a->person};
        else if (w[1])
                *ret = (struct words){NULL, w[0], w[1], a->person};
        else
                ret->cuff = w[0];
        return ret->user ? is_user(ret->user) : !a->person;
}

/* --- who there is --- */

static void print_users(const struct cuff_named *cuff, const cJSON *users) {
        const struct history_screen screen = history_screen(stdout);

        history_print_text(stdout, ask_name(cuff), history_text_width(ask_name(cuff)),
                           screen.unicode);
        putchar('\n');
        if (!users || !users->child)
                puts("  Nobody has measured yet.");
        for (const cJSON *user = users ? users->child : NULL; user; user = user->next) {
                const char *name = shell_text(user, "name"), *person = shell_text(user, "person");

                printf("  %-*s%s%s%s%s\n", NUMBER, user->string, name[0] ? name : "-",
                       person[0] ? " (" : "", person, person[0] ? ")" : "");
        }
}

/* Of this cuff; NULL: of all. */
static void show(const struct ask *ask, const struct cuff_named *only) {
        size_t i = 0, shown = 0;

        for (const cJSON *entry = ask->devices->child; entry; entry = entry->next, i++) {
                if (only && !bdaddr_equal(&ask->cuffs[i].address, &only->address))
                        continue;
                fputs(shown++ > 0 ? "\n" : "", stdout);
                print_users(&ask->cuffs[i], shell_object(entry, "users"));
        }
}

/* "" takes it away. */
static void add_text(cJSON *object, const char *key, const char *text) {
        if (text && text[0])
                cJSON_AddStringToObject(object, key, text);
        else if (text)
                cJSON_AddNullToObject(object, key);
}

static int name_user(struct ask *ask, const struct cuff_named *cuff, const struct words *w) {
        cJSON *data = ask_about(cuff), *users = cJSON_AddObjectToObject(data, "users"),
              *user = cJSON_AddObjectToObject(users, w->user);
        int code;

        add_text(user, "name", w->name);
        add_text(user, "person", w->person);
        code = ask_request(ask, data, 0);
        if (code == EXIT_CODE_OK)
                print_users(cuff, shell_object(ask_data(ask, 0), "users"));
        return code;
}

static int do_so(struct ask *ask, const struct words *w) {
        struct cuff_named cuff;
        int code = ask_hear(ask, /* offline_will_do= */ !w->user);
        bool all = !w->cuff && !w->user && ask->n_cuffs > 1;

        if (code == EXIT_CODE_OK && !all)
                code = ask_cuff(ask, w->cuff, &cuff);
        if (code != EXIT_CODE_OK)
                return code;
        if (w->user)
                return name_user(ask, &cuff, w);
        show(ask, all ? NULL : &cuff);
        return ask_must_be_online(ask);
}

static int run(const struct command_arguments *a) {
        struct words w;
        struct ask ask;
        int code;

        if (!take_words(a, &w)) {
                fputs("cuff2mqtt: users needs the number of a user (1 to 4, or unknown) and a "
                      "name, or "
                      "--person\nTry `cuff2mqtt users --help`.\n",
                      stderr);
                return EXIT_CODE_USAGE;
        }
        code = ask_open(&ask, &command_users, a, &(struct ask_setup){.request = "device/users"});
        if (code == EXIT_CODE_OK)
                code = do_so(&ask, &w);
        ask_close(&ask);
        return code;
}

/* clang-format off */
const struct command command_users = {
        .name = "users",
        .synopsis = "[CUFF] [N NAME] [--person WORD] [--config FILE]",
        .summary = "Show the users of a cuff, or name one.",
        .help = "\n"
                "  CUFF           its name, its id or its address, or how one of these begins; without it\n"
                "                 all are shown; to name a user it may be left out if there is only one\n"
                "  N              the number of the user on the cuff: 1 to 4, or unknown\n"
                "  NAME           shown in Home Assistant and here; \"\" takes it away\n"
                "  --person WORD  whoever has the same word on another cuff is the same person, with a\n"
                "                 topic of their own: a-z, 0-9 and _; \"\" takes it away\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "  cuff2mqtt users\n"
                "  cuff2mqtt users Bedroom 1 Anna --person anna\n"
                "\n"
                "Exit code 0: done; 14: the MQTT broker is away; 15: the service does not answer;\n"
                "64: no such cuff or user, or the name is too long.\n",
        .options = (const struct command_option[]){
                COMMAND_OPTION_CONFIG,
                {"--person", "a word", offsetof(struct command_arguments, person)},
                {0},
        },
        .operands = 3,
        .run = run,
};
/* clang-format on */
