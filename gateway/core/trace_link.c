/* What an event begins, adds or ends. The rules:
 *
 *   begins                  a Security Request, Pairing Request, encryption request; what can only
 *                           be the middle or the end of a pairing whose beginning is not in the
 *                           capture (but never a key: that is the tail of one that is over)
 *   a second Pairing Request ends the first as INCOMPLETE, however far that was
 *   encryption              with the pairing's own key once any PDU of a pairing was seen, however
 *                           little; otherwise with a stored one
 *   FAILED, KEY_REFUSED     wait for the disconnect, or what begins another
 *   ENCRYPTED_WITH_STORED   waits too: Security Requests and encryption again are part of it, and
 *                           when that is refused the outcome is KEY_REFUSED
 *   BONDED, WITHOUT_KEYS    over at once; BONDED because user space got the key, when the rest of
 *                           the keys has gone out, or the link ends
 */
#include "core/trace_link.h"

#include <assert.h>
#include <string.h>

#include "core/trace_past.h"

static uint8_t code_of(const struct trace_event *event) {
        return event->pdu_size > 0 ? event->pdu[0] : 0;
}

/* Some PDUs name their side; a sniffer does not always know it. */
static enum trace_side side_of(const struct trace_event *event) {
        uint8_t code = code_of(event);

        if (event->kind == TRACE_ENCRYPTION_ASKED || event->kind >= TRACE_PAIR_ASKED)
                return TRACE_HOST;
        if (event->kind != TRACE_SMP || event->side != TRACE_UNKNOWN)
                return event->side;
        if (code == SMP_PAIRING_REQUEST)
                return TRACE_HOST;
        return code == SMP_PAIRING_RESPONSE || code == SMP_SECURITY_REQUEST ? TRACE_CUFF
                                                                            : TRACE_UNKNOWN;
}

static bool with_stored_key(const struct trace_link *l) {
        return l->settled && l->pairing.outcome == TRACE_ENCRYPTED_WITH_STORED_KEY;
}

/* --- begin --------------------------------------------------------------------------------- */

static bool pdu_begins(const struct trace_link *l, uint8_t code) {
        bool active = l && l->active;

        switch (code) {
        case SMP_SECURITY_REQUEST:
                return !active || (l->settled && !with_stored_key(l));
        case SMP_PAIRING_REQUEST: /* the one before may have failed where nobody listened */
                return !active || l->settled || l->exchange;
        case SMP_PAIRING_FAILED:
                return !active || with_stored_key(l);
        case SMP_PAIRING_RESPONSE:
        case SMP_PAIRING_CONFIRM:
        case SMP_PAIRING_RANDOM:
        case SMP_PAIRING_PUBLIC_KEY:
        case SMP_PAIRING_DHKEY_CHECK:
        case SMP_KEYPRESS_NOTIFICATION:
                return !active;
        default:
                return false;
        }
}

bool trace_link_begins(const struct trace_link *l, const struct trace_event *event) {
        bool active = l && l->active;

        switch (event->kind) {
        case TRACE_SMP:
                return pdu_begins(l, code_of(event));
        case TRACE_ENCRYPTION_ASKED:
                return !active || (l->settled && !with_stored_key(l));
        case TRACE_ENCRYPTION_DONE: /* "PIN or Key Missing" alone still says what it says */
                return !active && event->status != 0;
        default:
                return false;
        }
}

/* --- steps --------------------------------------------------------------------------------- */

/* The last place is for the disconnect, the one before for what decides the outcome. */
static size_t room_for(const struct trace_link *l, const struct trace_event *event) {
        bool failed = event->kind == TRACE_SMP && code_of(event) == SMP_PAIRING_FAILED;

        if (event->kind == TRACE_DISCONNECTED)
                return TRACE_STEPS_MAX;
        if (!l->settled && (failed || event->kind == TRACE_ENCRYPTION_DONE))
                return TRACE_STEPS_MAX - 1;
        return TRACE_STEPS_MAX - 2;
}

static void add_step(struct trace_link *l, const struct trace_event *event, bool malformed) {
        struct trace_pairing *p = &l->pairing;
        size_t room = room_for(l, event);
        struct trace_step *step;

        if (!l->settled)
                p->end_usec = event->usec;
        if (p->n_steps >= room)
                p->steps_left_out++;
        if (p->n_steps >= room && room == TRACE_STEPS_MAX - 2)
                return;
        step = p->n_steps < room ? &p->step[p->n_steps++] : &p->step[room - 1];
        *step = (struct trace_step){
                .kind = event->kind,
                .side = side_of(event),
                .number = event->number,
                .usec = event->usec,
                .status = event->status,
                .io = event->io,
                .stored = event->stored,
                .answer = event->answer,
                .pdu_size = event->pdu_size,
                .pdu_cut = event->pdu_cut,
                .malformed = malformed,
        };
        memcpy(step->pdu, event->pdu, event->pdu_size);
}

/* --- outcomes ------------------------------------------------------------------------------ */

