/* The driver for any cuff of the Bluetooth Blood Pressure Profile: subscribe 2A35, read 2A19, what
 * the cuff is (2A49, 2A24, 2A25, 2A26, 2A27, 2A29) and 2A2B, set the clock if it needs it, collect
 * until the hang-up. The subscription comes first, so that no indication is missed. Everything but
 * 2A35 is optional. */
#pragma once

#include "cuff/driver.h"

struct driver_standard {
        unsigned step;      /* index into the plan */
        bool may_set_clock; /* given at begin */
        bool clock_wanted;  /* to be set whatever it shows; set by the owner after begin */
        bool is_described;  /* .. as well: what the cuff is was read before, and is left out */
        bool misread;       /* .. could not be read this time */
        int error;          /* why the plan ended early, or 0 */
        struct driver_facts facts;
};

/* A new session. `may_set_clock`: the option is on and the cuff has not refused before. */
void driver_standard_begin(struct driver_standard *d, bool may_set_clock);

/* The same without the subscription: what there is to read, and the clock. */
void driver_standard_begin_reading(struct driver_standard *d, bool may_set_clock);

/* What to do now. The same answer until driver_standard_reply() is called. Clock writes are due
 * when the clock was unset or drifted by more than 60 s (or the setting is wanted) and `now` is
 * synchronised. */
void driver_standard_next(struct driver_standard *d, const struct driver_now *now,
                          struct driver_request *ret);

/* How the last request ended. error: 0, or negative errno: -ENOENT no such characteristic, -EACCES
 * refused, -EPERM not encrypted, -ENOTCONN link gone, -EIO anything else. `value` for READ only. */
void driver_standard_reply(struct driver_standard *d, const struct driver_now *now, int error,
                           const uint8_t *value, size_t value_size);

/* A value the cuff sent by itself. 1: `ret` is a measurement. 0: understood, nothing to keep (2A36,
 * battery). Negative: -EBADMSG, -ENODATA, -ERANGE as the decoders say (keep the raw bytes);
 * -ENOTSUP a characteristic this driver does not know. */
int driver_standard_value(struct driver_standard *d, const char *uuid, const uint8_t *value,
                          size_t value_size, struct measurement *ret);
