/* The tables of commands; each ends with {NULL, NULL}. */
#pragma once

#include "script_words.h"

struct script_command {
        const char *word;
        void (*run)(struct front *f, struct words *w); /* sets w->problem when it cannot */
};

extern const struct script_command script_cuff[], script_measure[], script_memory[];
extern const struct script_command script_front[]; /* what only this front end can do */
