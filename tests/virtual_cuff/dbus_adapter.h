/* Adapter1: its properties and discovery sessions per bus client. */
#pragma once

#include "dbus_daemon.h"

void adapter_export(struct daemon *d);
void adapter_unexport(struct daemon *d);
void adapter_changed(struct daemon *d, const char *name, ...) __attribute__((sentinel));
void adapter_pairable_changed(struct daemon *d); /* signals Pairable if it is another now */
bool adapter_is_pairable(const struct daemon *d);
void adapter_remove_device(struct device *dev);
