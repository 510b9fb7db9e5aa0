/* A tiny cuff for the tests of driver_omron: an array that answers frames, and the faults a link
 * has. It shares nothing with the virtual cuff. Whatever a test does, one START and one END are the
 * most it may see, END comes if START did and the link lives, and nothing is written that may not
 * be. */
#pragma once

#include "check.h"

#include <errno.h>

#include "core/gatt_uuid.h"
#include "cuff/driver_omron.h"

#define GOT_MAX 2100

enum fault {
        FAULT_NONE,
        NOT_ENCRYPTED,
        SILENT,
        DAMAGED,
        LATE,
        TWICE,
        SLICE_LOST,
        EARLY,
        REFUSED_8F,
        WRITE_FAILS,
        HANGS_UP
};

struct cuff {
        struct driver_omron driver;
        struct driver_omron_setup setup;
        const struct omron_model *model;
        const char *name;
        struct driver_now now;

        uint8_t memory[0x10000];
        unsigned refused_from, refused_to; /* E3 for reads that touch these */
        uint8_t write_result, end_result;
        bool unlock_noise, unlock_silent; /* before the answer; none at all */
        bool token_silent, start_silent, end_silent;
        uint8_t token_status, open_status, store_status;
        uint8_t check_status[12]; /* the nth link check's */
        int keep_error;
        bool unpadded, lying;     /* lying: its map may be another's than its name says */
        const char *refused_uuid; /* subscribing this ends with refused_error */
        int refused_error;

        enum fault fault;
        unsigned fault_at, fault_times; /* frames, counted from 0 with START */
        unsigned fault_again_at;

        /* seen */
        unsigned frames, starts, ends, writes, commands, keeps, checks, stores, opens, tokens;
        char order[400]; /* a letter for each request */
        uint8_t request[OMRON_FRAME_MAX], previous[OMRON_FRAME_MAX];
        size_t request_size;
        struct {
                uint16_t address;
                uint8_t size, bytes[OMRON_PAYLOAD_MAX];
        } written[8];
        uint8_t kept[8][DRIVER_VALUE_SIZE];
        uint16_t kept_at[8];
        bool gone;
        struct driver_omron_record got[GOT_MAX];
        size_t n_got;
        struct driver_omron_block block[DRIVER_OMRON_DUMP_MAX];
        size_t n_blocks;
        struct driver_request last;
        uint64_t waited_usec;
};

static struct cuff cuff;

/* --- its memory --------------------------------------------------------------------------------
 */

static uint16_t word_of(unsigned value, bool wrapped) {
        unsigned word = value | (wrapped ? 0x4000u : 0);

        return (uint16_t) (__builtin_popcount(word) % 2 ? word : word | 0x8000u);
}

/* Logical bytes: a swapped model has the two of each word the other way round. */
static void put(unsigned address, const uint8_t *bytes, size_t n, bool swapped) {
        for (size_t i = 0; i < n; i++)
                cuff.memory[address + (swapped ? i ^ 1 : i)] = bytes[i];
}

static void put_setting(size_t offset, const uint8_t *bytes, size_t n) {
        put(cuff.model->read_base + (unsigned) offset, bytes, n, cuff.model->words_swapped);
}

static void put_word(size_t offset, uint16_t word) {
        put_setting(offset, (uint8_t[]){(uint8_t) word, (uint8_t) (word >> 8)}, 2);
}

static uint8_t sum_of(const uint8_t *bytes, size_t n) {
        uint8_t sum = 0;

        while (n-- > 0)
                sum = (uint8_t) (sum + *bytes++);
        return sum;
}

static int systolic_of(unsigned user, unsigned k) {
        return (int) (100 + user * 40 + k % 35);
}

/* The kth record a user has ever made. Layouts LE and SW. */
static void put_record(unsigned user, unsigned k) {
        const struct omron_model *m = cuff.model;
        unsigned day = k / 24 % 28 + 1, month = k / 24 / 28 % 12 + 1;
        unsigned first = k % 24 | day << 5 | month << 10, second = 30 | k % 60 << 6 | 1 << 12;
        uint8_t raw[32] = {(uint8_t) (systolic_of(user, k) - 25),
                           (uint8_t) (60 + k % 30),
                           (uint8_t) (60 + k % 40),
                           25,
                           (uint8_t) first,
                           (uint8_t) (first >> 8),
                           (uint8_t) second,
                           (uint8_t) (second >> 8)};
        size_t sum_at = m->record_size == 14 ? 12 : 14;

        raw[10] = (uint8_t) (k + 1);
        raw[11] = (uint8_t) ((k + 1) >> 8);
        if (m->record_size == 16)
                raw[13] = (uint8_t) (user + 1);
        raw[sum_at] = sum_of(raw, sum_at);
        put(omron_model_record_address(m, user, k % m->user[user].slots), raw, m->record_size,
            m->layout != OMRON_LAYOUT_LE);
}

