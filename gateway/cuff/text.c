#include "cuff/text.h"

#include <string.h>

bool text_equal(const char *a, const char *b) {
        for (; *a && *a == *b; a++, b++)
                ;
        return *a == *b;
}

/* The size of the well-formed UTF-8 character at `s`, and its code point; 0 if there is none.
 * Source: RFC 3629 (no overlong forms, no surrogates, nothing above U+10FFFF). */
static size_t utf8_take(const uint8_t *s, size_t n, uint32_t *ret_code) {
        static const struct {
                uint8_t mask, lead;
                uint32_t first; /* code point that needs this size */
        } forms[] = {
                {0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
        size_t form = 0;
        uint32_t code;

        while (form < 4 && (s[0] & forms[form].mask) != forms[form].lead)
                form++;
        if (form == 4 || form >= n)
                return 0;

        code = s[0] & (uint8_t) ~forms[form].mask;
        for (size_t i = 1; i <= form; i++) {
                if ((s[i] & 0xc0) != 0x80)
                        return 0;
                code = code << 6 | (s[i] & 0x3f);
        }
        if (code < forms[form].first || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff))
                return 0;

        *ret_code = code;
        return form + 1;
}

static bool is_control(uint32_t code) {
        return code < 0x20 || (code >= 0x7f && code <= 0x9f);
}

void text_from_value(const uint8_t *value, size_t n, char *ret, size_t size) {
        size_t length = 0, taken;
        uint32_t code = 0;

        for (size_t i = 0; i < n && value[i]; i += taken ? taken : 1) {
                taken = utf8_take(value + i, n - i, &code);
                if (taken == 0 || is_control(code))
                        continue;
                if (length + taken >= size)
                        break;
                memcpy(ret + length, value + i, taken);
                length += taken;
        }
        while (length > 0 && ret[length - 1] == ' ')
                length--;
        ret[length] = '\0';
}
