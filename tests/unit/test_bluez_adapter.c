/* The adapter, its power and our discovery, on a private bus with a small org.bluez. */
#include "bluez/adapter.h"

#include <errno.h>

#include "bluez_fixture.h"

#define SERVICE "00001810-0000-1000-8000-00805f9b34fb"
struct watcher {
        struct bluez_adapter *adapter;
        int changed, devices, listed, done;
        enum bluez_error error;
        bool bonded, connected, free_on_device;
        char name[64], uuid[40];
};

static void on_changed(void *owner) {
        ((struct watcher *) owner)->changed++;
}

static void on_device(void *owner, const struct bdaddr *address, const char *name, bool bonded,
                      bool connected, char **uuids) {
        struct watcher *w = owner;
        char text[BDADDR_STRING_SIZE];

        bdaddr_to_string(address, text);
        CHECK_STR(text, CUFF);
        w->devices++;
        w->bonded = bonded;
        w->connected = connected;
        snprintf(w->uuid, sizeof w->uuid, "%s", uuids[0]);
        CHECK(!uuids[1]);
        if (w->free_on_device) {
                bluez_adapter_free(w->adapter);
                w->adapter = NULL;
        }
}

static void on_listed(void *owner) {
        ((struct watcher *) owner)->listed++;
}

static void on_done(void *userdata, enum bluez_error error) {
        struct watcher *w = userdata;

        w->done++;
        w->error = error;
}

static const struct bluez_adapter_events events = {on_changed, on_device, on_listed};

static void watch(struct fixture *f, struct watcher *w, const char *wanted, bool may_power_on) {
        struct bdaddr address;

        if (wanted)
                CHECK_EQ(bdaddr_from_string(wanted, &address), 0);
        CHECK_EQ(bluez_adapter_new(f->bus, wanted ? &address : NULL, may_power_on, &events, w,
                                   &w->adapter),
                 0);
        UNTIL(f, w->listed == 1);
}

static void begin(struct fixture *f, struct watcher *w, struct object *adapter) {
        fixture_init(f);
        fixture_put(f, adapter);
        watch(f, w, NULL, true);
}

static enum bluez_adapter_state state(const struct watcher *w) {
        return bluez_adapter_info(w->adapter)->state;
}

static void done(struct fixture *f, struct watcher *w) {
        bluez_adapter_free(w->adapter);
        fixture_done(f);
}

#define HCI(n, a, ...)                                                                             \
        { .path = "/org/bluez/hci" n, .interface = "org.bluez.Adapter1", .address = a, __VA_ARGS__ }
#define CUFF_OBJECT(...)                                                                           \
        {                                                                                          \
                .path = DEVICE, .interface = "org.bluez.Device1", .address = CUFF,                 \
                .uuid = SERVICE, __VA_ARGS__                                                       \
        }

static void the_adapter_is_chosen_by_address_power_or_path(void) {
        static const struct {
                const char *wanted;
                bool powered[3];
                const char *path;
        } rows[] = {
                {"00:00:00:00:00:02", {true, true, false}, "/org/bluez/hci2"},
                {NULL, {false, true, true}, "/org/bluez/hci1"},
                {NULL, {false, false, false}, "/org/bluez/hci0"},
                {"00:00:00:00:00:09", {true, true, true}, ""},
        };

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct object two = HCI("2", "00:00:00:00:00:02", .powered = rows[i].powered[2]);
                struct object one = HCI("1", "00:00:00:00:00:01", .powered = rows[i].powered[1]);
                struct object zero = HCI("0", "00:00:00:00:00:00", .powered = rows[i].powered[0]);
                struct watcher w = {0};
                struct fixture f;

                fixture_prepare(&f);
                fixture_put(&f, &two);
                fixture_put(&f, &one);
                fixture_put(&f, &zero);
                fixture_own(&f);
                fixture_open_bus(&f);
                UNTIL(&f, f.up == 1);
                watch(&f, &w, rows[i].wanted, false);
                CHECK_STR(bluez_adapter_info(w.adapter)->path, rows[i].path);
                CHECK_EQ(state(&w) == BLUEZ_ADAPTER_ABSENT, rows[i].path[0] == '\0');
                CHECK(!strstr(f.calls, "Set"));
                done(&f, &w);
        }
}

