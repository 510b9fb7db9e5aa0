/* What the virtual cuff minds about its host, and what can go wrong on purpose. */
#include "vhci_omron_fixture.h"

/* --- etiquette --- */

static void what_keeps_start_from_being_answered(void) {
        struct link l;

        plug_in_encrypted(&l, "classic");
        subscribe(&l, "6103");
        CHECK_STR(exchange(&l, "0800000000100018"), "");
        subscribe(&l, "7103");
        ask(&l, "12 " UNLOCK " 01" KEY);
        CHECK_STR(exchange(&l, "0800000000100018"), "");
        CHECK_STR(told(&l), "start " ADDRESS " unanswered=locked\n"
                            "violation RX1-3 before unlock: " ADDRESS " uuid=4d0b\n"
                            "unlock " ADDRESS " status=00 command=01\n"
                            "start " ADDRESS " unanswered=notify-order\n");
}

static void it_hangs_up_3_s_after_its_last_word(void) {
        uint64_t ended;
        struct link l;

        open_modern(&l, "k4");
        CHECK_EQ(cuff_due(&l.cuff), l.cuff.last_activity + 10 * SEC);
        exchange(&l, "080f000000000007");
        ended = l.now;
        CHECK_EQ(cuff_due(&l.cuff), ended + 3 * SEC);
        CHECK_STR(exchange(&l, "0800000000100018"), ""); /* one START per link */
        CHECK_STR(told(&l), "end " ADDRESS " rc=00\n"
                            "violation START twice: " ADDRESS "\n");
        tick(&l);
        CHECK_EQ(l.n_hung_up, 1);
        CHECK_EQ(l.now, ended + 3 * SEC);
}

static void a_host_that_falls_asleep_is_told_of(void) {
        struct link l;

        open_modern(&l, "k4");
        tick(&l);
        CHECK_EQ(l.n_hung_up, 1);
        CHECK_STR(told(&l), "violation no END: " ADDRESS "\nhang-up " ADDRESS "\n");
}

static void leaving(struct link *l, uint64_t after) {
        struct capture c;

        capture_begin(&c);
        l->now += after;
        cuff_host_leaves(&l->cuff, l->now);
        cuff_link_down(&l->cuff, l->now);
        capture_end(&c, l);
}

static void a_bond_is_forgotten_when_the_host_is_rude_and_the_cuff_minds(void) {
        static const struct {
                bool minds, clears, ends;
                uint64_t after;
                bool forgets;
        } cases[] = {
                {true, false, true, 1 * SEC, true},    {true, false, true, 2500 * MSEC, false},
                {true, true, true, 2500 * MSEC, true}, {false, true, true, 1 * SEC, false},
                {true, false, false, 1 * SEC, false},
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct link l;

                open_modern(&l, "k4");
                l.cuff.has_keys = true;
                l.cuff.memory_protocol.forgets_bond = cases[i].minds;
                if (cases[i].ends)
                        exchange(&l, "080f000000000007");
                if (cases[i].clears)
                        ask(&l, "12 2100 0000");
                leaving(&l, cases[i].after);
                CHECK_EQ(l.cuff.has_keys, !cases[i].forgets);
                CHECK_EQ(strstr(l.log, "bond-forgotten") != NULL, cases[i].forgets);
                CHECK_EQ(strstr(l.log, "violation no END") != NULL, !cases[i].ends);
        }
}

static void it_advertises_on_until_it_was_read_to_the_end(void) {
        static const struct {
                bool starts, ends, measures;
                bool goes_on;
        } cases[] = {
                {true, true, false, false},
                {true, true, true, true},
                {true, false, false, true},
                {false, false, false, false},
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct link l;

                plug_in_encrypted(&l, "k4");
                l.cuff.has_keys = true;
                cuff_advertise(&l.cuff, l.now, 60);
                subscribe(&l, "2100");
                if (cases[i].starts)
                        exchange(&l, "0800000000100018");
                if (cases[i].ends)
                        exchange(&l, "080f000000000007");
                l.cuff.memory_protocol.has_news = cases[i].measures;
                leaving(&l, 3 * SEC);
                CHECK_EQ(cuff_is_advertising(&l.cuff, l.now), cases[i].goes_on);
        }
}

