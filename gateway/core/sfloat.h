/* SFLOAT-Type (IEEE 11073-20601): 16 bits, value = mantissa * 10^exponent, five special values. */
#pragma once

#include <stdint.h>

#include "core/bytes.h"

enum sfloat_kind {
        SFLOAT_FINITE,
        SFLOAT_NAN,               /* 0x07FF not a number: the measurement failed or is absent */
        SFLOAT_NRES,              /* 0x0800 not at this resolution */
        SFLOAT_POSITIVE_INFINITY, /* 0x07FE */
        SFLOAT_NEGATIVE_INFINITY, /* 0x0802 */
        SFLOAT_RESERVED,          /* 0x0801 reserved for future use */
};

struct sfloat {
        enum sfloat_kind kind;
        int16_t mantissa; /* -2048..2047; 0 unless finite */
        int8_t exponent;  /* -8..7; 0 unless finite */
};

/* Splits the raw 16 bits. Specials are special only as exact 16-bit values (exponent nibble 0). */
struct sfloat sfloat_from_raw(uint16_t raw);

/* Takes two bytes, least significant first. At the end of `b` the result is 0 and b->short_read. */
struct sfloat sfloat_take(struct bytes *b);

/* The value in thousandths (121 mmHg -> 121000; 16.2 kPa -> 16200), rounded half away from zero.
 * 0; -ENODATA for the five specials; -ERANGE when it does not fit 32 bits. */
int sfloat_to_milli(struct sfloat value, int32_t *ret_milli);
