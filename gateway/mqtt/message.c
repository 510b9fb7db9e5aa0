#include "mqtt/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/category.h"
#include "mqtt/json.h"
#include "version.h"

/* The Makefile may name the commit that was built. */
#ifndef CUFF2MQTT_COMMIT
#define CUFF2MQTT_COMMIT NULL
#endif

#define TRUREAD_COUNT 3 /* what OMRON calls TruRead is three measurements in a row */

/* --- topics --- */

static char *format(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
static char *format(const char *pattern, ...) {
        char *text;
        va_list arguments;
        int n;

        va_start(arguments, pattern);
        n = vasprintf(&text, pattern, arguments);
        va_end(arguments);
        return n < 0 ? NULL : text;
}

void message_user_to_string(uint8_t user, char ret[MESSAGE_USER_SIZE]) {
        if (user == MEASUREMENT_USER_UNKNOWN)
                strcpy(ret, "unknown");
        else
                snprintf(ret, MESSAGE_USER_SIZE, "%u", user);
}

char *message_topic(const char *base, const char *path) {
        return format("%s/%s", base, path);
}

char *message_device_topic(const char *base, const struct bdaddr *cuff, const char *leaf) {
        char id[BDADDR_ID_SIZE];

        bdaddr_to_id(cuff, id);
        return format("%s/device/%s/%s", base, id, leaf);
}

char *message_user_topic(const char *base, const struct bdaddr *cuff, uint8_t user,
                         const char *leaf) {
        char id[BDADDR_ID_SIZE], word[MESSAGE_USER_SIZE];

        bdaddr_to_id(cuff, id);
        message_user_to_string(user, word);
        return format("%s/device/%s/user/%s/%s", base, id, word, leaf);
}

/* --- measurement and state of a cuff --- */

static void add_user(struct json *j, cJSON *parent, const char *key, uint8_t user) {
        struct number slot = {.known = user != MEASUREMENT_USER_UNKNOWN, .value = user};

        json_number(j, parent, key, slot);
}

static void add_pressures(struct json *j, cJSON *o, const struct measurement *m) {
        int difference = m->systolic_mmhg - m->diastolic_mmhg;
        int estimate = m->diastolic_mmhg + (difference + 1) / 3; /* a third, rounded */

        json_real(j, o, "systolic", m->systolic_mmhg);
        json_real(j, o, "diastolic", m->diastolic_mmhg);
        json_real(j, o, "map", m->mean_mmhg.known ? m->mean_mmhg.value : estimate);
        json_bool(j, o, "map_estimated", !m->mean_mmhg.known);
        json_number(j, o, "pulse", m->pulse_bpm);
        json_real(j, o, "pulse_pressure", difference);
}

static void add_truread(struct json *j, cJSON *o, struct number position) {
        cJSON *series;

        if (!position.known) {
                json_null(j, o, "truread");
                return;
        }
        series = json_object(j, o, "truread");
        json_real(j, series, "count", TRUREAD_COUNT);
        json_number(j, series, "index", position);
}

static void add_category(struct json *j, cJSON *o, const struct measurement *m) {
        cJSON *category = json_object(j, o, "category");

        for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++)
                json_text(j, category, category_scheme_to_string(s),
                          category_of(s, m->systolic_mmhg, m->diastolic_mmhg));
}

static void add_findings(struct json *j, cJSON *o, const struct measurement *m) {
        json_answer(j, o, "irregular_heartbeat", m->irregular_heartbeat);
        json_null(j, o, "atrial_fibrillation");
        json_answer(j, o, "body_movement", m->body_movement);
        json_answer(j, o, "cuff_fit_ok", m->cuff_fit_ok);
        json_answer(j, o, "position_ok", m->position_ok);
        json_number(j, o, "irregular_beats", m->irregular_beats);
        json_number(j, o, "artifacts", m->artifacts);
        add_truread(j, o, m->series_position);
        add_category(j, o, m);
}

