#include "core/trace.h"

#include <assert.h>

#include "core/trace_link.h"
#include "core/trace_past.h"

void trace_init(struct trace *t) {
        *t = (struct trace){0};
}

/* One event ends at most one pairing: what begins one leaves it open, or settled at most; and only
 * a link that nothing was known of can push another out. */
static void finish(struct trace *t, struct trace_link *l) {
        if (!l->active)
                return;
        assert(!t->has_done);
        trace_past_keep(t, l);
        t->done = l->pairing;
        t->has_done = true;
        l->active = l->settled = false;
}

static void begin(struct trace *t, struct trace_link *l, const struct trace_event *event) {
        struct trace_pairing *p = &l->pairing;

        l->active = true;
        l->settled = l->exchange = l->pending = false;
        for (size_t side = 0; side < sizeof l->keys; side++)
                l->keys[side] = l->last_code[side] = 0;
        *p = (struct trace_pairing){
                .outcome = TRACE_INCOMPLETE,
                .number = event->number,
                .connected_usec = l->connected_usec,
                .begin_usec = event->usec,
                .failed_after_usec = -1,
                .has_address = l->has_address,
                .address = l->address,
                .own_random = l->own_random,
        };
        trace_past_tell(t, l);
}

/* --- links --------------------------------------------------------------------------------- */

static struct trace_link *find(struct trace *t, const struct trace_event *event) {
        for (size_t i = 0; i < TRACE_LINKS_MAX; i++)
                if (t->link[i].used && t->link[i].adapter == event->adapter &&
                    t->link[i].handle == event->handle)
                        return &t->link[i];
        return NULL;
}

static void reset(struct trace_link *l, const struct trace_event *event) {
        *l = (struct trace_link){
                .used = true,
                .adapter = event->adapter,
                .handle = event->handle,
                .connected_usec = -1,
        };
}

/* A place for a link that is not in the table; the one touched longest ago is given up for it. */
static struct trace_link *take(struct trace *t, const struct trace_event *event) {
        struct trace_link *l = &t->link[0];

        for (size_t i = 1; i < TRACE_LINKS_MAX; i++)
                if (t->link[i].touched < l->touched)
                        l = &t->link[i];
        finish(t, l);
        reset(l, event);
        return l;
}

/* A new link, also where the end of the one before it on this handle was not seen. */
static void on_connected(struct trace *t, struct trace_link *l, const struct trace_event *event) {
        if (l) {
                finish(t, l);
                reset(l, event);
        } else {
                l = take(t, event);
        }
        l->touched = t->clock;
        l->connected_usec = event->usec;
        l->has_address = event->has_address;
        if (event->has_address)
                l->address = event->address;
        l->own_random = event->own_random;
        trace_past_connected(t, l);
}

/* Without an address the handle is all that later frames have in common with these. */
static void on_gone(struct trace_link *l) {
        l->used = !l->has_address;
        if (!l->used)
                l->touched = 0;
        l->connected_usec = -1;
        l->own_random = TRACE_NOT_TOLD;
}

static void on_link(struct trace *t, const struct trace_event *event) {
        struct trace_link *l = find(t, event);
        bool begins = trace_link_begins(l, event);

        if (event->kind == TRACE_CONNECTED) {
                on_connected(t, l, event);
                return;
        }
        if (!l && !begins)
                return;
        if (!l)
                l = take(t, event);
        l->touched = t->clock;
        if (begins) {
                finish(t, l);
                begin(t, l, event);
        }
        if (l->active && trace_link_step(l, event))
                finish(t, l);
        if (event->kind == TRACE_DISCONNECTED)
                on_gone(l);
}

/* --- user space ---------------------------------------------------------------------------- */

/* The link with this address whose pairing is active. A capture that began after the link did
 * gives it none: then the one without is meant. The last touched, if several are. */
static struct trace_link *active_link_of(struct trace *t, const struct trace_event *event) {
        struct trace_link *found = NULL, *nameless = NULL;

        for (size_t i = 0; i < TRACE_LINKS_MAX; i++) {
                struct trace_link *l = &t->link[i], **best = l->has_address ? &found : &nameless;

                if (!l->used || !l->active || l->adapter != event->adapter)
                        continue;
                if (l->has_address && !bdaddr_equal(&l->address, &event->address))
                        continue;
                if (!*best || l->touched > (*best)->touched)
                        *best = l;
        }
        return found ? found : nameless;
}

static void tell_links(struct trace *t, uint16_t adapter) {
        for (size_t i = 0; i < TRACE_LINKS_MAX; i++) {
                struct trace_link *l = &t->link[i];

                if (l->active && l->adapter == adapter)
                        trace_past_tell_settings(t, l);
        }
}

/* The kernel writes an MGMT event down once for each program that listens for such: the same one,
 * at the same microsecond. */
static bool is_repeated(const struct trace_event *last, const struct trace_event *event) {
        return event->usec >= 0 && last->usec == event->usec && last->kind == event->kind &&
               last->adapter == event->adapter && last->status == event->status &&
               last->io == event->io && last->answer == event->answer &&
               bdaddr_equal(&last->address, &event->address);
}

static void on_mgmt(struct trace *t, const struct trace_event *event) {
        bool setting = event->kind == TRACE_BONDABLE || event->kind == TRACE_IO_CAPABILITY;
        struct trace_link *l;

        if (is_repeated(&t->last_mgmt, event))
                return;
        t->last_mgmt = *event;
        trace_past_mgmt(t, event);
        tell_links(t, event->adapter);
        if (setting || !event->has_address)
                return;
        l = active_link_of(t, event);
        if (event->kind == TRACE_PAIR_ASKED && (!l || l->settled || !l->has_address)) {
                trace_past_pair_asked(t, &event->address, true); /* for the next one */
                return;
        }
        if (event->kind == TRACE_PAIRING_STATUS)
                trace_past_pair_asked(t, &event->address, false);
        if (l)
                (void) trace_link_step(l, event); /* user space's word ends none */
}

/* ------------------------------------------------------------------------------------------- */

const struct trace_pairing *trace_step(struct trace *t, const struct trace_event *event) {
        t->clock++;
        t->has_done = false;
        if (event->kind == TRACE_ADVERTISED)
                trace_past_advertised(t, event);
        else if (event->kind >= TRACE_PAIR_ASKED)
                on_mgmt(t, event);
        else
                on_link(t, event);
        return t->has_done ? &t->done : NULL;
}

const struct trace_pairing *trace_end(struct trace *t) {
        struct trace_link *oldest = NULL;

        t->has_done = false;
        for (size_t i = 0; i < TRACE_LINKS_MAX; i++) {
                struct trace_link *l = &t->link[i];

                if (l->active && (!oldest || l->pairing.number < oldest->pairing.number))
                        oldest = l;
        }
        if (!oldest)
                return NULL;
        finish(t, oldest);
        return &t->done;
}
