/* The management side: requests and their answers, bridge/info, health, events and the log. */
#pragma once

#include <systemd/sd-event.h>

#include "app/collector.h"
#include "app/config.h"
#include "app/publisher.h"

struct bridge {
        const struct config *config;
        struct store *store;
        struct collector *collector;
        struct publisher *publisher;
        struct deadline health;
        int64_t started_s;
        uint64_t started_usec;
        char last_problem[512]; /* of the health published last; "" healthy */
        char last_log[256];     /* equal repeats are not published for a while */
        uint64_t last_log_usec;
};

/* bridge.c: what it says by itself; bridge_request.c: what it is asked. */

void bridge_init(struct bridge *b, sd_event *event, const struct config *config,
                 struct store *store, struct collector *collector);
void bridge_done(struct bridge *b);
void bridge_set_store(struct bridge *b, struct store *store);
void bridge_start(struct bridge *b, struct publisher *publisher);

/* `name` is what follows bridge/request/. Always answered, except for retained
 * requests and names of more than 64 bytes. */
void bridge_request(struct bridge *b, const char *name, const struct mqtt_incoming *m);
/* The second answer to one that was accepted, on its usual response topic. */
void bridge_answer(struct bridge *b, const char *name, enum request_code code, const char *data,
                   const char *error, const char *transaction);
char *bridge_info(const struct bridge *b);
void bridge_event(struct bridge *b, const char *type, const char *data, const char *transaction);
/* Publishes the health now and every timing.health from now on. */
void bridge_health(struct bridge *b);
/* The same, if there is another problem than before, or none any more. */
void bridge_health_changed(struct bridge *b);
#define BRIDGE_PROBLEM_SIZE 512
/* NULL: healthy. */
const char *bridge_problem(const struct bridge *b, char buffer[BRIDGE_PROBLEM_SIZE]);
