#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "util.h"

enum { FLAG_KPA = 1, FLAG_TIME = 2, FLAG_PULSE = 4, FLAG_USER = 8, FLAG_STATUS = 16 };

static bool special_sfloat(const char *text, uint16_t *ret) {
        static const struct {
                const char *text;
                uint16_t value;
        } specials[] = {
                {"nan", 0x07FF},  {"nres", 0x0800},     {"inf", 0x07FE},
                {"-inf", 0x0802}, {"reserved", 0x0801},
        };

        for (size_t i = 0; i < ELEMENTS(specials); i++)
                if (strcmp(text, specials[i].text) == 0) {
                        *ret = specials[i].value;
                        return true;
                }
        return false;
}

bool record_sfloat(const char *text, uint16_t *ret) {
        int exponent = 0, mantissa = 0, sign = 1;
        bool fraction = false;
        const char *p = text;

        if (special_sfloat(text, ret))
                return true;
        if (*p == '-') {
                sign = -1;
                p++;
        }
        if (!*p)
                return false;
        for (; *p; p++) {
                if (*p == '.' && !fraction) {
                        fraction = true;
                        continue;
                }
                if (*p < '0' || *p > '9')
                        return false;
                mantissa = mantissa * 10 + (*p - '0');
                exponent -= fraction;
                if (mantissa > 2045 || exponent < -8) /* 2046.. are the special values */
                        return false;
        }
        *ret = (uint16_t) ((unsigned) exponent << 12 | ((unsigned) (sign * mantissa) & 0x0FFF));
        return true;
}

static uint8_t *put16(uint8_t *at, uint16_t value) {
        at[0] = (uint8_t) value;
        at[1] = (uint8_t) (value >> 8);
        return at + 2;
}

void record_encode_time(const struct wall_time *t, uint8_t ret[7]) {
        put16(ret, t->year);
        ret[2] = t->month;
        ret[3] = t->day;
        ret[4] = t->hour;
        ret[5] = t->minute;
        ret[6] = t->second;
}

size_t record_encode(const struct record *r, uint8_t ret[RECORD_SIZE_MAX]) {
        uint8_t *at = ret;

        *at++ = (uint8_t) ((r->kpa ? FLAG_KPA : 0) | (r->has_time ? FLAG_TIME : 0) |
                           (r->has_pulse ? FLAG_PULSE : 0) | (r->has_user ? FLAG_USER : 0) |
                           (r->has_status ? FLAG_STATUS : 0));
        at = put16(at, r->systolic);
        at = put16(at, r->diastolic);
        at = put16(at, r->mean);
        if (r->has_time) {
                record_encode_time(&r->time, at);
                at += 7;
        }
        if (r->has_pulse)
                at = put16(at, r->pulse);
        if (r->has_user)
                *at++ = r->user;
        if (r->has_status)
                at = put16(at, r->status);
        return (size_t) (at - ret);
}
