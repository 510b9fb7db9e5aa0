#include "vhci_att_fixture.h"

/* --- lengths --- */

/* Every request there is, and the sizes it may have. */
static const struct {
        uint8_t opcode;
        size_t sizes[2];
        bool longer; /* or anything between them */
} REQUESTS[] = {
        {0x02, {3, 3}, false},  {0x04, {5, 5}, false}, {0x06, {7, 23}, true},
        {0x08, {7, 21}, false}, {0x0A, {3, 3}, false}, {0x0C, {5, 5}, false},
        {0x10, {7, 21}, false}, {0x12, {3, 23}, true},
};

static bool is_size(size_t i, size_t size) {
        const size_t *sizes = REQUESTS[i].sizes;

        return size == sizes[0] || size == sizes[1] ||
               (REQUESTS[i].longer && size > sizes[0] && size < sizes[1]);
}

static void every_wrong_length_is_an_invalid_pdu(void) {
        for (size_t i = 0; i < ELEMENTS(REQUESTS); i++)
                for (size_t size = 1; size <= 30; size++) {
                        uint8_t pdu[30] = {REQUESTS[i].opcode, 0x01, 0x00, 0xFF, 0xFF, 0x00, 0x28};
                        char refused[16], line[80];
                        struct link l;

                        begin_encrypted(&l);
                        sprintf(refused, "01%02x000004", REQUESTS[i].opcode);
                        sprintf(line, "refused " ADDRESS " opcode=%02x handle=0000 error=04\n",
                                REQUESTS[i].opcode);
                        if (is_size(i, size)) {
                                CHECK(strcmp(ask_bytes(&l, pdu, size), refused) != 0);
                        } else {
                                CHECK_STR(ask_bytes(&l, pdu, size), refused);
                                CHECK_LOG(&l, line);
                        }
                }
}

/* A larger MTU allows longer ones. */
static void a_pdu_longer_than_the_mtu_is_invalid(void) {
        uint8_t pdu[600] = {0x12, 0x03, 0x00};
        struct link l;

        begin(&l);
        CHECK_STR(ask_bytes(&l, pdu, 24), "0112000004");
        l.cuff.mtu = 247;
        ask(&l, "02 0502");
        CHECK_STR(ask_bytes(&l, pdu, 24), "0112030003");
        CHECK_STR(ask_bytes(&l, pdu, 247), "0112030003");
        CHECK_STR(ask_bytes(&l, pdu, 248), "0112000004");
        CHECK_STR(ask_bytes(&l, pdu, sizeof pdu), "0112000004");
}

static void a_command_of_a_wrong_length_is_dropped(void) {
        uint8_t pdu[24] = {0x52, 0x13, 0x00, 0x02, 0x00};
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(ask_bytes(&l, pdu, 1), "");
        CHECK_STR(ask_bytes(&l, pdu, 2), "");
        CHECK_STR(ask_bytes(&l, pdu, 3), "");
        CHECK_STR(ask_bytes(&l, pdu, sizeof pdu), "");
        CHECK_STR(ask_bytes(&l, NULL, 0), "");
        CHECK_LOG(&l, "");
        CHECK_EQ(cuff_cccd(&l.cuff, UUID_MEASUREMENT), 0);
}

/* --- opcodes --- */

static bool is_request(unsigned opcode) {
        for (size_t i = 0; i < ELEMENTS(REQUESTS); i++)
                if (REQUESTS[i].opcode == opcode)
                        return true;
        return false;
}

