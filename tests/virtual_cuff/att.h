/* The attribute table of a cuff that speaks the standard profile: handles, properties, permissions.
 * The values live in cuff.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum att_error {
        ATT_OK = 0,
        ATT_INVALID_HANDLE = 0x01,
        ATT_READ_NOT_PERMITTED = 0x02,
        ATT_WRITE_NOT_PERMITTED = 0x03,
        ATT_INSUFFICIENT_AUTHENTICATION = 0x05,
        ATT_INVALID_LENGTH = 0x0D,
        ATT_UNLIKELY = 0x0E,
        ATT_APPLICATION = 0x80, /* an OMRON refuses a time so, as owners saw on several models */
        ATT_SILENCE = 0x100,    /* no answer: the cuff is gone, the host has not noticed */
};

enum att_kind { ATT_SERVICE, ATT_CHARACTERISTIC, ATT_VALUE, ATT_CCCD };

enum { ATT_READ = 0x02, ATT_WRITE = 0x08, ATT_NOTIFY = 0x10, ATT_INDICATE = 0x20 };

enum { /* 16-bit UUIDs */
       UUID_GAP = 0x1800,
       UUID_GATT = 0x1801,
       UUID_CURRENT_TIME_SERVICE = 0x1805,
       UUID_DEVICE_INFORMATION = 0x180A,
       UUID_BATTERY = 0x180F,
       UUID_BLOOD_PRESSURE = 0x1810,
       UUID_DEVICE_NAME = 0x2A00,
       UUID_APPEARANCE = 0x2A01,
       UUID_SERVICE_CHANGED = 0x2A05,
       UUID_BATTERY_LEVEL = 0x2A19,
       UUID_MODEL = 0x2A24,
       UUID_SERIAL = 0x2A25,
       UUID_FIRMWARE = 0x2A26,
       UUID_HARDWARE = 0x2A27,
       UUID_MAKER = 0x2A29,
       UUID_CURRENT_TIME = 0x2A2B,
       UUID_MEASUREMENT = 0x2A35,
       UUID_INTERMEDIATE = 0x2A36,
       UUID_FEATURE = 0x2A49,
};

struct att_row {
        uint16_t handle;
        enum att_kind kind;
        uint16_t uuid;      /* of the service or the characteristic it belongs to */
        uint8_t properties; /* of the characteristic */
        bool encrypted;     /* refused with 0x05 while the link is not encrypted */
};

enum { ATT_ROWS = 37 };
extern const struct att_row att_table[ATT_ROWS];

/* NULL: no such attribute */
const struct att_row *att_by_handle(uint16_t handle);
const struct att_row *att_find(enum att_kind kind, uint16_t uuid);
/* The CCCD of the characteristic, NULL if it has none. */
const struct att_row *att_cccd(uint16_t uuid);
