#include "mqtt/attempt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <MQTTAsync.h>

#include "base/cleanup.h"
#include "mqtt/report.h"

#define CONNECT_TIMEOUT_S 20 /* TCP, TLS, websocket and CONNACK; without the name server's time */
#define SESSION_EXPIRY_S  3600
#define WILL_DELAY_S      10
#define PAHO_QUEUE        (2 * MQTT_QUEUE) /* what Paho may hold itself; the window keeps it far below */
#define PAHO_NO_MEMORY    (-99)            /* PAHO_MEMORY_ERROR of a header that is not installed */
#define SYSTEM_CA_PATH    "/etc/ssl/certs"

/* Level 1 and above forbid what TLS 1.0 and 1.1 need; Paho 1.3.12 can only pin one version, not a
 * least. */
#define CIPHERS "DEFAULT:@SECLEVEL=2"

struct mqtt_attempt {
        struct mqtt_attempt_setup setup;
        struct mqtt_report report; /* the context of every callback */
        MQTTAsync handle;
};

/* OpenSSL prepares itself when the first TLS connection needs it. Paho would have it load all
 * algorithms and errors at once, also where nobody uses TLS: 1.5 MB. Once, before there are threads
 * of Paho's: this makes its mutexes anew. */
static void prepare_paho(void) {
        static bool is_prepared;
        MQTTAsync_init_options init = MQTTAsync_init_options_initializer;

        if (is_prepared)
                return;
        is_prepared = true;
        init.do_openssl_init = 0;
        MQTTAsync_global_init(&init);
}

int mqtt_keeper_new(struct mqtt_keeper **ret) {
        MQTTAsync handle;

        prepare_paho();
        /* Paho's threads write the entry and the end of each function into a trace, the last one
         * after whoever destroys the last handle has been let go on to free it: a damaged heap at
         * the end of a stop (1.3.12). Nobody reads that trace. */
        MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_ERROR);
        if (MQTTAsync_create(&handle, "tcp://never-connected", "keeper",
                             MQTTCLIENT_PERSISTENCE_NONE, NULL) != MQTTASYNC_SUCCESS)
                return -ENOMEM;
        *ret = handle;
        return 0;
}

void mqtt_keeper_free(struct mqtt_keeper *k) {
        MQTTAsync handle = k;

        if (handle)
                MQTTAsync_destroy(&handle);
}

/* A list on the stack; Paho copies it. */
static MQTTProperties properties_of(MQTTProperty *array, int n) {
        return (MQTTProperties){.count = n, .max_count = n, .array = array};
}

int mqtt_attempt_new(const struct mqtt_attempt_setup *setup, struct mqtt_attempt **ret) {
        MQTTAsync_createOptions create = MQTTAsync_createOptions_initializer;
        _cleanup_(freep) struct mqtt_attempt *a = calloc(1, sizeof *a);

        if (!a)
                return -ENOMEM;
        a->setup = *setup;
        create.MQTTVersion = setup->version;
        create.maxBufferedMessages = PAHO_QUEUE;
        if (MQTTAsync_createWithOptions(&a->handle, setup->url->paho, setup->options->client_id,
                                        MQTTCLIENT_PERSISTENCE_NONE, NULL,
                                        &create) != MQTTASYNC_SUCCESS)
                return -EINVAL;
        MQTTAsync_setCallbacks(a->handle, &a->report, mqtt_report_lost, mqtt_report_message, NULL);
        MQTTAsync_setDisconnected(a->handle, &a->report, mqtt_report_server_leaves);
        a->report = (struct mqtt_report){.notes = mqtt_notes_ref(setup->notes),
                                         .generation = setup->generation,
                                         .n_subscriptions = setup->options->n_subscriptions};
        *ret = TAKE_PTR(a);
        return 0;
}

void mqtt_attempt_free(struct mqtt_attempt *a) {
        if (!a)
                return;
        /* No callback comes after it. Paho 1.3.12 leaks topic and payload of the messages that it
         * had not begun to send: at most a window's worth for each connection that is lost. */
        MQTTAsync_destroy(&a->handle);
        mqtt_notes_unref(a->report.notes);
        free(a);
}

void mqtt_attempt_abandon(struct mqtt_attempt *a) {
        /* Paho keeps the pointer as the context of its callbacks: it must stay valid. */
        (void) a;
}

static MQTTAsync_SSLOptions tls_options(struct mqtt_attempt *a) {
        const struct mqtt_options *o = a->setup.options;
        MQTTAsync_SSLOptions tls = MQTTAsync_SSLOptions_initializer;

        tls.trustStore = o->ca_file;
        tls.CApath = o->ca_file ? NULL : SYSTEM_CA_PATH;
        tls.disableDefaultTrustStore = o->ca_file != NULL;
        tls.keyStore = o->certificate_file;
        tls.privateKey = o->key_file;
        tls.enabledCipherSuites = CIPHERS;
        tls.enableServerCertAuth = 1;
        tls.verify = 1; /* the name, too */
        tls.ssl_error_cb = mqtt_report_tls_error;
        tls.ssl_error_context = &a->report;
        return tls;
}

static void fill_login(const struct mqtt_attempt *a, MQTTAsync_connectOptions *c) {
        const struct mqtt_url *url = a->setup.url;

        c->username = url->user ? url->user : a->setup.options->user;
        c->password = url->user ? url->password : a->setup.options->password;
}