char *message_measurement(const struct message_measurement *m) {
        struct json j = json_begin(cJSON_CreateObject());
        char id[BDADDR_ID_SIZE];

        bdaddr_to_id(&m->cuff, id);
        json_number(&j, j.root, "record", m->measurement->sequence);
        json_text(&j, j.root, "device", id);
        add_user(&j, j.root, "user", m->measurement->user);
        json_text(&j, j.root, "user_name", m->user_name);
        json_text(&j, j.root, "measured_at", m->measured_at);
        json_text(&j, j.root, "received_at", m->received_at);
        json_bool(&j, j.root, "clock_ok", m->clock_ok);
        add_pressures(&j, j.root, m->measurement);
        add_findings(&j, j.root, m->measurement);
        json_text(&j, j.root, "id", m->id);
        if (m->is_event) {
                json_text(&j, j.root, "event_type", "measurement");
                json_bool(&j, j.root, "backlog", m->backlog);
        }
        return json_end(&j);
}

char *message_cuff_state(const struct message_cuff_state *s) {
        struct json j = json_begin(cJSON_CreateObject());
        struct answer low = {.known = s->battery_percent.known,
                             .yes = s->battery_percent.value <= MESSAGE_BATTERY_LOW_PERCENT};
        cJSON *users;

        json_number(&j, j.root, "battery", s->battery_percent);
        json_answer(&j, j.root, "battery_low", low);
        json_number(&j, j.root, "rssi", s->rssi_dbm);
        json_text(&j, j.root, "last_seen", s->last_seen);
        json_text(&j, j.root, "last_sync", s->last_sync);
        json_text(&j, j.root, "sync_state", s->sync_state);
        json_text(&j, j.root, "sync_error", s->sync_error);
        json_number(&j, j.root, "clock_drift", s->clock_drift_s);
        json_number(&j, j.root, "unread", s->unread);
        users = json_array(&j, j.root, "users");
        for (size_t i = 0; i < s->n_users; i++)
                add_user(&j, users, NULL, s->users[i]);
        return json_end(&j);
}

/* --- the bridge --- */

static void add_users(struct json *j, cJSON *cuff, const struct message_cuff *c) {
        cJSON *users = json_object(j, cuff, "users");

        for (size_t i = 0; i < c->n_users; i++) {
                char word[MESSAGE_USER_SIZE];
                cJSON *user;

                message_user_to_string(c->users[i].user, word);
                user = json_object(j, users, word);
                json_text(j, user, "name", c->users[i].name);
                json_text(j, user, "person", c->users[i].person);
        }
}

static void add_cuff(struct json *j, const struct message_cuff *c) {
        cJSON *o = json_object(j, j->root, NULL), *capabilities;
        char id[BDADDR_ID_SIZE], address[BDADDR_STRING_SIZE];

        bdaddr_to_id(&c->address, id);
        bdaddr_to_string(&c->address, address);
        json_text(j, o, "id", id);
        json_text(j, o, "address", address);
        json_text(j, o, "model", c->model);
        json_text(j, o, "model_id", c->model_id);
        json_text(j, o, "name", c->name);
        json_text(j, o, "manufacturer", c->manufacturer);
        json_text(j, o, "firmware", c->firmware);
        json_text(j, o, "hardware", c->hardware);
        json_text(j, o, "serial", c->serial);
        json_bool(j, o, "bonded", c->bonded);
        json_text(j, o, "paired_at", c->paired_at);
        add_users(j, o, c);
        capabilities = json_array(j, o, "capabilities");
        json_text(j, capabilities, NULL, "blood_pressure");
        if (c->model_id && c->model_id[0])
                json_text(j, capabilities, NULL, "memory");
        json_text(j, o, "last_sync", c->last_sync);
}

char *message_users(const struct message_cuff *cuff) {
        struct json j = json_begin(cJSON_CreateObject());
        char id[BDADDR_ID_SIZE];

        bdaddr_to_id(&cuff->address, id);
        json_text(&j, j.root, "device", id);
        add_users(&j, j.root, cuff);
        return json_end(&j);
}

char *message_devices(const struct message_cuff *cuffs, size_t n) {
        struct json j = json_begin(cJSON_CreateArray());

        for (size_t i = 0; i < n; i++)
                add_cuff(&j, &cuffs[i]);
        return json_end(&j);
}

