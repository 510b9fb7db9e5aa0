#include "verdict_case.h"

/* What made it begin: a Raspberry Pi 4, BlueZ 5.50, a BP7350. */
static struct trace_pairing the_question(void) {
        struct trace_pairing p =
                with_request(failed(TRACE_PHASE_FEATURES, TRACE_CUFF, 0x08, SMP_PAIRING_REQUEST),
                             legacy_request);

        p.has_security_request = true;
        p.security_request = 0x01;
        p.failed_after_usec = 97100;
        return p;
}

#define QUESTION_RULED_OUT " / no_agent not_pairable mitm_asked secure_connections_only"

static void the_question_it_began_with(void) {
        struct trace_pairing p = the_question();

        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal "
                  "identity_key_wanted" QUESTION_RULED_OUT);
        EVIDENCE(p, NOT_IN_PAIRING_MODE,
                 "The cuff sent Pairing Failed 0x08 (Unspecified Reason), 97 ms after the Pairing "
                 "Request. That is the first step: nothing had been compared yet. | ");
        EVIDENCE(p, BONDED_ELSEWHERE,
                 "The cuff asked for security itself (Security Request 0x01), and then took no new "
                 "host; these cuffs keep one bond. | ");
        EVIDENCE(p, PASSING_REFUSAL,
                 "It is the first failure in this capture. A BP5465 was seen to refuse a phone's "
                 "first try and to take the next, about 7 s later. | That was 0x04 or a hang-up; "
                 "with 0x08 it has not been seen.");
        EVIDENCE(p, IDENTITY_KEY_WANTED,
                 "The request's initiator keys are 0x05 (EncKey, Sign), without IdKey. The request "
                 "of an Android phone that a BP5465 takes has 0x0f, IdKey among them. | An open "
                 "question: nobody has seen IdKey help.");
        EVIDENCE(p, NO_AGENT,
                 " | The request (03 00 01 10 05 07) asks for bonding (AuthReq 0x01). A host "
                 "without an agent asks for none, or refuses with 0x05; and an agent has nothing "
                 "to do before the cuff's response.");
        EVIDENCE(p, NOT_PAIRABLE,
                 " | The request (03 00 01 10 05 07) asks for bonding (AuthReq 0x01). A host that "
                 "is not pairable asks for none, or refuses with 0x05.");
        EVIDENCE(p, MITM_ASKED,
                 " | The request (03 00 01 10 05 07) asks for no MITM protection "
                 "(AuthReq 0x01).");
        EVIDENCE(p, SECURE_CONNECTIONS_ONLY,
                 " | The request (03 00 01 10 05 07) does not ask for "
                 "Secure Connections (AuthReq 0x01).");
        p.failed_after_usec = 0;
        SAYS(p, NOT_IN_PAIRING_MODE, "Reason), less than 1 ms after the Pairing Request.");
        p.failed_after_usec = 97100;
        p.has_security_request = false;
        SAYS(p, BONDED_ELSEWHERE, "The cuff took no new host; these cuffs keep one bond. |");
        p.has_reason = false;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal identity_key_wanted "
                  "not_in_capture" QUESTION_RULED_OUT);
        SAYS(p, NOT_IN_CAPTURE, "The reason of the Pairing Failed is cut off.");
        SAYS(p, NOT_IN_PAIRING_MODE, "The cuff sent Pairing Failed, 97 ms after");
}

static void its_last_block_alone(void) {
        struct trace_pairing p = failed(TRACE_PHASE_ASKED, TRACE_CUFF, 0x08, 0);

        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal not_in_capture");
        EVIDENCE(p, NOT_IN_PAIRING_MODE,
                 "The cuff sent Pairing Failed 0x08 (Unspecified Reason). "
                 "What it answered is not in this capture. | ");
        EVIDENCE(p, NOT_IN_CAPTURE,
                 "What the host asked for, its Pairing Request, is not in this "
                 "capture. | ");
        p.failed_by = TRACE_UNKNOWN;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal not_in_capture");
        SAYS(p, NOT_IN_PAIRING_MODE, "One of the two sent Pairing Failed");
        SAYS(p, NOT_IN_CAPTURE, "Who sent the Pairing Failed is not told.");
}

