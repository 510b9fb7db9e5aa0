/* clang-format off */
/*
 * LE, 14 or 16 bytes; words least significant byte first:
 *
 *       0     systolic - 25 mmHg; above E1: empty slot
 *       1     diastolic mmHg
 *       2     pulse per minute
 *       3     5..0 year - 2000
 *       4  5  15 body movement · 14 irregular heartbeat · 13..10 month · 9..5 day · 4..0 hour
 *       6  7  15..14 position in a series of three · 13 ? · 12 cuff fits · 11..6 minute ·
 *             5..0 second
 *       8     ? (00, 80)
 *       9     7..4 irregular beats · 3..0 artifacts
 *      10 11  sequence number
 *      12     14 bytes: checksum · 16 bytes: 00
 *      13     14 bytes: 00 or the checksum's complement · 16 bytes: user (FF seen for user 2)
 *      14     16 bytes: checksum
 *      15     16 bytes: 00
 *
 * userx14/omblepy and eigger/hass-omron; records of an HEM-7140T1 (omblepy#39), HEM-7142T2
 * (hass-omron#7), HEM-7144T2 (omblepy#55), HEM-7155T-MW3 (dzikus/esphome-omron): sure. The
 * checksum, the low byte of the sum of all bytes before it, is right in all of them; nobody
 * published a record of a classic cuff with 16 bytes. Bit 12: 0 is a bad fit on an HEM-7600T
 * (omblepy#21) and an MW3 (esphome-omron): fairly sure. Byte 9: omblepy#55: fairly sure.
 *
 * SW, SW6, 14 bytes: LE with the two bytes of every word swapped (HEM-7322T, hass-omron#13;
 * HEM-7600T, omblepy#21): sure. Bytes 10 and 11 jump there: no sequence. A year of 6 bits is what
 * omblepy's HEM-6232T has; the upper two are ignored in all.
 *
 * 6401, 16 or 32 bytes (eigger/hass-omron, not seen in a record):
 *
 *       0..5  year - 2000, month, day, hour, minute, second
 *       6..8  systolic - 25, diastolic, pulse
 *      11     3..2, 1..0 movement and irregular heartbeat; which is which is disputed: not decoded
 *
 * HG24, 24 bytes (eigger/hass-omron, not seen in a record): LE up to byte 9; byte 17 other than 0:
 * the measurement failed.
 */
/* clang-format on */
#include "core/omron_record.h"

#include <errno.h>

#include "core/fnv.h"

#define SYSTOLIC_BASE 25
#define SYSTOLIC_MAX  0xE1 /* as stored */
#define YEAR_BASE     2000
#define HG24_ERROR    17

/* The bytes of a record in LE's order. */
struct view {
        const uint8_t *raw;
        bool swapped;
};

static uint8_t byte_at(const struct view *v, size_t i) {
        return v->raw[v->swapped ? i ^ 1 : i];
}

static uint16_t word_at(const struct view *v, size_t i) {
        return (uint16_t) (byte_at(v, i) | byte_at(v, i + 1) << 8);
}

static bool are_zero(const struct view *v, size_t from, size_t to) {
        for (size_t i = from; i <= to; i++)
                if (byte_at(v, i) != 0)
                        return false;
        return true;
}

static bool is_swapped(enum omron_layout layout) {
        return layout == OMRON_LAYOUT_SW || layout == OMRON_LAYOUT_SW6;
}

static bool is_size(enum omron_layout layout, size_t n) {
        switch (layout) {
        case OMRON_LAYOUT_LE:
                return n == 14 || n == 16;
        case OMRON_LAYOUT_SW:
        case OMRON_LAYOUT_SW6:
                return n == 14;
        case OMRON_LAYOUT_6401:
                return n == 16 || n == 32;
        case OMRON_LAYOUT_HG24:
                return n == 24;
        case OMRON_LAYOUT_MAX_:
                break;
        }
        return false;
}

/* Slots all FF or all 00 fall under these rules too. */
static bool is_empty(enum omron_layout layout, const struct view *v) {
        if (layout == OMRON_LAYOUT_6401)
                return byte_at(v, 6) > SYSTOLIC_MAX || (are_zero(v, 0, 5) && are_zero(v, 7, 8));
        return byte_at(v, 0) > SYSTOLIC_MAX || are_zero(v, 1, 7);
}

static void decode_6401(const struct view *v, struct omron_record *r) {
        r->taken.year = (uint16_t) (YEAR_BASE + byte_at(v, 0));
        r->taken.month = byte_at(v, 1);
        r->taken.day = byte_at(v, 2);
        r->taken.hour = byte_at(v, 3);
        r->taken.minute = byte_at(v, 4);
        r->taken.second = byte_at(v, 5);
        r->systolic_mmhg = SYSTOLIC_BASE + byte_at(v, 6);
        r->diastolic_mmhg = byte_at(v, 7);
        r->pulse_bpm = byte_at(v, 8);
}

static void decode_le(const struct view *v, struct omron_record *r) {
        uint16_t day = word_at(v, 4), minute = word_at(v, 6);

        r->systolic_mmhg = SYSTOLIC_BASE + byte_at(v, 0);
        r->diastolic_mmhg = byte_at(v, 1);
        r->pulse_bpm = byte_at(v, 2);
        r->taken.year = (uint16_t) (YEAR_BASE + (byte_at(v, 3) & 0x3F));
        r->taken.month = day >> 10 & 0x0F;
        r->taken.day = day >> 5 & 0x1F;
        r->taken.hour = day & 0x1F;
        r->taken.minute = minute >> 6 & 0x3F;
        r->taken.second = minute & 0x3F;

        r->has_flags = true;
        r->irregular_heartbeat = day >> 14 & 1;
        r->body_movement = day >> 15 & 1;
        r->fit_bit = minute >> 12 & 1;
        r->bit13 = minute >> 13 & 1;
        r->position = (uint8_t) (minute >> 14);
        r->artifacts = byte_at(v, 9) & 0x0F;
        r->irregular_beats = byte_at(v, 9) >> 4;
}

