/* The broker, asked as a guest of its own: a running service keeps its place, and nothing is left
 * behind. Two messages go to topics that nobody else reads, one among those of the gateway and one
 * among those of cuffs, and have to come back. */
#include "cli/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "app/broker.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "cli/doctor_broker_words.h"
#include "mqtt/client.h"
#include "mqtt/message.h"

#define CONNECT_EACH_S  2 /* where there are several */
#define TICK_USEC       UINT64_C(1000000)
#define TICKS_LISTENING 2 /* for what is retained */
#define GOODBYE_USEC    UINT64_C(500000)
#define OWN_DISCOVERY   "cuff2mqtt_"

enum token { TOKEN_OWN = 1, TOKEN_CUFF, TOKEN_DISCOVERY };

/* ---- the end ---- */

static void probe_free(struct broker_probe *p) {
        mqtt_client_free(p->client);
        deadline_done(&p->limit);
        deadline_done(&p->tick);
        sd_event_source_disable_unref(p->at_exit);
        for (size_t i = 0; i < p->n_lost; i++)
                free(p->lost[i]);
        for (size_t i = 0; i < TOPIC_MAX_; i++)
                free(p->topic[i]);
        free(p->refused);
        free(p->discovery_refused);
        broker_words_done(&p->words);
        free(p);
}

static int on_exit_of_loop(sd_event_source *source, void *userdata) {
        probe_free(userdata);
        return 0;
}

/* All is found: goodbye to the broker, if there is one to say it to; `stopped` comes in any case.
 */
static void finish(struct broker_probe *p) {
        p->done = true;
        deadline_clear(&p->limit);
        deadline_clear(&p->tick);
        if (mqtt_client_stop(p->client, NULL, GOODBYE_USEC) < 0)
                doctor_end(p->d);
}

static void on_stopped(void *owner) {
        struct broker_probe *p = owner;

        doctor_end(p->d);
}

/* ---- the client's events ---- */

static void tell_rest(struct broker_probe *p) {
        broker_find_topics(p);
        if (p->discovery)
                broker_find_discovery(p);
        finish(p);
}

static void tell_no_broker(struct broker_probe *p) {
        broker_find_none(p);
        finish(p);
}

static void publish(struct broker_probe *p, enum token token, const char *topic) {
        const struct mqtt_outgoing m = {.topic = topic, .payload = p->id, .qos = 1, .token = token};

        (void) mqtt_client_publish(p->client, &m); /* what comes of it is what we look at */
}

bool broker_passes(const struct broker_probe *p, enum broker_topic ours) {
        return ours == TOPIC_CUFF && p->version == 5 ? p->taken[ours] : p->came_back[ours];
}

static void publish_ours(struct broker_probe *p) {
        for (enum broker_topic i = TOPIC_OWN; i <= TOPIC_CUFF; i++)
                if (!broker_passes(p, i))
                        publish(p, TOKEN_OWN + i, p->topic[i]);
}

static void look_whether_all_is_known(struct broker_probe *p) {
        bool published =
                (broker_passes(p, TOPIC_OWN) && broker_passes(p, TOPIC_CUFF)) || p->refused;
        bool listened = p->heard > HEARD_OURSELVES || !p->discovery;

        if (p->version == 5 && p->discovery && !p->discovery_taken && !p->discovery_refused)
                listened = false;
        if (p->done || !p->version)
                return;
        if ((published && listened && p->gateway[0]) ||
            (published && p->ticks >= TICKS_LISTENING) || p->ticks >= BROKER_PATIENCE_S)
                tell_rest(p);
}

/* Once more: among very many retained messages the client may have had no room for ours. */
static void on_tick(void *userdata) {
        struct broker_probe *p = userdata;

        p->ticks++;
        deadline_set_usec(&p->tick, TICK_USEC);
        if (!p->refused)
                publish_ours(p);
        look_whether_all_is_known(p);
}

