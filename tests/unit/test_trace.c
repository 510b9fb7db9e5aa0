/* How pairings begin, and how they end. */
#include "trace_fixture.h"

/* --- failed ------------------------------------------------------------------------------------
 */

static void cuff_refuses(void) {
        const struct trace_pairing *p = &play.got[0];

        CAPTURE("connected random", SECURITY_REQUEST, REQUEST, "cuff 0508", "gone 16");
        ONLY(TRACE_FAILED);
        CHECK_EQ(p->failed_by, TRACE_CUFF);
        CHECK(p->has_reason && p->reason == SMP_REASON_UNSPECIFIED);
        CHECK_EQ(p->phase, TRACE_PHASE_FEATURES);
        CHECK(p->has_security_request && p->security_request == 0x01);
        CHECK(p->has_request && !p->has_response && !p->has_agreement && !p->encrypted);
        CHECK_EQ(p->request.io, 3);
        CHECK_EQ(p->request.initiator_keys, 5);
        CHECK(p->has_disconnect && p->disconnect_reason == 0x16);
        CHECK_EQ(p->number, 2);
        CHECK_EQ(p->connected_usec, 0);
        CHECK_EQ(p->begin_usec, 1000);
        CHECK_EQ(p->end_usec, 3000); /* the failure, not the disconnect */
        CHECK_EQ(p->failed_after_usec, 1000);
        CHECK_EQ(p->failed_after_code, SMP_PAIRING_REQUEST);
        CHECK(p->has_address && p->own_random == TRACE_YES);
        CHECK(bdaddr_equal(&p->address, &PUBLIC_ADDRESS));
        CHECK_EQ(p->n_steps, 4);
}

static void host_refuses(void) {
        CAPTURE("connected", SECURITY_REQUEST, "host 0505", "gone 13");
        ONLY(TRACE_FAILED);
        CHECK_EQ(play.got[0].failed_by, TRACE_HOST);
        CHECK_EQ(play.got[0].reason, SMP_REASON_PAIRING_NOT_SUPPORTED);
        CHECK_EQ(play.got[0].phase, TRACE_PHASE_ASKED);
        CHECK_EQ(play.got[0].failed_after_code, SMP_SECURITY_REQUEST);
        CHECK_EQ(play.got[0].disconnect_reason, 0x13);
}

/* What it answers is what the other side said last, whatever its own side said since. */
static void failed_after_other_side(void) {
        CAPTURE("connected", REQUEST, RESPONSE, "host 03*", "cuff 03*", "cuff 0504");
        CHECK_EQ(play.got[0].failed_after_code, SMP_PAIRING_CONFIRM);
        CHECK_EQ(play.got[0].failed_after_usec, 2000);
        CHECK_EQ(play.got[0].phase, TRACE_PHASE_PROOF);

        CAPTURE("connected", SECURITY_REQUEST, "cuff 0508"); /* nobody spoke but the cuff */
        CHECK_EQ(play.got[0].failed_after_code, 0);
        CHECK_EQ(play.got[0].failed_after_usec, -1);

        /* Not what was said in the pairing before. */
        CAPTURE("connected", REQUEST, "cuff 0508", SECURITY_REQUEST, "cuff 0508");
        CHECK_EQ(play.n, 2);
        CHECK_EQ(play.got[1].failed_after_code, 0);
}

static void failed_by_somebody(void) {
        CAPTURE("connected", REQUEST, RESPONSE, "somebody 0508");
        ONLY(TRACE_FAILED);
        CHECK_EQ(play.got[0].failed_by, TRACE_UNKNOWN);
        CHECK(play.got[0].has_reason);
        CHECK_EQ(play.got[0].failed_after_code, 0);
        CHECK_EQ(play.got[0].failed_after_usec, -1);
}

static void failed_without_reason(void) {
        CAPTURE("connected", REQUEST, "cuff 05~");
        ONLY(TRACE_FAILED);
        CHECK(!play.got[0].has_reason);
        CHECK_EQ(play.got[0].failed_by, TRACE_CUFF);
        CHECK(!play.got[0].step[1].malformed && play.got[0].step[1].pdu_cut);

        CAPTURE("connected", REQUEST, "cuff 05");
        ONLY(TRACE_FAILED);
        CHECK(!play.got[0].has_reason && play.got[0].step[1].malformed);
}

