#include "cuff/verdict.h"

#include <string.h>

#include "cuff/verdict_judge.h"

#define END PAIRING_CAUSE_MAX_

/* clang-format off */

/* Which causes come into question, the likeliest first. Each is then judged by the bytes, which move it
 * to the front, to the end, or out. These two stand around every list: without evidence they say nothing. */
static const enum pairing_cause before[] = {
        PAIRING_CAUSE_AGENT_SILENT, PAIRING_CAUSE_AGENT_REFUSED, PAIRING_CAUSE_NO_ANSWER,
        PAIRING_CAUSE_NO_AGENT, PAIRING_CAUSE_NOT_PAIRABLE, PAIRING_CAUSE_NO_BONDING_ASKED, END
};
static const enum pairing_cause after[] = { PAIRING_CAUSE_NOT_IN_CAPTURE, END };

/* One of the two refused. */
static const enum pairing_cause refused_at_once[] = {
        PAIRING_CAUSE_NOT_IN_PAIRING_MODE, PAIRING_CAUSE_BONDED_ELSEWHERE, PAIRING_CAUSE_PASSING_REFUSAL,
        PAIRING_CAUSE_IDENTITY_KEY_WANTED, PAIRING_CAUSE_MITM_ASKED, PAIRING_CAUSE_SECURE_CONNECTIONS_ONLY,
        END
};
static const enum pairing_cause refused_later[] = {
        PAIRING_CAUSE_PASSING_REFUSAL, PAIRING_CAUSE_NOT_IN_PAIRING_MODE, PAIRING_CAUSE_BONDED_ELSEWHERE,
        END
};
static const enum pairing_cause no_pairing_wanted[] = {
        PAIRING_CAUSE_NOT_IN_PAIRING_MODE, PAIRING_CAUSE_BONDED_ELSEWHERE, PAIRING_CAUSE_MITM_ASKED,
        PAIRING_CAUSE_SECURE_CONNECTIONS_ONLY, END
};
static const enum pairing_cause too_much_asked[] = {
        PAIRING_CAUSE_MITM_ASKED, PAIRING_CAUSE_SECURE_CONNECTIONS_ONLY, PAIRING_CAUSE_NOT_IN_PAIRING_MODE,
        PAIRING_CAUSE_BONDED_ELSEWHERE, END
};
static const enum pairing_cause too_often[] = {
        PAIRING_CAUSE_REPEATED_ATTEMPTS, PAIRING_CAUSE_NOT_IN_PAIRING_MODE, PAIRING_CAUSE_BONDED_ELSEWHERE,
        END
};
static const enum pairing_cause pause_wanted[] = { PAIRING_CAUSE_REPEATED_ATTEMPTS, END };
static const enum pairing_cause no_passkey[] = { PAIRING_CAUSE_MITM_ASKED, PAIRING_CAUSE_PROTOCOL, END };
static const enum pairing_cause not_understood[] = {
        PAIRING_CAUSE_SECURE_CONNECTIONS_ONLY, PAIRING_CAUSE_PROTOCOL, END
};
static const enum pairing_cause mismatch[] = { PAIRING_CAUSE_CONFIRM_MISMATCH, END };
static const enum pairing_cause requirements[] = { PAIRING_CAUSE_HOST_REQUIREMENTS, END };
static const enum pairing_cause gave_up[] = { PAIRING_CAUSE_HOST_STOPPED, END };
static const enum pairing_cause protocol[] = { PAIRING_CAUSE_PROTOCOL, END };
static const enum pairing_cause agent_only[] = { END };

