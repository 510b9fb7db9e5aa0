/* What trace_hci*.c and trace_mgmt.c share; nobody else includes it. */
#pragma once

#include "core/bytes.h"
#include "core/trace_hci.h"

/* A handle has 12 bits; above them ACL keeps its flags, others nothing. */
#define TRACE_HCI_HANDLE_MASK 0x0FFF

static inline struct trace_event trace_hci_event(const struct trace_hci_frame *frame,
                                                 enum trace_kind kind) {
        return (struct trace_event){
                .kind = kind,
                .number = frame->number,
                .usec = frame->usec,
                .adapter = frame->adapter,
        };
}

/* A link as if it had just come up; the least recently used one makes room (trace_hci_acl.c). */
struct trace_hci_link *trace_hci_link_begin(struct trace_hci *h, uint16_t adapter, uint16_t handle);
/* NULL: not known. */
struct trace_hci_link *trace_hci_link_find(struct trace_hci *h, uint16_t adapter, uint16_t handle);

/* One ACL packet: at most one event (trace_hci_acl.c). */
size_t trace_hci_acl_step(struct trace_hci *h, const struct trace_hci_frame *frame,
                          struct trace_event *ret);
/* The parameters of an LE (Extended) Advertising Report, after the subevent: one event for each
 * report with OMRON's data, at most TRACE_HCI_EVENTS_MAX (trace_hci_advert.c). */
size_t trace_hci_adverts(const struct trace_hci_frame *frame, struct bytes b, bool extended,
                         struct trace_event *ret);
