#include "bluez/device.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bluez/objects.h"

#define CONNECT_LIMIT_USEC    (60 * UINT64_C(1000000))
#define PAIR_LIMIT_USEC       (90 * UINT64_C(1000000))
#define DISCONNECT_LIMIT_USEC (25 * UINT64_C(1000000))

_Static_assert(sizeof(((struct bluez_device_info *) NULL)->name) == PROPS_NAME_SIZE, "one size");
_Static_assert(sizeof(((struct bluez_device_info *) NULL)->omron_data) == PROPS_OMRON_SIZE, "");

struct bluez_device {
        struct bluez_bus *bus;
        char path[OBJECTS_PATH_SIZE];
        struct bluez_device_info info;
        sd_bus_slot *changed, *added, *removed;             /* matches: as long as we live */
        sd_bus_slot *get_all, *connect, *pair, *disconnect; /* calls under way */
        const struct bluez_device_events *events;
        void *owner;
};

DEFINE_CLEANUP(struct bluez_device *, bluez_device_free)

/* Takes over what the message brought; returns which bits that was. */
static unsigned apply(struct bluez_device *d, const struct props_device *p) {
        struct bluez_device_info *info = &d->info;
        unsigned changes = 0;

        if (p->has & PROPS_CONNECTED) {
                info->connected = p->connected;
                changes |= BLUEZ_DEVICE_CONNECTED;
        }
        if (p->has & PROPS_RESOLVED) {
                info->resolved = p->resolved;
                changes |= BLUEZ_DEVICE_RESOLVED;
        }
        if (p->has & PROPS_PAIRED)
                info->paired = p->paired;
        if (p->has & PROPS_BONDED)
                info->bonded = p->bonded;
        if (p->has & (PROPS_PAIRED | PROPS_BONDED))
                changes |= BLUEZ_DEVICE_BONDED;
        if (p->has & PROPS_TRUSTED)
                info->trusted = p->trusted;
        if (p->has & PROPS_NAME) {
                memcpy(info->name, p->name, sizeof info->name);
                changes |= BLUEZ_DEVICE_NAME;
        }
        if ((p->has | p->gone) & PROPS_RSSI)
                info->has_rssi = p->has & PROPS_RSSI;
        if (p->has & PROPS_RSSI)
                info->rssi = p->rssi;
        return changes;
}

/* Only a signal is an advertisement; what GetAll tells of the last one may be hours old. */
static unsigned apply_advertisement(struct bluez_device *d, const struct props_device *p) {
        if (!(p->has & (PROPS_RSSI | PROPS_MANUFACTURER)))
                return 0;
        memcpy(d->info.omron_data, p->omron, sizeof d->info.omron_data);
        d->info.omron_size = p->omron_size;
        return BLUEZ_DEVICE_ADVERTISED;
}

/* The object as a whole, new or read again: the bits say what is different from before. */
static unsigned apply_object(struct bluez_device *d, const struct props_device *p) {
        struct bluez_device_info before = d->info;
        const struct bluez_device_info *now = &d->info;
        unsigned changes = BLUEZ_DEVICE_ADDED;

        d->info.exists = true;
        (void) apply(d, p);
        if (now->connected != before.connected)
                changes |= BLUEZ_DEVICE_CONNECTED;
        if (now->resolved != before.resolved)
                changes |= BLUEZ_DEVICE_RESOLVED;
        if (now->bonded != before.bonded || now->paired != before.paired)
                changes |= BLUEZ_DEVICE_BONDED;
        if (strcmp(now->name, before.name) != 0)
                changes |= BLUEZ_DEVICE_NAME;
        return changes;
}

static void report(struct bluez_device *d, unsigned changes) {
        if (changes)
                d->events->changed(d->owner, changes);
}

static void vanish(struct bluez_device *d) {
        bool existed = d->info.exists;

        d->info = (struct bluez_device_info){0};
        report(d, existed ? BLUEZ_DEVICE_GONE : 0);
}

static int on_get_all(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_device *d = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        union props p;

        d->get_all = sd_bus_slot_unref(d->get_all);
        if (bluez_error_from(error) == BLUEZ_GONE)
                vanish(d);
        else if (!error && props_read(reply, &props_of_device, &p) >= 0)
                report(d, apply_object(d, &p.device));
        return 0;
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_device *d = userdata;
        union props p;

        if (!bluez_bus_is_sender(d->bus, m) || objects_read_changed(m, &props_of_device, &p) <= 0)
                return 0;
        if (d->info.exists) {
                unsigned changes = apply(d, &p.device);

                report(d, changes | apply_advertisement(d, &p.device));
        } else if (!d->get_all)
                (void) bluez_device_refresh(d); /* it is there after all */
        return 0;
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_device *d = userdata;
        const char *path;
        unsigned changes;
        union props p;

        if (!bluez_bus_is_sender(d->bus, m) ||
            objects_read_added(m, &props_of_device, &path, &p) <= 0 || strcmp(path, d->path) != 0)
                return 0;
        d->get_all = sd_bus_slot_unref(d->get_all);
        changes = apply_object(d, &p.device);
        report(d, changes | apply_advertisement(d, &p.device));
        return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_device *d = userdata;

        if (bluez_bus_is_sender(d->bus, m) &&
            objects_read_removed(m, &props_of_device, d->path) > 0)
                vanish(d);
        return 0;
}

