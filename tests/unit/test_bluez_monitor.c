/* What the monitor tells of the air, on a private bus with a small org.bluez. */
#include "bluez/monitor.h"

#include "bluez_fixture.h"

#define SERVICE "00001810-0000-1000-8000-00805f9b34fb"
#define BATTERY "00002a19-0000-1000-8000-00805f9b34fb"
#define DEVICE1 "org.bluez.Device1"
#define CUFF_OBJECT(...)                                                                           \
        { .path = DEVICE, .interface = DEVICE1, .address = CUFF, __VA_ARGS__ }
#define OMRON_DATA "ManufacturerData", "a{qv}", 1, 0x020E, "ay", 1, 1
#define OTHER_DATA "ManufacturerData", "a{qv}", 1, 0x004C, "ay", 1, 1

static const struct bdaddr cuff_address = {{0x00, 0x5F, 0xBF, 0x11, 0x22, 0x33}};

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
        const char *we;
        sd_bus *liar;

        fixture_init(&f);
        fixture_put(&f, &known);
        CHECK_EQ(bluez_monitor_new(f.bus, ADAPTER, on_seen, &s, &s.monitor), 0);
        fixture_settle(&f);
        CHECK_EQ(s.n, 0); /* what BlueZ has stored is no sighting */
        liar = fixture_liar(&f, &we);
        fixture_changed(liar, we, DEVICE, DEVICE1, 1, "RSSI", "n", -1);
        fixture_liar_done(&f, liar);
        CHECK_EQ(s.n, 0);
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
        fixture_put(&f, &known);
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

static void an_omron_cuff_once_heard_stays_known_as_one(void) {
        struct object known = CUFF_OBJECT(.uuid = SERVICE);
        struct sightings s = {0};
        struct fixture f;

        fixture_init(&f);
        CHECK_EQ(bluez_monitor_new(f.bus, ADAPTER, on_seen, &s, &s.monitor), 0);
        fixture_settle(&f);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 2, "RSSI", "n", -50, OTHER_DATA);
        UNTIL(&f, s.n == 1);
        CHECK(!s.last.omron && !s.last.known_omron);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, OMRON_DATA);
        UNTIL(&f, s.n == 2);
        CHECK(s.last.omron && s.last.known_omron);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "RSSI", "n", -51);
        UNTIL(&f, s.n == 3);
        CHECK(!s.last.omron && s.last.known_omron);
        fixture_add(&f, &known); /* removed and made anew: it is the same cuff */
        UNTIL(&f, s.n == 4);
        CHECK(!s.last.omron && s.last.known_omron);
        fixture_changed(f.fake, NULL, DEVICE "4", DEVICE1, 1, "RSSI", "n", -52); /* another path */
        fixture_changed(f.fake, NULL, ADAPTER "/dev_00_5F_BF_11_22_34", DEVICE1, 1, "RSSI", "n",
                        -53);
        UNTIL(&f, s.n == 5);
        CHECK(!s.last.known_omron);
        bluez_monitor_free(s.monitor);
        fixture_done(&f);
}

/* Even if the first signal is quicker than the list: it is not told before its maker is known. */
static void an_omron_cuff_is_known_from_what_bluez_has_stored(void) {
        struct sightings s = {0};
        struct fixture f;

        fixture_init(&f);
        f.hold = "GetManagedObjects";
        CHECK_EQ(bluez_monitor_new(f.bus, ADAPTER, on_seen, &s, &s.monitor), 0);
        UNTIL(&f, f.held);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "RSSI", "n", -50);
        fixture_settle(&f);
        CHECK_EQ(s.n, 0);
        CHECK(sd_bus_reply_method_return(f.held, "a{oa{sa{sv}}}", 1, DEVICE, 1, DEVICE1, 2,
                                         "Bonded", "b", 1, OMRON_DATA) >= 0);
        f.held = sd_bus_message_unref(f.held);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "RSSI", "n", -51);
        UNTIL(&f, s.n == 1);
        CHECK(!s.last.omron && s.last.known_omron && s.last.bonded && s.last.rssi == -51);
        bluez_monitor_free(s.monitor);
        fixture_done(&f);
}

/* 512 strangers later the first device is forgotten; none of them is. */
static void the_monitor_remembers_a_bounded_number(void) {
        struct sightings s = {0};
        struct fixture f;
        char path[64] = "";

        fixture_init(&f);
        CHECK_EQ(bluez_monitor_new(f.bus, ADAPTER, on_seen, &s, &s.monitor), 0);
        fixture_settle(&f);
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "Name", "s", "first");
        for (int i = 0; i < 512; i++) {
                snprintf(path, sizeof path, ADAPTER "/dev_C0_00_00_00_%02X_%02X", i >> 8, i & 255);
                fixture_changed(f.fake, NULL, path, DEVICE1, 1, "Name", "s", "stranger");
        }
        fixture_changed(f.fake, NULL, path, DEVICE1, 1, "RSSI", "n", -1);
        UNTIL(&f, s.n == 514);
        CHECK_STR(s.last.name, "stranger");
        fixture_changed(f.fake, NULL, ADAPTER "/dev_C0_00_00_00_00_00", DEVICE1, 1, "RSSI", "n",
                        -1);
        UNTIL(&f, s.n == 515);
        CHECK_STR(s.last.name, "stranger");
        fixture_changed(f.fake, NULL, DEVICE, DEVICE1, 1, "RSSI", "n", -1);
        UNTIL(&f, s.n == 516);
        CHECK_STR(s.last.name, "");
        bluez_monitor_free(s.monitor);
        fixture_done(&f);
}

CHECK_MAIN("unit.bluez_monitor", TEST(signals_are_sightings_filled_from_what_was_heard),
           TEST(a_new_object_is_a_sighting_without_a_past),
           TEST(an_omron_cuff_once_heard_stays_known_as_one),
           TEST(an_omron_cuff_is_known_from_what_bluez_has_stored),
           TEST(the_monitor_remembers_a_bounded_number))