static void reach(struct trace_link *l, enum trace_phase phase) {
        if (l->pairing.phase < phase)
                l->pairing.phase = phase;
}

static bool settle(struct trace_link *l, enum trace_outcome outcome) {
        l->pairing.outcome = outcome;
        l->settled = true;
        l->pending = false;
        return outcome == TRACE_BONDED || outcome == TRACE_PAIRED_WITHOUT_KEYS;
}

/* Authentication Failure, PIN or Key Missing, MIC Failure */
static bool is_of_key(uint8_t status) {
        return status == 0x05 || status == 0x06 || status == 0x3D;
}

/* Encryption did not come to be: with the pairing's own key (a failure nobody can be blamed for)
 * or with a stored one, which the cuff has no more if the error is one of the key. */
static void refuse(struct trace_link *l, uint8_t status) {
        struct trace_pairing *p = &l->pairing;

        p->phase = TRACE_PHASE_ENCRYPTION;
        p->has_reason = true;
        p->reason = status;
        p->failed_by = is_of_key(status) && !l->exchange ? TRACE_CUFF : TRACE_UNKNOWN;
        settle(l, l->exchange ? TRACE_FAILED : TRACE_KEY_REFUSED);
}

/* Keys are handed out only on an encrypted link: seeing one is as good as the event. What a bond
 * is for is the LTK, which in legacy pairing is one of them. */
static bool complete(struct trace_link *l) {
        static const uint8_t sent = SMP_KEY_ENC | SMP_KEY_ID | SMP_KEY_SIGN;
        struct trace_pairing *p = &l->pairing;
        uint8_t host = p->agreement.initiator_keys & sent,
                cuff = p->agreement.responder_keys & sent;
        bool ltk = p->agreement.secure_connections || ((host | cuff) & SMP_KEY_ENC);

        if (!p->has_agreement || (!p->encrypted && !p->host_keys && !p->cuff_keys))
                return false;
        if ((p->host_keys & host) != host || (p->cuff_keys & cuff) != cuff)
                return false;
        return settle(l, p->agreement.bonding && ltk ? TRACE_BONDED : TRACE_PAIRED_WITHOUT_KEYS);
}

/* --- PDUs ---------------------------------------------------------------------------------- */

#define BIT(code) (1 << ((code) -SMP_ENCRYPTION_INFORMATION))

/* The keys whose PDUs are all there. */
static uint8_t keys_of(uint8_t seen) {
        static const struct {
                uint8_t key, pdus;
        } table[] = {
                {SMP_KEY_ENC, BIT(SMP_ENCRYPTION_INFORMATION) | BIT(SMP_CENTRAL_IDENTIFICATION)},
                {SMP_KEY_ID, BIT(SMP_IDENTITY_INFORMATION) | BIT(SMP_IDENTITY_ADDRESS_INFORMATION)},
                {SMP_KEY_SIGN, BIT(SMP_SIGNING_INFORMATION)},
        };
        uint8_t keys = 0;

        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
                if ((seen & table[i].pdus) == table[i].pdus)
                        keys |= table[i].key;
        return keys;
}

static bool on_key(struct trace_link *l, enum trace_side side, uint8_t code) {
        struct trace_pairing *p = &l->pairing;

        if (!l->exchange) /* the tail of the pairing before */
                return false;
        reach(l, TRACE_PHASE_KEYS);
        l->keys[side] |= (uint8_t) BIT(code);
        p->host_keys = keys_of(l->keys[TRACE_HOST]);
        p->cuff_keys = keys_of(l->keys[TRACE_CUFF]);
        return complete(l);
}

static void on_failed(struct trace_link *l, enum trace_side side, int64_t usec,
                      const struct smp_pdu *pdu) {
        struct trace_pairing *p = &l->pairing;
        enum trace_side other = side == TRACE_HOST ? TRACE_CUFF : TRACE_HOST;

        p->failed_by = side;
        p->has_reason = pdu != NULL;
        p->reason = pdu ? pdu->reason : 0;
        if (side != TRACE_UNKNOWN && l->last_code[other] != 0) {
                p->failed_after_code = l->last_code[other];
                p->failed_after_usec = trace_past_since(l->last_usec[other], usec);
        }
        settle(l, TRACE_FAILED);
}

static void on_features(struct trace_link *l, const struct smp_pdu *pdu) {
        struct trace_pairing *p = &l->pairing;

        if (!pdu)
                return;
        if (pdu->code == SMP_PAIRING_REQUEST) {
                p->has_request = true;
                p->request = pdu->features;
        } else if (!p->has_response) {
                p->has_response = true;
                p->response = pdu->features;
        }
        p->has_agreement = p->has_request && p->has_response;
        if (p->has_agreement)
                smp_agree(&p->request, &p->response, &p->agreement);
}

static void on_security_request(struct trace_link *l, const struct smp_pdu *pdu) {
        struct trace_pairing *p = &l->pairing;

        /* After the Pairing Request it crossed with that, and nothing follows from it. */
        if (!pdu || l->exchange || p->has_security_request)
                return;
        p->has_security_request = true;
        p->security_request = pdu->auth;
}

