#include "core/trace_event.h"

#include "core/advertisement.h"
#include "core/bytes.h"

#define AD_MANUFACTURER 0xFF

/* HCI error codes */
#define REMOTE_ENDED 0x13 /* .. and up to REMOTE_OFF for other reasons */
#define REMOTE_OFF   0x15
#define LOCAL_ENDED  0x16

enum own_address_type { OWN_PUBLIC, OWN_RANDOM, OWN_PRIVATE_OR_PUBLIC, OWN_PRIVATE_OR_RANDOM };

enum trace_answer trace_own_random(uint8_t own_address_type, enum trace_answer used_private) {
        switch (own_address_type) {
        case OWN_PUBLIC:
                return TRACE_NO;
        case OWN_RANDOM:
        case OWN_PRIVATE_OR_RANDOM:
                return TRACE_YES;
        case OWN_PRIVATE_OR_PUBLIC:
                return used_private;
        default:
                return TRACE_NOT_TOLD;
        }
}

uint8_t trace_reason_turned(uint8_t reason) {
        if (reason >= REMOTE_ENDED && reason <= REMOTE_OFF)
                return LOCAL_ENDED;
        return reason == LOCAL_ENDED ? REMOTE_ENDED : reason;
}

/*
 * What OMRON's cuffs say in an advertisement (Bluetooth Core 5.4, Vol 3, Part C, 11):
 *
 *      [SS TT value(SS-1)]..   SS size with its type, 0 the end
 *                              TT FF: company (LE16), then what it likes: core/advertisement.c
 */
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
