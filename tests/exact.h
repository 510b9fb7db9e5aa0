/* A heap copy of exactly n bytes, so that the address sanitizer guards its end. NULL for none. */
#pragma once

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline uint8_t *exact_copy(const uint8_t *bytes, size_t n) {
        uint8_t *copy = n ? malloc(n) : NULL;

        if (n && !copy)
                abort();
        return n ? memcpy(copy, bytes, n) : NULL;
}
