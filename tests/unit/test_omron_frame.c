#include "core/omron_frame.h"

#include <errno.h>

#include "check.h"
#include "exact.h"

/* HEM-7280T, userx14/omblepy#57: settings in three slices, the last one padded. */
static const uint8_t SETTINGS[48] = {0x2E, 0x81, 0x00, 0x02, 0x60, 0x26, 0x40, 0x1E, 0x80, 0x2D,
                                     0x80, 0x00, 0x80, 0x00, 0x09, 0x4D, 0xFF, 0x09, 0x86, 0x5E,
                                     0x09, 0x4D, 0xFF, 0x09, 0x86, 0x5E, 0x08, 0xC8, 0x09, 0x19,
                                     0x12, 0x12, 0x2C, 0x1B, 0x85, 0x5D, 0xF8, 0x35, 0x68, 0x51,
                                     0x14, 0xE0, 0x02, 0xDA, 0x00, 0xFF, 0x00, 0x00};

/* HEM-7322T, eigger/hass-omron#13: a full frame in four slices. */
static const uint8_t RECORDS[64] = {
        0x40, 0x81, 0x00, 0x04, 0x6C, 0x38, 0x52, 0x6B, 0x16, 0x48, 0x15, 0x92, 0x11,
        0x12, 0x00, 0x5B, 0x69, 0x80, 0xEA, 0x29, 0x4F, 0x62, 0x16, 0x46, 0x15, 0x92,
        0x11, 0xA6, 0x00, 0x6F, 0x65, 0x80, 0x7C, 0xBF, 0x4C, 0x61, 0x16, 0x4E, 0x1D,
        0x4B, 0x1E, 0xE2, 0x00, 0x57, 0x59, 0x80, 0x6A, 0xA9, 0x54, 0x71, 0x16, 0x45,
        0x24, 0x4A, 0x15, 0x3F, 0x00, 0x66, 0x66, 0x80, 0xED, 0x2E, 0x00, 0xE4};

/* HEM-7155T-MW3, dzikus/esphome-omron */
static const uint8_t CLOCK[24] = {0x18, 0x81, 0x00, 0x02, 0x8C, 0x10, 0xC8, 0xA8,
                                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x1A, 0x08,
                                  0x08, 0x00, 0x11, 0x2B, 0xD6, 0x00, 0x00, 0x91};

static const uint8_t START_REPLY[8] = {0x08, 0x80, 0x00, 0x00, 0x00, 0x10, 0x00, 0x98};
static const uint8_t END_REPLY[8] = {0x08, 0x8F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x87};
static const uint8_t REFUSED[8] = {0x08, 0x81, 0x00, 0x0E, 0x34, 0x10, 0xE3, 0x40};

static struct omron_frame decoded(const uint8_t *bytes, size_t n) {
        struct omron_frame f = {0};

        CHECK_EQ(omron_frame_decode(bytes, n, &f), 0);
        return f;
}

static void check_encoded(const struct omron_frame *f, const uint8_t *want, size_t n) {
        uint8_t bytes[OMRON_FRAME_MAX];

        CHECK_EQ(omron_frame_encode(f, bytes), n);
        CHECK(memcmp(bytes, want, n) == 0);
}

static void the_requests_are_the_published_bytes(void) {
        static const uint8_t start[] = {0x08, 0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x18};
        static const uint8_t read[] = {0x08, 0x01, 0x00, 0x02, 0x60, 0x2C, 0x00, 0x47};
        static const uint8_t clear[] = {0x0C, 0x01, 0xC0, 0x00, 0x58, 0x04,
                                        0x00, 0x80, 0x00, 0x80, 0x00, 0x91};
        static const uint8_t end[] = {0x08, 0x0F, 0x00, 0x00, 0x00, 0x00, 0x00, 0x07};
        static const uint8_t unread[] = {0x00, 0x80, 0x00, 0x80};
        struct omron_frame f = omron_frame_start();

        check_encoded(&f, start, sizeof start);
        f = omron_frame_read(0x0260, 0x2C);
        check_encoded(&f, read, sizeof read);
        f = omron_frame_write(0x0058, unread, sizeof unread);
        check_encoded(&f, clear, sizeof clear);
        f = omron_frame_end();
        check_encoded(&f, end, sizeof end);
}

