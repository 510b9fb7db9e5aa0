/* Of one cause: whether this pairing speaks for it, and what its bytes say for it and against it.
 * Only the verdict_ files include this, and the pairing_guess files for its sentences. */
#pragma once

#include "core/words.h"
#include "cuff/verdict.h"

enum verdict_weight {
        VERDICT_NONE,      /* no word about it */
        VERDICT_RULED_OUT, /* `con` says by what */
        VERDICT_LAST,
        VERDICT_LISTED,
        VERDICT_FIRST, /* before all that are only listed */
};

typedef enum verdict_weight verdict_judge(const struct trace_pairing *p, struct words *pro,
                                          struct words *con);

verdict_judge verdict_not_in_pairing_mode, verdict_bonded_elsewhere, verdict_passing_refusal,
        verdict_identity_key_wanted, verdict_mitm_asked, verdict_secure_connections_only,
        verdict_no_bonding_asked, verdict_confirm_mismatch, verdict_repeated_attempts; /* _cuff */
verdict_judge verdict_no_agent, verdict_not_pairable, verdict_agent_refused, verdict_agent_silent,
        verdict_host_requirements, verdict_host_stopped; /* _host */
verdict_judge verdict_cuff_hung_up, verdict_link_lost, verdict_no_answer, verdict_bond_lost,
        verdict_protocol, verdict_not_in_capture; /* _link */

/* --- what a pairing is (verdict_facts.c) --- */

bool verdict_asks_bonding(const struct trace_pairing *p);    /* the request is there and does */
bool verdict_asks_no_bonding(const struct trace_pairing *p); /* .. is there and does not */
/* FAILED while encryption was begun with the new key, and no Pairing Failed said so. */
bool verdict_failed_to_encrypt(const struct trace_pairing *p);
/* SMP's reason of a FAILED pairing; 0 none, or it is no reason of SMP's. */
uint8_t verdict_smp_reason(const struct trace_pairing *p);
/* The HCI error code that ended it: of the disconnect, or of the encryption. 0: none did. */
uint8_t verdict_hci_error(const struct trace_pairing *p);
bool verdict_is_hang_up(uint8_t hci_error); /* the other side ended the link on purpose */
bool verdict_is_link_loss(uint8_t hci_error);
bool verdict_failed_by_host(const struct trace_pairing *p); /* its Pairing Failed */
/* The cuff (or a side not told) ended it with nothing answered: no response, no later step. */
bool verdict_refused_at_once(const struct trace_pairing *p);
/* The last SMP PDU of an incomplete pairing after which SMP's time ran out; NULL when it did not,
 * or when that cannot be told. */
const struct trace_step *verdict_unanswered(const struct trace_pairing *p);

bool verdict_flag_is_fresh(int64_t age_usec); /* so young that it will not have changed */

/* --- sentences and parts of them (verdict_facts.c) --- */

void verdict_say(struct words *w, const char *text); /* a sentence, or how one begins */

void verdict_add_features(struct words *w, const struct smp_features *f); /* " (03 00 01 ..)" */
void verdict_add_error(struct words *w, uint8_t hci_error); /* "0x13 (Remote User ..)" */
/* "The last advertisement, 0.4 s before, had the pairing flag (P blinked)."; `flag` is told. */
void verdict_add_flag(struct words *w, enum trace_answer flag, int64_t age_usec);
/* "The cuff sent Pairing Failed 0x08 (Unspecified Reason), 97 ms after the Pairing Request." */
void verdict_add_failed(struct words *w, const struct trace_pairing *p);
/* "The link ended with 0x13 (Remote User ..)." */
void verdict_add_link_end(struct words *w, const struct trace_pairing *p);
/* "The request (03 00 ..) asks for bonding (AuthReq 0x01)." */
void verdict_add_request(struct words *w, const struct trace_pairing *p, const char *what);
/* "3 attempts before it in this capture failed too, the last 7.0 s before." */
void verdict_add_earlier(struct words *w, const struct trace_pairing *p);
