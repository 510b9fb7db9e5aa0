/* The rows of the table, one by one and by name. */
#pragma once

#include "check.h"
#include "core/omron_model.h"

#define FOREACH(m)                                                                                 \
        for (const struct omron_model *m = omron_models; m < omron_models + omron_model_count; m++)

static const struct omron_model *row(const char *id) {
        FOREACH (m)
                if (strcmp(m->id, id) == 0)
                        return m;
        printf("# no row of %s\n", id);
        exit(1);
}
