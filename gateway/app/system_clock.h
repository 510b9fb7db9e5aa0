/* Whether the system's clock is right enough to set a cuff's: the owner's word (option
 * system_clock), else the kernel's; where it must not be asked (systemd's ProtectClock=), that of
 * systemd-timedated, which may ask it. */
#pragma once

#include <stdbool.h>

#include "app/config.h"
#include "bluez/timedate.h"

struct system_clock {
        enum config_system_clock policy;
        struct bluez_timedate timedate;
};

/* Asks at once, if need be. */
void system_clock_init(struct system_clock *s, enum config_system_clock policy,
                       struct bluez_bus *bus);
void system_clock_done(struct system_clock *s);

/* As far as is known now. Nobody knows: false. */
bool system_clock_is_right(const struct system_clock *s);
/* To be called some time before that is wanted to know. True: it is another's word that counts, who
 * is asked; the answer comes with the loop. */
bool system_clock_ask(struct system_clock *s);
