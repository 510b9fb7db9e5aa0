/* Text a cuff sends: untrusted bytes that end up in logs, JSON and topics. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool text_equal(const char *a, const char *b);

/* `value` as UTF-8 in `ret`, never more than `size` bytes with its NUL (`size` > 0). A NUL ends the
 * text (fields are padded with them); control characters and malformed sequences are left out, a
 * character that no longer fits ends it, trailing spaces are cut off. */
void text_from_value(const uint8_t *value, size_t n, char *ret, size_t size);