static void the_parts_of_a_reply_are_read(void) {
        struct omron_frame f = decoded(SETTINGS, sizeof SETTINGS); /* two bytes of padding */

        CHECK_EQ(f.type, OMRON_FRAME_READ | OMRON_FRAME_REPLY);
        CHECK_EQ(f.address, 0x0260);
        CHECK_EQ(f.stated, 0x26);
        CHECK_EQ(f.payload_size, 0x26);
        CHECK(memcmp(f.payload, SETTINGS + 6, 0x26) == 0);
        CHECK_EQ(f.result, OMRON_RESULT_OK);

        f = decoded(REFUSED, sizeof REFUSED); /* byte 5 says 16, but nothing follows */
        CHECK_EQ(f.address, 0x0E34);
        CHECK_EQ(f.stated, 0x10);
        CHECK_EQ(f.payload_size, 0);
        CHECK_EQ(f.result, OMRON_RESULT_ADDRESS);

        f = decoded(RECORDS, sizeof RECORDS);
        CHECK_EQ(f.payload_size, OMRON_PAYLOAD_MAX);
        check_encoded(&f, RECORDS, sizeof RECORDS);
}

/* One bit XORed twice would be needed to hide a change. */
static void every_flipped_bit_is_noticed(void) {
        for (size_t bit = 0; bit < 8 * sizeof CLOCK; bit++) {
                uint8_t bytes[sizeof CLOCK];
                struct omron_frame f;

                memcpy(bytes, CLOCK, sizeof bytes);
                bytes[bit / 8] ^= (uint8_t) (1u << bit % 8);
                CHECK_EQ(omron_frame_decode(bytes, sizeof bytes, &f), -EBADMSG);
        }
}

static void every_truncation_is_refused_and_writes_nothing(void) {
        struct omron_frame f, untouched;

        memset(&f, 0xAA, sizeof f);
        memset(&untouched, 0xAA, sizeof untouched);
        for (size_t n = 0; n < sizeof CLOCK; n++) {
                uint8_t *exact = exact_copy(CLOCK, n);

                CHECK_EQ(omron_frame_decode(exact, n, &f), -EBADMSG);
                free(exact);
        }
        CHECK(memcmp(&f, &untouched, sizeof f) == 0);
}

/* The XOR is right in all of them, only the length speaks. */
static void lengths_of_7_and_65_are_refused(void) {
        uint8_t bytes[65] = {0};
        struct omron_frame f;

        for (unsigned length = 0; length <= sizeof bytes; length++) {
                memset(bytes, 0, sizeof bytes);
                bytes[0] = bytes[1] = (uint8_t) length;
                CHECK_EQ(omron_frame_decode(bytes, sizeof bytes, &f),
                         length >= 8 && length <= 64 ? 0 : -EBADMSG);
        }
        bytes[0] = bytes[1] = 0xFF;
        CHECK_EQ(omron_frame_decode(bytes, sizeof bytes, &f), -EBADMSG);
}

static void a_reply_must_be_of_its_request(void) {
        struct omron_frame start = omron_frame_start(), end = omron_frame_end();
        struct omron_frame read = omron_frame_read(0x028C, 16);
        struct omron_frame write = omron_frame_write(0x028C, CLOCK + 6, 16);
        struct omron_frame f = decoded(CLOCK, sizeof CLOCK);

        CHECK(omron_frame_answers(&f, &read));
        CHECK(!omron_frame_answers(&f, &write));
        CHECK(!omron_frame_answers(&f, &start));
        CHECK(!omron_frame_answers(&f, &end));
        read.address = 0x028D;
        CHECK(!omron_frame_answers(&f, &read));
        read = omron_frame_read(0x028C, 15);
        CHECK(!omron_frame_answers(&f, &read));

        f.type = 0x81C0; /* the echo of an HEM-7280T, and the short reply */
        CHECK(omron_frame_answers(&f, &write));
        f.payload_size = 0;
        CHECK(omron_frame_answers(&f, &write));
        f.address++;
        CHECK(!omron_frame_answers(&f, &write));

        f = decoded(START_REPLY, sizeof START_REPLY);
        CHECK(omron_frame_answers(&f, &start));
        f.payload_size = 16;
        CHECK(omron_frame_answers(&f, &start));
        CHECK(!omron_frame_answers(&f, &end));
}

