#include "mqtt/homeassistant.h"

#include <stdio.h>
#include <string.h>

#include "mqtt/json.h"

#define PLAIN(field) "{{ value_json." field " }}"
/* Home Assistant takes 'None' as unknown; Python's True and False would be no state at all. */
#define IF_TRUE(field, then, otherwise)                                                            \
        "{{ 'None' if value_json." field " is none else '" then "' if value_json." field           \
        " else '" otherwise "' }}"

/* clang-format off */
struct component { /* one entity; all read the state topic of their device */
        const char *key, *platform, *name, *template;
        const char *device_class, *unit, *category, *icon; /* NULL none */
        bool numeric;      /* long-term statistics, no decimals */
        bool force_update; /* an equal value is a new point */
        bool disabled;     /* until the user wants it */
};

/* Keys are for ever: with the device's id they make the unique_id that carries a user's history. */
static const struct component gateway_components[] = {
        {.key = "adapter_problem", .platform = "binary_sensor", .name = "Bluetooth adapter",
         .template = "{{ 'OFF' if value_json.adapter.powered else 'ON' }}",
         .device_class = "problem", .category = "diagnostic"},
        {.key = "version", .platform = "sensor", .name = "Version",
         .template = PLAIN("version"), .category = "diagnostic", .icon = "mdi:tag"},
        {.key = "started", .platform = "sensor", .name = "Started",
         .template = PLAIN("started"), .device_class = "timestamp", .category = "diagnostic"},
};

static const struct component cuff_components[] = {
        {.key = "battery", .platform = "sensor", .name = "Battery",
         .template = PLAIN("battery"), .device_class = "battery", .unit = "%",
         .category = "diagnostic", .numeric = true},
        {.key = "battery_low", .platform = "binary_sensor", .name = "Battery low",
         .template = IF_TRUE("battery_low", "ON", "OFF"), .device_class = "battery",
         .category = "diagnostic"},
        {.key = "rssi", .platform = "sensor", .name = "Signal strength",
         .template = PLAIN("rssi"), .device_class = "signal_strength", .unit = "dBm",
         .category = "diagnostic", .numeric = true, .disabled = true},
        {.key = "last_seen", .platform = "sensor", .name = "Last seen",
         .template = PLAIN("last_seen"), .device_class = "timestamp", .category = "diagnostic"},
        {.key = "last_sync", .platform = "sensor", .name = "Last sync",
         .template = PLAIN("last_sync"), .device_class = "timestamp", .category = "diagnostic"},
        {.key = "clock_drift", .platform = "sensor", .name = "Clock drift",
         .template = PLAIN("clock_drift"), .device_class = "duration", .unit = "s",
         .category = "diagnostic", .numeric = true, .disabled = true},
        {.key = "sync_problem", .platform = "binary_sensor", .name = "Sync",
         .template = "{{ 'OFF' if value_json.sync_error is none else 'ON' }}",
         .device_class = "problem", .category = "diagnostic"},
};

/* No device_class for pressures: with `pressure` a Home Assistant in US units shows 121 mmHg as
 * 4.76 inHg. */