static void devices_are_listed_with_what_is_known(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct object cuff = CUFF_OBJECT(.bonded = true), stranger = cuff;
        struct watcher w = {0};
        struct fixture f;

        fixture_init(&f);
        stranger.path = "/org/bluez/hci7/dev_00_5F_BF_11_22_33"; /* of another adapter */
        fixture_put(&f, &cuff);
        fixture_put(&f, &stranger);
        fixture_put(&f, &adapter);
        watch(&f, &w, NULL, true);
        CHECK_EQ(w.devices, 1);
        CHECK(w.bonded && !w.connected);
        CHECK_STR(w.uuid, SERVICE);
        CHECK_EQ(state(&w), BLUEZ_ADAPTER_ON);
        CHECK_STR(bluez_adapter_state_to_string(state(&w)), "on");
        done(&f, &w);
}

static void the_owner_may_free_the_adapter_while_it_lists(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct object cuff = CUFF_OBJECT(.bonded = true), again = cuff;
        struct watcher w = {.free_on_device = true};
        struct fixture f;

        fixture_prepare(&f);
        fixture_put(&f, &adapter);
        fixture_put(&f, &cuff);
        fixture_put(&f, &again);
        fixture_open_bus(&f);
        CHECK_EQ(bluez_adapter_new(f.bus, NULL, true, &events, &w, &w.adapter), 0);
        fixture_own(&f);
        UNTIL(&f, f.up == 1);
        bluez_adapter_bus_up(w.adapter);
        UNTIL(&f, w.devices == 1);
        fixture_settle(&f);
        CHECK_EQ(w.listed, 0);
        done(&f, &w);
}

static void an_adapter_that_is_off_is_powered_on_if_allowed(void) {
        for (int allowed = 0; allowed < 2; allowed++) {
                struct object adapter = HCI("0", "00:00:00:00:00:01");
                struct watcher w = {0};
                struct fixture f;

                fixture_init(&f);
                fixture_put(&f, &adapter);
                watch(&f, &w, NULL, allowed);
                if (allowed)
                        UNTIL(&f, state(&w) == BLUEZ_ADAPTER_ON);
                fixture_settle(&f);
                CHECK_EQ(strstr(f.calls, "Set ") != NULL, allowed);
                CHECK_EQ(state(&w), allowed ? BLUEZ_ADAPTER_ON : BLUEZ_ADAPTER_OFF);
                done(&f, &w);
        }
}

static void powering_on_is_tried_again(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01");
        struct watcher w = {0};
        struct fixture f;

        fixture_init(&f);
        fixture_put(&f, &adapter);
        fixture_refuse(&f, "Set", "org.bluez.Error.Failed", "Failed");
        watch(&f, &w, NULL, true);
        UNTIL(&f, bluez_adapter_info(w.adapter)->error == BLUEZ_FAILED);
        CHECK_EQ(state(&w), BLUEZ_ADAPTER_OFF);
        UNTIL(&f, state(&w) == BLUEZ_ADAPTER_ON);
        CHECK_EQ(bluez_adapter_info(w.adapter)->error, BLUEZ_OK);
        done(&f, &w);
}

static void rfkill_blocks_until_the_power_state_says_otherwise(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01");
        struct watcher w = {0};
        struct fixture f;

        fixture_init(&f);
        fixture_put(&f, &adapter);
        fixture_refuse(&f, "Set", "org.bluez.Error.Blocked", "Blocked through rfkill");
        watch(&f, &w, NULL, true);
        UNTIL(&f, state(&w) == BLUEZ_ADAPTER_BLOCKED);
        CHECK_EQ(bluez_adapter_info(w.adapter)->error, BLUEZ_BLOCKED);
        fixture_changed(f.fake, NULL, ADAPTER, "org.bluez.Adapter1", 1, "PowerState", "s", "off");
        UNTIL(&f, state(&w) == BLUEZ_ADAPTER_ON);
        fixture_changed(f.fake, NULL, ADAPTER, "org.bluez.Adapter1", 2, "PowerState", "s",
                        "off-blocked", "Powered", "b", 0);
        UNTIL(&f, state(&w) == BLUEZ_ADAPTER_BLOCKED);
        done(&f, &w);
}

