/* The tables of commands; each ends with {NULL, NULL}. */
#pragma once

#include "script_words.h"

struct script_command {
        const char *word;
        void (*run)(struct daemon *d, struct words *w); /* sets w->problem when it cannot */
};

extern const struct script_command script_world[], script_cuff[], script_measure[];

void upper_case(char *ret, size_t size, const char *address);
