/* The rows: what holds for all, and some against literals. */
#include "core/omron_model.h"

#include "omron_model_fixture.h"

/* Fails with the row's name. */
#define CHECK_ROW(m, condition)                                                                    \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        printf("# in the row of %s:\n", (m)->id);                                  \
                        CHECK(condition);                                                          \
                }                                                                                  \
        } while (0)

/* Where each word of a list begins; returns its size, 0 at the end. */
static size_t next_word(const char **at, char separator) {
        size_t n = 0;

        while (**at == separator)
                (*at)++;
        while ((*at)[n] && (*at)[n] != separator)
                n++;
        return n;
}

/* --- what holds for every row --- */

static void there_are_41_rows_and_no_text_is_missing(void) {
        CHECK_EQ(omron_model_count, 41);
        FOREACH (m) {
                CHECK_ROW(m, strncmp(m->id, "HEM-", 4) == 0);
                CHECK_ROW(m, m->same_as && m->sold_as && m->seen_by && m->doubts);
                CHECK_ROW(m, (m->certainty == OMRON_VERIFIED) == (m->seen_by[0] != 0));
                CHECK_ROW(m, m->certainty != OMRON_DERIVED || m->doubts[0]);
        }
}

static void a_stack_and_an_access_fit(void) {
        FOREACH (m)
                CHECK_ROW(m, (m->stack == OMRON_CLASSIC) == (m->access == OMRON_ACCESS_KEY));
}

/* Index, two user blocks, clock: the structure all captures have. */
static void the_clock_follows_two_user_blocks(void) {
        FOREACH (m) {
                unsigned expected = m->index_size + 2u * m->user_block_size;

                if (strcmp(m->id, "HEM-9601T") == 0 || strcmp(m->id, "HEM-9700T") == 0)
                        expected += 8; /* into its own block */
                CHECK_ROW(m, m->clock_from == expected);
                CHECK_ROW(m,
                          omron_model_user_blocks(m) == (m->clock == OMRON_CLOCK_PRE6401 ? 0 : 2));
        }
}

static void the_clock_has_the_size_of_its_layout(void) {
        static const uint8_t sizes[] = {
                [OMRON_CLOCK_LIN16] = 16, [OMRON_CLOCK_MIX16] = 16,   [OMRON_CLOCK_LIN10] = 10,
                [OMRON_CLOCK_MIX10] = 10, [OMRON_CLOCK_PRE6401] = 16,
        };

        FOREACH (m) {
                bool mixed = m->clock == OMRON_CLOCK_MIX16 || m->clock == OMRON_CLOCK_MIX10;

                CHECK_ROW(m, m->clock_to - m->clock_from == sizes[m->clock]);
                CHECK_ROW(m, !mixed || m->words_swapped);
        }
}

static void the_settings_end_where_the_clock_does(void) {
        FOREACH (m) {
                CHECK_ROW(m, omron_model_settings_size(m) == m->clock_to);
                CHECK_ROW(m, omron_model_settings_size(m) <= OMRON_SETTINGS_SIZE_MAX);
                CHECK_ROW(m, m->write_base >= m->read_base + omron_model_settings_size(m));
        }
}

/* A write of the whole block, from its mirror on, must not reach a record. */
static void records_begin_behind_both_copies_of_the_settings(void) {
        FOREACH (m) {
                unsigned size = (unsigned) (m->write_base - m->read_base);
                unsigned last = m->users - 1u;
                unsigned end = m->user[last].start + m->user[last].slots * m->record_size;

                CHECK_ROW(m, m->user[0].start >= m->write_base + size || end <= m->read_base);
                CHECK_ROW(m, end <= 0x10000);
        }
}

static void user_2_follows_user_1_without_a_gap(void) {
        FOREACH (m) {
                const unsigned ring = (unsigned) m->user[0].slots * m->record_size;

                CHECK_ROW(m, m->users == 1 || m->users == 2);
                if (m->users == 2) {
                        CHECK_ROW(m, m->user[1].start == m->user[0].start + ring);
                        CHECK_ROW(m, m->user[1].slots == m->user[0].slots);
                } else
                        CHECK_ROW(m, m->user[1].slots == 0);
        }
}

static void every_word_lies_in_the_index(void) {
        FOREACH (m) {
                bool taken[64] = {false};

                for (unsigned i = 0; i < m->users; i++) {
                        uint8_t words[] = {m->user[i].cursor, m->user[i].unread};

                        for (size_t j = 0; j < 2; j++) {
                                CHECK_ROW(m, words[j] % 2 == 0 && words[j] + 2 <= m->index_size);
                                CHECK_ROW(m, !taken[words[j]]);
                                taken[words[j]] = true;
                        }
                }
        }
}

static void a_narrow_cursor_can_name_every_slot(void) {
        FOREACH (m)
                CHECK_ROW(m, m->user[0].slots > 0 &&
                                     m->user[0].slots < (m->cursor_is_wide ? 0x4000 : 0x100));
}

