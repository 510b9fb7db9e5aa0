/* The world as the command language sees it here: one controller and the cuffs in its reach. */
#pragma once

#include <systemd/sd-event.h>

#include "front.h"
#include "vhci_device.h"
#include "vhci_scan.h"

struct front {
        sd_event *event;
        const char *device_path;
        struct device device;
        struct smp_address address, random_address;

        struct scan scan;
        struct link *links;
        struct vhci_cuff *cuffs;

        uint16_t interval;     /* of links, in 1.25 ms; 0: what the host asks for */
        unsigned no_establish; /* so many connections to come are not established */
};
