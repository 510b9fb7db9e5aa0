#include "cuff/pairing_cause.h"

#include <stddef.h>

#define HOLD       "Hold the cuff's Bluetooth button until P blinks"
#define RESTART    "`sudo systemctl restart bluetooth`"
#define IN_ANOTHER "In another capture "

/* clang-format off */
static const struct {
        const char *word, *meaning, *remedy, *check;
} causes[PAIRING_CAUSE_MAX_] = {
        [PAIRING_CAUSE_NOT_IN_PAIRING_MODE] = {
                "not_in_pairing_mode",
                "The cuff was not in pairing mode: no P blinked on its display",
                "Open the pairing window first, then hold the cuff's Bluetooth button (2 to 5 seconds) until P blinks, and "
                "let the pairing begin at once: the P goes out after about a minute.",
                "The P blinks when the next attempt begins, and the cuff answers with a Pairing Response." },
        [PAIRING_CAUSE_BONDED_ELSEWHERE] = {
                "bonded_elsewhere",
                "The cuff is bonded with a phone or another host, and keeps one bond only",
                "Remove the cuff from the phone's Bluetooth list and from the OMRON app, and switch the phone's Bluetooth "
                "off. Then hold the cuff's Bluetooth button until P blinks. If it still refuses, take its batteries out, "
                "put them back, and try once more.",
                "With every phone's Bluetooth off, the cuff answers the next attempt with a Pairing Response." },
        [PAIRING_CAUSE_PASSING_REFUSAL] = {
                "passing_refusal",
                "The cuff refused this one attempt, and may take the next",
                "Try again after 5 seconds, while P still blinks; hold the button again when it has gone out. Three tries "
                "are enough to know.",
                "Another attempt within the same minute, with nothing changed, gets further." },
        [PAIRING_CAUSE_IDENTITY_KEY_WANTED] = {
                "identity_key_wanted",
                "The host does not offer its identity key (IdKey), and the cuff may want it",
                "An experiment, and the last one to try: no report says that it helped a cuff. Put `Privacy = device` under "
                "[General] in /etc/bluetooth/main.conf, then " RESTART ", and pair again. To undo it, take the line out and "
                "restart Bluetooth again.",
                IN_ANOTHER "the initiator keys of the Pairing Request have IdKey (0x07, not 0x05), and the cuff answers "
                "with a Pairing Response." },
        [PAIRING_CAUSE_MITM_ASKED] = {
                "mitm_asked",
                "The host asks for protection against a man in the middle (MITM), which a cuff that says NoInputNoOutput cannot give",
                "Pair with this gateway, whose agent asks for none; or in bluetoothctl enter `agent off`, `agent "
                "NoInputNoOutput` and `default-agent`. Close a desktop's Bluetooth window meanwhile: its agent may ask for it.",
                IN_ANOTHER "the AuthReq of the Pairing Request is without MITM (0x01 or 0x09)." },
        [PAIRING_CAUSE_SECURE_CONNECTIONS_ONLY] = {
                "secure_connections_only",
                "The host may insist on LE Secure Connections, and the cuffs seen so far pair in the legacy way only",
                "Look for `SecureConnections = only` in /etc/bluetooth/main.conf, take it out, then " RESTART "; or enter "
                "`sudo btmgmt sc on`. As an experiment, `sudo btmgmt sc off` makes the request a legacy one; `sudo btmgmt "
                "sc on` undoes it.",
                IN_ANOTHER "a cuff's response without SC is followed by the host's Pairing Confirm." },
        [PAIRING_CAUSE_NO_BONDING_ASKED] = {
                "no_bonding_asked",
                "The host asked for a pairing without bonding, which leaves no keys",
                "Enter `bluetoothctl pairable on` with an agent registered, remove what is left with `bluetoothctl remove "
                "ADDRESS`, and pair again while P blinks.",
                IN_ANOTHER "the AuthReq of the Pairing Request is 0x01 or 0x09, and afterwards `bluetoothctl info ADDRESS` "
                "says \"Bonded: yes\"." },
        [PAIRING_CAUSE_CONFIRM_MISMATCH] = {
                "confirm_mismatch",
                "What the two sides computed to prove themselves did not match",
                "Try again after 5 seconds, while P still blinks: a first try has been seen to fail so, and the next to "
                "succeed. If it stays, " RESTART " and take another capture.",
                "The next attempt comes past Pairing Random, to encryption." },
        [PAIRING_CAUSE_REPEATED_ATTEMPTS] = {
                "repeated_attempts",
                "There were too many attempts in a row, and one side wants a pause",
                "Stop every program that tries to connect to the cuff, wait a minute, hold the cuff's Bluetooth button "
                "until P blinks, and try once.",
                "The first attempt after the pause is answered with a Pairing Response." },
        [PAIRING_CAUSE_NO_AGENT] = {
                "no_agent",
                "No agent was registered on the host, so nobody could agree to the pairing",
                "Pair with this gateway, which brings its own agent; or in bluetoothctl enter `agent NoInputNoOutput` and "
                "`default-agent`, and stay in it until the cuff is paired: the agent goes when you leave.",
                "`bluetoothctl show` says \"Pairable: yes\" before the next attempt, and in another capture the Pairing "
                "Request asks for bonding (AuthReq 0x01 or 0x09)." },
        [PAIRING_CAUSE_NOT_PAIRABLE] = {
                "not_pairable",
                "The host's adapter is not pairable, so its kernel makes no bond",
                "Enter `bluetoothctl pairable on`. If a pairing without keys is left, `bluetoothctl remove ADDRESS` takes "
                "it away. Then pair again while P blinks.",
                "`bluetoothctl show` says \"Pairable: yes\", and the next Pairing Request asks for bonding (AuthReq 0x01 "
                "or 0x09)." },
        [PAIRING_CAUSE_AGENT_REFUSED] = {
                "agent_refused",
                "The agent on the host said no",
                "Another program's agent may have answered (a desktop's Bluetooth window, a second gateway): stop it while "
                "pairing. If the cuff was paired here before, `bluetoothctl remove ADDRESS` first, because BlueZ may "
                "refuse to renew a bond.",
                IN_ANOTHER "the agent's answer is User Confirmation Reply, not the negative one." },
        [PAIRING_CAUSE_AGENT_SILENT] = {
                "agent_silent",
                "The agent on the host did not answer in time whether it agrees",
                "Look for a question on that computer's desktop and answer it within 30 seconds; or close its Bluetooth "
                "window and pair with this gateway, which answers by itself.",
                IN_ANOTHER "a User Confirmation Reply follows the question at once." },
        [PAIRING_CAUSE_HOST_REQUIREMENTS] = {
                "host_requirements",
                "The host demands more than the cuff offers",
                "No `SecureConnections = only` in /etc/bluetooth/main.conf (then " RESTART "), `sudo btmgmt sc on`, and an "
                "agent with NoInputNoOutput: the cuffs seen so far offer a plain legacy bond and no more.",
                IN_ANOTHER "the host goes on with Pairing Confirm after the cuff's Pairing Response." },
        [PAIRING_CAUSE_HOST_STOPPED] = {
                "host_stopped",
                "The host ended the attempt itself",
                "See which program did it: `journalctl -u bluetooth -u cuff2mqtt -n 50`. Let only one program use the cuff, "
                "and do not disconnect while it pairs.",
                "With that program stopped, another capture does not end with the host's refusal or disconnect." },
        [PAIRING_CAUSE_CUFF_HUNG_UP] = {
                "cuff_hung_up",
                "The cuff ended the connection before the pairing was over",
                HOLD ", begin at once, and let the pairing be the first thing that happens on the connection. Switch "
                "other phones' Bluetooth off meanwhile.",
                "The next connection lasts until the keys are exchanged; what the cuff answered last shows how far it came." },
        [PAIRING_CAUSE_LINK_LOST] = {
                "link_lost",
                "The radio link was lost",
                "Put the cuff within a metre or two of the Bluetooth adapter and new batteries into it, and try again while "
                "P blinks. On a Pi, a USB adapter on an extension cable may hear better.",
                "The next attempt does not end with 0x08, 0x22 or 0x3e." },
        [PAIRING_CAUSE_NO_ANSWER] = {
                "no_answer",
                "One side did not answer the other, and a pairing waits 30 seconds at most",
                HOLD " and try again, nearer to the adapter; on a computer with a desktop, look for a question about the "
                "pairing. If it stays, " RESTART ".",
                IN_ANOTHER "there is no such gap; before a gap, who spoke last was the one who waited." },
        [PAIRING_CAUSE_BOND_LOST] = {
                "bond_lost",
                "The cuff no longer has the key of its bond with this host",
                "Enter `bluetoothctl remove ADDRESS`, then hold the cuff's Bluetooth button until P blinks and pair it "
                "again; this gateway's pairing window does the first by itself.",
                "The connections after that are encrypted with the stored key. If not for long, look for the phone or "
                "program that pairs with the cuff in between." },
        [PAIRING_CAUSE_PROTOCOL] = {
                "protocol",
                "One side did not understand, or did not take, what the other sent",
                "Try again: once after " RESTART ", once after the cuff's batteries were taken out and put back. If it "
                "stays, tell the project what `cuff2mqtt explain` says: this has not been seen on a cuff so far.",
                "The same step of the next attempt goes through, or fails with another reason." },
        [PAIRING_CAUSE_NOT_IN_CAPTURE] = {
                "not_in_capture",
                "The bytes that would tell are not in this capture",
                "Take another that begins before the attempt and ends some seconds after it: `sudo btmon -w "
                "pairing.btsnoop`, pair, Ctrl+C. Then `cuff2mqtt explain pairing.btsnoop`.",
                "The new capture has the Pairing Request, what the cuff answered, and how it ended." },
};
/* clang-format on */

const char *pairing_cause_to_string(enum pairing_cause cause) {
        return causes[cause].word;
}

const char *pairing_cause_meaning(enum pairing_cause cause) {
        return causes[cause].meaning;
}

const char *pairing_cause_remedy(enum pairing_cause cause) {
        return causes[cause].remedy;
}

const char *pairing_cause_check(enum pairing_cause cause) {
        return causes[cause].check;
}
