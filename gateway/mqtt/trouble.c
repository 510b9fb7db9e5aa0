#include "mqtt/trouble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"

/* Paho 1.3.12's words for "TCP and TLS stood, CONNECT went out, and the other side hung up". */
#define PAHO_SILENCE "TCP connect completion failure"
#define PAHO_TIMEOUT "TCP connect timeout"

enum { /* CONNACK codes of 3.1.1, and MQTT 5 reason codes (MQTT 5, 2.4) */
       OLD_VERSION = 1,
       OLD_CLIENT_ID,
       OLD_UNAVAILABLE,
       OLD_PASSWORD,
       OLD_NOT_AUTHORIZED,
       MALFORMED = 0x81,
       PROTOCOL_ERROR = 0x82,
       VERSION = 0x84,
       CLIENT_ID = 0x85,
       PASSWORD = 0x86,
       NOT_AUTHORIZED = 0x87,
       UNAVAILABLE = 0x88,
       BUSY = 0x89,
       BANNED = 0x8A,
       SHUTTING_DOWN = 0x8B,
       KEEP_ALIVE = 0x8D,
       TAKEN_OVER = 0x8E,
       PACKET_TOO_LARGE = 0x95,
       QUOTA = 0x97,
       ADMINISTRATIVE = 0x98,
       RETAIN_UNSUPPORTED = 0x9A,
       QOS_UNSUPPORTED = 0x9B,
       USE_ANOTHER = 0x9C,
       MOVED = 0x9D,
       RATE = 0x9F,
};

bool mqtt_trouble_is_version(const struct mqtt_trouble *t) {
        return t->code == OLD_VERSION || t->code == VERSION;
}

bool mqtt_trouble_is_silence(const struct mqtt_trouble *t) {
        return t->code <= 0 && t->paho && strcmp(t->paho, PAHO_SILENCE) == 0;
}

static char *sentence(const struct mqtt_url *url, const char *text) {
        char *s;

        return asprintf(&s, "%s %s", url->text, text) < 0 ? NULL : s;
}

static const char *code_text(int code) {
        switch (code) {
        case OLD_CLIENT_ID:
        case CLIENT_ID:
                return "refuses our client id: choose another mqtt.client_id";
        case OLD_UNAVAILABLE:
        case UNAVAILABLE:
        case BUSY:
                return "is not ready to take connections: wait, or look into the broker's log";
        case BANNED:
                return "has banned us: look into the broker's configuration";
        case SHUTTING_DOWN:
                return "is shutting down: we connect again when it is back";
        case KEEP_ALIVE:
                return "heard nothing from us for too long: is this machine or the network "
                       "overloaded?";
        case TAKEN_OVER:
                return "gave our place to another client with the same client id: is a second "
                       "cuff2mqtt running? Give each its own mqtt.client_id";
        case PACKET_TOO_LARGE:
                return "finds our messages too large: raise its maximum packet size";
        case QUOTA:
        case RATE:
                return "says we exceed its quota: raise its limits for this user";
        case ADMINISTRATIVE:
                return "was told by its administrator to disconnect us";
        case RETAIN_UNSUPPORTED:
                return "does not keep retained messages, which we need: allow them in the broker";
        case QOS_UNSUPPORTED:
                return "does not support QoS 1, which we need: allow it in the broker";
        case USE_ANOTHER:
        case MOVED:
                return "sends us to another broker: correct mqtt.url";
        default:
                return NULL;
        }
}

static char *login_sentence(const struct mqtt_trouble *t) {
        char *s;

        if (!t->user)
                return sentence(t->url, "wants a user and a password: set mqtt.user and "
                                        "mqtt.password_file");
        return asprintf(&s,
                        "%s refuses user \"%s\" or the password: check mqtt.user and "
                        "mqtt.password_file, and the broker's list of users",
                        t->url->text, t->user) < 0
                       ? NULL
                       : s;
}

static char *coded_sentence(const struct mqtt_trouble *t) {
        const char *text = code_text(t->code);
        char *s;

        if (t->code == OLD_PASSWORD || t->code == OLD_NOT_AUTHORIZED || t->code == PASSWORD ||
            t->code == NOT_AUTHORIZED)
                return login_sentence(t);
        if (mqtt_trouble_is_version(t))
                return sentence(t->url,
                                t->version == 5
                                        ? "does not speak MQTT 5: set mqtt.version to \"auto\""
                                        : "does not speak MQTT 3.1.1: use another broker");
        if (text)
                return sentence(t->url, text);
        return asprintf(&s, "%s refuses us with MQTT code 0x%02x: look into the broker's log",
                        t->url->text, (unsigned) t->code) < 0
                       ? NULL
                       : s;
}

