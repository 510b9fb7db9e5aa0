/* Which class a guideline puts a pair of pressures into. A word for lists and charts, never a
 * diagnosis: one measurement diagnoses nothing. The thresholds, each with its source, stand in
 * category.c and docs/categories.md. */
#pragma once

#include <stddef.h>

enum category_scheme {
        CATEGORY_ACC_AHA, /* ACC/AHA 2017 */
        CATEGORY_ESC,     /* ESC 2024, its values for measuring at home */
        CATEGORY_ESH,     /* ESH 2023 */
        CATEGORY_SCHEME_MAX_,
};

const char *category_scheme_to_string(enum category_scheme scheme); /* "acc_aha" "esc" "esh" */

/* "stage_1": one of category_words(). If the two pressures are in different classes the higher one
 * counts. Never NULL. */
const char *category_of(enum category_scheme scheme, int systolic_mmhg, int diastolic_mmhg);
/* The classes of a scheme from the lowest to the highest; `*ret_n` of them. */
const char *const *category_words(enum category_scheme scheme, size_t *ret_n);
