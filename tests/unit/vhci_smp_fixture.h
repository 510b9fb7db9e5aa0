/* A cuff's SMP, and the host that pairs with it. */
#pragma once

#include "smp.h"
#include "vhci_fixture.h"

/* What the cuff's SMP says and reports stands in `said`:
 * PDUs as hex; asked, done, done-without-keys, failed-XX-by-peer, failed-XX-by-us. */
struct pairing {
        struct smp smp;
        struct record_of_words said;
        struct smp_keys keys;
        uint8_t random_byte; /* the cuff's random numbers count up: 01 02 03 .. */
        bool silent, bonding;
        uint8_t refuse; /* with this reason, not 0 */
        uint8_t request[7], mrand[16];
        size_t longest;
        unsigned n_asked, n_ended;
};

static const uint8_t TK[16];
static const struct smp_address CUFF = {0, {0x33, 0x22, 0x11, 0xDB, 0x5F, 0x28}};
static const struct smp_address HOST = {1, {0x01, 0x00, 0xCC, 0x01, 0xAA, 0xC0}};

static inline void on_send(void *owner, const uint8_t *pdu, size_t size) {
        struct pairing *p = owner;

        p->longest = size > p->longest ? size : p->longest;
        say_bytes(&p->said, pdu, size);
}

static inline void on_random(void *owner, uint8_t *ret, size_t size) {
        struct pairing *p = owner;

        for (size_t i = 0; i < size; i++)
                ret[i] = ++p->random_byte;
}

static inline void on_asked(void *owner) {
        struct pairing *p = owner;

        say(&p->said, "asked");
        p->n_asked++;
        if (p->silent)
                return;
        p->n_ended += p->refuse && p->refuse != SMP_CONFIRM_VALUE_FAILED;
        if (p->refuse)
                smp_refuse(&p->smp, p->refuse);
        else
                smp_accept(&p->smp, 0x01, p->bonding);
}

static inline void on_done(void *owner, const struct smp_keys *keys) {
        struct pairing *p = owner;

        p->n_ended++;
        p->keys = keys ? *keys : (struct smp_keys){.valid = false};
        say(&p->said, keys ? "done" : "done-without-keys");
}

static inline void on_failed(void *owner, uint8_t reason, bool by_peer) {
        struct pairing *p = owner;
        char word[24];

        p->n_ended++;
        sprintf(word, "failed-%02x-by-%s", reason, by_peer ? "peer" : "us");
        say(&p->said, word);
}

static const struct smp_host host = {on_send, on_random, on_asked, on_done, on_failed};

static inline void begin(struct pairing *p) {
        *p = (struct pairing){.bonding = true};
        for (size_t i = 0; i < sizeof p->mrand; i++)
                p->mrand[i] = (uint8_t) (0xC3 - i);
        smp_init(&p->smp, &host, p, &CUFF, &HOST);
}

/* --- what the host sends; each returns what the cuff says --- */

static inline const char *send_bytes(struct pairing *p, const uint8_t *pdu, size_t size) {
        uint8_t *exact = exact_copy(pdu, size);

        smp_receive(&p->smp, exact, size);
        free(exact);
        return take(&p->said);
}

static inline const char *send_hex(struct pairing *p, const char *hex) {
        uint8_t pdu[SMP_PDU_MAX + 8];

        return send_bytes(p, pdu, from_hex(hex, pdu));
}

static inline const char *send_opcode(struct pairing *p, uint8_t opcode, const uint8_t value[16]) {
        uint8_t pdu[17] = {opcode};

        memcpy(pdu + 1, value, 16);
        return send_bytes(p, pdu, sizeof pdu);
}

static inline const char *send_request(struct pairing *p, const char *hex) {
        from_hex(hex, p->request);
        return send_hex(p, hex);
}

/* `response`: the cuff's, as it was read from the air */
static inline const char *send_confirm(struct pairing *p, const char *response) {
        uint8_t pres[7], mconfirm[16];

        from_hex(response, pres);
        smp_c1(TK, p->mrand, p->request, pres, &HOST, &CUFF, mconfirm);
        return send_opcode(p, 0x03, mconfirm);
}

static inline const char *send_random(struct pairing *p) {
        return send_opcode(p, 0x04, p->mrand);
}

static inline const char *encrypt_link(struct pairing *p) {
        smp_encrypted(&p->smp);
        return take(&p->said);
}

/* Everything up to the peer's random. */
static inline void pair_until_keyed(struct pairing *p, const char *request, const char *response) {
        char expected[64];

        sprintf(expected, "asked %s", response);
        CHECK_STR(send_request(p, request), expected);
        CHECK_EQ(strlen(send_confirm(p, response)), 34);
        CHECK_EQ(strlen(send_random(p)), 34);
        CHECK_EQ(p->smp.state, SMP_KEYED);
}

/* Ready for a PDU that is only taken in this state. */
static inline void begin_in(struct pairing *p, enum smp_state state) {
        begin(p);
        p->silent = state == SMP_ASKED;
        if (state >= SMP_ASKED)
                send_request(p, "01030009100707");
        if (state >= SMP_CONFIRMED)
                send_confirm(p, "02030001100303");
        if (state >= SMP_KEYED)
                send_random(p);
        if (state >= SMP_DISTRIBUTING)
                encrypt_link(p);
        CHECK_EQ(p->smp.state, state);
}

#define KEY16    "000102030405060708090a0b0c0d0e0f"
#define ZERO16   "00000000000000000000000000000000"
#define LTK      "1112131415161718191a1b1c1d1e1f20" /* what the cuff draws after its random */
#define RAND     "2122232425262728"
#define REQUEST  "01030009100507" /* of Linux, to a cuff it pairs with by itself */
#define RESPONSE "02030001100103"
