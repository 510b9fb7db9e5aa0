#include "cli/import_fields.h"

#include <errno.h>
#include <string.h>

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

bool import_text_is(struct import_text t, const char *word) {
        return strlen(word) == t.n && memcmp(t.at, word, t.n) == 0;
}

static bool store_part(char letter, size_t digits, unsigned value, struct date_time *ret) {
        switch (letter) {
        case 'Y':
                ret->year = (uint16_t) (digits == 2 ? 2000 + value : value);
                return true;
        case 'M':
                ret->month = (uint8_t) value;
                return true;
        case 'D':
                ret->day = (uint8_t) value;
                return true;
        case 'h':
                ret->hour = (uint8_t) value;
                return true;
        case 'm':
                ret->minute = (uint8_t) value;
                return true;
        case 's':
                ret->second = (uint8_t) value;
                return value < 60; /* exports have no such marks as a cuff's memory */
        default:
                return false;
        }
}

bool import_fields_time(struct import_text t, const char *pattern, struct date_time *ret) {
        struct date_time read = *ret;
        size_t i = 0;

        if (t.n != strlen(pattern))
                return false;
        while (i < t.n) {
                const char letter = pattern[i];
                unsigned value = 0;
                size_t digits = 0;

                if (!strchr("YMDhms", letter)) {
                        if (t.at[i++] != letter)
                                return false;
                        continue;
                }
                for (; i < t.n && pattern[i] == letter; i++, digits++) {
                        if (!is_digit(t.at[i]))
                                return false;
                        value = value * 10 + (unsigned) (t.at[i] - '0');
                }
                if (!store_part(letter, digits, value, &read))
                        return false;
        }
        *ret = read;
        return true;
}

bool import_fields_number(struct import_text t, int *ret) {
        int value = 0;

        if (t.n < 1 || t.n > 3)
                return false;
        for (size_t i = 0; i < t.n; i++) {
                if (!is_digit(t.at[i]))
                        return false;
                value = value * 10 + (t.at[i] - '0');
        }
        *ret = value;
        return true;
}

const char *import_fields_check(const struct import_row *row) {
        if (date_time_is_first_day(&row->measurement.taken))
                return "it is dated 2019-01-01, where the clock of a cuff begins that was never "
                       "set: nobody knows when it was measured";
        if (date_time_check(&row->measurement.taken) < 0)
                return "there is no such date and time, or it lies outside 2010 to 2099";
        if (measurement_check(&row->measurement) < 0)
                return "no living person has such values (systolic 60 to 280, diastolic 30 to 180 "
                       "and below it, pulse 30 to 240)";
        return NULL;
}
