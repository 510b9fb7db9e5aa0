/* The causes that lie with the cuff, or with what the host asked of it. What cuffs were seen to do
 * is other people's observation: an Android phone with a BP5465 (AuthReq 0x2d against the cuff's
 * 0x01, keys 0x0f against 0x03; a first try that failed with 0x04 or a hang-up, and succeeded 7
 * seconds later), and projects that read these cuffs (one bond only; a hang-up at once outside
 * pairing mode). */
#include "cuff/verdict_judge.h"

/* How the cuff refused, as far as it tells whether it wanted to pair at all. */
static void add_refusal(struct words *pro, struct words *con, const struct trace_pairing *p) {
        bool at_once = verdict_refused_at_once(p);

        if (p->outcome == TRACE_FAILED)
                verdict_add_failed(pro, p);
        else
                verdict_add_link_end(pro, p);
        if (at_once && p->has_request)
                verdict_say(pro, "That is the first step: nothing had been compared yet.");
        else if (at_once)
                verdict_say(pro, p->outcome == TRACE_FAILED
                                         ? "What it answered is not in this capture."
                                         : "No Pairing Request is in this capture.");
        if (at_once && p->outcome == TRACE_INCOMPLETE)
                verdict_say(pro, "Outside pairing mode cuffs were seen to hang up at once.");
        if (p->has_response) {
                verdict_say(con, "It did answer the request, with the Pairing Response");
                verdict_add_features(con, &p->response);
                words_add(con, ".");
        }
}

/* Paired, and no keys. */
static bool add_answer_without_bonding(struct words *pro, const struct trace_pairing *p) {
        if (!p->has_response || (p->response.auth & SMP_AUTH_BONDING_MASK) != 0)
                return false;
        verdict_say(pro, "The cuff's response");
        verdict_add_features(pro, &p->response);
        words_add(pro, " asks for no bonding, which has not been seen on a cuff so far.");
        return true;
}

enum verdict_weight verdict_not_in_pairing_mode(const struct trace_pairing *p, struct words *pro,
                                                struct words *con) {
        if (p->outcome != TRACE_PAIRED_WITHOUT_KEYS)
                add_refusal(pro, con, p);
        else if (!add_answer_without_bonding(pro, p))
                return VERDICT_NONE;
        if (p->pairing_flag == TRACE_NOT_TOLD)
                return VERDICT_LISTED;
        if (p->pairing_flag == TRACE_NO) {
                verdict_add_flag(pro, p->pairing_flag, p->flag_age_usec);
                return VERDICT_FIRST;
        }
        verdict_add_flag(con, p->pairing_flag, p->flag_age_usec);
        return verdict_flag_is_fresh(p->flag_age_usec) && p->has_request ? VERDICT_RULED_OUT
                                                                         : VERDICT_LAST;
}

enum verdict_weight verdict_bonded_elsewhere(const struct trace_pairing *p, struct words *pro,
                                             struct words *con) {
        bool refused =
                p->failed_by == TRACE_CUFF || (p->outcome == TRACE_INCOMPLETE && p->has_request);

        if (p->outcome == TRACE_KEY_REFUSED)
                verdict_say(pro, "These cuffs keep one bond: pairing with a phone since then ends "
                                 "this host's.");
        else if (!refused) /* nobody asked it, or nobody knows who refused */
                verdict_say(pro, "These cuffs keep one bond.");
        else if (p->has_security_request) {
                verdict_say(pro, "The cuff asked for security itself (Security Request ");
                words_add_byte(pro, p->security_request);
                words_add(pro, "), and then took no new host; these cuffs keep one bond.");
        } else
                verdict_say(pro, "The cuff took no new host; these cuffs keep one bond.");
        if (p->bonded_before)
                verdict_say(con, "This host bonded with it earlier in this capture.");
        if (p->pairing_flag == TRACE_YES) {
                verdict_add_flag(con, p->pairing_flag, p->flag_age_usec);
                verdict_say(con, "In pairing mode a cuff is meant to take a new host.");
        }
        return VERDICT_LISTED;
}

enum verdict_weight verdict_passing_refusal(const struct trace_pairing *p, struct words *pro,
                                            struct words *con) {
        if (p->earlier_failures == 0)
                verdict_say(pro, "It is the first failure in this capture.");
        if (verdict_smp_reason(p) == SMP_REASON_BUSY)
                verdict_say(pro, "Busy (0x10) says that it may be ready later.");
        else
                verdict_say(pro, "A BP5465 was seen to refuse a phone's first try and to take the "
                                 "next, about 7 s later.");
        if (verdict_smp_reason(p) == SMP_REASON_UNSPECIFIED)
                verdict_say(con, "That was 0x04 or a hang-up; with 0x08 it has not been seen.");
        verdict_add_earlier(con, p);
        return p->earlier_failures >= 2 ? VERDICT_LAST : VERDICT_LISTED;
}

