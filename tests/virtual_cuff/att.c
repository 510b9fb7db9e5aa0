#include "att.h"

/* clang-format off */
const struct att_row att_table[ATT_ROWS] = {
        {0x01, ATT_SERVICE, UUID_GAP, 0, false},
        {0x02, ATT_CHARACTERISTIC, UUID_DEVICE_NAME, ATT_READ, false},
        {0x03, ATT_VALUE, UUID_DEVICE_NAME, ATT_READ, false},
        {0x04, ATT_CHARACTERISTIC, UUID_APPEARANCE, ATT_READ, false},
        {0x05, ATT_VALUE, UUID_APPEARANCE, ATT_READ, false},
        {0x08, ATT_SERVICE, UUID_GATT, 0, false},
        {0x09, ATT_CHARACTERISTIC, UUID_SERVICE_CHANGED, ATT_INDICATE, false},
        {0x0A, ATT_VALUE, UUID_SERVICE_CHANGED, ATT_INDICATE, false},
        {0x0B, ATT_CCCD, UUID_SERVICE_CHANGED, ATT_INDICATE, false},
        {0x10, ATT_SERVICE, UUID_BLOOD_PRESSURE, 0, false},
        {0x11, ATT_CHARACTERISTIC, UUID_MEASUREMENT, ATT_INDICATE, false},
        {0x12, ATT_VALUE, UUID_MEASUREMENT, ATT_INDICATE, true},
        {0x13, ATT_CCCD, UUID_MEASUREMENT, ATT_INDICATE, true},
        {0x14, ATT_CHARACTERISTIC, UUID_INTERMEDIATE, ATT_NOTIFY, false},
        {0x15, ATT_VALUE, UUID_INTERMEDIATE, ATT_NOTIFY, true},
        {0x16, ATT_CCCD, UUID_INTERMEDIATE, ATT_NOTIFY, true},
        {0x17, ATT_CHARACTERISTIC, UUID_FEATURE, ATT_READ, false},
        {0x18, ATT_VALUE, UUID_FEATURE, ATT_READ, true},
        {0x20, ATT_SERVICE, UUID_BATTERY, 0, false},
        {0x21, ATT_CHARACTERISTIC, UUID_BATTERY_LEVEL, ATT_READ | ATT_NOTIFY, false},
        {0x22, ATT_VALUE, UUID_BATTERY_LEVEL, ATT_READ | ATT_NOTIFY, false},
        {0x23, ATT_CCCD, UUID_BATTERY_LEVEL, ATT_READ | ATT_NOTIFY, false},
        {0x30, ATT_SERVICE, UUID_DEVICE_INFORMATION, 0, false},
        {0x31, ATT_CHARACTERISTIC, UUID_MODEL, ATT_READ, false},
        {0x32, ATT_VALUE, UUID_MODEL, ATT_READ, false},
        {0x33, ATT_CHARACTERISTIC, UUID_SERIAL, ATT_READ, false},
        {0x34, ATT_VALUE, UUID_SERIAL, ATT_READ, false},
        {0x35, ATT_CHARACTERISTIC, UUID_FIRMWARE, ATT_READ, false},
        {0x36, ATT_VALUE, UUID_FIRMWARE, ATT_READ, false},
        {0x37, ATT_CHARACTERISTIC, UUID_HARDWARE, ATT_READ, false},
        {0x38, ATT_VALUE, UUID_HARDWARE, ATT_READ, false},
        {0x39, ATT_CHARACTERISTIC, UUID_MAKER, ATT_READ, false},
        {0x3A, ATT_VALUE, UUID_MAKER, ATT_READ, false},
        {0x40, ATT_SERVICE, UUID_CURRENT_TIME_SERVICE, 0, false},
        {0x41, ATT_CHARACTERISTIC, UUID_CURRENT_TIME, ATT_READ | ATT_WRITE | ATT_NOTIFY, false},
        {0x42, ATT_VALUE, UUID_CURRENT_TIME, ATT_READ | ATT_WRITE | ATT_NOTIFY, true},
        {0x43, ATT_CCCD, UUID_CURRENT_TIME, ATT_READ | ATT_WRITE | ATT_NOTIFY, true},
};
/* clang-format on */

const struct att_row *att_by_handle(uint16_t handle) {
        for (size_t i = 0; i < ATT_ROWS; i++)
                if (att_table[i].handle == handle)
                        return &att_table[i];
        return NULL;
}

const struct att_row *att_find(enum att_kind kind, uint16_t uuid) {
        for (size_t i = 0; i < ATT_ROWS; i++)
                if (att_table[i].kind == kind && att_table[i].uuid == uuid)
                        return &att_table[i];
        return NULL;
}

const struct att_row *att_cccd(uint16_t uuid) {
        return att_find(ATT_CCCD, uuid);
}
