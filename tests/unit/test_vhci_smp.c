#include "vhci_smp_fixture.h"

/* --- pairing --- */

static void a_pairing_is_answered_byte_for_byte(void) {
        static const uint8_t zero[8];
        struct pairing p;
        uint8_t preq[7], pres[7], srand[16], value[16], stk[16], key[16];
        char hex[64] = "03";

        begin(&p);
        CHECK_STR(send_request(&p, REQUEST), "asked " RESPONSE);

        from_hex(REQUEST, preq);
        from_hex(RESPONSE, pres);
        from_hex("0102030405060708090a0b0c0d0e0f10", srand);
        smp_c1(TK, srand, preq, pres, &HOST, &CUFF, value);
        log_hex(value, 16, hex + 2);
        CHECK_STR(send_confirm(&p, RESPONSE), hex);
        CHECK_STR(send_random(&p), "040102030405060708090a0b0c0d0e0f10");

        smp_s1(TK, srand, p.mrand, stk);
        CHECK(smp_find_key(&p.smp, NULL, zero, 0, key));
        CHECK(memcmp(key, stk, 16) == 0);
        CHECK_STR(encrypt_link(&p), "06" LTK " 07292a" RAND " 08" ZERO16 " 0900332211db5f28");
        CHECK_STR(send_hex(&p, "06" KEY16), "");
        CHECK_STR(send_hex(&p, "07 0102 0304050607080910"), "done");
        CHECK_EQ(p.smp.state, SMP_IDLE);
        CHECK_EQ(p.keys.ediv, 0x2A29);
        CHECK(p.keys.valid);
        CHECK_STR(log_hex(p.keys.ltk, 16, hex), LTK);
        CHECK_STR(log_hex(p.keys.rand, 8, hex), RAND);
}

/* After a Security Request Linux masks the SC bit. */
static void the_answer_to_a_security_request_is_answered_alike(void) {
        struct pairing p;

        begin(&p);
        CHECK(smp_request_security(&p.smp, 0x01));
        CHECK_STR(take(&p.said), "0b01");
        CHECK_STR(send_request(&p, "01030001100507"), "asked " RESPONSE);
        CHECK(!smp_request_security(&p.smp, 0x01));
        CHECK_STR(take(&p.said), "");
}

/* Both sides may offer any four bits, the cuff takes two of them. */
static void only_the_keys_that_both_offer_are_exchanged(void) {
        for (unsigned offer = 0; offer <= 0xFF; offer++) {
                unsigned host_gives = offer & 3, cuff_gives = offer >> 4 & 3;
                char request[15], response[15], expected[256] = "";
                struct pairing p;

                begin(&p);
                sprintf(request, "0103000910%02x%02x", offer & 0x0F, offer >> 4);
                sprintf(response, "0203000110%02x%02x", host_gives, cuff_gives);
                pair_until_keyed(&p, request, response);
                if (cuff_gives & 1)
                        strcat(expected, "06" LTK " 07292a" RAND " ");
                if (cuff_gives & 2)
                        strcat(expected, "08" ZERO16 " 0900332211db5f28 ");
                if (!host_gives)
                        strcat(expected, cuff_gives & 1 ? "done " : "done-without-keys ");
                if (*expected)
                        expected[strlen(expected) - 1] = '\0';
                CHECK_STR(encrypt_link(&p), expected);
                if (host_gives & 1) {
                        CHECK_STR(send_hex(&p, "06" KEY16), "");
                        send_hex(&p, "07 0102 0304050607080910");
                }
                if (host_gives & 2) {
                        CHECK_STR(send_hex(&p, "08" KEY16), "");
                        send_hex(&p, "09 01 0100cc01aac0");
                }
                CHECK_EQ(p.smp.state, SMP_IDLE);
                CHECK_EQ(p.keys.valid, cuff_gives & 1);
                CHECK_EQ(p.n_ended, 1);
        }
}

static void without_bonding_no_keys_are_agreed_on(void) {
        struct pairing p;

        begin(&p); /* Linux that is not pairable */
        pair_until_keyed(&p, "01030008100507", "02030001100000");
        CHECK_STR(encrypt_link(&p), "done-without-keys");

        begin(&p); /* a cuff that does not bond */
        p.bonding = false;
        pair_until_keyed(&p, REQUEST, "02030001100000");
        CHECK_STR(encrypt_link(&p), "done-without-keys");
        CHECK(!p.keys.valid);
}

