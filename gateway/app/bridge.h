/* The management side: requests and their answers, bridge/info, health, events and the log. */
#pragma once

#include <systemd/sd-event.h>

#include "app/answers.h"
#include "app/collector.h"
#include "app/config.h"
#include "app/publisher.h"

struct bridge {
        const struct config *config;
        struct store *store;
        struct collector *collector;
        struct publisher *publisher;
        struct deadline health;
        struct answers answers;
        struct bridge_removal {  /* BlueZ is asked to give up a bond (requests_remove.c) */
                uint64_t ticket; /* who is to be answered; 0: none is under way */
                bool purge;
                struct bdaddr address;
                struct deadline limit;
        } removal;
        uint64_t ticket; /* of the request being handled, for its second answer; 0: it only reads */
        bool restart_asked; /* the owner stops in order, and ends for another start */
        bool redelivered;   /* the request being handled was sent before: the broker did not hear
                             * that it had arrived */
        int64_t started_s;
        uint64_t started_usec;
        char last_problem[512]; /* of the health published last; "" healthy */
        char last_log[256];     /* equal repeats are not published for a while */
        uint64_t last_log_usec;
};

#define BRIDGE_RESTART_AGAIN_USEC 60000000u

/* bridge.c: what it says by itself; bridge_request.c: what it is asked; requests*.c: by whom that
 * is done. */

void bridge_init(struct bridge *b, sd_event *event, const struct config *config,
                 struct store *store, struct collector *collector);
void bridge_done(struct bridge *b);
void bridge_set_store(struct bridge *b, struct store *store);
void bridge_start(struct bridge *b, struct publisher *publisher);

/* `name` is what follows bridge/request/. Always answered, except for retained
 * requests and names of more than 64 bytes. */
void bridge_request(struct bridge *b, const char *name, const struct mqtt_incoming *m);
/* The second answer to the one that was accepted with this ticket, where its first one went. `data`
 * JSON text or NULL; `error` a sentence or NULL. */
void bridge_answer(struct bridge *b, uint64_t ticket, enum request_code code, const char *data,
                   const char *error);
/* The gateway ends: whoever still waits hears of it. */
void bridge_finish(struct bridge *b);
/* The level set over MQTT, from now on and after the next start; NULL: the configuration's. 0 or
 * negative errno. */
int bridge_set_log_level(struct bridge *b, const char *word);
char *bridge_info(const struct bridge *b);
/* {"healthy", "checks": {"bluetooth", "database", "mqtt"}, "problem"}, to be freed. */
char *bridge_health_check(const struct bridge *b);
void bridge_event(struct bridge *b, const char *type, const char *data, const char *transaction);
/* Publishes the health now and every timing.health from now on. */
void bridge_health(struct bridge *b);
/* The same, if there is another problem than before, or none any more. */
void bridge_health_changed(struct bridge *b);
#define BRIDGE_PROBLEM_SIZE 512
/* NULL: healthy. */
const char *bridge_problem(const struct bridge *b, char buffer[BRIDGE_PROBLEM_SIZE]);
