/* One conversation with one cuff, from its advertisement to rest: a table, sans-I/O.
 * The owner turns what happens into events, does what the returned action says, and runs one timer.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum session_state {
        SESSION_NONE, /* "no entry" in the table, never a session's state */
        SESSION_IDLE,
        SESSION_CONNECTING,
        SESSION_RESOLVING,
        SESSION_PAIRING,
        SESSION_SUBSCRIBING,
        SESSION_COLLECTING,
        SESSION_LINGERING,
        SESSION_DISCONNECTING,
        SESSION_RESTING,
        SESSION_STATE_MAX_,
};

enum session_event {
        EVENT_SEEN,        /* an advertisement that is worth a connection */
        EVENT_CONNECTED,   /* the link is up, by us or by BlueZ's auto-connect */
        EVENT_RESOLVED,    /* ServicesResolved and the characteristics are known */
        EVENT_BOND_NEEDED, /* the link is up or asked for, not bonded, and pairing is allowed */
        EVENT_BONDED,      /* Pair() succeeded and Bonded is true */
        EVENT_SUBSCRIBED,
        EVENT_VALUE,   /* the cuff indicated something */
        EVENT_DRAINED, /* the driver has all it wants */
        EVENT_REFUSED, /* a call failed for good; the owner knows why */
        EVENT_LOST,    /* the link is gone (also: the reply to Disconnect, bluetoothd gone) */
        EVENT_TIMEOUT, /* this state lasted longer than session_timeout_usec */
        EVENT_STOP,    /* the service stops */
        EVENT_NEWS,    /* while resting: new sequence, flag 0x40, pairing asked for */
        SESSION_EVENT_MAX_,
};

enum session_action {
        ACTION_NONE,   /* the state changed; nothing to do */
        ACTION_IGNORE, /* not in the table: log at debug */
        ACTION_CONNECT,
        ACTION_PAIR,
        ACTION_SUBSCRIBE,
        ACTION_COLLECT,
        ACTION_FEED, /* hand the value to the driver */
        ACTION_DISCONNECT,
        ACTION_REST, /* the conversation is over: session_rest_usec tells how long to rest */
        SESSION_ACTION_MAX_,
};

/* All of it in one place, so that tests can shorten it. */
struct session_timing {
        uint64_t connecting_usec;    /* 15 s */
        uint64_t resolving_usec;     /* 30 s */
        uint64_t pairing_usec;       /* 60 s */
        uint64_t subscribing_usec;   /* 15 s */
        uint64_t collecting_usec;    /* 180 s */
        uint64_t lingering_usec;     /* 5 s */
        uint64_t disconnecting_usec; /* 10 s */
        uint64_t cooldown_usec;      /* rest after a good session: 60 s */
        uint64_t backoff_min_usec; /* rest after the first failure in a row: 5 s, then doubled .. */
        uint64_t backoff_max_usec; /* .. up to 300 s */
};

#define SESSION_TIMING_DEFAULT                                                                     \
        ((struct session_timing){15000000, 30000000, 60000000, 15000000, 180000000, 5000000,       \
                                 10000000, 60000000, 5000000, 300000000})

struct session {
        enum session_state state;
        bool collected;  /* reached COLLECTING, or a value came, since the last rest: losing it is
                          * no failure */
        bool incomplete; /* set by the owner: a part of what the cuff holds is still to be read; the
                          * end is a failure then, and tried again soon */
        bool stopped;    /* told to stop since the last rest: nor is that */
        unsigned failures; /* sessions in a row that never reached COLLECTING or were incomplete */
        unsigned unresolved_losses; /* links in a row lost before the services were resolved:
                                     * two or more while bonded mean a lost bond */
};

void session_init(struct session *s);

/* One event. Returns what to do; ACTION_IGNORE changes nothing. */
enum session_action session_step(struct session *s, enum session_event event);

/* How long the present state may last; UINT64_MAX for IDLE; RESTING: see session_rest_usec. */
uint64_t session_timeout_usec(const struct session *s, const struct session_timing *timing);

/* How long to rest now: the cool-down after a good session, else backoff_min * 2^(failures-1)
 * capped at backoff_max, with +-25 % jitter taken from `random` (any 32 bits). */
uint64_t session_rest_usec(const struct session *s, const struct session_timing *timing,
                           uint32_t random);

/* True from CONNECTING to DISCONNECTING: the adapter is busy with this cuff. */
bool session_is_linked(const struct session *s);

/* The words of the table (gateway/README.md) in lower case ("resting"), for logs and transcripts.
 * Never NULL. */
const char *session_state_to_string(enum session_state state);
const char *session_event_to_string(enum session_event event);
const char *session_action_to_string(enum session_action action);
/* -EINVAL for an unknown word. */
int session_event_from_string(const char *text);
