#include "pairing_guess_case.h"

/* --- nothing was heard, no link, no BlueZ --- */

static void not_heard(void) {
        struct pairing_facts f = ended(PAIRING_END_NOT_HEARD, -1);

        GUESS(f, "likely: not_in_pairing_mode bonded_elsewhere link_lost");
        EVIDENCE(f, NOT_IN_PAIRING_MODE,
                 "No cuff in pairing mode was heard in this window. An OMRON cuff says in its "
                 "advertisements whether P blinks. | ");
        EVIDENCE(f, BONDED_ELSEWHERE, "A cuff that a phone holds connected may not be heard. | ");
        EVIDENCE(f, LINK_LOST, "The cuff may be too far away, or its batteries weak. | ");
        f.bonded_before = true;
        SAYS(f, NOT_IN_PAIRING_MODE,
             "The cuff was heard, and not again after its old bond was removed. An OMRON");
        f.bonded_before = false;
        f.heard = true;
        GUESS(f, "sure: not_in_pairing_mode");
        EVIDENCE(f, NOT_IN_PAIRING_MODE,
                 "The cuff was heard, and never with the pairing flag (no P blinked). | ");
}

static void no_link(void) {
        struct pairing_facts f = with_flag(ended(PAIRING_END_NO_LINK, -1), TRACE_NO, S);

        f.bonded_before = true;
        GUESS(f, "likely: link_lost cuff_hung_up");
        EVIDENCE(f, LINK_LOST,
                 "No link came up. The cuff may be too far away, or its "
                 "batteries weak. BlueZ does not pass on how the link ended" TRACE_IT " | ");
        EVIDENCE(f, CUFF_HUNG_UP,
                 "BlueZ does not tell a cuff that hangs up from a link that is lost. | ");
        f.pair_usec = 20500 * MS;
        SAYS(f, LINK_LOST, "No link came up 20.5 s after the cuff was asked to pair.");
}

/* It was up, and fell before anything was asked. */
static void the_link_did_not_last(void) {
        struct pairing_facts f = ended(PAIRING_END_NO_LINK, -1);

        f.link_usec = 0;
        GUESS(f, "likely: link_lost cuff_hung_up not_in_pairing_mode");
        SAYS(f, LINK_LOST, "nothing asked yet, less than 1 ms after the connection was made.");
        f = with_flag(f, TRACE_NO, 400 * MS);
        f.bonded_before = true;
        GUESS(f, "likely: link_lost cuff_hung_up not_in_pairing_mode bond_lost");
        EVIDENCE(f, BOND_LOST,
                 "BlueZ had a bond with it when the window opened; where the cuff has lost its "
                 "key, the link falls so. | ");
        EVIDENCE(f, NOT_IN_PAIRING_MODE,
                 "The last advertisement, 400 ms before, was without the pairing flag (no P "
                 "blinked). Without P cuffs were seen to hang up. | ");
        f = with_flag(f, TRACE_YES, S);
        GUESS(f, "likely: link_lost cuff_hung_up bond_lost / not_in_pairing_mode");
        f.agent_asked = true;
        GUESS(f, "sure: agent_refused / not_in_pairing_mode");
}

static void bluetoothd_does_not_answer(void) {
        struct pairing_facts f = with_flag(ended(PAIRING_END_NO_REPLY, S), TRACE_NO, S);

        GUESS(f, "likely: host_stopped");
        EVIDENCE(f, HOST_STOPPED,
                 "The Bluetooth service (bluetoothd) does not answer. It may hang, or have been "
                 "stopped. | ");
}

/* --- refused, or hung up: three ends that are one story --- */

static void refused_subscription(void) {
        struct pairing_facts f = ended(PAIRING_END_NOT_ENCRYPTED, 97 * MS);

        f.rung = PAIRING_RUNG_CUFF;
        GUESS(f, "possible: not_in_pairing_mode bonded_elsewhere passing_refusal link_lost "
                 "identity_key_wanted / not_pairable");
        SAYS(f, NOT_IN_PAIRING_MODE,
             "The subscription was refused 97 ms after the cuff "
             "was made to ask. No advert");
}

