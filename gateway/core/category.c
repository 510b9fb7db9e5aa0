#include "core/category.h"

#include <assert.h>
#include <limits.h>

#define CLASSES_MAX 6
#define NEVER       INT_MAX /* this pressure alone does not make the class */

/* Each column is a class, from the lowest to the highest: its word, and from where on each of the
 * pressures makes it. Whole mmHg, so "above 180" is 181. */
struct scheme {
        const char *name;
        size_t n;
        const char *words[CLASSES_MAX];
        int systolic_mmhg[CLASSES_MAX], diastolic_mmhg[CLASSES_MAX];
};

/* clang-format off */

/* 2017 ACC/AHA/AAPA/ABC/ACPM/AGS/APhA/ASH/ASPC/NMA/PCNA guideline for high blood pressure in
 * adults: Whelton et al., Hypertension 2018;71(6):e13-e115. Table 6 (Categories of BP in Adults);
 * the crisis: section 11.2 (above 180 and/or 120). Office values. */
static const struct scheme acc_aha = {
        "acc_aha", 5,
        {"normal", "elevated", "stage_1", "stage_2", "crisis"},
        {0,        120,        130,       140,       181},
        {0,        NEVER,      80,        90,        121},
};

/* 2024 ESC guidelines for elevated blood pressure and hypertension: McEvoy et al., European Heart
 * Journal 2024;45(38):3912-4018. Section 6.1, figure 6, the rows for measuring at home (HBPM). */
static const struct scheme esc = {
        "esc", 3,
        {"non_elevated", "elevated", "hypertension"},
        {0,              120,        135},
        {0,              70,         85},
};

/* 2023 ESH guidelines for arterial hypertension: Mancia et al., Journal of Hypertension
 * 2023;41(12):1874-2071. The table of office pressures and grades. */
static const struct scheme esh = {
        "esh", 6,
        {"optimal", "normal", "high_normal", "grade_1", "grade_2", "grade_3"},
        {0,         120,      130,           140,       160,       180},
        {0,         80,       85,            90,        100,       110},
};

static const struct scheme *const schemes[CATEGORY_SCHEME_MAX_] = {
        [CATEGORY_ACC_AHA] = &acc_aha,
        [CATEGORY_ESC] = &esc,
        [CATEGORY_ESH] = &esh,
};
/* clang-format on */

static const struct scheme *scheme_at(enum category_scheme scheme) {
        assert(scheme < CATEGORY_SCHEME_MAX_);
        return schemes[scheme];
}

const char *category_scheme_to_string(enum category_scheme scheme) {
        return scheme_at(scheme)->name;
}

const char *category_of(enum category_scheme scheme, int systolic_mmhg, int diastolic_mmhg) {
        const struct scheme *s = scheme_at(scheme);
        size_t i = s->n - 1;

        while (i > 0 && systolic_mmhg < s->systolic_mmhg[i] &&
               diastolic_mmhg < s->diastolic_mmhg[i])
                i--;
        return s->words[i];
}

const char *const *category_words(enum category_scheme scheme, size_t *ret_n) {
        const struct scheme *s = scheme_at(scheme);

        *ret_n = s->n;
        return s->words;
}