static void a_shorter_key_has_zeros_in_its_upper_bytes(void) {
        static const uint8_t zero[16];

        for (size_t size = 7; size <= 16; size++) {
                char request[15], response[15];
                uint8_t stk[16], key[16];
                struct pairing p;

                begin(&p);
                sprintf(request, "01030009%02zx0003", size);
                sprintf(response, "02030001%02zx0003", size);
                pair_until_keyed(&p, request, response);
                smp_s1(TK, p.smp.srand, p.mrand, stk);
                CHECK(smp_find_key(&p.smp, NULL, zero, 0, key));
                CHECK(memcmp(key, stk, size) == 0);
                CHECK(memcmp(key + size, zero, 16 - size) == 0);
                encrypt_link(&p);
                CHECK_EQ(p.keys.ltk[size - 1], 0x10 + size);
                CHECK(memcmp(p.keys.ltk + size, zero, 16 - size) == 0);
        }
}

static void a_request_out_of_range_is_refused_unasked(void) {
        static const struct {
                const char *request, *said;
        } cases[] = {
                {"01030009060507", "0506"}, {"01030009000507", "0506"}, {"01030009110507", "050a"},
                {"01030009ff0507", "050a"}, {"01050009100507", "050a"}, {"01030209100507", "050a"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct pairing p;

                begin(&p);
                CHECK_STR(send_request(&p, cases[i].request), cases[i].said);
                CHECK_STR(send_request(&p, "01040109101f1f"), "asked 02030001100303");
        }
}

/* --- refusals --- */

static void a_refusal_comes_at_once(void) {
        static const uint8_t reasons[] = {0x01, 0x03, 0x05, 0x08, 0x09};

        for (size_t i = 0; i < sizeof reasons; i++) {
                struct pairing p;
                char expected[16];

                begin(&p);
                p.refuse = reasons[i];
                sprintf(expected, "asked 05%02x", reasons[i]);
                CHECK_STR(send_request(&p, "01030001100507"), expected);
                CHECK_STR(send_confirm(&p, RESPONSE), "");
                p.refuse = 0;
                pair_until_keyed(&p, REQUEST, RESPONSE);
        }
}

static void the_confirm_value_is_refused_after_the_random(void) {
        struct pairing p;

        begin(&p);
        p.refuse = SMP_CONFIRM_VALUE_FAILED;
        CHECK_STR(send_request(&p, REQUEST), "asked " RESPONSE);
        CHECK_EQ(strlen(send_confirm(&p, RESPONSE)), 34);
        CHECK_STR(send_random(&p), "0504 failed-04-by-us");
        p.refuse = 0; /* the next attempt is a new one */
        pair_until_keyed(&p, REQUEST, RESPONSE);
}

static void a_wrong_confirm_value_fails_and_the_next_attempt_begins_anew(void) {
        struct pairing p;

        begin(&p);
        send_request(&p, REQUEST);
        CHECK_EQ(strlen(send_hex(&p, "03" KEY16)), 34);
        CHECK_STR(send_random(&p), "0504 failed-04-by-us");
        CHECK_STR(send_random(&p), "");
        CHECK_STR(encrypt_link(&p), "");
        pair_until_keyed(&p, REQUEST, RESPONSE);
}

static void a_silent_cuff_says_nothing_and_learns_when_the_host_gives_up(void) {
        struct pairing p;

        begin(&p);
        p.silent = true;
        CHECK_STR(send_request(&p, REQUEST), "asked");
        CHECK_STR(send_hex(&p, "0508"), "failed-08-by-peer");
        smp_accept(&p.smp, 0x01, true); /* too late */
        smp_refuse(&p.smp, 0x08);
        CHECK_STR(take(&p.said), "");
        CHECK_EQ(p.smp.state, SMP_IDLE);
}

static void a_failure_of_the_peer_ends_it_in_every_state_and_is_not_answered(void) {
        struct pairing p;

        for (int state = SMP_ASKED; state <= SMP_DISTRIBUTING; state++) {
                begin_in(&p, (enum smp_state) state);
                CHECK_STR(send_hex(&p, "0504"), "failed-04-by-peer");
                begin_in(&p, (enum smp_state) state);
                CHECK_STR(send_hex(&p, "05"), "failed-08-by-peer");
                CHECK_EQ(p.smp.state, SMP_IDLE);
        }
        begin(&p);
        CHECK_STR(send_hex(&p, "0504"), "");
        CHECK_STR(send_hex(&p, "05"), "");
}

/* --- keys for the link layer --- */

static void the_stk_is_for_the_link_that_waits_for_it(void) {
        static const uint8_t zero[8], other[8] = {0, 0, 0, 0, 0, 0, 0, 1};
        struct smp_keys stored = {.valid = true, .ltk = {0x77}, .ediv = 0};
        uint8_t key[16] = {0};
        struct pairing p;

        for (int state = SMP_IDLE; state <= SMP_DISTRIBUTING; state++) {
                begin_in(&p, (enum smp_state) state);
                CHECK_EQ(smp_find_key(&p.smp, NULL, zero, 0, key), state == SMP_KEYED);
        }
        begin_in(&p, SMP_KEYED);
        CHECK(!smp_find_key(&p.smp, NULL, other, 0, key));
        CHECK(!smp_find_key(&p.smp, NULL, zero, 1, key));
        CHECK(smp_find_key(&p.smp, &stored, zero, 0, key));
        CHECK(memcmp(key, p.smp.stk, 16) == 0);
}

static void a_stored_key_is_found_by_its_number(void) {
        struct smp_keys stored = {
                .valid = true, .ltk = {1, 2, 3}, .rand = {9, 8, 7}, .ediv = 0x1234};
        uint8_t rand[8] = {9, 8, 7}, key[16];
        struct pairing p;

        begin(&p);
        CHECK(smp_find_key(&p.smp, &stored, rand, 0x1234, key));
        CHECK(memcmp(key, stored.ltk, 16) == 0);
        CHECK(!smp_find_key(&p.smp, &stored, rand, 0x1235, key));
        CHECK(!smp_find_key(&p.smp, NULL, rand, 0x1234, key));
        rand[7] = 1;
        CHECK(!smp_find_key(&p.smp, &stored, rand, 0x1234, key));
        rand[7] = 0;
        stored.valid = false;
        CHECK(!smp_find_key(&p.smp, &stored, rand, 0x1234, key));
}

/* A new pairing hands out new keys; a link that is encrypted again hands out none. */
static void keys_are_handed_out_once_and_are_fresh(void) {
        struct pairing p;
        struct smp_keys first;

        begin(&p);
        pair_until_keyed(&p, "01030009100001", "02030001100001");
        encrypt_link(&p);
        first = p.keys;
        CHECK_STR(encrypt_link(&p), "");
        pair_until_keyed(&p, "01030009100001", "02030001100001");
        encrypt_link(&p);
        CHECK(memcmp(first.ltk, p.keys.ltk, 16) != 0);
        CHECK(memcmp(first.rand, p.keys.rand, 8) != 0);
        CHECK(first.ediv != p.keys.ediv);
        smp_init(&p.smp, &host, &p, &CUFF, &HOST);
        CHECK_EQ(p.smp.state, SMP_IDLE);
        CHECK(!p.smp.keys.valid);
}

/* Whatever the attempt before had agreed on. */
static void every_attempt_agrees_on_its_own_keys(void) {
        struct pairing p;

        begin(&p);
        pair_until_keyed(&p, "01030009100001", "02030001100001");
        encrypt_link(&p);
        CHECK(p.keys.valid);
        pair_until_keyed(&p, "01030009100000", "02030001100000");
        CHECK_STR(encrypt_link(&p), "done-without-keys");

        begin_in(&p, SMP_DISTRIBUTING);
        CHECK_STR(send_hex(&p, "0508"), "failed-08-by-peer"); /* its keys are still to come */
        pair_until_keyed(&p, "01030009100000", "02030001100000");
        CHECK_STR(encrypt_link(&p), "done-without-keys");
}

CHECK_MAIN("unit.vhci_smp", TEST(a_pairing_is_answered_byte_for_byte),
           TEST(the_answer_to_a_security_request_is_answered_alike),
           TEST(only_the_keys_that_both_offer_are_exchanged),
           TEST(without_bonding_no_keys_are_agreed_on),
           TEST(a_shorter_key_has_zeros_in_its_upper_bytes),
           TEST(a_request_out_of_range_is_refused_unasked), TEST(a_refusal_comes_at_once),
           TEST(the_confirm_value_is_refused_after_the_random),
           TEST(a_wrong_confirm_value_fails_and_the_next_attempt_begins_anew),
           TEST(a_silent_cuff_says_nothing_and_learns_when_the_host_gives_up),
           TEST(a_failure_of_the_peer_ends_it_in_every_state_and_is_not_answered),
           TEST(the_stk_is_for_the_link_that_waits_for_it),
           TEST(a_stored_key_is_found_by_its_number), TEST(keys_are_handed_out_once_and_are_fresh),
           TEST(every_attempt_agrees_on_its_own_keys))
