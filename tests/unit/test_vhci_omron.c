/* OMRON's memory protocol as the virtual cuff speaks it: unlock, token, frames. */
#include "vhci_omron_fixture.h"

/* --- unlock and token --- */

static void a_classic_cuff_asks_for_security_once_rx0_is_subscribed(void) {
        struct link l;

        plug_in(&l, "classic");
        CHECK_STR(ask(&l, "12 " TX0 " 08"), "0112200305");
        CHECK_STR(ask(&l, "12 7103 0100"), "0112710305");
        CHECK_EQ(l.n_security, 0);
        subscribe(&l, "61036103");
        CHECK_EQ(l.n_security, 1);
        plug_in_encrypted(&l, "classic");
        subscribe(&l, "6103");
        CHECK_EQ(l.n_security, 0);
}

static void a_modern_cuff_refuses_all_without_encryption(void) {
        static const char *const requests[] = {"12 1b00 11", "12 1c00 0100", "12 1e00 08",
                                               "12 2100 0100"};
        struct link l;

        plug_in(&l, "k4");
        CHECK(l.cuff.security_request);
        for (size_t i = 0; i < ELEMENTS(requests); i++)
                CHECK_STR(ask(&l, requests[i]) + 8, "05");
        ask(&l, "52 1e00 0800000000100018");
        CHECK_STR(told(&l), "refused " ADDRESS " opcode=12 handle=001b error=05\n"
                            "refused " ADDRESS " opcode=12 handle=001c error=05\n"
                            "refused " ADDRESS " opcode=12 handle=001e error=05\n"
                            "refused " ADDRESS " opcode=12 handle=0021 error=05\n");
}

/* Without encryption, wrong, right; and what may be programmed when. */
static void the_unlock_says_what_is_wrong(void) {
        static const struct {
                bool encrypted, in_mode;
                const char *message, *answer;
        } cases[] = {
                {false, false, "01" KEY, "8104"},  {true, false, "01" ZEROS, "8101"},
                {true, false, "01" KEY, "8100"},   {false, true, "02" ZEROS, "820f"},
                {true, false, "02" ZEROS, "820f"}, {true, true, "02" ZEROS, "8200"},
                {true, true, "00" KEY, "800f"},    {true, true, "02" ZEROS "000000", "8200"},
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char request[64];
                struct link l;

                plug_in(&l, "classic");
                if (cases[i].in_mode)
                        cuff_pairing_mode(&l.cuff, l.now, 60);
                if (cases[i].encrypted)
                        cuff_link_encrypted(&l.cuff, l.now);
                subscribe(&l, "1103");
                sprintf(request, "12 " UNLOCK " %s", cases[i].message);
                CHECK_STR(ask(&l, request), "13");
                CHECK_EQ(strncmp(hear(&l) + 6, cases[i].answer, 4), 0);
        }
}

static void a_key_is_programmed_and_opens(void) {
        struct link l;

        plug_in(&l, "classic");
        l.cuff.memory_protocol.has_key = false;
        cuff_pairing_mode(&l.cuff, l.now, 60);
        cuff_paired(&l.cuff, l.now, true); /* ends pairing mode */
        subscribe(&l, "61031103");
        ask(&l, "12 " UNLOCK " 02" ZEROS);
        hear(&l);
        told(&l);
        CHECK_EQ(l.cuff.memory_protocol.has_key, false);
        /* Pairing mode had begun only after the link. */
        cuff_link_down(&l.cuff, l.now);
        cuff_pairing_mode(&l.cuff, l.now, 60);
        cuff_link_up(&l.cuff, l.now);
        cuff_paired(&l.cuff, l.now, true);
        subscribe(&l, "61031103");
        ask(&l, "12 " UNLOCK " 02" ZEROS);
        ask(&l, "12 " UNLOCK " 00" KEY);
        hear(&l);
        CHECK_STR(told(&l), "unlock " ADDRESS " status=00 command=02\n"
                            "unlock " ADDRESS " status=00 command=00\n"
                            "key-programmed " ADDRESS "\n");
        CHECK(l.cuff.memory_protocol.has_key);
        subscribe(&l, "710381039103");
        CHECK_STR(exchange(&l, "0800000000100018"), "1b600308800000001000980000000000000000");
}

static void tokens_are_answered_by_some(void) {
        static const struct {
                const char *kind, *answer, *log;
        } cases[] = {
                {"k4", "", "token " ADDRESS " silent\n"},
                {"k4-token", "1b1b00910065ad17c3", "token " ADDRESS " answered\n"},
                {"mw3", "1b1b00910065ad17c3", "token " ADDRESS " answered\n"},
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct link l;

                plug_in_encrypted(&l, cases[i].kind);
                subscribe(&l, "1c00");
                told(&l);
                ask(&l, "52 1b00 1165ad17c3 000000000000000000000000000000");
                CHECK_STR(hear(&l), cases[i].answer);
                CHECK_STR(told(&l), cases[i].log);
        }
}

