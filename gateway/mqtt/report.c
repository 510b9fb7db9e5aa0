#include "mqtt/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

#define REFUSAL_MIN 0x80 /* MQTT reason codes from here on are refusals */

static void push(const struct mqtt_report *r, struct mqtt_note note) {
        note.generation = r->generation;
        mqtt_notes_push(r->notes, &note);
}

static void push_failed(const struct mqtt_report *r, int code, const char *message) {
        push(r, (struct mqtt_note){.kind = MQTT_NOTE_FAILED,
                                   .code = code,
                                   .text = message ? strdup(message) : NULL});
}

void mqtt_report_connected(void *context, MQTTAsync_successData *data) {
        push(context, (struct mqtt_note){.kind = MQTT_NOTE_CONNECTED, .window = MQTT_WINDOW});
}

void mqtt_report_connected5(void *context, MQTTAsync_successData5 *data) {
        struct mqtt_note note = {.kind = MQTT_NOTE_CONNECTED, .window = MQTT_WINDOW};

        for (int i = 0; i < data->properties.count; i++) {
                const MQTTProperty *p = &data->properties.array[i];

                if (p->identifier == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)
                        note.window = p->value.integer2;
                else if (p->identifier == MQTTPROPERTY_CODE_MAXIMUM_PACKET_SIZE)
                        note.packet_max = p->value.integer4;
        }
        push(context, note);
}

void mqtt_report_failed(void *context, MQTTAsync_failureData *data) {
        push_failed(context, data ? data->code : MQTTASYNC_FAILURE, data ? data->message : NULL);
}

void mqtt_report_failed5(void *context, MQTTAsync_failureData5 *data) {
        int code = data ? data->code : MQTTASYNC_FAILURE;

        if (data && code <= 0 && data->reasonCode > 0)
                code = (int) data->reasonCode;
        push_failed(context, code, data ? data->message : NULL);
}

int mqtt_report_tls_error(const char *text, size_t n, void *context) {
        struct mqtt_report *r = context;

        if (!r->tls_told) /* the first line is the cause */
                push(r, (struct mqtt_note){.kind = MQTT_NOTE_TLS, .text = strndup(text, n)});
        r->tls_told = true;
        return 1;
}

static void push_subscribed(const struct mqtt_report *r, const int *codes, size_t n) {
        struct mqtt_note note = {.kind = MQTT_NOTE_SUBSCRIBED};

        for (size_t i = n; codes && i-- > 0;)
                if (codes[i] >= REFUSAL_MIN) {
                        note.code = codes[i];
                        note.id = (int) i;
                }
        push(r, note);
}

void mqtt_report_subscribed(void *context, MQTTAsync_successData *data) {
        const struct mqtt_report *r = context;
        size_t n = r->n_subscriptions;

        push_subscribed(r, n == 1 ? &data->alt.qos : data->alt.qosList, n);
}

void mqtt_report_subscribed5(void *context, MQTTAsync_successData5 *data) {
        const struct mqtt_report *r = context;
        size_t n = r->n_subscriptions;
        int one = (int) data->reasonCode;
        _cleanup_(freep) int *codes = n > 1 ? calloc(n, sizeof *codes) : NULL;

        for (size_t i = 0; codes && data->alt.sub.reasonCodes && i < n; i++)
                codes[i] = (int) data->alt.sub.reasonCodes[i];
        push_subscribed(r, n == 1 ? &one : codes, n);
}

/* A single subscription that is refused; or the connection went (negative): the LOST note says
 * more. */
void mqtt_report_not_subscribed(void *context, MQTTAsync_failureData *data) {
        if (data && data->code >= REFUSAL_MIN)
                push_subscribed(context, &data->code, 1);
}

void mqtt_report_not_subscribed5(void *context, MQTTAsync_failureData5 *data) {
        int code = data ? (int) data->reasonCode : 0;

        if (code >= REFUSAL_MIN)
                push_subscribed(context, &code, 1);
}

void mqtt_report_sent(void *context, MQTTAsync_successData *data) {
        push(context, (struct mqtt_note){.kind = MQTT_NOTE_ACKNOWLEDGED, .id = data->token});
}

void mqtt_report_sent5(void *context, MQTTAsync_successData5 *data) {
        bool refused = (int) data->reasonCode >= REFUSAL_MIN;

        push(context,
             (struct mqtt_note){.kind = refused ? MQTT_NOTE_REFUSED : MQTT_NOTE_ACKNOWLEDGED,
                                .id = data->token,
                                .code = (int) data->reasonCode});
}

