/* From packets to events: the whole pairing with each pseudo header, and its links. */
#include "trace_air_fixture.h"

#define CONNECT  "d6be898e852255443322110a1605f4e3d2c1a55d6550175f3a02060018000000c800ffffffff1f25"
#define REQUEST  AIR_LINK "0e0b0700060001030001100507"
#define RESPONSE AIR_LINK "060b0700060002030001100101"

static const char *const PDUS[] = {
        /* clang-format off */
        "0b01", "01030001100507", "02030001100101", "03c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1",
        "03c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2", "04d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1",
        "04d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2",
        /* clang-format on */
};

static void the_cuff_is_named(void) {
        static const uint8_t cuff[6] = {0xC1, 0xD2, 0xE3, 0xF4, 0x05, 0x16};

        CHECK(ear.event[0].has_address);
        CHECK(memcmp(ear.event[0].address.byte, cuff, sizeof cuff) == 0);
}

/* What packet i of the pairing must say; `smp` counts the PDUs. */
static void check_packet(size_t i, size_t *smp) {
        static const enum trace_kind kind[AIR_PAIRING_N] = {
                [0] = TRACE_ADVERTISED,
                [1] = TRACE_CONNECTED,
                [12] = TRACE_ENCRYPTION_ASKED,
                [16] = TRACE_ENCRYPTION_DONE,
        };
        static const bool silent[AIR_PAIRING_N] = {
                [2] = true,  [5] = true,  [6] = true,  [13] = true,
                [14] = true, [15] = true, [17] = true, [18] = true,
        };

        if (silent[i]) {
                CHECK_EQ(ear.n, 0);
                return;
        }
        if (i >= 3 && i <= 11) {
                ear_said_smp(AIR_PAIRING[i].side, PDUS[(*smp)++]);
                CHECK_EQ(ear.event[0].handle, 1);
                return;
        }
        CHECK(ear_said(kind[i]));
        CHECK_EQ(ear.event[0].handle, i == 0 ? 0 : 1);
        if (i <= 1)
                the_cuff_is_named();
        CHECK_EQ(ear.event[0].pairing_flag, i == 0 ? TRACE_YES : TRACE_NOT_TOLD);
        CHECK_EQ(ear.event[0].own_random, i == 1 ? TRACE_NO : TRACE_NOT_TOLD);
        CHECK(!ear.event[0].stored);
        CHECK_EQ(ear.event[0].status, 0);
}

static void play_pairing(enum trace_air_header header, unsigned version) {
        size_t smp = 0;

        ear_new();
        for (size_t i = 0; i < AIR_PAIRING_N; i++) {
                uint8_t packet[64], bytes[96];
                size_t n = air_hex(AIR_PAIRING[i].hex, packet), head = 0;

                if (header == TRACE_AIR_PHDR)
                        head = air_phdr(AIR_PAIRING[i].side, 0, bytes);
                if (header == TRACE_AIR_NORDIC)
                        head = air_nordic(version, AIR_PAIRING[i].side, 0, n,
                                          air_advertises(packet), bytes);
                memcpy(bytes + head, packet, n);
                ear_frame(header, bytes, head + n, false);
                check_packet(i, &smp);
        }
        CHECK_EQ(smp, sizeof PDUS / sizeof PDUS[0]);
}

static void a_pairing_is_heard_with_every_pseudo_header(void) {
        play_pairing(TRACE_AIR_PHDR, 0);
        for (unsigned version = 1; version <= 3; version++)
                play_pairing(TRACE_AIR_NORDIC, version);
}

static void without_directions_it_is_the_same_pairing(void) {
        play_pairing(TRACE_AIR_NONE, 0);
}

/* Every prefix of every packet: said only when all of it but the CRC is there. */
static void a_packet_that_is_too_short_says_nothing(void) {
        for (size_t i = 0; i < AIR_PAIRING_N; i++) {
                uint8_t bytes[64];
                size_t n = air_hex(AIR_PAIRING[i].hex, bytes);

                for (size_t size = 0; size <= n; size++) {
                        bool said = (i <= 1) || (i >= 3 && i <= 12 && i != 5 && i != 6);

                        ear_new();
                        ear_frame(TRACE_AIR_NONE, bytes, size, false);
                        CHECK_EQ(ear.n, said && size + 3 >= n ? 1 : 0);
                }
        }
}

