#include "core/smp.h"

#include <errno.h>

#include "check.h"
#include "exact.h"

static const struct {
        uint8_t code, size;
        bool secret;
        const char *name;
} codes[] = {
        /* clang-format off */
        {0x01,  7, false, "Pairing Request"},
        {0x02,  7, false, "Pairing Response"},
        {0x03, 17, true,  "Pairing Confirm"},
        {0x04, 17, true,  "Pairing Random"},
        {0x05,  2, false, "Pairing Failed"},
        {0x06, 17, true,  "Encryption Information"},
        {0x07, 11, false, "Central Identification"},
        {0x08, 17, true,  "Identity Information"},
        {0x09,  8, false, "Identity Address Information"},
        {0x0A, 17, true,  "Signing Information"},
        {0x0B,  2, false, "Security Request"},
        {0x0C, 65, false, "Pairing Public Key"},
        {0x0D, 17, false, "Pairing DHKey Check"},
        {0x0E,  2, false, "Pairing Keypress Notification"},
        /* clang-format on */
};

#define N_CODES (sizeof codes / sizeof codes[0])

/* A PDU of the right length: its code, then bytes that all differ; the address type is 1. */
static size_t make_pdu(size_t i, uint8_t ret[SMP_PDU_MAX]) {
        ret[0] = codes[i].code;
        for (uint8_t at = 1; at < codes[i].size; at++)
                ret[at] = (uint8_t) (0xA0 + at);
        if (codes[i].code == SMP_IDENTITY_ADDRESS_INFORMATION)
                ret[1] = 1;
        return codes[i].size;
}

static struct smp_pdu decoded(const uint8_t *bytes, size_t n) {
        struct smp_pdu pdu = {0};
        uint8_t *exact = exact_copy(bytes, n);

        CHECK_EQ(smp_decode(exact, n, &pdu), 0);
        CHECK_EQ(pdu.code, bytes[0]);
        free(exact);
        return pdu;
}

static void check_refused(const uint8_t *bytes, size_t n, int error) {
        struct smp_pdu pdu, untouched;
        uint8_t *exact = exact_copy(bytes, n);

        memset(&pdu, 0xAA, sizeof pdu);
        memset(&untouched, 0xAA, sizeof untouched);
        CHECK_EQ(smp_decode(exact, n, &pdu), error);
        CHECK(memcmp(&pdu, &untouched, sizeof pdu) == 0);
        free(exact);
}

/* --- PDUs --- */

static void every_code_has_a_name_and_a_size(void) {
        for (size_t i = 0; i < N_CODES; i++) {
                CHECK_STR(smp_code_to_string(codes[i].code), codes[i].name);
                CHECK_EQ(smp_size(codes[i].code), codes[i].size);
                CHECK_EQ(smp_is_secret(codes[i].code), codes[i].secret);
        }
}

static void other_codes_are_reserved(void) {
        uint8_t bytes[SMP_PDU_MAX] = {0};

        for (unsigned code = 0; code < 256; code++) {
                if (code >= 0x01 && code <= 0x0E)
                        continue;
                bytes[0] = (uint8_t) code;
                CHECK_STR(smp_code_to_string(bytes[0]), "reserved");
                CHECK_EQ(smp_size(bytes[0]), 0);
                CHECK(!smp_is_secret(bytes[0]));
                for (size_t n = 1; n <= SMP_PDU_MAX; n += 8)
                        check_refused(bytes, n, -ENOTSUP);
        }
}

static void a_length_other_than_the_codes_is_malformed(void) {
        uint8_t bytes[SMP_PDU_MAX + 1] = {0};

        check_refused(bytes, 0, -EBADMSG);
        for (size_t i = 0; i < N_CODES; i++) {
                make_pdu(i, bytes);
                for (size_t n = 1; n <= sizeof bytes; n++)
                        if (n != codes[i].size)
                                check_refused(bytes, n, -EBADMSG);
        }
}

static void what_was_decoded_is_encoded_to_the_same_bytes(void) {
        for (size_t i = 0; i < N_CODES; i++) {
                uint8_t bytes[SMP_PDU_MAX], back[SMP_PDU_MAX] = {0};
                size_t n = make_pdu(i, bytes);
                struct smp_pdu pdu = decoded(bytes, n);

                CHECK_EQ(smp_encode(&pdu, back), n);
                CHECK(memcmp(back, bytes, n) == 0);
        }
}

