/* The vectors of tests/vectors/omron.json that are of OMRON's memory: frames, the settings block
 * and its clock. Records and the handshake are in test_vectors_records.c. */
#include <errno.h>

#include "core/omron_frame.h"
#include "core/omron_settings.h"
#include "vectors_fixture.h"

static void check_word(const cJSON *decoded, const char *key, const struct omron_word *word) {
        char text[8];

        snprintf(text, sizeof text, "0x%04x", word->raw);
        check_text(decoded, key, text);
}

/* --- settings, as a vector of its own or inside a frame --- */

static void check_settings(const struct vector *v, const struct omron_settings *s) {
        static const char *const names[OMRON_USERS_MAX][6] = {
                {"cursor1_word", "cursor1", "ring_full1", "unread1", "seq1", "user1"},
                {"cursor2_word", "cursor2", "ring_full2", "unread2", "seq2", "user2"},
        };
        static const char *const keys[] = {"year",    "month",       "day", "flags",
                                           "version", "checksum_ok", NULL};
        const cJSON *d = v->decoded;

        for (size_t i = 0; i < OMRON_USERS_MAX; i++) {
                const struct omron_ring *ring = &s->ring[i];
                const struct omron_user_block *block = &s->block[i];
                const cJSON *user = cJSON_GetObjectItem(d, names[i][5]);

                check_word(d, names[i][0], &ring->cursor);
                check_field(d, names[i][1], ring->cursor.value);
                check_field(d, names[i][2], ring->cursor.wrapped);
                check_field(d, names[i][3], ring->unread.value);
                check_number(d, names[i][4], s->sequence[i].known, s->sequence[i].value);
                if (!user)
                        continue;
                check_keys(user, keys);
                CHECK(!block->blank);
                check_field(user, "year", block->birth_year);
                check_field(user, "month", block->birth_month);
                check_field(user, "day", block->birth_day);
                check_field(user, "flags", block->flags);
                check_number(user, "version", block->version.known, block->version.value);
                check_field(user, "checksum_ok", block->checksum_ok);
        }
}

/* Vectors of an index may be shorter than the row's: what they do not state is 0 here. */
static void check_settings_vector(const struct vector *v) {
        static const char *const keys[] = {
                "cursor1_word", "cursor1",      "ring_full1", "unread1",    "seq1",
                "user1",        "cursor2_word", "cursor2",    "ring_full2", "unread2",
                "seq2",         "user2",        NULL};
        const struct omron_model *m = model_of(v);
        uint8_t bytes[OMRON_SETTINGS_SIZE_MAX] = {0};
        struct omron_settings s = {0};

        check_keys(v->decoded, keys);
        CHECK(m && v->n <= sizeof bytes);
        if (!m || v->n > sizeof bytes)
                return;
        memcpy(bytes, v->bytes, v->n);
        CHECK_EQ(omron_settings_decode(m, bytes, v->n > m->index_size ? v->n : m->index_size, &s),
                 0);
        CHECK_EQ(omron_settings_check(m, &s), 0);
        check_settings(v, &s);
}

/* --- clock windows --- */

static void check_clock(const struct vector *v) {
        /* "layout" is prose; that the row's layout is the one whose sum is right says the same. */
        static const char *const keys[] = {"datetime", "checksum_ok", "layout", NULL};
        const struct omron_model *m = model_of(v);
        enum omron_clock_layout guess = OMRON_CLOCK_PRE6401;
        struct omron_clock clock = {0};
        uint8_t back[16];

        check_keys(v->decoded, keys);
        if (!m)
                return;
        CHECK_EQ(omron_clock_decode(m->clock, v->bytes, v->n, &clock), 0);
        check_time(v->decoded, "datetime", clock.time);
        check_field(v->decoded, "checksum_ok", clock.checksum_ok);
        CHECK_EQ(omron_clock_guess(v->bytes, v->n, &guess), 0);
        CHECK_EQ(guess, m->clock);

        CHECK_EQ(omron_clock_encode(m->clock, v->bytes, v->n, &clock.time, back), 0);
        CHECK(memcmp(back, v->bytes, v->n) == 0);
}

