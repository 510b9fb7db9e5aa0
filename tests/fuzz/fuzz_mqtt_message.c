/* Whatever a broker hands over: topics, payloads and MQTT 5 properties of any number, order and
 * size. Holds: what the loop takes is what came, complete and followed by a NUL; what is too large
 * is counted and not kept; nothing is lost between the two.
 *
 * Input: topic size and its bytes; payload size in two, its byte; then properties: which, size in
 * two, byte. */
#include <string.h>

#include <MQTTAsync.h>

#include "fuzz/input.h"
#include "fuzz/property.h"
#include "mqtt/notes.h"
#include "mqtt/report.h"

#define PROPERTIES_MAX 12

static const enum MQTTPropertyCodes kinds[] = {
        MQTTPROPERTY_CODE_RESPONSE_TOPIC,
        MQTTPROPERTY_CODE_CORRELATION_DATA,
        MQTTPROPERTY_CODE_CONTENT_TYPE,
        MQTTPROPERTY_CODE_USER_PROPERTY,
        MQTTPROPERTY_CODE_PAYLOAD_FORMAT_INDICATOR,
        MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL,
        MQTTPROPERTY_CODE_SUBSCRIPTION_IDENTIFIER,
        MQTTPROPERTY_CODE_TOPIC_ALIAS,
};

/* What the first of its kind holds. */
struct wanted {
        size_t response_size, correlation_size;
        bool has_response, has_correlation;
        char response_byte, correlation_byte;
};

static void add_property(MQTTProperties *properties, struct input *in, struct wanted *w) {
        static char bytes[0x10000];
        MQTTProperty p = {.identifier = kinds[take(in) % (sizeof kinds / sizeof kinds[0])]};
        size_t n = take_two(in);
        char byte = (char) take(in);

        memset(bytes, byte, n);
        p.value.data = (MQTTLenString){(int) n, bytes};
        if (p.identifier == MQTTPROPERTY_CODE_RESPONSE_TOPIC && !w->has_response) {
                w->has_response = true;
                w->response_size = n;
                w->response_byte = byte;
        } else if (p.identifier == MQTTPROPERTY_CODE_CORRELATION_DATA && !w->has_correlation) {
                w->has_correlation = true;
                w->correlation_size = n;
                w->correlation_byte = byte;
        } else if (p.identifier == MQTTPROPERTY_CODE_USER_PROPERTY) {
                p.value.value = (MQTTLenString){(int) n, bytes};
        } else if (p.identifier != MQTTPROPERTY_CODE_RESPONSE_TOPIC &&
                   p.identifier != MQTTPROPERTY_CODE_CORRELATION_DATA &&
                   p.identifier != MQTTPROPERTY_CODE_CONTENT_TYPE) {
                p.value.integer4 = (unsigned) n;
        }
        REQUIRE(MQTTProperties_add(properties, &p) == 0);
}

static bool is_filled(const char *bytes, size_t n, char byte) {
        for (size_t i = 0; i < n; i++)
                if (bytes[i] != byte)
                        return false;
        return true;
}

static void require_same(const struct mqtt_incoming *m, const char *topic, size_t payload,
                         char byte, const struct wanted *w) {
        REQUIRE(strcmp(m->topic, topic) == 0);
        REQUIRE(m->payload_size == payload && is_filled(m->payload, payload, byte));
        REQUIRE(m->payload[payload] == '\0');
        REQUIRE((m->response_topic != NULL) == w->has_response);
        if (w->has_response) {
                REQUIRE(is_filled(m->response_topic, w->response_size, w->response_byte));
                REQUIRE(m->response_topic[w->response_size] == '\0');
        }
        REQUIRE((m->correlation != NULL) == w->has_correlation);
        REQUIRE(m->correlation_size == w->correlation_size);
        REQUIRE(is_filled(m->correlation, w->correlation_size, w->correlation_byte));
}

static char *paho_copy(const void *bytes, size_t n) {
        char *copy = MQTTAsync_malloc(n + 1);

        REQUIRE(copy);
        if (n > 0)
                memcpy(copy, bytes, n);
        copy[n] = '\0';
        return copy;
}

static void report(struct mqtt_report *r, struct input *in) {
        static char payload[0x10000];
        MQTTAsync_message *m = MQTTAsync_malloc(sizeof *m), empty = MQTTAsync_message_initializer;
        size_t topic_size = take(in), left = (size_t) (in->end - in->at), n;
        struct wanted w = {0};
        struct mqtt_note note = {0};
        uint64_t dropped = 0;
        char topic[256], byte;
        bool whole, small;

        topic_size = topic_size < left ? topic_size : left;
        memcpy(topic, in->at, topic_size);
        topic[topic_size] = '\0';
        in->at += topic_size;
        whole = strlen(topic) == topic_size; /* no NUL inside */
        n = take_two(in);
        byte = (char) take(in);
        memset(payload, byte, n);
        *m = empty;
        m->payload = paho_copy(payload, n);
        m->payloadlen = (int) n;
        for (unsigned i = take(in) % PROPERTIES_MAX; i > 0; i--)
                add_property(&m->properties, in, &w);
        small = n + w.response_size + w.correlation_size <= MQTT_INCOMING_SIZE_MAX;
        REQUIRE(mqtt_report_message(r, paho_copy(topic, topic_size), (int) topic_size, m) == 1);
        if (!mqtt_notes_take(r->notes, &note, &dropped)) {
                REQUIRE(dropped == 1 && (!whole || !small));
                return;
        }
        REQUIRE(dropped == 0 && note.kind == MQTT_NOTE_MESSAGE && small);
        require_same(note.incoming, topic, n, byte, &w);
        mqtt_note_done(&note);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static MQTTAsync handle; /* Paho's memory is made ready with the first */
        struct mqtt_report r = {.generation = 1};
        struct input in = {data, data + n};

        if (!handle)
                REQUIRE(MQTTAsync_create(&handle, "tcp://127.0.0.1:1", "x",
                                         MQTTCLIENT_PERSISTENCE_NONE, NULL) == MQTTASYNC_SUCCESS);
        REQUIRE(mqtt_notes_new(&r.notes) == 0);
        for (int i = 0; i < 8 && in.at < in.end; i++)
                report(&r, &in);
        mqtt_notes_unref(r.notes);
        return 0;
}
