/* Pseudo headers, and what is said on the advertising channels. */
#include <errno.h>

#include "trace_air_fixture.h"

static const uint8_t L2CAP[] = {0x07, 0x00, 0x06, 0x00, 0x01, 0x03, 0x00, 0x01, 0x10, 0x05, 0x07};

static uint8_t frame_bytes[128];

static int decode_bytes(enum trace_air_header header, size_t n, bool cut,
                        struct trace_air_packet *ret) {
        uint8_t *exact = exact_copy(frame_bytes, n);
        struct trace_air_frame frame = {.header = header, .bytes = exact, .n = n, .cut = cut};
        int r = trace_air_header_decode(&frame, ret);

        if (r == 0) { /* what it points to lives elsewhere, at the same place */
                CHECK(ret->n == 0 || (ret->payload >= exact && ret->payload + ret->n <= exact + n));
                ret->payload = frame_bytes + (ret->payload - exact);
        }
        free(exact);
        return r;
}

static int decode_hex(enum trace_air_header header, const char *hex, struct trace_air_packet *ret) {
        return decode_bytes(header, air_hex(hex, frame_bytes), false, ret);
}

static void check_request(const struct trace_air_packet *p, enum trace_side side) {
        CHECK_EQ(p->access_address, 0x50655DA5);
        CHECK_EQ(p->side, side);
        CHECK_EQ(p->head, 0x0E);
        CHECK_EQ(p->length, sizeof L2CAP);
        CHECK_EQ(p->n, sizeof L2CAP);
        CHECK(memcmp(p->payload, L2CAP, sizeof L2CAP) == 0);
        CHECK(!p->encrypted && !p->decrypted);
}

/* The bytes that tshark reads as a Pairing Request of the central. */
static void every_pseudo_header_is_read(void) {
        struct trace_air_packet p;

        CHECK_EQ(decode_hex(TRACE_AIR_NONE, AIR_PAIRING[4].hex, &p), 0);
        check_request(&p, TRACE_UNKNOWN);
        CHECK_EQ(decode_hex(TRACE_AIR_PHDR, AIR_PHDR_REQUEST, &p), 0);
        check_request(&p, TRACE_HOST);
        CHECK_EQ(decode_hex(TRACE_AIR_NORDIC, AIR_NORDIC_1_REQUEST, &p), 0);
        check_request(&p, TRACE_HOST);
        CHECK_EQ(decode_hex(TRACE_AIR_NORDIC, AIR_NORDIC_2_REQUEST, &p), 0);
        check_request(&p, TRACE_HOST);
        CHECK_EQ(decode_hex(TRACE_AIR_NORDIC, AIR_NORDIC_3_REQUEST, &p), 0);
        check_request(&p, TRACE_HOST);
}

static void a_pseudo_header_that_is_too_short_is_malformed(void) {
        static const struct {
                enum trace_air_header header;
                const char *hex;
        } frames[] = {
                {TRACE_AIR_NONE, AIR_LINK "0e0b0700060001030001100507"},
                {TRACE_AIR_PHDR, AIR_PHDR_REQUEST},
                {TRACE_AIR_NORDIC, AIR_NORDIC_1_REQUEST},
                {TRACE_AIR_NORDIC, AIR_NORDIC_2_REQUEST},
                {TRACE_AIR_NORDIC, AIR_NORDIC_3_REQUEST},
        };

        for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
                size_t whole = air_hex(frames[i].hex, frame_bytes) - (i == 0 ? 0 : 3);
                struct trace_air_packet p, untouched;

                memset(&untouched, 0xA5, sizeof untouched);
                for (size_t n = 0; n < whole; n++) {
                        bool has_head = n + sizeof L2CAP >= whole;

                        p = untouched;
                        CHECK_EQ(decode_bytes(frames[i].header, n, false, &p), -EBADMSG);
                        CHECK(memcmp(&p, &untouched, sizeof p) == 0);
                        CHECK_EQ(decode_bytes(frames[i].header, n, true, &p),
                                 has_head ? 0 : -EBADMSG);
                        if (!has_head)
                                continue;
                        CHECK_EQ(p.n, n + sizeof L2CAP - whole);
                        CHECK_EQ(p.length, sizeof L2CAP);
                }
                CHECK_EQ(decode_bytes(frames[i].header, whole, false, &p), 0);
        }
}

static int phdr(unsigned flags, struct trace_air_packet *ret) {
        size_t n = air_hex(AIR_PHDR_REQUEST, frame_bytes);

        frame_bytes[8] = (uint8_t) flags;
        frame_bytes[9] = (uint8_t) (flags >> 8);
        return decode_bytes(TRACE_AIR_PHDR, n, false, ret);
}

