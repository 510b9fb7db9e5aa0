/* A cursor over untrusted bytes: never reads past `end`; one short read sticks in `short_read`,
 * so that a decoder takes all its fields and checks once. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
        const uint8_t *at, *end;
        bool short_read;
};

static inline struct bytes bytes_of(const uint8_t *value, size_t n) {
        return (struct bytes){.at = value, .end = n ? value + n : value};
}

static inline size_t bytes_left(const struct bytes *b) {
        return (size_t) (b->end - b->at);
}

/* One byte; 0 and short_read at the end. */
static inline uint8_t bytes_u8(struct bytes *b) {
        if (b->at == b->end) {
                b->short_read = true;
                return 0;
        }
        return *b->at++;
}

/* Two bytes, least significant first (all of GATT). */
static inline uint16_t bytes_le16(struct bytes *b) {
        uint8_t low = bytes_u8(b);

        return (uint16_t) (low | bytes_u8(b) << 8);
}

/* The next n bytes; NULL and short_read when there are fewer. */
static inline const uint8_t *bytes_take(struct bytes *b, size_t n) {
        const uint8_t *at = b->at;

        if (bytes_left(b) < n) {
                b->at = b->end;
                b->short_read = true;
                return NULL;
        }
        b->at += n;
        return at;
}
