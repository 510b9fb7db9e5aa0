#include "dbus_daemon.h"

#include <errno.h>
#include <stdio.h>

#include "dbus_adapter.h"
#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_foreign.h"
#include "dbus_gatt.h"
#include "dbus_link.h"
#include "dbus_manager.h"
#include "dbus_pair.h"
#include "dbus_scan.h"
#include "log.h"
#include "util.h"

uint64_t daemon_now(const struct daemon *d) {
        uint64_t now = 0;

        sd_event_now(d->event, CLOCK_MONOTONIC, &now);
        return now;
}

uint64_t daemon_wait(const struct daemon *d, uint64_t usec) {
        return (uint64_t) ((double) usec / d->time_scale);
}

/* --- clients that leave the bus --- */

static void check_left_connected(struct daemon *d, const char *owner) {
        for (struct device *dev = d->devices; dev; dev = dev->next)
                if (dev->connected &&
                    (gatt_client_uses(dev, owner) || manager_has_profile(d, owner)))
                        log_line("violation client left the bus while connected: %s", dev->address);
}

static int on_name_owner(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct daemon *d = userdata;
        const char *name, *before, *after;

        if (sd_bus_message_read(m, "sss", &name, &before, &after) < 0 || name[0] != ':' || *after)
                return 0;
        check_left_connected(d, name);
        pair_client_left(d, name);
        gatt_client_left(d, name);
        scan_client_left(d, name);
        manager_client_left(d, name);
        return 0;
}

/* --- the adapter comes and goes --- */

static void export_all(struct daemon *d) {
        adapter_export(d);
        log_line("adapter add %s", d->adapter_address);
        for (struct device *dev = d->devices; dev; dev = dev->next) {
                if (dev->bonded)
                        device_export(dev);
                scan_air(dev);
        }
}

void daemon_adapter_add(struct daemon *d) {
        d->adapter_present = true;
        d->powered = !d->blocked; /* AutoEnable */
        if (d->bus)
                export_all(d);
}

static void links_down(struct daemon *d) {
        for (struct device *dev = d->devices; dev; dev = dev->next)
                link_disconnect_now(dev);
        d->initiating = NULL;
        d->initiator_until = 0;
}

void daemon_adapter_remove(struct daemon *d) {
        if (!d->adapter_present)
                return;
        links_down(d);
        scan_forget(d);
        manager_forget_profiles(d);
        for (struct device *dev = d->devices; dev; dev = dev->next) {
                device_unexport(dev);
                device_reset(dev);
        }
        adapter_unexport(d);
        d->adapter_present = d->powered = false;
        log_line("adapter remove %s", d->adapter_address);
}

void daemon_set_powered(struct daemon *d, bool powered) {
        if (powered == d->powered) {
                adapter_changed(d, "PowerState", NULL);
                return;
        }
        d->powered = powered;
        log_line("powered %s", powered ? "yes" : "no");
        if (!powered) {
                links_down(d);
                scan_forget(d);
        }
        adapter_changed(d, "Powered", "PowerState", NULL);
        for (struct device *dev = d->devices; powered && dev; dev = dev->next)
                scan_air(dev);
}

/* --- bluetoothd comes and goes --- */

static int open_bus(struct daemon *d) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r = sd_bus_new(&bus);

        if (r >= 0)
                r = sd_bus_set_address(bus, d->address);
        if (r >= 0)
                r = sd_bus_set_bus_client(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r >= 0)
                r = sd_bus_attach_event(bus, d->event, 0);
        if (r >= 0)
                r = call_watch_objects(d, bus);
        if (r >= 0)
                r = sd_bus_add_object_manager(bus, NULL, "/");
        if (r >= 0)
                r = sd_bus_match_signal(bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "NameOwnerChanged", on_name_owner,
                                        d);
        if (r < 0)
                return r;
        d->bus = bus;
        bus = NULL;
        return 0;
}

int daemon_start(struct daemon *d) {
        int r;

        if (d->bus)
                return 0;
        r = open_bus(d);
        if (r >= 0)
                r = manager_export(d);
        if (r < 0)
                return r;
        if (d->adapter_present)
                export_all(d);
        r = sd_bus_request_name(d->bus, "org.bluez", 0);
        if (r < 0)
                return r;
        log_line("bluetoothd start %s", d->adapter_present ? d->adapter_address : "no-adapter");
        foreign_daemon_is_back(d);
        return 0;
}

void daemon_stop(struct daemon *d) {
        sd_bus *bus = d->bus;

        if (!bus)
                return;
        log_line("bluetoothd stop");
        d->bus = NULL; /* from here on nothing is answered or signalled */
        for (struct device *dev = d->devices; dev; dev = dev->next) {
                link_down(dev, "daemon");
                device_reset(dev);
        }
        scan_forget(d);
        manager_forget(d);
        d->initiating = NULL;
        d->initiator_until = 0;
        d->adapter_slot = sd_bus_slot_unref(d->adapter_slot);
        d->roles_slot = sd_bus_slot_unref(d->roles_slot);
        d->gatt_manager_slot = sd_bus_slot_unref(d->gatt_manager_slot);
        sd_bus_flush_close_unref(bus);
}