static void the_flags_of_le_ll_with_phdr(void) {
        static const struct {
                unsigned flags;
                int r;
                enum trace_side side;
                bool encrypted, decrypted;
        } rows[] = {
                /* clang-format off */
                {0x0000, 0,        TRACE_UNKNOWN, false, false},
                {0x0001, 0,        TRACE_UNKNOWN, false, false},
                {0x0100, 0,        TRACE_HOST,    false, false},
                {0x0180, 0,        TRACE_CUFF,    false, false},
                {0x0200, -ENOTSUP, TRACE_UNKNOWN, false, false}, /* isochronous */
                {0x0280, -ENOTSUP, TRACE_UNKNOWN, false, false},
                {0x0300, -ENOTSUP, TRACE_UNKNOWN, false, false},
                {0x0380, -ENOTSUP, TRACE_UNKNOWN, false, false},
                {0x0080, -ENOTSUP, TRACE_UNKNOWN, false, false}, /* periodic advertising */
                {0x0400, -ENOTSUP, TRACE_UNKNOWN, false, false}, /* CRC checked, bad */
                {0x0800, 0,        TRACE_UNKNOWN, false, false},
                {0x0C00, 0,        TRACE_UNKNOWN, false, false},
                {0x0108, 0,        TRACE_HOST,    false, true},
                {0x1108, 0,        TRACE_HOST,    true,  false}, /* MIC checked, bad */
                {0x3108, 0,        TRACE_HOST,    false, true},
                {0x3100, 0,        TRACE_HOST,    false, false},
                {0x1100, 0,        TRACE_HOST,    false, false},
                {0x4100, 0,        TRACE_HOST,    false, false}, /* PHY: 2M */
                /* clang-format on */
        };

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                struct trace_air_packet p = {0};

                CHECK_EQ(phdr(rows[i].flags, &p), rows[i].r);
                CHECK_EQ(p.side, rows[i].side);
                CHECK_EQ(p.encrypted, rows[i].encrypted);
                CHECK_EQ(p.decrypted, rows[i].decrypted);
        }
}

static int nordic(unsigned version, size_t at, uint8_t value, struct trace_air_packet *ret) {
        size_t n = air_hex(version == 1   ? AIR_NORDIC_1_REQUEST
                           : version == 2 ? AIR_NORDIC_2_REQUEST
                                          : AIR_NORDIC_3_REQUEST,
                           frame_bytes);

        frame_bytes[at] = value;
        return decode_bytes(TRACE_AIR_NORDIC, n, false, ret);
}

static void the_flags_of_the_nrf_sniffer(void) {
        static const struct {
                uint8_t flags;
                int r;
                enum trace_side side;
                bool encrypted, decrypted;
        } rows[] = {
                /* clang-format off */
                {0x01, 0,        TRACE_CUFF,    false, false},
                {0x03, 0,        TRACE_HOST,    false, false},
                {0x05, 0,        TRACE_CUFF,    true,  false},
                {0x0D, 0,        TRACE_CUFF,    false, true},
                {0x09, 0,        TRACE_CUFF,    false, false}, /* a MIC of what was not encrypted */
                {0x11, 0,        TRACE_CUFF,    false, false}, /* PHY: 2M */
                {0x00, -ENOTSUP, TRACE_UNKNOWN, false, false}, /* CRC bad */
                {0x02, -ENOTSUP, TRACE_UNKNOWN, false, false},
                /* clang-format on */
        };

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                for (unsigned version = 1; version <= 3; version++) {
                        struct trace_air_packet p = {0};

                        CHECK_EQ(nordic(version, 8, rows[i].flags, &p), rows[i].r);
                        CHECK_EQ(p.side, rows[i].side);
                        CHECK_EQ(p.encrypted, rows[i].encrypted);
                        CHECK_EQ(p.decrypted, rows[i].decrypted);
                }
        }
}

static void other_messages_of_the_nrf_sniffer_are_not_packets(void) {
        struct trace_air_packet p;

        for (unsigned version = 1; version <= 3; version++) {
                for (unsigned type = 0; type < 256; type++)
                        CHECK_EQ(nordic(version, 6, (uint8_t) type, &p),
                                 type == 0x06 ? 0 : -ENOTSUP);
                CHECK_EQ(nordic(version, 7, 9, &p), -ENOTSUP);
                CHECK_EQ(nordic(version, 3, 0, &p), -ENOTSUP);
                CHECK_EQ(nordic(version, 3, 4, &p), -ENOTSUP);
                CHECK_EQ(nordic(version, 0, 0xBE, &p), 0);
        }
        nordic(1, 0, 0xBE, &p);
        frame_bytes[1] = 0xEF; /* version 0 has no version at its place */
        CHECK_EQ(decode_bytes(TRACE_AIR_NORDIC, 37, false, &p), -ENOTSUP);
}

/* Its advertising channels have a message of their own from version 3 on. */
static void advertising_is_told_in_version_3(void) {
        for (unsigned version = 1; version <= 3; version++) {
                uint8_t packet[64];
                size_t n = air_hex(AIR_PAIRING[0].hex, packet);
                size_t head = air_nordic(version, TRACE_CUFF, 0, n, true, frame_bytes);
                struct trace_air_packet p;

                memcpy(frame_bytes + head, packet, n);
                CHECK_EQ(frame_bytes[6], version == 3 ? 2 : 6);
                CHECK_EQ(decode_bytes(TRACE_AIR_NORDIC, head + n, false, &p), 0);
                CHECK_EQ(p.access_address, TRACE_AIR_ADVERTISING);
        }
}