static void refused_with_a_fresh_flag(void) {
        struct pairing_facts f =
                with_flag(ended(PAIRING_END_LINK_FELL, 180 * MS), TRACE_YES, 400 * MS);

        GUESS(f, "possible: bonded_elsewhere passing_refusal link_lost identity_key_wanted / "
                 "not_pairable not_in_pairing_mode");
        EVIDENCE(f, BONDED_ELSEWHERE,
                 "The link fell 180 ms after the cuff was asked to pair. The last advertisement, "
                 "400 ms before, had the pairing flag (P blinked). Yet its one bond may be "
                 "another host's. BlueZ does not pass on the cuff's "
                 "reason" TRACE_IT " | ");
        EVIDENCE(f, PASSING_REFUSAL,
                 "It is the first failure of this window. A BP5465 was seen to refuse a phone's "
                 "first try and to take the next, about 7 s later. | ");
        EVIDENCE(f, IDENTITY_KEY_WANTED,
                 "An experiment, when all else is done: a phone that a BP5465 takes offers IdKey, "
                 "and BlueZ does so with Privacy only. | Nobody has seen IdKey help.");
        EVIDENCE(f, NOT_IN_PAIRING_MODE,
                 " | The last advertisement, 400 ms before, had the pairing flag (P blinked).");
        EVIDENCE(f, NOT_PAIRABLE, " | Pairable was true while the gateway's agent was registered.");
}

static void a_flag_is_fresh_for_five_seconds(void) {
        static const int64_t stale[] = {5 * S + 1, 70 * S, -1};
        struct pairing_facts f = ended(PAIRING_END_FAILED, 97 * MS);

        f = with_flag(f, TRACE_YES, 5 * S);
        SAYS(f, NOT_IN_PAIRING_MODE, " | The last advertisement, 5.0 s before, had");
        GUESS(f, "possible: bonded_elsewhere passing_refusal link_lost identity_key_wanted / "
                 "not_pairable not_in_pairing_mode");
        f = with_flag(f, TRACE_NO, 5 * S);
        GUESS(f, "sure: not_in_pairing_mode / not_pairable");
        for (size_t i = 0; i < sizeof stale / sizeof stale[0]; i++) {
                f = with_flag(f, TRACE_YES, stale[i]);
                GUESS(f, "possible: bonded_elsewhere passing_refusal link_lost "
                         "not_in_pairing_mode identity_key_wanted / not_pairable");
                SAYS(f, NOT_IN_PAIRING_MODE,
                     "P may have gone out since: it blinks for about a minute. "
                     "| The last advertisement");
                f = with_flag(f, TRACE_NO, stale[i]);
                GUESS(f, "likely: not_in_pairing_mode bonded_elsewhere passing_refusal link_lost "
                         "identity_key_wanted / not_pairable");
        }
        SAYS(f, NOT_IN_PAIRING_MODE, "asked to pair. The last advertisement was without the");
}

static void refused_without_the_flag(void) {
        struct pairing_facts f =
                with_flag(ended(PAIRING_END_CANCELED, 180 * MS), TRACE_NO, 400 * MS);

        GUESS(f, "sure: not_in_pairing_mode / not_pairable");
        EVIDENCE(f, NOT_IN_PAIRING_MODE,
                 "BlueZ said AuthenticationCanceled 180 ms after the cuff was asked to pair. The "
                 "last advertisement, 400 ms before, was without the pairing flag (no P blinked). "
                 "Without P cuffs were seen to hang up. | ");
        f.bonded_before = true;
        GUESS(f, "sure: not_in_pairing_mode / not_pairable");
}

static void refused_with_no_flag_heard(void) {
        struct pairing_facts f = ended(PAIRING_END_FAILED, 97 * MS);

        GUESS(f, "possible: not_in_pairing_mode bonded_elsewhere passing_refusal link_lost "
                 "identity_key_wanted / not_pairable");
        EVIDENCE(f, NOT_IN_PAIRING_MODE,
                 "BlueZ said AuthenticationFailed 97 ms after the cuff was asked to pair. No "
                 "advertisement told whether P blinked. Without P cuffs were seen to hang up. "
                 "BlueZ does not pass on the cuff's reason" TRACE_IT " | ");
        EVIDENCE(f, BONDED_ELSEWHERE, "These cuffs keep one bond, which may be another host's. | ");
        f.pairable = TRACE_NOT_TOLD;
        GUESS(f, "possible: not_in_pairing_mode bonded_elsewhere passing_refusal link_lost "
                 "identity_key_wanted");
}

