/* The one adapter we use: the one with the configured address, or the first powered one (else the
 * first). Powers it on if allowed, scans, removes devices. Follows it through loss and return. */
#pragma once

#include "bluez/bus.h"
#include "bluez/error.h"
#include "core/bdaddr.h"

enum bluez_adapter_state {
        BLUEZ_ADAPTER_ABSENT,  /* no bluetoothd, or no (such) adapter */
        BLUEZ_ADAPTER_OFF,     /* there, not powered (and powering on failed or is not allowed) */
        BLUEZ_ADAPTER_BLOCKED, /* rfkill: powering on refused with Blocked, or PowerState says so */
        BLUEZ_ADAPTER_ON,
};

struct bluez_adapter;

struct bluez_adapter_info {
        enum bluez_adapter_state state;
        char path[64]; /* "/org/bluez/hci0", "" when absent */
        struct bdaddr address;
        char name[64];
        bool discovering, pairable;
        enum bluez_error error; /* why it is not ON, if a call told: ACCESS_DENIED, BLOCKED .. */
};

struct bluez_adapter_events {
        void (*changed)(void *owner); /* state or info changed: see bluez_adapter_info */
        /* One device object as ObjectManager lists it, at start and whenever bluetoothd or the
         * adapter comes (back): how the owner finds bonded cuffs. `uuids`: NULL-terminated. */
        void (*device_listed)(void *owner, const struct bdaddr *address, const char *name,
                              bool bonded, bool connected, char **uuids);
        void (*listed)(void *owner); /* the listing is complete; the adapter may still be absent */
};

/* `wanted` NULL: the first. Starts when the bus is up; the owner forwards up/down of the bus. */
int bluez_adapter_new(struct bluez_bus *bus, const struct bdaddr *wanted, bool may_power_on,
                      const struct bluez_adapter_events *events, void *owner,
                      struct bluez_adapter **ret);
void bluez_adapter_free(struct bluez_adapter *a);
void bluez_adapter_bus_up(struct bluez_adapter *a);
void bluez_adapter_bus_down(struct bluez_adapter *a);

const struct bluez_adapter_info *bluez_adapter_info(const struct bluez_adapter *a);
const char *bluez_adapter_state_to_string(enum bluez_adapter_state state);

typedef void (*bluez_done_t)(void *userdata, enum bluez_error error);

/* The next three: 0; -EBUSY the same is under way; -ENOTCONN no adapter. When the adapter or
 * bluetoothd goes, what is under way ends without `done`. */

/* SetDiscoveryFilter{Transport le, DuplicateData true} + UUIDs [1810, FE4A, ecbe3980] when
 * `filtered`, then StartDiscovery. Discovery of ours only; InProgress counts as running if the
 * adapter is discovering, else it fails with BLUEZ_IN_PROGRESS: try again. `done` may be NULL. */
int bluez_adapter_start_discovery(struct bluez_adapter *a, bool filtered, bluez_done_t done,
                                  void *userdata);
/* `done` is called when the reply is in (at once if none of ours runs): only then Connect. A start
 * that is still under way is stopped as soon as it is answered; its own `done` is dropped. */
int bluez_adapter_stop_discovery(struct bluez_adapter *a, bluez_done_t done, void *userdata);
bool bluez_adapter_is_discovering(const struct bluez_adapter *a); /* our own discovery */

/* Adapter1.RemoveDevice: forgets bond and cache. Only in a pairing window or on request. */
int bluez_adapter_remove_device(struct bluez_adapter *a, const struct bdaddr *address,
                                bluez_done_t done, void *userdata);
