/* One device, its characteristics, and the monitor, on a private bus with a small org.bluez. */
#include "bluez/device.h"

#include <errno.h>

#include "bluez/gatt.h"
#include "bluez/monitor.h"
#include "bluez_fixture.h"

#define SERVICE     "00001810-0000-1000-8000-00805f9b34fb"
#define MEASUREMENT "00002a35-0000-1000-8000-00805f9b34fb"
#define BATTERY     "00002a19-0000-1000-8000-00805f9b34fb"
#define CHAR_A      DEVICE "/service0010/char0011"
#define CHAR_B      DEVICE "/service0020/char0021"
#define DEVICE1     "org.bluez.Device1"
#define CHAR1       "org.bluez.GattCharacteristic1"

static const struct bdaddr cuff_address = {{0x00, 0x5F, 0xBF, 0x11, 0x22, 0x33}};

/* --- device ------------------------------------------------------------------------------ */

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
                fixture_add(f, cuff);
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
        CHECK(sd_bus_get_unique_name(bluez_bus_get(f.bus), &we) >= 0);
        o.changed = 0;
        fixture_changed(f.fake, NULL, DEVICE "4", DEVICE1, 1, "Connected", "b", 1);
        fixture_changed(f.fake, NULL, DEVICE, "org.bluez.Battery1", 1, "Connected", "b", 1);
        liar = fixture_connect(&f);
        fixture_changed(liar, we, DEVICE, DEVICE1, 1, "Connected", "b", 1);
        CHECK(sd_bus_call_method(liar, "org.freedesktop.DBus", "/", "org.freedesktop.DBus.Peer",
                                 "Ping", NULL, NULL, NULL) >= 0);
        fixture_settle(&f);
        CHECK_EQ(o.changed, 0);
        CHECK(!bluez_device_info(o.device)->connected);
        sd_bus_close_unref(liar);
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

/* --- characteristics --------------------------------------------------------------------- */

struct reader {
        struct bluez_gatt *gatt;
        int found_calls, done, values;
        size_t found, size;
        enum bluez_error error;
        uint8_t bytes[8];
        char order[128]; /* "found", then the first byte of each value */
        bool free_on_value;
};

static void on_found(void *owner, size_t found, enum bluez_error error) {
        struct reader *r = owner;

        r->found_calls++;
        r->found = found;
        r->error = error;
        strcat(r->order, "found ");
}

static void on_done(void *owner, enum bluez_error error, const uint8_t *value, size_t value_size) {
        struct reader *r = owner;

        r->done++;
        r->error = error;
        r->size = value_size;
        if (value_size > 0 && value_size <= sizeof r->bytes)
                memcpy(r->bytes, value, value_size);
}

static void on_value(void *owner, const char *uuid, const uint8_t *value, size_t value_size) {
        struct reader *r = owner;
        size_t n = strlen(r->order);

        r->values++;
        snprintf(r->order + n, sizeof r->order - n, "%.8s=%d ", uuid, value_size ? value[0] : -1);
        if (r->free_on_value) {
                bluez_gatt_free(r->gatt);
                r->gatt = NULL;
        }
}

static struct object char_a = {.path = CHAR_A, .interface = CHAR1, .uuid = MEASUREMENT};
static struct object char_b = {.path = CHAR_B, .interface = CHAR1, .uuid = BATTERY};

static void begin_gatt(struct fixture *f, struct reader *r, bool find) {
        static const struct bluez_gatt_events events = {on_found, on_done, on_value};

        fixture_init(f);
        fixture_add(f, &char_a);
        fixture_add(f, &char_b);
        CHECK_EQ(bluez_gatt_new(f->bus, DEVICE, &events, r, &r->gatt), 0);
        fixture_settle(f);
        if (!find)
                return;
        CHECK_EQ(bluez_gatt_find(r->gatt), 0);
        UNTIL(f, r->found_calls == 1);
}