static void the_pairing_flag(void) {
        struct trace_pairing p = the_question();

        p.pairing_flag = TRACE_NO;
        p.flag_age_usec = 400000;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal "
                  "identity_key_wanted" QUESTION_RULED_OUT);
        SAYS(p, NOT_IN_PAIRING_MODE,
             "The last advertisement, 400 ms before, was without the "
             "pairing flag (no P blinked). | ");
        p.pairing_flag = TRACE_YES;
        p.flag_age_usec = 5000000;
        CAUSES(p, "bonded_elsewhere passing_refusal identity_key_wanted / no_agent not_pairable "
                  "not_in_pairing_mode mitm_asked secure_connections_only");
        SAYS(p, NOT_IN_PAIRING_MODE,
             " | The last advertisement, 5.0 s before, had the pairing flag (P blinked).");
        SAYS(p, BONDED_ELSEWHERE, "(P blinked). In pairing mode a cuff is meant to take a new");
        p.flag_age_usec = 0;
        CAUSES(p, "bonded_elsewhere passing_refusal identity_key_wanted / no_agent not_pairable "
                  "not_in_pairing_mode mitm_asked secure_connections_only");
        p.flag_age_usec = 5000001;
        CAUSES(p, "bonded_elsewhere passing_refusal identity_key_wanted "
                  "not_in_pairing_mode" QUESTION_RULED_OUT);
        p.flag_age_usec = -1;
        CAUSES(p, "bonded_elsewhere passing_refusal identity_key_wanted "
                  "not_in_pairing_mode" QUESTION_RULED_OUT);
        SAYS(p, NOT_IN_PAIRING_MODE, "The last advertisement had the pairing flag");
        p.has_request = false; /* nothing is ruled out then */
        p.flag_age_usec = 0;
        CAUSES(p, "bonded_elsewhere passing_refusal not_in_pairing_mode not_in_capture");
        SAYS(p, NOT_IN_PAIRING_MODE, "| The last advertisement, less than 1 ms before, had");
        p.pairing_flag = TRACE_NO;
        p.reason = SMP_REASON_AUTHENTICATION_REQUIREMENTS;
        p.request = (struct smp_features){4, 0, 0x05, 16, 7, 7};
        p.has_request = true;
        CAUSES(p, "not_in_pairing_mode mitm_asked bonded_elsewhere / no_agent not_pairable "
                  "secure_connections_only");
}

static void earlier_attempts(void) {
        struct trace_pairing p = the_question();

        p.earlier_failures = 1;
        p.since_failure_usec = 7000000;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal "
                  "identity_key_wanted" QUESTION_RULED_OUT);
        SAYS(p, PASSING_REFUSAL,
             "1 attempt before it in this capture failed too, the last 7.0 s "
             "before.");
        p.since_failure_usec = 0;
        SAYS(p, PASSING_REFUSAL, "too, the last less than 1 ms before.");
        p.earlier_failures = 2;
        p.since_failure_usec = -1;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere identity_key_wanted "
                  "passing_refusal" QUESTION_RULED_OUT);
        SAYS(p, PASSING_REFUSAL, "seen. 2 attempts before it in this capture failed too.");
        p.bonded_before = true;
        SAYS(p, BONDED_ELSEWHERE, "| This host bonded with it earlier in this capture.");
}

static void what_the_host_asked_for(void) {
        struct trace_pairing p = the_question();

        p.request = pi_request; /* offers Secure Connections: nothing to be told from that */
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal identity_key_wanted / "
                  "no_agent not_pairable mitm_asked");
        p.request.initiator_keys = 0x07;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal / no_agent not_pairable "
                  "identity_key_wanted mitm_asked");
        EVIDENCE(p, IDENTITY_KEY_WANTED,
                 " | The request (03 00 09 10 07 07) offers IdKey: its "
                 "initiator keys are 0x07.");
        p.request = (struct smp_features){4, 0, 0x0d, 16, 0x05, 0x07};
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal identity_key_wanted "
                  "mitm_asked / no_agent not_pairable");
        EVIDENCE(p, MITM_ASKED,
                 "The request (04 00 0d 10 05 07) asks for MITM protection (AuthReq 0x0d). Its IO "
                 "capability is KeyboardDisplay; the cuffs seen so far have NoInputNoOutput. | An "
                 "Android phone asks for it too (AuthReq 0x2d), and a BP5465 paired with it.");
        p.request = legacy_request; /* the cuff asks for it: then the request does not tell */
        p.security_request = 0x05;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal identity_key_wanted / "
                  "no_agent not_pairable secure_connections_only");
        p = with_response(failed(TRACE_PHASE_PROOF, TRACE_CUFF, 0x03, 3), cuffs_response);
        p = with_request(p, legacy_request);
        p.response.auth |= SMP_AUTH_MITM;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere / secure_connections_only");
        p.request.auth = 0x0d;
        CAUSES(p, "mitm_asked secure_connections_only not_in_pairing_mode bonded_elsewhere");
        EVIDENCE(p, SECURE_CONNECTIONS_ONLY,
                 "The request (03 00 0d 10 05 07) asks for Secure Connections (AuthReq 0x0d). The "
                 "cuffs seen so far do without. | A request does not tell whether the host "
                 "insists. An Android phone asks too (AuthReq 0x2d), and a BP5465 paired with it.");
        p.reason = SMP_REASON_PAIRING_NOT_SUPPORTED;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere mitm_asked secure_connections_only");
        p.reason = SMP_REASON_PASSKEY_ENTRY_FAILED;
        CAUSES(p, "mitm_asked protocol");
}

