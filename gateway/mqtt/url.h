/* Broker URLs: mqtt:// mqtts:// ws:// wss://[user[:password]@]host[:port][/path]; ports default to
 * 1883 8883 80 443. User and password may hold %xx. A path belongs to ws and wss only. */
#pragma once

#include <stdbool.h>

struct mqtt_url {
        char *text;            /* the URL without user and password: for people */
        char *paho;            /* tcp:// ssl:// ws:// wss:// with the port: for Paho */
        char *host;            /* without brackets */
        char *user, *password; /* NULL: not in the URL */
        bool tls;
};

/* 0, -EINVAL, -ENOMEM. */
int mqtt_url_parse(const char *text, struct mqtt_url *ret);
void mqtt_url_done(struct mqtt_url *url);
