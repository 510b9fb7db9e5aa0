/* Any bytes as packets of the air. A record is HH NN and NN bytes: HH 03 the pseudo header, 04 cut,
 * 08 its access address is that of the first link, 10 it is heard twice. */
#include "core/trace_air.h"

#include <errno.h>
#include <string.h>

#include "exact.h"
#include "fuzz/property.h"

enum record {
        RECORD_HEADER = 0x03,
        RECORD_CUT = 0x04,
        RECORD_KNOWN_LINK = 0x08,
        RECORD_TWICE = 0x10,
};

static void require_event(const struct trace_event *e, const struct trace_air_frame *frame) {
        REQUIRE(e->kind == TRACE_CONNECTED || e->kind == TRACE_DISCONNECTED ||
                e->kind == TRACE_SMP || e->kind == TRACE_ENCRYPTION_ASKED ||
                e->kind == TRACE_ENCRYPTION_DONE || e->kind == TRACE_ADVERTISED);
        REQUIRE(e->number == frame->number && e->usec == frame->usec && e->adapter == 0);
        REQUIRE(e->side <= TRACE_CUFF);
        REQUIRE(e->has_address == (e->kind == TRACE_CONNECTED || e->kind == TRACE_ADVERTISED));
        REQUIRE((e->kind == TRACE_SMP) == (e->pdu_size > 0));
        REQUIRE(e->pdu_size <= SMP_PDU_MAX);
        if (e->pdu_cut)
                REQUIRE(e->kind == TRACE_SMP && e->pdu_size < SMP_PDU_MAX);
        if (e->kind != TRACE_CONNECTED)
                REQUIRE(e->own_random == TRACE_NOT_TOLD);
        if (e->kind != TRACE_ADVERTISED)
                REQUIRE(e->pairing_flag == TRACE_NOT_TOLD);
}

/* Whether it is a packet of a link. */
static bool require_packet(const struct trace_air_frame *frame) {
        struct trace_air_packet p, untouched;
        int r;

        memset(&p, 0xA5, sizeof p);
        memset(&untouched, 0xA5, sizeof untouched);
        r = trace_air_header_decode(frame, &p);
        REQUIRE(r == 0 || r == -EBADMSG || r == -ENOTSUP);
        if (r < 0) {
                REQUIRE(memcmp(&p, &untouched, sizeof p) == 0);
                return false;
        }
        REQUIRE(p.n <= p.length && (frame->cut || p.n == p.length));
        REQUIRE(p.payload >= frame->bytes && p.payload + p.n <= frame->bytes + frame->n);
        REQUIRE(!(p.encrypted && p.decrypted));
        if (frame->header == TRACE_AIR_NONE)
                REQUIRE(p.side == TRACE_UNKNOWN && !p.encrypted && !p.decrypted);
        return p.access_address != TRACE_AIR_ADVERTISING;
}

static void require_state(const struct trace_air *a) {
        for (size_t i = 0; i < TRACE_AIR_LINKS_MAX; i++) {
                for (size_t k = 0; k < i; k++)
                        REQUIRE(!a->link[i].used || !a->link[k].used ||
                                a->link[i].access_address != a->link[k].access_address);
                for (size_t side = 0; side < 3; side++) {
                        const struct trace_air_part *part = &a->link[i].part[side];

                        REQUIRE(part->size <= sizeof part->bytes && part->size <= part->seen);
                }
        }
}

static void put_link(const struct trace_air *a, enum trace_air_header header, uint8_t *bytes,
                     size_t n) {
        static const size_t at[] = {
                [TRACE_AIR_NONE] = 0, [TRACE_AIR_PHDR] = 10, [TRACE_AIR_NORDIC] = 17};

        for (size_t i = 0; i < 4 && at[header] + i < n; i++)
                bytes[at[header] + i] = (uint8_t) (a->link[0].access_address >> 8 * i);
}

static size_t step(struct trace_air *a, const struct trace_air_frame *frame) {
        struct trace_event events[TRACE_AIR_EVENTS_MAX];
        size_t n;

        memset(events, 0xA5, sizeof events);
        n = trace_air_step(a, frame, events);
        REQUIRE(n <= TRACE_AIR_EVENTS_MAX);
        for (size_t i = 0; i < n; i++)
                require_event(&events[i], frame);
        require_state(a);
        return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        struct trace_air a;
        uint64_t number = 0;

        trace_air_init(&a);
        for (size_t at = 0; at + 2 <= n;) {
                uint8_t head = data[at], size = data[at + 1];
                struct trace_air_frame frame = {
                        .header = (enum trace_air_header)((head & RECORD_HEADER) % 3),
                        .number = ++number,
                        .usec = -1,
                        .cut = head & RECORD_CUT,
                };
                uint8_t *exact;
                bool of_link;

                at += 2;
                frame.n = size < n - at ? size : n - at;
                exact = exact_copy(data + at, frame.n);
                if (head & RECORD_KNOWN_LINK)
                        put_link(&a, frame.header, exact, frame.n);
                frame.bytes = exact;
                of_link = require_packet(&frame);
                step(&a, &frame);
                if (head & RECORD_TWICE && of_link)
                        REQUIRE(step(&a, &frame) == 0);
                free(exact);
                at += frame.n;
        }
        return 0;
}