static void a_packet_that_was_cut_says_its_beginning(void) {
        uint8_t bytes[64];
        size_t n = air_hex(REQUEST, bytes);

        for (size_t size = 0; size <= n; size++) {
                ear_new();
                ear_hears(TRACE_UNKNOWN, CONNECT);
                ear_frame(TRACE_AIR_NONE, bytes, size, true);
                CHECK_EQ(ear.n, size > 10);
                if (ear.n != 1)
                        continue;
                CHECK_EQ(ear.event[0].pdu_size, size - 10);
                CHECK_EQ(ear.event[0].pdu_cut, size < n);
                CHECK(memcmp(ear.event[0].pdu, bytes + 10, size - 10) == 0);
        }
        n = air_hex(CONNECT, bytes);
        for (size_t size = 0; size <= n; size++) {
                ear_new();
                CHECK_EQ(ear_frame(TRACE_AIR_NONE, bytes, size, true), size >= 22);
        }
}

static void a_control_packet_that_was_cut_says_nothing(void) {
        static const char *const packets[] = {AIR_LINK "03020213", AIR_LINK "03020d06",
                                              AIR_LINK "0303110306"};
        uint8_t bytes[64];

        for (size_t i = 0; i < sizeof packets / sizeof packets[0]; i++) {
                size_t n = air_hex(packets[i], bytes);

                for (size_t size = 0; size <= n; size++) {
                        ear_new();
                        ear_hears(TRACE_UNKNOWN, CONNECT);
                        CHECK_EQ(ear_hears(TRACE_UNKNOWN, AIR_LINK
                                           "0b170300000000000000000000000102030405060708090a0b"),
                                 1);
                        CHECK_EQ(ear_frame(TRACE_AIR_NONE, bytes, size, true), size == n);
                }
        }
}

/* --- links --- */

static void a_random_address_of_the_host_is_told(void) {
        ear_new();
        ear_hears(
                TRACE_UNKNOWN,
                "d6be898ec52255443322110a1605f4e3d2c1a55d6550175f3a02060018000000c800ffffffff1f25");
        CHECK(ear_said(TRACE_CONNECTED));
        CHECK_EQ(ear.event[0].own_random, TRACE_YES);
}

static void a_connect_ind_must_be_one(void) {
        ear_new();
        CHECK_EQ(ear_hears(TRACE_UNKNOWN,
                           "d6be898e852155443322110a1605f4e3d2c1a55d6550175f3a02060018000000c800fff"
                           "fffff1f"),
                 0); /* one short */
        CHECK_EQ(ear_hears(TRACE_UNKNOWN,
                           "d6be898e852255443322110a1605f4e3d2c1d6be898e175f3a02060018000000c800fff"
                           "fffff1f25"),
                 0); /* the access address of advertising */
        CHECK_EQ(ear_hears(TRACE_UNKNOWN, "d6be898e030c55443322110a1605f4e3d2c1"),
                 0); /* SCAN_REQ */
}

static void a_link_that_began_before_is_taken_by_what_it_says(void) {
        ear_new();
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0100"), 0);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0e0703000400020000"), 0);           /* ATT */
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0e0c0700060001030001100507ff"), 0); /* too long */
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0e03070006"), 0);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0f060c0b0f000000"), 0); /* LL_VERSION_IND */
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0f020513"), 0);         /* not its length */
        CHECK_EQ(ear.air.last_handle, 0);
        ear_hears(TRACE_HOST, REQUEST);
        ear_said_smp(TRACE_HOST, "01030001100507");
        CHECK_EQ(ear.event[0].handle, 1);
        CHECK_EQ(ear_hears(TRACE_HOST, "11223344"
                                       "0f170300000000000000000000000102030405060708090a0b"),
                 1);
        CHECK_EQ(ear.event[0].handle, 2);
}

