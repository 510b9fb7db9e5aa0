#include "verdict_case.h"

/* The Pairing Response was the last word, this long before the end. */
static struct trace_pairing waited(uint8_t disconnect_reason, int64_t usec) {
        struct trace_pairing p = with_response(
                with_request(disconnected(TRACE_PHASE_FEATURES, disconnect_reason), legacy_request),
                cuffs_response);

        add_step(&p, TRACE_HOST, SMP_PAIRING_REQUEST, 900000);
        add_step(&p, TRACE_CUFF, SMP_PAIRING_RESPONSE, 1000000);
        p.end_usec = 1000000 + usec;
        return p;
}

static void nothing_went_wrong(void) {
        struct trace_pairing p = with_request(pairing(TRACE_BONDED, TRACE_PHASE_KEYS), no_bonding);

        CAUSES(p, "");
        p.outcome = TRACE_ENCRYPTED_WITH_STORED_KEY;
        CAUSES(p, "");
}

static void the_agent(void) {
        struct trace_pairing p = with_response(
                with_request(failed(TRACE_PHASE_PROOF, TRACE_HOST, 0x01, SMP_PAIRING_RESPONSE),
                             legacy_request),
                cuffs_response);

        CAUSES(p, "agent_refused");
        EVIDENCE(p, AGENT_REFUSED,
                 "The host sent Pairing Failed 0x01 (Passkey Entry Failed), after the Pairing "
                 "Response. A Linux host may do so when its agent says no. | The agent's answer is "
                 "not in this capture.");
        p.has_mgmt = true;
        CAUSES(p, "agent_refused no_agent");
        EVIDENCE(p, NO_AGENT, "No agent was seen to register in this capture. | ");
        p.confirm = TRACE_YES;
        CAUSES(p, "agent_refused");
        SAYS(p, AGENT_REFUSED, "| The agent was asked, and agreed.");
        p.confirm = TRACE_NO;
        CAUSES(p, "agent_refused no_agent");
        EVIDENCE(p, AGENT_REFUSED,
                 "The host's user space was asked whether to pair, and said no. | ");
        p.bonded_before = true;
        SAYS(p, AGENT_REFUSED, "bonded with this cuff before: BlueZ may refuse to renew a bond.");
        p.confirm = TRACE_NOT_TOLD;
        p.confirm_pending = true;
        p.reason = 0x08;
        CAUSES(p, "agent_silent host_stopped no_agent");
        p.phase = TRACE_PHASE_ENCRYPTION; /* no longer the agent's turn */
        CAUSES(p, "agent_silent host_stopped");
        p = disconnected(TRACE_PHASE_PROOF, 0x08);
        p.confirm_pending = true;
        CAUSES(p, "agent_silent link_lost");
        p.confirm_pending = false;
        p.confirm = TRACE_NO;
        CAUSES(p, "agent_refused link_lost");
        p.outcome = TRACE_KEY_REFUSED; /* an old answer has nothing to do with an old key */
        p.confirm_pending = true;
        CAUSES(p, "bond_lost bonded_elsewhere");
        p = failed(TRACE_PHASE_PROOF, TRACE_CUFF, 0x04, SMP_PAIRING_RANDOM);
        p = with_request(p, legacy_request);
        p.confirm = TRACE_NO;
        CAUSES(p, "agent_refused confirm_mismatch");
}

