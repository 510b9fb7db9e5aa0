/* Any text as btmon's. Whatever it says, its events are sound; and quoted and with CRLF it
 * says the same. */
#include "core/trace_btmon.h"

#include "exact.h"
#include "fuzz/property.h"

#define EVENTS_MAX 64 /* that are compared */

struct story {
        struct trace_event event[EVENTS_MAX];
        size_t n;
        bool seen;
};

static void require_pdu(const struct trace_event *e) {
        struct smp_pdu pdu;

        REQUIRE(e->pdu_size >= 1 && e->pdu_size <= SMP_PDU_MAX);
        for (size_t i = e->pdu_size; i < SMP_PDU_MAX; i++)
                REQUIRE(e->pdu[i] == 0);
        if (e->pdu_cut)
                REQUIRE(smp_size(e->pdu[0]) == 0 || e->pdu_size < smp_size(e->pdu[0]));
        else if (e->pdu[0] != SMP_IDENTITY_ADDRESS_INFORMATION || e->pdu[1] <= 1)
                REQUIRE(smp_decode(e->pdu, e->pdu_size, &pdu) == 0);
        else
                REQUIRE(e->pdu_size == smp_size(e->pdu[0]));
}

static void require_event(const struct trace_event *e) {
        REQUIRE(e->kind < TRACE_KIND_MAX_);
        REQUIRE(e->usec >= -1);
        REQUIRE(e->handle <= 0x0FFF);
        if (e->kind == TRACE_SMP)
                require_pdu(e);
        else
                REQUIRE(e->side == TRACE_UNKNOWN && e->pdu_size == 0 && !e->pdu_cut);
        REQUIRE(e->kind != TRACE_ADVERTISED || e->has_address);
        REQUIRE((e->kind == TRACE_CONFIRM_ANSWERED || e->kind == TRACE_BONDABLE) ==
                (e->answer != TRACE_NOT_TOLD));
}

static void keep(struct story *story, const struct trace_event *e) {
        require_event(e);
        if (story->n < EVENTS_MAX)
                story->event[story->n++] = *e;
}

/* One line between other things. */
static void give(struct story *story, struct trace_btmon *b, const char *before,
                 const uint8_t *line, size_t n, const char *after) {
        size_t size = strlen(before) + n + strlen(after);
        struct trace_event e;
        uint8_t *exact = size ? malloc(size) : NULL;

        if (size && !exact)
                abort();
        if (size) {
                memcpy(exact, before, strlen(before));
                if (n)
                        memcpy(exact + strlen(before), line, n);
                memcpy(exact + strlen(before) + n, after, strlen(after));
        }
        memset(&e, 0xAA, sizeof e);
        if (trace_btmon_line(b, (const char *) exact, size, &e))
                keep(story, &e);
        else
                for (size_t i = 0; i < sizeof e; i++)
                        REQUIRE(((const uint8_t *) &e)[i] == 0xAA);
        REQUIRE(!trace_btmon_is_header((const char *) exact, size) || b->seen);
        free(exact);
}

static void tell(struct story *story, const uint8_t *data, size_t n, const char *before,
                 const char *after) {
        struct trace_btmon b;
        struct trace_event e;

        memset(story, 0, sizeof *story);
        trace_btmon_init(&b);
        while (n > 0) {
                const uint8_t *end = memchr(data, '\n', n);
                size_t length = end ? (size_t) (end - data) : n, used = length + (end ? 1 : 0);

                give(story, &b, before, data, length, after);
                data += used;
                n -= used;
        }
        if (trace_btmon_end(&b, &e))
                keep(story, &e);
        REQUIRE(!trace_btmon_end(&b, &e));
        REQUIRE(b.seen || story->n == 0);
        story->seen = b.seen;
}

static bool same(const struct trace_event *a, const struct trace_event *b) {
        return a->kind == b->kind && a->number == b->number && a->usec == b->usec &&
               a->adapter == b->adapter && a->handle == b->handle &&
               (a->side == b->side || a->side == TRACE_UNKNOWN) && /* quoted: the sign is > */
               a->has_address == b->has_address && bdaddr_equal(&a->address, &b->address) &&
               a->status == b->status && a->io == b->io && a->stored == b->stored &&
               a->own_random == b->own_random && a->answer == b->answer &&
               a->pairing_flag == b->pairing_flag && a->pdu_size == b->pdu_size &&
               a->pdu_cut == b->pdu_cut && memcmp(a->pdu, b->pdu, sizeof a->pdu) == 0;
}

/* No line that a mark of quotation pushes over the limit. */
static bool is_short(const uint8_t *data, size_t n) {
        size_t length = 0;

        for (size_t i = 0; i < n && length <= TRACE_BTMON_LINE_MAX - 8; i++)
                length = data[i] == '\n' ? 0 : length + 1;
        return length <= TRACE_BTMON_LINE_MAX - 8;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static struct story plain, other;

        tell(&plain, data, n, "", "");
        if (!is_short(data, n))
                return 0;
        tell(&other, data, n, "> ", "\r");
        REQUIRE(other.seen == plain.seen && other.n == plain.n);
        for (size_t i = 0; i < plain.n; i++)
                REQUIRE(same(&plain.event[i], &other.event[i]));
        return 0;
}
