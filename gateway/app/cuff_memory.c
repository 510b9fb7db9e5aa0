/* The memory of an OMRON cuff as seen from the session: its key, how far it has been read, what was
 * read, and why not. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "app/dump.h"
#include "app/option_check.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "core/gatt_uuid.h"
#include "mqtt/message.h"
#include "store/backup.h"

#define LOG_COMPONENT "memory"
#include "base/log.h"

#define CLOCK_TOLERATED_S 600 /* after it was set; esp's bound for old families */

static const char *const channels[] = {UUID_OMRON_RX0, UUID_OMRON_RX1, UUID_OMRON_RX2,
                                       UUID_OMRON_RX3, UUID_OMRON_UNLOCK};

/* --- what the configuration says about this cuff --- */

static unsigned may_write(const struct cuff *cuff) {
        const struct config *config = cuff->collector->config;

        if (cuff->record.writes == STORE_WRITES_REFUSED)
                return 0;
        return (cuff_is_listed(cuff, config->omron.set_clock) ? OMRON_MAY_SET_CLOCK : 0u) |
               (cuff_is_listed(cuff, config->omron.clear_unread) ? OMRON_MAY_CLEAR_UNREAD : 0u) |
               (cuff_is_listed(cuff, config->omron.registration) ? OMRON_MAY_REGISTER : 0u);
}

bool cuff_memory_wants_silence(const struct cuff *cuff) {
        return cuff->memory.present && !cuff_option(cuff, CUFF_OPTION_LISTEN);
}

/* --- before the session --- */

void cuff_memory_init(struct cuff *cuff) {
        struct cuff_memory *m = &cuff->memory;

        memset(m->mark, 0, sizeof m->mark); /* everything is read again: ids are the same */
        /* A session that began with the marks of another database goes on without moving these. */
        memset(m->mark_stuck, true, sizeof m->mark_stuck);
        if (cuff->stored && cuff->collector->store)
                (void) store_marks_load(cuff->collector->store, &cuff->record.address, m->mark,
                                        ELEMENTS(m->mark));
}

void cuff_memory_done(struct cuff *cuff) {
        dump_free(cuff->memory.dump);
}

static void set_up_driver(struct cuff *cuff, struct driver_omron_setup *s) {
        struct cuff_memory *m = &cuff->memory;

        *s = (struct driver_omron_setup){
                .stack = bluez_gatt_has(cuff->gatt, UUID_OMRON_RX1) ? OMRON_CLASSIC : OMRON_MODERN,
                .mtu = bluez_gatt_mtu(cuff->gatt),
                .paired_now = m->paired_now,
                .no_token = cuff->record.token == STORE_TOKEN_SILENCES,
                .may_write = may_write(cuff),
                .clock_by_profile = bluez_gatt_has(cuff->gatt, UUID_CURRENT_TIME) &&
                                    !cuff->record.clock_refused,
                .dump = cuff_wants(cuff, CUFF_WISH_DUMP),
                .timing = cuff->collector->config->timing.driver,
        };
        if (cuff->record.memory_model[0])
                s->proved = omron_model_find(cuff->record.memory_model);
        if (s->stack == OMRON_CLASSIC)
                s->has_key =
                        m->paired_now ? cuff_key_make(cuff, m->key) : cuff_key_choose(cuff, m->key);
        memcpy(s->key, m->key, sizeof s->key);
        if (getrandom(s->nonce, sizeof s->nonce, GRND_NONBLOCK) < 0)
                s->nonce[0] = 1; /* it carries no secret */
        memcpy(s->mark, m->mark, sizeof s->mark);
}

