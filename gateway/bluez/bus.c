#include "bluez/bus.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/cleanup.h"

#define OWNER_SIZE 32 /* a unique name: ":1.4294967295" and room */

struct bluez_bus {
        sd_bus *bus;
        sd_bus_slot *disconnected, *owner_changed, *get_owner;
        char bluez[OWNER_SIZE]; /* unique name of bluetoothd; "" while it is away */
        bool told;              /* up or down, once */
        const struct bluez_bus_events *events;
        void *owner;
};

DEFINE_CLEANUP(struct bluez_bus *, bluez_bus_free)

static void set_bluez(struct bluez_bus *b, const char *unique) {
        if (strlen(unique) >= sizeof b->bluez)
                unique = ""; /* no bus daemon names its clients like this */
        strcpy(b->bluez, unique);
        b->told = true;
        if (b->bluez[0])
                b->events->up(b->owner);
        else
                b->events->down(b->owner);
}

static int on_get_owner(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_bus *b = userdata;
        const char *unique;

        b->get_owner = sd_bus_slot_unref(b->get_owner);
        /* An error means that bluetoothd is not there: it is awaited. */
        if (sd_bus_message_is_method_error(reply, NULL) ||
            sd_bus_message_read(reply, "s", &unique) < 0)
                unique = "";
        if (unique[0] || !b->told)
                set_bluez(b, unique);
        return 0;
}

static int ask_owner(struct bluez_bus *b) {
        return sd_bus_call_method_async(b->bus, &b->get_owner, "org.freedesktop.DBus",
                                        "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                        "GetNameOwner", on_get_owner, b, "s", "org.bluez");
}

static int on_owner_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_bus *b = userdata;
        const char *name, *old, *new, *sender = sd_bus_message_get_sender(m);

        /* The bus itself, and not whoever sends us such a signal: sd-bus leaves that to us. */
        if (!sender || strcmp(sender, "org.freedesktop.DBus") != 0)
                return 0;
        if (sd_bus_message_read(m, "sss", &name, &old, &new) < 0)
                return 0;
        b->get_owner = sd_bus_slot_unref(b->get_owner); /* the signal is as new as the answer */
        if (b->bluez[0] && new[0]) { /* replaced: `down` now, `up` by the answer */
                (void) ask_owner(b);
                new = "";
        }
        if (b->bluez[0] || new[0])
                set_bluez(b, new);
        return 0;
}

static int on_disconnected(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_bus *b = userdata;

        b->events->bus_gone(b->owner);
        return 0;
}

/* The match is asked for before the question, so that no change falls between the two. */
static int watch(struct bluez_bus *b) {
        int r;

        r = sd_bus_match_signal_async(b->bus, &b->disconnected, "org.freedesktop.DBus.Local",
                                      "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                      "Disconnected", on_disconnected, NULL, b);
        if (r < 0)
                return r;
        r = sd_bus_add_match_async(b->bus, &b->owner_changed,
                                   "type='signal',sender='org.freedesktop.DBus',"
                                   "path='/org/freedesktop/DBus',"
                                   "interface='org.freedesktop.DBus',"
                                   "member='NameOwnerChanged',arg0='org.bluez'",
                                   on_owner_changed, NULL, b);
        if (r < 0)
                return r;
        return ask_owner(b);
}

int bluez_bus_new(sd_event *event, const struct bluez_bus_events *events, void *owner,
                  struct bluez_bus **ret) {
        _cleanup_(bluez_bus_freep) struct bluez_bus *b = calloc(1, sizeof *b);
        int r;

        if (!b)
                return -ENOMEM;
        b->events = events;
        b->owner = owner;
        r = sd_bus_open_system(&b->bus);
        if (r < 0)
                return r;
        r = sd_bus_attach_event(b->bus, event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0)
                return r;
        r = watch(b);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(b);
        return 0;
}

void bluez_bus_free(struct bluez_bus *b) {
        if (!b)
                return;
        sd_bus_slot_unref(b->get_owner);
        sd_bus_slot_unref(b->owner_changed);
        sd_bus_slot_unref(b->disconnected);
        sd_bus_close_unref(b->bus); /* no flush: what must arrive was awaited by its reply */
        free(b);
}

bool bluez_bus_is_up(const struct bluez_bus *b) {
        return b->bluez[0];
}

sd_bus *bluez_bus_get(struct bluez_bus *b) {
        return b->bus;
}

bool bluez_bus_is_sender(const struct bluez_bus *b, sd_bus_message *m) {
        const char *sender = sd_bus_message_get_sender(m);

        return b->bluez[0] && sender && strcmp(sender, b->bluez) == 0;
}

int bluez_bus_match(struct bluez_bus *b, sd_bus_slot **ret, sd_bus_message_handler_t handler,
                    void *userdata, const char *format, ...) {
        _cleanup_(freep) char *tail = NULL, *rule = NULL;
        va_list list;
        int r;

        va_start(list, format);
        r = vasprintf(&tail, format, list);
        va_end(list);
        if (r < 0) {
                tail = NULL;
                return -ENOMEM;
        }
        if (asprintf(&rule, "type='signal',sender='org.bluez',%s", tail) < 0) {
                rule = NULL;
                return -ENOMEM;
        }
        return sd_bus_add_match_async(b->bus, ret, rule, handler, NULL, userdata);
}
