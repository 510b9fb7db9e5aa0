/* Any bytes as a PDU of the Security Manager Protocol, and any two sets of features. */
#include "core/smp.h"

#include <errno.h>

#include "exact.h"
#include "fuzz/property.h"

static void decode(const uint8_t *data, size_t n) {
        uint8_t *exact = exact_copy(data, n), back[SMP_PDU_MAX];
        struct smp_pdu pdu, untouched;
        size_t size = n ? smp_size(data[0]) : 0;
        int r;

        memset(&pdu, 0xAA, sizeof pdu);
        memset(&untouched, 0xAA, sizeof untouched);
        r = smp_decode(exact, n, &pdu);
        if (r == 0) {
                REQUIRE(n > 0 && size == n && pdu.code == data[0]);
                REQUIRE(smp_encode(&pdu, back) == n);
                REQUIRE(memcmp(back, data, n) == 0);
        } else {
                REQUIRE(r == (n && size == 0 ? -ENOTSUP : -EBADMSG));
                REQUIRE(n == 0 || size != n || data[0] == SMP_IDENTITY_ADDRESS_INFORMATION);
                REQUIRE(memcmp(&pdu, &untouched, sizeof pdu) == 0);
        }
        free(exact);
}

static void require_text(const char *text) {
        REQUIRE(text && text[0]);
}

static void print(uint8_t byte) {
        char *text = malloc(SMP_TEXT_MAX);

        memset(text, 0xAA, SMP_TEXT_MAX);
        REQUIRE(smp_auth_print(byte, text) == text);
        REQUIRE(memchr(text, '\0', SMP_TEXT_MAX - 1)); /* nothing had to be left out */
        memset(text, 0xAA, SMP_TEXT_MAX);
        REQUIRE(smp_keys_print(byte, text) == text);
        REQUIRE(memchr(text, '\0', SMP_TEXT_MAX - 1) && text[0]);
        free(text);
        require_text(smp_code_to_string(byte));
        require_text(smp_io_to_string(byte));
        require_text(smp_oob_to_string(byte));
        require_text(smp_reason_to_string(byte));
        require_text(smp_keypress_to_string(byte));
        REQUIRE(smp_size(byte) <= SMP_PDU_MAX);
        REQUIRE(!smp_is_secret(byte) || smp_size(byte) == 17);
}

static bool same(const struct smp_agreement *a, const struct smp_agreement *b) {
        return a->secure_connections == b->secure_connections && a->bonding == b->bonding &&
               a->mitm == b->mitm && a->method == b->method && a->key_size == b->key_size &&
               a->initiator_keys == b->initiator_keys && a->responder_keys == b->responder_keys;
}

static void agree(const struct smp_features *request, const struct smp_features *response) {
        uint8_t sent = SMP_KEY_ENC | SMP_KEY_ID | SMP_KEY_SIGN;
        struct smp_agreement a, swapped;

        smp_agree(request, response, &a);
        smp_agree(response, request, &swapped);
        REQUIRE(same(&a, &swapped));
        require_text(smp_method_to_string(a.method));
        REQUIRE(a.mitm == (a.method != SMP_JUST_WORKS));
        REQUIRE(a.secure_connections == (request->auth & response->auth & SMP_AUTH_SC) >> 3);
        REQUIRE(a.method != SMP_NUMERIC_COMPARISON || a.secure_connections);
        if (!request->oob && !response->oob) {
                REQUIRE(a.method != SMP_OUT_OF_BAND);
                REQUIRE(!a.mitm || ((request->auth | response->auth) & SMP_AUTH_MITM));
                REQUIRE(!a.mitm || (request->io != SMP_IO_NO_INPUT_NO_OUTPUT &&
                                    response->io != SMP_IO_NO_INPUT_NO_OUTPUT));
        }
        REQUIRE(!a.bonding || (request->auth & response->auth & SMP_AUTH_BONDING));
        REQUIRE(a.key_size <= request->max_key_size && a.key_size <= response->max_key_size);
        REQUIRE(a.key_size == request->max_key_size || a.key_size == response->max_key_size);
        if (a.secure_connections)
                sent &= (uint8_t) ~SMP_KEY_ENC;
        REQUIRE(a.initiator_keys == (request->initiator_keys & response->initiator_keys & sent));
        REQUIRE(a.responder_keys == (request->responder_keys & response->responder_keys & sent));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        struct smp_features request, response;

        decode(data, n);
        for (size_t i = 0; i < n && i < SMP_PDU_MAX; i++)
                print(data[i]);
        if (n < sizeof request + sizeof response)
                return 0;
        memcpy(&request, data, sizeof request);
        memcpy(&response, data + sizeof request, sizeof response);
        agree(&request, &response);
        return 0;
}
