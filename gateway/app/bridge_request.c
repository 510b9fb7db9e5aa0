/* A request comes in, its answer goes out: always, and once. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/bridge.h"
#include "app/requests.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "core/fnv.h"
#include "mqtt/message.h"

#define LOG_COMPONENT "bridge"
#include "base/log.h"

#define PATH_SIZE (sizeof "bridge/response/" + ANSWERS_NAME_MAX)

struct asked {
        const char *name;
        const struct bridge_request *known; /* NULL: there is no such request */
        const struct mqtt_incoming *message;
        struct request request;
        const char *path; /* of the answer, below the base topic */
        char buffer[PATH_SIZE];
};

/* A response topic of the client's choice only under our own branch: else anyone who may send
 * requests could make the gateway write anywhere. */
static void choose_path(const struct bridge *b, struct asked *asked) {
        _cleanup_(freep) char *prefix =
                message_topic(b->config->mqtt.base_topic, "bridge/response/");
        const char *wanted = asked->message->response_topic;
        size_t n = prefix ? strlen(prefix) : 0;

        snprintf(asked->buffer, PATH_SIZE, "bridge/response/%s", asked->name);
        asked->path = asked->buffer;
        if (n && wanted && strncmp(wanted, prefix, n) == 0 && wanted[n] && !strpbrk(wanted, "+#"))
                asked->path = wanted + strlen(b->config->mqtt.base_topic) + 1;
}

static uint64_t hash(const struct asked *asked) {
        return fnv1a(asked->message->payload, asked->message->payload_size);
}

/* Takes `response`. One that the broker does not take is answered all the same. */
static void send_response(struct bridge *b, const char *path, char *response,
                          const char *transaction, const void *correlation,
                          size_t correlation_size) {
        if (publisher_reply(b->publisher, path, response, correlation, correlation_size) !=
            -EMSGSIZE)
                return;
        response = request_response(REQUEST_TOO_LARGE, NULL,
                                    "The answer is larger than the broker takes: ask for less at "
                                    "once, or raise its max_packet_size",
                                    transaction);
        publisher_reply(b->publisher, path, response, correlation, correlation_size);
}

static void send_to(struct bridge *b, const struct asked *asked, char *response) {
        send_response(b, asked->path, response, asked->request.transaction,
                      asked->message->correlation, asked->message->correlation_size);
}

/* What changes something is remembered before it is done, whoever answers it. */
static uint64_t begin(struct bridge *b, const struct asked *asked) {
        struct answers_entry entry = {
                .asked = hash(asked),
                .transaction = asked->request.transaction,
                .path = (char *) (uintptr_t) asked->path,
                .correlation = (void *) (uintptr_t) asked->message->correlation,
                .correlation_size = asked->message->correlation_size,
        };

        snprintf(entry.name, sizeof entry.name, "%s", asked->name);
        return answers_begin(&b->answers, &entry);
}

static struct reply handle(struct bridge *b, const struct asked *asked) {
        const struct bridge_request *known = asked->known;

        if (!known)
                return requests_refuse(REQUEST_UNKNOWN_REQUEST,
                                       "There is no such request: docs/requests.md lists those "
                                       "there are");
        if (!b->store)
                return requests_refuse(REQUEST_INTERNAL,
                                       "The database cannot be used: the gateway ends");
        if (known->reads)
                return known->handle(b, &asked->request);
        if (b->collector->stage != COLLECTOR_RUNNING &&
            !(b->restart_asked && known->handle == requests_restart))
                return requests_refuse(REQUEST_BUSY, "The gateway is ending just now: ask again "
                                                     "when it is back");
        b->ticket = begin(b, asked);
        if (!b->ticket)
                return requests_refuse(REQUEST_BUSY, "Too many requests wait for their answers: "
                                                     "try again in a minute");
        b->redelivered = asked->message->redelivered;
        return known->handle(b, &asked->request);
}

/* Errors are not kept: what failed may be asked anew. */
static void remember(struct bridge *b, const struct reply *reply, const char *response) {
        struct answers_entry *e = answers_get(&b->answers, b->ticket);
        bool kept = reply->code == REQUEST_ACCEPTED || reply->code == REQUEST_OK;

        b->ticket = 0;
        if (!e)
                return;
        e->open = reply->code == REQUEST_ACCEPTED ? reply->answers : 0;
        answers_keep(e, kept && response ? strdup(response) : NULL, wall_clock_monotonic_usec());
}

/* Asked before, with the same transaction, or delivered twice by the broker: it is not done again.
 */
static bool is_repeat(struct bridge *b, const struct asked *asked) {
        const struct answers_entry *e;

        if (!asked->request.transaction && !asked->message->redelivered)
                return false;
        e = answers_find(&b->answers, asked->name, asked->request.transaction, hash(asked),
                         wall_clock_monotonic_usec());
        if (!e)
                return false;
        log_debug("Request %s came again; it is answered again", asked->name);
        send_to(b, asked, strdup(e->response));
        return true;
}

void bridge_answer(struct bridge *b, uint64_t ticket, enum request_code code, const char *data,
                   const char *error) {
        struct answers_entry *e = answers_get(&b->answers, ticket);
        _cleanup_(freep) char *response = NULL;

        if (!e) /* the gateway ends, and has said so */
                return;
        response = request_response(code, data, error, e->transaction);
        if (response)
                send_response(b, e->path, strdup(response), e->transaction, e->correlation,
                              e->correlation_size);
        if (--e->open == 0)
                answers_keep(e, code == REQUEST_OK ? TAKE_PTR(response) : NULL,
                             wall_clock_monotonic_usec());
}

void bridge_finish(struct bridge *b) {
        for (const struct answers_entry *e; (e = answers_waiting(&b->answers));)
                bridge_answer(b, e->ticket, REQUEST_BUSY, NULL,
                              "The gateway was stopped before this was done: ask again when it is "
                              "back");
}

/* --- a request --- */

static void take(struct bridge *b, struct asked *asked) {
        static const struct request_schema nothing = {.n = 0};
        const struct mqtt_incoming *m = asked->message;
        struct reply reply = {0};
        char *response;

        reply.code = request_parse(asked->known ? &asked->known->schema : &nothing, m->payload,
                                   m->payload_size, &asked->request, &reply.error);
        if (asked->known && reply.code == REQUEST_OK && is_repeat(b, asked))
                return;
        if (!asked->known || reply.code == REQUEST_OK) {
                free(reply.error);
                reply = handle(b, asked);
        }
        response =
                request_response(reply.code, reply.data, reply.error, asked->request.transaction);
        if (reply.code != REQUEST_OK && reply.code != REQUEST_ACCEPTED)
                log_info("Request %s refused: %s", asked->name, reply.error ? reply.error : "");
        remember(b, &reply, response);
        send_to(b, asked, response);
        free(reply.data);
        free(reply.error);
}

void bridge_request(struct bridge *b, const char *name, const struct mqtt_incoming *m) {
        struct asked asked = {.name = name, .known = requests_find(name), .message = m};

        if (strlen(name) > ANSWERS_NAME_MAX) {
                log_warning("A request with a name of %zu bytes is ignored", strlen(name));
                return;
        }
        if (m->retained) {
                log_warning("A retained request %s is ignored: requests must not be retained",
                            name);
                return;
        }
        choose_path(b, &asked);
        take(b, &asked);
        request_done(&asked.request);
}
