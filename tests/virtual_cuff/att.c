#include "att.h"

#include <stdio.h>

#include "bytes.h"
#include "util.h"

/* --- what all have in common --- */

/* clang-format off */
#define BATTERY_PROPERTIES (ATT_READ | ATT_NOTIFY)
#define CLOCK_PROPERTIES   (ATT_READ | ATT_WRITE | ATT_NOTIFY)

#define GENERIC_AND_BLOOD_PRESSURE                                                                 \
        {0x01, ATT_SERVICE, UUID_GAP, 0, false},                                                   \
        {0x02, ATT_CHARACTERISTIC, UUID_DEVICE_NAME, ATT_READ, false},                             \
        {0x03, ATT_VALUE, UUID_DEVICE_NAME, ATT_READ, false},                                      \
        {0x04, ATT_CHARACTERISTIC, UUID_APPEARANCE, ATT_READ, false},                              \
        {0x05, ATT_VALUE, UUID_APPEARANCE, ATT_READ, false},                                       \
        {0x08, ATT_SERVICE, UUID_GATT, 0, false},                                                  \
        {0x09, ATT_CHARACTERISTIC, UUID_SERVICE_CHANGED, ATT_INDICATE, false},                     \
        {0x0A, ATT_VALUE, UUID_SERVICE_CHANGED, ATT_INDICATE, false},                              \
        {0x0B, ATT_CCCD, UUID_SERVICE_CHANGED, ATT_INDICATE, false},                               \
        {0x10, ATT_SERVICE, UUID_BLOOD_PRESSURE, 0, false},                                        \
        {0x11, ATT_CHARACTERISTIC, UUID_MEASUREMENT, ATT_INDICATE, false},                         \
        {0x12, ATT_VALUE, UUID_MEASUREMENT, ATT_INDICATE, true},                                   \
        {0x13, ATT_CCCD, UUID_MEASUREMENT, ATT_INDICATE, true},                                    \
        {0x14, ATT_CHARACTERISTIC, UUID_INTERMEDIATE, ATT_NOTIFY, false},                          \
        {0x15, ATT_VALUE, UUID_INTERMEDIATE, ATT_NOTIFY, true},                                    \
        {0x16, ATT_CCCD, UUID_INTERMEDIATE, ATT_NOTIFY, true},                                     \
        {0x17, ATT_CHARACTERISTIC, UUID_FEATURE, ATT_READ, false},                                 \
        {0x18, ATT_VALUE, UUID_FEATURE, ATT_READ, true}

#define BATTERY(handle)                                                                            \
        {(handle), ATT_SERVICE, UUID_BATTERY, 0, false},                                           \
        {(handle) + 1, ATT_CHARACTERISTIC, UUID_BATTERY_LEVEL, BATTERY_PROPERTIES, false},         \
        {(handle) + 2, ATT_VALUE, UUID_BATTERY_LEVEL, BATTERY_PROPERTIES, false},                  \
        {(handle) + 3, ATT_CCCD, UUID_BATTERY_LEVEL, BATTERY_PROPERTIES, false}

#define INFORMATION_AND_TIME                                                                       \
        {0x30, ATT_SERVICE, UUID_DEVICE_INFORMATION, 0, false},                                    \
        {0x31, ATT_CHARACTERISTIC, UUID_MODEL, ATT_READ, false},                                   \
        {0x32, ATT_VALUE, UUID_MODEL, ATT_READ, false},                                            \
        {0x33, ATT_CHARACTERISTIC, UUID_SERIAL, ATT_READ, false},                                  \
        {0x34, ATT_VALUE, UUID_SERIAL, ATT_READ, false},                                           \
        {0x35, ATT_CHARACTERISTIC, UUID_FIRMWARE, ATT_READ, false},                                \
        {0x36, ATT_VALUE, UUID_FIRMWARE, ATT_READ, false},                                         \
        {0x37, ATT_CHARACTERISTIC, UUID_HARDWARE, ATT_READ, false},                                \
        {0x38, ATT_VALUE, UUID_HARDWARE, ATT_READ, false},                                         \
        {0x39, ATT_CHARACTERISTIC, UUID_MAKER, ATT_READ, false},                                   \
        {0x3A, ATT_VALUE, UUID_MAKER, ATT_READ, false},                                            \
        {0x40, ATT_SERVICE, UUID_CURRENT_TIME_SERVICE, 0, false},                                  \
        {0x41, ATT_CHARACTERISTIC, UUID_CURRENT_TIME, CLOCK_PROPERTIES, false},                    \
        {0x42, ATT_VALUE, UUID_CURRENT_TIME, CLOCK_PROPERTIES, true},                              \
        {0x43, ATT_CCCD, UUID_CURRENT_TIME, CLOCK_PROPERTIES, true}

/* A channel to the host; the handle is that of the value. */
#define RX(handle, uuid, encrypted)                                                                \
        {(handle) - 1, ATT_CHARACTERISTIC, uuid, ATT_NOTIFY, false},                               \
        {(handle), ATT_VALUE, uuid, ATT_NOTIFY, encrypted},                                        \
        {(handle) + 1, ATT_CCCD, uuid, ATT_NOTIFY, encrypted}

/* .. and one from it. */
#define TX(handle, uuid, properties)                                                               \
        {(handle) - 1, ATT_CHARACTERISTIC, uuid, properties, false},                               \
        {(handle), ATT_VALUE, uuid, properties, true}

