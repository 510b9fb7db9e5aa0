/*
 * The settings block, from read_base; "swapped" models have the two bytes of every word the other
 * way round:
 *
 *      index            words: per user a cursor and an unread count (offsets in the table);
 *                       24 bytes and more: sequence numbers at 8 and 12, plain words
 *      user block each  0 birth year - 1900 · 1 month · 2 day · 3 flags · 10 bytes and more: 4..7
 *                       version, LE32 · last but one: sum of all before it · last: ?
 *      clock window     LIN16: 8 year - 2000, month, day, hour, minute, second · 14 sum of 0..13
 *                       LIN10: 2 year - 2000, month, day, hour, minute, second · 8 sum of 0..7
 *                       MIX: the same, each word swapped
 *
 * User blocks and clocks were seen with right sums on an HEM-7280T (userx14/omblepy#57), HEM-7140T1
 * (omblepy#39), HEM-7155T-MW3 (dzikus/esphome-omron): sure. Other sizes by structure.
 */
#include "core/omron_settings.h"

#include <errno.h>
#include <string.h>

#define BIRTH_YEAR_BASE 1900
#define YEAR_BASE       2000
#define WORD_PARITY     0x8000
#define WORD_WRAPPED    0x4000
#define WORD_VALUE      0x3FFF

#define SEQUENCE_INDEX_MIN     24
#define USER_BLOCK_MIN         6
#define USER_BLOCK_VERSION     4
#define USER_BLOCK_VERSION_MIN 10 /* bytes a block must have to hold a version */

static const struct clock_map {
        uint8_t size, time, sum; /* offsets; the sum is of all bytes before it */
        bool swapped;
} clock_maps[] = {
        [OMRON_CLOCK_LIN16] = {.size = 16, .time = 8, .sum = 14, .swapped = false},
        [OMRON_CLOCK_MIX16] = {.size = 16, .time = 8, .sum = 14, .swapped = true},
        [OMRON_CLOCK_LIN10] = {.size = 10, .time = 2, .sum = 8, .swapped = false},
        [OMRON_CLOCK_MIX10] = {.size = 10, .time = 2, .sum = 8, .swapped = true},
};
#define CLOCK_MAPS (sizeof clock_maps / sizeof clock_maps[0])

/* Where byte `i` of a block stands. */
static size_t place(size_t i, bool swapped) {
        return swapped ? i ^ 1 : i;
}

static uint8_t sum_before(const uint8_t *bytes, size_t end, bool swapped) {
        uint8_t sum = 0;

        for (size_t i = 0; i < end; i++)
                sum = (uint8_t) (sum + bytes[place(i, swapped)]);
        return sum;
}

static bool is_all(const uint8_t *bytes, size_t n, uint8_t value) {
        for (size_t i = 0; i < n; i++)
                if (bytes[i] != value)
                        return false;
        return true;
}

/* --- words --- */

static bool is_odd(uint16_t word) {
        word ^= word >> 8;
        word ^= word >> 4;
        word ^= word >> 2;
        word ^= word >> 1;
        return word & 1;
}

struct omron_word omron_word_decode(uint16_t raw) {
        return (struct omron_word){
                .raw = raw,
                .parity_ok = is_odd(raw),
                .wrapped = raw & WORD_WRAPPED,
                .value = raw & WORD_VALUE,
        };
}

uint16_t omron_word_encode(uint16_t value, bool wrapped) {
        uint16_t word = (value & WORD_VALUE) | (wrapped ? WORD_WRAPPED : 0);

        return is_odd(word) ? word : word | WORD_PARITY;
}

/* --- clock --- */

static const struct clock_map *clock_map_of(enum omron_clock_layout layout) {
        return (size_t) layout < CLOCK_MAPS ? &clock_maps[layout] : NULL;
}

