#include "core/smp.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "core/words.h"

/* No PDU tells its length: its code does. Numbers of more than one byte begin with the least
 * significant (Vol 3, Part H, 3.3 to 3.6).
 *
 *   01, 02       IO capability, OOB, AuthReq, max. key size, initiator's keys, responder's keys
 *   03, 04, 0d   value[16]
 *   05           reason
 *   06, 08, 0a   key[16]
 *   07           EDIV[2], Rand[8]
 *   09           address type (0 public, 1 random), address[6]
 *   0b           AuthReq
 *   0c           X[32], Y[32]
 *   0e           what the user did with the passkey */
static const struct {
        const char *name;
        uint8_t size;
        bool secret;
} pdus[] = {
        /* clang-format off */
        [SMP_PAIRING_REQUEST]              = {"Pairing Request", 7, false},
        [SMP_PAIRING_RESPONSE]             = {"Pairing Response", 7, false},
        [SMP_PAIRING_CONFIRM]              = {"Pairing Confirm", 17, true},
        [SMP_PAIRING_RANDOM]               = {"Pairing Random", 17, true},
        [SMP_PAIRING_FAILED]               = {"Pairing Failed", 2, false},
        [SMP_ENCRYPTION_INFORMATION]       = {"Encryption Information", 17, true},
        [SMP_CENTRAL_IDENTIFICATION]       = {"Central Identification", 11, false},
        [SMP_IDENTITY_INFORMATION]         = {"Identity Information", 17, true},
        [SMP_IDENTITY_ADDRESS_INFORMATION] = {"Identity Address Information", 8, false},
        [SMP_SIGNING_INFORMATION]          = {"Signing Information", 17, true},
        [SMP_SECURITY_REQUEST]             = {"Security Request", 2, false},
        [SMP_PAIRING_PUBLIC_KEY]           = {"Pairing Public Key", 65, false},
        [SMP_PAIRING_DHKEY_CHECK]          = {"Pairing DHKey Check", 17, false},
        [SMP_KEYPRESS_NOTIFICATION]        = {"Pairing Keypress Notification", 2, false},
        /* clang-format on */
};

#define N_PDUS (sizeof pdus / sizeof pdus[0])

_Static_assert(sizeof(struct smp_features) == 6, "as on the air");

size_t smp_size(uint8_t code) {
        return code < N_PDUS ? pdus[code].size : 0;
}

bool smp_is_secret(uint8_t code) {
        return code < N_PDUS && pdus[code].secret;
}

/* --- bytes --- */

static int decode_identity(const uint8_t *body, struct smp_pdu *pdu) {
        if (body[0] > 1)
                return -EBADMSG;
        pdu->identity.random = body[0];
        pdu->identity.address = bdaddr_from_wire(body + 1);
        return 0;
}

/* `body` is as long as the code wants. */
static int decode_body(const uint8_t *body, struct smp_pdu *pdu) {
        switch (pdu->code) {
        case SMP_PAIRING_REQUEST:
        case SMP_PAIRING_RESPONSE:
                memcpy(&pdu->features, body, sizeof pdu->features);
                return 0;
        case SMP_PAIRING_FAILED:
                pdu->reason = body[0];
                return 0;
        case SMP_SECURITY_REQUEST:
                pdu->auth = body[0];
                return 0;
        case SMP_KEYPRESS_NOTIFICATION:
                pdu->keypress = body[0];
                return 0;
        case SMP_CENTRAL_IDENTIFICATION:
                pdu->identification.ediv = (uint16_t) (body[0] | body[1] << 8);
                memcpy(pdu->identification.rand, body + 2, sizeof pdu->identification.rand);
                return 0;
        case SMP_IDENTITY_ADDRESS_INFORMATION:
                return decode_identity(body, pdu);
        case SMP_PAIRING_PUBLIC_KEY:
                memcpy(pdu->public_key.x, body, sizeof pdu->public_key.x);
                memcpy(pdu->public_key.y, body + sizeof pdu->public_key.x,
                       sizeof pdu->public_key.y);
                return 0;
        default:
                memcpy(pdu->value, body, sizeof pdu->value);
                return 0;
        }
}

int smp_decode(const uint8_t *bytes, size_t n, struct smp_pdu *ret) {
        struct smp_pdu pdu;
        int r;

        if (n == 0)
                return -EBADMSG;
        if (smp_size(bytes[0]) == 0)
                return -ENOTSUP;
        if (smp_size(bytes[0]) != n)
                return -EBADMSG;
        memset(&pdu, 0, sizeof pdu);
        pdu.code = bytes[0];
        r = decode_body(bytes + 1, &pdu);
        if (r < 0)
                return r;
        *ret = pdu;
        return 0;
}