#define UNLOCK(handle, encrypted)                                                                  \
        {(handle) - 1, ATT_CHARACTERISTIC, UUID_UNLOCK, ATT_WRITE | ATT_NOTIFY, false},            \
        {(handle), ATT_VALUE, UUID_UNLOCK, ATT_WRITE | ATT_NOTIFY, encrypted},                     \
        {(handle) + 1, ATT_CCCD, UUID_UNLOCK, ATT_WRITE | ATT_NOTIFY, encrypted}

/* --- the tables --- */

static const struct att_row standard_rows[] = {
        GENERIC_AND_BLOOD_PRESSURE,
        BATTERY(0x20),
        INFORMATION_AND_TIME,
};

/* The handles of RX are those of an HEM-7322T (userx14/omblepy), the others follow suit. The CCCD
 * of RX0 and the unlock work without encryption: the first asks for it, the second says that it is
 * missing (userx14/omblepy#40, #66: 8104, 820F). */
static const struct att_row classic_rows[] = {
        GENERIC_AND_BLOOD_PRESSURE,
        BATTERY(0x20),
        INFORMATION_AND_TIME,
        {0x300, ATT_SERVICE, UUID_OMRON_CLASSIC, 0, false},
        UNLOCK(0x310, false),
        TX(0x320, UUID_TX0, ATT_WRITE),
        TX(0x330, UUID_TX1, ATT_WRITE),
        TX(0x340, UUID_TX2, ATT_WRITE),
        TX(0x350, UUID_TX3, ATT_WRITE),
        RX(0x360, UUID_RX0, false),
        RX(0x370, UUID_RX1, true),
        RX(0x380, UUID_RX2, true),
        RX(0x390, UUID_RX3, true),
};

/* The handles of OMRON's service and of 2A05 are those of a BP5465 (eigger/hass-omron#91). */
static const struct att_row modern_rows[] = {
        GENERIC_AND_BLOOD_PRESSURE,
        {0x19, ATT_SERVICE, UUID_OMRON_MODERN, 0, false},
        UNLOCK(0x1B, true),
        TX(0x1E, UUID_TX0, ATT_WRITE | ATT_WRITE_COMMAND),
        RX(0x20, UUID_RX0, true),
        BATTERY(0x28),
        INFORMATION_AND_TIME,
};

const struct att_table att_standard = {standard_rows, ELEMENTS(standard_rows), UUID_BLOOD_PRESSURE};
const struct att_table att_classic = {classic_rows, ELEMENTS(classic_rows), UUID_BLOOD_PRESSURE};
const struct att_table att_modern = {modern_rows, ELEMENTS(modern_rows), UUID_OMRON_MODERN};

static const struct {
        uint16_t id;
        const char *text;
} long_uuids[] = {
        {UUID_OMRON_CLASSIC, "ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"},
        {UUID_RX0, "49123040-aee8-11e1-a74d-0002a5d5c51b"},
        {UUID_RX1, "4d0bf320-aee8-11e1-a0d9-0002a5d5c51b"},
        {UUID_RX2, "5128ce60-aee8-11e1-b84b-0002a5d5c51b"},
        {UUID_RX3, "560f1420-aee8-11e1-8184-0002a5d5c51b"},
        {UUID_TX0, "db5b55e0-aee7-11e1-965e-0002a5d5c51b"},
        {UUID_TX1, "e0b8a060-aee7-11e1-92f4-0002a5d5c51b"},
        {UUID_TX2, "0ae12b00-aee8-11e1-a192-0002a5d5c51b"},
        {UUID_TX3, "10e1ba60-aee8-11e1-89e5-0002a5d5c51b"},
        {UUID_UNLOCK, "b305b680-aee7-11e1-a730-0002a5d5c51b"},
};
/* clang-format on */

const struct att_row *att_by_handle(const struct att_table *t, uint16_t handle) {
        for (size_t i = 0; i < t->n; i++)
                if (t->rows[i].handle == handle)
                        return &t->rows[i];
        return NULL;
}

const struct att_row *att_find(const struct att_table *t, enum att_kind kind, uint16_t uuid) {
        for (size_t i = 0; i < t->n; i++)
                if (t->rows[i].kind == kind && t->rows[i].uuid == uuid)
                        return &t->rows[i];
        return NULL;
}

const struct att_row *att_cccd(const struct att_table *t, uint16_t uuid) {
        return att_find(t, ATT_CCCD, uuid);
}

/* NULL: it is a short one. */
static const char *long_uuid(uint16_t uuid) {
        for (size_t i = 0; i < ELEMENTS(long_uuids); i++)
                if (long_uuids[i].id == uuid)
                        return long_uuids[i].text;
        return NULL;
}

size_t att_uuid(uint16_t uuid, uint8_t ret[ATT_UUID_MAX]) {
        const char *text = long_uuid(uuid);
        unsigned byte = 0;

        if (!text) {
                put16(ret, uuid);
                return 2;
        }
        for (size_t i = ATT_UUID_MAX; i > 0; text += 2) {
                text += *text == '-';
                sscanf(text, "%2x", &byte);
                ret[--i] = (uint8_t) byte;
        }
        return ATT_UUID_MAX;
}

const char *att_uuid_text(uint16_t uuid, char ret[ATT_UUID_TEXT]) {
        const char *text = long_uuid(uuid);

        if (text)
                snprintf(ret, ATT_UUID_TEXT, "%s", text);
        else
                snprintf(ret, ATT_UUID_TEXT, "0000%04x-0000-1000-8000-00805f9b34fb", uuid);
        return ret;
}
