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
        static const char *const gateway[] = {"adapter_problem", "version",   "started",
                                              "connection",      "pairing",   "log_level",
                                              "restart",         "last_event"};
        static const char *const cuff[] = {"battery",   "battery_low", "rssi",         "last_seen",
                                           "last_sync", "clock_drift", "sync_problem", "unread",
                                           "sync",      "remove",      "name"};
        static const char *const user[] = {
                "systolic",      "diastolic", "map",      "pulse",       "pulse_pressure",
                "measured_at",   "cuff_fit",  "position", "measurement", "irregular_heartbeat",
                "body_movement", "category",  "name",
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

/* What makes an entity what it is. NULL: it has none. */
struct entity {
        const char *key, *platform, *name, *device_class, *unit, *category, *state_class;
        bool disabled;
};

#define SENSOR   "sensor"
#define BINARY   "binary_sensor"
#define MEASURED "measurement"
#define AS_IT_IS "diagnostic"

static void check_entities(cJSON *root, const struct entity *entities, size_t n) {
        const cJSON *all = cJSON_GetObjectItemCaseSensitive(root, "components");

        CHECK_EQ(cJSON_GetArraySize(all), n);
        for (size_t i = 0; i < n; i++) {
                const struct entity *e = &entities[i];
                const cJSON *c = cJSON_GetObjectItemCaseSensitive(all, e->key);
                const char *const pairs[][2] = {
                        {"platform", e->platform},         {"name", e->name},
                        {"device_class", e->device_class}, {"unit_of_measurement", e->unit},
                        {"entity_category", e->category},  {"state_class", e->state_class}};

                for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
                        const char *got = at(c, pairs[k][0]);

                        if (pairs[k][1])
                                CHECK_STR(got, pairs[k][1]);
                        else
                                CHECK(!got);
                }
                CHECK_EQ(cJSON_IsFalse(cJSON_GetObjectItem(c, "enabled_by_default")), e->disabled);
                CHECK_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(c, "qos")), 1);
        }
        cJSON_Delete(root);
}

/* clang-format off */
static void the_gateway_has_its_entities(void) {
        static const struct entity entities[] = {
                {"connection", BINARY, "Connection", "connectivity", NULL, AS_IT_IS, NULL, false},
                {"adapter_problem", BINARY, "Bluetooth adapter", "problem", NULL, AS_IT_IS, NULL, false},
                {"pairing", "switch", "Pairing", NULL, NULL, "config", NULL, false},
                {"log_level", "select", "Log level", NULL, NULL, "config", NULL, false},
                {"restart", "button", "Restart", "restart", NULL, "config", NULL, false},
                {"version", SENSOR, "Version", NULL, NULL, AS_IT_IS, NULL, false},
                {"started", SENSOR, "Started", "timestamp", NULL, AS_IT_IS, NULL, false},
                {"last_event", SENSOR, "Last event", NULL, NULL, AS_IT_IS, NULL, false},
        };

        check_entities(parsed(homeassistant_gateway(&context, "pi")), entities,
                       sizeof entities / sizeof *entities);
}

static void a_cuff_has_its_entities(void) {
        static const struct entity entities[] = {
                {"battery", SENSOR, "Battery", "battery", "%", AS_IT_IS, MEASURED, false},
                {"battery_low", BINARY, "Battery low", "battery", NULL, AS_IT_IS, NULL, false},
                {"rssi", SENSOR, "Signal strength", "signal_strength", "dBm", AS_IT_IS, MEASURED, true},
                {"last_seen", SENSOR, "Last seen", "timestamp", NULL, AS_IT_IS, NULL, false},
                {"last_sync", SENSOR, "Last sync", "timestamp", NULL, AS_IT_IS, NULL, false},
                {"clock_drift", SENSOR, "Clock drift", "duration", "s", AS_IT_IS, MEASURED, true},
                {"unread", SENSOR, "Unread measurements", NULL, NULL, AS_IT_IS, MEASURED, false},
                {"sync_problem", BINARY, "Sync", "problem", NULL, AS_IT_IS, NULL, false},
                {"sync", "button", "Sync now", NULL, NULL, NULL, NULL, false},
                {"remove", "button", "Remove", NULL, NULL, "config", NULL, true},
                {"name", "text", "Name", NULL, NULL, "config", NULL, false},
        };
        struct message_cuff c = {.address = address};

        check_entities(parsed(homeassistant_cuff(&context, &c)), entities,
                       sizeof entities / sizeof *entities);
}

