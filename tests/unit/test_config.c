/* The configuration: defaults, types, errors of form with their exact place, what wins over what.
 */
#include "config_fixture.h"

#include "base/nearest.h"
#include "mqtt/client.h"

/* --- defaults ------------------------------------------------------------------------------------
 */

static void defaults_are_those_of_the_headers(void) {
        const struct session_timing timing = SESSION_TIMING_DEFAULT;
        const struct config *c = &now.config;

        begin();
        accepts("");
        CHECK(!now.warnings);
        CHECK(!c->time_zone && !c->adapter && !c->has_adapter_address);
        CHECK_EQ(c->log_level, LOG_LEVEL_INFO);
        CHECK_EQ(c->system_clock, CONFIG_CLOCK_AUTO);
        CHECK(c->bluetooth.power_on && c->bluetooth.set_clock);
        CHECK_EQ(c->bluetooth.wake, CONFIG_WAKE_AUTO_CONNECT);
        CHECK_EQ(c->mqtt.n_urls, 1);
        CHECK_STR(c->mqtt.url[0], "mqtt://localhost:1883");
        CHECK(!c->mqtt.url[1] && !c->mqtt.client_id && !c->mqtt.user && !c->mqtt.password);
        CHECK(!c->mqtt.password_file && !c->mqtt.ca_file && !c->mqtt.certificate_file &&
              !c->mqtt.key_file);
        CHECK_EQ(c->mqtt.version, MQTT_VERSION_AUTO);
        CHECK_STR(c->mqtt.base_topic, "cuff2mqtt");
        CHECK_EQ(c->mqtt.keep_alive_s, 60);
        CHECK_EQ(c->mqtt.backoff_min_usec, 1000000);
        CHECK_EQ(c->mqtt.backoff_max_usec, 60000000);
        CHECK(c->homeassistant.discovery);
        CHECK_STR(c->homeassistant.discovery_prefix, "homeassistant");
        CHECK_EQ(c->homeassistant.category, CATEGORY_ACC_AHA);
        CHECK_EQ(c->homeassistant.birth_delay_min_usec, 1000000);
        CHECK_EQ(c->homeassistant.birth_delay_max_usec, 5000000);
        CHECK(memcmp(&c->timing.session, &timing, sizeof timing) == 0);
        CHECK_EQ(c->timing.pairing_window_usec, 120000000);
        CHECK_EQ(c->timing.pairing_retry_usec, 5000000);
        CHECK_EQ(c->timing.health_usec, 300000000);
        CHECK_EQ(c->timing.stop_usec, 5000000);
        CHECK_EQ(c->timing.tail_usec, 5000000);
        end();
}

static void the_annotated_file_holds_exactly_the_defaults(void) {
        _cleanup_(freep) char *want = NULL, *got = NULL;

        begin();
        accepts("");
        want = printed(&now.config);
        CHECK_EQ(load_file("config/cuff2mqtt.conf"), 0);
        CHECK(!now.errors && !now.warnings);
        got = printed(&now.config);
        CHECK_STR(got, want);
        end();
}

/* Help, what it may be, and the default: together, in the order of the table. */
static void the_annotated_file_explains_every_option(void) {
        _cleanup_(fclosep) FILE *f = fopen("config/cuff2mqtt.conf", "re");
        char file[32768];
        const char *at = file;

        file[f ? fread(file, 1, sizeof file - 1, f) : 0] = '\0';
        for (size_t i = 0; i < option_count && at; i++) {
                const struct option *o = &option_table[i];
                const char *dot = strrchr(o->path, '.'), *indent = dot ? "        " : "";
                _cleanup_(freep) char *value = NULL, *want = NULL;
                char may[OPTION_WHY_SIZE];
                size_t size;
                FILE *out = open_memstream(&value, &size);

                option_value_print_default(o, out);
                fclose(out);
                option_value_describe(o, may, sizeof may);
                CHECK(asprintf(&want, "\n%s# %s\n%s# May be %s.\n%s%s%s = %s;\n", indent, o->help,
                               indent, may,
                               o->runtime ? "# Can be set over MQTT and in Home Assistant, as long "
                                            "as it is not set here.\n#"
                                          : "",
                               indent, dot ? dot + 1 : o->path, value) > 0);
                at = strstr(at, want);
                if (!at)
                        printf("# missing or out of order: %s", want);
                CHECK(at != NULL);
        }
}

