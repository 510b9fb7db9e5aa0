/* What a pairing is told of the time before it, and of user space. */
#include "trace_fixture.h"

#define FAIL "connected", REQUEST, "cuff 0508", "gone 16"
#define BOND "connected", REQUEST, RESPONSE, PROOF, "ask", "done 00", CUFF_LTK, "gone 13"

static const struct trace_pairing *last(void) {
        return &play.got[play.n - 1];
}

static void address(uint8_t last_byte) {
        play.next.has_address = true;
        play.next.address = PUBLIC_ADDRESS;
        play.next.address.byte[5] = last_byte;
}

/* --- earlier pairings --------------------------------------------------------------------------
 */

static void first_of_all(void) {
        CAPTURE(FAIL);
        CHECK_EQ(last()->earlier_failures, 0);
        CHECK_EQ(last()->since_failure_usec, -1);
        CHECK(!last()->bonded_before);
}

static void failures_are_counted(void) {
        begin();
        TELL(FAIL);                                            /* failed */
        TELL("connected", REQUEST, "gone 13");                 /* incomplete */
        TELL("connected", "ask stored", "done 06", "gone 16"); /* refused */
        TELL("connected", "ask stored", "done 00", "gone 13"); /* went well */
        TELL("connected", REQUEST, "host 03*", "gone 13");
        end();
        CHECK_EQ(play.n, 5);
        for (size_t i = 0; i < 4; i++)
                CHECK_EQ(play.got[i].earlier_failures, i);
        CHECK_EQ(last()->earlier_failures, 3);
        CHECK_EQ(play.got[1].since_failure_usec, 3000); /* from the Pairing Failed */
        CHECK_EQ(play.got[2].since_failure_usec, 2000); /* from the disconnect */
        CHECK_EQ(last()->since_failure_usec, 7000);     /* from the refusal */
        CHECK(!last()->bonded_before);
}

static void bond_is_remembered(void) {
        begin();
        TELL(FAIL, BOND, FAIL);
        end();
        CHECK_EQ(play.n, 3);
        CHECK(!play.got[1].bonded_before && play.got[1].outcome == TRACE_BONDED);
        CHECK_EQ(play.got[1].earlier_failures, 1);
        CHECK(last()->bonded_before);
        CHECK_EQ(last()->earlier_failures, 1);

        CAPTURE("connected", "host 01030008100002", "cuff 02030001100000", "done 00", FAIL);
        CHECK_EQ(play.n, 2);
        CHECK(!last()->bonded_before && last()->earlier_failures == 0);
}

static void each_address_has_its_own(void) {
        begin();
        TELL(FAIL, BOND);
        address(0x34);
        TELL(FAIL);
        CHECK_EQ(last()->earlier_failures, 0);
        CHECK(!last()->bonded_before);
        address(0x33);
        play.next.handle = 65; /* on another link, of another adapter */
        play.next.adapter = 1;
        TELL(FAIL);
        CHECK_EQ(last()->earlier_failures, 1);
        CHECK(last()->bonded_before);
}

/* Without an address the link is what they have in common, until it is another one. */
static void nameless_links(void) {
        begin();
        play.next.has_address = false;
        TELL(REQUEST, "cuff 0508", "gone 16", REQUEST, "cuff 0508");
        play.next.handle = 65;
        TELL(REQUEST, "cuff 0508", "gone 16");
        CHECK_EQ(last()->earlier_failures, 0);
        play.next.handle = 64;
        TELL("gone 13");
        CHECK_EQ(last()->earlier_failures, 1);
        CHECK_EQ(last()->since_failure_usec, 2000);
        CHECK(!last()->has_address);
        TELL(REQUEST, RESPONSE, "done 00", CUFF_LTK, REQUEST, "gone 13");
        CHECK(last()->bonded_before && last()->earlier_failures == 2);
        TELL("connected random", REQUEST, "gone 13");
        CHECK_EQ(last()->earlier_failures, 0);
        CHECK_EQ(last()->own_random, TRACE_YES);
        TELL(REQUEST, "gone 13"); /* without a beginning again */
        CHECK_EQ(last()->earlier_failures, 1);
        CHECK_EQ(last()->own_random, TRACE_NOT_TOLD);
        CHECK_EQ(last()->connected_usec, -1);
}

