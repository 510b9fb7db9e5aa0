/* Agent1 for the time of a pairing window: NoInputNoOutput, default, accepts one device only. */
#pragma once

#include "bluez/bus.h"
#include "bluez/error.h"

struct bluez_agent;

struct bluez_agent_events {
        /* RegisterAgent and RequestDefaultAgent were answered. */
        void (*registered)(void *owner, enum bluez_error error);
        /* BlueZ asked us something, and we answered. `ours`: about the device that is allowed. */
        void (*asked)(void *owner, const char *method, bool ours, bool accepted);
        /* UnregisterAgent was answered: the former agent is default again. */
        void (*unregistered)(void *owner);
};

int bluez_agent_new(struct bluez_bus *bus, const struct bluez_agent_events *events, void *owner,
                    struct bluez_agent **ret);
void bluez_agent_free(struct bluez_agent *a);

/* 0; -EBUSY it is under way; -ENOTCONN bluetoothd is down. */
int bluez_agent_register(struct bluez_agent *a);
/* `unregistered` follows, at once if not registered. */
int bluez_agent_unregister(struct bluez_agent *a);
/* bluetoothd forgot us. */
void bluez_agent_bus_down(struct bluez_agent *a);
bool bluez_agent_is_registered(const struct bluez_agent *a);

/* Confirmations and authorisations for this device path are accepted, all else is rejected; NULL:
 * none. */
void bluez_agent_allow(struct bluez_agent *a, const char *device_path);
