/* The pairing window: an agent for its time only, cuffs with the pairing flag or the address given,
 * stale bond removed first, discovery stopped, Connect, Pair, Bonded checked, first read. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

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
        struct deadline retry;      /* after a failure: not before; no scan until then */
        bool has_address;
        struct bdaddr address; /* the only cuff wanted */
        struct cuff *candidate;
        unsigned failures;
        bool removing;                               /* a stale bond is being removed */
        bool told_not_pairing;                       /* said once: seen, but not in pairing mode */
        bool explained;                              /* this attempt's failure is in `cause` */
        char *transaction;                           /* JSON text or NULL */
        char cause[256], evidence[256], remedy[256]; /* of the last failed attempt */
};

int pairing_init(struct pairing *p, struct collector *c);
void pairing_done(struct pairing *p);

/* 0; -EBUSY a window is open already; -ENODEV adapter off or absent. `transaction` is copied. */
int pairing_open(struct pairing *p, uint64_t usec, const struct bdaddr *address,
                 const char *transaction);
/* Closes an open window (nothing if none): `why` for bridge/event: "requested", "timeout",
 * "attempts", "paired", "adapter", "stopping". */
void pairing_close(struct pairing *p, const char *why);

bool pairing_wants(const struct pairing *p, const struct cuff *cuff); /* may be paired now */
bool pairing_waits(const struct pairing *p, const struct cuff *cuff); /* .. but not yet */
void pairing_sighted(struct pairing *p, const struct bluez_sighting *s);
/* From the candidate's session. */
void pairing_begins(struct pairing *p, struct cuff *cuff); /* the link is up: Pair() goes out */
void pairing_pair_done(struct pairing *p, struct cuff *cuff, enum bluez_error error);
void pairing_bonded_changed(struct pairing *p, struct cuff *cuff);
void pairing_session_rests(struct pairing *p, struct cuff *cuff);
void pairing_bus_down(struct pairing *p);
