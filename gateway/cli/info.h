/* What `cuff2mqtt info` shows of the gateway. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

/* `info`, `health`: as on their topics, NULL: not heard; texts are harmless already. `running`: the
 * service is there; else what they say was. `n_cuffs`: how many it knows. */
void info_print(FILE *out, const cJSON *info, const cJSON *health, bool running, size_t n_cuffs,
                unsigned columns);
