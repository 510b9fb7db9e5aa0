/* What a memory looks like, for a report about a cuff that nobody here understands: a file in
 * STATE_DIRECTORY/dumps, which the answer to the request device/dump only names. Without the values
 * of people unless they are wished for: settings are shown when they are settings by
 * their parity (birth dates never), records are only described. */
#pragma once

#include <stdbool.h>

#include "cuff/driver_omron.h"

struct cuff;
struct dump;

/* NULL: out of memory; the others take NULL. */
struct dump *dump_new(enum omron_stack stack, bool with_values);
void dump_free(struct dump *d);
void dump_add(struct dump *d, const struct driver_omron_block *block);
/* JSON on one line, to be freed; NULL when memory is out. */
char *dump_print(struct dump *d, const struct cuff *cuff);
/* The file, the event and the answer. */
void dump_deliver(struct cuff *cuff, const char *text);
/* It was asked for, and this cuff has no such memory. */
void dump_refuse(struct cuff *cuff);
