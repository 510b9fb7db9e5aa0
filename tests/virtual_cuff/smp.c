#include "smp.h"

#include <string.h>

#include "bytes.h"
#include "util.h"

enum {
        PAIRING_REQUEST = 0x01,
        PAIRING_RESPONSE = 0x02,
        PAIRING_CONFIRM = 0x03,
        PAIRING_RANDOM = 0x04,
        PAIRING_FAILED = 0x05,
        ENCRYPTION_INFORMATION = 0x06,
        CENTRAL_IDENTIFICATION = 0x07,
        IDENTITY_INFORMATION = 0x08,
        IDENTITY_ADDRESS_INFORMATION = 0x09,
        SIGNING_INFORMATION = 0x0A,
        SECURITY_REQUEST = 0x0B,
};

/* Where things stand in a Pairing Request and Response. */
enum { IO = 1, OOB = 2, AUTH = 3, KEY_SIZE = 4, INITIATOR_KEYS = 5, RESPONDER_KEYS = 6 };
enum { IO_LAST = 0x04, OOB_LAST = 0x01, NO_INPUT_NO_OUTPUT = 0x03, BONDING = 0x01 };
enum { KEY_SIZE_MIN = 7, KEY_SIZE_MAX = 16 };
enum { ENC_KEY = 0x01, ID_KEY = 0x02 };

static const uint8_t temporary_key[16]; /* of Just Works: zero */

void smp_init(struct smp *s, const struct smp_host *host, void *owner,
              const struct smp_address *local, const struct smp_address *peer) {
        *s = (struct smp){.host = host, .owner = owner, .local = *local, .peer = *peer};
}

/* --- to the peer --- */

static void send_pdu(struct smp *s, uint8_t opcode, const void *rest, size_t size) {
        uint8_t pdu[SMP_PDU_MAX] = {opcode};

        memcpy(pdu + 1, rest, size);
        s->host->send(s->owner, pdu, 1 + size);
}

static void send_failed(struct smp *s, uint8_t reason) {
        s->state = SMP_IDLE;
        send_pdu(s, PAIRING_FAILED, &reason, 1);
}

static void fail(struct smp *s, uint8_t reason) {
        bool under_way = s->state != SMP_IDLE;

        send_failed(s, reason);
        if (under_way)
                s->host->failed(s->owner, reason, false);
}

bool smp_request_security(struct smp *s, uint8_t auth) {
        if (s->state != SMP_IDLE)
                return false;
        send_pdu(s, SECURITY_REQUEST, &auth, 1);
        return true;
}

void smp_accept(struct smp *s, uint8_t auth, bool bonding) {
        uint8_t keys = bonding && (s->preq[AUTH] & BONDING) ? ENC_KEY | ID_KEY : 0;

        if (s->state != SMP_ASKED)
                return;
        s->state = SMP_RESPONDED;
        s->pres[0] = PAIRING_RESPONSE;
        s->pres[IO] = NO_INPUT_NO_OUTPUT;
        s->pres[OOB] = 0;
        s->pres[AUTH] = auth;
        s->pres[KEY_SIZE] = s->preq[KEY_SIZE]; /* the smaller of both: ours is the largest */
        s->pres[INITIATOR_KEYS] = s->preq[INITIATOR_KEYS] & keys;
        s->pres[RESPONDER_KEYS] = s->preq[RESPONDER_KEYS] & keys;
        s->host->send(s->owner, s->pres, sizeof s->pres);
}

void smp_refuse(struct smp *s, uint8_t reason) {
        if (s->state != SMP_ASKED)
                return;
        if (reason == SMP_CONFIRM_VALUE_FAILED) {
                s->fail_late = reason;
                smp_accept(s, BONDING, true);
        } else {
                send_failed(s, reason);
        }
}

/* --- keys --- */

/* A key of fewer bytes is one whose upper bytes are zero (2.3.4). */
static void shorten(const struct smp *s, uint8_t key[16]) {
        memset(key + s->pres[KEY_SIZE], 0, 16 - (size_t) s->pres[KEY_SIZE]);
}

