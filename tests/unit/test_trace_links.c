/* Many links, many steps, and the names. */
#include "trace_fixture.h"

static void links_do_not_mix(void) {
        begin();
        TELL("connected", REQUEST);
        play.next.handle = 65;
        TELL("connected", SECURITY_REQUEST);
        play.next.handle = 64;
        play.next.adapter = 1; /* the same handle, of another adapter */
        TELL("connected", "ask stored", "done 06");
        play.next.adapter = 0;
        TELL("cuff 0508", "gone 16");
        ONLY(TRACE_FAILED);
        play.next.handle = 65;
        TELL("gone 13");
        end();
        CHECK_EQ(play.n, 3);
        CHECK_EQ(play.got[1].outcome, TRACE_INCOMPLETE);
        CHECK_EQ(play.got[1].phase, TRACE_PHASE_ASKED);
        CHECK_EQ(play.got[2].outcome, TRACE_KEY_REFUSED);
}

static void open_ones_at_the_end(void) {
        begin();
        for (uint16_t i = 0; i < 5; i++) {
                play.next.handle = i;
                TELL("connected");
        }
        for (uint16_t i = 0; i < 5; i++) {
                play.next.handle = i * 3 % 5; /* begun in another order than connected */
                TELL(REQUEST);
        }
        play.next.handle = 0;
        TELL("cuff 0508"); /* settled */
        end();
        CHECK_EQ(play.n, 5);
        for (size_t i = 0; i < 5; i++)
                CHECK_EQ(play.got[i].number, 6 + i); /* oldest first */
        CHECK_EQ(play.got[0].outcome, TRACE_FAILED);
        CHECK_EQ(play.got[4].outcome, TRACE_INCOMPLETE);
        CHECK_EQ(play.got[4].end_usec, 9000);
}

/* The table is full: what was quiet for longest is given up, and its pairing is not lost. */
static void too_many_links(void) {
        begin();
        for (uint16_t i = 0; i < TRACE_LINKS_MAX; i++) {
                play.next.handle = i;
                TELL("connected", REQUEST);
        }
        play.next.handle = 0;
        TELL("cuff 0508"); /* failed, and touched last */
        CHECK_EQ(play.n, 0);
        play.next.handle = 100;
        TELL("connected");
        ONLY(TRACE_INCOMPLETE);
        CHECK_EQ(play.got[0].number, 4); /* handle 1 */
        CHECK(!play.got[0].has_disconnect);
        play.next.handle = 101;
        TELL("cuff 0508"); /* begins one of its own while another is given up */
        CHECK_EQ(play.n, 2);
        CHECK_EQ(play.got[1].number, 6);
        play.next.handle = 1;
        TELL("gone 13"); /* not known any more */
        CHECK_EQ(play.n, 2);
}

static void settled_one_is_given_up(void) {
        begin();
        for (uint16_t i = 0; i < TRACE_LINKS_MAX; i++) {
                play.next.handle = i;
                TELL("cuff 0508");
        }
        CHECK_EQ(play.n, 0);
        play.next.handle = 100;
        TELL("ask");
        ONLY(TRACE_FAILED);
        CHECK_EQ(play.got[0].number, 1);
}

/* A link that ended leaves its place to the next. */
static void places_are_used_again(void) {
        begin();
        play.next.handle = 1;
        TELL("connected", REQUEST);
        for (uint16_t i = 2; i < 100; i++) {
                play.next.handle = i;
                TELL("connected", "gone 13");
        }
        CHECK_EQ(play.n, 0);
        play.next.handle = 1;
        TELL("cuff 0508", "gone 16");
        ONLY(TRACE_FAILED);
}

/* --- steps -------------------------------------------------------------------------------------
 */

