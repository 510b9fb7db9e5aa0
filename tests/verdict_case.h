/* Pairings built by hand, and what the verdict says of them as text: for test_verdict*.c. */
#pragma once

#include "check.h"

#include "core/words.h"
#include "cuff/verdict.h"

static const struct smp_features legacy_request
        __attribute__((unused)) = {3, 0, 0x01, 16, 0x05, 0x07};
static const struct smp_features pi_request __attribute__((unused)) = {3, 0, 0x09, 16, 0x05, 0x07};
static const struct smp_features no_bonding __attribute__((unused)) = {3, 0, 0x08, 16, 0x00, 0x02};
static const struct smp_features cuffs_response
        __attribute__((unused)) = {3, 0, 0x01, 16, 0x03, 0x03};

static inline struct trace_pairing pairing(enum trace_outcome outcome, enum trace_phase phase) {
        return (struct trace_pairing){.outcome = outcome,
                                      .phase = phase,
                                      .number = 17,
                                      .connected_usec = -1,
                                      .end_usec = -1,
                                      .failed_after_usec = -1,
                                      .flag_age_usec = -1,
                                      .since_failure_usec = -1};
}

static inline struct trace_pairing with_request(struct trace_pairing p,
                                                struct smp_features request) {
        p.has_request = true;
        p.request = request;
        return p;
}

static inline struct trace_pairing with_response(struct trace_pairing p,
                                                 struct smp_features response) {
        p.has_response = true;
        p.response = response;
        return p;
}

static inline struct trace_pairing failed(enum trace_phase phase, enum trace_side side,
                                          uint8_t reason, uint8_t after) {
        struct trace_pairing p = pairing(TRACE_FAILED, phase);

        p.failed_by = side;
        p.has_reason = true;
        p.reason = reason;
        p.failed_after_code = after;
        return p;
}

static inline struct trace_pairing disconnected(enum trace_phase phase, uint8_t reason) {
        struct trace_pairing p = pairing(TRACE_INCOMPLETE, phase);

        p.has_disconnect = true;
        p.disconnect_reason = reason;
        return p;
}

static inline void add_step(struct trace_pairing *p, enum trace_side side, uint8_t code,
                            int64_t usec) {
        p->step[p->n_steps++] = (struct trace_step){
                .kind = TRACE_SMP, .side = side, .pdu = {code}, .pdu_size = 1, .usec = usec};
}

/* "first second / ruled_out" */
static inline const char *causes_of(const struct trace_pairing *p) {
        static char text[1024];
        struct words w = words_in(text, sizeof text);
        struct verdict v;

        verdict_of(p, &v);
        for (size_t i = 0; i < v.n; i++) {
                words_add(&w, i > 0 ? " " : "");
                words_add(&w, pairing_cause_to_string(v.cause[i].cause));
        }
        for (size_t i = 0; i < v.n_ruled_out; i++) {
                words_add(&w, i > 0 ? " " : " / ");
                words_add(&w, pairing_cause_to_string(v.ruled_out[i].cause));
        }
        return text;
}

/* The evidence of a cause, listed or ruled out: "for | against". */
static inline const char *evidence_of(const struct trace_pairing *p, enum pairing_cause cause) {
        static char text[2 * VERDICT_EVIDENCE_MAX + 4];
        struct words w = words_in(text, sizeof text);
        const struct verdict_cause *found = NULL;
        struct verdict v;

        verdict_of(p, &v);
        for (size_t i = 0; i < v.n; i++)
                if (v.cause[i].cause == cause)
                        found = &v.cause[i];
        for (size_t i = 0; i < v.n_ruled_out; i++)
                if (v.ruled_out[i].cause == cause)
                        found = &v.ruled_out[i];
        words_add(&w, found ? found->evidence_for : "-");
        words_add(&w, " | ");
        words_add(&w, found ? found->evidence_against : "-");
        return text;
}

#define CAUSES(p, want)          CHECK_STR(causes_of(&(p)), want)
#define EVIDENCE(p, cause, want) CHECK_STR(evidence_of(&(p), PAIRING_CAUSE_##cause), want)
#define SAYS(p, cause, part)     CHECK(strstr(evidence_of(&(p), PAIRING_CAUSE_##cause), part) != NULL)