/* The link ended, or the capture. */
static const enum pairing_cause hung_up_at_once[] = {
        PAIRING_CAUSE_NOT_IN_PAIRING_MODE, PAIRING_CAUSE_BONDED_ELSEWHERE, PAIRING_CAUSE_PASSING_REFUSAL,
        PAIRING_CAUSE_CUFF_HUNG_UP, PAIRING_CAUSE_MITM_ASKED, PAIRING_CAUSE_PROTOCOL, END
};
static const enum pairing_cause hung_up_later[] = {
        PAIRING_CAUSE_PASSING_REFUSAL, PAIRING_CAUSE_CUFF_HUNG_UP, PAIRING_CAUSE_PROTOCOL, END
};
static const enum pairing_cause stopped[] = { PAIRING_CAUSE_HOST_STOPPED, PAIRING_CAUSE_PROTOCOL, END };
static const enum pairing_cause lost[] = { PAIRING_CAUSE_LINK_LOST, PAIRING_CAUSE_PROTOCOL, END };

/* A key from before; no key in the end. */
static const enum pairing_cause key_refused[] = {
        PAIRING_CAUSE_BOND_LOST, PAIRING_CAUSE_BONDED_ELSEWHERE, END
};
static const enum pairing_cause key_not_heard[] = {
        PAIRING_CAUSE_LINK_LOST, PAIRING_CAUSE_BOND_LOST, PAIRING_CAUSE_BONDED_ELSEWHERE, END
};
static const enum pairing_cause without_keys[] = {
        PAIRING_CAUSE_NOT_IN_PAIRING_MODE, PAIRING_CAUSE_PROTOCOL, END
};

/* SMP's reasons. What has no row, reserved ones too, is `protocol`; by the cuff is also by a side not told. */
static const struct {
        const enum pairing_cause *by_cuff, *by_host;
} by_reason[] = {
        [SMP_REASON_PASSKEY_ENTRY_FAILED]        = { no_passkey, agent_only },
        [SMP_REASON_OOB_NOT_AVAILABLE]           = { requirements, requirements },
        [SMP_REASON_AUTHENTICATION_REQUIREMENTS] = { too_much_asked, requirements },
        [SMP_REASON_CONFIRM_VALUE_FAILED]        = { mismatch, mismatch },
        [SMP_REASON_PAIRING_NOT_SUPPORTED]       = { no_pairing_wanted, agent_only },
        [SMP_REASON_ENCRYPTION_KEY_SIZE]         = { requirements, requirements },
        [SMP_REASON_COMMAND_NOT_SUPPORTED]       = { not_understood, protocol },
        [SMP_REASON_UNSPECIFIED]                 = { refused_later, gave_up },
        [SMP_REASON_REPEATED_ATTEMPTS]           = { too_often, pause_wanted },
        [SMP_REASON_NUMERIC_COMPARISON_FAILED]   = { protocol, agent_only },
        [SMP_REASON_BREDR_IN_PROGRESS]           = { protocol, gave_up },
        [SMP_REASON_CROSS_TRANSPORT_NOT_ALLOWED] = { protocol, gave_up },
        [SMP_REASON_KEY_REJECTED]                = { protocol, requirements },
        [SMP_REASON_BUSY]                        = { refused_later, gave_up },
};
/* clang-format on */

static const enum pairing_cause *of_failed(const struct trace_pairing *p) {
        uint8_t reason = p->has_reason ? p->reason : SMP_REASON_UNSPECIFIED;

        if (verdict_failed_to_encrypt(p))
                return verdict_is_link_loss(verdict_hci_error(p)) ? lost : protocol;
        if (reason == SMP_REASON_UNSPECIFIED && verdict_refused_at_once(p))
                return refused_at_once;
        if (reason >= sizeof by_reason / sizeof by_reason[0] || !by_reason[reason].by_cuff)
                return protocol;
        return verdict_failed_by_host(p) ? by_reason[reason].by_host : by_reason[reason].by_cuff;
}

static const enum pairing_cause *of_incomplete(const struct trace_pairing *p) {
        uint8_t error = verdict_hci_error(p);

        if (!p->has_disconnect)
                return protocol; /* which then asks for a malformed PDU */
        if (verdict_is_hang_up(error))
                return p->phase <= TRACE_PHASE_FEATURES ? hung_up_at_once : hung_up_later;
        /* authentication failure: how a Linux host hangs up when it gives a pairing up */
        return error == 0x16 || error == 0x05 ? stopped : lost;
}