static void the_cuff_hangs_up(void) {
        struct trace_pairing p =
                with_request(disconnected(TRACE_PHASE_FEATURES, 0x13), legacy_request);

        for (p.disconnect_reason = 0x13; p.disconnect_reason <= 0x15; p.disconnect_reason++)
                CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal cuff_hung_up / "
                          "no_agent not_pairable mitm_asked");
        p.disconnect_reason = 0x13;
        EVIDENCE(p, NOT_IN_PAIRING_MODE,
                 "The link ended with 0x13 (Remote User Terminated Connection). That is the first "
                 "step: nothing had been compared yet. Outside pairing mode cuffs were seen to "
                 "hang up at once. | ");
        EVIDENCE(p, CUFF_HUNG_UP,
                 "The link ended with 0x13 (Remote User Terminated Connection). "
                 "The other side did that on purpose. | ");
        SAYS(p, PASSING_REFUSAL, "about 7 s later. | ");
        p.request.auth |= SMP_AUTH_MITM;
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal cuff_hung_up mitm_asked / "
                  "no_agent not_pairable");
        p.request.auth &= (uint8_t) ~SMP_AUTH_MITM;
        p = with_response(p, cuffs_response);
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal cuff_hung_up / mitm_asked");
        EVIDENCE(p, NOT_IN_PAIRING_MODE,
                 "The link ended with 0x13 (Remote User Terminated Connection). | It did answer "
                 "the request, with the Pairing Response (03 00 01 10 03 03).");
        p.phase = TRACE_PHASE_PROOF;
        CAUSES(p, "passing_refusal cuff_hung_up");
        p = disconnected(TRACE_PHASE_ASKED, 0x13);
        CAUSES(p, "not_in_pairing_mode bonded_elsewhere passing_refusal cuff_hung_up "
                  "not_in_capture");
        SAYS(p, NOT_IN_PAIRING_MODE, "No Pairing Request is in this capture.");
        EVIDENCE(p, NOT_IN_CAPTURE, "What the host answered is not in this capture. | ");
        p = with_request(disconnected(TRACE_PHASE_FEATURES, 0x13), no_bonding);
        CAUSES(p, "no_agent not_pairable no_bonding_asked not_in_pairing_mode bonded_elsewhere "
                  "passing_refusal cuff_hung_up / mitm_asked");
}

static void the_link_is_lost(void) {
        static const uint8_t losses[] = {0x08, 0x22, 0x3e};
        struct trace_pairing p =
                with_request(disconnected(TRACE_PHASE_FEATURES, 0), legacy_request);

        for (size_t i = 0; i < sizeof losses; i++) {
                p.disconnect_reason = losses[i];
                CAUSES(p, "link_lost");
                SAYS(p, LINK_LOST, "Nobody hung up: one side no longer heard the other. | ");
        }
        p.disconnect_reason = 0x3d; /* what it is cannot be told */
        CAUSES(p, "link_lost");
        SAYS(p, LINK_LOST, "| This code does not tell that nobody hung up.");
}

static void the_host_hangs_up(void) {
        struct trace_pairing p =
                with_request(disconnected(TRACE_PHASE_PROOF, 0x16), legacy_request);

        CAUSES(p, "host_stopped");
        SAYS(p, HOST_STOPPED, "The link ended with 0x16 (Connection Terminated");
        p.disconnect_reason = 0x05;
        CAUSES(p, "host_stopped");
}

static void nobody_answers(void) {
        struct trace_pairing p = waited(0x16, 28999999);

        CAUSES(p, "host_stopped");
        p = waited(0x16, 30100000);
        CAUSES(p, "no_answer agent_silent host_stopped");
        EVIDENCE(p, NO_ANSWER,
                 "After the Pairing Response of the cuff nothing more was said for "
                 "30.1 s; a pairing is given up after 30 s. | ");
        EVIDENCE(p, AGENT_SILENT,
                 "The cuff had answered (Pairing Response), and for 30.1 s nothing came from the "
                 "host, whose agent decides then. | That an agent was asked is not in this "
                 "capture.");
        p.has_mgmt = true;
        CAUSES(p, "no_answer agent_silent host_stopped no_agent");
        p.has_mgmt = false;
        p.phase = TRACE_PHASE_PROOF;
        add_step(&p, TRACE_HOST, SMP_PAIRING_CONFIRM, 1100000);
        CAUSES(p, "no_answer host_stopped");
        SAYS(p, NO_ANSWER, "After the Pairing Confirm of the host nothing");
        p.step[2].side = TRACE_UNKNOWN;
        SAYS(p, NO_ANSWER, "After the Pairing Confirm nothing");
        p.step[2].kind = TRACE_CONFIRM_ASKED; /* no word of SMP's */
        SAYS(p, NO_ANSWER, "After the Pairing Response of the cuff nothing");

        /* Where the last word, or its time, is not known nothing is said. */
        p = waited(0x16, 30100000);
        p.steps_left_out = 1;
        CAUSES(p, "host_stopped");
        p = waited(0x16, 30100000);
        p.step[1].usec = -1;
        CAUSES(p, "host_stopped");
        p = waited(0x16, 30100000);
        p.step[1].pdu_size = 0;
        CAUSES(p, "host_stopped");
        p = waited(0x16, 29000000);
        p.step[1].usec = 0;
        p.end_usec = 28999999;
        CAUSES(p, "host_stopped");
        p.end_usec = 29000000;
        CAUSES(p, "no_answer agent_silent host_stopped");
        p = waited(0x16, -30100000);
        CAUSES(p, "host_stopped");
}

