/* A one-shot timer on the event loop that is armed, moved and disarmed, and knows no more. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-event.h>

struct deadline {
        sd_event *event;         /* not owned */
        sd_event_source *source; /* kept from the beginning to the end */
        int64_t priority;
        void (*passed)(void *userdata);
        void *userdata;
};

/* Embedded: init once, done at the end. `passed` may arm the deadline again or free its owner.
 * The timer is made at once, because there may be no memory when it is needed; what fails here is
 * tried again when it is set. */
void deadline_init(struct deadline *d, sd_event *event, void (*passed)(void *userdata),
                   void *userdata);
void deadline_done(struct deadline *d);

/* Whatever else is due at the same time comes first, so that what came in together is dealt with
 * together. A loop that is never idle keeps it waiting. */
void deadline_give_way(struct deadline *d);

/* From now; replaces what was set. UINT64_MAX disarms. 0 or negative errno. */
int deadline_set_usec(struct deadline *d, uint64_t usec);
void deadline_clear(struct deadline *d);
bool deadline_is_set(const struct deadline *d);
