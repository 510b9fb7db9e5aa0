/* One cuff as a Device1 object. Lives as long as we know the cuff, whether BlueZ has the object or
 * not; its path follows from adapter and address. Narrow matches: this device's path and nothing
 * else. */
#pragma once

#include <stdint.h>

#include "bluez/adapter.h"
#include "bluez/bus.h"
#include "bluez/error.h"
#include "core/bdaddr.h"

/* Bits: which of the info below a signal brought. */
enum bluez_device_change {
        BLUEZ_DEVICE_CONNECTED = 1 << 0,
        BLUEZ_DEVICE_RESOLVED = 1 << 1,
        BLUEZ_DEVICE_BONDED = 1 << 2,     /* Bonded or Paired */
        BLUEZ_DEVICE_ADVERTISED = 1 << 3, /* RSSI or ManufacturerData: an advertisement */
        BLUEZ_DEVICE_NAME = 1 << 4,
        BLUEZ_DEVICE_GONE = 1 << 5,  /* the object was removed: nothing below holds any more */
        BLUEZ_DEVICE_ADDED = 1 << 6, /* the object appeared, or was found at the start */
};

struct bluez_device_info {
        bool exists;
        bool connected, resolved, paired, bonded, trusted;
        char name[64];
        bool has_rssi;
        int16_t rssi;
        uint8_t omron_data[32]; /* of the latest advertisement heard; size 0: none in this one */
        size_t omron_size;
};

struct bluez_device;

struct bluez_device_events {
        void (*changed)(void *owner, unsigned changes);
        /* Replies. Connect is answered when browsing *starts*: trust the properties. */
        void (*connect_done)(void *owner, enum bluez_error error);
        void (*pair_done)(void *owner, enum bluez_error error);
        void (*disconnect_done)(void *owner, enum bluez_error error);
};

int bluez_device_new(struct bluez_bus *bus, const char *adapter_path, const struct bdaddr *address,
                     const struct bluez_device_events *events, void *owner,
                     struct bluez_device **ret);
void bluez_device_free(struct bluez_device *d); /* drops every slot: late replies cannot arrive */

const char *bluez_device_path(const struct bluez_device *d);
const struct bluez_device_info *bluez_device_info(const struct bluez_device *d);

/* bluetoothd came back: read everything again; changed(ADDED|..) follows if the object is there. */
int bluez_device_refresh(struct bluez_device *d);
/* bluetoothd left: forget all, drop all slots; no callbacks. */
void bluez_device_reset(struct bluez_device *d);

/* Each 0, -EBUSY when the same call is under way, -ENOTCONN when bluetoothd is down.
 * Limits: connect 60 s (the session's own timer is shorter), pair 90 s. Disconnect also cancels a
 * pending Connect; when not connected it takes the cuff off the auto-connect list. */
int bluez_device_connect(struct bluez_device *d);
int bluez_device_pair(struct bluez_device *d);
int bluez_device_disconnect(struct bluez_device *d);
bool bluez_device_is_connecting(const struct bluez_device *d); /* Connect has no answer yet */
int bluez_device_set_trusted(struct bluez_device *d, bool trusted);
/* Drops the slots of connect and pair: their late replies no longer arrive. */
void bluez_device_drop_calls(struct bluez_device *d);
/* The same of Disconnect: the reply to an old session is none of the next one's business. */
void bluez_device_drop_disconnect(struct bluez_device *d);