static void the_capture_ends(void) {
        struct trace_pairing p =
                with_request(pairing(TRACE_INCOMPLETE, TRACE_PHASE_FEATURES), legacy_request);

        CAUSES(p, "not_in_capture");
        EVIDENCE(p, NOT_IN_CAPTURE, "The capture ends before the pairing does. | ");
        p.has_request = false;
        p.phase = TRACE_PHASE_ASKED;
        EVIDENCE(p, NOT_IN_CAPTURE,
                 "The capture ends before the pairing does. What the host "
                 "answered is not in this capture. | ");
}

static void encrypted_and_not_all_keys(void) {
        struct trace_pairing p = with_request(disconnected(TRACE_PHASE_KEYS, 0x13), legacy_request);

        p.has_agreement = true;
        CAUSES(p, "not_in_capture passing_refusal cuff_hung_up");
        EVIDENCE(p, NOT_IN_CAPTURE,
                 "The link was encrypted; if a sniffer took this capture, it could not read what "
                 "followed, and the pairing may have succeeded. | ");
        p.cuff_keys = SMP_KEY_ENC;
        CAUSES(p, "passing_refusal cuff_hung_up not_in_capture");
        SAYS(p, NOT_IN_CAPTURE, "The link was encrypted, and not all keys were seen.");
        p.cuff_keys = 0;
        p.host_keys = SMP_KEY_ID;
        CAUSES(p, "passing_refusal cuff_hung_up not_in_capture");
        p.host_keys = 0;
        p.has_mgmt = true; /* no sniffer */
        CAUSES(p, "passing_refusal cuff_hung_up not_in_capture");
}

/* Nobody knows which keys were agreed: it may be complete, and the silence that of a good end. */
static void encrypted_and_the_beginning_missing(void) {
        struct trace_pairing p = disconnected(TRACE_PHASE_KEYS, 0x13);

        p.cuff_keys = p.host_keys = SMP_KEY_ENC;
        add_step(&p, TRACE_HOST, SMP_CENTRAL_IDENTIFICATION, 0);
        p.end_usec = 40000000;
        CAUSES(p, "not_in_capture passing_refusal cuff_hung_up");
        EVIDENCE(p, NOT_IN_CAPTURE,
                 "The link was encrypted, and which keys were agreed on is not in this capture: "
                 "the pairing may have succeeded. | ");
        p.has_agreement = true;
        CAUSES(p, "no_answer passing_refusal cuff_hung_up not_in_capture");
}

static void a_stored_key(void) {
        struct trace_pairing p = pairing(TRACE_KEY_REFUSED, TRACE_PHASE_ENCRYPTION);

        p.failed_by = TRACE_CUFF;
        CAUSES(p, "bond_lost bonded_elsewhere");
        SAYS(p, BOND_LOST, "encryption with it was refused. | ");
        p.has_reason = true;
        p.reason = 0x06;
        CAUSES(p, "bond_lost bonded_elsewhere");
        EVIDENCE(p, BOND_LOST,
                 "The host had a key for this cuff, and encryption with it was "
                 "refused: 0x06 (PIN or Key Missing). | ");
        EVIDENCE(p, BONDED_ELSEWHERE,
                 "These cuffs keep one bond: pairing with a phone since then "
                 "ends this host's. | ");
        p.failed_by = TRACE_UNKNOWN;
        p.reason = 0x08;
        CAUSES(p, "link_lost bond_lost bonded_elsewhere");
        SAYS(p, BOND_LOST, "encryption with it failed: 0x08 (Connection Timeout). | The error");
        SAYS(p, BOND_LOST, "| The error is one of the radio, not of the key.");
        p.reason = 0x0c;
        CAUSES(p, "bond_lost bonded_elsewhere");
        SAYS(p, BOND_LOST, "| This error does not say that the cuff refused.");
}

