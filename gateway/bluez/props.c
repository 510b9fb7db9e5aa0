#include "bluez/props.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "core/gatt_uuid.h"

enum kind {
        KIND_BOOL,
        KIND_INT16,
        KIND_UINT16,
        KIND_STRING,
        KIND_UUIDS,
        KIND_OMRON,
        KIND_VALUE,
        KIND_ROLES,
};

struct props_row {
        const char *key, *type; /* type: of the variant's contents */
        enum kind kind;
        enum props_bit bit;
        size_t offset, size; /* size: of the field, for strings */
};

#define FIELD(type, field) offsetof(struct type, field), sizeof(((struct type *) NULL)->field)
#define ADAPTER(field)     FIELD(props_adapter, field)
#define DEVICE(field)      FIELD(props_device, field)
#define GATT(field)        FIELD(props_characteristic, field)

/* clang-format off */
static const struct props_row adapter_rows[] = {
        { "Address",          "s",     KIND_STRING, PROPS_ADDRESS,      ADAPTER(address) },
        { "Alias",            "s",     KIND_STRING, PROPS_NAME,         ADAPTER(name) },
        { "Powered",          "b",     KIND_BOOL,   PROPS_POWERED,      ADAPTER(powered) },
        { "PowerState",       "s",     KIND_STRING, PROPS_POWER_STATE,  ADAPTER(power_state) },
        { "Discovering",      "b",     KIND_BOOL,   PROPS_DISCOVERING,  ADAPTER(discovering) },
        { "Pairable",         "b",     KIND_BOOL,   PROPS_PAIRABLE,     ADAPTER(pairable) },
        { "Discoverable",     "b",     KIND_BOOL,   PROPS_DISCOVERABLE, ADAPTER(discoverable) },
        { "Modalias",         "s",     KIND_STRING, PROPS_MODALIAS,     ADAPTER(modalias) },
        { "Roles",            "as",    KIND_ROLES,  PROPS_ROLES,        ADAPTER(central) },
};
static const struct props_row device_rows[] = {
        { "Address",          "s",     KIND_STRING, PROPS_ADDRESS,      DEVICE(address) },
        { "Name",             "s",     KIND_STRING, PROPS_NAME,         DEVICE(name) },
        { "Connected",        "b",     KIND_BOOL,   PROPS_CONNECTED,    DEVICE(connected) },
        { "ServicesResolved", "b",     KIND_BOOL,   PROPS_RESOLVED,     DEVICE(resolved) },
        { "Paired",           "b",     KIND_BOOL,   PROPS_PAIRED,       DEVICE(paired) },
        { "Bonded",           "b",     KIND_BOOL,   PROPS_BONDED,       DEVICE(bonded) },
        { "Trusted",          "b",     KIND_BOOL,   PROPS_TRUSTED,      DEVICE(trusted) },
        { "Blocked",          "b",     KIND_BOOL,   PROPS_BLOCKED,      DEVICE(blocked) },
        { "RSSI",             "n",     KIND_INT16,  PROPS_RSSI,         DEVICE(rssi) },
        { "ManufacturerData", "a{qv}", KIND_OMRON,  PROPS_MANUFACTURER, DEVICE(omron) },
        { "UUIDs",            "as",    KIND_UUIDS,  PROPS_UUIDS,        DEVICE(uuid) },
};
static const struct props_row characteristic_rows[] = {
        { "UUID",             "s",     KIND_STRING, PROPS_UUID,         GATT(uuid) },
        { "Value",            "ay",    KIND_VALUE,  PROPS_VALUE,        GATT(value) },
        { "MTU",              "q",     KIND_UINT16, PROPS_MTU,          GATT(mtu) },
};

#define CLASS(name, type, rows) { "org.bluez." name, sizeof(struct type), rows, ELEMENTS(rows) }
const struct props_class props_of_adapter = CLASS("Adapter1", props_adapter, adapter_rows);
const struct props_class props_of_device = CLASS("Device1", props_device, device_rows);
const struct props_class props_of_characteristic =
        CLASS("GattCharacteristic1", props_characteristic, characteristic_rows);
/* clang-format on */

/* What fits, never half a character (D-Bus strings are UTF-8), no control characters: names end up
 * in log lines and JSON. */
static void copy_text(const char *text, char *ret, size_t size) {
        size_t n = strnlen(text, size);

        if (n == size)
                for (n = size - 1; n > 0 && (text[n] & 0xC0) == 0x80;)
                        n--;
        for (size_t i = 0; i < n; i++)
                ret[i] = (unsigned char) text[i] < 0x20 || text[i] == 0x7F ? '?' : text[i];
        ret[n] = '\0';
}