/* The table has its own list of words: it is read before anything else can be asked. */
static void a_scheme_is_chosen_by_the_name_it_has_everywhere(void) {
        begin();
        for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++) {
                _cleanup_(freep) char *text = NULL;

                CHECK(asprintf(&text, "homeassistant = { category = \"%s\"; };",
                               category_scheme_to_string(s)) > 0);
                accepts(text);
                CHECK_EQ(now.config.homeassistant.category, s);
        }
        refuses("homeassistant = { category = \"who\"; };\n",
                "$c:1: homeassistant.category must be one of \"acc_aha\", \"esc\", \"esh\", not "
                "\"who\"\n");
        end();
}

static void without_a_file_the_defaults_hold_and_a_named_one_must_exist(void) {
        begin();
        CHECK_EQ(load_file("/nonexistent/cuff2mqtt.conf"), -ENOENT);
        CHECK_STR(now.errors,
                  "/nonexistent/cuff2mqtt.conf: cannot be read: No such file or directory\n");
        CHECK_EQ(load_file(now.directory), -EISDIR);
        CHECK(says(now.errors, ": is not a file\n"));
        if (access("/etc/cuff2mqtt/cuff2mqtt.conf", F_OK) < 0)
                CHECK_EQ(load_file(NULL), 0);
        end();
}

static void the_state_directory_follows_systemd_then_the_user(void) {
        begin();
        setenv("STATE_DIRECTORY", "/var/lib/private/a:/var/lib/b", 1);
        accepts("");
        CHECK_STR(now.config.state_directory, "/var/lib/private/a");
        accepts("state_directory = \"/srv/x\";");
        CHECK_STR(now.config.state_directory, "/srv/x");
        unsetenv("STATE_DIRECTORY");
        accepts("");
        if (geteuid() == 0)
                CHECK_STR(now.config.state_directory, "/var/lib/cuff2mqtt");
        else
                CHECK(strstr(now.config.state_directory, "/cuff2mqtt") != NULL);
        end();
}

/* --- good values ---------------------------------------------------------------------------------
 */

static void every_type_is_read(void) {
        const struct config *c = &now.config;

        begin();
        accepts("adapter = \"aa:BB:cc:00:11:22\"; time_zone = \"Etc/UTC\"; log_level = \"debug\";\n"
                "bluetooth = { power_on = false; wake = \"discovery\"; };\n"
                "mqtt : { url = [\"mqtts://a.b:8883\", \"ws://[::1]:80/mqtt\"]; version = "
                "\"3.1.1\";\n"
                "  user = \"m\\\"x\"; password = \"pw\"; keep_alive = 5L; backoff_min = 0.25; };\n"
                "timing = { cooldown = 60; tail = 0.01; health = 1.001; };\n");
        CHECK(c->has_adapter_address);
        CHECK_EQ(c->adapter_address.byte[1], 0xBB);
        CHECK_EQ(c->log_level, LOG_LEVEL_DEBUG);
        CHECK(!c->bluetooth.power_on);
        CHECK_EQ(c->bluetooth.wake, CONFIG_WAKE_DISCOVERY);
        CHECK_EQ(c->mqtt.n_urls, 2);
        CHECK_STR(c->mqtt.url[1], "ws://[::1]:80/mqtt");
        CHECK(!c->mqtt.url[2]);
        CHECK_EQ(c->mqtt.version, MQTT_VERSION_3_1_1);
        CHECK_STR(c->mqtt.user, "m\"x");
        CHECK_STR(c->mqtt.password, "pw");
        CHECK_EQ(c->mqtt.keep_alive_s, 5);
        CHECK_EQ(c->mqtt.backoff_min_usec, 250000);
        CHECK_EQ(c->timing.session.cooldown_usec, 60000000);
        CHECK_EQ(c->timing.tail_usec, 10000);
        CHECK_EQ(c->timing.health_usec, 1001000);
        end();
}

