/* UUIDs as BlueZ prints them. Bluetooth SIG assigned numbers unless another source is named. */
#pragma once

#define GATT_UUID16(x) "0000" x "-0000-1000-8000-00805f9b34fb"

#define UUID_BLOOD_PRESSURE_SERVICE     GATT_UUID16("1810")
#define UUID_BLOOD_PRESSURE_MEASUREMENT GATT_UUID16("2a35") /* indicate */
#define UUID_INTERMEDIATE_CUFF_PRESSURE GATT_UUID16("2a36") /* notify */
#define UUID_BLOOD_PRESSURE_FEATURE     GATT_UUID16("2a49") /* read */
#define UUID_BATTERY_SERVICE            GATT_UUID16("180f")
#define UUID_BATTERY_LEVEL              GATT_UUID16("2a19")
#define UUID_CURRENT_TIME_SERVICE       GATT_UUID16("1805")
#define UUID_CURRENT_TIME               GATT_UUID16("2a2b")
#define UUID_DEVICE_INFORMATION_SERVICE GATT_UUID16("180a")
#define UUID_MODEL_NUMBER               GATT_UUID16("2a24")
#define UUID_SERIAL_NUMBER              GATT_UUID16("2a25")
#define UUID_FIRMWARE_REVISION          GATT_UUID16("2a26")
#define UUID_HARDWARE_REVISION          GATT_UUID16("2a27")
#define UUID_MANUFACTURER_NAME          GATT_UUID16("2a29")

/* OMRON's memory services. Classic: seen in HEM-7155T, 7322T and more (userx14/omblepy, eigger/
 * hass-omron; sure). Modern: FE4A is SIG-registered to OMRON, seen in HEM-7155T-MW3 (sure). */
#define UUID_OMRON_CLASSIC_SERVICE "ecbe3980-c9a2-11e1-b1bd-0002a5d5c51b"
#define UUID_OMRON_MODERN_SERVICE  GATT_UUID16("fe4a")
