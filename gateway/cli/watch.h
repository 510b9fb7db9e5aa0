/* What `cuff2mqtt watch` says: a line for each measurement and each event. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#include "cli/cuff_word.h"
#include "core/category.h"

struct watch_view {
        FILE *out;
        unsigned columns;
        bool colours;
        enum category_scheme scheme;
        const struct cuff_named *cuffs; /* those that are known */
        size_t n_cuffs;
};

/* `m`, `event`: as on the event topics, texts harmless already; what they lack or have wrong is not
 * said; nothing at all is no line. `now`: local ISO 8601. */
void watch_measurement(const struct watch_view *v, const cJSON *m, const char *now);
void watch_event(const struct watch_view *v, const cJSON *event, const char *now);
/* A sentence that is neither. */
void watch_say(const struct watch_view *v, const char *now, const char *sentence);
