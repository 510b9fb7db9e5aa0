#include "base/nearest.h"

#include <stdint.h>
#include <string.h>

static size_t least(size_t a, size_t b, size_t c) {
        size_t m = a < b ? a : b;

        return m < c ? m : c;
}

/* Levenshtein's distance, one row at a time. Both words are shorter than NEAREST_SIZE. */
static size_t distance(const char *a, const char *b) {
        size_t n = strlen(b), row[NEAREST_SIZE];

        for (size_t j = 0; j <= n; j++)
                row[j] = j;
        for (size_t i = 0; a[i]; i++) {
                size_t diagonal = row[0];

                row[0] = i + 1;
                for (size_t j = 0; j < n; j++) {
                        size_t above = row[j + 1];

                        row[j + 1] = least(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
                        diagonal = above;
                }
        }
        return row[n];
}

void nearest_init(struct nearest *n, const char *word) {
        *n = (struct nearest){.word = word, .distance = SIZE_MAX};
}

void nearest_offer(struct nearest *n, const char *candidate) {
        size_t d;

        if (strlen(n->word) >= NEAREST_SIZE || strlen(candidate) >= NEAREST_SIZE)
                return;
        d = distance(n->word, candidate);
        if (d >= n->distance)
                return;
        n->distance = d;
        strcpy(n->best, candidate);
}

const char *nearest_best(const struct nearest *n) {
        return n->distance <= 1 + strlen(n->word) / 2 ? n->best : NULL;
}
