/* The attempts within one window, from the candidate's session: which rung it is, what is asked,
 * how it ends, and whether there is another. */
#include "app/pairing.h"

#include <stdio.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "app/pairing_first.h"
#include "app/wall_clock.h"
#include "core/gatt_uuid.h"
#include "mqtt/message.h"
#include "store/removed.h"

#define LOG_COMPONENT "pairing"
#include "base/log.h"

#define BOND_CHECK_USEC 3000000u /* Bonded follows the reply of Pair() within milliseconds */
/* A cuff asks at once or never; and on 6.1 kernels a subscription can hang for ever. */
#define CUFF_ASKS_USEC 10000000u

static uint64_t now_usec(const struct pairing *p) {
        uint64_t now;

        return sd_event_now(p->collector->event, CLOCK_MONOTONIC, &now) < 0 ? 0 : now;
}

/* This cuff is being paired, and how it ended is not known yet. */
static bool is_trying(const struct pairing *p, const struct cuff *cuff) {
        return pairing_wants(p, cuff) && p->attempt.open;
}

/* --- it is bonded --- */

static void bonded(struct pairing *p, struct cuff *cuff) {
        struct collector *c = p->collector;

        p->attempt.open = false;
        cuff->stored = cuff->memory.paired_now = true;
        cuff->memory.given_up = false;
        cuff->record.paired_at = wall_clock_now();
        cuff->record.bond_lost = false;
        cuff->session.unresolved_losses = 0;
        cuff->trouble[0] = '\0';
        cuff_save(cuff);
        store_removed_end(p->collector->store, &cuff->record.address);
        log_cuff_info(cuff->address, "Bonded");
        pairing_progress(p, "bonded",
                         "The cuff and the gateway have exchanged keys; reading what it holds",
                         NULL);
        collector_happened(c, "device_paired",
                           message_object("device", cuff->id, "name", cuff_name(cuff), NULL),
                           p->transaction);
        c->events->cuff_known(c->owner, cuff);
        pairing_first_begin(cuff, p->users, p->transaction);
        bluez_gatt_link_lost(cuff->gatt); /* the subscription that made it ask may hang */
        cuff_event(cuff, EVENT_BONDED);
        if (cuff->session.state == SESSION_DISCONNECTING)
                cuff->arrival_s = 0; /* too late for this session: the next is the first */
        pairing_close(p, "paired");
        /* The kernel's own second try, while we waited. */
        if (!session_is_linked(&cuff->session))
                cuff_event(cuff, bluez_device_info(cuff->device)->connected && !cuff->pausing
                                         ? EVENT_CONNECTED
                                         : EVENT_NEWS);
}

/* --- how an attempt ends --- */

static enum trace_answer pairable(const struct pairing *p) {
        if (!bluez_agent_is_registered(p->agent))
                return TRACE_NOT_TOLD;
        return bluez_adapter_info(p->collector->adapter)->pairable ? TRACE_YES : TRACE_NO;
}

static void guess(struct pairing *p, enum pairing_end end) {
        p->attempt.facts.pairable = pairable(p);
        pairing_attempt_end(&p->attempt, end, now_usec(p));
        if (p->failures > 0 && pairing_attempt_was_silent(&p->attempt))
                return; /* why it refused before is still the answer */
        pairing_failure_guess(&p->failure, &p->attempt.facts);
        p->explained = true;
}

void pairing_guess_unended(struct pairing *p) {
        if (p->attempt.open) {
                guess(p, p->attempt.ask_usec ? PAIRING_END_TIMEOUT : PAIRING_END_NO_LINK);
                return;
        }
        pairing_attempt_begin(&p->attempt, 0, p->told_not_pairing ? TRACE_NO : TRACE_NOT_TOLD, 0);
        p->attempt.facts.bonded_before = p->bonded_before; /* it was removed, so it was heard */
        p->attempt.facts.heard = p->told_not_pairing && !p->bonded_before;
        guess(p, PAIRING_END_NOT_HEARD);
}

/* An error reply: of the cuff's doing, or told in BlueZ's own words. */
static void explain(struct pairing *p, enum bluez_error error) {
        int end = pairing_attempt_end_of(error);

        log_debug("BlueZ: %s", bluez_error_to_string(error));
        if (end >= 0) {
                guess(p, (enum pairing_end) end);
                return;
        }
        pairing_attempt_end(&p->attempt, PAIRING_END_FAILED, now_usec(p));
        p->attempt.fault = true;
        pairing_failure_say(&p->failure, bluez_error_to_string(error), bluez_error_cause(error),
                            bluez_error_to_string(error), bluez_error_remedy(error));
        p->explained = true;
}