static void a_request_without_bonding(void) {
        struct trace_pairing p = the_question();

        p.request = no_bonding;
        CAUSES(p, "no_agent not_pairable no_bonding_asked not_in_pairing_mode bonded_elsewhere "
                  "passing_refusal / mitm_asked");
        EVIDENCE(p, NO_AGENT,
                 "The request (03 00 08 10 00 02) asks for no bonding (AuthReq 0x08). "
                 "So does a Linux host without an agent. | ");
        p.earlier_failures = 1;
        SAYS(p, NO_AGENT, "without an agent. 1 attempt before it in this capture failed too.");
        p.has_mgmt = true;
        p.bondable = TRACE_NO;
        SAYS(p, NO_AGENT, "No agent was seen to register in this capture.");
        SAYS(p, NOT_PAIRABLE, "The adapter was set not to be bondable (pairable).");
        p.has_io = true;
        p.io = SMP_IO_NO_INPUT_NO_OUTPUT;
        CAUSES(p, "not_pairable no_bonding_asked no_agent not_in_pairing_mode bonded_elsewhere "
                  "passing_refusal / mitm_asked"); /* it may have left again */
        SAYS(p, NO_AGENT, "| An agent had registered, with NoInputNoOutput.");
        p.bondable = TRACE_YES;
        CAUSES(p, "no_bonding_asked not_in_pairing_mode bonded_elsewhere passing_refusal no_agent "
                  "not_pairable / mitm_asked");
        p = with_request(disconnected(TRACE_PHASE_FEATURES, 0x08), no_bonding);
        CAUSES(p, "link_lost no_agent not_pairable no_bonding_asked");
}

static void the_host_says_not_supported(void) {
        struct trace_pairing p = failed(TRACE_PHASE_ASKED, TRACE_HOST, 0x05, SMP_SECURITY_REQUEST);

        CAUSES(p, "no_agent not_pairable");
        EVIDENCE(p, NO_AGENT,
                 "The host sent Pairing Failed 0x05 (Pairing Not Supported), after "
                 "the Security Request. So does a Linux host without an agent. | ");
        p.has_mgmt = true;
        p.bondable = TRACE_NO;
        CAUSES(p, "no_agent not_pairable");
        p.has_io = true;
        CAUSES(p, "not_pairable no_agent");
        p.has_io = false;
        p.bondable = TRACE_YES;
        CAUSES(p, "no_agent not_pairable");
        SAYS(p, NOT_PAIRABLE, "| The adapter was set to be bondable (pairable).");
        p.has_mgmt = false;
        p.bondable = TRACE_NO;
        CAUSES(p, "not_pairable no_agent");
        p = with_request(p, no_bonding);
        CAUSES(p, "no_agent not_pairable no_bonding_asked");
        SAYS(p, NO_AGENT, "The request (03 00 08 10 00 02) asks for no bonding");
}

/* A sniffer does not always know: then it may have been either. */
static void somebody_says_not_supported(void) {
        struct trace_pairing p = failed(TRACE_PHASE_ASKED, TRACE_UNKNOWN, 0x05, 0);

        CAUSES(p, "no_agent not_pairable not_in_pairing_mode bonded_elsewhere not_in_capture");
        EVIDENCE(p, NO_AGENT,
                 "One of the two sent Pairing Failed 0x05 (Pairing Not Supported). So does a Linux "
                 "host without an agent. | Who sent it is not told.");
        SAYS(p, NOT_PAIRABLE, "not pairable. | Who sent it is not told.");
        EVIDENCE(p, BONDED_ELSEWHERE, "These cuffs keep one bond. | ");
        p = with_request(p, legacy_request); /* which a host without an agent does not send */
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere not_in_capture / no_agent not_pairable "
                  "mitm_asked secure_connections_only");
        p.phase = TRACE_PHASE_PROOF;
        p = with_response(p, cuffs_response);
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere not_in_capture / mitm_asked "
                  "secure_connections_only");
}