static void steps(void) {
        static const enum trace_kind kinds[] = {TRACE_SMP,
                                                TRACE_SMP,
                                                TRACE_SMP,
                                                TRACE_CONFIRM_ASKED,
                                                TRACE_CONFIRM_ANSWERED,
                                                TRACE_ENCRYPTION_ASKED,
                                                TRACE_ENCRYPTION_DONE,
                                                TRACE_PAIRING_STATUS,
                                                TRACE_DISCONNECTED};
        const struct trace_step *step = play.got[0].step;

        begin();
        at(10, 5000);
        TELL("connected", SECURITY_REQUEST, REQUEST, "cuff 0203~", "confirm?", "confirm yes", "ask",
             "done 06", "status 05", "bondable yes", "advert no", "gone 16");
        ONLY(TRACE_FAILED);
        CHECK_EQ(play.got[0].n_steps, sizeof kinds / sizeof kinds[0]);
        CHECK_EQ(play.got[0].steps_left_out, 0);
        for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
                CHECK(step[i].kind == kinds[i] && !step[i].malformed);
        CHECK_EQ(step[0].number, 11);
        CHECK_EQ(step[0].usec, 6000);
        CHECK_EQ(step[0].side, TRACE_CUFF);
        CHECK_EQ(step[1].side, TRACE_HOST);
        CHECK_EQ(step[1].pdu_size, 7);
        CHECK(memcmp(step[1].pdu, (const uint8_t[]){1, 3, 0, 1, 16, 5, 7}, 7) == 0);
        CHECK(step[2].pdu_cut && !step[2].malformed && step[2].pdu_size == 2);
        CHECK_EQ(step[3].side, TRACE_HOST);
        CHECK_EQ(step[4].answer, TRACE_YES);
        CHECK_EQ(step[5].side, TRACE_HOST);
        CHECK_EQ(step[6].status, 0x06);
        CHECK_EQ(step[7].status, 0x05);
        CHECK_EQ(step[8].status, 0x16);
        CHECK_EQ(step[8].number, 21);
}

static void malformed(void) {
        const struct trace_step *step = play.got[0].step;

        CAPTURE("connected", "host 0103000110", "cuff 42", "cuff 02030001100001", "cuff 03*");
        ONLY(TRACE_INCOMPLETE);
        CHECK(step[0].malformed && step[1].malformed && !step[2].malformed && !step[3].malformed);
        CHECK(!step[0].pdu_cut);
        CHECK(!play.got[0].has_request && play.got[0].has_response && !play.got[0].has_agreement);
        CHECK_EQ(play.got[0].phase, TRACE_PHASE_PROOF);
}

/* The first ones are kept; and what decided it, and how the link ended, always. */
static void many_steps(void) {
        const struct trace_pairing *p = &play.got[0];

        begin();
        TELL("connected", REQUEST);
        for (unsigned i = 0; i < 100; i++)
                tell("cuff 0e00");
        TELL("host 0501", "cuff 0508", "status 05", "gone 16");
        ONLY(TRACE_FAILED);
        CHECK_EQ(p->n_steps, TRACE_STEPS_MAX);
        CHECK_EQ(p->steps_left_out, 105 - TRACE_STEPS_MAX);
        CHECK_EQ(p->step[0].pdu[0], SMP_PAIRING_REQUEST);
        CHECK_EQ(p->step[TRACE_STEPS_MAX - 3].number, TRACE_STEPS_MAX - 1);
        CHECK_EQ(p->step[TRACE_STEPS_MAX - 2].pdu[0], SMP_PAIRING_FAILED);
        CHECK_EQ(p->step[TRACE_STEPS_MAX - 2].pdu[1], 0x01); /* the one that decided */
        CHECK_EQ(p->step[TRACE_STEPS_MAX - 1].kind, TRACE_DISCONNECTED);

        begin(); /* encryption of its own key came first, and failed later */
        TELL("connected", REQUEST, RESPONSE);
        for (unsigned i = 0; i < 100; i++)
                tell("cuff 0e00");
        TELL("done 00", "done 05", "gone 05");
        ONLY(TRACE_FAILED);
        CHECK_EQ(p->n_steps, TRACE_STEPS_MAX);
        CHECK_EQ(p->steps_left_out, 105 - TRACE_STEPS_MAX);
        CHECK_EQ(p->phase, TRACE_PHASE_ENCRYPTION);
        CHECK_EQ(p->step[TRACE_STEPS_MAX - 2].status, 0x05);
        CHECK_EQ(p->step[TRACE_STEPS_MAX - 1].kind, TRACE_DISCONNECTED);

        begin(); /* nothing was decided: its place stays empty */
        TELL("connected", REQUEST);
        for (unsigned i = 0; i < 100; i++)
                tell("cuff 0e00");
        TELL("gone 13");
        CHECK_EQ(p->n_steps, TRACE_STEPS_MAX - 1);
        CHECK_EQ(p->step[TRACE_STEPS_MAX - 2].kind, TRACE_DISCONNECTED);

        begin(); /* with a stored key, over and over, until it is refused */
        TELL("connected");
        for (unsigned i = 0; i < 100; i++)
                TELL("ask stored", "done 00");
        TELL("ask stored", "done 06", "gone 16");
        ONLY(TRACE_KEY_REFUSED);
        CHECK_EQ(p->n_steps, TRACE_STEPS_MAX);
        CHECK_EQ(p->step[TRACE_STEPS_MAX - 2].status, 0x06);
        CHECK_EQ(p->step[TRACE_STEPS_MAX - 1].kind, TRACE_DISCONNECTED);
        CHECK_EQ(p->steps_left_out, 203 - TRACE_STEPS_MAX);
}