static void a_new_key_that_does_not_encrypt(void) {
        struct trace_pairing p = failed(TRACE_PHASE_ENCRYPTION, TRACE_UNKNOWN, 0x06, 0);

        p = with_response(with_request(p, legacy_request), cuffs_response);
        CAUSES(p, "protocol");
        EVIDENCE(p, PROTOCOL,
                 "Encryption with the new key could not be started: 0x06 (PIN or Key "
                 "Missing). | ");
        p.has_reason = false;
        EVIDENCE(p, PROTOCOL, "Encryption with the new key could not be started. | ");
        p.has_reason = true;
        p.reason = 0x3e;
        CAUSES(p, "link_lost protocol");
        /* An error of the link is no reason of Pairing Failed, though 0x05 is one too. */
        p = failed(TRACE_PHASE_ENCRYPTION, TRACE_UNKNOWN, 0x05, 0);
        CAUSES(p, "protocol not_in_capture");
        p = with_response(with_request(p, legacy_request), cuffs_response);
        p.reason = 0x3e;
        /* .. and by a Pairing Failed, which is seen in the steps, or was left out of them. */
        p.failed_by = TRACE_CUFF;
        p.reason = 0x08;
        add_step(&p, TRACE_CUFF, SMP_PAIRING_FAILED, 1);
        CAUSES(p, "passing_refusal not_in_pairing_mode bonded_elsewhere");
        p.step[0].pdu[0] = SMP_PAIRING_RANDOM;
        CAUSES(p, "link_lost protocol");
        p.step[0].pdu_size = 0;
        CAUSES(p, "link_lost protocol");
        p.step[0] = (struct trace_step){.kind = TRACE_ENCRYPTION_DONE, .pdu = {5}, .pdu_size = 1};
        CAUSES(p, "link_lost protocol");
        p.failed_after_code = SMP_PAIRING_RANDOM;
        CAUSES(p, "passing_refusal not_in_pairing_mode bonded_elsewhere");
}

static void paired_without_keys(void) {
        struct trace_pairing p = pairing(TRACE_PAIRED_WITHOUT_KEYS, TRACE_PHASE_KEYS);

        CAUSES(p, "not_in_capture");
        SAYS(p, NOT_IN_CAPTURE, "is not in this capture. The Pairing Response is not in it. | ");
        p = with_response(with_request(p, no_bonding), cuffs_response);
        CAUSES(p, "not_pairable no_bonding_asked no_agent");
        SAYS(p, NO_AGENT, "| Without an agent the host was seen to give up; this one paired.");
        p.request = legacy_request;
        CAUSES(p, "protocol");
        EVIDENCE(p, PROTOCOL,
                 "The request (03 00 01 10 05 07) asks for bonding, the response is "
                 "(03 00 01 10 03 03). Keys handed out: by the host none, by the cuff none. | ");
        p.host_keys = SMP_KEY_ID;
        p.cuff_keys = SMP_KEY_ID | SMP_KEY_SIGN;
        SAYS(p, PROTOCOL, "Keys handed out: by the host IdKey, by the cuff IdKey, Sign.");
        p.response.auth = 0;
        CAUSES(p, "not_in_pairing_mode protocol");
        EVIDENCE(p, NOT_IN_PAIRING_MODE,
                 "The cuff's response (03 00 00 10 03 03) asks for no "
                 "bonding, which has not been seen on a cuff so far. | ");
        p.has_response = false;
        CAUSES(p, "not_in_capture");
}

static void a_malformed_pdu(void) {
        struct trace_pairing p =
                with_request(pairing(TRACE_INCOMPLETE, TRACE_PHASE_FEATURES), legacy_request);

        add_step(&p, TRACE_HOST, SMP_PAIRING_REQUEST, 0);
        add_step(&p, TRACE_CUFF, SMP_PAIRING_RESPONSE, 1);
        p.step[1].malformed = true;
        p.step[1].number = 18;
        p.step[1].pdu[1] = 0x03;
        p.step[1].pdu_size = 2;
        CAUSES(p, "protocol not_in_capture");
        EVIDENCE(p, PROTOCOL, "The PDU in frame 18 is malformed (02 03). | ");
        p.step[1].pdu_size = 9;
        SAYS(p, PROTOCOL, "malformed (02 03 00 00 00 00 00 00 ..).");
        p.step[1].pdu[0] = SMP_ENCRYPTION_INFORMATION; /* a key is not told */
        SAYS(p, PROTOCOL, "malformed (06 ..).");
        p.step[1].pdu_size = 1;
        SAYS(p, PROTOCOL, "malformed (06).");
}

CHECK_MAIN("unit.verdict_link", TEST(nothing_went_wrong), TEST(the_agent), TEST(the_cuff_hangs_up),
           TEST(the_link_is_lost), TEST(the_host_hangs_up), TEST(nobody_answers),
           TEST(the_capture_ends), TEST(encrypted_and_not_all_keys),
           TEST(encrypted_and_the_beginning_missing), TEST(a_stored_key),
           TEST(a_new_key_that_does_not_encrypt), TEST(paired_without_keys), TEST(a_malformed_pdu))
