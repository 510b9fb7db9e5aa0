/* Words and shapes that the parts of `explain` share. */
#pragma once

#include <stdio.h>

#include "core/trace.h"

#define EXPLAIN_COLUMNS 78

/* `first`, then `text` in lines of at most EXPLAIN_COLUMNS; all but the first begin with `indent`
 * blanks. Nothing for "". */
void explain_wrap(FILE *f, const char *first, size_t indent, const char *text);

/* What a reason of Pairing Failed means, for people: one or two sentences. `by`: who sent it. */
const char *explain_reason_meaning(uint8_t reason, enum trace_side by);
/* "the cuff", "the host", "one of the two". */
const char *explain_side(enum trace_side side);
/* "failed: the cuff refused with Unspecified Reason (0x08)". Returns `ret`. */
#define EXPLAIN_ENDING_MAX 160
char *explain_ending(const struct trace_pairing *p, char ret[EXPLAIN_ENDING_MAX]);