static void end_gatt(struct fixture *f, struct reader *r) {
        bluez_gatt_free(r->gatt);
        fixture_done(f);
}

static void send_value(struct fixture *f, const char *path, int byte) {
        fixture_changed(f->fake, NULL, path, CHAR1, 1, "Value", "ay", 1, byte);
}

static void characteristics_are_found_below_the_device(void) {
        struct object other = char_a;
        struct reader r = {0};
        struct fixture f;

        other.path = "/org/bluez/hci0/dev_00_5F_BF_11_22_34/service0010/char0011";
        begin_gatt(&f, &r, false);
        fixture_add(&f, &other);
        CHECK(!bluez_gatt_has(r.gatt, MEASUREMENT));
        CHECK_EQ(bluez_gatt_read(r.gatt, MEASUREMENT), -ENOENT);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        CHECK_EQ(bluez_gatt_find(r.gatt), -EBUSY);
        UNTIL(&f, r.found_calls == 1);
        CHECK_EQ(r.found, 2);
        CHECK_EQ(r.error, BLUEZ_OK);
        CHECK(bluez_gatt_has(r.gatt, MEASUREMENT) && bluez_gatt_has(r.gatt, BATTERY));
        CHECK(!bluez_gatt_has(r.gatt, SERVICE));
        end_gatt(&f, &r);
}

static void a_failed_find_keeps_the_map(void) {
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, true);
        fixture_refuse(&f, "GetManagedObjects", "org.freedesktop.DBus.Error.AccessDenied", "no");
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.found_calls == 2);
        CHECK_EQ(r.error, BLUEZ_ACCESS_DENIED);
        CHECK(bluez_gatt_has(r.gatt, MEASUREMENT));
        bluez_gatt_reset(r.gatt);
        CHECK(!bluez_gatt_has(r.gatt, MEASUREMENT));
        end_gatt(&f, &r);
}

static void subscribing_again_is_a_success(void) {
        static const char *const answers[][2] = {
                {"org.bluez.Error.InProgress", ""},
                {"org.bluez.Error.Failed", "Already notifying"},
                {"org.bluez.Error.AlreadyExists", ""},
        };
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, true);
        for (int i = 0; i < 3; i++) {
                fixture_refuse(&f, "StartNotify", answers[i][0], answers[i][1]);
                CHECK_EQ(bluez_gatt_subscribe(r.gatt, MEASUREMENT), 0);
                CHECK_EQ(bluez_gatt_subscribe(r.gatt, MEASUREMENT), -EBUSY);
                UNTIL(&f, r.done == i + 1);
                CHECK_EQ(r.error, BLUEZ_OK);
        }
        fixture_refuse(&f, "StartNotify", "org.bluez.Error.NotPermitted", "Not paired");
        CHECK_EQ(bluez_gatt_subscribe(r.gatt, MEASUREMENT), 0);
        UNTIL(&f, r.done == 4);
        CHECK_EQ(r.error, BLUEZ_NOT_ENCRYPTED);
        CHECK(!strstr(f.calls, "StopNotify"));
        end_gatt(&f, &r);
}

static void values_are_read_and_written(void) {
        static const uint8_t bytes[] = {9, 8};
        const char *key, *text;
        struct reader r = {0};
        struct fixture f;
        const void *sent;
        size_t n;

        begin_gatt(&f, &r, true);
        CHECK_EQ(bluez_gatt_read(r.gatt, BATTERY), 0);
        UNTIL(&f, r.done == 1);
        CHECK_EQ(r.size, 4);
        CHECK(memcmp(r.bytes, f.value, 4) == 0);
        CHECK_STR(sd_bus_message_get_path(f.last), CHAR_B);
        for (int response = 0; response < 2; response++) {
                CHECK_EQ(bluez_gatt_write(r.gatt, MEASUREMENT, bytes, 2, response), 0);
                UNTIL(&f, r.done == 2 + response);
                CHECK(sd_bus_message_read_array(f.last, 'y', &sent, &n) > 0);
                CHECK(n == 2 && memcmp(sent, bytes, 2) == 0);
                CHECK(sd_bus_message_read(f.last, "a{sv}", 1, &key, "s", &text) > 0);
                CHECK_STR(key, "type");
                CHECK_STR(text, response ? "request" : "command");
        }
        fixture_refuse(&f, "WriteValue", "org.bluez.Error.Failed",
                       "Operation failed with ATT error: 0x80");
        CHECK_EQ(bluez_gatt_write(r.gatt, MEASUREMENT, bytes, 2, true), 0);
        UNTIL(&f, r.done == 4);
        CHECK_EQ(r.error, BLUEZ_ATT_ERROR);
        end_gatt(&f, &r);
}

