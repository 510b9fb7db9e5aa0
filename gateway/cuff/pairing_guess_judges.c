/* What speaks for a cause and against it, where D-Bus is all that is known. What cuffs were seen to
 * do: verdict_cuff.c; what Linux does: verdict_host.c. */
#include "cuff/pairing_guess_judge.h"

#include "cuff/verdict_judge.h"

#define REFUSALS_STAY 2 /* so many refusals do not pass by themselves */

typedef enum guess_weight guess_judge(const struct pairing_facts *f, enum guess_story story,
                                      struct words *pro, struct words *con);

static void add_bonded_before(struct words *w) {
        verdict_say(w, "BlueZ had a bond with it when the window opened");
}

static bool agent_said_no(const struct pairing_facts *f) {
        return f->agent_asked && !f->agent_agreed;
}

/* What speaks for another cause as clearly leaves nothing sure. */
static enum guess_weight without_flag(const struct pairing_facts *f, enum guess_story story) {
        if (story == GUESS_NO_LINK || story == GUESS_UNANSWERED)
                return GUESS_LISTED;
        if (story == GUESS_LATER || f->pairable == TRACE_NO || agent_said_no(f))
                return GUESS_LIKELY;
        return verdict_flag_is_fresh(f->flag_age_usec) ? GUESS_SURE : GUESS_LIKELY;
}

static enum guess_weight not_in_pairing_mode(const struct pairing_facts *f, enum guess_story story,
                                             struct words *pro, struct words *con) {
        if (story == GUESS_UNHEARD) {
                if (!f->heard)
                        verdict_say(pro,
                                    "An OMRON cuff says in its advertisements whether P blinks.");
                return f->heard ? GUESS_SURE : GUESS_LIKELY;
        }
        if ((story == GUESS_NO_LINK && f->link_usec < 0) ||
            (story == GUESS_UNANSWERED && f->pairing_flag != TRACE_NO))
                return GUESS_NONE;
        if (f->pairing_flag == TRACE_YES) {
                verdict_add_flag(con, f->pairing_flag, f->flag_age_usec);
                if (verdict_flag_is_fresh(f->flag_age_usec))
                        return GUESS_RULED_OUT;
                verdict_say(pro, "P may have gone out since: it blinks for about a minute.");
                return GUESS_LESS;
        }
        if (f->pairing_flag == TRACE_NO)
                verdict_add_flag(pro, f->pairing_flag, f->flag_age_usec);
        else
                verdict_say(pro, "No advertisement told whether P blinked.");
        if (story == GUESS_AT_ONCE || story == GUESS_NO_LINK)
                verdict_say(pro, "Without P cuffs were seen to hang up.");
        return f->pairing_flag == TRACE_NO ? without_flag(f, story) : GUESS_LISTED;
}

static enum guess_weight bonded_elsewhere(const struct pairing_facts *f, enum guess_story story,
                                          struct words *pro, struct words *con) {
        if (story == GUESS_UNHEARD) {
                verdict_say(pro, "A cuff that a phone holds connected may not be heard.");
                return GUESS_LISTED;
        }
        if (f->pairing_flag == TRACE_YES) {
                verdict_add_flag(pro, f->pairing_flag, f->flag_age_usec);
                verdict_say(pro, "Yet its one bond may be another host's.");
        } else
                verdict_say(pro, "These cuffs keep one bond, which may be another host's.");
        if (f->bonded_before) {
                add_bonded_before(con);
                words_add(con, ".");
        }
        return GUESS_LISTED;
}

static enum guess_weight passing_refusal(const struct pairing_facts *f, enum guess_story story,
                                         struct words *pro, struct words *con) {
        if (f->failures == 0)
                verdict_say(pro, "It is the first failure of this window.");
        verdict_say(pro, "A BP5465 was seen to refuse a phone's first try and to take the next, "
                         "about 7 s later.");
        if (f->failures > 0) {
                words_add_number(con, f->failures);
                words_add(con, f->failures == 1 ? " attempt" : " attempts");
                words_add(con, " of this window failed before it.");
        }
        return f->failures >= REFUSALS_STAY ? GUESS_LESS : GUESS_LISTED;
}

static enum guess_weight identity_key_wanted(const struct pairing_facts *f, enum guess_story story,
                                             struct words *pro, struct words *con) {
        verdict_say(pro, "An experiment, when all else is done: a phone that a BP5465 takes offers "
                         "IdKey, and BlueZ does so with Privacy only.");
        verdict_say(con, "Nobody has seen IdKey help.");
        return GUESS_LAST;
}

static enum guess_weight not_pairable(const struct pairing_facts *f, enum guess_story story,
                                      struct words *pro, struct words *con) {
        static const enum guess_weight of_pairable[] = {[TRACE_NOT_TOLD] = GUESS_NONE,
                                                        [TRACE_NO] = GUESS_LIKELY,
                                                        [TRACE_YES] = GUESS_RULED_OUT};

        if (f->pairable == TRACE_YES)
                verdict_say(con, "Pairable was true while the gateway's agent was registered.");
        if (f->pairable == TRACE_NO)
                verdict_say(pro, "Pairable was false while the gateway's agent was registered.");
        if (story == GUESS_NO_KEYS) {
                verdict_say(pro, "With an adapter that is not pairable, Linux pairs without keys.");
                return f->pairable == TRACE_NO ? GUESS_SURE : GUESS_LIKELY;
        }
        if (f->pairable == TRACE_NO)
                verdict_say(pro, "Linux then refuses a cuff that asks for security.");
        return of_pairable[f->pairable];
}

