/* How `cuff2mqtt pair` shows what happens: the events of one pairing (types and data as on
 * bridge/event), in words; on a terminal with a countdown, for programs as JSON lines. What they
 * bring with them from the air or the broker drives no terminal: control characters become '?'. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "core/bdaddr.h"

enum pair_end {
        PAIR_GOES_ON,
        PAIR_PAIRED, /* bonded, and the first reading is over */
        PAIR_FAILED, /* code, cause, evidence and remedy are known */
        PAIR_CLOSED, /* the window was closed by somebody, or by us */
};

struct pair_view {
        FILE *out;
        bool json, terminal;
        int64_t until_s; /* UTC: the window's end; 0 not known */
        bool waiting;    /* the countdown is shown */
        bool bonded;
        enum pair_end end;
        char code[32];               /* "" not told */
        char device[BDADDR_ID_SIZE]; /* the cuff; "" not told */
        char cause[256], evidence[512], remedy[512], certainty[16];
};

void pair_view_init(struct pair_view *v, FILE *out, bool json);
/* One event. `data`: a JSON object as text, or NULL. */
void pair_view_event(struct pair_view *v, const char *type, const char *data);
/* What is no event of the pairing: a sentence ("The gateway runs; it does the pairing"). */
void pair_view_say(struct pair_view *v, const char *sentence);
/* It ends so, whatever the events said: by a code that is no cause ("no_broker"), or by one. */
void pair_view_fail(struct pair_view *v, const char *code, const char *cause, const char *evidence,
                    const char *remedy);
/* Each second, for the countdown. `now_s` UTC. */
void pair_view_tick(struct pair_view *v, int64_t now_s);
/* The ending: nothing more after a success; a sentence when it was closed; cause, evidence and
 * remedy in three lines; for programs one last object. `exit_code` goes into that. */
void pair_view_finish(struct pair_view *v, int exit_code);