static int watch(struct bluez_device *d) {
        int r;

        r = bluez_bus_match(d->bus, &d->changed, on_changed, d,
                            "path='%s',interface='org.freedesktop.DBus.Properties',"
                            "member='PropertiesChanged',arg0='org.bluez.Device1'",
                            d->path);
        if (r < 0)
                return r;
        r = bluez_bus_match(d->bus, &d->added, on_added, d,
                            "interface='org.freedesktop.DBus.ObjectManager',"
                            "member='InterfacesAdded',arg0path='%s'",
                            d->path);
        if (r < 0)
                return r;
        return bluez_bus_match(d->bus, &d->removed, on_removed, d,
                               "interface='org.freedesktop.DBus.ObjectManager',"
                               "member='InterfacesRemoved',arg0path='%s'",
                               d->path);
}

int bluez_device_new(struct bluez_bus *bus, const char *adapter_path, const struct bdaddr *address,
                     const struct bluez_device_events *events, void *owner,
                     struct bluez_device **ret) {
        _cleanup_(bluez_device_freep) struct bluez_device *d = calloc(1, sizeof *d);
        int r;

        if (!d)
                return -ENOMEM;
        d->bus = bus;
        d->events = events;
        d->owner = owner;
        r = objects_device_path(adapter_path, address, d->path);
        if (r < 0)
                return r;
        r = watch(d);
        if (r < 0)
                return r;
        if (bluez_bus_is_up(bus)) {
                r = bluez_device_refresh(d);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(d);
        return 0;
}

static void drop_all_calls(struct bluez_device *d) {
        bluez_device_drop_calls(d);
        bluez_device_drop_disconnect(d);
        d->get_all = sd_bus_slot_unref(d->get_all);
}

void bluez_device_free(struct bluez_device *d) {
        if (!d)
                return;
        drop_all_calls(d);
        sd_bus_slot_unref(d->changed);
        sd_bus_slot_unref(d->added);
        sd_bus_slot_unref(d->removed);
        free(d);
}

const char *bluez_device_path(const struct bluez_device *d) {
        return d->path;
}

const struct bluez_device_info *bluez_device_info(const struct bluez_device *d) {
        return &d->info;
}

int bluez_device_refresh(struct bluez_device *d) {
        int r;

        if (!bluez_bus_is_up(d->bus))
                return -ENOTCONN;
        d->get_all = sd_bus_slot_unref(d->get_all); /* the newer answer is the better one */
        r = sd_bus_call_method_async(bluez_bus_get(d->bus), &d->get_all, "org.bluez", d->path,
                                     "org.freedesktop.DBus.Properties", "GetAll", on_get_all, d,
                                     "s", props_of_device.interface);
        return r < 0 ? r : 0;
}

void bluez_device_reset(struct bluez_device *d) {
        drop_all_calls(d);
        d->info = (struct bluez_device_info){0};
}

void bluez_device_drop_calls(struct bluez_device *d) {
        d->connect = sd_bus_slot_unref(d->connect);
        d->pair = sd_bus_slot_unref(d->pair);
}

void bluez_device_drop_disconnect(struct bluez_device *d) {
        d->disconnect = sd_bus_slot_unref(d->disconnect);
}

/* A method of Device1 without arguments. */
static int call(struct bluez_device *d, sd_bus_slot **slot, const char *member,
                sd_bus_message_handler_t handler, uint64_t limit_usec) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        if (*slot)
                return -EBUSY;
        if (!bluez_bus_is_up(d->bus))
                return -ENOTCONN;
        r = sd_bus_message_new_method_call(bluez_bus_get(d->bus), &m, "org.bluez", d->path,
                                           props_of_device.interface, member);
        if (r < 0)
                return r;
        r = sd_bus_call_async(bluez_bus_get(d->bus), slot, m, handler, d, limit_usec);
        return r < 0 ? r : 0;
}

static int on_connect_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_device *d = userdata;

        d->connect = sd_bus_slot_unref(d->connect);
        d->events->connect_done(d->owner, bluez_error_from(sd_bus_message_get_error(reply)));
        return 0;
}

static int on_pair_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_device *d = userdata;

        d->pair = sd_bus_slot_unref(d->pair);
        d->events->pair_done(d->owner, bluez_error_from(sd_bus_message_get_error(reply)));
        return 0;
}

static int on_disconnect_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_device *d = userdata;

        d->disconnect = sd_bus_slot_unref(d->disconnect);
        d->events->disconnect_done(d->owner, bluez_error_from(sd_bus_message_get_error(reply)));
        return 0;
}

int bluez_device_connect(struct bluez_device *d) {
        return call(d, &d->connect, "Connect", on_connect_reply, CONNECT_LIMIT_USEC);
}

bool bluez_device_is_connecting(const struct bluez_device *d) {
        return d->connect;
}

int bluez_device_pair(struct bluez_device *d) {
        return call(d, &d->pair, "Pair", on_pair_reply, PAIR_LIMIT_USEC);
}

int bluez_device_disconnect(struct bluez_device *d) {
        return call(d, &d->disconnect, "Disconnect", on_disconnect_reply, DISCONNECT_LIMIT_USEC);
}

int bluez_device_set_trusted(struct bluez_device *d, bool trusted) {
        int r;

        if (!bluez_bus_is_up(d->bus))
                return -ENOTCONN;
        /* No slot and no handler: nothing depends on the answer, the property tells how it went. */
        r = sd_bus_call_method_async(bluez_bus_get(d->bus), NULL, "org.bluez", d->path,
                                     "org.freedesktop.DBus.Properties", "Set", NULL, NULL, "ssv",
                                     props_of_device.interface, "Trusted", "b", (int) trusted);
        return r < 0 ? r : 0;
}