void cuff_memory_set_up(struct cuff *cuff, struct plan_setup *setup) {
        struct cuff_memory *m = &cuff->memory;

        m->present = bluez_gatt_has(cuff->gatt, UUID_OMRON_RX0) &&
                     bluez_gatt_has(cuff->gatt, UUID_OMRON_TX0);
        setup->has_memory =
                m->present && cuff_option(cuff, CUFF_OPTION_MEMORY) && !m->old_link &&
                cuff->collector->stage == COLLECTOR_RUNNING &&
                (!m->given_up || cuff_wants(cuff, CUFF_WISH_DUMP) || !setup->has_standard);
        if (cuff_wants(cuff, CUFF_WISH_DUMP) && !m->present)
                dump_refuse(cuff);
        setup->listen = !cuff_memory_wants_silence(cuff);
        snprintf(setup->model, sizeof setup->model, "%s", cuff->record.model);
        memset(m->mark_stuck, 0, sizeof m->mark_stuck);
        m->ending = false;
        m->channels |= setup->has_memory;
        if (setup->has_memory)
                set_up_driver(cuff, &setup->memory);
}

/* --- during the session --- */

int cuff_memory_keep(struct cuff *cuff, const struct driver_request *request) {
        int r;

        if (request->keep == KEEP_KEY)
                return cuff_key_keep(cuff, request->value);
        r = store_backup_save(cuff->collector->config->state_directory, &cuff->record.address,
                              wall_clock_now(), request->address, request->value,
                              request->value_size);
        if (r < 0)
                log_cuff_error(cuff->address,
                               "Nothing is written into the cuff, because its settings could not "
                               "be kept before: %s",
                               strerror(-r));
        return r;
}

/* The mark moves behind what the database has, and never past what waits for it in memory. `r`: of
 * the intake. */
static void move_mark(struct cuff *cuff, const struct driver_omron_record *record, int r) {
        struct cuff_memory *m = &cuff->memory;
        unsigned u = record->user - 1u;

        m->mark_stuck[u] |= r < 0;
        if (!m->mark_stuck[u])
                m->mark[u] = (struct omron_mark){
                        .known = true,
                        .slot = record->slot,
                        .hash = omron_record_hash(record->raw, record->raw_size)};
}

void cuff_memory_commit(struct cuff *cuff) {
        struct cuff_memory *m = &cuff->memory;
        int result[ELEMENTS(m->taken)];

        if (m->n_taken == 0)
                return;
        intake_records(&cuff->collector->intake, &cuff->record.address, m->taken, m->n_taken,
                       cuff->arrival_s, result);
        for (size_t i = 0; i < m->n_taken; i++) {
                cuff->new_measurements += result[i] != 0;
                move_mark(cuff, &m->taken[i], result[i]);
        }
        m->n_taken = 0;
}

static void take_record(struct cuff *cuff, const struct driver_omron_record *record) {
        struct cuff_memory *m = &cuff->memory;

        if (record->error < 0 || m->n_taken == ELEMENTS(m->taken))
                cuff_memory_commit(cuff);
        if (record->error < 0) {
                move_mark(cuff, record,
                          cuff_refuse_value(cuff, STORE_SOURCE_MEMORY, record->raw,
                                            record->raw_size, record->error));
        } else {
                m->taken[m->n_taken++] = *record;
        }
}

void cuff_memory_take(struct cuff *cuff) {
        struct driver_omron *driver = &cuff->plan.memory;
        struct driver_omron_record record;
        struct driver_omron_block block;

        if (!cuff->plan.setup.has_memory)
                return;
        while (driver_omron_take(driver, &record))
                take_record(cuff, &record);
        while (driver_omron_take_block(driver, &block)) {
                if (!cuff->memory.dump)
                        cuff->memory.dump =
                                dump_new(driver->setup.stack, cuff_wants(cuff, CUFF_WISH_DUMP) &&
                                                                      cuff->memory.dump_values);
                dump_add(cuff->memory.dump, &block);
        }
}

bool cuff_memory_stop(struct cuff *cuff) {
        if (cuff->session.state != SESSION_COLLECTING || cuff->memory.ending ||
            !cuff->plan.setup.has_memory || !driver_omron_is_open(&cuff->plan.memory))
                return false;
        cuff->memory.ending = true;
        plan_stop(&cuff->plan);
        cuff_continue_plan(cuff);
        return true;
}

