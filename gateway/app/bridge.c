#include "app/bridge.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "app/cuff.h"
#include "app/render.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "mqtt/message.h"
#include "mqtt/request.h"
#include "store/outbox.h"

#define LOG_COMPONENT "bridge"
#include "base/log.h"

#define EVENT_EXPIRY_S   3600
#define LOGGING_EXPIRY_S 600
#define PROBLEM_SIZE     512
#define NAME_MAX_BYTES   64
#define LOG_REPEAT_USEC  60000000u

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

static const char *problem(const struct bridge *b, char buffer[PROBLEM_SIZE]) {
        return collector_problem(b->collector, buffer, PROBLEM_SIZE);
}

void bridge_health(struct bridge *b) {
        const struct mqtt_counters *mqtt = mqtt_client_counters(b->publisher->client);
        char now[WALL_CLOCK_TEXT_SIZE], buffer[PROBLEM_SIZE];
        const char *trouble = problem(b, buffer);
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

void bridge_health_changed(struct bridge *b) {
        char buffer[PROBLEM_SIZE];
        const char *trouble = problem(b, buffer);

        if (strcmp(b->last_problem, trouble ? trouble : "") != 0)
                bridge_health(b);
}

static void on_health(void *userdata) {
        bridge_health(userdata);
}

/* --- requests --- */

struct reply { /* what a handler answers */
        enum request_code code;
        char *data;  /* JSON text, freed */
        char *error; /* for people, freed */
};

static struct reply refuse(enum request_code code, const char *error) {
        return (struct reply){.code = code, .error = strdup(error)};
}

static char *print_and_delete(cJSON *json) {
        char *text = cJSON_PrintUnformatted(json);

        cJSON_Delete(json);
        return text;
}

enum pairing_field { PAIRING_ACTIVE, PAIRING_TIMEOUT, PAIRING_ADDRESS };

static struct reply on_pairing(struct bridge *b, const struct request *request) {
        struct pairing *pairing = &b->collector->pairing;
        const struct request_value *timeout = &request->value[PAIRING_TIMEOUT];
        const struct request_value *address = &request->value[PAIRING_ADDRESS];
        char until[WALL_CLOCK_TEXT_SIZE], buffer[PROBLEM_SIZE];
        cJSON *data;
        int r = 0;

        if (!request->value[PAIRING_ACTIVE].boolean)
                pairing_close(pairing, "requested");
        else
                r = pairing_open(pairing,
                                 timeout->present ? (uint64_t) timeout->integer * 1000000
                                                  : b->config->timing.pairing_window_usec,
                                 address->present ? &address->address : NULL, request->transaction);
        if (r == -EBUSY)
                return refuse(REQUEST_BUSY,
                              "A pairing window is open already: wait for its end or close it with "
                              "{\"active\": false}");
        if (r < 0)
                return refuse(REQUEST_ADAPTER_OFF, problem(b, buffer)
                                                           ? problem(b, buffer)
                                                           : "The Bluetooth adapter is not ready");
        wall_clock_format_local(pairing->until_s, until);
        data = cJSON_CreateObject();
        cJSON_AddBoolToObject(data, "active", pairing->active);
        if (pairing->active)
                cJSON_AddStringToObject(data, "until", until);
        else
                cJSON_AddNullToObject(data, "until");
        return (struct reply){.code = REQUEST_OK, .data = print_and_delete(data)};
}

static struct reply on_devices(struct bridge *b, const struct request *request) {
        return (struct reply){.code = REQUEST_OK, .data = render_devices(b->store, b->collector)};
}

static struct reply on_info(struct bridge *b, const struct request *request) {
        return (struct reply){.code = REQUEST_OK, .data = bridge_info(b)};
}

static struct reply on_health_check(struct bridge *b, const struct request *request) {
        char buffer[PROBLEM_SIZE];
        const char *trouble = problem(b, buffer);
        cJSON *data = cJSON_CreateObject(), *checks = cJSON_AddObjectToObject(data, "checks");

        cJSON_AddBoolToObject(data, "healthy", !trouble);
        cJSON_AddBoolToObject(checks, "bluetooth",
                              b->collector->adapter_on && !b->collector->access_denied);
        cJSON_AddBoolToObject(checks, "database", b->collector->intake.error == 0);
        cJSON_AddBoolToObject(checks, "mqtt", mqtt_client_is_connected(b->publisher->client));
        if (trouble)
                cJSON_AddStringToObject(data, "problem", trouble);
        else
                cJSON_AddNullToObject(data, "problem");
        return (struct reply){.code = REQUEST_OK, .data = print_and_delete(data)};
}

/* Everything that can be asked. */
static const struct bridge_request {
        const char *name;
        struct request_schema schema;
        struct reply (*handle)(struct bridge *b, const struct request *request);
} requests[] = {
        {"pairing",
         {.field = {[PAIRING_ACTIVE] = {.name = "active",
                                        .type = REQUEST_BOOL,
                                        .required = true,
                                        .is_bare = true,
                                        .help = "true opens the pairing window, false closes it"},
                    [PAIRING_TIMEOUT] = {.name = "timeout",
                                         .type = REQUEST_INTEGER,
                                         .min = 10,
                                         .max = 600,
                                         .help = "how long the window stays open, seconds"},
                    [PAIRING_ADDRESS] = {.name = "address",
                                         .type = REQUEST_ADDRESS,
                                         .help = "pair this cuff and no other"}},
          .n = 3},
         on_pairing},
        {"devices", {.n = 0}, on_devices},
        {"info", {.n = 0}, on_info},
        {"health_check", {.n = 0}, on_health_check},
};

static const struct bridge_request *find_request(const char *name) {
        for (size_t i = 0; i < ELEMENTS(requests); i++)
                if (strcmp(requests[i].name, name) == 0)
                        return &requests[i];
        return NULL;
}

/* A response topic of the client's choice only under our own branch: else anyone who may send
 * requests could make the gateway write anywhere. */
static const char *response_path(const struct bridge *b, const struct mqtt_incoming *m,
                                 const char *name, char *buffer, size_t size) {
        _cleanup_(freep) char *prefix =
                message_topic(b->config->mqtt.base_topic, "bridge/response/");
        size_t n = prefix ? strlen(prefix) : 0;

        if (n && m->response_topic && strncmp(m->response_topic, prefix, n) == 0 &&
            m->response_topic[n] && !strpbrk(m->response_topic, "+#"))
                return m->response_topic + strlen(b->config->mqtt.base_topic) + 1;
        snprintf(buffer, size, "bridge/response/%s", name);
        return buffer;
}

static struct reply handle(struct bridge *b, const char *name, const struct mqtt_incoming *m,
                           char **ret_transaction) {
        static const struct request_schema nothing = {.n = 0};
        const struct bridge_request *known = find_request(name);
        struct request request;
        struct reply reply = {0};

        reply.code = request_parse(known ? &known->schema : &nothing, m->payload, m->payload_size,
                                   &request, &reply.error);
        if (!known) {
                free(reply.error);
                reply = refuse(REQUEST_UNKNOWN_REQUEST,
                               "There is no such request: see README.md for those there are");
        } else if (reply.code == REQUEST_OK && !b->store) {
                reply = refuse(REQUEST_INTERNAL, "The database cannot be used: the gateway ends");
        } else if (reply.code == REQUEST_OK) {
                free(reply.error);
                reply = known->handle(b, &request);
        }
        *ret_transaction = TAKE_PTR(request.transaction);
        request_done(&request);
        return reply;
}

void bridge_request(struct bridge *b, const char *name, const struct mqtt_incoming *m) {
        _cleanup_(freep) char *transaction = NULL;
        char buffer[sizeof "bridge/response/" + NAME_MAX_BYTES];
        struct reply reply;

        if (m->retained) {
                log_warning("A retained request %s is ignored: requests must not be retained",
                            name);
                return;
        }
        if (strlen(name) > NAME_MAX_BYTES) {
                log_warning("A request with a name of %zu bytes is ignored", strlen(name));
                return;
        }
        reply = handle(b, name, m, &transaction);
        if (reply.code != REQUEST_OK)
                log_info("Request %s refused: %s", name, reply.error ? reply.error : "");
        publisher_reply(b->publisher, response_path(b, m, name, buffer, sizeof buffer),
                        request_response(reply.code, reply.data, reply.error, transaction),
                        m->correlation, m->correlation_size);
        free(reply.data);
        free(reply.error);
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
}