/* Commands have bit 6, all that only a client is sent is odd: neither is ever answered. */
static void other_requests_are_not_supported_and_the_rest_is_met_with_silence(void) {
        for (unsigned opcode = 0; opcode <= 0xFF; opcode++) {
                uint8_t pdu[7] = {(uint8_t) opcode, 0x13, 0x00, 0x02};
                bool silent = (opcode & 0x41) || opcode == 0x1E;
                char refused[16], line[80];
                struct link l;

                if (is_request(opcode) || opcode == 0x52)
                        continue;
                begin_encrypted(&l);
                sprintf(refused, "01%02x000006", opcode);
                sprintf(line, "refused " ADDRESS " opcode=%02x handle=0000 error=06\n", opcode);
                for (size_t size = 1; size <= sizeof pdu; size++) {
                        CHECK_STR(ask_bytes(&l, pdu, size), silent ? "" : refused);
                        CHECK_LOG(&l, silent ? "" : line);
                }
                CHECK_EQ(cuff_cccd(&l.cuff, UUID_MEASUREMENT), 0);
        }
}

static void what_is_prepared_or_asked_together_is_refused(void) {
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(ask(&l, "16 1300 0000 0200"), "0116000006");
        CHECK_STR(ask(&l, "18 01"), "0118000006");
        CHECK_STR(ask(&l, "0e 0300 0500"), "010e000006");
        CHECK_STR(ask(&l, "d2 1300 0200 000102030405060708090a0b"), "");
        CHECK_EQ(cuff_cccd(&l.cuff, UUID_MEASUREMENT), 0);
}

/* --- anything --- */

/* One of ours half of the time, with handles and types that exist. */
static size_t random_pdu(uint32_t *seed, uint8_t ret[260]) {
        static const uint16_t types[] = {0x2800, 0x2801, 0x2802, 0x2803, 0x2902, 0x2A00, 0x2A35};
        size_t i = draw(seed) % ELEMENTS(REQUESTS);
        uint16_t type = types[draw(seed) % ELEMENTS(types)];

        for (size_t n = 0; n < 260; n++)
                ret[n] = (uint8_t) draw(seed);
        if (draw(seed) % 2)
                return draw(seed) % 260;
        ret[0] = draw(seed) % 8 ? REQUESTS[i].opcode : 0x52;
        ret[1] %= 0x48;
        ret[2] = 0;
        if (draw(seed) % 2) {
                ret[5] = (uint8_t) type;
                ret[6] = (uint8_t) (type >> 8);
        }
        return draw(seed) % 4 ? REQUESTS[i].sizes[draw(seed) % 2] : draw(seed) % 30;
}

/* Exactly one answer to what is a request, none to the rest; never longer than the MTU (see the
 * fixture). */
static void random_pdus_get_one_answer_or_none(void) {
        uint32_t seed = 20240917;
        unsigned answered = 0, refused = 0;
        struct link l;

        begin(&l);
        for (unsigned i = 0; i < 60000; i++) {
                uint8_t pdu[260], reply[ATT_MTU_MAX];
                size_t size = random_pdu(&seed, pdu), n;
                const char *hex;

                if (i % 1000 == 0) {
                        begin(&l);
                        l.cuff.mtu = (uint16_t) (23 + draw(&seed) % 225);
                        if (draw(&seed) % 2)
                                cuff_link_encrypted(&l.cuff, l.now);
                }
                hex = ask_bytes(&l, pdu, size);
                l.log[0] = '\0';
                if (size == 0 || (pdu[0] & 0x41) || pdu[0] == 0x1E) {
                        CHECK_STR(hex, "");
                        continue;
                }
                CHECK(!strchr(hex, ' '));
                n = from_hex(hex, reply);
                if (n == 5 && reply[0] == 0x01) {
                        CHECK_EQ(reply[1], pdu[0]);
                        CHECK(reply[4] != 0);
                        refused++;
                } else {
                        CHECK(n > 0 && reply[0] == pdu[0] + 1);
                        answered++;
                }
        }
        CHECK(answered > 1000 && refused > 1000);
}

CHECK_MAIN("unit.vhci_att_faults", TEST(every_wrong_length_is_an_invalid_pdu),
           TEST(a_pdu_longer_than_the_mtu_is_invalid), TEST(a_command_of_a_wrong_length_is_dropped),
           TEST(other_requests_are_not_supported_and_the_rest_is_met_with_silence),
           TEST(what_is_prepared_or_asked_together_is_refused),
           TEST(random_pdus_get_one_answer_or_none))
