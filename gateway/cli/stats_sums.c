#include "cli/stats_sums.h"

#include <string.h>

enum stats_time stats_time_of(unsigned hour) {
        if (hour >= 5 && hour < 12)
                return STATS_MORNING;
        return hour >= 17 && hour < 24 ? STATS_EVENING : STATS_OTHER;
}

static void add_value(struct stats_value *v, int value) {
        if (v->n == 0 || value < v->lowest)
                v->lowest = value;
        if (v->n == 0 || value > v->highest)
                v->highest = value;
        v->n++;
        v->sum += (uint64_t) (value > 0 ? value : 0);
}

static void add_set(struct stats_set *s, const struct measurement *m) {
        add_value(&s->systolic, m->systolic_mmhg);
        add_value(&s->diastolic, m->diastolic_mmhg);
        if (m->pulse_bpm.known)
                add_value(&s->pulse, m->pulse_bpm.value);
}

void stats_sums_add(struct stats_sums *s, const struct measurement *m, bool clock_ok, unsigned hour,
                    enum category_scheme scheme) {
        size_t n;
        const char *const *words = category_words(scheme, &n);
        const char *word = category_of(scheme, m->systolic_mmhg, m->diastolic_mmhg);

        add_set(&s->all, m);
        if (clock_ok)
                add_set(&s->at[stats_time_of(hour)], m);
        else
                s->without_clock++;
        for (size_t i = 0; i < n && i < STATS_CATEGORIES_MAX; i++)
                s->category[i] += strcmp(words[i], word) == 0;
}

static uint64_t divide(uint64_t a, uint64_t b) {
        return b > 0 ? (a + b / 2) / b : 0;
}

uint64_t stats_mean(const struct stats_value *v) {
        return divide(v->sum, v->n);
}

uint64_t stats_mean_tenths(const struct stats_value *v) {
        return divide(v->sum * 10, v->n);
}

unsigned stats_percent(uint64_t part, uint64_t all) {
        return (unsigned) divide(part * 100, all);
}

unsigned stats_permille(uint64_t part, uint64_t all) {
        return (unsigned) divide(part * 1000, all);
}