static void refusals_that_do_not_pass(void) {
        struct pairing_facts f = with_flag(ended(PAIRING_END_FAILED, 97 * MS), TRACE_YES, 400 * MS);

        f.failures = 1;
        f.rung = PAIRING_RUNG_AGAIN;
        GUESS(f, "possible: bonded_elsewhere passing_refusal link_lost identity_key_wanted / "
                 "not_pairable not_in_pairing_mode");
        EVIDENCE(f, PASSING_REFUSAL,
                 "A BP5465 was seen to refuse a phone's first try and to take the next, about 7 s "
                 "later. | 1 attempt of this window failed before it.");
        f.failures = 2;
        GUESS(f, "possible: bonded_elsewhere link_lost passing_refusal identity_key_wanted / "
                 "not_pairable not_in_pairing_mode");
        SAYS(f, PASSING_REFUSAL, " | 2 attempts of this window failed before it.");
        f.flag_age_usec = 30 * S;
        GUESS(f, "possible: bonded_elsewhere link_lost not_in_pairing_mode passing_refusal "
                 "identity_key_wanted / not_pairable");
}

static void bonded_before(void) {
        struct pairing_facts f = with_flag(ended(PAIRING_END_FAILED, 97 * MS), TRACE_YES, 400 * MS);

        f.bonded_before = true;
        GUESS(f, "possible: bonded_elsewhere passing_refusal agent_refused link_lost "
                 "identity_key_wanted / not_pairable not_in_pairing_mode");
        EVIDENCE(
                f, AGENT_REFUSED,
                "BlueZ had a bond with it when the window opened, and may refuse to renew one. | ");
        SAYS(f, BONDED_ELSEWHERE, " | BlueZ had a bond with it when the window opened.");
        f.agent_agreed = true; /* but was not asked */
        SAYS(f, AGENT_REFUSED, "BlueZ had a bond with it when the window opened, and may");
        f.agent_asked = true;
        GUESS(f, "possible: bonded_elsewhere passing_refusal link_lost identity_key_wanted / "
                 "not_pairable not_in_pairing_mode agent_refused");
}

/* --- the time --- */

static void what_the_time_is_counted_from(void) {
        struct pairing_facts f = ended(PAIRING_END_FAILED, 97 * MS);

        f.rung = PAIRING_RUNG_CUFF;
        SAYS(f, NOT_IN_PAIRING_MODE, "Failed 97 ms after the cuff was made to ask.");
        f.link_usec = 97 * MS;
        SAYS(f, NOT_IN_PAIRING_MODE, "Failed 97 ms after the cuff was made to ask.");
        f.link_usec = -1;
        SAYS(f, NOT_IN_PAIRING_MODE, "Failed 97 ms after the cuff was made to ask.");
        f = ended(PAIRING_END_FAILED, 0);
        SAYS(f, NOT_IN_PAIRING_MODE, "Failed less than 1 ms after the cuff was asked to pair.");
        f.pair_usec = 31 * S; /* Pair() made the link itself */
        f.link_usec = 96 * MS;
        SAYS(f, NOT_IN_PAIRING_MODE, "Failed 96 ms after the connection was made.");
        f.pair_usec = -1;
        SAYS(f, NOT_IN_PAIRING_MODE, "Failed 96 ms after the connection was made.");
        f.link_usec = -1;
        SAYS(f, NOT_IN_PAIRING_MODE, "BlueZ said AuthenticationFailed. No");
}

static void refused_later(void) {
        struct pairing_facts f = ended(PAIRING_END_LINK_FELL, 2 * S);

        GUESS(f, "possible: not_in_pairing_mode bonded_elsewhere passing_refusal link_lost "
                 "identity_key_wanted / not_pairable");
        f.pair_usec++;
        GUESS(f, "possible: not_in_pairing_mode passing_refusal cuff_hung_up link_lost "
                 "bonded_elsewhere / not_pairable");
        EVIDENCE(f, NOT_IN_PAIRING_MODE,
                 "The link fell 2.0 s after the cuff was asked to pair. No advertisement told "
                 "whether P blinked. BlueZ does not pass on the cuff's reason" TRACE_IT " | ");
        f = with_flag(f, TRACE_NO, S);
        GUESS(f, "likely: not_in_pairing_mode passing_refusal cuff_hung_up link_lost "
                 "bonded_elsewhere / not_pairable");
        f = with_flag(f, TRACE_YES, S);
        GUESS(f, "possible: passing_refusal cuff_hung_up link_lost bonded_elsewhere / "
                 "not_pairable not_in_pairing_mode");
        f.pair_usec = f.link_usec = 25 * S - 1;
        f.bonded_before = true;
        GUESS(f, "possible: passing_refusal cuff_hung_up link_lost agent_refused "
                 "bonded_elsewhere / not_pairable not_in_pairing_mode");
}

