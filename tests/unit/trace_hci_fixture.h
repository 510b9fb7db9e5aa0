/* Frames into trace_hci, from hex or from a capture; what came out. */
#pragma once

#include "base/cleanup.h"
#include "check.h"
#include "core/trace_hci.h"
#include "exact.h"

struct frames {
        struct trace_hci hci;
        uint64_t number;
        uint16_t adapter;
        struct trace_event got[TRACE_HCI_EVENTS_MAX]; /* of the last frame */
        size_t n;
};

static inline struct frames frames_new(void) {
        struct frames f = {0};

        trace_hci_init(&f.hci);
        return f;
}

/* How many events came of it. */
static inline size_t feed(struct frames *f, enum trace_hci_type type, enum trace_answer received,
                          const uint8_t *bytes, size_t n) {
        _cleanup_(freep) uint8_t *exact = exact_copy(bytes, n);
        struct trace_hci_frame frame = {
                .type = type,
                .received = received,
                .adapter = f->adapter,
                .number = ++f->number,
                .usec = (int64_t) (1000 * f->number),
                .bytes = exact,
                .n = n,
        };

        memset(f->got, 0, sizeof f->got);
        f->n = trace_hci_step(&f->hci, &frame, f->got);
        for (size_t i = 0; i < f->n; i++) {
                CHECK_EQ(f->got[i].number, f->number);
                CHECK_EQ(f->got[i].usec, 1000 * f->number);
                CHECK_EQ(f->got[i].adapter, f->adapter);
                CHECK_EQ(f->got[i].kind != TRACE_SMP && f->got[i].pdu_size, 0);
        }
        return f->n;
}

/* "3e 13 01": blanks are for the reader. */
static inline size_t hex_bytes(const char *hex, uint8_t *ret, size_t max) {
        static const char digits[] = "0123456789abcdef";
        size_t n = 0;

        for (; *hex; hex++) {
                const char *digit = strchr(digits, *hex);

                if (!digit)
                        continue;
                if (n / 2 == max)
                        abort();
                ret[n / 2] = (uint8_t) (ret[n / 2] << 4 | (digit - digits));
                n++;
        }
        return n / 2;
}

static inline size_t feed_hex(struct frames *f, enum trace_hci_type type,
                              enum trace_answer received, const char *hex) {
        uint8_t bytes[512] = {0};
        size_t n = hex_bytes(hex, bytes, sizeof bytes);

        return feed(f, type, received, bytes, n);
}

static inline size_t feed_event(struct frames *f, const char *hex) {
        return feed_hex(f, TRACE_HCI_EVENT, TRACE_NOT_TOLD, hex);
}

static inline size_t feed_command(struct frames *f, const char *hex) {
        return feed_hex(f, TRACE_HCI_COMMAND, TRACE_NOT_TOLD, hex);
}

static inline void check_address(const struct trace_event *event, const char *text) {
        char got[BDADDR_STRING_SIZE];

        CHECK(event->has_address);
        bdaddr_to_string(&event->address, got);
        CHECK_STR(got, text);
}

/* A frame and what comes of it, alone. */
struct vector {
        enum trace_hci_type type;
        const char *hex;
        enum trace_kind kind;
        size_t need; /* so many bytes of it are enough */
};

/* Cut anywhere, it gives its event or none. With the size field at `size_at` saying so (0: it has
 * none), the bytes after that do not count. */
static inline void check_cut(const struct vector *v, size_t size_at) {
        uint8_t bytes[512] = {0};
        size_t n = hex_bytes(v->hex, bytes, sizeof bytes);

        CHECK(v->need <= n);
        for (size_t k = 0; k <= n; k++) {
                struct frames f = frames_new();
                size_t want = k >= v->need;

                CHECK_EQ(feed(&f, v->type, TRACE_NOT_TOLD, bytes, k), want);
                CHECK(!want || f.got[0].kind == v->kind);
        }
        for (size_t k = size_at + 1; size_at && k <= n; k++) {
                struct frames f = frames_new();

                bytes[size_at] = (uint8_t) (k - size_at - 1);
                CHECK_EQ(feed(&f, v->type, TRACE_NOT_TOLD, bytes, n), k >= v->need);
        }
}

static inline uint32_t be32(const uint8_t *at) {
        return (uint32_t) at[0] << 24 | (uint32_t) at[1] << 16 | (uint32_t) at[2] << 8 | at[3];
}

/* Every event of a capture of btmon's, in order; false: the capture cannot be read. */
static inline bool each_event(const char *name,
                              void (*on_event)(const struct trace_event *event, void *data),
                              void *data) {
        const char *source = getenv("CUFF2MQTT_SOURCE");
        _cleanup_(fclosep) FILE *file = NULL;
        struct frames f = frames_new();
        uint8_t head[24], bytes[2048];
        char path[4096];

        snprintf(path, sizeof path, "%s/tests/captures/%s.btsnoop", source ? source : ".", name);
        file = fopen(path, "re");
        if (!file || fread(head, 16, 1, file) != 1 || memcmp(head, "btsnoop", 8) != 0 ||
            be32(head + 12) != 2001)
                return false;
        while (fread(head, sizeof head, 1, file) == 1) {
                uint32_t n = be32(head + 4), flags = be32(head + 8);
                enum trace_answer received;
                enum trace_hci_type type = trace_hci_of_monitor((uint16_t) flags, &received);

                if (n > sizeof bytes || fread(bytes, 1, n, file) != n)
                        return false;
                f.adapter = (uint16_t) (flags >> 16);
                feed(&f, type, received, bytes, n);
                for (size_t i = 0; i < f.n; i++)
                        on_event(&f.got[i], data);
        }
        return f.number > 0;
}
