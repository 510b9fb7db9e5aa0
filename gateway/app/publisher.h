/* The publisher half: what the database holds, to the broker. Everything retained is a flag "due",
 * set when it may have changed and for all on each connection; outbox rows leave on PUBACK only. */
#pragma once

#include "app/collector.h"
#include "app/config.h"
#include "mqtt/client.h"
#include "mqtt/homeassistant.h"
#include "mqtt/parcel.h"
#include "store/persons.h"
#include "store/removed.h"
#include "store/store.h"

#define PUBLISHER_USERS_MAX 8   /* of one cuff */
#define PUBLISHER_TOLD      512 /* retained topics remembered; two on one place are just sent again */
#define PUBLISHER_ACKED_MAX (4 * MQTT_WINDOW)
/* So many are taken out however busy we are. */
#define PUBLISHER_ACKED_DUE   (PUBLISHER_ACKED_MAX - MQTT_WINDOW)
#define PUBLISHER_STORE_SHIFT 48 /* in a token: the outbox sequence, and above it which store */
#define PUBLISHER_LATE_MAX    64 /* answers that wait for a connection; then the oldest go */
#define PUBLISHER_REMOVE_USEC 5000000u /* try again to take acknowledged rows out */

struct publisher_events {
        void (*request)(void *owner, const char *name, const struct mqtt_incoming *m);
        void (*changed)(void *owner); /* connected or lost */
        char *(*info)(void *owner);   /* the payload of bridge/info; to be freed */
        void (*store_broken)(void *owner);
        void (*stopped)(void *owner);
};

struct publisher_user {
        uint8_t user;
        bool discovery_due, measurement_due;
};

struct publisher_cuff {
        struct bdaddr address;
        bool discovery_due, state_due;
        struct publisher_user users[PUBLISHER_USERS_MAX];
        size_t n_users;
};

struct publisher {
        const struct config *config;
        struct store *store;         /* NULL after one that broke and could not be made anew */
        uint64_t n_stores;           /* how often it was another one */
        struct collector *collector; /* whose cuffs are published */
        const struct publisher_events *events;
        void *owner;
        struct mqtt_client *client;
        struct homeassistant_context ha;
        char *hostname;
        char *will_topic, *request_topic, *status_topic;
        const char *subscriptions[3];
        bool stopping;
        size_t n_subscriptions;

        struct publisher_cuff cuffs[COLLECTOR_CUFFS_MAX];
        size_t n_cuffs;
        bool online_due, gateway_due, info_due, devices_due, removed_due, persons_due;
        struct { /* hashes of what is retained on this connection: equal payloads are not sent again
                  */
                uint64_t topic, payload;
        } told[PUBLISHER_TOLD];
        int64_t sent;                       /* last outbox sequence sent on this connection */
        bool outbox_empty;                  /* behind `sent`: nobody need look */
        int64_t acked[PUBLISHER_ACKED_MAX]; /* acknowledged, not taken out of the database yet */
        size_t n_acked;
        int store_error; /* that was logged last; 0 the database answers */
        struct { /* cuffs that were removed: what is retained of them is cleared, on each connection
                  */
                struct store_removed *cuff;
                size_t n, at, place; /* the next to be sent */
        } removed;
        struct { /* every person that a user was ever mapped to: the topics of those that nobody is
                  * any more are cleared */
                struct store_person *person;
                size_t n, at; /* the next to be sent */
        } persons;
        struct mqtt_parcels late; /* answers for which there was no connection */
        sd_event_source *soon;    /* sends what is due */
        struct deadline remove, broken, offer, birth, birth_states;
        char trouble[320]; /* why there is no connection; "" connected */
        bool has_failed;   /* something due could not be read or sent; `offer` looks again */
        char refused[320]; /* what the broker refused last on this connection; "" nothing */
};

int publisher_new(sd_event *event, const struct config *config, struct store *store,
                  struct collector *collector, const struct publisher_events *events, void *owner,
                  struct publisher **ret);
void publisher_free(struct publisher *p);
void publisher_set_store(struct publisher *p, struct store *store);

int publisher_start(struct publisher *p);
void publisher_stop(struct publisher *p, uint64_t limit_usec);

void publisher_cuff_known(struct publisher *p, const struct bdaddr *cuff); /* new, or its name */
void publisher_cuff_changed(struct publisher *p, const struct bdaddr *cuff, bool at_rest);
void publisher_cuff_removed(struct publisher *p, const struct bdaddr *cuff);
void publisher_stored(struct publisher *p, const struct bdaddr *cuff, uint8_t user);
void publisher_info_changed(struct publisher *p);

/* At once, or not at all when there is no connection. `path` below the base topic; payload is
 * freed. */
void publisher_send(struct publisher *p, const char *path, char *payload, int qos, bool retain,
                    uint32_t expiry_s);
/* The answer to a request: QoS 1, not retained, with the request's MQTT 5 correlation data (or
 * NULL). Without a connection it waits for the next. 0; -EMSGSIZE the broker does not take one so
 * large; other negative errno, logged. */
int publisher_reply(struct publisher *p, const char *path, char *payload, const void *correlation,
                    size_t correlation_size);

/* --- between publisher.c (life), publish_due.c (what is due) and publish.c (sends it) --- */
void publisher_all_due(struct publisher *p);    /* also what is retained and unchanged */
void publisher_look_again(struct publisher *p); /* only what has changed will be sent */
void publisher_failed(struct publisher *p);     /* no memory, no disk: looked at again later */
void publisher_cuff_due(struct publisher *p,
                        const struct cuff *cuff); /* all of it; NULL: nothing */
/* What is due of these is looked up; nothing if it is not due. */
void publisher_list_removed(struct publisher *p);
void publisher_list_persons(struct publisher *p);
struct publisher_cuff *publisher_find(struct publisher *p, const struct bdaddr *address);
/* Discovery is also due when it was switched off: what was announced before is cleared, else Home
 * Assistant would keep it for ever. One that never announced anything writes nothing there. */
bool publisher_is_discovery_due(const struct publisher *p);
void publisher_remember_announced(struct publisher *p);
void publisher_pump(struct publisher *p); /* as much as the window takes */
void publisher_store_failed(struct publisher *p, const char *what, int error);