static void what_is_rewritten_holds_the_unread_words_and_stays_in_the_index(void) {
        FOREACH (m) {
                if (m->unread_from == m->unread_to)
                        continue;
                CHECK_ROW(m, m->unread_to <= m->index_size);
                for (unsigned i = 0; i < m->users; i++)
                        CHECK_ROW(m, m->unread_from <= m->user[i].unread &&
                                             m->user[i].unread + 2 <= m->unread_to);
        }
}

static void records_have_a_size_of_their_layout(void) {
        FOREACH (m) {
                uint8_t size = m->record_size;

                switch (m->layout) {
                case OMRON_LAYOUT_LE:
                        CHECK_ROW(m, size == 14 || size == 16);
                        break;
                case OMRON_LAYOUT_6401:
                        CHECK_ROW(m, size == 16 || size == 32);
                        break;
                case OMRON_LAYOUT_HG24:
                        CHECK_ROW(m, size == 24);
                        break;
                default:
                        CHECK_ROW(m, size == 14 && m->words_swapped);
                }
                CHECK_ROW(m, m->block >= 0x10 && m->block <= 0x38);
        }
}

/* No classic cuff's 16 bytes, no SW6 and no HG24 were ever published. */
static void a_checksum_is_proven_by_published_records_only(void) {
        FOREACH (m) {
                bool published = m->layout == OMRON_LAYOUT_SW ||
                                 (m->layout == OMRON_LAYOUT_LE &&
                                  (m->record_size == 14 || m->stack == OMRON_MODERN));

                CHECK_ROW(m, m->checksum_proven == published);
                CHECK_ROW(m, !m->fit_bit_known || (published && m->certainty == OMRON_VERIFIED));
        }
}

static void an_id_belongs_to_one_row(void) {
        FOREACH (m) {
                const char *at = m->same_as;
                char id[40];

                CHECK_ROW(m, omron_model_find(m->id) == m);
                for (size_t n; (n = next_word(&at, ' ')) > 0; at += n) {
                        CHECK_ROW(m, n < sizeof id);
                        memcpy(id, at, n);
                        id[n] = 0;
                        CHECK_ROW(m, strncmp(id, "HEM-", 4) == 0);
                        CHECK_ROW(m, omron_model_find(id) == m); /* the first of two */
                }
        }
}

static void a_trade_name_never_has_two_maps_with_the_same_stack_and_size(void) {
        static const char *const several[] = {"M7 Intelli IT", "M500"};

        FOREACH (m) {
                const char *at = m->sold_as;
                char name[40];

                for (size_t n; (n = next_word(&at, ';')) > 0; at += n) {
                        const struct omron_model *rows[OMRON_CANDIDATES_MAX];
                        size_t expected = 1;

                        CHECK_ROW(m, n < sizeof name);
                        memcpy(name, at, n);
                        name[n] = 0;
                        for (size_t i = 0; i < 2; i++)
                                if (strcmp(name, several[i]) == 0)
                                        expected = 2;
                        CHECK_EQ(omron_model_candidates(name, m->stack, rows), expected);
                }
        }
}

/* --- rows, byte by byte --- */

static void the_classic_7155t(void) {
        const struct omron_model *m = row("HEM-7155T");

        CHECK_EQ(m->certainty, OMRON_VERIFIED);
        CHECK_EQ(m->stack, OMRON_CLASSIC);
        CHECK_EQ(m->layout, OMRON_LAYOUT_LE);
        CHECK_EQ(m->record_size, 16);
        CHECK(!m->words_swapped && !m->checksum_proven && !m->cursor_is_wide);
        CHECK_EQ(m->users, 2);
        CHECK_EQ(m->user[0].start, 0x0098);
        CHECK_EQ(m->user[1].start, 0x0458);
        CHECK_EQ(m->user[1].slots, 60);
        CHECK_EQ(m->user[1].cursor, 2);
        CHECK_EQ(m->user[1].unread, 6);
        CHECK_EQ(m->block, 0x10);
        CHECK_EQ(m->read_base, 0x0010);
        CHECK_EQ(m->write_base, 0x0054);
        CHECK_EQ(m->index_size, 16);
        CHECK_EQ(m->user_block_size, 14);
        CHECK_EQ(m->unread_from, 0);
        CHECK_EQ(m->unread_to, 16);
        CHECK_EQ(m->clock_from, 0x2C);
        CHECK_EQ(omron_model_settings_size(m), 60);
        CHECK_EQ(omron_model_record_address(m, 0, 0), 0x0098);
        CHECK_EQ(omron_model_record_address(m, 1, 59), 0x0808);
}

