/* What people call a cuff on the command line: its name, its id, its address, or how one of these
 * begins. */
#pragma once

#include <stddef.h>

#include "core/bdaddr.h"

#define CUFF_WORD_NAME_SIZE 72 /* of 63 bytes, and what makes it one of its own */

struct cuff_named {
        struct bdaddr address;
        char name[CUFF_WORD_NAME_SIZE]; /* harmless to a terminal; "" none */
};

/* Those of one name (of one model, where nobody named them) get the end of their address behind it:
 * "Kitchen 91:B5". */
void cuff_word_distinguish(struct cuff_named *cuffs, size_t n);

enum cuff_word_match { CUFF_WORD_IS_NOT, CUFF_WORD_BEGINS, CUFF_WORD_IS };
/* Whether `word` is `name`, or begins it; upper and lower case are the same. "" is nobody's name,
 * and begins none. */
enum cuff_word_match cuff_word_match(const char *word, const char *name);

/* How many of them it means; names that are the whole word count before beginnings. 1: `*ret_place`
 * is its place. */
size_t cuff_word_find(const char *word, const struct cuff_named *cuffs, size_t n,
                      size_t *ret_place);
/* Says on stderr that the word meant `matches` of them (not one), and which there are; returns
 * EXIT_CODE_USAGE. */
int cuff_word_refuse(const char *command, const char *word, size_t matches,
                     const struct cuff_named *cuffs, size_t n);
/* "These are known:", each on a line, on stderr. */
void cuff_word_list(const struct cuff_named *cuffs, size_t n);
