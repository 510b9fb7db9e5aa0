/* Any bytes as 2A2B, and the calendar arithmetic on what comes out. */
#include "core/date_time.h"

#include <errno.h>

#include "exact.h"
#include "fuzz/property.h"

static void require_calendar(const struct date_time *dt) {
        struct date_time again = date_time_from_seconds(date_time_to_seconds(dt));
        struct date_time next;

        REQUIRE(date_time_day_of_week(dt) >= 1 && date_time_day_of_week(dt) <= 7);
        if (date_time_check(dt) < 0)
                return;
        REQUIRE(dt->year >= 2010 && dt->year <= 2099 && dt->month >= 1 && dt->month <= 12);
        REQUIRE(dt->day >= 1 && dt->day <= 31 && dt->hour <= 23 && dt->minute <= 59);
        REQUIRE(again.second == (dt->second > 59 ? 59 : dt->second));
        again.second = dt->second;
        REQUIRE(date_time_equal(&again, dt));

        next = date_time_from_seconds(date_time_to_seconds(dt) + 86400);
        REQUIRE(date_time_day_of_week(&next) == date_time_day_of_week(dt) % 7 + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        uint8_t *exact = exact_copy(data, n);
        struct current_time time, untouched;
        uint8_t back[CURRENT_TIME_SIZE];
        int r;

        memset(&time, 0xAA, sizeof time);
        memset(&untouched, 0xAA, sizeof untouched);
        r = current_time_decode(exact, n, &time);
        REQUIRE(r == (n < CURRENT_TIME_SIZE ? -EBADMSG : 0));
        if (r < 0) {
                REQUIRE(memcmp(&time, &untouched, sizeof time) == 0);
        } else {
                current_time_encode(&time, back);
                REQUIRE(memcmp(back, exact, sizeof back) == 0);
                require_calendar(&time.date_time);
        }
        free(exact);
        return 0;
}
