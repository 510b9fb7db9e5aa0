/* Everything that can be known of an attempt, likely or not: what must hold of each guess. */
#include "pairing_guess_case.h"

static void check_text(const char *text) {
        size_t n = strnlen(text, VERDICT_EVIDENCE_MAX);

        CHECK(n < VERDICT_EVIDENCE_MAX - 1); /* longer may have been cut */
        if (n == 0 || n >= VERDICT_EVIDENCE_MAX)
                return;
        CHECK((text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= '1' && text[0] <= '9'));
        CHECK(text[n - 1] == '.' && text[n - 2] != '.');
        CHECK(strstr(text, "  ") == NULL);
        for (size_t i = 0; i < n; i++)
                CHECK(text[i] >= ' ' && text[i] <= '~');
}

static bool is_told_by_the_air(enum pairing_end end) {
        return end != PAIRING_END_NOT_HEARD && end != PAIRING_END_NO_REPLY;
}

static void check_guess(const struct pairing_facts *f) {
        bool seen[PAIRING_CAUSE_MAX_] = {false};
        enum pairing_certainty certainty = (enum pairing_certainty) 99;
        struct verdict v;

        memset(&v, 0xa5, sizeof v);
        pairing_guess(f, &v, &certainty);
        CHECK(certainty <= PAIRING_SURE);
        CHECK(v.n > 0 && v.n <= VERDICT_CAUSES_MAX && v.n_ruled_out <= VERDICT_CAUSES_MAX);
        if (check_failed)
                return;
        CHECK(certainty != PAIRING_SURE || v.n == 1);
        for (size_t i = 0; i < v.n + v.n_ruled_out; i++) {
                const struct verdict_cause *c = i < v.n ? &v.cause[i] : &v.ruled_out[i - v.n];
                bool told = strstr(c->evidence_for, TRACE_IT) != NULL;

                CHECK(c->cause < PAIRING_CAUSE_MAX_ && !seen[c->cause]);
                seen[c->cause] = true;
                check_text(c->evidence_for);
                check_text(c->evidence_against);
                CHECK(i < v.n ? c->evidence_for[0] : c->evidence_against[0]);
                CHECK_EQ(told, i == 0 && certainty != PAIRING_SURE && is_told_by_the_air(f->end));
                CHECK(c->cause != PAIRING_CAUSE_IDENTITY_KEY_WANTED || (i > 0 && i == v.n - 1));
        }
        if (f->agent_asked && f->agent_agreed)
                CHECK(v.n_ruled_out > 0 || f->end == PAIRING_END_NOT_HEARD ||
                      f->end == PAIRING_END_NO_KEYS || f->end == PAIRING_END_NO_REPLY);
}

/* BlueZ ends the same story in one of three ways, by timing: the guess must not depend on it. */
static void check_that_timing_does_not_matter(struct pairing_facts f) {
        char first[1024];

        f.end = PAIRING_END_FAILED;
        snprintf(first, sizeof first, "%s", guess_as_text(&f));
        f.end = PAIRING_END_CANCELED;
        GUESS(f, first);
        f.end = PAIRING_END_LINK_FELL;
        GUESS(f, first);
}

static const int64_t usecs[] = {-1,         0,      180 * MS, 2 * S,  2 * S + 1,
                                25 * S - 1, 25 * S, 59999999, 61 * S, INT64_MAX};
static const int64_t ages[] = {-1, 0, 999 * MS, 5 * S, 5 * S + 1, INT64_MAX};
static const unsigned failures[] = {0, 1, 2, UINT32_MAX};

#define COUNT(array)  (sizeof array / sizeof array[0])
#define ONE_OF(array) array[take(&rest, COUNT(array))]

static unsigned take(unsigned *rest, unsigned n) {
        unsigned one = *rest % n;

        *rest /= n;
        return one;
}

#define ALL                                                                                        \
        (PAIRING_END_MAX_ * PAIRING_RUNG_MAX_ * 3 * 3 * 16 * COUNT(usecs) * COUNT(usecs) *         \
         COUNT(ages) * COUNT(failures))

static struct pairing_facts facts_of(unsigned rest) {
        struct pairing_facts f = {0};
        unsigned flags = take(&rest, 16);

        f.heard = flags & 1;
        f.bonded_before = flags & 2;
        f.agent_asked = flags & 4;
        f.agent_agreed = flags & 8;
        f.end = (enum pairing_end) take(&rest, PAIRING_END_MAX_);
        f.rung = (enum pairing_rung) take(&rest, PAIRING_RUNG_MAX_);
        f.pairing_flag = (enum trace_answer) take(&rest, 3);
        f.pairable = (enum trace_answer) take(&rest, 3);
        f.link_usec = ONE_OF(usecs);
        f.pair_usec = ONE_OF(usecs);
        f.flag_age_usec = ONE_OF(ages);
        f.failures = ONE_OF(failures);
        return f;
}

/* A step that has no factor with the count meets every digit of it. */
static void every_attempt(void) {
        for (unsigned i = 0; i < ALL && !check_failed; i += 101) {
                struct pairing_facts f = facts_of(i);

                check_guess(&f);
                check_that_timing_does_not_matter(f);
                if (check_failed)
                        printf("# %u: end %s rung %s flag %d: %s\n", i,
                               pairing_end_to_string(f.end), pairing_rung_to_string(f.rung),
                               f.pairing_flag, guess_as_text(&f));
        }
}

CHECK_MAIN("unit.pairing_guess_sweep", TEST(every_attempt))
