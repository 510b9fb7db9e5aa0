/* From what the collector and the database know to the payloads of mqtt/message and
 * mqtt/homeassistant. Results are to be freed; NULL when something is missing or memory is out. */
#pragma once

#include "app/collector.h"
#include "app/cuff.h"
#include "mqtt/homeassistant.h"
#include "mqtt/message.h"
#include "store/measurements.h"

#define RENDER_BACKLOG_S 600 /* an event older than this is backlog */

char *render_measurement(struct store *store, const struct store_measurement *m, bool is_event);
char *render_cuff_state(struct store *store, const struct cuff *cuff);
/* {"device", "users": {"1": {"name", "person"}, ..}} */
char *render_users(struct store *store, const struct cuff *cuff);
char *render_devices(struct store *store, const struct collector *c);
char *render_cuff_discovery(struct store *store, const struct homeassistant_context *ha,
                            const struct cuff *cuff);
char *render_user_discovery(struct store *store, const struct homeassistant_context *ha,
                            const struct cuff *cuff, uint8_t user);