/* --- frames --- */

/* Each chunk on its channel, in order: the last one makes the same frame. */
static void check_chunks(const struct vector *v, const struct omron_frame *whole) {
        const cJSON *chunks = cJSON_GetObjectItem(v->item, "chunks"), *chunk;
        int left = cJSON_GetArraySize(chunks);
        struct omron_frame f = {0};
        struct omron_assembly a;
        unsigned channel = 0;

        omron_assembly_begin(&a, false);
        cJSON_ArrayForEach(chunk, chunks) {
                _cleanup_(freep) uint8_t *bytes = NULL;
                size_t n = 0;

                bytes = bytes_from_hex(cJSON_GetStringValue(chunk), &n);
                CHECK_EQ(omron_assembly_add(&a, channel++, bytes, n, &f), --left == 0);
        }
        CHECK(!chunks || memcmp(&f, whole, sizeof f) == 0);
}

/* Our own requests are the same bytes. A read above 56 we never ask for. */
static void check_request(const struct vector *v, const struct omron_frame *f) {
        struct omron_frame own = omron_frame_end();
        uint8_t bytes[OMRON_FRAME_MAX];

        if (f->type == OMRON_FRAME_START)
                own = omron_frame_start();
        else if (f->type == OMRON_FRAME_READ && f->stated <= OMRON_PAYLOAD_MAX)
                own = omron_frame_read(f->address, f->stated);
        else if (f->type == OMRON_FRAME_WRITE)
                own = omron_frame_write(f->address, f->payload, f->payload_size);
        else if (f->type != OMRON_FRAME_END)
                return;
        CHECK_EQ(omron_frame_encode(&own, bytes), v->n);
        CHECK(memcmp(bytes, v->bytes, v->n) == 0);
}

/* A reply's payload that is a clock window, perhaps with more behind it. */
static void check_clock_in_frame(const struct vector *v, const struct omron_frame *f) {
        const struct omron_model *m = model_of(v);
        struct omron_clock clock = {0};
        size_t n = m ? (size_t) (m->clock_to - m->clock_from) : 0;

        CHECK(m && n <= f->payload_size && f->address == m->read_base + m->clock_from);
        if (!m)
                return;
        CHECK_EQ(omron_clock_decode(m->clock, f->payload, n, &clock), 0);
        check_time(v->decoded, "clock", clock.time);
        check_field(v->decoded, "checksum_ok", clock.checksum_ok);
}

static void check_index_words(const cJSON *words, const struct omron_frame *f) {
        const cJSON *word;
        size_t at = 0;

        cJSON_ArrayForEach(word, words) {
                char text[8];

                snprintf(text, sizeof text, "0x%02x%02x", f->payload[at], f->payload[at + 1]);
                CHECK_STR(text, cJSON_GetStringValue(word));
                at += 2;
        }
}

static void check_swapped(const cJSON *decoded, const char *key, const uint8_t *bytes, size_t n) {
        uint8_t swapped[OMRON_FRAME_MAX];

        for (size_t i = 0; i < n; i++)
                swapped[i] = bytes[i ^ 1];
        check_hex(decoded, key, swapped, n);
}

