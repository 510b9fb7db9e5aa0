/* What the cuff is asked and what it says: the driver's plan over GATT, and values into the intake.
 */
#include "app/cuff.h"

#include <errno.h>
#include <string.h>

#include "app/collector.h"
#include "app/pairing_first.h"
#include "app/wall_clock.h"
#include "bluez/link.h"
#include "core/gatt_uuid.h"
#include "mqtt/message.h"

#define LOG_COMPONENT "cuff"
#include "base/log.h"

#define LOOK_AGAIN_USEC 1000000u /* bluez#1489: resolved before the objects are exported */

static void now_for_driver(const struct cuff *cuff, struct driver_now *ret) {
        *ret = (struct driver_now){
                .synchronised = system_clock_is_right(&cuff->collector->clock),
        };
        if (wall_clock_local(wall_clock_now(), &ret->local) < 0)
                ret->synchronised = false;
}

static int ask(struct cuff *cuff, const struct driver_request *request) {
        switch (request->verb) {
        case DRIVER_SUBSCRIBE:
                return bluez_gatt_subscribe(cuff->gatt, request->uuid);
        case DRIVER_READ:
                return bluez_gatt_read(cuff->gatt, request->uuid);
        default:
                return bluez_gatt_write(cuff->gatt, request->uuid, request->value,
                                        request->value_size,
                                        /* with_response= */ request->verb == DRIVER_WRITE ||
                                                cuff->memory.no_commands);
        }
}

static void plan_failed(struct cuff *cuff, int error) {
        if (!cuff->trouble[0])
                cuff_set_trouble(
                        cuff,
                        "The cuff could not be read (%s): take a measurement, it is tried again",
                        strerror(-error));
        cuff_event(cuff, error == -ENOTCONN ? EVENT_LOST : EVENT_REFUSED);
}

static void answer(struct cuff *cuff, int error, const uint8_t *value, size_t size) {
        struct driver_now now;

        now_for_driver(cuff, &now);
        plan_reply(&cuff->plan, &now, error, value, size);
}

/* One step. False: the plan waits for something, or is over. */
static bool continue_once(struct cuff *cuff) {
        struct driver_request *request = &cuff->request;
        struct driver_now now;
        int r;

        cuff_memory_take(cuff);
        now_for_driver(cuff, &now);
        plan_next(&cuff->plan, &now, request);
        pairing_first_look(cuff);
        if (cuff->plan.memory.facts.complete) /* before anything is written into it, and END */
                cuff_memory_commit(cuff);
        switch (request->verb) {
        case DRIVER_WAIT:
                if (request->wait_usec)
                        deadline_set_usec(&cuff->plan_wait, request->wait_usec);
                return false;
        case DRIVER_DRAINED:
                cuff_event(cuff, EVENT_DRAINED);
                return false;
        case DRIVER_FAILED:
                plan_failed(cuff, request->error);
                return false;
        case DRIVER_KEEP:
                answer(cuff, cuff_memory_keep(cuff, request), NULL, 0);
                return true;
        default:
                r = ask(cuff, request);
                if (r < 0)
                        answer(cuff, r, NULL, 0);
                cuff->asking = r >= 0;
                return r < 0;
        }
}

/* Walks the plan until an operation is under way or there is nothing to ask. Records are committed
 * while the cuff works on the next read: it keeps them, so they can wait that long. */
void cuff_continue_plan(struct cuff *cuff) {
        deadline_clear(&cuff->plan_wait);
        while (!cuff->asking && continue_once(cuff))
                ;
        cuff_memory_commit(cuff);
}

void cuff_on_plan_wait(void *userdata) {
        struct cuff *cuff = userdata;
        struct driver_now now;

        now_for_driver(cuff, &now);
        plan_elapsed(&cuff->plan, &now);
        cuff_continue_plan(cuff);
}

/* Some cuffs may take writes without response only in theory. */
static bool ask_with_response(struct cuff *cuff, enum bluez_error error) {
        if (cuff->request.verb != DRIVER_WRITE_COMMAND || cuff->memory.no_commands ||
            (error != BLUEZ_NOT_SUPPORTED && error != BLUEZ_NOT_PERMITTED))
                return false;
        cuff->memory.no_commands = true;
        return ask(cuff, &cuff->request) >= 0;
}

