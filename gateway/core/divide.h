/* Whole-number division that rounds: core has no floating point, so equal bytes give equal values.
 */
#pragma once

#include <stdint.h>

/* Half away from zero. `divisor` is positive. */
static inline int64_t divide_rounded(int64_t value, int64_t divisor) {
        int64_t half = divisor / 2;

        return (value + (value < 0 ? -half : half)) / divisor;
}