static void an_included_file_is_found_beside_the_main_one_and_named_in_errors(void) {
        static const char good[] = "mqtt = { user = \"u\"; };\n",
                          bad[] = "\n\nlog_level = \"loud\";\nx = 1;\n";

        begin();
        put("more.conf", good, strlen(good), 0600);
        accepts("@include \"more.conf\"\nlog_level = \"error\";\n");
        CHECK_STR(now.config.mqtt.user, "u");
        CHECK_EQ(now.config.log_level, LOG_LEVEL_ERROR);
        put("more.conf", bad, strlen(bad), 0600);
        refuses("@include \"more.conf\"\ny = 2;\n",
                "$more.conf:3: log_level must be one of \"error\", \"warning\", \"info\", "
                "\"debug\", not \"loud\"\n"
                "$more.conf:4: x is no option; `cuff2mqtt help options` lists all\n"
                "$c:2: y is no option; `cuff2mqtt help options` lists all\n");
        put("more.conf", "a b\n", 4, 0600);
        CHECK_EQ(load("@include \"more.conf\"\n"), -EINVAL);
        CHECK(says(now.errors, "/more.conf:1: syntax error"));
        end();
}

static void a_file_that_can_be_no_configuration_is_not_read(void) {
        _cleanup_(freep) char *text = malloc(1024 * 1024 + 2);

        begin();
        memset(text, '\n', 1024 * 1024 + 1);
        text[1024 * 1024 + 1] = '\0';
        CHECK_EQ(load(text), -EFBIG);
        CHECK(says(now.errors, "is larger than 1 MB"));
        text[1024 * 1024] = '\0';
        accepts(text);
        end();
}

static void so_many_brokers_may_be_listed(void) {
        begin();
        accepts("mqtt = { url = [\"mqtt://1\", \"mqtt://2\", \"mqtt://3\", \"mqtt://4\", "
                "\"mqtt://5\", "
                "\"mqtt://6\", \"mqtt://7\", \"mqtt://8\"]; };");
        CHECK_EQ(now.config.mqtt.n_urls, CONFIG_URLS_MAX);
        refuses("mqtt = { url = [\"mqtt://1\", \"mqtt://2\", \"mqtt://3\", \"mqtt://4\", "
                "\"mqtt://5\", "
                "\"mqtt://6\", \"mqtt://7\", \"mqtt://8\", \"mqtt://9\"]; };",
                "$c:1: mqtt.url may list 8 brokers at most: take some out\n");
        end();
}

/* --- errors of form ------------------------------------------------------------------------------
 */

static void a_syntax_error_names_its_line(void) {
        begin();
        refuses("log_level = \"info\";\nmqtt = {\n  user == 3;\n};\n",
                "$c:3: syntax error: here or just before; write name = value; and put texts in "
                "double quotes\n");
        refuses("log_level = \"info\";\nlog_level = \"info\";\n",
                "$c:2: duplicate setting name: keep one of the two\n");
        refuses("\n@include \"none\"\n", "$c:2: cannot open include file: names are relative to "
                                         "the directory of the main file\n");
        refuses("\n@include \"../\"\n",
                "$c:2: $../ is a directory: include the files in it one by one\n");
        refuses("mqtt = { url = [\"mqtt://a\", 3]; };\n",
                "$c:1: mismatched element type in array: all entries of a list [..] must be of one "
                "kind\n");
        end();
}

static void an_unknown_key_names_the_nearest(void) {
        begin();
        refuses("log_levle = \"info\";\nurl = \"mqtt://x\";\nqqqqqqqqqqqqq = 1;\nmqqt = { a = 1; b "
                "= 2; };\n"
                "mqtt = {\n\n  pasword = \"hunter2\";\n  timing = { x = 1; };\n};\nmqtt2 = "
                "5;\nbluetooth = true;\n",
                "$c:1: log_levle is no option; did you mean log_level?\n"
                "$c:2: url is no option; did you mean mqtt.url?\n"
                "$c:3: qqqqqqqqqqqqq is no option; `cuff2mqtt help options` lists all\n"
                "$c:4: mqqt is no option; did you mean mqtt?\n"
                "$c:7: mqtt.pasword is no option; did you mean mqtt.password?\n"
                "$c:8: mqtt.timing is no option; did you mean timing?\n"
                "$c:10: mqtt2 is no option; `cuff2mqtt help options` lists all\n"
                "$c:11: bluetooth must be a group: bluetooth = { name = value; };\n");
        end();
}

