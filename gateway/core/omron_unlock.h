/* The handshake on OMRON's unlock characteristic (b305b680): the key of classic cuffs, the token of
 * modern ones. Classic: userx14/omblepy, eigger/hass-omron, on many models; sure. Token: HEM-7188T1
 * (eigger/hass-omron#92), HEM-7155T-MW3 (dzikus/esphome-omron); sure for those, whether an
 * HEM-7340T_K4 wants it is not known. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define OMRON_KEY_SIZE         16
#define OMRON_UNLOCK_SIZE      17 /* what a classic cuff is written */
#define OMRON_TOKEN_SIZE       20 /* what a modern cuff is written */
#define OMRON_TOKEN_NONCE_SIZE 4

/* The key that omblepy, hass-omron and ubpm program: "deadbeaf12341234deadbeaf12341234". */
extern const uint8_t omron_community_key[OMRON_KEY_SIZE];

enum omron_unlock_command {
        OMRON_UNLOCK_STORE_KEY = 0x00,  /* + key: only after LINK_CHECK was answered 00 */
        OMRON_UNLOCK_OPEN = 0x01,       /* + key */
        OMRON_UNLOCK_LINK_CHECK = 0x02, /* + 16 zeros: may a key be programmed? */
        OMRON_UNLOCK_TOKEN = 0x11,      /* + nonce, echoed */
        OMRON_UNLOCK_REPLY = 0x80,
};

enum { /* status bytes; all others are refusals without a name */
       OMRON_STATUS_OK = 0x00,
       OMRON_STATUS_WRONG_KEY = 0x01,     /* to OPEN; to LINK_CHECK: cancelled */
       OMRON_STATUS_NOT_ENCRYPTED = 0x04, /* to OPEN (omblepy#40) */
       OMRON_STATUS_PEER_LOST = 0x08,     /* to LINK_CHECK: the cuff has lost the pairing; 17 too */
       OMRON_STATUS_TIMEOUT = 0x0F, /* to LINK_CHECK: not encrypted in time, or not in P mode */
};

struct omron_unlock_reply {
        uint8_t command; /* the request's: 00 01 02 11 */
        uint8_t status;
        uint8_t nonce[OMRON_TOKEN_NONCE_SIZE]; /* TOKEN only */
};

/* `key` NULL: zeros. */
void omron_unlock_encode(enum omron_unlock_command command, const uint8_t key[OMRON_KEY_SIZE],
                         uint8_t ret[OMRON_UNLOCK_SIZE]);
void omron_token_encode(const uint8_t nonce[OMRON_TOKEN_NONCE_SIZE], uint8_t ret[OMRON_TOKEN_SIZE]);

/* 0; -EBADMSG shorter than 2 bytes (TOKEN: 6); -ENOTSUP no such reply. Padding is ignored. */
int omron_unlock_decode(const uint8_t *value, size_t n, struct omron_unlock_reply *ret);

/* `FF xx`, how a cuff with a secure session (WLD4) says no on the memory characteristics: 26 is
 * "registration not allowed" (eigger/hass-omron; seen on a link outside P mode), other codes have
 * no name. 0 and the code; -EBADMSG shorter than 2 bytes; -ENOTSUP something else. */
int omron_secure_error_decode(const uint8_t *value, size_t n, uint8_t *ret_code);
