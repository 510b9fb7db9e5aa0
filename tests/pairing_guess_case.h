/* Attempts made up by hand, and the guess at them as text: for test_pairing_guess*.c. */
#pragma once

#include "check.h"

#include "core/words.h"
#include "cuff/pairing_guess.h"

#define MS INT64_C(1000)
#define S  INT64_C(1000000)

/* In the first cause of each guess that is not sure. */
#define TRACE_IT "; `cuff2mqtt pair --trace` or a capture would show it."

/* An attempt that ended `usec` after Pair(), on a link that came up a little before. */
static inline struct pairing_facts ended(enum pairing_end end, int64_t usec) {
        return (struct pairing_facts){.end = end,
                                      .flag_age_usec = -1,
                                      .pairable = TRACE_YES,
                                      .link_usec = usec < 0 ? -1 : usec + 100 * MS,
                                      .pair_usec = usec};
}

static inline struct pairing_facts with_flag(struct pairing_facts f, enum trace_answer flag,
                                             int64_t age) {
        f.pairing_flag = flag;
        f.flag_age_usec = age;
        return f;
}

static inline void add_causes(struct words *w, const struct verdict_cause *c, size_t n) {
        for (size_t i = 0; i < n; i++) {
                words_add(w, " ");
                words_add(w, pairing_cause_to_string(c[i].cause));
        }
}

/* "likely: first second / ruled_out" */
static inline const char *guess_as_text(const struct pairing_facts *f) {
        static char text[1024];
        struct words w = words_in(text, sizeof text);
        enum pairing_certainty certainty;
        struct verdict v;

        pairing_guess(f, &v, &certainty);
        words_add(&w, pairing_certainty_to_string(certainty));
        words_add(&w, ":");
        add_causes(&w, v.cause, v.n);
        words_add(&w, v.n_ruled_out > 0 ? " /" : "");
        add_causes(&w, v.ruled_out, v.n_ruled_out);
        return text;
}

/* "for | against"; "-" where the cause is neither listed nor ruled out. */
static inline const char *evidence_of(const struct pairing_facts *f, enum pairing_cause cause) {
        static char text[2 * VERDICT_EVIDENCE_MAX + 4];
        struct words w = words_in(text, sizeof text);
        enum pairing_certainty certainty;
        struct verdict v;

        pairing_guess(f, &v, &certainty);
        for (size_t i = 0; i < v.n + v.n_ruled_out; i++) {
                const struct verdict_cause *c = i < v.n ? &v.cause[i] : &v.ruled_out[i - v.n];

                if (c->cause != cause)
                        continue;
                words_add(&w, c->evidence_for);
                words_add(&w, " | ");
                words_add(&w, c->evidence_against);
                return text;
        }
        return "-";
}

#define GUESS(f, want)           CHECK_STR(guess_as_text(&(f)), want)
#define EVIDENCE(f, cause, want) CHECK_STR(evidence_of(&(f), PAIRING_CAUSE_##cause), want)
#define SAYS(f, cause, part)     CHECK(strstr(evidence_of(&(f), PAIRING_CAUSE_##cause), part) != NULL)
