/* What the language says about the memory of OMRON's protocol, beside its own commands. */
#pragma once

#include "script_words.h"

enum { SCRIPT_SHOW_MAX = 256 };

/* memory=KIND of a new cuff; sets the problem. */
void script_describe_memory(struct cuff *c, struct words *w);
/* A measurement into the ring; a text when that is not possible. */
const char *script_measure_memory(struct cuff *c, struct words *w, const struct record *r,
                                  unsigned user);
/* A record as it is. */
void script_remember(struct cuff *c, unsigned user, const uint8_t *record);
/* What a record says whose cuff was never set. */
struct wall_time script_time_unset(void);
/* " memory=.. count1=.."; "" for a cuff without. */
const char *script_show_memory(const struct cuff *c, char ret[SCRIPT_SHOW_MAX]);

/* HEX of at most `most` bytes; NULL is none. */
bool script_hex(const char *hex, size_t most, uint8_t *ret, size_t *ret_size);
