/* What doctor_broker.c says: the client's sentences taken apart, and without what is private when
 * they are for strangers. */
#pragma once

#include "base/deadline.h"
#include "cli/doctor.h"
#include "mqtt/client.h"
#include "mqtt/url.h"

#define BROKER_CONNECT_S    6 /* all brokers together */
#define BROKER_PATIENCE_S   3 /* until our message is given up */
#define BROKER_RANDOM_BYTES 3 /* as digits, with this, 23 letters: what any broker takes */
#define BROKER_CLIENT_ID    "cuff2mqtt-doctor-"

struct broker_words {
        const struct doctor *d;
        struct mqtt_url url[CONFIG_URLS_MAX];
        const char *base, *prefix; /* of topics, as they are shown */
        char broker[32];           /* "broker 1" */
};

/* 0 or negative errno; done in any case. */
int broker_words_init(struct broker_words *w, const struct doctor *d);
void broker_words_done(struct broker_words *w);

enum broker_heard { HEARD_NOTHING, HEARD_OURSELVES, HEARD_OTHERS, HEARD_OFFLINE, HEARD_ONLINE };

/* What is subscribed; and one more, where discovery may be published. What the service needs comes
 * first: of several refusals the client tells the first. */
enum broker_topic {
        TOPIC_OWN,  /* ours, among those of the gateway */
        TOPIC_CUFF, /* ours, among those of cuffs */
        TOPIC_GATEWAY,
        TOPIC_REQUESTS, /* the service's: only whether the broker refuses it is looked at */
        TOPIC_STATUS,
        TOPIC_CONFIGS, /* those of others: looked at, not needed */
        TOPIC_CONFIGS_BY_NODE,
        TOPIC_DISCOVERY,
        TOPIC_MAX_,
};

struct broker_probe {
        struct doctor *d;
        struct mqtt_client *client;
        struct broker_words words;
        sd_event_source *at_exit;
        struct deadline limit, tick;
        unsigned ticks;
        bool done;

        char id[2 * BROKER_RANDOM_BYTES + 1],
                client_id[sizeof BROKER_CLIENT_ID + 2 * BROKER_RANDOM_BYTES];
        char *topic[TOPIC_MAX_];
        bool discovery; /* is on: those from TOPIC_STATUS on are used */

        char *lost[CONFIG_URLS_MAX]; /* what the client said of the brokers that let us not in */
        size_t n_lost;
        int version;                 /* connected; 0 not yet */
        bool taken[2], came_back[2]; /* TOPIC_OWN, TOPIC_CUFF */
        bool discovery_taken, configs_refused;
        char *refused, *discovery_refused; /* what the broker said */
        enum broker_topic refused_at;      /* TOPIC_OWN, TOPIC_CUFF: to a message there */
        char gateway[16];                  /* its retained state */
        enum broker_heard heard;
};

/* What we published there has passed as far as the service needs it: it reads below bridge/, and
 * only writes where cuffs are (MQTT 5 says whether it may; with 3.1.1 only what comes back tells).
 */
bool broker_passes(const struct broker_probe *p, enum broker_topic ours);

/* Findings. */
void broker_find_it(struct broker_probe *p);   /* connected; maybe not to the first */
void broker_find_none(struct broker_probe *p); /* and so none of the others */
void broker_find_topics(struct broker_probe *p);
void broker_find_discovery(struct broker_probe *p);