static void a_refusal_answers_without_a_payload(void) {
        struct omron_frame read = omron_frame_read(0x0E34, 16),
                           other = omron_frame_read(0x0E44, 16);
        struct omron_frame f = decoded(REFUSED, sizeof REFUSED);

        CHECK(omron_frame_answers(&f, &read));
        CHECK(!omron_frame_answers(&f, &other));
        f.result = OMRON_RESULT_OK; /* a good read of nothing */
        CHECK(!omron_frame_answers(&f, &read));
}

static void an_end_with_a_result_answers_anything(void) {
        struct omron_frame requests[] = {omron_frame_start(), omron_frame_read(0x0260, 16),
                                         omron_frame_write(0x0054, CLOCK, 4), omron_frame_end()};
        struct omron_frame f = decoded(END_REPLY, sizeof END_REPLY);

        for (size_t i = 0; i < 4; i++) {
                f.result = OMRON_RESULT_OK;
                CHECK_EQ(omron_frame_answers(&f, &requests[i]), i == 3);
                f.result = OMRON_RESULT_SETTINGS;
                CHECK(omron_frame_answers(&f, &requests[i]));
        }
}

/* --- slices --- */

static int add(struct omron_assembly *a, unsigned channel, const uint8_t *frame, size_t n,
               struct omron_frame *ret) {
        uint8_t *exact = exact_copy(frame + channel * OMRON_SLICE_SIZE, n);
        int r = omron_assembly_add(a, channel, exact, n, ret);

        free(exact);
        return r;
}

/* Slice 0 begins a frame, but those before it are kept: so every order works. */
static void four_slices_join_in_every_order(void) {
        struct omron_frame want = decoded(RECORDS, sizeof RECORDS);
        struct omron_assembly a;
        int orders = 0;

        omron_assembly_begin(&a, false);
        for (unsigned order = 0; order < 256; order++) {
                struct omron_frame f = {0};
                unsigned seen = 0;

                for (unsigned i = 0; i < 4; i++)
                        seen |= 1u << (order >> 2 * i & 3);
                if (seen != 0x0F)
                        continue;
                for (unsigned i = 0; i < 4; i++)
                        CHECK_EQ(add(&a, order >> 2 * i & 3, RECORDS, 16, &f), i == 3);
                CHECK(memcmp(&f, &want, sizeof f) == 0);
                orders++;
        }
        CHECK_EQ(orders, 24);
}

static void the_last_slice_may_be_short_or_padded(void) {
        struct omron_frame want = decoded(SETTINGS, sizeof SETTINGS);
        struct omron_assembly a;

        omron_assembly_begin(&a, false);
        for (size_t last = 14; last <= 16; last++) {
                struct omron_frame f = {0};

                CHECK_EQ(add(&a, 0, SETTINGS, 16, &f), 0);
                CHECK_EQ(add(&a, 1, SETTINGS, 16, &f), 0);
                CHECK_EQ(add(&a, 2, SETTINGS, last, &f), 1);
                CHECK(memcmp(&f, &want, sizeof f) == 0);
        }
}

static void a_short_frame_needs_one_slice(void) {
        uint8_t padded[16] = {0};
        struct omron_assembly a;
        struct omron_frame f;

        memcpy(padded, END_REPLY, sizeof END_REPLY);
        omron_assembly_begin(&a, false);
        CHECK_EQ(add(&a, 0, padded, 16, &f), 1);
        CHECK_EQ(f.type, 0x8F00);
        CHECK_EQ(add(&a, 0, END_REPLY, 8, &f), 1);
        CHECK_EQ(add(&a, 0, END_REPLY, 7, &f), -EBADMSG);
}

static void a_missing_slice_leaves_no_frame(void) {
        for (unsigned missing = 0; missing < 4; missing++) {
                struct omron_assembly a;
                struct omron_frame f;

                omron_assembly_begin(&a, false);
                for (unsigned i = 0; i < 4; i++)
                        if (i != missing)
                                CHECK_EQ(add(&a, i, RECORDS, 16, &f), 0);
                CHECK_EQ(add(&a, missing, RECORDS, 16, &f), 1);
        }
}

static void a_new_slice_0_forgets_the_older_frame(void) {
        struct omron_assembly a;
        struct omron_frame f;

        omron_assembly_begin(&a, false);
        CHECK_EQ(add(&a, 0, RECORDS, 16, &f), 0);
        CHECK_EQ(add(&a, 1, RECORDS, 16, &f), 0);
        CHECK_EQ(add(&a, 0, SETTINGS, 16, &f), 0);
        CHECK_EQ(add(&a, 2, SETTINGS, 16, &f), 0); /* slice 1 of the older one is gone */
        CHECK_EQ(add(&a, 1, SETTINGS, 16, &f), 1);
        CHECK_EQ(f.address, 0x0260);
}

