#include "bluez/adapter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bluez/discovery.h"
#include "bluez/objects.h"
#include "bluez/power.h"

#define LIST_AGAIN_USEC (10 * UINT64_C(1000000)) /* bluetoothd is there, but refused to tell */

struct bluez_adapter {
        struct bluez_bus *bus;
        bool has_wanted;
        struct bdaddr wanted;
        struct bluez_adapter_info info;
        sd_bus_slot *added;                   /* broad match, only while there is no adapter */
        sd_bus_slot *changed, *removed;       /* narrow matches, only while there is one */
        sd_bus_slot *list, *get_all, *remove; /* calls under way */
        struct deadline list_again;
        struct discovery discovery;
        struct power power;
        bluez_done_t remove_done;
        void *remove_userdata;
        bool reporting, dead; /* freed while we report a list: the memory waits until we are done */
        const struct bluez_adapter_events *events;
        void *owner;
};

DEFINE_CLEANUP(struct bluez_adapter *, bluez_adapter_free)

static void list(struct bluez_adapter *a);

/* --- state --- */

static void apply(struct bluez_adapter *a, const struct props_adapter *p) {
        if (p->has & PROPS_NAME)
                memcpy(a->info.name, p->name, sizeof a->info.name);
        if (p->has & PROPS_DISCOVERING)
                a->info.discovering = a->discovery.discovering = p->discovering;
        if (p->has & PROPS_PAIRABLE)
                a->info.pairable = p->pairable;
        power_apply(&a->power, p);
}

/* After every change: is there a difference to `before` that the owner can see? */
static bool settle(struct bluez_adapter *a, const struct bluez_adapter_info *before) {
        a->info.state = power_state(&a->power);
        if (a->info.path[0])
                a->info.error = a->power.error;
        if (a->info.state != BLUEZ_ADAPTER_ON)
                a->discovery.running = false; /* BlueZ ends all sessions with the power */
        return memcmp(&a->info, before, sizeof *before) != 0;
}

static void settle_and_report(struct bluez_adapter *a, const struct bluez_adapter_info *before) {
        if (settle(a, before))
                a->events->changed(a->owner);
}

static void on_power(void *userdata) {
        struct bluez_adapter *a = userdata;
        struct bluez_adapter_info before = a->info;

        settle_and_report(a, &before);
}

/* --- presence --- */

/* Everything that hangs on the adapter's object ends; calls under way are not answered. */
static void lose(struct bluez_adapter *a) {
        a->changed = sd_bus_slot_unref(a->changed);
        a->removed = sd_bus_slot_unref(a->removed);
        a->get_all = sd_bus_slot_unref(a->get_all);
        a->remove = sd_bus_slot_unref(a->remove);
        discovery_done(&a->discovery);
        power_stop(&a->power);
        memset(&a->info, 0, sizeof a->info);
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_adapter *a = userdata;
        struct bluez_adapter_info before = a->info;
        union props p;

        if (!bluez_bus_is_sender(a->bus, m) || objects_read_changed(m, &props_of_adapter, &p) <= 0)
                return 0;
        apply(a, &p.adapter);
        settle_and_report(a, &before);
        return 0;
}

static int on_removed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_adapter *a = userdata;
        struct bluez_adapter_info before = a->info;

        if (!bluez_bus_is_sender(a->bus, m) ||
            objects_read_removed(m, &props_of_adapter, a->info.path) <= 0)
                return 0;
        lose(a);
        list(a); /* there may be another one */
        settle_and_report(a, &before);
        return 0;
}

/* What may have changed between the listing and the narrow matches. */
static int on_get_all(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_adapter *a = userdata;
        struct bluez_adapter_info before = a->info;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        union props p;

        a->get_all = sd_bus_slot_unref(a->get_all);
        if (bluez_error_from(error) == BLUEZ_GONE) {
                lose(a);
                list(a);
        } else if (!error && props_read(reply, &props_of_adapter, &p) >= 0)
                apply(a, &p.adapter);
        settle_and_report(a, &before);
        return 0;
}

static bool suits(const struct bluez_adapter *a, const char *path, const struct props_adapter *p) {
        struct bdaddr address;

        return strlen(path) < sizeof a->info.path &&
               bdaddr_from_string(p->address, &address) >= 0 &&
               (!a->has_wanted || bdaddr_equal(&address, &a->wanted));
}

