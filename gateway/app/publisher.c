#include "app/publisher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "app/broker.h"
#include "base/cleanup.h"
#include "mqtt/message.h"
#include "store/outbox.h"
#include "version.h"

#define LOG_COMPONENT "mqtt"
#include "base/log.h"

#define BIRTH_STATES_USEC                                                                          \
        2000000u /* Home Assistant subscribes within half a second of discovery                    \
                  */

/* --- acknowledged rows leave the database, those that came together with one sync --- */

/* Said once. A damaged database is replaced on the next turn: whoever calls may go on with this
 * one. */
void publisher_store_failed(struct publisher *p, const char *what, int error) {
        if (p->store_error != error)
                log_error("%s (%s)", what, strerror(-error));
        p->store_error = error;
        if (error == -EUCLEAN && !deadline_is_set(&p->broken))
                deadline_set_usec(&p->broken, 0);
}

static void on_broken(void *userdata) {
        struct publisher *p = userdata;

        p->events->store_broken(p->owner);
}

static void on_remove(void *userdata) {
        struct publisher *p = userdata;
        int r = store_outbox_remove_many(p->store, p->acked, p->n_acked);

        if (r < 0) {
                deadline_set_usec(&p->remove, PUBLISHER_REMOVE_USEC);
                publisher_store_failed(p,
                                       "Acknowledged measurements could not be taken out of the "
                                       "outbox; trying again",
                                       r);
                return;
        }
        p->n_acked = 0;
        p->store_error = 0;
        deadline_clear(&p->remove);
        publisher_pump(p);
}

static void on_acknowledged(void *owner, uint64_t token) {
        struct publisher *p = owner;

        if (token >> PUBLISHER_STORE_SHIFT != p->n_stores)
                return; /* a row of the database that was set aside */
        token &= (UINT64_C(1) << PUBLISHER_STORE_SHIFT) - 1;
        if (p->n_acked == PUBLISHER_ACKED_MAX)
                return; /* cannot be: no more than these were sent; it would be sent again, not lost
                         */
        p->acked[p->n_acked++] = (int64_t) token;
        if (p->n_acked == PUBLISHER_ACKED_DUE)
                on_remove(p);
        else if (!deadline_is_set(&p->remove))
                deadline_set_usec(&p->remove, 0);
}

/* --- the connection --- */

/* The outbox from its beginning. */
static void send_again(struct publisher *p) {
        p->sent = 0;
        p->outbox_empty = false;
}

static void send_late(struct publisher *p) {
        for (struct mqtt_parcel *late; (late = mqtt_parcels_take(&p->late));) {
                mqtt_client_publish(p->client, &late->message);
                free(late);
        }
}

static void on_connected(void *owner, const char *url, int version) {
        struct publisher *p = owner;

        log_info("Connected to %s with MQTT %s", url, version == 5 ? "5" : "3.1.1");
        p->trouble[0] = p->refused[0] = '\0';
        send_again(p);
        publisher_all_due(p);
        send_late(p);
        p->events->changed(p->owner);
        publisher_pump(p);
}

static void on_lost(void *owner, const char *why) {
        struct publisher *p = owner;

        if (strcmp(p->trouble, why) != 0)
                log_warning("%s", why);
        snprintf(p->trouble, sizeof p->trouble, "%s", why);
        p->events->changed(p->owner);
}

static void on_birth(void *userdata) {
        struct publisher *p = userdata;

        publisher_all_due(p);
        publisher_pump(p);
        deadline_set_usec(&p->birth_states, BIRTH_STATES_USEC);
}

/* For brokers without persistence: once more when Home Assistant has subscribed. */
static void on_birth_states(void *userdata) {
        struct publisher *p = userdata;

        memset(p->told, 0, sizeof p->told);
        p->online_due = p->info_due = p->devices_due = true;
        for (size_t i = 0; i < p->n_cuffs; i++) {
                p->cuffs[i].state_due = true;
                for (size_t u = 0; u < p->cuffs[i].n_users; u++)
                        p->cuffs[i].users[u].measurement_due = true;
        }
        p->persons_due = true;
        publisher_pump(p);
}

