/* Everything a pairing can be, likely or not: what must hold of each verdict. */
#include "verdict_case.h"

static void check_text(const char *text) {
        size_t n = strnlen(text, VERDICT_EVIDENCE_MAX);

        CHECK(n < VERDICT_EVIDENCE_MAX - 1); /* longer may have been cut */
        if (n == 0 || n >= VERDICT_EVIDENCE_MAX)
                return;
        CHECK((text[0] >= 'A' && text[0] <= 'Z') || (text[0] >= '1' && text[0] <= '9'));
        CHECK(text[n - 1] == '.' && text[n - 2] != '.');
        CHECK(strstr(text, "  ") == NULL);
        for (size_t i = 0; i < n; i++)
                CHECK(text[i] >= ' ' && text[i] <= '~');
}

static void check_verdict(const struct trace_pairing *p) {
        bool good = p->outcome == TRACE_BONDED || p->outcome == TRACE_ENCRYPTED_WITH_STORED_KEY;
        bool seen[PAIRING_CAUSE_MAX_] = {false};
        struct verdict v;

        memset(&v, 0xa5, sizeof v);
        verdict_of(p, &v);
        CHECK(v.n <= VERDICT_CAUSES_MAX && v.n_ruled_out <= VERDICT_CAUSES_MAX);
        CHECK_EQ(v.n == 0, good);
        for (size_t i = 0; i < v.n + v.n_ruled_out; i++) {
                const struct verdict_cause *c = i < v.n ? &v.cause[i] : &v.ruled_out[i - v.n];

                CHECK(c->cause < PAIRING_CAUSE_MAX_ && !seen[c->cause]);
                seen[c->cause] = true;
                check_text(c->evidence_for);
                check_text(c->evidence_against);
                CHECK(i < v.n ? c->evidence_for[0] || c->evidence_against[0]
                              : c->evidence_against[0]);
        }
        if (!p->has_request)
                CHECK_EQ(v.n_ruled_out, 0);
        if (check_failed)
                printf("# outcome %d phase %d side %d reason %d %d disconnect %d %d: %s\n",
                       p->outcome, p->phase, p->failed_by, p->has_reason, p->reason,
                       p->has_disconnect, p->disconnect_reason, causes_of(p));
}

/* The next of a fixed row of numbers. */
static uint32_t next(uint32_t *state) {
        *state = *state * 1664525u + 1013904223u;
        return *state >> 8;
}

static int64_t some_usec(uint32_t *state) {
        static const int64_t values[] = {-1, 0, 97000, 29000000, 61000000, INT64_MAX};

        return values[next(state) % (sizeof values / sizeof values[0])];
}

static struct smp_features some_features(uint32_t *state) {
        static const uint8_t auths[] = {0x00, 0x01, 0x08, 0x09, 0x05, 0x0d, 0x2d, 0xff};

        return (struct smp_features){
                (uint8_t) next(state), (uint8_t) next(state), auths[next(state) % sizeof auths],
                (uint8_t) next(state), (uint8_t) next(state), (uint8_t) next(state)};
}

static void some_steps(struct trace_pairing *p, uint32_t *state) {
        p->n_steps = next(state) % (TRACE_STEPS_MAX + 1);
        p->steps_left_out = next(state) % 4 == 0 ? UINT64_MAX : 0;
        for (size_t i = 0; i < p->n_steps; i++) {
                struct trace_step *s = &p->step[i];

                s->kind = next(state) % 3 ? TRACE_SMP : TRACE_DISCONNECTED;
                s->side = (enum trace_side)(next(state) % 3);
                s->number = UINT64_MAX;
                s->usec = next(state) % 4 ? 1 : -1;
                s->malformed = next(state) % 16 == 0;
                s->pdu_size = next(state) % (SMP_PDU_MAX + 1);
                s->pdu[0] = (uint8_t) (next(state) % 17);
        }
}