static void a_tail_of_adverts_follows_an_ended_session(void) {
        struct link l;

        open_modern(&l, "k4");
        l.cuff.tail_usec = 5 * SEC;
        cuff_advertise(&l.cuff, l.now, 60);
        exchange(&l, "080f000000000007");
        leaving(&l, 3 * SEC);
        CHECK(cuff_is_advertising(&l.cuff, l.now + 4 * SEC));
        CHECK(!cuff_is_advertising(&l.cuff, l.now + 5 * SEC));
}

static void writes_without_end_are_forgotten(void) {
        struct link l;

        open_modern(&l, "k4");
        memory_append(&l.cuff.memory, 1, (const uint8_t[16]){0});
        exchange(&l, "0a01c002a802008000e1");
        leaving(&l, 0);
        CHECK_EQ(memory_unread(&l.cuff.memory, 1), 1);
}

/* --- faults --- */

static void a_fault_befalls_its_frame_of_each_link_and_no_more_than_so_often(void) {
        static const struct omron_fault fault = {OMRON_REFUSE_SETTINGS, 2, 2, 0};
        struct link l;

        open_modern(&l, "k4");
        CHECK(omron_fault_add(&l.cuff.memory_protocol, &fault));
        CHECK_STR(exchange(&l, "080f000000000007"), "1b2000088f00000000e562");
        for (unsigned i = 0; i < 2; i++) {
                leaving(&l, 3 * SEC);
                cuff_link_up(&l.cuff, l.now);
                cuff_link_encrypted(&l.cuff, l.now);
                l.cuff.cccds[att_cccd(&att_modern, UUID_RX0) - att_modern.rows] = 1;
                exchange(&l, "0800000000100018");
                CHECK_STR(exchange(&l, "080f000000000007"),
                          i == 0 ? "1b2000088f00000000e562" : "1b2000088f000000000087");
        }
}

static void a_dropped_slice_is_the_last(void) {
        static const struct omron_fault fault = {OMRON_DROP_SLICE, 0, 1, 0};
        struct link l;

        open_classic(&l, "classic");
        omron_fault_add(&l.cuff.memory_protocol, &fault);
        CHECK_STR(exchange(&l, "080100003c100025"), "1b6003188100003c10c8a8000000000000170b");
}

static void a_delayed_reply_is_overtaken_and_comes_whole(void) {
        static const struct omron_fault fault = {OMRON_DELAY_REPLY, 0, 1, 3500};
        uint64_t asked;
        struct link l;

        open_classic(&l, "classic");
        omron_fault_add(&l.cuff.memory_protocol, &fault);
        asked = l.now;
        CHECK_STR(exchange(&l, "080100003c100025"), "");
        l.now = asked + 3 * SEC;
        CHECK_STR(exchange(&l, "0801000098020093"), "1b60030a8100009802ffff0011000000000000");
        CHECK_EQ(cuff_due(&l.cuff), asked + 3500 * MSEC);
}

static void there_is_room_for_so_many_faults(void) {
        static const struct omron_fault fault = {OMRON_HANG_UP, 0, 1, 0};
        struct omron o = {.frames = 1};

        for (unsigned i = 0; i < OMRON_FAULTS; i++)
                CHECK(omron_fault_add(&o, &fault));
        CHECK(!omron_fault_add(&o, &fault));
        for (unsigned i = 0; i < OMRON_FAULTS; i++)
                CHECK(omron_fault_befalls(&o, OMRON_HANG_UP, NULL));
        CHECK(!omron_fault_befalls(&o, OMRON_HANG_UP, NULL));
}

CHECK_MAIN("unit.vhci_omron_faults", TEST(what_keeps_start_from_being_answered),
           TEST(it_hangs_up_3_s_after_its_last_word), TEST(a_host_that_falls_asleep_is_told_of),
           TEST(a_bond_is_forgotten_when_the_host_is_rude_and_the_cuff_minds),
           TEST(it_advertises_on_until_it_was_read_to_the_end),
           TEST(a_tail_of_adverts_follows_an_ended_session), TEST(writes_without_end_are_forgotten),
           TEST(a_fault_befalls_its_frame_of_each_link_and_no_more_than_so_often),
           TEST(a_dropped_slice_is_the_last), TEST(a_delayed_reply_is_overtaken_and_comes_whole),
           TEST(there_is_room_for_so_many_faults))