static void home_assistant_is_born(struct publisher *p) {
        uint64_t min = p->config->homeassistant.birth_delay_min_usec,
                 max = p->config->homeassistant.birth_delay_max_usec;
        uint32_t random = 0;

        if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
                random = 0; /* the shortest delay is as good as any */
        log_info("Home Assistant has started; sending discovery again");
        deadline_set_usec(&p->birth, min + (max > min ? random % (max - min) : 0));
}

static void on_message(void *owner, const struct mqtt_incoming *m) {
        struct publisher *p = owner;
        size_t base = strlen(p->request_topic) - 1; /* without the # */

        if (strcmp(m->topic, p->will_topic) == 0) {
                /* Another gateway on our base topic has stopped, or somebody's hand: we are here.
                 */
                p->online_due = !p->stopping && strcmp(m->payload, "offline") == 0;
                publisher_pump(p);
        } else if (strcmp(m->topic, p->status_topic) == 0) {
                if (m->payload_size == 6 && memcmp(m->payload, "online", 6) == 0 &&
                    p->config->homeassistant.discovery)
                        home_assistant_is_born(p);
        } else if (strncmp(m->topic, p->request_topic, base) == 0) {
                p->events->request(p->owner, m->topic + base, m);
        }
}

static void on_room(void *owner) {
        publisher_pump(owner);
}

static void offer_later(struct publisher *p) {
        if (!deadline_is_set(&p->offer))
                deadline_set_usec(&p->offer, p->config->mqtt.backoff_max_usec);
}

/* The row stays in the outbox, and what there is offered again: brokers refuse for a while, too (a
 * quota), and a good connection may last for months. */
static void on_refused(void *owner, uint64_t token, const char *why) {
        struct publisher *p = owner;

        if (strcmp(p->refused, why) != 0)
                log_warning("%s", why);
        snprintf(p->refused, sizeof p->refused, "%s", why);
        if (token != 0)
                offer_later(p);
}

void publisher_failed(struct publisher *p) {
        p->has_failed = true;
        offer_later(p);
}

static void on_offer(void *userdata) {
        struct publisher *p = userdata;

        if (p->has_failed) {
                p->has_failed = false;
                publisher_look_again(p);
        }
        send_again(p); /* what is under way is left out */
        publisher_pump(p);
}

static void on_stopped(void *owner) {
        struct publisher *p = owner;

        p->events->stopped(p->owner);
}

/* --- what changed: told on the next turn, so that a block of measurements, or all that the end of
 * a session changes, is told as one --- */

static int on_soon(sd_event_source *source, void *userdata) {
        publisher_pump(userdata);
        return 0;
}

static void pump_soon(struct publisher *p) {
        sd_event_source_set_enabled(p->soon, SD_EVENT_ONESHOT);
}

void publisher_cuff_known(struct publisher *p, const struct bdaddr *cuff) {
        publisher_cuff_due(p, collector_find(p->collector, cuff));
        p->persons_due = true;
        pump_soon(p);
}

void publisher_cuff_changed(struct publisher *p, const struct bdaddr *cuff, bool at_rest) {
        struct publisher_cuff *mine = publisher_find(p, cuff);

        if (mine)
                mine->state_due = true;
        if (at_rest) /* bridge/devices has what a session ends with: last_sync, bonded */
                p->devices_due = true;
        pump_soon(p);
}

void publisher_cuff_removed(struct publisher *p, const struct bdaddr *cuff) {
        struct publisher_cuff *mine = publisher_find(p, cuff);

        if (mine)
                *mine = p->cuffs[--p->n_cuffs];
        p->devices_due = true;
        p->removed_due = true;
        p->persons_due = true;
        pump_soon(p);
}

void publisher_stored(struct publisher *p, const struct bdaddr *cuff, uint8_t user) {
        struct publisher_cuff *mine = publisher_find(p, cuff);

        p->outbox_empty = false;
        pump_soon(p);
        for (size_t u = 0; mine && u < mine->n_users; u++)
                if (mine->users[u].user == user) {
                        mine->users[u].measurement_due = mine->state_due = true;
                        p->persons_due = true;
                        return;
                }
        if (!mine || mine->n_users < PUBLISHER_USERS_MAX)
                publisher_cuff_known(p, cuff); /* a user's first measurement makes a device */
}

void publisher_info_changed(struct publisher *p) {
        p->info_due = true;
        pump_soon(p);
}

