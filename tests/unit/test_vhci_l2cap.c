#include "l2cap.h"

#include "vhci_fixture.h"

/* An ATT request of three bytes, and the frame around it. */
static const uint8_t FRAME[] = {0x03, 0x00, 0x04, 0x00, 0x0A, 0x03, 0x00};

struct got {
        uint16_t channel;
        const uint8_t *payload;
        size_t size;
};

/* The fragment as an exact copy, so that nothing is read past it. */
static bool receive(struct l2cap *l, bool first, const uint8_t *bytes, size_t size,
                    struct got *ret) {
        uint8_t *exact = exact_copy(bytes, size);
        bool whole = l2cap_receive(l, first, exact, size, &ret->channel, &ret->payload, &ret->size);

        free(exact);
        return whole;
}

static bool is_the_frame(const struct got *g) {
        return g->channel == L2CAP_ATT && g->size == 3 && memcmp(g->payload, FRAME + 4, 3) == 0;
}

static void a_frame_in_one_piece_is_whole(void) {
        struct l2cap l = {.n = 0};
        struct got g;

        CHECK(receive(&l, true, FRAME, sizeof FRAME, &g));
        CHECK(is_the_frame(&g));
}

static void every_split_in_two_and_in_three_is_put_together(void) {
        for (size_t a = 1; a < sizeof FRAME; a++)
                for (size_t b = a; b < sizeof FRAME; b++) {
                        struct l2cap l = {.n = 0};
                        struct got g;

                        CHECK(!receive(&l, true, FRAME, a, &g));
                        if (b > a)
                                CHECK(!receive(&l, false, FRAME + a, b - a, &g));
                        CHECK(receive(&l, false, FRAME + b, sizeof FRAME - b, &g));
                        CHECK(is_the_frame(&g));
                }
}

static void an_empty_fragment_changes_nothing(void) {
        struct l2cap l = {.n = 0};
        struct got g;

        CHECK(!receive(&l, true, FRAME, 5, &g));
        CHECK(!receive(&l, false, NULL, 0, &g));
        CHECK(receive(&l, false, FRAME + 5, 2, &g));
        CHECK(is_the_frame(&g));
}

static void a_continuation_that_continues_nothing_is_dropped(void) {
        struct l2cap l = {.n = 0};
        struct got g;

        CHECK(!receive(&l, false, FRAME, sizeof FRAME, &g));
        CHECK(receive(&l, true, FRAME, sizeof FRAME, &g));
        CHECK(!receive(&l, false, NULL, 0, &g)); /* the frame before is over */
        CHECK(!receive(&l, false, FRAME + 1, sizeof FRAME - 1, &g));
        CHECK(!receive(&l, false, FRAME, sizeof FRAME, &g));
}

static void a_start_in_the_middle_begins_anew(void) {
        for (size_t a = 1; a < sizeof FRAME; a++) {
                struct l2cap l = {.n = 0};
                struct got g;

                CHECK(!receive(&l, true, FRAME, a, &g));
                CHECK(!receive(&l, true, FRAME, 4, &g));
                CHECK(receive(&l, false, FRAME + 4, 3, &g));
                CHECK(is_the_frame(&g));
        }
}

static void more_than_the_header_announces_is_dropped(void) {
        static const uint8_t more[] = {0x02, 0x00, 0x04, 0x00, 0x0A, 0x03, 0x00};

        for (size_t a = 1; a <= sizeof more; a++) {
                struct l2cap l = {.n = 0};
                struct got g;

                if (a == L2CAP_HEADER + 2)
                        continue; /* until here it is a frame */
                CHECK(!receive(&l, true, more, a, &g));
                CHECK(!receive(&l, false, more + a, sizeof more - a, &g));
                CHECK(receive(&l, true, FRAME, sizeof FRAME, &g));
                CHECK(is_the_frame(&g));
        }
}

/* Up to the limit a frame is taken; one byte more and all of it is dropped, also what follows. */
static void the_longest_frame_is_taken_and_a_longer_one_dropped(void) {
        uint8_t frame[L2CAP_HEADER + L2CAP_PAYLOAD_MAX + 1] = {0x00, 0x02, 0x06, 0x00};
        struct l2cap l = {.n = 0};
        struct got g;

        frame[L2CAP_HEADER + L2CAP_PAYLOAD_MAX - 1] = 0x5A;
        CHECK(!receive(&l, true, frame, 27, &g));
        CHECK(receive(&l, false, frame + 27, L2CAP_HEADER + L2CAP_PAYLOAD_MAX - 27, &g));
        CHECK_EQ(g.channel, L2CAP_SMP);
        CHECK_EQ(g.size, L2CAP_PAYLOAD_MAX);
        CHECK_EQ(g.payload[L2CAP_PAYLOAD_MAX - 1], 0x5A);

        frame[0] = 0x01; /* 513 */
        CHECK(!receive(&l, true, frame, 27, &g));
        CHECK(!receive(&l, false, frame + 27, sizeof frame - 27, &g));
        CHECK(!receive(&l, true, frame, sizeof frame, &g));
        CHECK(!receive(&l, false, FRAME, sizeof FRAME, &g));
        frame[0] = frame[1] = 0xFF;
        CHECK(!receive(&l, true, frame, 4, &g));
        CHECK(!receive(&l, false, frame, 4, &g));
        CHECK(receive(&l, true, FRAME, sizeof FRAME, &g));
        CHECK(is_the_frame(&g));
}

