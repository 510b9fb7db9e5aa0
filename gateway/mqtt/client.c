#include "mqtt/client.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "mqtt/attempt.h"
#include "mqtt/notes.h"
#include "mqtt/parcel.h"
#include "mqtt/trouble.h"
#include "mqtt/url.h"
#include "mqtt/window.h"

#define SUBACK_TIMEOUT_USEC UINT64_C(20000000)

/* The order of an orderly stop is LEAVING (the last messages go out), DISCONNECTING, STOPPED; a
 * stop in CONNECTING waits in ABANDONING, because nothing of Paho may be called before its answer.
 */
enum state {
        IDLE,
        WAITING,
        CONNECTING,
        SUBSCRIBING,
        CONNECTED,
        ABANDONING,
        LEAVING,
        DISCONNECTING,
        STOPPED
};

struct broker {
        struct mqtt_url url;
        int proven; /* the version it has answered to: 5, 4; 0 not known */
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

        enum state state;
        struct broker *brokers;
        size_t at;   /* the broker being tried or used */
        int version; /* 5, 4 */
        struct mqtt_attempt *attempt;
        unsigned generation; /* notes of any other are stale */
        char *tls;           /* what OpenSSL said about this attempt */

        uint64_t backoff_usec, connected_usec;
        bool hurry; /* a lost connection may be retried at once: once, until one has lived */

        struct mqtt_window window;
        struct mqtt_parcel *last; /* of a stop that came while connecting */
        uint32_t packet_max;      /* 0 none */
        bool ever_connected;
        struct mqtt_counters counters;
};

static struct mqtt_url *url_of(const struct mqtt_client *c) {
        return &c->brokers[c->at].url;
}

static struct mqtt_trouble trouble_of(const struct mqtt_client *c, int code, const char *paho) {
        return (struct mqtt_trouble){.url = url_of(c),
                                     .user = url_of(c)->user ? url_of(c)->user : c->options.user,
                                     .has_certificate = c->options.certificate_file,
                                     .version = c->version,
                                     .code = code,
                                     .paho = paho,
                                     .tls = c->tls};
}

/* --- attempts --- */

