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

/* Their characteristics (the same sources; classic: all, modern: RX0, TX0 and the unlock). RX:
 * notify, from the cuff. TX: write, to the cuff. */
#define UUID_OMRON_RX0    "49123040-aee8-11e1-a74d-0002a5d5c51b"
#define UUID_OMRON_RX1    "4d0bf320-aee8-11e1-a0d9-0002a5d5c51b"
#define UUID_OMRON_RX2    "5128ce60-aee8-11e1-b84b-0002a5d5c51b"
#define UUID_OMRON_RX3    "560f1420-aee8-11e1-8184-0002a5d5c51b"
#define UUID_OMRON_TX0    "db5b55e0-aee7-11e1-965e-0002a5d5c51b"
#define UUID_OMRON_TX1    "e0b8a060-aee7-11e1-92f4-0002a5d5c51b"
#define UUID_OMRON_TX2    "0ae12b00-aee8-11e1-a192-0002a5d5c51b"
#define UUID_OMRON_TX3    "10e1ba60-aee8-11e1-89e5-0002a5d5c51b"
#define UUID_OMRON_UNLOCK "b305b680-aee7-11e1-a730-0002a5d5c51b" /* write and notify */