/* NULL: nothing went wrong. */
static const enum pairing_cause *of_outcome(const struct trace_pairing *p) {
        switch (p->outcome) {
        case TRACE_FAILED:
                return of_failed(p);
        case TRACE_INCOMPLETE:
                return of_incomplete(p);
        case TRACE_KEY_REFUSED:
                return verdict_is_link_loss(verdict_hci_error(p)) ? key_not_heard : key_refused;
        case TRACE_PAIRED_WITHOUT_KEYS:
                return without_keys;
        default:
                return NULL;
        }
}

static verdict_judge *const judges[PAIRING_CAUSE_MAX_] = {
        [PAIRING_CAUSE_NOT_IN_PAIRING_MODE] = verdict_not_in_pairing_mode,
        [PAIRING_CAUSE_BONDED_ELSEWHERE] = verdict_bonded_elsewhere,
        [PAIRING_CAUSE_PASSING_REFUSAL] = verdict_passing_refusal,
        [PAIRING_CAUSE_IDENTITY_KEY_WANTED] = verdict_identity_key_wanted,
        [PAIRING_CAUSE_MITM_ASKED] = verdict_mitm_asked,
        [PAIRING_CAUSE_SECURE_CONNECTIONS_ONLY] = verdict_secure_connections_only,
        [PAIRING_CAUSE_NO_BONDING_ASKED] = verdict_no_bonding_asked,
        [PAIRING_CAUSE_CONFIRM_MISMATCH] = verdict_confirm_mismatch,
        [PAIRING_CAUSE_REPEATED_ATTEMPTS] = verdict_repeated_attempts,
        [PAIRING_CAUSE_NO_AGENT] = verdict_no_agent,
        [PAIRING_CAUSE_NOT_PAIRABLE] = verdict_not_pairable,
        [PAIRING_CAUSE_AGENT_REFUSED] = verdict_agent_refused,
        [PAIRING_CAUSE_AGENT_SILENT] = verdict_agent_silent,
        [PAIRING_CAUSE_HOST_REQUIREMENTS] = verdict_host_requirements,
        [PAIRING_CAUSE_HOST_STOPPED] = verdict_host_stopped,
        [PAIRING_CAUSE_CUFF_HUNG_UP] = verdict_cuff_hung_up,
        [PAIRING_CAUSE_LINK_LOST] = verdict_link_lost,
        [PAIRING_CAUSE_NO_ANSWER] = verdict_no_answer,
        [PAIRING_CAUSE_BOND_LOST] = verdict_bond_lost,
        [PAIRING_CAUSE_PROTOCOL] = verdict_protocol,
        [PAIRING_CAUSE_NOT_IN_CAPTURE] = verdict_not_in_capture,
};

static enum verdict_weight judge(const struct trace_pairing *p, enum pairing_cause cause,
                                 struct verdict_cause *ret) {
        struct words pro = words_in(ret->evidence_for, sizeof ret->evidence_for);
        struct words con = words_in(ret->evidence_against, sizeof ret->evidence_against);

        ret->cause = cause;
        return judges[cause](p, &pro, &con);
}

/* Those of `list` that the bytes give this weight. */
static void add_all(const struct trace_pairing *p, const enum pairing_cause *list,
                    enum verdict_weight weight, struct verdict *v) {
        struct verdict_cause one, *to = weight == VERDICT_RULED_OUT ? v->ruled_out : v->cause;
        size_t *n = weight == VERDICT_RULED_OUT ? &v->n_ruled_out : &v->n;

        for (; *list != END && *n < VERDICT_CAUSES_MAX; list++)
                if (judge(p, *list, &one) == weight)
                        to[(*n)++] = one;
}

void verdict_of(const struct trace_pairing *p, struct verdict *ret) {
        const enum pairing_cause *list = of_outcome(p);

        memset(ret, 0, sizeof *ret);
        if (!list)
                return;
        for (enum verdict_weight w = VERDICT_FIRST; w >= VERDICT_RULED_OUT; w--) {
                add_all(p, before, w, ret);
                add_all(p, list, w, ret);
                add_all(p, after, w, ret);
        }
}
