/* Prints what the service would publish for one gateway, one cuff and its users, one JSON object
 * {"topic", "payload", "retain"} a line: `full` with everything known, `poor` with as little as can
 * be. For test_discovery_templates.py; not a test itself. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "mqtt/homeassistant.h"

#define BASE "cuff2mqtt"

#define ADDRESS                                                                                    \
        {                                                                                          \
                { 0xAA, 0xBB, 0xCC, 0x00, 0x11, 0x22 }                                             \
        }

static const struct bdaddr address = ADDRESS;

static const struct homeassistant_context context = {.prefix = "homeassistant",
                                                     .base_topic = BASE,
                                                     .inst = "cuff2mqtt_0123456789ab",
                                                     .version = "0.1.0"};

static const struct message_user full_users[] = {{1, "Zo\xC3\xAB \"Z\" {{ 1 }}", "zoe"},
                                                 {2, NULL, NULL},
                                                 {MEASUREMENT_USER_UNKNOWN, NULL, NULL}};

static const struct message_cuff full_cuff = {.address = ADDRESS,
                                              .name = "Evolv",
                                              .model = "BP7350",
                                              .firmware = "1.2",
                                              .hardware = "A",
                                              .serial = "S1",
                                              .manufacturer = "OMRON",
                                              .paired_at = "2026-11-01T07:00:00Z",
                                              .last_sync = "2026-11-03T07:00:12Z",
                                              .bonded = true,
                                              .users = full_users,
                                              .n_users = ELEMENTS(full_users)};

static const struct message_user poor_users[] = {{1, "", ""}};

/* The service has a name for each. */
static const struct message_cuff poor_cuff = {.address = ADDRESS,
                                              .name = "Blood pressure cuff",
                                              .users = poor_users,
                                              .n_users = ELEMENTS(poor_users)};

/* Takes both. */
static void print(char *topic, char *payload, bool retain) {
        cJSON *line = cJSON_CreateObject();
        char *text;

        cJSON_AddStringToObject(line, "topic", topic);
        cJSON_AddStringToObject(line, "payload", payload);
        cJSON_AddBoolToObject(line, "retain", retain);
        text = cJSON_PrintUnformatted(line);
        puts(text);
        free(text);
        cJSON_Delete(line);
        free(topic);
        free(payload);
}

static void print_bridge(bool full) {
        struct message_info info = {.started = "2026-11-03T07:00:00Z",
                                    .hostname = "pi",
                                    .inst = context.inst,
                                    .base_topic = BASE,
                                    .discovery_prefix = context.prefix,
                                    .log_level = "info",
                                    .time_zone = "Europe/Berlin",
                                    .adapter_state = "absent",
                                    .mqtt_version = 4};
        struct homeassistant_context ha = context;

        ha.log_level_fixed = !full;
        if (full) {
                info.adapter_address = "00:01:02:03:04:05";
                info.adapter_name = "pi";
                info.adapter_state = "on";
                info.adapter_powered = info.adapter_discovering = info.pairing_active = true;
                info.pairing_until = "2026-11-03T07:02:00Z";
                info.pairing_device = "aabbcc001122";
        }
        print(message_topic(BASE, "bridge/state"), strdup(full ? "online" : "offline"), true);
        print(message_topic(BASE, "bridge/info"), message_info(&info), true);
        print(homeassistant_gateway_topic(&ha), homeassistant_gateway(&ha, full ? "pi" : NULL),
              true);
}

static void print_cuff(const struct message_cuff *cuff, bool full) {
        struct message_cuff_state state = {.sync_state = "idle"};

        if (full)
                state = (struct message_cuff_state){.battery_percent = {true, 85},
                                                    .rssi_dbm = {true, -67},
                                                    .clock_drift_s = {true, -3},
                                                    .unread = {true, 0},
                                                    .last_seen = "2026-11-03T07:00:09Z",
                                                    .last_sync = "2026-11-03T07:00:12Z",
                                                    .sync_state = "problem",
                                                    .sync_error = "It said \"no\": 'bond'"};
        print(message_topic(BASE, "bridge/devices"), message_devices(cuff, 1), true);
        print(message_device_topic(BASE, &address, "state"), message_cuff_state(&state), true);
        print(homeassistant_cuff_topic(&context, &address), homeassistant_cuff(&context, cuff),
              true);
}

static void print_user(const struct message_cuff *cuff, const struct message_user *user,
                       bool full) {
        struct measurement value = {.user = user->user, .systolic_mmhg = 121, .diastolic_mmhg = 79};
        struct message_measurement m = {.cuff = address,
                                        .measurement = &value,
                                        .id = "0123456789abcdef",
                                        .user_name = user->name,
                                        .measured_at = "2026-11-03T07:00:09Z",
                                        .received_at = "2026-11-03T07:00:09Z"};

        if (full) {
                value.sequence = (struct number){true, 41};
                value.mean_mmhg = (struct number){true, 95};
                value.pulse_bpm = (struct number){true, 64};
                value.irregular_heartbeat = (struct answer){true, true};
                value.body_movement = (struct answer){true, false};
                value.cuff_fit_ok = (struct answer){true, true};
                value.position_ok = (struct answer){true, false};
                m.measured_at = "2026-11-03T08:00:00+01:00";
                m.clock_ok = true;
        }
        print(message_user_topic(BASE, &address, user->user, "measurement"),
              message_measurement(&m), true);
        m.is_event = true;
        print(message_user_topic(BASE, &address, user->user, "event"), message_measurement(&m),
              false);
        print(homeassistant_user_topic(&context, &address, user->user),
              homeassistant_user(&context, cuff, user), true);
}

/* One with words for people, and one that has nothing but its type. */
static void print_event(bool full) {
        _cleanup_(freep) char *data =
                full ? message_object("step", "looking", "text", "Looking for a cuff", NULL) : NULL;

        print(message_topic(BASE, "bridge/event"),
              message_event(full ? "pairing_progress" : "adapter_up", data, "2026-11-20T17:00:12Z",
                            NULL),
              false);
}

int main(int argc, char **argv) {
        bool full = argc > 1 && strcmp(argv[1], "full") == 0;
        const struct message_cuff *cuff = full ? &full_cuff : &poor_cuff;

        print_bridge(full);
        print_event(full);
        print_cuff(cuff, full);
        for (size_t i = 0; i < cuff->n_users; i++)
                print_user(cuff, &cuff->users[i], full);
        return 0;
}