/* All that is neither the ending nor its codes. */
static void fill(struct trace_pairing *p, uint32_t *state) {
        uint32_t flags = next(state);

        p->has_request = flags & 1;
        p->has_response = flags & 2;
        p->has_security_request = flags & 4;
        p->has_mgmt = flags & 8;
        p->has_io = flags & 16;
        p->confirm_pending = flags & 32;
        p->has_mgmt_status = flags & 64;
        p->bonded_before = flags & 128;
        p->security_request = (uint8_t) next(state);
        p->request = some_features(state);
        p->response = some_features(state);
        p->host_keys = flags & 256 ? 0 : 1;
        p->cuff_keys = flags & 512 ? 0 : 1;
        p->io = (uint8_t) next(state);
        p->mgmt_status = (uint8_t) next(state);
        p->bondable = (enum trace_answer)(next(state) % 3);
        p->confirm = (enum trace_answer)(next(state) % 3);
        p->pairing_flag = (enum trace_answer)(next(state) % 3);
        p->end_usec = some_usec(state);
        p->failed_after_usec = some_usec(state);
        p->flag_age_usec = some_usec(state);
        p->since_failure_usec = some_usec(state);
        p->failed_after_code = (uint8_t) (next(state) % 17);
        p->earlier_failures = flags & 1024 ? 0 : flags & 2048 ? 1 : UINT32_MAX;
        some_steps(p, state);
}

static void every_ending(void) {
        static struct trace_pairing p;
        uint32_t state = 1;

        for (unsigned i = 0; i < TRACE_OUTCOME_MAX_ * 5 * 3 * 256 * 4 && !check_failed; i++) {
                unsigned rest = i;

                memset(&p, 0, sizeof p);
                p.outcome = (enum trace_outcome)(rest % TRACE_OUTCOME_MAX_);
                rest /= TRACE_OUTCOME_MAX_;
                p.phase = (enum trace_phase)(rest % 5);
                rest /= 5;
                p.failed_by = (enum trace_side)(rest % 3);
                rest /= 3;
                p.reason = (uint8_t) rest;
                p.disconnect_reason = (uint8_t) rest;
                p.has_reason = rest / 256 & 1;
                p.has_disconnect = rest / 512 & 1;
                fill(&p, &state);
                check_verdict(&p);
        }
}

/* Those whose codes mean something, often. */
static void the_endings_that_are_known(void) {
        static const uint8_t errors[] = {0x00, 0x05, 0x06, 0x08, 0x13, 0x16, 0x22, 0x3d, 0x3e};
        static struct trace_pairing p;
        uint32_t state = 2;

        for (unsigned i = 0; i < 120000 && !check_failed; i++) {
                memset(&p, 0, sizeof p);
                p.outcome = (enum trace_outcome)(next(&state) % TRACE_OUTCOME_MAX_);
                p.phase = (enum trace_phase)(next(&state) % 5);
                p.failed_by = (enum trace_side)(next(&state) % 3);
                p.has_reason = next(&state) % 8;
                p.reason = (uint8_t) (next(&state) % 18);
                p.has_disconnect = next(&state) % 4;
                p.disconnect_reason = errors[next(&state) % sizeof errors];
                fill(&p, &state);
                check_verdict(&p);
        }
}

/* Each flag by itself: what the random ones above may miss. */
static void every_flag_of_the_question(void) {
        for (unsigned i = 0; i < 1u << 12 && !check_failed; i++) {
                struct trace_pairing p =
                        failed((enum trace_phase)(i >> 10), TRACE_CUFF, 0x08, i & 1);

                p = i & 2 ? with_request(p, i & 4 ? legacy_request : no_bonding) : p;
                p = i & 8 ? with_response(p, cuffs_response) : p;
                p.has_reason = i & 16;
                p.has_mgmt = i & 32;
                p.has_io = i & 64;
                p.confirm_pending = i & 128;
                p.pairing_flag = (enum trace_answer)(i >> 8 & 3) % 3;
                p.flag_age_usec = 1;
                check_verdict(&p);
        }
}

/* More causes than there is room for: the least likely are left out. */
static void more_causes_than_room(void) {
        struct trace_pairing p = failed(TRACE_PHASE_FEATURES, TRACE_UNKNOWN, 0x08, 1);

        p = with_request(p, (struct smp_features){4, 0, 0x04, 16, 0, 2});
        p.confirm_pending = true;
        p.confirm = TRACE_NO;
        CAUSES(p, "agent_silent agent_refused no_agent not_pairable no_bonding_asked "
                  "not_in_pairing_mode bonded_elsewhere passing_refusal / "
                  "secure_connections_only");
}

CHECK_MAIN("unit.verdict_sweep", TEST(every_ending), TEST(the_endings_that_are_known),
           TEST(every_flag_of_the_question), TEST(more_causes_than_room))
