/* Keeps one adapter powered on, as far as that is allowed. Part of the adapter; private to this
 * room. */
#pragma once

#include "base/deadline.h"
#include "bluez/adapter.h"
#include "bluez/props.h"

struct power {
        struct bluez_bus *bus;
        bool allowed;
        char path[64];          /* of the adapter; "" while there is none */
        bool powered, refused;  /* refused: the last attempt was answered Blocked */
        char power_state[32];   /* "" where BlueZ does not have the property */
        enum bluez_error error; /* of the last attempt */
        unsigned attempts;      /* since it was last on */
        sd_bus_slot *call;
        struct deadline retry;
        void (*changed)(void *userdata); /* an attempt has ended: state or error may differ */
        void *userdata;
};

void power_init(struct power *p, struct bluez_bus *bus, bool allowed,
                void (*changed)(void *userdata), void *userdata);
void power_start(struct power *p, const char *adapter_path);
void power_stop(struct power *p); /* the adapter or bluetoothd is gone */
void power_done(struct power *p);

/* What bluetoothd said of the adapter; powers it on if it is off. */
void power_apply(struct power *p, const struct props_adapter *props);
enum bluez_adapter_state power_state(const struct power *p);
