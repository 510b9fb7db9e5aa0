/* The link to a broker: which is tried next, when, in which version. Private to the client. */
#pragma once

#include "base/deadline.h"
#include "mqtt/attempt.h"
#include "mqtt/client.h"
#include "mqtt/notes.h"
#include "mqtt/url.h"
#include "mqtt/window.h"

/* The order of an orderly stop is LEAVING (the last messages go out), DISCONNECTING, STOPPED; a
 * stop in CONNECTING waits in ABANDONING, as nothing of Paho may be called before its answer. */
enum mqtt_state {
        MQTT_IDLE,
        MQTT_WAITING,
        MQTT_CONNECTING,
        MQTT_SUBSCRIBING,
        MQTT_CONNECTED,
        MQTT_ABANDONING,
        MQTT_LEAVING,
        MQTT_DISCONNECTING,
        MQTT_STOPPED,
};

struct mqtt_broker {
        struct mqtt_url url;
        int proven; /* the version it has answered to, and is asked for first: 5, 4; 0 not known */
        bool spoke_5; /* and has not refused it since: silence does not take it to 4 for good */
};

struct mqtt_client {
        sd_event *event;
        struct mqtt_options options;
        struct mqtt_events events;
        void *owner;

        struct mqtt_notes *notes;
        sd_event_source *source; /* of the notes */
        struct deadline timer;   /* WAITING: the next attempt; SUBSCRIBING: the SUBACK */
        struct deadline limit;   /* of the stop */
        bool overdue;            /* the limit has passed */

        enum mqtt_state state;
        struct mqtt_broker *brokers;
        size_t at;                  /* the broker being tried or used */
        int version;                /* 5, 4 */
        struct mqtt_keeper *keeper; /* with the first attempt, and as long as we */
        struct mqtt_attempt *attempt;
        unsigned generation; /* notes of any other are stale */
        char *tls;           /* what OpenSSL said about this attempt */

        uint64_t backoff_usec, connected_usec;
        bool hurry; /* a lost connection may be retried at once: once, until one has lived */

        struct mqtt_window window;
        struct mqtt_parcel *last; /* of a stop that came while connecting */
        uint32_t packet_max;      /* 0 none */
        /* Messages that came before the owner could answer them: a kept session delivers before
         * the SUBACK. */
        struct mqtt_incoming *held[MQTT_NOTES_MESSAGES_MAX];
        size_t held_first, n_held;
        bool ever_connected;
        struct mqtt_counters counters;
};

const struct mqtt_url *mqtt_link_url(const struct mqtt_client *c); /* of the broker tried or used */

void mqtt_link_choose_version(struct mqtt_client *c); /* for that broker */
void mqtt_link_schedule(struct mqtt_client *c, uint64_t usec);
void mqtt_link_up(struct mqtt_client *c); /* the broker has answered in this version */
void mqtt_link_drop_held(struct mqtt_client *c);

/* An attempt ended; a connection ended (`code`: what the broker said, 0 nothing); a stop has ended.
 * Each calls the owner last, who may free the client. */
void mqtt_link_failed(struct mqtt_client *c, int code, const char *paho);
void mqtt_link_lost(struct mqtt_client *c, int code);
void mqtt_link_finish(struct mqtt_client *c);

/* Of the two deadlines; their userdata is the client. */
void mqtt_link_on_timer(void *userdata);
void mqtt_link_on_limit(void *userdata);
