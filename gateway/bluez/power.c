#include "bluez/power.h"

#include <string.h>

#define SECOND_USEC     UINT64_C(1000000)
#define RETRY_MAX_S     60 /* 1, 2, 4 .. 60 s */
#define RETRY_BLOCKED_S 30 /* `rfkill unblock` gives no reliable signal */

_Static_assert(sizeof(((struct power *) NULL)->path) ==
                       sizeof(((struct bluez_adapter_info *) NULL)->path),
               "the same path");
_Static_assert(sizeof(((struct power *) NULL)->power_state) ==
                       sizeof(((struct props_adapter *) NULL)->power_state),
               "the same text");

static void on_time(void *userdata);

void power_init(struct power *p, struct bluez_bus *bus, bool allowed,
                void (*changed)(void *userdata), void *userdata) {
        *p = (struct power){
                .bus = bus, .allowed = allowed, .changed = changed, .userdata = userdata};
        deadline_init(&p->retry, sd_bus_get_event(bluez_bus_get(bus)), on_time, p);
}

void power_start(struct power *p, const char *adapter_path) {
        memcpy(p->path, adapter_path, strlen(adapter_path) + 1);
}

void power_done(struct power *p) {
        sd_bus_slot_unref(p->call);
        deadline_done(&p->retry);
}

void power_stop(struct power *p) {
        power_done(p);
        power_init(p, p->bus, p->allowed, p->changed, p->userdata);
}

enum bluez_adapter_state power_state(const struct power *p) {
        if (!p->path[0])
                return BLUEZ_ADAPTER_ABSENT;
        if (p->powered)
                return BLUEZ_ADAPTER_ON;
        if (p->refused || strcmp(p->power_state, "off-blocked") == 0)
                return BLUEZ_ADAPTER_BLOCKED;
        return BLUEZ_ADAPTER_OFF;
}

static void retry_later(struct power *p) {
        uint64_t wait_s = p->attempts > 6 ? RETRY_MAX_S : UINT64_C(1) << p->attempts >> 1;

        if (power_state(p) == BLUEZ_ADAPTER_BLOCKED)
                wait_s = RETRY_BLOCKED_S;
        (void) deadline_set_usec(&p->retry, wait_s * SECOND_USEC);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error);

static void power_on(struct power *p) {
        p->attempts++;
        if (sd_bus_call_method_async(bluez_bus_get(p->bus), &p->call, "org.bluez", p->path,
                                     "org.freedesktop.DBus.Properties", "Set", on_reply, p, "ssv",
                                     props_of_adapter.interface, "Powered", "b", 1) < 0)
                retry_later(p);
}

/* One attempt or one timer is on as long as the adapter should be on and is not. */
static void keep(struct power *p) {
        if (p->powered || !p->allowed)
                deadline_clear(&p->retry);
        else if (p->call || deadline_is_set(&p->retry))
                return;
        else if (p->attempts == 0 && power_state(p) == BLUEZ_ADAPTER_OFF)
                power_on(p);
        else
                retry_later(p);
}

static void on_time(void *userdata) {
        struct power *p = userdata;

        if (!p->call)
                power_on(p);
}

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct power *p = userdata;

        p->call = sd_bus_slot_unref(p->call);
        p->error = bluez_error_from(sd_bus_message_get_error(reply));
        p->refused = p->error == BLUEZ_BLOCKED;
        keep(p); /* the next attempt, should `Powered` stay away */
        p->changed(p->userdata);
        return 0;
}

void power_apply(struct power *p, const struct props_adapter *props) {
        if (props->has & PROPS_POWER_STATE) {
                if (strcmp(props->power_state, "off") == 0 && strcmp(p->power_state, "off") != 0) {
                        p->refused = false; /* unblocked: do not wait for the timer */
                        p->attempts = 0;
                        deadline_clear(&p->retry);
                }
                memcpy(p->power_state, props->power_state, sizeof p->power_state);
        }
        if (props->has & PROPS_POWERED)
                p->powered = props->powered;
        if (p->powered) {
                p->refused = false;
                p->attempts = 0;
                p->error = BLUEZ_OK;
        }
        keep(p);
}