/* A Raspberry Pi asks, an OMRON BP7350 refuses. */
static void the_refusal_of_the_first_question(void) {
        static const uint8_t request[] = {0x01, 0x03, 0x00, 0x01, 0x10, 0x05, 0x07};
        static const uint8_t failed[] = {0x05, 0x08};
        struct smp_pdu pdu = decoded(request, sizeof request);

        CHECK_EQ(pdu.features.io, SMP_IO_NO_INPUT_NO_OUTPUT);
        CHECK_EQ(pdu.features.oob, 0);
        CHECK_EQ(pdu.features.auth, SMP_AUTH_BONDING);
        CHECK_EQ(pdu.features.max_key_size, 16);
        CHECK_EQ(pdu.features.initiator_keys, SMP_KEY_ENC | SMP_KEY_SIGN);
        CHECK_EQ(pdu.features.responder_keys, SMP_KEY_ENC | SMP_KEY_ID | SMP_KEY_SIGN);
        pdu = decoded(failed, sizeof failed);
        CHECK_EQ(pdu.reason, SMP_REASON_UNSPECIFIED);
}

static void every_feature_has_its_own_byte(void) {
        uint8_t bytes[SMP_PDU_MAX];
        struct smp_pdu pdu = decoded(bytes, make_pdu(1, bytes));

        CHECK_EQ(pdu.features.io, 0xA1);
        CHECK_EQ(pdu.features.oob, 0xA2);
        CHECK_EQ(pdu.features.auth, 0xA3);
        CHECK_EQ(pdu.features.max_key_size, 0xA4);
        CHECK_EQ(pdu.features.initiator_keys, 0xA5);
        CHECK_EQ(pdu.features.responder_keys, 0xA6);
}

static void one_byte_pdus(void) {
        CHECK_EQ(decoded((const uint8_t[]){0x05, 0x10}, 2).reason, SMP_REASON_BUSY);
        CHECK_EQ(decoded((const uint8_t[]){0x05, 0xFF}, 2).reason, 0xFF);
        CHECK_EQ(decoded((const uint8_t[]){0x0B, 0x2D}, 2).auth, 0x2D);
        CHECK_EQ(decoded((const uint8_t[]){0x0E, 0x04}, 2).keypress, 4);
}

static void values_stay_as_sent(void) {
        static const uint8_t with_value[] = {2, 3, 5, 7, 9, 12};
        uint8_t bytes[SMP_PDU_MAX];

        for (size_t i = 0; i < sizeof with_value; i++) {
                struct smp_pdu pdu = decoded(bytes, make_pdu(with_value[i], bytes));

                CHECK(memcmp(pdu.value, bytes + 1, 16) == 0);
        }
}

static void the_key_of_before_is_named_by_two_numbers(void) {
        static const uint8_t bytes[] = {0x07, 0x34, 0x12, 1, 2, 3, 4, 5, 6, 7, 8};
        struct smp_pdu pdu = decoded(bytes, sizeof bytes);

        CHECK_EQ(pdu.identification.ediv, 0x1234);
        CHECK(memcmp(pdu.identification.rand, bytes + 3, 8) == 0);
}

static void an_address_is_sent_last_byte_first(void) {
        uint8_t bytes[] = {0x09, 0x00, 0xFF, 0xEE, 0xDD, 0xCC, 0xBB, 0xAA};
        struct smp_pdu pdu = decoded(bytes, sizeof bytes);
        char text[BDADDR_STRING_SIZE];

        bdaddr_to_string(&pdu.identity.address, text);
        CHECK_STR(text, "AA:BB:CC:DD:EE:FF");
        CHECK(!pdu.identity.random);
        bytes[1] = 1;
        CHECK(decoded(bytes, sizeof bytes).identity.random);
        for (unsigned type = 2; type < 256; type++) {
                bytes[1] = (uint8_t) type;
                check_refused(bytes, sizeof bytes, -EBADMSG);
        }
}

static void a_public_key_is_a_point(void) {
        uint8_t bytes[SMP_PDU_MAX];
        struct smp_pdu pdu = decoded(bytes, make_pdu(11, bytes));

        CHECK(memcmp(pdu.public_key.x, bytes + 1, 32) == 0);
        CHECK(memcmp(pdu.public_key.y, bytes + 33, 32) == 0);
}