static void a_wrong_type_says_what_it_must_be(void) {
        begin();
        refuses("log_level = 3;\nadapter = true;\nbluetooth = { power_on = \"yes\"; set_clock = 1; "
                "};\n"
                "mqtt = {\n  keep_alive = 60.0;\n  version = 5;\n  url = 1883;\n  password = "
                "12345678;\n"
                "  user = [\"u\"];\n  backoff_min = \"1\";\n};\nstate_directory = { };\n",
                "$c:1: log_level must be one of \"error\", \"warning\", \"info\", \"debug\"\n"
                "$c:2: adapter must be text in quotes, at most 17 bytes\n"
                "$c:3: bluetooth.power_on must be true or false\n"
                "$c:3: bluetooth.set_clock must be true or false\n"
                "$c:5: mqtt.keep_alive must be a whole number from 1 to 65535\n"
                "$c:6: mqtt.version must be one of \"auto\", \"5\", \"3.1.1\"\n"
                "$c:7: mqtt.url must be a URL in quotes, or a list [\"..\", \"..\"] of at most 8\n"
                "$c:8: mqtt.password must be text in quotes, at most 1024 bytes\n"
                "$c:9: mqtt.user must be text in quotes, at most 256 bytes\n"
                "$c:10: mqtt.backoff_min must be seconds from 0.01 to 3600\n"
                "$c:12: state_directory must be text in quotes, at most 1024 bytes\n");
        end();
}

static void limits_and_words_are_named(void) {
        begin();
        refuses("mqtt = { keep_alive = 0;\n  backoff_max = 86401;\n version = \"4\"; };\n"
                "timing = { stop = -1; tail = 0.001;\n  health = 1e999; };\nbluetooth = { wake = "
                "\"\"; };\n",
                "$c:1: mqtt.keep_alive must be a whole number from 1 to 65535, not \"0\"\n"
                "$c:2: mqtt.backoff_max must be seconds from 0.01 to 86400, not \"86401\"\n"
                "$c:3: mqtt.version must be one of \"auto\", \"5\", \"3.1.1\", not \"4\"\n"
                "$c:4: timing.stop must be seconds from 0.01 to 20, not \"-1\"\n"
                "$c:4: timing.tail must be seconds from 0.01 to 600, not \"0.001\"\n"
                "$c:5: timing.health must be seconds from 0.01 to 86400, not \"inf\"\n"
                "$c:6: bluetooth.wake must be one of \"auto-connect\", \"discovery\", not \"\"\n");
        accepts("mqtt = { keep_alive = 1; backoff_max = 86400; }; timing = { stop = 20; tail = "
                "0.01; };");
        accepts("mqtt = { keep_alive = 65535; }; homeassistant = { birth_delay_min = 0; };");
        end();
}

/* --- environment ---------------------------------------------------------------------------------
 */

static void the_environment_wins_over_the_file(void) {
        begin();
        setenv("CUFF2MQTT_MQTT_URL", "mqtt://a mqtt://b:1, ws://c/x", 1);
        setenv("CUFF2MQTT_LOG_LEVEL", "debug", 1);
        setenv("CUFF2MQTT_BLUETOOTH_POWER_ON", "no", 1);
        setenv("CUFF2MQTT_TIMING_BACKOFF_MIN", "0.5", 1);
        setenv("CUFF2MQTT_MQTT_BASE_TOPIC", "", 1);
        setenv("CUFF2MQTT_SOMETHING_EMPTY", "", 1);
        setenv("CUFF2MQTT_SOURCE", "x", 1);
        setenv("CUFF2MQTT_TEST_ANYTHING", "x", 1);
        accepts("log_level = \"error\"; mqtt = { url = \"mqtt://file\"; base_topic = \"t\"; };");
        CHECK_EQ(now.config.mqtt.n_urls, 3);
        CHECK_STR(now.config.mqtt.url[0], "mqtt://a");
        CHECK_STR(now.config.mqtt.url[2], "ws://c/x");
        CHECK_EQ(now.config.log_level, LOG_LEVEL_DEBUG);
        CHECK(!now.config.bluetooth.power_on);
        CHECK_EQ(now.config.timing.session.backoff_min_usec, 500000);
        CHECK_STR(now.config.mqtt.base_topic, "t");
        end();
}