static void what_stands_between_header_and_payload_is_skipped(void) {
        struct trace_air_packet p;
        size_t n;

        /* coded PHY: one byte after the access address */
        n = air_hex("14c90000a55d6550138d" AIR_LINK "00"
                    "0e0b0700060001030001100507",
                    frame_bytes);
        CHECK_EQ(decode_bytes(TRACE_AIR_PHDR, n, false, &p), 0);
        check_request(&p, TRACE_HOST);
        n = air_hex("071e00030400060a2314370400a00f0000" AIR_LINK "01"
                    "0e0b07000600010300011005"
                    "07",
                    frame_bytes);
        CHECK_EQ(decode_bytes(TRACE_AIR_NORDIC, n, false, &p), 0);
        check_request(&p, TRACE_HOST);
        /* a constant tone: one byte after the length */
        CHECK_EQ(decode_hex(TRACE_AIR_NONE,
                            AIR_LINK "2e0b"
                                     "14"
                                     "0700060001030001100507",
                            &p),
                 0);
        CHECK_EQ(p.length, sizeof L2CAP);
        CHECK(memcmp(p.payload, L2CAP, sizeof L2CAP) == 0);
        CHECK_EQ(decode_hex(TRACE_AIR_NONE, AIR_LINK "2100", &p), -EBADMSG);
        /* .. but on the advertising channels that bit means something else */
        CHECK_EQ(decode_hex(TRACE_AIR_NONE, "d6be898e2000", &p), 0);
}

/* --- the advertising channels --- */

#define CUFF "1605f4e3d2c1"

static void every_kind_of_advertisement_is_read(void) {
        static const unsigned kinds[16] = {[0] = 1, [2] = 1, [4] = 1, [6] = 1};

        for (unsigned head = 0; head < 256; head++) {
                uint8_t bytes[64];
                size_t n = air_hex("d6be898e000f" CUFF "08ff0e020100010001", bytes);

                bytes[4] = (uint8_t) head;
                ear_new();
                CHECK_EQ(ear_frame(TRACE_AIR_NONE, bytes, n, false), kinds[head & 15]);
                if (ear.n == 0)
                        continue;
                CHECK(ear_said(TRACE_ADVERTISED));
                CHECK_EQ(ear.event[0].pairing_flag, TRACE_NO);
                CHECK_EQ(ear.event[0].address.byte[0], 0xC1);
                CHECK_EQ(ear.event[0].address.byte[5], 0x16);
                CHECK(ear.event[0].has_address);
        }
}

static void the_pairing_flag_is_omrons(void) {
        static const struct {
                const char *data;
                int flag; /* -1: no event */
        } rows[] = {
                /* clang-format off */
                {"08ff0e020108010001",             TRACE_YES},
                {"08ff0e020100010001",             TRACE_NO},
                {"020106" "08ff0e020108010001",    TRACE_YES},
                {"08ff0e020108010001" "0302fefe",  TRACE_YES},
                {"05ff06000108" "08ff0e020108010001", TRACE_YES}, /* another company before it */
                {"07ff0e0201080100",               TRACE_NOT_TOLD}, /* too short for its type */
                {"08ff0e027708010001",             TRACE_NOT_TOLD}, /* a type nobody knows */
                {"03ff0e02",                       TRACE_NOT_TOLD},
                {"02ff0e",                         -1},
                {"01ff",                           -1},
                {"08160e020108010001",             -1}, /* not manufacturer data */
                {"08ff0f020108010001",             -1},
                {"09ff0e020108010001",             -1}, /* says more than there is */
                {"00" "08ff0e020108010001",        -1}, /* ended */
                {"",                               -1},
                /* clang-format on */
        };

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
                uint8_t bytes[64];
                size_t n = air_hex("d6be898e4000" CUFF, bytes);

                n += air_hex(rows[i].data, bytes + n);
                bytes[5] = (uint8_t) (n - 6);
                ear_new();
                ear_frame(TRACE_AIR_NONE, bytes, n, false);
                CHECK_EQ(ear.n, rows[i].flag >= 0);
                if (ear.n == 1)
                        CHECK_EQ(ear.event[0].pairing_flag, rows[i].flag);
        }
}

static void an_advertisement_without_all_its_address_is_none(void) {
        ear_new();
        CHECK_EQ(ear_hears(TRACE_UNKNOWN, "d6be898e4005"
                                          "1605f4e3d2"),
                 0);
        CHECK_EQ(ear_hears(TRACE_UNKNOWN, "d6be898e4000"), 0);
}

CHECK_MAIN("unit.trace_air_header", TEST(every_pseudo_header_is_read),
           TEST(a_pseudo_header_that_is_too_short_is_malformed), TEST(the_flags_of_le_ll_with_phdr),
           TEST(the_flags_of_the_nrf_sniffer),
           TEST(other_messages_of_the_nrf_sniffer_are_not_packets),
           TEST(advertising_is_told_in_version_3),
           TEST(what_stands_between_header_and_payload_is_skipped),
           TEST(every_kind_of_advertisement_is_read), TEST(the_pairing_flag_is_omrons),
           TEST(an_advertisement_without_all_its_address_is_none))
