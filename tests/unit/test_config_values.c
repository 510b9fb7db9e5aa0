/* The configuration: values that have the right type and still cannot be meant, and secrets. */
#include "config_fixture.h"

/* --- errors of meaning ---------------------------------------------------------------------------
 */

static void broker_urls_are_checked_and_never_show_a_password(void) {
        begin();
        refuses("mqtt = { url = [\n \"http://a\",\n \"localhost:1883\",\n \"tcp://a\",\n "
                "\"ssl://a\",\n"
                " \"mqtt://u:geheim@a\",\n \"mqtt://a:0\",\n \"mqtt://a/b\",\n \"ws://\",\n "
                "\"mqtt://[::1\",\n"
                " \"mqtt://a b\" ]; };\n",
                "$c:2: mqtt.url is \"http://a\": begin it with mqtt://, mqtts://, ws:// or wss://\n"
                "$c:3: mqtt.url is \"localhost:1883\": begin it with mqtt://, mqtts://, ws:// or "
                "wss://\n"
                "$c:4: mqtt.url is \"tcp://a\": write mqtt:// instead of tcp://\n"
                "$c:5: mqtt.url is \"ssl://a\": write mqtts:// instead of ssl://\n"
                "$c:6: mqtt.url must not hold a user or password (there is an @ in it): use "
                "mqtt.user and "
                "mqtt.password_file\n"
                "$c:7: mqtt.url is \"mqtt://a:0\": it has no valid port: use a number from 1 to "
                "65535\n"
                "$c:8: mqtt.url is \"mqtt://a/b\": only ws:// and wss:// may have a path: cut the "
                "/ after the host\n"
                "$c:9: mqtt.url is \"ws://\": it has no valid host name: write it as "
                "mqtt://host:1883\n"
                "$c:10: mqtt.url is \"mqtt://[::1\": it has an unfinished IPv6 address: write it "
                "as [::1]\n"
                "$c:11: mqtt.url is \"mqtt://a b\": it holds characters that no address has\n");
        refuses("mqtt = { url = []; };\n",
                "$c:1: mqtt.url names no broker: write one, as \"mqtt://localhost:1883\"\n");
        refuses("mqtt = { url = "
                "[\"ws://a\",\"ws://a\",\"ws://a\",\"ws://a\",\"ws://a\",\"ws://a\",\"ws://a\",\n"
                "\"ws://a\",\"ws://i\"]; };\n",
                "$c:2: mqtt.url may list 8 brokers at most: take some out\n");
        refuses("mqtt = { url = [\"mqtt://a:99999999999999999999\", \"mqtt://a:1x\", "
                "\"mqtt://a:+5\", \"mqtt://a:65536\"]; };\n",
                "$c:1: mqtt.url is \"mqtt://a:99999999999999999999\": it has no valid port: use a "
                "number from 1 to 65535\n"
                "$c:1: mqtt.url is \"mqtt://a:1x\": it has something odd after the host: write it "
                "as mqtt://host:1883\n"
                "$c:1: mqtt.url is \"mqtt://a:+5\": it has no valid port: use a number from 1 to "
                "65535\n"
                "$c:1: mqtt.url is \"mqtt://a:65536\": it has no valid port: use a number from 1 "
                "to "
                "65535\n");
        accepts("mqtt = { url = [\"mqtt://192.168.1.2\", \"mqtt://[fe80::1]:1883\", "
                "\"wss://h-1.x_y:65535/a/b\"]; };");
        end();
}

static void texts_are_utf_8(void) {
        static const char *const bad[] = {"\x80",
                                          "\xc0\x80",
                                          "\xc1\xbf",
                                          "\xe2\x82",
                                          "\xe0\x9f\xbf",
                                          "\xed\xa0\x80",
                                          "\xf0\x8f\xbf\xbf",
                                          "\xf4\x90\x80\x80",
                                          "\xf5\x80\x80\x80",
                                          "\xff",
                                          "a\x7f",
                                          "\xc3("};
        static const char *const good[] = {"~",
                                           "\xc2\x80",
                                           "\xe0\xa0\x80",
                                           "\xed\x9f\xbf",
                                           "\xee\x80\x80",
                                           "\xf0\x90\x80\x80",
                                           "\xf4\x8f\xbf\xbf"};

        begin();
        for (size_t i = 0; i < ELEMENTS(bad); i++) {
                setenv("CUFF2MQTT_MQTT_USER", bad[i], 1);
                CHECK_EQ(load(""), -EINVAL);
        }
        for (size_t i = 0; i < ELEMENTS(good); i++) {
                setenv("CUFF2MQTT_MQTT_USER", good[i], 1);
                accepts("");
                CHECK_STR(now.config.mqtt.user, good[i]);
        }
        end();
}