static void a_new_request_forgets_what_is_half_here(void) {
        struct omron_assembly a;
        struct omron_frame f;

        omron_assembly_begin(&a, false);
        CHECK_EQ(add(&a, 1, RECORDS, 16, &f), 0);
        CHECK_EQ(add(&a, 2, RECORDS, 16, &f), 0);
        omron_assembly_begin(&a, false);
        CHECK_EQ(add(&a, 0, SETTINGS, 16, &f), 0);
        CHECK_EQ(add(&a, 1, SETTINGS, 16, &f), 0);
        CHECK_EQ(add(&a, 2, SETTINGS, 16, &f), 1);
}

/* Each kind of damage is told once; the next frame is whole again. */
static void damage_is_told_and_begins_anew(void) {
        uint8_t long_value[17] = {0}, bad_length[16] = {7}, too_long[16] = {65};
        uint8_t damaged[sizeof SETTINGS];
        struct omron_assembly a;
        struct omron_frame f;

        memcpy(damaged, SETTINGS, sizeof damaged);
        damaged[20] ^= 1;
        omron_assembly_begin(&a, false);
        CHECK_EQ(omron_assembly_add(&a, 0, bad_length, 16, &f), -EBADMSG);
        CHECK_EQ(omron_assembly_add(&a, 0, too_long, 16, &f), -EBADMSG);
        CHECK_EQ(add(&a, 1, RECORDS, 16, &f), 0);
        CHECK_EQ(omron_assembly_add(&a, 0, long_value, sizeof long_value, &f), -EBADMSG);
        CHECK_EQ(add(&a, 1, RECORDS, 16, &f), 0);
        CHECK_EQ(omron_assembly_add(&a, 0, NULL, 0, &f), -EBADMSG);
        CHECK_EQ(add(&a, 0, RECORDS, 16, &f), 0);
        CHECK_EQ(add(&a, 1, RECORDS, 15, &f), -EBADMSG); /* full frames have full slices */
        CHECK_EQ(add(&a, 0, damaged, 16, &f), 0);
        CHECK_EQ(add(&a, 1, damaged, 16, &f), 0);
        CHECK_EQ(add(&a, 2, damaged, 16, &f), -EBADMSG);

        CHECK_EQ(add(&a, 0, SETTINGS, 16, &f), 0);
        CHECK_EQ(add(&a, 1, SETTINGS, 16, &f), 0);
        CHECK_EQ(add(&a, 2, SETTINGS, 14, &f), 1);
}

static void with_one_channel_a_value_is_a_frame(void) {
        struct omron_assembly a;
        struct omron_frame f;

        omron_assembly_begin(&a, true);
        CHECK_EQ(omron_assembly_add(&a, 0, RECORDS, 64, &f), 1);
        CHECK_EQ(f.payload_size, 56);
        CHECK_EQ(omron_assembly_add(&a, 0, RECORDS, 63, &f), -EBADMSG);
        CHECK_EQ(omron_assembly_add(&a, 0, NULL, 0, &f), -EBADMSG);
        CHECK_EQ(omron_assembly_add(&a, 0, CLOCK, 24, &f), 1);
        CHECK_EQ(f.address, 0x028C);
}

CHECK_MAIN("unit.omron_frame", TEST(the_requests_are_the_published_bytes),
           TEST(the_parts_of_a_reply_are_read), TEST(every_flipped_bit_is_noticed),
           TEST(every_truncation_is_refused_and_writes_nothing),
           TEST(lengths_of_7_and_65_are_refused), TEST(a_reply_must_be_of_its_request),
           TEST(a_refusal_answers_without_a_payload), TEST(an_end_with_a_result_answers_anything),
           TEST(four_slices_join_in_every_order), TEST(the_last_slice_may_be_short_or_padded),
           TEST(a_short_frame_needs_one_slice), TEST(a_missing_slice_leaves_no_frame),
           TEST(a_new_slice_0_forgets_the_older_frame),
           TEST(a_new_request_forgets_what_is_half_here), TEST(damage_is_told_and_begins_anew),
           TEST(with_one_channel_a_value_is_a_frame))
