#include "bluez/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bluez/objects.h"

#define HEARD_MAX 512 /* devices remembered; the one heard of longest ago gives way */

_Static_assert(sizeof(((struct bluez_sighting *) NULL)->name) == PROPS_NAME_SIZE, "one size");
_Static_assert(sizeof(((struct bluez_sighting *) NULL)->omron_data) == PROPS_OMRON_SIZE,
               "one size");

struct heard { /* what a signal may leave out */
        struct bdaddr address;
        char name[PROPS_NAME_SIZE];
        bool has_rssi, blood_pressure, connected, paired, bonded, known_omron;
        int16_t rssi;
        uint64_t at; /* count of signals: the smallest is the oldest */
};

struct bluez_monitor {
        struct bluez_bus *bus;
        char adapter_path[OBJECTS_PATH_SIZE];
        sd_bus_slot *changed, *added, *list;
        uint64_t count;
        size_t n;
        struct heard heard[HEARD_MAX];
        void (*seen)(void *owner, const struct bluez_sighting *s);
        void *owner;
};

DEFINE_CLEANUP(struct bluez_monitor *, bluez_monitor_free)

/* The entry of this address, an empty one if it is new. */
static struct heard *remember(struct bluez_monitor *m, const struct bdaddr *address) {
        struct heard *h = NULL;

        for (size_t i = 0; i < m->n; i++) {
                if (bdaddr_equal(&m->heard[i].address, address)) {
                        m->heard[i].at = ++m->count;
                        return &m->heard[i];
                }
                if (!h || m->heard[i].at < h->at)
                        h = &m->heard[i];
        }
        if (m->n < HEARD_MAX)
                h = &m->heard[m->n++];
        *h = (struct heard){.address = *address, .at = ++m->count};
        return h;
}

static void apply(struct heard *h, const struct props_device *p) {
        if (p->has & PROPS_NAME)
                memcpy(h->name, p->name, sizeof h->name);
        if ((p->has | p->gone) & PROPS_RSSI)
                h->has_rssi = p->has & PROPS_RSSI;
        if (p->has & PROPS_RSSI)
                h->rssi = p->rssi;
        if (p->has & PROPS_UUIDS)
                h->blood_pressure = props_has_blood_pressure(p);
        if (p->has & PROPS_CONNECTED)
                h->connected = p->connected;
        if (p->has & PROPS_PAIRED)
                h->paired = p->paired;
        if (p->has & PROPS_BONDED)
                h->bonded = p->bonded;
        if (p->omron_size > 0)
                h->known_omron = true;
}

static void report(struct bluez_monitor *m, const struct heard *h, const struct props_device *p) {
        struct bluez_sighting s = {
                .address = h->address,
                .has_rssi = h->has_rssi,
                .rssi = h->rssi,
                .blood_pressure = h->blood_pressure,
                .omron = p->omron_size > 0,
                .omron_size = p->omron_size,
                .known_omron = h->known_omron,
                .connected = h->connected,
                .paired = h->paired,
                .bonded = h->bonded,
        };

        if (m->list) /* what BlueZ knows of it, its bond and its maker, is not in yet */
                return;
        memcpy(s.name, h->name, sizeof s.name);
        memcpy(s.omron_data, p->omron, sizeof s.omron_data);
        m->seen(m->owner, &s); /* last: the owner may free m */
}

static int on_changed(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        struct bluez_monitor *m = userdata;
        struct bdaddr address;
        struct heard *h;
        union props p;

        if (!bluez_bus_is_sender(m->bus, message) ||
            objects_device_address(m->adapter_path, sd_bus_message_get_path(message), &address) <
                    0 ||
            objects_read_changed(message, &props_of_device, &p) <= 0)
                return 0;
        h = remember(m, &address);
        apply(h, &p.device);
        if (p.has & (PROPS_RSSI | PROPS_MANUFACTURER | PROPS_UUIDS | PROPS_NAME))
                report(m, h, &p.device);
        return 0;
}

static int on_added(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        struct bluez_monitor *m = userdata;
        struct bdaddr address;
        const char *path;
        struct heard *h;
        union props p;

        if (!bluez_bus_is_sender(m->bus, message) ||
            objects_read_added(message, &props_of_device, &path, &p) <= 0 ||
            objects_device_address(m->adapter_path, path, &address) < 0)
                return 0;
        h = remember(m, &address);
        /* A new object: no old facts, but who made it. */
        *h = (struct heard){.address = address, .at = h->at, .known_omron = h->known_omron};
        apply(h, &p.device);
        report(m, h, &p.device);
        return 0;
}

static int visit(void *userdata, const char *path, const union props *p) {
        struct bluez_monitor *m = userdata;
        struct bdaddr address;

        if (objects_device_address(m->adapter_path, path, &address) >= 0)
                apply(remember(m, &address), &p->device);
        return 0;
}

/* What BlueZ knows already is no sighting, but fills what the signals leave out. */
static int on_list(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_monitor *m = userdata;

        m->list = sd_bus_slot_unref(m->list);
        if (!sd_bus_message_is_method_error(reply, NULL))
                (void) objects_walk(reply, &props_of_device, visit, m);
        return 0;
}

static int watch(struct bluez_monitor *m) {
        int r;

        r = bluez_bus_match(m->bus, &m->changed, on_changed, m,
                            "path_namespace='%s',interface='org.freedesktop.DBus.Properties',"
                            "member='PropertiesChanged',arg0='org.bluez.Device1'",
                            m->adapter_path);
        if (r < 0)
                return r;
        r = bluez_bus_match(m->bus, &m->added, on_added, m,
                            "path='/',interface='org.freedesktop.DBus.ObjectManager',"
                            "member='InterfacesAdded'");
        if (r < 0)
                return r;
        return sd_bus_call_method_async(bluez_bus_get(m->bus), &m->list, "org.bluez", "/",
                                        "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                        on_list, m, NULL);
}

int bluez_monitor_new(struct bluez_bus *bus, const char *adapter_path,
                      void (*seen)(void *owner, const struct bluez_sighting *s), void *owner,
                      struct bluez_monitor **ret) {
        _cleanup_(bluez_monitor_freep) struct bluez_monitor *m = calloc(1, sizeof *m);
        int r;

        if (!m)
                return -ENOMEM;
        if (strlen(adapter_path) >= sizeof m->adapter_path)
                return -ENAMETOOLONG;
        strcpy(m->adapter_path, adapter_path);
        m->bus = bus;
        m->seen = seen;
        m->owner = owner;
        r = watch(m);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

void bluez_monitor_free(struct bluez_monitor *m) {
        if (!m)
                return;
        sd_bus_slot_unref(m->list);
        sd_bus_slot_unref(m->changed);
        sd_bus_slot_unref(m->added);
        free(m);
}