/* `pdu` NULL: the code is all there is, the rest is cut off or malformed. */
static bool on_pdu(struct trace_link *l, const struct trace_event *event, uint8_t code,
                   const struct smp_pdu *pdu) {
        if (l->settled && code != SMP_SECURITY_REQUEST)
                return false;
        switch (code) {
        case SMP_SECURITY_REQUEST:
                on_security_request(l, pdu);
                return false;
        case SMP_PAIRING_REQUEST:
        case SMP_PAIRING_RESPONSE:
                on_features(l, pdu);
                reach(l, TRACE_PHASE_FEATURES);
                break;
        case SMP_PAIRING_FAILED:
                on_failed(l, side_of(event), event->usec, pdu);
                return false;
        case SMP_ENCRYPTION_INFORMATION:
        case SMP_CENTRAL_IDENTIFICATION:
        case SMP_IDENTITY_INFORMATION:
        case SMP_IDENTITY_ADDRESS_INFORMATION:
        case SMP_SIGNING_INFORMATION:
                return (pdu || event->pdu_cut) && on_key(l, side_of(event), code);
        case SMP_PAIRING_CONFIRM:
        case SMP_PAIRING_RANDOM:
        case SMP_PAIRING_PUBLIC_KEY:
        case SMP_PAIRING_DHKEY_CHECK:
        case SMP_KEYPRESS_NOTIFICATION:
                reach(l, TRACE_PHASE_PROOF);
                break;
        default:
                return false;
        }
        l->exchange = true;
        return false;
}

static bool on_smp(struct trace_link *l, const struct trace_event *event) {
        struct smp_pdu pdu;
        bool whole = !event->pdu_cut && smp_decode(event->pdu, event->pdu_size, &pdu) == 0;
        enum trace_side side = side_of(event);
        bool over;

        add_step(l, event, !whole && !event->pdu_cut);
        over = on_pdu(l, event, code_of(event), whole ? &pdu : NULL);
        l->last_code[side] = code_of(event);
        l->last_usec[side] = event->usec;
        return over;
}

/* --- encryption, the link's end ------------------------------------------------------------ */

static void on_asked(struct trace_link *l, const struct trace_event *event) {
        add_step(l, event, false);
        l->pending = true;
        reach(l, TRACE_PHASE_ENCRYPTION);
}

static bool on_done(struct trace_link *l, const struct trace_event *event) {
        l->pending = false;
        if (event->status != 0 && with_stored_key(l))
                l->settled = false; /* once more, and that was refused */
        add_step(l, event, false);
        if (l->settled)
                return false;
        if (event->status != 0) {
                refuse(l, event->status);
                return false;
        }
        l->pairing.encrypted = true;
        reach(l, l->exchange ? TRACE_PHASE_KEYS : TRACE_PHASE_ENCRYPTION);
        return l->exchange ? complete(l) : settle(l, TRACE_ENCRYPTED_WITH_STORED_KEY);
}

static bool on_disconnected(struct trace_link *l, const struct trace_event *event) {
        bool refused = l->pending && !l->exchange && is_of_key(event->status);

        if ((with_stored_key(l) || l->pairing.outcome == TRACE_BONDED) && !refused)
                return true; /* all went well; how the link ends says nothing about that */
        l->settled = l->settled && !refused;
        add_step(l, event, false);
        l->pairing.has_disconnect = true;
        l->pairing.disconnect_reason = event->status;
        if (refused)
                refuse(l, event->status);
        return true;
}

/* --- user space ---------------------------------------------------------------------------- */

static bool on_mgmt(struct trace_link *l, const struct trace_event *event) {
        struct trace_pairing *p = &l->pairing;

        add_step(l, event, false);
        switch (event->kind) {
        case TRACE_PAIR_ASKED:
                p->pair_asked = true;
                break;
        case TRACE_CONFIRM_ASKED:
                p->confirm_pending = true;
                break;
        case TRACE_CONFIRM_ANSWERED:
                p->confirm = event->answer;
                p->confirm_pending = false;
                break;
        case TRACE_KEY_STORED:
                p->key_stored = true;
                if (l->settled || !l->exchange)
                        break;
                reach(l, TRACE_PHASE_KEYS);
                p->outcome = TRACE_BONDED; /* the host's own keys may follow */
                p->end_usec = event->usec;
                break;
        default: /* PAIRING_STATUS */
                p->has_mgmt_status = true;
                p->mgmt_status = event->status;
                break;
        }
        return false;
}

bool trace_link_step(struct trace_link *l, const struct trace_event *event) {
        assert(l->active && event->pdu_size <= SMP_PDU_MAX);
        switch (event->kind) {
        case TRACE_SMP:
                return on_smp(l, event);
        case TRACE_ENCRYPTION_ASKED:
                on_asked(l, event);
                return false;
        case TRACE_ENCRYPTION_DONE:
                return on_done(l, event);
        case TRACE_DISCONNECTED:
                return on_disconnected(l, event);
        default:
                return on_mgmt(l, event);
        }
}