static void on_connected(void *owner, const char *url, int version) {
        struct broker_probe *p = owner;

        if (p->done)
                return;
        p->version = version;
        deadline_clear(&p->limit);
        broker_find_it(p);
        publish_ours(p);
        if (p->discovery)
                publish(p, TOKEN_DISCOVERY, p->topic[TOPIC_DISCOVERY]);
        deadline_set_usec(&p->tick, TICK_USEC);
}

static void on_lost(void *owner, const char *why) {
        struct broker_probe *p = owner;

        if (p->done)
                return;
        if (p->version) { /* some brokers hang up on whom they refuse a topic */
                free(p->refused);
                p->refused = strdup("the broker hung up when we used our topics");
                p->refused_at = TOPIC_MAX_;
                tell_rest(p);
                return;
        }
        p->lost[p->n_lost] = strdup(why);
        p->n_lost += p->lost[p->n_lost] != NULL;
        if (p->n_lost == p->d->config->mqtt.n_urls)
                tell_no_broker(p);
}

static void on_limit(void *userdata) {
        tell_no_broker(userdata);
}

/* PREFIX/COMPONENT/ID/config, or with a node before the id. */
static void hear_discovery(struct broker_probe *p, const char *topic) {
        const char *prefix = p->d->config->homeassistant.discovery_prefix;
        const char *leaf = strrchr(topic, '/'), *id;
        enum broker_heard heard = HEARD_OTHERS;
        size_t n = strlen(prefix);

        if (strncmp(topic, prefix, n) != 0 || topic[n] != '/' || strcmp(leaf, "/config") != 0)
                return;
        id = strchr(topic + n + 1, '/');
        if (id && strncmp(id, "/" OWN_DISCOVERY, strlen("/" OWN_DISCOVERY)) == 0)
                heard = HEARD_OURSELVES;
        if (p->heard < heard)
                p->heard = heard;
}

static void hear_gateway(struct broker_probe *p, const char *payload) {
        if (strcmp(payload, "online") == 0 || strcmp(payload, "offline") == 0)
                snprintf(p->gateway, sizeof p->gateway, "%s", payload);
}

static void on_message(void *owner, const struct mqtt_incoming *m) {
        struct broker_probe *p = owner;

        for (enum broker_topic i = TOPIC_OWN; i <= TOPIC_CUFF; i++)
                p->came_back[i] |=
                        strcmp(m->topic, p->topic[i]) == 0 && strcmp(m->payload, p->id) == 0;
        if (strcmp(m->topic, p->topic[TOPIC_GATEWAY]) == 0)
                hear_gateway(p, m->payload);
        else if (p->discovery && strcmp(m->topic, p->topic[TOPIC_STATUS]) == 0)
                p->heard = strcmp(m->payload, "online") == 0 ? HEARD_ONLINE : HEARD_OFFLINE;
        else if (p->discovery)
                hear_discovery(p, m->topic);
        look_whether_all_is_known(p);
}

static void on_acknowledged(void *owner, uint64_t token) {
        struct broker_probe *p = owner;

        if (token == TOKEN_DISCOVERY)
                p->discovery_taken = true;
        else if (token)
                p->taken[token - TOKEN_OWN] = true;
        look_whether_all_is_known(p);
}

static bool names(const char *why, const char *filter) {
        const char *at = strstr(why, filter);

        return at && at[strlen(filter)] == ' ';
}

static void on_refused(void *owner, uint64_t token, const char *why) {
        struct broker_probe *p = owner;
        char **refused = token == TOKEN_DISCOVERY ? &p->discovery_refused : &p->refused;

        if (token == 0 &&
            (names(why, p->topic[TOPIC_CONFIGS]) || names(why, p->topic[TOPIC_CONFIGS_BY_NODE])))
                p->configs_refused = true; /* the service needs them not */
        else if (!*refused) {
                *refused = strdup(why);
                if (token != TOKEN_DISCOVERY)
                        p->refused_at = token ? (enum broker_topic)(token - TOKEN_OWN) : TOPIC_MAX_;
        }
        look_whether_all_is_known(p);
}

static void on_room(void *owner) {
}

/* ---- the beginning ---- */

