/* Between the files of discovery: what all devices share (homeassistant.c), and one file for each
 * of the three. */
#pragma once

#include <string.h>

#include "mqtt/homeassistant.h"
#include "mqtt/json.h"

#define PLAIN(field) "{{ value_json." field " }}"
/* Home Assistant takes 'None' as unknown; Python's True and False would be no state at all. */
#define IF_TRUE(field, then, otherwise)                                                            \
        "{{ 'None' if value_json." field " is none else '" then "' if value_json." field           \
        " else '" otherwise "' }}"

/* What requests take: bytes, where Home Assistant counts letters. */
#define HOMEASSISTANT_NAME_MAX 63

struct component { /* one entity */
        const char *key, *platform, *name;
        const char *topic; /* of its state, below the base topic; NULL: that of its device */
        const char *template;
        const char *attributes; /* template: more about its state, of the device's topic */
        const char *request;    /* that it makes, below bridge/request/ */
        const char *device_class, *unit, *category, *icon; /* NULL none */
        bool numeric;                                      /* long-term statistics, no decimals */
        bool force_update;                                 /* an equal value is a new point */
        bool disabled;                                     /* until the user wants it */
};

struct payload {
        struct json json;
        const struct homeassistant_context *context;
        const char *id, *state_topic; /* of the device; NULL: memory ran out */
        cJSON *device, *components;   /* inside */
};

/* The id of a device, to be freed. */
char *homeassistant_gateway_id(const struct homeassistant_context *c);
char *homeassistant_cuff_id(const struct homeassistant_context *c, const struct bdaddr *cuff);
char *homeassistant_user_id(const struct homeassistant_context *c, const struct bdaddr *cuff,
                            uint8_t user);
const char *homeassistant_cuff_name(const struct message_cuff *cuff);

/* `id` and `state_topic` stay the caller's; NULL: memory ran out. Ends with json_end(). */
struct payload homeassistant_begin(const struct homeassistant_context *c, const char *id,
                                   const char *name, const char *state_topic);
/* The component, for what only it has. */
cJSON *homeassistant_add(struct payload *p, const struct component *c);
void homeassistant_add_all(struct payload *p, const struct component *components, size_t n);
/* Of a component that was there, and is not any more: Home Assistant removes its entity. One that
 * is only left out would stay. */
void homeassistant_withdraw(struct payload *p, const struct component *c);
/* Text of a component. Takes `text`; NULL: memory ran out. */
void homeassistant_add_text(struct payload *p, cJSON *component, const char *key, char *text);
/* A name that people may change, at least `min` letters long. Takes both templates. */
void homeassistant_add_name(struct payload *p, const struct component *c, int min, char *value,
                            char *command);