struct reason_row {
        uint8_t reason;
        const char *by_cuff, *by_host;
};

/* After the cuff's response, to a request with SC and without MITM. */
static void every_reason(void) {
#define NO_MITM " / mitm_asked"
#define REFUSED "not_in_pairing_mode bonded_elsewhere"
        static const struct reason_row rows[] = {
                {0x00, "protocol", "protocol"},
                {0x01, "protocol" NO_MITM, "agent_refused"},
                {0x02, "host_requirements", "host_requirements"},
                {0x03, "secure_connections_only " REFUSED NO_MITM, "host_requirements"},
                {0x04, "confirm_mismatch", "confirm_mismatch"},
                {0x05, REFUSED " secure_connections_only" NO_MITM, "no_agent not_pairable"},
                {0x06, "host_requirements", "host_requirements"},
                {0x07, "secure_connections_only protocol", "protocol"},
                {0x08, "passing_refusal " REFUSED, "host_stopped"},
                {0x09, "repeated_attempts " REFUSED, "repeated_attempts"},
                {0x0a, "protocol", "protocol"},
                {0x0b, "protocol", "protocol"},
                {0x0c, "protocol", "agent_refused"},
                {0x0d, "protocol", "host_stopped"},
                {0x0e, "protocol", "host_stopped"},
                {0x0f, "protocol", "host_requirements"},
                {0x10, "passing_refusal " REFUSED, "host_stopped"},
                {0x11, "protocol", "protocol"},
                {0xff, "protocol", "protocol"},
        };
#undef NO_MITM
#undef REFUSED

        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
                for (enum trace_side side = TRACE_HOST; side <= TRACE_CUFF; side++) {
                        struct trace_pairing p = failed(TRACE_PHASE_PROOF, side, rows[i].reason,
                                                        side == TRACE_CUFF ? SMP_PAIRING_CONFIRM
                                                                           : SMP_PAIRING_RESPONSE);

                        p = with_response(with_request(p, pi_request), cuffs_response);
                        CAUSES(p, side == TRACE_CUFF ? rows[i].by_cuff : rows[i].by_host);
                }
}

static void evidence_of_some_reasons(void) {
        struct trace_pairing p = with_response(
                with_request(failed(TRACE_PHASE_FEATURES, TRACE_HOST, 0x03, SMP_PAIRING_RESPONSE),
                             pi_request),
                cuffs_response);

        EVIDENCE(p, HOST_REQUIREMENTS,
                 "The host sent Pairing Failed 0x03 (Authentication Requirements), after the "
                 "Pairing Response. The cuff's response (03 00 01 10 03 03): Bonding, No MITM, "
                 "Legacy; a key of 16 bytes. | ");
        p.has_response = false;
        SAYS(p, HOST_REQUIREMENTS, "The request (03 00 09 10 05 07): Bonding, No MITM, SC; a key");
        p.has_request = false;
        p.has_security_request = true;
        p.security_request = 0x01;
        SAYS(p, HOST_REQUIREMENTS, "The cuff's Security Request: Bonding, No MITM, Legacy.");
        p.has_security_request = false;
        SAYS(p, HOST_REQUIREMENTS, "after the Pairing Response. | ");
        p = failed(TRACE_PHASE_PROOF, TRACE_CUFF, 0x10, SMP_PAIRING_REQUEST);
        SAYS(p, PASSING_REFUSAL, "capture. Busy (0x10) says that it may be ready later. | ");
        p.reason = 0x09;
        SAYS(p, REPEATED_ATTEMPTS, "| No earlier attempt that failed is in this capture.");
        p.earlier_failures = 3;
        SAYS(p, REPEATED_ATTEMPTS, "3 attempts before it in this capture failed too. | ");
        p.reason = 0x04;
        SAYS(p, CONFIRM_MISMATCH, "| 3 attempts before it in this capture failed too.");
        p.failed_by = TRACE_HOST;
        p.reason = 0x08;
        p.has_mgmt_status = true;
        p.mgmt_status = 0x05;
        SAYS(p, HOST_STOPPED, "Its user space was told status 0x05. | ");
}

CHECK_MAIN("unit.verdict", TEST(the_question_it_began_with), TEST(its_last_block_alone),
           TEST(the_pairing_flag), TEST(earlier_attempts), TEST(what_the_host_asked_for),
           TEST(a_request_without_bonding), TEST(the_host_says_not_supported),
           TEST(somebody_says_not_supported), TEST(every_reason), TEST(evidence_of_some_reasons))
