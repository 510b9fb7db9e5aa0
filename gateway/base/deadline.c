#include "base/deadline.h"

#include <time.h>

void deadline_init(struct deadline *d, sd_event *event, void (*passed)(void *userdata),
                   void *userdata) {
        *d = (struct deadline){.event = event, .passed = passed, .userdata = userdata};
}

void deadline_done(struct deadline *d) {
        deadline_clear(d);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata) {
        struct deadline *d = userdata;

        deadline_clear(d);      /* one shot; sd-event keeps the source alive until we return */
        d->passed(d->userdata); /* last: the owner may have freed d */
        return 0;
}

int deadline_set_usec(struct deadline *d, uint64_t usec) {
        sd_event_source *source = NULL;
        int r;

        if (usec != UINT64_MAX) {
                /* A twentieth late at most, so that wake-ups can be shared; 0 would mean 250 ms. */
                r = sd_event_add_time_relative(d->event, &source, CLOCK_MONOTONIC, usec,
                                               usec / 20 + 1, on_time, d);
                if (r < 0)
                        return r;
        }
        deadline_clear(d);
        d->source = source;
        return 0;
}

void deadline_clear(struct deadline *d) {
        d->source = sd_event_source_disable_unref(d->source);
}

bool deadline_is_set(const struct deadline *d) {
        return d->source;
}
