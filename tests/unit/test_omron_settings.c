#include "core/omron_settings.h"

#include <errno.h>

#include "check.h"
#include "exact.h"

/* Rows of this test: as the HEM-7155T-MW3, the HEM-7140T1 and the HEM-7280T. */
static const struct omron_model MODERN = {
        .users = 2,
        .user = {{0x02E8, 60, 0, 4}, {0x06A8, 60, 2, 6}},
        .read_base = 0x0260,
        .index_size = 24,
        .user_block_size = 10,
        .clock_from = 0x2C,
        .clock_to = 0x3C,
        .clock = OMRON_CLOCK_LIN16,
};
static const struct omron_model SINGLE = {
        .users = 1,
        .user = {{0x02E8, 14, 0, 4}},
        .read_base = 0x0260,
        .index_size = 16,
        .user_block_size = 14,
        .clock_from = 0x2C,
        .clock_to = 0x3C,
        .clock = OMRON_CLOCK_LIN16,
};
static const struct omron_model SWAPPED = {
        .words_swapped = true,
        .users = 2,
        .user = {{0x02AC, 100, 0, 4}, {0x0824, 100, 2, 6}},
        .read_base = 0x0260,
        .index_size = 8,
        .user_block_size = 6,
        .clock_from = 0x14,
        .clock_to = 0x1E,
        .clock = OMRON_CLOCK_MIX10,
};

/* dzikus/esphome-omron: settings, then the clock of the same session. */
static const uint8_t MW3[60] = {
        0x09, 0x80, 0x0D, 0x00, 0x00, 0x80, 0x00, 0x80, 0x09, 0x00, 0x00, 0x80, 0x0D, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x01, 0x00, 0x01, 0x00,
        0x00, 0x00, 0x03, 0x00, 0x00, 0x01, 0x01, 0x00, 0x09, 0x00, 0x00, 0x00, 0x0B, 0x00, 0xC8,
        0xA8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1A, 0x08, 0x08, 0x00, 0x11, 0x2B, 0xD6, 0x00};
/* userx14/omblepy#57 */
static const uint8_t OLD[30] = {0x40, 0x1E, 0x80, 0x2D, 0x80, 0x00, 0x80, 0x00, 0x09, 0x4D,
                                0xFF, 0x09, 0x86, 0x5E, 0x09, 0x4D, 0xFF, 0x09, 0x86, 0x5E,
                                0x08, 0xC8, 0x09, 0x19, 0x12, 0x12, 0x2C, 0x1B, 0x85, 0x5D};

static struct omron_settings decoded(const struct omron_model *m, const uint8_t *bytes, size_t n) {
        uint8_t *exact = exact_copy(bytes, n);
        struct omron_settings s;

        memset(&s, 0xAA, sizeof s);
        CHECK_EQ(omron_settings_decode(m, exact, n, &s), 0);
        free(exact);
        return s;
}

/* --- words --- */

static void every_published_word_has_odd_parity(void) {
        static const uint16_t words[] = {0x8000, 0x0001, 0x0002, 0x000D, 0x4000,
                                         0x8006, 0x8009, 0x8021, 0x401E, 0x802D};

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
                struct omron_word w = omron_word_decode(words[i]);

                CHECK(w.parity_ok);
                CHECK_EQ(w.value, words[i] & 0x3FFF);
                CHECK_EQ(w.wrapped, (words[i] & 0x4000) != 0);
                CHECK_EQ(omron_word_encode(w.value, w.wrapped), words[i]);
        }
}

/* Counted the slow way; and each word that is right is what its value is written as. */
static void the_parity_of_all_words_is_right(void) {
        unsigned right = 0;

        for (unsigned raw = 0; raw <= 0xFFFF; raw++) {
                struct omron_word w = omron_word_decode((uint16_t) raw);
                unsigned ones = 0;

                for (unsigned bit = 0; bit < 16; bit++)
                        ones += raw >> bit & 1;
                if (w.raw != raw || w.parity_ok != (ones % 2 == 1))
                        CHECK_EQ(raw, -1);
                if ((omron_word_encode(w.value, w.wrapped) == raw) != w.parity_ok)
                        CHECK_EQ(raw, -1);
                right += w.parity_ok;
        }
        CHECK_EQ(right, 0x8000);
        CHECK_EQ(omron_word_encode(0xFFFF, false), omron_word_encode(0x3FFF, false));
}

/* --- whole settings --- */

