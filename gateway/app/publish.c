/* Sending what is due, in which order; publish_due.c marks it. */
#include "app/publisher.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cuff.h"
#include "app/render.h"
#include "base/cleanup.h"
#include "core/fnv.h"
#include "mqtt/message.h"
#include "store/outbox.h"

#define LOG_COMPONENT "mqtt"
#include "base/log.h"

static int publish(struct publisher *p, const char *topic, const char *payload, int qos,
                   bool retain, uint64_t token, uint32_t expiry_s) {
        const struct mqtt_outgoing m = {.topic = topic,
                                        .payload = payload,
                                        .qos = qos,
                                        .retain = retain,
                                        .token = token,
                                        .expiry_s = expiry_s};
        int r = topic && payload ? mqtt_client_publish(p->client, &m) : -ENOMEM;

        if (r < 0 && r != -ENOTCONN && topic)
                log_warning("A message on %s was not sent: %s", topic, strerror(-r));
        if (r < 0 && r != -ENOTCONN && r != -EMSGSIZE)
                publisher_failed(p);
        return r;
}

/* A collision leaves one message out until the next connection: 2^-64. */
static uint64_t hash(const char *text) {
        return text ? fnv1a(text, strlen(text)) : 0;
}

/* Takes both over. What this connection was told already is not told again. */
static void publish_retained(struct publisher *p, char *topic, char *payload) {
        uint64_t t = hash(topic), content = hash(payload);
        size_t place = t % PUBLISHER_TOLD;
        bool told = p->told[place].topic == t && p->told[place].payload == content;

        if (!told && publish(p, topic, payload, 1, /* retain= */ true, 0, 0) >= 0) {
                p->told[place].topic = t;
                p->told[place].payload = content;
        }
        free(topic);
        free(payload);
}

/* Takes both over. An empty payload takes a retained one away. */
static void publish_discovery(struct publisher *p, char *topic, char *payload) {
        if (p->config->homeassistant.discovery) {
                publish_retained(p, topic, payload);
                return;
        }
        free(payload);
        publish_retained(p, topic, strdup(""));
}

/* What changed before it is told before it. */
static void send_due_first(struct publisher *p) {
        if (sd_event_source_get_enabled(p->soon, NULL) > 0)
                publisher_pump(p);
}

void publisher_send(struct publisher *p, const char *path, char *payload, int qos, bool retain,
                    uint32_t expiry_s) {
        _cleanup_(freep) char *topic = NULL, *owned = payload;

        if (!mqtt_client_is_connected(p->client))
                return;
        send_due_first(p);
        topic = message_topic(p->config->mqtt.base_topic, path);
        publish(p, topic, owned, qos, retain, 0, expiry_s);
}

static int keep_for_later(struct publisher *p, const struct mqtt_outgoing *m) {
        struct mqtt_parcel *late = mqtt_parcel_new(m);

        if (!late)
                return -ENOMEM;
        mqtt_parcels_put(&p->late, late);
        if (p->late.n <= PUBLISHER_LATE_MAX)
                return 0;
        free(mqtt_parcels_take(&p->late));
        log_warning("An answer is given up: %d others wait for the broker already",
                    PUBLISHER_LATE_MAX);
        return 0;
}

int publisher_reply(struct publisher *p, const char *path, char *payload, const void *correlation,
                    size_t correlation_size) {
        _cleanup_(freep) char *topic = message_topic(p->config->mqtt.base_topic, path),
                              *owned = payload;
        const struct mqtt_outgoing m = {.topic = topic,
                                        .payload = owned,
                                        .qos = 1,
                                        .correlation = correlation,
                                        .correlation_size = correlation_size};
        int r = -ENOMEM;

        send_due_first(p);
        if (topic && owned)
                r = mqtt_client_publish(p->client, &m);
        if (r == -ENOTCONN)
                r = keep_for_later(p, &m);
        if (r < 0)
                log_warning("An answer on %s was not sent: %s", path, strerror(-r));
        return r;
}

