/*
 *      request, classic    CC key[16]                    CC command; LINK_CHECK: zeros for a key
 *      request, modern     11 nonce[4] 00[15]
 *      reply               CC|80 SS ..                   SS status; 2..17 bytes, padded with zeros
 *      reply, modern       91 SS nonce[4] ..
 *      error, modern       FF EE                         WLD4's secure session
 *
 * The sources stand in the header.
 */
#include "core/omron_unlock.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#define SECURE_ERROR 0xFF

const uint8_t omron_community_key[OMRON_KEY_SIZE] = {0xDE, 0xAD, 0xBE, 0xAF, 0x12, 0x34,
                                                     0x12, 0x34, 0xDE, 0xAD, 0xBE, 0xAF,
                                                     0x12, 0x34, 0x12, 0x34};

void omron_unlock_encode(enum omron_unlock_command command, const uint8_t key[OMRON_KEY_SIZE],
                         uint8_t ret[OMRON_UNLOCK_SIZE]) {
        ret[0] = (uint8_t) command;
        if (key)
                memcpy(ret + 1, key, OMRON_KEY_SIZE);
        else
                memset(ret + 1, 0, OMRON_KEY_SIZE);
}

void omron_token_encode(const uint8_t nonce[OMRON_TOKEN_NONCE_SIZE],
                        uint8_t ret[OMRON_TOKEN_SIZE]) {
        memset(ret, 0, OMRON_TOKEN_SIZE);
        ret[0] = OMRON_UNLOCK_TOKEN;
        memcpy(ret + 1, nonce, OMRON_TOKEN_NONCE_SIZE);
}

static bool is_command(uint8_t command) {
        return command == OMRON_UNLOCK_STORE_KEY || command == OMRON_UNLOCK_OPEN ||
               command == OMRON_UNLOCK_LINK_CHECK || command == OMRON_UNLOCK_TOKEN;
}

int omron_unlock_decode(const uint8_t *value, size_t n, struct omron_unlock_reply *ret) {
        struct omron_unlock_reply reply = {0};

        if (n < 2)
                return -EBADMSG;
        reply.command = value[0] ^ OMRON_UNLOCK_REPLY;
        reply.status = value[1];
        if (!is_command(reply.command))
                return -ENOTSUP;
        if (reply.command == OMRON_UNLOCK_TOKEN) {
                if (n < 2 + OMRON_TOKEN_NONCE_SIZE)
                        return -EBADMSG;
                memcpy(reply.nonce, value + 2, OMRON_TOKEN_NONCE_SIZE);
        }

        *ret = reply;
        return 0;
}

int omron_secure_error_decode(const uint8_t *value, size_t n, uint8_t *ret_code) {
        if (n < 2)
                return -EBADMSG;
        if (value[0] != SECURE_ERROR)
                return -ENOTSUP;
        *ret_code = value[1];
        return 0;
}
