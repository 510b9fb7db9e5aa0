/* The pairing window: an agent for its time only, cuffs with the pairing flag or the address given,
 * stale bond removed first, discovery stopped, Connect; then a ladder of attempts (Pair(), once
 * more, the cuff is let ask) until Bonded is true; first read (pairing_first.h). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "app/pairing_attempt.h"
#include "base/deadline.h"
#include "bluez/agent.h"
#include "bluez/monitor.h"
#include "core/bdaddr.h"

#define PAIRING_ATTEMPTS_MAX 5

struct collector;
struct cuff;

struct pairing {
        struct collector *collector;
        struct bluez_agent *agent;
        bool active;
        int64_t until_s; /* UTC */
        struct deadline window;
        struct deadline bond_check; /* it is paired: how long Bonded may take */
        struct deadline cuff_asks;  /* it is let ask: how long it may take */
        struct deadline retry;      /* after a failure: not before; no scan until then */
        bool has_address;
        struct bdaddr address; /* the only cuff wanted */
        struct cuff *candidate;
        unsigned users; /* of the candidate, as it advertises; 0: it does not tell */
        struct pairing_attempt attempt;
        unsigned failures;     /* refusals; a cuff that was not reached is none */
        unsigned faults;       /* attempts that failed and were not the cuff's doing */
        const char *why;       /* it closes, when its time is over */
        bool removing;         /* a stale bond is being removed */
        struct bdaddr removed; /* whose bond was; meaningful with bonded_before */
        bool bonded_before;
        bool told_not_pairing; /* said once: seen, but not in pairing mode */
        bool explained;        /* `failure` says why */
        char *transaction;     /* JSON text or NULL */
        uint64_t ticket;       /* of the request device/pair, which hears of the end; 0: none */
        struct pairing_failure failure; /* of the last failed attempt */
};

int pairing_init(struct pairing *p, struct collector *c);
void pairing_done(struct pairing *p);

/* 0; -EBUSY a window is open already; -ENODEV adapter off or absent. `transaction` is copied. */
int pairing_open(struct pairing *p, uint64_t usec, const struct bdaddr *address,
                 const char *transaction);
/* The window that was just opened is that of the request device/pair: `answered` at its end. */
void pairing_answer(struct pairing *p, uint64_t ticket);
/* Closes an open window (nothing if none): `why` for bridge/event: "requested", "timeout",
 * "attempts", "paired", "not_a_cuff", "too_many", "adapter", "agent_refused", "stopping". */
void pairing_close(struct pairing *p, const char *why);

bool pairing_wants(const struct pairing *p, const struct cuff *cuff); /* may be paired now */
bool pairing_waits(const struct pairing *p, const struct cuff *cuff); /* .. but not yet */
void pairing_sighted(struct pairing *p, const struct bluez_sighting *s);
/* From the candidate's session. */
void pairing_connects(struct pairing *p, struct cuff *cuff); /* Connect() goes out */
void pairing_linked(struct pairing *p, struct cuff *cuff);   /* Connected is true */
void pairing_connect_failed(struct pairing *p, struct cuff *cuff, enum bluez_error error);
void pairing_begins(struct pairing *p, struct cuff *cuff); /* .. and it answers: the rung begins */
void pairing_resolved(struct pairing *p, struct cuff *cuff); /* its services are known */
void pairing_found(struct pairing *p, struct cuff *cuff);    /* .. and their objects */
void pairing_subscribed(struct pairing *p, struct cuff *cuff, enum bluez_error error);
void pairing_pair_done(struct pairing *p, struct cuff *cuff, enum bluez_error error);
void pairing_bonded_changed(struct pairing *p, struct cuff *cuff);
void pairing_timed_out(struct pairing *p, struct cuff *cuff); /* the session's own limit */
void pairing_session_rests(struct pairing *p, struct cuff *cuff);
void pairing_bus_down(struct pairing *p);

/* --- between pairing.c (the window, finding the cuff) and pairing_ladder.c (the attempts) --- */
void pairing_ladder_init(struct pairing *p);
/* `pairing_progress`. `seen`: the advertisement that it is about; NULL: the candidate, if any. */
void pairing_progress(struct pairing *p, const char *step, const char *text,
                      const struct bluez_sighting *seen);
void pairing_attempt_start(struct pairing *p, enum trace_answer flag);
void pairing_asked(struct pairing *p, bool accepted); /* our agent, about the candidate */
/* `failure` says why. `*count`, failures or faults, has an end; NULL: the cuff was not reached.
 * Only failures lead to the next rung. */
void pairing_try_later(struct pairing *p, unsigned *count);
/* pairing_answer.c: of device/pair, before the candidate is forgotten. `failure` says why, if it
 * failed. */
void pairing_answer_end(struct pairing *p, const char *why, bool failed);
/* The time is over and no attempt has failed so far: none was made, or one is being made. */
void pairing_guess_unended(struct pairing *p);
