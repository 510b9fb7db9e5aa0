#include "core/racp.h"

#include <errno.h>

#include "check.h"
#include "exact.h"

static int decode(const uint8_t *value, size_t n, struct racp *ret) {
        uint8_t *exact = exact_copy(value, n);
        int r = racp_decode(exact, n, ret);

        free(exact);
        return r;
}

static void each_kind_is_read(void) {
        static const uint8_t all[] = {0x01, 0x01}, many[] = {0x05, 0x00, 0x34, 0x12};
        static const uint8_t none[] = {0x06, 0x00, 0x01, 0x06, 0xFF};
        struct racp r;

        CHECK_EQ(decode(all, sizeof all, &r), 0);
        CHECK_EQ(r.op, RACP_REPORT);
        CHECK_EQ(r.which, RACP_OPERATOR_ALL);
        CHECK_EQ(r.count, 0);
        CHECK_EQ(decode(many, sizeof many, &r), 0);
        CHECK_EQ(r.op, RACP_COUNT_REPLY);
        CHECK_EQ(r.which, RACP_OPERATOR_NONE);
        CHECK_EQ(r.count, 0x1234);
        CHECK_EQ(decode(none, sizeof none, &r), 0); /* what follows is ignored */
        CHECK_EQ(r.op, RACP_REPLY);
        CHECK_EQ(r.request, RACP_REPORT);
        CHECK_EQ(r.result, RACP_RESULT_NO_RECORDS);
}

static void truncations_and_other_codes_are_refused(void) {
        struct racp r, untouched;

        memset(&r, 0xAA, sizeof r);
        memset(&untouched, 0xAA, sizeof untouched);
        CHECK_EQ(decode(NULL, 0, &r), -EBADMSG);
        for (unsigned op = 0; op < 256; op++) {
                const uint8_t value[4] = {(uint8_t) op};
                size_t need = op == RACP_COUNT_REPLY || op == RACP_REPLY ? 4 : 2;

                for (size_t n = 1; n < need; n++)
                        CHECK_EQ(decode(value, n, &r), op >= 1 && op <= 6 ? -EBADMSG : -ENOTSUP);
        }
        CHECK(memcmp(&r, &untouched, sizeof r) == 0);
}

CHECK_MAIN("unit.racp", TEST(each_kind_is_read), TEST(truncations_and_other_codes_are_refused))
