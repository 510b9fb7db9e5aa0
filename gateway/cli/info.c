#include "cli/info.h"

#include <signal.h>
#include <stdarg.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/ask.h"
#include "cli/exit_code.h"
#include "cli/shell_print.h"
#include "mqtt/json.h"

#define INFO   "bridge/info"
#define HEALTH "bridge/health"
#define LABEL  14
#define LINE   512

/* --- lines --- */

struct lines {
        FILE *out;
        unsigned columns;
};

__attribute__((format(printf, 3, 4))) static void line(const struct lines *l, const char *label,
                                                       const char *format, ...) {
        char text[LINE], first[LABEL + 1];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        snprintf(first, sizeof first, "%-*s", LABEL, label);
        if (text[0])
                shell_wrap(l->out, l->columns, LABEL, first, text);
}

static bool is_true(const cJSON *object, const char *key) {
        return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(object, key));
}

/* 0 where there is none. */
static double number_of(const cJSON *object, const char *key) {
        const cJSON *n = cJSON_GetObjectItemCaseSensitive(object, key);

        return cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble < 1e15 ? n->valuedouble
                                                                                 : 0;
}

static void print_duration(double seconds, char ret[64]) {
        unsigned long long s = (unsigned long long) seconds, days = s / 86400;

        if (days > 0)
                snprintf(ret, 64, "%llu day%s %llu h", days, days == 1 ? "" : "s",
                         s % 86400 / 3600);
        else
                snprintf(ret, 64, "%llu:%02llu h", s / 3600, s % 3600 / 60);
}

static void print_service(const struct lines *l, const cJSON *info, bool running) {
        const char *version = shell_text(info, "version"), *host = shell_text(info, "hostname");
        char started[SHELL_TIME_SIZE];

        shell_time(shell_text(info, "started"), started);
        line(l, "Service", "%s%s%s%s%s%s%s", running ? "runs" : "does not run",
             version[0] ? ", cuff2mqtt " : "", version, host[0] ? " on " : "", host,
             started[0] && running ? ", since " : "", running ? started : "");
}

static void print_bluetooth(const struct lines *l, const cJSON *info) {
        const cJSON *adapter = shell_object(info, "adapter"),
                    *pairing = shell_object(info, "pairing");
        const char *address = shell_text(adapter, "address"), *state = shell_text(adapter, "state");
        char until[SHELL_TIME_SIZE];

        line(l, "Bluetooth", "%s%s%s%s%s", address[0] ? shell_text(adapter, "name") : "",
             address[0] ? " " : "", address, address[0] ? ": " : "",
             state[0] ? state : "not known");
        shell_time(shell_text(pairing, "until"), until);
        if (is_true(pairing, "active"))
                line(l, "Pairing", "the window is open%s%s", until[0] ? " until " : "", until);
}

static void print_health(const struct lines *l, const cJSON *health) {
        const cJSON *mqtt = shell_object(health, "mqtt"), *ble = shell_object(health, "ble"),
                    *db = shell_object(health, "db");
        const char *problem = shell_text(health, "problem");
        char local[WALL_CLOCK_TEXT_SIZE] = "", time[SHELL_TIME_SIZE], up[64];
        int64_t utc, end;

        if (wall_clock_parse(shell_text(health, "time"), &utc, &end) >= 0)
                wall_clock_format_local(utc, local);
        shell_time(local, time);
        print_duration(number_of(health, "uptime_s"), up);
        line(l, "Health", "%s",
             problem[0]                   ? problem
             : is_true(health, "healthy") ? "good"
                                          : "not known");
        line(l, "Measurements", "%.0f; waiting for the broker: %.0f", number_of(db, "records"),
             number_of(db, "outbox"));
        line(l, "MQTT", "messages: %.0f out, %.0f in, %.0f dropped; reconnections: %.0f",
             number_of(mqtt, "published"), number_of(mqtt, "received"), number_of(mqtt, "dropped"),
             number_of(mqtt, "reconnects"));
        line(l, "Connections", "to cuffs: %.0f; failed: %.0f", number_of(ble, "connects"),
             number_of(ble, "failures"));
        line(l, "Process", "up %s, %.1f MB, %.1f s of CPU, %.0f open files", up,
             number_of(health, "rss_kb") / 1024, number_of(health, "cpu_s"),
             number_of(health, "fds"));
        line(l, "As of", "%s", time[0] ? time : "?");
}

