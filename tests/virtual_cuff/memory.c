#include "memory.h"

#include <string.h>

#include "bytes.h"

/* The settings, from read_base on (all words of 16 bits in the order of the model):
 *
 *   0 2 next slot to be written, user 1 and 2 · 4 6 unread records · 8 12 sequence number of the
 *   newest record (where the index has 16 bytes or more; seen on HEM-7140T1 and 7155T-MW3, words
 *   without parity) · then two user blocks · then the clock
 *
 * and the same again from write_base on: the mirror, which is what the host writes. */
enum { CURSOR = 0, UNREAD = 4, SEQUENCE = 8, SEQUENCE_STRIDE = 4 };
enum { WORD_WRAPPED = 0x4000, WORD_VALUE = 0x3FFF };
enum { BLOCKS = 2 };

static unsigned settings_size(const struct memory_map *map) {
        return (unsigned) (map->write_base - map->read_base);
}

/* --- words and sums --- */

static bool is_odd(unsigned value) {
        return __builtin_popcount(value) & 1;
}

uint16_t memory_word(unsigned value, bool wrapped) {
        unsigned word = (value & WORD_VALUE) | (wrapped ? WORD_WRAPPED : 0);

        return (uint16_t) (is_odd(word) ? word : word | 0x8000);
}

static uint16_t swap(uint16_t value) {
        return (uint16_t) (value << 8 | value >> 8);
}

static uint16_t get_word(const struct memory *m, unsigned offset) {
        uint16_t value = get16(m->bytes + m->map->read_base + offset);

        return m->map->swapped ? swap(value) : value;
}

/* In both copies. */
static void put_word(struct memory *m, unsigned offset, uint16_t value) {
        uint16_t as_stored = m->map->swapped ? swap(value) : value;

        put16(m->bytes + m->map->read_base + offset, as_stored);
        put16(m->bytes + m->map->write_base + offset, as_stored);
}

static uint8_t sum(const uint8_t *bytes, size_t n) {
        uint8_t total = 0;

        while (n--)
                total = (uint8_t) (total + *bytes++);
        return total;
}

/* From the order of the model to the one the layouts are described in, or back. */
static void turn(const struct memory_map *map, uint8_t *bytes, size_t n) {
        for (size_t i = 0; map->swapped && i + 1 < n; i += 2)
                put16(bytes + i, swap(get16(bytes + i)));
}

/* --- out of the box --- */

/* 0 birth year - 1900 · 1 month · 2 day · 3 flags · 4..7 version (blocks of 10 bytes and more) ·
 * last but one the sum of what is before it. As an HEM-7155T-MW3 has it (dzikus/esphome-omron). */
static void init_block(struct memory *m, unsigned block) {
        const struct memory_map *map = m->map;
        uint8_t *at = m->bytes + map->read_base + map->index_size + block * map->block_size;

        if (block >= map->users) { /* of nobody (HEM-7140T1, userx14/omblepy#39) */
                at[0] = at[1] = 0xFF;
        } else {
                at[1] = at[2] = 1;
                if (map->block_size >= 10)
                        at[4] = 1;
        }
        at[map->block_size - 2] = sum(at, map->block_size - 2);
        turn(map, at, map->block_size);
}

void memory_init(struct memory *m, const struct memory_map *map) {
        uint8_t *settings = m->bytes + map->read_base;

        *m = (struct memory){.map = map};
        for (unsigned user = 0; user < map->users; user++)
                memset(m->bytes + map->ring[user].start, 0xFF,
                       (size_t) map->ring[user].slots * map->record_size);
        for (unsigned user = 0; user < MEMORY_USERS; user++) {
                put_word(m, CURSOR + 2 * user, memory_word(0, false));
                put_word(m, UNREAD + 2 * user, memory_word(0, false));
        }
        if (map->index_size > 10)
                put_word(m, 10, memory_word(0, false)); /* as both captures have it */
        for (unsigned block = 0; block < BLOCKS; block++)
                init_block(m, block);
        if (map->clock_size == 16) /* before the time: 7155T-MW3, 7140T1 */
                memcpy(settings + map->clock, "\xC8\xA8", 2);
        else
                memcpy(settings + map->clock, "\x08\xC8", 2); /* 7280T, userx14/omblepy#57 */
        memcpy(m->bytes + map->write_base, settings, settings_size(map));
}

/* --- records --- */