static void failed_alone(void) {
        begin();
        at(20, 26420475);
        TELL("cuff 0508");
        end();
        ONLY(TRACE_FAILED);
        CHECK_EQ(play.got[0].number, 20);
        CHECK_EQ(play.got[0].begin_usec, 26420475);
        CHECK_EQ(play.got[0].connected_usec, -1);
        CHECK(!play.got[0].has_request && !play.got[0].has_address);
        CHECK_EQ(play.got[0].failed_after_code, 0);
        CHECK_EQ(play.got[0].n_steps, 1);
}

static void encryption_with_new_key_fails(void) {
        const struct trace_pairing *p = &play.got[0];

        CAPTURE("connected", REQUEST, RESPONSE, PROOF, "ask", "done 3d", "gone 3d");
        ONLY(TRACE_FAILED);
        CHECK_EQ(p->failed_by, TRACE_UNKNOWN);
        CHECK(p->has_reason && p->reason == 0x3D);
        CHECK_EQ(p->phase, TRACE_PHASE_ENCRYPTION);
        CHECK(!p->encrypted && p->has_disconnect);
        CHECK_EQ(p->failed_after_usec, -1);

        /* Lost while it is tried: nobody said no. */
        CAPTURE("connected", REQUEST, RESPONSE, PROOF, "ask", "gone 3d");
        ONLY(TRACE_INCOMPLETE);
        CHECK_EQ(p->phase, TRACE_PHASE_ENCRYPTION);
        CHECK(!p->has_reason);
}

/* --- done --------------------------------------------------------------------------------------
 */

static void bonded(void) {
        const struct trace_pairing *p = &play.got[0];

        begin();
        TELL("connected", REQUEST, RESPONSE, PROOF, "ask", "done 00", "cuff 06*");
        CHECK_EQ(play.n, 0);
        TELL("cuff 07*");
        ONLY(TRACE_BONDED); /* at once */
        CHECK_EQ(p->phase, TRACE_PHASE_KEYS);
        CHECK(p->encrypted && p->has_agreement && p->agreement.bonding);
        CHECK_EQ(p->cuff_keys, SMP_KEY_ENC);
        CHECK_EQ(p->host_keys, 0);
        CHECK(!p->has_reason && p->failed_by == TRACE_UNKNOWN && !p->has_disconnect);
        CHECK_EQ(p->end_usec, 10000);
        TELL("gone 13");
        end();
        CHECK_EQ(play.n, 1);
}

/* All six PDUs of both sides; any one that is missing keeps it open. */
static void bonded_with_all_keys(void) {
        static const char *const keys[] = {
                "cuff 06*", "cuff 07*", "cuff 08*", "cuff 0900112233445566",
                "cuff 0a*", "host 06*", "host 07*", "host 08*",
                "host 09*", "host 0a*"};
        const size_t n = sizeof keys / sizeof keys[0];

        for (size_t missing = 0; missing <= n; missing++) {
                begin();
                TELL("connected", "host 01030001100707", "cuff 02030001100707", PROOF, "ask",
                     "done 00");
                for (size_t i = 0; i < n; i++)
                        if (i != missing)
                                tell(keys[i]);
                end();
                ONLY(missing == n ? TRACE_BONDED : TRACE_INCOMPLETE);
                CHECK_EQ(play.got[0].host_keys == 7, missing < 5 || missing == n);
                CHECK_EQ(play.got[0].cuff_keys == 7, missing >= 5);
        }
}

/* Keys by whom they were not agreed of, of nobody, or malformed do not count; cut off ones do. */
static void keys_that_do_not_count(void) {
        CAPTURE(REQUEST, RESPONSE, "done 00", "host 06*", "host 07*", "somebody 06*",
                "somebody 07*");
        ONLY(TRACE_INCOMPLETE);
        CHECK_EQ(play.got[0].host_keys, SMP_KEY_ENC);
        CHECK_EQ(play.got[0].cuff_keys, 0);
        CAPTURE(REQUEST, RESPONSE, "done 00", "cuff 06*", "cuff 0700");
        ONLY(TRACE_INCOMPLETE);
        CAPTURE(REQUEST, RESPONSE, "done 00", "cuff 06~", "cuff 07~");
        ONLY(TRACE_BONDED);
}