static void on_gatt_done(void *owner, enum bluez_error error, const uint8_t *value,
                         size_t value_size) {
        struct cuff *cuff = owner;

        if (!session_is_linked(&cuff->session))
                return; /* cuff_listen_early: it is asked again in the session */
        if (error != BLUEZ_OK)
                log_cuff_debug(cuff->address, "The cuff's answer: %s",
                               bluez_error_to_string(error));
        if (cuff->session.state == SESSION_PAIRING) {
                pairing_subscribed(&cuff->collector->pairing, cuff, error);
                return;
        }
        if (ask_with_response(cuff, error))
                return;
        cuff->asking = false;
        collector_may_talk(cuff->collector, error);
        answer(cuff, bluez_error_to_errno(error), value, value_size);
        if (cuff->session.state == SESSION_SUBSCRIBING) {
                if (cuff->plan.subscribed) {
                        cuff_event(cuff, EVENT_SUBSCRIBED);
                        return;
                }
                if (error != BLUEZ_OK && cuff->request.verb == DRIVER_SUBSCRIBE)
                        cuff_set_trouble(cuff, "%s. %s", bluez_error_cause(error),
                                         bluez_error_remedy(error));
        }
        cuff_continue_plan(cuff);
}

int cuff_refuse_value(struct cuff *cuff, const char *uuid, const uint8_t *value, size_t size,
                      int error) {
        const char *word = error == -EBADMSG   ? "EBADMSG"
                           : error == -ENODATA ? "ENODATA"
                           : error == -ERANGE  ? "ERANGE"
                                               : "EINVAL";
        const char *text = error == -ENODATA  ? "the cuff reports a measurement that failed"
                           : error == -ERANGE ? "the values are not plausible"
                                              : "the bytes are damaged";

        int r = !cuff->collector->store
                        ? -ENODEV
                        : store_rejected_insert(cuff->collector->store, &cuff->record.address, uuid,
                                                value, size, word, wall_clock_now());

        if (r == 0) /* a record that was refused before */
                return 0;
        log_cuff_warning(cuff->address,
                         "A value was not taken as a measurement: %s (%s); its bytes are %s%s",
                         text, word, r < 0 ? "lost: " : "kept", r < 0 ? strerror(-r) : "");
        collector_happened(cuff->collector, "measurement_refused",
                           message_object("device", cuff->id, "code", word, "reason", text, NULL),
                           NULL);
        return r;
}

/* As read in this session, else in an earlier one; before the first reading all is believed. */
static void apply_feature(const struct cuff *cuff, struct measurement *m) {
        const struct driver_facts *facts = &cuff->plan.standard.facts;
        const struct number *known = &cuff->record.feature;
        const uint8_t bits[2] = {(uint8_t) known->value, (uint8_t) (known->value >> 8)};
        struct blood_pressure_feature feature = facts->feature;

        if (facts->has_feature ||
            (known->known && blood_pressure_feature_decode(bits, sizeof bits, &feature) == 0))
                blood_pressure_apply_feature(m, &feature);
}

/* A measurement that the cuff sent by itself. */
static void take_measurement(struct cuff *cuff, struct measurement *m, const uint8_t *value,
                             size_t size) {
        int r;

        apply_feature(cuff, m);
        r = intake_measurement(&cuff->collector->intake, &cuff->record.address, m, "2a35", value,
                               size, cuff->arrival_s);
        cuff->new_measurements += r != 0;
}

/* bluetoothd asks for encryption first, but listens meanwhile: to whoever has the cuff's address,
 * keys or not. A cuff says nothing before. */
static bool is_encrypted(struct cuff *cuff) {
        const struct bluez_adapter_info *adapter;
        enum bluez_link link;

        if (cuff->encrypted)
                return true;
        adapter = bluez_adapter_info(cuff->collector->adapter);
        link = bluez_link_look(adapter, &cuff->record.address);
        cuff->encrypted = link == BLUEZ_LINK_ENCRYPTED;
        return cuff->encrypted || link == BLUEZ_LINK_UNKNOWN;
}

/* Without keys anybody may have the cuff's address. Said once, until something is believed again.
 */
