/* SMP of a cuff: LE legacy Just Works, as the responder (Core Specification 5.4, Vol 3 Part H).
 * Knows no controller and reads no clock: PDUs come in, PDUs and facts go out through smp_host.
 * The host keeps the 30 s of the SMP timer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "smp_crypto.h"

enum { SMP_PDU_MAX = 65 };

enum smp_reason { /* of Pairing Failed */
                  SMP_PASSKEY_ENTRY_FAILED = 0x01,
                  SMP_AUTHENTICATION_REQUIREMENTS = 0x03,
                  SMP_CONFIRM_VALUE_FAILED = 0x04,
                  SMP_PAIRING_NOT_SUPPORTED = 0x05,
                  SMP_ENCRYPTION_KEY_SIZE = 0x06,
                  SMP_COMMAND_NOT_SUPPORTED = 0x07,
                  SMP_UNSPECIFIED = 0x08,
                  SMP_REPEATED_ATTEMPTS = 0x09,
                  SMP_INVALID_PARAMETERS = 0x0A,
};

struct smp_keys { /* what the responder handed out */
        bool valid;
        uint8_t ltk[16], rand[8];
        uint16_t ediv;
};

struct smp_host {
        /* To the peer. */
        void (*send)(void *owner, const uint8_t *pdu, size_t size);
        void (*random)(void *owner, uint8_t *ret, size_t size);
        /* A Pairing Request arrived. The host answers at once with one of smp_accept, smp_refuse,
         * or with nothing (a silent cuff, or one that hangs up). */
        void (*asked)(void *owner);
        /* All keys that were agreed on went out and came in. keys NULL: no LTK was agreed on. */
        void (*done)(void *owner, const struct smp_keys *keys);
        /* A pairing ended after `asked` and before `done`: the peer sent Pairing Failed, or what it
         * sent made us do so. Not called by smp_refuse: the host knows. */
        void (*failed)(void *owner, uint8_t reason, bool by_peer);
};

enum smp_state { SMP_IDLE, SMP_ASKED, SMP_RESPONDED, SMP_CONFIRMED, SMP_KEYED, SMP_DISTRIBUTING };

struct smp {
        const struct smp_host *host;
        void *owner;
        struct smp_address local, peer; /* as they stood in the connection request */
        enum smp_state state;
        uint8_t preq[7], pres[7];
        uint8_t mconfirm[16], srand[16], stk[16];
        uint8_t awaited; /* SMP_DISTRIBUTING: the peer's key PDUs still to come, a bit each */
        struct smp_keys keys;
        uint8_t fail_late; /* refuse with this once the peer's random has come; 0: no */
};

/* A new link; forgets what was under way. */
void smp_init(struct smp *s, const struct smp_host *host, void *owner,
              const struct smp_address *local, const struct smp_address *peer);
/* Bytes of the peer. Whatever they are, this answers or ignores; it never trusts a length. */
void smp_receive(struct smp *s, const uint8_t *pdu, size_t size);
/* Security Request with this AuthReq. False: pairing is under way, nothing was sent (2.4.6). */
bool smp_request_security(struct smp *s, uint8_t auth);

/* Answers to `asked`. Accept: Pairing Response, NoInputNoOutput, `auth` as given (a cuff says 0x01;
 * Secure Connections, 0x08, is not ours to promise), keys 03/03 masked by what the peer offers;
 * with `bonding` false, or with a peer that does not bond, it agrees to no keys. Refuse: `reason`
 * 0x04 is what a cuff says after the peer's random; the others it says at once. */
void smp_accept(struct smp *s, uint8_t auth, bool bonding);
void smp_refuse(struct smp *s, uint8_t reason);

/* The link layer asks for the key of (rand, ediv): the STK while pairing, else that of `stored`,
 * which may be NULL. False: no such key. */
bool smp_find_key(const struct smp *s, const struct smp_keys *stored, const uint8_t rand[8],
                  uint16_t ediv, uint8_t ret[16]);
/* Encrypted with the STK: keys are handed out now. */
void smp_encrypted(struct smp *s);
