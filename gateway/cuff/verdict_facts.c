#include "cuff/verdict_judge.h"

/* SMP gives up 30 seconds after the last PDU (Bluetooth Core 5.4, Vol 3, Part H, 3.4); the stamps
 * of a capture are not exact. */
#define PATIENCE_USEC (29 * INT64_C(1000000))

/* So old a flag may have changed: P blinks for about a minute. */
#define FLAG_FRESH_USEC (5 * INT64_C(1000000))

bool verdict_asks_bonding(const struct trace_pairing *p) {
        return p->has_request && (p->request.auth & SMP_AUTH_BONDING_MASK) != 0;
}

bool verdict_asks_no_bonding(const struct trace_pairing *p) {
        return p->has_request && (p->request.auth & SMP_AUTH_BONDING_MASK) == 0;
}

static bool has_pairing_failed(const struct trace_pairing *p) {
        for (size_t i = 0; i < p->n_steps; i++)
                if (p->step[i].kind == TRACE_SMP && p->step[i].pdu_size > 0 &&
                    p->step[i].pdu[0] == SMP_PAIRING_FAILED)
                        return true;
        return p->failed_after_code != 0;
}

bool verdict_failed_to_encrypt(const struct trace_pairing *p) {
        return p->outcome == TRACE_FAILED && p->phase == TRACE_PHASE_ENCRYPTION &&
               !has_pairing_failed(p);
}

uint8_t verdict_smp_reason(const struct trace_pairing *p) {
        bool told = p->outcome == TRACE_FAILED && p->has_reason && !verdict_failed_to_encrypt(p);

        return told ? p->reason : 0;
}

uint8_t verdict_hci_error(const struct trace_pairing *p) {
        if (p->outcome == TRACE_INCOMPLETE)
                return p->has_disconnect ? p->disconnect_reason : 0;
        if (p->outcome == TRACE_KEY_REFUSED || verdict_failed_to_encrypt(p))
                return p->has_reason ? p->reason : 0;
        return 0;
}

bool verdict_is_hang_up(uint8_t hci_error) {
        /* remote user terminated, .. due to low resources, .. due to power off */
        return hci_error >= 0x13 && hci_error <= 0x15;
}

bool verdict_is_link_loss(uint8_t hci_error) {
        /* supervision timeout, no answer of the link layer, never established */
        return hci_error == 0x08 || hci_error == 0x22 || hci_error == 0x3E;
}

bool verdict_failed_by_host(const struct trace_pairing *p) {
        return p->outcome == TRACE_FAILED && p->failed_by == TRACE_HOST;
}

bool verdict_refused_at_once(const struct trace_pairing *p) {
        if (p->has_response || p->phase > TRACE_PHASE_FEATURES)
                return false;
        return p->outcome == TRACE_FAILED ? p->failed_by != TRACE_HOST
                                          : verdict_is_hang_up(verdict_hci_error(p));
}

const struct trace_step *verdict_unanswered(const struct trace_pairing *p) {
        const struct trace_step *last = NULL;

        if (p->outcome != TRACE_INCOMPLETE || p->steps_left_out > 0)
                return NULL;
        if (p->phase == TRACE_PHASE_KEYS && !p->has_agreement) /* it may have been the last */
                return NULL;
        for (size_t i = 0; i < p->n_steps; i++)
                if (p->step[i].kind == TRACE_SMP)
                        last = &p->step[i];
        if (!last || last->pdu_size == 0 || last->usec < 0 || p->end_usec < last->usec)
                return NULL;
        return p->end_usec - last->usec >= PATIENCE_USEC ? last : NULL;
}

bool verdict_flag_is_fresh(int64_t age_usec) {
        return age_usec >= 0 && age_usec <= FLAG_FRESH_USEC;
}

void verdict_say(struct words *w, const char *text) {
        words_add(w, w->length > 0 ? " " : "");
        words_add(w, text);
}

void verdict_add_features(struct words *w, const struct smp_features *f) {
        const uint8_t bytes[] = {
                f->io, f->oob, f->auth, f->max_key_size, f->initiator_keys, f->responder_keys};

        words_add(w, " (");
        words_add_hex(w, bytes, sizeof bytes);
        words_add(w, ")");
}

void verdict_add_error(struct words *w, uint8_t hci_error) {
        words_add_byte(w, hci_error);
        words_add(w, " (");
        words_add(w, trace_hci_error_to_string(hci_error));
        words_add(w, ")");
}

void verdict_add_flag(struct words *w, enum trace_answer flag, int64_t age_usec) {
        verdict_say(w, "The last advertisement");
        if (age_usec >= 0) {
                words_add(w, ", ");
                words_add_span(w, age_usec);
                words_add(w, " before,");
        }
        words_add(w, flag == TRACE_YES ? " had the pairing flag (P blinked)."
                                       : " was without the pairing flag (no P blinked).");
}

void verdict_add_failed(struct words *w, const struct trace_pairing *p) {
        verdict_say(w, p->failed_by == TRACE_HOST   ? "The host"
                       : p->failed_by == TRACE_CUFF ? "The cuff"
                                                    : "One of the two");
        words_add(w, " sent Pairing Failed");
        if (p->has_reason) {
                words_add(w, " ");
                words_add_byte(w, p->reason);
                words_add(w, " (");
                words_add(w, smp_reason_to_string(p->reason));
                words_add(w, ")");
        }
        if (p->failed_after_code) {
                words_add(w, ", ");
                if (p->failed_after_usec >= 0) {
                        words_add_span(w, p->failed_after_usec);
                        words_add(w, " ");
                }
                words_add(w, "after the ");
                words_add(w, smp_code_to_string(p->failed_after_code));
        }
        words_add(w, ".");
}

void verdict_add_link_end(struct words *w, const struct trace_pairing *p) {
        verdict_say(w, "The link ended with ");
        verdict_add_error(w, verdict_hci_error(p));
        words_add(w, ".");
}

void verdict_add_request(struct words *w, const struct trace_pairing *p, const char *what) {
        verdict_say(w, "The request");
        verdict_add_features(w, &p->request);
        words_add(w, " ");
        words_add(w, what);
        words_add(w, " (AuthReq ");
        words_add_byte(w, p->request.auth);
        words_add(w, ").");
}

void verdict_add_earlier(struct words *w, const struct trace_pairing *p) {
        if (p->earlier_failures == 0)
                return;
        verdict_say(w, "");
        words_add_number(w, p->earlier_failures);
        words_add(w, p->earlier_failures == 1 ? " attempt" : " attempts");
        words_add(w, " before it in this capture failed too");
        if (p->since_failure_usec >= 0) {
                words_add(w, ", the last ");
                words_add_span(w, p->since_failure_usec);
                words_add(w, " before");
        }
        words_add(w, ".");
}
