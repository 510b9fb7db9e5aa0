/* Whether systemd-timedated says that the system's clock is synchronised: for who may not ask the
 * kernel. It is not of BlueZ, but on the same bus, which starts it for the question. */
#pragma once

#include "bluez/bus.h"

struct bluez_timedate {
        struct bluez_bus *bus;
        sd_bus_slot *call;
        bool synchronised; /* the last answer; false before the first, and if nobody answers */
};

void bluez_timedate_init(struct bluez_timedate *t, struct bluez_bus *bus);
void bluez_timedate_done(struct bluez_timedate *t);

/* Does not block: until the answer is there the last one stands. Asked again meanwhile it is one
 * question. */
void bluez_timedate_ask(struct bluez_timedate *t);
