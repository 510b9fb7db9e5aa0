/* One device, on a private bus with a small org.bluez. */
#include "bluez/device.h"

#include <errno.h>

#include "bluez_fixture.h"

#define DEVICE1 "org.bluez.Device1"

static const struct bdaddr cuff_address = {{0x00, 0x5F, 0xBF, 0x11, 0x22, 0x33}};

struct owner {
        struct bluez_device *device;
        unsigned changes; /* all bits ever told */
        int changed, connected, paired, disconnected;
        enum bluez_error error;
        bool free_it;
};

static void on_changed(void *userdata, unsigned changes) {
        struct owner *o = userdata;

        o->changed++;
        o->changes |= changes;
}

static void on_connect_done(void *userdata, enum bluez_error error) {
        struct owner *o = userdata;

        o->connected++;
        o->error = error;
        if (o->free_it) {
                bluez_device_free(o->device);
                o->device = NULL;
        }
}

static void on_pair_done(void *userdata, enum bluez_error error) {
        struct owner *o = userdata;

        o->paired++;
        o->error = error;
}

static void on_disconnect_done(void *userdata, enum bluez_error error) {
        struct owner *o = userdata;

        o->disconnected++;
        o->error = error;
}

static void begin(struct fixture *f, struct owner *o, struct object *cuff) {
        static const struct bluez_device_events events = {on_changed, on_connect_done, on_pair_done,
                                                          on_disconnect_done};

        fixture_init(f);
        if (cuff)
                fixture_put(f, cuff);
        CHECK_EQ(bluez_device_new(f->bus, ADAPTER, &cuff_address, &events, o, &o->device), 0);
        fixture_settle(f);
}

static void end(struct fixture *f, struct owner *o) {
        bluez_device_free(o->device);
        fixture_done(f);
}

#define CUFF_OBJECT(...)                                                                           \
        { .path = DEVICE, .interface = DEVICE1, .address = CUFF, __VA_ARGS__ }

static void a_device_that_is_there_is_found(void) {
        struct object cuff = CUFF_OBJECT(.connected = true, .bonded = true);
        struct owner o = {0};
        struct fixture f;

        begin(&f, &o, &cuff);
        CHECK_STR(bluez_device_path(o.device), DEVICE);
        CHECK_EQ(o.changed, 1);
        CHECK_EQ(o.changes, BLUEZ_DEVICE_ADDED | BLUEZ_DEVICE_CONNECTED | BLUEZ_DEVICE_BONDED);
        CHECK(bluez_device_info(o.device)->exists && bluez_device_info(o.device)->connected);
        end(&f, &o);
}

static void a_device_comes_changes_and_goes(void) {
        struct object cuff = CUFF_OBJECT(.bonded = true);
        const struct bluez_device_info *info;
        struct owner o = {0};
        struct fixture f;

        begin(&f, &o, NULL);
        info = bluez_device_info(o.device);
        CHECK(!info->exists && o.changed == 0);
        fixture_add(&f, &cuff);
        UNTIL(&f, o.changed == 1);
        CHECK_EQ(o.changes, BLUEZ_DEVICE_ADDED | BLUEZ_DEVICE_BONDED);
        o.changes = 0;
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 3, "Connected", "b", 1, "ServicesResolved",
                        "b", 1, "Name", "s", "BLESmart_1");
        UNTIL(&f, o.changed == 2);
        CHECK_EQ(o.changes, BLUEZ_DEVICE_CONNECTED | BLUEZ_DEVICE_RESOLVED | BLUEZ_DEVICE_NAME);
        CHECK(info->connected && info->resolved && info->bonded);
        CHECK_STR(info->name, "BLESmart_1");
        o.changes = 0;
        fixture_remove(&f, &cuff);
        UNTIL(&f, o.changed == 3);
        CHECK_EQ(o.changes, BLUEZ_DEVICE_GONE);
        CHECK(!info->exists && !info->connected && !info->bonded);
        end(&f, &o);
}

static void an_advertisement_is_a_signal_with_rssi_or_vendor_data(void) {
        struct object cuff = CUFF_OBJECT(.bonded = true);
        const struct bluez_device_info *info;
        struct owner o = {0};
        struct fixture f;

        begin(&f, &o, &cuff);
        info = bluez_device_info(o.device);
        CHECK(!(o.changes & BLUEZ_DEVICE_ADVERTISED));
        o.changes = 0;
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 2, "RSSI", "n", -70, "ManufacturerData",
                        "a{qv}", 1, 0x020E, "ay", 2, 1, 0x40);
        UNTIL(&f, o.changes == BLUEZ_DEVICE_ADVERTISED);
        CHECK(info->has_rssi && info->rssi == -70);
        CHECK_EQ(info->omron_size, 2);
        CHECK_EQ(info->omron_data[1], 0x40);
        o.changes = 0;
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "RSSI", "n", -71);
        UNTIL(&f, o.changes == BLUEZ_DEVICE_ADVERTISED);
        CHECK_EQ(info->omron_size, 0); /* none in this one */
        end(&f, &o);
}

/* What is none of its business: another device, another interface, another sender. */
static void only_bluetoothd_speaks_for_the_device(void) {
        struct object cuff = CUFF_OBJECT();
        struct owner o = {0};
        struct fixture f;
        const char *we;
        sd_bus *liar;

        begin(&f, &o, &cuff);
        o.changed = 0;
        fixture_changed(f.fake, NULL, DEVICE "4", DEVICE1, 1, "Connected", "b", 1);
        fixture_changed(f.fake, NULL, DEVICE, "org.bluez.Battery1", 1, "Connected", "b", 1);
        liar = fixture_liar(&f, &we);
        fixture_changed(liar, we, DEVICE, DEVICE1, 1, "Connected", "b", 1);
        fixture_liar_done(&f, liar);
        CHECK_EQ(o.changed, 0);
        CHECK(!bluez_device_info(o.device)->connected);
        end(&f, &o);
}

