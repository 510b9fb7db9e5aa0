/* Messages of any shape and contents, read as the signals and replies of bluetoothd. The first byte
 * chooses the message, the rest its keys, types and values. */
#include "bluez/objects.h"

#include <string.h>

#include "fuzz/input.h"
#include "fuzz/property.h"
#include "loose_bus.h"

static const char *const keys[] = {
        "Address", "Alias",     "Powered",          "PowerState", "Discovering", "Pairable",
        "Name",    "Connected", "ServicesResolved", "Paired",     "Bonded",      "Trusted",
        "RSSI",    "UUIDs",     "ManufacturerData", "UUID",       "Value",       "Foreign",
};
static const char *const interfaces[] = {"org.bluez.Adapter1", "org.bluez.Device1",
                                         "org.bluez.GattCharacteristic1", "a.b"};
static const char *const paths[] = {"/", "/org/bluez/hci0", "/org/bluez/hci0/dev_00_5F_BF_11_22_33",
                                    "/org/bluez/hci0/dev_00_5F_BF_11_22_33/service0001/char0002"};

#define PICK(in, list) list[take(in) % (sizeof list / sizeof list[0])]

/* Up to 255 bytes of the input as a string: what is not ASCII becomes a two-byte character, because
 * sd-bus refuses to send what is not UTF-8. */
static const char *take_text(struct input *in, char ret[512]) {
        size_t n = 0;

        for (unsigned left = take(in); left > 0 && in->at < in->end; left--) {
                unsigned c = take(in);

                if (c >= 0x80)
                        ret[n++] = (char) (0xC0 | c >> 6);
                ret[n++] = (char) (c >= 0x80 ? 0x80 | (c & 0x3F) : c ? c : '0');
        }
        ret[n] = '\0';
        return ret;
}

static void append_bytes(struct input *in, sd_bus_message *m) {
        size_t wanted = take(in) * 3u, left = (size_t) (in->end - in->at);
        size_t n = wanted < left ? wanted : left;

        sd_bus_message_append_array(m, 'y', in->at, n);
        in->at += n;
}

static void append_vendors(struct input *in, sd_bus_message *m) {
        sd_bus_message_open_container(m, 'a', "{qv}");
        for (unsigned n = take(in) % 4; n > 0; n--) {
                sd_bus_message_open_container(m, 'e', "qv");
                sd_bus_message_append(m, "q", take(in) % 2 ? 0x020E : 0x004C);
                if (take(in) % 4) {
                        sd_bus_message_open_container(m, 'v', "ay");
                        append_bytes(in, m);
                        sd_bus_message_close_container(m);
                } else
                        sd_bus_message_append(m, "v", "u", take(in));
                sd_bus_message_close_container(m);
        }
        sd_bus_message_close_container(m);
}

static void append_texts(struct input *in, sd_bus_message *m) {
        char text[512];

        sd_bus_message_open_container(m, 'a', "s");
        for (unsigned n = take(in); n > 0; n--)
                sd_bus_message_append(m, "s",
                                      take(in) % 2 ? "00001810-0000-1000-8000-00805f9b34fb"
                                                   : take_text(in, text));
        sd_bus_message_close_container(m);
}

static void append_value(struct input *in, sd_bus_message *m) {
        static const char *const types[] = {"s", "b", "n", "ay", "as", "a{qv}", "i"};
        const char *type = PICK(in, types);
        char text[512];

        sd_bus_message_open_container(m, 'v', type);
        if (strcmp(type, "s") == 0)
                sd_bus_message_append(m, "s", take_text(in, text));
        else if (strcmp(type, "ay") == 0)
                append_bytes(in, m);
        else if (strcmp(type, "as") == 0)
                append_texts(in, m);
        else if (strcmp(type, "a{qv}") == 0)
                append_vendors(in, m);
        else
                sd_bus_message_append(m, type, take(in));
        sd_bus_message_close_container(m);
}

static void append_properties(struct input *in, sd_bus_message *m) {
        sd_bus_message_open_container(m, 'a', "{sv}");
        for (unsigned n = take(in) % 20; n > 0; n--) {
                sd_bus_message_open_container(m, 'e', "sv");
                sd_bus_message_append(m, "s", PICK(in, keys));
                append_value(in, m);
                sd_bus_message_close_container(m);
        }
        sd_bus_message_close_container(m);
}