static void topics_and_names_are_checked(void) {
        begin();
        refuses("mqtt = { base_topic = \"a/+\";\n client_id = \"a/b\"; };\n"
                "homeassistant = { discovery_prefix = \"/ha\"; };\n",
                "$c:1: mqtt.base_topic is \"a/+\": + and # are wildcards and cannot be in a topic\n"
                "$c:2: mqtt.client_id is \"a/b\": only letters, digits, _ and - are understood by "
                "every broker\n"
                "$c:3: homeassistant.discovery_prefix is \"/ha\": it must not begin or end with / "
                "or hold //\n");
        refuses("mqtt = { base_topic = \"a/\";\n user = \"a\\nb\"; };\nhomeassistant = { "
                "discovery_prefix = \"\"; };\n",
                "$c:1: mqtt.base_topic is \"a/\": it must not begin or end with / or hold //\n"
                "$c:2: mqtt.user must not hold control characters: take out tabs and line ends\n"
                "$c:3: homeassistant.discovery_prefix must not be empty: the default is "
                "\"homeassistant\"\n");
        refuses("mqtt = { base_topic = \"a//b\";\n user = \"\xff\"; };\nadapter = \"hci0\";\n",
                "$c:1: mqtt.base_topic is \"a//b\": it must not begin or end with / or hold //\n"
                "$c:2: mqtt.user must be UTF-8: save the file in that encoding\n"
                "$c:3: adapter must be an address like \"AA:BB:CC:DD:EE:FF\", not \"hci0\" (names "
                "like "
                "hci0 can change): `bluetoothctl list` shows it\n");
        refuses("mqtt = { base_topic = \"$$SYS\"; };", "$c:1: mqtt.base_topic is \"$$SYS\": topics "
                                                       "that begin with $$ belong to the broker\n");
        refuses("mqtt = { client_id = "
                "\"12345678901234567890123456789012345678901234567890123456789012345\"; };",
                "$c:1: mqtt.client_id must be at most 64 bytes long, not 65\n");
        accepts("mqtt = { base_topic = \"house/küche\"; client_id = \"a-Z_9\"; user = \"Jürgen "
                "😀\"; };");
        end();
}

static void places_and_time_zones_are_checked(void) {
        begin();
        refuses("state_directory = \"var/lib\";\ntime_zone = \"Europe/Atlantis\";\n",
                "$c:1: state_directory must be an absolute path, not \"var/lib\": begin it with /\n"
                "$c:2: time_zone is \"Europe/Atlantis\", which is no time zone: pick one of "
                "`timedatectl list-timezones`\n");
        refuses("time_zone = \"../../etc/localtime\";",
                "$c:1: time_zone must be a name like \"Europe/Berlin\", not "
                "\"../../etc/localtime\"\n");
        CHECK_EQ(load("time_zone = \"/etc/localtime\";"), -EINVAL);
        CHECK_EQ(load("time_zone = \"Europe\";"), -EINVAL);
        CHECK_EQ(load("time_zone = \"tzdata.zi\";"), -EINVAL);
        CHECK_EQ(load("time_zone = \"CET-1CEST,M3.5.0\";"), -EINVAL);
        accepts("time_zone = \"Europe/Berlin\";");
        end();
}

static void certificates_come_with_their_keys(void) {
        begin();
        put("pem", "x", 1, 0600);
        refuses("mqtt = { url = \"mqtts://a\";\n certificate_file = \"$pem\"; };\n",
                "$c:2: mqtt.certificate_file is set without mqtt.key_file: set both or none\n");
        refuses("mqtt = { url = \"mqtts://a\";\n\n key_file = \"$pem\"; };\n",
                "$c:3: mqtt.key_file is set without mqtt.certificate_file: set both or none\n");
        refuses("mqtt = { url = \"mqtts://a\"; ca_file = \"$none\"; key_file = \"pem\"; };\n",
                "$c:1: mqtt.ca_file names $none, which cannot be read: No such file or directory\n"
                "$c:1: mqtt.key_file must be an absolute path, not \"pem\": begin it with /\n");
        accepts("mqtt = { url = \"wss://a\"; ca_file = \"$pem\"; certificate_file = \"$pem\"; "
                "key_file = \"$pem\"; };");
        CHECK(!now.warnings);
        accepts("mqtt = { ca_file = \"$pem\"; };");
        CHECK(strstr(
                now.warnings,
                "/c:1: mqtt.ca_file has no effect: no mqtt.url begins with mqtts:// or wss://\n"));
        end();
}

