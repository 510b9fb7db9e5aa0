/* Where commands come from: a script file, then stdin. And the loop that waits for them. */
#pragma once

#include <systemd/sd-event.h>

#include "front.h"

struct input { /* lives as long as the loop */
        struct front *front;
        char line[1024]; /* the line that is still coming in on stdin */
        size_t n;
};

/* A loop that ends by SIGTERM or SIGINT and carries out what comes in on stdin; the end of stdin
 * does not end it. 0 or negative errno. */
int input_open(struct input *in, struct front *f, sd_event **ret);
/* The wall clock of the cuffs' owners, as cuff_host.local_time wants it. */
int64_t input_local_time(void *owner);
/* Carries out a whole file; 0 or negative errno. */
int input_script(struct front *f, const char *path);
