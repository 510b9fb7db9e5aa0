/* Any stream of frames: one is TT AA SS data*SS: its type (low 3 bits), the direction (next 2) and
 * whether it was cut (top bit); its adapter (FF none); how many bytes follow. And any bytes as a
 * PDU of SMP, cut anywhere. */
#include "core/trace_hci.h"

#include <string.h>

#include "exact.h"
#include "fuzz/property.h"

static bool all_zero(const void *bytes, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (((const uint8_t *) bytes)[i])
                        return false;
        return true;
}

/* What may come of which frame. */
static bool fits(enum trace_hci_type type, enum trace_kind kind) {
        switch (type) {
        case TRACE_HCI_COMMAND:
                return kind == TRACE_ENCRYPTION_ASKED;
        case TRACE_HCI_EVENT:
                return kind == TRACE_ADVERTISED ||
                       (kind <= TRACE_ENCRYPTION_DONE && kind != TRACE_SMP);
        case TRACE_HCI_ACL:
                return kind == TRACE_SMP;
        case TRACE_HCI_MGMT_COMMAND:
        case TRACE_HCI_MGMT_EVENT:
                return kind >= TRACE_PAIR_ASKED && kind <= TRACE_IO_CAPABILITY;
        default:
                return false;
        }
}

static void require_event(const struct trace_event *e, const struct trace_hci_frame *frame) {
        REQUIRE(fits(frame->type, e->kind));
        REQUIRE(e->number == frame->number && e->usec == frame->usec);
        REQUIRE(e->adapter == frame->adapter && e->handle <= 0x0FFF);
        REQUIRE(e->has_address || all_zero(&e->address, sizeof e->address));
        REQUIRE(e->own_random <= TRACE_YES && e->answer <= TRACE_YES);
        REQUIRE(e->pairing_flag <= TRACE_YES);
        if (e->kind == TRACE_SMP) {
                REQUIRE(e->side == TRACE_HOST || e->side == TRACE_CUFF);
                REQUIRE(e->pdu_size >= 1 && e->pdu_size <= SMP_PDU_MAX);
                REQUIRE(all_zero(e->pdu + e->pdu_size, sizeof e->pdu - e->pdu_size));
        } else {
                REQUIRE(e->pdu_size == 0 && !e->pdu_cut && all_zero(e->pdu, sizeof e->pdu));
        }
}

static void require_state(const struct trace_hci *h) {
        for (size_t i = 0; i < TRACE_HCI_LINKS_MAX; i++) {
                const struct trace_hci_link *link = &h->link[i];

                for (size_t side = 0; side < 2; side++) {
                        REQUIRE(link->part[side].kept <= link->part[side].seen);
                        REQUIRE(link->part[side].kept <= sizeof link->part[side].bytes);
                }
                REQUIRE(link->last < 2 && link->touched <= h->clock);
                for (size_t j = 0; link->used && j < i; j++)
                        REQUIRE(!h->link[j].used || h->link[j].adapter != link->adapter ||
                                h->link[j].handle != link->handle);
        }
}

static void step(struct trace_hci *h, const struct trace_hci_frame *frame) {
        static const struct trace_event untouched[TRACE_HCI_EVENTS_MAX];
        static struct trace_event events[TRACE_HCI_EVENTS_MAX];
        size_t n;

        n = trace_hci_step(h, frame, events);
        REQUIRE(n <= TRACE_HCI_EVENTS_MAX);
        REQUIRE(n <= 1 || frame->type == TRACE_HCI_EVENT);
        for (size_t i = 0; i < n; i++)
                require_event(&events[i], frame);
        memset(events, 0, n * sizeof events[0]);
        REQUIRE(memcmp(events, untouched, sizeof events) == 0);
        require_state(h);
}

static void run(const uint8_t *data, size_t n) {
        struct trace_hci h;
        uint64_t number = 1;

        trace_hci_init(&h);
        for (size_t at = 0; n - at >= 3; number++) {
                const uint8_t *head = data + at;
                size_t size = head[2] < n - at - 3 ? head[2] : n - at - 3;
                uint8_t *exact = exact_copy(head + 3, size);
                struct trace_hci_frame frame = {
                        .type = (enum trace_hci_type)((head[0] & 7) % (TRACE_HCI_OTHER + 1)),
                        .received = (enum trace_answer)((head[0] >> 3 & 3) % (TRACE_YES + 1)),
                        .adapter = head[1] == 0xFF ? 0xFFFF : head[1],
                        .number = number,
                        .usec = head[0] & 0x40 ? -1 : (int64_t) number,
                        .bytes = exact,
                        .n = size,
                        .cut = head[0] & 0x80,
                };

                step(&h, &frame);
                free(exact);
                at += 3 + size;
        }
}

/* Packets of 1 + data[0] % 8 bytes, and an unfinished PDU of the other side between all of them. */
static void cut_and_join(const uint8_t *data, size_t n) {
        size_t size = n < SMP_PDU_MAX ? n : SMP_PDU_MAX, slice = 1 + data[0] % 8, events = 0;
        uint8_t bytes[4 + SMP_PDU_MAX] = {(uint8_t) size, 0, SMP_CHANNEL, 0};
        struct trace_event e[TRACE_HCI_EVENTS_MAX];
        struct trace_hci h;

        memcpy(bytes + 4, data, size);
        trace_hci_init(&h);
        for (size_t at = 0; at < 4 + size; at += slice) {
                size_t now = 4 + size - at < slice ? 4 + size - at : slice;
                uint8_t packet[4 + 8] = {0x40, at ? 0x10 : 0x00, (uint8_t) now, 0};
                static const uint8_t other[] = {0x40, 0x20, 5, 0, 2, 0, SMP_CHANNEL, 0, 0x0B};
                struct trace_hci_frame frame = {.type = TRACE_HCI_ACL, .received = TRACE_NO};

                REQUIRE(events == 0);
                memcpy(packet + 4, bytes + at, now);
                frame.bytes = packet;
                frame.n = 4 + now;
                events = trace_hci_step(&h, &frame, e);
                frame.received = TRACE_YES;
                frame.bytes = other;
                frame.n = sizeof other;
                REQUIRE(events == 1 || trace_hci_step(&h, &frame, e) == 0);
        }
        REQUIRE(events == 1 && e[0].side == TRACE_HOST && !e[0].pdu_cut);
        REQUIRE(e[0].pdu_size == size && memcmp(e[0].pdu, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        run(data, n);
        if (n > 0)
                cut_and_join(data, n);
        return 0;
}
