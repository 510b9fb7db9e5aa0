/* Topics and payloads: the exact text of a full one and of a poor one for each schema. */
#include "check.h"

#include "mqtt/message.h"

static const struct bdaddr cuff = {{0xAA, 0xBB, 0xCC, 0x00, 0x11, 0x22}};

static const struct measurement rich = {
        .user = 2,
        .sequence = {true, 41},
        .systolic_mmhg = 121,
        .diastolic_mmhg = 79,
        .mean_mmhg = {true, 95},
        .pulse_bpm = {true, 64},
        .irregular_heartbeat = {true, false},
        .body_movement = {true, true},
        .cuff_fit_ok = {true, true},
        .position_ok = {true, false},
        .irregular_beats = {true, 4},
        .artifacts = {true, 0},
        .series_position = {true, 2},
};

static const struct measurement poor = {
        .user = MEASUREMENT_USER_UNKNOWN,
        .systolic_mmhg = 121,
        .diastolic_mmhg = 79,
};

/* Frees `got`. */
static void check_text(char *got, const char *want) {
        CHECK_STR(got, want);
        free(got);
}

static bool contains(char *text, const char *part) {
        bool found = text && strstr(text, part);

        if (!found)
                printf("# %s not in %s\n", part, text ? text : "(null)");
        free(text);
        return found;
}

static void topics_hold_ids_and_never_names(void) {
        check_text(message_topic("cuff2mqtt", "bridge/state"), "cuff2mqtt/bridge/state");
        check_text(message_device_topic("b/c", &cuff, "state"), "b/c/device/aabbcc001122/state");
        check_text(message_user_topic("b", &cuff, 2, "event"),
                   "b/device/aabbcc001122/user/2/event");
        check_text(message_user_topic("b", &cuff, MEASUREMENT_USER_UNKNOWN, "measurement"),
                   "b/device/aabbcc001122/user/unknown/measurement");
}

static void an_event_holds_every_field_in_order(void) {
        struct message_measurement m = {.cuff = cuff,
                                        .measurement = &rich,
                                        .id = "0123456789abcdef",
                                        .user_name = "Zo\xC3\xAB \"Z\"",
                                        .measured_at = "2026-11-03T08:00:00+01:00",
                                        .received_at = "2026-11-03T07:00:09Z",
                                        .clock_ok = true,
                                        .is_event = true,
                                        .backlog = true};

        check_text(message_measurement(&m),
                   "{\"record\":41,\"device\":\"aabbcc001122\",\"user\":2,"
                   "\"user_name\":\"Zo\xC3\xAB \\\"Z\\\"\","
                   "\"measured_at\":\"2026-11-03T08:00:00+01:00\","
                   "\"received_at\":\"2026-11-03T07:00:09Z\",\"clock_ok\":true,\"systolic\":121,"
                   "\"diastolic\":79,\"map\":95,\"map_estimated\":false,\"pulse\":64,"
                   "\"pulse_pressure\":42,\"irregular_heartbeat\":false,"
                   "\"atrial_fibrillation\":null,\"body_movement\":true,\"cuff_fit_ok\":true,"
                   "\"position_ok\":false,\"irregular_beats\":4,\"artifacts\":0,"
                   "\"truread\":{\"count\":3,\"index\":2},"
                   "\"category\":{\"acc_aha\":\"elevated\",\"esc\":\"elevated\","
                   "\"esh\":\"normal\"},"
                   "\"id\":\"0123456789abcdef\",\"event_type\":\"measurement\",\"backlog\":true}");
}

