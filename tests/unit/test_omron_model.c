#include "core/omron_model.h"

#include "omron_model_fixture.h"

/* The candidates' ids with commas between. */
static const char *candidates(const char *name, enum omron_stack stack) {
        static char ids[OMRON_CANDIDATES_MAX * 20];
        const struct omron_model *found[OMRON_CANDIDATES_MAX];
        size_t n = omron_model_candidates(name, stack, found);

        ids[0] = 0;
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        strcat(ids, ",");
                strcat(ids, found[i]->id + strlen("HEM-"));
        }
        return ids;
}

static const char *found(const char *name) {
        const struct omron_model *m = omron_model_find(name);

        return m ? m->id : "";
}

static void an_id_is_found_whatever_its_case(void) {
        CHECK_STR(found("HEM-7155T"), "HEM-7155T");
        CHECK_STR(found("7155t"), "HEM-7155T");
        CHECK_STR(found("hem-7340t_k4-z"), "HEM-7155T-K4");
        CHECK_STR(found("HEM-7361T-EBK"), "HEM-7342T");
        CHECK_STR(found("HEM-7361T"), "HEM-7361T");
        CHECK_STR(found("HEM-7380T1-EBK"), "HEM-7380T1");
}

static void a_beginning_of_one_row_is_found(void) {
        CHECK_STR(found("HEM-7140T1"), "HEM-7142T2");
        CHECK_STR(found("HEM-7280T"), "HEM-7322T");
        CHECK_STR(found("HEM-7144T2"), "HEM-7146T");
        CHECK_STR(found("HEM-7155T_K4"), "HEM-7155T-K4");
}

static void a_beginning_of_several_rows_is_not(void) {
        CHECK(!omron_model_find("HEM-7340T")); /* classic and K4 */
        CHECK(!omron_model_find("HEM-7155T-M"));
        CHECK(!omron_model_find("HEM-71"));
        CHECK(!omron_model_find("HEM-"));
        CHECK(!omron_model_find(""));
}

static void what_nobody_knows_is_not_found(void) {
        CHECK(!omron_model_find("HEM-9999T"));
        CHECK(!omron_model_find("HEM-7155T-EBKX"));
        CHECK(!omron_model_find("BP7350")); /* a trade name says too little */
        CHECK(!omron_model_find("EM-7155T"));
}

static void a_trade_name_has_candidates_by_the_stack(void) {
        CHECK_STR(candidates("BP7350", OMRON_CLASSIC), "7155T");
        CHECK_STR(candidates("BP7350", OMRON_MODERN), "7155T-K4");
        CHECK_STR(candidates("bp7350can", OMRON_MODERN), "7155T-K4");
        CHECK_STR(candidates("X4 Smart", OMRON_CLASSIC), "7155T");
        CHECK_STR(candidates("X4 Smart", OMRON_MODERN), "7155T-MW3"); /* the map of the K4, too */
        CHECK_STR(candidates("M7 Intelli IT", OMRON_CLASSIC), "7322T,7361T");
        CHECK_STR(candidates("M7 Intelli IT", OMRON_MODERN), "");
        CHECK_STR(candidates("BP735", OMRON_CLASSIC), "");
        CHECK_STR(candidates("BP73500", OMRON_CLASSIC), "");
}

static void an_id_alone_can_be_any_of_its_generations(void) {
        CHECK_STR(candidates("HEM-7155T", OMRON_CLASSIC), "7155T");
        CHECK_STR(candidates("HEM-7155T", OMRON_MODERN), "7155T-MW3,7155T-MW");
        CHECK_STR(candidates("HEM-7340T", OMRON_MODERN), "7155T-K4");
        CHECK_STR(candidates("HEM-7142T2", OMRON_MODERN), "7142T2");
}

static void a_whole_id_has_one_candidate(void) {
        CHECK_STR(candidates("HEM-7155T-EBK", OMRON_CLASSIC), "7155T");
        CHECK_STR(candidates("HEM-7155T_K4-D", OMRON_MODERN), "7155T-K4");
        CHECK_STR(candidates("HEM-7155T_ESL1", OMRON_MODERN), "7155T-MW3");
        CHECK_STR(candidates("HEM-6231T", OMRON_CLASSIC), "6231T");
        CHECK_STR(candidates("HEM-6231T_Z", OMRON_CLASSIC), "6231T_Z");
}

static void the_stack_is_believed_more_than_the_name(void) {
        CHECK_STR(candidates("HEM-7155T-EBK", OMRON_MODERN), "7155T-MW3,7155T-MW");
        CHECK_STR(candidates("HEM-7155T_K4-D", OMRON_CLASSIC), "7155T");
        CHECK_STR(candidates("HEM-7142T2-Z", OMRON_CLASSIC), "");
}

static void a_region_nobody_listed_is_left_out(void) {
        CHECK_STR(candidates("HEM-7155T_K4-AP", OMRON_MODERN), "7155T-K4");
        CHECK_STR(candidates("HEM-7322T-XY", OMRON_CLASSIC), "7322T");
        CHECK_STR(candidates("HEM-7140T1_XY-Z", OMRON_MODERN), "7142T2");
        CHECK_STR(candidates("HEM-7142-Z", OMRON_MODERN), ""); /* half a number is none */
}