static bool on_gatt_believes(void *owner) {
        struct cuff *cuff = owner;
        const struct bluez_device_info *info = bluez_device_info(cuff->device);
        bool bonded = info->exists ? info->bonded : cuff->listed_bonded;
        bool believed = bonded && is_encrypted(cuff);

        if (!bonded && !cuff->told_stranger)
                log_cuff_warning(cuff->address,
                                 "Something with the cuff's address sends values, but has no bond "
                                 "with this computer: they are not taken. If it is your cuff, pair "
                                 "it again");
        else if (!believed && !cuff->told_stranger)
                log_cuff_warning(cuff->address,
                                 "A value came with the cuff's address over a link that was not "
                                 "encrypted, or had ended already: it is not taken, for it may be "
                                 "somebody else's");
        cuff->told_stranger = !believed;
        return believed;
}

static void on_gatt_value(void *owner, const char *uuid, const uint8_t *value, size_t size) {
        struct cuff *cuff = owner;
        struct driver_now now;
        struct measurement m;
        int r;

        if (!cuff->arrival_s) /* before the session has begun */
                cuff->arrival_s = wall_clock_now();
        cuff_event(cuff, EVENT_VALUE);
        now_for_driver(cuff, &now);
        r = plan_value(&cuff->plan, &now, uuid, value, size, &m);
        if (r == 1)
                take_measurement(cuff, &m, value, size);
        else if (r < 0 && r != -ENOTSUP)
                cuff_refuse_value(cuff, uuid, value, size, r);
        if (cuff->session.state == SESSION_SUBSCRIBING || cuff->session.state == SESSION_COLLECTING)
                cuff_continue_plan(cuff); /* it may be what the plan waited for */
}

/* BlueZ remembers a subscription made while the cuff is away and renews it on the next link, before
 * that has its services. Without it the first words of a cuff that speaks at once are confirmed to
 * nobody: after a restart of ours, and after a link that was lost while BlueZ renewed (it forgets
 * the subscription then). */
void cuff_listen_early(struct cuff *cuff) {
        if (cuff_memory_wants_silence(cuff))
                return;
        if (bluez_gatt_has(cuff->gatt, UUID_BLOOD_PRESSURE_MEASUREMENT))
                bluez_gatt_subscribe(cuff->gatt, UUID_BLOOD_PRESSURE_MEASUREMENT);
}

static void on_gatt_found(void *owner, size_t found, enum bluez_error error) {
        struct cuff *cuff = owner;

        if (!session_is_linked(&cuff->session))
                cuff_listen_early(cuff);
        if (cuff->session.state == SESSION_PAIRING) {
                pairing_found(&cuff->collector->pairing, cuff);
                if (!bluez_gatt_has(cuff->gatt, UUID_OMRON_RX0))
                        deadline_set_usec(&cuff->look_again, LOOK_AGAIN_USEC);
        }
        if (cuff->session.state != SESSION_RESOLVING)
                return;
        if (bluez_gatt_has(cuff->gatt, UUID_BLOOD_PRESSURE_MEASUREMENT) ||
            (cuff_option(cuff, CUFF_OPTION_MEMORY) && bluez_gatt_has(cuff->gatt, UUID_OMRON_RX0))) {
                cuff_event(cuff, EVENT_RESOLVED);
                return;
        }
        cuff_set_trouble(cuff,
                         error != BLUEZ_OK
                                 ? "BlueZ did not list what the cuff offers: press the cuff's "
                                   "Bluetooth button to try again"
                                 : "The cuff is connected, but offers neither Blood Pressure "
                                   "measurements nor a memory that this gateway may read: if it "
                                   "is a blood-pressure cuff, pair it again");
        deadline_set_usec(&cuff->look_again, LOOK_AGAIN_USEC);
}

void cuff_look_again(void *userdata) {
        struct cuff *cuff = userdata;

        if ((cuff->session.state == SESSION_RESOLVING || cuff->session.state == SESSION_PAIRING) &&
            cuff->gatt)
                bluez_gatt_find(cuff->gatt);
}

const struct bluez_gatt_events cuff_gatt_events = {
        .found = on_gatt_found,
        .done = on_gatt_done,
        .believes = on_gatt_believes,
        .value = on_gatt_value,
};
