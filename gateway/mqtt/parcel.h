/* A message on its way out: a copy of what the caller gave, in one allocation, and the queue of
 * those that wait for the window. */
#pragma once

#include <stddef.h>

#include "mqtt/client.h"

struct mqtt_parcel {
        struct mqtt_parcel *next;
        struct mqtt_outgoing message; /* its pointers point behind this struct */
};

struct mqtt_parcels { /* first in, first out */
        struct mqtt_parcel *first, **end;
        size_t n;
};

struct mqtt_parcel *
mqtt_parcel_new(const struct mqtt_outgoing *m); /* to be freed; NULL no memory */

/* Bytes of the whole PUBLISH packet (MQTT 5, 3.3). */
size_t mqtt_parcel_packet_size(const struct mqtt_outgoing *m);

void mqtt_parcels_init(struct mqtt_parcels *q);
void mqtt_parcels_put(struct mqtt_parcels *q, struct mqtt_parcel *p); /* takes it */
struct mqtt_parcel *mqtt_parcels_take(struct mqtt_parcels *q);        /* NULL when empty */
void mqtt_parcels_clear(struct mqtt_parcels *q);
