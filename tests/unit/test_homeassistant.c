/* What must never change in discovery (topics, keys, unique_ids) and what must follow names.
 * Whether Home Assistant would take it all is judged by
 * tests/component/test_discovery_templates.py. */
#include "check.h"

#include <cjson/cJSON.h>

#include "mqtt/homeassistant.h"

static const struct homeassistant_context context = {.prefix = "homeassistant",
                                                     .base_topic = "cuff2mqtt",
                                                     .inst = "cuff2mqtt_0123456789ab",
                                                     .version = "0.1.0"};
static const struct bdaddr address = {{0xAA, 0xBB, 0xCC, 0x00, 0x11, 0x22}};

/* Parses and frees `text`. */
static cJSON *parsed(char *text) {
        cJSON *root = cJSON_Parse(text);

        CHECK(root);
        free(text);
        return root;
}

/* The text at a path such as "device/name" or "components/pulse/unit_of_measurement"; NULL none. */
static const char *at(const cJSON *root, const char *path) {
        char part[64];

        while (root && *path) {
                size_t n = strcspn(path, "/");

                snprintf(part, sizeof part, "%.*s", (int) n, path);
                root = cJSON_IsArray(root) ? cJSON_GetArrayItem(root, atoi(part))
                                           : cJSON_GetObjectItemCaseSensitive(root, part);
                path += n + (path[n] == '/');
        }
        return cJSON_GetStringValue(root);
}

static void check_text(char *got, const char *want) {
        CHECK_STR(got, want);
        free(got);
}

static void topics_follow_from_instance_address_and_slot_alone(void) {
        check_text(homeassistant_gateway_topic(&context),
                   "homeassistant/device/cuff2mqtt_0123456789ab/config");
        check_text(homeassistant_cuff_topic(&context, &address),
                   "homeassistant/device/cuff2mqtt_0123456789ab_aabbcc001122/config");
        check_text(homeassistant_user_topic(&context, &address, 2),
                   "homeassistant/device/cuff2mqtt_0123456789ab_aabbcc001122_u2/config");
        check_text(homeassistant_user_topic(&context, &address, MEASUREMENT_USER_UNKNOWN),
                   "homeassistant/device/cuff2mqtt_0123456789ab_aabbcc001122_uunknown/config");
}

/* The list of keys is a promise to every installation: add to it, never change it. */
static void check_keys(const cJSON *root, const char *id, const char *const *keys, size_t n) {
        const cJSON *components = cJSON_GetObjectItemCaseSensitive(root, "components");

        CHECK_EQ(cJSON_GetArraySize(components), n);
        for (size_t i = 0; i < n; i++) {
                char path[128], unique_id[128];

                snprintf(path, sizeof path, "%s/unique_id", keys[i]);
                snprintf(unique_id, sizeof unique_id, "%s_%s", id, keys[i]);
                CHECK_STR(at(components, path), unique_id);
        }
}

static void keys_and_unique_ids_stay(void) {
        static const char *const gateway[] = {"adapter_problem", "version", "started",
                                              "connection",      "pairing", "last_event"};
        static const char *const cuff[] = {"battery",   "battery_low", "rssi",        "last_seen",
                                           "last_sync", "clock_drift", "sync_problem"};
        static const char *const user[] = {
                "systolic",       "diastolic",           "map",           "pulse",
                "pulse_pressure", "measured_at",         "cuff_fit",      "position",
                "measurement",    "irregular_heartbeat", "body_movement",
        };
        struct message_cuff c = {.address = address};
        struct message_user u = {.user = 1};
        cJSON *root = parsed(homeassistant_gateway(&context, NULL));

        check_keys(root, "cuff2mqtt_0123456789ab", gateway, sizeof gateway / sizeof *gateway);
        cJSON_Delete(root);
        root = parsed(homeassistant_cuff(&context, &c));
        check_keys(root, "cuff2mqtt_0123456789ab_aabbcc001122", cuff, sizeof cuff / sizeof *cuff);
        cJSON_Delete(root);
        root = parsed(homeassistant_user(&context, &c, &u));
        check_keys(root, "cuff2mqtt_0123456789ab_aabbcc001122_u1", user,
                   sizeof user / sizeof *user);
        cJSON_Delete(root);
}

