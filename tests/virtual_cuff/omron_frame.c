/* Frames of the memory protocol:
 *
 *   0    1  2   3  4   5   6 .. 6+n-1   6+n   7+n
 *   LEN  TYPE   ADDR   N   payload      RES   XOR      TYPE and ADDR most significant byte first
 *
 * LEN counts all bytes, all of them XORed give 0. From captures of an HEM-7280T and an HEM-7140T1
 * (userx14/omblepy#57, #39) and an HEM-7155T-MW3 (dzikus/esphome-omron). */
#include <string.h>

#include "cuff.h"
#include "log.h"
#include "util.h"

enum { FRAME_MIN = 8, PAYLOAD_AT = 6 };
enum { START = 0x0000, READ = 0x0100, WRITE = 0x01C0, END = 0x0F00, REPLY = 0x8000 };

struct request {
        struct cuff *cuff;
        uint64_t now;
        uint16_t type, address;
        uint8_t n; /* byte 5 */
        const uint8_t *payload;
        size_t size; /* of the payload */
};

struct reply {
        uint8_t payload[OMRON_PAYLOAD_MAX];
        size_t size;
        uint8_t result;
};

/* --- to the host --- */

static uint8_t xor_of(const uint8_t *bytes, size_t n) {
        uint8_t all = 0;

        while (n--)
                all ^= *bytes++;
        return all;
}

static size_t encode(const struct request *q, const struct reply *r, uint8_t ret[OMRON_FRAME_MAX]) {
        uint16_t type = q->type | REPLY;
        size_t n = FRAME_MIN + r->size;

        memset(ret, 0, OMRON_FRAME_MAX);
        ret[0] = (uint8_t) n;
        ret[1] = (uint8_t) (type >> 8);
        ret[2] = (uint8_t) type;
        ret[3] = (uint8_t) (q->address >> 8);
        ret[4] = (uint8_t) q->address;
        ret[5] = q->n;
        memcpy(ret + PAYLOAD_AT, r->payload, r->size);
        ret[n - 2] = r->result;
        ret[n - 1] = xor_of(ret, n - 1);
        return n;
}

/* Classic: slice i leaves on RXi, padded with zeros. Modern: one notification. */
static void send_slices(const struct request *q, uint64_t delay, const uint8_t *frame, size_t n,
                        bool drops_last) {
        static const uint16_t channels[OMRON_CHANNELS] = {UUID_RX0, UUID_RX1, UUID_RX2, UUID_RX3};
        bool modern = q->cuff->memory.map->stack == MEMORY_MODERN;
        size_t slice = modern ? OMRON_FRAME_MAX : OMRON_SLICE, count = (n + slice - 1) / slice;

        for (size_t i = 0; i + drops_last < count; i++) {
                uint64_t due = delay ? q->now + delay + i : omron_turn(q->cuff, q->now);

                omron_notify(q->cuff, due, channels[i], frame + i * slice, modern ? n : slice);
        }
}

static void send_reply(const struct request *q, const struct reply *r) {
        struct omron *o = &q->cuff->memory_protocol;
        uint8_t frame[OMRON_FRAME_MAX];
        size_t n = encode(q, r, frame);
        unsigned delay_ms = 0;
        bool drops;

        if (omron_fault_befalls(o, OMRON_GARBAGE_REPLY, NULL)) {
                memset(frame, 0xA5, sizeof frame);
                n = OMRON_SLICE;
        }
        if (omron_fault_befalls(o, OMRON_CORRUPT_REPLY, NULL))
                frame[n - 1] ^= 0x55;
        omron_fault_befalls(o, OMRON_DELAY_REPLY, &delay_ms);
        drops = omron_fault_befalls(o, OMRON_DROP_SLICE, NULL);
        send_slices(q, delay_ms * MSEC, frame, n, drops);
        if (omron_fault_befalls(o, OMRON_DUPLICATE_REPLY, NULL))
                send_slices(q, delay_ms * MSEC, frame, n, false);
}