static void a_minimum_must_not_exceed_its_maximum(void) {
        begin();
        refuses("mqtt = {\n backoff_min = 61; };\nhomeassistant = { birth_delay_max = 0.5; };\n"
                "timing = { backoff_min = 9; backoff_max = 8; };\n",
                "$c:2: mqtt.backoff_min is wrong: mqtt.backoff_min (61 s) must not be longer than "
                "mqtt.backoff_max "
                "(60 s)\n"
                "$c:3: homeassistant.birth_delay_max is wrong: homeassistant.birth_delay_min (1 s) "
                "must not be longer "
                "than homeassistant.birth_delay_max (0.5 s)\n"
                "$c:4: timing.backoff_min is wrong: timing.backoff_min (9 s) must not be longer "
                "than "
                "timing.backoff_max (8 s)\n");
        accepts("timing = { backoff_min = 8; backoff_max = 8; };");
        end();
}

/* --- secrets -------------------------------------------------------------------------------------
 */

static void a_password_file_gives_the_password(void) {
        char large[1100];

        begin();
        memset(large, 'x', sizeof large);
        put("pw", "geheim\n", 7, 0600);
        accepts("mqtt = { user = \"u\"; password_file = \"$pw\"; };");
        CHECK_STR(now.config.mqtt.password, "geheim");
        CHECK(!now.warnings);
        put("pw", "ge heim\r\n", 9, 0604);
        accepts("mqtt = { user = \"u\"; password_file = \"$pw\"; };");
        CHECK_STR(now.config.mqtt.password, "ge heim");
        CHECK(says(now.warnings, "/c:1: mqtt.password_file names /") &&
              says(now.warnings, ": chmod o-r /"));
        put("pw", large, 1024, 0600);
        accepts("mqtt = { user = \"u\"; password_file = \"$pw\"; };");
        large[1024] = '\0';
        CHECK_STR(now.config.mqtt.password, large);
        large[1024] = 'x';
        put("pw", large, sizeof large, 0600);
        refuses("mqtt = { user = \"u\"; password_file = \"$pw\"; };",
                "$c:1: mqtt.password_file names $pw, which is too long: a password has at most "
                "1024 bytes\n");
        put("pw", "\n", 1, 0600);
        refuses("mqtt = { user = \"u\"; password_file = \"$pw\"; };",
                "$c:1: mqtt.password_file names $pw, which is empty: write the password into it\n");
        put("pw", "a\nb\n", 4, 0600);
        refuses("mqtt = { user = \"u\"; password_file = \"$pw\"; };",
                "$c:1: mqtt.password_file names $pw, which must hold one line: the password\n");
        put("pw", "a\0b", 3, 0600);
        CHECK_EQ(load("mqtt = { user = \"u\"; password_file = \"$pw\"; };"), -EINVAL);
        refuses("mqtt = { user = \"u\";\n password_file = \"$missing\"; };",
                "$c:2: mqtt.password_file names $missing, which cannot be read: No such file or "
                "directory\n");
        refuses("mqtt = { user = \"u\";\n password_file = \"$.\"; };",
                "$c:2: mqtt.password_file names $., which is not a file\n");
        end();
}

/* With a user, and without both options. */
static void a_password_that_nobody_named_is_looked_for(void) {
        static const char user[] = "mqtt = { user = \"u\"; };";
        _cleanup_(freep) char *path = NULL;

        begin();
        path = path_of("password");
        accepts(user);
        CHECK(!now.config.mqtt.password && !now.config.mqtt.password_file && !now.warnings);
        put("password", "beside\n", 7, 0640);
        accepts(user);
        CHECK_STR(now.config.mqtt.password, "beside");
        CHECK_STR(now.config.mqtt.password_file, path);
        CHECK(!now.warnings);
        accepts("");
        CHECK(!now.config.mqtt.password);
        accepts("mqtt = { user = \"u\"; password = \"own\"; };");
        CHECK_STR(now.config.mqtt.password, "own");
        put("named", "named\n", 6, 0600);
        accepts("mqtt = { user = \"u\"; password_file = \"$named\"; };");
        CHECK_STR(now.config.mqtt.password, "named");
        put("password", "beside\n", 7, 0644);
        accepts(user);
        CHECK(says(now.warnings, "mqtt.password_file names /") &&
              says(now.warnings, "chmod o-r /"));
        put("password", "\n", 1, 0640);
        refuses(user,
                "mqtt.password_file names $password, which is empty: write the password into it\n");
        end();
}

