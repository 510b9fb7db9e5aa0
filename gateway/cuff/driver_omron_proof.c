/* Which of the candidates it is, by what its memory holds. A name is not enough: trade names stand
 * for several maps, and a wrong map reads garbage as blood pressure (eigger/hass-omron#76, #94). */
#include <errno.h>
#include <string.h>

#include "cuff/driver_omron_steps.h"

#define LOOK_SLOTS 4 /* looked at where the index does not tell the newest */

static void append(char *text, const char *more) {
        size_t at = strlen(text), n = strlen(more);
        size_t fits = DRIVER_OMRON_PROOF_SIZE - 1 - at;

        n = n < fits ? n : fits;
        memcpy(text + at, more, n);
        text[at + n] = '\0';
}

static void tell(struct driver_omron *d, const char *why) {
        char *text = d->facts.proof;

        append(text, *text ? "; " : "");
        append(text, driver_omron_model(d)->id);
        append(text, ": ");
        append(text, why);
}

static void begin_candidate(struct driver_omron *d) {
        d->settings_have = 0;
        d->user = d->singly = 0;
        d->carried = 0;
        d->again = false;
        d->seen = d->doubt = false;
        memset(d->run, 0, sizeof d->run);
        driver_omron_go(d, STEP_SETTINGS);
}

void driver_omron_begin_proof(struct driver_omron *d) {
        d->at_candidate = d->n_proved = 0;
        begin_candidate(d);
}

/* --- the verdict -------------------------------------------------------------------------------
 */

/* Nobody knows the map: what describes it is read for somebody to look at, and END follows. */
static void give_up(struct driver_omron *d) {
        d->facts.error = MEMORY_UNPROVED;
        d->dumping = true;
        driver_omron_go(d, STEP_DUMP);
}

/* An empty cuff is read by what its settings are like; it is proved once there is a record. */
static void choose(struct driver_omron *d) {
        d->facts.model = d->seen || d->setup.proved ? driver_omron_model(d) : NULL;
        d->facts.proof[0] = '\0';
        driver_omron_begin_records(d);
}

static void decide(struct driver_omron *d) {
        if (d->n_proved != 1) {
                give_up(d);
        } else if (d->winner == d->at_candidate) {
                choose(d);
        } else { /* its settings were overwritten by the others': once more, of it alone */
                d->candidate[0] = d->candidate[d->winner];
                d->n_candidates = 1;
                driver_omron_begin_proof(d);
        }
}

static void next_candidate(struct driver_omron *d) {
        if (d->at_candidate + 1 == d->n_candidates) {
                decide(d);
                return;
        }
        d->at_candidate++;
        begin_candidate(d);
}

/* A model proved once is not doubted for one record: only its settings can do that. */
static void refuse(struct driver_omron *d, enum memory_error error, const char *why) {
        tell(d, why);
        if (d->setup.proved)
                driver_omron_fail(d, error);
        else
                next_candidate(d);
}

static void accept(struct driver_omron *d) {
        tell(d, "fits");
        d->n_proved++;
        d->winner = d->at_candidate;
        next_candidate(d);
}

/* --- settings ----------------------------------------------------------------------------------
 */

bool driver_omron_ask_settings(struct driver_omron *d, const struct driver_now *now) {
        const struct omron_model *m = driver_omron_model(d);
        size_t have = d->settings_have, left = omron_model_settings_size(m) - have;
        size_t limit = driver_omron_limit(d, m);

        if (left == 0)
                return false;
        /* The clock goes on between two reads, and its sum with it: never half of its window. */
        if (have < m->clock_from && left > m->clock_from - have)
                left = m->clock_from - have;
        driver_omron_request_read(d, m->read_base + (unsigned) have, left < limit ? left : limit);
        return true;
}

/* A cuff that lost power may tick on from the first day. */
static void take_clock(struct driver_omron *d, const struct driver_now *now) {
        const struct omron_clock *clock = &d->settings.clock;
        struct driver_omron_facts *facts = &d->facts;

        facts->has_clock = d->settings.has_clock && (clock->blank || clock->checksum_ok);
        facts->drift_s = (struct number){0};
        facts->clock_unset = false;
        if (!facts->has_clock)
                return;
        facts->clock_unset = clock->blank || date_time_check(&clock->time) < 0 ||
                             date_time_is_first_day(&clock->time);
        if (facts->clock_unset || date_time_check(&now->local) < 0)
                return;
        facts->drift_s = (struct number){true, date_time_difference_s(&clock->time, &now->local)};
}

