/* The clock window of core/omron_settings.h. */
#include "core/omron_settings.h"

#include <errno.h>

#include "check.h"
#include "exact.h"

/* HEM-7382T1, eigger/hass-omron tests: 2026-07-15 17:59:19. */
static const uint8_t LIN16[16] = {0xC6, 0xA4, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
                                  0x1A, 0x07, 0x0F, 0x11, 0x3B, 0x13, 0xFA, 0x00};
/* HEM-7280T, userx14/omblepy#57: 2025-09-18 18:27:44. */
static const uint8_t MIX10[10] = {0x08, 0xC8, 0x09, 0x19, 0x12, 0x12, 0x2C, 0x1B, 0x85, 0x5D};
static const struct date_time LIN16_TIME = {2026, 7, 15, 17, 59, 19};
static const struct date_time MIX10_TIME = {2025, 9, 18, 18, 27, 44};

static const struct window {
        enum omron_clock_layout layout;
        size_t n;
        bool swapped;
} windows[] = {
        {OMRON_CLOCK_LIN16, 16, false},
        {OMRON_CLOCK_MIX16, 16, true},
        {OMRON_CLOCK_LIN10, 10, false},
        {OMRON_CLOCK_MIX10, 10, true},
};
#define WINDOWS (sizeof windows / sizeof windows[0])

static void swap_words(const uint8_t *from, size_t n, uint8_t *ret) {
        for (size_t i = 0; i < n; i++)
                ret[i] = from[i ^ 1];
}

/* The published window of that size, in the order of `w`. */
static const struct date_time *sample(const struct window *w, uint8_t ret[16]) {
        const uint8_t *from = w->n == 16 ? LIN16 : MIX10;

        if (w->swapped == (w->n == 10))
                memcpy(ret, from, w->n);
        else
                swap_words(from, w->n, ret);
        return w->n == 16 ? &LIN16_TIME : &MIX10_TIME;
}

static int decode(enum omron_clock_layout layout, const uint8_t *bytes, size_t n,
                  struct omron_clock *ret) {
        uint8_t *exact = exact_copy(bytes, n);
        int r = omron_clock_decode(layout, exact, n, ret);

        free(exact);
        return r;
}

static void each_layout_is_read(void) {
        for (size_t i = 0; i < WINDOWS; i++) {
                uint8_t bytes[16];
                const struct date_time *want = sample(&windows[i], bytes);
                struct omron_clock c;

                CHECK_EQ(decode(windows[i].layout, bytes, windows[i].n, &c), 0);
                CHECK(!c.blank && c.checksum_ok);
                CHECK(date_time_equal(&c.time, want));
        }
}

static void each_flipped_bit_under_the_sum_is_noticed(void) {
        for (size_t i = 0; i < WINDOWS; i++) {
                const struct window *w = &windows[i];
                size_t behind = w->swapped ? w->n - 2 : w->n - 1;

                for (size_t bit = 0; bit < 8 * w->n; bit++) {
                        uint8_t bytes[16];
                        struct omron_clock c;

                        sample(w, bytes);
                        bytes[bit / 8] ^= (uint8_t) (1u << bit % 8);
                        CHECK_EQ(decode(w->layout, bytes, w->n, &c), 0);
                        CHECK_EQ(c.checksum_ok, bit / 8 == behind);
                }
        }
}

static void a_window_never_written_is_blank(void) {
        for (size_t i = 0; i < WINDOWS; i++) {
                uint8_t bytes[16];
                struct omron_clock c;

                for (int fill = 0; fill <= 0xFF; fill += 0xFF) {
                        memset(bytes, fill, sizeof bytes);
                        CHECK_EQ(decode(windows[i].layout, bytes, windows[i].n, &c), 0);
                        CHECK(c.blank);
                        bytes[windows[i].n - 1] ^= 1;
                        CHECK_EQ(decode(windows[i].layout, bytes, windows[i].n, &c), 0);
                        CHECK(!c.blank);
                }
        }
}

static void only_its_own_size_is_taken(void) {
        static const struct date_time noon = {2026, 8, 8, 12, 0, 0};
        uint8_t bytes[20] = {0}, back[20];
        struct omron_clock c;

        for (size_t n = 0; n <= sizeof bytes; n++) {
                for (size_t i = 0; i < WINDOWS; i++) {
                        int want = n == windows[i].n ? 0 : -EBADMSG;

                        CHECK_EQ(decode(windows[i].layout, bytes, n, &c), want);
                        CHECK_EQ(omron_clock_encode(windows[i].layout, bytes, n, &noon, back),
                                 want);
                }
                CHECK_EQ(decode(OMRON_CLOCK_PRE6401, bytes, n, &c), -ENOTSUP);
                CHECK_EQ(omron_clock_encode(OMRON_CLOCK_PRE6401, bytes, n, &noon, back), -ENOTSUP);
        }
}

