/* The link to a device as the kernel has it: bluetoothd does not say whether it is encrypted, and
 * passes on what comes before it is. Asked of the kernel's list of connections, for which nobody
 * needs a right. */
#pragma once

#include "bluez/adapter.h"
#include "core/bdaddr.h"

enum bluez_link {
        BLUEZ_LINK_UNKNOWN, /* the kernel cannot be asked (a container, another machine's
                               bluetoothd) */
        BLUEZ_LINK_NONE,    /* there is none any more */
        BLUEZ_LINK_PLAIN,
        BLUEZ_LINK_ENCRYPTED,
};

/* Now. Does not block. */
enum bluez_link bluez_link_look(const struct bluez_adapter_info *adapter,
                                const struct bdaddr *device);
