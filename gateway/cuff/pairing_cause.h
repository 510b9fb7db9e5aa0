/* Why a pairing with a cuff fails, in words that can be acted on: one table for `explain`, `pair`,
 * the events on MQTT, and docs/messages.md (a test compares). New ones go to the end: the order is
 * that of `pair`'s exit codes. */
#pragma once

enum pairing_cause {
        /* the cuff refused */
        PAIRING_CAUSE_NOT_IN_PAIRING_MODE, /* no blinking P */
        PAIRING_CAUSE_BONDED_ELSEWHERE,    /* a phone or another host holds the one bond */
        PAIRING_CAUSE_PASSING_REFUSAL,     /* the next try in the same window succeeds */
        PAIRING_CAUSE_IDENTITY_KEY_WANTED, /* the host does not offer IdKey, the phone does */
        PAIRING_CAUSE_MITM_ASKED,          /* the host asked for protection the cuff cannot give */
        PAIRING_CAUSE_SECURE_CONNECTIONS_ONLY,
        PAIRING_CAUSE_NO_BONDING_ASKED,  /* the host asked for a pairing without keys */
        PAIRING_CAUSE_CONFIRM_MISMATCH,  /* 0x04: seen as passing on first tries */
        PAIRING_CAUSE_REPEATED_ATTEMPTS, /* 0x09 */
        /* the host refused */
        PAIRING_CAUSE_NO_AGENT,
        PAIRING_CAUSE_NOT_PAIRABLE,
        PAIRING_CAUSE_AGENT_REFUSED,
        PAIRING_CAUSE_AGENT_SILENT,      /* asked, and nobody answered in time */
        PAIRING_CAUSE_HOST_REQUIREMENTS, /* the host's kernel refused what the cuff offered */
        PAIRING_CAUSE_HOST_STOPPED,      /* the host ended the link itself */
        /* the link */
        PAIRING_CAUSE_CUFF_HUNG_UP,
        PAIRING_CAUSE_LINK_LOST,
        PAIRING_CAUSE_NO_ANSWER, /* SMP's 30 seconds went by */
        /* a bond that was there */
        PAIRING_CAUSE_BOND_LOST,      /* the cuff forgot us, or paired with another host since */
        PAIRING_CAUSE_PROTOCOL,       /* one of the two sent what it must not */
        PAIRING_CAUSE_NOT_IN_CAPTURE, /* the bytes that would tell are missing */
        PAIRING_CAUSE_MAX_,
};

/* "not_in_pairing_mode": for payloads and logs. Never NULL. */
const char *pairing_cause_to_string(enum pairing_cause cause);
/* For people: what it is (one clause without a full stop), what to do on a gateway with BlueZ, and
 * how to see whether it was that. Never NULL. */
const char *pairing_cause_meaning(enum pairing_cause cause);
const char *pairing_cause_remedy(enum pairing_cause cause);
const char *pairing_cause_check(enum pairing_cause cause);
