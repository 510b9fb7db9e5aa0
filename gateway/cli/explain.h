/* `cuff2mqtt explain`: what a capture says about each pairing in it. Also for `pair --trace`, whose
 * frames come from the kernel's monitor channel: frames in (explain_frame), pairings out. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "cli/capture.h"
#include "cli/progress.h"
#include "core/trace.h"
#include "core/trace_btmon.h"
#include "cuff/verdict.h"

struct explain_events {
        /* One pairing is over. `p` is valid during the call. */
        void (*pairing)(void *owner, const struct trace_pairing *p);
};

struct explain {
        struct trace_hci hci;
        struct trace_air air;
        struct trace_btmon btmon;
        struct trace trace;
        const struct explain_events *events;
        void *owner;
        uint64_t frames;          /* packets; of text, blocks */
        struct progress progress; /* of reading; wiped away before a pairing is told */
};

/* Large (some 200 KiB): on the heap. */
void explain_init(struct explain *e, const struct explain_events *events, void *owner);
void explain_frame(struct explain *e, const struct capture_frame *frame);
void explain_end(struct explain *e);

/* The story of one pairing for people (explain_story.c). `keys`: show secret values too. */
void explain_story(FILE *f, unsigned n, const struct trace_pairing *p, const struct verdict *v,
                   bool keys);
/* `before`, then one object of "pairings", on one line without its end (explain_json.c). 0; or
 * -ENOMEM, and nothing is printed. */
int explain_json(FILE *f, const char *before, const struct trace_pairing *p,
                 const struct verdict *v);
/* The two requests side by side and the differences that can matter (explain_compare.c). */
void explain_compare(FILE *f, const struct trace_pairing *bad, const struct trace_pairing *good);
