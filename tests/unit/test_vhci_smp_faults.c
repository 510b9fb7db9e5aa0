#include "vhci_smp_fixture.h"

/* --- what does not belong there --- */

static const struct {
        uint8_t opcode;
        size_t size;
        enum smp_state state;
} TAKEN[] = {
        {0x01, 7, SMP_IDLE},          {0x03, 17, SMP_RESPONDED},    {0x04, 17, SMP_CONFIRMED},
        {0x06, 17, SMP_DISTRIBUTING}, {0x07, 11, SMP_DISTRIBUTING}, {0x08, 17, SMP_DISTRIBUTING},
        {0x09, 8, SMP_DISTRIBUTING},  {0x0A, 17, SMP_DISTRIBUTING},
};
#define EACH_TAKEN(i) for (size_t i = 0; i < sizeof TAKEN / sizeof TAKEN[0]; i++)

static void every_wrong_length_is_an_invalid_parameter(void) {
        EACH_TAKEN(i) {
                for (size_t size = 1; size <= SMP_PDU_MAX + 2; size++) {
                        uint8_t pdu[SMP_PDU_MAX + 2] = {TAKEN[i].opcode, 0x03, 0, 0x09, 0x10};
                        struct pairing p;

                        if (size == TAKEN[i].size)
                                continue;
                        begin_in(&p, TAKEN[i].state);
                        CHECK_STR(send_bytes(&p, pdu, size),
                                  TAKEN[i].state == SMP_IDLE ? "050a" : "050a failed-0a-by-us");
                        CHECK_EQ(p.smp.state, SMP_IDLE);
                }
        }
}

static void nothing_at_all_is_ignored(void) {
        struct pairing p;

        begin_in(&p, SMP_CONFIRMED);
        CHECK_STR(send_bytes(&p, NULL, 0), "");
        CHECK_EQ(p.smp.state, SMP_CONFIRMED);
}

/* Of Secure Connections, of the other role, and those that do not exist. */
static void a_code_that_a_legacy_responder_does_not_take_is_not_supported(void) {
        for (unsigned opcode = 0; opcode <= 0xFF; opcode++) {
                uint8_t pdu[65] = {(uint8_t) opcode};
                struct pairing p;

                if (opcode == 1 || (opcode >= 3 && opcode <= 0x0A))
                        continue;
                begin(&p);
                CHECK_STR(send_bytes(&p, pdu, sizeof pdu), "0507");
                begin_in(&p, SMP_RESPONDED);
                CHECK_STR(send_bytes(&p, pdu, 2), "0507 failed-07-by-us");
        }
}

static void a_pdu_in_the_wrong_state_ends_the_pairing_or_means_nothing(void) {
        EACH_TAKEN(i) {
                for (int state = SMP_IDLE; state <= SMP_DISTRIBUTING; state++) {
                        uint8_t pdu[17] = {TAKEN[i].opcode, 0x03, 0, 0x09, 0x10};
                        struct pairing p;

                        if (state == (int) TAKEN[i].state)
                                continue;
                        begin_in(&p, (enum smp_state) state);
                        CHECK_STR(send_bytes(&p, pdu, TAKEN[i].size),
                                  state == SMP_IDLE ? "" : "0508 failed-08-by-us");
                        CHECK_EQ(p.smp.state, SMP_IDLE);
                }
        }
}

static void keys_of_the_peer_come_in_their_order_and_once(void) {
        static const char *const in_order[] = {"06" KEY16, "07 0102 0304050607080910", "08" KEY16,
                                               "09 01 0100cc01aac0"};
        struct pairing p;

        for (size_t before = 0; before < 4; before++)
                for (size_t wrong = 0; wrong < 4; wrong++) {
                        if (wrong == before)
                                continue;
                        begin_in(&p, SMP_DISTRIBUTING);
                        for (size_t i = 0; i < before; i++)
                                CHECK_STR(send_hex(&p, in_order[i]), "");
                        CHECK_STR(send_hex(&p, in_order[wrong]), "0508 failed-08-by-us");
                        CHECK(!p.keys.valid);
                }
        begin_in(&p, SMP_DISTRIBUTING);
        CHECK_STR(send_hex(&p, "0a" KEY16), "0508 failed-08-by-us"); /* nobody agreed on it */
}

/* --- anything --- */

/* Half of the steps are those of a real host, so that the rest meets every state. */
static void a_step(struct pairing *p, uint32_t *seed) {
        uint8_t pdu[80];
        size_t size = draw(seed) % sizeof pdu;

        for (size_t i = 0; i < sizeof pdu; i++)
                pdu[i] = (uint8_t) draw(seed);
        if (draw(seed) % 2) {
                pdu[0] %= 0x10;
                if (draw(seed) % 2)
                        size = TAKEN[draw(seed) % 8].size;
                send_bytes(p, pdu, size);
        } else if (p->smp.state == SMP_IDLE) {
                send_request(p, "01030009100303");
        } else if (p->smp.state == SMP_RESPONDED) {
                send_confirm(p, p->bonding ? "02030001100303" : "02030001100000");
        } else if (p->smp.state == SMP_CONFIRMED) {
                send_random(p);
        } else if (p->smp.state == SMP_KEYED) {
                encrypt_link(p);
        }
}

static void random_pdus_never_break_it_and_every_attempt_ends_once(void) {
        uint32_t seed = 20240917;
        unsigned met[SMP_DISTRIBUTING + 1] = {0};
        struct pairing p;

        begin(&p);
        for (unsigned i = 0; i < 100000; i++) {
                p.refuse = draw(&seed) % 16 == 0 ? SMP_CONFIRM_VALUE_FAILED : 0;
                p.bonding = p.smp.state == SMP_IDLE ? draw(&seed) % 4 != 0 : p.bonding;
                met[p.smp.state]++;
                a_step(&p, &seed);
                CHECK_EQ(p.n_asked - p.n_ended, p.smp.state != SMP_IDLE);
        }
        CHECK(p.longest <= SMP_PDU_MAX);
        CHECK(p.n_asked > 1000);
        for (int state = SMP_IDLE; state <= SMP_DISTRIBUTING; state++)
                CHECK(state == SMP_ASKED || met[state] > 100);
}

CHECK_MAIN("unit.vhci_smp_faults", TEST(every_wrong_length_is_an_invalid_parameter),
           TEST(nothing_at_all_is_ignored),
           TEST(a_code_that_a_legacy_responder_does_not_take_is_not_supported),
           TEST(a_pdu_in_the_wrong_state_ends_the_pairing_or_means_nothing),
           TEST(keys_of_the_peer_come_in_their_order_and_once),
           TEST(random_pdus_never_break_it_and_every_attempt_ends_once))
