#include "core/bdaddr.h"

#include <errno.h>

#include "check.h"

static const struct bdaddr CUFF = {{0x28, 0xFF, 0xB2, 0x05, 0x91, 0xBE}};

static void an_address_is_read_in_either_case_and_as_an_id(void) {
        static const char *const texts[] = {
                "28:FF:B2:05:91:BE", "28:ff:b2:05:91:be", "28:Ff:B2:05:91:bE",
                "28ffb20591be",      "28FFB20591BE",
        };

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                struct bdaddr address = {0};

                CHECK_EQ(bdaddr_from_string(texts[i], &address), 0);
                CHECK(bdaddr_equal(&address, &CUFF));
        }
}

static void anything_else_is_refused_and_writes_nothing(void) {
        static const char *const texts[] = {
                "",
                "2",
                "28",
                "28:FF:B2:05:91",
                "28:FF:B2:05:91:",
                "28:FF:B2:05:91:B",
                "28:FF:B2:05:91:BE:",
                "28:FF:B2:05:91:BE:00",
                " 28:FF:B2:05:91:BE",
                "28-FF-B2-05-91-BE",
                "28:FF:B2:05:91;BE",
                "28:FF:B2:05:91:BG",
                "28:FF:B2:05:91:GB",
                "28:FF:B2:05:91:B@",
                "28:FF:B2:05:91:/B",
                "28:FF:B2:05:91::B",
                "28:FF:B2:05:91:`B",
                "28:FF:B2:0591:BE0",
                "28FF:B2:05:91:BE",
                "28ffb20591b",
                "28ffb20591be0",
                "28ffb20591b ",
                "0x28ffb20591b",
                "28ffb20591 be",
                "an address, but a much longer text than any",
        };

        for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
                struct bdaddr address = CUFF;

                CHECK_EQ(bdaddr_from_string(texts[i], &address), -EINVAL);
                CHECK(bdaddr_equal(&address, &CUFF));
        }
}

static void a_text_is_never_read_past_its_end(void) {
        static const char text[] = "28:FF:B2:05:91:BE";

        for (size_t n = 0; n < sizeof text - 1; n++) {
                char *exact = strndup(text, n);
                struct bdaddr address;

                CHECK_EQ(bdaddr_from_string(exact, &address), -EINVAL);
                free(exact);
        }
}

static void printing_gives_what_was_read(void) {
        char text[BDADDR_STRING_SIZE], id[BDADDR_ID_SIZE];
        struct bdaddr back;

        bdaddr_to_string(&CUFF, text);
        CHECK_STR(text, "28:FF:B2:05:91:BE");
        bdaddr_to_id(&CUFF, id);
        CHECK_STR(id, "28ffb20591be");
        CHECK_EQ(bdaddr_from_string(id, &back), 0);
        CHECK(bdaddr_equal(&back, &CUFF));
}

static void every_byte_counts_in_equality(void) {
        for (size_t i = 0; i < 6; i++) {
                struct bdaddr other = CUFF;

                other.byte[i] ^= 1;
                CHECK(!bdaddr_equal(&other, &CUFF));
        }
}

CHECK_MAIN("unit.bdaddr", TEST(an_address_is_read_in_either_case_and_as_an_id),
           TEST(anything_else_is_refused_and_writes_nothing),
           TEST(a_text_is_never_read_past_its_end), TEST(printing_gives_what_was_read),
           TEST(every_byte_counts_in_equality))
