/* Text for people, built piece by piece where there is no printf: a cursor over a buffer of the
 * caller's that never overflows. What no longer fits is left out; the NUL always fits. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct words {
        char *text;
        size_t size, length; /* of the buffer; of the text without its NUL */
};

struct words words_in(char *buffer, size_t size); /* size > 0; begins with "" */

void words_add(struct words *w, const char *text);
void words_add_number(struct words *w, uint64_t number);        /* 12 */
void words_add_byte(struct words *w, uint8_t byte);             /* 0x0c */
void words_add_hex(struct words *w, const uint8_t *, size_t n); /* "01 03 00" */
/* The other way: 0..15; -1 for any other character. The final NUL is none, so a parser of pairs
 * never passes the end. */
int words_hex_digit(char c);

/* A span of time as people read it: "97 ms", "2.1 s", "4 min 3 s". Negative counts as 0, which is
 * "less than 1 ms". */
void words_add_span(struct words *w, int64_t usec);