/* --- names -------------------------------------------------------------------------------------
 */

static void names_of_outcomes(void) {
        CHECK_STR(trace_outcome_to_string(TRACE_BONDED), "bonded");
        CHECK_STR(trace_outcome_to_string(TRACE_PAIRED_WITHOUT_KEYS), "paired_without_keys");
        CHECK_STR(trace_outcome_to_string(TRACE_FAILED), "failed");
        CHECK_STR(trace_outcome_to_string(TRACE_INCOMPLETE), "incomplete");
        CHECK_STR(trace_outcome_to_string(TRACE_ENCRYPTED_WITH_STORED_KEY),
                  "encrypted_with_stored_key");
        CHECK_STR(trace_outcome_to_string(TRACE_KEY_REFUSED), "key_refused");
}

static void names_of_sides(void) {
        CHECK_STR(trace_side_to_string(TRACE_CUFF), "cuff");
        CHECK_STR(trace_side_to_string(TRACE_HOST), "host");
        CHECK(!trace_side_to_string(TRACE_UNKNOWN));
}

static void names_of_hci_errors(void) {
        CHECK_STR(trace_hci_error_to_string(0x00), "Success");
        CHECK_STR(trace_hci_error_to_string(0x05), "Authentication Failure");
        CHECK_STR(trace_hci_error_to_string(0x06), "PIN or Key Missing");
        CHECK_STR(trace_hci_error_to_string(0x08), "Connection Timeout");
        CHECK_STR(trace_hci_error_to_string(0x13), "Remote User Terminated Connection");
        CHECK_STR(trace_hci_error_to_string(0x16), "Connection Terminated By Local Host");
        CHECK_STR(trace_hci_error_to_string(0x22), "LMP Response Timeout / LL Response Timeout");
        CHECK_STR(trace_hci_error_to_string(0x3D), "Connection Terminated due to MIC Failure");
        CHECK_STR(trace_hci_error_to_string(0x3E),
                  "Connection Failed to be Established / Synchronization Timeout");
        CHECK_STR(trace_hci_error_to_string(0x45), "Packet Too Long");
        CHECK_STR(trace_hci_error_to_string(0x46), "Reserved for Future Use");
        CHECK_STR(trace_hci_error_to_string(0xFF), "Reserved for Future Use");
        for (unsigned i = 0; i < 256; i++) {
                bool reserved = i > 0x45 || i == 0x2B || i == 0x31 || i == 0x33;
                const char *name = trace_hci_error_to_string((uint8_t) i);

                CHECK(name && (strcmp(name, "Reserved for Future Use") == 0) == reserved);
                for (unsigned other = 0; name && other < i && !reserved; other++)
                        CHECK(strcmp(trace_hci_error_to_string((uint8_t) other), name) != 0);
        }
}

CHECK_MAIN("unit.trace_links", TEST(links_do_not_mix), TEST(open_ones_at_the_end),
           TEST(too_many_links), TEST(settled_one_is_given_up), TEST(places_are_used_again),
           TEST(steps), TEST(malformed), TEST(many_steps), TEST(names_of_outcomes),
           TEST(names_of_sides), TEST(names_of_hci_errors))
