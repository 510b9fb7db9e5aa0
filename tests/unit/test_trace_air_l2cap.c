/* PDUs in parts, and packets that are sent again. */
#include "trace_air_fixture.h"

#define CONNECT  "d6be898e852255443322110a1605f4e3d2c1a55d6550175f3a02060018000000c800ffffffff1f25"
#define REQUEST  AIR_LINK "0e0b0700060001030001100507"
#define RESPONSE AIR_LINK "060b0700060002030001100101"

/* A data packet with the bytes of an L2CAP frame from `at` on. */
static size_t hear_part(enum trace_side side, const uint8_t *l2cap, size_t at, size_t n,
                        unsigned *sn) {
        uint8_t bytes[128] = {0};
        size_t head = side == TRACE_UNKNOWN ? 0 : air_phdr(side, 0, bytes);

        air_hex(AIR_LINK, bytes + head);
        bytes[head + 4] = (uint8_t) ((at == 0 ? 2 : 1) | (*sn)++ % 2 << 3);
        bytes[head + 5] = (uint8_t) n;
        memcpy(bytes + head + 6, l2cap + at, n);
        return ear_frame(head ? TRACE_AIR_PHDR : TRACE_AIR_NONE, bytes, head + 6 + n, false);
}

static void a_pdu_in_parts_is_put_together(void) {
        uint8_t l2cap[4 + SMP_PDU_MAX] = {SMP_PDU_MAX, 0, 6, 0, 0x0C};

        for (size_t i = 5; i < sizeof l2cap; i++)
                l2cap[i] = (uint8_t) i;
        for (size_t first = 1; first < sizeof l2cap; first++) {
                for (size_t second = first; second <= sizeof l2cap; second += 7) {
                        unsigned sn = 0;

                        ear_new();
                        ear_hears(TRACE_UNKNOWN, CONNECT);
                        CHECK_EQ(hear_part(TRACE_CUFF, l2cap, 0, first, &sn), 0);
                        ear_hears(TRACE_HOST, REQUEST); /* the other side, between */
                        CHECK_EQ(ear.n, 1);
                        if (second > first)
                                hear_part(TRACE_CUFF, l2cap, first, second - first, &sn);
                        if (second < sizeof l2cap)
                                hear_part(TRACE_CUFF, l2cap, second, sizeof l2cap - second, &sn);
                        CHECK(ear_said(TRACE_SMP));
                        CHECK_EQ(ear.event[0].side, TRACE_CUFF);
                        CHECK_EQ(ear.event[0].pdu_size, SMP_PDU_MAX);
                        CHECK(memcmp(ear.event[0].pdu, l2cap + 4, SMP_PDU_MAX) == 0);
                        CHECK_EQ(hear_part(TRACE_CUFF, l2cap, 60, 5, &sn), 0); /* nothing left */
                }
        }
}

static void without_directions_parts_are_put_together_too(void) {
        uint8_t l2cap[11];
        unsigned sn = 1;

        air_hex("0700060001030001100507", l2cap);
        for (size_t first = 4; first < sizeof l2cap; first++) {
                ear_new();
                ear_hears(TRACE_UNKNOWN, CONNECT);
                CHECK_EQ(hear_part(TRACE_UNKNOWN, l2cap, 0, first, &sn), 0);
                CHECK_EQ(ear_hears(TRACE_UNKNOWN, AIR_LINK "0100"), 0);
                CHECK_EQ(ear_hears(TRACE_UNKNOWN, AIR_LINK "0607030004000200f0"), 0); /* ATT */
                hear_part(TRACE_UNKNOWN, l2cap, first, sizeof l2cap - first, &sn);
                ear_said_smp(TRACE_HOST, "01030001100507");
        }
}

static void only_whole_pdus_of_smp_are_told(void) {
        static const char *const none[] = {
                AIR_LINK "0e0703000400020000", /* ATT, */
                AIR_LINK "0e040000"
                         "0600",                         /* no PDU, */
                AIR_LINK "0e0c0700060001030001100507ff", /* one byte too many, */
                AIR_LINK "0e06420006000102",             /* longer than any of SMP, */
                AIR_LINK "0d0703000600020000",           /* no beginning, */
                AIR_LINK "0c0b0700060001030001100507",   /* reserved LLID */
        };

        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
                CHECK_EQ(ear_hears(TRACE_HOST, none[i]), 0);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "05040c0c0c0c"), 0); /* nor does it go on */
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0a0507000600"
                                                "01"),
                 0);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0207030004000200f0"), 0); /* another one begins */
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0906030001100507"), 0);
}