void cuff_memory_close(struct cuff *cuff) {
        if (cuff_memory_stop(cuff) || cuff->memory.ending || !cuff->plan.setup.has_memory ||
            (cuff->session.state != SESSION_SUBSCRIBING &&
             cuff->session.state != SESSION_COLLECTING))
                return;
        plan_stop(&cuff->plan);
        cuff_continue_plan(cuff);
}

/* --- after the session --- */

/* What the link's end means for a memory that was not read to its end. */
static enum memory_error judge(const struct cuff *cuff) {
        const struct driver_omron_facts *f = &cuff->plan.memory.facts;

        if (f->error == MEMORY_STOPPED && cuff->collector->stage == COLLECTOR_RUNNING)
                return MEMORY_HANG_UP; /* its time was over: it goes on where it was */
        if (f->error != MEMORY_OK)
                return f->error;
        if (f->complete || (cuff->memory.dump && cuff_wants(cuff, CUFF_WISH_DUMP)))
                return MEMORY_OK;
        if (cuff->collector->stage != COLLECTOR_RUNNING)
                return MEMORY_STOPPED;
        /* It has said what it had, and gone: cuffs do. What else it keeps comes with the next. */
        if (!f->started && cuff->new_measurements > 0)
                return MEMORY_OK;
        return MEMORY_HANG_UP;
}

/* What was written in an earlier session shows in this one: the settings are still understood, and
 * the clock is right. */
static bool writes_took(const struct cuff *cuff, enum memory_error error) {
        const struct driver_omron_facts *f = &cuff->plan.memory.facts;

        if (error == MEMORY_PARITY)
                return false;
        return !(may_write(cuff) & OMRON_MAY_SET_CLOCK) || !f->has_clock ||
               (f->drift_s.known && abs(f->drift_s.value) <= CLOCK_TOLERATED_S);
}

static void keep_writes(struct cuff *cuff, enum memory_error error) {
        const struct driver_omron_facts *f = &cuff->plan.memory.facts;
        enum store_writes *writes = &cuff->record.writes;

        if (*writes == STORE_WRITES_PENDING && (f->complete || error == MEMORY_PARITY))
                *writes = writes_took(cuff, error) ? STORE_WRITES_NONE : STORE_WRITES_REFUSED;
        if (f->wrote_clock || f->wrote_unread || f->wrote_registration)
                *writes = STORE_WRITES_PENDING;
        if (f->writes_refused)
                *writes = STORE_WRITES_REFUSED;
        if (*writes == STORE_WRITES_REFUSED && may_write(cuff) == 0 &&
            !cuff->memory.told_no_writes) {
                cuff->memory.told_no_writes = true;
                log_cuff_error(cuff->address,
                               "The cuff did not take what was written into its memory: nothing is "
                               "written any more; what was there before is in %s/backups",
                               cuff->collector->config->state_directory);
        }
}

static void keep_facts(struct cuff *cuff, enum memory_error error) {
        const struct driver_omron_facts *f = &cuff->plan.memory.facts;
        struct store_cuff *r = &cuff->record;
        struct cuff_memory *m = &cuff->memory;

        if (f->model && strcmp(r->memory_model, f->model->id) != 0) {
                snprintf(r->memory_model, sizeof r->memory_model, "%s", f->model->id);
                log_cuff_info(cuff->address, "Its memory is that of an %s, proved by content",
                              f->model->id);
                cuff->collector->events->cuff_known(cuff->collector->owner, cuff);
        }
        if (f->key_opened) {
                m->key_try = 0;
                cuff_key_keep(cuff, m->key); /* perhaps one of the configuration */
        }
        if (error == MEMORY_WRONG_KEY || error == MEMORY_LOCKED)
                m->key_try++;
        if (f->start_unanswered && !f->token_answered && r->token != STORE_TOKEN_SILENCES)
                r->token = STORE_TOKEN_SILENCES;
        else if (f->start_unanswered)
                r->token = STORE_TOKEN_FINE;
        if (f->started) {
                r->unread = f->unread[0];
                if (f->unread[1].known)
                        r->unread = (struct number){true, r->unread.value + f->unread[1].value};
        }
        if (f->has_clock && !cuff->plan.standard.facts.clock_read)
                r->clock_drift_s = f->drift_s;
        keep_writes(cuff, error);
        if (f->odd_checksums)
                log_cuff_warning(cuff->address,
                                 "%u records have a checksum that does not fit; of this type it is "
                                 "not known how they are made, so they were taken: compare them "
                                 "with the cuff's display",
                                 f->odd_checksums);
        if (error == MEMORY_PARITY || error == MEMORY_REFUSED_ADDRESS)
                r->memory_model[0] = '\0'; /* perhaps another cuff has its address: prove it anew */
        if (cuff->collector->store &&
            store_marks_save(cuff->collector->store, &r->address, m->mark, ELEMENTS(m->mark)) < 0)
                log_cuff_debug(cuff->address, "How far it was read could not be kept");
}

