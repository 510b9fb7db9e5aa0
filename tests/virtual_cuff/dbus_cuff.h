/* Puts a cuff behind a device: what it does by itself reaches bluetoothd. */
#pragma once

#include "dbus_daemon.h"

struct device *dbus_cuff_new(struct daemon *d, const char *address);
