/* Any bytes as a frame; and any slices on any channels, now and then a new request. A slice is one
 * byte CCNNNNNN, channel and size, then that many bytes; CC 3 with N 63 is a new request. */
#include "core/omron_frame.h"

#include <errno.h>

#include "exact.h"
#include "fuzz/property.h"

#define NEW_REQUEST 0xFF

static void require_answers(const struct omron_frame *f) {
        struct omron_frame request = {.type = f->type & 0x7FFF, .address = f->address};
        bool reply = f->type & OMRON_FRAME_REPLY;
        bool refusal = f->type == 0x8F00 && f->result != 0;

        request.stated = f->payload_size;
        REQUIRE(omron_frame_answers(f, &request) == reply);
        request.address++;
        REQUIRE(omron_frame_answers(f, &request) == refusal);
        if (f->type != 0x8100)
                return;
        request = omron_frame_read(f->address, (f->payload_size + 1) % OMRON_PAYLOAD_MAX);
        REQUIRE(omron_frame_answers(f, &request) == (f->result != 0));
}

/* What was decoded is written as the same bytes, and those are a frame. */
static void require_frame(const struct omron_frame *f, const uint8_t *bytes) {
        uint8_t back[OMRON_FRAME_MAX], sum = 0;
        size_t n = omron_frame_encode(f, back);

        REQUIRE(n >= OMRON_FRAME_MIN && n <= OMRON_FRAME_MAX && n == back[0]);
        REQUIRE(f->payload_size == n - OMRON_FRAME_MIN);
        for (size_t i = 0; i < n; i++)
                sum ^= back[i];
        REQUIRE(sum == 0);
        if (bytes)
                REQUIRE(memcmp(back, bytes, n) == 0);
        require_answers(f);
}

static void decode_whole(const uint8_t *data, size_t n) {
        struct omron_frame f, untouched;
        uint8_t *exact = exact_copy(data, n);
        int r;

        memset(&f, 0xAA, sizeof f);
        memset(&untouched, 0xAA, sizeof untouched);
        r = omron_frame_decode(exact, n, &f);
        REQUIRE(r == 0 || r == -EBADMSG);
        if (r == 0)
                require_frame(&f, exact);
        else
                REQUIRE(memcmp(&f, &untouched, sizeof f) == 0);
        free(exact);
}

static void require_forgotten(const struct omron_assembly *a) {
        for (size_t i = 0; i < OMRON_CHANNELS; i++)
                REQUIRE(a->size[i] == 0);
}

static void add_slice(struct omron_assembly *a, unsigned channel, const uint8_t *value, size_t n) {
        struct omron_frame f, untouched;
        uint8_t *exact = exact_copy(value, n);
        int r;

        memset(&f, 0xAA, sizeof f);
        memset(&untouched, 0xAA, sizeof untouched);
        r = omron_assembly_add(a, channel, exact, n, &f);
        REQUIRE(r == 1 || r == 0 || r == -EBADMSG);
        if (r == 1)
                require_frame(&f, NULL);
        else
                REQUIRE(memcmp(&f, &untouched, sizeof f) == 0);
        if (r != 0)
                require_forgotten(a);
        else
                REQUIRE(!a->single && a->size[channel] == n);
        free(exact);
}

static void assemble(const uint8_t *data, size_t n, bool single) {
        struct omron_assembly a;

        omron_assembly_begin(&a, single);
        for (size_t at = 0; at < n;) {
                uint8_t head = data[at++];
                size_t size = head & 0x3F;

                if (head == NEW_REQUEST) {
                        omron_assembly_begin(&a, single);
                        require_forgotten(&a);
                        continue;
                }
                if (size > n - at)
                        size = n - at;
                add_slice(&a, head >> 6, data + at, size);
                at += size;
        }
}

/* Any frame cut into slices is whole again, in the order that the first byte picks. */
static void cut_and_join(const uint8_t *data, size_t n) {
        uint8_t size = n > OMRON_PAYLOAD_MAX ? OMRON_PAYLOAD_MAX : (uint8_t) n;
        struct omron_frame f = omron_frame_write(0x0054, data, size), back;
        uint8_t bytes[OMRON_FRAME_MAX] = {0};
        size_t length = omron_frame_encode(&f, bytes);
        size_t slices = (length + OMRON_SLICE_SIZE - 1) / OMRON_SLICE_SIZE;
        struct omron_assembly a;

        omron_assembly_begin(&a, false);
        for (size_t i = 0; i < slices; i++) {
                size_t at = (i + data[0]) % slices;
                size_t left = length - at * OMRON_SLICE_SIZE;

                if (left > OMRON_SLICE_SIZE || data[0] & 0x80) /* padded */
                        left = OMRON_SLICE_SIZE;
                REQUIRE(omron_assembly_add(&a, (unsigned) at, bytes + at * OMRON_SLICE_SIZE, left,
                                           &back) == (i + 1 == slices));
        }
        REQUIRE(back.payload_size == size && memcmp(back.payload, data, size) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        decode_whole(data, n);
        assemble(data, n, false);
        assemble(data, n, true);
        if (n > 0)
                cut_and_join(data, n);
        return 0;
}
