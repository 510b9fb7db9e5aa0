#include "mqtt/client.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>

#include "base/cleanup.h"
#include "mqtt/link.h"
#include "mqtt/trouble.h"

#define SUBACK_TIMEOUT_USEC UINT64_C(20000000)

/* Some acknowledgement must come in this time. A broker owes it; and Paho 1.3.12 loses a message
 * without a word when its own thread finds no memory. */
static void await_acknowledgement(struct mqtt_client *c) {
        if (c->state != MQTT_CONNECTED || deadline_is_set(&c->timer))
                return;
        if (c->window.n_flying > 0)
                deadline_set_usec(&c->timer, c->options.keep_alive_s * UINT64_C(1000000));
}

static void pump(struct mqtt_client *c) {
        if (mqtt_window_pump(&c->window, c->attempt, &c->counters) == -ENOMEM)
                mqtt_notes_push(c->notes, &(struct mqtt_note){.kind = MQTT_NOTE_LOST,
                                                              .generation = c->generation,
                                                              .code = MQTT_TROUBLE_MEMORY});
        await_acknowledgement(c);
        if (c->state != MQTT_LEAVING || !mqtt_window_is_empty(&c->window))
                return;
        c->state = MQTT_DISCONNECTING;
        mqtt_attempt_disconnect(c->attempt); /* already gone: the LOST note is on its way */
}

/* The window has moved. `room` comes as a note of its own: one call of the owner per note, the last
 * thing done, so that the owner may free us in it. */
static void move_window(struct mqtt_client *c, size_t room_before) {
        if (c->state == MQTT_CONNECTED)
                deadline_clear(&c->timer);
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
        why = mqtt_trouble_refused(mqtt_link_url(c), "a message", code);
        move_window(c, room);
        if (c->events.refused && why)
                c->events.refused(c->owner, token, why);
}

/* ---- the way up ---- */

static void send_last(struct mqtt_client *c) {
        c->state = MQTT_LEAVING;
        if (c->last)
                mqtt_parcels_put(&c->window.waiting, TAKE_PTR(c->last));
        pump(c);
}

static void go_up(struct mqtt_client *c) {
        c->state = MQTT_CONNECTED;
        deadline_clear(&c->timer);
        sd_event_now(c->event, CLOCK_MONOTONIC, &c->connected_usec);
        c->counters.reconnects += c->ever_connected;
        c->ever_connected = true;
        if (c->n_held > 0) /* on_notes() serves them before this note: it keeps us awake for them */
                mqtt_notes_push(c->notes, &(struct mqtt_note){.kind = MQTT_NOTE_ROOM,
                                                              .generation = c->generation});
        c->events.connected(c->owner, mqtt_link_url(c)->text, c->version);
}

static void on_connected(struct mqtt_client *c, const struct mqtt_note *note) {
        mqtt_link_up(c);
        c->window.size =
                note->window > 0 && note->window < MQTT_WINDOW ? note->window : MQTT_WINDOW;
        c->packet_max = note->packet_max;
        if (c->state == MQTT_ABANDONING)
                send_last(c);
        else if (c->options.n_subscriptions == 0)
                go_up(c);
        else {
                c->state = MQTT_SUBSCRIBING;
                mqtt_attempt_subscribe(c->attempt); /* if it fails, LOST or the timer follow */
                deadline_set_usec(&c->timer, SUBACK_TIMEOUT_USEC);
        }
}

/* A refused subscription keeps no measurement back: it is told, as a note of its own. */
static void on_subscribed(struct mqtt_client *c, const struct mqtt_note *note) {
        if (c->state != MQTT_SUBSCRIBING)
                return;
        if (note->code > 0)
                mqtt_notes_push(c->notes, &(struct mqtt_note){.kind = MQTT_NOTE_UNSUBSCRIBED,
                                                              .generation = c->generation,
                                                              .code = note->code,
                                                              .id = note->id});
        go_up(c);
}

static void on_unsubscribed(struct mqtt_client *c, const struct mqtt_note *note) {
        _cleanup_(freep) char *why = mqtt_trouble_refused(
                mqtt_link_url(c), c->options.subscriptions[note->id], note->code);

        if (c->events.refused && why)
                c->events.refused(c->owner, 0, why);
}

static void deliver(struct mqtt_client *c, const struct mqtt_incoming *m) {
        c->counters.received++;
        c->events.message(c->owner, m);
}

static void deliver_held(struct mqtt_client *c) {
        _cleanup_(freep) struct mqtt_incoming *m = c->held[c->held_first];

        c->held_first = --c->n_held > 0 ? c->held_first + 1 : 0;
        deliver(c, m);
}

/* The owner hears what it can answer: while it is connected, and knows. Before, messages wait;
 * those that come during a stop are dropped at its end. */
