#include "bluez/timedate.h"

#define NAME "org.freedesktop.timedate1"

void bluez_timedate_init(struct bluez_timedate *t, struct bluez_bus *bus) {
        *t = (struct bluez_timedate){.bus = bus};
}

void bluez_timedate_done(struct bluez_timedate *t) {
        t->call = sd_bus_slot_unref(t->call);
}

static int on_answer(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_timedate *t = userdata;
        int synchronised;

        t->call = sd_bus_slot_unref(t->call);
        t->synchronised = !sd_bus_message_is_method_error(reply, NULL) &&
                          sd_bus_message_read(reply, "v", "b", &synchronised) >= 0 && synchronised;
        return 0;
}

void bluez_timedate_ask(struct bluez_timedate *t) {
        if (t->call)
                return;
        if (sd_bus_call_method_async(bluez_bus_get(t->bus), &t->call, NAME,
                                     "/org/freedesktop/timedate1",
                                     "org.freedesktop.DBus.Properties", "Get", on_answer, t, "ss",
                                     NAME, "NTPSynchronized") < 0)
                t->synchronised = false;
}