static void calls_are_answered_one_of_a_kind_at_a_time(void) {
        struct object cuff = CUFF_OBJECT();
        struct owner o = {0};
        struct fixture f;

        begin(&f, &o, &cuff);
        CHECK_EQ(bluez_device_connect(o.device), 0);
        CHECK_EQ(bluez_device_connect(o.device), -EBUSY);
        UNTIL(&f, o.connected == 1);
        CHECK_EQ(o.error, BLUEZ_OK);
        fixture_refuse(&f, "Connect", "org.bluez.Error.Failed", "le-connection-abort-by-local");
        CHECK_EQ(bluez_device_connect(o.device), 0);
        UNTIL(&f, o.connected == 2);
        CHECK_EQ(o.error, BLUEZ_CONNECT_ABORTED);
        fixture_refuse(&f, "Pair", "org.bluez.Error.AuthenticationFailed", "");
        CHECK_EQ(bluez_device_pair(o.device), 0);
        UNTIL(&f, o.paired == 1);
        CHECK_EQ(o.error, BLUEZ_AUTH_FAILED);
        CHECK_EQ(bluez_device_disconnect(o.device), 0);
        UNTIL(&f, o.disconnected == 1);
        CHECK_EQ(o.error, BLUEZ_OK);
        CHECK_EQ(bluez_device_set_trusted(o.device, true), 0);
        UNTIL(&f, bluez_device_info(o.device)->trusted);
        end(&f, &o);
}

static void the_owner_may_free_the_device_in_the_reply(void) {
        struct object cuff = CUFF_OBJECT();
        struct owner o = {.free_it = true};
        struct fixture f;

        begin(&f, &o, &cuff);
        CHECK_EQ(bluez_device_connect(o.device), 0);
        CHECK_EQ(bluez_device_pair(o.device), 0);
        UNTIL(&f, o.connected == 1);
        fixture_settle(&f);
        CHECK_EQ(o.paired, 0);
        end(&f, &o);
}

static void replies_to_what_was_dropped_never_arrive(void) {
        struct object cuff = CUFF_OBJECT();
        struct owner o = {0};
        struct fixture f;

        begin(&f, &o, &cuff);
        f.hold = "Connect";
        CHECK_EQ(bluez_device_connect(o.device), 0);
        UNTIL(&f, f.held);
        bluez_device_drop_calls(o.device);
        fixture_reply_held(&f);
        fixture_settle(&f);
        CHECK_EQ(o.connected, 0);
        f.hold = "Connect";
        CHECK_EQ(bluez_device_connect(o.device), 0);
        UNTIL(&f, f.held);
        bluez_device_free(o.device);
        o.device = NULL;
        fixture_reply_held(&f);
        fixture_settle(&f);
        CHECK_EQ(o.connected, 0);
        end(&f, &o);
}

static void a_late_disconnect_reply_is_not_told_to_the_next_session(void) {
        struct object cuff = CUFF_OBJECT();
        struct owner o = {0};
        struct fixture f;

        begin(&f, &o, &cuff);
        f.hold = "Disconnect";
        CHECK_EQ(bluez_device_disconnect(o.device), 0);
        UNTIL(&f, f.held);
        bluez_device_drop_calls(o.device); /* of the others: this one goes on */
        CHECK_EQ(bluez_device_disconnect(o.device), -EBUSY);
        bluez_device_drop_disconnect(o.device);
        fixture_reply_held(&f);
        fixture_settle(&f);
        CHECK_EQ(o.disconnected, 0);
        CHECK_EQ(bluez_device_disconnect(o.device), 0);
        UNTIL(&f, o.disconnected == 1);
        end(&f, &o);
}

static void a_device_outlives_bluetoothd(void) {
        struct object cuff = CUFF_OBJECT(.connected = true);
        struct owner o = {0};
        struct fixture f;

        begin(&f, &o, &cuff);
        CHECK(sd_bus_release_name(f.fake, "org.bluez") >= 0);
        UNTIL(&f, f.down == 1);
        o.changed = 0;
        bluez_device_reset(o.device);
        CHECK(!bluez_device_info(o.device)->exists && o.changed == 0);
        CHECK_EQ(bluez_device_connect(o.device), -ENOTCONN);
        CHECK_EQ(bluez_device_refresh(o.device), -ENOTCONN);
        fixture_own(&f);
        UNTIL(&f, f.up == 2);
        CHECK_EQ(bluez_device_refresh(o.device), 0);
        UNTIL(&f, o.changed == 1);
        CHECK(bluez_device_info(o.device)->connected);
        end(&f, &o);
}

CHECK_MAIN("unit.bluez_device", TEST(a_device_that_is_there_is_found),
           TEST(a_device_comes_changes_and_goes),
           TEST(an_advertisement_is_a_signal_with_rssi_or_vendor_data),
           TEST(only_bluetoothd_speaks_for_the_device),
           TEST(calls_are_answered_one_of_a_kind_at_a_time),
           TEST(the_owner_may_free_the_device_in_the_reply),
           TEST(replies_to_what_was_dropped_never_arrive),
           TEST(a_late_disconnect_reply_is_not_told_to_the_next_session),
           TEST(a_device_outlives_bluetoothd))
