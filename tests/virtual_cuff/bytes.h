/* Little-endian numbers, as Bluetooth puts them on the air. */
#pragma once

#include <stdint.h>

static inline uint16_t get16(const uint8_t *at) {
        return (uint16_t) (at[0] | at[1] << 8);
}

/* Returns where the next byte goes. */
static inline uint8_t *put16(uint8_t *at, uint16_t value) {
        at[0] = (uint8_t) value;
        at[1] = (uint8_t) (value >> 8);
        return at + 2;
}