int omron_clock_decode(enum omron_clock_layout layout, const uint8_t *bytes, size_t n,
                       struct omron_clock *ret) {
        const struct clock_map *map = clock_map_of(layout);
        uint8_t field[6];

        if (!map)
                return -ENOTSUP;
        if (n != map->size)
                return -EBADMSG;
        for (size_t i = 0; i < sizeof field; i++)
                field[i] = bytes[place(map->time + i, map->swapped)];

        *ret = (struct omron_clock){
                .blank = is_all(bytes, n, 0x00) || is_all(bytes, n, 0xFF),
                .checksum_ok = bytes[place(map->sum, map->swapped)] ==
                               sum_before(bytes, map->sum, map->swapped),
                .time = {(uint16_t) (YEAR_BASE + field[0]), field[1], field[2], field[3], field[4],
                         field[5]},
        };
        return 0;
}

int omron_clock_encode(enum omron_clock_layout layout, const uint8_t *bytes, size_t n,
                       const struct date_time *time, uint8_t *ret) {
        const struct clock_map *map = clock_map_of(layout);
        const uint8_t field[6] = {(uint8_t) (time->year - YEAR_BASE),
                                  time->month,
                                  time->day,
                                  time->hour,
                                  time->minute,
                                  time->second};

        if (!map)
                return -ENOTSUP;
        if (n != map->size)
                return -EBADMSG;
        if (date_time_check(time) < 0 || time->second > 59)
                return -ERANGE;

        memcpy(ret, bytes, n);
        for (size_t i = 0; i < sizeof field; i++)
                ret[place(map->time + i, map->swapped)] = field[i];
        ret[place(map->sum, map->swapped)] = sum_before(ret, map->sum, map->swapped);
        return 0;
}

int omron_clock_guess(const uint8_t *bytes, size_t n, enum omron_clock_layout *ret) {
        enum omron_clock_layout found = OMRON_CLOCK_PRE6401;
        unsigned count = 0;

        for (size_t i = 0; i < CLOCK_MAPS; i++) {
                struct omron_clock clock;

                if (omron_clock_decode((enum omron_clock_layout) i, bytes, n, &clock) < 0 ||
                    clock.blank || !clock.checksum_ok)
                        continue;
                found = (enum omron_clock_layout) i;
                count++;
        }
        if (count != 1)
                return -ENOTSUP;
        *ret = found;
        return 0;
}

/* --- user blocks --- */

static uint32_t version_of(const uint8_t *bytes, bool swapped) {
        uint32_t version = 0;

        for (size_t i = 0; i < 4; i++)
                version |= (uint32_t) bytes[place(USER_BLOCK_VERSION + i, swapped)] << 8 * i;
        return version;
}

static struct omron_user_block user_block_decode(const struct omron_model *m,
                                                 const uint8_t *bytes) {
        size_t n = m->user_block_size;
        bool swapped = m->words_swapped;
        uint32_t version = n >= USER_BLOCK_VERSION_MIN ? version_of(bytes, swapped) : UINT32_MAX;
        bool known = version <= INT32_MAX;

        return (struct omron_user_block){
                .blank = is_all(bytes, 2, 0xFF) || is_all(bytes, n, 0x00),
                .checksum_ok = bytes[place(n - 2, swapped)] == sum_before(bytes, n - 2, swapped),
                .birth_year = (uint16_t) (BIRTH_YEAR_BASE + bytes[place(0, swapped)]),
                .birth_month = bytes[place(1, swapped)],
                .birth_day = bytes[place(2, swapped)],
                .flags = bytes[place(3, swapped)],
                .version = {.known = known, .value = known ? (int) version : 0},
        };
}

int omron_user_block_renew(const struct omron_model *m, const uint8_t *bytes, uint8_t *ret) {
        size_t n = m->user_block_size;
        bool swapped = m->words_swapped;
        struct omron_user_block block;
        uint32_t version;

        if (n < USER_BLOCK_MIN)
                return -ENOTSUP;
        block = user_block_decode(m, bytes);
        if (block.blank || !block.checksum_ok)
                return -EBADMSG;

        memcpy(ret, bytes, n);
        if (n < USER_BLOCK_VERSION_MIN)
                return 0;
        version = version_of(bytes, swapped) + 1;
        for (size_t i = 0; i < 4; i++)
                ret[place(USER_BLOCK_VERSION + i, swapped)] = (uint8_t) (version >> 8 * i);
        ret[place(n - 2, swapped)] = sum_before(ret, n - 2, swapped);
        return 0;
}