static void append_interfaces(struct input *in, sd_bus_message *m) {
        sd_bus_message_open_container(m, 'a', "{sa{sv}}");
        for (unsigned n = take(in) % 4; n > 0; n--) {
                sd_bus_message_open_container(m, 'e', "sa{sv}");
                sd_bus_message_append(m, "s", PICK(in, interfaces));
                append_properties(in, m);
                sd_bus_message_close_container(m);
        }
        sd_bus_message_close_container(m);
}

static void append_message(struct input *in, sd_bus_message *m) {
        switch (take(in) % 4) {
        case 0:
                sd_bus_message_append(m, "s", PICK(in, interfaces));
                append_properties(in, m);
                sd_bus_message_append(m, "as", 2, PICK(in, keys), PICK(in, keys));
                break;
        case 1:
                sd_bus_message_append(m, "o", PICK(in, paths));
                append_interfaces(in, m);
                break;
        case 2:
                sd_bus_message_append(m, "oas", PICK(in, paths), 1, PICK(in, interfaces));
                break;
        default:
                sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
                for (unsigned n = take(in) % 4; n > 0; n--) {
                        sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");
                        sd_bus_message_append(m, "o", PICK(in, paths));
                        append_interfaces(in, m);
                        sd_bus_message_close_container(m);
                }
                sd_bus_message_close_container(m);
        }
}

static void require_text(const char *text, size_t size) {
        size_t n = strnlen(text, size);

        REQUIRE(n < size);
        for (size_t i = 0; i < n; i++)
                REQUIRE((unsigned char) text[i] >= 0x20 && text[i] != 0x7F);
}

static void require_device(const struct props_device *d) {
        require_text(d->address, sizeof d->address);
        require_text(d->name, sizeof d->name);
        REQUIRE(d->omron_size <= sizeof d->omron && d->uuids <= PROPS_UUIDS_MAX);
        for (size_t i = 0; i < d->uuids; i++)
                REQUIRE(strnlen(d->uuid[i], BLUEZ_UUID_SIZE) == BLUEZ_UUID_SIZE - 1);
        (void) props_has_blood_pressure(d);
}

static int visit(void *userdata, const char *path, const union props *p) {
        struct bdaddr address;

        if (userdata == &props_of_device)
                require_device(&p->device);
        (void) objects_device_address("/org/bluez/hci0", path, &address);
        return 0;
}

/* A reading that fails or does not concern us writes nothing. */
static void read_as(sd_bus_message *m, const struct props_class *class) {
        union props p, before;
        const char *path = NULL;
        int r;

        memset(&before, 0xAA, sizeof before);
        p = before;
        sd_bus_message_rewind(m, true);
        r = objects_read_changed(m, class, &p);
        REQUIRE(r == 1 || memcmp(&p, &before, sizeof p) == 0);
        if (r == 1 && class == &props_of_device)
                require_device(&p.device);
        p = before;
        sd_bus_message_rewind(m, true);
        r = objects_read_added(m, class, &path, &p);
        REQUIRE((r == 1) == (path != NULL));
        REQUIRE(r == 1 || memcmp(&p, &before, sizeof p) == 0);
        if (r == 1 && class == &props_of_device)
                require_device(&p.device);
        if (r == 1 && class == &props_of_characteristic)
                REQUIRE(p.characteristic.value_size <= PROPS_VALUE_MAX);
        sd_bus_message_rewind(m, true);
        (void) objects_read_removed(m, class, "/org/bluez/hci0");
        (void) objects_walk(m, class, visit, (void *) (uintptr_t) class);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        struct input in = {data, data + n};
        sd_bus_message *m = NULL;
        struct loose_bus b;

        REQUIRE(loose_bus_open(&b) == 0);
        REQUIRE(sd_bus_message_new_signal(b.bus, &m, "/", "a.b", "C") >= 0);
        append_message(&in, m);
        if (sd_bus_message_seal(m, 1, 0) >= 0) {
                read_as(m, &props_of_adapter);
                read_as(m, &props_of_device);
                read_as(m, &props_of_characteristic);
        }
        sd_bus_message_unref(m);
        loose_bus_close(&b);
        return 0;
}
