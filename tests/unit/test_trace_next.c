/* A stored key, and one pairing after the other on the same link. */
#include "trace_fixture.h"

/* --- a stored key ------------------------------------------------------------------------------
 */

static void encrypted_with_stored_key(void) {
        const struct trace_pairing *p = &play.got[0];

        begin();
        TELL("connected", "ask stored", "done 00");
        CHECK_EQ(play.n, 0); /* the cuff may still ask */
        TELL("gone 13");
        ONLY(TRACE_ENCRYPTED_WITH_STORED_KEY);
        CHECK(p->encrypted && !p->has_request && !p->has_security_request);
        CHECK_EQ(p->phase, TRACE_PHASE_ENCRYPTION);
        CHECK(!p->has_disconnect && !p->has_reason);
        CHECK_EQ(p->n_steps, 2);
        CHECK(p->step[0].stored && p->step[0].side == TRACE_HOST);
        CHECK_EQ(p->end_usec, 2000);

        CAPTURE("connected", "ask", "done 00"); /* a key of Secure Connections has no EDIV */
        ONLY(TRACE_ENCRYPTED_WITH_STORED_KEY);
        CAPTURE("connected", SECURITY_REQUEST, "done 00"); /* the command is missing */
        ONLY(TRACE_ENCRYPTED_WITH_STORED_KEY);
        CHECK_EQ(p->security_request, 0x01);
}

static void encrypted_again(void) {
        const struct trace_pairing *p = &play.got[0];

        CAPTURE("connected", "ask stored", "done 00", "cuff 0b05", "ask stored", "done 00",
                "cuff 0b01", "ask stored", "done 00", "done 00", "gone 13");
        ONLY(TRACE_ENCRYPTED_WITH_STORED_KEY);
        CHECK(p->has_security_request && p->security_request == 0x05); /* the first one */
        CHECK_EQ(p->n_steps, 9);
        CHECK_EQ(p->end_usec, 2000);
        CHECK(!p->has_disconnect);

        CAPTURE("connected", "ask stored", "done 00", SECURITY_REQUEST, "ask stored", "done 06",
                "gone 16");
        ONLY(TRACE_KEY_REFUSED); /* it held once, and then no more */
        CHECK_EQ(p->reason, 0x06);
        CHECK_EQ(p->end_usec, 5000);
        CHECK(p->has_disconnect && p->encrypted);
        CHECK_EQ(p->n_steps, 6);

        CAPTURE("connected", "ask stored", "done 00", SECURITY_REQUEST, "ask stored", "gone 3d");
        ONLY(TRACE_KEY_REFUSED);
        CHECK_EQ(p->end_usec, 5000);
        CAPTURE("connected", "ask stored", "done 00", "ask stored", "done 00", "gone 3d");
        ONLY(TRACE_ENCRYPTED_WITH_STORED_KEY); /* nothing was asked any more */
        CAPTURE("connected", "ask stored", "done 00", SECURITY_REQUEST, "ask stored", "gone 13");
        ONLY(TRACE_ENCRYPTED_WITH_STORED_KEY);
}

/* .. and then a pairing, or the refusal of one. */
static void paired_after_stored_key(void) {
        CAPTURE("connected", "ask stored", "done 00", REQUEST, "cuff 0505");
        CHECK_EQ(play.n, 2);
        CHECK_EQ(play.got[0].outcome, TRACE_ENCRYPTED_WITH_STORED_KEY);
        CHECK_EQ(play.got[1].outcome, TRACE_FAILED);
        CHECK(play.got[1].has_request);
        CHECK_EQ(play.got[1].number, 4);

        CAPTURE("connected", "ask stored", "done 00", SECURITY_REQUEST, "host 0505");
        CHECK_EQ(play.n, 2);
        CHECK_EQ(play.got[0].outcome, TRACE_ENCRYPTED_WITH_STORED_KEY);
        CHECK_EQ(play.got[1].outcome, TRACE_FAILED);
        CHECK_EQ(play.got[1].n_steps, 1);
}

