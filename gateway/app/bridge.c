#include "app/bridge.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/cuff.h"
#include "app/render.h"
#include "app/requests.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "mqtt/json.h"
#include "mqtt/message.h"
#include "store/outbox.h"

#define LOG_COMPONENT "bridge"
#include "base/log.h"

#define EVENT_EXPIRY_S   3600
#define LOGGING_EXPIRY_S 600
#define LOG_REPEAT_USEC  60000000u
#define META_LOG_LEVEL   "option.log_level"

/* --- what the bridge says by itself --- */

void bridge_event(struct bridge *b, const char *type, const char *data, const char *transaction) {
        char now[WALL_CLOCK_TEXT_SIZE];

        if (!b->publisher)
                return;
        wall_clock_format_utc(wall_clock_now(), now);
        publisher_send(b->publisher, "bridge/event", message_event(type, data, now, transaction), 1,
                       /* retain= */ false, EVENT_EXPIRY_S);
}

static bool is_repeat(struct bridge *b, const char *message) {
        uint64_t now = wall_clock_monotonic_usec();

        if (now - b->last_log_usec < LOG_REPEAT_USEC &&
            strncmp(b->last_log, message, sizeof b->last_log - 1) == 0)
                return true;
        b->last_log_usec = now;
        snprintf(b->last_log, sizeof b->last_log, "%s", message);
        return false;
}

static void on_log(enum log_level level, const char *component, const char *message,
                   void *userdata) {
        struct bridge *b = userdata;
        char now[WALL_CLOCK_TEXT_SIZE];

        if (!b->publisher || level > LOG_LEVEL_INFO || is_repeat(b, message))
                return;
        wall_clock_format_utc(wall_clock_now(), now);
        publisher_send(b->publisher, "bridge/logging",
                       message_logging(log_level_to_string(level), component, message, now), 0,
                       /* retain= */ false, LOGGING_EXPIRY_S);
}

char *bridge_info(const struct bridge *b) {
        const struct config *config = b->config;
        const struct bluez_adapter_info *adapter = bluez_adapter_info(b->collector->adapter);
        const struct pairing *pairing = &b->collector->pairing;
        char started[WALL_CLOCK_TEXT_SIZE], until[WALL_CLOCK_TEXT_SIZE],
                address[BDADDR_STRING_SIZE];

        wall_clock_format_local(b->started_s, started);
        wall_clock_format_local(pairing->until_s, until);
        bdaddr_to_string(&adapter->address, address);
        return message_info(&(struct message_info){
                .started = started,
                .hostname = b->publisher->hostname,
                .inst = b->publisher->ha.inst,
                .base_topic = config->mqtt.base_topic,
                .discovery_prefix = config->homeassistant.discovery_prefix,
                .log_level = log_level_to_string(log_get_level()),
                .time_zone = config->time_zone,
                .adapter_address = adapter->state == BLUEZ_ADAPTER_ABSENT ? NULL : address,
                .adapter_name = adapter->name,
                .adapter_state = bluez_adapter_state_to_string(adapter->state),
                .adapter_powered = adapter->state == BLUEZ_ADAPTER_ON,
                .adapter_discovering = adapter->discovering,
                .pairing_active = pairing->active,
                .pairing_until = pairing->active ? until : NULL,
                .pairing_device =
                        pairing->active && pairing->candidate ? pairing->candidate->id : NULL,
                .mqtt_version = mqtt_client_version(b->publisher->client),
        });
}

static uint64_t resident_kb(void) {
        _cleanup_(fclosep) FILE *f = fopen("/proc/self/statm", "re");
        unsigned long pages = 0;

        if (!f || fscanf(f, "%*u %lu", &pages) != 1)
                return 0;
        return (uint64_t) pages * (uint64_t) sysconf(_SC_PAGESIZE) / 1024;
}

static uint64_t open_files(void) {
        DIR *d = opendir("/proc/self/fd");
        uint64_t n = 0;

        if (!d)
                return 0;
        while (readdir(d))
                n++;
        closedir(d);
        return n - 3; /* ".", ".." and the directory itself */
}

const char *bridge_problem(const struct bridge *b, char buffer[BRIDGE_PROBLEM_SIZE]) {
        return collector_problem(b->collector, buffer, BRIDGE_PROBLEM_SIZE);
}

