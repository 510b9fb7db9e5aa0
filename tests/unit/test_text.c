#include "check.h"

#include "cuff/text.h"

#define ROOM 64

/* In exact sizes on the heap: ASan guards both ends. */
static size_t length_of(const char *value, size_t n) {
        uint8_t *exact = memcpy(malloc(n ? n : 1), value, n);
        char *text = malloc(ROOM);
        size_t length;

        text_from_value(exact, n, text, ROOM);
        length = strlen(text);
        free(exact);
        free(text);
        return length;
}

#define CHECK_TEXT(value, want)                                                                    \
        do {                                                                                       \
                char text_[ROOM];                                                                  \
                text_from_value((const uint8_t *) (value), sizeof(value) - 1, text_, ROOM);        \
                CHECK_STR(text_, want);                                                            \
        } while (0)

static void keeps_every_well_formed_character(void) {
        CHECK_TEXT("BP7350", "BP7350");
        CHECK_TEXT(" M7 Intelli IT", " M7 Intelli IT");
        CHECK_TEXT("\x7e\xc2\xa0x", "~\xc2\xa0x"); /* the first two-byte one that prints */
        CHECK_TEXT("\xdf\xbf\xe0\xa0\x80", "\xdf\xbf\xe0\xa0\x80");         /* U+07FF, U+0800 */
        CHECK_TEXT("\xed\x9f\xbf\xee\x80\x80", "\xed\x9f\xbf\xee\x80\x80"); /* U+D7FF, U+E000 */
        CHECK_TEXT("\xf0\x90\x80\x80", "\xf0\x90\x80\x80");                 /* U+10000 */
        CHECK_TEXT("\xf4\x8f\xbf\xbf", "\xf4\x8f\xbf\xbf");                 /* U+10FFFF */
}

static void leaves_out_what_is_malformed(void) {
        CHECK_TEXT("a\x80z", "az");                 /* a continuation alone */
        CHECK_TEXT("a\xffz", "az");                 /* never a byte of UTF-8 */
        CHECK_TEXT("a\xf8\x88\x80\x80\x80z", "az"); /* five bytes */
        CHECK_TEXT("a\xc3z", "az");                 /* cut short by a letter, which stays */
        CHECK_TEXT("a\xe2\x82z", "az");
        CHECK_TEXT("a\xf0\x9f\x92", "a");       /* cut short by the end */
        CHECK_TEXT("a\xc1\xbfz", "az");         /* overlong */
        CHECK_TEXT("a\xe0\x9f\xbfz", "az");     /* overlong */
        CHECK_TEXT("a\xf0\x8f\xbf\xbfz", "az"); /* overlong */
        CHECK_TEXT("a\xed\xa0\x80z", "az");     /* surrogate, first */
        CHECK_TEXT("a\xed\xbf\xbfz", "az");     /* surrogate, last */
        CHECK_TEXT("a\xf4\x90\x80\x80z", "az"); /* above U+10FFFF */
}

static void leaves_out_control_characters_and_padding(void) {
        CHECK_TEXT("a\x01\x1f\x7f\nz", "az");
        CHECK_TEXT("a\xc2\x80\xc2\x9fz", "az"); /* C1 */
        CHECK_TEXT("BP7350 \0\0\0", "BP7350");
        CHECK_TEXT("BP7350\0rest of the last one", "BP7350");
        CHECK_TEXT("BP  7350   ", "BP  7350");
        CHECK_TEXT("   ", "");
        CHECK_TEXT("\0", "");
        CHECK_TEXT("", "");
}

static void ends_at_a_character(void) {
        char long_text[ROOM + 8];

        memset(long_text, 'x', sizeof long_text);
        CHECK_EQ(length_of(long_text, ROOM - 1), ROOM - 1);
        CHECK_EQ(length_of(long_text, ROOM), ROOM - 1);
        CHECK_EQ(length_of(long_text, sizeof long_text), ROOM - 1);

        /* The last character takes three bytes: it fits to the byte, or not at all. */
        memcpy(long_text + ROOM - 4, "\xe2\x82\xac", 3);
        CHECK_EQ(length_of(long_text, sizeof long_text), ROOM - 1);
        memcpy(long_text + ROOM - 4, "x\xe2\x82\xac", 4);
        CHECK_EQ(length_of(long_text, sizeof long_text), ROOM - 3);
}

static void the_smallest_room_holds_nothing(void) {
        char text[1] = {'x'};

        text_from_value((const uint8_t *) "abc", 3, text, sizeof text);
        CHECK_STR(text, "");
}

static void equal_is_equal_to_the_end(void) {
        CHECK(text_equal("", ""));
        CHECK(text_equal("2a35", "2a35"));
        CHECK(!text_equal("2a35", "2a36"));
        CHECK(!text_equal("2a3", "2a35"));
        CHECK(!text_equal("2a35", "2a3"));
        CHECK(!text_equal("", "2"));
}

CHECK_MAIN("unit.text", TEST(keeps_every_well_formed_character), TEST(leaves_out_what_is_malformed),
           TEST(leaves_out_control_characters_and_padding), TEST(ends_at_a_character),
           TEST(the_smallest_room_holds_nothing), TEST(equal_is_equal_to_the_end))