static void encode_body(const struct smp_pdu *pdu, uint8_t *body) {
        switch (pdu->code) {
        case SMP_PAIRING_REQUEST:
        case SMP_PAIRING_RESPONSE:
                memcpy(body, &pdu->features, sizeof pdu->features);
                break;
        case SMP_PAIRING_FAILED:
                body[0] = pdu->reason;
                break;
        case SMP_SECURITY_REQUEST:
                body[0] = pdu->auth;
                break;
        case SMP_KEYPRESS_NOTIFICATION:
                body[0] = pdu->keypress;
                break;
        case SMP_CENTRAL_IDENTIFICATION:
                body[0] = (uint8_t) pdu->identification.ediv;
                body[1] = (uint8_t) (pdu->identification.ediv >> 8);
                memcpy(body + 2, pdu->identification.rand, sizeof pdu->identification.rand);
                break;
        case SMP_IDENTITY_ADDRESS_INFORMATION:
                body[0] = pdu->identity.random;
                bdaddr_to_wire(&pdu->identity.address, body + 1);
                break;
        case SMP_PAIRING_PUBLIC_KEY:
                memcpy(body, pdu->public_key.x, sizeof pdu->public_key.x);
                memcpy(body + sizeof pdu->public_key.x, pdu->public_key.y,
                       sizeof pdu->public_key.y);
                break;
        default:
                memcpy(body, pdu->value, sizeof pdu->value);
                break;
        }
}

size_t smp_encode(const struct smp_pdu *pdu, uint8_t ret[SMP_PDU_MAX]) {
        size_t size = smp_size(pdu->code);

        assert(size > 0);
        ret[0] = pdu->code;
        encode_body(pdu, ret + 1);
        return size;
}

/* --- names --- */

static const char *name_of(const char *const *names, size_t n, uint8_t number) {
        return number < n && names[number] ? names[number] : "reserved";
}

#define NAME_OF(names, number) name_of(names, sizeof(names) / sizeof(names)[0], number)

const char *smp_code_to_string(uint8_t code) {
        return smp_size(code) > 0 ? pdus[code].name : "reserved";
}

const char *smp_io_to_string(uint8_t io) {
        static const char *const names[] = {
                [SMP_IO_DISPLAY_ONLY] = "DisplayOnly",
                [SMP_IO_DISPLAY_YES_NO] = "DisplayYesNo",
                [SMP_IO_KEYBOARD_ONLY] = "KeyboardOnly",
                [SMP_IO_NO_INPUT_NO_OUTPUT] = "NoInputNoOutput",
                [SMP_IO_KEYBOARD_DISPLAY] = "KeyboardDisplay",
        };

        return NAME_OF(names, io);
}

const char *smp_oob_to_string(uint8_t oob) {
        static const char *const names[] = {"OOB data not present", "OOB data present"};

        return NAME_OF(names, oob);
}

const char *smp_reason_to_string(uint8_t reason) {
        static const char *const names[] = {
                [SMP_REASON_PASSKEY_ENTRY_FAILED] = "Passkey Entry Failed",
                [SMP_REASON_OOB_NOT_AVAILABLE] = "OOB Not Available",
                [SMP_REASON_AUTHENTICATION_REQUIREMENTS] = "Authentication Requirements",
                [SMP_REASON_CONFIRM_VALUE_FAILED] = "Confirm Value Failed",
                [SMP_REASON_PAIRING_NOT_SUPPORTED] = "Pairing Not Supported",
                [SMP_REASON_ENCRYPTION_KEY_SIZE] = "Encryption Key Size",
                [SMP_REASON_COMMAND_NOT_SUPPORTED] = "Command Not Supported",
                [SMP_REASON_UNSPECIFIED] = "Unspecified Reason",
                [SMP_REASON_REPEATED_ATTEMPTS] = "Repeated Attempts",
                [SMP_REASON_INVALID_PARAMETERS] = "Invalid Parameters",
                [SMP_REASON_DHKEY_CHECK_FAILED] = "DHKey Check Failed",
                [SMP_REASON_NUMERIC_COMPARISON_FAILED] = "Numeric Comparison Failed",
                [SMP_REASON_BREDR_IN_PROGRESS] = "BR/EDR pairing in progress",
                [SMP_REASON_CROSS_TRANSPORT_NOT_ALLOWED] =
                        "Cross-transport Key Derivation/Generation not allowed",
                [SMP_REASON_KEY_REJECTED] = "Key Rejected",
                [SMP_REASON_BUSY] = "Busy",
        };

        return NAME_OF(names, reason);
}

const char *smp_keypress_to_string(uint8_t keypress) {
        static const char *const names[] = {
                "Passkey entry started", "Passkey digit entered",   "Passkey digit erased",
                "Passkey cleared",       "Passkey entry completed",
        };

        return NAME_OF(names, keypress);
}

const char *smp_method_to_string(enum smp_method method) {
        static const char *const names[] = {
                [SMP_JUST_WORKS] = "Just Works",
                [SMP_PASSKEY_ENTRY] = "Passkey Entry",
                [SMP_NUMERIC_COMPARISON] = "Numeric Comparison",
                [SMP_OUT_OF_BAND] = "Out of Band",
        };

        return NAME_OF(names, (uint8_t) method);
}

