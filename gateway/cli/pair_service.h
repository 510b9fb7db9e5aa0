/* What the files of pair_service.c share: asking and hearing there, waiting in pair_service_wait.c.
 */
#pragma once

#include "cli/guest.h"
#include "cli/pair.h"

/* What for. */
enum wait {
        WAIT_BROKER,
        WAIT_ANSWER,
        WAIT_BACK,   /* broker or service: one of them went away while the window was open */
        WAIT_ENDING, /* the window is closed: the event that tells how */
        WAIT_CLOSED,
};

struct service {
        struct pair *pair;
        struct guest guest;
        enum wait wait;
        struct deadline patience; /* for that */
        struct deadline bound;    /* the latest time of an ending, whatever is heard or not */
        char closing_transaction[GUEST_TOKEN_SIZE + 8], trouble[512];
        bool asked, answered, offline, closing, finishing;
        bool end_told; /* of the window */
};

void service_wait_init(struct service *s);
void service_wait_done(struct service *s);
/* Set once for each `what`: news of the same trouble give no more time. */
void service_wait(struct service *s, enum wait what);
/* An ending comes, whatever is heard or not: soon after the window's end, after the bond when
 * nothing was told for long. For each event. */
void service_wait_for_end(struct service *s);
