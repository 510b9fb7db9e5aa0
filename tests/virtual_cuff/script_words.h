/* The words of one command line. */
#pragma once

#include "front.h"

enum { WORDS_MAX = 32 };

struct words {
        char *word[WORDS_MAX]; /* word[0] is the command */
        size_t n;
        const char *problem; /* NULL: carried out */
};

void words_split(struct words *w, char *line);
/* The value of "key=value", NULL if absent. */
const char *words_option(const struct words *w, const char *key);
/* The N of "key=N", 0x.. too; 0 if absent; 0 and a problem unless min (at least 1) <= N <= max. */
unsigned words_number(struct words *w, const char *key, unsigned min, unsigned max);
bool words_yes(const char *text); /* yes, on, true, 1 */
/* The nth (0: first) word after the command that is neither key=value nor an address; NULL. */
const char *words_plain(const struct words *w, size_t nth);
const char *words_address(const struct words *w); /* upper case; NULL if there is none */
/* The cuff with this upper case address; NULL. */
struct cuff *words_find_cuff(struct front *f, const char *address);
/* The cuff named by its address, or the only one there is; NULL sets the problem. */
struct cuff *words_cuff(struct words *w, struct front *f);
/* Which of the names that is; NULL among them is skipped. False: none. */
bool words_find(const char *const *names, size_t n, const char *name, unsigned *ret);
unsigned words_times(const struct words *w); /* times=N, default 1 */
