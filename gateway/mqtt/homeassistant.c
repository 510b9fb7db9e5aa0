#include <stdio.h>

#include "mqtt/homeassistant_parts.h"

/* --- ids and topics --- */

char *homeassistant_gateway_id(const struct homeassistant_context *c) {
        return strdup(c->inst);
}

char *homeassistant_cuff_id(const struct homeassistant_context *c, const struct bdaddr *cuff) {
        char address[BDADDR_ID_SIZE], *id;

        bdaddr_to_id(cuff, address);
        return asprintf(&id, "%s_%s", c->inst, address) < 0 ? NULL : id;
}

char *homeassistant_user_id(const struct homeassistant_context *c, const struct bdaddr *cuff,
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
        return config_topic(c, homeassistant_gateway_id(c));
}

char *homeassistant_cuff_topic(const struct homeassistant_context *c, const struct bdaddr *cuff) {
        return config_topic(c, homeassistant_cuff_id(c, cuff));
}

char *homeassistant_user_topic(const struct homeassistant_context *c, const struct bdaddr *cuff,
                               uint8_t user) {
        return config_topic(c, homeassistant_user_id(c, cuff, user));
}

const char *homeassistant_cuff_name(const struct message_cuff *cuff) {
        if (cuff->name && *cuff->name)
                return cuff->name;
        return cuff->model && *cuff->model ? cuff->model : "Blood pressure cuff";
}

/* --- what all payloads share --- */

/* An absent text is left out: Home Assistant refuses null in most places. */
struct payload homeassistant_begin(const struct homeassistant_context *c, const char *id,
                                   const char *name, const char *state_topic) {
        _cleanup_(freep) char *availability = message_topic(c->base_topic, "bridge/state");
        struct payload p = {.json = json_begin(cJSON_CreateObject()),
                            .context = c,
                            .id = id,
                            .state_topic = state_topic};
        struct json *j = &p.json;
        cJSON *origin;

        j->failed |= !id || !state_topic || !availability;
        p.device = json_object(j, j->root, "device");
        json_text(j, json_array(j, p.device, "identifiers"), NULL, id);
        json_text_if_any(j, p.device, "name", name);
        origin = json_object(j, j->root, "origin");
        json_text(j, origin, "name", "cuff2mqtt");
        json_text_if_any(j, origin, "sw_version", c->version);
        json_text(j, json_object(j, json_array(j, j->root, "availability"), NULL), "topic",
                  availability);
        json_text(j, j->root, "state_topic", state_topic);
        p.components = json_object(j, j->root, "components");
        return p;
}

void homeassistant_add_text(struct payload *p, cJSON *component, const char *key, char *text) {
        _cleanup_(freep) char *owned = text;

        p->json.failed |= !owned;
        json_text(&p->json, component, key, owned);
}

/* Attributes follow the topic that they are told, not the device's. */
static void add_topics(struct payload *p, cJSON *o, const struct component *c) {
        const char *base = p->context->base_topic;
        char *request;

        if (c->topic)
                homeassistant_add_text(p, o, "state_topic", message_topic(base, c->topic));
        if (c->attributes) {
                json_text(&p->json, o, "json_attributes_topic", p->state_topic);
                json_text(&p->json, o, "json_attributes_template", c->attributes);
        }
        if (!c->request)
                return;
        if (asprintf(&request, "%s/bridge/request/%s", base, c->request) < 0)
                request = NULL;
        homeassistant_add_text(p, o, "command_topic", request);
}

cJSON *homeassistant_add(struct payload *p, const struct component *c) {
        cJSON *o = json_object(&p->json, p->components, c->key);
        char *unique_id;

        if (asprintf(&unique_id, "%s_%s", p->id, c->key) < 0)
                unique_id = NULL;
        json_text(&p->json, o, "platform", c->platform);
        homeassistant_add_text(p, o, "unique_id", unique_id);
        json_text(&p->json, o, "name", c->name);
        add_topics(p, o, c);
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

void homeassistant_add_all(struct payload *p, const struct component *components, size_t n) {
        for (size_t i = 0; i < n; i++)
                homeassistant_add(p, &components[i]);
}

/* It may stay like that for ever: Home Assistant does nothing about one that it does not have, and
 * so one that was away, or is installed anew, needs no second message. */
void homeassistant_withdraw(struct payload *p, const struct component *c) {
        json_text(&p->json, json_object(&p->json, p->components, c->key), "platform", c->platform);
}

void homeassistant_add_name(struct payload *p, const struct component *c, int min, char *value,
                            char *command) {
        cJSON *o = homeassistant_add(p, c);

        homeassistant_add_text(p, o, "value_template", value);
        homeassistant_add_text(p, o, "command_template", command);
        json_real(&p->json, o, "min", min);
        json_real(&p->json, o, "max", HOMEASSISTANT_NAME_MAX);
}