static void confirm_value(const struct smp *s, const uint8_t random[16], uint8_t ret[16]) {
        smp_c1(temporary_key, random, s->preq, s->pres, &s->peer, &s->local, ret);
}

bool smp_find_key(const struct smp *s, const struct smp_keys *stored, const uint8_t rand[8],
                  uint16_t ediv, uint8_t ret[16]) {
        static const uint8_t zero[8];

        if (s->state == SMP_KEYED && ediv == 0 && memcmp(rand, zero, sizeof zero) == 0) {
                memcpy(ret, s->stk, 16);
                return true;
        }
        if (!stored || !stored->valid || stored->ediv != ediv ||
            memcmp(stored->rand, rand, sizeof stored->rand) != 0)
                return false;
        memcpy(ret, stored->ltk, 16);
        return true;
}

static void send_ltk(struct smp *s) {
        uint8_t which[10], ediv[2];

        s->host->random(s->owner, s->keys.ltk, sizeof s->keys.ltk);
        s->host->random(s->owner, s->keys.rand, sizeof s->keys.rand);
        s->host->random(s->owner, ediv, sizeof ediv);
        shorten(s, s->keys.ltk);
        s->keys.ediv = get16(ediv);
        s->keys.valid = true;
        memcpy(put16(which, s->keys.ediv), s->keys.rand, sizeof s->keys.rand);
        send_pdu(s, ENCRYPTION_INFORMATION, s->keys.ltk, sizeof s->keys.ltk);
        send_pdu(s, CENTRAL_IDENTIFICATION, which, sizeof which);
}

/* OMRON's cuffs have no IRK of their own and hand out zeros: their address never changes. */
static void send_identity(struct smp *s) {
        static const uint8_t irk[16];
        uint8_t address[7] = {s->local.type};

        memcpy(address + 1, s->local.bytes, sizeof s->local.bytes);
        send_pdu(s, IDENTITY_INFORMATION, irk, sizeof irk);
        send_pdu(s, IDENTITY_ADDRESS_INFORMATION, address, sizeof address);
}

static uint8_t key_bit(uint8_t opcode) {
        return (uint8_t) (1 << (opcode - ENCRYPTION_INFORMATION));
}

static void finish_if_complete(struct smp *s) {
        if (s->awaited)
                return;
        s->state = SMP_IDLE;
        s->host->done(s->owner, s->keys.valid ? &s->keys : NULL);
}

/* The responder's keys go first, all of them (3.6.1). */
void smp_encrypted(struct smp *s) {
        if (s->state != SMP_KEYED)
                return;
        s->state = SMP_DISTRIBUTING;
        s->keys = (struct smp_keys){.valid = false};
        s->awaited = 0;
        if (s->pres[INITIATOR_KEYS] & ENC_KEY)
                s->awaited |= key_bit(ENCRYPTION_INFORMATION) | key_bit(CENTRAL_IDENTIFICATION);
        if (s->pres[INITIATOR_KEYS] & ID_KEY)
                s->awaited |= key_bit(IDENTITY_INFORMATION) | key_bit(IDENTITY_ADDRESS_INFORMATION);
        if (s->pres[RESPONDER_KEYS] & ENC_KEY)
                send_ltk(s);
        if (s->pres[RESPONDER_KEYS] & ID_KEY)
                send_identity(s);
        finish_if_complete(s);
}

/* --- from the peer --- */

static void take_request(struct smp *s, const uint8_t *pdu) {
        if (pdu[KEY_SIZE] < KEY_SIZE_MIN) {
                fail(s, SMP_ENCRYPTION_KEY_SIZE);
        } else if (pdu[KEY_SIZE] > KEY_SIZE_MAX || pdu[IO] > IO_LAST || pdu[OOB] > OOB_LAST) {
                fail(s, SMP_INVALID_PARAMETERS);
        } else {
                memcpy(s->preq, pdu, sizeof s->preq);
                s->fail_late = 0;
                s->state = SMP_ASKED;
                s->host->asked(s->owner);
        }
}