/* A reply's payload that is a settings block. */
static void check_settings_in_frame(const struct vector *v, const struct omron_frame *f) {
        const cJSON *d = v->decoded, *sequence = cJSON_GetObjectItem(d, "seq_user1");
        const struct omron_model *m = model_of(v);
        const struct omron_user_block *block;
        struct omron_settings s = {0};
        char text[16];

        CHECK(m && f->address == m->read_base);
        if (!m)
                return;
        CHECK_EQ(omron_settings_decode(m, f->payload, f->payload_size, &s), 0);
        CHECK_EQ(omron_settings_check(m, &s), 0);
        check_settings(v, &s);
        check_index_words(cJSON_GetObjectItem(d, "index_be"), f);

        /* An index of 16 bytes: omron_settings promises no sequence there. */
        if (sequence)
                CHECK_EQ(f->payload[8] | f->payload[9] << 8, sequence->valueint);

        block = &s.block[0];
        snprintf(text, sizeof text, "%04d-%02d-%02d", block->birth_year, block->birth_month,
                 block->birth_day);
        check_text(d, "birth_date", text);
        check_field(d, "block_checksum_ok", block->checksum_ok);
        check_swapped(d, "user1_block_swapped", f->payload + m->index_size, m->user_block_size);

        if (!cJSON_HasObjectItem(d, "clock"))
                return;
        check_swapped(d, "clock_swapped", f->payload + m->clock_from,
                      (size_t) (m->clock_to - m->clock_from));
        check_time(d, "clock", s.clock.time);
        check_field(d, "clock_checksum_ok", s.clock.checksum_ok);
}

static void check_records_in_frame(const struct vector *v, const struct omron_frame *f) {
        const struct omron_model *m = model_of(v);

        CHECK(m);
        if (!m)
                return;
        check_field(v->decoded, "records", f->payload_size / m->record_size);
        for (size_t at = 0; at < f->payload_size; at += m->record_size) {
                struct omron_record r;

                CHECK_EQ(omron_record_decode(m->layout, f->payload + at, m->record_size, &r), 0);
                CHECK(omron_record_checksum_ok(&r));
        }
}

static void check_frame(const struct vector *v) {
        /* "meaning" is prose. */
        static const char *const keys[] = {"direction",
                                           "len",
                                           "type",
                                           "addr",
                                           "byte5",
                                           "xor_ok",
                                           "meaning",
                                           "result",
                                           "payload",
                                           "data",
                                           "records",
                                           "clock",
                                           "checksum_ok",
                                           "seq_user1",
                                           "index_be",
                                           "cursor1",
                                           "ring_full1",
                                           "unread1",
                                           "cursor2",
                                           "ring_full2",
                                           "unread2",
                                           "user1_block_swapped",
                                           "birth_date",
                                           "block_checksum_ok",
                                           "clock_swapped",
                                           "clock_checksum_ok",
                                           NULL};
        const cJSON *d = v->decoded;
        struct omron_frame f = {0};
        char text[8];

        check_keys(d, keys);
        check_field(d, "xor_ok", omron_frame_decode(v->bytes, v->n, &f) == 0);
        check_field(d, "len", f.payload_size + OMRON_FRAME_MIN);
        snprintf(text, sizeof text, "%04x", f.type);
        check_text(d, "type", text);
        snprintf(text, sizeof text, "0x%04x", f.address);
        check_text(d, "addr", text);
        check_field(d, "byte5", f.stated);
        check_field(d, "result", f.result);
        check_hex(d, "payload", f.payload, f.payload_size);
        check_hex(d, "data", f.payload, f.payload_size);

        CHECK_EQ(is_from_cuff(v), (f.type & OMRON_FRAME_REPLY) != 0);
        check_chunks(v, &f);
        if (!is_from_cuff(v))
                check_request(v, &f);
        if (cJSON_HasObjectItem(d, "records"))
                check_records_in_frame(v, &f);
        else if (cJSON_HasObjectItem(d, "cursor1") || cJSON_HasObjectItem(d, "seq_user1"))
                check_settings_in_frame(v, &f);
        else if (cJSON_HasObjectItem(d, "clock"))
                check_clock_in_frame(v, &f);
}

int main(void) {
        static const struct kind kinds[] = {
                {"clock_window", 2, check_clock},
                {"clock_window_swapped", 1, check_clock},
                {"frame", 23, check_frame},
                {"index", 1, check_settings_vector},
                {"index_mirror", 1, check_settings_vector},
                {"settings_block", 1, check_settings_vector},
        };

        return run_kinds(kinds, ELEMENTS(kinds));
}