/* --- names --- */

static void check_names(const char *(*to_string)(uint8_t), const char *const *names, size_t n) {
        for (unsigned number = 0; number < 256; number++)
                CHECK_STR(to_string((uint8_t) number), number < n ? names[number] : "reserved");
}

static void names_are_the_specifications(void) {
        static const char *const io[] = {"DisplayOnly", "DisplayYesNo", "KeyboardOnly",
                                         "NoInputNoOutput", "KeyboardDisplay"};
        static const char *const oob[] = {"OOB data not present", "OOB data present"};
        static const char *const keypress[] = {"Passkey entry started", "Passkey digit entered",
                                               "Passkey digit erased", "Passkey cleared",
                                               "Passkey entry completed"};
        static const char *const reason[] = {
                "reserved",
                "Passkey Entry Failed",
                "OOB Not Available",
                "Authentication Requirements",
                "Confirm Value Failed",
                "Pairing Not Supported",
                "Encryption Key Size",
                "Command Not Supported",
                "Unspecified Reason",
                "Repeated Attempts",
                "Invalid Parameters",
                "DHKey Check Failed",
                "Numeric Comparison Failed",
                "BR/EDR pairing in progress",
                "Cross-transport Key Derivation/Generation not allowed",
                "Key Rejected",
                "Busy",
        };

        check_names(smp_io_to_string, io, 5);
        check_names(smp_oob_to_string, oob, 2);
        check_names(smp_keypress_to_string, keypress, 5);
        check_names(smp_reason_to_string, reason, 17);
        CHECK_STR(smp_method_to_string(SMP_JUST_WORKS), "Just Works");
        CHECK_STR(smp_method_to_string(SMP_PASSKEY_ENTRY), "Passkey Entry");
        CHECK_STR(smp_method_to_string(SMP_NUMERIC_COMPARISON), "Numeric Comparison");
        CHECK_STR(smp_method_to_string(SMP_OUT_OF_BAND), "Out of Band");
}

static void requirements_in_words(void) {
        static const struct {
                uint8_t auth;
                const char *text;
        } some[] = {
                {0x00, "No Bonding, No MITM, Legacy"},
                {0x01, "Bonding, No MITM, Legacy"},
                {0x02, "Bonding reserved 0x02, No MITM, Legacy"},
                {0x03, "Bonding reserved 0x03, No MITM, Legacy"},
                {0x04, "No Bonding, MITM, Legacy"},
                {0x08, "No Bonding, No MITM, SC"},
                {0x10, "No Bonding, No MITM, Legacy, Keypress"},
                {0x20, "No Bonding, No MITM, Legacy, CT2"},
                {0x2D, "Bonding, MITM, SC, CT2"}, /* a phone */
                {0x3D, "Bonding, MITM, SC, Keypress, CT2"},
                {0x40, "No Bonding, No MITM, Legacy, reserved 0x40"},
                {0x81, "Bonding, No MITM, Legacy, reserved 0x80"},
                {0xF3, "Bonding reserved 0x03, No MITM, Legacy, Keypress, CT2, reserved 0xc0"},
                {0xFF, "Bonding reserved 0x03, MITM, SC, Keypress, CT2, reserved 0xc0"},
        };

        for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
                char *exact = malloc(SMP_TEXT_MAX);

                CHECK(smp_auth_print(some[i].auth, exact) == exact);
                CHECK_STR(exact, some[i].text);
                free(exact);
        }
}

static void keys_in_words(void) {
        static const struct {
                uint8_t keys;
                const char *text;
        } some[] = {
                {0x00, "none"},
                {0x01, "EncKey"},
                {0x02, "IdKey"},
                {0x04, "Sign"},
                {0x08, "LinkKey"},
                {0x05, "EncKey, Sign"},
                {0x0F, "EncKey, IdKey, Sign, LinkKey"},
                {0x10, "reserved 0x10"},
                {0xF0, "reserved 0xf0"},
                {0xFF, "EncKey, IdKey, Sign, LinkKey, reserved 0xf0"},
        };

        for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
                char *exact = malloc(SMP_TEXT_MAX);

                CHECK(smp_keys_print(some[i].keys, exact) == exact);
                CHECK_STR(exact, some[i].text);
                free(exact);
        }
}