static const struct component user_components[] = {
        {.key = "systolic", .platform = "sensor", .name = "Systolic",
         .template = PLAIN("systolic"), .unit = "mmHg", .icon = "mdi:heart-pulse",
         .numeric = true, .force_update = true},
        {.key = "diastolic", .platform = "sensor", .name = "Diastolic",
         .template = PLAIN("diastolic"), .unit = "mmHg", .icon = "mdi:heart-pulse",
         .numeric = true, .force_update = true},
        {.key = "map", .platform = "sensor", .name = "Mean pressure", .template = PLAIN("map"),
         .unit = "mmHg", .icon = "mdi:heart-pulse", .numeric = true, .disabled = true},
        {.key = "pulse", .platform = "sensor", .name = "Pulse", .template = PLAIN("pulse"),
         .unit = "bpm", .icon = "mdi:heart", .numeric = true, .force_update = true},
        {.key = "pulse_pressure", .platform = "sensor", .name = "Pulse pressure",
         .template = PLAIN("pulse_pressure"), .unit = "mmHg", .icon = "mdi:heart-pulse",
         .numeric = true, .disabled = true},
        {.key = "measured_at", .platform = "sensor", .name = "Measured at",
         .template = PLAIN("measured_at"), .device_class = "timestamp"},
        {.key = "irregular_heartbeat", .platform = "binary_sensor",
         .name = "Irregular heartbeat",
         .template = IF_TRUE("irregular_heartbeat", "ON", "OFF"), .device_class = "problem"},
        {.key = "body_movement", .platform = "binary_sensor", .name = "Body movement",
         .template = IF_TRUE("body_movement", "ON", "OFF"), .device_class = "problem"},
        {.key = "cuff_fit", .platform = "binary_sensor", .name = "Cuff fit",
         .template = IF_TRUE("cuff_fit_ok", "OFF", "ON"), .device_class = "problem"},
        {.key = "position", .platform = "binary_sensor", .name = "Position",
         .template = IF_TRUE("position_ok", "OFF", "ON"), .device_class = "problem"},
};
/* clang-format on */

/* --- ids and topics --- */

static char *gateway_id(const struct homeassistant_context *c) {
        return strdup(c->inst);
}

static char *cuff_id(const struct homeassistant_context *c, const struct bdaddr *cuff) {
        char address[BDADDR_ID_SIZE], *id;

        bdaddr_to_id(cuff, address);
        return asprintf(&id, "%s_%s", c->inst, address) < 0 ? NULL : id;
}

static char *user_id(const struct homeassistant_context *c, const struct bdaddr *cuff,
                     uint8_t user) {
        char address[BDADDR_ID_SIZE], word[MESSAGE_USER_SIZE], *id;

        bdaddr_to_id(cuff, address);
        message_user_to_string(user, word);
        return asprintf(&id, "%s_%s_u%s", c->inst, address, word) < 0 ? NULL : id;
}

/* Takes `id`. */
static char *config_topic(const struct homeassistant_context *c, char *id) {
        _cleanup_(freep) char *owned = id;
        char *topic;

        if (!owned || asprintf(&topic, "%s/device/%s/config", c->prefix, owned) < 0)
                return NULL;
        return topic;
}

char *homeassistant_gateway_topic(const struct homeassistant_context *c) {
        return config_topic(c, gateway_id(c));
}

char *homeassistant_cuff_topic(const struct homeassistant_context *c, const struct bdaddr *cuff) {
        return config_topic(c, cuff_id(c, cuff));
}

char *homeassistant_user_topic(const struct homeassistant_context *c, const struct bdaddr *cuff,
                               uint8_t user) {
        return config_topic(c, user_id(c, cuff, user));
}

/* --- what all payloads share --- */

struct payload {
        struct json json;
        const struct homeassistant_context *context;
        const char *id;             /* of the device; NULL: memory ran out */
        cJSON *device, *components; /* inside */
};

/* Takes `state_topic`. An absent text is left out: Home Assistant refuses null in most places. */
static struct payload payload_begin(const struct homeassistant_context *c, const char *id,
                                    const char *name, char *state_topic) {
        _cleanup_(freep) char *owned = state_topic;
        _cleanup_(freep) char *availability = message_topic(c->base_topic, "bridge/state");
        struct payload p = {.json = json_begin(cJSON_CreateObject()), .context = c, .id = id};
        struct json *j = &p.json;
        cJSON *origin;

        j->failed |= !id || !owned || !availability;
        p.device = json_object(j, j->root, "device");
        json_text(j, json_array(j, p.device, "identifiers"), NULL, id);
        json_text_if_any(j, p.device, "name", name);
        origin = json_object(j, j->root, "origin");
        json_text(j, origin, "name", "cuff2mqtt");
        json_text_if_any(j, origin, "sw_version", c->version);
        json_text(j, json_object(j, json_array(j, j->root, "availability"), NULL), "topic",
                  availability);
        json_text(j, j->root, "state_topic", owned);
        p.components = json_object(j, j->root, "components");
        return p;
}

