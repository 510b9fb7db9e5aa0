/* Any sequence of events: whatever begins is returned exactly once, and what is returned holds
 * together. An event is three bytes, KKKKLLLL what and on which link (bit 3: adapter), AAAASSPP
 * argument, side and shape, then the value; a PDU takes its bytes from the place of its code. */
#include "core/trace.h"

#include <string.h>

#include "fuzz/property.h"

#define EVENTS_MAX 600

/* By the number of their first frame, which no two pairings share. */
static bool begun[EVENTS_MAX + 1], returned[EVENTS_MAX + 1];

static const uint8_t statuses[] = {0x00, 0x06, 0x05, 0x3D, 0x13, 0x16, 0x08, 0x22};
static const uint8_t values[] = {0x01, 0x03, 0x05, 0x07, 0x09, 0x0D, 0x0F, 0xFF};

/* Features made of the value, and zeros after them; one in four cut off, one in four of any size.
 */
static void fill_pdu(struct trace_event *e, uint8_t code, uint8_t shape, uint8_t value) {
        const uint8_t features[] = {value & 7, 0,          values[value & 7],
                                    16,        value >> 5, value >> 2 & 7};

        e->pdu[0] = code;
        memcpy(e->pdu + 1, features, sizeof features);
        if (code == SMP_PAIRING_FAILED || code == SMP_SECURITY_REQUEST)
                e->pdu[1] = value;
        if (code == SMP_IDENTITY_ADDRESS_INFORMATION)
                e->pdu[1] = value & 1;
        e->pdu_size = shape == 3 ? value % (SMP_PDU_MAX + 1) : smp_size(code);
        e->pdu_cut = shape == 2;
        if (e->pdu_cut && e->pdu_size > 0)
                e->pdu_size = 1 + value % e->pdu_size;
}

static struct trace_event event_of(const uint8_t bytes[3], uint64_t number, int64_t usec) {
        uint8_t kind = bytes[0] >> 4, argument = bytes[1] >> 4, value = bytes[2];
        struct trace_event e = {
                .kind = TRACE_SMP, /* 13 to 15 too: most of a capture */
                .number = number,
                .usec = value == 0xEE ? -1 : usec,
                .adapter = bytes[0] & 8 ? value % 6 : 0,
                .handle = bytes[0] & 7,
                .side = (bytes[1] >> 2 & 3) % 3,
                .has_address = argument & 1,
                .address = {{1, 2, 3, 4, 5, value % 40}},
                .status = statuses[value & 7],
                .io = value & 7,
                .stored = argument & 2,
                .own_random = value % 3,
                .answer = value % 3,
                .pairing_flag = value % 3,
        };

        if (kind < TRACE_KIND_MAX_)
                e.kind = kind;
        if (kind >= TRACE_KIND_MAX_)
                e.handle = value % 40; /* more links than there are places */
        if (e.kind == TRACE_SMP)
                fill_pdu(&e, argument, bytes[1] & 3, value);
        return e;
}

static void require_steps(const struct trace_pairing *p) {
        bool disconnected = false;

        REQUIRE(p->n_steps > 0 && p->n_steps <= TRACE_STEPS_MAX);
        REQUIRE(p->steps_left_out == 0 || p->n_steps >= TRACE_STEPS_MAX - 2);
        REQUIRE(p->step[0].number == p->number);
        for (size_t i = 0; i < p->n_steps; i++) {
                const struct trace_step *s = &p->step[i];

                REQUIRE(i == 0 || s->number > p->step[i - 1].number);
                REQUIRE(s->kind > TRACE_CONNECTED && s->kind <= TRACE_PAIRING_STATUS);
                REQUIRE(s->side <= TRACE_CUFF && s->pdu_size <= SMP_PDU_MAX);
                REQUIRE(!s->malformed || (!s->pdu_cut && s->kind == TRACE_SMP));
                REQUIRE(s->kind == TRACE_SMP || s->pdu_size == 0);
                disconnected |= s->kind == TRACE_DISCONNECTED;
        }
        REQUIRE(disconnected == p->has_disconnect);
}

