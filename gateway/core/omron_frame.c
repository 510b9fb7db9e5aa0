/*
 *      0    1  2   3  4   5   6 .. 6+n-1   6+n   7+n
 *      LEN  TYPE   ADDR   N   payload      RES   XOR
 *
 * The sources stand in the header.
 */
#include "core/omron_frame.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#define HEADER_SIZE  6
#define START_STATED 0x10 /* byte 5 of every START seen (userx14/omblepy#57) */

static uint8_t xor_of(const uint8_t *bytes, size_t n) {
        uint8_t sum = 0;

        for (size_t i = 0; i < n; i++)
                sum ^= bytes[i];
        return sum;
}

/* Not memcpy: a fortified one that cannot see the bound is a call that core may not make. */
static void copy(uint8_t *to, const uint8_t *from, size_t n) {
        for (size_t i = 0; i < n; i++)
                to[i] = from[i];
}

static uint16_t be16(const uint8_t *at) {
        return (uint16_t) (at[0] << 8 | at[1]);
}

static bool is_length(uint8_t length) {
        return length >= OMRON_FRAME_MIN && length <= OMRON_FRAME_MAX;
}

int omron_frame_decode(const uint8_t *bytes, size_t n, struct omron_frame *ret) {
        struct omron_frame f = {0};
        uint8_t length = n > 0 ? bytes[0] : 0;

        if (!is_length(length) || length > n || xor_of(bytes, length) != 0)
                return -EBADMSG;

        f.type = be16(bytes + 1);
        f.address = be16(bytes + 3);
        f.stated = bytes[5];
        f.payload_size = (uint8_t) (length - OMRON_FRAME_MIN);
        copy(f.payload, bytes + HEADER_SIZE, f.payload_size);
        f.result = bytes[length - 2];

        *ret = f;
        return 0;
}

size_t omron_frame_encode(const struct omron_frame *frame, uint8_t ret[OMRON_FRAME_MAX]) {
        size_t length = OMRON_FRAME_MIN + (size_t) frame->payload_size;

        assert(frame->payload_size <= OMRON_PAYLOAD_MAX);
        ret[0] = (uint8_t) length;
        ret[1] = (uint8_t) (frame->type >> 8);
        ret[2] = (uint8_t) frame->type;
        ret[3] = (uint8_t) (frame->address >> 8);
        ret[4] = (uint8_t) frame->address;
        ret[5] = frame->stated;
        copy(ret + HEADER_SIZE, frame->payload, frame->payload_size);
        ret[length - 2] = frame->result;
        ret[length - 1] = xor_of(ret, length - 1);
        return length;
}

struct omron_frame omron_frame_start(void) {
        return (struct omron_frame){.type = OMRON_FRAME_START, .stated = START_STATED};
}

struct omron_frame omron_frame_read(uint16_t address, uint8_t n) {
        assert(n <= OMRON_PAYLOAD_MAX);
        return (struct omron_frame){.type = OMRON_FRAME_READ, .address = address, .stated = n};
}

struct omron_frame omron_frame_write(uint16_t address, const uint8_t *data, uint8_t size) {
        struct omron_frame f = {
                .type = OMRON_FRAME_WRITE,
                .address = address,
                .stated = size,
                .payload_size = size,
        };

        assert(size <= OMRON_PAYLOAD_MAX);
        copy(f.payload, data, size);
        return f;
}

struct omron_frame omron_frame_end(void) {
        return (struct omron_frame){.type = OMRON_FRAME_END};
}

bool omron_frame_answers(const struct omron_frame *reply, const struct omron_frame *request) {
        if (reply->type == (OMRON_FRAME_END | OMRON_FRAME_REPLY) &&
            reply->result != OMRON_RESULT_OK)
                return true;
        if (reply->type != (request->type | OMRON_FRAME_REPLY) ||
            reply->address != request->address)
                return false;
        return request->type != OMRON_FRAME_READ || reply->result != OMRON_RESULT_OK ||
               reply->payload_size == request->stated;
}

static void forget_slices(struct omron_assembly *a) {
        memset(a->size, 0, sizeof a->size);
}

void omron_assembly_begin(struct omron_assembly *a, bool single) {
        forget_slices(a);
        a->single = single;
}

/* 1: all slices of the frame are here, 0: not yet, -EBADMSG: they can never make a frame. */
static int is_whole(const struct omron_assembly *a) {
        size_t length = a->bytes[0];

        if (a->size[0] == 0)
                return 0;
        if (!is_length(a->bytes[0]))
                return -EBADMSG;
        for (size_t i = 0; i * OMRON_SLICE_SIZE < length; i++) {
                size_t left = length - i * OMRON_SLICE_SIZE;

                if (a->size[i] == 0)
                        return 0;
                if (a->size[i] < OMRON_SLICE_SIZE && a->size[i] < left)
                        return -EBADMSG;
        }
        return 1;
}

int omron_assembly_add(struct omron_assembly *a, unsigned channel, const uint8_t *value, size_t n,
                       struct omron_frame *ret) {
        int r;

        assert(channel < OMRON_CHANNELS);
        if (a->single) {
                r = omron_frame_decode(value, n, ret);
                return r < 0 ? r : 1;
        }
        if (n == 0 || n > OMRON_SLICE_SIZE) {
                forget_slices(a);
                return -EBADMSG;
        }

        if (channel == 0 && a->size[0] > 0) /* the older frame will not be completed any more */
                forget_slices(a);
        memcpy(a->bytes + channel * OMRON_SLICE_SIZE, value, n);
        a->size[channel] = (uint8_t) n;

        r = is_whole(a);
        if (r > 0)
                r = omron_frame_decode(a->bytes, a->bytes[0], ret) < 0 ? -EBADMSG : 1;
        if (r != 0)
                forget_slices(a);
        return r;
}
