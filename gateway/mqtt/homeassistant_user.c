/* The device of a user of a cuff. */
#include <stdio.h>

#include "mqtt/homeassistant_parts.h"

/* clang-format off */

/* Keys are for ever: with the device's id they make the unique_id that carries a user's history.
 * No device_class for pressures: with `pressure` a Home Assistant in US units shows 121 mmHg as
 * 4.76 inHg. */
static const struct component components[] = {
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

static const struct component event = {
        .key = "measurement", .platform = "event", .name = "Measurement", .icon = "mdi:heart-plus"};

/* Where names are told, also that of somebody who never measured. */
static const struct component name = {
        .key = "name", .platform = "text", .name = "Name", .topic = "bridge/devices",
        .request = "device/users", .category = "config", .icon = "mdi:account-edit"};

/* clang-format on */

/* The person's name, or "Evolv user 1". */
static char *user_name(const struct message_cuff *cuff, const struct message_user *user) {
        char word[MESSAGE_USER_SIZE], *text;

        if (user->name && *user->name)
                return strdup(user->name);
        message_user_to_string(user->user, word);
        return asprintf(&text, "%s user %s", homeassistant_cuff_name(cuff), word) < 0 ? NULL : text;
}

static void add_category(struct payload *p) {
        static const char *const templates[CATEGORY_SCHEME_MAX_] = {
                [CATEGORY_ACC_AHA] = PLAIN("category.acc_aha"),
                [CATEGORY_ESC] = PLAIN("category.esc"),
                [CATEGORY_ESH] = PLAIN("category.esh")};
        const struct component category = {.key = "category",
                                           .platform = "sensor",
                                           .name = "Category",
                                           .template = templates[p->context->category],
                                           .device_class = "enum",
                                           .icon = "mdi:gauge"};
        cJSON *options = json_array(&p->json, homeassistant_add(p, &category), "options");
        size_t n;
        const char *const *words = category_words(p->context->category, &n);

        for (size_t i = 0; i < n; i++)
                json_text(&p->json, options, NULL, words[i]);
}

static void add_event(struct payload *p, const struct bdaddr *cuff, uint8_t user) {
        cJSON *o = homeassistant_add(p, &event);

        homeassistant_add_text(p, o, "state_topic",
                               message_user_topic(p->context->base_topic, cuff, user, "event"));
        json_text(&p->json, json_array(&p->json, o, "event_types"), NULL, "measurement");
}

/* No name is an empty text, both ways: a text entity has no word for unknown. So is a user that is
 * not in the list any more, while the device is still there. */
static void add_name(struct payload *p, const struct bdaddr *cuff, uint8_t user) {
        char id[BDADDR_ID_SIZE], word[MESSAGE_USER_SIZE], *value, *command;

        bdaddr_to_id(cuff, id);
        message_user_to_string(user, word);
        if (asprintf(&value,
                     "{%% for c in value_json if c.id == '%s' %%}"
                     "{{ c.users.get('%s', {}).get('name') or '' }}{%% endfor %%}",
                     id, word) < 0)
                value = NULL;
        if (asprintf(&command,
                     "{\"device\":\"%s\",\"users\":{\"%s\":{\"name\":"
                     "{{ (value or none) | tojson }}}}}",
                     id, word) < 0)
                command = NULL;
        homeassistant_add_name(p, &name, 0, value, command);
}

char *homeassistant_user(const struct homeassistant_context *c, const struct message_cuff *cuff,
                         const struct message_user *user) {
        _cleanup_(freep) char *id = homeassistant_user_id(c, &cuff->address, user->user);
        _cleanup_(freep) char *parent = homeassistant_cuff_id(c, &cuff->address);
        _cleanup_(freep) char *called = user_name(cuff, user);
        _cleanup_(freep) char *state =
                message_user_topic(c->base_topic, &cuff->address, user->user, "measurement");
        struct payload p = homeassistant_begin(c, id, called, state);

        p.json.failed |= !called || !parent;
        json_text(&p.json, p.device, "via_device", parent);
        homeassistant_add_all(&p, components, ELEMENTS(components));
        add_category(&p);
        add_event(&p, &cuff->address, user->user);
        add_name(&p, &cuff->address, user->user);
        return json_end(&p.json);
}