/* After the last element of a container, `r` being how the attempt to read one more ended. */
static int leave(sd_bus_message *m, int r) {
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int take_string(sd_bus_message *m, uint8_t *ret, size_t size) {
        const char *text;
        int r = sd_bus_message_read(m, "s", &text);

        if (r < 0)
                return r;
        copy_text(text, (char *) ret, size);
        return 1;
}

static int take_bool(sd_bus_message *m, uint8_t *ret) {
        int value; /* sd-bus reads "b" into an int */
        bool truth;
        int r = sd_bus_message_read(m, "b", &value);

        if (r < 0)
                return r;
        truth = value;
        memcpy(ret, &truth, sizeof truth);
        return 1;
}

static int take_value(sd_bus_message *m, struct props_characteristic *c) {
        const void *bytes;
        size_t size;
        int r = sd_bus_message_read_array(m, 'y', &bytes, &size);

        if (r < 0)
                return r;
        if (size > sizeof c->value)
                return 0;
        if (size > 0)
                memcpy(c->value, bytes, size);
        c->value_size = (uint16_t) size;
        return 1;
}

static int take_uuids(sd_bus_message *m, struct props_device *d) {
        const char *uuid;
        int r = sd_bus_message_enter_container(m, 'a', "s");

        if (r < 0)
                return r;
        d->uuids = 0;
        while ((r = sd_bus_message_read(m, "s", &uuid)) > 0)
                if (strlen(uuid) == BLUEZ_UUID_SIZE - 1 && d->uuids < PROPS_UUIDS_MAX)
                        memcpy(d->uuid[d->uuids++], uuid, BLUEZ_UUID_SIZE);
        return leave(m, r);
}

static int take_roles(sd_bus_message *m, struct props_adapter *a) {
        const char *role;
        int r = sd_bus_message_enter_container(m, 'a', "s");

        if (r < 0)
                return r;
        a->central = false;
        while ((r = sd_bus_message_read(m, "s", &role)) > 0)
                if (strcmp(role, "central") == 0)
                        a->central = true;
        return leave(m, r);
}

/* At a variant: 1 if it holds `type`, and then it is entered; 0 if not, and then it is skipped. */
static int enter_variant(sd_bus_message *m, const char *type) {
        const char *contents;
        char kind;
        int r = sd_bus_message_peek_type(m, &kind, &contents);

        if (r < 0)
                return r;
        if (r == 0 || kind != 'v')
                return -EBADMSG;
        if (strcmp(contents, type) == 0)
                return sd_bus_message_enter_container(m, 'v', type);
        r = sd_bus_message_skip(m, "v");
        return r < 0 ? r : 0;
}

static int take_vendor(sd_bus_message *m, struct props_device *d) {
        const void *bytes;
        uint16_t vendor;
        size_t size;
        int r = sd_bus_message_read(m, "q", &vendor);

        if (r < 0)
                return r;
        r = enter_variant(m, "ay");
        if (r <= 0)
                return r;
        r = sd_bus_message_read_array(m, 'y', &bytes, &size);
        if (r < 0)
                return r;
        if (vendor == PROPS_OMRON_VENDOR) {
                d->omron_size = (uint16_t) (size < sizeof d->omron ? size : sizeof d->omron);
                if (d->omron_size > 0)
                        memcpy(d->omron, bytes, d->omron_size);
        }
        return sd_bus_message_exit_container(m);
}

static int take_omron(sd_bus_message *m, struct props_device *d) {
        int r = sd_bus_message_enter_container(m, 'a', "{qv}");

        if (r < 0)
                return r;
        d->omron_size = 0;
        while ((r = sd_bus_message_enter_container(m, 'e', "qv")) > 0) {
                r = leave(m, take_vendor(m, d));
                if (r < 0)
                        return r;
        }
        return leave(m, r);
}

static int take_contents(sd_bus_message *m, const struct props_row *row, union props *p) {
        uint8_t *field = (uint8_t *) p + row->offset;

        switch (row->kind) {
        case KIND_BOOL:
                return take_bool(m, field);
        case KIND_INT16:
                return sd_bus_message_read_basic(m, 'n', field);
        case KIND_UINT16:
                return sd_bus_message_read_basic(m, 'q', field);
        case KIND_STRING:
                return take_string(m, field, row->size);
        case KIND_UUIDS:
                return take_uuids(m, &p->device);
        case KIND_OMRON:
                return take_omron(m, &p->device);
        case KIND_VALUE:
                return take_value(m, &p->characteristic);
        case KIND_ROLES:
                return take_roles(m, &p->adapter);
        }
        return -EINVAL;
}

static const struct props_row *find_row(const struct props_class *class, const char *key) {
        for (size_t i = 0; i < class->n_rows; i++)
                if (strcmp(class->rows[i].key, key) == 0)
                        return &class->rows[i];
        return NULL;
}

static int take_property(sd_bus_message *m, const struct props_class *class, union props *p) {
        const struct props_row *row;
        const char *key;
        int r = sd_bus_message_read(m, "s", &key);

        if (r < 0)
                return r;
        row = find_row(class, key);
        if (!row)
                return sd_bus_message_skip(m, "v");
        r = enter_variant(m, row->type);
        if (r <= 0)
                return r;
        r = take_contents(m, row, p);
        if (r > 0)
                p->has |= row->bit;
        return leave(m, r);
}

int props_read(sd_bus_message *m, const struct props_class *class, union props *ret) {
        union props p;
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        if (r < 0)
                return r;
        memset(&p, 0, class->size);
        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = leave(m, take_property(m, class, &p));
                if (r < 0)
                        return r;
        }
        r = leave(m, r);
        if (r < 0)
                return r;
        memcpy(ret, &p, class->size);
        return 0;
}

int props_read_invalidated(sd_bus_message *m, const struct props_class *class, union props *ret) {
        unsigned gone = 0;
        const char *key;
        int r = sd_bus_message_enter_container(m, 'a', "s");

        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "s", &key)) > 0) {
                const struct props_row *row = find_row(class, key);

                if (row)
                        gone |= row->bit;
        }
        r = leave(m, r);
        if (r < 0)
                return r;
        ret->gone = gone;
        return 0;
}

bool props_has_blood_pressure(const struct props_device *p) {
        static const char *const services[] = {
                UUID_BLOOD_PRESSURE_SERVICE, UUID_OMRON_CLASSIC_SERVICE, UUID_OMRON_MODERN_SERVICE};

        for (size_t i = 0; i < p->uuids; i++)
                for (size_t j = 0; j < ELEMENTS(services); j++)
                        if (strcasecmp(p->uuid[i], services[j]) == 0)
                                return true;
        return false;
}