/* --- the requests --- */

static bool may_start(const struct request *q, const char **ret_why) {
        struct omron *o = &q->cuff->memory_protocol;
        bool token_is_wrong = (o->token == TOKEN_REQUIRED && !o->had_token) ||
                              (o->token == TOKEN_HARMFUL && o->had_token);

        *ret_why = !o->unlocked                                           ? "locked"
                   : o->rx_early                                          ? "notify-order"
                   : token_is_wrong                                       ? "token"
                   : omron_fault_befalls(o, OMRON_START_UNANSWERED, NULL) ? "fault"
                                                                          : NULL;
        return !*ret_why;
}

static void start(const struct request *q) {
        /* Of an HEM-7280T (userx14/omblepy#57); what it means is not known. */
        static const uint8_t who[16] = {0x00, 0x00, 0x00, 0x94, 0x04, 0x13, 0x11, 0x02,
                                        0x07, 0x78, 0x5A, 0x00, 0xFF, 0xFF, 0x95, 0x4D};
        struct omron *o = &q->cuff->memory_protocol;
        struct reply r = {.size = 0};
        const char *why;

        if (o->session != OMRON_CLOSED) {
                log_line("violation START twice: %s", q->cuff->address);
                if (q->cuff->hang_up_usec != UINT64_MAX)
                        o->hang_up_at = q->now + q->cuff->hang_up_usec;
                return;
        }
        if (!may_start(q, &why)) {
                log_line("start %s unanswered=%s", q->cuff->address, why);
                return;
        }
        log_line("start %s", q->cuff->address);
        o->session = OMRON_OPEN;
        o->was_open = true;
        if (q->cuff->memory.map->old_manner) {
                memcpy(r.payload, who, sizeof who);
                r.size = sizeof who;
        }
        send_reply(q, &r);
}

static bool touches_records(const struct memory_map *map, unsigned address) {
        return address >= map->ring[0].start;
}

/* In the diastolic pressure of the last record, of a read that begins with one. */
static void corrupt_record(const struct request *q, struct reply *r) {
        size_t record = q->cuff->memory.map->record_size;

        if (r->size >= record &&
            omron_fault_befalls(&q->cuff->memory_protocol, OMRON_CORRUPT_RECORD, NULL))
                r->payload[r->size / record * record - record + 1] ^= 0x04;
}

static void read(const struct request *q) {
        struct cuff *c = q->cuff;
        struct wall_time now = cuff_clock(c, NULL);
        struct reply r = {.result = MEMORY_NO_ADDRESS};

        if (touches_records(c->memory.map, q->address) && cuff_reaches(c, CUFF_COLLECTING))
                return;
        if (q->n <= OMRON_PAYLOAD_MAX &&
            !omron_fault_refuses(&c->memory_protocol, q->address, q->n))
                r.result = (uint8_t) memory_read(&c->memory, &now, q->address, q->n, r.payload);
        if (r.result == MEMORY_OK) {
                r.size = q->n;
                log_line("memory-read %s at=%04x n=%02x", c->address, q->address, q->n);
        } else {
                log_line("memory-read %s at=%04x n=%02x result=%02X", c->address, q->address, q->n,
                         r.result);
        }
        if (touches_records(c->memory.map, q->address))
                corrupt_record(q, &r);
        send_reply(q, &r);
}

static void write(const struct request *q) {
        struct cuff *c = q->cuff;
        char hex[2 * OMRON_FRAME_MAX + 1];
        struct reply r = {.size = 0};

        r.result = (uint8_t) memory_write(&c->memory, q->address, q->payload, q->size);
        log_line("memory-write %s at=%04x value=%s%s", c->address, q->address,
                 log_hex(q->payload, q->size, hex), r.result ? " result=E3" : "");
        if (c->memory.map->old_manner && !r.result) {
                memcpy(r.payload, q->payload, q->size);
                r.size = q->size;
        }
        send_reply(q, &r);
}