/* The checksum is the last byte but one. */
static void decode_checksum(const struct view *v, size_t n, struct omron_record *r) {
        uint8_t sum = 0;

        for (size_t i = 0; i < n - 2; i++)
                sum = (uint8_t) (sum + byte_at(v, i));
        r->has_checksum = true;
        r->checksum = byte_at(v, n - 2);
        r->checksum_expected = sum;
}

bool omron_record_is_failed(enum omron_layout layout, const uint8_t *raw) {
        return layout == OMRON_LAYOUT_HG24 && raw[0] <= SYSTOLIC_MAX && raw[HG24_ERROR] != 0;
}

int omron_record_decode(enum omron_layout layout, const uint8_t *raw, size_t n,
                        struct omron_record *ret) {
        bool swapped = is_swapped(layout);
        struct view v = {.raw = raw, .swapped = swapped};
        struct omron_record r = {0};

        if (!is_size(layout, n))
                return -EBADMSG;
        if (is_empty(layout, &v) || omron_record_is_failed(layout, raw))
                return -ENODATA;

        if (layout == OMRON_LAYOUT_6401)
                decode_6401(&v, &r);
        else
                decode_le(&v, &r);
        if (layout == OMRON_LAYOUT_LE || swapped)
                decode_checksum(&v, n, &r);
        if (layout == OMRON_LAYOUT_LE)
                r.sequence = (struct number){.known = true, .value = word_at(&v, 10)};
        if (layout == OMRON_LAYOUT_LE && n == 16)
                r.user = (struct number){.known = true, .value = byte_at(&v, 13)};
        r.last_byte = byte_at(&v, n - 1);

        *ret = r;
        return 0;
}

bool omron_record_checksum_ok(const struct omron_record *r) {
        return !r->has_checksum || r->checksum == r->checksum_expected;
}

static bool is_erased(const uint8_t *raw, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (raw[i] != 0xFF)
                        return false;
        return true;
}

bool omron_record_is_damaged(enum omron_layout layout, const uint8_t *raw, size_t n) {
        struct view v = {.raw = raw, .swapped = is_swapped(layout)};
        struct omron_record r = {0};

        if (!is_size(layout, n) || (layout != OMRON_LAYOUT_LE && !v.swapped) || is_erased(raw, n))
                return false;
        decode_checksum(&v, n, &r);
        return !omron_record_checksum_ok(&r);
}

static bool speaks_for(enum omron_layout layout, const uint8_t *raw, size_t n) {
        struct omron_record r;

        return omron_record_decode(layout, raw, n, &r) == 0 && omron_record_checksum_ok(&r);
}

int omron_record_guess(const uint8_t *raw, size_t n, enum omron_layout *ret) {
        bool le = speaks_for(OMRON_LAYOUT_LE, raw, n), sw = speaks_for(OMRON_LAYOUT_SW, raw, n);

        if (le == sw)
                return -ENOTSUP;
        *ret = le ? OMRON_LAYOUT_LE : OMRON_LAYOUT_SW;
        return 0;
}

static struct number number_of(bool known, int value) {
        return (struct number){.known = known, .value = known ? value : 0};
}

static struct answer answer_of(bool known, bool yes) {
        return (struct answer){.known = known, .yes = known && yes};
}

int omron_record_to_measurement(const struct omron_record *r, uint8_t user, bool fit_bit_known,
                                const uint8_t *raw, size_t n, struct measurement *ret) {
        *ret = (struct measurement){
                .user = user,
                .has_time = true,
                .taken = r->taken,
                .sequence =
                        number_of(r->sequence.known && r->sequence.value != 0, r->sequence.value),
                .systolic_mmhg = r->systolic_mmhg,
                .diastolic_mmhg = r->diastolic_mmhg,
                .pulse_bpm = number_of(true, r->pulse_bpm),
                .irregular_heartbeat = answer_of(r->has_flags, r->irregular_heartbeat),
                .body_movement = answer_of(r->has_flags, r->body_movement),
                .cuff_fit_ok = answer_of(r->has_flags && (r->fit_bit || fit_bit_known), r->fit_bit),
                .irregular_beats = number_of(r->has_flags, r->irregular_beats),
                .artifacts = number_of(r->has_flags, r->artifacts),
                .series_position = number_of(r->has_flags && r->position > 0, r->position),
                .record_hash = omron_record_hash(raw, n),
        };
        return measurement_check(ret);
}

int omron_record_check(const struct omron_record *r) {
        const struct measurement values = {
                .systolic_mmhg = r->systolic_mmhg,
                .diastolic_mmhg = r->diastolic_mmhg,
                .pulse_bpm = number_of(true, r->pulse_bpm),
        };

        return measurement_check(&values);
}

bool omron_record_is_plausible(const struct omron_record *r) {
        return omron_record_check(r) == 0 && date_time_check(&r->taken) != -ERANGE;
}

uint64_t omron_record_hash(const uint8_t *raw, size_t n) {
        uint64_t hash = fnv1a(raw, n);

        return hash != 0 ? hash : 1;
}
