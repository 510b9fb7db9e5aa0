/* PDUs put together from ACL packets. */
#include "trace_hci_fixture.h"

#define FIRST_OF_HOST       0x00
#define CONTINUED           0x10
#define FIRST_OF_CONTROLLER 0x20

/* Pairing Request, an ATT request, and a Security Request, with L2CAP's header. */
static const uint8_t REQUEST[] = {7, 0, 6, 0, 0x01, 0x03, 0x00, 0x01, 0x10, 0x05, 0x07};
static const uint8_t SECURITY[] = {2, 0, 6, 0, 0x0B, 0x01};
/* What follows the cut at 5 looks like a whole PDU of SMP. */
static const uint8_t ATT[] = {11, 0, 4, 0, 0x12, 2, 0, 6, 0, 0x05, 0x08, 0, 0, 0, 0};

static size_t acl(struct frames *f, enum trace_answer received, unsigned handle, unsigned flag,
                  const uint8_t *bytes, size_t n) {
        uint8_t packet[4 + 400] = {(uint8_t) handle, (uint8_t) (flag | handle >> 8), (uint8_t) n,
                                   (uint8_t) (n >> 8)};

        if (n > 400)
                abort();
        memcpy(packet + 4, bytes, n);
        return feed(f, TRACE_HCI_ACL, received, packet, 4 + n);
}

static void check_pdu(const struct frames *f, enum trace_side side, const uint8_t *l2cap,
                      size_t n) {
        const struct trace_event *e = &f->got[0];

        CHECK_EQ(f->n, 1);
        CHECK_EQ(e->kind, TRACE_SMP);
        CHECK_EQ(e->side, side);
        CHECK_EQ(e->handle, 0x40);
        CHECK_EQ(e->pdu_size, n - 4);
        CHECK(!e->pdu_cut && memcmp(e->pdu, l2cap + 4, n - 4) == 0);
}

static void a_pdu_in_one_packet_is_of_the_side_that_sent_it(void) {
        struct frames f = frames_new();

        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, REQUEST, sizeof REQUEST), 1);
        check_pdu(&f, TRACE_HOST, REQUEST, sizeof REQUEST);
        CHECK_EQ(acl(&f, TRACE_YES, 0x40, FIRST_OF_CONTROLLER, SECURITY, sizeof SECURITY), 1);
        check_pdu(&f, TRACE_CUFF, SECURITY, sizeof SECURITY);
        /* Without a direction, the flag tells. */
        CHECK_EQ(acl(&f, TRACE_NOT_TOLD, 0x40, FIRST_OF_HOST, REQUEST, sizeof REQUEST), 1);
        check_pdu(&f, TRACE_HOST, REQUEST, sizeof REQUEST);
        CHECK_EQ(acl(&f, TRACE_NOT_TOLD, 0x40, FIRST_OF_CONTROLLER, SECURITY, sizeof SECURITY), 1);
        check_pdu(&f, TRACE_CUFF, SECURITY, sizeof SECURITY);
        /* With one, it tells only where a PDU begins. */
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_CONTROLLER, REQUEST, sizeof REQUEST), 1);
        check_pdu(&f, TRACE_HOST, REQUEST, sizeof REQUEST);
        CHECK_EQ(acl(&f, TRACE_YES, 0x40, FIRST_OF_HOST, SECURITY, sizeof SECURITY), 1);
        check_pdu(&f, TRACE_CUFF, SECURITY, sizeof SECURITY);
}

static void at_the_peripheral_the_sides_swap(void) {
        static const char *const learned[] = {
                "3e 13 01 00 4000 01 00 332211db5f28 1800 0000 2a00 00",
                "3e 0d 05 4000 0000000000000000 0000", /* only a peripheral is asked for a key */
        };

        for (size_t i = 0; i < 2; i++) {
                struct frames f = frames_new();

                CHECK_EQ(feed_event(&f, learned[i]), 1);
                CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, SECURITY, sizeof SECURITY), 1);
                check_pdu(&f, TRACE_CUFF, SECURITY, sizeof SECURITY);
                CHECK_EQ(acl(&f, TRACE_YES, 0x40, FIRST_OF_CONTROLLER, REQUEST, sizeof REQUEST), 1);
                check_pdu(&f, TRACE_HOST, REQUEST, sizeof REQUEST);
                /* A link that ended is forgotten, and its role. */
                CHECK_EQ(feed_event(&f, "05 04 00 4000 13"), 1);
                CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, REQUEST, sizeof REQUEST), 1);
                check_pdu(&f, TRACE_HOST, REQUEST, sizeof REQUEST);
        }
}

