/* How cuffs are noticed: GattProfile1 auto-connect, or filtered discovery when that cannot be had
 * or an option says so; and the one discovery session that pairing and fall-back share. */
#pragma once

#include <stdbool.h>

#include "base/deadline.h"
#include "bluez/monitor.h"
#include "bluez/profile.h"

struct collector;

struct wake {
        struct collector *collector;
        struct bluez_profile *profile;
        struct bluez_monitor *monitor; /* while a pairing window is open */
        bool arm_due;                  /* cuffs that rested may be armed again */
        bool arming;
        bool fell_back; /* RegisterApplication failed: discovery instead */
        bool scanning;  /* our discovery runs */
        bool filtered;  /* .. with the UUID filter */
        bool scan_busy; /* a start or stop is under way */
        struct deadline scan_retry, arm_retry;
        unsigned scan_failures;
};

int wake_init(struct wake *w, struct collector *c);
void wake_done(struct wake *w);

void wake_adapter_on(struct wake *w);
void wake_adapter_off(struct wake *w);
/* Arm every cuff that is not resting; put off while a session is under way. */
void wake_arm(struct wake *w);
/* Brings arming and discovery in line with what sessions and the pairing window want now. */
void wake_update(struct wake *w);
bool wake_is_armed(const struct wake *w);
/* Orderly stop: the cuffs are disconnected; leave the kernel alone from now on. */
void wake_stop(struct wake *w);