/* --- what a request and its response lead to --- */

static struct smp_agreement agreed(struct smp_features request, struct smp_features response) {
        struct smp_agreement a;

        memset(&a, 0xAA, sizeof a);
        smp_agree(&request, &response, &a);
        return a;
}

static enum smp_method method(struct smp_features request, struct smp_features response) {
        struct smp_agreement a = agreed(request, response);

        CHECK_EQ(a.mitm, a.method != SMP_JUST_WORKS);
        return a.method;
}

/* Table 2.8: rows are the responder's IO, columns the initiator's, both in the order of enum
 * smp_io; J Just Works, P Passkey Entry, N Numeric Comparison. */
static void check_table(uint8_t auth, const char *const table[5]) {
        static const enum smp_method methods[] = {
                ['J'] = SMP_JUST_WORKS,
                ['P'] = SMP_PASSKEY_ENTRY,
                ['N'] = SMP_NUMERIC_COMPARISON,
        };

        for (uint8_t r = 0; r < 5; r++)
                for (uint8_t i = 0; i < 5; i++) {
                        enum smp_method want = methods[(unsigned char) table[r][i]];
                        struct smp_features a = {.io = i, .auth = auth};
                        struct smp_features b = {.io = r, .auth = auth};

                        CHECK_EQ(method(a, b), want);
                        a.auth &= (uint8_t) ~SMP_AUTH_MITM; /* one who wants it is enough */
                        CHECK_EQ(method(a, b), want);
                        b.auth &= (uint8_t) ~SMP_AUTH_MITM;
                        CHECK_EQ(method(a, b), SMP_JUST_WORKS);
                        a.auth |= SMP_AUTH_MITM;
                        CHECK_EQ(method(a, b), want);
                }
}

static void the_io_capabilities_choose_the_method(void) {
        static const char *const legacy[] = {"JJPJP", "JJPJP", "PPPJP", "JJJJJ", "PPPJP"};
        static const char *const sc[] = {"JJPJP", "JNPJN", "PPPJP", "JJJJJ", "PNPJN"};

        check_table(SMP_AUTH_BONDING | SMP_AUTH_MITM, legacy);
        check_table(SMP_AUTH_BONDING | SMP_AUTH_MITM | SMP_AUTH_SC, sc);
}

static void a_reserved_io_counts_as_none(void) {
        for (unsigned io = 5; io < 256; io++)
                for (uint8_t auth = SMP_AUTH_MITM; auth <= 0x0C; auth += SMP_AUTH_SC) {
                        struct smp_features a = {.io = (uint8_t) io, .auth = auth};
                        struct smp_features b = {.io = SMP_IO_KEYBOARD_DISPLAY, .auth = auth};

                        CHECK_EQ(method(a, b), SMP_JUST_WORKS);
                        CHECK_EQ(method(b, a), SMP_JUST_WORKS);
                }
}

/* Tables 2.6 and 2.7. */
static void data_out_of_band_comes_first(void) {
        struct smp_features with = {.io = SMP_IO_KEYBOARD_ONLY, .oob = 1};
        struct smp_features without = {.io = SMP_IO_KEYBOARD_ONLY};

        CHECK_EQ(method(with, with), SMP_OUT_OF_BAND);
        CHECK_EQ(method(with, without), SMP_JUST_WORKS);
        CHECK_EQ(method(without, with), SMP_JUST_WORKS);
        with.auth = SMP_AUTH_MITM;
        CHECK_EQ(method(with, with), SMP_OUT_OF_BAND);
        CHECK_EQ(method(with, without), SMP_PASSKEY_ENTRY);
        CHECK_EQ(method(without, with), SMP_PASSKEY_ENTRY);
        with.auth = without.auth = SMP_AUTH_SC;
        CHECK_EQ(method(with, with), SMP_OUT_OF_BAND);
        CHECK_EQ(method(with, without), SMP_OUT_OF_BAND);
        CHECK_EQ(method(without, with), SMP_OUT_OF_BAND);
        CHECK_EQ(method(without, without), SMP_JUST_WORKS);
        with.oob = 2; /* reserved */
        CHECK_EQ(method(with, with), SMP_JUST_WORKS);
}