static void errors_of_the_environment_name_the_variable(void) {
        begin();
        setenv("CUFF2MQTT_MQTT_KEEP_ALIVE", "6O", 1);
        setenv("CUFF2MQTT_MQTT_URL", ",", 1);
        setenv("CUFF2MQTT_BLUETOOTH_SET_CLOCK", "maybe", 1);
        setenv("CUFF2MQTT_MQTT_URLS", "x", 1);
        refuses("log_level = \"\";\n",
                "$c:1: log_level must be one of \"error\", \"warning\", \"info\", \"debug\", not "
                "\"\"\n"
                "CUFF2MQTT_BLUETOOTH_SET_CLOCK: must be true or false, not \"maybe\"\n"
                "CUFF2MQTT_MQTT_URL: names no broker: write one, as mqtt://localhost:1883\n"
                "CUFF2MQTT_MQTT_KEEP_ALIVE: must be a whole number from 1 to 65535, not \"6O\"\n"
                "CUFF2MQTT_MQTT_URLS: there is no such option; did you mean CUFF2MQTT_MQTT_URL?\n");
        end();
}

static void every_option_has_a_variable_of_its_own(void) {
        char name[OPTION_WHY_SIZE], other[OPTION_WHY_SIZE];

        option_environment_name(option_find("mqtt.password_file"), name);
        CHECK_STR(name, "CUFF2MQTT_MQTT_PASSWORD_FILE");
        for (size_t i = 0; i < option_count; i++)
                for (size_t j = 0; j < i; j++) {
                        option_environment_name(&option_table[i], name);
                        option_environment_name(&option_table[j], other);
                        CHECK(strcmp(name, other) != 0);
                }
}

static void the_nearest_word_is_found_and_a_far_one_is_not_named(void) {
        struct nearest n;
        char large[200];

        nearest_init(&n, "kitten");
        CHECK(!nearest_best(&n));
        nearest_offer(&n, "sitting");
        CHECK_EQ(n.distance, 3);
        nearest_offer(&n, "mitten");
        nearest_offer(&n, "bitten");
        CHECK_STR(nearest_best(&n), "mitten");
        nearest_init(&n, "");
        nearest_offer(&n, "run");
        CHECK(!nearest_best(&n));
        memset(large, 'a', sizeof large - 1);
        large[sizeof large - 1] = '\0';
        nearest_init(&n, large);
        nearest_offer(&n, "run");
        CHECK(!nearest_best(&n));
}

CHECK_MAIN("unit.config", TEST(defaults_are_those_of_the_headers),
           TEST(the_annotated_file_holds_exactly_the_defaults),
           TEST(the_annotated_file_explains_every_option),
           TEST(a_scheme_is_chosen_by_the_name_it_has_everywhere),
           TEST(without_a_file_the_defaults_hold_and_a_named_one_must_exist),
           TEST(the_state_directory_follows_systemd_then_the_user), TEST(every_type_is_read),
           TEST(an_included_file_is_found_beside_the_main_one_and_named_in_errors),
           TEST(a_file_that_can_be_no_configuration_is_not_read),
           TEST(so_many_brokers_may_be_listed), TEST(a_syntax_error_names_its_line),
           TEST(an_unknown_key_names_the_nearest), TEST(a_wrong_type_says_what_it_must_be),
           TEST(limits_and_words_are_named), TEST(the_environment_wins_over_the_file),
           TEST(errors_of_the_environment_name_the_variable),
           TEST(every_option_has_a_variable_of_its_own),
           TEST(the_nearest_word_is_found_and_a_far_one_is_not_named))