static void leave(struct pairing *p, struct cuff *cuff) {
        deadline_clear(&p->bond_check);
        deadline_clear(&p->cuff_asks);
        cuff_set_trouble(cuff, "%s. %s", p->failure.cause, p->failure.remedy);
        cuff_event(cuff, EVENT_REFUSED);
}

/* A scan tells of a cuff once, and again ten seconds later: it begins when it is of use. */
void pairing_try_later(struct pairing *p, unsigned *count) {
        char text[sizeof p->failure.cause + 64];

        log_warning("%s (%s)", p->failure.cause, p->failure.evidence);
        if (count && *count + 1 == PAIRING_ATTEMPTS_MAX) {
                p->why = "attempts";
                deadline_set_usec(&p->window, 0); /* not from inside its session */
                return;
        }
        deadline_set_usec(&p->retry, p->collector->config->timing.pairing_retry_usec);
        snprintf(text, sizeof text, "%s. Trying again as soon as the cuff is heard",
                 p->failure.cause);
        pairing_progress(p, "retry", text, NULL);
        if (count)
                ++*count;
}

void pairing_session_rests(struct pairing *p, struct cuff *cuff) {
        if (!pairing_wants(p, cuff))
                return;
        deadline_clear(&p->bond_check);
        deadline_clear(&p->cuff_asks);
        if (cuff->device && bluez_device_info(cuff->device)->bonded) {
                bonded(p, cuff);
                return;
        }
        if (p->attempt.open)
                guess(p, pairing_attempt_judge(&p->attempt, /* fell= */ true));
        if (p->attempt.fault)
                pairing_try_later(p, &p->faults);
        else /* a cuff that was not reached has refused nothing */
                pairing_try_later(p, pairing_attempt_was_silent(&p->attempt) ? NULL : &p->failures);
}

void pairing_timed_out(struct pairing *p, struct cuff *cuff) {
        if (is_trying(p, cuff))
                guess(p, pairing_attempt_judge(&p->attempt, /* fell= */ false));
}

/* --- to the link --- */

void pairing_attempt_start(struct pairing *p, enum trace_answer flag) {
        pairing_attempt_begin(&p->attempt, p->failures, flag, now_usec(p));
        p->attempt.facts.bonded_before =
                p->bonded_before && bdaddr_equal(&p->removed, &p->candidate->record.address);
}

void pairing_connects(struct pairing *p, struct cuff *cuff) {
        char text[128];

        if (!is_trying(p, cuff))
                return;
        pairing_attempt_connects(&p->attempt, now_usec(p));
        snprintf(text, sizeof text, "Connecting to %s", cuff_name(cuff));
        pairing_progress(p, "connecting", text, NULL);
}

void pairing_linked(struct pairing *p, struct cuff *cuff) {
        if (is_trying(p, cuff))
                pairing_attempt_linked(&p->attempt, now_usec(p));
}

void pairing_connect_failed(struct pairing *p, struct cuff *cuff, enum bluez_error error) {
        if (is_trying(p, cuff))
                explain(p, error);
}

/* --- whether it is bonded --- */

static void on_bond_check(void *userdata) {
        struct pairing *p = userdata;

        if (!p->candidate || !is_trying(p, p->candidate) ||
            p->candidate->session.state != SESSION_PAIRING)
                return;
        guess(p, PAIRING_END_NO_KEYS);
        leave(p, p->candidate);
}

/* Can come before the reply of Pair(), or without one: BlueZ 5.66 forgets it when the services
 * become known during the pairing. */
void pairing_bonded_changed(struct pairing *p, struct cuff *cuff) {
        if (!pairing_wants(p, cuff) || cuff->session.state == SESSION_CONNECTING)
                return; /* it is looked at again when Connect() is answered */
        if (bluez_device_info(cuff->device)->bonded)
                bonded(p, cuff);
        else if (bluez_device_info(cuff->device)->paired)
                deadline_set_usec(&p->bond_check, BOND_CHECK_USEC);
}

/* --- Pair() --- */

void pairing_pair_done(struct pairing *p, struct cuff *cuff, enum bluez_error error) {
        if (!is_trying(p, cuff))
                return;
        if (error == BLUEZ_OK || error == BLUEZ_ALREADY) {
                deadline_set_usec(&p->bond_check, BOND_CHECK_USEC);
                pairing_bonded_changed(p, cuff);
                return;
        }
        if (error == BLUEZ_IN_PROGRESS) { /* the cuff's own Security Request came first */
                p->attempt.answered = true;
                return;
        }
        explain(p, error);
        leave(p, cuff);
}

