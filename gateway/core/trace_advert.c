/*
 * What OMRON's cuffs say in an advertisement (Bluetooth Core 5.4, Vol 3, Part C, 11):
 *
 *      [SS TT value(SS-1)]..   SS size with its type, 0 the end
 *                              TT FF: company (LE16), then what it likes: core/advertisement.c
 */
#include "core/advertisement.h"
#include "core/bytes.h"
#include "core/trace_event.h"

#define AD_MANUFACTURER 0xFF

enum trace_answer trace_pairing_flag(const uint8_t *value, size_t n) {
        struct advertisement a;

        if (advertisement_decode(value, n, &a) < 0)
                return TRACE_NOT_TOLD;
        return a.pairing ? TRACE_YES : TRACE_NO;
}

bool trace_advertised(const uint8_t *data, size_t n, enum trace_answer *ret_flag) {
        struct bytes b = bytes_of(data, n);

        while (bytes_left(&b) > 0) {
                size_t size = bytes_u8(&b);
                struct bytes field;

                if (size == 0 || size > bytes_left(&b))
                        return false;
                field = bytes_of(b.at, size);
                if (bytes_u8(&field) == AD_MANUFACTURER &&
                    bytes_le16(&field) == ADVERTISEMENT_COMPANY_OMRON) {
                        *ret_flag = trace_pairing_flag(field.at, bytes_left(&field));
                        return true;
                }
                b.at += size;
        }
        return false;
}
