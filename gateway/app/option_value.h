/* One value: from text into struct config, and back. */
#pragma once

#include <stdio.h>

#include "app/option_table.h"

/* `text` as in the environment or between the quotes of the file; URLS: one URL, appended.
 * 0; -EINVAL with `why`: the rest of a sentence that began with the option's name; -ENOMEM. */
int option_value_set(const struct option *o, const char *text, struct config *c,
                     char why[OPTION_WHY_SIZE]);
int option_value_set_default(const struct option *o, struct config *c);

/* Frees the value; TEXT is NULL, URLS is empty then. */
void option_value_clear(const struct option *o, struct config *c);

/* As the configuration file would have it; secrets as "(set)". */
void option_value_print(const struct option *o, const struct config *c, FILE *out);
void option_value_print_default(const struct option *o, FILE *out);

/* "a whole number from 1 to 65535", "one of \"auto\", \"5\", \"3.1.1\"" .. */
void option_value_describe(const struct option *o, char *ret, size_t size);
