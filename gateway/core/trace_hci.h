/* HCI packets and the kernel's management messages, as captures hold them, to events of a pairing
 * (Bluetooth Core 5.4, Vol 4, Part E; Linux: the monitor format of btmon, the mgmt API). */
#pragma once

#include "core/trace_event.h"

#define TRACE_HCI_EVENTS_MAX 32 /* one packet's: advertising reports come many at once */
#define TRACE_HCI_LINKS_MAX  16
#define TRACE_HCI_ADAPTERS   4 /* hci4 shares what is known with hci0, .. */
#define TRACE_L2CAP_HEADER   4

/* Where a frame comes from. */
enum trace_hci_type {
        TRACE_HCI_COMMAND,
        TRACE_HCI_EVENT,
        TRACE_HCI_ACL,
        TRACE_HCI_MGMT_COMMAND, /* the monitor's Control Command and Event: le32 cookie, le16 code,
                                   .. */
        TRACE_HCI_MGMT_EVENT,
        TRACE_HCI_OTHER, /* SCO, ISO, system notes, vendor: counted, not read */
};

struct trace_hci_frame {
        enum trace_hci_type type;
        enum trace_answer
                received; /* ACL: from the controller; NOT_TOLD: the packet boundary flag tells,
                           * of continuations the first part (H4 without direction) */
        uint16_t adapter;
        uint64_t number;
        int64_t usec;
        const uint8_t *bytes; /* after H4's type byte or the monitor's header */
        size_t n;             /* as many as were captured */
        bool cut;             /* there were more on the wire */
};

/* What is known between frames; private. */
struct trace_hci {
        struct trace_hci_link {
                bool used;
                bool peripheral; /* our host is the peripheral of this link: sides swap */
                bool bredr;      /* no LE link: its encryption is not told */
                uint16_t adapter, handle;
                struct trace_hci_part {
                        bool filling;
                        uint8_t bytes[TRACE_L2CAP_HEADER + SMP_PDU_MAX];
                        size_t kept, seen; /* in `bytes`; on the wire: more, when some are missing
                                            * or there is no room */
                } part[2]; /* an L2CAP PDU each: [0] the host sends, [1] the controller received */
                uint8_t last; /* .. which of them had a packet last */
                uint64_t touched;
        } link[TRACE_HCI_LINKS_MAX];
        struct trace_hci_adapter {
                uint8_t own_address_type; /* of the last Create Connection; 0xFF none */
                uint16_t encrypting;      /* handle of the last Start Encryption; 0xFFFF none */
        } adapter[TRACE_HCI_ADAPTERS];
        uint64_t clock;
};

void trace_hci_init(struct trace_hci *h);
/* The events of one frame, into `ret`; returns how many. Any bytes are taken: what is malformed or
 * not about links and pairing gives none. An SMP PDU comes with the packet that ends it; of one
 * that is longer than any of SMP its first SMP_PDU_MAX bytes, as `pdu_cut`. */
size_t trace_hci_step(struct trace_hci *h, const struct trace_hci_frame *frame,
                      struct trace_event ret[TRACE_HCI_EVENTS_MAX]);
/* The kernel's management messages (trace_mgmt.c); trace_hci_step() calls it. Those about BR/EDR
 * and those that name no adapter give none. No event holds a key. */
size_t trace_mgmt_step(const struct trace_hci_frame *frame,
                       struct trace_event ret[TRACE_HCI_EVENTS_MAX]);

/* The types of btsnoop's and pcap's monitor format (Linux: include/net/bluetooth/hci_mon.h):
 * `opcode` to a type, and the direction of ACL (else NOT_TOLD). */
enum trace_hci_type trace_hci_of_monitor(uint16_t opcode, enum trace_answer *ret_received);
/* H4's type byte (1 command, 2 ACL, 4 event; else OTHER). */
enum trace_hci_type trace_hci_of_h4(uint8_t type);
