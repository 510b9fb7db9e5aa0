/* The causes that lie with the host. What its kernel does was seen with Linux 6.1 and 6.12 and
 * BlueZ 5.66: with no agent, or not pairable, it answers a Security Request with Pairing Failed
 * 0x05, and a pairing of its own asks for no bonding (AuthReq 08, keys 00 and 02). */
#include "cuff/verdict_judge.h"

/* Or may have said: where nobody knows who did, and it had not asked for a bond itself. */
static bool host_said_not_supported(const struct trace_pairing *p) {
        if (verdict_smp_reason(p) != SMP_REASON_PAIRING_NOT_SUPPORTED)
                return false;
        return p->failed_by == TRACE_HOST ||
               (p->failed_by == TRACE_UNKNOWN && !verdict_asks_bonding(p));
}

static bool agent_was_not_seen(const struct trace_pairing *p) {
        return p->has_mgmt && !p->has_io && p->confirm != TRACE_YES;
}

/* Just Works asks the agent after the cuff's response and before the host's confirm value. */
static bool is_agents_turn(const struct trace_pairing *p) {
        bool ended = p->outcome == TRACE_INCOMPLETE || verdict_failed_by_host(p);

        return ended && p->has_response && p->phase <= TRACE_PHASE_PROOF;
}

/* What the bytes say for an agent that is missing, and for an adapter that is not pairable. */
static void add_no_bond_wanted(struct words *pro, struct words *con, const struct trace_pairing *p,
                               const char *who) {
        if (verdict_asks_no_bonding(p))
                verdict_add_request(pro, p, "asks for no bonding");
        else if (host_said_not_supported(p))
                verdict_add_failed(pro, p);
        else
                return;
        if (host_said_not_supported(p) && p->failed_by == TRACE_UNKNOWN)
                verdict_say(con, "Who sent it is not told.");
        verdict_say(pro, "So does a Linux host ");
        words_add(pro, who);
        words_add(pro, ".");
        verdict_add_earlier(pro, p);
}

/* A link that is lost needs no other cause. */
static enum verdict_weight weigh(const struct trace_pairing *p, bool likely) {
        if (verdict_is_link_loss(verdict_hci_error(p)))
                return VERDICT_LAST;
        return likely ? VERDICT_FIRST : VERDICT_LISTED;
}

enum verdict_weight verdict_no_agent(const struct trace_pairing *p, struct words *pro,
                                     struct words *con) {
        bool asks_none = verdict_asks_no_bonding(p), refused = host_said_not_supported(p);

        if (verdict_asks_bonding(p) && verdict_refused_at_once(p)) {
                verdict_add_request(con, p, "asks for bonding");
                verdict_say(con, "A host without an agent asks for none, or refuses with 0x05; and "
                                 "an agent has nothing to do before the cuff's response.");
                return VERDICT_RULED_OUT;
        }
        if (!refused && !asks_none && !(agent_was_not_seen(p) && is_agents_turn(p)))
                return VERDICT_NONE;
        add_no_bond_wanted(pro, con, p, "without an agent");
        if (agent_was_not_seen(p))
                verdict_say(pro, "No agent was seen to register in this capture.");
        if (p->has_io) {
                verdict_say(con, "An agent had registered, with ");
                words_add(con, smp_io_to_string(p->io));
                words_add(con, ".");
                /* It may have left again: that makes the adapter not bondable. */
                return p->bondable == TRACE_NO ? VERDICT_LISTED : VERDICT_LAST;
        }
        if (p->outcome == TRACE_PAIRED_WITHOUT_KEYS) {
                verdict_say(con, "Without an agent the host was seen to give up; this one paired.");
                return VERDICT_LISTED;
        }
        if (!asks_none && !refused)
                return VERDICT_LAST; /* it may have registered before the capture began */
        return weigh(p, asks_none || p->has_mgmt);
}