static void bonded_without_encryption_events(void) {
        CAPTURE("connected", REQUEST, RESPONSE, PROOF, CUFF_LTK);
        ONLY(TRACE_BONDED);
        CHECK(!play.got[0].encrypted);
        CHECK_EQ(play.got[0].phase, TRACE_PHASE_KEYS);
        CAPTURE("host 01030001100000", "cuff 02030001100000", "cuff 06*"); /* half a key */
        ONLY(TRACE_INCOMPLETE);
}

/* The LTK of Secure Connections is made by both, not sent. */
static void bonded_with_secure_connections(void) {
        begin();
        TELL("connected", "host 01030009100d0d", "cuff 02030009100d0d", "host 0c*", "cuff 0c*",
             "cuff 03*", "host 04*", "cuff 04*", "host 0d*", "cuff 0d*", "ask");
        TELL("done 00", "cuff 0a*");
        CHECK_EQ(play.n, 0);
        TELL("host 0a*");
        ONLY(TRACE_BONDED);
        CHECK(play.got[0].agreement.secure_connections);

        CAPTURE("host 01030009100101", "cuff 02030009100101", "host 0d*", "cuff 0d*", "done 00");
        ONLY(TRACE_BONDED); /* nothing to send at all */
        CAPTURE("host 01030008100101", "cuff 02030009100101", "host 0d*", "cuff 0d*", "done 00");
        ONLY(TRACE_PAIRED_WITHOUT_KEYS); /* no bonding */
}

static void bonded_because_key_is_stored(void) {
        begin();
        TELL("connected", REQUEST, "cuff 02030001100501", PROOF, "ask", "done 00", CUFF_LTK);
        CHECK_EQ(play.n, 0); /* the host's keys are still to come */
        TELL("stored", "host 06*", "host 07*");
        CHECK_EQ(play.n, 0);
        TELL("host 0a*");
        ONLY(TRACE_BONDED);
        CHECK(play.got[0].key_stored);
        CHECK_EQ(play.got[0].host_keys, 5);
        CHECK_EQ(play.got[0].end_usec, 14000);
        TELL("stored", "status 00"); /* the tail */
        end();
        CHECK_EQ(play.n, 1);

        begin(); /* and where the rest is not seen */
        TELL("connected", REQUEST, "cuff 02030001100501", PROOF, "ask", "done 00", CUFF_LTK);
        TELL("stored", "gone 13");
        ONLY(TRACE_BONDED);
        CHECK(!play.got[0].has_disconnect);
        CHECK_EQ(play.got[0].end_usec, 11000);
}

static void paired_without_keys(void) {
        const struct trace_pairing *p = &play.got[0];

        begin();
        TELL("connected", "host 01030008100002", "cuff 02030001100000", PROOF, "ask");
        CHECK_EQ(play.n, 0);
        TELL("done 00"); /* none agreed: over with encryption */
        ONLY(TRACE_PAIRED_WITHOUT_KEYS);
        CHECK_EQ(p->phase, TRACE_PHASE_KEYS);
        CHECK(p->encrypted && !p->agreement.bonding);

        CAPTURE("host 01030001100000", "cuff 02030001100000", "done 00");
        ONLY(TRACE_PAIRED_WITHOUT_KEYS); /* both want bonding, and there is nothing to keep */

        CAPTURE("host 01030001100202", "cuff 02030001100202", "done 00", "cuff 08*", "cuff 09*",
                "host 08*", "host 09*");
        ONLY(TRACE_PAIRED_WITHOUT_KEYS); /* .. and nothing that encrypts the next link */
        CAPTURE("host 01030001100300", "cuff 02030001100100", "done 00", "host 06*", "host 07*");
        ONLY(TRACE_BONDED);

        begin();
        TELL("host 01030008100002", "cuff 02030000100002", "done 00");
        CHECK_EQ(play.n, 0); /* an IRK was agreed, bonding or not */
        TELL("cuff 08*", "cuff 09*");
        ONLY(TRACE_PAIRED_WITHOUT_KEYS);
        CHECK_EQ(p->cuff_keys, SMP_KEY_ID);
}

/* --- incomplete --------------------------------------------------------------------------------
 */

