/* "Did you mean ..?": the known word nearest to a mistyped one. Offer the candidates one by one. */
#pragma once

#include <stddef.h>

#define NEAREST_SIZE 64 /* longest word that is looked at, with NUL */

struct nearest {
        const char *word;
        char best[NEAREST_SIZE];
        size_t distance; /* of `best`; SIZE_MAX when there is none */
};

void nearest_init(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *candidate); /* the first of equals stays */

/* NULL when even the nearest is so far away that naming it would be a riddle. */
const char *nearest_best(const struct nearest *n);
