/* Packets of the air, written by hand, with any pseudo header around them. */
#pragma once

#include "core/trace_air.h"

#include "check.h"
#include "exact.h"

#define AIR_LINK "a55d6550" /* access address 0x50655DA5, as sent */

struct air_line {
        enum trace_side side;
        const char *hex; /* from the access address to the CRC */
};

/* LE legacy, Just Works; what `pairing()` of tests/component/air_pcap.py writes and tshark reads.
 */
static const struct air_line AIR_PAIRING[] __attribute__((unused)) = {
        /* clang-format off */
        {TRACE_UNKNOWN, "d6be898e40121605f4e3d2c102010608ff0e02010801000179abcf"},
        {TRACE_UNKNOWN, "d6be898e852255443322110a1605f4e3d2c1a55d6550175f3a02060018000000c800ffffffff1f25351c5b"},
        {TRACE_HOST,    "a55d65500100d56723"},
        {TRACE_CUFF,    "a55d65500606020006000b013c5e28"},
        {TRACE_HOST,    "a55d65500e0b07000600010300011005079deee8"},
        {TRACE_CUFF,    "a55d65500900736a23"},
        {TRACE_HOST,    "a55d65500100d56723"},
        {TRACE_CUFF,    "a55d6550060b070006000203000110010198fde5"},
        {TRACE_HOST,    "a55d65500e151100060003c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c173ca46"},
        {TRACE_CUFF,    "a55d65500a151100060003c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2b151f5"},
        {TRACE_HOST,    "a55d655002151100060004d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d14ec4"},
        {TRACE_CUFF,    "a55d655006151100060004d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d213d577"},
        {TRACE_HOST,    "a55d65500f170300000000000000000000000102030405060708090a0bab9f8a"},
        {TRACE_CUFF,    "a55d65500b0d04000102030405060708090a0b5a8cf5"},
        {TRACE_HOST,    "a55d65500100d56723"},
        {TRACE_CUFF,    "a55d655007010536cfe2"},
        {TRACE_HOST,    "a55d65500f058f21aa0317351300"},
        {TRACE_CUFF,    "a55d65500b0513f0a97c5560c736"},
        {TRACE_HOST,    "a55d6550030602137c915a3e239381"},
        /* clang-format on */
};

#define AIR_PAIRING_N (sizeof AIR_PAIRING / sizeof AIR_PAIRING[0])

/* The fifth of them with each pseudo header, as written there too. */
#define AIR_PHDR_REQUEST "14c90000a55d6550130da55d65500e0b07000600010300011005079deee8"
#define AIR_NORDIC_1_REQUEST                                                                       \
        "07061e010400060a0314370400a00f0000a55d65500e0b07000600010300011005079deee8"
#define AIR_NORDIC_2_REQUEST                                                                       \
        "071e00020400060a0314370400a00f0000a55d65500e0b07000600010300011005079deee8"
#define AIR_NORDIC_3_REQUEST                                                                       \
        "071e00030400060a0314370400a00f0000a55d65500e0b07000600010300011005079deee8"

static inline size_t air_hex(const char *hex, uint8_t *ret) {
        size_t n = strlen(hex) / 2;

        for (size_t i = 0; i < n; i++) {
                unsigned byte;

                CHECK_EQ(sscanf(hex + 2 * i, "%2x", &byte), 1);
                ret[i] = (uint8_t) byte;
        }
        return n;
}

static inline bool air_advertises(const uint8_t *packet) {
        return memcmp(packet, "\xD6\xBE\x89\x8E", 4) == 0;
}

/* LE_LL_WITH_PHDR: dewhitened, CRC checked and good, then `more`. */
static inline size_t air_phdr(enum trace_side side, unsigned more, uint8_t *ret) {
        static const unsigned type[] = {[TRACE_UNKNOWN] = 0, [TRACE_HOST] = 2, [TRACE_CUFF] = 3};
        unsigned flags = 0x0C01 | type[side] << 7 | more;

        memset(ret, 0, 10);
        ret[8] = (uint8_t) flags;
        ret[9] = (uint8_t) (flags >> 8);
        return 10;
}

/* NORDIC_BLE, CRC good, then `more`; every side that is not the host's counts as the cuff's. */
static inline size_t air_nordic(unsigned version, enum trace_side side, unsigned more,
                                size_t packet_size, bool advertising, uint8_t *ret) {
        size_t n = 10 + packet_size;

        memset(ret, 0, 17);
        ret[1] = version == 1 ? 6 : (uint8_t) n;
        ret[2] = version == 1 ? (uint8_t) n : (uint8_t) (n >> 8);
        ret[3] = (uint8_t) version;
        ret[6] = version == 3 && advertising ? 0x02 : 0x06;
        ret[7] = 10;
        ret[8] = (uint8_t) (1 | (side == TRACE_HOST ? 2 : 0) | more);
        return 17;
}

/* --- one ear, and what it said last --- */

static struct {
        struct trace_air air;
        struct trace_event event[TRACE_AIR_EVENTS_MAX];
        size_t n;
        uint64_t number;
} ear __attribute__((unused));

static inline void ear_new(void) {
        memset(&ear, 0xA5, sizeof ear);
        trace_air_init(&ear.air);
        ear.n = 0;
        ear.number = 0;
}

static inline size_t ear_frame(enum trace_air_header header, const uint8_t *bytes, size_t n,
                               bool cut) {
        uint8_t *exact = exact_copy(bytes, n);
        struct trace_air_frame frame = {
                .header = header,
                .number = ++ear.number,
                .usec = (int64_t) ear.number * 1000,
                .bytes = exact,
                .n = n,
                .cut = cut,
        };

        memset(ear.event, 0xA5, sizeof ear.event);
        ear.n = trace_air_step(&ear.air, &frame, ear.event);
        free(exact);
        for (size_t i = 0; i < ear.n; i++) {
                CHECK_EQ(ear.event[i].number, ear.number);
                CHECK_EQ(ear.event[i].usec, frame.usec);
                CHECK_EQ(ear.event[i].adapter, 0);
        }
        return ear.n;
}

/* A packet in hex, no CRC needed; a side that is UNKNOWN comes without a pseudo header unless
 * `more` has flags for one. */
static inline size_t ear_flags(enum trace_side side, unsigned more, const char *hex) {
        uint8_t bytes[300];
        size_t head = side == TRACE_UNKNOWN && !more ? 0 : air_phdr(side, more, bytes);
        size_t n = head + air_hex(hex, bytes + head);

        return ear_frame(head ? TRACE_AIR_PHDR : TRACE_AIR_NONE, bytes, n, false);
}

static inline size_t ear_hears(enum trace_side side, const char *hex) {
        return ear_flags(side, 0, hex);
}

/* The one event that was said last. */
static inline bool ear_said(enum trace_kind kind) {
        CHECK_EQ(ear.n, 1);
        if (ear.n != 1)
                return false;
        CHECK_EQ(ear.event[0].kind, kind);
        return ear.event[0].kind == kind;
}

static inline void ear_said_smp(enum trace_side side, const char *hex) {
        uint8_t pdu[SMP_PDU_MAX];
        size_t n = air_hex(hex, pdu);

        if (!ear_said(TRACE_SMP))
                return;
        CHECK_EQ(ear.event[0].side, side);
        CHECK_EQ(ear.event[0].pdu_size, n);
        CHECK(memcmp(ear.event[0].pdu, pdu, n) == 0);
        CHECK(!ear.event[0].pdu_cut);
}
