/* Every PDU of SMP out of btmon's text, whole and in pieces. */
#include "core/smp.h"
#include "trace_btmon_fixture.h"

#define RX   "> ACL Data RX: Handle 64 flags 0x02 dlen 6 #7 [hci0] 1.000000\n"
#define TX   "< ACL Data TX: Handle 64 flags 0x00 dlen 6 #7 [hci0] 1.000000\n"
#define A1   "28:FF:B2:05:91:BE"
#define A2   "D0:11:22:33:44:55"
#define KEY  "000102030405060708090a0b0c0d0e0f"
#define KEY_ " 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"

#define FEATURES(name)                                                                             \
        "      SMP: Pairing " name " len 6\n"                                                      \
        "        IO capability: KeyboardDisplay (0x04)\n"                                          \
        "        OOB data: Authentication data not present (0x00)\n"                               \
        "        Authentication requirement: Bonding, MITM, SC, No Keypresses, CT2 (0x2d)\n"       \
        "        Max encryption key size: 16\n"                                                    \
        "        Initiator key distribution: EncKey IdKey (0x03)\n"                                \
        "        Responder key distribution: <none> (0x00)\n"

static const struct row pdus[] = {
        {RX FEATURES("Request (0x01)"), "7 0 64 cuff 01 04 00 2d 10 03 00\n"},
        {TX FEATURES("Response (0x02)"), "7 0 64 host 02 04 00 2d 10 03 00\n"},
        {TX "SMP: Pairing Confirm (0x03) len 16\nConfim value: " KEY, "7 0 64 host 03" KEY_ "\n"},
        {TX "SMP: Pairing Confirm (0x03) len 16\nConfirm value: " KEY, "7 0 64 host 03" KEY_ "\n"},
        {TX "SMP: Pairing Random (0x04) len 16\nRandom value[16]: " KEY,
         "7 0 64 host 04" KEY_ "\n"},
        {RX "SMP: Pairing Failed (0x05) len 1\nReason: DHKey check failed (0x0b)",
         "7 0 64 cuff 05 0b\n"},
        {RX "SMP: Encryption Information (0x06) len 16\nLong term key: " KEY,
         "7 0 64 cuff 06" KEY_ "\n"},
        {RX "SMP: Master Identification (0x07) len 10\nEDIV: 0x881a\nRand: 0xafbbf60bc8316fb8",
         "7 0 64 cuff 07 1a 88 b8 6f 31 c8 0b f6 bb af\n"},
        {RX "SMP: Identity Information (0x08) len 16\nIdentity resolving key: " KEY,
         "7 0 64 cuff 08" KEY_ "\n"},
        {RX "SMP: Identity Address Information (0x09) len 7\nAddress type: Random (0x01)\n"
            "Address: " A1,
         "7 0 64 cuff 09 01 be 91 05 b2 ff 28\n"},
        {RX "SMP: Identity Address Information (0x09) len 7\nAddress type: Public (0x00)\n"
            "Address: " A2 " (Static)",
         "7 0 64 cuff 09 00 55 44 33 22 11 d0\n"},
        {RX "SMP: Identity Address Information (0x09) len 7\nAddress: " A1 " (OUI 28-FF-B2)",
         "7 0 64 cuff 09 00 be 91 05 b2 ff 28\n"},
        {RX "SMP: Identity Address Information (0x09) len 7\nAddress: " A2 " (Static)",
         "7 0 64 cuff 09 01 55 44 33 22 11 d0\n"},
        {RX "SMP: Signing Information (0x0a) len 16\nSignature key[16]: " KEY,
         "7 0 64 cuff 0a" KEY_ "\n"},
        {RX "SMP: Security Request (0x0b) len 1\n"
            "Authentication requirement: Bonding, No MITM, SC, No Keypresses (0x09)",
         "7 0 64 cuff 0b 09\n"},
        {TX "SMP: Pairing Public Key (0x0c) len 64\nX: " KEY KEY "\nY: " KEY KEY,
         "7 0 64 host 0c" KEY_ KEY_ KEY_ KEY_ "\n"},
        {TX "SMP: Pairing DHKey Check (0x0d) len 16\nE: 000102030405060708090A0B0C0D0E0F",
         "7 0 64 host 0d" KEY_ "\n"},
        {TX "SMP: Pairing DHKey Check (0x0d) len 16\nE: " KEY, "7 0 64 host 0d" KEY_ "\n"},
        {TX "SMP: Keypress Notification (0x0e) len 1\nType: Passkey entry completed (0x04)",
         "7 0 64 host 0e 04\n"},
};

static void every_pdu_is_rebuilt(void) {
        CHECK_ROWS(pdus);
}

