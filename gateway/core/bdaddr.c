#include "core/bdaddr.h"

#include <errno.h>
#include <string.h>

#include "core/words.h"

static int byte_from_chars(const char *at) {
        int high = words_hex_digit(at[0]);
        int low = high < 0 ? -1 : words_hex_digit(at[1]);

        return low < 0 ? -1 : high << 4 | low;
}

int bdaddr_from_string(const char *text, struct bdaddr *ret) {
        bool colons = strlen(text) == BDADDR_STRING_SIZE - 1;
        struct bdaddr address;

        for (size_t i = 0; i < sizeof address.byte; i++) {
                int byte;

                if (colons && i > 0 && *text++ != ':')
                        return -EINVAL;
                byte = byte_from_chars(text);
                if (byte < 0)
                        return -EINVAL;
                address.byte[i] = (uint8_t) byte;
                text += 2;
        }
        if (*text)
                return -EINVAL;

        *ret = address;
        return 0;
}

static char *put_byte(char *at, uint8_t byte, const char digits[static 16]) {
        *at++ = digits[byte >> 4];
        *at++ = digits[byte & 0x0F];
        return at;
}

void bdaddr_to_string(const struct bdaddr *address, char ret[BDADDR_STRING_SIZE]) {
        for (size_t i = 0; i < sizeof address->byte; i++) {
                ret = put_byte(ret, address->byte[i], "0123456789ABCDEF");
                *ret++ = ':';
        }
        ret[-1] = '\0'; /* in place of the last colon */
}

void bdaddr_to_id(const struct bdaddr *address, char ret[BDADDR_ID_SIZE]) {
        for (size_t i = 0; i < sizeof address->byte; i++)
                ret = put_byte(ret, address->byte[i], "0123456789abcdef");
        *ret = '\0';
}

bool bdaddr_equal(const struct bdaddr *a, const struct bdaddr *b) {
        return memcmp(a->byte, b->byte, sizeof a->byte) == 0;
}

struct bdaddr bdaddr_from_wire(const uint8_t wire[static 6]) {
        struct bdaddr address;

        for (size_t i = 0; i < sizeof address.byte; i++)
                address.byte[i] = wire[sizeof address.byte - 1 - i];
        return address;
}

void bdaddr_to_wire(const struct bdaddr *address, uint8_t ret[static 6]) {
        for (size_t i = 0; i < sizeof address->byte; i++)
                ret[i] = address->byte[sizeof address->byte - 1 - i];
}
