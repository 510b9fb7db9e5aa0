/* The shape of the table of `cuff2mqtt history`: what fits beside each other, the bar, and the
 * terminal it is for. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "core/category.h"

#define HISTORY_COLUMNS  80 /* at most, and where nobody tells */
#define HISTORY_BAR_MAX  20
#define HISTORY_BAR_SIZE (HISTORY_BAR_MAX * 3 + 1)

struct history_screen {
        unsigned columns; /* 20 .. HISTORY_COLUMNS */
        bool colours, unicode;
};
/* Of `out`; takes the locale of this process for what characters are. */
struct history_screen history_screen(FILE *out);

/* What there is to show: widths of texts, in columns of the terminal; 0 leaves a column out. */
struct history_facts {
        unsigned cuff, user, category, marks;
};
/* Widths; 0: there is no room for this one. Time, pressures and pulse are always there. */
struct history_layout {
        unsigned gap, cuff, user, bar, category, marks;
};
struct history_layout history_layout(unsigned columns, const struct history_facts *facts);
unsigned history_layout_width(const struct history_layout *l); /* of a whole line */

#define HISTORY_BAR_LOW  40
#define HISTORY_BAR_HIGH 200
/* From the lower to the upper pressure on a scale of HISTORY_BAR_LOW to _HIGH mmHg, `width` columns
 * wide (1 .. HISTORY_BAR_MAX). Returns `ret`. */
const char *history_bar(int systolic_mmhg, int diastolic_mmhg, unsigned width, bool unicode,
                        char ret[HISTORY_BAR_SIZE]);

/* Columns a text takes; what the locale does not know as one character counts as one each. */
unsigned history_text_width(const char *text);
/* Exactly `width` columns: cut (with a mark) or padded. Without `unicode` only ASCII comes out. */
void history_print_text(FILE *out, const char *text, unsigned width, bool unicode);

/* The escape that colours a class, "" for one it does not know. From green to red by its place. */
const char *history_category_colour(enum category_scheme scheme, const char *word);
