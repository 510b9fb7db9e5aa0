#include "cuff/session.h"

#include <assert.h>
#include <errno.h>
#include <stddef.h>

#include "cuff/text.h"

struct transition {
        enum session_state next; /* SESSION_NONE: not listed, ignored */
        enum session_action action;
};

/* The whole conversation. A value is kept in every state; a doubled entry does not compile. */
#pragma GCC diagnostic push
#pragma GCC diagnostic error "-Woverride-init"
/* clang-format off */
#define ON(event, state, action) [EVENT_##event] = {SESSION_##state, ACTION_##action}
#define LINK_ENDS \
        ON(LOST, RESTING, REST), ON(TIMEOUT, DISCONNECTING, DISCONNECT), \
        ON(STOP, DISCONNECTING, DISCONNECT)

static const struct transition table[SESSION_STATE_MAX_][SESSION_EVENT_MAX_] = {
        [SESSION_IDLE] = {
                ON(SEEN, CONNECTING, CONNECT),
                ON(CONNECTED, RESOLVING, NONE), /* BlueZ's auto-connect did it for us */
                ON(VALUE, IDLE, FEED),
        },
        [SESSION_CONNECTING] = {
                ON(CONNECTED, RESOLVING, NONE),
                ON(RESOLVED, SUBSCRIBING, SUBSCRIBE),
                ON(BOND_NEEDED, PAIRING, PAIR),
                ON(REFUSED, RESTING, REST), /* there is no link to close */
                ON(VALUE, CONNECTING, FEED),
                LINK_ENDS,
        },
        [SESSION_RESOLVING] = {
                ON(RESOLVED, SUBSCRIBING, SUBSCRIBE),
                ON(BOND_NEEDED, PAIRING, PAIR),
                ON(VALUE, RESOLVING, FEED),
                LINK_ENDS,
        },
        [SESSION_PAIRING] = {
                ON(BONDED, RESOLVING, NONE),
                ON(REFUSED, DISCONNECTING, DISCONNECT),
                ON(VALUE, PAIRING, FEED),
                LINK_ENDS,
        },
        [SESSION_SUBSCRIBING] = {
                ON(SUBSCRIBED, COLLECTING, COLLECT),
                ON(REFUSED, DISCONNECTING, DISCONNECT),
                ON(VALUE, SUBSCRIBING, FEED),
                LINK_ENDS,
        },
        [SESSION_COLLECTING] = {
                ON(DRAINED, LINGERING, NONE),
                ON(REFUSED, DISCONNECTING, DISCONNECT),
                ON(VALUE, COLLECTING, FEED),
                LINK_ENDS,
        },
        [SESSION_LINGERING] = {
                ON(VALUE, LINGERING, FEED),
                LINK_ENDS,
        },
        [SESSION_DISCONNECTING] = {
                ON(LOST, RESTING, REST),
                ON(REFUSED, RESTING, REST),
                ON(TIMEOUT, RESTING, REST),
                ON(VALUE, DISCONNECTING, FEED),
        },
        [SESSION_RESTING] = {
                ON(TIMEOUT, IDLE, NONE),
                ON(NEWS, IDLE, NONE),
                ON(CONNECTED, RESOLVING, NONE),
                ON(VALUE, RESTING, FEED),
        },
};
/* clang-format on */
#pragma GCC diagnostic pop

static void count_the_end(struct session *s) {
        /* From here the link can only have been lost: a timeout and a stop disconnect first. */
        if (s->state == SESSION_RESOLVING)
                s->unresolved_losses++;

        if (s->collected)
                s->unresolved_losses = 0;
        if (s->collected && !s->incomplete)
                s->failures = 0;
        else if (!s->stopped)
                s->failures++;
        s->collected = s->incomplete = s->stopped = false;
}

/* The only place that changes the state, and with it what the states before have taught us. */
static void enter(struct session *s, enum session_state next) {
        if (next == s->state)
                return;
        if (next == SESSION_RESTING)
                count_the_end(s);
        if (next == SESSION_COLLECTING)
                s->collected = true;
        /* Services resolved; or a new bond, of which earlier losses say nothing. */
        if (next == SESSION_SUBSCRIBING ||
            (s->state == SESSION_PAIRING && next == SESSION_RESOLVING))
                s->unresolved_losses = 0;
        s->state = next;
}

void session_init(struct session *s) {
        *s = (struct session){.state = SESSION_IDLE};
}