static void an_adapter_taken_out_and_put_back_is_found(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct object other = HCI("1", "00:00:00:00:00:02", .powered = true);
        struct object cuff = CUFF_OBJECT(.connected = true);
        struct watcher w = {0};
        struct fixture f;

        fixture_init(&f);
        fixture_put(&f, &cuff);
        fixture_put(&f, &adapter);
        watch(&f, &w, "00:00:00:00:00:01", true);
        fixture_remove(&f, &adapter);
        UNTIL(&f, w.listed == 2);
        CHECK_EQ(state(&w), BLUEZ_ADAPTER_ABSENT);
        CHECK_STR(bluez_adapter_state_to_string(state(&w)), "absent");
        f.calls[0] = '\0';
        fixture_add(&f, &other); /* not the one that is wanted */
        fixture_settle(&f);
        CHECK(!strstr(f.calls, "GetManagedObjects"));
        fixture_add(&f, &adapter);
        UNTIL(&f, w.listed == 3);
        CHECK_EQ(state(&w), BLUEZ_ADAPTER_ON);
        CHECK_EQ(w.devices, 2);
        CHECK(w.connected);
        done(&f, &w);
}

/* Once there is an adapter, devices that come and go cost us nothing: not even a wake-up. */
static void strangers_are_not_heard_while_there_is_an_adapter(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct object second = HCI("1", "00:00:00:00:00:02", .powered = true);
        struct watcher w = {0};
        struct fixture f;

        begin(&f, &w, &adapter);
        f.calls[0] = '\0';
        fixture_add(&f, &second); /* with the broad match this would list again */
        fixture_settle(&f);
        CHECK(!strstr(f.calls, "GetManagedObjects"));
        CHECK_EQ(w.listed, 1);
        done(&f, &w);
}

static void bluetoothd_restarted_is_listed_afresh(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct watcher w = {0};
        struct fixture f;

        begin(&f, &w, &adapter);
        CHECK(sd_bus_release_name(f.fake, "org.bluez") >= 0);
        UNTIL(&f, f.down == 1);
        bluez_adapter_bus_down(w.adapter);
        CHECK_EQ(state(&w), BLUEZ_ADAPTER_ABSENT);
        CHECK_EQ(bluez_adapter_start_discovery(w.adapter, true, on_done, &w), -ENOTCONN);
        fixture_own(&f);
        UNTIL(&f, f.up == 2);
        bluez_adapter_bus_up(w.adapter);
        UNTIL(&f, w.listed == 2);
        CHECK_EQ(state(&w), BLUEZ_ADAPTER_ON);
        done(&f, &w);
}

static void discovery_is_filtered_started_and_stopped(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct watcher w = {0};
        struct fixture f;

        begin(&f, &w, &adapter);
        fixture_settle(&f);
        f.calls[0] = '\0';
        CHECK_EQ(bluez_adapter_start_discovery(w.adapter, true, on_done, &w), 0);
        CHECK_EQ(bluez_adapter_start_discovery(w.adapter, true, on_done, &w), -EBUSY);
        UNTIL(&f, w.done == 1);
        CHECK_EQ(w.error, BLUEZ_OK);
        CHECK(bluez_adapter_is_discovering(w.adapter));
        CHECK_EQ(bluez_adapter_stop_discovery(w.adapter, on_done, &w), 0);
        CHECK(bluez_adapter_is_discovering(w.adapter));
        UNTIL(&f, w.done == 2);
        CHECK(!bluez_adapter_is_discovering(w.adapter));
        CHECK_EQ(bluez_adapter_stop_discovery(w.adapter, on_done, &w), 0);
        CHECK_EQ(w.done, 3); /* at once: none of ours runs */
        CHECK_STR(f.calls, "SetDiscoveryFilter StartDiscovery StopDiscovery ");
        done(&f, &w);
}

static void a_stop_waits_for_the_start_that_is_under_way(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct watcher w = {0}, stopper = {0};
        struct fixture f;

        begin(&f, &w, &adapter);
        f.hold = "StartDiscovery";
        CHECK_EQ(bluez_adapter_start_discovery(w.adapter, false, on_done, &w), 0);
        UNTIL(&f, f.held);
        CHECK_EQ(bluez_adapter_stop_discovery(w.adapter, on_done, &stopper), 0);
        fixture_settle(&f);
        CHECK(!strstr(f.calls, "StopDiscovery"));
        fixture_reply_held(&f);
        UNTIL(&f, stopper.done == 1);
        CHECK(strstr(f.calls, "StopDiscovery"));
        CHECK_EQ(w.done, 0);
        CHECK(!bluez_adapter_is_discovering(w.adapter));
        done(&f, &w);
}

