#include "bluez/agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "bluez/objects.h"

#define AGENT_PATH "/org/cuff2mqtt/agent"

struct bluez_agent {
        struct bluez_bus *bus;
        sd_bus_slot *object;                /* exported as long as we live */
        sd_bus_slot *registering, *leaving; /* calls under way */
        bool registered;
        char allowed[OBJECTS_PATH_SIZE]; /* "": nobody */
        const struct bluez_agent_events *events;
        void *owner;
};

DEFINE_CLEANUP(struct bluez_agent *, bluez_agent_free)

/* --- what BlueZ asks --- */

static int answer(struct bluez_agent *a, sd_bus_message *m, bool ours, bool accept) {
        int r;

        if (accept)
                r = sd_bus_reply_method_return(m, NULL);
        else
                r = sd_bus_reply_method_errorf(m, "org.bluez.Error.Rejected", "Not accepted");
        a->events->asked(a->owner, sd_bus_message_get_member(m), ours, accept);
        return r;
}

/* Whether it is about the device of the pairing window. */
static int read_ours(struct bluez_agent *a, sd_bus_message *m, bool *ret) {
        const char *path;
        int r = sd_bus_message_read(m, "o", &path);

        if (r < 0)
                return r;
        if (!bluez_bus_is_sender(a->bus, m))
                return -EACCES;
        *ret = a->allowed[0] && strcmp(path, a->allowed) == 0;
        return 0;
}

/* A question whose answer is yes or no: yes for the device of the pairing window only. */
static int on_question(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_agent *a = userdata;
        bool ours;
        int r = read_ours(a, m, &ours);

        return r < 0 ? r : answer(a, m, ours, /* accept= */ ours);
}

/* Codes and passkeys: a cuff has neither, and nobody is here to type them. */
static int on_code(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_agent *a = userdata;
        bool ours;
        int r = read_ours(a, m, &ours);

        return r < 0 ? r : answer(a, m, ours, /* accept= */ false);
}

static int on_cancel(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_agent *a = userdata;

        if (!bluez_bus_is_sender(a->bus, m))
                return -EACCES;
        return sd_bus_reply_method_return(m, NULL); /* every question was answered at once */
}

static int on_release(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_agent *a = userdata;

        if (!bluez_bus_is_sender(a->bus, m))
                return -EACCES;
        a->registered = false;
        return sd_bus_reply_method_return(m, NULL);
}

/* clang-format off */
static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Release",              "",    "",  on_release,  SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Cancel",               "",    "",  on_cancel,   SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestAuthorization", "o",   "",  on_question, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestConfirmation",  "ou",  "",  on_question, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("AuthorizeService",     "os",  "",  on_question, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestPinCode",       "o",   "s", on_code,     SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestPasskey",       "o",   "u", on_code,     SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("DisplayPinCode",       "os",  "",  on_code,     SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("DisplayPasskey",       "ouq", "",  on_code,     SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

/* --- registration --- */

static int call(struct bluez_agent *a, sd_bus_slot **slot, const char *member,
                sd_bus_message_handler_t handler) {
        return sd_bus_call_method_async(bluez_bus_get(a->bus), slot, "org.bluez", "/org/bluez",
                                        "org.bluez.AgentManager1", member, handler, a, "o",
                                        AGENT_PATH);
}

static int on_default(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_agent *a = userdata;

        a->registering = sd_bus_slot_unref(a->registering);
        a->events->registered(a->owner, bluez_error_from(sd_bus_message_get_error(reply)));
        return 0;
}

static int on_registered(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_agent *a = userdata;
        enum bluez_error error = bluez_error_from(sd_bus_message_get_error(reply));

        a->registering = sd_bus_slot_unref(a->registering);
        a->registered = error == BLUEZ_OK || error == BLUEZ_ALREADY;
        if (a->registered) {
                if (call(a, &a->registering, "RequestDefaultAgent", on_default) >= 0)
                        return 0;
                error = BLUEZ_FAILED;
        }
        a->events->registered(a->owner, error);
        return 0;
}

int bluez_agent_register(struct bluez_agent *a) {
        int r;

        if (a->registering)
                return -EBUSY;
        if (!bluez_bus_is_up(a->bus))
                return -ENOTCONN;
        r = sd_bus_call_method_async(bluez_bus_get(a->bus), &a->registering, "org.bluez",
                                     "/org/bluez", "org.bluez.AgentManager1", "RegisterAgent",
                                     on_registered, a, "os", AGENT_PATH, "NoInputNoOutput");
        return r < 0 ? r : 0;
}

static int on_unregistered(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_agent *a = userdata;

        a->leaving = sd_bus_slot_unref(a->leaving); /* an error means that we were not registered */
        a->events->unregistered(a->owner);
        return 0;
}

int bluez_agent_unregister(struct bluez_agent *a) {
        int r;

        if (!a->registered && !a->registering) {
                if (!a->leaving)
                        a->events->unregistered(a->owner);
                return 0;
        }
        a->leaving = sd_bus_slot_unref(a->leaving);
        r = call(a, &a->leaving, "UnregisterAgent", on_unregistered);
        if (r < 0)
                return r;
        a->registering = sd_bus_slot_unref(a->registering);
        a->registered = false;
        return 0;
}

/* --- life --- */

int bluez_agent_new(struct bluez_bus *bus, const struct bluez_agent_events *events, void *owner,
                    struct bluez_agent **ret) {
        _cleanup_(bluez_agent_freep) struct bluez_agent *a = calloc(1, sizeof *a);
        int r;

        if (!a)
                return -ENOMEM;
        a->bus = bus;
        a->events = events;
        a->owner = owner;
        r = sd_bus_add_object_vtable(bluez_bus_get(bus), &a->object, AGENT_PATH, "org.bluez.Agent1",
                                     vtable, a);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(a);
        return 0;
}

void bluez_agent_free(struct bluez_agent *a) {
        if (!a)
                return;
        bluez_agent_bus_down(a);
        sd_bus_slot_unref(a->object);
        free(a);
}

void bluez_agent_bus_down(struct bluez_agent *a) {
        a->registering = sd_bus_slot_unref(a->registering);
        a->leaving = sd_bus_slot_unref(a->leaving);
        a->registered = false;
}

bool bluez_agent_is_registered(const struct bluez_agent *a) {
        return a->registered;
}

void bluez_agent_allow(struct bluez_agent *a, const char *device_path) {
        size_t n = device_path ? strlen(device_path) : 0;

        a->allowed[0] = '\0';
        if (n > 0 && n < sizeof a->allowed)
                memcpy(a->allowed, device_path, n + 1);
}
