/* The table of `cuff2mqtt cuffs`: what there is to say of each cuff, and how it is laid out. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

enum cuffs_column {
        CUFFS_NAME,
        CUFFS_MODEL,
        CUFFS_ADDRESS,
        CUFFS_BATTERY,
        CUFFS_SEEN,
        CUFFS_SYNC,
        CUFFS_STATE,
        CUFFS_USERS,
        CUFFS_COLUMNS,
};

#define CUFFS_CELL_SIZE 256

struct cuffs_row {
        char cell[CUFFS_COLUMNS][CUFFS_CELL_SIZE];
        char trouble[512]; /* a sentence; "" none */
        bool battery_low;
};

/* `cuff`: of bridge/devices; `state`: of its own topic, NULL: not known. Texts are harmless
 * already. `now`: local ISO 8601. `online`: the service is there, so that what it does is true. */
void cuffs_row(const cJSON *cuff, const cJSON *state, const char *now, bool online,
               struct cuffs_row *ret);
/* A table where `columns` are enough for it, else a block of lines for each cuff. */
void cuffs_print(FILE *out, const struct cuffs_row *rows, size_t n, unsigned columns, bool unicode,
                 bool colours);