void bridge_health(struct bridge *b) {
        const struct mqtt_counters *mqtt = mqtt_client_counters(b->publisher->client);
        char now[WALL_CLOCK_TEXT_SIZE], buffer[BRIDGE_PROBLEM_SIZE];
        const char *trouble = bridge_problem(b, buffer);
        int64_t records = 0, waiting = 0;
        struct rusage usage;

        snprintf(b->last_problem, sizeof b->last_problem, "%s", trouble ? trouble : "");
        if (b->store) {
                store_measurements_count(b->store, &records);
                store_outbox_count(b->store, &waiting);
        }
        getrusage(RUSAGE_SELF, &usage);
        wall_clock_format_utc(wall_clock_now(), now);
        publisher_send(
                b->publisher, "bridge/health",
                message_health(&(struct message_health){
                        .time = now,
                        .uptime_s = (wall_clock_monotonic_usec() - b->started_usec) / 1000000,
                        .rss_kb = resident_kb(),
                        .fds = open_files(),
                        .cpu_s = (double) (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                                 (double) (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
                        .mqtt_published = mqtt->published,
                        .mqtt_received = mqtt->received,
                        .mqtt_dropped = mqtt->dropped,
                        .mqtt_reconnects = mqtt->reconnects,
                        .ble_scans = b->collector->counters.scans,
                        .ble_connects = b->collector->counters.connects,
                        .ble_failures = b->collector->counters.failures,
                        .db_records = (uint64_t) records,
                        .db_outbox = (uint64_t) waiting,
                        .healthy = !trouble,
                        .problem = trouble,
                }),
                0, /* retain= */ true, 0);
        deadline_set_usec(&b->health, b->config->timing.health_usec);
}

/* The broker's trouble comes last: who asks over the broker has none. */
static const char *first_problem(const struct bridge *b, char buffer[BRIDGE_PROBLEM_SIZE]) {
        const char *trouble = bridge_problem(b, buffer);

        if (trouble || mqtt_client_is_connected(b->publisher->client))
                return trouble;
        return b->publisher->trouble[0] ? b->publisher->trouble
                                        : "There is no connection to the MQTT broker yet";
}

char *bridge_health_check(const struct bridge *b) {
        char buffer[BRIDGE_PROBLEM_SIZE];
        const char *problem = first_problem(b, buffer);
        struct json j = json_begin(cJSON_CreateObject());
        cJSON *checks;

        json_bool(&j, j.root, "healthy", !problem);
        checks = json_object(&j, j.root, "checks");
        json_bool(&j, checks, "bluetooth",
                  b->collector->adapter_on && !b->collector->access_denied);
        json_bool(&j, checks, "database", b->collector->intake.error == 0);
        json_bool(&j, checks, "mqtt", mqtt_client_is_connected(b->publisher->client));
        json_text(&j, j.root, "problem", problem);
        return json_end(&j);
}

void bridge_health_changed(struct bridge *b) {
        char buffer[BRIDGE_PROBLEM_SIZE];
        const char *trouble = bridge_problem(b, buffer);

        if (strcmp(b->last_problem, trouble ? trouble : "") != 0)
                bridge_health(b);
}

static void on_health(void *userdata) {
        bridge_health(userdata);
}

/* --- the log level --- */

int bridge_set_log_level(struct bridge *b, const char *word) {
        int r = store_meta_set(b->store, META_LOG_LEVEL, word ? word : ""), level;

        if (r < 0)
                return r;
        level = word ? log_level_from_string(word) : (int) b->config->log_level;
        log_set_level(level < 0 ? b->config->log_level : (enum log_level) level);
        publisher_info_changed(b->publisher);
        return 0;
}

static void take_log_level(const struct bridge *b) {
        _cleanup_(freep) char *word = NULL;

        if (b->config->log_level_given || store_meta_get(b->store, META_LOG_LEVEL, &word) < 0 ||
            log_level_from_string(word) < 0)
                return;
        log_set_level((enum log_level) log_level_from_string(word));
}

/* --- life --- */

void bridge_init(struct bridge *b, sd_event *event, const struct config *config,
                 struct store *store, struct collector *collector) {
        *b = (struct bridge){
                .config = config,
                .store = store,
                .collector = collector,
                .started_s = wall_clock_now(),
                .started_usec = wall_clock_monotonic_usec(),
        };
        deadline_init(&b->health, event, on_health, b);
        deadline_init(&b->removal.limit, event, requests_remove_limit, b);
        take_log_level(b);
}

void bridge_set_store(struct bridge *b, struct store *store) {
        b->store = store;
}

void bridge_start(struct bridge *b, struct publisher *publisher) {
        b->publisher = publisher;
        log_set_sink(on_log, b);
}

void bridge_done(struct bridge *b) {
        log_set_sink(NULL, NULL);
        deadline_done(&b->health);
        answers_done(&b->answers);
        deadline_done(&b->removal.limit);
}