int mqtt_attempt_connect(struct mqtt_attempt *a) {
        const struct mqtt_options *o = a->setup.options;
        bool v5 = a->setup.version == MQTTVERSION_5;
        MQTTAsync_connectOptions c = MQTTAsync_connectOptions_initializer;
        MQTTAsync_willOptions will = MQTTAsync_willOptions_initializer;
        MQTTAsync_SSLOptions tls = tls_options(a);
        MQTTProperty session = {.identifier = MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
                                .value.integer4 = o->guest ? 0 : SESSION_EXPIRY_S};
        MQTTProperty delay = {.identifier = MQTTPROPERTY_CODE_WILL_DELAY_INTERVAL,
                              .value.integer4 = WILL_DELAY_S};
        MQTTProperties connect_properties = properties_of(&session, 1);
        MQTTProperties will_properties = properties_of(&delay, 1);

        c.MQTTVersion = a->setup.version;
        c.keepAliveInterval = (int) o->keep_alive_s;
        c.cleansession = o->guest && !v5;
        c.cleanstart = o->guest && v5;
        c.connectTimeout = o->connect_timeout_s ? (int) o->connect_timeout_s : CONNECT_TIMEOUT_S;
        c.context = &a->report;
        will.topicName = o->will_topic;
        will.message = o->will_payload;
        will.retained = 1;
        will.qos = 1;
        if (o->will_topic)
                c.will = &will;
        if (a->setup.url->tls)
                c.ssl = &tls;
        fill_login(a, &c);
        if (v5) {
                c.connectProperties = &connect_properties;
                c.willProperties = o->will_topic ? &will_properties : NULL;
                c.onSuccess5 = mqtt_report_connected5;
                c.onFailure5 = mqtt_report_failed5;
        } else {
                c.onSuccess = mqtt_report_connected;
                c.onFailure = mqtt_report_failed;
        }
        return MQTTAsync_connect(a->handle, &c) == MQTTASYNC_SUCCESS ? 0 : -EINVAL;
}

int mqtt_attempt_subscribe(struct mqtt_attempt *a) {
        size_t n = a->setup.options->n_subscriptions;
        bool v5 = a->setup.version == MQTTVERSION_5;
        _cleanup_(freep) char **topics = calloc(n, sizeof *topics);
        _cleanup_(freep) int *qos = calloc(n, sizeof *qos);
        _cleanup_(freep) MQTTSubscribe_options *how = calloc(n, sizeof *how);
        MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
        static const MQTTSubscribe_options plain = MQTTSubscribe_options_initializer;

        if (!topics || !qos || !how)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                /* Paho copies the topics; its signature has lost a const */
                memcpy(&topics[i], &a->setup.options->subscriptions[i], sizeof *topics);
                qos[i] = 1;
                how[i] = plain;
                how[i].noLocal = !a->setup.options->guest;
                how[i].retainHandling = a->setup.options->guest ? 0 : 2;
        }
        response.context = &a->report;
        if (v5) {
                response.onSuccess5 = mqtt_report_subscribed5;
                response.onFailure5 = mqtt_report_not_subscribed5;
                response.subscribeOptions = how[0];
                response.subscribeOptionsCount = n > 1 ? (int) n : 0;
                response.subscribeOptionsList = n > 1 ? how : NULL;
        } else {
                response.onSuccess = mqtt_report_subscribed;
                response.onFailure = mqtt_report_not_subscribed;
        }
        return MQTTAsync_subscribeMany(a->handle, (int) n, topics, qos, &response) ==
                               MQTTASYNC_SUCCESS
                       ? 0
                       : -ENOTCONN;
}

static int fill_properties(const struct mqtt_outgoing *m, MQTTProperty p[2]) {
        int n = 0;

        if (m->expiry_s)
                p[n++] = (MQTTProperty){.identifier = MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL,
                                        .value.integer4 = m->expiry_s};
        if (m->correlation) {
                p[n] = (MQTTProperty){.identifier = MQTTPROPERTY_CODE_CORRELATION_DATA};
                memcpy(&p[n].value.data.data, &m->correlation, sizeof m->correlation);
                p[n++].value.data.len = (int) m->correlation_size;
        }
        return n;
}

int mqtt_attempt_send(struct mqtt_attempt *a, const struct mqtt_outgoing *m, int *ret_id) {
        MQTTAsync_responseOptions response = MQTTAsync_responseOptions_initializer;
        MQTTProperty properties[2];
        int r;

        response.context = &a->report;
        if (a->setup.version == MQTTVERSION_5) {
                response.properties = properties_of(properties, fill_properties(m, properties));
                response.onSuccess5 = m->qos ? mqtt_report_sent5 : NULL;
                response.onFailure5 = m->qos ? mqtt_report_not_sent5 : NULL;
        } else
                response.onSuccess = m->qos ? mqtt_report_sent : NULL;
        r = MQTTAsync_send(a->handle, m->topic, (int) strlen(m->payload), m->payload, m->qos,
                           m->retain, &response);
        if (r == MQTTASYNC_SUCCESS)
                *ret_id = response.token;
        return r == MQTTASYNC_SUCCESS ? 0
               : r == PAHO_NO_MEMORY  ? -ENOMEM
               : r == MQTTASYNC_DISCONNECTED || r == MQTTASYNC_MAX_BUFFERED_MESSAGES ||
                               r == MQTTASYNC_NO_MORE_MSGIDS
                       ? -EAGAIN
                       : -EBADMSG;
}

int mqtt_attempt_disconnect(struct mqtt_attempt *a) {
        MQTTAsync_disconnectOptions d = MQTTAsync_disconnectOptions_initializer;

        /* timeout 0: at once; what matters has been acknowledged before */
        d.context = &a->report;
        if (a->setup.version == MQTTVERSION_5)
                d.onSuccess5 = mqtt_report_disconnected5;
        else
                d.onSuccess = mqtt_report_disconnected;
        return MQTTAsync_disconnect(a->handle, &d) == MQTTASYNC_SUCCESS ? 0 : -ENOTCONN;
}