static void a_discovery_that_runs_already_counts_as_ours(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct watcher w = {0};
        struct fixture f;

        begin(&f, &w, &adapter);
        fixture_settle(&f);
        fixture_changed(f.fake, NULL, ADAPTER, "org.bluez.Adapter1", 1, "Discovering", "b", 1);
        UNTIL(&f, bluez_adapter_info(w.adapter)->discovering);
        fixture_refuse(&f, "StartDiscovery", "org.bluez.Error.InProgress", "");
        CHECK_EQ(bluez_adapter_start_discovery(w.adapter, true, on_done, &w), 0);
        UNTIL(&f, w.done == 1);
        CHECK_EQ(w.error, BLUEZ_OK);
        CHECK(bluez_adapter_is_discovering(w.adapter));
        fixture_changed(f.fake, NULL, ADAPTER, "org.bluez.Adapter1", 1, "Powered", "b", 0);
        UNTIL(&f, state(&w) == BLUEZ_ADAPTER_OFF);
        CHECK(!bluez_adapter_is_discovering(w.adapter));
        fixture_refuse(&f, "SetDiscoveryFilter", "org.bluez.Error.NotReady", "");
        CHECK_EQ(bluez_adapter_start_discovery(w.adapter, true, on_done, &w), 0);
        UNTIL(&f, w.done == 2);
        CHECK_EQ(w.error, BLUEZ_NOT_READY);
        done(&f, &w);
}

/* Nobody scans, whatever bluetoothd believes: the owner must hear of it, and try again. */
static void a_discovery_in_progress_that_does_not_scan_has_failed(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct watcher w = {0};
        struct fixture f;

        begin(&f, &w, &adapter);
        fixture_settle(&f);
        fixture_changed(f.fake, NULL, ADAPTER, "org.bluez.Adapter1", 1, "Discovering", "b", 1);
        UNTIL(&f, bluez_adapter_info(w.adapter)->discovering);
        fixture_changed(f.fake, NULL, ADAPTER, "org.bluez.Adapter1", 1, "Discovering", "b", 0);
        UNTIL(&f, !bluez_adapter_info(w.adapter)->discovering);
        fixture_refuse(&f, "StartDiscovery", "org.bluez.Error.InProgress", "");
        CHECK_EQ(bluez_adapter_start_discovery(w.adapter, true, on_done, &w), 0);
        UNTIL(&f, w.done == 1);
        CHECK_EQ(w.error, BLUEZ_IN_PROGRESS);
        CHECK(!bluez_adapter_is_discovering(w.adapter));
        fixture_changed(f.fake, NULL, ADAPTER, "org.bluez.Adapter1", 1, "Discovering", "b", 1);
        fixture_refuse(&f, "StartDiscovery", "org.bluez.Error.InProgress", "");
        CHECK_EQ(bluez_adapter_start_discovery(w.adapter, true, on_done, &w), 0);
        UNTIL(&f, w.done == 2);
        CHECK_EQ(w.error, BLUEZ_OK); /* it came up after all */
        CHECK(bluez_adapter_is_discovering(w.adapter));
        done(&f, &w);
}

static void an_adapter_gone_before_we_watch_it_is_absent(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct watcher w = {0};
        struct fixture f;

        fixture_init(&f);
        fixture_put(&f, &adapter);
        f.hold = "GetAll";
        watch(&f, &w, NULL, true);
        CHECK_EQ(state(&w), BLUEZ_ADAPTER_ON);
        UNTIL(&f, f.held);
        f.objects[0] = NULL; /* its InterfacesRemoved was sent before our match */
        CHECK(sd_bus_reply_method_errorf(f.held, SD_BUS_ERROR_UNKNOWN_OBJECT, "gone") >= 0);
        f.held = sd_bus_message_unref(f.held);
        UNTIL(&f, w.listed == 2);
        CHECK_EQ(state(&w), BLUEZ_ADAPTER_ABSENT);
        done(&f, &w);
}

