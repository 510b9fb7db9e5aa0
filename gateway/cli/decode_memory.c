/* OMRON's memory: its frames, and the settings block (index, user blocks, clock) inside them. */
#include "cli/decode.h"

#include <errno.h>
#include <string.h>

#include "core/omron_frame.h"
#include "core/omron_settings.h"

/* "cursor" and 0: "cursor1" */
struct key {
        char text[32];
};

static struct key key_of(const char *name, unsigned user, const char *more) {
        struct key key;

        snprintf(key.text, sizeof key.text, "%s%u%s", name, user + 1, more);
        return key;
}

/* --- settings --- */

/* HEM-7140T1 alone was seen with a sequence number in an index of 16 bytes (userx14/omblepy#39). */
#define SHORT_INDEX 16

static void add_words(const struct decode_value *v, struct json *j) {
        const char *key = v->model->words_swapped ? "index_be" : "index_le";
        cJSON *words = json_array(j, j->root, key);

        for (size_t at = 0; at + 2 <= v->n && at < v->model->index_size; at += 2)
                decode_add_word(j, words, NULL, omron_settings_word(v->model, v->bytes, at));
}

static void add_ring(struct json *j, unsigned user, const struct omron_ring *ring) {
        decode_add_word(j, j->root, key_of("cursor", user, "_word").text, ring->cursor.raw);
        json_real(j, j->root, key_of("cursor", user, "").text, ring->cursor.value);
        json_bool(j, j->root, key_of("ring_full", user, "").text, ring->cursor.wrapped);
        json_real(j, j->root, key_of("unread", user, "").text, ring->unread.value);
        json_bool(j, j->root, key_of("trusted", user, "").text, ring->trusted);
        if (!ring->trusted)
                return;
        json_real(j, j->root, key_of("count", user, "").text, ring->count);
        if (ring->count > 0)
                json_real(j, j->root, key_of("newest_slot", user, "").text, ring->newest);
}

static void add_index(const struct decode_value *v, const struct omron_settings *s,
                      struct json *j) {
        add_words(v, j);
        for (unsigned user = 0; user < v->model->users; user++) {
                add_ring(j, user, &s->ring[user]);
                if (s->sequence[user].known && v->n >= OMRON_SETTINGS_SEQUENCE(user) + 2)
                        json_number(j, j->root, key_of("seq", user, "").text, s->sequence[user]);
        }
        if (v->model->index_size == SHORT_INDEX && v->n >= SHORT_INDEX)
                json_real(j, j->root, "seq_user1",
                          omron_word_decode(omron_settings_word(v->model, v->bytes,
                                                                OMRON_SETTINGS_SEQUENCE(0)))
                                  .value);
        json_bool(j, j->root, "fits_model", omron_settings_check(v->model, s) != -EBADMSG);
}

static void add_swapped(struct json *j, const char *key, const uint8_t *bytes, size_t n) {
        uint8_t swapped[OMRON_SETTINGS_SIZE_MAX];

        for (size_t i = 0; i < n; i++)
                swapped[i] = bytes[i ^ 1];
        decode_add_hex(j, j->root, key, swapped, n);
}

static void add_block(struct json *j, unsigned user, const struct omron_user_block *block) {
        struct key key = key_of("user", user, "");
        cJSON *item;

        if (block->blank) {
                json_null(j, j->root, key.text);
                return;
        }
        item = json_object(j, j->root, key.text);
        json_real(j, item, "year", block->birth_year);
        json_real(j, item, "month", block->birth_month);
        json_real(j, item, "day", block->birth_day);
        json_real(j, item, "flags", block->flags);
        if (block->version.known)
                json_number(j, item, "version", block->version);
        json_bool(j, item, "checksum_ok", block->checksum_ok);
}

static void add_birth_date(struct json *j, const struct omron_user_block *block) {
        char text[32];

        snprintf(text, sizeof text, "%04u-%02u-%02u", block->birth_year, block->birth_month,
                 block->birth_day);
        json_text(j, j->root, "birth_date", text);
}

/* A block that was never written, or is not among the bytes, is null. In the swapped models the
 * blocks follow the index. */
