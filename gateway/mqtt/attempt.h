/* One connection attempt: one Paho handle, one URL, one MQTT version; with report.h the only
 * place that knows Paho.
 * All functions are for the loop's thread; what happens arrives as notes. Between
 * mqtt_attempt_connect() and its CONNECTED or FAILED note nothing here may be called, for any
 * attempt: Paho resolves the name with its global lock held, so that every other call of Paho waits
 * for the name server. */
#pragma once

#include "mqtt/client.h"
#include "mqtt/notes.h"
#include "mqtt/url.h"

struct mqtt_attempt;

struct mqtt_attempt_setup { /* all borrowed until the attempt is freed, but `notes`, which is
                               referenced */
        const struct mqtt_options *options;
        const struct mqtt_url *url;
        int version; /* 5, 4 */
        unsigned generation;
        struct mqtt_notes *notes;
};

/* A handle that never connects: while there is one, Paho keeps its two threads, and freeing an
 * attempt never waits for them. */
struct mqtt_keeper; /* Paho's handle itself */

int mqtt_keeper_new(struct mqtt_keeper **ret);
void mqtt_keeper_free(struct mqtt_keeper *k); /* the last handle: about 1 s, see below */

int mqtt_attempt_new(const struct mqtt_attempt_setup *setup, struct mqtt_attempt **ret);

/* Blocks when this was Paho's last handle (it stops its two threads): about 1 s. Sends DISCONNECT
 * when still connected, so the broker forgets the will.
 * To be called before the next attempt is made: Paho 1.3.12 frees topic and payload of a PUBLISH
 * that a broken connection did not take, keeps the pointers, and frees them again here. It does so
 * only if they are Paho's memory once more, which they are if the next attempt got it. */
void mqtt_attempt_free(struct mqtt_attempt *a);

/* When freeing could block for ever, or must not say goodbye: the handle stays (and the
 * keeper's), until the process ends, which closes its socket. What it still reports is dropped by
 * the closed notes. */
void mqtt_attempt_abandon(struct mqtt_attempt *a);

int mqtt_attempt_connect(struct mqtt_attempt *a);
int mqtt_attempt_subscribe(struct mqtt_attempt *a);

/* `*ret_id` is given back by the ACKNOWLEDGED or REFUSED note (QoS 1). -EAGAIN: Paho takes no more
 * just now, or has lost the connection (a note says so); -ENOMEM; -EBADMSG: it will never take this
 * one. */
int mqtt_attempt_send(struct mqtt_attempt *a, const struct mqtt_outgoing *m, int *ret_id);

/* The DISCONNECTED note follows, unless the connection is gone (-ENOTCONN, or the LOST note). */
int mqtt_attempt_disconnect(struct mqtt_attempt *a);