static void a_key_request_leaves_what_is_being_sent(void) {
        struct frames f = frames_new();

        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, SECURITY, 5), 0);
        CHECK_EQ(feed_event(&f, "3e 0d 05 4000 0000000000000000 0000"), 1);
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED, SECURITY + 5, 1), 1);
        check_pdu(&f, TRACE_CUFF, SECURITY, sizeof SECURITY);
}

/* In three packets, two of which may be empty, cut anywhere: also within the header. */
static void check_split(enum trace_answer received, unsigned first, enum trace_side side) {
        for (size_t a = 0; a <= sizeof REQUEST; a++)
                for (size_t b = a; b <= sizeof REQUEST; b++) {
                        struct frames f = frames_new();
                        size_t events = acl(&f, received, 0x40, first, REQUEST, a);

                        CHECK_EQ(events, a == sizeof REQUEST);
                        events += acl(&f, received, 0x40, CONTINUED, REQUEST + a, b - a);
                        CHECK_EQ(events, b == sizeof REQUEST);
                        if (events)
                                continue;
                        CHECK_EQ(
                                acl(&f, received, 0x40, CONTINUED, REQUEST + b, sizeof REQUEST - b),
                                1);
                        check_pdu(&f, side, REQUEST, sizeof REQUEST);
                        CHECK_EQ(acl(&f, received, 0x40, CONTINUED, REQUEST, sizeof REQUEST), 0);
                }
}

static void a_pdu_may_be_split_anywhere(void) {
        check_split(TRACE_NO, FIRST_OF_HOST, TRACE_HOST);
        check_split(TRACE_YES, FIRST_OF_CONTROLLER, TRACE_CUFF);
        check_split(TRACE_NOT_TOLD, FIRST_OF_HOST, TRACE_HOST);
        check_split(TRACE_NOT_TOLD, FIRST_OF_CONTROLLER, TRACE_CUFF);
}

static void both_directions_interleave(void) {
        for (size_t a = 0; a < sizeof REQUEST; a++)
                for (size_t b = 0; b < sizeof SECURITY; b++) {
                        struct frames f = frames_new();

                        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, REQUEST, a), 0);
                        CHECK_EQ(acl(&f, TRACE_YES, 0x40, FIRST_OF_CONTROLLER, SECURITY, b), 0);
                        CHECK_EQ(
                                acl(&f, TRACE_NO, 0x40, CONTINUED, REQUEST + a, sizeof REQUEST - a),
                                1);
                        check_pdu(&f, TRACE_HOST, REQUEST, sizeof REQUEST);
                        CHECK_EQ(acl(&f, TRACE_YES, 0x40, CONTINUED, SECURITY + b,
                                     sizeof SECURITY - b),
                                 1);
                        check_pdu(&f, TRACE_CUFF, SECURITY, sizeof SECURITY);
                }
}

static void without_a_direction_a_continuation_is_of_the_side_that_spoke_last(void) {
        struct frames f = frames_new();

        CHECK_EQ(acl(&f, TRACE_NOT_TOLD, 0x40, FIRST_OF_HOST, REQUEST, 6), 0);
        CHECK_EQ(acl(&f, TRACE_NOT_TOLD, 0x40, FIRST_OF_CONTROLLER, SECURITY, 5), 0);
        CHECK_EQ(acl(&f, TRACE_NOT_TOLD, 0x40, CONTINUED, SECURITY + 5, 1), 1);
        check_pdu(&f, TRACE_CUFF, SECURITY, sizeof SECURITY);
        /* That one is whole: now it can only be the other's. */
        CHECK_EQ(acl(&f, TRACE_NOT_TOLD, 0x40, CONTINUED, REQUEST + 6, 5), 1);
        check_pdu(&f, TRACE_HOST, REQUEST, sizeof REQUEST);
        CHECK_EQ(acl(&f, TRACE_NOT_TOLD, 0x40, CONTINUED, REQUEST + 6, 5), 0);
}

static void other_channels_are_skipped_with_their_continuations(void) {
        uint8_t bredr[sizeof REQUEST];
        struct frames f = frames_new();

        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, ATT, 5), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED, ATT + 5, 6), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED, ATT + 11, 4), 0);
        memcpy(bredr, REQUEST, sizeof bredr);
        bredr[2] = 7;
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_CONTROLLER, bredr, sizeof bredr), 0);
        bredr[2] = 6;
        bredr[3] = 1; /* channel 0x0106 */
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, bredr, sizeof bredr), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, REQUEST, sizeof REQUEST), 1);
}