static void what_the_cuff_does_not_say_is_null(void) {
        struct message_measurement m = {.cuff = cuff,
                                        .measurement = &poor,
                                        .id = "0123456789abcdef",
                                        .user_name = "",
                                        .measured_at = "2026-11-03T07:00:09Z",
                                        .received_at = "2026-11-03T07:00:09Z"};

        check_text(
                message_measurement(&m),
                "{\"record\":null,\"device\":\"aabbcc001122\",\"user\":null,\"user_name\":null,"
                "\"measured_at\":\"2026-11-03T07:00:09Z\","
                "\"received_at\":\"2026-11-03T07:00:09Z\",\"clock_ok\":false,\"systolic\":121,"
                "\"diastolic\":79,\"map\":93,\"map_estimated\":true,\"pulse\":null,"
                "\"pulse_pressure\":42,\"irregular_heartbeat\":null,"
                "\"atrial_fibrillation\":null,\"body_movement\":null,\"cuff_fit_ok\":null,"
                "\"position_ok\":null,\"irregular_beats\":null,\"artifacts\":null,\"truread\":null,"
                "\"category\":{\"acc_aha\":\"elevated\",\"esc\":\"elevated\","
                "\"esh\":\"normal\"},"
                "\"id\":\"0123456789abcdef\"}");
}

static void the_estimated_mean_is_rounded(void) {
        static const struct {
                int systolic, diastolic;
                const char *map;
        } cases[] = {{120, 80, "\"map\":93,"}, {121, 80, "\"map\":94,"}, {122, 80, "\"map\":94,"}};

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct measurement value = {.user = 1,
                                            .systolic_mmhg = cases[i].systolic,
                                            .diastolic_mmhg = cases[i].diastolic};
                struct message_measurement m = {.measurement = &value};

                CHECK(contains(message_measurement(&m), cases[i].map));
        }
}

