#include "base/hex.h"

int hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

char *hex_print(const uint8_t *bytes, size_t n, char *ret) {
        static const char digits[] = "0123456789abcdef";
        char *at = ret;

        for (size_t i = 0; i < n; i++) {
                *at++ = digits[bytes[i] >> 4];
                *at++ = digits[bytes[i] & 0x0F];
        }
        *at = '\0';
        return ret;
}
