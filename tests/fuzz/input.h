/* The fuzzer's bytes, taken from the front; behind the last there are zeros. */
#pragma once

#include <stdint.h>

struct input {
        const uint8_t *at, *end;
};

static inline uint8_t take(struct input *in) {
        return in->at == in->end ? 0 : *in->at++;
}

static inline unsigned take_two(struct input *in) {
        unsigned high = take(in);

        return high << 8 | take(in);
}
