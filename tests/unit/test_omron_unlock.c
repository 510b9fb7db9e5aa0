#include "core/omron_unlock.h"

#include <errno.h>

#include "check.h"
#include "exact.h"

static const uint8_t NONCE[OMRON_TOKEN_NONCE_SIZE] = {0x65, 0xAD, 0x17, 0xC3};

static int decode(const uint8_t *value, size_t n, struct omron_unlock_reply *ret) {
        uint8_t *exact = exact_copy(value, n);
        int r = omron_unlock_decode(exact, n, ret);

        free(exact);
        return r;
}

static void the_requests_are_the_published_bytes(void) {
        static const uint8_t open[] = {0x01, 0xDE, 0xAD, 0xBE, 0xAF, 0x12, 0x34, 0x12, 0x34,
                                       0xDE, 0xAD, 0xBE, 0xAF, 0x12, 0x34, 0x12, 0x34};
        static const uint8_t check[OMRON_UNLOCK_SIZE] = {0x02};
        static const uint8_t token[OMRON_TOKEN_SIZE] = {0x11, 0x65, 0xAD, 0x17, 0xC3};
        uint8_t bytes[OMRON_UNLOCK_SIZE], modern[OMRON_TOKEN_SIZE];

        memset(bytes, 0xAA, sizeof bytes);
        memset(modern, 0xAA, sizeof modern);
        omron_unlock_encode(OMRON_UNLOCK_OPEN, omron_community_key, bytes);
        CHECK(memcmp(bytes, open, sizeof open) == 0);
        omron_unlock_encode(OMRON_UNLOCK_STORE_KEY, omron_community_key, bytes);
        CHECK_EQ(bytes[0], 0x00);
        CHECK(memcmp(bytes + 1, open + 1, OMRON_KEY_SIZE) == 0);
        omron_unlock_encode(OMRON_UNLOCK_LINK_CHECK, NULL, bytes);
        CHECK(memcmp(bytes, check, sizeof check) == 0);
        omron_token_encode(NONCE, modern);
        CHECK(memcmp(modern, token, sizeof token) == 0);
}

static void every_reply_and_every_status_is_read(void) {
        static const uint8_t commands[] = {OMRON_UNLOCK_STORE_KEY, OMRON_UNLOCK_OPEN,
                                           OMRON_UNLOCK_LINK_CHECK};

        for (size_t i = 0; i < sizeof commands; i++)
                for (unsigned status = 0; status < 256; status++) {
                        const uint8_t value[17] = {commands[i] | 0x80, (uint8_t) status};
                        struct omron_unlock_reply r;

                        for (size_t n = 2; n <= sizeof value; n += 15) {
                                CHECK_EQ(decode(value, n, &r), 0);
                                CHECK_EQ(r.command, commands[i]);
                                CHECK_EQ(r.status, status);
                        }
                }
}

static void a_token_echoes_its_nonce(void) {
        static const uint8_t value[20] = {0x91, 0x00, 0x65, 0xAD, 0x17, 0xC3, 0xFF};
        struct omron_unlock_reply r;

        CHECK_EQ(decode(value, 6, &r), 0);
        CHECK_EQ(r.command, OMRON_UNLOCK_TOKEN);
        CHECK_EQ(r.status, OMRON_STATUS_OK);
        CHECK(memcmp(r.nonce, NONCE, sizeof NONCE) == 0);
        CHECK_EQ(decode(value, sizeof value, &r), 0);
        for (size_t n = 0; n < 6; n++)
                CHECK_EQ(decode(value, n, &r), -EBADMSG);
}

static void what_is_no_reply_is_not_ours(void) {
        struct omron_unlock_reply r, untouched;

        memset(&r, 0xAA, sizeof r);
        memset(&untouched, 0xAA, sizeof untouched);
        for (unsigned first = 0; first < 256; first++) {
                const uint8_t value[17] = {(uint8_t) first};

                if (first == 0x80 || first == 0x81 || first == 0x82 || first == 0x91)
                        continue;
                CHECK_EQ(decode(value, sizeof value, &r), -ENOTSUP);
                CHECK_EQ(decode(value, 1, &r), -EBADMSG);
        }
        CHECK_EQ(decode(NULL, 0, &r), -EBADMSG);
        CHECK(memcmp(&r, &untouched, sizeof r) == 0);
}

static void a_secure_session_says_no(void) {
        static const uint8_t refused[] = {0xFF, 0x26}, other[] = {0xFE, 0x26};
        uint8_t code = 0;

        CHECK_EQ(omron_secure_error_decode(refused, 2, &code), 0);
        CHECK_EQ(code, 0x26);
        code = 0xAA;
        CHECK_EQ(omron_secure_error_decode(refused, 1, &code), -EBADMSG);
        CHECK_EQ(omron_secure_error_decode(NULL, 0, &code), -EBADMSG);
        CHECK_EQ(omron_secure_error_decode(other, 2, &code), -ENOTSUP);
        CHECK_EQ(code, 0xAA);
}

CHECK_MAIN("unit.omron_unlock", TEST(the_requests_are_the_published_bytes),
           TEST(every_reply_and_every_status_is_read), TEST(a_token_echoes_its_nonce),
           TEST(what_is_no_reply_is_not_ours), TEST(a_secure_session_says_no))