static void a_user_has_its_entities(void) {
        static const struct entity entities[] = {
                {"systolic", SENSOR, "Systolic", NULL, "mmHg", NULL, MEASURED, false},
                {"diastolic", SENSOR, "Diastolic", NULL, "mmHg", NULL, MEASURED, false},
                {"pulse", SENSOR, "Pulse", NULL, "bpm", NULL, MEASURED, false},
                {"map", SENSOR, "Mean pressure", NULL, "mmHg", NULL, MEASURED, true},
                {"pulse_pressure", SENSOR, "Pulse pressure", NULL, "mmHg", NULL, MEASURED, true},
                {"category", SENSOR, "Category", "enum", NULL, NULL, NULL, false},
                {"measured_at", SENSOR, "Measured at", "timestamp", NULL, NULL, NULL, false},
                {"irregular_heartbeat", BINARY, "Irregular heartbeat", "problem", NULL, NULL, NULL, false},
                {"body_movement", BINARY, "Body movement", "problem", NULL, NULL, NULL, false},
                {"cuff_fit", BINARY, "Cuff fit", "problem", NULL, NULL, NULL, false},
                {"position", BINARY, "Position", "problem", NULL, NULL, NULL, false},
                {"measurement", "event", "Measurement", NULL, NULL, NULL, NULL, false},
                {"name", "text", "Name", NULL, NULL, "config", NULL, false},
        };
        struct message_cuff c = {.address = address};
        struct message_user u = {.user = 1};

        check_entities(parsed(homeassistant_user(&context, &c, &u)), entities,
                       sizeof entities / sizeof *entities);
}
/* clang-format on */

/* Exactly what is published when somebody touches it. */
static void controls_make_requests(void) {
        struct message_cuff c = {.address = address};
        struct message_user u = {.user = 2}, unknown = {.user = MEASUREMENT_USER_UNKNOWN};
        cJSON *gateway = parsed(homeassistant_gateway(&context, "pi"));
        cJSON *cuff = parsed(homeassistant_cuff(&context, &c));
        cJSON *user = parsed(homeassistant_user(&context, &c, &u));

        CHECK_STR(at(gateway, "components/pairing/command_topic"),
                  "cuff2mqtt/bridge/request/pairing");
        CHECK_STR(at(gateway, "components/pairing/payload_on"), "{\"active\":true}");
        CHECK_STR(at(gateway, "components/pairing/payload_off"), "{\"active\":false}");
        CHECK_STR(at(gateway, "components/log_level/command_topic"),
                  "cuff2mqtt/bridge/request/options");
        CHECK_STR(at(gateway, "components/log_level/command_template"),
                  "{\"options\":{\"log_level\":{{ value | tojson }}}}");
        CHECK_STR(at(gateway, "components/log_level/options/0"), "error");
        CHECK_STR(at(gateway, "components/log_level/options/1"), "warning");
        CHECK_STR(at(gateway, "components/log_level/options/2"), "info");
        CHECK_STR(at(gateway, "components/log_level/options/3"), "debug");
        CHECK(!at(gateway, "components/log_level/options/4"));
        CHECK_STR(at(gateway, "components/restart/command_topic"),
                  "cuff2mqtt/bridge/request/restart");
        CHECK_STR(at(gateway, "components/restart/payload_press"), "{}");
        CHECK_STR(at(cuff, "components/sync/command_topic"),
                  "cuff2mqtt/bridge/request/device/sync");
        CHECK_STR(at(cuff, "components/sync/payload_press"), "{\"device\":\"aabbcc001122\"}");
        CHECK_STR(at(cuff, "components/remove/command_topic"),
                  "cuff2mqtt/bridge/request/device/remove");
        CHECK_STR(at(cuff, "components/remove/payload_press"), "{\"device\":\"aabbcc001122\"}");
        CHECK_STR(at(cuff, "components/name/command_topic"),
                  "cuff2mqtt/bridge/request/device/rename");
        CHECK_STR(at(cuff, "components/name/command_template"),
                  "{\"device\":\"aabbcc001122\",\"name\":{{ value | tojson }}}");
        CHECK_STR(at(user, "components/name/command_topic"),
                  "cuff2mqtt/bridge/request/device/users");
        CHECK_STR(at(user, "components/name/command_template"),
                  "{\"device\":\"aabbcc001122\",\"users\":{\"2\":{\"name\":"
                  "{{ (value or none) | tojson }}}}}");
        cJSON_Delete(user);
        user = parsed(homeassistant_user(&context, &c, &unknown));
        CHECK_STR(at(user, "components/name/command_template"),
                  "{\"device\":\"aabbcc001122\",\"users\":{\"unknown\":{\"name\":"
                  "{{ (value or none) | tojson }}}}}");
        cJSON_Delete(gateway);
        cJSON_Delete(cuff);
        cJSON_Delete(user);
}

static double number(const cJSON *root, const char *device, const char *key) {
        const cJSON *all = cJSON_GetObjectItemCaseSensitive(root, "components");

        return cJSON_GetNumberValue(
                cJSON_GetObjectItem(cJSON_GetObjectItemCaseSensitive(all, device), key));
}

