/* Of one cause: how much a failed attempt, as D-Bus shows it, speaks for it, and what for it and
 * against it. Only the pairing_guess files include this. */
#pragma once

#include "core/words.h"
#include "cuff/pairing_guess.h"

/* SMP waits 30 s; the last step may be later than Pair(). */
#define GUESS_PATIENCE_USEC (25 * INT64_C(1000000))

enum guess_weight {
        GUESS_NONE,      /* no word about it */
        GUESS_RULED_OUT, /* `con` says by what */
        GUESS_LAST,
        GUESS_LESS, /* behind those that are listed */
        GUESS_LISTED,
        GUESS_LIKELY,
        GUESS_SURE, /* and so the only one */
};

/* What the end and its time say together. */
enum guess_story {
        GUESS_UNHEARD,
        GUESS_NO_LINK,
        GUESS_AT_ONCE,    /* refused, or hung up, before a pairing can be over */
        GUESS_LATER,      /* .. but not so soon */
        GUESS_UNANSWERED, /* SMP's time ran out */
        GUESS_REJECTED,
        GUESS_NO_KEYS,
        GUESS_NO_REPLY,
        GUESS_STORY_MAX_,
};

/* `cause` is one that a story lists (pairing_guess.c). */
enum guess_weight guess_of(enum pairing_cause cause, const struct pairing_facts *f,
                           enum guess_story story, struct words *pro, struct words *con);
