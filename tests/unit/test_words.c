#include "core/words.h"

#include "check.h"

static void check_number(uint64_t number, const char *want) {
        char buffer[32];
        struct words w = words_in(buffer, sizeof buffer);

        words_add_number(&w, number);
        CHECK_STR(buffer, want);
        CHECK_EQ(w.length, strlen(want));
}

static void check_span(int64_t usec, const char *want) {
        char buffer[64];
        struct words w = words_in(buffer, sizeof buffer);

        words_add_span(&w, usec);
        CHECK_STR(buffer, want);
        CHECK_EQ(w.length, strlen(want));
}

static void it_begins_with_nothing(void) {
        char buffer[8] = "rubbish";
        struct words w = words_in(buffer, sizeof buffer);

        CHECK_STR(buffer, "");
        CHECK_EQ(w.length, 0);
        CHECK_EQ(w.size, sizeof buffer);
        CHECK(w.text == buffer);
}

static void pieces_follow_each_other(void) {
        static const uint8_t pdu[] = {0x01, 0x03, 0x00, 0xFF};
        char buffer[80];
        struct words w = words_in(buffer, sizeof buffer);

        words_add(&w, "frame ");
        words_add_number(&w, 12);
        words_add(&w, "");
        words_add(&w, ", reason ");
        words_add_byte(&w, 0x0C);
        words_add(&w, ": ");
        words_add_hex(&w, pdu, sizeof pdu);
        words_add(&w, " after ");
        words_add_span(&w, 97000);
        CHECK_STR(buffer, "frame 12, reason 0x0c: 01 03 00 ff after 97 ms");
        CHECK_EQ(w.length, strlen(buffer));
}

static void numbers_of_any_size(void) {
        check_number(0, "0");
        check_number(9, "9");
        check_number(10, "10");
        check_number(1234567890, "1234567890");
        check_number(UINT64_MAX, "18446744073709551615");
}

static void bytes_have_two_digits(void) {
        static const uint8_t some[] = {0x00, 0x09, 0x0A, 0x9F, 0xF9, 0xAB, 0xCD, 0xEF};
        char buffer[64];
        struct words w = words_in(buffer, sizeof buffer);

        words_add_byte(&w, 0x00);
        words_add_byte(&w, 0xA5);
        CHECK_STR(buffer, "0x000xa5");
        w = words_in(buffer, sizeof buffer);
        words_add_hex(&w, some, 0);
        words_add_hex(&w, NULL, 0);
        CHECK_STR(buffer, "");
        words_add_hex(&w, some, 1);
        CHECK_STR(buffer, "00");
        w = words_in(buffer, sizeof buffer);
        words_add_hex(&w, some, sizeof some);
        CHECK_STR(buffer, "00 09 0a 9f f9 ab cd ef");
}

/* What is not whole is left off, so that "59.9 s" never reads "60.0 s". */
static void spans_as_people_read_them(void) {
        check_span(0, "less than 1 ms");
        check_span(-1, "less than 1 ms");
        check_span(INT64_MIN, "less than 1 ms");
        check_span(999, "less than 1 ms");
        check_span(1000, "1 ms");
        check_span(97499, "97 ms");
        check_span(999999, "999 ms");
        check_span(1000000, "1.0 s");
        check_span(2150000, "2.1 s");
        check_span(10050000, "10.0 s");
        check_span(59999999, "59.9 s");
        check_span(60000000, "1 min 0 s");
        check_span(243000000, "4 min 3 s");
        check_span(3599999999, "59 min 59 s");
        check_span(3600000000, "60 min 0 s");
        check_span(INT64_MAX, "153722867280 min 54 s");
}

static void add_everything(struct words *w) {
        static const uint8_t pdu[] = {0x05, 0x08};

        words_add(w, "abc");
        words_add_number(w, 4711);
        words_add_byte(w, 0x7F);
        words_add_hex(w, pdu, sizeof pdu);
        words_add_span(w, 61000000);
}

/* Whatever the size: the beginning of the whole text, a NUL, and no byte of the neighbours'. */
static void what_does_not_fit_is_left_out(void) {
        static const char whole[] = "abc47110x7f05 081 min 1 s";

        for (size_t size = 1; size <= sizeof whole + 3; size++) {
                char *exact = malloc(size);
                struct words w = words_in(exact, size);
                size_t want = size < sizeof whole ? size - 1 : sizeof whole - 1;

                add_everything(&w);
                CHECK_EQ(w.length, want);
                CHECK_EQ(strlen(exact), want);
                CHECK(memcmp(exact, whole, want) == 0);
                free(exact);
        }
}

static void a_full_buffer_stays_as_it_is(void) {
        char buffer[4];
        struct words w = words_in(buffer, sizeof buffer);

        words_add(&w, "abcdef");
        CHECK_STR(buffer, "abc");
        for (size_t i = 0; i < 3; i++)
                add_everything(&w);
        CHECK_STR(buffer, "abc");
        CHECK_EQ(w.length, 3);
}

static void hexadecimal_digits_are_known(void) {
        static const char digits[] = "0123456789abcdef", large[] = "ABCDEF";

        for (int i = 0; i < 16; i++)
                CHECK_EQ(words_hex_digit(digits[i]), i);
        for (int i = 0; i < 6; i++)
                CHECK_EQ(words_hex_digit(large[i]), 10 + i);
        for (const char *c = "/:`g@G \xE0"; *c; c++)
                CHECK_EQ(words_hex_digit(*c), -1);
        CHECK_EQ(words_hex_digit('\0'), -1);
}

CHECK_MAIN("unit.words", TEST(hexadecimal_digits_are_known), TEST(it_begins_with_nothing),
           TEST(pieces_follow_each_other), TEST(numbers_of_any_size), TEST(bytes_have_two_digits),
           TEST(spans_as_people_read_them), TEST(what_does_not_fit_is_left_out),
           TEST(a_full_buffer_stays_as_it_is))