static void early_values_are_kept_and_come_after_found(void) {
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, false);
        send_value(&f, CHAR_A, 1);
        send_value(&f, CHAR_B, 2);
        send_value(&f, CHAR_A, 3);
        fixture_settle(&f);
        bluez_gatt_link_lost(r.gatt); /* keeps them */
        CHECK_EQ(r.values, 0);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.values == 3);
        send_value(&f, CHAR_A, 4);
        UNTIL(&f, r.values == 4);
        CHECK_STR(r.order, "found 00002a35=1 00002a19=2 00002a35=3 00002a35=4 ");
        end_gatt(&f, &r);
}

static void of_too_many_early_values_the_newest_stay(void) {
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, false);
        send_value(&f, CHAR_A, 200);
        for (int i = 0; i < 64; i++)
                send_value(&f, DEVICE "/service0030/char0031", i); /* never claimed */
        send_value(&f, CHAR_A, 201);
        fixture_settle(&f);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.values == 1);
        CHECK_STR(r.order, "found 00002a35=201 ");
        end_gatt(&f, &r);
}

static void the_owner_may_free_the_map_with_a_value(void) {
        struct reader r = {.free_on_value = true};
        struct fixture f;

        begin_gatt(&f, &r, false);
        send_value(&f, CHAR_A, 1);
        send_value(&f, CHAR_A, 2);
        fixture_settle(&f);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.values == 1);
        fixture_settle(&f);
        CHECK_EQ(r.values, 1);
        end_gatt(&f, &r);
}

static void a_lost_link_drops_the_operation(void) {
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, true);
        f.hold = "StartNotify";
        CHECK_EQ(bluez_gatt_subscribe(r.gatt, MEASUREMENT), 0);
        UNTIL(&f, f.held);
        bluez_gatt_link_lost(r.gatt);
        fixture_reply_held(&f);
        fixture_settle(&f);
        CHECK_EQ(r.done, 0);
        CHECK(bluez_gatt_has(r.gatt, MEASUREMENT));
        CHECK_EQ(bluez_gatt_read(r.gatt, BATTERY), 0);
        UNTIL(&f, r.done == 1);
        end_gatt(&f, &r);
}

/* --- monitor ----------------------------------------------------------------------------- */

struct sightings {
        struct bluez_monitor *monitor;
        int n;
        struct bluez_sighting last;
        bool free_it;
};

static void on_seen(void *owner, const struct bluez_sighting *s) {
        struct sightings *all = owner;

        all->n++;
        all->last = *s;
        if (all->free_it) {
                bluez_monitor_free(all->monitor);
                all->monitor = NULL;
        }
}

