/* Records on their way out: each once, each user's oldest first. */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "cuff/driver_omron_steps.h"

void driver_omron_hand_over(struct driver_omron *d, const uint8_t *raw, uint16_t slot,
                            bool behind) {
        const struct omron_model *m = driver_omron_model(d);
        struct driver_omron_record *to;
        struct omron_record record;
        bool empty = omron_record_decode(m->layout, raw, m->record_size, &record) < 0;
        bool odd = omron_record_is_damaged(m->layout, raw, m->record_size);
        bool damaged = odd && m->checksum_proven;

        d->facts.odd_checksums += odd;
        if (empty && !damaged && !omron_record_is_failed(m->layout, raw))
                return;
        if (d->taken == d->queued)
                d->taken = d->queued = 0;
        assert(d->queued < DRIVER_OMRON_QUEUE);
        to = &d->queue[d->queued++];
        *to = (struct driver_omron_record){.user = (uint8_t) (d->user + 1),
                                           .slot = slot,
                                           .behind = behind,
                                           .raw_size = m->record_size};
        memcpy(to->raw, raw, m->record_size);
        to->error = -ENODATA;
        if (!empty)
                to->error = omron_record_to_measurement(&record, to->user, m->fit_bit_known, raw,
                                                        m->record_size, &to->measurement);
        if (damaged)
                to->error = -EBADMSG;
}

/* --- a ring whose index is not trusted ---------------------------------------------------------
 */

static const uint8_t *slot_of(const struct driver_omron *d, unsigned slot,
                              struct omron_record *ret) {
        const struct omron_model *m = driver_omron_model(d);
        const uint8_t *raw = d->ring + (size_t) slot * m->record_size;

        return omron_record_decode(m->layout, raw, m->record_size, ret) == 0 ? raw : NULL;
}

static int64_t key_of(const struct driver_omron *d, const struct omron_record *record) {
        if (d->sort.by_sequence)
                return record->sequence.value;
        return date_time_check(&record->taken) == 0 ? date_time_to_seconds(&record->taken) : 0;
}

static unsigned slots_of(const struct driver_omron *d) {
        return driver_omron_model(d)->user[d->user].slots;
}

bool driver_omron_begin_sorted(struct driver_omron *d) {
        const struct omron_model *m = driver_omron_model(d);
        struct omron_record record;
        bool plausible = false;

        memset(&d->sort, 0, sizeof d->sort);
        d->sort.key = INT64_MIN;
        d->sort.by_sequence = true;
        for (unsigned i = 0; i < slots_of(d); i++) {
                const uint8_t *raw = slot_of(d, i, &record);

                if (!raw)
                        continue;
                d->sort.left++;
                if (!record.sequence.known || record.sequence.value == 0) /* 0 is none */
                        d->sort.by_sequence = false;
                plausible = plausible || omron_record_check(&record) == 0;
        }
        if (d->sort.left == 0)
                return true;
        d->facts.model = plausible ? m : NULL; /* no record may have been seen before */
        d->sort.left = plausible ? d->sort.left : 0;
        return plausible;
}

/* The next one in order: the smallest (key, slot) above the last one handed over. */
static void hand_over_next(struct driver_omron *d) {
        const uint8_t *next = NULL;
        struct omron_record record;
        int64_t next_key = 0;
        unsigned next_slot = 0;

        for (unsigned i = 0; i < slots_of(d); i++) {
                const uint8_t *raw = slot_of(d, i, &record);
                int64_t key = raw ? key_of(d, &record) : 0;

                if (!raw || key < d->sort.key || (key == d->sort.key && i <= d->sort.slot))
                        continue;
                if (!next || key < next_key) {
                        next = raw;
                        next_key = key;
                        next_slot = i;
                }
        }
        assert(next);
        d->sort.key = next_key;
        d->sort.slot = (uint16_t) next_slot;
        d->sort.left--;
        driver_omron_hand_over(d, next, d->sort.slot, d->sort.left > 0);
}

/* --- taking them -------------------------------------------------------------------------------
 */

bool driver_omron_has_waiting(const struct driver_omron *d) {
        return d->taken < d->queued || d->sort.left > 0 || d->has_block;
}

bool driver_omron_take(struct driver_omron *d, struct driver_omron_record *ret) {
        if (d->taken == d->queued && d->sort.left > 0)
                hand_over_next(d);
        if (d->taken == d->queued)
                return false;
        *ret = d->queue[d->taken++];
        return true;
}