/* Where names stand, and how long they may be: requests take 63 bytes. */
static void names_come_from_the_list_of_cuffs(void) {
        struct message_cuff c = {.address = address};
        struct message_user u = {.user = 1};
        cJSON *cuff = parsed(homeassistant_cuff(&context, &c));
        cJSON *user = parsed(homeassistant_user(&context, &c, &u));

        CHECK_STR(at(cuff, "components/name/state_topic"), "cuff2mqtt/bridge/devices");
        CHECK_STR(at(cuff, "components/name/value_template"),
                  "{% for c in value_json if c.id == 'aabbcc001122' %}{{ c.name }}{% else %}-"
                  "{% endfor %}");
        CHECK_EQ(number(cuff, "name", "min"), 1);
        CHECK_EQ(number(cuff, "name", "max"), 63);
        CHECK_STR(at(user, "components/name/state_topic"), "cuff2mqtt/bridge/devices");
        CHECK_STR(at(user, "components/name/value_template"),
                  "{% for c in value_json if c.id == 'aabbcc001122' %}"
                  "{{ c.users.get('1', {}).get('name') or '' }}{% endfor %}");
        CHECK_EQ(number(user, "name", "min"), 0);
        CHECK_EQ(number(user, "name", "max"), 63);
        cJSON_Delete(cuff);
        cJSON_Delete(user);
}

/* Attributes inherit no topic. */
static void the_reason_of_a_problem_is_its_attribute(void) {
        struct message_cuff c = {.address = address};
        cJSON *cuff = parsed(homeassistant_cuff(&context, &c));

        CHECK_STR(at(cuff, "components/sync_problem/json_attributes_topic"),
                  "cuff2mqtt/device/aabbcc001122/state");
        CHECK_STR(at(cuff, "components/sync_problem/json_attributes_template"),
                  "{{ {'reason': value_json.sync_error} | tojson }}");
        CHECK(!at(cuff, "components/sync_problem/state_topic"));
        cJSON_Delete(cuff);
}

/* Where the configuration has it, a choice would be refused. Of a component that is taken away only
 * the platform is left: a missing one would stay. */
static void a_fixed_log_level_is_no_choice(void) {
        struct homeassistant_context fixed = context;
        cJSON *root, *component;

        fixed.log_level_fixed = true;
        root = parsed(homeassistant_gateway(&fixed, "pi"));
        component = cJSON_GetObjectItem(cJSON_GetObjectItem(root, "components"), "log_level");
        CHECK_EQ(cJSON_GetArraySize(component), 1);
        CHECK_STR(at(component, "platform"), "select");
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

static void the_gateway_says_what_it_is(void) {
        cJSON *root = parsed(homeassistant_gateway(&context, "pi"));

        CHECK_STR(at(root, "device/manufacturer"), "cuff2mqtt");
        CHECK_STR(at(root, "device/model"), "Blood pressure gateway");
        CHECK_STR(at(root, "device/sw_version"), context.version);
        cJSON_Delete(root);
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

/* Home Assistant drops a state that is not among the options. */
static void the_category_is_that_of_the_chosen_scheme(void) {
        struct message_cuff c = {.address = address};
        struct message_user u = {.user = 1};

        for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++) {
                struct homeassistant_context chosen = context;
                cJSON *root, *options;
                const char *const *words;
                char template[64];
                size_t n;

                chosen.category = s;
                root = parsed(homeassistant_user(&chosen, &c, &u));
                CHECK_STR(at(root, "components/category/platform"), "sensor");
                CHECK_STR(at(root, "components/category/name"), "Category");
                CHECK_STR(at(root, "components/category/device_class"), "enum");
                snprintf(template, sizeof template, "{{ value_json.category.%s }}",
                         category_scheme_to_string(s));
                CHECK_STR(at(root, "components/category/value_template"), template);
                options = cJSON_GetObjectItem(
                        cJSON_GetObjectItem(cJSON_GetObjectItem(root, "components"), "category"),
                        "options");
                words = category_words(s, &n);
                CHECK_EQ(cJSON_GetArraySize(options), n);
                for (size_t i = 0; i < n; i++)
                        CHECK_STR(cJSON_GetStringValue(cJSON_GetArrayItem(options, (int) i)),
                                  words[i]);
                cJSON_Delete(root);
        }
}

CHECK_MAIN("unit.homeassistant", TEST(topics_follow_from_instance_address_and_slot_alone),
           TEST(keys_and_unique_ids_stay), TEST(the_gateway_has_its_entities),
           TEST(a_cuff_has_its_entities), TEST(a_user_has_its_entities),
           TEST(controls_make_requests), TEST(names_come_from_the_list_of_cuffs),
           TEST(the_reason_of_a_problem_is_its_attribute), TEST(a_fixed_log_level_is_no_choice),
           TEST(devices_hang_together), TEST(devices_are_named_as_people_name_them),
           TEST(the_gateway_says_what_it_is), TEST(what_is_not_known_of_a_cuff_is_left_out),
           TEST(the_category_is_that_of_the_chosen_scheme))