static void a_ninth_link_takes_the_place_of_the_one_silent_for_longest(void) {
        char hex[] = "000000500e0b0700060001030001100507", *digit = hex + 1;

        ear_new();
        for (unsigned i = 0; i < TRACE_AIR_LINKS_MAX; i++) {
                *digit = (char) ('0' + i);
                CHECK_EQ(ear_hears(TRACE_HOST, hex), 1);
                CHECK_EQ(ear.event[0].handle, i + 1);
        }
        CHECK_EQ(ear_hears(TRACE_CUFF, "000000500100"), 0); /* the first is not silent */
        *digit = '8';
        CHECK_EQ(ear_hears(TRACE_HOST, hex), 1);
        CHECK_EQ(ear.event[0].handle, 9);
        *digit = '0';
        CHECK_EQ(ear_hears(TRACE_CUFF, "00000050060b0700060002030001100101"), 1);
        CHECK_EQ(ear.event[0].handle, 1);
        CHECK_EQ(ear_hears(TRACE_CUFF, "01000050060b0700060002030001100101"), 1);
        CHECK_EQ(ear.event[0].handle, 10); /* it had made room */
}

static void a_link_that_is_over_makes_room_first(void) {
        char hex[] = "000000500e0b0700060001030001100507", *digit = hex + 1;

        ear_new();
        for (unsigned i = 0; i < TRACE_AIR_LINKS_MAX; i++) {
                *digit = (char) ('0' + i);
                CHECK_EQ(ear_hears(TRACE_HOST, hex), 1);
        }
        CHECK_EQ(ear_hears(TRACE_CUFF, "0500005003020213"), 1);
        *digit = '8';
        CHECK_EQ(ear_hears(TRACE_HOST, hex), 1);
        CHECK_EQ(ear_hears(TRACE_CUFF, "00000050060b0700060002030001100101"), 1);
        CHECK_EQ(ear.event[0].handle, 1);
}

static void the_end_of_a_link_is_told_once(void) {
        ear_new();
        ear_hears(TRACE_UNKNOWN, CONNECT);
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "03020213"), 1);
        CHECK(ear_said(TRACE_DISCONNECTED));
        CHECK_EQ(ear.event[0].status, 0x13);
        CHECK_EQ(ear.event[0].side, TRACE_CUFF);
        CHECK_EQ(ear_hears(TRACE_CUFF, AIR_LINK "07020213"), 0);
        CHECK_EQ(ear_hears(TRACE_HOST, AIR_LINK "0b020213"), 0);
        ear_hears(TRACE_UNKNOWN, CONNECT); /* the same access address again */
        CHECK(ear_said(TRACE_CONNECTED));
        CHECK_EQ(ear.event[0].handle, 2);
        ear_hears(TRACE_HOST, AIR_LINK "03020213"); /* as its own controller calls it */
        CHECK(ear_said(TRACE_DISCONNECTED));
        CHECK_EQ(ear.event[0].status, 0x16);
        CHECK_EQ(ear.event[0].side, TRACE_HOST);
        ear_hears(TRACE_UNKNOWN, CONNECT);
        ear_hears(TRACE_UNKNOWN, AIR_LINK "03020208");
        CHECK(ear_said(TRACE_DISCONNECTED));
        CHECK_EQ(ear.event[0].status, 0x08);
        CHECK_EQ(ear.event[0].side, TRACE_UNKNOWN);
}

CHECK_MAIN("unit.trace_air", TEST(a_pairing_is_heard_with_every_pseudo_header),
           TEST(without_directions_it_is_the_same_pairing),
           TEST(a_packet_that_is_too_short_says_nothing),
           TEST(a_packet_that_was_cut_says_its_beginning),
           TEST(a_control_packet_that_was_cut_says_nothing),
           TEST(a_random_address_of_the_host_is_told), TEST(a_connect_ind_must_be_one),
           TEST(a_link_that_began_before_is_taken_by_what_it_says),
           TEST(a_ninth_link_takes_the_place_of_the_one_silent_for_longest),
           TEST(a_link_that_is_over_makes_room_first), TEST(the_end_of_a_link_is_told_once))
