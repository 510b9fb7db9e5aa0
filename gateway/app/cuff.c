#include "app/cuff.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "app/collector.h"
#include "app/pairing_first.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "core/gatt_uuid.h"
#include "mqtt/message.h"

#define LOG_COMPONENT "cuff"
#include "base/log.h"

#define LOST_BOND_LOSSES 2

void cuff_set_trouble(struct cuff *cuff, const char *format, ...) {
        va_list args;

        va_start(args, format);
        vsnprintf(cuff->trouble, sizeof cuff->trouble, format, args);
        va_end(args);
}

void cuff_save(struct cuff *cuff) {
        int r;

        if (!cuff->stored || !cuff->collector->store)
                return;
        r = store_cuffs_save(cuff->collector->store, &cuff->record);
        if (r < 0)
                log_cuff_warning(cuff->address,
                                 "What is known about the cuff could not be saved: %s",
                                 strerror(-r));
}

const char *cuff_name(const struct cuff *cuff) {
        if (cuff->record.name[0])
                return cuff->record.name;
        if (cuff->record.model[0])
                return cuff->record.model;
        if (cuff->device && bluez_device_info(cuff->device)->name[0])
                return bluez_device_info(cuff->device)->name;
        return "Blood pressure cuff";
}

bool cuff_is_introduced(const struct cuff *cuff) {
        return cuff->record.name[0] || cuff->record.model[0] || !session_is_linked(&cuff->session);
}

const char *cuff_sync_state(const struct cuff *cuff) {
        switch (cuff->session.state) {
        case SESSION_CONNECTING:
        case SESSION_RESOLVING:
                return "connecting";
        case SESSION_PAIRING:
                return "pairing";
        case SESSION_SUBSCRIBING:
        case SESSION_COLLECTING:
        case SESSION_LINGERING:
        case SESSION_DISCONNECTING:
                return "reading";
        default:
                if (cuff->trouble[0])
                        return "problem";
                return cuff->session.state == SESSION_RESTING ? "resting" : "idle";
        }
}

/* --- the session's actions --- */

static void take_facts(struct cuff *cuff) {
        const struct driver_facts *f = &cuff->plan.standard.facts;
        struct store_cuff *r = &cuff->record;
        const struct {
                char *to;
                const char *from;
        } texts[] = {{r->model, f->model},
                     {r->serial, f->serial},
                     {r->firmware, f->firmware},
                     {r->hardware, f->hardware},
                     {r->manufacturer, f->manufacturer}};
        bool changed = false;

        for (size_t i = 0; i < ELEMENTS(texts); i++)
                if (texts[i].from[0] && strcmp(texts[i].to, texts[i].from) != 0) {
                        snprintf(texts[i].to, STORE_TEXT_SIZE, "%s", texts[i].from);
                        changed = true;
                }
        cuff->described |= f->described;
        if (f->battery_percent.known)
                r->battery_percent = f->battery_percent;
        if (f->has_feature)
                r->feature = f->feature_bits;
        if (f->clock_read)
                r->clock_drift_s = f->drift_s;
        if (f->clock_refused)
                r->clock_refused = true;
        if (f->clock_set)
                log_cuff_info(cuff->address, "The cuff's clock was set");
        if (changed)
                cuff->collector->events->cuff_known(cuff->collector->owner, cuff);
}

static void tell_end(struct cuff *cuff, bool good) {
        char *data = NULL;

        if (!good) {
                log_cuff_warning(cuff->address, "Not read: %s", cuff->trouble);
                collector_happened(
                        cuff->collector, "sync_failed",
                        message_object("device", cuff->id, "reason", cuff->trouble, NULL), NULL);
                return;
        }
        log_cuff_info(cuff->address, "Read; new measurements: %u", cuff->new_measurements);
        if (asprintf(&data, "{\"device\":\"%s\",\"new_measurements\":%u}", cuff->id,
                     cuff->new_measurements) < 0)
                return;
        collector_happened(cuff->collector, "sync_finished", data, NULL);
}