static void measure(unsigned user, unsigned from, unsigned to) {
        unsigned slots = cuff.model->user[user].slots;

        for (unsigned k = from; k < to; k++)
                put_record(user, k);
        put_word(cuff.model->user[user].cursor, word_of(to % slots, to >= slots));
        put_word(cuff.model->user[user].unread, word_of(to - from, false));
}

static void put_clock(const struct date_time *t) {
        uint8_t window[16] = {0};
        size_t size = (size_t) (cuff.model->clock_to - cuff.model->clock_from);
        size_t at = size == 16 ? 8 : 2;

        window[at] = (uint8_t) (t->year - 2000);
        window[at + 1] = t->month;
        window[at + 2] = t->day;
        window[at + 3] = t->hour;
        window[at + 4] = t->minute;
        window[at + 5] = t->second;
        window[at + 6] = sum_of(window, at + 6);
        put_setting(cuff.model->clock_from, window, size);
}

static void put_user_block(unsigned which) {
        uint8_t block[32] = {80 + (uint8_t) which, 5, 17, 1, 3};
        size_t size = cuff.model->user_block_size;

        if (size < 10)
                block[4] = 0;
        block[size - 2] = sum_of(block, size - 2);
        put_setting(cuff.model->index_size + which * size, block, size);
}

/* A cuff of this model with empty rings, and a driver that knows its name. */
static void begin(const char *id) {
        const struct omron_model *m = omron_model_find(id);
        bool key;

        memset(&cuff, 0, sizeof cuff);
        memset(cuff.memory, 0xFF, sizeof cuff.memory);
        cuff.model = m;
        cuff.name = id;
        cuff.now = (struct driver_now){
                .local = {.year = 2026, .month = 3, .day = 1, .hour = 12, .minute = 30},
                .synchronised = true,
        };
        key = m->stack == OMRON_CLASSIC;
        cuff.setup = (struct driver_omron_setup){.stack = m->stack,
                                                 .mtu = key ? 23 : 247,
                                                 .has_key = key,
                                                 .key = {1, 2, 3},
                                                 .nonce = {9, 8, 7, 6},
                                                 .timing = DRIVER_TIMING_DEFAULT};
        for (size_t i = 0; i < omron_model_settings_size(m); i++)
                cuff.memory[m->read_base + i] = 0;
        for (unsigned i = 0; i < m->users; i++)
                measure(i, 0, 0);
        if (m->index_size >= 16)
                put_word(m->index_size - 2, word_of(0, false));
        for (unsigned i = 0; i < omron_model_user_blocks(m); i++)
                put_user_block(i);
        put_clock(&cuff.now.local);
}

/* --- its voice ---------------------------------------------------------------------------------
 */

static void note(char letter) {
        size_t n = strlen(cuff.order);

        if (n + 1 < sizeof cuff.order)
                cuff.order[n] = letter;
}

static void notify(const char *uuid, const uint8_t *value, size_t n) {
        CHECK_EQ(driver_omron_value(&cuff.driver, &cuff.now, uuid, value, n), 0);
}

static void say(const uint8_t *frame, bool lose_slice) {
        static const char *const rx[] = {UUID_OMRON_RX0, UUID_OMRON_RX1, UUID_OMRON_RX2,
                                         UUID_OMRON_RX3};
        size_t size = frame[0];

        if (cuff.setup.stack == OMRON_MODERN) {
                if (!lose_slice)
                        notify(UUID_OMRON_RX0, frame, size);
                return;
        }
        for (size_t at = 0; at < size; at += OMRON_SLICE_SIZE) {
                uint8_t slice[OMRON_SLICE_SIZE] = {0};
                size_t n = size - at < sizeof slice ? size - at : sizeof slice;

                memcpy(slice, frame + at, n);
                if (!lose_slice || at + n < size)
                        notify(rx[at / OMRON_SLICE_SIZE], slice, cuff.unpadded ? n : sizeof slice);
        }
}

