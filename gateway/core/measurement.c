#include "core/measurement.h"

#include <errno.h>
#include <stddef.h>

#include "core/divide.h"
#include "core/fnv.h"

/* 1 kPa = 7.500617 mmHg: as a whole number, and the scale it is taken at. */
#define MMHG_PER_KPA       7500617
#define MMHG_PER_KPA_SCALE 1000000

static bool is_between(int value, int low, int high) {
        return value >= low && value <= high;
}

int measurement_check(const struct measurement *m) {
        if (!is_between(m->systolic_mmhg, 60, 280) || !is_between(m->diastolic_mmhg, 30, 180))
                return -ERANGE;
        if (m->diastolic_mmhg >= m->systolic_mmhg)
                return -ERANGE;
        if (m->pulse_bpm.known && !is_between(m->pulse_bpm.value, 30, 240))
                return -ERANGE;
        return 0;
}

static uint8_t *put_le(uint8_t *at, uint64_t value, size_t n) {
        for (; n > 0; n--) {
                *at++ = (uint8_t) value;
                value >>= 8;
        }
        return at;
}

/* T YY YY MM DD hh mm ss | S ss ss ss ss | R rr rr rr rr rr rr rr rr | A aa aa aa aa aa aa aa aa */
static uint8_t *put_moment(uint8_t *at, const struct measurement *m, int64_t arrival_seconds) {
        const struct date_time *dt = &m->taken;

        /* An implausible time (month 13, year 2150) still tells this measurement from the next and
         * is the same when it is read again; only an unknown or never set one is shared by many. */
        if (m->has_time && date_time_check(dt) != -ENODATA) {
                *at++ = 'T';
                at = put_le(at, dt->year, 2);
                *at++ = dt->month;
                *at++ = dt->day;
                *at++ = dt->hour;
                *at++ = dt->minute;
                *at++ = dt->second;
                return at;
        }
        if (m->sequence.known) {
                *at++ = 'S';
                return put_le(at, (uint32_t) m->sequence.value, 4);
        }
        if (m->record_hash != 0) {
                *at++ = 'R';
                return put_le(at, m->record_hash, 8);
        }
        *at++ = 'A';
        return put_le(at, (uint64_t) arrival_seconds, 8);
}

/* FNV-1a, then the finaliser of MurmurHash3: FNV alone leaves the last bytes, the pulse, in the low
 * bits. Not a secret: a short name that two different measurements practically never share. */
static uint64_t hash_bytes(const uint8_t *at, const uint8_t *end) {
        uint64_t hash = fnv1a(at, (size_t) (end - at));

        hash = (hash ^ hash >> 33) * 0xFF51AFD7ED558CCD;
        hash = (hash ^ hash >> 33) * 0xC4CEB9FE1A85EC53;
        return hash ^ hash >> 33;
}

/* What is hashed, LE: cuff[6] user[1] moment[5, 8 or 9] systolic[2] diastolic[2] pulse[2, FFFF
 * unknown]. The ids are in databases and in other people's systems: this layout never changes. */
void measurement_id(const struct bdaddr *cuff, const struct measurement *m, int64_t arrival_seconds,
                    char ret[MEASUREMENT_ID_SIZE]) {
        uint8_t bytes[sizeof cuff->byte + 1 + 9 + 6], *at = bytes;
        uint64_t hash;

        for (size_t i = 0; i < sizeof cuff->byte; i++)
                *at++ = cuff->byte[i];
        *at++ = m->user;
        at = put_moment(at, m, arrival_seconds);
        at = put_le(at, (uint16_t) m->systolic_mmhg, 2);
        at = put_le(at, (uint16_t) m->diastolic_mmhg, 2);
        at = put_le(at, m->pulse_bpm.known ? (uint16_t) m->pulse_bpm.value : 0xFFFF, 2);

        hash = hash_bytes(bytes, at);
        for (size_t i = 0; i < MEASUREMENT_ID_SIZE - 1; i++)
                ret[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 0x0F];
        ret[MEASUREMENT_ID_SIZE - 1] = '\0';
}

int measurement_mmhg_from_milli_kpa(int32_t milli_kpa) {
        return (int) divide_rounded((int64_t) milli_kpa * MMHG_PER_KPA,
                                    1000LL * MMHG_PER_KPA_SCALE);
}

int32_t measurement_milli_kpa_from_mmhg(int mmhg) {
        return (int32_t) divide_rounded((int64_t) mmhg * 1000 * MMHG_PER_KPA_SCALE, MMHG_PER_KPA);
}