static bool publish_bridge(struct publisher *p) {
        const char *base = p->config->mqtt.base_topic;

        if (p->online_due) {
                p->online_due = false;
                publish(p, p->will_topic, "online", 1, /* retain= */ true, 0, 0);
                return true;
        }
        if (p->gateway_due) {
                p->gateway_due = false;
                if (p->config->homeassistant.discovery)
                        publisher_remember_announced(p);
                publish_discovery(p, homeassistant_gateway_topic(&p->ha),
                                  homeassistant_gateway(&p->ha, p->hostname));
                return true;
        }
        if (p->info_due) {
                p->info_due = false;
                publish_retained(p, message_topic(base, "bridge/info"), p->events->info(p->owner));
                return true;
        }
        if (p->devices_due) {
                p->devices_due = false;
                publish_retained(p, message_topic(base, "bridge/devices"),
                                 render_devices(p->store, p->collector));
                return true;
        }
        return false;
}

static bool publish_cuff(struct publisher *p, struct publisher_cuff *mine) {
        const struct cuff *cuff = collector_find(p->collector, &mine->address);

        if (!cuff)
                return false;
        if (mine->discovery_due && cuff_is_introduced(cuff)) {
                mine->discovery_due = false;
                publish_discovery(p, homeassistant_cuff_topic(&p->ha, &mine->address),
                                  render_cuff_discovery(p->store, &p->ha, cuff));
                return true;
        }
        for (size_t u = 0; u < mine->n_users; u++) {
                if (!mine->users[u].discovery_due || !cuff_is_introduced(cuff))
                        continue;
                mine->users[u].discovery_due = false;
                publish_discovery(
                        p, homeassistant_user_topic(&p->ha, &mine->address, mine->users[u].user),
                        render_user_discovery(p->store, &p->ha, cuff, mine->users[u].user));
                return true;
        }
        if (mine->state_due) {
                mine->state_due = false;
                publish_retained(
                        p,
                        message_device_topic(p->config->mqtt.base_topic, &mine->address, "state"),
                        render_cuff_state(p->store, cuff));
                return true;
        }
        return false;
}

static bool is_acked(const struct publisher *p, int64_t sequence) {
        for (size_t i = 0; i < p->n_acked; i++)
                if (p->acked[i] == sequence)
                        return true;
        return false;
}

static uint64_t outbox_token(const struct publisher *p, int64_t sequence) {
        return p->n_stores << PUBLISHER_STORE_SHIFT | (uint64_t) sequence;
}

/* Of rows that are offered again some may have been sent after all. */
static bool is_under_way(const struct publisher *p, int64_t sequence) {
        return is_acked(p, sequence) || mqtt_client_has(p->client, outbox_token(p, sequence));
}

static bool publish_outbox(struct publisher *p) {
        struct store_outbox_row row;
        _cleanup_(freep) char *topic = NULL, *payload = NULL;
        int r;

        if (p->outbox_empty || p->n_acked > PUBLISHER_ACKED_DUE)
                return false; /* nothing there, or the database must take those out first */
        do {
                r = store_outbox_next(p->store, p->sent, &row);
                p->outbox_empty = r == -ENODATA;
                if (r == -ENODATA)
                        return false;
                if (r < 0) {
                        publisher_store_failed(p, "Waiting measurements could not be read", r);
                        publisher_failed(p);
                        return false;
                }
                p->sent = row.sequence;
        } while (is_under_way(p, row.sequence));
        topic = message_user_topic(p->config->mqtt.base_topic, &row.measurement.cuff,
                                   row.measurement.measurement.user, "event");
        payload = render_measurement(p->store, &row.measurement, /* is_event= */ true);
        publish(p, topic, payload, 1, /* retain= */ false, outbox_token(p, row.sequence), 0);
        return true;
}

