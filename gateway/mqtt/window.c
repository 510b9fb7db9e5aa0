#include "mqtt/window.h"

#include <errno.h>
#include <stdlib.h>

void mqtt_window_init(struct mqtt_window *w) {
        *w = (struct mqtt_window){.size = MQTT_WINDOW};
        mqtt_parcels_init(&w->waiting);
}

void mqtt_window_clear(struct mqtt_window *w) {
        mqtt_parcels_clear(&w->waiting);
        w->n_flying = 0;
}

bool mqtt_window_is_empty(const struct mqtt_window *w) {
        return w->n_flying == 0 && w->waiting.n == 0;
}

size_t mqtt_window_room(const struct mqtt_window *w) {
        size_t busy = w->n_flying + w->waiting.n;

        return busy < w->size ? w->size - busy : 0;
}

bool mqtt_window_has(const struct mqtt_window *w, uint64_t token) {
        for (size_t i = 0; i < w->n_flying; i++)
                if (w->flying[i].token == token)
                        return true;
        for (const struct mqtt_parcel *p = w->waiting.first; p; p = p->next)
                if (p->message.token == token)
                        return true;
        return false;
}

int mqtt_window_pump(struct mqtt_window *w, struct mqtt_attempt *a,
                     struct mqtt_counters *counters) {
        while (w->waiting.first) {
                const struct mqtt_outgoing *m = &w->waiting.first->message;
                int id, r;

                if (m->qos > 0 && w->n_flying >= w->size)
                        break;
                r = mqtt_attempt_send(a, m, &id);
                if (r == -EAGAIN && m->qos > 0)
                        break;
                if (r == -ENOMEM)
                        return r;
                if (r < 0)
                        counters->dropped++;
                else if (m->qos == 0)
                        counters->published++;
                else {
                        w->flying[w->n_flying].id = id;
                        w->flying[w->n_flying++].token = m->token;
                }
                free(mqtt_parcels_take(&w->waiting));
        }
        return 0;
}

int mqtt_window_land(struct mqtt_window *w, int id, uint64_t *ret_token) {
        for (size_t i = 0; i < w->n_flying; i++)
                if (w->flying[i].id == id) {
                        *ret_token = w->flying[i].token;
                        w->flying[i] = w->flying[--w->n_flying];
                        return 0;
                }
        return -ENOENT;
}