/* After its end a handle says nothing about who has it next. */
static void address_ends_with_the_link(void) {
        CAPTURE(FAIL, REQUEST, "cuff 0508");
        CHECK_EQ(play.n, 2);
        CHECK(!last()->has_address && last()->earlier_failures == 0);
}

static void times_that_are_not_told(void) {
        begin();
        at(1, -1);
        TELL("advert yes", FAIL, FAIL);
        CHECK_EQ(last()->earlier_failures, 1);
        CHECK_EQ(last()->since_failure_usec, -1);
        CHECK_EQ(last()->flag_age_usec, -1);
        CHECK_EQ(last()->failed_after_usec, -1);
        CHECK_EQ(last()->failed_after_code, SMP_PAIRING_REQUEST);
        at(20, 5000);
        TELL(FAIL);
        CHECK_EQ(last()->since_failure_usec, -1);
        at(30, 2000); /* backwards */
        TELL(FAIL);
        CHECK_EQ(last()->since_failure_usec, -1);
        CHECK_EQ(last()->earlier_failures, 3);
}

/* --- the blinking P ----------------------------------------------------------------------------
 */

static void pairing_flag(void) {
        begin();
        TELL("advert no", "advert yes", "advert -", "connected", "advert no", REQUEST, "gone 13");
        CHECK_EQ(last()->pairing_flag, TRACE_YES); /* the last that told, before the link */
        CHECK_EQ(last()->flag_age_usec, 4000);
        TELL("connected", REQUEST, "gone 13");
        CHECK_EQ(last()->pairing_flag, TRACE_NO);
        CHECK_EQ(last()->flag_age_usec, 4000);
        address(0x34);
        TELL("connected", REQUEST, "gone 13");
        CHECK_EQ(last()->pairing_flag, TRACE_NOT_TOLD);
        CHECK_EQ(last()->flag_age_usec, -1);
}

static void pairing_flag_of_nobody(void) {
        begin();
        play.next.has_address = false;
        TELL("advert yes", "connected", REQUEST, "gone 13");
        CHECK_EQ(last()->pairing_flag, TRACE_NOT_TOLD);
        play.next.address = (struct bdaddr){{0}};
        play.next.has_address = true;
        TELL("connected", REQUEST, "gone 13");
        CHECK_EQ(last()->pairing_flag, TRACE_NOT_TOLD);
        CHECK_EQ(last()->earlier_failures, 0);
}

/* The addresses that nothing was heard of for longest make room; beacons take none. */
static void many_addresses(void) {
        begin();
        TELL(FAIL);
        for (unsigned i = 0; i < 3 * TRACE_ADVERTS_MAX; i++) {
                address((uint8_t) (100 + i));
                tell("advert -");
        }
        for (unsigned i = 0; i < TRACE_ADVERTS_MAX - 1; i++) {
                address((uint8_t) (100 + i));
                tell("advert yes");
        }
        address(0x33);
        TELL(FAIL);
        CHECK_EQ(last()->earlier_failures, 1);
        address(100);
        TELL("advert no");
        address(50);
        TELL("advert yes"); /* pushes 101 out */
        address(101);
        TELL(FAIL);
        CHECK_EQ(last()->pairing_flag, TRACE_NOT_TOLD);
        address(100);
        TELL(FAIL);
        CHECK_EQ(last()->pairing_flag, TRACE_NO);
        address(0x33);
        TELL(FAIL);
        CHECK_EQ(last()->earlier_failures, 2);
}

/* --- user space --------------------------------------------------------------------------------
 */

static void no_user_space(void) {
        CAPTURE(FAIL);
        CHECK(!last()->has_mgmt && !last()->has_io && !last()->pair_asked);
        CHECK_EQ(last()->bondable, TRACE_NOT_TOLD);
        CHECK_EQ(last()->confirm, TRACE_NOT_TOLD);
        CHECK(!last()->confirm_pending && !last()->has_mgmt_status && !last()->key_stored);
}

