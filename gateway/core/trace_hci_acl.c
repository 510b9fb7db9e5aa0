/*
 * ACL packets, and the L2CAP PDUs that are cut into them (Bluetooth Core 5.4, Vol 4, Part E, 5.4.2;
 * Vol 3, Part A, 3.1):
 *
 *      HH HH LL LL  data..       handle (12 bits), flag (2), broadcast (2); size of the data
 *                   SS SS CC CC pdu..    a first packet's: size of the PDU, channel, its beginning
 *                   ..pdu..              a continuation's
 *
 * Every channel is put together as far as a PDU of SMP is long: so the sizes tell what follows, and
 * the one of interest needs no path of its own.
 */
#include "core/trace_hci_parts.h"

#include <string.h>

/* The packet boundary flag. Either side's name for a first packet counts from both: BR/EDR's
 * hosts send 2 as well. */
enum flag {
        FLAG_FIRST_OF_HOST = 0,
        FLAG_CONTINUED = 1,
        FLAG_FIRST_OF_CONTROLLER = 2,
        FLAG_COMPLETE = 3, /* of no LE or BR/EDR link */
};

struct trace_hci_link *trace_hci_link_find(struct trace_hci *h, uint16_t adapter, uint16_t handle) {
        for (size_t i = 0; i < TRACE_HCI_LINKS_MAX; i++) {
                struct trace_hci_link *link = &h->link[i];

                if (link->used && link->adapter == adapter && link->handle == handle)
                        return link;
        }
        return NULL;
}

static struct trace_hci_link *free_link(struct trace_hci *h) {
        struct trace_hci_link *oldest = &h->link[0];

        for (size_t i = 0; i < TRACE_HCI_LINKS_MAX; i++) {
                if (!h->link[i].used)
                        return &h->link[i];
                if (h->link[i].touched < oldest->touched)
                        oldest = &h->link[i];
        }
        return oldest;
}

struct trace_hci_link *trace_hci_link_begin(struct trace_hci *h, uint16_t adapter,
                                            uint16_t handle) {
        struct trace_hci_link *link = trace_hci_link_find(h, adapter, handle);

        if (!link)
                link = free_link(h);
        *link = (struct trace_hci_link){
                .used = true,
                .adapter = adapter,
                .handle = handle,
                .touched = ++h->clock,
        };
        return link;
}

/* Which of the link's parts a packet belongs to: 1 the controller's. A continuation without a
 * direction goes on with the PDU that had a packet last, if that is not whole yet. */
static uint8_t part_of(const struct trace_hci_link *link, enum trace_answer received,
                       unsigned flag) {
        if (received != TRACE_NOT_TOLD)
                return received == TRACE_YES;
        if (flag != FLAG_CONTINUED)
                return flag == FLAG_FIRST_OF_CONTROLLER;
        return link->part[link->last].filling ? link->last : !link->last;
}

/* `have` bytes of the `wire` bytes that were sent. What comes after missing bytes is not kept. */
static void part_add(struct trace_hci_part *part, const uint8_t *bytes, size_t have, size_t wire) {
        size_t room = sizeof part->bytes - part->kept;

        if (part->kept < part->seen)
                room = 0;
        if (have > room)
                have = room;
        memcpy(part->bytes + part->kept, bytes, have);
        part->kept += have;
        part->seen += wire;
}

/* The event of a part that is whole now, if it is of SMP; the link is for the caller to add. */
static size_t part_end(struct trace_hci_part *part, const struct trace_hci_frame *frame,
                       struct trace_event *ret) {
        struct bytes b = bytes_of(part->bytes, part->kept);
        size_t size = bytes_le16(&b), have;
        uint16_t channel = bytes_le16(&b);

        /* Of one whose header is missing nothing tells where it ends: it does not. */
        if (b.short_read || part->seen < TRACE_L2CAP_HEADER + size)
                return 0;
        part->filling = false;
        have = bytes_left(&b) < size ? bytes_left(&b) : size;
        if (channel != SMP_CHANNEL || have == 0)
                return 0;
        *ret = trace_hci_event(frame, TRACE_SMP);
        memcpy(ret->pdu, b.at, have);
        ret->pdu_size = have;
        ret->pdu_cut = have < size;
        return 1;
}

size_t trace_hci_acl_step(struct trace_hci *h, const struct trace_hci_frame *frame,
                          struct trace_event *ret) {
        struct bytes b = bytes_of(frame->bytes, frame->n);
        uint16_t head = bytes_le16(&b), wire = bytes_le16(&b);
        uint16_t handle = head & TRACE_HCI_HANDLE_MASK;
        unsigned flag = head >> 12 & 3;
        struct trace_hci_link *link;
        uint8_t side;

        if (b.short_read || flag == FLAG_COMPLETE)
                return 0;
        link = trace_hci_link_find(h, frame->adapter, handle);
        if (!link && flag != FLAG_CONTINUED)
                link = trace_hci_link_begin(h, frame->adapter, handle);
        if (!link)
                return 0;
        link->touched = ++h->clock;

        side = part_of(link, frame->received, flag);
        if (flag != FLAG_CONTINUED)
                link->part[side] = (struct trace_hci_part){.filling = true};
        if (!link->part[side].filling)
                return 0;
        link->last = side;
        part_add(&link->part[side], b.at, bytes_left(&b) < wire ? bytes_left(&b) : wire, wire);
        if (part_end(&link->part[side], frame, ret) == 0)
                return 0;
        ret->handle = handle;
        ret->side = (side == 1) != link->peripheral ? TRACE_CUFF : TRACE_HOST;
        return 1;
}
