/* Records: which slots of each ring are read, and the bytes of a run of slots cut into records.
 *
 * The cuff's count of unread records is not trusted for this: phones and other tools reset it
 * (eigger/hass-omron#13, #90, #117). A mark tells how far a ring was kept; that the record is still
 * there proves that the ring has not come around. */
#include <assert.h>
#include <string.h>

#include "cuff/driver_omron_steps.h"

/* --- which slots -------------------------------------------------------------------------------
 */

/* All valid ones, oldest first. */
static void plan_all(struct driver_omron *d, unsigned user) {
        const struct omron_ring *ring = &d->settings.ring[user];
        unsigned slots = driver_omron_model(d)->user[user].slots;

        d->run[user].check = false;
        d->run[user].count = ring->count;
        d->run[user].first = (uint16_t) ((ring->newest + slots + 1 - ring->count) % slots);
}

static void plan_run(struct driver_omron *d, unsigned user) {
        const struct omron_ring *ring = &d->settings.ring[user];
        const struct omron_mark *mark = &d->setup.mark[user];
        unsigned slots = driver_omron_model(d)->user[user].slots;
        unsigned since;

        if (!ring->trusted) {
                d->run[user].whole = true;
                d->run[user].count = (uint16_t) slots;
                return;
        }
        if (ring->count == 0)
                return;
        plan_all(d, user);
        if (!mark->known || mark->slot >= slots)
                return;

        since = (ring->newest + slots - mark->slot) % slots;
        if (since == 0 && d->newest_hash[user] == mark->hash) {
                d->run[user].count = 0;
        } else if (since > 0 && since < ring->count) {
                d->run[user].check = true;
                d->run[user].first = mark->slot;
                d->run[user].count = (uint16_t) (since + 1);
        }
}

void driver_omron_begin_records(struct driver_omron *d) {
        memset(d->run, 0, sizeof d->run);
        for (unsigned i = 0; i < driver_omron_model(d)->users; i++)
                plan_run(d, i);
        d->user = 0;
        driver_omron_go(d, STEP_RECORDS);
}

bool driver_omron_ask_records(struct driver_omron *d, const struct driver_now *now) {
        const struct omron_model *m = driver_omron_model(d);

        for (; d->user < m->users; d->user++) {
                if (d->run[d->user].count > 0) {
                        driver_omron_ask_run(d);
                        return true;
                }
        }
        d->facts.complete = true;
        return false;
}

/* --- a run of slots, as a stream of bytes ------------------------------------------------------
 */

void driver_omron_ask_run(struct driver_omron *d) {
        const struct omron_model *m = driver_omron_model(d);
        size_t limit = driver_omron_limit(d, m);
        unsigned first = d->run[d->user].first;
        unsigned count = d->run[d->user].count;
        size_t left;

        assert(count > 0 && first < m->user[d->user].slots);
        if (count > m->user[d->user].slots - first) /* it comes around */
                count = m->user[d->user].slots - first;
        if (d->singly > 0)
                count = 1;
        left = (size_t) count * m->record_size - d->carried;
        driver_omron_request_read(
                d, omron_model_record_address(m, d->user, first) + (unsigned) d->carried,
                left < limit ? left : limit);
}

/* Compares the mark's record. False: another one is in its place, and all must be read. */
static bool is_mark(struct driver_omron *d, const uint8_t *raw) {
        d->run[d->user].check = false;
        if (raw && omron_record_hash(raw, driver_omron_model(d)->record_size) ==
                           d->setup.mark[d->user].hash)
                return true;
        plan_all(d, d->user);
        return false;
}

static void keep_in_ring(struct driver_omron *d, const uint8_t *raw, uint16_t slot) {
        size_t size = driver_omron_model(d)->record_size;
        uint8_t *place = d->ring + slot * size;

        assert((slot + 1u) * size <= sizeof d->ring);
        if (raw)
                memcpy(place, raw, size);
        else
                memset(place, 0xFF, size);
        if (d->run[d->user].count == 0 && !driver_omron_begin_sorted(d))
                driver_omron_fail(d, MEMORY_PARITY);
}

/* Its sum does not fit. Where nobody has proved that it is one, the records before have to speak
 * for it: more that fit than not. */
static bool is_doubtful(struct driver_omron *d, const uint8_t *raw) {
        const struct omron_model *m = driver_omron_model(d);
        struct omron_record record;

        if (omron_record_is_damaged(m->layout, raw, m->record_size))
                return m->checksum_proven || d->fitting_sums-- > 0;
        if (omron_record_decode(m->layout, raw, m->record_size, &record) == 0)
                d->fitting_sums++;
        return false;
}

/* The record at the head of the run; NULL: the cuff refuses to read it, as it does with slots never
 * written. False: what follows in the carry is of no use. */
static bool take_record(struct driver_omron *d, const uint8_t *raw) {
        const struct omron_model *m = driver_omron_model(d);
        unsigned user = d->user;
        uint16_t slot = d->run[user].first;
        unsigned step = d->step;

        if (raw && !d->again && is_doubtful(d, raw)) { /* once more, by itself */
                d->again = true;
                d->singly = d->singly > 0 ? d->singly : 1;
                d->facts.retries++;
                return false;
        }
        d->again = false;
        if (d->singly > 0)
                d->singly--;
        d->run[user].first = (uint16_t) ((slot + 1) % m->user[user].slots);
        d->run[user].count--;

        if (step == STEP_NEWEST)
                driver_omron_judge(d, raw);
        else if (d->run[user].check)
                return is_mark(d, raw);
        else if (d->run[user].whole)
                keep_in_ring(d, raw, slot);
        else if (raw)
                driver_omron_hand_over(d, raw, slot, d->run[user].count > 0);
        return d->step == step && d->run[user].count > 0;
}

static void cut(struct driver_omron *d) {
        size_t size = driver_omron_model(d)->record_size;
        size_t at = 0;

        while (d->carried - at >= size) {
                if (!take_record(d, d->carry + at)) {
                        d->carried = 0;
                        return;
                }
                at += size;
        }
        d->carried -= at;
        for (size_t i = 0; i < d->carried && at > 0; i++)
                d->carry[i] = d->carry[at + i];
}

/* One refused slot spoils a block: the records it touches are read each by itself. */
static void take_refusal(struct driver_omron *d) {
        size_t size = driver_omron_model(d)->record_size;
        size_t touched = (d->carried + d->request.stated + size - 1) / size;

        d->carried = 0;
        if (touched > 1)
                d->singly = (unsigned) touched;
        else
                (void) take_record(d, NULL);
}

void driver_omron_done_run(struct driver_omron *d, const struct driver_now *now,
                           enum memory_error error) {
        const struct omron_frame *answer = &d->answer;

        if (error) {
                driver_omron_fail(d, error);
        } else if (answer->result == OMRON_RESULT_ADDRESS) {
                take_refusal(d);
        } else if (answer->result != OMRON_RESULT_OK) {
                driver_omron_fail(d, MEMORY_REFUSED);
        } else {
                assert(d->carried + answer->payload_size <= sizeof d->carry);
                memcpy(d->carry + d->carried, answer->payload, answer->payload_size);
                d->carried += answer->payload_size;
                cut(d);
        }
}
