/* Why an attempt failed, from what D-Bus shows: it never tells the reason, but when the link fell,
 * what was on the air before and what the agent was asked say a good deal. The same causes and
 * words as a capture's verdict; a guess says how sure it is. */
#pragma once

#include "core/trace_event.h" /* enum trace_answer */
#include "cuff/verdict.h"

/* How BlueZ told the end. */
enum pairing_end {
        PAIRING_END_NOT_HEARD, /* the window closed, and no cuff that wants to be paired was heard
                                */
        PAIRING_END_NO_LINK,   /* Connect failed, or the link fell before anything was asked */
        PAIRING_END_FAILED,    /* AuthenticationFailed */
        PAIRING_END_CANCELED,  /* AuthenticationCanceled */
        PAIRING_END_REJECTED,  /* AuthenticationRejected */
        PAIRING_END_TIMEOUT,   /* AuthenticationTimeout */
        PAIRING_END_LINK_FELL, /* no reply of Pair(), or an empty one: the link fell */
        PAIRING_END_NO_KEYS,   /* Paired became true, Bonded stayed false */
        PAIRING_END_NOT_ENCRYPTED, /* the subscription was refused: it wants an encrypted link */
        PAIRING_END_NO_REPLY,      /* bluetoothd does not answer */
        PAIRING_END_MAX_,
};

/* What an attempt began with: the rungs of the ladder in app/pairing.c. */
enum pairing_rung {
        PAIRING_RUNG_PAIR,  /* Pair() at once */
        PAIRING_RUNG_AGAIN, /* Pair() once more, five seconds later or when the cuff is heard */
        PAIRING_RUNG_CUFF,  /* the cuff is made to ask: classic ones do when RX0 is subscribed */
        PAIRING_RUNG_MAX_,
};

struct pairing_facts {
        enum pairing_end end;
        enum pairing_rung rung;
        enum trace_answer
                pairing_flag;       /* the blinking P, in the last advertisement before the link */
        int64_t flag_age_usec;      /* from it to Connect; -1 not known */
        bool heard;                 /* NOT_HEARD: the cuff was heard, without its P */
        bool bonded_before;         /* BlueZ had a bond with it when the window opened */
        enum trace_answer pairable; /* Adapter1.Pairable, while our agent was registered */
        bool agent_asked, agent_agreed; /* our agent, about this cuff */
        int64_t link_usec;              /* Connected=true to the end; -1 it never was */
        int64_t pair_usec;              /* Pair() (or the subscription) to the end; -1 not asked */
        unsigned failures;              /* earlier attempts of this window */
};

enum pairing_certainty {
        PAIRING_POSSIBLE, /* several causes look the same from here */
        PAIRING_LIKELY,
        PAIRING_SURE,
};

/* As verdict_of(): at least one cause, the likeliest first, evidence in sentences. */
void pairing_guess(const struct pairing_facts *f, struct verdict *ret,
                   enum pairing_certainty *ret_certainty);

const char *pairing_end_to_string(enum pairing_end end);           /* "link_fell" */
const char *pairing_rung_to_string(enum pairing_rung rung);        /* "pair" "again" "cuff" */
const char *pairing_certainty_to_string(enum pairing_certainty c); /* "possible" "likely" "sure" */
