#include "core/advertisement.h"

#include <errno.h>

#include "check.h"
#include "exact.h"

/* The smallest sizes seen or documented, for 1..4 users; 0: none is. */
static const struct {
        uint8_t type;
        bool has_counters;
        uint8_t size[4];
} TYPES[] = {
        {0x01, true, {5, 8, 11, 14}}, {0x02, true, {5, 8, 11, 14}},  {0x06, true, {5, 8, 11, 14}},
        {0x03, false, {3, 3, 3, 3}},  {0x08, false, {10, 13, 0, 0}}, {0x09, false, {9, 11, 13, 15}},
};

#define EACH_TYPE_AND_USERS(t, users)                                                              \
        for (size_t t = 0; t < sizeof TYPES / sizeof TYPES[0]; t++)                                \
                for (unsigned users = 1; users <= 4; users++)

static void a_real_frame_with_news_is_read(void) {
        /* HEM-7380T1-EBK (eigger/hass-omron#7): four bytes more than the counters need */
        static const uint8_t frame[] = {0x06, 0x41, 0xF0, 0x01, 0x64, 0x31,
                                        0x00, 0x31, 0x00, 0x2A, 0x00, 0x02};
        struct advertisement a;

        CHECK_EQ(advertisement_decode(frame, sizeof frame, &a), 0);
        CHECK_EQ(a.type, 6);
        CHECK_EQ(a.user_slots, 2);
        CHECK(a.news && !a.pairing && !a.clock_unset && a.has_counters);
        CHECK_EQ(a.user[0].sequence, 496);
        CHECK_EQ(a.user[0].count, 100);
        CHECK_EQ(a.user[1].sequence, 49);
        CHECK_EQ(a.user[1].count, 49);
        CHECK_EQ(a.user[2].sequence, 0);
}

static void the_flags_of_every_type_are_read(void) {
        EACH_TYPE_AND_USERS(t, users) {
                for (unsigned bit = 2; bit < 8; bit++) {
                        uint8_t data[15] = {TYPES[t].type, (uint8_t) (users - 1 + (1u << bit))};
                        struct advertisement a;

                        if (!TYPES[t].size[users - 1])
                                continue;
                        CHECK_EQ(advertisement_decode(data, TYPES[t].size[users - 1], &a), 0);
                        CHECK_EQ(a.type, TYPES[t].type);
                        CHECK_EQ(a.user_slots, users);
                        CHECK_EQ(a.clock_unset, bit == 2);
                        CHECK_EQ(a.pairing, bit == 3);
                        CHECK_EQ(a.news, bit == 6 && TYPES[t].type != 0x03);
                        CHECK_EQ(a.has_counters, TYPES[t].has_counters);
                }
        }
}

static void counters_of_all_users_are_read_or_none(void) {
        EACH_TYPE_AND_USERS(t, users) {
                uint8_t data[15] = {TYPES[t].type, (uint8_t) (users - 1)};
                struct advertisement a;

                for (unsigned i = 2; i < sizeof data; i++)
                        data[i] = (uint8_t) i;
                if (!TYPES[t].size[users - 1])
                        continue;
                CHECK_EQ(advertisement_decode(data, sizeof data, &a), 0);
                for (unsigned i = 0; i < 4; i++) {
                        bool sent = TYPES[t].has_counters && i < users;

                        CHECK_EQ(a.user[i].sequence, sent ? (3 + 3 * i) << 8 | (2 + 3 * i) : 0);
                        CHECK_EQ(a.user[i].count, sent ? 4 + 3 * i : 0);
                }
        }
}

static void every_truncation_is_refused_and_writes_nothing(void) {
        EACH_TYPE_AND_USERS(t, users) {
                uint8_t data[15] = {TYPES[t].type, (uint8_t) (users - 1)};

                for (size_t n = 1; n < TYPES[t].size[users - 1]; n++) {
                        uint8_t *exact = exact_copy(data, n);
                        struct advertisement a, before;

                        memset(&a, 0xAA, sizeof a);
                        memset(&before, 0xAA, sizeof before);
                        CHECK_EQ(advertisement_decode(exact, n, &a), -EBADMSG);
                        CHECK(memcmp(&a, &before, sizeof a) == 0);
                        free(exact);
                }
        }
}

static void nothing_at_all_is_refused(void) {
        struct advertisement a = {.type = 0xAA};

        CHECK_EQ(advertisement_decode(NULL, 0, &a), -EBADMSG);
        CHECK_EQ(a.type, 0xAA);
}

static void unknown_types_are_ignored_without_clearing_a_flag(void) {
        for (unsigned type = 0; type <= 0xFF; type++) {
                uint8_t data[20] = {(uint8_t) type};
                struct advertisement a = {.type = 0xAA, .pairing = true, .news = true};
                bool known = false;

                for (size_t t = 0; t < sizeof TYPES / sizeof TYPES[0]; t++)
                        known |= TYPES[t].type == type;
                if (known)
                        continue;
                for (size_t n = 1; n <= sizeof data; n += 19) {
                        CHECK_EQ(advertisement_decode(data, n, &a), -ENOTSUP);
                        CHECK_EQ(a.type, 0xAA);
                        CHECK(a.pairing && a.news);
                }
        }
}

/* Nobody has described such a frame, so nobody knows how long it must be. */
static void type_8_for_more_than_two_users_is_ignored(void) {
        for (uint8_t flags = 2; flags <= 3; flags++) {
                uint8_t data[20] = {0x08, flags};
                struct advertisement a = {.type = 0xAA};

                CHECK_EQ(advertisement_decode(data, sizeof data, &a), -ENOTSUP);
                CHECK_EQ(a.type, 0xAA);
        }
}

CHECK_MAIN("unit.advertisement", TEST(a_real_frame_with_news_is_read),
           TEST(the_flags_of_every_type_are_read), TEST(counters_of_all_users_are_read_or_none),
           TEST(every_truncation_is_refused_and_writes_nothing), TEST(nothing_at_all_is_refused),
           TEST(unknown_types_are_ignored_without_clearing_a_flag),
           TEST(type_8_for_more_than_two_users_is_ignored))
