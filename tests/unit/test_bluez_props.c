/* What bluetoothd sends is read with care: bounded, by type, and whole or not at all. */
#include "bluez/objects.h"

#include <errno.h>

#include "check.h"
#include "loose_bus.h"

#define DEVICE_PATH "/org/bluez/hci0/dev_00_5F_BF_11_22_33"

static sd_bus_message *new_message(struct loose_bus *b) {
        sd_bus_message *m = NULL;

        CHECK_EQ(loose_bus_open(b), 0);
        CHECK(sd_bus_message_new_signal(b->bus, &m, "/", "a.b", "C") >= 0);
        return m;
}

static void seal(sd_bus_message *m) {
        CHECK(sd_bus_message_seal(m, 1, 0) >= 0);
        CHECK(sd_bus_message_rewind(m, true) >= 0);
}

static void finish(struct loose_bus *b, sd_bus_message *m) {
        sd_bus_message_unref(m);
        loose_bus_close(b);
}

static void device_properties_are_read(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        union props p;

        CHECK(sd_bus_message_append(
                      m, "a{sv}", 9, "Blocked", "b", 1, "Address", "s", "00:5F:BF:11:22:33", "Name",
                      "s", "BLESmart_1", "Connected", "b", 1, "Bonded", "b", 0, "RSSI", "n", -61,
                      "Unknown", "a{sv}", 1, "x", "s", "y", "UUIDs", "as", 2,
                      "0000180f-0000-1000-8000-00805f9b34fb",
                      "00001810-0000-1000-8000-00805F9B34FB", "ManufacturerData", "a{qv}", 2,
                      0x004C, "ay", 2, 1, 2, 0x020E, "ay", 3, 1, 8, 5) >= 0);
        seal(m);
        CHECK_EQ(props_read(m, &props_of_device, &p), 0);
        CHECK_EQ(p.has, PROPS_ADDRESS | PROPS_NAME | PROPS_CONNECTED | PROPS_BONDED | PROPS_RSSI |
                                PROPS_UUIDS | PROPS_MANUFACTURER | PROPS_BLOCKED);
        CHECK(p.device.blocked);
        CHECK_STR(p.device.address, "00:5F:BF:11:22:33");
        CHECK_STR(p.device.name, "BLESmart_1");
        CHECK(p.device.connected && !p.device.bonded);
        CHECK_EQ(p.device.rssi, -61);
        CHECK_EQ(p.device.uuids, 2);
        CHECK(props_has_blood_pressure(&p.device));
        CHECK_EQ(p.device.omron_size, 3);
        CHECK_EQ(p.device.omron[1], 8);
        finish(&b, m);
}

static void adapter_properties_are_read(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        union props p;

        CHECK(sd_bus_message_append(m, "a{sv}", 4, "Discoverable", "b", 1, "Modalias", "s",
                                    "usb:v1D6B", "Pairable", "b", 1, "Roles", "as", 2, "central",
                                    "peripheral") >= 0);
        seal(m);
        CHECK_EQ(props_read(m, &props_of_adapter, &p), 0);
        CHECK_EQ(p.has, PROPS_DISCOVERABLE | PROPS_MODALIAS | PROPS_PAIRABLE | PROPS_ROLES);
        CHECK(p.adapter.discoverable && p.adapter.pairable && p.adapter.central);
        CHECK_STR(p.adapter.modalias, "usb:v1D6B");
        finish(&b, m);
}

/* An adapter with no Low Energy has the property, and nothing of ours in it. */
static void roles_without_central_are_roles(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        union props p;

        CHECK(sd_bus_message_append(m, "a{sv}", 2, "Roles", "as", 1, "central", "Roles", "as", 1,
                                    "central-peripheral") >= 0);
        seal(m);
        CHECK_EQ(props_read(m, &props_of_adapter, &p), 0);
        CHECK_EQ(p.has, PROPS_ROLES);
        CHECK(!p.adapter.central);
        finish(&b, m);
}

static void a_value_of_the_wrong_type_is_skipped(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        union props p;

        CHECK(sd_bus_message_append(m, "a{sv}", 7, "Name", "u", 5, "Connected", "s", "yes", "RSSI",
                                    "i", -61, "UUIDs", "s", "x", "ManufacturerData", "a{sv}", 0,
                                    "Bonded", "v", "b", 1, "Paired", "b", 1) >= 0);
        seal(m);
        CHECK_EQ(props_read(m, &props_of_device, &p), 0);
        CHECK_EQ(p.has, PROPS_PAIRED);
        CHECK(p.device.paired);
        CHECK_STR(p.device.name, "");
        finish(&b, m);
}

/* Vendor data that is no byte array does not count, and does not hide the vendor that is. */
static void odd_vendor_data_is_skipped(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        union props p;

        CHECK(sd_bus_message_append(m, "a{sv}", 1, "ManufacturerData", "a{qv}", 2, 0x020E, "s",
                                    "text", 0x020E, "ay", 1, 7) >= 0);
        seal(m);
        CHECK_EQ(props_read(m, &props_of_device, &p), 0);
        CHECK_EQ(p.device.omron_size, 1);
        CHECK_EQ(p.device.omron[0], 7);
        finish(&b, m);
}