static void nobody_answered(void) {
        struct pairing_facts f = ended(PAIRING_END_FAILED, 25 * S);

        GUESS(f, "likely: no_answer agent_silent / not_pairable");
        EVIDENCE(f, NO_ANSWER,
                 "BlueZ said AuthenticationFailed 25.0 s after the cuff was asked to pair. A "
                 "pairing is given up when 30 s go by without an answer. BlueZ does not pass on "
                 "the cuff's reason" TRACE_IT " | ");
        EVIDENCE(f, AGENT_SILENT,
                 "The gateway's agent was not asked; another program's may have been, and not "
                 "have answered. | ");
        f = with_flag(ended(PAIRING_END_TIMEOUT, 3 * S), TRACE_NO, S);
        GUESS(f, "likely: no_answer agent_silent not_in_pairing_mode / not_pairable");
        SAYS(f, NO_ANSWER, "The time for pairing was over 3.0 s after the cuff was asked to pair.");
        SAYS(f, NO_ANSWER, ". There was no answer so far; a pairing waits 30 s for one. BlueZ");
        SAYS(f, NO_ANSWER, "BlueZ does not pass on who was silent; ");
        SAYS(f, NOT_IN_PAIRING_MODE, "no P blinked). | ");
        f = with_flag(f, TRACE_YES, S);
        f.agent_asked = f.agent_agreed = true;
        GUESS(f, "likely: no_answer / not_pairable agent_refused");
}

/* --- the host --- */

static void the_agent_said_no(void) {
        static const enum pairing_end ends[] = {PAIRING_END_FAILED,   PAIRING_END_CANCELED,
                                                PAIRING_END_REJECTED, PAIRING_END_TIMEOUT,
                                                PAIRING_END_NO_LINK,  PAIRING_END_LINK_FELL};

        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
                struct pairing_facts f = with_flag(ended(ends[i], 200 * MS), TRACE_NO, S);

                f.agent_asked = true;
                f.pairable = TRACE_NO;
                GUESS(f, "sure: agent_refused");
                f.pairable = TRACE_NOT_TOLD;
                GUESS(f, "sure: agent_refused");
                SAYS(f, AGENT_REFUSED,
                     ". BlueZ asked the gateway's agent about this cuff, and it said no. | ");
                f.bonded_before = true;
                CHECK_EQ(strstr(evidence_of(&f, PAIRING_CAUSE_AGENT_REFUSED),
                                "and it said no. BlueZ had a bond with it when the window opened, "
                                "and may refuse to renew one. | ") != NULL,
                         ends[i] != PAIRING_END_NO_LINK);
        }
}

static void the_adapter_was_not_pairable(void) {
        struct pairing_facts f = with_flag(ended(PAIRING_END_FAILED, 97 * MS), TRACE_YES, 400 * MS);

        f.pairable = TRACE_NO;
        GUESS(f, "likely: not_pairable no_agent bonded_elsewhere passing_refusal link_lost "
                 "identity_key_wanted / not_in_pairing_mode");
        EVIDENCE(f, NOT_PAIRABLE,
                 "BlueZ said AuthenticationFailed 97 ms after the cuff was asked to pair. "
                 "Pairable was false while the gateway's agent was registered. Linux then refuses "
                 "a cuff that asks for security. BlueZ does not pass on the cuff's "
                 "reason" TRACE_IT " | ");
        EVIDENCE(f, NO_AGENT,
                 "Pairable is false also while BlueZ knows no agent. | The gateway had registered "
                 "its own.");
        f = with_flag(f, TRACE_NO, S); /* two that are clear: neither is sure */
        GUESS(f, "likely: not_pairable no_agent not_in_pairing_mode bonded_elsewhere "
                 "passing_refusal link_lost identity_key_wanted");
        f.agent_asked = f.agent_agreed = true;
        GUESS(f, "likely: not_pairable not_in_pairing_mode bonded_elsewhere passing_refusal "
                 "link_lost identity_key_wanted / agent_refused");
        f = ended(PAIRING_END_TIMEOUT, 30 * S);
        f.pairable = TRACE_NO;
        GUESS(f, "likely: not_pairable no_agent no_answer agent_silent");
        f.end = PAIRING_END_REJECTED;
        GUESS(f, "likely: not_pairable no_agent host_requirements host_stopped agent_refused");
}