/* 0 systolic - 25 · 1 diastolic · 2 pulse · 3 year - 2000 · 4 5 word: hour 4..0, day 9..5, month
 * 13..10, irregular 14, moved 15 · 6 7 word: second 5..0, minute 11..6, fits 12, position 15..14 ·
 * 8 00 · 9 artifacts 3..0, irregular beats 7..4 · 10 11 sequence · 12 00, 13 user, 14 sum, 15 00;
 * or, of 14 bytes, 12 sum, 13 00. Little-endian, or with the bytes of each word swapped. */
bool memory_encode(const struct memory *m, unsigned user, const struct memory_entry *e,
                   uint8_t ret[MEMORY_RECORD_MAX]) {
        const struct wall_time *t = &e->time;
        size_t at_sum = m->map->record_size - 2;

        if (e->systolic < 25 || e->systolic > 250 || e->diastolic > 255 || e->pulse > 255 ||
            t->year < 2000 || t->year > 2063 || t->month > 15 || t->day > 31 || t->hour > 31 ||
            t->minute > 63 || t->second > 63 || e->position > 3 || e->artifacts > 15 ||
            e->beats > 15)
                return false;
        memset(ret, 0, MEMORY_RECORD_MAX);
        ret[0] = (uint8_t) (e->systolic - 25);
        ret[1] = (uint8_t) e->diastolic;
        ret[2] = (uint8_t) e->pulse;
        ret[3] = (uint8_t) (t->year - 2000);
        put16(ret + 4, (uint16_t) (t->hour | t->day << 5 | t->month << 10 | e->irregular << 14 |
                                   e->moved << 15));
        put16(ret + 6,
              (uint16_t) (t->second | t->minute << 6 | !e->loose << 12 | e->position << 14));
        ret[9] = (uint8_t) (e->artifacts | e->beats << 4);
        put16(ret + 10, m->sequence[user - 1]);
        if (m->map->swapped) /* no sequence there on an HEM-7322T: values jump */
                put16(ret + 10, (uint16_t) (m->sequence[user - 1] * 0x9E37U));
        if (m->map->record_size == 16)
                ret[13] = (uint8_t) user;
        ret[at_sum] = sum(ret, at_sum);
        turn(m->map, ret, m->map->record_size);
        return true;
}

void memory_number(struct memory *m, unsigned user, uint16_t sequence) {
        uint16_t *last = &m->sequence[user - 1];

        *last = sequence ? sequence : (uint16_t) (*last + 1);
}

unsigned memory_count(const struct memory *m, unsigned user) {
        uint16_t word = get_word(m, CURSOR + 2 * (user - 1));
        unsigned slots = m->map->ring[user - 1].slots, cursor = word & WORD_VALUE;

        return word & WORD_WRAPPED || cursor > slots ? slots : cursor;
}

unsigned memory_unread(const struct memory *m, unsigned user) {
        return get_word(m, UNREAD + 2 * (user - 1)) & WORD_VALUE;
}

unsigned memory_append(struct memory *m, unsigned user, const uint8_t *record) {
        const struct memory_map *map = m->map;
        unsigned at = 2 * (user - 1), slots = map->ring[user - 1].slots;
        uint16_t word = get_word(m, CURSOR + at);
        unsigned slot = (word & WORD_VALUE) % slots, unread = memory_unread(m, user);
        bool wrapped = word & WORD_WRAPPED || slot + 1 == slots;

        memcpy(m->bytes + map->ring[user - 1].start + slot * map->record_size, record,
               map->record_size);
        put_word(m, CURSOR + at, memory_word((slot + 1) % slots, wrapped));
        put_word(m, UNREAD + at, memory_word(unread < slots ? unread + 1 : slots, false));
        if (map->index_size >= 16)
                put_word(m, SEQUENCE + SEQUENCE_STRIDE * (user - 1), m->sequence[user - 1]);
        return slot;
}

void memory_spoil_parity(struct memory *m, unsigned user) {
        unsigned at = CURSOR + 2 * (user - 1);

        put_word(m, at, get_word(m, at) ^ 0x8000);
}

/* --- the clock --- */

/* In 16 bytes: year - 2000, month, day, hour, minute, second from 8 on, the sum of all before at
 * 14; in 10 bytes: from 2 on, the sum at 8. What stands before the time stays. */
static unsigned time_at(const struct memory_map *map) {
        return map->clock_size - 8;
}

static void fill_clock(struct memory *m, const struct wall_time *t) {
        const struct memory_map *map = m->map;
        uint8_t *at = m->bytes + map->read_base + map->clock;
        unsigned first = time_at(map);
        const uint8_t time[6] = {
                (uint8_t) (t->year - 2000), t->month, t->day, t->hour, t->minute, t->second};

        turn(map, at, map->clock_size);
        memcpy(at + first, time, sizeof time);
        at[first + 6] = sum(at, first + 6);
        turn(map, at, map->clock_size);
}

