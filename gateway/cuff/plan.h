/* The whole plan of one session: the standard profile (driver_standard), then the memory if the
 * cuff has one (driver_omron), and the order of the two. */
#pragma once

#include "cuff/driver_omron.h"
#include "cuff/driver_standard.h"

struct plan_setup {
        bool may_set_clock;           /* by 2A2B */
        bool clock_wanted;            /* .. and it is to be, whatever it shows */
        bool is_described;            /* what the cuff is, is known */
        bool has_standard;            /* 2A35 is there */
        bool has_memory;              /* .. and may be read */
        bool listen;                  /* subscribe 2A35 on this cuff even though it has a memory */
        char model[DRIVER_TEXT_SIZE]; /* as it was read in an earlier session, or "" */
        struct driver_omron_setup memory; /* meaningful with has_memory; proved, clock_by_profile
                                           * are taken over; timing holds for both */
};

struct plan {
        struct plan_setup setup;
        struct driver_standard standard;
        struct driver_omron memory;
        unsigned stage;
        bool subscribed;            /* a subscription has succeeded: the session is collecting */
        bool hearing;               /* that of 2A35 has */
        bool heard;                 /* a 2A35 value came since the listening began */
        enum driver_verb asked;     /* last */
        struct driver_request last; /* what is said when all is over */
};

/* Without memory: driver_standard as it is. With it:
 *   - usually: 2A35, the other reads and the clock; then listen (timing.listen_usec, anew with each
 *     value); then the memory; then collect what still comes until the hang-up;
 *   - paired_now: reads first, the memory, and 2A35 last (a subscription before the key is
 *     programmed has upset classic cuffs; eigger/hass-omron, fairly sure).
 * Without `listen`, 2A35 is neither subscribed nor listened to. A refused 2A35 is fatal only
 * without a memory. A memory that cannot be opened is fatal only without 2A35: what the cuff sends
 * by itself is collected then. */
void plan_begin(struct plan *p, const struct plan_setup *setup);
void plan_next(struct plan *p, const struct driver_now *now, struct driver_request *ret);
void plan_reply(struct plan *p, const struct driver_now *now, int error, const uint8_t *value,
                size_t value_size);
/* As driver_standard_value; 0 also for the memory's notifications. */
int plan_value(struct plan *p, const struct driver_now *now, const char *uuid, const uint8_t *value,
               size_t value_size, struct measurement *ret);
void plan_elapsed(struct plan *p, const struct driver_now *now);
void plan_stop(struct plan *p);