static void add_blocks(const struct decode_value *v, const struct omron_settings *s,
                       struct json *j) {
        size_t at = v->model->index_size, size = v->model->user_block_size;
        bool written = false, good = true;

        for (unsigned user = 0; user < s->blocks; user++, at += size) {
                const struct omron_user_block *block = &s->block[user];

                add_block(j, user, block);
                written |= !block->blank;
                good &= block->blank || block->checksum_ok;
                if (v->model->words_swapped && at + size <= v->n)
                        add_swapped(j, key_of("user", user, "_block_swapped").text, v->bytes + at,
                                    size);
        }
        if (s->blocks > 0 && !s->block[0].blank)
                add_birth_date(j, &s->block[0]);
        if (written)
                json_bool(j, j->root, "block_checksum_ok", good);
}

static void add_clock(const struct decode_value *v, const struct omron_settings *s,
                      struct json *j) {
        const struct omron_model *m = v->model;

        if (!s->has_clock || s->clock.blank)
                return;
        if (m->clock == OMRON_CLOCK_MIX10 || m->clock == OMRON_CLOCK_MIX16)
                add_swapped(j, "clock_swapped", v->bytes + m->clock_from,
                            (size_t) (m->clock_to - m->clock_from));
        decode_add_time(j, j->root, "clock", &s->clock.time);
        json_bool(j, j->root, "clock_checksum_ok", s->clock.checksum_ok);
}

static int require_model(const struct decode_value *v, const char **reason) {
        if (v->model)
                return 0;
        *reason = "these bytes do not tell whose they are: say --model";
        return -ENOTSUP;
}

/* Often only the beginning of an index was written down: enough if it has all cursors and unread
 * counts. Zeros stand for the rest. */
int decode_index(const struct decode_value *v, struct json *j, const char **reason) {
        uint8_t whole[OMRON_SETTINGS_SIZE_MAX] = {0};
        struct decode_value index = *v;
        struct omron_settings s;
        int r;

        r = require_model(v, reason);
        if (r < 0)
                return r;
        for (unsigned user = 0; user < v->model->users; user++)
                if (v->n < v->model->user[user].cursor + 2u ||
                    v->n < v->model->user[user].unread + 2u) {
                        *reason = "the index of this cuff is longer";
                        return -EBADMSG;
                }
        if (index.n > v->model->index_size)
                index.n = v->model->index_size;
        memcpy(whole, v->bytes, index.n);
        r = omron_settings_decode(v->model, whole, v->model->index_size, &s);
        if (r < 0)
                return r;
        add_index(&index, &s, j);
        return 0;
}

int decode_settings(const struct decode_value *v, struct json *j, const char **reason) {
        struct decode_value block = *v;
        struct omron_settings s;
        int r;

        r = require_model(v, reason);
        if (r < 0)
                return r;
        if (block.n > omron_model_settings_size(v->model))
                block.n = omron_model_settings_size(v->model);
        r = omron_settings_decode(v->model, block.bytes, block.n, &s);
        if (r < 0) {
                *reason = "the settings of this cuff are longer";
                return r;
        }
        add_index(&block, &s, j);
        add_blocks(&block, &s, j);
        add_clock(&block, &s, j);
        return 0;
}

/* --- what a frame carries, by its address --- */

/* The part of the payload from memory address `from`, `n` bytes; NULL when not all of it is there.
 */
static const uint8_t *part(const struct omron_frame *f, unsigned from, unsigned n) {
        if (from < f->address || from + n > f->address + f->payload_size)
                return NULL;
        return f->payload + (from - f->address);
}

static void add_records(const struct omron_frame *f, const struct omron_model *m, struct json *j) {
        cJSON *list = NULL;
        int count = 0;

        for (unsigned user = 0; user < m->users; user++)
                for (unsigned slot = 0; slot < m->user[user].slots; slot++) {
                        struct decode_value record = {.n = m->record_size, .model = m};
                        cJSON *item;

                        record.bytes =
                                part(f, omron_model_record_address(m, user, slot), m->record_size);
                        if (!record.bytes)
                                continue;
                        if (count++ == 0)
                                list = json_array(j, j->root, "record");
                        item = json_object(j, list, NULL);
                        json_real(j, item, "user", user + 1);
                        json_real(j, item, "slot", slot);
                        (void) decode_add_record(j, item, m->layout, &record); /* says "empty" */
                }
        if (count > 0)
                json_real(j, j->root, "records", count);
}