enum session_action session_step(struct session *s, enum session_event event) {
        const struct transition *t;

        assert((unsigned) event < SESSION_EVENT_MAX_);
        t = &table[s->state][event];
        if (t->next == SESSION_NONE)
                return ACTION_IGNORE;
        if (event == EVENT_STOP)
                s->stopped = true;
        /* With a remembered subscription a cuff can say all it has and hang up before BlueZ knows
         * its services (seen on the real bluetoothd). */
        if (event == EVENT_VALUE && session_is_linked(s))
                s->collected = true;
        enter(s, t->next);
        return t->action;
}

uint64_t session_timeout_usec(const struct session *s, const struct session_timing *timing) {
        switch (s->state) {
        case SESSION_CONNECTING:
                return timing->connecting_usec;
        case SESSION_RESOLVING:
                return timing->resolving_usec;
        case SESSION_PAIRING:
                return timing->pairing_usec;
        case SESSION_SUBSCRIBING:
                return timing->subscribing_usec;
        case SESSION_COLLECTING:
                return timing->collecting_usec;
        case SESSION_LINGERING:
                return timing->lingering_usec;
        case SESSION_DISCONNECTING:
                return timing->disconnecting_usec;
        default:
                return UINT64_MAX;
        }
}

uint64_t session_rest_usec(const struct session *s, const struct session_timing *timing,
                           uint32_t random) {
        uint64_t rest = timing->backoff_max_usec;
        unsigned doublings;

        if (s->failures == 0)
                return timing->cooldown_usec;

        doublings = s->failures - 1;
        if (doublings < 64 && timing->backoff_min_usec <= rest >> doublings)
                rest = timing->backoff_min_usec << doublings;
        /* Cuffs and gateways that failed together must not try again together. */
        return rest - rest / 4 + rest / 2 * (random >> 16) / UINT16_MAX;
}

bool session_is_linked(const struct session *s) {
        return s->state >= SESSION_CONNECTING && s->state <= SESSION_DISCONNECTING;
}

static const char *const state_words[SESSION_STATE_MAX_] = {
        [SESSION_NONE] = "none",
        [SESSION_IDLE] = "idle",
        [SESSION_CONNECTING] = "connecting",
        [SESSION_RESOLVING] = "resolving",
        [SESSION_PAIRING] = "pairing",
        [SESSION_SUBSCRIBING] = "subscribing",
        [SESSION_COLLECTING] = "collecting",
        [SESSION_LINGERING] = "lingering",
        [SESSION_DISCONNECTING] = "disconnecting",
        [SESSION_RESTING] = "resting",
};

static const char *const event_words[SESSION_EVENT_MAX_] = {
        [EVENT_SEEN] = "seen",         [EVENT_CONNECTED] = "connected",
        [EVENT_RESOLVED] = "resolved", [EVENT_BOND_NEEDED] = "bond_needed",
        [EVENT_BONDED] = "bonded",     [EVENT_SUBSCRIBED] = "subscribed",
        [EVENT_VALUE] = "value",       [EVENT_DRAINED] = "drained",
        [EVENT_REFUSED] = "refused",   [EVENT_LOST] = "lost",
        [EVENT_TIMEOUT] = "timeout",   [EVENT_STOP] = "stop",
        [EVENT_NEWS] = "news",
};

static const char *const action_words[SESSION_ACTION_MAX_] = {
        [ACTION_NONE] = "none", [ACTION_IGNORE] = "ignore",         [ACTION_CONNECT] = "connect",
        [ACTION_PAIR] = "pair", [ACTION_SUBSCRIBE] = "subscribe",   [ACTION_COLLECT] = "collect",
        [ACTION_FEED] = "feed", [ACTION_DISCONNECT] = "disconnect", [ACTION_REST] = "rest",
};

const char *session_state_to_string(enum session_state state) {
        return (unsigned) state < SESSION_STATE_MAX_ ? state_words[state] : "unknown";
}

const char *session_event_to_string(enum session_event event) {
        return (unsigned) event < SESSION_EVENT_MAX_ ? event_words[event] : "unknown";
}

const char *session_action_to_string(enum session_action action) {
        return (unsigned) action < SESSION_ACTION_MAX_ ? action_words[action] : "unknown";
}

int session_event_from_string(const char *text) {
        for (int event = 0; event < SESSION_EVENT_MAX_; event++)
                if (text_equal(text, event_words[event]))
                        return event;
        return -EINVAL;
}
