/* Any bytes as OMRON manufacturer data. */
#include "core/advertisement.h"

#include <errno.h>

#include "exact.h"
#include "fuzz/property.h"

static bool is_known(uint8_t type) {
        return type == 1 || type == 2 || type == 3 || type == 6 || type == 8 || type == 9;
}

static void require_refusal(int r, const uint8_t *data, size_t n) {
        if (n == 0)
                REQUIRE(r == -EBADMSG);
        else if (!is_known(data[0]))
                REQUIRE(r == -ENOTSUP);
        else if (data[0] != 8)
                REQUIRE(r == -EBADMSG && n < 15);
        else
                REQUIRE(r == -EBADMSG || r == -ENOTSUP);
}

static void require_consistent(const struct advertisement *a, const uint8_t *data, size_t n) {
        REQUIRE(a->type == data[0] && is_known(a->type));
        REQUIRE(a->user_slots == (data[1] & 3u) + 1);
        REQUIRE(a->clock_unset == ((data[1] & 0x04) != 0));
        REQUIRE(a->pairing == ((data[1] & 0x08) != 0));
        REQUIRE(a->news == (a->type != 3 && (data[1] & 0x40)));
        for (size_t i = 0; i < ADVERTISEMENT_USERS_MAX; i++) {
                const uint8_t *at = data + 2 + 3 * i;

                if (!a->has_counters || i >= a->user_slots) {
                        REQUIRE(a->user[i].sequence == 0 && a->user[i].count == 0);
                        continue;
                }
                REQUIRE(2 + 3 * (i + 1) <= n);
                REQUIRE(a->user[i].sequence == (at[0] | at[1] << 8) && a->user[i].count == at[2]);
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        uint8_t *exact = exact_copy(data, n);
        struct advertisement a, untouched;
        int r;

        memset(&a, 0xAA, sizeof a);
        memset(&untouched, 0xAA, sizeof untouched);
        r = advertisement_decode(exact, n, &a);
        if (r == 0) {
                require_consistent(&a, exact, n);
        } else {
                require_refusal(r, exact, n);
                REQUIRE(memcmp(&a, &untouched, sizeof a) == 0);
        }
        free(exact);
        return 0;
}