/* Each of them is whole: what core/smp decodes. */
static void what_is_rebuilt_is_sound(void) {
        for (size_t i = 0; i < sizeof pdus / sizeof pdus[0]; i++) {
                struct trace_btmon b;
                struct trace_event e = {0};
                struct smp_pdu pdu;
                const char *line = pdus[i].text, *end;

                trace_btmon_init(&b);
                for (; (end = strchr(line, '\n')) != NULL; line = end + 1)
                        CHECK(!trace_btmon_line(&b, line, (size_t) (end - line), &e));
                CHECK(!trace_btmon_line(&b, line, strlen(line), &e));
                CHECK(trace_btmon_end(&b, &e));
                CHECK(!e.pdu_cut);
                CHECK_EQ(smp_decode(e.pdu, e.pdu_size, &pdu), 0);
                CHECK(!trace_btmon_end(&b, &e));
        }
}

static void what_is_missing_cuts_the_pdu(void) {
        static const struct row rows[] = {
                {RX, ""},
                {RX "SMP: Pairing Failed (0x05) len 1\n", "7 0 64 cuff 05 cut\n"},
                {RX "SMP: Pairing Failed (0x05) len 1\nReason: none told", "7 0 64 cuff 05 cut\n"},
                {RX "SMP: Pairing Failed (0x05) len 1\nReason: large (0x100)",
                 "7 0 64 cuff 05 cut\n"},
                {RX "SMP: Pairing Failed (0x05) len 1\nReason: (0x) (0x8 ) (0x99999999999999999)",
                 "7 0 64 cuff 05 cut\n"},
                {RX "SMP: Pairing Failed (0x05) len 1\nReason: first (0x08)\nReason: second (0x09)",
                 "7 0 64 cuff 05 08\n"},
                /* the middle is gone, or the order another */
                {RX "SMP: Pairing Request (0x01) len 6\nIO capability: x (0x03)\n"
                    "Authentication requirement: x (0x01)\nMax encryption key size: 16",
                 "7 0 64 cuff 01 03 cut\n"},
                {RX "SMP: Pairing Request (0x01) len 6\nResponder key distribution: (0x06)\n"
                    "Initiator key distribution: (0x05)\nMax encryption key size: 7\n"
                    "Authentication requirement: x (0x02)\nOOB data: x (0x01)\n"
                    "IO capability: x (0x03)",
                 "7 0 64 cuff 01 03 01 02 07 05 06\n"},
                {RX "SMP: Pairing Confirm (0x03) len 16\nConfirm value: 0001",
                 "7 0 64 cuff 03 cut\n"},
                {RX "SMP: Pairing Public Key (0x0c) len 64\nY: " KEY KEY, "7 0 64 cuff 0c cut\n"},
                {RX "SMP: Central Identification (0x07) len 10\nEDIV: 0x12345\nRand: 0x1",
                 "7 0 64 cuff 07 cut\n"},
                {RX "SMP: Central Identification (0x07) len 10\nEDIV: 12x\nRand: 0x1",
                 "7 0 64 cuff 07 cut\n"},
                {RX "SMP: Identity Address Information (0x09) len 7\nAddress: " A1,
                 "7 0 64 cuff 09 cut\n"},
                {RX "SMP: Identity Address Information (0x09) len 7\n"
                    "Address: 28:FF:B2:XX:XX:XX (OUI 28-FF-B2)",
                 "7 0 64 cuff 09 cut\n"},
                {RX "SMP: Unknown (0x0f) len 1\n", "7 0 64 cuff 0f cut\n"},
                /* of another PDU, of another channel, or none at all */
                {RX "SMP: Pairing Failed (0x05) len 1\nConfirm value: " KEY,
                 "7 0 64 cuff 05 cut\n"},
                {RX "BR/EDR SMP: Pairing Failed (0x05) len 1\nReason: x (0x08)\n", ""},
                {RX "SMP: Pairing Failed\nReason: x (0x08)\n", ""},
                {RX "SMP: Pairing Failed (0x105) len 1\nReason: x (0x08)\n", ""},
                {RX "ATT: Error Response (0x01) len 4\n", ""},
        };

        CHECK_ROWS(rows);
}

static void a_value_may_be_on_the_next_line(void) {
        static const struct row rows[] = {
                {RX "SMP: Security Request (0x0b) len 1\n"
                    "Authentication requirement: Bonding, No MITM, Legacy, No\nKeypresses (0x01)",
                 "7 0 64 cuff 0b 01\n"},
                {TX "SMP: Pairing Random (0x04) len 16\nRandom value:\n\n  " KEY "\n",
                 "7 0 64 host 04" KEY_ "\n"},
                /* but not on the one after it, and not in another field */
                {RX "SMP: Pairing Failed (0x05) len 1\nReason: well\nno\n(0x08)",
                 "7 0 64 cuff 05 cut\n"},
                {RX "SMP: Pairing Failed (0x05) len 1\nReason: well\nCount: (0x08)",
                 "7 0 64 cuff 05 cut\n"},
        };

        CHECK_ROWS(rows);
}

CHECK_MAIN("unit.trace_btmon_smp", TEST(every_pdu_is_rebuilt), TEST(what_is_rebuilt_is_sound),
           TEST(what_is_missing_cuts_the_pdu), TEST(a_value_may_be_on_the_next_line))
