/* One attempt inside a pairing window: the rung it begins with, what is seen of it, how it ends;
 * and why, in words. Times are of CLOCK_MONOTONIC, in microseconds; 0: not yet. */
#pragma once

#include "bluez/error.h"
#include "cuff/pairing_guess.h"

struct pairing_attempt {
        bool open;     /* from the advertisement that it answers to its end */
        bool told;     /* which rung it is */
        bool answered; /* Pair() was, without telling the end */
        bool fault;    /* not the cuff's doing: BlueZ's own words tell */
        struct pairing_facts facts;
        uint64_t heard_usec, link_usec, ask_usec;
};

/* Pair, again, then the cuff is to ask, and so on in turn. `failures`: refusals so far. */
enum pairing_rung pairing_attempt_rung(unsigned failures);
/* `heard_usec`: of the advertisement whose flag is in `flag`. */
void pairing_attempt_begin(struct pairing_attempt *a, unsigned failures, enum trace_answer flag,
                           uint64_t heard_usec);
void pairing_attempt_connects(struct pairing_attempt *a, uint64_t now);
void pairing_attempt_linked(struct pairing_attempt *a, uint64_t now);
/* Pair() goes out, the cuff is made to ask, or it asks: what comes first. */
void pairing_attempt_asks(struct pairing_attempt *a, uint64_t now);
/* The facts are whole now. */
void pairing_attempt_end(struct pairing_attempt *a, enum pairing_end end, uint64_t now);
/* How it ended if nobody says more than that it is over: the link fell (else our time was over). */
enum pairing_end pairing_attempt_judge(const struct pairing_attempt *a, bool fell);
/* The radio never got as far as a link: nobody refused anything. */
bool pairing_attempt_was_silent(const struct pairing_attempt *a);
/* What an error reply of Connect() or Pair() says of the end. -ENOTSUP: it is not the cuff's. */
int pairing_attempt_end_of(enum bluez_error error);

/* Why there is no bond: a guess from the facts, or something else in its own words. */
struct pairing_failure {
        char code[32], cause[256], evidence[VERDICT_EVIDENCE_MAX], remedy[512];
        enum pairing_certainty certainty;
        struct verdict verdict; /* n 0: its own words */
};

void pairing_failure_say(struct pairing_failure *f, const char *code, const char *cause,
                         const char *evidence, const char *remedy);
void pairing_failure_guess(struct pairing_failure *f, const struct pairing_facts *facts);
/* The data of pairing_failed: to be freed, NULL when memory is out. `device` NULL: none. */
char *pairing_failure_print(const struct pairing_failure *f, const char *device);
