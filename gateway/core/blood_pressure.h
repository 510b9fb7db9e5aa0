/* Blood Pressure Service (0x1810): measurement 2A35, intermediate cuff pressure 2A36, feature 2A49;
 * and Battery Level 2A19. Source: Bluetooth SIG, Blood Pressure Service 1.1; GATT supplement. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/measurement.h"

enum blood_pressure_flag {                              /* the first byte of 2A35 and 2A36 */
                           BLOOD_PRESSURE_KPA = 1 << 0, /* else mmHg */
                           BLOOD_PRESSURE_TIME = 1 << 1,
                           BLOOD_PRESSURE_PULSE = 1 << 2,
                           BLOOD_PRESSURE_USER = 1 << 3,
                           BLOOD_PRESSURE_STATUS = 1 << 4,
};

struct blood_pressure_feature { /* 2A49 */
        bool body_movement, cuff_fit, irregular_pulse, pulse_range, position, multiple_bonds;
};

/* 2A35. Without a user id the user is 1. 0; -EBADMSG truncated (trailing bytes are ignored);
 * -ENODATA systolic or diastolic is one of the special values: a measurement that failed;
 * -ERANGE one of them is beyond 2 million. A mean of 0 is none; a pulse or mean that is special is
 * unknown. The status answers are known when the cuff sends a status. */
int blood_pressure_decode(const uint8_t *value, size_t n, struct measurement *ret);

/* 2A36, the pressure while the cuff inflates. 0, -EBADMSG, -ENODATA, -ERANGE. */
int intermediate_cuff_pressure_decode(const uint8_t *value, size_t n, int *ret_mmhg);

/* A cuff that cannot detect something sends its status bit as 0 all the same: "no" then means
 * unknown. A bit that is set is believed whatever the feature says. */
void blood_pressure_apply_feature(struct measurement *m, const struct blood_pressure_feature *f);

/* 2A49, two bytes. 0 or -EBADMSG. */
int blood_pressure_feature_decode(const uint8_t *value, size_t n,
                                  struct blood_pressure_feature *ret);

/* 2A19, percent. 0; -EBADMSG empty; -ERANGE above 100. */
int battery_level_decode(const uint8_t *value, size_t n, uint8_t *ret_percent);