static void take_settings(struct driver_omron *d, const struct driver_now *now) {
        const struct omron_model *m = driver_omron_model(d);

        d->settings = (struct omron_settings){0};
        (void) omron_settings_decode(m, d->settings_bytes, d->settings_have, &d->settings);
        if (omron_settings_check(m, &d->settings) == -EBADMSG) {
                refuse(d, MEMORY_PARITY, "index parity wrong");
                return;
        }
        take_clock(d, now);
        for (unsigned i = 0; i < m->users; i++) {
                const struct omron_word *unread = &d->settings.ring[i].unread;

                d->facts.unread[i] = (struct number){0};
                if (unread->parity_ok)
                        d->facts.unread[i] = (struct number){true, unread->value};
        }
}

void driver_omron_done_settings(struct driver_omron *d, const struct driver_now *now,
                                enum memory_error error) {
        const struct omron_frame *answer = &d->answer;

        if (error) {
                driver_omron_fail(d, error);
                return;
        }
        if (answer->result != OMRON_RESULT_OK) {
                refuse(d, MEMORY_REFUSED_ADDRESS, "address refused");
                return;
        }
        memcpy(d->settings_bytes + d->settings_have, answer->payload, answer->payload_size);
        d->settings_have += answer->payload_size;
        if (d->settings_have == omron_model_settings_size(driver_omron_model(d)))
                take_settings(d, now);
}

/* --- the newest record of each user ------------------------------------------------------------
 */

static void look_at(struct driver_omron *d, unsigned user) {
        const struct omron_ring *ring = &d->settings.ring[user];
        uint16_t slots = driver_omron_model(d)->user[user].slots;

        d->run[user].planned = true;
        d->run[user].first = ring->trusted ? ring->newest : 0;
        d->run[user].count = slots < LOOK_SLOTS ? slots : LOOK_SLOTS;
        if (ring->trusted)
                d->run[user].count = ring->count > 0;
}

bool driver_omron_ask_newest(struct driver_omron *d, const struct driver_now *now) {
        const struct omron_model *m = driver_omron_model(d);

        for (; d->user < m->users; d->user++) {
                if (!d->run[d->user].planned)
                        look_at(d, d->user);
                if (d->run[d->user].count > 0) {
                        driver_omron_ask_run(d);
                        return true;
                }
        }

        if (!d->setup.proved && !d->seen && !omron_settings_has_checksum(&d->settings))
                refuse(d, MEMORY_UNPROVED, "no record and no checksum to tell it by");
        else
                accept(d);
        return false;
}

static const char *against(const struct omron_model *m, const uint8_t *raw) {
        struct omron_record record;

        if (!raw || omron_record_decode(m->layout, raw, m->record_size, &record) < 0)
                return "newest record empty";
        if (m->checksum_proven && !omron_record_checksum_ok(&record))
                return "checksum of a record wrong";
        if (date_time_check(&record.taken) == -ERANGE)
                return "date of a record impossible";
        if (omron_record_check(&record) < 0)
                return "values of a record impossible";
        return NULL;
}

void driver_omron_judge(struct driver_omron *d, const uint8_t *raw) {
        const struct omron_model *m = driver_omron_model(d);
        bool trusted = d->settings.ring[d->user].trusted;
        struct omron_record record;
        const char *why;

        if (raw && trusted)
                d->newest_hash[d->user] = omron_record_hash(raw, m->record_size);
        if (!trusted &&
            (!raw || omron_record_decode(m->layout, raw, m->record_size, &record) == -ENODATA))
                return;
        if (raw && omron_record_is_failed(m->layout, raw))
                return;

        why = against(m, raw);
        d->seen = d->seen || !why;
        d->doubt = d->doubt || why;
        if (why && !d->setup.proved)
                refuse(d, MEMORY_UNPROVED, why);
}