/* --- the whole --- */

uint16_t omron_settings_word(const struct omron_model *m, const uint8_t *bytes, size_t at) {
        return (uint16_t) (bytes[at + place(0, m->words_swapped)] |
                           bytes[at + place(1, m->words_swapped)] << 8);
}

static struct omron_ring ring_decode(const struct omron_model *m, unsigned user,
                                     const uint8_t *bytes) {
        uint16_t slots = m->user[user].slots;
        struct omron_ring ring = {
                .cursor = omron_word_decode(omron_settings_word(m, bytes, m->user[user].cursor)),
                .unread = omron_word_decode(omron_settings_word(m, bytes, m->user[user].unread)),
        };
        uint16_t cursor = m->cursor_is_wide ? ring.cursor.value : ring.cursor.value & 0xFF;
        uint16_t next = m->cursor_is_newest ? (uint16_t) (cursor + 1) : cursor;

        ring.trusted = ring.cursor.parity_ok && ring.unread.parity_ok && cursor < slots;
        if (!ring.trusted)
                return ring;
        ring.count = ring.cursor.wrapped ? slots : next;
        ring.newest = next > 0 ? (uint16_t) (next - 1) : (uint16_t) (slots - 1);
        return ring;
}

static void decode_blocks(const struct omron_model *m, const uint8_t *bytes, size_t n,
                          struct omron_settings *s) {
        size_t size = m->user_block_size, at = m->index_size;

        s->blocks = size >= USER_BLOCK_MIN ? omron_model_user_blocks(m) : 0;
        for (unsigned i = 0; i < s->blocks; i++, at += size) {
                if (at + size <= n)
                        s->block[i] = user_block_decode(m, bytes + at);
                else
                        s->block[i].blank = true;
        }
}

static void decode_clock(const struct omron_model *m, const uint8_t *bytes, size_t n,
                         struct omron_settings *s) {
        s->has_clock = m->clock != OMRON_CLOCK_PRE6401;
        s->clock.blank = true;
        if (s->has_clock && m->clock_to <= n)
                (void) omron_clock_decode(m->clock, bytes + m->clock_from,
                                          (size_t) (m->clock_to - m->clock_from), &s->clock);
}

int omron_settings_decode(const struct omron_model *m, const uint8_t *bytes, size_t n,
                          struct omron_settings *ret) {
        struct omron_settings s = {0};

        if (n < m->index_size)
                return -EBADMSG;
        for (unsigned i = 0; i < m->users; i++) {
                s.ring[i] = ring_decode(m, i, bytes);
                if (m->index_size >= SEQUENCE_INDEX_MIN)
                        s.sequence[i] = (struct number){
                                .known = true,
                                .value = omron_settings_word(m, bytes, OMRON_SETTINGS_SEQUENCE(i))};
        }
        decode_blocks(m, bytes, n, &s);
        decode_clock(m, bytes, n, &s);

        *ret = s;
        return 0;
}

bool omron_settings_has_checksum(const struct omron_settings *s) {
        bool has = s->has_clock && !s->clock.blank && s->clock.checksum_ok;

        for (unsigned i = 0; i < s->blocks; i++)
                has = has || (!s->block[i].blank && s->block[i].checksum_ok);
        return has;
}

int omron_settings_check(const struct omron_model *m, const struct omron_settings *s) {
        bool trusted = true;

        for (unsigned i = 0; i < m->users; i++)
                trusted = trusted && s->ring[i].trusted;
        if (trusted)
                return 0;
        return omron_settings_has_checksum(s) ? -ENODATA : -EBADMSG;
}
