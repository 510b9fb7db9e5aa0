/* A guest at the service's broker, under a name of its own: it hears what the service says below
 * its base topic, asks it, and leaves nothing behind. Who waits for what is the owner's business.
 */
#pragma once

#include "app/config.h"
#include "mqtt/client.h"

#define GUEST_PATHS_MAX  8
#define GUEST_TOKEN_SIZE 24

struct guest_events {
        void (*connected)(void *owner); /* and subscribed; again after each `lost` */
        void (*lost)(void *owner,
                     const char *why); /* a sentence; the next attempt comes by itself */
        /* `path`: of the topic, what stands behind the base. */
        void (*message)(void *owner, const char *path, const struct mqtt_incoming *m);
        void (*refused)(void *owner, const char *why); /* the broker allows something not */
        void (*stopped)(void *owner);
};

struct guest {
        const struct config *config;
        const struct guest_events *events;
        void *owner;
        struct mqtt_client *client;
        char *topic[GUEST_PATHS_MAX + 1];
        char id[40];
        char token[GUEST_TOKEN_SIZE]; /* "pair-1f2e3d4c": for transactions; nobody else has it */
};

/* Begins to connect as "cuff2mqtt_WORD_...", to hear `paths` (up to a NULL; with + and #). Signals
 * that the loop takes must be blocked before. 0; negative errno. guest_done() in any case. */
int guest_start(struct guest *g, sd_event *event, const struct config *config, const char *word,
                const char *const *paths, const struct guest_events *events, void *owner);
void guest_done(struct guest *g);
/* `expiry_s`: how long the broker keeps it for a service that is away (MQTT 5); 0: as it likes. 0;
 * -ENOTCONN and the other errors of mqtt_client_publish(). */
int guest_publish(struct guest *g, const char *path, const char *payload, uint32_t expiry_s);
bool guest_is_connected(const struct guest *g);
/* Goodbye to the broker, if there is one; `stopped` follows in any case. */
void guest_stop(struct guest *g);