static void the_category_is_that_of_the_pressures(void) {
        static const struct {
                int systolic, diastolic;
                const char *category;
        } cases[] = {
                {119, 69, "{\"acc_aha\":\"normal\",\"esc\":\"non_elevated\",\"esh\":\"optimal\"}"},
                {118, 91, "{\"acc_aha\":\"stage_2\",\"esc\":\"hypertension\",\"esh\":\"grade_1\"}"},
                {165, 80, "{\"acc_aha\":\"stage_2\",\"esc\":\"hypertension\",\"esh\":\"grade_2\"}"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct measurement value = {.user = 1,
                                            .systolic_mmhg = cases[i].systolic,
                                            .diastolic_mmhg = cases[i].diastolic};
                struct message_measurement m = {.measurement = &value};

                CHECK(contains(message_measurement(&m), cases[i].category));
        }
}

static void bytes_that_are_not_utf8_become_replacement_characters(void) {
        static const struct {
                const char *bytes, *text;
        } cases[] = {
                {"a\xFFz", "a\xEF\xBF\xBDz"},
                {"\xC0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD"},                 /* overlong */
                {"\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"}, /* a surrogate */
                {"\xF4\x90\x80\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
                {"end\xE2\x82", "end\xEF\xBF\xBD\xEF\xBF\xBD"}, /* cut off */
                {"\xE2\x82\xAC \xF0\x9F\x98\x80 \xC3\xAB",
                 "\xE2\x82\xAC \xF0\x9F\x98\x80 \xC3\xAB"},
                {"a\nb\x01", "a\\nb\\u0001"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char want[128];

                snprintf(want, sizeof want, "{\"name\":\"%s\"}", cases[i].text);
                check_text(message_object("name", cases[i].bytes, NULL), want);
        }
}

static void a_cuffs_state_holds_every_field(void) {
        static const uint8_t users[] = {1, 2, MEASUREMENT_USER_UNKNOWN};
        struct message_cuff_state s = {.battery_percent = {true, 20},
                                       .rssi_dbm = {true, -67},
                                       .clock_drift_s = {true, -3},
                                       .unread = {true, 0},
                                       .last_seen = "2026-11-03T07:00:09Z",
                                       .last_sync = "2026-11-03T07:00:12Z",
                                       .sync_state = "problem",
                                       .sync_error = "The cuff has forgotten its bond.",
                                       .users = users,
                                       .n_users = 3};

        check_text(message_cuff_state(&s),
                   "{\"battery\":20,\"battery_low\":true,\"rssi\":-67,"
                   "\"last_seen\":\"2026-11-03T07:00:09Z\",\"last_sync\":\"2026-11-03T07:00:12Z\","
                   "\"sync_state\":\"problem\",\"sync_error\":\"The cuff has forgotten its bond.\","
                   "\"clock_drift\":-3,\"unread\":0,\"users\":[1,2,null]}");
        s = (struct message_cuff_state){.sync_state = "idle"};
        check_text(message_cuff_state(&s),
                   "{\"battery\":null,\"battery_low\":null,\"rssi\":null,\"last_seen\":null,"
                   "\"last_sync\":null,\"sync_state\":\"idle\",\"sync_error\":null,"
                   "\"clock_drift\":null,\"unread\":null,\"users\":[]}");
        s.battery_percent = (struct number){true, 21};
        CHECK(contains(message_cuff_state(&s), "\"battery_low\":false"));
}

static void devices_are_an_array_with_users_by_slot(void) {
        static const struct message_user users[] = {{1, "Alice", "alice"},
                                                    {MEASUREMENT_USER_UNKNOWN, NULL, ""}};
        struct message_cuff cuffs[] = {{.address = cuff,
                                        .name = "Bedroom",
                                        .model = "BP7350",
                                        .firmware = "1.2",
                                        .hardware = "A",
                                        .serial = "S1",
                                        .manufacturer = "OMRON",
                                        .paired_at = "2026-11-01T07:00:00Z",
                                        .last_sync = "2026-11-03T07:00:12Z",
                                        .bonded = true,
                                        .users = users,
                                        .n_users = 2},
                                       {.address = {{0, 1, 2, 3, 4, 5}}}};

        check_text(message_devices(NULL, 0), "[]");
        check_text(
                message_devices(cuffs, 2),
                "[{\"id\":\"aabbcc001122\",\"address\":\"AA:BB:CC:00:11:22\",\"model\":\"BP7350\","
                "\"model_id\":null,\"name\":\"Bedroom\",\"manufacturer\":\"OMRON\","
                "\"firmware\":\"1.2\",\"hardware\":\"A\",\"serial\":\"S1\",\"bonded\":true,"
                "\"paired_at\":\"2026-11-01T07:00:00Z\","
                "\"users\":{\"1\":{\"name\":\"Alice\",\"person\":\"alice\"},"
                "\"unknown\":{\"name\":null,\"person\":null}},"
                "\"capabilities\":[\"blood_pressure\"],\"last_sync\":\"2026-11-03T07:00:12Z\"},"
                "{\"id\":\"000102030405\",\"address\":\"00:01:02:03:04:05\",\"model\":null,"
                "\"model_id\":null,\"name\":null,\"manufacturer\":null,\"firmware\":null,"
                "\"hardware\":null,\"serial\":null,\"bonded\":false,\"paired_at\":null,"
                "\"users\":{},\"capabilities\":[\"blood_pressure\"],\"last_sync\":null}]");
}

static void info_tells_an_absent_adapter_from_one_that_is_off(void) {
        struct message_info i = {.started = "2026-11-03T07:00:00Z",
                                 .hostname = "pi",
                                 .inst = "cuff2mqtt_0123456789ab",
                                 .base_topic = "cuff2mqtt",
                                 .discovery_prefix = "homeassistant",
                                 .log_level = "info",
                                 .time_zone = "Europe/Berlin",
                                 .adapter_address = "00:01:02:03:04:05",
                                 .adapter_name = "pi",
                                 .adapter_state = "off",
                                 .pairing_active = true,
                                 .pairing_until = "2026-11-03T07:02:00Z",
                                 .mqtt_version = 5};

        CHECK(contains(message_info(&i),
                       "\"started\":\"2026-11-03T07:00:00Z\",\"hostname\":\"pi\","
                       "\"inst\":\"cuff2mqtt_0123456789ab\",\"base_topic\":\"cuff2mqtt\","
                       "\"discovery_prefix\":\"homeassistant\",\"log_level\":\"info\","
                       "\"time_zone\":\"Europe/Berlin\",\"adapter\":"
                       "{\"address\":\"00:01:02:03:04:05\",\"name\":\"pi\",\"state\":\"off\","
                       "\"powered\":false,\"discovering\":false},\"pairing\":{\"active\":true,"
                       "\"until\":\"2026-11-03T07:02:00Z\",\"device\":null},"
                       "\"mqtt\":{\"version\":5},\"restart_required\":false}"));
        CHECK(contains(message_info(&i), "{\"version\":\""));
        CHECK(contains(message_info(&i), "\"commit\":"));
        i = (struct message_info){.adapter_state = "absent"};
        CHECK(contains(message_info(&i),
                       "\"adapter\":{\"address\":null,\"name\":null,\"state\":\"absent\","
                       "\"powered\":null,\"discovering\":null},\"pairing\":{\"active\":false,"
                       "\"until\":null,\"device\":null},\"mqtt\":{\"version\":null}"));
}

static void health_holds_every_counter(void) {
        struct message_health h = {.time = "2026-11-03T07:00:00Z",
                                   .uptime_s = 86400,
                                   .rss_kb = 5120,
                                   .cpu_s = 1.25,
                                   .fds = 14,
                                   .mqtt_published = 5000000000,
                                   .mqtt_received = 2,
                                   .mqtt_dropped = 3,
                                   .mqtt_reconnects = 4,
                                   .ble_scans = 5,
                                   .ble_connects = 6,
                                   .ble_failures = 7,
                                   .db_records = 8,
                                   .db_outbox = 9,
                                   .problem = "The adapter is off."};

        check_text(message_health(&h),
                   "{\"time\":\"2026-11-03T07:00:00Z\",\"uptime_s\":86400,\"rss_kb\":5120,"
                   "\"cpu_s\":1.25,\"fds\":14,\"mqtt\":{\"published\":5000000000,\"received\":2,"
                   "\"dropped\":3,\"reconnects\":4},\"ble\":{\"scans\":5,\"connects\":6,"
                   "\"failures\":7},\"db\":{\"records\":8,\"outbox\":9},\"healthy\":false,"
                   "\"problem\":\"The adapter is off.\"}");
}

static void logging_and_events_are_small_objects(void) {
        check_text(message_logging("info", "collector", "One\nline", "2026-11-03T07:00:00Z"),
                   "{\"level\":\"info\",\"message\":\"One\\nline\",\"component\":\"collector\","
                   "\"time\":\"2026-11-03T07:00:00Z\"}");
        check_text(message_event("pairing_started", NULL, "2026-11-03T07:00:00Z", NULL),
                   "{\"type\":\"pairing_started\",\"data\":{},\"time\":\"2026-11-03T07:00:00Z\","
                   "\"transaction\":null}");
        check_text(message_event("device_paired", "{\"device\":\"aabbcc001122\"}",
                                 "2026-11-03T07:00:00Z", "\"t\""),
                   "{\"type\":\"device_paired\",\"data\":{\"device\":\"aabbcc001122\"},"
                   "\"time\":\"2026-11-03T07:00:00Z\",\"transaction\":\"t\"}");
}

static void an_object_is_made_of_pairs(void) {
        check_text(message_object("a", "1", "b", (char *) NULL, "c", "", NULL),
                   "{\"a\":\"1\",\"b\":null,\"c\":null}");
        check_text(message_object(NULL, NULL), "{}");
}

CHECK_MAIN("unit.message", TEST(topics_hold_ids_and_never_names),
           TEST(an_event_holds_every_field_in_order), TEST(what_the_cuff_does_not_say_is_null),
           TEST(the_estimated_mean_is_rounded), TEST(the_category_is_that_of_the_pressures),
           TEST(bytes_that_are_not_utf8_become_replacement_characters),
           TEST(a_cuffs_state_holds_every_field), TEST(devices_are_an_array_with_users_by_slot),
           TEST(info_tells_an_absent_adapter_from_one_that_is_off),
           TEST(health_holds_every_counter), TEST(logging_and_events_are_small_objects),
           TEST(an_object_is_made_of_pairs))