static void a_modern_block_is_read(void) {
        struct omron_settings s = decoded(&MODERN, MW3, sizeof MW3);

        CHECK(s.ring[0].trusted && s.ring[1].trusted);
        CHECK(s.ring[0].count == 9 && s.ring[0].newest == 8);
        CHECK(s.ring[1].count == 13 && s.ring[1].newest == 12);
        CHECK_EQ(s.ring[0].unread.raw, 0x8000);
        CHECK(s.sequence[0].known && s.sequence[0].value == 9);
        CHECK(s.sequence[1].known && s.sequence[1].value == 13);
        CHECK_EQ(s.blocks, 2);
        CHECK(!s.block[0].blank && s.block[0].checksum_ok);
        CHECK(s.block[0].birth_year == 1900 && s.block[0].birth_month == 1);
        CHECK(s.block[0].version.known && s.block[0].version.value == 1);
        CHECK(!s.block[1].blank && s.block[1].checksum_ok && s.block[1].version.value == 9);
        CHECK(s.has_clock && !s.clock.blank && s.clock.checksum_ok);
        CHECK(date_time_equal(&s.clock.time, &(struct date_time){2026, 8, 8, 0, 17, 43}));
        CHECK_EQ(omron_settings_check(&MODERN, &s), 0);
}

static void a_block_for_one_user_has_two_user_blocks(void) {
        /* userx14/omblepy#39 */
        static const uint8_t t1[44] = {0x00, 0x40, 0x00, 0x80, 0x00, 0x80, 0x00, 0x80, 0x21,
                                       0x00, 0x00, 0x80, 0x00, 0x00, 0x00, 0x80, 0x00, 0x01,
                                       0x01, 0x00, 0x0A, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                       0x00, 0x0C, 0x00, 0xFF, 0xFF, 0x00, 0x00, 0x00, 0x00,
                                       0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xFE, 0x00};
        struct omron_settings s = decoded(&SINGLE, t1, sizeof t1);

        CHECK(s.ring[0].trusted && s.ring[0].cursor.wrapped);
        CHECK(s.ring[0].count == 14 && s.ring[0].newest == 13);
        CHECK(!s.sequence[0].known && s.ring[1].cursor.raw == 0);
        CHECK(s.block[0].checksum_ok && s.block[0].version.value == 10);
        CHECK(s.block[1].blank);
        CHECK(s.has_clock && s.clock.blank); /* not read */
        CHECK_EQ(omron_settings_check(&SINGLE, &s), 0);
}

static void a_swapped_block_is_read(void) {
        struct omron_settings s = decoded(&SWAPPED, OLD, sizeof OLD);

        CHECK(s.ring[0].trusted && s.ring[0].count == 100 && s.ring[0].newest == 29);
        CHECK(s.ring[1].trusted && s.ring[1].count == 45 && s.ring[1].newest == 44);
        CHECK(!s.sequence[0].known && !s.sequence[1].known);
        for (size_t i = 0; i < 2; i++) {
                CHECK(!s.block[i].blank && s.block[i].checksum_ok && !s.block[i].version.known);
                CHECK_EQ(s.block[i].birth_year, 1977);
                CHECK(s.block[i].birth_month == 9 && s.block[i].birth_day == 9);
                CHECK_EQ(s.block[i].flags, 0xFF);
        }
        CHECK(s.clock.checksum_ok);
        CHECK(date_time_equal(&s.clock.time, &(struct date_time){2025, 9, 18, 18, 27, 44}));
        CHECK_EQ(omron_settings_check(&SWAPPED, &s), 0);
}

/* What was not read is blank; less than the index is nothing. */
static void every_length_from_the_index_on_is_read(void) {
        struct omron_settings s, untouched;

        memset(&s, 0xAA, sizeof s);
        memset(&untouched, 0xAA, sizeof untouched);
        for (size_t n = 0; n < MODERN.index_size; n++) {
                uint8_t *exact = exact_copy(MW3, n);

                CHECK_EQ(omron_settings_decode(&MODERN, exact, n, &s), -EBADMSG);
                free(exact);
        }
        CHECK(memcmp(&s, &untouched, sizeof s) == 0);
        for (size_t n = MODERN.index_size; n <= sizeof MW3; n++) {
                s = decoded(&MODERN, MW3, n);
                CHECK_EQ(s.ring[1].count, 13);
                CHECK_EQ(s.block[0].blank, n < 34);
                CHECK_EQ(s.block[1].blank, n < 44);
                CHECK_EQ(s.clock.blank, n < 60);
        }
}

