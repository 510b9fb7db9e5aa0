/* How to reach the broker, as the configuration says: for everyone who connects to it. */
#pragma once

#include "app/config.h"
#include "mqtt/client.h"

/* All but who connects (client_id: the configured one, NULL if there is none), what is subscribed,
 * and the will. Borrows from `config`. */
struct mqtt_options broker_options(const struct config *config);