static void signals_are_sightings_filled_from_what_was_heard(void) {
        struct object known = CUFF_OBJECT(.uuid = SERVICE, .bonded = true);
        struct sightings s = {0};
        struct fixture f;

        fixture_init(&f);
        fixture_add(&f, &known);
        CHECK_EQ(bluez_monitor_new(f.bus, ADAPTER, on_seen, &s, &s.monitor), 0);
        fixture_settle(&f);
        CHECK_EQ(s.n, 0); /* what BlueZ has stored is no sighting */
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "Connected", "b", 0);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 2, "Name", "s", "A", "ManufacturerData",
                        "a{qv}", 1, 0x020E, "ay", 1, 1);
        UNTIL(&f, s.n == 1);
        CHECK(s.last.omron && s.last.omron_size == 1 && s.last.blood_pressure && s.last.bonded);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "RSSI", "n", -50);
        UNTIL(&f, s.n == 2);
        CHECK(!s.last.omron && s.last.has_rssi && s.last.rssi == -50);
        CHECK_STR(s.last.name, "A");
        CHECK(bdaddr_equal(&s.last.address, &cuff_address));
        bluez_monitor_free(s.monitor);
        fixture_done(&f);
}

static void a_new_object_is_a_sighting_without_a_past(void) {
        struct object known = CUFF_OBJECT(.uuid = SERVICE, .bonded = true);
        struct object fresh = CUFF_OBJECT(.uuid = BATTERY);
        struct sightings s = {0};
        struct fixture f;

        fixture_init(&f);
        fixture_add(&f, &known);
        CHECK_EQ(bluez_monitor_new(f.bus, ADAPTER, on_seen, &s, &s.monitor), 0);
        fixture_settle(&f);
        fixture_remove(&f, &known);
        fixture_add(&f, &fresh);
        UNTIL(&f, s.n == 1);
        CHECK(!s.last.bonded && !s.last.blood_pressure);
        s.free_it = true;
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "RSSI", "n", -50);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "RSSI", "n", -51);
        UNTIL(&f, s.n == 2);
        fixture_settle(&f);
        CHECK_EQ(s.n, 2);
        fixture_done(&f);
}

/* 512 strangers later the first device is forgotten; the last of them is not. */
static void the_monitor_remembers_a_bounded_number(void) {
        struct sightings s = {0};
        struct fixture f;
        char path[64] = "";

        fixture_init(&f);
        CHECK_EQ(bluez_monitor_new(f.bus, ADAPTER, on_seen, &s, &s.monitor), 0);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "Name", "s", "first");
        for (int i = 0; i < 512; i++) {
                snprintf(path, sizeof path, ADAPTER "/dev_C0_00_00_00_%02X_%02X", i >> 8, i & 255);
                fixture_changed(f.fake, NULL, path, DEVICE1, 1, "Name", "s", "stranger");
        }
        fixture_changed(f.fake, NULL, path, DEVICE1, 1, "RSSI", "n", -1);
        UNTIL(&f, s.n == 514);
        CHECK_STR(s.last.name, "stranger");
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "RSSI", "n", -1);
        UNTIL(&f, s.n == 515);
        CHECK_STR(s.last.name, "");
        bluez_monitor_free(s.monitor);
        fixture_done(&f);
}

CHECK_MAIN("unit.bluez_device", TEST(a_device_that_is_there_is_found),
           TEST(a_device_comes_changes_and_goes),
           TEST(an_advertisement_is_a_signal_with_rssi_or_vendor_data),
           TEST(only_bluetoothd_speaks_for_the_device),
           TEST(calls_are_answered_one_of_a_kind_at_a_time),
           TEST(the_owner_may_free_the_device_in_the_reply),
           TEST(replies_to_what_was_dropped_never_arrive), TEST(a_device_outlives_bluetoothd),
           TEST(characteristics_are_found_below_the_device), TEST(a_failed_find_keeps_the_map),
           TEST(subscribing_again_is_a_success), TEST(values_are_read_and_written),
           TEST(early_values_are_kept_and_come_after_found),
           TEST(of_too_many_early_values_the_newest_stay),
           TEST(the_owner_may_free_the_map_with_a_value), TEST(a_lost_link_drops_the_operation),
           TEST(signals_are_sightings_filled_from_what_was_heard),
           TEST(a_new_object_is_a_sighting_without_a_past),
           TEST(the_monitor_remembers_a_bounded_number))
