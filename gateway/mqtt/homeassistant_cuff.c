/* A cuff's device. */
#include <stdio.h>

#include "mqtt/homeassistant_parts.h"

/* clang-format off */

/* Keys are for ever: with the device's id they make the unique_id that carries a user's history. */
static const struct component components[] = {
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
        {.key = "unread", .platform = "sensor", .name = "Unread measurements",
         .template = PLAIN("unread"), .category = "diagnostic", .icon = "mdi:counter", .numeric = true},
        /* The reason can be longer than a state may be. */
        {.key = "sync_problem", .platform = "binary_sensor", .name = "Sync",
         .template = "{{ 'OFF' if value_json.sync_error is none else 'ON' }}",
         .attributes = "{{ {'reason': value_json.sync_error} | tojson }}",
         .device_class = "problem", .category = "diagnostic"},
};

static const struct component sync_button = {
        .key = "sync", .platform = "button", .name = "Sync now", .request = "device/sync",
        .icon = "mdi:sync"};

/* One press forgets the cuff. */
static const struct component remove_button = {
        .key = "remove", .platform = "button", .name = "Remove", .request = "device/remove",
        .category = "config", .icon = "mdi:delete", .disabled = true};

static const struct component name = {
        .key = "name", .platform = "text", .name = "Name", .topic = "bridge/devices",
        .request = "device/rename", .category = "config", .icon = "mdi:rename-box"};

/* clang-format on */

static void add_buttons(struct payload *p, const char *id) {
        homeassistant_add_text(p, homeassistant_add(p, &sync_button), "payload_press",
                               message_object("device", id, NULL));
        homeassistant_add_text(p, homeassistant_add(p, &remove_button), "payload_press",
                               message_object("device", id, NULL));
}

/* Without a cuff, while it is being removed, there is still a letter: Home Assistant reports a text
 * that is too short as an error of its own. */
static void add_name(struct payload *p, const char *id) {
        char *value, *command;

        if (asprintf(&value,
                     "{%% for c in value_json if c.id == '%s' %%}{{ c.name }}{%% else %%}-"
                     "{%% endfor %%}",
                     id) < 0)
                value = NULL;
        if (asprintf(&command, "{\"device\":\"%s\",\"name\":{{ value | tojson }}}", id) < 0)
                command = NULL;
        homeassistant_add_name(p, &name, 1, value, command);
}

static void add_connection(struct payload *p, const struct bdaddr *cuff) {
        char address[BDADDR_STRING_SIZE];
        cJSON *connection =
                json_array(&p->json, json_array(&p->json, p->device, "connections"), NULL);

        bdaddr_to_string(cuff, address);
        json_text(&p->json, connection, NULL, "bluetooth");
        json_text(&p->json, connection, NULL, address);
}

char *homeassistant_cuff(const struct homeassistant_context *c, const struct message_cuff *cuff) {
        _cleanup_(freep) char *id = homeassistant_cuff_id(c, &cuff->address),
                              *state = message_device_topic(c->base_topic, &cuff->address, "state");
        struct payload p = homeassistant_begin(c, id, homeassistant_cuff_name(cuff), state);
        char address[BDADDR_ID_SIZE];

        bdaddr_to_id(&cuff->address, address);
        add_connection(&p, &cuff->address);
        json_text_if_any(&p.json, p.device, "manufacturer", cuff->manufacturer);
        json_text_if_any(&p.json, p.device, "model", cuff->model);
        json_text_if_any(&p.json, p.device, "sw_version", cuff->firmware);
        json_text_if_any(&p.json, p.device, "hw_version", cuff->hardware);
        json_text_if_any(&p.json, p.device, "serial_number", cuff->serial);
        json_text(&p.json, p.device, "via_device", c->inst);
        homeassistant_add_all(&p, components, ELEMENTS(components));
        add_buttons(&p, address);
        add_name(&p, address);
        return json_end(&p.json);
}