static void finish_frame(uint8_t *frame, size_t size) {
        frame[0] = (uint8_t) size;
        frame[size - 1] = 0;
        for (size_t i = 0; i + 1 < size; i++)
                frame[size - 1] ^= frame[i];
}

/* Its time goes on between two reads: a window read in two pieces has a sum that does not fit. */
static void check_whole_clock(unsigned address, unsigned n) {
        const struct omron_model *m = cuff.model;
        unsigned from = m->read_base + m->clock_from, to = m->read_base + m->clock_to;
        bool touched = address < to && address + n > from;

        bool too_short = n < to - from; /* a link with a small MTU cannot do better */

        CHECK(!touched || cuff.driver.dumping || too_short || cuff.lying ||
              (address <= from && address + n >= to));
}

static void answer_read(const uint8_t *request, uint8_t *ret) {
        unsigned address = (unsigned) request[3] << 8 | request[4], n = request[5];
        bool refused = address < cuff.refused_to && address + n > cuff.refused_from;

        check_whole_clock(address, n);
        memcpy(ret, request, 6);
        ret[1] = 0x81;
        if (refused) {
                ret[6] = 0xE3;
                finish_frame(ret, 8);
                return;
        }
        memcpy(ret + 6, cuff.memory + address, n);
        ret[6 + n] = 0;
        finish_frame(ret, 8 + n);
}

static void answer_write(const uint8_t *request, uint8_t *ret) {
        unsigned i = cuff.writes++;

        CHECK(cuff.setup.may_write != 0);
        CHECK(cuff.keeps > i);
        cuff.written[i % 8].address = (uint16_t) (request[3] << 8 | request[4]);
        cuff.written[i % 8].size = request[5];
        memcpy(cuff.written[i % 8].bytes, request + 6, request[5]);
        memcpy(ret, request, 6);
        ret[1] = 0x81;
        ret[6] = cuff.write_result;
        finish_frame(ret, 8);
}

/* False: it does not answer at all. */
static bool answer(const uint8_t *request, uint8_t *ret) {
        switch (request[1] << 8 | request[2]) {
        case OMRON_FRAME_START:
                cuff.starts++;
                memcpy(ret, (uint8_t[]){8, 0x80, 0, 0, 0, 0x10, 0, 0x98}, 8);
                return !cuff.start_silent;
        case OMRON_FRAME_READ:
                answer_read(request, ret);
                return true;
        case OMRON_FRAME_WRITE:
                answer_write(request, ret);
                return true;
        case OMRON_FRAME_END:
                cuff.ends++;
                memcpy(ret, (uint8_t[]){8, 0x8F, 0, 0, 0, 0, cuff.end_result, 0}, 8);
                finish_frame(ret, 8);
                return !cuff.end_silent;
        default:
                CHECK(!"a frame nobody knows");
                return false;
        }
}

static void reply(int error) {
        driver_omron_reply(&cuff.driver, &cuff.now, error);
}

static enum fault fault_now(void) {
        unsigned n = cuff.frames++;

        if (cuff.fault_again_at > 0 && n == cuff.fault_again_at)
                cuff.fault_at = n;
        return n >= cuff.fault_at && n - cuff.fault_at < cuff.fault_times ? cuff.fault : FAULT_NONE;
}

static void hear_frame(void) {
        uint8_t frame[OMRON_FRAME_MAX] = {0}, late[OMRON_FRAME_MAX] = {0};
        enum fault fault = fault_now();

        CHECK(!cuff.gone); /* nobody speaks to who is gone */

        if (fault == HANGS_UP || fault == WRITE_FAILS || fault == NOT_ENCRYPTED) {
                cuff.gone = fault == HANGS_UP;
                cuff.ends += cuff.request[1] == 0x0F; /* it was tried */
                reply(cuff.gone ? -ENOTCONN : fault == NOT_ENCRYPTED ? -EPERM : -EIO);
                return;
        }
        if (!answer(cuff.request, frame))
                fault = SILENT;
        if (fault == REFUSED_8F) {
                memcpy(frame, (uint8_t[]){8, 0x8F, 0, 0, 0, 0, 0x21, 0}, 8);
                finish_frame(frame, 8);
        }
        if (fault == DAMAGED)
                frame[4] ^= 0x10;
        if (fault != EARLY)
                reply(0);
        if (fault == LATE && cuff.previous[1] == 1) {
                answer_read(cuff.previous, late);
                say(late, false);
        }
        if (fault != SILENT)
                say(frame, fault == SLICE_LOST);
        if (fault == TWICE)
                say(frame, false);
        if (fault == EARLY)
                reply(0);
        memcpy(cuff.previous, cuff.request, sizeof cuff.previous);
}

