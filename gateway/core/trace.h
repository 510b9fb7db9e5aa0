/* Pairings out of a capture: the conversation of each, how it ended, and who ended it.
 *
 * One pairing runs from a Security Request, a Pairing Request or (a key from before) the host's
 * request for encryption to: failure, keys exchanged, encryption with a stored key, encryption
 * refused, disconnect, or the end of the capture. A new Pairing Request after that begins a new
 * one. A failed pairing and a refused key keep the disconnect that follows on the same link. A
 * Security Request on a link that was just encrypted with a stored key belongs to that.
 *
 * Memory is constant: so many links at once, so many steps of each; no heap. */
#pragma once

#include "core/trace_event.h"

#define TRACE_LINKS_MAX    16
#define TRACE_STEPS_MAX    48 /* the first ones; the last places are the outcome's and the end's */
#define TRACE_ADAPTERS_MAX 4
#define TRACE_ADVERTS_MAX  32 /* addresses whose last pairing flag is remembered */

enum trace_outcome {
        TRACE_BONDED,
        TRACE_PAIRED_WITHOUT_KEYS,
        TRACE_FAILED,
        TRACE_INCOMPLETE,
        TRACE_ENCRYPTED_WITH_STORED_KEY,
        TRACE_KEY_REFUSED,
        TRACE_OUTCOME_MAX_,
};

/* How far it came. */
enum trace_phase {
        TRACE_PHASE_ASKED,      /* nothing but a Security Request */
        TRACE_PHASE_FEATURES,   /* Pairing Request, Response */
        TRACE_PHASE_PROOF,      /* Confirm, Random, public keys, DHKey Check */
        TRACE_PHASE_ENCRYPTION, /* LE Start Encryption */
        TRACE_PHASE_KEYS,       /* encrypted; keys are handed out */
};

/* One line of the story. */
struct trace_step {
        enum trace_kind kind; /* the link's five, PAIR_ASKED .. PAIRING_STATUS */
        enum trace_side side; /* who said it; HOST for its own requests */
        uint64_t number;
        int64_t usec;
        uint8_t status, io;
        bool stored;
        enum trace_answer answer;
        uint8_t pdu[SMP_PDU_MAX];
        size_t pdu_size;
        bool pdu_cut, malformed; /* malformed: smp_decode() refused it and it was not cut */
};

struct trace_pairing {
        enum trace_outcome outcome;
        enum trace_phase phase;
        enum trace_side failed_by; /* UNKNOWN also when nobody failed */
        bool has_reason; /* SMP's reason; of KEY_REFUSED, and of FAILED in phase ENCRYPTION without
                          * a Pairing Failed, the HCI error code */
        uint8_t reason;
        bool has_security_request, has_request, has_response, has_agreement, has_disconnect;
        uint8_t security_request; /* AuthReq */
        struct smp_features request, response;
        struct smp_agreement agreement;
        uint8_t disconnect_reason;    /* HCI error code */
        uint8_t host_keys, cuff_keys; /* SMP_KEY_ bits handed out completely */
        bool encrypted;               /* the link was encrypted in this pairing */

        uint64_t number;                              /* of its first frame */
        int64_t connected_usec, begin_usec, end_usec; /* -1 not told */
        int64_t failed_after_usec; /* Pairing Failed: since what it answers; -1 not told */
        uint8_t failed_after_code; /* .. the PDU of the other side before it; 0 none seen */
        bool has_address;
        struct bdaddr address;
        enum trace_answer own_random;

        /* What the host's user space did; NOT_TOLD where the capture has no MGMT. */
        enum trace_answer bondable;
        bool has_io; /* an IO capability was set: an agent was registered */
        uint8_t io;
        bool has_mgmt;             /* the capture shows MGMT traffic of this adapter at all */
        bool pair_asked;           /* user space asked for this pairing (Pair Device) */
        enum trace_answer confirm; /* the agent: NOT_TOLD not asked, NO refused, YES agreed */
        bool confirm_pending;      /* asked, and no answer seen */
        bool key_stored;
        bool has_mgmt_status;
        uint8_t mgmt_status;

        enum trace_answer pairing_flag; /* in the cuff's last advertisement before the link */
        int64_t flag_age_usec; /* from that advertisement to the first frame; -1 not told */

        /* The same address earlier in this capture (links without an address: the same link). */
        unsigned earlier_failures;  /* failed, incomplete, or a key refused */
        int64_t since_failure_usec; /* from the end of the last one; -1 none, or not told */
        bool bonded_before;         /* a pairing earlier in this capture ended as BONDED */

        struct trace_step step[TRACE_STEPS_MAX];
        size_t n_steps;
        uint64_t steps_left_out;
};

/* The rest is private. */
struct trace_past { /* what came before in this capture */
        bool bonded;
        unsigned failures;
        int64_t failed_usec; /* the end of the last one; of no meaning without failures */
};

struct trace_link {
        bool used, active, settled; /* active: a pairing is under way or settled; settled: its
                                     * outcome is known and only what may follow is awaited */
        uint16_t adapter, handle;
        uint64_t touched; /* which link is the oldest */
        int64_t connected_usec;
        bool has_address;
        struct bdaddr address;
        enum trace_answer own_random;
        enum trace_answer pairing_flag; /* of the last advertisement before the link */
        int64_t advert_usec;
        struct trace_past past; /* of a link without an address */

        /* Of the pairing. */
        struct trace_pairing pairing;
        bool exchange; /* there were PDUs of a pairing: encryption is with its own key */
        bool pending;  /* encryption was asked for, and is not done */
        uint8_t last_code[3], keys[3]; /* per side: the last PDU; a bit for each PDU with a key */
        int64_t last_usec[3];
};

struct trace_history {
        bool used, pair_asked; /* pair_asked: by user space, and no pairing since */
        struct bdaddr address;
        struct trace_past past;
        int64_t advert_usec;
        enum trace_answer pairing_flag;
        uint64_t touched;
};

struct trace_adapter {
        bool used, has_io; /* used: there was MGMT traffic */
        uint16_t adapter;
        enum trace_answer bondable;
        uint8_t io;
};

struct trace {
        struct trace_link link[TRACE_LINKS_MAX];
        struct trace_history history[TRACE_ADVERTS_MAX];
        struct trace_adapter adapter[TRACE_ADAPTERS_MAX];
        struct trace_pairing done;
        bool has_done;  /* `done` came to its end in this step */
        uint64_t clock; /* events so far */
        struct trace_event last_mgmt;
};

void trace_init(struct trace *t);
/* The pairing that this event brought to its end, or NULL; valid until the next call. Any sequence
 * of events is taken: captures begin in the middle, lose frames and lie. */
const struct trace_pairing *trace_step(struct trace *t, const struct trace_event *event);
/* After the last event: one open pairing, oldest first; NULL when there is none left. */
const struct trace_pairing *trace_end(struct trace *t);

const char *trace_outcome_to_string(enum trace_outcome outcome); /* "paired_without_keys" */
const char *trace_side_to_string(enum trace_side side);          /* "cuff", "host"; NULL unknown */
/* HCI error codes that a link to a cuff ends with (Bluetooth Core 5.4, Vol 1, Part F); never NULL.
 */
const char *
trace_hci_error_to_string(uint8_t status); /* 0x13: "Remote User Terminated Connection" */