static int on_added(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_adapter *a = userdata;
        const char *path;
        union props p;

        if (bluez_bus_is_sender(a->bus, m) &&
            objects_read_added(m, &props_of_adapter, &path, &p) > 0 && suits(a, path, &p.adapter))
                list(a);
        return 0;
}

static int adopt(struct bluez_adapter *a, const char *path, const struct props_adapter *p) {
        int r;

        r = bluez_bus_match(a->bus, &a->changed, on_changed, a,
                            "path='%s',interface='org.freedesktop.DBus.Properties',"
                            "member='PropertiesChanged',arg0='org.bluez.Adapter1'",
                            path);
        if (r < 0)
                return r;
        r = bluez_bus_match(a->bus, &a->removed, on_removed, a,
                            "interface='org.freedesktop.DBus.ObjectManager',"
                            "member='InterfacesRemoved',arg0path='%s'",
                            path);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(bluez_bus_get(a->bus), &a->get_all, "org.bluez", path,
                                     "org.freedesktop.DBus.Properties", "GetAll", on_get_all, a,
                                     "s", props_of_adapter.interface);
        if (r < 0)
                return r;
        a->added = sd_bus_slot_unref(a->added);
        memcpy(a->info.path, path, strlen(path) + 1);
        (void) bdaddr_from_string(p->address, &a->info.address);
        power_start(&a->power, path);
        apply(a, p);
        return 0;
}

/* --- listing: what is there when bluetoothd or the adapter comes --- */

struct choice {
        const struct bluez_adapter *adapter;
        char path[sizeof(((struct bluez_adapter_info *) NULL)->path)]; /* "": none yet */
        struct props_adapter props;
};

/* A powered one before others, then by path. */
static int compare(void *userdata, const char *path, const union props *p) {
        struct choice *best = userdata;
        bool better;

        if (!suits(best->adapter, path, &p->adapter))
                return 0;
        if (!best->path[0])
                better = true;
        else if (p->adapter.powered != best->props.powered)
                better = p->adapter.powered;
        else
                better = strcmp(path, best->path) < 0;
        if (better) {
                memcpy(best->path, path, strlen(path) + 1);
                best->props = p->adapter;
        }
        return 0;
}

static int choose(struct bluez_adapter *a, sd_bus_message *reply) {
        struct choice best = {.adapter = a};
        int r = objects_walk(reply, &props_of_adapter, compare, &best);

        if (r < 0 || !best.path[0]) /* none: the broad match waits for one */
                return r;
        r = adopt(a, best.path, &best.props);
        if (r < 0)
                lose(a);
        return r;
}

static int report_device(void *userdata, const char *path, const union props *p) {
        struct bluez_adapter *a = userdata;
        const struct props_device *d = &p->device;
        char uuid[PROPS_UUIDS_MAX][BLUEZ_UUID_SIZE], *uuids[PROPS_UUIDS_MAX + 1] = {0};
        struct bdaddr address;

        if (objects_device_address(a->info.path, path, &address) < 0)
                return 0;
        for (size_t i = 0; i < d->uuids; i++)
                uuids[i] = memcpy(uuid[i], d->uuid[i], sizeof uuid[i]);
        a->events->device_listed(a->owner, &address, d->name, d->bonded, d->connected, uuids);
        return a->dead;
}

/* The adapter first, then its devices, then the end of the list. */
static void report_list(struct bluez_adapter *a, sd_bus_message *reply, bool changed) {
        a->reporting = true;
        if (changed)
                a->events->changed(a->owner);
        if (!a->dead && a->info.path[0])
                (void) objects_walk(reply, &props_of_device, report_device, a);
        if (!a->dead)
                a->events->listed(a->owner);
        a->reporting = false;
        if (a->dead)
                free(a);
}

static int on_list(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_adapter *a = userdata;
        struct bluez_adapter_info before = a->info;
        enum bluez_error error = bluez_error_from(sd_bus_message_get_error(reply));

        a->list = sd_bus_slot_unref(a->list);
        if (error == BLUEZ_OK && choose(a, reply) < 0)
                error = BLUEZ_FAILED;
        a->info.error = error;
        if (error == BLUEZ_OK) {
                report_list(a, reply, settle(a, &before));
                return 0;
        }
        (void) deadline_set_usec(&a->list_again, LIST_AGAIN_USEC);
        settle_and_report(a, &before);
        return 0;
}