static void take_confirm(struct smp *s, const uint8_t *pdu) {
        uint8_t ours[16];

        memcpy(s->mconfirm, pdu + 1, sizeof s->mconfirm);
        s->host->random(s->owner, s->srand, sizeof s->srand);
        confirm_value(s, s->srand, ours);
        s->state = SMP_CONFIRMED;
        send_pdu(s, PAIRING_CONFIRM, ours, sizeof ours);
}

static void take_random(struct smp *s, const uint8_t *pdu) {
        uint8_t expected[16];

        if (s->fail_late) {
                fail(s, s->fail_late);
                return;
        }
        confirm_value(s, pdu + 1, expected);
        if (memcmp(expected, s->mconfirm, sizeof expected) != 0) {
                fail(s, SMP_CONFIRM_VALUE_FAILED);
                return;
        }
        smp_s1(temporary_key, s->srand, pdu + 1, s->stk);
        shorten(s, s->stk);
        s->state = SMP_KEYED;
        send_pdu(s, PAIRING_RANDOM, s->srand, sizeof s->srand);
}

/* A cuff has no use for the peer's keys; but they have to come as agreed, in the order of 3.6.1. */
static void take_key(struct smp *s, const uint8_t *pdu) {
        uint8_t next = s->awaited & (uint8_t) -s->awaited;

        if (key_bit(pdu[0]) != next) {
                fail(s, SMP_UNSPECIFIED);
                return;
        }
        s->awaited &= (uint8_t) ~next;
        finish_if_complete(s);
}

/* Never answered, whatever its length: two sides could go on for ever. */
static void take_failed(struct smp *s, const uint8_t *pdu, size_t size) {
        if (s->state == SMP_IDLE)
                return;
        s->state = SMP_IDLE;
        s->host->failed(s->owner, size > 1 ? pdu[1] : SMP_UNSPECIFIED, true);
}

/* clang-format off */
static const struct command {
        size_t size;
        enum smp_state state; /* the only one it is taken in */
        void (*take)(struct smp *s, const uint8_t *pdu);
} commands[] = {
        [PAIRING_REQUEST] = {7, SMP_IDLE, take_request},
        [PAIRING_CONFIRM] = {17, SMP_RESPONDED, take_confirm},
        [PAIRING_RANDOM] = {17, SMP_CONFIRMED, take_random},
        [ENCRYPTION_INFORMATION] = {17, SMP_DISTRIBUTING, take_key},
        [CENTRAL_IDENTIFICATION] = {11, SMP_DISTRIBUTING, take_key},
        [IDENTITY_INFORMATION] = {17, SMP_DISTRIBUTING, take_key},
        [IDENTITY_ADDRESS_INFORMATION] = {8, SMP_DISTRIBUTING, take_key},
        [SIGNING_INFORMATION] = {17, SMP_DISTRIBUTING, take_key},
};
/* clang-format on */

static const struct command *find_command(uint8_t opcode) {
        return opcode < ELEMENTS(commands) && commands[opcode].take ? &commands[opcode] : NULL;
}

/* The specification says nothing of a PDU in the wrong place: it ends a pairing under way, and
 * means nothing when there is none. */
void smp_receive(struct smp *s, const uint8_t *pdu, size_t size) {
        const struct command *c;

        if (size == 0)
                return;
        if (pdu[0] == PAIRING_FAILED) {
                take_failed(s, pdu, size);
                return;
        }
        c = find_command(pdu[0]);
        if (!c)
                fail(s, SMP_COMMAND_NOT_SUPPORTED);
        else if (size != c->size)
                fail(s, SMP_INVALID_PARAMETERS);
        else if (s->state == c->state)
                c->take(s, pdu);
        else if (s->state != SMP_IDLE)
                fail(s, SMP_UNSPECIFIED);
}
