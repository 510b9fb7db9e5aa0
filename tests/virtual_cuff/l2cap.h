/* Basic L2CAP frames on fixed channels (Core Specification 5.4, Vol 3 Part A, 3.1): fragments in,
 * frames out. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { L2CAP_ATT = 0x0004, L2CAP_SIGNALLING = 0x0005, L2CAP_SMP = 0x0006 };
enum { L2CAP_PAYLOAD_MAX = 512, L2CAP_HEADER = 4 };

struct l2cap { /* all zero: a new link */
        uint8_t frame[L2CAP_HEADER + L2CAP_PAYLOAD_MAX];
        size_t n; /* 0: no frame has begun */
};

/* One fragment; `first` as the packet boundary flag says. True: a whole frame stands in the
 * buffer (until the next call). What breaks a frame drops it: another that begins, more bytes than
 * its header announces, a payload of more than L2CAP_PAYLOAD_MAX. */
bool l2cap_receive(struct l2cap *l, bool first, const uint8_t *bytes, size_t size,
                   uint16_t *ret_channel, const uint8_t **ret_payload, size_t *ret_size);
/* Header and payload, at most L2CAP_PAYLOAD_MAX; returns the size of the frame. */
size_t l2cap_frame(uint16_t channel, const uint8_t *payload, size_t size,
                   uint8_t ret[L2CAP_HEADER + L2CAP_PAYLOAD_MAX]);
