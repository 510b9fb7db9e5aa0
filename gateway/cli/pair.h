/* `cuff2mqtt pair`: one guided pairing with one clear ending. Through the running service
 * (pair_service.c: its request, and its events, over MQTT), or, where no service is on the
 * database, by itself (pair_alone.c: the same collector). */
#pragma once

#include <systemd/sd-event.h>

#include "app/config.h"
#include "base/deadline.h"
#include "cli/pair_view.h"
#include "core/bdaddr.h"
#include "cuff/verdict.h"

struct pair {
        const struct config *config;
        const struct bdaddr *address; /* NULL: the first cuff with a blinking P */
        sd_event *event;
        struct pair_view view;
        struct deadline tick;
        const struct pair_part *part;
        void *state; /* of the part */
        struct pair_trace *trace;
        bool interrupted;
        int exit_code; /* of an ending that is no pairing's; 0: by the view */
};

/* One of the two ways. */
struct pair_part {
        /* 0; negative errno: the ending is known (pair_fail). What it makes is `p->state`. */
        int (*start)(struct pair *p);
        void (*close)(struct pair *p);  /* the user does not want to go on: closes the window */
        void (*finish)(struct pair *p); /* the ending is known: ends the loop, in order */
        void (*free)(struct pair *p);
};
extern const struct pair_part pair_service, pair_alone;

/* An event of this pairing. When it is the last one the loop ends. */
void pair_event(struct pair *p, const char *type, const char *data);
/* An ending that is no pairing's; the loop ends. Its code is a row of pair_codes (pair.c). */
void pair_fail(struct pair *p, const char *code, const char *cause, const char *evidence,
               const char *remedy);

/* --- the kernel's monitor channel (pair_trace.c): what was said on the air, D-Bus does not tell
 * --- */

/* A descriptor to listen with; -EPERM: root or CAP_NET_RAW is needed; other negative errno: no
 * Bluetooth here. */
int pair_trace_open(void);
/* Listens from now on; `fd`, whose messages are the monitor channel's, is its own from here. 0;
 * negative errno. */
int pair_trace_new(sd_event *event, int fd, struct pair_trace **ret);
void pair_trace_free(struct pair_trace *t);
/* Why the last pairing that failed did so, if it was this device's (its id, bdaddr_to_id()). */
bool pair_trace_verdict(struct pair_trace *t, const char *device, struct verdict *ret);
/* How that pairing ended, and what speaks for this cause of it. */
void pair_trace_evidence(const struct pair_trace *t, const struct verdict_cause *cause, char *ret,
                         size_t size);
/* The story of the same pairing, whosever it was, on `out`. */
void pair_trace_tell(struct pair_trace *t, FILE *out);