static void end(const struct request *q) {
        struct cuff *c = q->cuff;
        struct omron *o = &c->memory_protocol;
        struct wall_time clock;
        bool sets_clock = false;
        struct reply r = {.size = 0};

        if (omron_fault_befalls(o, OMRON_REFUSE_SETTINGS, NULL)) {
                memory_discard(&c->memory);
                r.result = MEMORY_NOT_THESE;
        } else {
                r.result = (uint8_t) memory_commit(&c->memory, &clock, &sets_clock);
        }
        if (sets_clock)
                cuff_set_time(c, &clock);
        if (o->was_open && r.result == MEMORY_OK)
                o->has_news = false;
        o->session = OMRON_ENDED;
        o->ended_at = q->now;
        log_line("end %s rc=%02X", c->address, r.result);
        send_reply(q, &r);
}

/* clang-format off */
static const struct {
        uint16_t type;
        const char *name;
        bool needs_start;
        void (*work)(const struct request *q);
} methods[] = {
        {START, "START", false, start},
        {READ, "read", true, read},
        {WRITE, "write", true, write},
        {END, "END", false, end},
};
/* clang-format on */

static void carry_out(const struct request *q) {
        struct omron *o = &q->cuff->memory_protocol;

        o->frames++;
        if (omron_fault_befalls(o, OMRON_HANG_UP, NULL)) {
                o->hang_up_at = q->now;
                o->n_notes = 0;
                return;
        }
        for (size_t i = 0; i < ELEMENTS(methods); i++) {
                if (methods[i].type != q->type)
                        continue;
                if (methods[i].needs_start && o->session != OMRON_OPEN)
                        log_line("violation %s without START: %s", methods[i].name,
                                 q->cuff->address);
                else if (o->unlocked || q->type == START)
                        methods[i].work(q);
                return;
        }
        log_line("violation unknown frame: %s type=%04x", q->cuff->address, q->type);
}

/* --- from the host --- */

static void take_frame(struct cuff *c, uint64_t now) {
        struct omron *o = &c->memory_protocol;
        const uint8_t *f = o->frame;
        size_t n = f[0];
        struct request q = {
                .cuff = c,
                .now = now,
                .type = (uint16_t) (f[1] << 8 | f[2]),
                .address = (uint16_t) (f[3] << 8 | f[4]),
                .n = f[5],
                .payload = f + PAYLOAD_AT,
                .size = n - FRAME_MIN,
        };
        char hex[2 * OMRON_FRAME_MAX + 1];

        o->have = 0;
        if (xor_of(f, n) != 0 || (q.type == WRITE && q.size != q.n))
                log_line("violation damaged frame: %s value=%s", c->address, log_hex(f, n, hex));
        else
                carry_out(&q);
}

/* Slices come in order, and only the last one may be short. */
int omron_frame_write(struct cuff *c, uint64_t now, unsigned channel, const uint8_t *value,
                      size_t size) {
        struct omron *o = &c->memory_protocol;
        bool modern = c->memory.map->stack == MEMORY_MODERN;

        if (size == 0 || size > (modern ? OMRON_FRAME_MAX : OMRON_SLICE))
                return ATT_INVALID_LENGTH;
        if (channel == 0)
                o->have = 0;
        if (o->have != channel * OMRON_SLICE) {
                log_line("violation slice out of order: %s channel=%u", c->address, channel);
                o->have = 0;
                return ATT_OK;
        }
        memcpy(o->frame + o->have, value, size);
        o->have += size;
        if (o->frame[0] < FRAME_MIN || o->frame[0] > OMRON_FRAME_MAX ||
            (size < o->frame[0] && modern)) {
                log_line("violation damaged frame: %s", c->address);
                o->have = 0;
        } else if (o->have >= o->frame[0]) {
                take_frame(c, now);
        }
        return c->gone ? ATT_SILENCE : ATT_OK;
}
