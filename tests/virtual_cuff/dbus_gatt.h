/* GattService1 and GattCharacteristic1 objects, operations on them, notify sessions per bus client.
 */
#pragma once

#include "dbus_daemon.h"

void gatt_export(struct device *dev);   /* once services are resolved */
void gatt_unexport(struct device *dev); /* with the device */
void gatt_forget(struct device *dev);   /* bluetoothd is gone: no signals */

/* bluetoothd enables what it wants and what its clients had enabled before. */
void gatt_link_ready(struct device *dev);
void gatt_link_refused(struct device *dev); /* the keys: what is to be enabled waits in vain */
void gatt_link_ended(struct device *dev);
void gatt_security_changed(struct device *dev, bool failed); /* operations that waited go on */
void gatt_indication(struct device *dev, uint16_t handle, const uint8_t *value, size_t size);
void gatt_client_left(struct daemon *d, const char *owner);
bool gatt_client_uses(const struct device *dev, const char *owner);