/* After a gap the beginning is all that is known. */
static void a_part_that_was_cut_ends_what_is_shown(void) {
        uint8_t bytes[32];
        size_t n;

        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        n = air_hex(AIR_LINK "0e080700060001030001", bytes);
        CHECK_EQ(ear_frame(TRACE_AIR_NONE, bytes, n - 2, true), 0);
        CHECK_EQ(ear_hears(TRACE_UNKNOWN, AIR_LINK "0503100507"), 1);
        CHECK_EQ(ear.event[0].pdu_size, 2);
        CHECK(ear.event[0].pdu_cut);
        CHECK_EQ(ear.event[0].pdu[1], 0x03);
        n = air_hex(AIR_LINK "0e080700060001030001", bytes); /* nothing but the L2CAP header */
        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        CHECK_EQ(ear_frame(TRACE_AIR_NONE, bytes, n - 4, true), 0);
        CHECK_EQ(ear_hears(TRACE_UNKNOWN, AIR_LINK "0503100507"), 0);
        for (size_t size = 6; size < 10; size++) { /* not even that */
                uint8_t phdr[48];
                size_t head = air_phdr(TRACE_HOST, 0, phdr);

                ear_new();
                ear_hears(TRACE_UNKNOWN, CONNECT);
                memcpy(phdr + head, bytes, n);
                CHECK_EQ(ear_frame(TRACE_AIR_PHDR, phdr, head + size, true), 0);
                CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0503100507"), 0);
        }
}

/* --- retransmissions --- */

static void what_is_sent_again_counts_once(void) {
        static const enum trace_side sides[] = {TRACE_HOST, TRACE_UNKNOWN};

        for (size_t i = 0; i < 2; i++) {
                enum trace_side host = sides[i], cuff = i == 0 ? TRACE_CUFF : TRACE_UNKNOWN;

                ear_new();
                ear_hears(TRACE_UNKNOWN, CONNECT);
                CHECK_EQ(ear_hears(host, REQUEST), 1);
                CHECK_EQ(ear_hears(host, REQUEST), 0);
                CHECK_EQ(ear_hears(cuff, AIR_LINK "0900"), 0);
                CHECK_EQ(ear_hears(host, AIR_LINK "1a0b0700060001030001100507"), 0); /* NESN, MD */
                CHECK_EQ(ear_hears(cuff, AIR_LINK "06060200060005"
                                                  "08"),
                         1);
                CHECK_EQ(ear_hears(cuff, AIR_LINK "06060200060005"
                                                  "08"),
                         0);
                CHECK_EQ(ear_hears(host, REQUEST), i == 0 ? 0 : 1);
        }
}

static void the_same_sn_with_other_bytes_is_new(void) { /* the sniffer lost one between */
        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "06060200060005"
                                                "08"),
                 1);
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "06060200060005"
                                                "09"),
                 1);
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "0e060200060005"
                                                "09"),
                 1); /* other SN */
}

static void the_same_request_after_another_packet_is_new(void) {
        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        CHECK_EQ(ear_hears(TRACE_HOST, REQUEST), 1);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0100"), 0);
        CHECK_EQ(ear_hears(TRACE_HOST, REQUEST), 1);
}

static void a_part_that_is_sent_again_counts_once(void) {
        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0a05070006000"
                                                "1"),
                 0);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0a05070006000"
                                                "1"),
                 0);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0103030001"), 0);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0103030001"), 0);
        ear_hears(TRACE_HOST, AIR_LINK "0903100507");
        ear_said_smp(TRACE_HOST, "01030001100507");
}

static void others_links_do_not_mix(void) {
        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        CHECK_EQ(ear_hears(TRACE_HOST, REQUEST), 1);
        CHECK_EQ(ear_hears(TRACE_HOST, "112233440e0b0700060001030001100507"), 1);
        CHECK_EQ(ear.event[0].handle, 2);
        CHECK_EQ(ear_hears(TRACE_CUFF, RESPONSE), 1);
        CHECK_EQ(ear.event[0].handle, 1);
}

CHECK_MAIN("unit.trace_air_l2cap", TEST(a_pdu_in_parts_is_put_together),
           TEST(without_directions_parts_are_put_together_too),
           TEST(only_whole_pdus_of_smp_are_told), TEST(a_part_that_was_cut_ends_what_is_shown),
           TEST(what_is_sent_again_counts_once), TEST(the_same_sn_with_other_bytes_is_new),
           TEST(the_same_request_after_another_packet_is_new),
           TEST(a_part_that_is_sent_again_counts_once), TEST(others_links_do_not_mix))
