/* One-shot timers of the loop, on the monotonic clock. */
#pragma once

#include <systemd/sd-event.h>

/* Sets or moves the timer in *s; UINT64_MAX: off. */
void timer_at(sd_event *event, sd_event_source **s, uint64_t usec, sd_event_time_handler_t fire,
              void *userdata);