static cJSON *add_component(struct payload *p, const struct component *c) {
        cJSON *o = json_object(&p->json, p->components, c->key);
        _cleanup_(freep) char *unique_id = NULL;

        if (asprintf(&unique_id, "%s_%s", p->id, c->key) < 0)
                unique_id = NULL;
        p->json.failed |= !unique_id;
        json_text(&p->json, o, "platform", c->platform);
        json_text(&p->json, o, "unique_id", unique_id);
        json_text(&p->json, o, "name", c->name);
        json_text_if_any(&p->json, o, "value_template", c->template);
        json_text_if_any(&p->json, o, "device_class", c->device_class);
        json_text_if_any(&p->json, o, "unit_of_measurement", c->unit);
        json_text_if_any(&p->json, o, "entity_category", c->category);
        json_text_if_any(&p->json, o, "icon", c->icon);
        if (c->numeric) {
                json_text(&p->json, o, "state_class", "measurement");
                json_real(&p->json, o, "suggested_display_precision", 0);
        }
        if (c->force_update)
                json_bool(&p->json, o, "force_update", true);
        if (c->disabled)
                json_bool(&p->json, o, "enabled_by_default", false);
        json_real(&p->json, o, "qos", 1); /* not inherited before 2026 */
        return o;
}

static void add_components(struct payload *p, const struct component *components, size_t n) {
        for (size_t i = 0; i < n; i++)
                add_component(p, &components[i]);
}

/* Takes `topic`. */
static void add_topic(struct payload *p, cJSON *component, const char *key, char *topic) {
        _cleanup_(freep) char *owned = topic;

        p->json.failed |= !owned;
        json_text(&p->json, component, key, owned);
}

/* --- the three devices --- */

/* The link to the broker, told by birth and will: its own availability would hide it when it is
 * off. */
static void add_connection(struct payload *p) {
        static const struct component connection = {.key = "connection",
                                                    .platform = "binary_sensor",
                                                    .name = "Connection",
                                                    .device_class = "connectivity",
                                                    .category = "diagnostic"};
        cJSON *o = add_component(p, &connection);

        add_topic(p, o, "state_topic", message_topic(p->context->base_topic, "bridge/state"));
        json_text(&p->json, o, "payload_on", "online");
        json_text(&p->json, o, "payload_off", "offline");
        json_array(&p->json, o, "availability");
}

static void add_pairing(struct payload *p) {
        static const struct component pairing = {
                .key = "pairing",
                .platform = "switch",
                .name = "Pairing",
                .template = "{{ 'ON' if value_json.pairing.active else 'OFF' }}",
                .category = "config",
                .icon = "mdi:bluetooth-connect"};
        cJSON *o = add_component(p, &pairing);

        add_topic(p, o, "command_topic",
                  message_topic(p->context->base_topic, "bridge/request/pairing"));
        json_text(&p->json, o, "payload_on", "{\"active\":true}");
        json_text(&p->json, o, "payload_off", "{\"active\":false}");
        json_text(&p->json, o, "state_on", "ON");
        json_text(&p->json, o, "state_off", "OFF");
}

/* What was said last, for whoever stands in front of it while a cuff is paired. A state has 255
 * characters at most. */
static void add_last_event(struct payload *p) {
        static const struct component last_event = {
                .key = "last_event",
                .platform = "sensor",
                .name = "Last event",
                .template = "{% set d = value_json.data %}{{ (d.get('text') or "
                            "[d.get('cause') or d.get('reason'), d.get('remedy')] | select | "
                            "join('. ') or value_json.type)[:255] }}",
                .category = "diagnostic",
                .icon = "mdi:message-text-clock"};
        cJSON *o = add_component(p, &last_event);

        add_topic(p, o, "state_topic", message_topic(p->context->base_topic, "bridge/event"));
}