static void both_must_want_secure_connections_and_bonding(void) {
        for (unsigned i = 0; i < 256; i++)
                for (unsigned r = 0; r < 256; r++) {
                        struct smp_agreement a = agreed((struct smp_features){.auth = (uint8_t) i},
                                                        (struct smp_features){.auth = (uint8_t) r});
                        bool sc = i & 8 && r & 8, bonding = (i & 3) == 1 && (r & 3) == 1;

                        if (a.secure_connections != sc || a.bonding != bonding)
                                CHECK_EQ(i << 8 | r, -1);
                }
}

static void the_smaller_key_size_counts(void) {
        CHECK_EQ(agreed((struct smp_features){.max_key_size = 16},
                        (struct smp_features){.max_key_size = 7})
                         .key_size,
                 7);
        CHECK_EQ(agreed((struct smp_features){.max_key_size = 8},
                        (struct smp_features){.max_key_size = 16})
                         .key_size,
                 8);
        CHECK_EQ(agreed((struct smp_features){.max_key_size = 0},
                        (struct smp_features){.max_key_size = 255})
                         .key_size,
                 0);
}

/* What both name, each direction by itself. */
static void keys_on_the_air(void) {
        struct smp_features phone = {.auth = 0x2D, .initiator_keys = 0x0F, .responder_keys = 0x0F};
        struct smp_features cuff = {.auth = 0x01, .initiator_keys = 0x03, .responder_keys = 0x03};
        struct smp_agreement a = agreed(phone, cuff);

        CHECK_EQ(a.initiator_keys, SMP_KEY_ENC | SMP_KEY_ID);
        CHECK_EQ(a.responder_keys, SMP_KEY_ENC | SMP_KEY_ID);
        phone.initiator_keys = 0x05;
        phone.responder_keys = 0x06;
        cuff.initiator_keys = 0x07;
        cuff.responder_keys = 0x03;
        a = agreed(phone, cuff);
        CHECK_EQ(a.initiator_keys, SMP_KEY_ENC | SMP_KEY_SIGN);
        CHECK_EQ(a.responder_keys, SMP_KEY_ID);
        phone.initiator_keys = phone.responder_keys = 0xFF;
        cuff.initiator_keys = cuff.responder_keys = 0xFF;
        a = agreed(phone, cuff);
        CHECK_EQ(a.initiator_keys, SMP_KEY_ENC | SMP_KEY_ID | SMP_KEY_SIGN);
        CHECK_EQ(a.responder_keys, SMP_KEY_ENC | SMP_KEY_ID | SMP_KEY_SIGN);
        cuff.auth |= SMP_AUTH_SC;
        a = agreed(phone, cuff);
        CHECK_EQ(a.initiator_keys, SMP_KEY_ID | SMP_KEY_SIGN);
        CHECK_EQ(a.responder_keys, SMP_KEY_ID | SMP_KEY_SIGN);
}

/* An Android phone and an OMRON BP5465. */
static void a_phone_and_a_cuff(void) {
        struct smp_agreement a = agreed((struct smp_features){4, 0, 0x2D, 16, 0x0F, 0x0F},
                                        (struct smp_features){3, 0, 0x01, 16, 0x03, 0x03});

        CHECK(!a.secure_connections);
        CHECK(a.bonding);
        CHECK(!a.mitm);
        CHECK_EQ(a.method, SMP_JUST_WORKS);
        CHECK_EQ(a.key_size, 16);
}

CHECK_MAIN("unit.smp", TEST(every_code_has_a_name_and_a_size), TEST(other_codes_are_reserved),
           TEST(a_length_other_than_the_codes_is_malformed),
           TEST(what_was_decoded_is_encoded_to_the_same_bytes),
           TEST(the_refusal_of_the_first_question), TEST(every_feature_has_its_own_byte),
           TEST(one_byte_pdus), TEST(values_stay_as_sent),
           TEST(the_key_of_before_is_named_by_two_numbers),
           TEST(an_address_is_sent_last_byte_first), TEST(a_public_key_is_a_point),
           TEST(names_are_the_specifications), TEST(requirements_in_words), TEST(keys_in_words),
           TEST(the_io_capabilities_choose_the_method), TEST(a_reserved_io_counts_as_none),
           TEST(data_out_of_band_comes_first), TEST(both_must_want_secure_connections_and_bonding),
           TEST(the_smaller_key_size_counts), TEST(keys_on_the_air), TEST(a_phone_and_a_cuff))
