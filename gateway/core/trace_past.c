#include "core/trace_past.h"

int64_t trace_past_since(int64_t from_usec, int64_t to_usec) {
        return from_usec >= 0 && to_usec >= from_usec ? to_usec - from_usec : -1;
}

/* --- addresses ----------------------------------------------------------------------------- */

static struct trace_history *find(struct trace *t, const struct bdaddr *address) {
        for (size_t i = 0; i < TRACE_ADVERTS_MAX; i++)
                if (t->history[i].used && bdaddr_equal(&t->history[i].address, address))
                        return &t->history[i];
        return NULL;
}

/* Found, or in place of the one that was touched longest ago: an unused one is as old as can be. */
static struct trace_history *take(struct trace *t, const struct bdaddr *address) {
        struct trace_history *h = find(t, address), *oldest = &t->history[0];

        for (size_t i = 1; i < TRACE_ADVERTS_MAX; i++)
                if (t->history[i].touched < oldest->touched)
                        oldest = &t->history[i];
        if (!h) {
                h = oldest;
                *h = (struct trace_history){.used = true, .address = *address};
        }
        h->touched = t->clock;
        return h;
}

void trace_past_advertised(struct trace *t, const struct trace_event *event) {
        struct trace_history *h;

        /* Without a flag it is no cuff, or tells nothing: a street full of beacons must not push
         * the cuffs out. */
        if (!event->has_address || event->pairing_flag == TRACE_NOT_TOLD)
                return;
        h = take(t, &event->address);
        h->pairing_flag = event->pairing_flag;
        h->advert_usec = event->usec;
}

void trace_past_connected(struct trace *t, struct trace_link *l) {
        struct trace_history *h = l->has_address ? find(t, &l->address) : NULL;

        if (!h)
                return;
        l->pairing_flag = h->pairing_flag;
        l->advert_usec = h->advert_usec;
}

void trace_past_pair_asked(struct trace *t, const struct bdaddr *address, bool asked) {
        if (asked || find(t, address)) /* an answer alone is no reason to remember */
                take(t, address)->pair_asked = asked;
}

/* --- adapters ------------------------------------------------------------------------------ */

static struct trace_adapter *find_adapter(struct trace *t, uint16_t adapter) {
        for (size_t i = 0; i < TRACE_ADAPTERS_MAX; i++)
                if (t->adapter[i].used && t->adapter[i].adapter == adapter)
                        return &t->adapter[i];
        return NULL;
}

/* With more adapters than places two share one, and the last that spoke has it. */
static struct trace_adapter *take_adapter(struct trace *t, uint16_t adapter) {
        struct trace_adapter *a = find_adapter(t, adapter);

        if (a)
                return a;
        a = &t->adapter[adapter % TRACE_ADAPTERS_MAX];
        for (size_t i = 0; a->used && i < TRACE_ADAPTERS_MAX; i++)
                if (!t->adapter[i].used)
                        a = &t->adapter[i];
        *a = (struct trace_adapter){.used = true, .adapter = adapter};
        return a;
}

void trace_past_mgmt(struct trace *t, const struct trace_event *event) {
        struct trace_adapter *a = take_adapter(t, event->adapter);

        if (event->kind == TRACE_BONDABLE)
                a->bondable = event->answer;
        if (event->kind == TRACE_IO_CAPABILITY) {
                a->has_io = true;
                a->io = event->io;
        }
}

/* --- a pairing ----------------------------------------------------------------------------- */

void trace_past_tell_settings(struct trace *t, struct trace_link *l) {
        struct trace_adapter *a = find_adapter(t, l->adapter);
        struct trace_pairing *p = &l->pairing;

        if (!a)
                return;
        p->has_mgmt = true;
        if (l->settled) /* what is set afterwards had no part in it */
                return;
        p->bondable = a->bondable;
        p->has_io = a->has_io;
        p->io = a->io;
}

void trace_past_tell(struct trace *t, struct trace_link *l) {
        struct trace_history *h = l->has_address ? find(t, &l->address) : NULL;
        const struct trace_past *past = h ? &h->past : &l->past;
        struct trace_pairing *p = &l->pairing;

        trace_past_tell_settings(t, l);
        p->pairing_flag = l->pairing_flag;
        p->flag_age_usec = p->since_failure_usec = -1;
        if (l->pairing_flag != TRACE_NOT_TOLD)
                p->flag_age_usec = trace_past_since(l->advert_usec, p->begin_usec);
        p->bonded_before = past->bonded;
        p->earlier_failures = past->failures;
        if (past->failures > 0)
                p->since_failure_usec = trace_past_since(past->failed_usec, p->begin_usec);
        p->pair_asked = h && h->pair_asked;
        if (h)
                h->pair_asked = false;
}

void trace_past_keep(struct trace *t, struct trace_link *l) {
        const struct trace_pairing *p = &l->pairing;
        bool failed = p->outcome == TRACE_FAILED || p->outcome == TRACE_INCOMPLETE ||
                      p->outcome == TRACE_KEY_REFUSED;
        struct trace_past *past;

        if (!failed && p->outcome != TRACE_BONDED)
                return;
        past = l->has_address ? &take(t, &l->address)->past : &l->past;
        if (failed) {
                past->failures++;
                past->failed_usec = p->end_usec;
        } else {
                past->bonded = true;
        }
}