static void add_adapter(struct json *j, const struct message_info *i) {
        bool present = i->adapter_address && *i->adapter_address;
        cJSON *o = json_object(j, j->root, "adapter");

        json_text(j, o, "address", i->adapter_address);
        json_text(j, o, "name", i->adapter_name);
        json_text(j, o, "state", i->adapter_state);
        json_answer(j, o, "powered", (struct answer){present, i->adapter_powered});
        json_answer(j, o, "discovering", (struct answer){present, i->adapter_discovering});
}

char *message_info(const struct message_info *i) {
        struct json j = json_begin(cJSON_CreateObject());
        struct number version = {.known = i->mqtt_version != 0, .value = i->mqtt_version};
        cJSON *pairing;

        json_text(&j, j.root, "version", CUFF2MQTT_VERSION);
        json_text(&j, j.root, "commit", CUFF2MQTT_COMMIT);
        json_text(&j, j.root, "started", i->started);
        json_text(&j, j.root, "hostname", i->hostname);
        json_text(&j, j.root, "inst", i->inst);
        json_text(&j, j.root, "base_topic", i->base_topic);
        json_text(&j, j.root, "discovery_prefix", i->discovery_prefix);
        json_text(&j, j.root, "log_level", i->log_level);
        json_text(&j, j.root, "time_zone", i->time_zone);
        add_adapter(&j, i);
        pairing = json_object(&j, j.root, "pairing");
        json_bool(&j, pairing, "active", i->pairing_active);
        json_text(&j, pairing, "until", i->pairing_until);
        json_text(&j, pairing, "device", i->pairing_device);
        json_number(&j, json_object(&j, j.root, "mqtt"), "version", version);
        json_bool(&j, j.root, "restart_required", i->restart_required);
        return json_end(&j);
}

char *message_health(const struct message_health *h) {
        struct json j = json_begin(cJSON_CreateObject());
        cJSON *mqtt, *ble, *db;

        json_text(&j, j.root, "time", h->time);
        json_real(&j, j.root, "uptime_s", (double) h->uptime_s);
        json_real(&j, j.root, "rss_kb", (double) h->rss_kb);
        json_real(&j, j.root, "cpu_s", h->cpu_s);
        json_real(&j, j.root, "fds", (double) h->fds);
        mqtt = json_object(&j, j.root, "mqtt");
        json_real(&j, mqtt, "published", (double) h->mqtt_published);
        json_real(&j, mqtt, "received", (double) h->mqtt_received);
        json_real(&j, mqtt, "dropped", (double) h->mqtt_dropped);
        json_real(&j, mqtt, "reconnects", (double) h->mqtt_reconnects);
        ble = json_object(&j, j.root, "ble");
        json_real(&j, ble, "scans", (double) h->ble_scans);
        json_real(&j, ble, "connects", (double) h->ble_connects);
        json_real(&j, ble, "failures", (double) h->ble_failures);
        db = json_object(&j, j.root, "db");
        json_real(&j, db, "records", (double) h->db_records);
        json_real(&j, db, "outbox", (double) h->db_outbox);
        json_bool(&j, j.root, "healthy", h->healthy);
        json_text(&j, j.root, "problem", h->problem);
        return json_end(&j);
}

char *message_logging(const char *level, const char *component, const char *message,
                      const char *time) {
        return message_object("level", level, "message", message, "component", component, "time",
                              time, NULL);
}

char *message_event(const char *type, const char *data, const char *time, const char *transaction) {
        struct json j = json_begin(cJSON_CreateObject());

        json_text(&j, j.root, "type", type);
        json_raw(&j, j.root, "data", data ? data : "{}");
        json_text(&j, j.root, "time", time);
        json_raw(&j, j.root, "transaction", transaction ? transaction : "null");
        return json_end(&j);
}

char *message_object(const char *key, ...) {
        struct json j = json_begin(cJSON_CreateObject());
        va_list pairs;

        va_start(pairs, key);
        for (; key; key = va_arg(pairs, const char *))
                json_text(&j, j.root, key, va_arg(pairs, const char *));
        va_end(pairs);
        return json_end(&j);
}
