/* Home Assistant device discovery: one retained message per gateway, cuff and cuff user
 * Results are to be freed; NULL when memory is out. Names may change,
 * topics, component keys and unique_ids never do. */
#pragma once

#include "core/category.h"
#include "mqtt/message.h"

struct homeassistant_context {
        const char *prefix;            /* "homeassistant" */
        const char *base_topic;        /* "cuff2mqtt" */
        const char *inst;              /* "cuff2mqtt_0123456789ab" */
        const char *version;           /* of the service */
        enum category_scheme category; /* whose classes a user device shows */
        bool log_level_fixed;          /* by the configuration: it cannot be chosen */
};

/* <prefix>/device/<inst>/config, <inst>_C, <inst>_C_uU */
char *homeassistant_gateway_topic(const struct homeassistant_context *c);
char *homeassistant_cuff_topic(const struct homeassistant_context *c, const struct bdaddr *cuff);
char *homeassistant_user_topic(const struct homeassistant_context *c, const struct bdaddr *cuff,
                               uint8_t user);

char *homeassistant_gateway(const struct homeassistant_context *c, const char *hostname);
char *homeassistant_cuff(const struct homeassistant_context *c, const struct message_cuff *cuff);
char *homeassistant_user(const struct homeassistant_context *c, const struct message_cuff *cuff,
                         const struct message_user *user);