static void names_nobody_knows_have_no_candidates(void) {
        CHECK_STR(candidates("", OMRON_CLASSIC), "");
        CHECK_STR(candidates("", OMRON_MODERN), "");
        CHECK_STR(candidates("HEM-", OMRON_CLASSIC), "");
        CHECK_STR(candidates("-", OMRON_CLASSIC), "");
        CHECK_STR(candidates("--_", OMRON_MODERN), "");
        CHECK_STR(candidates("HEM-9999T-Z", OMRON_MODERN), "");
        CHECK_STR(candidates("UA-651BLE", OMRON_CLASSIC), "");
}

static void every_beginning_of_every_name_is_harmless(void) {
        FOREACH (m) {
                char name[40];

                CHECK(strlen(m->id) < sizeof name);
                strcpy(name, m->id);
                for (size_t n = strlen(name); n > 0; n--) {
                        const struct omron_model *rows[OMRON_CANDIDATES_MAX];

                        name[n - 1] = 0;
                        CHECK(omron_model_candidates(name, m->stack, rows) < OMRON_CANDIDATES_MAX);
                }
        }
}

/* Each of these alone makes another map. */
static void one_difference_is_another_map(void) {
        const struct omron_model *mw3 = row("HEM-7155T-MW3");
        struct omron_model other[17];
        size_t n = 0;

        for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
                other[i] = *mw3;
        other[n++].user[1].start++;
        other[n++].user[0].slots--;
        other[n++].user[1].cursor = 8;
        other[n++].user[1].unread = 12;
        other[n++].users = 1;
        other[n++].words_swapped = true;
        other[n++].layout = OMRON_LAYOUT_SW;
        other[n++].record_size = 14;
        other[n++].cursor_is_newest = true;
        other[n++].cursor_is_wide = true;
        other[n++].read_base = 0x0010;
        other[n++].index_size = 16;
        other[n++].user_block_size = 14;
        other[n++].clock = OMRON_CLOCK_MIX16;
        other[n++].write_base = 0x0054;
        other[n++].clock_from = 0x30;
        other[n++].clock_to = 0x40;
        CHECK_EQ(n, sizeof other / sizeof other[0]);
        for (size_t i = 0; i < n; i++)
                CHECK(!omron_model_same_map(mw3, &other[i]));
        CHECK(omron_model_same_map(row("HEM-7155T"), row("HEM-7155T-MW"))); /* of two stacks */
}

static void settings_reach_to_the_end_of_what_comes_last(void) {
        struct omron_model m = *row("HEM-7155T");

        CHECK_EQ(omron_model_settings_size(&m), 0x3C);
        m.clock_from = 16; /* a clock before the blocks */
        m.clock_to = 32;
        CHECK_EQ(omron_model_user_blocks(&m), 2);
        CHECK_EQ(omron_model_settings_size(&m), 16 + 2 * 14);
        m.user_block_size = 0;
        CHECK_EQ(omron_model_user_blocks(&m), 0);
        CHECK_EQ(omron_model_settings_size(&m), 32);
}

static void a_record_is_found_by_user_and_slot(void) {
        CHECK_EQ(omron_model_record_address(row("HEM-7155T-K4"), 0, 0), 0x02E8);
        CHECK_EQ(omron_model_record_address(row("HEM-7155T-K4"), 1, 59), 0x06A8 + 59 * 16);
}

static void words_have_names(void) {
        CHECK_STR(omron_certainty_to_string(OMRON_VERIFIED), "verified");
        CHECK_STR(omron_certainty_to_string(OMRON_REPORTED), "reported");
        CHECK_STR(omron_certainty_to_string(OMRON_DERIVED), "derived");
        CHECK_STR(omron_layout_to_string(OMRON_LAYOUT_LE), "le");
        CHECK_STR(omron_layout_to_string(OMRON_LAYOUT_SW), "word_swapped");
        CHECK_STR(omron_layout_to_string(OMRON_LAYOUT_SW6), "word_swapped");
        CHECK_STR(omron_layout_to_string(OMRON_LAYOUT_6401), "6401");
        CHECK_STR(omron_layout_to_string(OMRON_LAYOUT_HG24), "hg24");
}

CHECK_MAIN("unit.omron_model", TEST(an_id_is_found_whatever_its_case),
           TEST(a_beginning_of_one_row_is_found), TEST(a_beginning_of_several_rows_is_not),
           TEST(what_nobody_knows_is_not_found), TEST(a_trade_name_has_candidates_by_the_stack),
           TEST(an_id_alone_can_be_any_of_its_generations), TEST(a_whole_id_has_one_candidate),
           TEST(the_stack_is_believed_more_than_the_name), TEST(a_region_nobody_listed_is_left_out),
           TEST(names_nobody_knows_have_no_candidates),
           TEST(every_beginning_of_every_name_is_harmless), TEST(one_difference_is_another_map),
           TEST(settings_reach_to_the_end_of_what_comes_last),
           TEST(a_record_is_found_by_user_and_slot), TEST(words_have_names))
