/* The database of the service, for an import alone. Exit codes; unless it is EXIT_CODE_OK a
 * sentence with the remedy was said. */
#pragma once

#include "core/bdaddr.h"
#include "store/store.h"

/* Nothing is made where none is. `words`: this command, for owner_command(). */
int import_open(const char *directory, const char *const *words, struct store **ret);
/* Whether the gateway knows it. */
int import_check_cuff(struct store *s, const struct bdaddr *cuff);
