/* What the sources of a capture (HCI, the kernel's management interface, the link layer, btmon's
 * text) tell core/trace: one thing that happened, whatever wrote it down. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bdaddr.h"
#include "core/smp.h"

enum trace_side {
        TRACE_UNKNOWN,
        TRACE_HOST, /* the central: the Pi, the phone */
        TRACE_CUFF, /* the peripheral */
};

enum trace_answer {
        TRACE_NOT_TOLD,
        TRACE_NO,
        TRACE_YES,
};

enum trace_kind {
        /* On one link. */
        TRACE_CONNECTED,        /* address, own_random */
        TRACE_DISCONNECTED,     /* status: the reason (HCI error code), as the host's controller
                                   says it: 0x16 where the host ended the link */
        TRACE_SMP,              /* side, pdu */
        TRACE_ENCRYPTION_ASKED, /* by the host; stored */
        TRACE_ENCRYPTION_DONE,  /* status: 0, or why not (HCI error code) */
        /* Between the host's user space and its kernel (MGMT): only in btmon's captures. */
        TRACE_PAIR_ASKED,       /* Pair Device: address, io */
        TRACE_CONFIRM_ASKED,    /* the agent is asked: address */
        TRACE_CONFIRM_ANSWERED, /* address, answer */
        TRACE_KEY_STORED,       /* New Long Term Key that is to be stored: address */
        TRACE_PAIRING_STATUS, /* Authentication Failed, or the reply to Pair Device: address, status
                                 (MGMT) */
        TRACE_BONDABLE,       /* answer: a setting of the adapter */
        TRACE_IO_CAPABILITY,  /* io: an agent registered with it */
        /* In the air. */
        TRACE_ADVERTISED, /* address, pairing_flag (OMRON's blinking P) where the data has it */
        TRACE_KIND_MAX_,
};

struct trace_event {
        enum trace_kind kind;
        uint64_t number;  /* of the frame in its capture, from 1 */
        int64_t usec;     /* since the capture's first frame; -1 not told */
        uint16_t adapter; /* hci0 is 0 */
        uint16_t handle;  /* of the link; with `adapter` it names it */
        enum trace_side side;
        bool has_address;
        struct bdaddr address; /* the peer's */
        uint8_t status;
        uint8_t io;
        bool stored; /* EDIV or Rand is not zero: a key from an earlier pairing. False
                      * tells nothing: the keys of Secure Connections have none */
        enum trace_answer own_random; /* the host connected from a random address */
        enum trace_answer answer;
        enum trace_answer pairing_flag;
        uint8_t pdu[SMP_PDU_MAX]; /* SMP, from the code on */
        size_t pdu_size;          /* as many as were captured, at most SMP_PDU_MAX */
        bool pdu_cut; /* the source did not show all of it (btmon's text hides nothing, but
                       * forums do; snap lengths): `pdu` is its beginning */
};

/* An advertisement's data: whether it holds OMRON's; then `ret_flag` is what that says of pairing.
 */
bool trace_advertised(const uint8_t *data, size_t n, enum trace_answer *ret_flag);
/* Own address types of HCI's Create Connection, 0..3: did the host connect from a random address?
 * 2 leaves it open (a private address if there is one): `used_private` says whether there was. */
enum trace_answer trace_own_random(uint8_t own_address_type, enum trace_answer used_private);
/* The reason a link ended, as the other side's controller says it: 13..15 <-> 16. */
uint8_t trace_reason_turned(uint8_t reason);

/* OMRON's manufacturer data, after the company: NOT_TOLD where it is not understood. */
enum trace_answer trace_pairing_flag(const uint8_t *value, size_t n);