static void rejected(void) {
        struct pairing_facts f = with_flag(ended(PAIRING_END_REJECTED, 97 * MS), TRACE_NO, S);

        GUESS(f, "possible: host_requirements host_stopped agent_refused / not_pairable");
        EVIDENCE(f, HOST_REQUIREMENTS,
                 "BlueZ said AuthenticationRejected 97 ms after the cuff was asked to pair. BlueZ "
                 "may say so when the host itself refuses. BlueZ does not pass on who rejected "
                 "it" TRACE_IT " | ");
        EVIDENCE(f, HOST_STOPPED, "BlueZ may say so while another pairing is under way. | ");
        EVIDENCE(f, AGENT_REFUSED,
                 "The gateway's agent was not asked; another program's may have said no. | ");
        f.bonded_before = true;
        SAYS(f, AGENT_REFUSED, "said no. BlueZ had a bond with it when the window opened, and may");
        f.agent_asked = f.agent_agreed = true;
        GUESS(f, "possible: host_requirements host_stopped / not_pairable agent_refused");
        EVIDENCE(f, AGENT_REFUSED, " | The gateway's agent was asked, and agreed.");
}

static void no_keys(void) {
        struct pairing_facts f = with_flag(ended(PAIRING_END_NO_KEYS, S), TRACE_NO, S);

        GUESS(f, "likely: not_pairable no_bonding_asked");
        EVIDENCE(f, NOT_PAIRABLE,
                 "BlueZ says that it is paired, and not that it is bonded. With an adapter that "
                 "is not pairable, Linux pairs without keys. BlueZ does not pass on what was "
                 "agreed on" TRACE_IT
                 " | Pairable was true while the gateway's agent was registered.");
        EVIDENCE(f, NO_BONDING_ASKED,
                 "A pairing whose request asks for no bonding leaves no keys. | ");
        f.pairable = TRACE_NOT_TOLD;
        GUESS(f, "likely: not_pairable no_bonding_asked");
        f.pairable = TRACE_NO;
        GUESS(f, "sure: not_pairable");
        EVIDENCE(f, NOT_PAIRABLE,
                 "BlueZ says that it is paired, and not that it is bonded. Pairable was false "
                 "while the gateway's agent was registered. With an adapter that is not pairable, "
                 "Linux pairs without keys. | ");
}

static void check_word(const char *word) {
        CHECK(word != NULL);
        for (const char *c = word; c && *c; c++)
                CHECK((*c >= 'a' && *c <= 'z') || *c == '_');
}

static void words_are_words(void) {
        for (enum pairing_end end = 0; end < PAIRING_END_MAX_; end++) {
                check_word(pairing_end_to_string(end));
                for (enum pairing_end other = 0; other < end; other++)
                        CHECK(strcmp(pairing_end_to_string(end), pairing_end_to_string(other)));
        }
        CHECK_STR(pairing_end_to_string(PAIRING_END_NOT_HEARD), "not_heard");
        CHECK_STR(pairing_end_to_string(PAIRING_END_LINK_FELL), "link_fell");
        CHECK_STR(pairing_end_to_string(PAIRING_END_NO_REPLY), "no_reply");
        CHECK_STR(pairing_rung_to_string(PAIRING_RUNG_PAIR), "pair");
        CHECK_STR(pairing_rung_to_string(PAIRING_RUNG_AGAIN), "again");
        CHECK_STR(pairing_rung_to_string(PAIRING_RUNG_CUFF), "cuff");
        CHECK_STR(pairing_certainty_to_string(PAIRING_POSSIBLE), "possible");
        CHECK_STR(pairing_certainty_to_string(PAIRING_LIKELY), "likely");
        CHECK_STR(pairing_certainty_to_string(PAIRING_SURE), "sure");
}

CHECK_MAIN("unit.pairing_guess", TEST(not_heard), TEST(no_link), TEST(the_link_did_not_last),
           TEST(bluetoothd_does_not_answer), TEST(refused_subscription),
           TEST(refused_with_a_fresh_flag), TEST(a_flag_is_fresh_for_five_seconds),
           TEST(refused_without_the_flag), TEST(refused_with_no_flag_heard),
           TEST(refusals_that_do_not_pass), TEST(bonded_before),
           TEST(what_the_time_is_counted_from), TEST(refused_later), TEST(nobody_answered),
           TEST(the_agent_said_no), TEST(the_adapter_was_not_pairable), TEST(rejected),
           TEST(no_keys), TEST(words_are_words))
