#include "core/words.h"

#include <assert.h>
#include <string.h>

struct words words_in(char *buffer, size_t size) {
        assert(size > 0);
        buffer[0] = '\0';
        return (struct words){.text = buffer, .size = size};
}

static void add(struct words *w, const char *text, size_t n) {
        size_t room = w->size - 1 - w->length;

        if (n > room)
                n = room;
        memcpy(w->text + w->length, text, n);
        w->length += n;
        w->text[w->length] = '\0';
}

void words_add(struct words *w, const char *text) {
        add(w, text, strlen(text));
}

void words_add_number(struct words *w, uint64_t number) {
        char digits[20];
        size_t n = sizeof digits;

        do {
                digits[--n] = (char) ('0' + number % 10);
                number /= 10;
        } while (number > 0);
        add(w, digits + n, sizeof digits - n);
}

static void add_two_digits(struct words *w, uint8_t byte) {
        static const char digit[] = "0123456789abcdef";

        add(w, (char[]){digit[byte >> 4], digit[byte & 15]}, 2);
}

void words_add_byte(struct words *w, uint8_t byte) {
        words_add(w, "0x");
        add_two_digits(w, byte);
}

void words_add_hex(struct words *w, const uint8_t *bytes, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        words_add(w, " ");
                add_two_digits(w, bytes[i]);
        }
}

int words_hex_digit(char c) {
        if (c >= '0' && c <= '9')
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        if (c >= 'A' && c <= 'F')
                return c - 'A' + 10;
        return -1;
}

void words_add_span(struct words *w, int64_t usec) {
        uint64_t ms = usec > 0 ? (uint64_t) usec / 1000 : 0;

        if (ms == 0) {
                words_add(w, "less than 1 ms");
        } else if (ms < 1000) {
                words_add_number(w, ms);
                words_add(w, " ms");
        } else if (ms < 60000) {
                words_add_number(w, ms / 1000);
                words_add(w, ".");
                words_add_number(w, ms % 1000 / 100);
                words_add(w, " s");
        } else {
                words_add_number(w, ms / 60000);
                words_add(w, " min ");
                words_add_number(w, ms % 60000 / 1000);
                words_add(w, " s");
        }
}
