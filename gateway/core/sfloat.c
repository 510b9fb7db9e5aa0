/*
 * SFLOAT-Type, 16 bits on the air least significant byte first:
 *
 *      byte 1   byte 0
 *      EEEEMMMM MMMMMMMM       E exponent, M mantissa, both two's complement
 */
#include "core/sfloat.h"

#include <errno.h>

#include "core/divide.h"

static int sign_extend(unsigned value, unsigned bits) {
        int sign = 1 << (bits - 1);

        return ((int) value ^ sign) - sign;
}

struct sfloat sfloat_from_raw(uint16_t raw) {
        switch (raw) {
        case 0x07FF:
                return (struct sfloat){.kind = SFLOAT_NAN};
        case 0x0800:
                return (struct sfloat){.kind = SFLOAT_NRES};
        case 0x07FE:
                return (struct sfloat){.kind = SFLOAT_POSITIVE_INFINITY};
        case 0x0802:
                return (struct sfloat){.kind = SFLOAT_NEGATIVE_INFINITY};
        case 0x0801:
                return (struct sfloat){.kind = SFLOAT_RESERVED};
        default:
                return (struct sfloat){
                        .kind = SFLOAT_FINITE,
                        .mantissa = (int16_t) sign_extend(raw & 0x0FFF, 12),
                        .exponent = (int8_t) sign_extend(raw >> 12, 4),
                };
        }
}

struct sfloat sfloat_take(struct bytes *b) {
        uint16_t raw = bytes_le16(b);

        /* Half a value is no value: le16 has already delivered the low byte. */
        return sfloat_from_raw(b->short_read ? 0 : raw);
}

int sfloat_to_milli(struct sfloat value, int32_t *ret_milli) {
        int64_t milli = value.mantissa; /* at most 2048 * 10^10: far from the end of 64 bits */
        int64_t divisor = 1;

        if (value.kind != SFLOAT_FINITE)
                return -ENODATA;

        for (int e = value.exponent + 3; e > 0; e--)
                milli *= 10;
        for (int e = value.exponent + 3; e < 0; e++)
                divisor *= 10;
        milli = divide_rounded(milli, divisor);
        if (milli < INT32_MIN || milli > INT32_MAX)
                return -ERANGE;

        *ret_milli = (int32_t) milli;
        return 0;
}
