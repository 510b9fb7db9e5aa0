/* The words of one command line. */
#pragma once

#include "dbus_daemon.h"

enum { WORDS_MAX = 32 };

struct words {
        const char *word[WORDS_MAX]; /* word[0] is the command */
        size_t n;
        const char *problem; /* NULL: carried out */
};

void words_split(struct words *w, char *line);
/* The value of "key=value", NULL if absent. */
const char *words_option(const struct words *w, const char *key);
bool words_yes(const char *text); /* yes, on, true, 1 */
/* The nth (0: first) word after the command that is neither key=value nor an address; NULL. */
const char *words_plain(const struct words *w, size_t nth);
const char *words_address(const struct words *w);
/* The cuff named by its address, or the only one there is; NULL sets the problem. */
struct device *words_cuff(struct words *w, struct daemon *d);
unsigned words_times(const struct words *w); /* times=N, default 1 */