static void schedule(struct mqtt_client *c, uint64_t usec) {
        c->state = WAITING;
        if (deadline_set_usec(&c->timer, usec) <
            0) /* no memory: a note needs none, and leads back here */
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

static void choose_version(struct mqtt_client *c) {
        int proven = c->brokers[c->at].proven;

        c->version = c->options.version == MQTT_VERSION_5       ? 5
                     : c->options.version == MQTT_VERSION_3_1_1 ? 4
                     : proven                                   ? proven
                                                                : 5;
}

static void try_next_broker(struct mqtt_client *c) {
        c->at = (c->at + 1) % c->options.n_urls;
        choose_version(c);
        schedule(c, c->at == 0 ? next_backoff(c) : 0);
}

/* The new handle is made before the old one is destroyed: with the last handle Paho stops its
 * threads, and waits a second for them. */
static int begin_attempt(struct mqtt_client *c) {
        struct mqtt_attempt_setup setup = {.options = &c->options,
                                           .url = url_of(c),
                                           .version = c->version,
                                           .generation = ++c->generation,
                                           .notes = c->notes};
        struct mqtt_attempt *old = c->attempt;
        int r;

        r = mqtt_attempt_new(&setup, &c->attempt);
        if (r < 0)
                return r;
        mqtt_attempt_free(old);
        free(TAKE_PTR(c->tls));
        return mqtt_attempt_connect(c->attempt);
}

static void finish(struct mqtt_client *c) {
        c->state = STOPPED;
        deadline_clear(&c->timer);
        deadline_clear(&c->limit);
        mqtt_window_clear(&c->window);
        c->events.stopped(c->owner);
}

static void report_lost(struct mqtt_client *c, char *why) {
        _cleanup_(freep) char *sentence = why;

        c->events.lost(c->owner, sentence
                                         ? sentence
                                         : "no connection to the broker, and no memory to say why");
}

/* The broker may not know this MQTT version: the same broker at once with 3.1.1. A broker that has
 * spoken MQTT 5 before must say so; silence alone can be a restart. */
static bool falls_back(struct mqtt_client *c, const struct mqtt_trouble *t) {
        struct broker *b = &c->brokers[c->at];
        bool refused = mqtt_trouble_is_version(t);
        bool doubted = refused || mqtt_trouble_is_silence(t);
        bool proven = b->proven == c->version;

        if (c->options.version != MQTT_VERSION_AUTO || !doubted)
                return false;
        b->proven = 0;
        if (c->version != 5 || (proven && !refused))
                return false;
        c->version = 4;
        schedule(c, 0);
        return true;
}

static void on_failed(struct mqtt_client *c, int code, const char *paho) {
        struct mqtt_trouble t = trouble_of(c, code, paho);
        char *why;

        if (c->state == ABANDONING) {
                finish(c);
                return;
        }
        if (falls_back(c, &t))
                return;
        why = mqtt_trouble_failed(&t);
        try_next_broker(c);
        report_lost(c, why);
}

static void on_timer(void *userdata) {
        struct mqtt_client *c = userdata;
        struct mqtt_trouble t;

        if (c->state == WAITING) {
                c->state = CONNECTING;
                if (begin_attempt(c) < 0)
                        on_failed(c, MQTT_TROUBLE_SETUP, NULL);
        } else if (c->state == SUBSCRIBING) {
                t = trouble_of(c, 0, NULL);
                c->generation++; /* what this handle still says is stale */
                mqtt_attempt_disconnect(c->attempt);
                try_next_broker(c);
                report_lost(c, mqtt_trouble_no_suback(&t));
        }
}

/* `code` is what the broker said (MQTT 5), or 0. */
static void on_lost(struct mqtt_client *c, int code) {
        struct mqtt_trouble t = trouble_of(c, code, NULL);
        uint64_t now = 0;
        char *why;

        if (c->state == WAITING)
                return; /* told already */
        mqtt_window_clear(&c->window);
        if (c->state == LEAVING || c->state == DISCONNECTING) {
                finish(c); /* the broker publishes the will */
                return;
        }
        sd_event_now(c->event, CLOCK_MONOTONIC, &now);
        if (c->state == CONNECTED && now - c->connected_usec >= c->options.backoff_max_usec) {
                c->hurry = true; /* it lived */
                c->backoff_usec = c->options.backoff_min_usec;
        }
        why = mqtt_trouble_lost(&t);
        c->at = 0;
        choose_version(c);
        schedule(c, c->hurry ? 0 : next_backoff(c));
        c->hurry = false;
        report_lost(c, why);
}

/* --- messages --- */

static void pump(struct mqtt_client *c) {
        mqtt_window_pump(&c->window, c->attempt, &c->counters);
        if (c->state != LEAVING || !mqtt_window_is_empty(&c->window))
                return;
        c->state = DISCONNECTING;
        mqtt_attempt_disconnect(c->attempt); /* already gone: the LOST note is on its way */
}

/* The window has moved. `room` comes as a note of its own: one call of the owner per note, the last
 * thing done, so that the owner may free us in it. */
static void move_window(struct mqtt_client *c, size_t room_before) {
        pump(c);
        if (room_before == 0 && mqtt_window_room(&c->window) > 0)
                mqtt_notes_push(c->notes, &(struct mqtt_note){.kind = MQTT_NOTE_ROOM,
                                                              .generation = c->generation});
}

static void on_acknowledged(struct mqtt_client *c, int id) {
        size_t room = mqtt_window_room(&c->window);
        uint64_t token;

        if (mqtt_window_land(&c->window, id, &token) < 0)
                return;
        c->counters.published++;
        move_window(c, room);
        if (token != 0)
                c->events.acknowledged(c->owner, token);
}

static void on_refused(struct mqtt_client *c, int id, int code) {
        _cleanup_(freep) char *why = NULL;
        size_t room = mqtt_window_room(&c->window);
        uint64_t token;

        if (mqtt_window_land(&c->window, id, &token) < 0)
                return;
        c->counters.dropped++;
        why = mqtt_trouble_refused(url_of(c), "a message", code);
        move_window(c, room);
        if (c->events.refused && why)
                c->events.refused(c->owner, token, why);
}

/* --- the way up --- */

static void send_last(struct mqtt_client *c) {
        c->state = LEAVING;
        if (c->last)
                mqtt_parcels_put(&c->window.waiting, TAKE_PTR(c->last));
        pump(c);
}

static void go_up(struct mqtt_client *c) {
        c->state = CONNECTED;
        deadline_clear(&c->timer);
        sd_event_now(c->event, CLOCK_MONOTONIC, &c->connected_usec);
        c->counters.reconnects += c->ever_connected;
        c->ever_connected = true;
        c->events.connected(c->owner, url_of(c)->text, c->version);
}

static void on_connected(struct mqtt_client *c, const struct mqtt_note *note) {
        c->brokers[c->at].proven = c->version;
        c->window.size =
                note->window > 0 && note->window < MQTT_WINDOW ? note->window : MQTT_WINDOW;
        c->packet_max = note->packet_max;
        if (c->state == ABANDONING)
                send_last(c);
        else if (c->options.n_subscriptions == 0)
                go_up(c);
        else {
                c->state = SUBSCRIBING;
                mqtt_attempt_subscribe(c->attempt); /* if it fails, LOST or the timer follow */
                deadline_set_usec(&c->timer, SUBACK_TIMEOUT_USEC);
        }
}

/* A refused subscription is no reason to keep measurements back: it is told, as a note of its own.
 */
static void on_subscribed(struct mqtt_client *c, const struct mqtt_note *note) {
        if (c->state != SUBSCRIBING)
                return;
        if (note->code > 0)
                mqtt_notes_push(c->notes, &(struct mqtt_note){.kind = MQTT_NOTE_UNSUBSCRIBED,
                                                              .generation = c->generation,
                                                              .code = note->code,
                                                              .id = note->id});
        go_up(c);
}

static void on_unsubscribed(struct mqtt_client *c, const struct mqtt_note *note) {
        _cleanup_(freep) char *why =
                mqtt_trouble_refused(url_of(c), c->options.subscriptions[note->id], note->code);

        if (c->events.refused && why)
                c->events.refused(c->owner, 0, why);
}

static void on_message(struct mqtt_client *c, const struct mqtt_incoming *m) {
        c->counters.received++;
        c->events.message(c->owner, m);
}

static void dispatch(struct mqtt_client *c, struct mqtt_note *note) {
        switch (note->kind) {
        case MQTT_NOTE_CONNECTED:
                on_connected(c, note);
                break;
        case MQTT_NOTE_FAILED:
                on_failed(c, note->code, note->text);
                break;
        case MQTT_NOTE_TLS:
                free(c->tls);
                c->tls = TAKE_PTR(note->text);
                break;
        case MQTT_NOTE_SUBSCRIBED:
                on_subscribed(c, note);
                break;
        case MQTT_NOTE_UNSUBSCRIBED:
                on_unsubscribed(c, note);
                break;
        case MQTT_NOTE_ACKNOWLEDGED:
                on_acknowledged(c, note->id);
                break;
        case MQTT_NOTE_REFUSED:
                on_refused(c, note->id, note->code);
                break;
        case MQTT_NOTE_MESSAGE:
                on_message(c, note->incoming);
                break;
        case MQTT_NOTE_SERVER_LEAVES:
                on_lost(c, note->code); /* Paho 1.3.12 calls this lost no more */
                break;
        case MQTT_NOTE_LOST:
                on_lost(c, 0);
                break;
        case MQTT_NOTE_DISCONNECTED:
                finish(c);
                break;
        case MQTT_NOTE_ROOM:
                if (mqtt_window_room(&c->window) > 0)
                        c->events.room(c->owner);
                break;
        }
}

static int on_notes(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct mqtt_client *c = userdata;
        struct mqtt_note note;
        uint64_t dropped;
        bool found = mqtt_notes_take(c->notes, &note, &dropped);

        c->counters.dropped += dropped;
        if (!found)
                return 0;
        if (note.generation == c->generation && c->state != STOPPED)
                dispatch(c, &note); /* may free c */
        mqtt_note_done(&note);
        return 0;
}

/* --- what the owner calls --- */

static void on_limit(void *userdata) {
        struct mqtt_client *c = userdata;

        c->overdue = c->state != STOPPED && c->state != IDLE;
        finish(c);
}

static int parse_urls(struct mqtt_client *c) {
        int r;

        if (c->options.n_urls == 0)
                return -EINVAL;
        c->brokers = calloc(c->options.n_urls, sizeof *c->brokers);
        if (!c->brokers)
                return -ENOMEM;
        for (size_t i = 0; i < c->options.n_urls; i++) {
                r = mqtt_url_parse(c->options.urls[i], &c->brokers[i].url);
                if (r < 0)
                        return r;
        }
        return 0;
}

DEFINE_CLEANUP(struct mqtt_client *, mqtt_client_free)

int mqtt_client_new(sd_event *event, const struct mqtt_options *options,
                    const struct mqtt_events *events, void *owner, struct mqtt_client **ret) {
        _cleanup_(mqtt_client_freep) struct mqtt_client *c = calloc(1, sizeof *c);
        const struct sigaction ignore = {.sa_handler = SIG_IGN};
        int r;

        if (!c)
                return -ENOMEM;
        c->event = sd_event_ref(event);
        c->options = *options;
        c->events = *events;
        c->owner = owner;
        c->backoff_usec = options->backoff_min_usec;
        c->hurry = true;
        mqtt_window_init(&c->window);
        deadline_init(&c->timer, event, on_timer, c);
        deadline_init(&c->limit, event, on_limit, c);
        r = parse_urls(c);
        if (r < 0)
                return r;
        r = mqtt_notes_new(&c->notes);
        if (r < 0)
                return r;
        r = sd_event_add_io(event, &c->source, mqtt_notes_fd(c->notes), EPOLLIN, on_notes, c);
        if (r < 0)
                return r;
        if (sigaction(SIGPIPE, &ignore, NULL) <
            0) /* Paho writes to sockets that the broker has closed */
                return -errno;
        *ret = TAKE_PTR(c);
        return 0;
}

void mqtt_client_free(struct mqtt_client *c) {
        if (!c)
                return;
        deadline_done(&c->timer);
        deadline_done(&c->limit);
        sd_event_source_disable_unref(c->source);
        if (c->state == CONNECTING || c->state == ABANDONING || c->overdue)
                mqtt_attempt_abandon(c->attempt);
        else
                mqtt_attempt_free(c->attempt);
        if (c->notes)
                mqtt_notes_close(c->notes);
        mqtt_notes_unref(c->notes);
        for (size_t i = 0; c->brokers && i < c->options.n_urls; i++)
                mqtt_url_done(&c->brokers[i].url);
        mqtt_window_clear(&c->window);
        sd_event_unref(c->event);
        free(c->brokers);
        free(c->last);
        free(c->tls);
        free(c);
}

int mqtt_client_start(struct mqtt_client *c) {
        if (c->state != IDLE)
                return -EALREADY;
        choose_version(c);
        schedule(c, 0);
        return 0;
}

int mqtt_client_stop(struct mqtt_client *c, const struct mqtt_outgoing *last, uint64_t limit_usec) {
        int r;

        if (deadline_is_set(&c->limit) || c->state == STOPPED)
                return -EALREADY;
        c->last = last ? mqtt_parcel_new(last) : NULL;
        if (last && !c->last)
                return -ENOMEM;
        deadline_clear(&c->timer);
        if (c->state == IDLE || c->state == WAITING) {
                c->state = IDLE; /* nothing to wait for; `stopped` still comes from the loop */
                return deadline_set_usec(&c->limit, 0);
        }
        r = deadline_set_usec(&c->limit, limit_usec);
        if (r < 0)
                return r;
        if (c->state == CONNECTING)
                c->state = ABANDONING;
        else
                send_last(c);
        return 0;
}

bool mqtt_client_is_connected(const struct mqtt_client *c) {
        return c->state == CONNECTED;
}

size_t mqtt_client_room(const struct mqtt_client *c) {
        return c->state == CONNECTED ? mqtt_window_room(&c->window) : 0;
}

int mqtt_client_publish(struct mqtt_client *c, const struct mqtt_outgoing *m) {
        struct mqtt_parcel *p;

        if (c->state != CONNECTED)
                return -ENOTCONN;
        if (c->window.waiting.n >= MQTT_QUEUE)
                return -ENOBUFS;
        if (c->packet_max > 0 && mqtt_parcel_packet_size(m) > c->packet_max)
                return -EMSGSIZE;
        p = mqtt_parcel_new(m);
        if (!p)
                return -ENOMEM;
        mqtt_parcels_put(&c->window.waiting, p);
        pump(c);
        return 0;
}

const struct mqtt_counters *mqtt_client_counters(const struct mqtt_client *c) {
        return &c->counters;
}

const char *mqtt_client_url(const struct mqtt_client *c) {
        return c->state == CONNECTED ? c->brokers[c->at].url.text : NULL;
}

int mqtt_client_version(const struct mqtt_client *c) {
        return c->state == CONNECTED ? c->version : 0;
}