static void add_item(struct words *w, const char *item) {
        if (w->length > 0)
                words_add(w, ", ");
        words_add(w, item);
}

static void add_reserved(struct words *w, uint8_t bits) {
        if (bits == 0)
                return;
        add_item(w, "reserved ");
        words_add_byte(w, bits);
}

char *smp_auth_print(uint8_t auth, char ret[SMP_TEXT_MAX]) {
        static const char *const bonding[] = {"No Bonding", "Bonding", "Bonding reserved 0x02",
                                              "Bonding reserved 0x03"};
        const uint8_t known = SMP_AUTH_BONDING_MASK | SMP_AUTH_MITM | SMP_AUTH_SC |
                              SMP_AUTH_KEYPRESS | SMP_AUTH_CT2;
        struct words w = words_in(ret, SMP_TEXT_MAX);

        add_item(&w, bonding[auth & SMP_AUTH_BONDING_MASK]);
        add_item(&w, auth & SMP_AUTH_MITM ? "MITM" : "No MITM");
        add_item(&w, auth & SMP_AUTH_SC ? "SC" : "Legacy");
        if (auth & SMP_AUTH_KEYPRESS)
                add_item(&w, "Keypress");
        if (auth & SMP_AUTH_CT2)
                add_item(&w, "CT2");
        add_reserved(&w, (uint8_t) (auth & ~known));
        return ret;
}

char *smp_keys_print(uint8_t keys, char ret[SMP_TEXT_MAX]) {
        static const char *const names[] = {"EncKey", "IdKey", "Sign", "LinkKey"};
        struct words w = words_in(ret, SMP_TEXT_MAX);

        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                if (keys & 1u << i)
                        add_item(&w, names[i]);
        add_reserved(&w, keys & 0xF0);
        if (keys == 0)
                add_item(&w, "none");
        return ret;
}

/* --- what a request and its response lead to --- */

static bool is_mute(uint8_t io) {
        return io == SMP_IO_NO_INPUT_NO_OUTPUT || io > SMP_IO_KEYBOARD_DISPLAY;
}

static bool has_keyboard(uint8_t io) {
        return io == SMP_IO_KEYBOARD_ONLY || io == SMP_IO_KEYBOARD_DISPLAY;
}

/* Shows a number and takes a yes or no. */
static bool can_compare(uint8_t io) {
        return io == SMP_IO_DISPLAY_YES_NO || io == SMP_IO_KEYBOARD_DISPLAY;
}

/* The whole of table 2.8: it is the same both ways round. */
static enum smp_method method_of_io(uint8_t a, uint8_t b, bool secure_connections) {
        if (is_mute(a) || is_mute(b))
                return SMP_JUST_WORKS;
        if (secure_connections && can_compare(a) && can_compare(b))
                return SMP_NUMERIC_COMPARISON;
        if (has_keyboard(a) || has_keyboard(b))
                return SMP_PASSKEY_ENTRY;
        return SMP_JUST_WORKS;
}

/* Tables 2.6 and 2.7. With OOB in legacy pairing both need what the other's data is checked with;
 * with Secure Connections one side's data is enough. */
static enum smp_method method_of(const struct smp_features *a, const struct smp_features *b,
                                 bool secure_connections) {
        bool oob_a = a->oob == 1, oob_b = b->oob == 1;

        if (secure_connections ? oob_a || oob_b : oob_a && oob_b)
                return SMP_OUT_OF_BAND;
        if (!((a->auth | b->auth) & SMP_AUTH_MITM))
                return SMP_JUST_WORKS;
        return method_of_io(a->io, b->io, secure_connections);
}

static bool wants_bonding(const struct smp_features *f) {
        return (f->auth & SMP_AUTH_BONDING_MASK) == SMP_AUTH_BONDING;
}

void smp_agree(const struct smp_features *request, const struct smp_features *response,
               struct smp_agreement *ret) {
        bool sc = request->auth & response->auth & SMP_AUTH_SC;
        enum smp_method method = method_of(request, response, sc);
        uint8_t sent = sc ? SMP_KEY_ID | SMP_KEY_SIGN : SMP_KEY_ENC | SMP_KEY_ID | SMP_KEY_SIGN;

        *ret = (struct smp_agreement){
                .secure_connections = sc,
                .bonding = wants_bonding(request) && wants_bonding(response),
                .mitm = method != SMP_JUST_WORKS,
                .method = method,
                .key_size = request->max_key_size < response->max_key_size ? request->max_key_size
                                                                           : response->max_key_size,
                .initiator_keys = request->initiator_keys & response->initiator_keys & sent,
                .responder_keys = request->responder_keys & response->responder_keys & sent,
        };
}