char *homeassistant_gateway(const struct homeassistant_context *c, const char *hostname) {
        _cleanup_(freep) char *id = gateway_id(c), *name = NULL;
        struct payload p;

        if (asprintf(&name, "cuff2mqtt %s", hostname ? hostname : "") < 0)
                return NULL;
        if (!hostname || !*hostname)
                name[strlen("cuff2mqtt")] = '\0';
        p = payload_begin(c, id, name, message_topic(c->base_topic, "bridge/info"));
        json_text(&p.json, p.device, "manufacturer", "cuff2mqtt");
        json_text(&p.json, p.device, "model", "Blood pressure gateway");
        json_text_if_any(&p.json, p.device, "sw_version", c->version);
        add_components(&p, gateway_components, ELEMENTS(gateway_components));
        add_connection(&p);
        add_pairing(&p);
        add_last_event(&p);
        return json_end(&p.json);
}

static const char *cuff_name(const struct message_cuff *cuff) {
        if (cuff->name && *cuff->name)
                return cuff->name;
        return cuff->model && *cuff->model ? cuff->model : "Blood pressure cuff";
}

char *homeassistant_cuff(const struct homeassistant_context *c, const struct message_cuff *cuff) {
        _cleanup_(freep) char *id = cuff_id(c, &cuff->address);
        struct payload p =
                payload_begin(c, id, cuff_name(cuff),
                              message_device_topic(c->base_topic, &cuff->address, "state"));
        char address[BDADDR_STRING_SIZE];
        cJSON *connection;

        bdaddr_to_string(&cuff->address, address);
        connection = json_array(&p.json, json_array(&p.json, p.device, "connections"), NULL);
        json_text(&p.json, connection, NULL, "bluetooth");
        json_text(&p.json, connection, NULL, address);
        json_text_if_any(&p.json, p.device, "manufacturer", cuff->manufacturer);
        json_text_if_any(&p.json, p.device, "model", cuff->model);
        json_text_if_any(&p.json, p.device, "sw_version", cuff->firmware);
        json_text_if_any(&p.json, p.device, "hw_version", cuff->hardware);
        json_text_if_any(&p.json, p.device, "serial_number", cuff->serial);
        json_text(&p.json, p.device, "via_device", c->inst);
        add_components(&p, cuff_components, ELEMENTS(cuff_components));
        return json_end(&p.json);
}

/* The person's name, or "Evolv user 1". */
static char *user_name(const struct message_cuff *cuff, const struct message_user *user) {
        char word[MESSAGE_USER_SIZE], *name;

        if (user->name && *user->name)
                return strdup(user->name);
        message_user_to_string(user->user, word);
        return asprintf(&name, "%s user %s", cuff_name(cuff), word) < 0 ? NULL : name;
}

static void add_event(struct payload *p, const struct bdaddr *cuff, uint8_t user) {
        static const struct component event = {.key = "measurement",
                                               .platform = "event",
                                               .name = "Measurement",
                                               .icon = "mdi:heart-plus"};
        cJSON *o = add_component(p, &event);

        add_topic(p, o, "state_topic",
                  message_user_topic(p->context->base_topic, cuff, user, "event"));
        json_text(&p->json, json_array(&p->json, o, "event_types"), NULL, "measurement");
}

char *homeassistant_user(const struct homeassistant_context *c, const struct message_cuff *cuff,
                         const struct message_user *user) {
        _cleanup_(freep) char *id = user_id(c, &cuff->address, user->user);
        _cleanup_(freep) char *parent = cuff_id(c, &cuff->address);
        _cleanup_(freep) char *name = user_name(cuff, user);
        struct payload p = payload_begin(
                c, id, name,
                message_user_topic(c->base_topic, &cuff->address, user->user, "measurement"));

        p.json.failed |= !name || !parent;
        json_text(&p.json, p.device, "via_device", parent);
        add_components(&p, user_components, ELEMENTS(user_components));
        add_event(&p, &cuff->address, user->user);
        return json_end(&p.json);
}