static int ask_list(struct bluez_adapter *a) {
        int r = 0;

        if (!a->added)
                r = bluez_bus_match(a->bus, &a->added, on_added, a,
                                    "path='/',interface='org.freedesktop.DBus.ObjectManager',"
                                    "member='InterfacesAdded'");
        if (r < 0)
                return r;
        return sd_bus_call_method_async(bluez_bus_get(a->bus), &a->list, "org.bluez", "/",
                                        "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                        on_list, a, NULL);
}

/* While there is no adapter: everything that appears is looked at, and what is there already. */
static void list(struct bluez_adapter *a) {
        deadline_clear(&a->list_again);
        a->list = sd_bus_slot_unref(a->list); /* the newer answer is the better one */
        if (ask_list(a) < 0)
                (void) deadline_set_usec(&a->list_again, LIST_AGAIN_USEC);
}

static void on_list_again(void *userdata) {
        list(userdata);
}

/* --- life --- */

int bluez_adapter_new(struct bluez_bus *bus, const struct bdaddr *wanted, bool may_power_on,
                      const struct bluez_adapter_events *events, void *owner,
                      struct bluez_adapter **ret) {
        _cleanup_(bluez_adapter_freep) struct bluez_adapter *a = calloc(1, sizeof *a);

        if (!a)
                return -ENOMEM;
        a->bus = bus;
        a->has_wanted = wanted;
        if (wanted)
                a->wanted = *wanted;
        a->events = events;
        a->owner = owner;
        discovery_init(&a->discovery, bus);
        power_init(&a->power, bus, may_power_on, on_power, a);
        deadline_init(&a->list_again, sd_bus_get_event(bluez_bus_get(bus)), on_list_again, a);
        if (bluez_bus_is_up(bus))
                bluez_adapter_bus_up(a);
        *ret = TAKE_PTR(a);
        return 0;
}

void bluez_adapter_free(struct bluez_adapter *a) {
        if (!a)
                return;
        lose(a);
        power_done(&a->power);
        deadline_done(&a->list_again);
        sd_bus_slot_unref(a->list);
        sd_bus_slot_unref(a->added);
        a->dead = true;
        if (!a->reporting)
                free(a);
}

void bluez_adapter_bus_up(struct bluez_adapter *a) {
        if (!a->info.path[0])
                list(a);
}

void bluez_adapter_bus_down(struct bluez_adapter *a) {
        struct bluez_adapter_info before = a->info;

        lose(a);
        deadline_clear(&a->list_again);
        a->list = sd_bus_slot_unref(a->list);
        settle_and_report(a, &before);
}

const struct bluez_adapter_info *bluez_adapter_info(const struct bluez_adapter *a) {
        return &a->info;
}

const char *bluez_adapter_state_to_string(enum bluez_adapter_state state) {
        static const char *const words[] = {
                [BLUEZ_ADAPTER_ABSENT] = "absent",
                [BLUEZ_ADAPTER_OFF] = "off",
                [BLUEZ_ADAPTER_BLOCKED] = "blocked",
                [BLUEZ_ADAPTER_ON] = "on",
        };

        return words[state];
}

int bluez_adapter_start_discovery(struct bluez_adapter *a, bool filtered, bluez_done_t done,
                                  void *userdata) {
        return discovery_start(&a->discovery, a->info.path, filtered, done, userdata);
}

int bluez_adapter_stop_discovery(struct bluez_adapter *a, bluez_done_t done, void *userdata) {
        return discovery_stop(&a->discovery, done, userdata);
}

bool bluez_adapter_is_discovering(const struct bluez_adapter *a) {
        return a->discovery.running;
}

static int on_remove_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_adapter *a = userdata;

        a->remove = sd_bus_slot_unref(a->remove);
        if (a->remove_done)
                a->remove_done(a->remove_userdata,
                               bluez_error_from(sd_bus_message_get_error(reply)));
        return 0;
}

int bluez_adapter_remove_device(struct bluez_adapter *a, const struct bdaddr *address,
                                bluez_done_t done, void *userdata) {
        char path[OBJECTS_PATH_SIZE];
        int r;

        if (a->remove)
                return -EBUSY;
        if (!a->info.path[0])
                return -ENOTCONN;
        r = objects_device_path(a->info.path, address, path);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(bluez_bus_get(a->bus), &a->remove, "org.bluez", a->info.path,
                                     props_of_adapter.interface, "RemoveDevice", on_remove_reply, a,
                                     "o", path);
        if (r < 0)
                return r;
        a->remove_done = done;
        a->remove_userdata = userdata;
        return 0;
}
