#include "bluez/profile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bluez/objects.h"
#include "core/gatt_uuid.h"

#define APPLICATION_PATH "/org/cuff2mqtt"
#define PROFILE_PATH     APPLICATION_PATH "/profile0"

struct bluez_profile {
        struct bluez_bus *bus;
        sd_bus_slot *manager, *object;        /* exported as long as we live */
        sd_bus_slot *arming, *leaving;        /* calls under way */
        bool armed, again;                    /* again: this arming was answered AlreadyExists */
        char adapter_path[OBJECTS_PATH_SIZE]; /* where we are registered, or ask to be */
        bluez_done_t done;                    /* of arm */
        bluez_done_t left;                    /* of unregister */
        void *done_userdata, *left_userdata;
};

DEFINE_CLEANUP(struct bluez_profile *, bluez_profile_free)

static int get_uuids(sd_bus *bus, const char *path, const char *interface, const char *property,
                     sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        return sd_bus_message_append(reply, "as", 3, UUID_BLOOD_PRESSURE_SERVICE,
                                     UUID_OMRON_MODERN_SERVICE, UUID_OMRON_CLASSIC_SERVICE);
}

/* BlueZ says this whenever it lets go of the object, also in the middle of a re-arm: no news. */
static int on_release(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_profile *p = userdata;

        if (!bluez_bus_is_sender(p->bus, m))
                return -EACCES;
        return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Release", "", "", on_release, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_PROPERTY("UUIDs", "as", get_uuids, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_VTABLE_END,
};

int bluez_profile_new(struct bluez_bus *bus, struct bluez_profile **ret) {
        _cleanup_(bluez_profile_freep) struct bluez_profile *p = calloc(1, sizeof *p);
        int r;

        if (!p)
                return -ENOMEM;
        p->bus = bus;
        r = sd_bus_add_object_manager(bluez_bus_get(bus), &p->manager, APPLICATION_PATH);
        if (r < 0)
                return r;
        r = sd_bus_add_object_vtable(bluez_bus_get(bus), &p->object, PROFILE_PATH,
                                     "org.bluez.GattProfile1", vtable, p);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(p);
        return 0;
}

void bluez_profile_free(struct bluez_profile *p) {
        if (!p)
                return;
        bluez_profile_bus_down(p);
        sd_bus_slot_unref(p->object);
        sd_bus_slot_unref(p->manager);
        free(p);
}

void bluez_profile_bus_down(struct bluez_profile *p) {
        p->arming = sd_bus_slot_unref(p->arming);
        p->leaving = sd_bus_slot_unref(p->leaving);
        p->armed = false;
}

bool bluez_profile_is_armed(const struct bluez_profile *p) {
        return p->armed;
}

static int send_unregister(struct bluez_profile *p, sd_bus_slot **slot,
                           sd_bus_message_handler_t handler) {
        int r = sd_bus_call_method_async(bluez_bus_get(p->bus), slot, "org.bluez", p->adapter_path,
                                         "org.bluez.GattManager1", "UnregisterApplication", handler,
                                         p, "o", APPLICATION_PATH);

        if (r < 0)
                return r;
        p->armed = false;
        return 0;
}

static int on_unregistered_to_arm(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error);

/* BlueZ keeps us while the adapter is off, and only what is registered anew arms. */
static int on_registered(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_profile *p = userdata;
        enum bluez_error error = bluez_error_from(sd_bus_message_get_error(reply));

        p->arming = sd_bus_slot_unref(p->arming);
        if (error == BLUEZ_ALREADY && !p->again) {
                p->again = true;
                if (send_unregister(p, &p->arming, on_unregistered_to_arm) >= 0)
                        return 0;
        }
        p->armed = error == BLUEZ_OK;
        if (p->done)
                p->done(p->done_userdata, error); /* last: the owner may free p */
        return 0;
}

/* BlueZ reads our ObjectManager before it answers. */
static int send_register(struct bluez_profile *p) {
        return sd_bus_call_method_async(bluez_bus_get(p->bus), &p->arming, "org.bluez",
                                        p->adapter_path, "org.bluez.GattManager1",
                                        "RegisterApplication", on_registered, p, "oa{sv}",
                                        APPLICATION_PATH, 0);
}

/* In a re-arm. That we were not registered after all is as good. */
static int on_unregistered_to_arm(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_profile *p = userdata;

        p->arming = sd_bus_slot_unref(p->arming);
        if (send_register(p) < 0 && p->done)
                p->done(p->done_userdata, BLUEZ_FAILED);
        return 0;
}

int bluez_profile_arm(struct bluez_profile *p, const char *adapter_path, bluez_done_t done,
                      void *userdata) {
        int r;

        if (p->arming || p->leaving)
                return -EBUSY;
        if (!bluez_bus_is_up(p->bus))
                return -ENOTCONN;
        if (strlen(adapter_path) >= sizeof p->adapter_path)
                return -ENAMETOOLONG;
        strcpy(p->adapter_path, adapter_path);
        p->again = false;
        r = p->armed ? send_unregister(p, &p->arming, on_unregistered_to_arm) : send_register(p);
        if (r < 0)
                return r;
        p->done = done;
        p->done_userdata = userdata;
        return 0;
}

static int on_unregistered(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_profile *p = userdata;

        p->leaving = sd_bus_slot_unref(p->leaving);
        if (p->left)
                p->left(p->left_userdata, bluez_error_from(sd_bus_message_get_error(reply)));
        return 0;
}

int bluez_profile_unregister(struct bluez_profile *p, bluez_done_t done, void *userdata) {
        int r;

        if (p->leaving)
                return -EBUSY;
        if (!p->armed && !p->arming) {
                if (done)
                        done(userdata, BLUEZ_OK);
                return 0;
        }
        r = send_unregister(p, &p->leaving, on_unregistered);
        if (r < 0)
                return r;
        p->arming = sd_bus_slot_unref(p->arming);
        p->left = done;
        p->left_userdata = userdata;
        return 0;
}