static void settings(void) {
        begin();
        TELL("bondable no", "bondable yes", "io 03", FAIL);
        CHECK(last()->has_mgmt && last()->has_io && last()->io == 3);
        CHECK_EQ(last()->bondable, TRACE_YES);
        CHECK_EQ(last()->n_steps, 3); /* not lines of the story */

        TELL("connected", REQUEST, "bondable no", "io 04", "cuff 0508", "bondable yes", "io 01",
             "gone 16");
        CHECK_EQ(last()->bondable, TRACE_NO); /* while it was under way, and not after */
        CHECK_EQ(last()->io, 4);

        play.next.adapter = 1;
        TELL(FAIL);
        CHECK(!last()->has_mgmt && !last()->has_io && last()->bondable == TRACE_NOT_TOLD);
        TELL("connected", REQUEST, "cuff 0508", "status 05", "gone 16");
        CHECK(last()->has_mgmt && !last()->has_io); /* seen at the last moment */
}

static void settings_of_another_adapter(void) {
        begin();
        TELL("connected", REQUEST);
        play.next.adapter = 1;
        TELL("connected", REQUEST);
        play.next.handle = 65;
        TELL("connected", REQUEST, "bondable yes");
        end();
        CHECK_EQ(play.n, 3);
        CHECK(!play.got[0].has_mgmt && play.got[0].bondable == TRACE_NOT_TOLD);
        CHECK(play.got[1].has_mgmt && play.got[1].bondable == TRACE_YES); /* all links of it */
        CHECK(play.got[2].has_mgmt && play.got[2].bondable == TRACE_YES);
}

/* The fifth takes the place of the first. */
static void many_adapters(void) {
        begin();
        for (uint16_t i = 0; i <= TRACE_ADAPTERS_MAX; i++) {
                play.next.adapter = i;
                TELL(i % 2 ? "bondable no" : "bondable yes");
        }
        for (uint16_t i = 0; i <= TRACE_ADAPTERS_MAX; i++) {
                play.next.adapter = i;
                TELL(FAIL);
                CHECK_EQ(last()->has_mgmt, i != 0);
                CHECK_EQ(last()->bondable, i == 0 ? TRACE_NOT_TOLD : i % 2 ? TRACE_NO : TRACE_YES);
        }
        begin(); /* places are not lost to a number that is not their own */
        play.next.adapter = 4;
        TELL("bondable yes");
        play.next.adapter = 0;
        TELL("bondable no", FAIL);
        play.next.adapter = 4;
        TELL(FAIL);
        CHECK_EQ(play.got[0].bondable, TRACE_NO);
        CHECK_EQ(play.got[1].bondable, TRACE_YES);
}

static void pair_asked(void) {
        begin();
        TELL("pair 03", FAIL);
        CHECK(last()->pair_asked && last()->has_mgmt && !last()->has_io);
        TELL(FAIL); /* that one was not asked for */
        CHECK(!last()->pair_asked);
        TELL("connected", SECURITY_REQUEST, "pair 03", REQUEST, "gone 13"); /* on the link */
        CHECK(last()->pair_asked);
        CHECK_EQ(last()->step[1].kind, TRACE_PAIR_ASKED);
        CHECK_EQ(last()->step[1].io, 3);
        CHECK_EQ(last()->step[1].side, TRACE_HOST);
        TELL("connected", SECURITY_REQUEST, "host 0505", "pair 03", REQUEST, "gone 13");
        CHECK_EQ(play.n, 5);
        CHECK(!play.got[3].pair_asked && play.got[4].pair_asked); /* after the failure */
}

static void pair_asked_in_vain(void) {
        begin();
        TELL("pair 03", "status 04", FAIL); /* it never connected */
        CHECK(!last()->pair_asked && !last()->has_mgmt_status);
        TELL("pair 03");
        address(0x34);
        TELL("status 05", FAIL); /* another's */
        CHECK(!last()->pair_asked);
        address(0x33);
        TELL(FAIL);
        CHECK(last()->pair_asked);
        play.next.has_address = false;
        TELL("pair 03");
        address(0x33);
        TELL(FAIL);
        CHECK(!last()->pair_asked);
}