/* --- rings --- */

static struct omron_ring ring_of(const struct omron_model *m, uint16_t cursor, uint16_t unread) {
        const uint8_t index[16] = {(uint8_t) cursor, (uint8_t) (cursor >> 8), 0, 0,
                                   (uint8_t) unread, (uint8_t) (unread >> 8)};

        return decoded(m, index, sizeof index).ring[0];
}

static void a_ring_is_trusted_inside_its_bounds(void) {
        struct omron_model m = SINGLE;

        for (uint16_t cursor = 0; cursor < 300; cursor++)
                for (int wrapped = 0; wrapped < 2; wrapped++) {
                        uint16_t word = omron_word_encode(cursor, wrapped);
                        unsigned low = cursor & 0xFF;
                        struct omron_ring r = ring_of(&m, word, 0x8000);

                        CHECK_EQ(r.trusted, low < 14);
                        if (low >= 14)
                                continue;
                        CHECK_EQ(r.count, wrapped ? 14 : low);
                        if (r.count > 0)
                                CHECK_EQ(r.newest, (low + 13) % 14);
                }
}

static void even_parity_is_not_trusted(void) {
        CHECK(ring_of(&SINGLE, 0x8006, 0x8000).trusted);
        CHECK(!ring_of(&SINGLE, 0x0006, 0x8000).trusted);
        CHECK(!ring_of(&SINGLE, 0x8006, 0x0000).trusted);
        CHECK(!ring_of(&SINGLE, 0xFFFF, 0xFFFF).trusted);
        CHECK(!ring_of(&SINGLE, 0x0000, 0x0000).trusted);
}

static void a_wide_cursor_has_14_bits(void) {
        struct omron_model m = SINGLE;
        struct omron_ring r;

        m.user[0].slots = 1000;
        m.cursor_is_wide = true;
        r = ring_of(&m, omron_word_encode(999, false), 0x8000);
        CHECK(r.trusted && r.count == 999 && r.newest == 998);
        CHECK(!ring_of(&m, omron_word_encode(1000, false), 0x8000).trusted);
        m.cursor_is_wide = false;
        r = ring_of(&m, omron_word_encode(999, false), 0x8000);
        CHECK(r.trusted && r.count == (999 & 0xFF));
}

static void a_cursor_can_be_the_newest_itself(void) {
        struct omron_model m = SINGLE;
        struct omron_ring r;

        m.cursor_is_newest = true;
        r = ring_of(&m, omron_word_encode(6, false), 0x8000);
        CHECK(r.count == 7 && r.newest == 6);
        r = ring_of(&m, omron_word_encode(13, true), 0x8000);
        CHECK(r.count == 14 && r.newest == 13);
        r = ring_of(&m, omron_word_encode(0, true), 0x8000);
        CHECK(r.count == 14 && r.newest == 0);
}

/* --- what speaks for a model --- */

static void the_content_speaks_or_not(void) {
        uint8_t bytes[60];
        struct omron_settings s;

        memcpy(bytes, MW3, sizeof bytes);
        bytes[0] ^= 1; /* a ring without parity, but three right sums */
        s = decoded(&MODERN, bytes, sizeof bytes);
        CHECK_EQ(omron_settings_check(&MODERN, &s), -ENODATA);
        bytes[32]++;
        bytes[42]++;
        s = decoded(&MODERN, bytes, sizeof bytes); /* the clock's sum is left */
        CHECK_EQ(omron_settings_check(&MODERN, &s), -ENODATA);
        bytes[58]++;
        s = decoded(&MODERN, bytes, sizeof bytes);
        CHECK_EQ(omron_settings_check(&MODERN, &s), -EBADMSG);
        bytes[42]--; /* only one user block */
        s = decoded(&MODERN, bytes, sizeof bytes);
        CHECK_EQ(omron_settings_check(&MODERN, &s), -ENODATA);

        for (int fill = 0; fill <= 0xFF; fill += 0xFF) {
                memset(bytes, fill, sizeof bytes);
                s = decoded(&MODERN, bytes, sizeof bytes);
                CHECK(s.block[0].blank && s.block[1].blank && s.clock.blank);
                CHECK_EQ(omron_settings_check(&MODERN, &s), -EBADMSG);
        }
}

