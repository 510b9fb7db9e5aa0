/* What somebody wants of a cuff: most sleep until their button is pressed, so it is kept until the
 * next connection, for a while. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "base/cleanup.h"

#define BY_HAND "The cuff does not let its clock be set: set it by hand"

void cuff_wish_answer(struct cuff *cuff, enum cuff_wish which, enum request_code code,
                      const char *data, const char *error) {
        struct cuff_wished *wish = &cuff->wish[which];
        struct collector *c = cuff->collector;
        uint64_t ticket = wish->ticket;

        wish->ticket = 0;
        deadline_clear(&wish->limit);
        c->events->answered(c->owner, ticket, code, data, error);
}

static void give_up(struct cuff *cuff, enum cuff_wish which) {
        if (cuff->device)
                cuff_wish_answer(cuff, which, REQUEST_TIMEOUT, NULL,
                                 "The cuff was not heard: bring it closer to the gateway, ask "
                                 "again, and press its Bluetooth button");
        else
                cuff_wish_answer(cuff, which, REQUEST_ADAPTER_OFF, NULL,
                                 "Bluetooth went away before the cuff was heard: check "
                                 "`systemctl status bluetooth` and the adapter, then ask again");
}

static void on_limit(void *userdata) {
        struct cuff_wished *wish = userdata;

        if (!session_is_linked(&wish->cuff->session)) /* else its end answers */
                give_up(wish->cuff, (enum cuff_wish)(wish - wish->cuff->wish));
}

bool cuff_wants(const struct cuff *cuff, enum cuff_wish which) {
        return cuff->wish[which].ticket;
}

int cuff_want(struct cuff *cuff, enum cuff_wish which, uint64_t ticket) {
        struct collector *c = cuff->collector;
        struct cuff_wished *wish = &cuff->wish[which];
        int r;

        if (wish->ticket)
                return -EALREADY;
        if (!cuff->device)
                return -ENODEV;
        if (session_is_linked(&cuff->session))
                return -EBUSY;
        if (c->pairing.active)
                return -EAGAIN;
        if (cuff->record.bond_lost && !bluez_device_info(cuff->device)->bonded)
                return -ENOKEY;
        r = deadline_set_usec(&wish->limit, c->config->timing.wish_usec);
        if (r < 0)
                return r;
        wish->ticket = ticket;
        if (cuff->session.state == SESSION_RESTING) {
                cuff_event(cuff, EVENT_NEWS);
                wake_arm(&c->wake);
        }
        return 0;
}

/* --- the session is over --- */

static void end_sync(struct cuff *cuff, bool good) {
        _cleanup_(freep) char *data = NULL;

        if (good && asprintf(&data, "{\"device\":\"%s\",\"new_records\":%u}", cuff->id,
                             cuff->new_measurements) < 0)
                data = NULL;
        cuff_wish_answer(cuff, CUFF_WISH_SYNC,
                         !good  ? REQUEST_BLE_FAILED
                         : data ? REQUEST_OK
                                : REQUEST_INTERNAL,
                         data, good ? NULL : cuff->trouble);
}

static void clock_was_set(struct cuff *cuff, struct number drift_s) {
        _cleanup_(freep) char *data = NULL;
        char drift[16] = "null";

        if (drift_s.known)
                snprintf(drift, sizeof drift, "%d", drift_s.value);
        if (asprintf(&data, "{\"device\":\"%s\",\"drift_before\":%s}", cuff->id, drift) < 0)
                data = NULL;
        cuff_wish_answer(cuff, CUFF_WISH_TIME, data ? REQUEST_OK : REQUEST_INTERNAL, data, NULL);
}

/* Why not, although the session was good. */
static void clock_was_not_set(struct cuff *cuff) {
        const struct driver_facts *f = &cuff->plan.standard.facts;
        enum request_code code = REQUEST_UNSUPPORTED;
        const char *why;

        if (f->clock_refused) {
                why = BY_HAND;
        } else if (f->clock_read && !system_clock_is_right(&cuff->collector->clock)) {
                why = CUFF_SYSTEM_CLOCK_WRONG;
        } else if (f->clock_read || cuff->has_clock) {
                code = REQUEST_BLE_FAILED;
                why = "The cuff hung up before its clock was set: ask again, and press its "
                      "Bluetooth button";
        } else if (cuff->plan.memory.facts.has_clock) {
                why = "The clock of this cuff stands in its memory, where nothing is written: see "
                      "the option omron.set_clock";
        } else {
                why = "The cuff has no clock that Bluetooth can set: set it by hand";
        }
        cuff_wish_answer(cuff, CUFF_WISH_TIME, code, NULL, why);
}

static void end_time(struct cuff *cuff, bool good) {
        const struct driver_facts *f = &cuff->plan.standard.facts;
        const struct driver_omron_facts *m = &cuff->plan.memory.facts;

        if (f->clock_set || m->wrote_clock)
                clock_was_set(cuff, f->clock_read ? f->drift_s : m->drift_s);
        else if (good || f->clock_refused)
                clock_was_not_set(cuff);
        else
                cuff_wish_answer(cuff, CUFF_WISH_TIME, REQUEST_BLE_FAILED, NULL, cuff->trouble);
}

/* One that came has been answered already. A cuff that only sent a measurement and was gone may
 * give it the next time, while there is time. */
static void end_dump(struct cuff *cuff, bool good) {
        if (!good)
                cuff_wish_answer(cuff, CUFF_WISH_DUMP, REQUEST_BLE_FAILED, NULL, cuff->trouble);
        else if (!deadline_is_set(&cuff->wish[CUFF_WISH_DUMP].limit))
                cuff_wish_answer(cuff, CUFF_WISH_DUMP, REQUEST_BLE_FAILED, NULL,
                                 "The cuff hung up before its memory could be read: ask again, "
                                 "and press its Bluetooth button");
}

void cuff_wishes_end(struct cuff *cuff, bool good) {
        if (cuff_wants(cuff, CUFF_WISH_SYNC))
                end_sync(cuff, good);
        if (cuff_wants(cuff, CUFF_WISH_TIME))
                end_time(cuff, good);
        if (cuff_wants(cuff, CUFF_WISH_DUMP))
                end_dump(cuff, good);
}

void cuff_wishes_look(struct cuff *cuff) {
        for (int which = 0; which < CUFF_WISHES; which++)
                if (cuff_wants(cuff, (enum cuff_wish) which) &&
                    !deadline_is_set(&cuff->wish[which].limit))
                        give_up(cuff, (enum cuff_wish) which);
}

void cuff_wishes_refuse(struct cuff *cuff, enum request_code code, const char *error) {
        for (int which = 0; which < CUFF_WISHES; which++)
                if (cuff_wants(cuff, (enum cuff_wish) which))
                        cuff_wish_answer(cuff, (enum cuff_wish) which, code, NULL, error);
}

void cuff_wishes_init(struct cuff *cuff) {
        for (size_t i = 0; i < CUFF_WISHES; i++) {
                cuff->wish[i].cuff = cuff;
                deadline_init(&cuff->wish[i].limit, cuff->collector->event, on_limit,
                              &cuff->wish[i]);
        }
}

void cuff_wishes_done(struct cuff *cuff) {
        for (size_t i = 0; i < CUFF_WISHES; i++)
                deadline_done(&cuff->wish[i].limit);
}
