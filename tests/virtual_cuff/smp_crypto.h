/* The cryptographic toolbox of LE legacy pairing (Core Specification 5.4, Vol 3 Part H, 2.2).
 * All values little-endian, as they go over the air. AES is OpenSSL's. */
#pragma once

#include <stdint.h>

struct smp_address {
        uint8_t type; /* 0 public, 1 random */
        uint8_t bytes[6];
};

/* e(key, plain): also what HCI LE Encrypt does. */
void smp_e(const uint8_t key[16], const uint8_t plain[16], uint8_t ret[16]);
/* Confirm value; preq and pres are the whole Pairing Request and Response, opcode first. */
void smp_c1(const uint8_t k[16], const uint8_t r[16], const uint8_t preq[7], const uint8_t pres[7],
            const struct smp_address *initiator, const struct smp_address *responder,
            uint8_t ret[16]);
/* Short term key; r1 of the responder, r2 of the initiator (2.2.4). */
void smp_s1(const uint8_t k[16], const uint8_t r1[16], const uint8_t r2[16], uint8_t ret[16]);