static void what_a_row_does_not_know_is_not_read(void) {
        struct omron_model m = MODERN;
        struct omron_settings s;

        m.clock = OMRON_CLOCK_PRE6401;
        m.user_block_size = 0;
        s = decoded(&m, MW3, sizeof MW3);
        CHECK(!s.has_clock && s.clock.blank && s.blocks == 0);
        CHECK_EQ(omron_settings_check(&m, &s), 0);
        s.ring[1].trusted = false;
        CHECK_EQ(omron_settings_check(&m, &s), -EBADMSG);
}

/* --- user blocks --- */

static void a_renewed_block_has_the_next_version(void) {
        static const uint8_t want[10] = {0x00, 0x01, 0x01, 0x00, 0x02,
                                         0x00, 0x00, 0x00, 0x04, 0x00};
        uint8_t block[10], back[10];

        CHECK_EQ(omron_user_block_renew(&MODERN, MW3 + 24, back), 0);
        CHECK(memcmp(back, want, sizeof want) == 0);

        memcpy(block, MW3 + 24, sizeof block);
        block[4] = block[5] = 0xFF; /* carries; 02 + FF + FF */
        block[8] = 0x00;
        block[9] = 0x77; /* kept */
        CHECK_EQ(omron_user_block_renew(&MODERN, block, back), 0);
        CHECK(back[4] == 0 && back[5] == 0 && back[6] == 1 && back[8] == 0x03 && back[9] == 0x77);

        block[8]++;
        CHECK_EQ(omron_user_block_renew(&MODERN, block, back), -EBADMSG);
        memset(block, 0, sizeof block);
        CHECK_EQ(omron_user_block_renew(&MODERN, block, back), -EBADMSG);
        block[0] = block[1] = 0xFF;
        block[8] = 0xFE; /* the sum is right, but nobody wrote it */
        CHECK_EQ(omron_user_block_renew(&MODERN, block, back), -EBADMSG);
}

static void a_block_without_a_version_stays(void) {
        struct omron_model m = SWAPPED;
        uint8_t back[14];

        CHECK_EQ(omron_user_block_renew(&m, OLD + 8, back), 0);
        CHECK(memcmp(back, OLD + 8, 6) == 0);
        m.user_block_size = 0;
        CHECK_EQ(omron_user_block_renew(&m, OLD + 8, back), -ENOTSUP);
}

/* The words of a version are swapped as all others; sum 01 + 02 + 03. */
static void a_swapped_block_is_renewed_in_its_own_order(void) {
        static const uint8_t block[14] = {0x02, 0x01, 0x00, 0x03, 0x00, 0xFF, 0x00,
                                          0x00, 0x00, 0x00, 0x00, 0x00, 0x55, 0x05};
        static const uint8_t want[14] = {0x02, 0x01, 0x00, 0x03, 0x01, 0x00, 0x00,
                                         0x00, 0x00, 0x00, 0x00, 0x00, 0x55, 0x07};
        struct omron_model m = SINGLE;
        uint8_t back[14];

        m.words_swapped = true;
        CHECK_EQ(omron_user_block_renew(&m, block, back), 0);
        CHECK(memcmp(back, want, sizeof want) == 0);
}

static void a_version_beyond_our_numbers_is_unknown(void) {
        static const uint8_t block[10] = {0, 1, 1, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0};
        uint8_t bytes[34], back[10];
        struct omron_settings s;

        memcpy(bytes, MW3, 24);
        memcpy(bytes + 24, block, sizeof block);
        s = decoded(&MODERN, bytes, sizeof bytes);
        CHECK(s.block[0].checksum_ok && !s.block[0].version.known);
        CHECK_EQ(omron_user_block_renew(&MODERN, block, back), 0);
        CHECK(back[4] == 0 && back[7] == 0 && back[8] == 2);
}

CHECK_MAIN("unit.omron_settings", TEST(every_published_word_has_odd_parity),
           TEST(the_parity_of_all_words_is_right), TEST(a_modern_block_is_read),
           TEST(a_block_for_one_user_has_two_user_blocks), TEST(a_swapped_block_is_read),
           TEST(every_length_from_the_index_on_is_read), TEST(a_ring_is_trusted_inside_its_bounds),
           TEST(even_parity_is_not_trusted), TEST(a_wide_cursor_has_14_bits),
           TEST(a_cursor_can_be_the_newest_itself), TEST(the_content_speaks_or_not),
           TEST(what_a_row_does_not_know_is_not_read), TEST(a_renewed_block_has_the_next_version),
           TEST(a_block_without_a_version_stays), TEST(a_swapped_block_is_renewed_in_its_own_order),
           TEST(a_version_beyond_our_numbers_is_unknown))
