/* FNV-1a, 64 bits: short, fast, the same on every machine. Not for anything secret. */
#pragma once

#include <stddef.h>
#include <stdint.h>

static inline uint64_t fnv1a(const void *bytes, size_t n) {
        const uint8_t *at = bytes, *end = at + n;
        uint64_t hash = UINT64_C(0xCBF29CE484222325);

        while (at < end)
                hash = (hash ^ *at++) * UINT64_C(0x100000001B3);
        return hash;
}
