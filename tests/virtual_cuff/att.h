/* The attribute tables of the kinds of cuffs: handles, properties, permissions. The values live in
 * cuff_values.c, OMRON's own characteristics in omron.c. */
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
        ATT_REQUEST_NOT_SUPPORTED = 0x06,
        ATT_INVALID_LENGTH = 0x0D,
        ATT_UNLIKELY = 0x0E,
        ATT_APPLICATION = 0x80, /* an OMRON refuses a time so, as owners saw on several models */
        ATT_SILENCE = 0x100,    /* no answer: the cuff is gone, the host has not noticed */
};

enum att_kind { ATT_SERVICE, ATT_CHARACTERISTIC, ATT_VALUE, ATT_CCCD };

enum {
        ATT_READ = 0x02,
        ATT_WRITE_COMMAND = 0x04, /* "write without response" */
        ATT_WRITE = 0x08,
        ATT_NOTIFY = 0x10,
        ATT_INDICATE = 0x20,
};

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
       UUID_OMRON_MODERN = 0xFE4A, /* the service; registered to OMRON */
};

/* UUIDs of 128 bits go by their first two bytes, here and in log lines. userx14/omblepy and
 * eigger/hass-omron have them; seen on many models. RX and TX as the host sees them. */
enum {
        UUID_OMRON_CLASSIC = 0xECBE, /* the service */
        UUID_RX0 = 0x4912,
        UUID_RX1 = 0x4D0B,
        UUID_RX2 = 0x5128,
        UUID_RX3 = 0x560F,
        UUID_TX0 = 0xDB5B,
        UUID_TX1 = 0xE0B8,
        UUID_TX2 = 0x0AE1,
        UUID_TX3 = 0x10E1,
        UUID_UNLOCK = 0xB305,
};

struct att_row {
        uint16_t handle;
        enum att_kind kind;
        uint16_t uuid;      /* of the service or the characteristic it belongs to */
        uint8_t properties; /* of the characteristic */
        bool encrypted;     /* refused with 0x05 while the link is not encrypted */
};

enum { ATT_ROWS_MAX = 80 };

struct att_table {
        const struct att_row *rows; /* by handle */
        size_t n;
        uint16_t advertised; /* the service whose UUID it advertises */
};

/* The standard profile alone; with OMRON's service of four channels each way; with the one of one
 * channel. */
extern const struct att_table att_standard, att_classic, att_modern;

/* NULL: no such attribute */
const struct att_row *att_by_handle(const struct att_table *t, uint16_t handle);
const struct att_row *att_find(const struct att_table *t, enum att_kind kind, uint16_t uuid);
/* The CCCD of the characteristic, NULL if it has none. */
const struct att_row *att_cccd(const struct att_table *t, uint16_t uuid);

enum { ATT_UUID_MAX = 16, ATT_UUID_TEXT = 37 };
/* As the air has it, least significant byte first; returns the size, 2 or 16. */
size_t att_uuid(uint16_t uuid, uint8_t ret[ATT_UUID_MAX]);
/* In its long form, lower case. */
const char *att_uuid_text(uint16_t uuid, char ret[ATT_UUID_TEXT]);
