/* The characteristics of one device: found by UUID after ServicesResolved, read, written,
 * subscribed. Never AcquireNotify, and StopNotify only while the device is away. One operation at a
 * time per device. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "bluez/device.h"

struct bluez_gatt;

#define BLUEZ_GATT_EARLY_MAX           64 /* values kept for later; then the oldest go */
#define BLUEZ_GATT_CHARACTERISTICS_MAX 96 /* of one device; those past the limit are not known */

struct bluez_gatt_events {
        /* GetManagedObjects was read: `found` characteristics known. ServicesResolved can be true
         * before the objects are exported (bluez#1489): call find again a second later if yours is
         * missing. */
        void (*found)(void *owner, size_t found, enum bluez_error error);
        /* The one pending subscribe, read or write ended. `value` for reads. */
        void (*done)(void *owner, enum bluez_error error, const uint8_t *value, size_t value_size);
        /* Is the device what it says it is? Asked for each value, before it is kept or told. */
        bool (*believes)(void *owner);
        /* Notification or indication. Values that arrive before the map is known are kept (at most
         * BLUEZ_GATT_EARLY_MAX) and delivered after `found`, in order. */
        void (*value)(void *owner, const char *uuid, const uint8_t *value, size_t value_size);
};

/* Matches PropertiesChanged below the device's path from now on. */
int bluez_gatt_new(struct bluez_bus *bus, const char *device_path,
                   const struct bluez_gatt_events *events, void *owner, struct bluez_gatt **ret);
void bluez_gatt_free(struct bluez_gatt *g);

int bluez_gatt_find(struct bluez_gatt *g);
bool bluez_gatt_has(const struct bluez_gatt *g, const char *uuid);
/* ATT's MTU as BlueZ told it at the last find, of any characteristic; 0: it does not tell. */
uint16_t bluez_gatt_mtu(const struct bluez_gatt *g);

/* 0; -ENOENT no such characteristic; -EBUSY another operation is pending. Limits: subscribe 10 s,
 * read 30 s, write 30 s (then `done` with BLUEZ_NO_REPLY). Subscribe answered InProgress or
 * "already notifying" counts as success (BlueZ re-registers sessions by itself on a reconnect). */
int bluez_gatt_subscribe(struct bluez_gatt *g, const char *uuid);
int bluez_gatt_read(struct bluez_gatt *g, const char *uuid);
int bluez_gatt_write(struct bluez_gatt *g, const char *uuid, const uint8_t *value,
                     size_t value_size, bool with_response);
/* BlueZ is not to subscribe it by itself on the next link. Only while the device is away: on a link
 * this would clear the CCCD, and cuffs forget their bond then (eigger/hass-omron#136). Not waited
 * for. */
void bluez_gatt_unsubscribe(struct bluez_gatt *g, const char *uuid);
/* The link ended: drops the pending operation, keeps the map (paths mostly survive a reconnect; the
 * next find replaces it) and early values. */
void bluez_gatt_link_lost(struct bluez_gatt *g);
/* bluetoothd or the device object is gone: forgets the map too. */
void bluez_gatt_reset(struct bluez_gatt *g);