static void on_message(struct mqtt_client *c, struct mqtt_note *note) {
        if (c->state == MQTT_CONNECTED)
                deliver(c, note->incoming);
        else if (c->n_held < MQTT_NOTES_MESSAGES_MAX)
                c->held[c->n_held++] = TAKE_PTR(note->incoming);
        else
                c->counters.dropped++;
}

static void dispatch(struct mqtt_client *c, struct mqtt_note *note) {
        switch (note->kind) {
        case MQTT_NOTE_CONNECTED:
                on_connected(c, note);
                break;
        case MQTT_NOTE_FAILED:
                mqtt_link_failed(c, note->code, note->text);
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
                on_message(c, note);
                break;
        case MQTT_NOTE_SERVER_LEAVES:
                mqtt_link_lost(c, note->code); /* Paho 1.3.12 calls this lost no more */
                break;
        case MQTT_NOTE_LOST:
                mqtt_link_lost(c, note->code); /* 0, or one of ours */
                break;
        case MQTT_NOTE_DISCONNECTED:
                mqtt_link_finish(c);
                break;
        case MQTT_NOTE_ROOM:
                if (mqtt_client_room(c) > 0)
                        c->events.room(c->owner);
                break;
        }
}

static int on_notes(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct mqtt_client *c = userdata;
        struct mqtt_note note;
        uint64_t dropped;
        bool found;

        if (c->state == MQTT_CONNECTED && c->n_held > 0) {
                deliver_held(c); /* may free c */
                return 0;
        }
        found = mqtt_notes_take(c->notes, &note, &dropped);
        c->counters.dropped += dropped;
        if (!found)
                return 0;
        if (note.generation == c->generation && c->state != MQTT_STOPPED)
                dispatch(c, &note); /* may free c */
        mqtt_note_done(&note);
        return 0;
}

/* ---- what the owner calls ---- */

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
        deadline_init(&c->timer, event, mqtt_link_on_timer, c);
        deadline_init(&c->limit, event, mqtt_link_on_limit, c);
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
        if (c->state == MQTT_CONNECTING || c->state == MQTT_ABANDONING || c->overdue)
                mqtt_attempt_abandon(c->attempt);
        else {
                mqtt_attempt_free(c->attempt);
                mqtt_keeper_free(c->keeper);
        }
        if (c->notes)
                mqtt_notes_close(c->notes);
        mqtt_notes_unref(c->notes);
        for (size_t i = 0; c->brokers && i < c->options.n_urls; i++)
                mqtt_url_done(&c->brokers[i].url);
        mqtt_window_clear(&c->window);
        mqtt_link_drop_held(c);
        sd_event_unref(c->event);
        free(c->brokers);
        free(c->last);
        free(c->tls);
        free(c);
}

int mqtt_client_start(struct mqtt_client *c) {
        if (c->state != MQTT_IDLE)
                return -EALREADY;
        mqtt_link_choose_version(c);
        mqtt_link_schedule(c, 0);
        return 0;
}

int mqtt_client_stop(struct mqtt_client *c, const struct mqtt_outgoing *last, uint64_t limit_usec) {
        int r;

        if (deadline_is_set(&c->limit) || c->state == MQTT_STOPPED)
                return -EALREADY;
        c->last = last ? mqtt_parcel_new(last) : NULL;
        if (last && !c->last)
                return -ENOMEM;
        deadline_clear(&c->timer);
        if (c->state == MQTT_IDLE || c->state == MQTT_WAITING) {
                c->state = MQTT_IDLE; /* nothing to wait for; `stopped` still comes from the loop */
                return deadline_set_usec(&c->limit, 0);
        }
        r = deadline_set_usec(&c->limit, limit_usec);
        if (r < 0)
                return r;
        if (c->state == MQTT_CONNECTING)
                c->state = MQTT_ABANDONING;
        else
                send_last(c);
        return 0;
}

bool mqtt_client_is_connected(const struct mqtt_client *c) {
        return c->state == MQTT_CONNECTED;
}

size_t mqtt_client_room(const struct mqtt_client *c) {
        return c->state == MQTT_CONNECTED ? mqtt_window_room(&c->window) : 0;
}

int mqtt_client_publish(struct mqtt_client *c, const struct mqtt_outgoing *m) {
        struct mqtt_parcel *p;

        if (c->state != MQTT_CONNECTED)
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

bool mqtt_client_has(const struct mqtt_client *c, uint64_t token) {
        return mqtt_window_has(&c->window, token);
}

const struct mqtt_counters *mqtt_client_counters(const struct mqtt_client *c) {
        return &c->counters;
}

const char *mqtt_client_url(const struct mqtt_client *c) {
        return c->state == MQTT_CONNECTED ? c->brokers[c->at].url.text : NULL;
}

int mqtt_client_version(const struct mqtt_client *c) {
        return c->state == MQTT_CONNECTED ? c->version : 0;
}