static bool read_clock(const struct memory_map *map, uint8_t *clock, struct wall_time *ret) {
        unsigned first = time_at(map);

        turn(map, clock, map->clock_size);
        *ret = (struct wall_time){(uint16_t) (2000 + clock[first]),
                                  clock[first + 1],
                                  clock[first + 2],
                                  clock[first + 3],
                                  clock[first + 4],
                                  clock[first + 5]};
        return clock[first + 6] == sum(clock, first + 6) && ret->month >= 1 && ret->month <= 12 &&
               ret->day >= 1 && ret->day <= 31 && ret->hour < 24 && ret->minute < 60 &&
               ret->second < 60;
}

/* --- the host --- */

static bool is_within(unsigned address, size_t n, unsigned start, size_t size) {
        return address >= start && address + n <= start + size;
}

/* Settings, mirror and rings of many models adjoin; what lies between them is not readable. */
static bool is_readable(const struct memory_map *map, unsigned address) {
        if (is_within(address, 1, map->read_base, 2 * settings_size(map)))
                return true;
        for (unsigned user = 0; user < map->users; user++)
                if (is_within(address, 1, map->ring[user].start,
                              (size_t) map->ring[user].slots * map->record_size))
                        return true;
        return false;
}

enum memory_result memory_read(struct memory *m, const struct wall_time *now, uint16_t address,
                               size_t n, uint8_t *ret) {
        if (n == 0)
                return MEMORY_NO_ADDRESS;
        for (size_t i = 0; i < n; i++)
                if (!is_readable(m->map, (unsigned) (address + i)))
                        return MEMORY_NO_ADDRESS;
        fill_clock(m, now);
        memcpy(ret, m->bytes + address, n);
        return MEMORY_OK;
}

enum memory_result memory_write(struct memory *m, uint16_t address, const uint8_t *bytes,
                                size_t n) {
        const struct memory_map *map = m->map;

        if (n == 0 || !is_within(address, n, map->write_base, settings_size(map)))
                return MEMORY_NO_ADDRESS;
        memcpy(m->bytes + address, bytes, n);
        memset(m->written + (address - map->write_base), true, n);
        return MEMORY_OK;
}

static bool was_written(const struct memory *m, unsigned offset, size_t n) {
        return memchr(m->written + offset, true, n) != NULL;
}

static bool words_are_right(const struct memory *m) {
        const uint8_t *mirror = m->bytes + m->map->write_base;

        for (unsigned offset = 0; offset < SEQUENCE; offset += 2)
                if (was_written(m, offset, 2) && !is_odd(get16(mirror + offset)))
                        return false;
        return true;
}

static bool blocks_are_right(const struct memory *m) {
        const struct memory_map *map = m->map;
        uint8_t block[MEMORY_SETTINGS_MAX];

        for (unsigned i = 0; i < BLOCKS; i++) {
                unsigned offset = map->index_size + i * map->block_size;

                if (!was_written(m, offset, map->block_size))
                        continue;
                memcpy(block, m->bytes + map->write_base + offset, map->block_size);
                turn(map, block, map->block_size);
                if (block[map->block_size - 2] != sum(block, map->block_size - 2))
                        return false;
        }
        return true;
}

void memory_discard(struct memory *m) {
        memcpy(m->bytes + m->map->write_base, m->bytes + m->map->read_base, settings_size(m->map));
        memset(m->written, false, sizeof m->written);
}

enum memory_result memory_commit(struct memory *m, struct wall_time *ret_clock,
                                 bool *ret_sets_clock) {
        const struct memory_map *map = m->map;
        uint8_t clock[MEMORY_SETTINGS_MAX];
        bool sets_clock = was_written(m, map->clock, map->clock_size);
        bool right = words_are_right(m) && blocks_are_right(m);

        memcpy(clock, m->bytes + map->write_base + map->clock, map->clock_size);
        right = right && (!sets_clock || read_clock(map, clock, ret_clock));
        *ret_sets_clock = right && sets_clock;
        for (unsigned i = 0; right && i < settings_size(map); i++)
                if (m->written[i])
                        m->bytes[map->read_base + i] = m->bytes[map->write_base + i];
        memory_discard(m);
        return right ? MEMORY_OK : MEMORY_NOT_THESE;
}
