/* Private to the import: one layout of an export each. `text` has no byte order mark any more;
 * text[n] is a NUL. What the functions do: import_detect(), import_parse(). */
#pragma once

#include "cli/import_fields.h"

bool import_omblepy_is(const char *text, size_t n);
int import_omblepy_parse(const char *text, size_t n, const struct import_events *events,
                         void *owner, const char **ret_why);

bool import_obpm_is(const char *text, size_t n);
int import_obpm_parse(const char *text, size_t n, const struct import_events *events, void *owner,
                      const char **ret_why);

bool import_ubpm_is(const char *text, size_t n);
int import_ubpm_parse(const char *text, size_t n, const struct import_events *events, void *owner,
                      const char **ret_why);
