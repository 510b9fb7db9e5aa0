#include "dbus_device.h"

#include <errno.h>
#include <stdio.h>

#include "dbus_call.h"
#include "dbus_gatt.h"
#include "dbus_link.h"
#include "dbus_pair.h"
#include "log.h"
#include "util.h"

#define DEVICE_INTERFACE "org.bluez.Device1"
enum { COMPANY_OMRON = 0x020E, COMPANY_STRANGER = 0x004C };

/* --- properties --- */

/* As long as GAP allows, and nothing a terminal or JSON likes. */
static const char *noisy_name(unsigned noise) {
        static const char *const names[] = {
                "\x1b[2J\x1b]0;cuff\x07\r\n",
                "\"}],\"pairing\":{\"active\":true}}",
                "BLESmart_0000025828FFB20591B5",
                "\xf0\x9f\x92\x89\xe2\x80\xae%s%n\xc2\x85",
                "",
        };

        return names[noise % ELEMENTS(names)];
}

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *name,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct device *dev = userdata;
        bool random = dev->cuff && dev->cuff->random_address;

        if (strcmp(name, "Address") == 0)
                return sd_bus_message_append(reply, "s", dev->address);
        if (strcmp(name, "AddressType") == 0)
                return sd_bus_message_append(reply, "s", random ? "random" : "public");
        if (strcmp(name, "Adapter") == 0)
                return sd_bus_message_append(reply, "o", dev->daemon->adapter_path);
        return sd_bus_message_append(reply, "s",
                                     dev->cuff    ? dev->cuff->name
                                     : dev->noise ? noisy_name(dev->noise)
                                                  : dev->address);
}

static int get_flag(sd_bus *bus, const char *path, const char *interface, const char *name,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct device *dev = userdata;
        const struct {
                const char *name;
                bool value;
        } flags[] = {
                {"Paired", dev->paired},       {"Bonded", dev->bonded},
                {"Trusted", dev->trusted},     {"Blocked", dev->blocked},
                {"Connected", dev->connected}, {"ServicesResolved", dev->resolved},
        };

        for (size_t i = 0; i < ELEMENTS(flags); i++)
                if (strcmp(name, flags[i].name) == 0)
                        return sd_bus_message_append(reply, "b", flags[i].value);
        return sd_bus_message_append(reply, "b", 0); /* LegacyPairing */
}

static int set_flag(sd_bus *bus, const char *path, const char *interface, const char *name,
                    sd_bus_message *value, void *userdata, sd_bus_error *error) {
        struct device *dev = userdata;
        int flag, r = sd_bus_message_read(value, "b", &flag);

        if (r < 0)
                return r;
        if (strcmp(name, "Trusted") == 0)
                dev->trusted = flag;
        else
                dev->blocked = flag;
        log_line("set %s %s=%s", dev->address, name, flag ? "yes" : "no");
        device_changed(dev, name, NULL);
        return 0;
}

static bool knows_service(const struct device *dev, const struct att_row *row) {
        return row->kind == ATT_SERVICE &&
               (dev->services_known || row->uuid == dev->cuff->table->advertised);
}

static int get_uuids(sd_bus *bus, const char *path, const char *interface, const char *name,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct device *dev = userdata;
        const struct att_table *t = dev->cuff ? dev->cuff->table : NULL;
        char uuid[ATT_UUID_TEXT];
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; t && i < t->n && r >= 0; i++)
                if (knows_service(dev, &t->rows[i]))
                        r = sd_bus_message_append(reply, "s", att_uuid_text(t->rows[i].uuid, uuid));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

bool device_has_service(const struct device *dev, const char *uuid) {
        const struct att_table *t = dev->cuff ? dev->cuff->table : NULL;
        char known[ATT_UUID_TEXT];

        for (size_t i = 0; t && i < t->n; i++)
                if (knows_service(dev, &t->rows[i]) &&
                    strcasecmp(att_uuid_text(t->rows[i].uuid, known), uuid) == 0)
                        return true;
        return false;
}

static int get_rssi(sd_bus *bus, const char *path, const char *interface, const char *name,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct device *dev = userdata;

        return sd_bus_message_append(reply, "n", dev->rssi);
}

static int get_data(sd_bus *bus, const char *path, const char *interface, const char *name,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct device *dev = userdata;
        uint16_t company = dev->cuff || dev->noise ? COMPANY_OMRON : COMPANY_STRANGER;
        int r = sd_bus_message_open_container(reply, 'a', "{qv}");

        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'e', "qv");
        if (r >= 0)
                r = sd_bus_message_append(reply, "q", company);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', "ay");
        if (r >= 0)
                r = sd_bus_message_append_array(reply, 'y', dev->data, dev->data_size);
        for (int i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(reply);
        return r;
}