/* Negative codes mean "unknown": the connection went, and the client forgets its window anyway. */
void mqtt_report_not_sent5(void *context, MQTTAsync_failureData5 *data) {
        if (data && (int) data->reasonCode >= REFUSAL_MIN)
                push(context, (struct mqtt_note){.kind = MQTT_NOTE_REFUSED,
                                                 .id = data->token,
                                                 .code = (int) data->reasonCode});
}

void mqtt_report_disconnected(void *context, MQTTAsync_successData *data) {
        push(context, (struct mqtt_note){.kind = MQTT_NOTE_DISCONNECTED});
}

void mqtt_report_disconnected5(void *context, MQTTAsync_successData5 *data) {
        push(context, (struct mqtt_note){.kind = MQTT_NOTE_DISCONNECTED});
}

void mqtt_report_server_leaves(void *context, MQTTProperties *properties,
                               enum MQTTReasonCodes code) {
        push(context, (struct mqtt_note){.kind = MQTT_NOTE_SERVER_LEAVES, .code = (int) code});
}

void mqtt_report_lost(void *context, char *cause) {
        push(context, (struct mqtt_note){.kind = MQTT_NOTE_LOST});
}

static const MQTTLenString *find_string(const MQTTProperties *list, enum MQTTPropertyCodes which) {
        for (int i = 0; i < list->count; i++)
                if (list->array[i].identifier == which)
                        return &list->array[i].value.data;
        return NULL;
}

/* The view and its bytes in one allocation; every part is followed by a NUL. */
static struct mqtt_incoming *copy_message(const char *topic, const MQTTAsync_message *m) {
        const MQTTLenString *response =
                find_string(&m->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
        const MQTTLenString *correlation =
                find_string(&m->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);
        size_t topic_size = strlen(topic) + 1, payload_size = (size_t) m->payloadlen;
        size_t response_size = response ? (size_t) response->len : 0;
        size_t correlation_size = correlation ? (size_t) correlation->len : 0;
        struct mqtt_incoming *copy = calloc(1, sizeof *copy + topic_size + payload_size + 1 +
                                                       response_size + 1 + correlation_size);
        char *at;

        if (!copy)
                return NULL;
        at = (char *) (copy + 1);
        copy->topic = memcpy(at, topic, topic_size);
        at += topic_size;
        copy->payload = payload_size ? memcpy(at, m->payload, payload_size) : at;
        copy->payload_size = payload_size;
        at += payload_size + 1;
        if (response)
                copy->response_topic = memcpy(at, response->data, response_size);
        at += response_size + 1;
        if (correlation)
                copy->correlation = memcpy(at, correlation->data, correlation_size);
        copy->correlation_size = correlation_size;
        copy->retained = m->retained;
        copy->redelivered = m->dup;
        return copy;
}

/* All that a sender chooses the size of, but for the topic, which the rights at the broker limit.
 */
static bool is_too_large(MQTTAsync_message *m) {
        const MQTTLenString *response =
                find_string(&m->properties, MQTTPROPERTY_CODE_RESPONSE_TOPIC);
        const MQTTLenString *correlation =
                find_string(&m->properties, MQTTPROPERTY_CODE_CORRELATION_DATA);

        return m->payloadlen < 0 || (size_t) m->payloadlen +
                                                    (response ? (size_t) response->len : 0) +
                                                    (correlation ? (size_t) correlation->len : 0) >
                                            MQTT_INCOMING_SIZE_MAX;
}

/* Paho gives topic and message away; freeing them takes no lock that matters. `length` is 0 or the
 * topic's; a NUL inside is forbidden by MQTT. */
int mqtt_report_message(void *context, char *topic, int length, MQTTAsync_message *m) {
        const struct mqtt_report *r = context;
        struct mqtt_incoming *copy = NULL;

        if ((length == 0 || strlen(topic) == (size_t) length) && !is_too_large(m))
                copy = copy_message(topic, m);
        if (copy)
                push(r, (struct mqtt_note){.kind = MQTT_NOTE_MESSAGE, .incoming = copy});
        else
                mqtt_notes_count_dropped(r->notes);
        MQTTAsync_freeMessage(&m);
        MQTTAsync_free(topic);
        return 1;
}