static enum guess_weight no_agent(const struct pairing_facts *f, enum guess_story story,
                                  struct words *pro, struct words *con) {
        if (f->pairable != TRACE_NO || f->agent_asked)
                return GUESS_NONE;
        verdict_say(pro, "Pairable is false also while BlueZ knows no agent.");
        verdict_say(con, "The gateway had registered its own.");
        return GUESS_LIKELY;
}

static enum guess_weight no_bonding_asked(const struct pairing_facts *f, enum guess_story story,
                                          struct words *pro, struct words *con) {
        verdict_say(pro, "A pairing whose request asks for no bonding leaves no keys.");
        return GUESS_LISTED;
}

static enum guess_weight agent_refused(const struct pairing_facts *f, enum guess_story story,
                                       struct words *pro, struct words *con) {
        bool elsewhere = story == GUESS_REJECTED && !f->agent_asked;
        bool renewed = f->bonded_before && story != GUESS_NO_LINK;

        if (f->agent_asked && f->agent_agreed) {
                verdict_say(con, "The gateway's agent was asked, and agreed.");
                return GUESS_RULED_OUT;
        }
        if (f->agent_asked)
                verdict_say(pro, "BlueZ asked the gateway's agent about this cuff, and it said "
                                 "no.");
        if (elsewhere)
                verdict_say(pro, "The gateway's agent was not asked; another program's may have "
                                 "said no.");
        if (renewed) {
                add_bonded_before(pro);
                words_add(pro, ", and may refuse to renew one.");
        }
        return f->agent_asked ? GUESS_SURE : elsewhere || renewed ? GUESS_LISTED : GUESS_NONE;
}

static enum guess_weight agent_silent(const struct pairing_facts *f, enum guess_story story,
                                      struct words *pro, struct words *con) {
        if (f->agent_asked)
                return GUESS_NONE; /* it answers at once */
        verdict_say(pro, "The gateway's agent was not asked; another program's may have been, and "
                         "not have answered.");
        return GUESS_LISTED;
}

static enum guess_weight host_requirements(const struct pairing_facts *f, enum guess_story story,
                                           struct words *pro, struct words *con) {
        verdict_say(pro, "BlueZ may say so when the host itself refuses.");
        return GUESS_LISTED;
}

static enum guess_weight host_stopped(const struct pairing_facts *f, enum guess_story story,
                                      struct words *pro, struct words *con) {
        verdict_say(pro, story == GUESS_NO_REPLY
                                 ? "It may hang, or have been stopped."
                                 : "BlueZ may say so while another pairing is under way.");
        return story == GUESS_NO_REPLY ? GUESS_LIKELY : GUESS_LISTED;
}

static enum guess_weight cuff_hung_up(const struct pairing_facts *f, enum guess_story story,
                                      struct words *pro, struct words *con) {
        verdict_say(pro, "BlueZ does not tell a cuff that hangs up from a link that is lost.");
        return GUESS_LISTED;
}

static enum guess_weight link_lost(const struct pairing_facts *f, enum guess_story story,
                                   struct words *pro, struct words *con) {
        verdict_say(pro, "The cuff may be too far away, or its batteries weak.");
        return story == GUESS_NO_LINK ? GUESS_LIKELY : GUESS_LISTED;
}

static enum guess_weight no_answer(const struct pairing_facts *f, enum guess_story story,
                                   struct words *pro, struct words *con) {
        verdict_say(pro, f->pair_usec >= 0 && f->pair_usec < GUESS_PATIENCE_USEC
                                 ? "There was no answer so far; a pairing waits 30 s for one."
                                 : "A pairing is given up when 30 s go by without an answer.");
        return GUESS_LIKELY;
}

static enum guess_weight bond_lost(const struct pairing_facts *f, enum guess_story story,
                                   struct words *pro, struct words *con) {
        if (!f->bonded_before || f->link_usec < 0)
                return GUESS_NONE;
        add_bonded_before(pro);
        words_add(pro, "; where the cuff has lost its key, the link falls so.");
        return GUESS_LISTED;
}

static guess_judge *const judges[PAIRING_CAUSE_MAX_] = {
        [PAIRING_CAUSE_NOT_IN_PAIRING_MODE] = not_in_pairing_mode,
        [PAIRING_CAUSE_BONDED_ELSEWHERE] = bonded_elsewhere,
        [PAIRING_CAUSE_PASSING_REFUSAL] = passing_refusal,
        [PAIRING_CAUSE_IDENTITY_KEY_WANTED] = identity_key_wanted,
        [PAIRING_CAUSE_NO_BONDING_ASKED] = no_bonding_asked,
        [PAIRING_CAUSE_NO_AGENT] = no_agent,
        [PAIRING_CAUSE_NOT_PAIRABLE] = not_pairable,
        [PAIRING_CAUSE_AGENT_REFUSED] = agent_refused,
        [PAIRING_CAUSE_AGENT_SILENT] = agent_silent,
        [PAIRING_CAUSE_HOST_REQUIREMENTS] = host_requirements,
        [PAIRING_CAUSE_HOST_STOPPED] = host_stopped,
        [PAIRING_CAUSE_CUFF_HUNG_UP] = cuff_hung_up,
        [PAIRING_CAUSE_LINK_LOST] = link_lost,
        [PAIRING_CAUSE_NO_ANSWER] = no_answer,
        [PAIRING_CAUSE_BOND_LOST] = bond_lost,
};

enum guess_weight guess_of(enum pairing_cause cause, const struct pairing_facts *f,
                           enum guess_story story, struct words *pro, struct words *con) {
        return judges[cause](f, story, pro, con);
}