void publisher_set_store(struct publisher *p, struct store *store) {
        p->store = store;
        p->n_stores++;
        p->store_error = 0;
        deadline_clear(&p->broken);
        deadline_clear(&p->remove);
        send_again(p);
        p->n_acked = 0;
}

/* --- life --- */

static int make_topics(struct publisher *p) {
        const struct config *config = p->config;

        p->will_topic = message_topic(config->mqtt.base_topic, "bridge/state");
        p->request_topic = message_topic(config->mqtt.base_topic, "bridge/request/#");
        p->status_topic = message_topic(config->homeassistant.discovery_prefix, "status");
        if (!p->will_topic || !p->request_topic || !p->status_topic)
                return -ENOMEM;
        p->subscriptions[p->n_subscriptions++] = p->request_topic;
        p->subscriptions[p->n_subscriptions++] = p->status_topic;
        p->subscriptions[p->n_subscriptions++] = p->will_topic;
        return 0;
}

static int make_client(struct publisher *p, sd_event *event) {
        static const struct mqtt_events events = {
                .connected = on_connected,
                .lost = on_lost,
                .message = on_message,
                .acknowledged = on_acknowledged,
                .room = on_room,
                .stopped = on_stopped,
                .refused = on_refused,
        };
        struct mqtt_options options = broker_options(p->config);

        if (!options.client_id)
                options.client_id = p->ha.inst;
        options.will_topic = p->will_topic;
        options.will_payload = "offline";
        options.subscriptions = p->subscriptions;
        options.n_subscriptions = p->n_subscriptions;
        return mqtt_client_new(event, &options, &events, p, &p->client);
}

int publisher_new(sd_event *event, const struct config *config, struct store *store,
                  struct collector *collector, const struct publisher_events *events, void *owner,
                  struct publisher **ret) {
        struct publisher *p = calloc(1, sizeof *p);
        char hostname[256] = "";
        int r;

        if (!p)
                return -ENOMEM;
        p->config = config;
        p->store = store;
        p->collector = collector;
        p->events = events;
        p->owner = owner;
        mqtt_parcels_init(&p->late);
        gethostname(hostname, sizeof hostname - 1);
        p->hostname = strdup(hostname);
        p->ha = (struct homeassistant_context){config->homeassistant.discovery_prefix,
                                               config->mqtt.base_topic,
                                               strdup(store_inst(store)),
                                               CUFF2MQTT_VERSION,
                                               config->homeassistant.category,
                                               config->log_level_given};
        deadline_init(&p->remove, event, on_remove, p);
        deadline_give_way(&p->remove);
        deadline_init(&p->broken, event, on_broken, p);
        deadline_init(&p->offer, event, on_offer, p);
        deadline_init(&p->birth, event, on_birth, p);
        deadline_init(&p->birth_states, event, on_birth_states, p);
        r = p->hostname && p->ha.inst ? make_topics(p) : -ENOMEM;
        if (r >= 0)
                r = sd_event_add_defer(event, &p->soon, on_soon, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->soon, SD_EVENT_OFF);
        if (r >= 0)
                r = make_client(p, event);
        if (r < 0) {
                publisher_free(p);
                return r;
        }
        *ret = p;
        return 0;
}

void publisher_free(struct publisher *p) {
        if (!p)
                return;
        if (p->n_acked && p->store)
                store_outbox_remove_many(p->store, p->acked, p->n_acked);
        sd_event_source_disable_unref(p->soon);
        deadline_done(&p->remove);
        deadline_done(&p->broken);
        deadline_done(&p->offer);
        deadline_done(&p->birth);
        deadline_done(&p->birth_states);
        mqtt_client_free(p->client);
        mqtt_parcels_clear(&p->late);
        free(p->removed.cuff);
        free(p->persons.person);
        free(p->hostname);
        free((char *) (uintptr_t) p->ha.inst);
        free(p->will_topic);
        free(p->request_topic);
        free(p->status_topic);
        free(p);
}

int publisher_start(struct publisher *p) {
        return mqtt_client_start(p->client);
}

void publisher_stop(struct publisher *p, uint64_t limit_usec) {
        const struct mqtt_outgoing last = {
                .topic = p->will_topic, .payload = "offline", .qos = 1, .retain = true};

        publisher_pump(p);
        p->stopping = true;
        if (mqtt_client_stop(p->client, &last, limit_usec) < 0)
                p->events->stopped(p->owner);
}