/* The settings block, or its clock alone, in the copy that begins at `base`. */
static void add_copy(const struct omron_frame *f, const struct omron_model *m, unsigned base,
                     struct json *j) {
        unsigned clock_size = (unsigned) (m->clock_to - m->clock_from);
        struct decode_value v = {.model = m};
        const char *reason = NULL;
        struct omron_clock clock;

        v.bytes = part(f, base, m->index_size);
        if (v.bytes) {
                v.n = (size_t) (f->payload + f->payload_size - v.bytes);
                (void) decode_settings(&v, j, &reason);
                return;
        }
        v.bytes = part(f, base + m->clock_from, clock_size);
        if (!v.bytes || omron_clock_decode(m->clock, v.bytes, clock_size, &clock) < 0 ||
            clock.blank)
                return;
        decode_add_time(j, j->root, "clock", &clock.time);
        json_bool(j, j->root, "checksum_ok", clock.checksum_ok);
}

static void add_contents(const struct omron_frame *f, const struct omron_model *m, struct json *j) {
        if (f->result != OMRON_RESULT_OK)
                return;
        if ((f->type & ~OMRON_FRAME_REPLY) == OMRON_FRAME_WRITE)
                add_copy(f, m, m->write_base, j);
        if (f->type == (OMRON_FRAME_READ | OMRON_FRAME_REPLY)) {
                add_copy(f, m, m->read_base, j);
                add_records(f, m, j);
        }
}

/* --- the frame --- */

static const char *meaning_of(const struct omron_frame *f) {
        static const struct {
                uint16_t type;
                const char *request, *done, *refused;
        } words[] = {
                {OMRON_FRAME_START, "start session", "session started", "start refused"},
                {OMRON_FRAME_READ, "read", "what was read", "read refused"},
                {OMRON_FRAME_WRITE, "write", "written", "write refused"},
                {OMRON_FRAME_END, "end session", "session ended", "refused"},
        };

        for (size_t i = 0; i < ELEMENTS(words); i++) {
                if ((f->type & ~OMRON_FRAME_REPLY) != words[i].type)
                        continue;
                if (!(f->type & OMRON_FRAME_REPLY))
                        return words[i].request;
                return f->result == OMRON_RESULT_OK ? words[i].done : words[i].refused;
        }
        return NULL;
}

static int refuse_frame(const struct decode_value *v, struct json *j, const char **reason) {
        uint8_t length = v->bytes[0];

        json_real(j, j->root, "len", length);
        if (length < OMRON_FRAME_MIN || length > OMRON_FRAME_MAX) {
                *reason = "a frame begins with its length, 8 to 64";
        } else if (length > v->n) {
                *reason = "the frame is longer than these bytes; write its slices as one line";
        } else {
                json_bool(j, j->root, "xor_ok", false);
                *reason = "the XOR of the frame is wrong: a byte is damaged";
        }
        return -EBADMSG;
}

int decode_frame(const struct decode_value *v, struct json *j, const char **reason) {
        struct omron_frame f;
        bool is_reply;
        char type[8];

        if (omron_frame_decode(v->bytes, v->n, &f) < 0)
                return refuse_frame(v, j, reason);
        is_reply = f.type & OMRON_FRAME_REPLY;
        snprintf(type, sizeof type, "%04x", f.type);
        json_text(j, j->root, "direction", is_reply ? "cuff->host" : "host->cuff");
        json_real(j, j->root, "len", f.payload_size + OMRON_FRAME_MIN);
        json_text(j, j->root, "type", type);
        decode_add_word(j, j->root, "addr", f.address);
        json_real(j, j->root, "byte5", f.stated);
        json_bool(j, j->root, "xor_ok", true);
        json_text(j, j->root, "meaning", meaning_of(&f));
        if (is_reply)
                json_real(j, j->root, "result", f.result);
        if (f.payload_size > 0)
                decode_add_hex(j, j->root, is_reply ? "payload" : "data", f.payload,
                               f.payload_size);
        if (!meaning_of(&f)) {
                *reason = "nobody has described a frame of this type";
                return -ENOTSUP;
        }
        if (v->model)
                add_contents(&f, v->model, j);
        return 0;
}