static void key_refused(void) {
        const struct trace_pairing *p = &play.got[0];

        begin();
        TELL("connected", "ask stored", "done 06");
        CHECK_EQ(play.n, 0);
        TELL("gone 16");
        ONLY(TRACE_KEY_REFUSED);
        CHECK_EQ(p->failed_by, TRACE_CUFF);
        CHECK(p->has_reason && p->reason == 0x06);
        CHECK(p->has_disconnect && p->disconnect_reason == 0x16);
        CHECK(!p->encrypted && p->phase == TRACE_PHASE_ENCRYPTION);

        CAPTURE("connected", SECURITY_REQUEST, "ask", "done 05");
        ONLY(TRACE_KEY_REFUSED);
        CHECK(p->has_security_request && p->reason == 0x05 && !p->has_disconnect);
        CAPTURE("done 06"); /* a capture's last block */
        ONLY(TRACE_KEY_REFUSED);
        CHECK_EQ(p->number, 1);
        CHECK_EQ(p->phase, TRACE_PHASE_ENCRYPTION);
        CAPTURE("done 00");
        CHECK_EQ(play.n, 0);
}

/* Not every error is the cuff's: the link's, or that of the host's own controller. */
static void key_not_refused_by_the_cuff(void) {
        static const char *const done[] = {"done 02", "done 08", "done 0c", "done 22", "done 3e"};

        for (size_t i = 0; i < sizeof done / sizeof done[0]; i++) {
                CAPTURE("connected", "ask stored", done[i]);
                ONLY(TRACE_KEY_REFUSED);
                CHECK_EQ(play.got[0].failed_by, TRACE_UNKNOWN);
        }
}

/* The link falls instead of an answer. */
static void key_refused_by_hanging_up(void) {
        static const char *const of_key[] = {"gone 05", "gone 06", "gone 3d"};
        static const char *const other[] = {"gone 13", "gone 08", "gone 16"};

        for (size_t i = 0; i < 3; i++) {
                CAPTURE("connected", "ask stored", of_key[i]);
                ONLY(TRACE_KEY_REFUSED);
                CHECK_EQ(play.got[0].failed_by, TRACE_CUFF);
                CHECK_EQ(play.got[0].reason, play.got[0].disconnect_reason);
                CHECK(play.got[0].has_disconnect && play.got[0].has_reason);
                CHECK_EQ(play.got[0].phase, TRACE_PHASE_ENCRYPTION);
                CHECK_EQ(play.got[0].end_usec, 2000);

                CAPTURE("connected", "ask stored", other[i]);
                ONLY(TRACE_INCOMPLETE);
                CHECK(play.got[0].has_disconnect && !play.got[0].has_reason);

                CAPTURE("connected", SECURITY_REQUEST, of_key[i]); /* nothing was asked */
                ONLY(TRACE_INCOMPLETE);
                CAPTURE("connected", "ask stored", "host 0508", of_key[i]); /* it had failed */
                ONLY(TRACE_FAILED);
        }
}

/* --- one after the other -----------------------------------------------------------------------
 */

static void security_request_after_the_beginning(void) {
        const struct trace_pairing *p = &play.got[0];

        CAPTURE("connected", REQUEST, SECURITY_REQUEST, RESPONSE, "cuff 0508");
        ONLY(TRACE_FAILED);
        CHECK(!p->has_security_request);
        CHECK_EQ(p->n_steps, 4);

        CAPTURE("connected", "cuff 0b05", "cuff 0b01", REQUEST, "gone 13");
        ONLY(TRACE_INCOMPLETE);
        CHECK_EQ(p->security_request, 0x05);

        CAPTURE("connected", "cuff 0b~", REQUEST, "gone 13");
        ONLY(TRACE_INCOMPLETE);
        CHECK(!p->has_security_request);
}