/* Slices until LEN is reached. */
static void hear_slice(const struct driver_request *r) {
        static const char *const tx[] = {UUID_OMRON_TX0, UUID_OMRON_TX1, UUID_OMRON_TX2,
                                         UUID_OMRON_TX3};
        bool modern = cuff.setup.stack == OMRON_MODERN;

        if (strcmp(r->uuid, UUID_OMRON_TX0) == 0)
                cuff.request_size = 0;
        CHECK_EQ(r->verb, modern ? DRIVER_WRITE_COMMAND : DRIVER_WRITE);
        CHECK_STR(r->uuid, tx[modern ? 0 : cuff.request_size / OMRON_SLICE_SIZE]);
        CHECK(modern || r->value_size <= OMRON_SLICE_SIZE);
        memcpy(cuff.request + cuff.request_size, r->value, r->value_size);
        cuff.request_size += r->value_size;
        if (cuff.request_size < cuff.request[0]) {
                reply(0);
                return;
        }
        cuff.request_size = 0;
        hear_frame();
}

static void hear_unlock(const struct driver_request *r) {
        uint8_t value[20] = {0};
        uint8_t status = 0;

        value[0] = r->value[0] | 0x80;
        switch (r->value[0]) {
        case OMRON_UNLOCK_LINK_CHECK:
                status = cuff.check_status[cuff.checks++ % 12];
                break;
        case OMRON_UNLOCK_STORE_KEY:
                cuff.stores++;
                CHECK(cuff.keeps == 1);
                status = cuff.store_status;
                break;
        case OMRON_UNLOCK_OPEN:
                cuff.opens++;
                status = cuff.open_status;
                break;
        default:
                cuff.tokens++;
                memcpy(value + 2, r->value + 1, OMRON_TOKEN_NONCE_SIZE);
                status = cuff.token_status;
        }
        value[1] = status;
        reply(0);
        if (cuff.unlock_noise) {
                notify(UUID_OMRON_UNLOCK, value, 1);
                notify(UUID_OMRON_UNLOCK, (uint8_t[]){0x90, 0}, 2);
                notify(UUID_OMRON_UNLOCK, (uint8_t[]){r->value[0] == 0 ? 0x81 : 0x80, 9}, 2);
                notify(UUID_OMRON_UNLOCK, (uint8_t[]){0x91, 9, 1, 1, 1, 1}, 6);
                say((uint8_t[]){8, 0x80, 0, 0, 0, 0x10, 0, 0x98}, false);
        }
        if (!cuff.unlock_silent && (r->value[0] != OMRON_UNLOCK_TOKEN || !cuff.token_silent))
                notify(UUID_OMRON_UNLOCK, value, r->value[0] == OMRON_UNLOCK_TOKEN ? 6 : 17);
}

static void hear_keep(const struct driver_request *r) {
        memcpy(cuff.kept[cuff.keeps % 8], r->value, r->value_size);
        cuff.kept_at[cuff.keeps % 8] = r->address;
        cuff.keeps++;
        reply(cuff.keep_error);
}

static void hear_subscribe(const struct driver_request *r) {
        static const struct {
                const char *uuid;
                char letter;
        } known[] = {{UUID_OMRON_RX0, '0'},
                     {UUID_OMRON_RX1, '1'},
                     {UUID_OMRON_RX2, '2'},
                     {UUID_OMRON_RX3, '3'},
                     {UUID_OMRON_UNLOCK, 'u'}};
        bool refused = cuff.refused_uuid && strcmp(r->uuid, cuff.refused_uuid) == 0;

        for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
                if (strcmp(known[i].uuid, r->uuid) == 0)
                        note(known[i].letter);
        cuff.gone = cuff.gone || (refused && cuff.refused_error == -ENOTCONN);
        reply(refused ? cuff.refused_error : 0);
}

