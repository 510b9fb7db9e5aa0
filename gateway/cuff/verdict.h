/* What the bytes of one pairing say about why it ended so: the causes in order of likelihood, each
 * with what in this capture speaks for it and against it, and those the bytes rule out. */
#pragma once

#include "core/trace.h"
#include "cuff/pairing_cause.h"

#define VERDICT_CAUSES_MAX   8
#define VERDICT_EVIDENCE_MAX 320

struct verdict_cause {
        enum pairing_cause cause;
        char evidence_for[VERDICT_EVIDENCE_MAX]; /* sentences with full stops; "" none */
        char evidence_against[VERDICT_EVIDENCE_MAX];
};

struct verdict {
        struct verdict_cause cause[VERDICT_CAUSES_MAX];
        size_t n;
        struct verdict_cause ruled_out[VERDICT_CAUSES_MAX]; /* `evidence_against` says by what */
        size_t n_ruled_out;
};

/* No causes where nothing went wrong (bonded, encrypted with a stored key). */
void verdict_of(const struct trace_pairing *p, struct verdict *ret);