static void the_k4_and_the_mw3(void) {
        const struct omron_model *k4 = row("HEM-7155T-K4"), *mw3 = row("HEM-7155T-MW3");

        CHECK_EQ(k4->certainty, OMRON_REPORTED);
        CHECK_EQ(k4->access, OMRON_ACCESS_NONE);
        CHECK_STR(k4->seen_by, "");
        CHECK(k4->doubts[0] != 0);
        CHECK_EQ(k4->user[0].start, 0x02E8);
        CHECK_EQ(k4->user[1].start, 0x06A8);
        CHECK_EQ(k4->block, 0x38);
        CHECK_EQ(k4->read_base, 0x0260);
        CHECK_EQ(k4->write_base, 0x02A4);
        CHECK_EQ(k4->index_size, 24);
        CHECK_EQ(k4->user_block_size, 10);

        CHECK_EQ(mw3->certainty, OMRON_VERIFIED);
        CHECK_EQ(mw3->access, OMRON_ACCESS_TOKEN);
        CHECK_EQ(mw3->user[1].cursor, 2);
        CHECK_EQ(mw3->user[1].unread, 6);
        CHECK(mw3->checksum_proven && mw3->fit_bit_known);
        CHECK(omron_model_same_map(k4, mw3));
        CHECK(!omron_model_same_map(k4, row("HEM-7155T-MW")));
        /* published: user 2's record with sequence 13 was read at 0768 */
        CHECK_EQ(omron_model_record_address(mw3, 1, 12), 0x0768);
}

static void the_7142t2_and_the_7322t(void) {
        const struct omron_model *m = row("HEM-7142T2");

        CHECK_EQ(m->stack, OMRON_MODERN);
        CHECK_EQ(m->users, 1);
        CHECK_EQ(m->user[0].start, 0x02E8);
        CHECK_EQ(m->user[0].slots, 14);
        CHECK_EQ(m->record_size, 14);
        CHECK(m->checksum_proven);
        CHECK_EQ(omron_model_user_blocks(m), 2);

        m = row("HEM-7322T");
        CHECK_EQ(m->layout, OMRON_LAYOUT_SW);
        CHECK(m->words_swapped && m->checksum_proven);
        CHECK_EQ(m->user[1].start, 0x0824);
        CHECK_EQ(m->write_base, 0x0286);
        CHECK_EQ(m->index_size, 8);
        CHECK_EQ(m->user_block_size, 6);
        CHECK_EQ(m->unread_to, 8);
        CHECK_EQ(m->clock, OMRON_CLOCK_MIX10);
        CHECK_EQ(m->clock_from, 20);
        CHECK_EQ(m->clock_to, 30);
}

static void the_odd_ones(void) {
        const struct omron_model *m = row("HEM-9601T");

        CHECK_EQ(m->user[0].slots, 350);
        CHECK_EQ(m->record_size, 24);
        CHECK(m->cursor_is_wide && !m->cursor_is_newest && !m->checksum_proven);
        CHECK_EQ(m->read_base, 0x0356);
        CHECK_EQ(m->write_base, 0x03B8);
        CHECK_EQ(omron_model_settings_size(m), 0x5A);
        CHECK_EQ(omron_model_record_address(row("HEM-9700T"), 0, 999), 0x041A + 999 * 24);

        m = row("HEM-6401T");
        CHECK(m->cursor_is_wide && m->cursor_is_newest);
        CHECK_EQ(m->user[0].cursor, 6);
        CHECK_EQ(m->user[0].unread, 14);
        CHECK_EQ(m->user_block_size, 0);
        CHECK_EQ(omron_model_user_blocks(m), 0);
        CHECK_EQ(m->clock, OMRON_CLOCK_PRE6401);
        CHECK_EQ(omron_model_settings_size(m), 0x20);
        CHECK_EQ(row("HEM-6410T")->record_size, 32);
        CHECK_EQ(row("HEM-6410T")->write_base, 0x0170);

        m = row("HEM-7440T1");
        CHECK_EQ(m->index_size, 34);
        CHECK_EQ(m->clock_from, 54);
        CHECK_EQ(omron_model_settings_size(m), 70);
        CHECK_EQ(row("HEM-8732K")->user[1].start, 0x0522);
}

CHECK_MAIN("unit.omron_model_table", TEST(there_are_41_rows_and_no_text_is_missing),
           TEST(a_stack_and_an_access_fit), TEST(the_clock_follows_two_user_blocks),
           TEST(the_clock_has_the_size_of_its_layout), TEST(the_settings_end_where_the_clock_does),
           TEST(records_begin_behind_both_copies_of_the_settings),
           TEST(user_2_follows_user_1_without_a_gap), TEST(every_word_lies_in_the_index),
           TEST(a_narrow_cursor_can_name_every_slot),
           TEST(what_is_rewritten_holds_the_unread_words_and_stays_in_the_index),
           TEST(records_have_a_size_of_their_layout),
           TEST(a_checksum_is_proven_by_published_records_only), TEST(an_id_belongs_to_one_row),
           TEST(a_trade_name_never_has_two_maps_with_the_same_stack_and_size),
           TEST(the_classic_7155t), TEST(the_k4_and_the_mw3), TEST(the_7142t2_and_the_7322t),
           TEST(the_odd_ones))