/* Only after the outbox: a backlog moves the retained topic once, to the newest. */
static bool publish_newest(struct publisher *p) {
        for (size_t i = 0; i < p->n_cuffs; i++) {
                struct publisher_cuff *mine = &p->cuffs[i];

                for (size_t u = 0; u < mine->n_users; u++) {
                        struct store_measurement newest;
                        int r;

                        if (!mine->users[u].measurement_due)
                                continue;
                        mine->users[u].measurement_due = false;
                        r = store_measurements_newest(p->store, &mine->address, mine->users[u].user,
                                                      &newest);
                        if (r < 0 && r != -ENODATA)
                                publisher_failed(p);
                        if (r < 0)
                                continue;
                        publish_retained(
                                p,
                                message_user_topic(p->config->mqtt.base_topic, &mine->address,
                                                   mine->users[u].user, "measurement"),
                                render_measurement(p->store, &newest, /* is_event= */ false));
                        return true;
                }
        }
        return false;
}

/* Places: the device of each user, its own, its state, the newest measurement of each user. The
 * devices first, so that Home Assistant does not see them without their states. */
static char *removed_topic(const struct publisher *p, const struct store_removed *r, size_t place) {
        const char *base = p->config->mqtt.base_topic;

        if (place < r->n_users)
                return homeassistant_user_topic(&p->ha, &r->address, r->user[place]);
        if (place == r->n_users)
                return homeassistant_cuff_topic(&p->ha, &r->address);
        if (place == r->n_users + 1)
                return message_device_topic(base, &r->address, "state");
        return message_user_topic(base, &r->address, r->user[place - r->n_users - 2],
                                  "measurement");
}

/* By a cuff that was paired again. */
static bool is_in_use(struct publisher *p, const struct store_removed *r, size_t place) {
        const struct publisher_cuff *mine = publisher_find(p, &r->address);

        if (!mine || place == r->n_users || place == r->n_users + 1)
                return mine;
        if (place > r->n_users)
                place -= r->n_users + 2;
        for (size_t u = 0; u < mine->n_users; u++)
                if (mine->users[u].user == r->user[place])
                        return true;
        return false;
}

static bool publish_removed(struct publisher *p) {
        publisher_list_removed(p);
        while (p->removed.at < p->removed.n) {
                const struct store_removed *r = &p->removed.cuff[p->removed.at];
                size_t place = p->removed.place++;

                if (place == 2 * r->n_users + 2) {
                        p->removed.at++;
                        p->removed.place = 0;
                } else if (!is_in_use(p, r, place) &&
                           (place > r->n_users || publisher_is_discovery_due(p))) {
                        /* told: paired again, it has to be told as if never before */
                        publish_retained(p, removed_topic(p, r, place), strdup(""));
                        return true;
                }
        }
        return false;
}

/* As it is on the topic of the user who measured last; "" (which takes it away) when nobody is this
 * person. */
static char *render_person(struct publisher *p, const char *slug) {
        struct store_measurement newest;
        int r = store_persons_newest(p->store, slug, &newest);

        if (r < 0)
                return r == -ENODATA ? strdup("") : NULL;
        return render_measurement(p->store, &newest, /* is_event= */ false);
}

static bool publish_person(struct publisher *p) {
        char path[sizeof "person//measurement" + STORE_TEXT_SIZE];
        const char *slug;

        publisher_list_persons(p);
        if (p->persons.at == p->persons.n)
                return false;
        slug = p->persons.person[p->persons.at++].slug;
        snprintf(path, sizeof path, "person/%s/measurement", slug);
        publish_retained(p, message_topic(p->config->mqtt.base_topic, path),
                         render_person(p, slug));
        return true;
}

/* What was removed goes first: paired again, it comes back behind that. */
static bool publish_next(struct publisher *p) {
        if (publish_bridge(p) || publish_removed(p))
                return true;
        for (size_t i = 0; i < p->n_cuffs; i++)
                if (publish_cuff(p, &p->cuffs[i]))
                        return true;
        return publish_outbox(p) || publish_newest(p) || publish_person(p);
}

void publisher_pump(struct publisher *p) {
        sd_event_source_set_enabled(p->soon, SD_EVENT_OFF);
        while (p->store && mqtt_client_is_connected(p->client) && mqtt_client_room(p->client) > 0)
                if (!publish_next(p))
                        return;
}
