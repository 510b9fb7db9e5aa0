#include "mqtt/parcel.h"

#include <stdlib.h>
#include <string.h>

struct mqtt_parcel *mqtt_parcel_new(const struct mqtt_outgoing *m) {
        size_t topic = strlen(m->topic) + 1, payload = strlen(m->payload) + 1;
        size_t correlation = m->correlation ? m->correlation_size : 0;
        struct mqtt_parcel *p = malloc(sizeof *p + topic + payload + correlation);
        char *bytes;

        if (!p)
                return NULL;
        bytes = (char *) (p + 1);
        p->next = NULL;
        p->message = *m;
        p->message.topic = memcpy(bytes, m->topic, topic);
        p->message.payload = memcpy(bytes + topic, m->payload, payload);
        if (correlation > 0)
                p->message.correlation =
                        memcpy(bytes + topic + payload, m->correlation, correlation);
        else
                p->message.correlation = NULL;
        return p;
}

static size_t variable_integer_size(size_t value) {
        return value < 128 ? 1 : value < 128 * 128 ? 2 : value < 128 * 128 * 128 ? 3 : 4;
}

size_t mqtt_parcel_packet_size(const struct mqtt_outgoing *m) {
        size_t properties =
                (m->expiry_s ? 1 + 4 : 0) + (m->correlation ? 1 + 2 + m->correlation_size : 0);
        size_t rest = 2 + strlen(m->topic) + (m->qos ? 2 : 0) + variable_integer_size(properties) +
                      properties + strlen(m->payload);

        return 1 + variable_integer_size(rest) + rest;
}

void mqtt_parcels_init(struct mqtt_parcels *q) {
        *q = (struct mqtt_parcels){.end = &q->first};
}

void mqtt_parcels_put(struct mqtt_parcels *q, struct mqtt_parcel *p) {
        *q->end = p;
        q->end = &p->next;
        q->n++;
}

struct mqtt_parcel *mqtt_parcels_take(struct mqtt_parcels *q) {
        struct mqtt_parcel *p = q->first;

        if (!p)
                return NULL;
        q->first = p->next;
        if (!q->first)
                q->end = &q->first;
        q->n--;
        return p;
}

void mqtt_parcels_clear(struct mqtt_parcels *q) {
        while (q->first)
                free(mqtt_parcels_take(q));
}
