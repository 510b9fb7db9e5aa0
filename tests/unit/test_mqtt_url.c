#include "mqtt/url.h"

#include <errno.h>

#include "check.h"

static void check_url(const char *text, const char *paho, const char *shown, const char *host) {
        struct mqtt_url url = {0};

        CHECK_EQ(mqtt_url_parse(text, &url), 0);
        CHECK_STR(url.paho, paho);
        CHECK_STR(url.text, shown);
        CHECK_STR(url.host, host);
        CHECK_EQ(url.tls, strncmp(paho, "ssl", 3) == 0 || strncmp(paho, "wss", 3) == 0);
        mqtt_url_done(&url);
}

static void schemes_become_those_of_paho_with_their_default_ports(void) {
        check_url("mqtt://pi", "tcp://pi:1883", "mqtt://pi", "pi");
        check_url("mqtts://pi.local/", "ssl://pi.local:8883", "mqtts://pi.local", "pi.local");
        check_url("ws://pi", "ws://pi:80", "ws://pi", "pi");
        check_url("wss://pi", "wss://pi:443", "wss://pi", "pi");
        check_url("MQTT://pi:1884", "tcp://pi:1884", "mqtt://pi:1884", "pi");
}

static void a_path_belongs_to_websockets_only(void) {
        struct mqtt_url url;

        check_url("ws://pi:8080/mqtt?x=1", "ws://pi:8080/mqtt?x=1", "ws://pi:8080/mqtt?x=1", "pi");
        CHECK_EQ(mqtt_url_parse("mqtt://pi/mqtt", &url), -EINVAL);
}

static void addresses_are_hosts_too(void) {
        check_url("mqtt://127.0.0.1:65535", "tcp://127.0.0.1:65535", "mqtt://127.0.0.1:65535",
                  "127.0.0.1");
        check_url("mqtts://[fe80::1]", "ssl://[fe80::1]:8883", "mqtts://[fe80::1]", "fe80::1");
        check_url("mqtt://[::1]:1", "tcp://[::1]:1", "mqtt://[::1]:1", "::1");
}

static void user_and_password_are_decoded_and_never_shown(void) {
        struct mqtt_url url = {0};

        CHECK_EQ(mqtt_url_parse("mqtts://anna:p%40ss%3a@w%25@broker:99", &url), 0);
        CHECK_STR(url.user, "anna");
        CHECK_STR(url.password, "p@ss:@w%");
        CHECK_STR(url.text, "mqtts://broker:99");
        CHECK_STR(url.paho, "ssl://broker:99");
        mqtt_url_done(&url);
        CHECK_EQ(mqtt_url_parse("mqtt://anna@broker", &url), 0);
        CHECK_STR(url.user, "anna");
        CHECK(!url.password);
        mqtt_url_done(&url);
}

static void nonsense_is_refused_and_writes_nothing(void) {
        static const char *const bad[] = {
                "",
                "pi",
                "mqtt:",
                "mqtt://",
                "http://pi",
                "mqtt://:1",
                "mqtt://pi:",
                "mqtt://pi:0",
                "mqtt://pi:65536",
                "mqtt://pi:x",
                "mqtt://[::1",
                "mqtt://[]",
                "mqtt://[::1]x",
                "mqtt://a b",
                "mqtt://pi\n",
                "mqtt://@pi",
                "mqtt://:p@pi",
                "mqtt://u%0@pi",
                "mqtt://u%00@pi",
                "mqtt://u%zz@pi",
                "mqtt://u@",
                "mqtt://pi?x",
                "mqtt://pi#x",
                "mqtt://p]i",
                "mqtt://pi:123456",
                "mqtt://u%4@pi",
                "://pi",
        };
        struct mqtt_url url = {.text = NULL}, untouched = url;

        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
                int r = mqtt_url_parse(bad[i], &url);

                if (r != -EINVAL)
                        printf("# %s\n", bad[i]);
                CHECK_EQ(r, -EINVAL);
        }
        CHECK_EQ(memcmp(&url, &untouched, sizeof url), 0);
}

CHECK_MAIN("unit.mqtt_url", TEST(schemes_become_those_of_paho_with_their_default_ports),
           TEST(a_path_belongs_to_websockets_only), TEST(addresses_are_hosts_too),
           TEST(user_and_password_are_decoded_and_never_shown),
           TEST(nonsense_is_refused_and_writes_nothing))