static void devices_hang_together(void) {
        struct message_cuff c = {.address = address, .name = "Evolv"};
        struct message_user u = {.user = 1};
        cJSON *gateway = parsed(homeassistant_gateway(&context, "pi"));
        cJSON *cuff = parsed(homeassistant_cuff(&context, &c));
        cJSON *user = parsed(homeassistant_user(&context, &c, &u));

        CHECK_STR(at(cuff, "device/via_device"), at(gateway, "device/identifiers/0"));
        CHECK_STR(at(user, "device/via_device"), at(cuff, "device/identifiers/0"));
        CHECK_STR(at(cuff, "device/connections/0/0"), "bluetooth");
        CHECK_STR(at(cuff, "device/connections/0/1"), "AA:BB:CC:00:11:22");
        CHECK(!at(user, "device/connections/0/1")); /* equal connections would merge the devices */
        CHECK_STR(at(gateway, "availability/0/topic"), "cuff2mqtt/bridge/state");
        CHECK_STR(at(user, "availability/0/topic"), "cuff2mqtt/bridge/state");
        CHECK_STR(at(user, "state_topic"), "cuff2mqtt/device/aabbcc001122/user/1/measurement");
        CHECK_STR(at(user, "components/measurement/state_topic"),
                  "cuff2mqtt/device/aabbcc001122/user/1/event");
        CHECK_STR(at(cuff, "state_topic"), "cuff2mqtt/device/aabbcc001122/state");
        CHECK_STR(at(gateway, "components/pairing/command_topic"),
                  "cuff2mqtt/bridge/request/pairing");
        cJSON_Delete(gateway);
        cJSON_Delete(cuff);
        cJSON_Delete(user);
}

static void check_name(cJSON *root, const char *want) {
        CHECK_STR(at(root, "device/name"), want);
        cJSON_Delete(root);
}

static void devices_are_named_as_people_name_them(void) {
        struct message_cuff c = {.address = address, .name = "Evolv", .model = "BP7000"};
        struct message_user alice = {.user = 1, .name = "Alice"}, second = {.user = 2, .name = ""},
                            unknown = {.user = MEASUREMENT_USER_UNKNOWN};

        check_name(parsed(homeassistant_user(&context, &c, &alice)), "Alice");
        check_name(parsed(homeassistant_user(&context, &c, &second)), "Evolv user 2");
        check_name(parsed(homeassistant_user(&context, &c, &unknown)), "Evolv user unknown");
        check_name(parsed(homeassistant_cuff(&context, &c)), "Evolv");
        c.name = "";
        check_name(parsed(homeassistant_cuff(&context, &c)), "BP7000");
        c.model = NULL;
        check_name(parsed(homeassistant_cuff(&context, &c)), "Blood pressure cuff");
        check_name(parsed(homeassistant_gateway(&context, "pi")), "cuff2mqtt pi");
        check_name(parsed(homeassistant_gateway(&context, "")), "cuff2mqtt");
        check_name(parsed(homeassistant_gateway(&context, NULL)), "cuff2mqtt");
}

static void what_is_not_known_of_a_cuff_is_left_out(void) {
        struct message_cuff c = {.address = address,
                                 .manufacturer = "OMRON",
                                 .firmware = "1.2",
                                 .hardware = "A",
                                 .serial = "S1",
                                 .model = "BP\xFF"};
        cJSON *root = parsed(homeassistant_cuff(&context, &c));

        CHECK_STR(at(root, "device/manufacturer"), "OMRON");
        CHECK_STR(at(root, "device/sw_version"), "1.2");
        CHECK_STR(at(root, "device/hw_version"), "A");
        CHECK_STR(at(root, "device/serial_number"), "S1");
        CHECK_STR(at(root, "device/model"), "BP\xEF\xBF\xBD");
        cJSON_Delete(root);
        c = (struct message_cuff){.address = address};
        root = parsed(homeassistant_cuff(&context, &c));
        CHECK_EQ(cJSON_GetArraySize(cJSON_GetObjectItem(root, "device")), 4);
        cJSON_Delete(root);
}

CHECK_MAIN("unit.homeassistant", TEST(topics_follow_from_instance_address_and_slot_alone),
           TEST(keys_and_unique_ids_stay), TEST(devices_hang_together),
           TEST(devices_are_named_as_people_name_them),
           TEST(what_is_not_known_of_a_cuff_is_left_out))
