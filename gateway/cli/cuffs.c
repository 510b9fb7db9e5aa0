#include "cli/cuffs.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/history_table.h"
#include "cli/shell_print.h"
#include "mqtt/json.h"

struct cuffs {
        struct ask ask;
        cJSON *states; /* by the cuff's id, as their topics have them */
};

/* "device/28ffb20591b5/state" -> its id; false: no such path. */
static bool id_of(const char *path, char ret[BDADDR_ID_SIZE]) {
        struct bdaddr address;
        char id[BDADDR_ID_SIZE];
        int end = 0;

        if (sscanf(path, "device/%12[0-9a-f]/state%n", id, &end) != 1 || end == 0 || path[end] ||
            bdaddr_from_string(id, &address) < 0)
                return false;
        bdaddr_to_id(&address, ret);
        return true;
}

static void on_heard(void *owner, const char *path, const struct mqtt_incoming *m,
                     const cJSON *json) {
        struct cuffs *c = owner;
        char id[BDADDR_ID_SIZE];

        if (!cJSON_IsObject(json) || !id_of(path, id))
                return;
        cJSON_DeleteItemFromObjectCaseSensitive(c->states, id);
        cJSON_AddItemToObject(c->states, id, cJSON_Duplicate(json, true));
}

static const cJSON *state_of(const struct cuffs *c, const struct cuff_named *cuff) {
        char id[BDADDR_ID_SIZE];

        bdaddr_to_id(&cuff->address, id);
        return shell_object(c->states, id);
}

static bool has_all(void *owner) {
        const struct cuffs *c = owner;

        for (size_t i = 0; i < c->ask.n_cuffs; i++)
                if (!state_of(c, &c->ask.cuffs[i]))
                        return false;
        return c->ask.devices;
}

/* --- what is shown --- */

static void print_json(const struct cuffs *c) {
        size_t i = 0;

        for (const cJSON *cuff = c->ask.devices ? c->ask.devices->child : NULL; cuff;
             cuff = cuff->next, i++) {
                const cJSON *state = state_of(c, &c->ask.cuffs[i]);
                cJSON *one = cJSON_Duplicate(cuff, true);

                cJSON_DeleteItemFromObjectCaseSensitive(one, "state");
                cJSON_AddItemToObject(one, "state",
                                      state ? cJSON_Duplicate(state, true) : cJSON_CreateNull());
                shell_print_json(stdout, one);
        }
}

static int print_table(const struct cuffs *c) {
        _cleanup_(freep) struct cuffs_row *rows = calloc(c->ask.n_cuffs + 1, sizeof *rows);
        const struct history_screen screen = history_screen(stdout);
        char now[WALL_CLOCK_TEXT_SIZE];
        size_t i = 0;

        if (!rows)
                return EXIT_CODE_FAILURE;
        wall_clock_format_local(wall_clock_now(), now);
        for (const cJSON *cuff = c->ask.devices ? c->ask.devices->child : NULL; cuff;
             cuff = cuff->next, i++)
                cuffs_row(cuff, state_of(c, &c->ask.cuffs[i]), now,
                          c->ask.service == ASK_SERVICE_ONLINE, &rows[i]);
        if (i > 0)
                cuffs_print(stdout, rows, i, shell_columns(stdout), screen.unicode, screen.colours);
        else
                puts("There is no cuff yet. Pair one with `cuff2mqtt pair`.");
        return EXIT_CODE_OK;
}

static int run(const struct command_arguments *a) {
        static const char *const paths[] = {"device/+/state", NULL};
        static const struct ask_events events = {.heard = on_heard, .has_all = has_all};
        struct cuffs c = {.states = cJSON_CreateObject()};
        int code = ask_open(&c.ask, &command_cuffs, a,
                            &(struct ask_setup){.paths = paths, .events = &events, .owner = &c});

        if (code == EXIT_CODE_OK)
                code = ask_hear(&c.ask, /* offline_will_do= */ true);
        signal(SIGPIPE, SIG_DFL); /* for the rest this is a program like others */
        if (code == EXIT_CODE_OK && a->json)
                print_json(&c);
        else if (code == EXIT_CODE_OK)
                code = print_table(&c);
        if (code == EXIT_CODE_OK)
                code = ask_must_be_online(&c.ask);
        ask_close(&c.ask);
        cJSON_Delete(c.states);
        return code;
}

/* clang-format off */
const struct command command_cuffs = {
        .name = "cuffs",
        .synopsis = "[--json] [--config FILE]",
        .summary = "List the cuffs: when each was read last, its battery, its users.",
        .help = "\n"
                "  --json         an object for each, one per line, as in bridge/devices; its `state` is\n"
                "                 what stands on the cuff's own topic\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "Times are of today, days are earlier ones; \"last read\" is when the cuff was read to\n"
                "its end. The state is what the service does with it: idle, connecting, pairing, reading,\n"
                "resting, or a problem, which is told below the table. If the service does not run, what\n"
                "it said last is shown.\n"
                "Exit code 0: done; 14: the MQTT broker is away; 15: the service does not run.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG, COMMAND_OPTION_JSON, {0}},
        .run = run,
};
/* clang-format on */