void info_print(FILE *out, const cJSON *info, const cJSON *health, bool running, size_t n_cuffs,
                unsigned columns) {
        const struct lines l = {out, columns};

        print_service(&l, info, running);
        if (info) {
                print_bluetooth(&l, info);
                line(&l, "Cuffs", "%zu", n_cuffs);
                line(&l, "Base topic", "%s", shell_text(info, "base_topic"));
                line(&l, "Time zone", "%s", shell_text(info, "time_zone"));
                line(&l, "Log level", "%s", shell_text(info, "log_level"));
                if (is_true(info, "restart_required"))
                        line(&l, "Options", "some take effect after a restart only");
        }
        if (health)
                print_health(&l, health);
}

/* --- hearing --- */

struct gateway {
        struct ask ask;
        cJSON *info, *health;
};

static void on_heard(void *owner, const char *path, const struct mqtt_incoming *m,
                     const cJSON *json) {
        struct gateway *g = owner;
        cJSON **to = strcmp(path, INFO) == 0     ? &g->info
                     : strcmp(path, HEALTH) == 0 ? &g->health
                                                 : NULL;

        if (!to || !cJSON_IsObject(json))
                return;
        cJSON_Delete(*to);
        *to = cJSON_Duplicate(json, true);
}

static bool has_all(void *owner) {
        const struct gateway *g = owner;

        return g->info && g->health && g->ask.devices;
}

static void print_json(const struct gateway *g) {
        cJSON *all = cJSON_CreateObject();

        cJSON_AddBoolToObject(all, "running", g->ask.service == ASK_SERVICE_ONLINE);
        cJSON_AddItemToObject(all, "info",
                              g->info ? cJSON_Duplicate(g->info, true) : cJSON_CreateNull());
        cJSON_AddItemToObject(all, "health",
                              g->health ? cJSON_Duplicate(g->health, true) : cJSON_CreateNull());
        shell_print_json(stdout, all);
}

static int run(const struct command_arguments *a) {
        static const char *const paths[] = {INFO, HEALTH, NULL};
        static const struct ask_events events = {.heard = on_heard, .has_all = has_all};
        struct gateway g = {0};
        int code = ask_open(&g.ask, &command_info, a,
                            &(struct ask_setup){.paths = paths, .events = &events, .owner = &g});

        if (code == EXIT_CODE_OK)
                code = ask_hear(&g.ask, /* offline_will_do= */ true);
        signal(SIGPIPE, SIG_DFL); /* for the rest this is a program like others */
        if (code == EXIT_CODE_OK && a->json)
                print_json(&g);
        else if (code == EXIT_CODE_OK)
                info_print(stdout, g.info, g.health, g.ask.service == ASK_SERVICE_ONLINE,
                           g.ask.n_cuffs, shell_columns(stdout));
        if (code == EXIT_CODE_OK)
                code = ask_must_be_online(&g.ask);
        ask_close(&g.ask);
        cJSON_Delete(g.info);
        cJSON_Delete(g.health);
        return code;
}

/* clang-format off */
const struct command command_info = {
        .name = "info",
        .synopsis = "[--json] [--config FILE]",
        .summary = "Show how the service is: version, Bluetooth, health.",
        .help = "\n"
                "  --json         one object: running, and bridge/info and bridge/health as they are\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "The numbers are those the service told last (`timing.health`: every five minutes). What\n"
                "is wrong with the computer itself `cuff2mqtt doctor` finds out.\n"
                "Exit code 0: done; 14: the MQTT broker is away; 15: the service does not run.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG, COMMAND_OPTION_JSON, {0}},
        .run = run,
};
/* clang-format on */