enum verdict_weight verdict_identity_key_wanted(const struct trace_pairing *p, struct words *pro,
                                                struct words *con) {
        char keys[SMP_TEXT_MAX];

        if (!verdict_asks_bonding(p))
                return VERDICT_NONE;
        if (p->request.initiator_keys & SMP_KEY_ID) {
                verdict_say(con, "The request");
                verdict_add_features(con, &p->request);
                words_add(con, " offers IdKey: its initiator keys are ");
                words_add_byte(con, p->request.initiator_keys);
                words_add(con, ".");
                return VERDICT_RULED_OUT;
        }
        verdict_say(pro, "The request's initiator keys are ");
        words_add_byte(pro, p->request.initiator_keys);
        words_add(pro, " (");
        words_add(pro, smp_keys_print(p->request.initiator_keys, keys));
        words_add(pro, "), without IdKey. The request of an Android phone that a BP5465 takes has "
                       "0x0f, IdKey among them.");
        verdict_say(con, "An open question: nobody has seen IdKey help.");
        return VERDICT_LISTED;
}

enum verdict_weight verdict_mitm_asked(const struct trace_pairing *p, struct words *pro,
                                       struct words *con) {
        if (!p->has_request)
                return VERDICT_NONE;
        if (p->request.auth & SMP_AUTH_MITM) {
                verdict_add_request(pro, p, "asks for MITM protection");
                verdict_say(pro, "Its IO capability is ");
                words_add(pro, smp_io_to_string(p->request.io));
                words_add(pro, "; the cuffs seen so far have NoInputNoOutput.");
                verdict_say(con, "An Android phone asks for it too (AuthReq 0x2d), and a BP5465 "
                                 "paired with it.");
                return VERDICT_LISTED;
        }
        if ((p->has_security_request && (p->security_request & SMP_AUTH_MITM)) ||
            (p->has_response && (p->response.auth & SMP_AUTH_MITM)))
                return VERDICT_NONE; /* the cuff asks: something else, not seen so far */
        verdict_add_request(con, p, "asks for no MITM protection");
        return VERDICT_RULED_OUT;
}

enum verdict_weight verdict_secure_connections_only(const struct trace_pairing *p,
                                                    struct words *pro, struct words *con) {
        if (!p->has_request)
                return VERDICT_NONE;
        if (!(p->request.auth & SMP_AUTH_SC)) {
                verdict_add_request(con, p, "does not ask for Secure Connections");
                return VERDICT_RULED_OUT;
        }
        if (verdict_smp_reason(p) == SMP_REASON_UNSPECIFIED || !p->has_reason)
                return VERDICT_NONE; /* a host that only offers it looks the same */
        verdict_add_request(pro, p, "asks for Secure Connections");
        verdict_say(pro, "The cuffs seen so far do without.");
        verdict_say(con, "A request does not tell whether the host insists. An Android phone asks "
                         "too (AuthReq 0x2d), and a BP5465 paired with it.");
        return VERDICT_LISTED;
}

enum verdict_weight verdict_no_bonding_asked(const struct trace_pairing *p, struct words *pro,
                                             struct words *con) {
        if (!verdict_asks_no_bonding(p))
                return VERDICT_NONE;
        verdict_add_request(pro, p, "asks for no bonding");
        return verdict_is_link_loss(verdict_hci_error(p)) ? VERDICT_LAST : VERDICT_FIRST;
}

enum verdict_weight verdict_confirm_mismatch(const struct trace_pairing *p, struct words *pro,
                                             struct words *con) {
        verdict_add_failed(pro, p);
        verdict_say(pro, "A phone's first try with a BP5465 failed so, and one about 7 s later "
                         "succeeded.");
        verdict_add_earlier(con, p);
        return VERDICT_LISTED;
}

enum verdict_weight verdict_repeated_attempts(const struct trace_pairing *p, struct words *pro,
                                              struct words *con) {
        verdict_add_failed(pro, p);
        verdict_add_earlier(pro, p);
        if (p->earlier_failures == 0)
                verdict_say(con, "No earlier attempt that failed is in this capture.");
        return VERDICT_LISTED;
}