enum verdict_weight verdict_not_pairable(const struct trace_pairing *p, struct words *pro,
                                         struct words *con) {
        bool asks_none = verdict_asks_no_bonding(p);

        if (verdict_asks_bonding(p) && verdict_refused_at_once(p)) {
                verdict_add_request(con, p, "asks for bonding");
                verdict_say(con,
                            "A host that is not pairable asks for none, or refuses with 0x05.");
                return VERDICT_RULED_OUT;
        }
        if (!asks_none && !host_said_not_supported(p))
                return VERDICT_NONE;
        add_no_bond_wanted(pro, con, p, "that is not pairable");
        if (p->bondable == TRACE_NO) {
                verdict_say(pro, "The adapter was set not to be bondable (pairable).");
                return weigh(p, true);
        }
        if (p->bondable == TRACE_YES) {
                verdict_say(con, "The adapter was set to be bondable (pairable).");
                return VERDICT_LAST;
        }
        return weigh(p, asks_none);
}

enum verdict_weight verdict_agent_refused(const struct trace_pairing *p, struct words *pro,
                                          struct words *con) {
        uint8_t reason = verdict_failed_by_host(p) ? verdict_smp_reason(p) : 0;
        bool open = p->outcome == TRACE_FAILED || p->outcome == TRACE_INCOMPLETE;
        bool as_if = reason == SMP_REASON_PASSKEY_ENTRY_FAILED ||
                     reason == SMP_REASON_NUMERIC_COMPARISON_FAILED;

        if (open && p->confirm == TRACE_NO) {
                verdict_say(pro, "The host's user space was asked whether to pair, and said no.");
                if (p->bonded_before)
                        verdict_say(pro, "It had bonded with this cuff before: BlueZ may refuse to "
                                         "renew a bond.");
                return VERDICT_FIRST;
        }
        if (!as_if)
                return VERDICT_NONE;
        verdict_add_failed(pro, p);
        verdict_say(pro, "A Linux host may do so when its agent says no.");
        words_add(con, p->confirm == TRACE_YES ? "The agent was asked, and agreed."
                                               : "The agent's answer is not in this capture.");
        return VERDICT_LISTED;
}

enum verdict_weight verdict_agent_silent(const struct trace_pairing *p, struct words *pro,
                                         struct words *con) {
        const struct trace_step *last = verdict_unanswered(p);
        bool open = p->outcome == TRACE_FAILED || p->outcome == TRACE_INCOMPLETE;

        if (open && p->confirm_pending) {
                verdict_say(pro,
                            "The host's user space was asked whether to pair, and no answer of "
                            "it is in this capture.");
                return VERDICT_FIRST;
        }
        if (!last || last->side != TRACE_CUFF || !is_agents_turn(p))
                return VERDICT_NONE;
        verdict_say(pro, "The cuff had answered (");
        words_add(pro, smp_code_to_string(last->pdu[0]));
        words_add(pro, "), and for ");
        words_add_span(pro, p->end_usec - last->usec);
        words_add(pro, " nothing came from the host, whose agent decides then.");
        verdict_say(con, "That an agent was asked is not in this capture.");
        return VERDICT_LISTED;
}

/* "The cuff's response (03 00 ..): Bonding, No MITM, Legacy; a key of 16 bytes." */
static void add_offer(struct words *pro, const char *whose, const struct smp_features *f) {
        char auth[SMP_TEXT_MAX];

        verdict_say(pro, whose);
        verdict_add_features(pro, f);
        words_add(pro, ": ");
        words_add(pro, smp_auth_print(f->auth, auth));
        words_add(pro, "; a key of ");
        words_add_number(pro, f->max_key_size);
        words_add(pro, " bytes.");
}

enum verdict_weight verdict_host_requirements(const struct trace_pairing *p, struct words *pro,
                                              struct words *con) {
        char auth[SMP_TEXT_MAX];

        verdict_add_failed(pro, p);
        if (p->has_response)
                add_offer(pro, "The cuff's response", &p->response);
        else if (p->has_request)
                add_offer(pro, "The request", &p->request);
        else if (p->has_security_request) {
                verdict_say(pro, "The cuff's Security Request: ");
                words_add(pro, smp_auth_print(p->security_request, auth));
                words_add(pro, ".");
        }
        return VERDICT_LISTED;
}

enum verdict_weight verdict_host_stopped(const struct trace_pairing *p, struct words *pro,
                                         struct words *con) {
        if (p->outcome == TRACE_FAILED)
                verdict_add_failed(pro, p);
        else
                verdict_add_link_end(pro, p);
        if (p->has_mgmt_status) {
                verdict_say(pro, "Its user space was told status ");
                words_add_byte(pro, p->mgmt_status);
                words_add(pro, ".");
        }
        return VERDICT_LISTED;
}