/* What systemd hands over comes before the file beside the configuration. */
static void a_credential_of_systemd_is_the_password(void) {
        static const char user[] = "mqtt = { user = \"u\"; };";

        begin();
        setenv("CREDENTIALS_DIRECTORY", now.directory, 1);
        put("password", "beside\n", 7, 0640);
        accepts(user); /* other credentials only */
        CHECK_STR(now.config.mqtt.password, "beside");
        put("mqtt-password", "handed over\n", 12, 0400);
        accepts(user);
        CHECK_STR(now.config.mqtt.password, "handed over");
        put("mqtt-password", "x", 1, 0400);
        accepts(user);
        CHECK_STR(now.config.mqtt.password, "x");
        accepts("");
        CHECK(!now.config.mqtt.password);
        accepts("mqtt = { user = \"u\"; password = \"own\"; };");
        CHECK_STR(now.config.mqtt.password, "own");
        put("mqtt-password", "\n", 1, 0400); /* the unit's stand-in for no file */
        accepts(user);
        CHECK(!now.config.mqtt.password && !now.config.mqtt.password_file && !now.warnings);
        put("mqtt-password", "", 0, 0400);
        accepts(user);
        CHECK(!now.config.mqtt.password);
        put("mqtt-password", "a\nb\n", 4, 0400);
        refuses(user,
                "mqtt.password_file names systemd's credential mqtt-password (the unit takes it "
                "from /etc/cuff2mqtt/password), which must hold one line: the "
                "password\n");
        setenv("CREDENTIALS_DIRECTORY", "", 1);
        accepts(user);
        CHECK_STR(now.config.mqtt.password, "beside");
        end();
}

static void passwords_that_cannot_work_are_refused(void) {
        begin();
        put("pw", "geheim\n", 7, 0600);
        refuses("mqtt = { user = \"u\"; password = \"p\";\n password_file = \"$pw\"; };",
                "$c:2: mqtt.password_file and mqtt.password are both set: keep one\n");
        refuses("\nmqtt = { password = \"p\"; };",
                "$c:2: mqtt.password is set without mqtt.user: set the user too\n");
        setenv("CUFF2MQTT_MQTT_PASSWORD", "p", 1);
        refuses("mqtt = { user = \"u\";\n password_file = \"$pw\"; };",
                "$c:2: mqtt.password_file and mqtt.password are both set: keep one\n");
        end();
}

static void a_password_others_can_read_is_warned_about(void) {
        static const char text[] = "\nmqtt = { user = \"u\"; password = \"hunter2\"; };";
        _cleanup_(freep) char *path = NULL, *want = NULL;

        begin();
        path = path_of("open");
        want = expand(
                "$open:2: mqtt.password stands in a file that every user of this machine can read: "
                "chmod o-r $open\n");
        put("open", text, strlen(text), 0644);
        CHECK_EQ(load_file(path), 0);
        CHECK_STR(now.warnings, want);
        put("open", text, strlen(text), 0640);
        CHECK_EQ(load_file(path), 0);
        CHECK(!now.warnings);
        end();
}

static void secrets_are_never_printed(void) {
        _cleanup_(freep) char *text = NULL;

        begin();
        accepts("mqtt = { user = \"u\"; password = \"hunter2\"; };");
        text = printed(&now.config);
        CHECK(!says(text, "hunter2"));
        CHECK(says(text, "mqtt.password = \"(set)\"\n"));
        CHECK_EQ(load("mqtt = { password = [\"hunter2\"]; user = \"u\"; pasword = \"hunter2\"; "
                      "};\nx = \"hunter2\";"),
                 -EINVAL);
        CHECK(!says(now.errors, "hunter2"));
        setenv("CUFF2MQTT_MQTT_PASSWORD", "hunter2\n", 1);
        setenv("CUFF2MQTT_MQTT_PASSWOR", "hunter2", 1);
        CHECK_EQ(load(""), -EINVAL);
        CHECK(!says(now.errors, "hunter2"));
        end();
}

CHECK_MAIN("unit.config_values", TEST(broker_urls_are_checked_and_never_show_a_password),
           TEST(texts_are_utf_8), TEST(topics_and_names_are_checked),
           TEST(places_and_time_zones_are_checked), TEST(certificates_come_with_their_keys),
           TEST(a_minimum_must_not_exceed_its_maximum), TEST(a_password_file_gives_the_password),
           TEST(a_password_that_nobody_named_is_looked_for),
           TEST(a_credential_of_systemd_is_the_password),
           TEST(passwords_that_cannot_work_are_refused),
           TEST(a_password_others_can_read_is_warned_about), TEST(secrets_are_never_printed))