/* --- methods --- */

/* clang-format off */
static const struct call_method methods[] = {
        {"Connect", link_connect},
        {"Disconnect", link_disconnect},
        {"Pair", pair_method},
        {"CancelPairing", pair_cancel_method},
        {NULL, NULL},
};
/* clang-format on */

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct device *dev = userdata;

        return call_dispatch(dev->daemon, m, methods);
}

/* clang-format off */
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES  SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define OPEN     SD_BUS_VTABLE_UNPRIVILEGED
static const sd_bus_vtable device_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Connect", "", "", on_method, OPEN),
        SD_BUS_METHOD("Disconnect", "", "", on_method, OPEN),
        SD_BUS_METHOD("Pair", "", "", on_method, OPEN),
        SD_BUS_METHOD("CancelPairing", "", "", on_method, OPEN),
        SD_BUS_PROPERTY("Address", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("AddressType", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Name", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Alias", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Adapter", "o", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Paired", "b", get_flag, 0, CHANGES),
        SD_BUS_PROPERTY("Bonded", "b", get_flag, 0, CHANGES),
        SD_BUS_PROPERTY("Connected", "b", get_flag, 0, CHANGES),
        SD_BUS_PROPERTY("ServicesResolved", "b", get_flag, 0, CHANGES),
        SD_BUS_PROPERTY("LegacyPairing", "b", get_flag, 0, CHANGES),
        SD_BUS_PROPERTY("UUIDs", "as", get_uuids, 0, CHANGES),
        SD_BUS_WRITABLE_PROPERTY("Trusted", "b", get_flag, set_flag, 0, CHANGES | OPEN),
        SD_BUS_WRITABLE_PROPERTY("Blocked", "b", get_flag, set_flag, 0, CHANGES | OPEN),
        SD_BUS_VTABLE_END,
};
/* These two exist only once heard: each has a table of its own. */
static const sd_bus_vtable rssi_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("RSSI", "n", get_rssi, 0, CHANGES),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable data_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("ManufacturerData", "a{qv}", get_data, 0, CHANGES),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

/* --- life --- */

void device_place(struct device *dev) {
        snprintf(dev->path, sizeof dev->path, "%s/dev_%s", dev->daemon->adapter_path, dev->address);
        for (char *p = dev->path; *p; p++)
                if (*p == ':')
                        *p = '_';
}

struct device *device_new(struct daemon *d, const char *address, struct cuff *cuff) {
        struct device *dev = must_alloc(sizeof *dev), **end = &d->devices;

        dev->daemon = d;
        dev->cuff = cuff;
        dev->temporary = true;
        dev->logged_flags = -1;
        dev->advert_interval_usec = 250 * MSEC;
        snprintf(dev->address, sizeof dev->address, "%s", address);
        device_place(dev);
        while (*end)
                end = &(*end)->next;
        *end = dev;
        return dev;
}

void device_free(struct device *dev) {
        device_reset(dev);
        device_timer_stop(dev, TIMER_ADVERT);
        LIST_REMOVE(dev->daemon->devices, dev);
        free(dev->cuff);
        free(dev);
}

struct device *device_by_address(struct daemon *d, const char *address) {
        for (struct device *dev = d->devices; dev; dev = dev->next)
                if (strcasecmp(dev->address, address) == 0)
                        return dev;
        return NULL;
}

struct device *device_by_path(struct daemon *d, const char *path) {
        for (struct device *dev = d->devices; dev; dev = dev->next) {
                size_t n = strlen(dev->path);

                if (dev->exported && strncmp(dev->path, path, n) == 0 &&
                    (path[n] == '\0' || path[n] == '/'))
                        return dev;
        }
        return NULL;
}

static void add_heard_tables(struct device *dev) {
        sd_bus *bus = dev->daemon->bus;

        if (dev->has_rssi && !dev->rssi_slot)
                sd_bus_add_object_vtable(bus, &dev->rssi_slot, dev->path, DEVICE_INTERFACE,
                                         rssi_vtable, dev);
        if (dev->has_data && !dev->data_slot)
                sd_bus_add_object_vtable(bus, &dev->data_slot, dev->path, DEVICE_INTERFACE,
                                         data_vtable, dev);
}

void device_export(struct device *dev) {
        struct daemon *d = dev->daemon;

        if (dev->exported || !d->bus || !d->adapter_present)
                return;
        dev->exported = true;
        sd_bus_add_object_vtable(d->bus, &dev->slot, dev->path, DEVICE_INTERFACE, device_vtable,
                                 dev);
        add_heard_tables(dev);
        sd_bus_emit_object_added(d->bus, dev->path);
}

