#include "core/sfloat.h"

#include <errno.h>

#include "check.h"

static void a_mantissa_and_an_exponent_are_signed(void) {
        struct sfloat value = sfloat_from_raw(0x0079);

        CHECK_EQ(value.kind, SFLOAT_FINITE);
        CHECK_EQ(value.mantissa, 121);
        CHECK_EQ(value.exponent, 0);

        value = sfloat_from_raw(0xFFFF);
        CHECK_EQ(value.mantissa, -1);
        CHECK_EQ(value.exponent, -1);

        value = sfloat_from_raw(0x7803);
        CHECK_EQ(value.mantissa, -2045);
        CHECK_EQ(value.exponent, 7);

        value = sfloat_from_raw(0x87FD);
        CHECK_EQ(value.mantissa, 2045);
        CHECK_EQ(value.exponent, -8);
}

static void the_five_specials_have_no_value(void) {
        static const struct {
                uint16_t raw;
                enum sfloat_kind kind;
        } specials[] = {
                {0x07FF, SFLOAT_NAN},
                {0x0800, SFLOAT_NRES},
                {0x07FE, SFLOAT_POSITIVE_INFINITY},
                {0x0802, SFLOAT_NEGATIVE_INFINITY},
                {0x0801, SFLOAT_RESERVED},
        };

        for (size_t i = 0; i < sizeof specials / sizeof specials[0]; i++) {
                struct sfloat value = sfloat_from_raw(specials[i].raw);
                int32_t milli = 42;

                CHECK_EQ(value.kind, specials[i].kind);
                CHECK_EQ(value.mantissa, 0);
                CHECK_EQ(value.exponent, 0);
                CHECK_EQ(sfloat_to_milli(value, &milli), -ENODATA);
                CHECK_EQ(milli, 42);
        }
}

static void a_special_mantissa_with_an_exponent_is_a_number(void) {
        static const uint16_t mantissas[] = {0x07FE, 0x07FF, 0x0800, 0x0801, 0x0802};

        for (unsigned exponent = 1; exponent <= 15; exponent++)
                for (size_t i = 0; i < 5; i++) {
                        uint16_t raw = (uint16_t) (exponent << 12 | mantissas[i]);

                        CHECK_EQ(sfloat_from_raw(raw).kind, SFLOAT_FINITE);
                }
}

static void every_raw_value_but_five_keeps_its_bits(void) {
        unsigned specials = 0;

        for (unsigned raw = 0; raw <= 0xFFFF; raw++) {
                struct sfloat value = sfloat_from_raw((uint16_t) raw);
                unsigned back = ((unsigned) value.exponent & 0xF) << 12 |
                                ((unsigned) value.mantissa & 0xFFF);

                if (value.kind != SFLOAT_FINITE)
                        specials++;
                else if (back != raw)
                        CHECK_EQ(back, raw);
        }
        CHECK_EQ(specials, 5);
}

static void thousandths_round_half_away_from_zero(void) {
        static const struct {
                int16_t mantissa;
                int8_t exponent;
                int32_t milli;
        } cases[] = {
                {121, 0, 121000},
                {162, -1, 16200}, /* 16.2 kPa */
                {-162, -1, -16200},
                {0, 0, 0},
                {0, 7, 0},
                {2047, -3, 2047},
                {14, -4, 1},
                {15, -4, 2},
                {-14, -4, -1},
                {-15, -4, -2},
                {2047, -8, 0},
                {2000, 3, 2000000000},
                {2147, 3,
                 2147000000}, /* no 12 bits hold this mantissa: the arithmetic does not care */
                {-2147, 3, -2147000000},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct sfloat value = {SFLOAT_FINITE, cases[i].mantissa, cases[i].exponent};
                int32_t milli = -7;

                CHECK_EQ(sfloat_to_milli(value, &milli), 0);
                CHECK_EQ(milli, cases[i].milli);
        }
}

static void what_does_not_fit_is_refused(void) {
        static const struct sfloat big[] = {
                {SFLOAT_FINITE, 2147, 4},
                {SFLOAT_FINITE, -2147, 4},
                {SFLOAT_FINITE, 2047, 7},
                {SFLOAT_FINITE, -2048, 7},
        };

        for (size_t i = 0; i < sizeof big / sizeof big[0]; i++) {
                int32_t milli = 42;

                CHECK_EQ(sfloat_to_milli(big[i], &milli), -ERANGE);
                CHECK_EQ(milli, 42);
        }
}

static void taking_reads_two_bytes_and_half_a_value_is_none(void) {
        static const uint8_t value[] = {0x79, 0x00, 0xA2, 0xF0, 0x55};
        struct bytes b = bytes_of(value, sizeof value);

        CHECK_EQ(sfloat_take(&b).mantissa, 121);
        CHECK_EQ(sfloat_take(&b).exponent, -1);
        CHECK(!b.short_read);

        CHECK_EQ(sfloat_take(&b).mantissa, 0);
        CHECK(b.short_read);
        CHECK_EQ(sfloat_take(&b).mantissa, 0);
}

CHECK_MAIN("unit.sfloat", TEST(a_mantissa_and_an_exponent_are_signed),
           TEST(the_five_specials_have_no_value),
           TEST(a_special_mantissa_with_an_exponent_is_a_number),
           TEST(every_raw_value_but_five_keeps_its_bits),
           TEST(thousandths_round_half_away_from_zero), TEST(what_does_not_fit_is_refused),
           TEST(taking_reads_two_bytes_and_half_a_value_is_none))