/* --- the cuff is let ask --- */

static void wait_for_cuff(struct pairing *p) {
        uint64_t usec = p->collector->config->timing.session.subscribing_usec;

        if (!p->attempt.facts.agent_asked)
                deadline_set_usec(&p->cuff_asks, usec < CUFF_ASKS_USEC ? usec : CUFF_ASKS_USEC);
}

/* It has told nothing new: why it refused before is still the answer. */
static void on_cuff_asks(void *userdata) {
        struct pairing *p = userdata;

        if (!p->candidate || !is_trying(p, p->candidate))
                return;
        log_debug("The cuff did not ask");
        p->attempt.open = false;
        leave(p, p->candidate);
}

/* From here as for the cuff that needs nothing: the time counts anew. */
void pairing_found(struct pairing *p, struct cuff *cuff) {
        if (!is_trying(p, cuff) || p->attempt.facts.agent_asked ||
            !bluez_gatt_has(cuff->gatt, UUID_OMRON_RX0) ||
            !bluez_gatt_has(cuff->gatt, UUID_OMRON_RX1) ||
            bluez_gatt_subscribe(cuff->gatt, UUID_OMRON_RX0) < 0)
                return;
        cuff->memory.channels = true; /* to be given up again when it is away */
        pairing_attempt_asks(&p->attempt, now_usec(p));
        wait_for_cuff(p);
}

void pairing_subscribed(struct pairing *p, struct cuff *cuff, enum bluez_error error) {
        if (!is_trying(p, cuff) || error != BLUEZ_NOT_ENCRYPTED)
                return; /* it may ask yet */
        explain(p, error);
        leave(p, cuff);
}

void pairing_resolved(struct pairing *p, struct cuff *cuff) {
        if (is_trying(p, cuff) && p->attempt.facts.rung == PAIRING_RUNG_CUFF)
                bluez_gatt_find(cuff->gatt);
}

/* Before what the cuff asks by itself, which can be as early as the link. */
static void tell_rung(struct pairing *p) {
        enum pairing_rung rung = p->attempt.facts.rung;

        if (p->attempt.told)
                return;
        p->attempt.told = true;
        pairing_progress(p, "pairing",
                         rung == PAIRING_RUNG_PAIR ? "Connected; the gateway asks the cuff for keys"
                         : rung == PAIRING_RUNG_AGAIN
                                 ? "Connected; the gateway asks the cuff for keys once more"
                                 : "Connected; this time the cuff is to ask for keys by itself",
                         NULL);
}

void pairing_asked(struct pairing *p, bool accepted) {
        struct pairing_facts *facts = &p->attempt.facts;
        bool news = accepted && !facts->agent_asked;

        if (!p->attempt.open)
                return;
        tell_rung(p);
        facts->agent_asked = true;
        facts->agent_agreed = accepted;
        pairing_attempt_asks(&p->attempt, now_usec(p));
        deadline_clear(&p->cuff_asks); /* it does: what follows takes its own time */
        if (news)
                pairing_progress(p, "security", "The cuff asks for security; the gateway agrees",
                                 NULL);
}

/* --- the rungs --- */

static void let_cuff_ask(struct pairing *p, struct cuff *cuff) {
        wait_for_cuff(p);
        pairing_bonded_changed(p, cuff); /* it may have asked already */
        if (bluez_device_info(cuff->device)->resolved)
                pairing_resolved(p, cuff);
}

static void ask(struct pairing *p, struct cuff *cuff) {
        pairing_attempt_asks(&p->attempt, now_usec(p));
        if (bluez_device_pair(cuff->device) >= 0)
                return;
        guess(p, PAIRING_END_NO_REPLY);
        leave(p, cuff);
}

void pairing_begins(struct pairing *p, struct cuff *cuff) {
        if (!p->attempt.open) /* BlueZ has connected it by itself */
                pairing_attempt_start(p, TRACE_NOT_TOLD);
        pairing_attempt_linked(&p->attempt, now_usec(p));
        tell_rung(p);
        if (bluez_device_info(cuff->device)->bonded) /* on the cuff's own Security Request */
                bonded(p, cuff);
        else if (p->attempt.facts.rung == PAIRING_RUNG_CUFF)
                let_cuff_ask(p, cuff);
        else
                ask(p, cuff);
}

void pairing_ladder_init(struct pairing *p) {
        deadline_init(&p->bond_check, p->collector->event, on_bond_check, p);
        deadline_init(&p->cuff_asks, p->collector->event, on_cuff_asks, p);
}
