#include "cuff/plan.h"

#include <assert.h>
#include <errno.h>

#include "core/gatt_uuid.h"
#include "cuff/text.h"

enum stage {
        STAGE_STANDARD,  /* its subscription, reads and clock; without a memory: all there is */
        STAGE_LISTEN,    /* for what the cuff sends by itself */
        STAGE_MEMORY,    /* unlock to END */
        STAGE_SUBSCRIBE, /* 2A35, when it comes last */
        STAGE_OVER,      /* `last` says how */
        STAGE_MAX_,
};

static bool hears(const struct plan *p) {
        return p->setup.has_standard && p->setup.listen;
}

static bool hears_last(const struct plan *p) {
        return hears(p) && p->setup.memory.paired_now;
}

static void tell_standard(struct plan *p) {
        p->standard.clock_wanted = p->setup.clock_wanted;
        p->standard.is_described = p->setup.is_described;
}

void plan_begin(struct plan *p, const struct plan_setup *setup) {
        *p = (struct plan){.setup = *setup, .last.verb = DRIVER_DRAINED};
        if (!setup->has_standard || (setup->has_memory && (!hears(p) || hears_last(p))))
                driver_standard_begin_reading(&p->standard, setup->may_set_clock);
        else
                driver_standard_begin(&p->standard, setup->may_set_clock);
        tell_standard(p);
}

/* --- from one stage to the next ----------------------------------------------------------------
 */

static void open_memory(struct plan *p) {
        struct driver_omron_setup setup = p->setup.memory;
        const struct driver_facts *facts = &p->standard.facts;
        const char *name = facts->model[0] ? facts->model : p->setup.model;

        setup.clock_by_profile =
                setup.clock_by_profile ||
                (p->setup.may_set_clock && facts->clock_read && !facts->clock_refused);
        driver_omron_begin(&p->memory, &setup, name);
        p->stage = STAGE_MEMORY;
}

/* The standard profile is through. Listening is of use only where something can be heard. */
static void leave_standard(struct plan *p, const struct driver_request *request) {
        if (request->verb == DRIVER_FAILED) {
                p->last = *request;
                p->stage = STAGE_OVER;
        } else if (p->hearing) {
                p->heard = false;
                p->stage = STAGE_LISTEN;
        } else {
                open_memory(p);
        }
}

/* What the cuff sends by itself may still come when its memory stays shut. */
static void leave_memory(struct plan *p, const struct driver_request *request) {
        bool lost = request->error == -ENOTCONN;

        p->last = *request;
        p->stage = hears_last(p) && !lost ? STAGE_SUBSCRIBE : STAGE_OVER;
        if (request->verb == DRIVER_FAILED && p->hearing && !lost)
                p->last = (struct driver_request){.verb = DRIVER_WAIT};
}

static void ask(struct plan *p, const struct driver_now *now, struct driver_request *ret) {
        assert(p->stage < STAGE_MAX_);
        if (p->stage == STAGE_STANDARD) {
                driver_standard_next(&p->standard, now, ret);
                if (!p->setup.has_memory || ret->verb < DRIVER_WAIT)
                        return;
                leave_standard(p, ret);
        }
        if (p->stage == STAGE_MEMORY) {
                driver_omron_next(&p->memory, now, ret);
                if (ret->verb != DRIVER_DRAINED && ret->verb != DRIVER_FAILED)
                        return;
                leave_memory(p, ret);
        }
        if (p->stage == STAGE_LISTEN)
                *ret = (struct driver_request){.verb = DRIVER_WAIT,
                                               .wait_usec = p->setup.memory.timing.listen_usec};
        else if (p->stage == STAGE_SUBSCRIBE)
                *ret = (struct driver_request){.verb = DRIVER_SUBSCRIBE,
                                               .uuid = UUID_BLOOD_PRESSURE_MEASUREMENT};
        else
                *ret = p->last;
}

void plan_next(struct plan *p, const struct driver_now *now, struct driver_request *ret) {
        ask(p, now, ret);
        p->asked = ret->verb;
}

/* --- what happens ------------------------------------------------------------------------------
 */

/* A memory is reason enough to go on without 2A35. */
static void reply_standard(struct plan *p, const struct driver_now *now, int error,
                           const uint8_t *value, size_t value_size) {
        bool subscribes = p->asked == DRIVER_SUBSCRIBE;

        p->hearing = p->hearing || (subscribes && error == 0);
        if (subscribes && error < 0 && error != -ENOTCONN && p->setup.has_memory) {
                driver_standard_begin_reading(&p->standard, p->setup.may_set_clock);
                tell_standard(p);
        } else
                driver_standard_reply(&p->standard, now, error, value, value_size);
}

/* 2A35 came last. A memory that was read has told all there is; else the cuff may still send. */
static void reply_subscribe(struct plan *p, int error) {
        p->stage = STAGE_OVER;
        p->hearing = error == 0;
        if (p->hearing && p->last.verb == DRIVER_FAILED)
                p->last = (struct driver_request){.verb = DRIVER_WAIT};
}

void plan_reply(struct plan *p, const struct driver_now *now, int error, const uint8_t *value,
                size_t value_size) {
        p->subscribed = p->subscribed || (p->asked == DRIVER_SUBSCRIBE && error == 0);
        if (p->stage == STAGE_STANDARD)
                reply_standard(p, now, error, value, value_size);
        else if (p->stage == STAGE_MEMORY)
                driver_omron_reply(&p->memory, now, error);
        else if (p->stage == STAGE_SUBSCRIBE)
                reply_subscribe(p, error);
}

int plan_value(struct plan *p, const struct driver_now *now, const char *uuid, const uint8_t *value,
               size_t value_size, struct measurement *ret) {
        if (p->stage == STAGE_MEMORY &&
            driver_omron_value(&p->memory, now, uuid, value, value_size) == 0)
                return 0;
        if (text_equal(uuid, UUID_BLOOD_PRESSURE_MEASUREMENT))
                p->heard = true;
        return driver_standard_value(&p->standard, uuid, value, value_size, ret);
}

/* The wait may or may not have begun anew with the value: this way it has. */
void plan_elapsed(struct plan *p, const struct driver_now *now) {
        if (p->stage == STAGE_MEMORY)
                driver_omron_elapsed(&p->memory, now);
        else if (p->stage == STAGE_LISTEN && p->heard)
                p->heard = false;
        else if (p->stage == STAGE_LISTEN)
                open_memory(p);
}

void plan_stop(struct plan *p) {
        if (p->stage == STAGE_MEMORY)
                driver_omron_stop(&p->memory);
        else
                p->stage = STAGE_OVER;
}