/* A link that fell or a cuff that was silent is tried again soon; what people must mend is not. */
static bool is_worth_hurry(enum memory_error error) {
        switch (error) {
        case MEMORY_OK:
        case MEMORY_STOPPED:
        case MEMORY_UNKNOWN_MODEL:
        case MEMORY_UNPROVED:
                return false;
        default:
                return true;
        }
}

bool cuff_memory_is_incomplete(const struct cuff *cuff) {
        if (cuff->memory.old_link && cuff->memory.present)
                return true;
        return cuff->plan.setup.has_memory && is_worth_hurry(judge(cuff));
}

static void tell_not_understood(struct cuff *cuff) {
        const struct driver_omron_facts *f = &cuff->plan.memory.facts;

        log_cuff_warning(cuff->address, "%s (%s)", memory_error_cause(f->error),
                         f->proof[0] ? f->proof : cuff->record.model);
        cuff->memory.given_up = true;
}

static void end_dump(struct cuff *cuff) {
        struct cuff_memory *m = &cuff->memory;
        _cleanup_(freep) char *text = NULL;

        if (m->dump)
                text = dump_print(m->dump, cuff);
        dump_free(m->dump);
        m->dump = NULL;
        if (text)
                dump_deliver(cuff, text);
}

static void tell_trouble(struct cuff *cuff, enum memory_error error) {
        const char *proof = cuff->plan.memory.facts.proof;

        cuff_set_trouble(cuff, "%s%s%s%s. %s", memory_error_cause(error), proof[0] ? " (" : "",
                         proof, proof[0] ? ")" : "", memory_error_remedy(error));
}

bool cuff_memory_end(struct cuff *cuff) {
        enum memory_error error;

        if (!cuff->plan.setup.has_memory)
                return true;
        cuff_memory_take(cuff);
        cuff_memory_commit(cuff);
        error = judge(cuff);
        keep_facts(cuff, error);
        if (error == MEMORY_UNKNOWN_MODEL || error == MEMORY_UNPROVED)
                tell_not_understood(cuff);
        end_dump(cuff);
        /* A link that fell before the key was put in: the cuff may still take it. */
        if (error != MEMORY_HANG_UP || cuff->plan.memory.facts.key_programmed)
                cuff->memory.paired_now = false;
        cuff->plan.setup.has_memory = false; /* judged once */
        if (error == MEMORY_OK || error == MEMORY_STOPPED)
                return true;
        if (cuff->memory.given_up && cuff->plan.setup.has_standard)
                return true; /* what it sends by itself is enough */
        tell_trouble(cuff, error);
        return false;
}

/* BlueZ would renew them on the next link by itself, in an order that upsets classic cuffs. */
void cuff_memory_away(struct cuff *cuff) {
        cuff->memory.old_link = false;
        if (!cuff->memory.channels || !cuff->gatt)
                return;
        cuff->memory.channels = false;
        for (size_t i = 0; i < ELEMENTS(channels); i++)
                bluez_gatt_unsubscribe(cuff->gatt, channels[i]);
}