static void incomplete(void) {
        const struct trace_pairing *p = &play.got[0];

        CAPTURE("connected", SECURITY_REQUEST, "gone 13");
        ONLY(TRACE_INCOMPLETE);
        CHECK_EQ(p->phase, TRACE_PHASE_ASKED);
        CHECK(p->has_disconnect && p->disconnect_reason == 0x13);
        CHECK_EQ(p->end_usec, 2000);
        CHECK_EQ(p->step[1].kind, TRACE_DISCONNECTED);

        CAPTURE("connected", REQUEST, RESPONSE, "host 03*");
        ONLY(TRACE_INCOMPLETE);
        CHECK_EQ(p->phase, TRACE_PHASE_PROOF);
        CHECK(!p->has_disconnect && p->has_agreement);
        CHECK_EQ(p->end_usec, 3000);

        CAPTURE("connected", REQUEST, RESPONSE, PROOF, "ask", "done 00", "cuff 06*", "gone 08");
        ONLY(TRACE_INCOMPLETE);
        CHECK_EQ(p->phase, TRACE_PHASE_KEYS);
        CHECK(p->encrypted);

        CAPTURE("connected", REQUEST, "connected"); /* the disconnect is not in the capture */
        ONLY(TRACE_INCOMPLETE);
        CHECK(!p->has_disconnect);
}

/* The middle of a pairing whose beginning is missing. */
static void begins_in_the_middle(void) {
        static const struct {
                const char *line;
                enum trace_phase phase;
        } table[] = {
                {RESPONSE, TRACE_PHASE_FEATURES},     {"cuff 03*", TRACE_PHASE_PROOF},
                {"host 04*", TRACE_PHASE_PROOF},      {"host 0c*", TRACE_PHASE_PROOF},
                {"cuff 0d*", TRACE_PHASE_PROOF},      {"host 0e*", TRACE_PHASE_PROOF},
                {"host 0103~", TRACE_PHASE_FEATURES},
        };

        for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
                CAPTURE(table[i].line);
                ONLY(TRACE_INCOMPLETE);
                CHECK_EQ(play.got[0].phase, table[i].phase);
                CHECK(!play.got[0].has_request);
                CHECK_EQ(play.got[0].n_steps, 1);
        }
        /* Its encryption is its own, and without the request nobody knows what was agreed. */
        CAPTURE("cuff 04*", "ask", "done 00", CUFF_LTK, "gone 13");
        ONLY(TRACE_INCOMPLETE);
        CHECK_EQ(play.got[0].cuff_keys, SMP_KEY_ENC);
        CAPTURE(RESPONSE, "ask", "done 06");
        ONLY(TRACE_FAILED);
        CAPTURE(REQUEST, "cuff 0203~", "ask", "done 00", CUFF_LTK, "stored");
        ONLY(TRACE_BONDED);
        CHECK(!play.got[0].has_agreement);
        CAPTURE(REQUEST, RESPONSE, "stored");
        ONLY(TRACE_BONDED);
        CHECK_EQ(play.got[0].phase, TRACE_PHASE_KEYS);
}

static void begins_nothing(void) {
        static const char *const lines[] = {"cuff 06*", "host 0a*",  "cuff 42", "cuff ~",
                                            "gone 13",  "connected", "stored",  "advert yes"};

        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
                CAPTURE(lines[i]);
                CHECK_EQ(play.n, 0);
        }
        CAPTURE("connected", "cuff 06*", "done 00", "cuff 42", "gone 13");
        CHECK_EQ(play.n, 0);
}

/* The last keys of a pairing that is over belong to no other. */
static void tail_of_keys(void) {
        CAPTURE("connected", REQUEST, RESPONSE, "done 00", CUFF_LTK, SECURITY_REQUEST, "host 06*",
                "ask stored", "done 00");
        CHECK_EQ(play.n, 2);
        CHECK_EQ(play.got[1].outcome, TRACE_ENCRYPTED_WITH_STORED_KEY);
        CHECK_EQ(play.got[1].host_keys, 0);
        CHECK_EQ(play.got[1].n_steps, 4);
}

CHECK_MAIN("unit.trace", TEST(cuff_refuses), TEST(host_refuses), TEST(failed_after_other_side),
           TEST(failed_by_somebody), TEST(failed_without_reason), TEST(failed_alone),
           TEST(encryption_with_new_key_fails), TEST(bonded), TEST(bonded_with_all_keys),
           TEST(keys_that_do_not_count), TEST(bonded_without_encryption_events),
           TEST(bonded_with_secure_connections), TEST(bonded_because_key_is_stored),
           TEST(paired_without_keys), TEST(incomplete), TEST(begins_in_the_middle),
           TEST(begins_nothing), TEST(tail_of_keys))
