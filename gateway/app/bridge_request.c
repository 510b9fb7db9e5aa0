/* Requests and their answers: the table of all there are, and their handlers. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <cjson/cJSON.h>

#include "app/bridge.h"
#include "app/cuff.h"
#include "app/render.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "mqtt/message.h"
#include "mqtt/request.h"

#define LOG_COMPONENT "bridge"
#include "base/log.h"

#define NAME_MAX_BYTES 64

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
        char until[WALL_CLOCK_TEXT_SIZE], buffer[BRIDGE_PROBLEM_SIZE];
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
                return refuse(REQUEST_ADAPTER_OFF, bridge_problem(b, buffer)
                                                           ? bridge_problem(b, buffer)
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
        char buffer[BRIDGE_PROBLEM_SIZE];
        const char *trouble = bridge_problem(b, buffer);
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

enum dump_field { DUMP_DEVICE, DUMP_VALUES };

/* By its id in the topics, or its address. */
static struct cuff *find_cuff(const struct bridge *b, const char *text) {
        for (size_t i = 0; i < b->collector->n_cuffs; i++) {
                struct cuff *cuff = b->collector->cuffs[i];

                if (cuff->stored &&
                    (strcasecmp(text, cuff->id) == 0 || strcasecmp(text, cuff->address) == 0))
                        return cuff;
        }
        return NULL;
}

static struct reply on_dump(struct bridge *b, const struct request *request) {
        struct cuff *cuff = find_cuff(b, request->value[DUMP_DEVICE].text);
        char *data = NULL;
        int r;

        if (!cuff)
                return refuse(REQUEST_UNKNOWN_DEVICE,
                              "There is no such cuff: bridge/devices lists those there are");
        r = cuff_want_dump(cuff, request->value[DUMP_VALUES].boolean, request->transaction);
        if (r == -EBUSY)
                return refuse(REQUEST_BUSY, "This has been asked for already: press the cuff's "
                                            "Bluetooth button, so that it can be done");
        if (r == -ENOTSUP)
                return refuse(REQUEST_UNSUPPORTED, "The option omron.memory is off");
        if (r < 0)
                return refuse(REQUEST_INTERNAL, strerror(-r));
        if (asprintf(&data, "{\"device\":\"%s\",\"next\":\"Press the cuff's Bluetooth button\"}",
                     cuff->id) < 0)
                data = NULL;
        return (struct reply){.code = REQUEST_ACCEPTED, .data = data};
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
        {"device/dump",
         {.field = {[DUMP_DEVICE] = {.name = "device",
                                     .type = REQUEST_STRING,
                                     .required = true,
                                     .is_bare = true,
                                     .min = 1,
                                     .max = BDADDR_STRING_SIZE - 1,
                                     .help = "the cuff's id or address"},
                    [DUMP_VALUES] = {.name = "values",
                                     .type = REQUEST_BOOL,
                                     .help = "true: with the bytes of measurements"}},
          .n = 2},
         on_dump},
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

void bridge_answer(struct bridge *b, const char *name, enum request_code code, const char *data,
                   const char *error, const char *transaction) {
        char path[sizeof "bridge/response/" + NAME_MAX_BYTES];

        snprintf(path, sizeof path, "bridge/response/%s", name);
        if (b->publisher)
                publisher_reply(b->publisher, path,
                                request_response(code, data, error, transaction), NULL, 0);
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
        if (reply.code != REQUEST_OK && reply.code != REQUEST_ACCEPTED)
                log_info("Request %s refused: %s", name, reply.error ? reply.error : "");
        publisher_reply(b->publisher, response_path(b, m, name, buffer, sizeof buffer),
                        request_response(reply.code, reply.data, reply.error, transaction),
                        m->correlation, m->correlation_size);
        free(reply.data);
        free(reply.error);
}
