#include "base/deadline.h"

#include <time.h>

void deadline_init(struct deadline *d, sd_event *event, void (*passed)(void *userdata),
                   void *userdata) {
        *d = (struct deadline){.event = event, .passed = passed, .userdata = userdata};
        if (deadline_set_usec(d, 1000000) >= 0)
                deadline_clear(d);
}

void deadline_give_way(struct deadline *d) {
        d->priority = SD_EVENT_PRIORITY_IDLE;
        if (d->source)
                sd_event_source_set_priority(d->source, d->priority);
}

void deadline_done(struct deadline *d) {
        d->source = sd_event_source_disable_unref(d->source);
}

static int on_time(sd_event_source *source, uint64_t usec, void *userdata) {
        struct deadline *d = userdata;

        d->passed(d->userdata); /* last: the owner may have freed d; sd-event keeps the source */
        return 0;
}

static int make(struct deadline *d, uint64_t usec, uint64_t late_usec) {
        int r = sd_event_add_time_relative(d->event, &d->source, CLOCK_MONOTONIC, usec, late_usec,
                                           on_time, d);

        return r < 0 ? r : sd_event_source_set_priority(d->source, d->priority);
}

int deadline_set_usec(struct deadline *d, uint64_t usec) {
        /* A twentieth late at most, so that wake-ups can be shared; 0 would mean 250 ms. */
        uint64_t late_usec = usec / 20 + 1;
        int r;

        if (usec == UINT64_MAX) {
                deadline_clear(d);
                return 0;
        }
        if (!d->source)
                return make(d, usec, late_usec);
        r = sd_event_source_set_time_relative(d->source, usec);
        if (r >= 0)
                r = sd_event_source_set_time_accuracy(d->source, late_usec);
        return r < 0 ? r : sd_event_source_set_enabled(d->source, SD_EVENT_ONESHOT);
}

void deadline_clear(struct deadline *d) {
        if (d->source)
                sd_event_source_set_enabled(d->source, SD_EVENT_OFF);
}

bool deadline_is_set(const struct deadline *d) {
        return d->source && sd_event_source_get_enabled(d->source, NULL) > 0;
}
