/* What was asked lately: the second answer to a request that was accepted finds who asked, and a
 * request that comes again is answered again and not done again. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ANSWERS_MAX       64
#define ANSWERS_NAME_MAX  64
#define ANSWERS_KEEP_USEC 60000000u

struct answers_entry {
        uint64_t ticket;                 /* what its second answer is given with; 0: free */
        char name[ANSWERS_NAME_MAX + 1]; /* of the request */
        uint64_t asked;                  /* hash of its payload: others may use its transaction */
        char *transaction;               /* JSON text; NULL none */
        char *path; /* where answers go, below the base topic; NULL: none follows */
        void *correlation;
        size_t correlation_size;
        char *response; /* that repeats get; NULL: not answered yet */
        unsigned open;  /* so many answers still follow */
        uint64_t at_usec;
};

struct answers {
        struct answers_entry entry[ANSWERS_MAX];
        uint64_t last_ticket;
};

void answers_done(struct answers *a);
/* Begins with one answer to follow, in place of the oldest that is done. All is copied. The ticket;
 * 0: ANSWERS_MAX requests wait for theirs, or memory is out. */
uint64_t answers_begin(struct answers *a, const struct answers_entry *asked);
/* NULL: nothing waits with this ticket. */
struct answers_entry *answers_get(struct answers *a, uint64_t ticket);
/* One that waits, NULL: none. */
struct answers_entry *answers_waiting(struct answers *a);
/* The same request with the same transaction (NULL: without one) and payload, less than
 * ANSWERS_KEEP_USEC ago or still open. NULL: there is none. */
const struct answers_entry *answers_find(const struct answers *a, const char *name,
                                         const char *transaction, uint64_t asked,
                                         uint64_t now_usec);
/* Takes `response`, for repeats from now on. NULL: nothing is kept, it may be asked anew. */
void answers_keep(struct answers_entry *e, char *response, uint64_t now_usec);
