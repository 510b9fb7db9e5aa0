#include "mqtt/link.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "mqtt/trouble.h"

const struct mqtt_url *mqtt_link_url(const struct mqtt_client *c) {
        return &c->brokers[c->at].url;
}

static struct mqtt_trouble trouble_of(const struct mqtt_client *c, int code, const char *paho) {
        return (struct mqtt_trouble){.url = mqtt_link_url(c),
                                     .user = mqtt_link_url(c)->user ? mqtt_link_url(c)->user
                                                                    : c->options.user,
                                     .has_certificate = c->options.certificate_file,
                                     .version = c->version,
                                     .code = code,
                                     .paho = paho,
                                     .tls = c->tls};
}

void mqtt_link_drop_held(struct mqtt_client *c) {
        c->counters.dropped += c->n_held;
        while (c->n_held > 0)
                free(c->held[c->held_first + --c->n_held]);
        c->held_first = 0;
}

void mqtt_link_schedule(struct mqtt_client *c, uint64_t usec) {
        c->state = MQTT_WAITING;
        mqtt_link_drop_held(c);
        /* No memory for a timer: a note needs none, and leads back here. */
        if (deadline_set_usec(&c->timer, usec) < 0)
                mqtt_notes_push(c->notes, &(struct mqtt_note){.kind = MQTT_NOTE_FAILED,
                                                              .generation = c->generation});
}

/* Half of the back-off is fixed, half is chance; what is set doubles for the next time. */
static uint64_t next_backoff(struct mqtt_client *c) {
        uint64_t half = c->backoff_usec / 2, chance;

        if (getrandom(&chance, sizeof chance, GRND_NONBLOCK) != sizeof chance)
                chance = c->generation * UINT64_C(0x9E3779B97F4A7C15);
        c->backoff_usec *= 2;
        if (c->backoff_usec > c->options.backoff_max_usec)
                c->backoff_usec = c->options.backoff_max_usec;
        return half + chance % (half + 1);
}

void mqtt_link_choose_version(struct mqtt_client *c) {
        int proven = c->brokers[c->at].proven;

        c->version = c->options.version == MQTT_VERSION_5       ? 5
                     : c->options.version == MQTT_VERSION_3_1_1 ? 4
                     : proven                                   ? proven
                                                                : 5;
}

void mqtt_link_up(struct mqtt_client *c) {
        struct mqtt_broker *b = &c->brokers[c->at];

        b->spoke_5 |= c->version == 5;
        b->proven = b->spoke_5 ? 5 : c->version; /* what is tried first the next time */
}

static void try_next_broker(struct mqtt_client *c) {
        c->at = (c->at + 1) % c->options.n_urls;
        mqtt_link_choose_version(c);
        mqtt_link_schedule(c, c->at == 0 ? next_backoff(c) : 0);
}

/* The old handle goes before the new one is made: mqtt_attempt_free() says why. */
static int begin_attempt(struct mqtt_client *c) {
        struct mqtt_attempt_setup setup = {.options = &c->options,
                                           .url = mqtt_link_url(c),
                                           .version = c->version,
                                           .generation = ++c->generation,
                                           .notes = c->notes};
        int r = 0;

        if (!c->keeper)
                r = mqtt_keeper_new(&c->keeper);
        if (r < 0)
                return r;
        mqtt_attempt_free(TAKE_PTR(c->attempt));
        r = mqtt_attempt_new(&setup, &c->attempt);
        if (r < 0)
                return r;
        free(TAKE_PTR(c->tls));
        return mqtt_attempt_connect(c->attempt);
}

void mqtt_link_finish(struct mqtt_client *c) {
        c->state = MQTT_STOPPED;
        deadline_clear(&c->timer);
        deadline_clear(&c->limit);
        mqtt_window_clear(&c->window);
        mqtt_link_drop_held(c);
        c->events.stopped(c->owner);
}

static void report_lost(struct mqtt_client *c, char *why) {
        _cleanup_(freep) char *sentence = why;

        c->events.lost(c->owner, sentence
                                         ? sentence
                                         : "no connection to the broker, and no memory to say why");
}

/* The broker may not know this MQTT version: the same broker at once with 3.1.1. A broker that has
 * spoken MQTT 5 before must say so; silence alone can be a restart. Silent twice, it gets 3.1.1 for
 * one connection. */
static bool falls_back(struct mqtt_client *c, const struct mqtt_trouble *t) {
        struct mqtt_broker *b = &c->brokers[c->at];
        bool refused = mqtt_trouble_is_version(t);
        bool doubted = refused || mqtt_trouble_is_silence(t);
        bool proven = b->proven == c->version;

        if (c->options.version != MQTT_VERSION_AUTO || !doubted)
                return false;
        b->proven = 0;
        if (c->version != 5 || (proven && !refused))
                return false;
        b->spoke_5 = b->spoke_5 && !refused;
        c->version = 4;
        mqtt_link_schedule(c, 0);
        return true;
}

void mqtt_link_failed(struct mqtt_client *c, int code, const char *paho) {
        struct mqtt_trouble t = trouble_of(c, code, paho);
        char *why;

        if (c->state == MQTT_ABANDONING) {
                mqtt_link_finish(c);
                return;
        }
        if (falls_back(c, &t))
                return;
        why = mqtt_trouble_failed(&t);
        try_next_broker(c);
        report_lost(c, why);
}

/* We end a connection that is still up. */
static void hang_up(struct mqtt_client *c) {
        c->generation++; /* what this handle still says is stale */
        mqtt_attempt_disconnect(c->attempt);
}

void mqtt_link_on_timer(void *userdata) {
        struct mqtt_client *c = userdata;
        struct mqtt_trouble t;

        if (c->state == MQTT_WAITING) {
                c->state = MQTT_CONNECTING;
                if (begin_attempt(c) < 0)
                        mqtt_link_failed(c, MQTT_TROUBLE_SETUP, NULL);
        } else if (c->state == MQTT_SUBSCRIBING) {
                t = trouble_of(c, 0, NULL);
                hang_up(c);
                try_next_broker(c);
                report_lost(c, mqtt_trouble_no_suback(&t));
        } else if (c->state == MQTT_CONNECTED)
                mqtt_link_lost(c, MQTT_TROUBLE_PUBACK);
}

/* `code` is what the broker said (MQTT 5), 0, or one of ours, with the connection still up. */
void mqtt_link_lost(struct mqtt_client *c, int code) {
        struct mqtt_trouble t = trouble_of(c, code, NULL);
        uint64_t now = 0;
        char *why;

        if (c->state == MQTT_WAITING)
                return; /* told already */
        mqtt_window_clear(&c->window);
        if (code < 0)
                hang_up(c);
        if (c->state == MQTT_LEAVING || c->state == MQTT_DISCONNECTING) {
                mqtt_link_finish(c); /* the broker publishes the will */
                return;
        }
        sd_event_now(c->event, CLOCK_MONOTONIC, &now);
        if (c->state == MQTT_CONNECTED && now - c->connected_usec >= c->options.backoff_max_usec) {
                c->hurry = true; /* it lived */
                c->backoff_usec = c->options.backoff_min_usec;
        }
        why = mqtt_trouble_lost(&t);
        c->at = 0;
        mqtt_link_choose_version(c);
        mqtt_link_schedule(c, c->hurry ? 0 : next_backoff(c));
        c->hurry = false;
        report_lost(c, why);
}

void mqtt_link_on_limit(void *userdata) {
        struct mqtt_client *c = userdata;

        c->overdue = c->state != MQTT_STOPPED && c->state != MQTT_IDLE;
        mqtt_link_finish(c);
}
