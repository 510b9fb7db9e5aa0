/* The world as the command language sees it here: bluetoothd, and the cuffs behind its devices. */
#pragma once

#include "dbus_daemon.h"
#include "front.h"

struct front {
        struct daemon daemon;
};

/* The device that this cuff stands behind. */
struct device *front_device(const struct cuff *c);