static int make_topics(struct broker_probe *p) {
        const char *base = p->d->config->mqtt.base_topic,
                   *prefix = p->d->config->homeassistant.discovery_prefix;
        char own[64], cuff[64], discovery[64];

        snprintf(own, sizeof own, "bridge/doctor/%s", p->id);
        snprintf(cuff, sizeof cuff, "device/doctor/%s", p->id); /* no cuff has this id */
        /* Beside the topics of discovery: Home Assistant does not subscribe to it. */
        snprintf(discovery, sizeof discovery, "device/" OWN_DISCOVERY "doctor_%s/doctor", p->id);
        p->topic[TOPIC_OWN] = message_topic(base, own);
        p->topic[TOPIC_CUFF] = message_topic(base, cuff);
        p->topic[TOPIC_REQUESTS] = message_topic(base, "bridge/request/#");
        p->topic[TOPIC_GATEWAY] = message_topic(base, "bridge/state");
        p->topic[TOPIC_STATUS] = message_topic(prefix, "status");
        p->topic[TOPIC_CONFIGS] = message_topic(prefix, "+/+/config");
        p->topic[TOPIC_CONFIGS_BY_NODE] = message_topic(prefix, "+/+/+/config");
        p->topic[TOPIC_DISCOVERY] = message_topic(prefix, discovery);
        for (size_t i = 0; i < TOPIC_MAX_; i++)
                if (!p->topic[i])
                        return -ENOMEM;
        return 0;
}

static int make_client(struct broker_probe *p) {
        static const struct mqtt_events events = {
                .connected = on_connected,
                .lost = on_lost,
                .message = on_message,
                .acknowledged = on_acknowledged,
                .room = on_room,
                .stopped = on_stopped,
                .refused = on_refused,
        };
        struct mqtt_options options = broker_options(p->d->config);

        options.client_id = p->client_id;
        options.subscriptions = (const char *const *) p->topic;
        options.n_subscriptions = p->discovery ? TOPIC_DISCOVERY : TOPIC_STATUS;
        options.guest = true;
        options.connect_timeout_s = options.n_urls > 1 ? CONNECT_EACH_S : 0;
        return mqtt_client_new(p->d->event, &options, &events, p, &p->client);
}

static int begin(struct broker_probe *p) {
        uint8_t random[BROKER_RANDOM_BYTES];
        int r;

        if (getrandom(random, sizeof random, 0) != sizeof random)
                return -EIO;
        snprintf(p->id, sizeof p->id, "%02x%02x%02x", random[0], random[1], random[2]);
        snprintf(p->client_id, sizeof p->client_id, BROKER_CLIENT_ID "%s", p->id);
        r = make_topics(p);
        if (r >= 0)
                r = broker_words_init(&p->words, p->d);
        if (r >= 0)
                r = make_client(p);
        if (r >= 0)
                r = sd_event_add_exit(p->d->event, &p->at_exit, on_exit_of_loop, p);
        if (r >= 0)
                r = deadline_set_usec(&p->limit, BROKER_CONNECT_S * UINT64_C(1000000));
        return r < 0 ? r : mqtt_client_start(p->client);
}

void doctor_broker(struct doctor *d) {
        struct broker_probe *p = calloc(1, sizeof *p);
        int r = -ENOMEM;

        if (!d->config->homeassistant.discovery)
                doctor_found(d, DOCTOR_DISCOVERY, DOCTOR_OK, NULL,
                             "off (homeassistant.discovery = false)");
        if (p) {
                p->d = d;
                p->discovery = d->config->homeassistant.discovery;
                deadline_init(&p->limit, d->event, on_limit, p);
                deadline_init(&p->tick, d->event, on_tick, p);
                r = begin(p);
        }
        if (r >= 0) {
                doctor_begin(d);
                return;
        }
        for (enum doctor_check i = DOCTOR_BROKER; i <= DOCTOR_DISCOVERY; i++)
                if (d->finding[i].status == DOCTOR_NOT_LOOKED)
                        doctor_found(d, i, DOCTOR_SKIPPED, "Run the doctor again.",
                                     "the MQTT client could not be started (%s)", strerror(-r));
        if (p)
                probe_free(p);
}
