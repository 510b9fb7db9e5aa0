/* Topics and payloads: one JSON object on one line, every documented field present, null for
 * unknown. The schemas stand in README.md, Topics. All results are to be
 * freed; NULL only when memory is out. Inputs are plain values; strings NULL or "" become null
 * where a field allows it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/measurement.h"

/* A user in topics, ids and keys: "1", "2", .. or "unknown". As a JSON value the unknown one is
 * null. */
#define MESSAGE_USER_SIZE 8
void message_user_to_string(uint8_t user, char ret[MESSAGE_USER_SIZE]);

/* "B/bridge/state" and so on: base, then the path. */
char *message_topic(const char *base, const char *path); /* B/path */
char *message_device_topic(const char *base, const struct bdaddr *cuff,
                           const char *leaf); /* B/device/C/leaf */
/* B/device/C/user/U/leaf; U is "1", "2", .. or "unknown" */
char *message_user_topic(const char *base, const struct bdaddr *cuff, uint8_t user,
                         const char *leaf);

struct message_measurement {
        struct bdaddr cuff;
        const struct measurement *measurement;
        const char *id;
        const char *user_name;   /* NULL unnamed */
        const char *measured_at; /* ISO 8601 with offset */
        const char *received_at; /* ISO 8601, Z */
        bool clock_ok;
        bool is_event; /* adds event_type "measurement" and backlog */
        bool backlog;
};
/* "map" is the cuff's mean, else diastolic plus a third of the difference, and "map_estimated" says
 * so. */
char *message_measurement(const struct message_measurement *m);

#define MESSAGE_BATTERY_LOW_PERCENT 20 /* at or below: "battery_low" */

struct message_cuff_state { /* B/device/C/state */
        struct number battery_percent, rssi_dbm, clock_drift_s, unread;
        const char *last_seen, *last_sync; /* ISO 8601 or NULL */
        const char *sync_state; /* "idle" "connecting" "pairing" "reading" "resting" "problem" */
        const char *sync_error; /* a sentence, NULL none */
        const uint8_t *users;
        size_t n_users;
};
char *message_cuff_state(const struct message_cuff_state *s);

struct message_user {
        uint8_t user;
        const char *name, *person;
};

struct message_cuff { /* one entry of B/bridge/devices, and what discovery needs */
        struct bdaddr address;
        const char *name, *model, *firmware, *hardware, *serial, *manufacturer;
        const char *model_id; /* whose memory it has: it can be read; NULL or "" none */
        const char *paired_at, *last_sync; /* ISO 8601 or NULL */
        bool bonded;
        const struct message_user *users;
        size_t n_users;
};
char *message_users(const struct message_cuff *cuff); /* {"device", "users"} as in there */
char *message_devices(const struct message_cuff *cuffs, size_t n);

struct message_info { /* B/bridge/info */
        const char *started, *hostname, *inst, *base_topic, *discovery_prefix, *log_level,
                *time_zone;
        const char *adapter_address, *adapter_name, *adapter_state; /* address NULL: absent */
        bool adapter_powered, adapter_discovering;
        bool pairing_active;
        const char *pairing_until, *pairing_device; /* NULL */
        int mqtt_version;                           /* 5, 4 */
        bool restart_required;
};
char *message_info(const struct message_info *i);

struct message_health { /* B/bridge/health */
        const char *time;
        uint64_t uptime_s, rss_kb, fds;
        double cpu_s;
        uint64_t mqtt_published, mqtt_received, mqtt_dropped, mqtt_reconnects;
        uint64_t ble_scans, ble_connects, ble_failures;
        uint64_t db_records, db_outbox;
        bool healthy;
        const char *problem; /* a sentence, NULL none */
};
char *message_health(const struct message_health *h);

char *message_logging(const char *level, const char *component, const char *message,
                      const char *time);

/* B/bridge/event: `data` is a JSON object as text, NULL for {}; `transaction` JSON text or NULL. */
char *message_event(const char *type, const char *data, const char *time, const char *transaction);

/* {"key": "text", ..} from pairs ended by NULL; a NULL value becomes null. */
char *message_object(const char *key, ...) __attribute__((sentinel));
