#include "dbus_adapter.h"

#include <stdarg.h>
#include <stdio.h>

#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_link.h"
#include "dbus_manager.h"
#include "dbus_scan.h"
#include "log.h"
#include "util.h"

#define ADAPTER_INTERFACE "org.bluez.Adapter1"

/* --- properties --- */

static int get_text(sd_bus *bus, const char *path, const char *interface, const char *name,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct daemon *d = userdata;
        const char *text = d->alias; /* Name, Alias */

        if (strcmp(name, "Address") == 0)
                text = d->adapter_address;
        else if (strcmp(name, "AddressType") == 0)
                text = "public";
        else if (strcmp(name, "Modalias") == 0)
                text = "usb:v1D6Bp0246d0542";
        else if (strcmp(name, "PowerState") == 0)
                text = d->blocked ? "off-blocked" : d->powered ? "on" : "off";
        return sd_bus_message_append(reply, "s", text);
}

static int set_alias(sd_bus *bus, const char *path, const char *interface, const char *name,
                     sd_bus_message *value, void *userdata, sd_bus_error *error) {
        struct daemon *d = userdata;
        const char *text;
        int r = sd_bus_message_read(value, "s", &text);

        if (r < 0)
                return r;
        snprintf(d->alias, sizeof d->alias, "%s", text);
        adapter_changed(d, "Alias", NULL);
        return 0;
}

bool adapter_is_pairable(const struct daemon *d) {
        return d->pairable && manager_has_default_agent(d);
}

static int get_flag(sd_bus *bus, const char *path, const char *interface, const char *name,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct daemon *d = userdata;
        bool flag = d->discoverable;

        if (strcmp(name, "Powered") == 0)
                flag = d->powered;
        else if (strcmp(name, "Pairable") == 0)
                flag = adapter_is_pairable(d);
        else if (strcmp(name, "Discovering") == 0)
                flag = scan_is_on(d);
        return sd_bus_message_append(reply, "b", flag);
}

static int set_flag(sd_bus *bus, const char *path, const char *interface, const char *name,
                    sd_bus_message *value, void *userdata, sd_bus_error *error) {
        struct daemon *d = userdata;
        int flag, r = sd_bus_message_read(value, "b", &flag);

        if (r < 0)
                return r;
        log_line("set adapter %s=%s", name, flag ? "yes" : "no");
        if (strcmp(name, "Powered") == 0) {
                if (flag && d->blocked)
                        return sd_bus_error_set(error, "org.bluez.Error.Failed", "Failed");
                daemon_set_powered(d, flag);
        } else if (strcmp(name, "Pairable") == 0) {
                d->pairable = flag;
                adapter_pairable_changed(d);
        } else {
                d->discoverable = flag;
                adapter_changed(d, "Discoverable", NULL);
        }
        return 0;
}

static int get_number(sd_bus *bus, const char *path, const char *interface, const char *name,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        uint32_t number = strcmp(name, "Class") == 0                 ? 0x0C0000
                          : strcmp(name, "DiscoverableTimeout") == 0 ? 180
                                                                     : 0;

        return sd_bus_message_append(reply, "u", number);
}

static int get_uuids(sd_bus *bus, const char *path, const char *interface, const char *name,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "as", 2, "00001800-0000-1000-8000-00805f9b34fb",
                                     "00001801-0000-1000-8000-00805f9b34fb");
}

static int get_roles(sd_bus *bus, const char *path, const char *interface, const char *name,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct daemon *d = userdata;
        char text[sizeof d->roles], *rest = strcpy(text, d->roles), *role;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        while (r >= 0 && (role = strsep(&rest, ",")))
                r = sd_bus_message_append(reply, "s", role);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* --- methods --- */

void adapter_remove_device(struct device *dev) {
        link_disconnect_now(dev);
        dev->bonded = dev->paired = dev->services_known = dev->trusted = false;
        device_unexport(dev);
        device_reset(dev);
        scan_removed(dev);
        log_line("removed %s", dev->address);
        scan_air(dev);
}

static void remove_device(struct daemon *d, sd_bus_message *m) {
        struct device *dev = NULL;
        const char *path;

        if (sd_bus_message_read(m, "o", &path) >= 0)
                for (dev = d->devices; dev; dev = dev->next)
                        if (dev->exported && strcmp(dev->path, path) == 0)
                                break;
        if (!dev) {
                call_error(d, m, "DoesNotExist", "Does Not Exist");
                return;
        }
        adapter_remove_device(dev);
        call_ok(d, m);
}

static void get_filters(struct daemon *d, sd_bus_message *m) {
        log_line("call GetDiscoveryFilters path=%s answer=ok", d->adapter_path);
        sd_bus_reply_method_return(m, "as", 5, "UUIDs", "RSSI", "Transport", "DuplicateData",
                                   "Pattern");
}

/* clang-format off */
static const struct call_method methods[] = {
        {"StartDiscovery", scan_start},
        {"StopDiscovery", scan_stop},
        {"SetDiscoveryFilter", scan_set_filter},
        {"GetDiscoveryFilters", get_filters},
        {"RemoveDevice", remove_device},
        {NULL, NULL},
};
/* clang-format on */

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return call_dispatch(userdata, m, methods);
}