static void take_all(void) {
        while (cuff.n_got < GOT_MAX && driver_omron_take(&cuff.driver, &cuff.got[cuff.n_got]))
                cuff.n_got++;
        while (cuff.n_blocks < DRIVER_OMRON_DUMP_MAX &&
               driver_omron_take_block(&cuff.driver, &cuff.block[cuff.n_blocks]))
                cuff.n_blocks++;
}

/* One request. False: the plan has ended. */
static bool go_on(void) {
        struct driver_request r, again;

        take_all();
        driver_omron_next(&cuff.driver, &cuff.now, &r);
        driver_omron_next(&cuff.driver, &cuff.now, &again);
        CHECK(memcmp(&r, &again, sizeof r) == 0);
        cuff.last = r;
        switch (r.verb) {
        case DRIVER_SUBSCRIBE:
                hear_subscribe(&r);
                return true;
        case DRIVER_WRITE:
        case DRIVER_WRITE_COMMAND:
                if (strcmp(r.uuid, UUID_OMRON_UNLOCK) == 0) {
                        note((char) ('a' +
                                     r.value[0] % 16)); /* a store, b open or token, c check */
                        hear_unlock(&r);
                } else {
                        if (cuff.request_size == 0)
                                note("SRWE"[r.value[1] == 0x0F   ? 3
                                            : r.value[2] == 0xC0 ? 2
                                                                 : r.value[1]]);
                        hear_slice(&r);
                }
                return true;
        case DRIVER_KEEP:
                note('k');
                hear_keep(&r);
                return true;
        case DRIVER_WAIT:
                note('.');
                CHECK(r.wait_usec > 0);
                cuff.waited_usec += r.wait_usec;
                driver_omron_elapsed(&cuff.driver, &cuff.now);
                return true;
        default:
                return false;
        }
}

static void check_envelope(void) {
        CHECK(cuff.starts <= 1);
        CHECK(cuff.ends <= 1);
        CHECK(cuff.gone || cuff.ends == cuff.starts);
        CHECK(!driver_omron_is_open(&cuff.driver));
        CHECK_EQ(cuff.last.verb == DRIVER_DRAINED,
                 cuff.driver.facts.started || cuff.starts > 0 || (cuff.gone && cuff.frames > 0));
}

/* A whole link. */
static void run(void) {
        int steps = 0;

        driver_omron_begin(&cuff.driver, &cuff.setup, cuff.name);
        while (go_on() && ++steps < 20000)
                ;
        CHECK(steps < 20000);
        take_all();
        check_envelope();
}

/* The next link of the same cuff: what was kept is marked, the rest of the memory is. */
__attribute__((unused)) static void next_link(void) {
        for (size_t i = 0; i < cuff.n_got; i++) {
                struct driver_omron_record *r = &cuff.got[i];

                cuff.setup.mark[r->user - 1] = (struct omron_mark){
                        .known = true,
                        .slot = r->slot,
                        .hash = omron_record_hash(r->raw, r->raw_size),
                };
        }
        cuff.frames = cuff.starts = cuff.ends = cuff.writes = cuff.keeps = 0;
        cuff.checks = cuff.opens = cuff.tokens = cuff.stores = 0;
        cuff.fault = FAULT_NONE;
        cuff.request_size = cuff.n_blocks = 0;
        cuff.gone = false;
        memset(cuff.order, 0, sizeof cuff.order);
}

/* got[*at ..] are the records from..to of a user, in order, each once. */
__attribute__((unused)) static void check_got(size_t *at, unsigned user, unsigned from,
                                              unsigned to) {
        const struct omron_model *m = cuff.model;

        for (unsigned k = from; k < to; k++, (*at)++) {
                const struct driver_omron_record *r = &cuff.got[*at];

                if (*at >= cuff.n_got) {
                        CHECK(!"a record is missing");
                        return;
                }
                CHECK_EQ(r->user, user + 1);
                CHECK_EQ(r->slot, k % m->user[user].slots);
                CHECK_EQ(r->error, 0);
                CHECK_EQ(r->measurement.systolic_mmhg, systolic_of(user, k));
                CHECK_EQ(r->measurement.user, user + 1);
                CHECK_EQ(r->raw_size, m->record_size);
                CHECK(memcmp(r->raw, cuff.memory + omron_model_record_address(m, user, r->slot),
                             r->raw_size) == 0);
        }
}

/* The first session has failed, or brought all: marks of one that did. */
static void check_error(enum memory_error want) {
        CHECK_STR(memory_error_to_string(cuff.driver.facts.error), memory_error_to_string(want));
}