/* BlueZ never says that the keys were refused; links that fall before the services are known do. */
static void judge_bond(struct cuff *cuff, bool good) {
        bool was_lost = cuff->record.bond_lost;

        if (good)
                cuff->record.bond_lost = false;
        else if (cuff->session.unresolved_losses >= LOST_BOND_LOSSES && cuff->device &&
                 bluez_device_info(cuff->device)->bonded)
                cuff->record.bond_lost = true;
        if (!cuff->record.bond_lost)
                return;
        cuff_set_trouble(
                cuff,
                "The cuff hangs up as soon as it is connected: it has probably forgotten this "
                "gateway "
                "or been paired with a phone. Start pairing and hold the cuff's Bluetooth button "
                "until the P blinks");
        if (!was_lost)
                collector_happened(cuff->collector, "bond_lost",
                                   message_object("device", cuff->id, NULL), NULL);
}

void cuff_forgotten(struct cuff *cuff) {
        struct collector *c = cuff->collector;

        if (!cuff->stored || cuff->record.bond_lost)
                return;
        cuff->record.bond_lost = true;
        cuff_set_trouble(cuff,
                         "Bluetooth on this computer has no keys for the cuff any more: start "
                         "pairing and hold the cuff's Bluetooth button until the P blinks");
        log_cuff_warning(cuff->address, "%s", cuff->trouble);
        cuff_save(cuff);
        if (!c->pairing.active) /* else its old bond was removed to make a new one */
                collector_happened(c, "bond_lost", message_object("device", cuff->id, NULL), NULL);
        c->events->cuff_known(c->owner, cuff);
}

/* Errors that say outright what else two lost links only suggest. */
void cuff_judge_error(struct cuff *cuff, enum bluez_error error) {
        if (error == BLUEZ_KEY_MISSING || error == BLUEZ_AUTH_FAILED ||
            error == BLUEZ_NOT_ENCRYPTED)
                cuff->session.unresolved_losses = LOST_BOND_LOSSES;
}

/* The conversation is over, whatever its end. */
static void rest(struct cuff *cuff) {
        struct collector *c = cuff->collector;
        bool good = cuff->collected;
        uint32_t random = 0;

        cuff_pause(cuff); /* first: while we write to the disk it may be connected anew */
        if (cuff->stored && cuff->arrival_s) {
                take_facts(cuff);
                judge_bond(cuff, good);
                good = cuff_memory_end(cuff) && good;
                if (good) {
                        cuff->trouble[0] = '\0';
                        cuff->record.last_sync = wall_clock_now();
                } else {
                        c->counters.failures++;
                        if (!cuff->trouble[0])
                                cuff_set_trouble(
                                        cuff,
                                        "The connection broke before the cuff could be read: bring "
                                        "it "
                                        "closer to the gateway and press its Bluetooth button");
                }
                if (c->stage == COLLECTOR_RUNNING || good)
                        tell_end(cuff, good);
                cuff_save(cuff);
                cuff_wishes_end(cuff, good);
                pairing_first_end(cuff, good                            ? NULL
                                        : c->stage == COLLECTOR_RUNNING ? cuff->trouble
                                                                        : PAIRING_FIRST_STOPPED);
        } else {
                cuff_wishes_look(cuff);
        }
        cuff->arrival_s = 0;
        cuff->new_measurements = 0;
        cuff->asking = cuff->connect_due = cuff->collected = cuff->has_clock = false;
        cuff->rest_began_usec = wall_clock_monotonic_usec();
        cuff->rest_advert = cuff->advert;
        cuff->has_advert = false;
        deadline_clear(&cuff->look_again);
        deadline_clear(&cuff->plan_wait);
        if (cuff->gatt)
                bluez_gatt_link_lost(cuff->gatt);
        if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
                random = (uint32_t) cuff->rest_began_usec;
        deadline_set_usec(&cuff->timer, /* bonded too late for this session: at once */
                          cuff->first ? 0
                                      : session_rest_usec(&cuff->session,
                                                          &c->config->timing.session, random));
        pairing_session_rests(&c->pairing, cuff);
}

