/* How BlueZ 5.66 tells the end of a pairing was seen with Linux 6.1 and 6.12: AuthenticationFailed
 * for all of SMP's reasons; with a cuff that asks for security itself the same refusal ends as
 * failed, as canceled or with no reply at all, by timing. So these three are judged as one. */
#include "cuff/pairing_guess.h"

#include <string.h>

#include "cuff/pairing_guess_judge.h"
#include "cuff/verdict_judge.h"

#define AT_ONCE_USEC INT64_C(2000000) /* no longer than a cuff takes to refuse, or to hang up */
#define END          PAIRING_CAUSE_MAX_

/* clang-format off */

/* Which causes come into question; among those of the same weight the order stays. */
static const enum pairing_cause causes[GUESS_STORY_MAX_][VERDICT_CAUSES_MAX + 1] = {
        [GUESS_UNHEARD] = {
                PAIRING_CAUSE_NOT_IN_PAIRING_MODE, PAIRING_CAUSE_BONDED_ELSEWHERE, PAIRING_CAUSE_LINK_LOST, END },
        [GUESS_NO_LINK] = {
                PAIRING_CAUSE_LINK_LOST, PAIRING_CAUSE_CUFF_HUNG_UP, PAIRING_CAUSE_NOT_IN_PAIRING_MODE,
                PAIRING_CAUSE_BOND_LOST, PAIRING_CAUSE_AGENT_REFUSED, END },
        [GUESS_AT_ONCE] = {
                PAIRING_CAUSE_NOT_PAIRABLE, PAIRING_CAUSE_NO_AGENT, PAIRING_CAUSE_NOT_IN_PAIRING_MODE,
                PAIRING_CAUSE_BONDED_ELSEWHERE, PAIRING_CAUSE_PASSING_REFUSAL, PAIRING_CAUSE_AGENT_REFUSED,
                PAIRING_CAUSE_LINK_LOST, PAIRING_CAUSE_IDENTITY_KEY_WANTED, END },
        [GUESS_LATER] = {
                PAIRING_CAUSE_NOT_PAIRABLE, PAIRING_CAUSE_NO_AGENT, PAIRING_CAUSE_NOT_IN_PAIRING_MODE,
                PAIRING_CAUSE_PASSING_REFUSAL, PAIRING_CAUSE_CUFF_HUNG_UP, PAIRING_CAUSE_LINK_LOST,
                PAIRING_CAUSE_AGENT_REFUSED, PAIRING_CAUSE_BONDED_ELSEWHERE, END },
        [GUESS_UNANSWERED] = {
                PAIRING_CAUSE_NOT_PAIRABLE, PAIRING_CAUSE_NO_AGENT, PAIRING_CAUSE_NO_ANSWER,
                PAIRING_CAUSE_AGENT_SILENT, PAIRING_CAUSE_NOT_IN_PAIRING_MODE, PAIRING_CAUSE_AGENT_REFUSED, END },
        [GUESS_REJECTED] = {
                PAIRING_CAUSE_NOT_PAIRABLE, PAIRING_CAUSE_NO_AGENT, PAIRING_CAUSE_HOST_REQUIREMENTS,
                PAIRING_CAUSE_HOST_STOPPED, PAIRING_CAUSE_AGENT_REFUSED, END },
        [GUESS_NO_KEYS] = { PAIRING_CAUSE_NOT_PAIRABLE, PAIRING_CAUSE_NO_BONDING_ASKED, END },
        [GUESS_NO_REPLY] = { PAIRING_CAUSE_HOST_STOPPED, END },
};

/* How it ended, before the time; what BlueZ then keeps to itself. */
static const struct {
        const char *word, *said;
        bool timed;
        const char *untold;
} ends[PAIRING_END_MAX_] = {
        [PAIRING_END_NOT_HEARD] = { "not_heard", "No cuff in pairing mode was heard in this window", false, NULL },
        [PAIRING_END_NO_LINK]   = { "no_link",   "The link fell, with nothing asked yet,", true, "how the link ended" },
        [PAIRING_END_FAILED]    = { "failed",    "BlueZ said AuthenticationFailed", true, "the cuff's reason" },
        [PAIRING_END_CANCELED]  = { "canceled",  "BlueZ said AuthenticationCanceled", true, "the cuff's reason" },
        [PAIRING_END_REJECTED]  = { "rejected",  "BlueZ said AuthenticationRejected", true, "who rejected it" },
        [PAIRING_END_TIMEOUT]   = { "timeout",   "The time for pairing was over", true, "who was silent" },
        [PAIRING_END_LINK_FELL] = { "link_fell", "The link fell", true, "the cuff's reason" },
        [PAIRING_END_NO_KEYS]   = { "no_keys",   "BlueZ says that it is paired, and not that it is bonded", false,
                                    "what was agreed on" },
        [PAIRING_END_NOT_ENCRYPTED] = { "not_encrypted", "The subscription was refused", true,
                                    "the cuff's reason" },
        [PAIRING_END_NO_REPLY]  = { "no_reply",  "The Bluetooth service (bluetoothd) does not answer", false, NULL },
};

