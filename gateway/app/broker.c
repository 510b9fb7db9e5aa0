#include "app/broker.h"

struct mqtt_options broker_options(const struct config *config) {
        return (struct mqtt_options){
                .urls = (const char *const *) config->mqtt.url,
                .n_urls = config->mqtt.n_urls,
                .version = (enum mqtt_version) config->mqtt.version,
                .client_id = config->mqtt.client_id,
                .user = config->mqtt.user,
                .password = config->mqtt.password,
                .ca_file = config->mqtt.ca_file,
                .certificate_file = config->mqtt.certificate_file,
                .key_file = config->mqtt.key_file,
                .keep_alive_s = config->mqtt.keep_alive_s,
                .backoff_min_usec = config->mqtt.backoff_min_usec,
                .backoff_max_usec = config->mqtt.backoff_max_usec,
        };
}