static void a_refused_listing_is_told(void) {
        struct watcher w = {0};
        struct fixture f;

        fixture_init(&f);
        fixture_refuse(&f, "GetManagedObjects", "org.freedesktop.DBus.Error.AccessDenied", "no");
        CHECK_EQ(bluez_adapter_new(f.bus, NULL, true, &events, &w, &w.adapter), 0);
        UNTIL(&f, w.changed == 1);
        CHECK_EQ(bluez_adapter_info(w.adapter)->error, BLUEZ_ACCESS_DENIED);
        CHECK_EQ(w.listed, 0);
        done(&f, &w);
}

static void what_the_owner_can_see_is_told_once(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct watcher w = {0};
        struct fixture f;

        begin(&f, &w, &adapter);
        fixture_settle(&f);
        w.changed = 0;
        for (int i = 0; i < 2; i++)
                fixture_changed(f.fake, NULL, ADAPTER, "org.bluez.Adapter1", 3, "Discovering", "b",
                                1, "Pairable", "b", 1, "Alias", "s", "pi");
        fixture_settle(&f);
        CHECK_EQ(w.changed, 1);
        CHECK(bluez_adapter_info(w.adapter)->discovering &&
              bluez_adapter_info(w.adapter)->pairable);
        CHECK_STR(bluez_adapter_info(w.adapter)->name, "pi");
        done(&f, &w);
}

static void a_device_is_removed_by_its_path(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct watcher w = {0};
        struct bdaddr address;
        struct fixture f;
        const char *path;

        begin(&f, &w, &adapter);
        CHECK_EQ(bdaddr_from_string(CUFF, &address), 0);
        fixture_refuse(&f, "RemoveDevice", "org.bluez.Error.DoesNotExist", "");
        CHECK_EQ(bluez_adapter_remove_device(w.adapter, &address, on_done, &w), 0);
        CHECK_EQ(bluez_adapter_remove_device(w.adapter, &address, on_done, &w), -EBUSY);
        UNTIL(&f, w.done == 1);
        CHECK_EQ(w.error, BLUEZ_GONE);
        CHECK(sd_bus_message_read(f.last, "o", &path) > 0);
        CHECK_STR(path, DEVICE);
        done(&f, &w);
}

static void only_bluetoothd_speaks_for_the_adapter(void) {
        struct object adapter = HCI("0", "00:00:00:00:00:01", .powered = true);
        struct watcher w = {0};
        struct fixture f;
        const char *we;
        sd_bus *liar;

        fixture_init(&f);
        fixture_put(&f, &adapter);
        watch(&f, &w, NULL, false);
        fixture_settle(&f);
        liar = fixture_liar(&f, &we);
        fixture_changed(liar, we, ADAPTER, "org.bluez.Adapter1", 1, "Powered", "b", 0);
        fixture_liar_done(&f, liar);
        CHECK_EQ(state(&w), BLUEZ_ADAPTER_ON);
        done(&f, &w);
}

CHECK_MAIN("unit.bluez_adapter", TEST(the_adapter_is_chosen_by_address_power_or_path),
           TEST(devices_are_listed_with_what_is_known),
           TEST(the_owner_may_free_the_adapter_while_it_lists),
           TEST(an_adapter_that_is_off_is_powered_on_if_allowed), TEST(powering_on_is_tried_again),
           TEST(rfkill_blocks_until_the_power_state_says_otherwise),
           TEST(an_adapter_taken_out_and_put_back_is_found),
           TEST(strangers_are_not_heard_while_there_is_an_adapter),
           TEST(bluetoothd_restarted_is_listed_afresh),
           TEST(discovery_is_filtered_started_and_stopped),
           TEST(a_stop_waits_for_the_start_that_is_under_way),
           TEST(a_discovery_that_runs_already_counts_as_ours),
           TEST(a_discovery_in_progress_that_does_not_scan_has_failed),
           TEST(an_adapter_gone_before_we_watch_it_is_absent), TEST(a_refused_listing_is_told),
           TEST(what_the_owner_can_see_is_told_once), TEST(a_device_is_removed_by_its_path),
           TEST(only_bluetoothd_speaks_for_the_adapter))
