/* Captures of any kind as one stream of frames, in one pass and constant memory: btsnoop (monitor
 * 2001, H4 1002, HCI 1001), pcap and pcapng (through libpcap: link types 187, 201, 254, 251, 256,
 * 272), and btmon's text. The first bytes tell which. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "core/trace_air.h"
#include "core/trace_hci.h"

enum capture_kind {
        CAPTURE_HCI,  /* hci */
        CAPTURE_AIR,  /* air */
        CAPTURE_TEXT, /* line */
};

struct capture_frame {
        enum capture_kind kind;
        union {
                struct trace_hci_frame hci;
                struct trace_air_frame air;
                struct {
                        const char *text; /* without its end; not terminated */
                        size_t n;
                } line;
        };
};

struct capture; /* opaque */

#define CAPTURE_WHY_MAX 512 /* holds any sentence about why not */

/* `path` "-" is standard input. Takes over nothing. 0; -EINVAL: no capture, or of a kind that is
 * not read; other errno: it cannot be opened or read. On failure a sentence for people is in
 * `ret_why`. Text is taken whatever it says: whether it is btmon's, core/trace_btmon knows. */
int capture_open(const char *path, struct capture **ret, char *ret_why, size_t why_size);
void capture_free(struct capture *c);
DEFINE_CLEANUP(struct capture *, capture_free)

/* 1 and a frame (its bytes are valid until the next call); 0 at the end; -EBADMSG: damaged from
 * here on, or it ends in the middle of a frame; another errno: reading failed. After that, and
 * after 0, nothing more comes: 0. `capture_trouble()` is then a sentence for people, else "".
 * `usec` of a frame is never negative: what claims to be before the first frame counts as 0. */
int capture_next(struct capture *c, struct capture_frame *ret);
const char *capture_trouble(const struct capture *c);

/* For progress: bytes read so far, and in all (0: not known, as of a pipe). */
uint64_t capture_position(const struct capture *c);
uint64_t capture_size(const struct capture *c);
/* "btsnoop (Linux monitor)", "btmon's text": for people. */
const char *capture_format(const struct capture *c);
