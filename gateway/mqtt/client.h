/* Paho's asynchronous client, tamed: all calls from the main thread, all callbacks on the event
 * loop, one handle per connection attempt, brokers tried in order, our own back-off, at most 16
 * messages unacknowledged. Names are resolved on Paho's thread; this file calls nothing of Paho
 * meanwhile. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#define MQTT_WINDOW 16  /* unacknowledged QoS 1 messages at most: Paho 1.3.12 stalls beyond 20 */
#define MQTT_QUEUE  512 /* messages waiting for the window at most */

enum mqtt_version {
        MQTT_VERSION_AUTO,
        MQTT_VERSION_5,
        MQTT_VERSION_3_1_1
}; /* AUTO: 5, then 3.1.1 */

struct mqtt_options { /* strings are borrowed and must outlive the client; NULL: not set */
        const char *const *urls; /* mqtt:// mqtts:// ws:// wss://, in order; ports default to
                                  * 1883 8883 80 443 */
        size_t n_urls;
        enum mqtt_version version;
        const char *client_id, *user, *password;
        const char *ca_file, *certificate_file, *key_file; /* ca_file NULL: the system's store */
        unsigned keep_alive_s;
        const char *will_topic, *will_payload; /* retained, QoS 1 */
        const char *const *subscriptions;      /* QoS 1 (MQTT 5: no local, retain handling 2,
                                                * but for a guest) */
        size_t n_subscriptions;
        /* A guest leaves nothing with the broker: its session ends with the connection. It hears
         * its own messages, and those that are retained. */
        bool guest;
        unsigned connect_timeout_s; /* 0: 20 s. Paho looks every 3 s only */
        /* 1 s .. 60 s, doubled, jittered; back to the least when a connection ends that has lived
         * for the longest. */
        uint64_t backoff_min_usec, backoff_max_usec;
};

struct mqtt_outgoing {
        const char *topic, *payload; /* copied */
        int qos;                     /* 0 or 1 */
        bool retain;
        uint64_t token;          /* given back by `acknowledged`; 0: not wanted */
        uint32_t expiry_s;       /* MQTT 5 message expiry; 0 none */
        const void *correlation; /* MQTT 5 correlation data; NULL none */
        size_t correlation_size;
};

struct mqtt_incoming {
        const char *topic;
        const char *payload; /* NUL-terminated copy; may contain NULs: see size */
        size_t payload_size;
        bool redelivered; /* sent before: the broker did not hear that it had arrived */
        bool retained;
        const char *response_topic; /* MQTT 5, NULL none */
        const void *correlation;
        size_t correlation_size;
};

struct mqtt_events {
        void (*connected)(void *owner, const char *url,
                          int version /* 5 or 4 (3.1.1) */); /* and subscribed */
        void (*lost)(void *owner,
                     const char *why); /* a connection ended or an attempt failed: a sentence
                                        * for people that names the broker and the remedy */
        /* Only after `connected`, so that it can be answered: what a kept session delivers earlier
         * waits (256 at most) and is forgotten with the connection. None during a stop. */
        void (*message)(void *owner, const struct mqtt_incoming *m);
        void (*acknowledged)(void *owner, uint64_t token);
        void (*room)(void *owner); /* the window has room again */
        void (*stopped)(void *owner);
        /* The broker refused a message (MQTT 5 only; its token will not be acknowledged), or a
         * subscription (token 0): a sentence for people. May be NULL. */
        void (*refused)(void *owner, uint64_t token, const char *why);
};

struct mqtt_client;

int mqtt_client_new(sd_event *event, const struct mqtt_options *options,
                    const struct mqtt_events *events, void *owner, struct mqtt_client **ret);
void mqtt_client_free(struct mqtt_client *c); /* stopped or not; blocks about 1 s at most in Paho */

/* Paho's two threads start here and inherit the signal mask: block SIGTERM and the like before.
 * SIGPIPE is ignored from mqtt_client_new() on. Any event may free the client. */
int mqtt_client_start(struct mqtt_client *c);
/* Last message (may be NULL), DISCONNECT, then `stopped`, within `limit_usec`. */
int mqtt_client_stop(struct mqtt_client *c, const struct mqtt_outgoing *last, uint64_t limit_usec);

bool mqtt_client_is_connected(const struct mqtt_client *c);
/* How many messages would go out at once: window minus unacknowledged minus waiting, never below 0.
 */
size_t mqtt_client_room(const struct mqtt_client *c);
/* 0; -ENOTCONN; -ENOBUFS the queue is full; -EMSGSIZE larger than the broker takes (MQTT 5). What
 * was accepted and not acknowledged when the connection ends is forgotten: publish again on
 * `connected`. */
int mqtt_client_publish(struct mqtt_client *c, const struct mqtt_outgoing *m);
/* Accepted on this connection, and neither acknowledged nor refused so far. */
bool mqtt_client_has(const struct mqtt_client *c, uint64_t token);

struct mqtt_counters {
        uint64_t published, received, dropped, reconnects;
};
const struct mqtt_counters *mqtt_client_counters(const struct mqtt_client *c);
const char *mqtt_client_url(const struct mqtt_client *c); /* connected to; NULL */
int mqtt_client_version(const struct mqtt_client *c);     /* 5, 4, 0 */