/* C8 + A8 + 1A + 06 + 0C + 14 + 30 + 08 = 1E8; the spare byte stays. */
static void a_new_time_changes_time_and_sum_only(void) {
        static const struct date_time time = {2026, 6, 12, 20, 48, 8};
        static const uint8_t before[16] = {0xC8, 0xA8, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 0x77};
        static const uint8_t want[16] = {0xC8, 0xA8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                         0x1A, 0x06, 0x0C, 0x14, 0x30, 0x08, 0xE8, 0x77};
        static const uint8_t before10[10] = {0xC8, 0xA8, 1, 2, 3, 4, 5, 6, 7, 0x77};
        static const uint8_t want10[10] = {0xC8, 0xA8, 0x1A, 0x06, 0x0C,
                                           0x14, 0x30, 0x08, 0xE8, 0x77};
        uint8_t swapped[16], back[16], again[16];

        CHECK_EQ(omron_clock_encode(OMRON_CLOCK_LIN16, before, 16, &time, back), 0);
        CHECK(memcmp(back, want, 16) == 0);
        CHECK_EQ(omron_clock_encode(OMRON_CLOCK_LIN10, before10, 10, &time, back), 0);
        CHECK(memcmp(back, want10, 10) == 0);

        swap_words(before, 16, swapped);
        CHECK_EQ(omron_clock_encode(OMRON_CLOCK_MIX16, swapped, 16, &time, back), 0);
        swap_words(back, 16, again);
        CHECK(memcmp(again, want, 16) == 0);
        swap_words(before10, 10, swapped);
        CHECK_EQ(omron_clock_encode(OMRON_CLOCK_MIX10, swapped, 10, &time, back), 0);
        swap_words(back, 10, again);
        CHECK(memcmp(again, want10, 10) == 0);
}

static void what_is_written_is_what_is_read(void) {
        /* 19 hours and some: every field moves, for 20 years. */
        for (int64_t at = 1577836800; at < 1577836800 + 20LL * 31557600; at += 71234) {
                struct date_time time = date_time_from_seconds(at);

                for (size_t i = 0; i < WINDOWS; i++) {
                        uint8_t bytes[16], back[16];
                        struct omron_clock c;

                        sample(&windows[i], bytes);
                        CHECK_EQ(omron_clock_encode(windows[i].layout, bytes, windows[i].n, &time,
                                                    back),
                                 0);
                        CHECK_EQ(decode(windows[i].layout, back, windows[i].n, &c), 0);
                        CHECK(c.checksum_ok && date_time_equal(&c.time, &time));
                }
        }
}

static void what_is_no_time_is_never_written(void) {
        static const struct date_time wrong[] = {
                {0, 0, 0, 0, 0, 0},       {1999, 6, 12, 20, 48, 8},  {2256, 6, 12, 20, 48, 8},
                {2026, 13, 1, 0, 0, 0},   {2026, 2, 29, 0, 0, 0},    {2026, 6, 12, 24, 0, 0},
                {2026, 6, 12, 20, 60, 0}, {2026, 6, 12, 20, 48, 60}, {2019, 1, 1, 0, 0, 63},
        };
        uint8_t back[16], untouched[16];

        memset(back, 0xAA, sizeof back);
        memset(untouched, 0xAA, sizeof untouched);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
                CHECK_EQ(omron_clock_encode(OMRON_CLOCK_LIN16, LIN16, 16, &wrong[i], back),
                         -ERANGE);
        CHECK(memcmp(back, untouched, sizeof back) == 0);
}

static void the_sum_tells_the_layout(void) {
        enum omron_clock_layout layout = OMRON_CLOCK_PRE6401;
        uint8_t bytes[16];

        for (size_t i = 0; i < WINDOWS; i++) {
                sample(&windows[i], bytes);
                CHECK_EQ(omron_clock_guess(bytes, windows[i].n, &layout), 0);
                CHECK_EQ(layout, windows[i].layout);
        }
        layout = OMRON_CLOCK_PRE6401;
        memcpy(bytes, LIN16, 16);
        bytes[15] = bytes[14]; /* right both ways */
        CHECK_EQ(omron_clock_guess(bytes, 16, &layout), -ENOTSUP);
        bytes[14]++;
        bytes[15]--;
        CHECK_EQ(omron_clock_guess(bytes, 16, &layout), -ENOTSUP);
        memset(bytes, 0, sizeof bytes);
        bytes[3] = 0x80;
        bytes[14] = 0x80;
        CHECK_EQ(omron_clock_guess(bytes, 15, &layout), -ENOTSUP);
        CHECK_EQ(layout, OMRON_CLOCK_PRE6401);
        CHECK_EQ(omron_clock_guess(bytes, 16, &layout), 0);
        CHECK_EQ(layout, OMRON_CLOCK_LIN16);
        memset(bytes, 0, sizeof bytes);
        bytes[15] = 0x01;
        CHECK_EQ(omron_clock_guess(bytes, 16, &layout), 0); /* a sum of 0, its spare byte is not */
        bytes[15] = 0x00;
        CHECK_EQ(omron_clock_guess(bytes, 16, &layout), -ENOTSUP);
}

CHECK_MAIN("unit.omron_clock", TEST(each_layout_is_read),
           TEST(each_flipped_bit_under_the_sum_is_noticed), TEST(a_window_never_written_is_blank),
           TEST(only_its_own_size_is_taken), TEST(a_new_time_changes_time_and_sum_only),
           TEST(what_is_written_is_what_is_read), TEST(what_is_no_time_is_never_written),
           TEST(the_sum_tells_the_layout))