static void agent(void) {
        begin();
        TELL("connected", REQUEST, RESPONSE, "confirm?", "gone 13");
        CHECK(last()->confirm_pending && last()->confirm == TRACE_NOT_TOLD);
        TELL("connected", REQUEST, RESPONSE, "confirm?", "confirm no", "host 0508", "status 05",
             "gone 16");
        CHECK(!last()->confirm_pending && last()->confirm == TRACE_NO);
        CHECK(last()->has_mgmt_status && last()->mgmt_status == 0x05);
        CHECK_EQ(last()->n_steps, 7);
        CHECK_EQ(last()->failed_after_code, SMP_PAIRING_RESPONSE);
        TELL("connected", REQUEST, RESPONSE, "confirm?", "confirm yes", "gone 13");
        CHECK(!last()->confirm_pending && last()->confirm == TRACE_YES);
        CHECK_EQ(last()->step[3].answer, TRACE_YES);
        TELL("connected", REQUEST, "cuff 0508", "stored", "gone 16"); /* too late to change it */
        CHECK(last()->key_stored && last()->outcome == TRACE_FAILED);
        TELL("connected", SECURITY_REQUEST, "stored", "gone 16"); /* of a pairing before */
        CHECK(last()->key_stored && last()->outcome == TRACE_INCOMPLETE);
}

/* User space names an address and an adapter; what is about another changes nothing here. */
static void user_space_of_others(void) {
        begin();
        TELL("connected", REQUEST);
        address(0x34);
        TELL("confirm?", "status 05");
        address(0x33);
        play.next.adapter = 1;
        TELL("confirm?", "stored");
        play.next.adapter = 0;
        play.next.has_address = false;
        TELL("confirm?");
        TELL("gone 13");
        CHECK(!last()->confirm_pending && !last()->has_mgmt_status && !last()->key_stored);
        CHECK_EQ(last()->n_steps, 2);

        begin(); /* the same address twice: the link that was heard of last */
        TELL("connected", REQUEST);
        play.next.handle = 65;
        TELL("connected", REQUEST);
        play.next.handle = 63;
        TELL("connected", REQUEST);
        play.next.handle = 65;
        TELL(RESPONSE, "confirm?");
        end();
        CHECK_EQ(play.n, 3);
        CHECK(!play.got[0].confirm_pending && play.got[1].confirm_pending);
        CHECK(!play.got[2].confirm_pending);
}

/* A capture that began after the link did has no address for it; user space has. */
static void user_space_of_a_nameless_link(void) {
        begin();
        TELL(REQUEST, RESPONSE, "confirm?", "pair 03");
        end();
        CHECK(last()->confirm_pending && !last()->has_address);
        CHECK(!last()->pair_asked); /* not by a guess */

        begin(); /* unless another link has that address */
        TELL(REQUEST);
        play.next.handle = 65;
        TELL("connected", REQUEST, "confirm?");
        end();
        CHECK_EQ(play.n, 2);
        CHECK(!play.got[0].confirm_pending && play.got[1].confirm_pending);
}

/* Each program that listens for MGMT events has its copy in the capture. */
static void copies_count_once(void) {
        begin();
        TELL("connected", REQUEST, RESPONSE);
        at(10, 700000);
        TELL("confirm?");
        at(11, 700000);
        TELL("confirm?");
        at(12, 700001);
        TELL("confirm?");
        end();
        CHECK_EQ(last()->n_steps, 4);
        CHECK_EQ(last()->step[2].number, 10);
        CHECK_EQ(last()->step[3].number, 12);

        begin();
        TELL("connected", REQUEST, RESPONSE);
        at(10, -1);
        TELL("confirm?");
        at(11, -1);
        TELL("confirm?");
        end();
        CHECK_EQ(last()->n_steps, 4);
}

CHECK_MAIN("unit.trace_past", TEST(first_of_all), TEST(failures_are_counted),
           TEST(bond_is_remembered), TEST(each_address_has_its_own), TEST(nameless_links),
           TEST(address_ends_with_the_link), TEST(times_that_are_not_told), TEST(pairing_flag),
           TEST(pairing_flag_of_nobody), TEST(many_addresses), TEST(no_user_space), TEST(settings),
           TEST(settings_of_another_adapter), TEST(many_adapters), TEST(pair_asked),
           TEST(pair_asked_in_vain), TEST(agent), TEST(user_space_of_others),
           TEST(user_space_of_a_nameless_link), TEST(copies_count_once))
