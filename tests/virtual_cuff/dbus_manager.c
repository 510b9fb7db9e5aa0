#include "dbus_manager.h"

#include <stdio.h>

#include "dbus_adapter.h"
#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_link.h"
#include "log.h"
#include "util.h"

#define PROFILE_INTERFACE "org.bluez.GattProfile1"
enum { PROFILE_UUIDS_MAX = 8 };

struct agent {
        struct agent *next;
        char owner[32], path[128];
        unsigned order; /* the highest is the default agent; 0: never asked to be */
};

struct profile { /* a registered application */
        struct profile *next;
        struct daemon *daemon;
        char owner[32], path[128];
        char object[128]; /* its GattProfile1 */
        char uuids[PROFILE_UUIDS_MAX][40];
        size_t n_uuids;
        bool registered;
        sd_bus_message *m; /* RegisterApplication, while its objects are being fetched */
        sd_bus_slot *call;
};

/* --- agents --- */

static struct agent *agent_of(struct daemon *d, const char *owner) {
        for (struct agent *a = d->agents; a; a = a->next)
                if (strcmp(a->owner, owner) == 0)
                        return a;
        return NULL;
}

static struct agent *default_agent(const struct daemon *d) {
        struct agent *best = NULL;

        for (struct agent *a = d->agents; a; a = a->next)
                if (a->order > (best ? best->order : 0))
                        best = a;
        return best;
}

bool manager_has_default_agent(const struct daemon *d) {
        return default_agent(d) != NULL;
}

bool manager_agent(struct daemon *d, const char *owner, const char **ret_owner,
                   const char **ret_path) {
        struct agent *a = owner ? agent_of(d, owner) : NULL;

        if (!a)
                a = default_agent(d);
        if (!a)
                return false;
        *ret_owner = a->owner;
        *ret_path = a->path;
        return true;
}

static void default_changed(struct daemon *d, const struct agent *before) {
        struct agent *now = default_agent(d);

        if (now != before)
                log_line("agent default %s", now ? now->owner : "none");
        adapter_pairable_changed(d);
}

static void register_agent(struct daemon *d, sd_bus_message *m) {
        const char *path, *capability, *owner = sd_bus_message_get_sender(m);
        struct agent *a;

        if (sd_bus_message_read(m, "os", &path, &capability) < 0) {
                call_error(d, m, "InvalidArguments", "Invalid arguments in method call");
                return;
        }
        if (agent_of(d, owner)) {
                call_error(d, m, "AlreadyExists", "Already Exists");
                return;
        }
        a = must_alloc(sizeof *a);
        snprintf(a->owner, sizeof a->owner, "%s", owner);
        snprintf(a->path, sizeof a->path, "%s", path);
        a->next = d->agents;
        d->agents = a;
        log_line("agent register %s capability=%s", owner,
                 *capability ? capability : "KeyboardDisplay");
        call_ok(d, m);
}

static void drop_agent(struct daemon *d, struct agent *a) {
        struct agent *before = default_agent(d);

        log_line("agent unregister %s", a->owner);
        LIST_REMOVE(d->agents, a);
        default_changed(d, before);
        free(a);
}

static void request_default(struct daemon *d, sd_bus_message *m) {
        struct agent *before = default_agent(d), *a = agent_of(d, sd_bus_message_get_sender(m));

        if (!a) {
                call_error(d, m, "DoesNotExist", "Does Not Exist");
                return;
        }
        a->order = ++d->agent_order;
        default_changed(d, before);
        call_ok(d, m);
}

static void unregister_agent(struct daemon *d, sd_bus_message *m) {
        struct agent *a = agent_of(d, sd_bus_message_get_sender(m));

        if (!a) {
                call_error(d, m, "DoesNotExist", "Does Not Exist");
                return;
        }
        drop_agent(d, a);
        call_ok(d, m);
}

/* --- profiles --- */

static struct profile *profile_of(const struct daemon *d, const char *owner, const char *path) {
        for (struct profile *p = d->profiles; p; p = p->next)
                if (strcmp(p->owner, owner) == 0 && (!path || strcmp(p->path, path) == 0))
                        return p;
        return NULL;
}

bool manager_has_profile(const struct daemon *d, const char *owner) {
        return profile_of(d, owner, NULL) != NULL;
}

bool manager_wants(const struct daemon *d, const struct device *dev) {
        for (struct profile *p = d->profiles; p; p = p->next)
                for (size_t i = 0; p->registered && i < p->n_uuids; i++)
                        if (device_has_service(dev, p->uuids[i]))
                                return true;
        return false;
}

static void profile_free(struct daemon *d, struct profile *p) {
        LIST_REMOVE(d->profiles, p);
        sd_bus_slot_unref(p->call);
        sd_bus_message_unref(p->m);
        free(p);
}

static int read_property(sd_bus_message *m, struct profile *p, bool wanted) {
        const char *name, *uuid;
        int r = sd_bus_message_read(m, "s", &name);

        if (r < 0)
                return r;
        if (!wanted || strcmp(name, "UUIDs") != 0)
                return sd_bus_message_skip(m, "v");
        r = sd_bus_message_enter_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(m, "s", &uuid)) > 0)
                if (p->n_uuids < PROFILE_UUIDS_MAX)
                        snprintf(p->uuids[p->n_uuids++], sizeof p->uuids[0], "%s", uuid);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* One interface of one object: {s a{sv}} */
