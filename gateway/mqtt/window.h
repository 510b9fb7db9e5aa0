/* What goes out over one connection: messages that wait, and those that fly (sent, not
 * acknowledged). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mqtt/attempt.h"
#include "mqtt/client.h"
#include "mqtt/parcel.h"

struct mqtt_window {
        struct mqtt_parcels waiting;
        struct {
                int id; /* Paho's */
                uint64_t token;
        } flying[MQTT_WINDOW];
        size_t n_flying;
        size_t size; /* MQTT_WINDOW, or what the broker allows if that is less */
};

void mqtt_window_init(struct mqtt_window *w);
void mqtt_window_clear(struct mqtt_window *w); /* forgets all messages */

bool mqtt_window_is_empty(const struct mqtt_window *w);
size_t mqtt_window_room(const struct mqtt_window *w);
bool mqtt_window_has(const struct mqtt_window *w, uint64_t token); /* waiting or flying */

/* Sends what the window lets out, in order. QoS 0 keeps its place in the queue, but needs none in
 * the window: it is published when it is sent. What Paho refuses for good is dropped. 0, or
 * -ENOMEM: the rest waits. */
int mqtt_window_pump(struct mqtt_window *w, struct mqtt_attempt *a, struct mqtt_counters *counters);

/* Acknowledged or refused: 0 and the token, or -ENOENT. */
int mqtt_window_land(struct mqtt_window *w, int id, uint64_t *ret_token);
