/* Our own discovery session at one adapter: filter, start, stop, one call at a time. Part of the
 * adapter; private to this room. */
#pragma once

#include "bluez/adapter.h"

struct discovery {
        struct bluez_bus *bus;
        sd_bus_slot *call; /* SetDiscoveryFilter, StartDiscovery or StopDiscovery under way */
        bool discovering;  /* the adapter's property, kept by the adapter: anybody's discovery */
        bool running, stopping;
        bool stop_wanted; /* as soon as the start under way is answered */
        char path[64];    /* of the adapter */
        bluez_done_t done;
        void *userdata;
};

void discovery_init(struct discovery *d, struct bluez_bus *bus);
void discovery_done(struct discovery *d); /* drops the call; `done` is not called */

/* As bluez_adapter_start_discovery() and _stop_discovery(). */
int discovery_start(struct discovery *d, const char *adapter_path, bool filtered, bluez_done_t done,
                    void *userdata);
int discovery_stop(struct discovery *d, bluez_done_t done, void *userdata);