static void second_request(void) {
        CAPTURE("connected", SECURITY_REQUEST, REQUEST, "host 01030009100507", RESPONSE, "gone 13");
        CHECK_EQ(play.n, 2);
        CHECK_EQ(play.got[0].outcome, TRACE_INCOMPLETE);
        CHECK(!play.got[0].has_disconnect);
        CHECK_EQ(play.got[0].request.auth, 0x01);
        CHECK_EQ(play.got[1].outcome, TRACE_INCOMPLETE);
        CHECK_EQ(play.got[1].request.auth, 0x09);
        CHECK(play.got[1].has_response && !play.got[1].has_security_request);
        CHECK(play.got[1].has_disconnect);

        CAPTURE("connected", REQUEST, RESPONSE, PROOF, REQUEST, "cuff 0508");
        CHECK_EQ(play.n, 2);
        CHECK_EQ(play.got[0].phase, TRACE_PHASE_PROOF);
        CHECK_EQ(play.got[1].phase, TRACE_PHASE_FEATURES);
        CHECK(!play.got[1].has_response);

        CAPTURE("connected", REQUEST, RESPONSE, "cuff 02030005100001"); /* a second response */
        ONLY(TRACE_INCOMPLETE);
        CHECK_EQ(play.got[0].response.auth, 0x01);
}

/* What follows a failure and is no beginning belongs to it, but changes nothing. */
static void settled(void) {
        const struct trace_pairing *p = &play.got[0];

        CAPTURE("connected", REQUEST, "cuff 0508", "host 0509", RESPONSE, "host 03*", "done 06",
                "cuff 06*", "gone 16");
        ONLY(TRACE_FAILED);
        CHECK_EQ(p->reason, 0x08);
        CHECK_EQ(p->failed_by, TRACE_CUFF);
        CHECK_EQ(p->phase, TRACE_PHASE_FEATURES);
        CHECK(!p->has_response && p->cuff_keys == 0 && p->has_disconnect);
        CHECK_EQ(p->n_steps, 8);
        CHECK_EQ(p->end_usec, 2000);
}

/* .. and each beginning ends it. */
static void settled_until_the_next(void) {
        static const char *const next[] = {SECURITY_REQUEST, REQUEST, "ask", "ask stored"};
        const struct trace_pairing *p = &play.got[0];

        for (size_t i = 0; i < sizeof next / sizeof next[0]; i++) {
                CAPTURE("connected", REQUEST, "cuff 0508", next[i], "gone 13");
                CHECK_EQ(play.n, 2);
                CHECK(p[0].outcome == TRACE_FAILED && !p[0].has_disconnect);
                CHECK_EQ(p[0].number, 2);
                CHECK(p[1].outcome == TRACE_INCOMPLETE && p[1].has_disconnect);
                CHECK_EQ(p[1].number, 4);
                CHECK(!p[1].has_reason);

                CAPTURE("connected", "ask stored", "done 06", next[i], "gone 13");
                CHECK_EQ(play.n, 2);
                CHECK(p[0].outcome == TRACE_KEY_REFUSED && !p[0].has_disconnect);
                CHECK_EQ(p[1].outcome, TRACE_INCOMPLETE);
        }
        CAPTURE("connected", REQUEST, "cuff 0508", "connected", SECURITY_REQUEST, "gone 13");
        CHECK_EQ(play.n, 2);
        CHECK(p[0].outcome == TRACE_FAILED && !p[0].has_disconnect);
        CHECK_EQ(p[1].connected_usec, 3000);
}

static void sides_that_go_without_saying(void) {
        CAPTURE("connected", "somebody 0b01", "somebody 01030001100507", "somebody 02030001100001",
                "somebody 03*");
        CHECK_EQ(play.got[0].step[0].side, TRACE_CUFF);
        CHECK_EQ(play.got[0].step[1].side, TRACE_HOST);
        CHECK_EQ(play.got[0].step[2].side, TRACE_CUFF);
        CHECK_EQ(play.got[0].step[3].side, TRACE_UNKNOWN);
}

CHECK_MAIN("unit.trace_next", TEST(encrypted_with_stored_key), TEST(encrypted_again),
           TEST(paired_after_stored_key), TEST(key_refused), TEST(key_not_refused_by_the_cuff),
           TEST(key_refused_by_hanging_up), TEST(security_request_after_the_beginning),
           TEST(second_request), TEST(settled), TEST(settled_until_the_next),
           TEST(sides_that_go_without_saying))
