/* The border between Paho's threads and the event loop: a ring of notes behind a mutex, and an
 * eventfd that counts them. Paho's threads push and leave; the loop takes one note per wake-up, so
 * that whoever is called because of a note may free everything. A note needs no memory, so none
 * that matters is lost: only incoming messages are limited (and dropped, counted), all others
 * answer a call of ours. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/client.h"

#define MQTT_NOTES_MESSAGES_MAX 256 /* incoming messages that wait for the loop at most */
/* Acknowledgements are limited by the window, the others are one of a kind per attempt. */
#define MQTT_NOTES_OTHERS_MAX  (4 * MQTT_WINDOW + 16)
#define MQTT_INCOMING_SIZE_MAX (64 * 1024) /* payload, response topic and correlation data */

enum mqtt_note_kind {
        MQTT_NOTE_CONNECTED,     /* CONNACK: window, packet_max */
        MQTT_NOTE_FAILED,        /* no connection: code, text */
        MQTT_NOTE_TLS,           /* what OpenSSL said about it: text */
        MQTT_NOTE_SUBSCRIBED,    /* SUBACK: code and id (which) of the first refusal, 0 none */
        MQTT_NOTE_ACKNOWLEDGED,  /* PUBACK: id */
        MQTT_NOTE_REFUSED,       /* PUBACK with a reason: id, code */
        MQTT_NOTE_MESSAGE,       /* incoming */
        MQTT_NOTE_SERVER_LEAVES, /* MQTT 5 DISCONNECT from the broker: code */
        MQTT_NOTE_LOST,
        MQTT_NOTE_DISCONNECTED, /* our own DISCONNECT has gone out */
        MQTT_NOTE_ROOM,         /* the client's notes to itself: the window has room, */
        MQTT_NOTE_UNSUBSCRIBED, /* and what SUBSCRIBED said */
};

struct mqtt_note {
        enum mqtt_note_kind kind;
        unsigned generation; /* of the attempt that it comes from */
        int code, id;
        unsigned window;                /* the broker's receive maximum */
        uint32_t packet_max;            /* 0: no limit */
        char *text;                     /* owned, NULL */
        struct mqtt_incoming *incoming; /* owned, one allocation, NULL */
};

struct mqtt_notes; /* counted references: an attempt that had to be leaked keeps it alive */

int mqtt_notes_new(struct mqtt_notes **ret);
struct mqtt_notes *mqtt_notes_ref(struct mqtt_notes *n);
void mqtt_notes_unref(struct mqtt_notes *n);
int mqtt_notes_fd(const struct mqtt_notes *n);

/* From now on nothing is kept; the descriptor is gone. */
void mqtt_notes_close(struct mqtt_notes *n);

/* Any thread. Takes what the note owns, also when it is dropped. */
void mqtt_notes_push(struct mqtt_notes *n, const struct mqtt_note *note);
void mqtt_notes_count_dropped(struct mqtt_notes *n);

/* The loop: one note, if there is one, and how many messages were dropped since the last call. */
bool mqtt_notes_take(struct mqtt_notes *n, struct mqtt_note *ret, uint64_t *ret_dropped);
void mqtt_note_done(struct mqtt_note *note);
