/* PDUs of the Security Manager Protocol. Keys are shown: who asks has them already. */
#include "cli/decode.h"

#include <errno.h>

#include "core/smp.h"

static void add_auth(struct json *j, uint8_t auth) {
        char text[SMP_TEXT_MAX];

        json_real(j, j->root, "auth", auth);
        json_text(j, j->root, "auth_text", smp_auth_print(auth, text));
}

static void add_features(struct json *j, const struct smp_features *f) {
        char text[SMP_TEXT_MAX];

        json_real(j, j->root, "io", f->io);
        json_text(j, j->root, "io_name", smp_io_to_string(f->io));
        json_real(j, j->root, "oob", f->oob);
        json_text(j, j->root, "oob_text", smp_oob_to_string(f->oob));
        add_auth(j, f->auth);
        json_real(j, j->root, "max_key_size", f->max_key_size);
        json_real(j, j->root, "initiator_keys", f->initiator_keys);
        json_text(j, j->root, "initiator_keys_text", smp_keys_print(f->initiator_keys, text));
        json_real(j, j->root, "responder_keys", f->responder_keys);
        json_text(j, j->root, "responder_keys_text", smp_keys_print(f->responder_keys, text));
}

static void add_identity(struct json *j, const struct smp_pdu *pdu) {
        char text[BDADDR_STRING_SIZE];

        bdaddr_to_string(&pdu->identity.address, text);
        json_text(j, j->root, "address_type", pdu->identity.random ? "random" : "public");
        json_text(j, j->root, "address", text);
}

static void add_fields(struct json *j, const struct smp_pdu *pdu) {
        switch (pdu->code) {
        case SMP_PAIRING_REQUEST:
        case SMP_PAIRING_RESPONSE:
                add_features(j, &pdu->features);
                break;
        case SMP_PAIRING_FAILED:
                json_real(j, j->root, "reason", pdu->reason);
                json_text(j, j->root, "reason_text", smp_reason_to_string(pdu->reason));
                break;
        case SMP_SECURITY_REQUEST:
                add_auth(j, pdu->auth);
                break;
        case SMP_KEYPRESS_NOTIFICATION:
                json_real(j, j->root, "keypress", pdu->keypress);
                json_text(j, j->root, "keypress_text", smp_keypress_to_string(pdu->keypress));
                break;
        case SMP_CENTRAL_IDENTIFICATION:
                json_real(j, j->root, "ediv", pdu->identification.ediv);
                decode_add_hex(j, j->root, "rand", pdu->identification.rand,
                               sizeof pdu->identification.rand);
                break;
        case SMP_IDENTITY_ADDRESS_INFORMATION:
                add_identity(j, pdu);
                break;
        case SMP_PAIRING_PUBLIC_KEY:
                decode_add_hex(j, j->root, "x", pdu->public_key.x, sizeof pdu->public_key.x);
                decode_add_hex(j, j->root, "y", pdu->public_key.y, sizeof pdu->public_key.y);
                break;
        default:
                decode_add_hex(j, j->root, "value", pdu->value, sizeof pdu->value);
                break;
        }
}

static const char *why_not(const struct decode_value *v, int error) {
        if (error == -ENOTSUP)
                return "the Bluetooth SIG has no such code";
        if (v->n == smp_size(v->bytes[0]))
                return "an address type is 0 or 1";
        return "the PDU is not as long as its code wants";
}

int decode_smp(const struct decode_value *v, struct json *j, const char **reason) {
        struct smp_pdu pdu;
        int r;

        r = smp_decode(v->bytes, v->n, &pdu);
        if (r < 0) {
                *reason = why_not(v, r);
                return r;
        }
        json_text(j, j->root, "pdu", smp_code_to_string(pdu.code));
        json_real(j, j->root, "code", pdu.code);
        add_fields(j, &pdu);
        return 0;
}
