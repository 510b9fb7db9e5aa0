/* Reading the properties (a{sv}) that bluetoothd sends. Nothing of them is trusted: copies are
 * bounded, a value of the wrong type is skipped, and what cannot be read to its end leaves the
 * output untouched. Private to this room. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-bus.h>

#include "core/bdaddr.h"

#define BLUEZ_UUID_SIZE    37
#define PROPS_UUIDS_MAX    64
#define PROPS_NAME_SIZE    64
#define PROPS_OMRON_SIZE   32
#define PROPS_VALUE_MAX    512 /* longest attribute value (Core 5.4, Vol 3, Part F, 3.2.9) */
#define PROPS_OMRON_VENDOR 0x020E

/* One bit per property, for `has` (it is in the message) and `gone` (it was invalidated). */
enum props_bit {
        PROPS_ADDRESS = 1 << 0,
        PROPS_NAME = 1 << 1,
        PROPS_POWERED = 1 << 2,
        PROPS_POWER_STATE = 1 << 3,
        PROPS_DISCOVERING = 1 << 4,
        PROPS_PAIRABLE = 1 << 5,
        PROPS_CONNECTED = 1 << 6,
        PROPS_RESOLVED = 1 << 7,
        PROPS_PAIRED = 1 << 8,
        PROPS_BONDED = 1 << 9,
        PROPS_TRUSTED = 1 << 10,
        PROPS_RSSI = 1 << 11,
        PROPS_MANUFACTURER = 1 << 12,
        PROPS_UUIDS = 1 << 13,
        PROPS_UUID = 1 << 14,
        PROPS_VALUE = 1 << 15,
        PROPS_MTU = 1 << 16,
        PROPS_BLOCKED = 1 << 17,
        PROPS_DISCOVERABLE = 1 << 18,
        PROPS_MODALIAS = 1 << 19,
        PROPS_ROLES = 1 << 20,
};

struct props_adapter {
        unsigned has, gone;
        char address[BDADDR_STRING_SIZE], name[PROPS_NAME_SIZE], power_state[32], modalias[64];
        bool powered, discovering, pairable, discoverable;
        bool central; /* among its Roles */
};

struct props_device {
        unsigned has, gone;
        char address[BDADDR_STRING_SIZE], name[PROPS_NAME_SIZE];
        bool connected, resolved, paired, bonded, trusted, blocked;
        int16_t rssi;
        uint8_t omron[PROPS_OMRON_SIZE]; /* the entry of company 0x020E, cut to size */
        uint16_t omron_size;             /* 0: none */
        uint16_t uuids;                  /* how many; those past the limit are not kept */
        char uuid[PROPS_UUIDS_MAX][BLUEZ_UUID_SIZE];
};

struct props_characteristic {
        unsigned has, gone;
        char uuid[BLUEZ_UUID_SIZE];
        uint8_t value[PROPS_VALUE_MAX];
        uint16_t value_size;
        uint16_t mtu; /* of ATT on this link; BlueZ 5.62 and later tell it */
};

union props { /* room for any of the three; each begins with `has` and `gone` */
        struct {
                unsigned has, gone;
        };
        struct props_adapter adapter;
        struct props_device device;
        struct props_characteristic characteristic;
};

struct props_class { /* which of the three */
        const char *interface;
        size_t size; /* of its struct */
        const struct props_row *rows;
        size_t n_rows;
};
extern const struct props_class props_of_adapter, props_of_device, props_of_characteristic;

/* An a{sv} at which `m` stands; `ret` is begun afresh. 0, or negative errno. */
int props_read(sd_bus_message *m, const struct props_class *class, union props *ret);
/* The "as" of invalidated names that follows in a PropertiesChanged: sets `gone`. */
int props_read_invalidated(sd_bus_message *m, const struct props_class *class, union props *ret);

/* Is 1810, FE4A or ecbe3980 among the UUIDs? */
bool props_has_blood_pressure(const struct props_device *p);
