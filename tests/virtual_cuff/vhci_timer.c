#include "vhci_timer.h"

#include <stdlib.h>
#include <time.h>

/* Left to itself the loop is up to 250 ms late; a connection event is not. */
#define ACCURACY_USEC 1

void timer_at(sd_event *event, sd_event_source **s, uint64_t usec, sd_event_time_handler_t fire,
              void *userdata) {
        if (usec == UINT64_MAX) {
                *s = sd_event_source_disable_unref(*s);
                return;
        }
        if (!*s) {
                if (sd_event_add_time(event, s, CLOCK_MONOTONIC, usec, ACCURACY_USEC, fire,
                                      userdata) < 0)
                        abort();
                return;
        }
        if (sd_event_source_set_time(*s, usec) < 0 ||
            sd_event_source_set_enabled(*s, SD_EVENT_ONESHOT) < 0)
                abort();
}