static void long_values_are_cut_or_refused(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        uint8_t bytes[PROPS_VALUE_MAX + 1] = {1};
        char name[200];
        union props p;

        memset(name, 'a', sizeof name);
        memcpy(name + 62, "\xC3\xA4", 2); /* an a-umlaut across the limit of 63 bytes */
        name[199] = '\0';
        CHECK(sd_bus_message_append(m, "a{sv}", 1, "Name", "s", name) >= 0);
        CHECK(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        CHECK(sd_bus_message_open_container(m, 'e', "sv") >= 0);
        CHECK(sd_bus_message_append(m, "s", "Value") >= 0);
        CHECK(sd_bus_message_open_container(m, 'v', "ay") >= 0);
        CHECK(sd_bus_message_append_array(m, 'y', bytes, sizeof bytes) >= 0);
        for (int i = 0; i < 3; i++)
                CHECK(sd_bus_message_close_container(m) >= 0);
        seal(m);
        CHECK_EQ(props_read(m, &props_of_device, &p), 0);
        CHECK_EQ(strlen(p.device.name), 62);
        CHECK_EQ(p.device.name[61], 'a');
        CHECK_EQ(props_read(m, &props_of_characteristic, &p), 0);
        CHECK_EQ(p.has, 0);
        CHECK_EQ(p.characteristic.value_size, 0);
        finish(&b, m);
}

static void names_carry_no_control_characters(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        union props p;

        CHECK(sd_bus_message_append(m, "a{sv}", 1, "Name", "s", "a\nb\x1B[2J\x7F\xC3\xA4") >= 0);
        seal(m);
        CHECK_EQ(props_read(m, &props_of_device, &p), 0);
        CHECK_STR(p.device.name, "a?b?[2J?\xC3\xA4");
        finish(&b, m);
}

static void only_so_many_uuids_are_kept(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        union props p;

        CHECK(sd_bus_message_open_container(m, 'a', "{sv}") >= 0);
        CHECK(sd_bus_message_open_container(m, 'e', "sv") >= 0);
        CHECK(sd_bus_message_append(m, "s", "UUIDs") >= 0);
        CHECK(sd_bus_message_open_container(m, 'v', "as") >= 0);
        CHECK(sd_bus_message_open_container(m, 'a', "s") >= 0);
        CHECK(sd_bus_message_append(m, "s", "too short to be one") >= 0);
        for (int i = 0; i < PROPS_UUIDS_MAX + 5; i++)
                CHECK(sd_bus_message_append(m, "s", "0000180f-0000-1000-8000-00805f9b34fb") >= 0);
        for (int i = 0; i < 4; i++)
                CHECK(sd_bus_message_close_container(m) >= 0);
        seal(m);
        CHECK_EQ(props_read(m, &props_of_device, &p), 0);
        CHECK_EQ(p.device.uuids, PROPS_UUIDS_MAX);
        CHECK(!props_has_blood_pressure(&p.device));
        finish(&b, m);
}

static void a_change_of_another_interface_is_none(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        union props p = {.has = 77};

        CHECK(sd_bus_message_append(m, "sa{sv}as", "org.bluez.Battery1", 1, "Connected", "b", 1,
                                    0) >= 0);
        seal(m);
        CHECK_EQ(objects_read_changed(m, &props_of_device, &p), 0);
        CHECK_EQ(p.has, 77);
        finish(&b, m);
}

static void invalidated_properties_are_gone(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        union props p;

        CHECK(sd_bus_message_append(m, "sa{sv}as", "org.bluez.Device1", 1, "Connected", "b", 0, 2,
                                    "RSSI", "Whatever") >= 0);
        seal(m);
        CHECK_EQ(objects_read_changed(m, &props_of_device, &p), 1);
        CHECK_EQ(p.has, PROPS_CONNECTED);
        CHECK_EQ(p.gone, PROPS_RSSI);
        finish(&b, m);
}

static void messages_of_another_shape_are_refused(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        const char *path = "before";
        union props p = {.has = 77};

        CHECK(sd_bus_message_append(m, "sa{ss}", "org.bluez.Device1", 1, "Connected", "yes") >= 0);
        seal(m);
        CHECK_EQ(objects_read_changed(m, &props_of_device, &p), -EBADMSG);
        CHECK_EQ(objects_read_added(m, &props_of_device, &path, &p), -EBADMSG);
        CHECK_EQ(objects_read_removed(m, &props_of_device, DEVICE_PATH), -EBADMSG);
        CHECK_EQ(objects_walk(m, &props_of_device, NULL, NULL), -EBADMSG);
        CHECK_EQ(p.has, 77);
        CHECK_STR(path, "before");
        finish(&b, m);
}

static void an_added_object_is_found_by_its_class(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        const char *path = NULL;
        union props p;

        CHECK(sd_bus_message_append(m, "oa{sa{sv}}", DEVICE_PATH, 2, "org.bluez.Battery1", 1,
                                    "Percentage", "y", 5, "org.bluez.Device1", 1, "Paired", "b",
                                    1) >= 0);
        seal(m);
        CHECK_EQ(objects_read_added(m, &props_of_device, &path, &p), 1);
        CHECK_STR(path, DEVICE_PATH);
        CHECK(p.device.paired);
        CHECK(sd_bus_message_rewind(m, true) >= 0);
        CHECK_EQ(objects_read_added(m, &props_of_adapter, &path, &p), 0);
        finish(&b, m);
}

static void a_removed_object_is_this_object_with_this_class(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);

        CHECK(sd_bus_message_append(m, "oas", DEVICE_PATH, 2, "org.bluez.Battery1",
                                    "org.bluez.Device1") >= 0);
        seal(m);
        CHECK_EQ(objects_read_removed(m, &props_of_device, DEVICE_PATH), 1);
        CHECK(sd_bus_message_rewind(m, true) >= 0);
        CHECK_EQ(objects_read_removed(m, &props_of_device, DEVICE_PATH "4"), 0);
        CHECK(sd_bus_message_rewind(m, true) >= 0);
        CHECK_EQ(objects_read_removed(m, &props_of_adapter, DEVICE_PATH), 0);
        finish(&b, m);
}

