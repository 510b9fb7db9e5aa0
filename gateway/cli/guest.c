#include "cli/guest.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/broker.h"
#include "base/cleanup.h"
#include "mqtt/message.h"

#define GOODBYE_USEC 1000000u

static void on_connected(void *owner, const char *url, int version) {
        struct guest *g = owner;

        g->events->connected(g->owner);
}

static void on_lost(void *owner, const char *why) {
        struct guest *g = owner;

        g->events->lost(g->owner, why);
}

static void on_message(void *owner, const struct mqtt_incoming *m) {
        struct guest *g = owner;
        size_t n = strlen(g->config->mqtt.base_topic);

        if (strncmp(m->topic, g->config->mqtt.base_topic, n) == 0 && m->topic[n] == '/')
                g->events->message(g->owner, m->topic + n + 1, m);
}

static void on_refused(void *owner, uint64_t token, const char *why) {
        struct guest *g = owner;

        g->events->refused(g->owner, why);
}

static void on_stopped(void *owner) {
        struct guest *g = owner;

        g->events->stopped(g->owner);
}

static void nothing_acknowledged(void *owner, uint64_t token) {
}

static void nothing_to_send(void *owner) {
}

static int make_names(struct guest *g, const char *word, const char *const *paths) {
        uint64_t random;

        for (size_t i = 0; paths[i]; i++)
                if (!(g->topic[i] = message_topic(g->config->mqtt.base_topic, paths[i])))
                        return -ENOMEM;
        if (getrandom(&random, sizeof random, 0) != sizeof random)
                return -EIO;
        snprintf(g->id, sizeof g->id, "cuff2mqtt_%s_%08x", word, (unsigned) random);
        snprintf(g->token, sizeof g->token, "%s-%08x", word, (unsigned) (random >> 32));
        return 0;
}

int guest_start(struct guest *g, sd_event *event, const struct config *config, const char *word,
                const char *const *paths, const struct guest_events *events, void *owner) {
        static const struct mqtt_events mine = {
                .connected = on_connected,
                .lost = on_lost,
                .message = on_message,
                .acknowledged = nothing_acknowledged,
                .room = nothing_to_send,
                .stopped = on_stopped,
                .refused = on_refused,
        };
        struct mqtt_options options = broker_options(config);
        int r;

        *g = (struct guest){.config = config, .events = events, .owner = owner};
        r = make_names(g, word, paths);
        if (r < 0)
                return r;
        options.client_id = g->id;
        options.guest = true;
        options.subscriptions = (const char *const *) g->topic;
        while (g->topic[options.n_subscriptions])
                options.n_subscriptions++;
        r = mqtt_client_new(event, &options, &mine, g, &g->client);
        return r < 0 ? r : mqtt_client_start(g->client);
}

void guest_done(struct guest *g) {
        mqtt_client_free(TAKE_PTR(g->client));
        for (size_t i = 0; i < ELEMENTS(g->topic); i++)
                free(TAKE_PTR(g->topic[i]));
}

int guest_publish(struct guest *g, const char *path, const char *payload, uint32_t expiry_s) {
        _cleanup_(freep) char *topic = message_topic(g->config->mqtt.base_topic, path);
        const struct mqtt_outgoing m = {
                .topic = topic, .payload = payload, .qos = 1, .expiry_s = expiry_s};

        return topic && payload ? mqtt_client_publish(g->client, &m) : -ENOMEM;
}

bool guest_is_connected(const struct guest *g) {
        return g->client && mqtt_client_is_connected(g->client);
}

void guest_stop(struct guest *g) {
        if (!g->client || mqtt_client_stop(g->client, NULL, GOODBYE_USEC) < 0)
                g->events->stopped(g->owner);
}