static void a_fragment_larger_than_the_room_left_drops_the_frame(void) {
        uint8_t frame[L2CAP_HEADER + L2CAP_PAYLOAD_MAX] = {0x00, 0x02, 0x04, 0x00};
        struct l2cap l = {.n = 0};
        struct got g;

        CHECK(!receive(&l, true, frame, 100, &g));
        CHECK(!receive(&l, false, frame, sizeof frame, &g));
        CHECK(!receive(&l, false, frame, sizeof frame - 100, &g));
        CHECK(!receive(&l, false, frame, sizeof frame - 1, &g));
        CHECK(receive(&l, true, FRAME, sizeof FRAME, &g));
        CHECK(is_the_frame(&g));
}

/* Half a header is not filled up with what stood there before. */
static void what_was_dropped_leaves_nothing_behind(void) {
        static const uint8_t too_long[] = {0xFF, 0xFF, 0x04, 0x00};
        struct l2cap l = {.n = 0};
        struct got g;

        CHECK(!receive(&l, true, too_long, sizeof too_long, &g));
        for (size_t i = 0; i < sizeof FRAME - 1; i++)
                CHECK(!receive(&l, i == 0, FRAME + i, 1, &g));
        CHECK(receive(&l, false, FRAME + sizeof FRAME - 1, 1, &g));
        CHECK(is_the_frame(&g));
}

static void a_frame_without_payload_is_a_frame(void) {
        static const uint8_t empty[] = {0, 0, 0x05, 0};
        struct l2cap l = {.n = 0};
        struct got g;

        CHECK(receive(&l, true, empty, sizeof empty, &g));
        CHECK_EQ(g.channel, L2CAP_SIGNALLING);
        CHECK_EQ(g.size, 0);
}

static void framing_puts_a_header_before_the_payload(void) {
        uint8_t frame[L2CAP_HEADER + L2CAP_PAYLOAD_MAX], payload[L2CAP_PAYLOAD_MAX] = {0x0B};
        char hex[15];

        CHECK_EQ(l2cap_frame(L2CAP_ATT, FRAME + 4, 3, frame), sizeof FRAME);
        CHECK(memcmp(frame, FRAME, sizeof FRAME) == 0);
        CHECK_EQ(l2cap_frame(L2CAP_SMP, NULL, 0, frame), 4);
        CHECK_STR(log_hex(frame, 4, hex), "00000600");
        CHECK_EQ(l2cap_frame(L2CAP_SMP, payload, 1, frame), 5);
        CHECK_STR(log_hex(frame, 5, hex), "010006000b");
        CHECK_EQ(l2cap_frame(L2CAP_SMP, payload, sizeof payload, frame), sizeof frame);
        CHECK_STR(log_hex(frame, 5, hex), "000206000b");
}

static void random_fragments_never_give_what_no_header_announced(void) {
        struct l2cap l = {.n = 0};
        uint32_t seed = 20240917;
        unsigned whole = 0;

        for (unsigned i = 0; i < 200000; i++) {
                uint8_t bytes[40];
                size_t size = draw(&seed) % sizeof bytes;
                struct got g;

                for (size_t n = 0; n < sizeof bytes; n++)
                        bytes[n] = (uint8_t) draw(&seed);
                bytes[0] %= 64; /* now and then a length that fits */
                bytes[1] = draw(&seed) % 4 == 0 ? bytes[1] % 4 : 0;
                if (!receive(&l, draw(&seed) % 4 == 0, bytes, size, &g))
                        continue;
                whole++;
                CHECK(g.size <= L2CAP_PAYLOAD_MAX);
                CHECK_EQ(l.frame[0] | l.frame[1] << 8, g.size);
        }
        CHECK(whole > 1000);
}

CHECK_MAIN("unit.vhci_l2cap", TEST(a_frame_in_one_piece_is_whole),
           TEST(every_split_in_two_and_in_three_is_put_together),
           TEST(an_empty_fragment_changes_nothing),
           TEST(a_continuation_that_continues_nothing_is_dropped),
           TEST(a_start_in_the_middle_begins_anew), TEST(more_than_the_header_announces_is_dropped),
           TEST(the_longest_frame_is_taken_and_a_longer_one_dropped),
           TEST(a_fragment_larger_than_the_room_left_drops_the_frame),
           TEST(what_was_dropped_leaves_nothing_behind), TEST(a_frame_without_payload_is_a_frame),
           TEST(framing_puts_a_header_before_the_payload),
           TEST(random_fragments_never_give_what_no_header_announced))
