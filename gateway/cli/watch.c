#include "cli/watch.h"

#include <errno.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/history_table.h"
#include "cli/shell_print.h"
#include "cli/tame.h"
#include "mqtt/json.h"
#include "mqtt/message.h"

#define EVENT       "bridge/event"
#define STATE       "bridge/state"
#define MEASUREMENT "device/+/user/+/event"

struct watch {
        struct ask ask;
        struct watch_view view;
        bool json, terminal;
        bool away; /* the broker is, and that was said */
        enum ask_service told;
        bool unread; /* nobody reads us any more */
};

static const char *now(void) {
        static char text[WALL_CLOCK_TEXT_SIZE];

        wall_clock_format_local(wall_clock_now(), text);
        return text;
}

/* Each line goes out at once. Who has enough of them is no failure. */
static void flush(struct watch *w) {
        if (fflush(stdout) == 0)
                return;
        w->unread = errno == EPIPE;
        ask_end(&w->ask, w->unread ? EXIT_CODE_OK : EXIT_CODE_FAILURE, NULL);
}

/* --- what comes --- */

/* As it came: what is no JSON as a text. */
static void print_json(const struct watch *w, const char *path, const struct mqtt_incoming *m) {
        _cleanup_(freep) char *topic = message_topic(w->ask.config.mqtt.base_topic, path);
        struct json j = json_begin(cJSON_CreateObject());
        cJSON *payload = NULL;

        json_text(&j, j.root, "topic", topic);
        if (json_parse(m->payload, m->payload_size, &payload, &(bool){false}) >= 0)
                cJSON_AddItemToObject(j.root, "payload", payload);
        else
                json_text(&j, j.root, "payload", m->payload);
        shell_print_json(stdout, j.root);
}

/* Only changes: it is told again after each connection. */
static void on_state(struct watch *w, const char *payload) {
        bool online = strcmp(payload, "online") == 0;
        enum ask_service state = online ? ASK_SERVICE_ONLINE : ASK_SERVICE_OFFLINE;

        if (state == w->told)
                return;
        if (!online)
                watch_say(&w->view, now(), "The service does not run");
        else if (w->told == ASK_SERVICE_OFFLINE)
                watch_say(&w->view, now(), "The service runs again");
        w->told = state;
}

static bool is_measurement(const char *path) {
        const char *end = strrchr(path, '/');

        return strncmp(path, "device/", strlen("device/")) == 0 && end &&
               strcmp(end, "/event") == 0;
}

static void on_heard(void *owner, const char *path, const struct mqtt_incoming *m,
                     const cJSON *json) {
        struct watch *w = owner;
        bool is_state = strcmp(path, STATE) == 0, is_event = strcmp(path, EVENT) == 0;

        w->view.cuffs = w->ask.cuffs;
        w->view.n_cuffs = w->ask.n_cuffs;
        if (w->json) {
                if (!m->retained && (is_state || is_event || is_measurement(path)))
                        print_json(w, path, m);
        } else if (is_state) {
                on_state(w, m->payload);
        } else if (!m->retained && cJSON_IsObject(json)) {
                if (is_event)
                        watch_event(&w->view, json, now());
                else if (is_measurement(path))
                        watch_measurement(&w->view, json, now());
        }
        flush(w);
}

static void on_lost(void *owner) {
        struct watch *w = owner;

        if (!w->away)
                fprintf(stderr,
                        "cuff2mqtt: there is no connection to the MQTT broker, and it is tried "
                        "again "
                        "until there is: %s\n",
                        tame(w->ask.trouble));
        w->away = true;
}

static void on_connected(void *owner) {
        struct watch *w = owner;

        if (w->away)
                fputs("cuff2mqtt: there is a connection to the MQTT broker again\n", stderr);
        w->away = false;
        if (w->terminal && w->told == ASK_SERVICE_UNKNOWN)
                puts("Waiting for measurements and events; Ctrl-C ends it");
        flush(w);
}

/* --- beginning and end --- */

static int on_unread(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        struct watch *w = userdata;

        ask_end(&w->ask, EXIT_CODE_OK, NULL);
        return 0;
}

static int listen_on(struct watch *w) {
        sd_event_source *source = NULL;
        int code;

        /* A file has no other end that could go: then this fails, and nothing is lost. */
        sd_event_add_io(w->ask.event, &source, STDOUT_FILENO, 0, on_unread, w);
        w->view.scheme = w->ask.config.homeassistant.category;
        code = ask_listen(&w->ask);
        sd_event_source_disable_unref(source);
        if (w->unread) { /* main() would take it for a full disk */
                __fpurge(stdout);
                clearerr(stdout);
        }
        return w->ask.interrupted ? EXIT_CODE_OK : code;
}

static int run(const struct command_arguments *a) {
        static const char *const paths[] = {EVENT, MEASUREMENT, NULL};
        static const struct ask_events events = {
                .heard = on_heard, .connected = on_connected, .lost = on_lost};
        const struct history_screen screen = history_screen(stdout);
        struct watch w = {.json = a->json, .terminal = !a->json && isatty(STDOUT_FILENO)};
        int code;

        w.view = (struct watch_view){
                .out = stdout, .columns = shell_columns(stdout), .colours = screen.colours};
        code = ask_open(&w.ask, &command_watch, a,
                        &(struct ask_setup){.paths = paths, .events = &events, .owner = &w});
        if (code == EXIT_CODE_OK)
                code = listen_on(&w);
        ask_close(&w.ask);
        return code;
}

/* clang-format off */
const struct command command_watch = {
        .name = "watch",
        .synopsis = "[--json] [--config FILE]",
        .summary = "Show measurements and events as they come.",
        .help = "\n"
                "  --json         an object for each message, one per line: its topic, its payload\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "It shows what comes from now on; for what was measured before see `cuff2mqtt history`.\n"
                "While the broker is away it tries again until it is back. Ctrl-C ends it.\n"
                "Exit code 0: ended by Ctrl-C, or nobody reads any more; 14: the MQTT broker does not\n"
                "allow it.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG, COMMAND_OPTION_JSON, {0}},
        .run = run,
};
/* clang-format on */
