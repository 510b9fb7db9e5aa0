/* Who sent an SMP PDU, where the sniffer does not tell: by its code and by the order of SMP
 * (Bluetooth Core 5.4, Vol 3, Part H, 2.3.5.5, 2.3.5.6, 3.6.1 and appendix C). */
#include "core/trace_air.h"

#include <string.h>

/* Of an exchange that goes to and fro, the host first. A second one after the cuff's, or one that
 * begins before the last is complete, shows that something is missing. */
static enum trace_side of_exchange(const struct trace_air_turn *t, uint8_t code) {
        bool after_cuff = t->side == TRACE_CUFF && t->code != SMP_SECURITY_REQUEST;

        if (code == t->code)
                return t->side == TRACE_HOST ? TRACE_CUFF : TRACE_UNKNOWN;
        if (!after_cuff)
                return TRACE_UNKNOWN;
        return code == SMP_PAIRING_CONFIRM && t->cuff_confirms ? TRACE_CUFF : TRACE_HOST;
}

enum trace_side trace_air_turn_of(const struct trace_air_turn *t, uint8_t code) {
        switch (code) {
        case SMP_PAIRING_REQUEST:
                return TRACE_HOST;
        case SMP_PAIRING_RESPONSE:
        case SMP_SECURITY_REQUEST:
                return TRACE_CUFF;
        case SMP_PAIRING_PUBLIC_KEY:
        case SMP_PAIRING_CONFIRM:
        case SMP_PAIRING_RANDOM:
        case SMP_PAIRING_DHKEY_CHECK:
                return of_exchange(t, code);
        case SMP_ENCRYPTION_INFORMATION:
        case SMP_CENTRAL_IDENTIFICATION:
        case SMP_IDENTITY_INFORMATION:
        case SMP_IDENTITY_ADDRESS_INFORMATION:
        case SMP_SIGNING_INFORMATION:
                if (!t->agreed)
                        return TRACE_UNKNOWN;
                return t->cuff_keys > 0 ? TRACE_CUFF : TRACE_HOST;
        case SMP_PAIRING_FAILED:
                return t->code == SMP_SECURITY_REQUEST ? TRACE_HOST : TRACE_UNKNOWN;
        default: /* Keypress Notification comes from whoever has the keys */
                return TRACE_UNKNOWN;
        }
}

static unsigned key_pdus(uint8_t keys) {
        return (keys & SMP_KEY_ENC ? 2u : 0u) + (keys & SMP_KEY_ID ? 2u : 0u) +
               (keys & SMP_KEY_SIGN ? 1u : 0u);
}

static void take_response(struct trace_air_turn *t, const struct smp_features *response) {
        struct smp_agreement agreement;

        smp_agree(&t->request, response, &agreement);
        t->agreed = true;
        t->cuff_keys = key_pdus(agreement.responder_keys);
        t->cuff_confirms =
                agreement.secure_connections &&
                (agreement.method == SMP_JUST_WORKS || agreement.method == SMP_NUMERIC_COMPARISON);
}

static bool is_key(uint8_t code) {
        return code >= SMP_ENCRYPTION_INFORMATION && code <= SMP_SIGNING_INFORMATION;
}

void trace_air_turn_take(struct trace_air_turn *t, enum trace_side side, const uint8_t *pdu,
                         size_t n) {
        uint8_t code = pdu[0];
        struct smp_pdu decoded;
        bool whole = smp_decode(pdu, n, &decoded) == 0;

        /* Neither takes part in the order: a Security Request stands only before a request. */
        if (code == SMP_KEYPRESS_NOTIFICATION || (code == SMP_SECURITY_REQUEST && t->has_request))
                return;
        if (code == SMP_PAIRING_REQUEST || code == SMP_PAIRING_FAILED)
                memset(t, 0, sizeof *t);
        if (code == SMP_PAIRING_FAILED)
                return;
        if (code == SMP_PAIRING_REQUEST) {
                t->has_request = true;
                t->has_features = whole;
                if (whole)
                        t->request = decoded.features;
        }
        if (code == SMP_PAIRING_RESPONSE && whole && t->has_features)
                take_response(t, &decoded.features);
        if (is_key(code) && side == TRACE_CUFF && t->cuff_keys > 0)
                t->cuff_keys--;
        t->side = side;
        t->code = code;
}
