/* The causes that lie with the link, with a bond from before, or with the capture. */
#include "cuff/verdict_judge.h"

enum verdict_weight verdict_cuff_hung_up(const struct trace_pairing *p, struct words *pro,
                                         struct words *con) {
        verdict_add_link_end(pro, p);
        verdict_say(pro, "The other side did that on purpose.");
        return VERDICT_LISTED;
}

enum verdict_weight verdict_link_lost(const struct trace_pairing *p, struct words *pro,
                                      struct words *con) {
        verdict_add_link_end(pro, p);
        if (verdict_is_link_loss(verdict_hci_error(p)))
                verdict_say(pro, "Nobody hung up: one side no longer heard the other.");
        else
                verdict_say(con, "This code does not tell that nobody hung up.");
        return VERDICT_LISTED;
}

enum verdict_weight verdict_no_answer(const struct trace_pairing *p, struct words *pro,
                                      struct words *con) {
        const struct trace_step *last = verdict_unanswered(p);

        if (!last)
                return VERDICT_NONE;
        verdict_say(pro, "After the ");
        words_add(pro, smp_code_to_string(last->pdu[0]));
        if (last->side != TRACE_UNKNOWN)
                words_add(pro, last->side == TRACE_CUFF ? " of the cuff" : " of the host");
        words_add(pro, " nothing more was said for ");
        words_add_span(pro, p->end_usec - last->usec);
        words_add(pro, "; a pairing is given up after 30 s.");
        return VERDICT_FIRST;
}

enum verdict_weight verdict_bond_lost(const struct trace_pairing *p, struct words *pro,
                                      struct words *con) {
        verdict_say(pro, "The host had a key for this cuff, and encryption with it ");
        words_add(pro, p->failed_by == TRACE_CUFF ? "was refused" : "failed");
        if (p->has_reason) {
                words_add(pro, ": ");
                verdict_add_error(pro, p->reason);
        }
        words_add(pro, ".");
        if (verdict_is_link_loss(verdict_hci_error(p)))
                verdict_say(con, "The error is one of the radio, not of the key.");
        else if (p->failed_by != TRACE_CUFF)
                verdict_say(con, "This error does not say that the cuff refused.");
        return VERDICT_LISTED;
}

/* The first PDU that is not as its code wants it; of a key its code only. */
static void add_malformed(struct words *w, const struct trace_pairing *p) {
        for (size_t i = 0; i < p->n_steps; i++) {
                const struct trace_step *s = &p->step[i];
                size_t shown = s->pdu_size < 8 ? s->pdu_size : 8;

                if (!s->malformed)
                        continue;
                if (shown > 1 && smp_is_secret(s->pdu[0]))
                        shown = 1;
                verdict_say(w, "The PDU in frame ");
                words_add_number(w, s->number);
                words_add(w, " is malformed (");
                words_add_hex(w, s->pdu, shown);
                words_add(w, shown == s->pdu_size ? ")." : " ..).");
                return;
        }
}

static void add_failed_encryption(struct words *w, const struct trace_pairing *p) {
        verdict_say(w, "Encryption with the new key could not be started");
        if (p->has_reason) {
                words_add(w, ": ");
                verdict_add_error(w, p->reason);
        }
        words_add(w, ".");
}

static void add_lost_keys(struct words *w, const struct trace_pairing *p) {
        char keys[SMP_TEXT_MAX];

        if (!verdict_asks_bonding(p) || !p->has_response)
                return;
        verdict_say(w, "The request");
        verdict_add_features(w, &p->request);
        words_add(w, " asks for bonding, the response is");
        verdict_add_features(w, &p->response);
        words_add(w, ". Keys handed out: by the host ");
        words_add(w, smp_keys_print(p->host_keys, keys));
        words_add(w, ", by the cuff ");
        words_add(w, smp_keys_print(p->cuff_keys, keys));
        words_add(w, ".");
}

enum verdict_weight verdict_protocol(const struct trace_pairing *p, struct words *pro,
                                     struct words *con) {
        if (p->outcome == TRACE_PAIRED_WITHOUT_KEYS)
                add_lost_keys(pro, p);
        else if (verdict_failed_to_encrypt(p))
                add_failed_encryption(pro, p);
        else if (p->outcome == TRACE_FAILED)
                verdict_add_failed(pro, p);
        add_malformed(pro, p);
        return pro->length > 0 ? VERDICT_LISTED : VERDICT_NONE;
}

/* What is missing of a pairing that failed, or paired without keys. */
static void add_missing_pdus(struct words *w, const struct trace_pairing *p) {
        bool began = p->failed_after_code == SMP_SECURITY_REQUEST && verdict_failed_by_host(p);

        if (!p->has_request && !began)
                verdict_say(w, "What the host asked for, its Pairing Request, is not in this "
                               "capture.");
        if (!p->has_response && p->outcome == TRACE_PAIRED_WITHOUT_KEYS)
                verdict_say(w, "The Pairing Response is not in it.");
        if (p->outcome != TRACE_FAILED || verdict_failed_to_encrypt(p))
                return;
        if (p->failed_by == TRACE_UNKNOWN)
                verdict_say(w, "Who sent the Pairing Failed is not told.");
        if (!p->has_reason)
                verdict_say(w, "The reason of the Pairing Failed is cut off.");
}

/* Keys are handed out encrypted. */
static bool may_be_unread(const struct trace_pairing *p) {
        return p->phase == TRACE_PHASE_KEYS && !p->has_mgmt && !p->host_keys && !p->cuff_keys;
}

/* Its beginning is missing, and with that how many keys there should be. */
static bool may_be_complete(const struct trace_pairing *p) {
        return p->phase == TRACE_PHASE_KEYS && !p->has_agreement;
}

static void add_missing_end(struct words *w, const struct trace_pairing *p) {
        if (!p->has_disconnect)
                verdict_say(w, "The capture ends before the pairing does.");
        if (may_be_unread(p))
                verdict_say(w, "The link was encrypted; if a sniffer took this capture, it could "
                               "not read what followed, and the pairing may have succeeded.");
        else if (may_be_complete(p))
                verdict_say(w, "The link was encrypted, and which keys were agreed on is not in "
                               "this capture: the pairing may have succeeded.");
        else if (p->phase == TRACE_PHASE_KEYS)
                verdict_say(w, "The link was encrypted, and not all keys were seen.");
        if (!p->has_request && p->phase == TRACE_PHASE_ASKED)
                verdict_say(w, "What the host answered is not in this capture.");
}

enum verdict_weight verdict_not_in_capture(const struct trace_pairing *p, struct words *pro,
                                           struct words *con) {
        if (p->outcome == TRACE_INCOMPLETE)
                add_missing_end(pro, p);
        else if (p->outcome != TRACE_KEY_REFUSED)
                add_missing_pdus(pro, p);
        if (pro->length == 0)
                return VERDICT_NONE;
        if (p->outcome != TRACE_INCOMPLETE)
                return VERDICT_LAST;
        return may_be_unread(p) || may_be_complete(p) ? VERDICT_FIRST : VERDICT_LAST;
}