static void enter_state(struct cuff *cuff) {
        struct collector *c = cuff->collector;

        deadline_set_usec(&cuff->timer,
                          session_timeout_usec(&cuff->session, &c->config->timing.session));
        if (cuff->device && cuff->session.state != SESSION_CONNECTING &&
            cuff->session.state != SESSION_PAIRING)
                bluez_device_drop_calls(cuff->device);
        if (cuff->session.state != SESSION_CONNECTING)
                cuff->connect_due = false;
        if (cuff->session.state == SESSION_RESOLVING && bluez_device_info(cuff->device)->resolved)
                bluez_gatt_find(cuff->gatt);
}

static void begin(struct cuff *cuff) {
        cuff->arrival_s = wall_clock_now();
        cuff->record.last_seen = cuff->arrival_s;
        cuff->connect_tries = 0;
        cuff->trouble[0] = '\0';
        bluez_device_drop_disconnect(cuff->device); /* its late reply would end this session */
        cuff->pausing = false;
        plan_begin(&cuff->plan, &(struct plan_setup){.has_standard = true});
        bluez_gatt_link_lost(cuff->gatt);                 /* what was asked for another link */
        (void) system_clock_ask(&cuff->collector->clock); /* known when the cuff's may be set */
        cuff->collector->counters.connects++;
        if (cuff->stored)
                collector_happened(cuff->collector, "sync_started",
                                   message_object("device", cuff->id, NULL), NULL);
}

static void begin_plan(struct cuff *cuff) {
        struct plan_setup setup = {
                .may_set_clock = (cuff_option(cuff, CUFF_OPTION_SET_CLOCK) ||
                                  cuff_wants(cuff, CUFF_WISH_TIME)) &&
                                 !cuff->record.clock_refused,
                .clock_wanted = cuff_wants(cuff, CUFF_WISH_TIME),
                .is_described = cuff->described && !cuff->first,
                .has_standard = bluez_gatt_has(cuff->gatt, UUID_BLOOD_PRESSURE_MEASUREMENT),
        };

        cuff_memory_set_up(cuff, &setup);
        cuff->has_clock = bluez_gatt_has(cuff->gatt, UUID_CURRENT_TIME);
        cuff->asking = false;
        plan_begin(&cuff->plan, &setup);
        cuff_continue_plan(cuff);
}

static void act(struct cuff *cuff, enum session_action action) {
        switch (action) {
        case ACTION_CONNECT:
                cuff->connect_due = true; /* wake stops discovery, then calls cuff_connect_now */
                break;
        case ACTION_PAIR:
                pairing_begins(&cuff->collector->pairing, cuff);
                break;
        case ACTION_SUBSCRIBE:
                begin_plan(cuff);
                break;
        case ACTION_COLLECT:
                cuff->collected = true;
                cuff_continue_plan(cuff);
                break;
        case ACTION_FEED:
                cuff->collected |= session_is_linked(&cuff->session);
                break;
        case ACTION_DISCONNECT:
                bluez_device_disconnect(cuff->device);
                break;
        case ACTION_REST:
                rest(cuff);
                break;
        default:
                break;
        }
}

void cuff_event(struct cuff *cuff, enum session_event event) {
        enum session_state before = cuff->session.state;
        enum session_action action;

        cuff->session.incomplete = cuff_memory_is_incomplete(cuff);
        action = session_step(&cuff->session, event);
        if (action == ACTION_IGNORE) {
                log_cuff_debug(cuff->address, "%s: %s means nothing here",
                               session_state_to_string(before), session_event_to_string(event));
                return;
        }
        if (cuff->session.state != before) {
                log_cuff_debug(cuff->address, "%s -> %s on %s", session_state_to_string(before),
                               session_state_to_string(cuff->session.state),
                               session_event_to_string(event));
                if (!session_is_linked(&(struct session){.state = before}) &&
                    session_is_linked(&cuff->session))
                        begin(cuff);
                enter_state(cuff);
        }
        act(cuff, action);
        if (cuff->session.state != before)
                collector_session_moved(cuff->collector, cuff);
}
