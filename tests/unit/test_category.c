/* The classes of each scheme, as the guidelines print them: the value before and the value at every
 * threshold, for each pressure while the other one is low, and for both against each other. */
#include "check.h"

#include <limits.h>

#include "core/category.h"

#define LOW         0
#define CLASSES_MAX 6
#define NEVER       0 /* this pressure does not make the class */

/* The lowest value that makes a class, written down apart from the table that is tested. */
static const struct expected {
        const char *name;
        size_t n;
        struct {
                const char *word;
                int systolic, diastolic;
        } classes[CLASSES_MAX];
} expected[CATEGORY_SCHEME_MAX_] = {
        [CATEGORY_ACC_AHA] = {"acc_aha",
                              5,
                              {{"normal", NEVER, NEVER},
                               {"elevated", 120, NEVER},
                               {"stage_1", 130, 80},
                               {"stage_2", 140, 90},
                               {"crisis", 181, 121}}},
        [CATEGORY_ESC] = {"esc",
                          3,
                          {{"non_elevated", NEVER, NEVER},
                           {"elevated", 120, 70},
                           {"hypertension", 135, 85}}},
        [CATEGORY_ESH] = {"esh",
                          6,
                          {{"optimal", NEVER, NEVER},
                           {"normal", 120, 80},
                           {"high_normal", 130, 85},
                           {"grade_1", 140, 90},
                           {"grade_2", 160, 100},
                           {"grade_3", 180, 110}}},
};

static void schemes_and_classes_have_their_words_in_order(void) {
        for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++) {
                size_t n = 0;
                const char *const *words = category_words(s, &n);

                CHECK_STR(category_scheme_to_string(s), expected[s].name);
                CHECK_EQ(n, expected[s].n);
                for (size_t i = 0; i < n && i < expected[s].n; i++)
                        CHECK_STR(words[i], expected[s].classes[i].word);
        }
}

/* The class below `i` that this pressure alone can make. */
static const char *systolic_below(const struct expected *e, size_t i) {
        while (--i > 0 && e->classes[i].systolic == NEVER)
                ;
        return e->classes[i].word;
}

static const char *diastolic_below(const struct expected *e, size_t i) {
        while (--i > 0 && e->classes[i].diastolic == NEVER)
                ;
        return e->classes[i].word;
}

static void every_threshold_of_the_systolic_pressure(void) {
        for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++)
                for (size_t i = 1; i < expected[s].n; i++) {
                        int from = expected[s].classes[i].systolic;

                        CHECK(from != NEVER);
                        CHECK_STR(category_of(s, from, LOW), expected[s].classes[i].word);
                        CHECK_STR(category_of(s, from - 1, LOW), systolic_below(&expected[s], i));
                }
}

static void every_threshold_of_the_diastolic_pressure(void) {
        for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++)
                for (size_t i = 1; i < expected[s].n; i++) {
                        int from = expected[s].classes[i].diastolic;

                        if (from == NEVER)
                                continue;
                        CHECK_STR(category_of(s, LOW, from), expected[s].classes[i].word);
                        CHECK_STR(category_of(s, LOW, from - 1), diastolic_below(&expected[s], i));
                }
}

/* Each class of the one against each class of the other. */
static void of_two_classes_the_higher_one_counts(void) {
        for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++)
                for (size_t i = 0; i < expected[s].n; i++)
                        for (size_t k = 0; k < expected[s].n; k++) {
                                int systolic = expected[s].classes[i].systolic,
                                    diastolic = expected[s].classes[k].diastolic;
                                size_t higher = k > i && diastolic != NEVER ? k : i;

                                CHECK_STR(category_of(s, systolic, diastolic),
                                          expected[s].classes[higher].word);
                        }
}

static void as_the_guidelines_print_them(void) {
        static const struct {
                int systolic, diastolic;
                const char *word[CATEGORY_SCHEME_MAX_]; /* ACC/AHA, ESC, ESH */
        } cases[] = {
                {119, 69, {"normal", "non_elevated", "optimal"}},
                {119, 79, {"normal", "elevated", "optimal"}},
                {129, 79, {"elevated", "elevated", "normal"}},
                {129, 80, {"stage_1", "elevated", "normal"}},
                {134, 84, {"stage_1", "elevated", "high_normal"}},
                {137, 83, {"stage_1", "hypertension", "high_normal"}},
                {118, 91, {"stage_2", "hypertension", "grade_1"}},
                {165, 80, {"stage_2", "hypertension", "grade_2"}}, /* isolated systolic */
                {180, 120, {"stage_2", "hypertension", "grade_3"}},
                {181, 70, {"crisis", "hypertension", "grade_3"}},
                {110, 121, {"crisis", "hypertension", "grade_3"}},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++)
                        CHECK_STR(category_of(s, cases[i].systolic, cases[i].diastolic),
                                  cases[i].word[s]);
}

static void what_nobody_has_still_gets_a_word(void) {
        for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++) {
                const char *top = expected[s].classes[expected[s].n - 1].word;

                CHECK_STR(category_of(s, INT_MIN, INT_MIN), expected[s].classes[0].word);
                CHECK_STR(category_of(s, 0, 0), expected[s].classes[0].word);
                CHECK_STR(category_of(s, INT_MAX, INT_MAX), top);
        }
}

CHECK_MAIN("unit.category", TEST(schemes_and_classes_have_their_words_in_order),
           TEST(every_threshold_of_the_systolic_pressure),
           TEST(every_threshold_of_the_diastolic_pressure),
           TEST(of_two_classes_the_higher_one_counts), TEST(as_the_guidelines_print_them),
           TEST(what_nobody_has_still_gets_a_word))
