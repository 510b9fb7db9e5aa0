/* One measurement in the cuff's memory, as the cuff indicates it (Blood Pressure Measurement,
 * 2A35). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECORD_SIZE_MAX = 20 }; /* what one indication carries at the default MTU of 23 */

struct wall_time { /* as the cuff shows it; out-of-range values are possible and wanted */
        uint16_t year;
        uint8_t month, day, hour, minute, second;
};

struct record { /* numbers as SFLOAT */
        uint16_t systolic, diastolic, mean, pulse;
        bool kpa, has_time, has_pulse, has_user, has_status;
        struct wall_time time;
        uint8_t user;
        uint16_t status;
};

/* "131", "17.5", "-3", "nan", "nres", "inf", "-inf" -> SFLOAT. False if it does not fit. */
bool record_sfloat(const char *text, uint16_t *ret);

size_t record_encode(const struct record *r, uint8_t ret[RECORD_SIZE_MAX]);

/* Seven bytes of a SIG Date Time. */
void record_encode_time(const struct wall_time *t, uint8_t ret[7]);
