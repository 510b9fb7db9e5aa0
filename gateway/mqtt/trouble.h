/* Why there is no connection: a sentence for people that names the broker, the cause and the
 * remedy, as far as Paho, OpenSSL and the broker tell. Never a password. */
#pragma once

#include <stdbool.h>

#include "mqtt/url.h"

/* Codes of ours. */
#define MQTT_TROUBLE_SETUP  (-1000) /* Paho did not even try */
#define MQTT_TROUBLE_MEMORY (-1001) /* Paho had none for a message */
#define MQTT_TROUBLE_PUBACK (-1002) /* none came for a whole mqtt.keep_alive */

struct mqtt_trouble {
        const struct mqtt_url *url;
        const char *user; /* NULL: we sent none */
        bool has_certificate;
        int version; /* that was spoken: 5, 4 */
        int code;    /* CONNACK or DISCONNECT reason (above 0), or Paho's error or ours (below) */
        const char *paho; /* Paho's own words, NULL */
        const char *tls;  /* OpenSSL's first line, NULL */
};

/* Did the broker refuse the MQTT version (it says so), or may it have (it hung up silently)? */
bool mqtt_trouble_is_version(const struct mqtt_trouble *t);
bool mqtt_trouble_is_silence(const struct mqtt_trouble *t);

/* To be freed; NULL no memory. The three ends of an attempt: */
char *mqtt_trouble_failed(const struct mqtt_trouble *t); /* before CONNACK, or by it */
char *mqtt_trouble_lost(const struct mqtt_trouble *t);   /* after it; code 0: nothing was said */
char *mqtt_trouble_no_suback(const struct mqtt_trouble *t);

/* The broker refused one message or one subscription. */
char *mqtt_trouble_refused(const struct mqtt_url *url, const char *what, int code);
