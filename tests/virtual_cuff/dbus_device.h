/* Device1 objects: their properties, their coming and going. */
#pragma once

#include "dbus_daemon.h"

struct device *device_new(struct daemon *d, const char *address, struct cuff *cuff);
void device_place(struct device *dev); /* the path below its adapter, before it is exported */
void device_free(struct device *dev);
struct device *device_by_address(struct daemon *d, const char *address);
/* By the path of the object or of one below it. */
struct device *device_by_path(struct daemon *d, const char *path);

void device_export(struct device *dev);   /* InterfacesAdded */
void device_unexport(struct device *dev); /* InterfacesRemoved, of all below it too */
/* bluetoothd or the adapter goes or comes: silently forgets all that is not on disk. */
void device_reset(struct device *dev);

/* PropertiesChanged of Device1; names end with NULL. */
void device_changed(struct device *dev, const char *name, ...) __attribute__((sentinel));

/* One timer of its kind at a time; setting it again moves it. `usec` is relative. */
void device_timer(struct device *dev, enum device_timer timer, uint64_t usec,
                  void (*fire)(struct device *dev));
bool device_timer_runs(const struct device *dev, enum device_timer timer);
void device_timer_stop(struct device *dev, enum device_timer timer);

/* Heard in an advertisement: what a scan may show. */
void device_heard(struct device *dev, int16_t rssi, const uint8_t *data, size_t size,
                  bool data_signal, bool rssi_signal);
void device_unheard(struct device *dev); /* nobody scans any more */

bool device_has_service(const struct device *dev,
                        const char *uuid); /* as bluetoothd knows it now */
