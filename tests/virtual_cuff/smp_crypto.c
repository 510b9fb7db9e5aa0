#include "smp_crypto.h"

#include <openssl/evp.h>

#include "util.h"

enum { BLOCK = 16 };

static void reverse(const uint8_t in[BLOCK], uint8_t ret[BLOCK]) {
        for (size_t i = 0; i < BLOCK; i++)
                ret[i] = in[BLOCK - 1 - i];
}

static void xor_block(uint8_t at[BLOCK], const uint8_t other[BLOCK]) {
        for (size_t i = 0; i < BLOCK; i++)
                at[i] ^= other[i];
}

/* AES itself takes its bytes in the other order than the air. */
void smp_e(const uint8_t key[16], const uint8_t plain[16], uint8_t ret[16]) {
        EVP_CIPHER_CTX *aes = EVP_CIPHER_CTX_new();
        uint8_t big_key[BLOCK], big_plain[BLOCK], big_ret[2 * BLOCK];
        int n = 0;

        reverse(key, big_key);
        reverse(plain, big_plain);
        if (!aes || EVP_EncryptInit_ex(aes, EVP_aes_128_ecb(), NULL, big_key, NULL) != 1 ||
            EVP_EncryptUpdate(aes, big_ret, &n, big_plain, BLOCK) != 1 || n != BLOCK)
                abort();
        EVP_CIPHER_CTX_free(aes);
        reverse(big_ret, ret);
}

void smp_c1(const uint8_t k[16], const uint8_t r[16], const uint8_t preq[7], const uint8_t pres[7],
            const struct smp_address *initiator, const struct smp_address *responder,
            uint8_t ret[16]) {
        uint8_t p1[BLOCK] = {initiator->type, responder->type}, p2[BLOCK] = {0};

        memcpy(p1 + 2, preq, 7);
        memcpy(p1 + 9, pres, 7);
        memcpy(p2, responder->bytes, 6);
        memcpy(p2 + 6, initiator->bytes, 6);
        xor_block(p1, r);
        smp_e(k, p1, ret);
        xor_block(p2, ret);
        smp_e(k, p2, ret);
}

void smp_s1(const uint8_t k[16], const uint8_t r1[16], const uint8_t r2[16], uint8_t ret[16]) {
        uint8_t halves[BLOCK];

        memcpy(halves, r2, BLOCK / 2);
        memcpy(halves + BLOCK / 2, r1, BLOCK / 2);
        smp_e(k, halves, ret);
}