/* clang-format off */
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES  SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define OPEN     SD_BUS_VTABLE_UNPRIVILEGED
static const sd_bus_vtable adapter_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("StartDiscovery", "", "", on_method, OPEN),
        SD_BUS_METHOD("StopDiscovery", "", "", on_method, OPEN),
        SD_BUS_METHOD("SetDiscoveryFilter", "a{sv}", "", on_method, OPEN),
        SD_BUS_METHOD("GetDiscoveryFilters", "", "as", on_method, OPEN),
        SD_BUS_METHOD("RemoveDevice", "o", "", on_method, OPEN),
        SD_BUS_PROPERTY("Address", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("AddressType", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Name", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("Modalias", "s", get_text, 0, CONSTANT),
        SD_BUS_PROPERTY("PowerState", "s", get_text, 0, CHANGES),
        SD_BUS_PROPERTY("Class", "u", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("DiscoverableTimeout", "u", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("PairableTimeout", "u", get_number, 0, CHANGES),
        SD_BUS_PROPERTY("Discovering", "b", get_flag, 0, CHANGES),
        SD_BUS_PROPERTY("UUIDs", "as", get_uuids, 0, CHANGES),
        SD_BUS_WRITABLE_PROPERTY("Alias", "s", get_text, set_alias, 0, CHANGES | OPEN),
        SD_BUS_WRITABLE_PROPERTY("Powered", "b", get_flag, set_flag, 0, CHANGES | OPEN),
        SD_BUS_WRITABLE_PROPERTY("Discoverable", "b", get_flag, set_flag, 0, CHANGES | OPEN),
        SD_BUS_WRITABLE_PROPERTY("Pairable", "b", get_flag, set_flag, 0, CHANGES | OPEN),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable roles_vtable[] = { /* older releases do not have it */
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Roles", "as", get_roles, 0, CHANGES),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

/* --- life --- */

void adapter_export(struct daemon *d) {
        sd_bus_add_object_vtable(d->bus, &d->adapter_slot, d->adapter_path, ADAPTER_INTERFACE,
                                 adapter_vtable, d);
        if (strcmp(d->roles, "no") != 0)
                sd_bus_add_object_vtable(d->bus, &d->roles_slot, d->adapter_path, ADAPTER_INTERFACE,
                                         roles_vtable, d);
        manager_export_gatt(d, &d->gatt_manager_slot);
        d->was_pairable = adapter_is_pairable(d);
        sd_bus_emit_object_added(d->bus, d->adapter_path);
}

void adapter_unexport(struct daemon *d) {
        if (!d->adapter_slot)
                return;
        sd_bus_emit_object_removed(d->bus, d->adapter_path);
        d->adapter_slot = sd_bus_slot_unref(d->adapter_slot);
        d->roles_slot = sd_bus_slot_unref(d->roles_slot);
        d->gatt_manager_slot = sd_bus_slot_unref(d->gatt_manager_slot);
}

void adapter_changed(struct daemon *d, const char *name, ...) {
        const char *names[4] = {name};
        size_t n = 1;
        va_list more;

        if (!d->bus || !d->adapter_slot)
                return;
        va_start(more, name);
        while (n < ELEMENTS(names) - 1 && (names[n] = va_arg(more, const char *)))
                n++;
        va_end(more);
        names[n] = NULL;
        sd_bus_emit_properties_changed_strv(d->bus, d->adapter_path, ADAPTER_INTERFACE,
                                            (char **) (uintptr_t) names);
}

void adapter_pairable_changed(struct daemon *d) {
        bool pairable = adapter_is_pairable(d);

        if (pairable != d->was_pairable)
                adapter_changed(d, "Pairable", NULL);
        d->was_pairable = pairable;
}