static const char *const rungs[PAIRING_RUNG_MAX_] = { "pair", "again", "cuff" };
static const char *const certainties[] = { "possible", "likely", "sure" };
/* clang-format on */

static int64_t earlier_of(int64_t a, int64_t b) {
        return b < 0 || (a >= 0 && a <= b) ? a : b;
}

static enum guess_story story_of(const struct pairing_facts *f) {
        int64_t usec = earlier_of(f->pair_usec, f->link_usec);

        switch (f->end) {
        case PAIRING_END_NOT_HEARD:
                return GUESS_UNHEARD;
        case PAIRING_END_NO_LINK:
                return GUESS_NO_LINK;
        case PAIRING_END_REJECTED:
                return GUESS_REJECTED;
        case PAIRING_END_TIMEOUT:
                return GUESS_UNANSWERED;
        case PAIRING_END_NO_KEYS:
                return GUESS_NO_KEYS;
        case PAIRING_END_NO_REPLY:
                return GUESS_NO_REPLY;
        default:
                return usec >= GUESS_PATIENCE_USEC ? GUESS_UNANSWERED
                       : usec > AT_ONCE_USEC       ? GUESS_LATER
                                                   : GUESS_AT_ONCE;
        }
}

/* "The link fell 180 ms after the cuff was asked to pair." */
static void add_end(struct words *w, const struct pairing_facts *f) {
        int64_t usec = earlier_of(f->pair_usec, f->link_usec);

        if (f->end == PAIRING_END_NOT_HEARD && f->bonded_before)
                words_add(w, "The cuff was heard, and not again after its old bond was removed");
        else if (f->end == PAIRING_END_NOT_HEARD && f->heard)
                words_add(w, "The cuff was heard, and never with the pairing flag (no P blinked)");
        else if (f->end == PAIRING_END_NO_LINK && f->link_usec < 0)
                words_add(w, "No link came up");
        else
                words_add(w, ends[f->end].said);
        if (ends[f->end].timed && usec >= 0) {
                words_add(w, " ");
                words_add_span(w, usec);
                words_add(w, usec != f->pair_usec           ? " after the connection was made"
                             : f->rung == PAIRING_RUNG_CUFF ? " after the cuff was made to ask"
                                                            : " after the cuff was asked to pair");
        }
        words_add(w, ".");
}

static void add_untold(struct words *w, const struct pairing_facts *f) {
        if (!ends[f->end].untold)
                return;
        verdict_say(w, "BlueZ does not pass on ");
        words_add(w, ends[f->end].untold);
        words_add(w, "; `cuff2mqtt pair --trace` or a capture would show it.");
}

/* The causes of this weight. The first of all begins with how it ended, and ends with what would
 * tell more. */
static void add_all(const struct pairing_facts *f, enum guess_weight weight, struct verdict *v) {
        bool out = weight == GUESS_RULED_OUT;
        struct verdict_cause one, *to = out ? v->ruled_out : v->cause;
        size_t *n = out ? &v->n_ruled_out : &v->n;
        enum guess_story story = story_of(f);

        for (const enum pairing_cause *cause = causes[story]; *cause != END; cause++) {
                struct words pro = words_in(one.evidence_for, sizeof one.evidence_for);
                struct words con = words_in(one.evidence_against, sizeof one.evidence_against);

                if (v->n == 0)
                        add_end(&pro, f);
                if (guess_of(*cause, f, story, &pro, &con) != weight)
                        continue;
                if (v->n == 0 && weight != GUESS_SURE)
                        add_untold(&pro, f);
                one.cause = *cause;
                to[(*n)++] = one;
        }
}

void pairing_guess(const struct pairing_facts *f, struct verdict *ret,
                   enum pairing_certainty *ret_certainty) {
        memset(ret, 0, sizeof *ret);
        add_all(f, GUESS_SURE, ret);
        if (ret->n > 0) {
                *ret_certainty = PAIRING_SURE;
        } else {
                add_all(f, GUESS_LIKELY, ret);
                *ret_certainty = ret->n > 0 ? PAIRING_LIKELY : PAIRING_POSSIBLE;
                for (enum guess_weight w = GUESS_LISTED; w > GUESS_RULED_OUT; w--)
                        add_all(f, w, ret);
        }
        add_all(f, GUESS_RULED_OUT, ret);
}

const char *pairing_end_to_string(enum pairing_end end) {
        return ends[end].word;
}

const char *pairing_rung_to_string(enum pairing_rung rung) {
        return rungs[rung];
}

const char *pairing_certainty_to_string(enum pairing_certainty c) {
        return certainties[c];
}
