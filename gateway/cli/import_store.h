/* Private to the import: rows of a file into the database. */
#pragma once

#include "cli/import_parse.h"
#include "cli/progress.h"
#include "store/store.h"

struct import_count {
        size_t fresh, known; /* written; in the database already */
        size_t of_another;   /* of the known ones: there they are another user's */
};

/* The rows go in oldest first, whatever their order was, each at the time that the process's zone
 * gives. `count` is right also when it failed in between: what was written stays, and is known the
 * next time. 0 or negative errno. */
int import_store_rows(struct store *s, const struct bdaddr *cuff, struct import_row *rows, size_t n,
                      struct progress *progress, struct import_count *count);
