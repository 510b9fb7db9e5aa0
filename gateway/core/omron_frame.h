/* Frames of OMRON's memory protocol, over one channel (modern stack) or four (classic).
 *
 *   0    1  2   3  4   5   6 .. 6+n-1   6+n   7+n
 *   LEN  TYPE   ADDR   N   payload      RES   XOR      TYPE and ADDR most significant byte first
 *
 * LEN counts all bytes, 8..64; all of them XORed give 0. RES is 0 in the host's frames; in replies
 * 0 means fine. Seen in btsnoop captures of an HEM-7280T and an HEM-7140T1 (userx14/omblepy#57,
 * #39) and of an HEM-7155T-MW3 (dzikus/esphome-omron): sure. N, byte 5, says the payload's size in
 * 8100 only; START and refused replies repeat the request's N without a payload (same captures):
 * the payload's size is LEN - 8. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OMRON_FRAME_MIN   8
#define OMRON_FRAME_MAX   64
#define OMRON_PAYLOAD_MAX 56
#define OMRON_SLICE_SIZE  16 /* classic: what one channel carries */
#define OMRON_CHANNELS    4

enum omron_frame_type {
        OMRON_FRAME_START = 0x0000,
        OMRON_FRAME_READ = 0x0100,
        OMRON_FRAME_WRITE = 0x01C0,
        OMRON_FRAME_END = 0x0F00,
        OMRON_FRAME_REPLY =
                0x8000, /* added to the request's type; 8F00 alone can answer anything */
};

/* RES codes (eigger/hass-omron 2.8.x notes; #175): E3 sure, E5 fairly sure. */
enum { OMRON_RESULT_OK = 0x00, OMRON_RESULT_ADDRESS = 0xE3, OMRON_RESULT_SETTINGS = 0xE5 };

struct omron_frame {
        uint16_t type, address;
        uint8_t stated; /* byte 5, whatever it means here */
        uint8_t payload[OMRON_PAYLOAD_MAX];
        uint8_t payload_size; /* LEN - 8 */
        uint8_t result;
};

/* Bytes after LEN are padding and ignored. 0; -EBADMSG: LEN below 8, above 64 or above n, or the
 * XOR is wrong. */
int omron_frame_decode(const uint8_t *bytes, size_t n, struct omron_frame *ret);
/* Returns the size, 8..64. */
size_t omron_frame_encode(const struct omron_frame *frame, uint8_t ret[OMRON_FRAME_MAX]);

/* The four requests a host makes. `n` and `size` at most 56. */
struct omron_frame omron_frame_start(void);
struct omron_frame omron_frame_read(uint16_t address, uint8_t n);
struct omron_frame omron_frame_write(uint16_t address, const uint8_t *data, uint8_t size);
struct omron_frame omron_frame_end(void);

/* Is `reply` the answer to `request`? TYPE and ADDR must fit: late replies to other requests are
 * common after a timeout (eigger/hass-omron#148). An 8F00 with a result other than 0 answers
 * anything. A good read of the wrong size does not fit. */
bool omron_frame_answers(const struct omron_frame *reply, const struct omron_frame *request);

/* Slices into frames. */
struct omron_assembly {
        uint8_t bytes[OMRON_FRAME_MAX];
        uint8_t size[OMRON_CHANNELS]; /* of each slice; 0: not here yet */
        bool single;                  /* one channel: a value is a frame */
};

/* Before each request: what is half here belongs to an older one. */
void omron_assembly_begin(struct omron_assembly *a, bool single);
/* 1: `ret` is a whole frame, and the next one may begin. 0: slices are missing. -EBADMSG: damaged;
 * begun anew. A slice on channel 0 begins a frame; slices of other channels that come before it are
 * kept. Slices may be padded to 16 bytes. `channel` 0..3. */
int omron_assembly_add(struct omron_assembly *a, unsigned channel, const uint8_t *value, size_t n,
                       struct omron_frame *ret);