static int read_interface(sd_bus_message *m, struct profile *p, const char *path) {
        const char *interface;
        int r = sd_bus_message_read(m, "s", &interface);
        bool wanted = r >= 0 && strcmp(interface, PROFILE_INTERFACE) == 0;

        if (wanted)
                snprintf(p->object, sizeof p->object, "%s", path);
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_property(m, p, wanted);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_objects(sd_bus_message *m, struct profile *p) {
        const char *path;
        int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");

        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
                r = sd_bus_message_read(m, "o", &path);
                if (r >= 0)
                        r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
                while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                        r = read_interface(m, p, path);
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                }
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct profile *p = userdata;
        struct daemon *d = p->daemon;
        bool failed = sd_bus_message_is_method_error(reply, NULL) || read_objects(reply, p) < 0;

        p->call = sd_bus_slot_unref(p->call);
        if (failed || p->n_uuids == 0) {
                call_finish(d, &p->m, "Failed", "No object received");
                profile_free(d, p);
                return 0;
        }
        p->registered = true;
        log_line("profile register %s uuids=%zu", p->owner, p->n_uuids);
        call_finish(d, &p->m, NULL, NULL);
        for (struct device *dev = d->devices; dev; dev = dev->next) {
                if (dev->bonded && manager_wants(d, dev)) /* this also ends a pause */
                        dev->disarmed = false;
                link_arm(dev);
        }
        return 0;
}

static void register_application(struct daemon *d, sd_bus_message *m) {
        const char *path, *owner = sd_bus_message_get_sender(m);
        struct profile *p;

        if (sd_bus_message_read(m, "o", &path) < 0) {
                call_error(d, m, "InvalidArguments", "Invalid arguments in method call");
                return;
        }
        if (profile_of(d, owner, path)) {
                call_error(d, m, "AlreadyExists", "Already Exists");
                return;
        }
        p = must_alloc(sizeof *p);
        p->daemon = d;
        p->m = sd_bus_message_ref(m);
        snprintf(p->owner, sizeof p->owner, "%s", owner);
        snprintf(p->path, sizeof p->path, "%s", path);
        p->next = d->profiles;
        d->profiles = p;
        /* bluetoothd calls back before it answers */
        sd_bus_call_method_async(d->bus, &p->call, owner, path,
                                 "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                 on_objects, p, NULL);
}

/* bluetoothd says good-bye to the object, and waits for no answer. */
static void release(struct daemon *d, const struct profile *p) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;

        if (sd_bus_message_new_method_call(d->bus, &m, p->owner, p->object, PROFILE_INTERFACE,
                                           "Release") >= 0 &&
            sd_bus_message_set_expect_reply(m, false) >= 0)
                sd_bus_send(d->bus, m, NULL);
}

static void unregister_application(struct daemon *d, sd_bus_message *m) {
        struct profile *p = NULL;
        const char *path;

        if (sd_bus_message_read(m, "o", &path) >= 0)
                p = profile_of(d, sd_bus_message_get_sender(m), path);
        if (!p) {
                call_error(d, m, "DoesNotExist", "Does Not Exist");
                return;
        }
        log_line("profile unregister %s", p->owner);
        release(d, p);
        profile_free(d, p); /* the kernel's list stays as it is */
        call_ok(d, m);
}

/* --- objects and life --- */

/* clang-format off */
static const struct call_method methods[] = {
        {"RegisterAgent", register_agent},
        {"UnregisterAgent", unregister_agent},
        {"RequestDefaultAgent", request_default},
        {"RegisterApplication", register_application},
        {"UnregisterApplication", unregister_application},
        {NULL, NULL},
};
/* clang-format on */

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return call_dispatch(userdata, m, methods);
}

/* clang-format off */
#define OPEN SD_BUS_VTABLE_UNPRIVILEGED
static const sd_bus_vtable agent_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("RegisterAgent", "os", "", on_method, OPEN),
        SD_BUS_METHOD("UnregisterAgent", "o", "", on_method, OPEN),
        SD_BUS_METHOD("RequestDefaultAgent", "o", "", on_method, OPEN),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable gatt_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("RegisterApplication", "oa{sv}", "", on_method, OPEN),
        SD_BUS_METHOD("UnregisterApplication", "o", "", on_method, OPEN),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

int manager_export(struct daemon *d) {
        return sd_bus_add_object_vtable(d->bus, NULL, "/org/bluez", "org.bluez.AgentManager1",
                                        agent_vtable, d);
}

int manager_export_gatt(struct daemon *d, sd_bus_slot **ret) {
        return sd_bus_add_object_vtable(d->bus, ret, d->adapter_path, "org.bluez.GattManager1",
                                        gatt_vtable, d);
}

void manager_forget_profiles(struct daemon *d) {
        while (d->profiles)
                profile_free(d, d->profiles);
}

void manager_forget(struct daemon *d) {
        manager_forget_profiles(d);
        while (d->agents) {
                struct agent *a = d->agents;

                d->agents = a->next;
                free(a);
        }
}

void manager_client_left(struct daemon *d, const char *owner) {
        struct agent *a = agent_of(d, owner);
        struct profile *p;

        if (a)
                drop_agent(d, a);
        while ((p = profile_of(d, owner, NULL))) {
                log_line("profile unregister %s why=client-left-bus", owner);
                profile_free(d, p);
        }
}