/* "...error:0A000086:SSL routines:function:certificate verify failed:file:line:" -> the reason. */
static char *tls_reason(const char *line) {
        const char *at = strstr(line, "error:");

        for (int colons = 0; at && colons < 4; colons++) {
                at = strchr(at, ':');
                at = at ? at + 1 : NULL;
        }
        return at ? strndup(at, strcspn(at, ":\n")) : strndup(line, strcspn(line, "\n"));
}

static char *tls_sentence(const struct mqtt_trouble *t) {
        _cleanup_(freep) char *reason = tls_reason(t->tls);
        const char *remedy = "does the port speak TLS 1.2 or later?";
        char *s;

        if (!reason)
                return NULL;
        if (strstr(reason, "no such file") || strstr(t->tls, ":BIO ") || strstr(t->tls, ":PEM "))
                remedy = "a file is missing, unreadable or no certificate: check mqtt.ca_file, "
                         "mqtt.certificate_file and mqtt.key_file";
        else if (strstr(reason, "certificate verify failed"))
                remedy = "its certificate is signed by nobody in mqtt.ca_file (or the system's "
                         "store), or "
                         "has expired, or this machine's clock is wrong";
        else if (strstr(reason, "alert") && strstr(reason, "certificate"))
                remedy = "the broker does not accept our client certificate: check "
                         "mqtt.certificate_file and mqtt.key_file";
        else if (strstr(reason, "alert") && !strstr(reason, "protocol version"))
                remedy = "the broker refuses our TLS handshake: does it want a client certificate?";
        return asprintf(&s, "%s cannot be trusted or spoken to by TLS (%s): %s", t->url->text,
                        reason, remedy) < 0
                       ? NULL
                       : s;
}

static char *silence_sentence(const struct mqtt_trouble *t) {
        if (t->url->tls && !t->has_certificate)
                return sentence(t->url,
                                "hung up without an answer: does it want a client certificate "
                                "(mqtt.certificate_file)? Is it an MQTT broker?");
        return sentence(t->url,
                        "hung up without an answer: is it an MQTT broker, and is it mqtt:// or "
                        "mqtts:// on this port?");
}

/* Paho 1.3.12 has one word for all of these, and checks the name without telling OpenSSL (seen). */
static char *tls_silence_sentence(const struct mqtt_trouble *t) {
        char *s;

        return asprintf(&s,
                        "%s refuses the connection (is the broker running, on this port?), or its "
                        "certificate is not for the name \"%s\"%s",
                        t->url->text, t->url->host,
                        t->has_certificate ? "" : ", or it wants a client certificate") < 0
                       ? NULL
                       : s;
}

char *mqtt_trouble_failed(const struct mqtt_trouble *t) {
        char *s;

        if (t->code > 0)
                return coded_sentence(t);
        if (t->code == MQTT_TROUBLE_SETUP)
                return sentence(t->url,
                                "cannot be tried with these settings: check mqtt.client_id and the "
                                "topics");
        if (t->tls)
                return tls_sentence(t);
        if (mqtt_trouble_is_silence(t))
                return silence_sentence(t);
        if (t->paho && strcmp(t->paho, PAHO_TIMEOUT) == 0)
                return sentence(t->url, "does not answer: is the broker's machine up, and does a "
                                        "firewall let us through?");
        if (t->paho && t->url->tls)
                return tls_silence_sentence(t);
        if (t->paho)
                return sentence(t->url,
                                "refuses the connection: is the broker running, on this port?");
        return asprintf(&s,
                        "%s cannot be reached: there is no host \"%s\", or no network yet: check "
                        "mqtt.url "
                        "and the name server",
                        t->url->text, t->url->host) < 0
                       ? NULL
                       : s;
}

char *mqtt_trouble_lost(const struct mqtt_trouble *t) {
        if (t->code > 0 && code_text(t->code))
                return sentence(t->url, code_text(t->code));
        if (t->code == MQTT_TROUBLE_MEMORY)
                return sentence(t->url,
                                "was not sent a message, because memory ran out: we connect "
                                "again, and send it then");
        if (t->code == MQTT_TROUBLE_PUBACK)
                return sentence(t->url,
                                "does not acknowledge what we send: we connect again, and send it "
                                "once more; if this repeats, look into the broker's log");
        return sentence(t->url, "closed the connection or has gone away: we connect again; if this "
                                "repeats, look into the broker's log");
}

char *mqtt_trouble_no_suback(const struct mqtt_trouble *t) {
        return sentence(t->url, "does not answer our subscription: look into the broker's log");
}

char *mqtt_trouble_refused(const struct mqtt_url *url, const char *what, int code) {
        bool not_allowed = code == NOT_AUTHORIZED || code == 0x80;
        char *s;

        return asprintf(&s, "%s refuses %s (code 0x%02x): %s", url->text, what, (unsigned) code,
                        not_allowed ? "allow it to our user in the broker's access list"
                                    : "look into the broker's log") < 0
                       ? NULL
                       : s;
}