/* What made a failure of it is among the steps. */
static void require_failure(const struct trace_pairing *p) {
        bool found = false;

        REQUIRE(p->outcome == TRACE_FAILED || p->has_reason);
        for (size_t i = 0; i < p->n_steps; i++) {
                const struct trace_step *s = &p->step[i];

                found |= s->kind == TRACE_SMP && s->pdu_size > 0 &&
                         s->pdu[0] == SMP_PAIRING_FAILED && s->side == p->failed_by &&
                         p->outcome == TRACE_FAILED;
                found |= (s->kind == TRACE_ENCRYPTION_DONE || s->kind == TRACE_DISCONNECTED) &&
                         s->status != 0 && s->status == p->reason && p->has_reason;
        }
        REQUIRE(found);
}

static void require_outcome(const struct trace_pairing *p) {
        bool exchange = p->has_request || p->has_response;
        bool of_key = p->reason == 0x05 || p->reason == 0x06 || p->reason == 0x3D;

        REQUIRE(p->outcome < TRACE_OUTCOME_MAX_ && trace_outcome_to_string(p->outcome));
        REQUIRE(p->phase <= TRACE_PHASE_KEYS && p->failed_by <= TRACE_CUFF);
        switch (p->outcome) {
        case TRACE_FAILED:
        case TRACE_KEY_REFUSED:
                require_failure(p);
                break;
        case TRACE_BONDED:
                REQUIRE(p->key_stored || p->has_agreement);
                REQUIRE(p->phase == TRACE_PHASE_KEYS && !p->has_disconnect);
                break;
        case TRACE_PAIRED_WITHOUT_KEYS:
                REQUIRE(p->has_agreement && p->phase == TRACE_PHASE_KEYS && !p->has_disconnect);
                break;
        case TRACE_ENCRYPTED_WITH_STORED_KEY:
                REQUIRE(p->encrypted && !exchange && !p->has_disconnect);
                break;
        default:
                break;
        }
        if (p->outcome == TRACE_KEY_REFUSED)
                REQUIRE(p->failed_by == (of_key ? TRACE_CUFF : TRACE_UNKNOWN) &&
                        p->phase == TRACE_PHASE_ENCRYPTION && !exchange);
        if (p->outcome != TRACE_FAILED && p->outcome != TRACE_KEY_REFUSED)
                REQUIRE(p->failed_by == TRACE_UNKNOWN && !p->has_reason);
}

static void require_pairing(const struct trace_pairing *p) {
        REQUIRE(p->number > 0 && p->number <= EVENTS_MAX);
        REQUIRE(begun[p->number] && !returned[p->number]);
        returned[p->number] = true;
        require_steps(p);
        require_outcome(p);
        REQUIRE(p->has_agreement == (p->has_request && p->has_response));
        REQUIRE(p->failed_after_usec >= -1 && p->flag_age_usec >= -1);
        REQUIRE(p->since_failure_usec >= -1 && p->connected_usec >= -1);
        REQUIRE(p->failed_after_usec == -1 || p->failed_after_code != 0);
        REQUIRE(p->since_failure_usec == -1 || p->earlier_failures > 0);
        REQUIRE(p->flag_age_usec == -1 || p->pairing_flag != TRACE_NOT_TOLD);
        REQUIRE((p->host_keys | p->cuff_keys) <= 7);
        REQUIRE(p->has_mgmt || (!p->has_io && p->bondable == TRACE_NOT_TOLD));
}

/* What is under way, by the first frame of each. */
static void note_beginnings(const struct trace *t, uint64_t now) {
        for (size_t i = 0; i < TRACE_LINKS_MAX; i++) {
                const struct trace_link *l = &t->link[i];

                if (!l->active)
                        continue;
                REQUIRE(l->used && l->touched > 0 && l->pairing.number <= now);
                REQUIRE(!l->settled || l->pairing.outcome != TRACE_INCOMPLETE);
                begun[l->pairing.number] = true;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        static struct trace trace;
        const struct trace_pairing *p;
        uint64_t number = 0, last = 0;
        int64_t usec = 0;

        memset(begun, 0, sizeof begun);
        memset(returned, 0, sizeof returned);
        memset(&trace, 0xA5, sizeof trace);
        trace_init(&trace);
        for (; n >= 3 && number < EVENTS_MAX; data += 3, n -= 3) {
                struct trace_event e = event_of(data, ++number, usec);

                usec += 1000;
                p = trace_step(&trace, &e);
                if (p)
                        require_pairing(p);
                note_beginnings(&trace, number);
        }
        while ((p = trace_end(&trace))) {
                REQUIRE(p->number > last);
                last = p->number;
                require_pairing(p);
        }
        for (number = 1; number <= EVENTS_MAX; number++)
                REQUIRE(begun[number] == returned[number]);
        return 0;
}