static void a_new_start_drops_what_was_not_finished(void) {
        struct frames f = frames_new();

        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, REQUEST, 8), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, SECURITY, sizeof SECURITY), 1);
        check_pdu(&f, TRACE_HOST, SECURITY, sizeof SECURITY);
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED, REQUEST + 8, 3), 0);
        /* A new link under the handle too. */
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, REQUEST, 8), 0);
        CHECK_EQ(feed_event(&f, "3e 13 01 00 4000 00 00 332211db5f28 1800 0000 2a00 00"), 1);
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED, REQUEST + 8, 3), 0);
}

static void of_a_pdu_that_is_too_long_the_beginning_is_kept(void) {
        uint8_t bytes[4 + 300] = {0, 0, 6, 0};

        for (size_t i = 4; i < sizeof bytes; i++)
                bytes[i] = (uint8_t) i;
        for (size_t size = 1; size <= 300; size++) {
                struct frames f = frames_new();

                bytes[0] = (uint8_t) size;
                bytes[1] = (uint8_t) (size >> 8);
                CHECK_EQ(acl(&f, TRACE_YES, 0x40, FIRST_OF_CONTROLLER, bytes, size / 2), 0);
                CHECK_EQ(acl(&f, TRACE_YES, 0x40, CONTINUED, bytes + size / 2, 4 + size - size / 2),
                         1);
                CHECK_EQ(f.got[0].pdu_size, size < SMP_PDU_MAX ? size : SMP_PDU_MAX);
                CHECK_EQ(f.got[0].pdu_cut, size > SMP_PDU_MAX);
                CHECK(memcmp(f.got[0].pdu, bytes + 4, f.got[0].pdu_size) == 0);
        }
}

/* Four bytes of HCI, four of L2CAP, then the PDU. */
static void a_packet_captured_short_gives_the_beginning(void) {
        uint8_t packet[4 + sizeof REQUEST] = {0x40, 0x00, sizeof REQUEST, 0};

        memcpy(packet + 4, REQUEST, sizeof REQUEST);
        for (size_t n = 0; n <= sizeof packet; n++) {
                struct frames f = frames_new();

                CHECK_EQ(feed(&f, TRACE_HCI_ACL, TRACE_NO, packet, n), n > 8);
                if (f.n == 0)
                        continue;
                CHECK_EQ(f.got[0].pdu_size, n - 8);
                CHECK_EQ(f.got[0].pdu_cut, n < sizeof packet);
                CHECK(memcmp(f.got[0].pdu, REQUEST + 4, n - 8) == 0);
        }
}

static void what_follows_missing_bytes_is_not_put_in_their_place(void) {
        struct frames f = frames_new();

        /* 8 of the PDU's 11 bytes with its header are sent, 6 are captured. */
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4000 0800 0700 0600 0103"), 0);
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4010 0300 100507"), 1);
        CHECK_EQ(f.got[0].pdu_size, 2);
        CHECK(f.got[0].pdu_cut && f.got[0].pdu[0] == 0x01 && f.got[0].pdu[1] == 0x03);
        /* Without the header nothing is known of what follows. */
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4000 0800 0200 06"), 0);
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4010 0600 0200 0600 0508"), 0);
        /* .. but it is not what the other side had begun. */
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NOT_TOLD, "4000 0500 0200 0600 05"), 0);
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NOT_TOLD, "4020 0800 0200 06"), 0);
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NOT_TOLD, "4010 0100 08"), 0);
}

static void sizes_may_lie(void) {
        struct frames f = frames_new();

        /* The packet has more bytes than it says: they are no part of it. */
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4000 0500 0200 0600 0508"), 0);
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4010 0100 01"), 1);
        CHECK_EQ(f.got[0].pdu[1], 0x01);
        /* The packet goes on after the PDU. */
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4000 0900 0200 0600 0508 010203"), 1);
        CHECK_EQ(f.got[0].pdu_size, 2);
        CHECK(!f.got[0].pdu_cut);
        /* .. and says that there is much more of it. */
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4000 ffff 0200 0600 0508"), 1);
        CHECK_EQ(f.got[0].pdu_size, 2);
        CHECK(!f.got[0].pdu_cut);
        /* The largest PDU, of which one byte is there; nothing; an empty packet. */
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4000 0500 ffff 0600 05"), 0);
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4010 ffff 08"), 1);
        CHECK(f.got[0].pdu_cut && f.got[0].pdu_size == 2);
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4000 0400 0000 0600"), 0);
        CHECK_EQ(feed_hex(&f, TRACE_HCI_ACL, TRACE_NO, "4000 0000"), 0);
}

