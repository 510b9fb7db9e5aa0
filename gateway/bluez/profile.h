/* GattProfile1 auto-connect: while registered, the kernel connects bonded devices with these UUIDs
 * as soon as they advertise (DECISIONS 6). */
#pragma once

#include "bluez/adapter.h"
#include "bluez/bus.h"
#include "bluez/error.h"

struct bluez_profile;

/* Exports the ObjectManager with one org.bluez.GattProfile1 object: UUIDs 1810, FE4A, ecbe3980. */
int bluez_profile_new(struct bluez_bus *bus, struct bluez_profile **ret);
void bluez_profile_free(struct bluez_profile *p);

/* RegisterApplication at the adapter; arms every bonded cuff. While registered: unregister first,
 * then register again (re-arm); also if BlueZ says that we are. `done` once, also on failure.
 * -EBUSY while the former call is under way, -ENOTCONN when bluetoothd is down. */
int bluez_profile_arm(struct bluez_profile *p, const char *adapter_path, bluez_done_t done,
                      void *userdata);
/* UnregisterApplication. Does not disarm the kernel: Disconnect() the cuffs first. `done` may be
 * NULL; it is called at once if nothing is registered. Ends an arming under way, whose `done` is
 * dropped. */
int bluez_profile_unregister(struct bluez_profile *p, bluez_done_t done, void *userdata);
/* bluetoothd forgot us; `done` is not called. */
void bluez_profile_bus_down(struct bluez_profile *p);
bool bluez_profile_is_armed(const struct bluez_profile *p);
