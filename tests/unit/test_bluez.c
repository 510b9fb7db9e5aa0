/* The bus and bluetoothd coming and going, on a private bus with a small org.bluez. */
#include "bluez/bus.h"

#include <errno.h>

#include "bluez_fixture.h"

static void up_and_down_follow_bluetoothd(void) {
        struct fixture f;

        fixture_prepare(&f);
        fixture_open_bus(&f);
        UNTIL(&f, f.down == 1); /* not there at the start */
        CHECK(!bluez_bus_is_up(f.bus));
        fixture_own(&f);
        UNTIL(&f, f.up == 1);
        CHECK(bluez_bus_is_up(f.bus));
        CHECK(sd_bus_release_name(f.fake, "org.bluez") >= 0);
        UNTIL(&f, f.down == 2);
        CHECK(!bluez_bus_is_up(f.bus));
        fixture_own(&f);
        UNTIL(&f, f.up == 2);
        CHECK_EQ(f.gone, 0);
        fixture_done(&f);
}

static void bluetoothd_that_is_there_already_is_up_once(void) {
        struct fixture f;

        fixture_init(&f);
        fixture_settle(&f);
        CHECK_EQ(f.up, 1);
        CHECK_EQ(f.down, 0);
        fixture_done(&f);
}

static void a_replaced_bluetoothd_is_down_then_up(void) {
        struct fixture f;
        sd_bus *second;

        fixture_init(&f);
        second = fixture_connect(&f);
        CHECK(sd_bus_request_name(second, "org.bluez", SD_BUS_NAME_REPLACE_EXISTING) >= 0);
        UNTIL(&f, f.up == 2);
        CHECK_EQ(f.down, 1);
        sd_bus_close_unref(second);
        UNTIL(&f, f.down == 2);
        fixture_done(&f);
}

/* Nobody but the bus says who bluetoothd is, and that the bus has ended. */
static void forged_news_of_the_bus_are_no_news(void) {
        struct fixture f;
        const char *we, *liars_name;
        sd_bus_message *m = NULL;
        sd_bus *liar;

        fixture_init(&f);
        liar = fixture_liar(&f, &we);
        CHECK(sd_bus_get_unique_name(liar, &liars_name) >= 0);
        for (int i = 0; i < 2; i++) { /* bluetoothd went; then: it is me */
                CHECK(sd_bus_message_new_signal(liar, &m, "/org/freedesktop/DBus",
                                                "org.freedesktop.DBus", "NameOwnerChanged") >= 0);
                CHECK(sd_bus_message_append(m, "sss", "org.bluez", "", i ? liars_name : "") >= 0);
                CHECK(sd_bus_send_to(liar, m, we, NULL) >= 0);
                m = sd_bus_message_unref(m);
        }
        fixture_liar_done(&f, liar);
        CHECK_EQ(f.up, 1);
        CHECK_EQ(f.down, 0);
        CHECK_EQ(f.gone, 0);
        CHECK(bluez_bus_is_up(f.bus));
        fixture_done(&f);
}

static void the_end_of_the_bus_is_told(void) {
        struct fixture f;

        fixture_init(&f);
        fixture_stop_daemon(&f);
        UNTIL(&f, f.gone == 1);
        fixture_done(&f);
}

static void without_a_bus_there_is_an_error(void) {
        static const struct bluez_bus_events none = {0};
        struct bluez_bus *bus = NULL;
        sd_event *event = NULL;

        CHECK(sd_event_new(&event) >= 0);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", 1);
        CHECK_EQ(bluez_bus_new(event, &none, NULL, &bus), -ENOENT);
        CHECK(!bus);
        sd_event_unref(event);
}

CHECK_MAIN("unit.bluez", TEST(up_and_down_follow_bluetoothd),
           TEST(bluetoothd_that_is_there_already_is_up_once),
           TEST(a_replaced_bluetoothd_is_down_then_up), TEST(forged_news_of_the_bus_are_no_news),
           TEST(the_end_of_the_bus_is_told), TEST(without_a_bus_there_is_an_error))