static int count_and_stop(void *userdata, const char *path, const union props *p) {
        int *count = userdata;

        *count += 1;
        return p->device.paired;
}

static void a_walk_sees_its_class_and_can_be_ended(void) {
        struct loose_bus b;
        sd_bus_message *m = new_message(&b);
        int count = 0;

        CHECK(sd_bus_message_append(m, "a{oa{sa{sv}}}", 4, "/a", 1, "org.bluez.Device1", 0, "/b", 1,
                                    "org.bluez.Adapter1", 0, "/c", 1, "org.bluez.Device1", 1,
                                    "Paired", "b", 1, "/d", 1, "org.bluez.Device1", 0) >= 0);
        seal(m);
        CHECK_EQ(objects_walk(m, &props_of_device, count_and_stop, &count), 1);
        CHECK_EQ(count, 2);
        CHECK_EQ(objects_walk(m, &props_of_adapter, count_and_stop, &count), 0);
        CHECK_EQ(count, 3);
        finish(&b, m);
}

static void device_paths_and_addresses_are_one(void) {
        static const char *const strange[] = {
                "/org/bluez/hci0",
                "/org/bluez/hci1/dev_00_5F_BF_11_22_33",
                "/org/bluez/hci0/dev_00_5F_BF_11_22_33/service0010",
                "/org/bluez/hci0/dev_00:5F_BF_11_22_33",
                "/org/bluez/hci0/dev_005F_BF_11_22_333",
                "/org/bluez/hci0/dev_00_5F_BF_11_22_3G",
                "/org/bluez/hci0/dev_",
        };
        static const struct bdaddr address = {{0x00, 0x5F, 0xBF, 0x11, 0x22, 0x33}};
        char path[OBJECTS_PATH_SIZE], far[OBJECTS_PATH_SIZE];
        struct bdaddr back = {{9}};

        CHECK_EQ(objects_device_path("/org/bluez/hci0", &address, path), 0);
        CHECK_STR(path, DEVICE_PATH);
        memset(far, 'x', sizeof far - 1);
        far[sizeof far - 1] = '\0';
        CHECK_EQ(objects_device_path(far, &address, path), -ENAMETOOLONG);
        CHECK_STR(path, DEVICE_PATH);
        for (size_t i = 0; i < sizeof strange / sizeof strange[0]; i++)
                CHECK_EQ(objects_device_address("/org/bluez/hci0", strange[i], &back), -EINVAL);
        CHECK_EQ(back.byte[0], 9);
        CHECK_EQ(objects_device_address("/org/bluez/hci0", DEVICE_PATH, &back), 0);
        CHECK(bdaddr_equal(&back, &address));
}

CHECK_MAIN("unit.bluez_props", TEST(device_properties_are_read), TEST(adapter_properties_are_read),
           TEST(roles_without_central_are_roles), TEST(a_value_of_the_wrong_type_is_skipped),
           TEST(odd_vendor_data_is_skipped), TEST(long_values_are_cut_or_refused),
           TEST(names_carry_no_control_characters), TEST(only_so_many_uuids_are_kept),
           TEST(a_change_of_another_interface_is_none), TEST(invalidated_properties_are_gone),
           TEST(messages_of_another_shape_are_refused), TEST(an_added_object_is_found_by_its_class),
           TEST(a_removed_object_is_this_object_with_this_class),
           TEST(a_walk_sees_its_class_and_can_be_ended), TEST(device_paths_and_addresses_are_one))
