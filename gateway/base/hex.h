/* Bytes as hexadecimal digits. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* In either case. -1: it is none. */
int hex_digit(char c);
/* Lower case, with a NUL: 2 * n + 1 bytes in `ret`, which is returned. */
char *hex_print(const uint8_t *bytes, size_t n, char *ret);
