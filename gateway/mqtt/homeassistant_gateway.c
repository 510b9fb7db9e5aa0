/* The gateway's device. */
#include <stdio.h>

#include "mqtt/homeassistant_parts.h"

/* clang-format off */

/* Keys are for ever: with the device's id they make the unique_id that carries a user's history. */
static const struct component components[] = {
        {.key = "adapter_problem", .platform = "binary_sensor", .name = "Bluetooth adapter",
         .template = "{{ 'OFF' if value_json.adapter.powered else 'ON' }}",
         .device_class = "problem", .category = "diagnostic"},
        {.key = "version", .platform = "sensor", .name = "Version",
         .template = PLAIN("version"), .category = "diagnostic", .icon = "mdi:tag"},
        {.key = "started", .platform = "sensor", .name = "Started",
         .template = PLAIN("started"), .device_class = "timestamp", .category = "diagnostic"},
        /* What was said last, for whoever stands in front of it while a cuff is paired. A state has
         * 255 characters at most. */
        {.key = "last_event", .platform = "sensor", .name = "Last event", .topic = "bridge/event",
         .template = "{% set d = value_json.data %}{{ (d.get('text') or "
                     "[d.get('cause') or d.get('reason'), d.get('remedy')] | select | "
                     "join('. ') or value_json.type)[:255] }}",
         .category = "diagnostic", .icon = "mdi:message-text-clock"},
};

static const struct component connection = {
        .key = "connection", .platform = "binary_sensor", .name = "Connection", .topic = "bridge/state",
        .device_class = "connectivity", .category = "diagnostic"};

static const struct component pairing = {
        .key = "pairing", .platform = "switch", .name = "Pairing",
        .template = "{{ 'ON' if value_json.pairing.active else 'OFF' }}", .request = "pairing",
        .category = "config", .icon = "mdi:bluetooth-connect"};

static const struct component log_level = {
        .key = "log_level", .platform = "select", .name = "Log level",
        .template = PLAIN("log_level"), .request = "options",
        .category = "config", .icon = "mdi:text-box-search-outline"};

static const struct component restart = {
        .key = "restart", .platform = "button", .name = "Restart", .request = "restart",
        .device_class = "restart", .category = "config"};

/* clang-format on */

/* The link to the broker, told by birth and will: its own availability would hide it when it is
 * off. */
static void add_connection(struct payload *p) {
        cJSON *o = homeassistant_add(p, &connection);

        json_text(&p->json, o, "payload_on", "online");
        json_text(&p->json, o, "payload_off", "offline");
        json_array(&p->json, o, "availability");
}

static void add_pairing(struct payload *p) {
        cJSON *o = homeassistant_add(p, &pairing);

        json_text(&p->json, o, "payload_on", "{\"active\":true}");
        json_text(&p->json, o, "payload_off", "{\"active\":false}");
        json_text(&p->json, o, "state_on", "ON");
        json_text(&p->json, o, "state_off", "OFF");
}

/* Not where the configuration says what it is: the choice would be refused. */
static void add_log_level(struct payload *p) {
        static const char *const levels[] = {"error", "warning", "info", "debug"};
        cJSON *o, *options;

        if (p->context->log_level_fixed) {
                homeassistant_withdraw(p, &log_level);
                return;
        }
        o = homeassistant_add(p, &log_level);
        json_text(&p->json, o, "command_template",
                  "{\"options\":{\"log_level\":{{ value | tojson }}}}");
        options = json_array(&p->json, o, "options");
        for (size_t i = 0; i < ELEMENTS(levels); i++)
                json_text(&p->json, options, NULL, levels[i]);
}

char *homeassistant_gateway(const struct homeassistant_context *c, const char *hostname) {
        _cleanup_(freep) char *id = homeassistant_gateway_id(c),
                              *state = message_topic(c->base_topic, "bridge/info"), *name = NULL;
        struct payload p;

        if (asprintf(&name, "cuff2mqtt %s", hostname ? hostname : "") < 0)
                return NULL;
        if (!hostname || !*hostname)
                name[strlen("cuff2mqtt")] = '\0';
        p = homeassistant_begin(c, id, name, state);
        json_text(&p.json, p.device, "manufacturer", "cuff2mqtt");
        json_text(&p.json, p.device, "model", "Blood pressure gateway");
        json_text_if_any(&p.json, p.device, "sw_version", c->version);
        homeassistant_add_all(&p, components, ELEMENTS(components));
        add_connection(&p);
        add_pairing(&p);
        add_log_level(&p);
        json_text(&p.json, homeassistant_add(&p, &restart), "payload_press", "{}");
        return json_end(&p.json);
}
