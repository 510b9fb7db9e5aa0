/* What the readers of the formats share: the open capture, and how it fails. Private to
 * cli/capture*.c. */
#pragma once

#include <pcap/pcap.h>

#include "cli/capture.h"
#include "core/trace_btmon.h"

#define CAPTURE_HEAD_MAX  4096          /* the first bytes: what the format is told by */
#define CAPTURE_FRAME_MAX (65536 + 256) /* HCI counts in 16 bits; a header, and some */

struct capture {
        char name[104];  /* for sentences: the path, its end if it is long */
        char format[64]; /* for people */
        char trouble[CAPTURE_WHY_MAX];
        int fd;                         /* 0 is not ours */
        uint8_t head[CAPTURE_HEAD_MAX]; /* read ahead; handed out again by `file` */
        size_t head_size, head_at;
        uint64_t position, size;
        int error;  /* errno of the read that failed; 0 none did */
        FILE *file; /* the whole of it, from the first byte on; NULL: libpcap has it */
        pcap_t *pcap;
        int (*next)(struct capture *c, struct capture_frame *ret); /* as capture_next() */
        bool ended, has_first;
        int64_t first_usec;
        uint64_t number;   /* of the frame that was read last */
        uint32_t datalink; /* btsnoop's, or libpcap's link type */
        enum { CAPTURE_BYTES, CAPTURE_UTF16_LE, CAPTURE_UTF16_BE } encoding; /* of text */
        uint8_t bytes[CAPTURE_FRAME_MAX];                                    /* a frame, a line */
};

/* Each sets `next` and `format`. 0; or negative errno with the sentence in `trouble`. */
int capture_btsnoop_open(struct capture *c);
int capture_pcap_open(struct capture *c);
int capture_text_open(struct capture *c);

/* Puts the sentence into `trouble`; returns `error`. */
int capture_fail(struct capture *c, int error, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* Of frame `number`; both return -EBADMSG. */
int capture_fail_in_the_middle(struct capture *c, uint64_t number);
int capture_fail_damaged(struct capture *c, uint64_t number, const char *why);
int capture_fail_read(struct capture *c); /* from `error`, which it returns negative */

/* Of a frame: microseconds since the first one, from 0 to INT64_MAX whatever the file claims. */
int64_t capture_since_first(struct capture *c, int64_t usec);

static inline uint32_t capture_be32(const uint8_t *p) {
        return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}