/* --- frames --- */

/* The clock shows 2023-11-14 22:13:20 (the fixture's). */
static void a_classic_cuff_answers_in_padded_slices(void) {
        struct link l;

        open_classic(&l, "classic");
        CHECK_STR(exchange(&l, "080100003c100025"), "1b6003188100003c10c8a8000000000000170b "
                                                    "1b70030e160d14d700001f0000000000000000");
        CHECK_STR(told(&l), "memory-read " ADDRESS " at=003c n=10\n");
        CHECK_EQ(strlen(exchange(&l, "08010000102c0035")), 4 * (6 + 32) + 3);
        CHECK_STR(exchange(&l, "0c01c0005804008000800091"),
                  "1b60030881c000580400150000000000000000");
        CHECK_STR(exchange(&l, "080f000000000007"), "1b6003088f0000000000870000000000000000");
        CHECK_STR(told(&l), "memory-read " ADDRESS " at=0010 n=2c\n"
                            "memory-write " ADDRESS " at=0058 value=00800080\n"
                            "end " ADDRESS " rc=00\n");
}

static void a_frame_of_the_host_comes_in_slices_too(void) {
        struct link l;

        open_classic(&l, "classic"); /* the clock of a real HEM-7155T (leo), in 24 bytes */
        CHECK_STR(exchange(&l, "1801c0008010c8a80000000000001a060c143008e80000fd"),
                  "1b60030881c000801000d90000000000000000");
        exchange(&l, "080f000000000007");
        CHECK_EQ(cuff_clock(&l.cuff, NULL).year, 2026);
        CHECK_EQ(cuff_clock(&l.cuff, NULL).minute, 48);
}

static void the_7322t_answers_in_the_old_manner(void) {
        struct link l;

        plug_in_encrypted(&l, "7322t");
        subscribe(&l, "61031103");
        ask(&l, "12 " UNLOCK " 01" KEY);
        hear(&l);
        subscribe(&l, "710381039103");
        CHECK_EQ(strncmp(exchange(&l, "0800000000100018"), "1b600318800000001000000094041311020778",
                         38),
                 0);
}

static void a_modern_cuff_answers_in_one_notification(void) {
        struct link l;

        open_modern(&l, "k4");
        CHECK_STR(exchange(&l, "080100028c100097"),
                  "1b2000188100028c10c8a8000000000000170b0e160d14d70000ad");
        CHECK_STR(exchange(&l, "0801000e34100023"),
                  "1b20000881000e3410e340"); /* as a real one refuses */
        CHECK_STR(exchange(&l, "080f000000000007"), "1b2000088f000000000087");
        CHECK_STR(told(&l), "memory-read " ADDRESS " at=028c n=10\n"
                            "memory-read " ADDRESS " at=0e34 n=10 result=E3\n"
                            "end " ADDRESS " rc=00\n");
}

static void what_does_not_fit_the_mtu_is_cut(void) {
        struct link l;

        plug_in_encrypted(&l, "k4");
        subscribe(&l, "2100");
        exchange(&l, "0800000000100018");
        CHECK_EQ(strlen(exchange(&l, "08010002602c0047")), 2 * 23);
}

static void damaged_frames_are_not_answered(void) {
        static const char *const frames[] = {"0801000260100000", "0701000260100074",
                                             "4101000260100032", "08020002601000ff"};
        struct link l;

        open_modern(&l, "k4");
        for (size_t i = 0; i < ELEMENTS(frames); i++) {
                CHECK_STR(exchange(&l, frames[i]), "");
                CHECK_EQ(strncmp(told(&l), "violation ", 10), 0);
        }
        CHECK_STR(ask(&l, "12 1e00"), "01121e000d");
}

static void nobody_hears_what_was_not_subscribed(void) {
        struct link l;

        plug_in_encrypted(&l, "k4");
        CHECK_STR(exchange(&l, "0800000000100018"), "");
        CHECK_STR(told(&l), "start " ADDRESS "\n");
}

CHECK_MAIN("unit.vhci_omron", TEST(a_classic_cuff_asks_for_security_once_rx0_is_subscribed),
           TEST(a_modern_cuff_refuses_all_without_encryption), TEST(the_unlock_says_what_is_wrong),
           TEST(a_key_is_programmed_and_opens), TEST(tokens_are_answered_by_some),
           TEST(a_classic_cuff_answers_in_padded_slices),
           TEST(a_frame_of_the_host_comes_in_slices_too), TEST(the_7322t_answers_in_the_old_manner),
           TEST(a_modern_cuff_answers_in_one_notification), TEST(what_does_not_fit_the_mtu_is_cut),
           TEST(damaged_frames_are_not_answered), TEST(nobody_hears_what_was_not_subscribed))