static void what_belongs_to_no_pdu_gives_nothing(void) {
        struct frames f = frames_new();

        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED, REQUEST, sizeof REQUEST), 0);
        CHECK_EQ(acl(&f, TRACE_NOT_TOLD, 0x40, CONTINUED, REQUEST, sizeof REQUEST), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED | FIRST_OF_CONTROLLER, REQUEST, sizeof REQUEST),
                 0);
}

static void links_differ_by_handle_and_by_adapter(void) {
        struct frames f = frames_new();

        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, REQUEST, 8), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x140, FIRST_OF_HOST, SECURITY, 5), 0);
        f.adapter = 1;
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED, REQUEST + 8, 3), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, FIRST_OF_HOST, SECURITY, 5), 0);
        f.adapter = 0;
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED, REQUEST + 8, 3), 1);
        check_pdu(&f, TRACE_HOST, REQUEST, sizeof REQUEST);
        CHECK_EQ(acl(&f, TRACE_NO, 0x140, CONTINUED, SECURITY + 5, 1), 1);
        CHECK_EQ(f.got[0].handle, 0x140);
        f.adapter = 1;
        CHECK_EQ(acl(&f, TRACE_NO, 0x40, CONTINUED, SECURITY + 5, 1), 1);
}

static void when_the_table_is_full_the_link_used_longest_ago_makes_room(void) {
        struct frames f = frames_new();

        for (unsigned i = 0; i < TRACE_HCI_LINKS_MAX; i++)
                CHECK_EQ(acl(&f, TRACE_NO, i, FIRST_OF_HOST, SECURITY, 4), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0, CONTINUED, SECURITY + 4, 1), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x100, FIRST_OF_HOST, SECURITY, 5), 0); /* instead of 1 */
        CHECK_EQ(acl(&f, TRACE_NO, 0, CONTINUED, SECURITY + 5, 1), 1);
        CHECK_EQ(acl(&f, TRACE_NO, 1, CONTINUED, SECURITY + 4, 2), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x100, CONTINUED, SECURITY + 5, 1), 1);
        CHECK_EQ(acl(&f, TRACE_NO, 0x100, FIRST_OF_HOST, SECURITY, 5), 0);
        for (unsigned i = 2; i < TRACE_HCI_LINKS_MAX; i++)
                CHECK_EQ(acl(&f, TRACE_NO, i, CONTINUED, SECURITY + 4, 2), 1);
        /* One that ended leaves its place to the next, before the oldest has to. */
        CHECK_EQ(acl(&f, TRACE_NO, 0, FIRST_OF_HOST, SECURITY, 5), 0);
        CHECK_EQ(feed_event(&f, "05 04 00 0500 13"), 1);
        CHECK_EQ(acl(&f, TRACE_NO, 0x101, FIRST_OF_HOST, SECURITY, 5), 0);
        CHECK_EQ(acl(&f, TRACE_NO, 0x100, CONTINUED, SECURITY + 5, 1), 1);
        CHECK_EQ(acl(&f, TRACE_NO, 0, CONTINUED, SECURITY + 5, 1), 1);
        CHECK_EQ(acl(&f, TRACE_NO, 0x101, CONTINUED, SECURITY + 5, 1), 1);
}

CHECK_MAIN("unit.trace_hci_acl", TEST(a_pdu_in_one_packet_is_of_the_side_that_sent_it),
           TEST(at_the_peripheral_the_sides_swap), TEST(a_key_request_leaves_what_is_being_sent),
           TEST(a_pdu_may_be_split_anywhere), TEST(both_directions_interleave),
           TEST(without_a_direction_a_continuation_is_of_the_side_that_spoke_last),
           TEST(other_channels_are_skipped_with_their_continuations),
           TEST(a_new_start_drops_what_was_not_finished),
           TEST(of_a_pdu_that_is_too_long_the_beginning_is_kept),
           TEST(a_packet_captured_short_gives_the_beginning),
           TEST(what_follows_missing_bytes_is_not_put_in_their_place), TEST(sizes_may_lie),
           TEST(what_belongs_to_no_pdu_gives_nothing), TEST(links_differ_by_handle_and_by_adapter),
           TEST(when_the_table_is_full_the_link_used_longest_ago_makes_room))