static void drop_slots(struct device *dev) {
        dev->slot = sd_bus_slot_unref(dev->slot);
        dev->rssi_slot = sd_bus_slot_unref(dev->rssi_slot);
        dev->data_slot = sd_bus_slot_unref(dev->data_slot);
        dev->agent_call = sd_bus_slot_unref(dev->agent_call);
        dev->has_rssi = dev->has_data = dev->heard = dev->exported = false;
}

void device_unexport(struct device *dev) {
        if (!dev->exported)
                return;
        gatt_unexport(dev);
        if (dev->daemon->bus)
                sd_bus_emit_object_removed(dev->daemon->bus, dev->path);
        drop_slots(dev);
        device_timer_stop(dev, TIMER_FORGET);
}

void device_reset(struct device *dev) {
        for (unsigned t = TIMER_CONNECT; t < TIMER_MAX_; t++)
                device_timer_stop(dev, t);
        device_timer_stop(dev, TIMER_MODEL);
        gatt_forget(dev);
        drop_slots(dev);
        call_finish(dev->daemon, &dev->connect, "Failed", "le-connection-abort-by-local");
        call_finish(dev->daemon, &dev->pair, "AuthenticationCanceled", "Authentication Canceled");
        dev->connected = dev->resolved = dev->pairing = false;
        dev->armed = dev->disarmed = dev->connect_by_client = false;
        dev->paired = dev->bonded;
        dev->services_known = dev->browsed = dev->bonded && dev->services_known;
        dev->temporary = !dev->bonded;
        dev->bond_failures = 0;
}

void device_changed(struct device *dev, const char *name, ...) {
        const char *names[8] = {name};
        size_t n = 1;
        va_list more;

        if (!dev->exported || !dev->daemon->bus)
                return;
        va_start(more, name);
        while (n < ELEMENTS(names) - 1 && (names[n] = va_arg(more, const char *)))
                n++;
        va_end(more);
        names[n] = NULL;
        sd_bus_emit_properties_changed_strv(dev->daemon->bus, dev->path, DEVICE_INTERFACE,
                                            (char **) (uintptr_t) names);
}

/* --- what scans hear --- */

void device_heard(struct device *dev, int16_t rssi, const uint8_t *data, size_t size,
                  bool data_signal, bool rssi_signal) {
        dev->rssi = rssi;
        dev->has_rssi = dev->heard = true;
        if (size)
                memcpy(dev->data, data, size);
        dev->data_size = size ? size : dev->data_size;
        dev->has_data = dev->has_data || size;
        if (!dev->exported) {
                device_export(dev);
                return;
        }
        add_heard_tables(dev);
        if (data_signal && size)
                device_changed(dev, "RSSI", "ManufacturerData", NULL);
        else if (rssi_signal)
                device_changed(dev, "RSSI", NULL);
}

void device_unheard(struct device *dev) {
        dev->heard = false;
        if (!dev->has_rssi || !dev->exported)
                return;
        dev->has_rssi = false;
        dev->rssi_slot = sd_bus_slot_unref(dev->rssi_slot);
        sd_bus_emit_signal(dev->daemon->bus, dev->path, "org.freedesktop.DBus.Properties",
                           "PropertiesChanged", "sa{sv}as", DEVICE_INTERFACE, 0, 1, "RSSI");
}

/* --- timers --- */

struct fuse {
        struct device *device;
        void (*fire)(struct device *dev);
};

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        struct fuse fuse = *(struct fuse *) userdata;

        fuse.fire(fuse.device);
        return 0;
}

static void free_fuse(void *userdata) {
        free(userdata);
}

void device_timer_stop(struct device *dev, enum device_timer timer) {
        dev->timers[timer] = sd_event_source_disable_unref(dev->timers[timer]);
}

bool device_timer_runs(const struct device *dev, enum device_timer timer) {
        return dev->timers[timer] && sd_event_source_get_enabled(dev->timers[timer], NULL) > 0;
}

void device_timer(struct device *dev, enum device_timer timer, uint64_t usec,
                  void (*fire)(struct device *dev)) {
        struct fuse *fuse = must_alloc(sizeof *fuse);

        device_timer_stop(dev, timer);
        *fuse = (struct fuse){dev, fire};
        if (sd_event_add_time_relative(dev->daemon->event, &dev->timers[timer], CLOCK_MONOTONIC,
                                       usec, 1, on_timer, fuse) < 0)
                free(fuse); /* the loop has ended: nothing happens any more */
        else
                sd_event_source_set_destroy_callback(dev->timers[timer], free_fuse);
}
