#include "check.h"

#include <errno.h>

#include "core/gatt_uuid.h"
#include "cuff/plan.h"

static const struct driver_now noon = {
        .local = {.year = 2026, .month = 3, .day = 1, .hour = 12},
        .synchronised = true,
};

/* 120/80 mmHg, nothing else. */
static const uint8_t value_2a35[] = {0x00, 120, 0, 80, 0, 93, 0};

static struct plan plan;

static struct plan_setup with_memory(bool listen, bool paired_now) {
        return (struct plan_setup){
                .may_set_clock = true,
                .has_standard = true,
                .has_memory = true,
                .listen = listen,
                .model = "HEM-7155T-K4",
                .memory = {.stack = OMRON_MODERN,
                           .mtu = 247,
                           .paired_now = paired_now,
                           .timing = DRIVER_TIMING_DEFAULT},
        };
}

static struct driver_request next(void) {
        struct driver_request request;

        plan_next(&plan, &noon, &request);
        return request;
}

static void reply(int error) {
        plan_reply(&plan, &noon, error, NULL, 0);
}

static bool subscribes(const char *uuid) {
        struct driver_request r = next();

        return r.verb == DRIVER_SUBSCRIBE && strcmp(r.uuid, uuid) == 0;
}

/* The reads of the standard profile. Returns how many. */
static int pass_reads(void) {
        int n = 0;

        while (next().verb == DRIVER_READ && n < 20) {
                reply(-ENOENT);
                n++;
        }
        return n;
}

/* Up to START, which stays unanswered, and over END. */
static void pass_memory(void) {
        int steps = 0;

        for (; steps < 20 && next().verb < DRIVER_DRAINED; steps++) {
                struct driver_request r = next();

                if (r.verb == DRIVER_SUBSCRIBE && strcmp(r.uuid, UUID_OMRON_RX0) != 0 &&
                    strcmp(r.uuid, UUID_OMRON_UNLOCK) != 0)
                        return;
                if (r.verb == DRIVER_WAIT && r.wait_usec == 0)
                        return;
                if (r.verb == DRIVER_WAIT)
                        plan_elapsed(&plan, &noon);
                else
                        reply(0);
        }
        CHECK(steps < 20);
}

static int hear(struct measurement *ret) {
        return plan_value(&plan, &noon, UUID_BLOOD_PRESSURE_MEASUREMENT, value_2a35,
                          sizeof value_2a35, ret);
}

static void without_a_memory_it_is_the_standard_plan(void) {
        struct plan_setup setup = {.has_standard = true, .may_set_clock = true};

        plan_begin(&plan, &setup);
        CHECK(subscribes(UUID_BLOOD_PRESSURE_MEASUREMENT));
        CHECK(!plan.subscribed);
        reply(0);
        CHECK(plan.subscribed);
        CHECK_EQ(pass_reads(), 8);
        CHECK_EQ(next().verb, DRIVER_WAIT);
        CHECK_EQ(next().wait_usec, 0);

        plan_begin(&plan, &setup);
        (void) next();
        reply(-EACCES);
        CHECK_EQ(next().verb, DRIVER_FAILED);
        CHECK_EQ(next().error, -EACCES);
        CHECK(!plan.subscribed);
}

/* Also when 2A35 is refused and the plan goes on without it. */
static void what_the_cuff_is_is_left_out_when_it_is_known(void) {
        struct plan_setup setup = with_memory(true, false);

        setup.is_described = true;
        for (int i = 0; i < 2; i++) {
                plan_begin(&plan, &setup);
                CHECK(subscribes(UUID_BLOOD_PRESSURE_MEASUREMENT));
                reply(i == 0 ? 0 : -EACCES);
                CHECK_EQ(pass_reads(), 2);
        }
}

static void first_it_listens_then_it_reads(void) {
        struct plan_setup setup = with_memory(true, false);

        plan_begin(&plan, &setup);
        CHECK(subscribes(UUID_BLOOD_PRESSURE_MEASUREMENT));
        reply(0);
        CHECK_EQ(pass_reads(), 8);
        CHECK_EQ(next().verb, DRIVER_WAIT);
        CHECK_EQ(next().wait_usec, 1500000);
        plan_elapsed(&plan, &noon);
        CHECK(subscribes(UUID_OMRON_RX0));
        pass_memory();
        CHECK_EQ(next().verb, DRIVER_DRAINED);
        CHECK_EQ(plan.memory.facts.error, MEMORY_NO_START);
        CHECK_EQ(next().verb, DRIVER_DRAINED);
}

static void every_value_makes_it_listen_anew(void) {
        struct plan_setup setup = with_memory(true, false);
        struct measurement m;

        plan_begin(&plan, &setup);
        (void) next();
        reply(0);
        (void) pass_reads();
        for (int i = 0; i < 3; i++) {
                CHECK_EQ(hear(&m), 1);
                CHECK_EQ(m.systolic_mmhg, 120);
                CHECK(plan.heard);
                plan_elapsed(&plan, &noon);
                CHECK_EQ(next().wait_usec, 1500000);
                CHECK(!plan.heard);
        }
        plan_elapsed(&plan, &noon);
        CHECK(subscribes(UUID_OMRON_RX0));
        CHECK_EQ(plan_value(&plan, &noon, UUID_BATTERY_LEVEL, (uint8_t[]){80}, 1, &m), 0);
        CHECK(!plan.heard);
        CHECK_EQ(plan.standard.facts.battery_percent.value, 80);
        CHECK_EQ(hear(&m), 1); /* also then */
        CHECK_EQ(plan_value(&plan, &noon, UUID_OMRON_RX0, value_2a35, 3, &m), 0);
}

static void without_listening_2a35_is_left_alone(void) {
        struct plan_setup setup = with_memory(false, false);

        plan_begin(&plan, &setup);
        CHECK_EQ(pass_reads(), 8);
        CHECK(subscribes(UUID_OMRON_RX0));
        CHECK(!plan.subscribed);
        reply(0);
        CHECK(plan.subscribed);
        CHECK(!plan.hearing);
        pass_memory();
        CHECK_EQ(next().verb, DRIVER_DRAINED);

        setup.listen = true;
        setup.has_standard = false;
        plan_begin(&plan, &setup);
        CHECK_EQ(pass_reads(), 8);
        CHECK(subscribes(UUID_OMRON_RX0));
}

static void a_refused_2a35_is_no_reason_to_stop(void) {
        struct plan_setup setup = with_memory(true, false);

        plan_begin(&plan, &setup);
        CHECK(subscribes(UUID_BLOOD_PRESSURE_MEASUREMENT));
        reply(-EACCES);
        CHECK_EQ(pass_reads(), 8);
        CHECK(subscribes(UUID_OMRON_RX0)); /* nothing to listen to */

        plan_begin(&plan, &setup);
        (void) next();
        reply(-ENOTCONN);
        CHECK_EQ(next().verb, DRIVER_FAILED);
        CHECK_EQ(next().error, -ENOTCONN);
}

static void after_pairing_2a35_comes_last(void) {
        struct plan_setup setup = with_memory(true, true);

        plan_begin(&plan, &setup);
        CHECK_EQ(pass_reads(), 8);
        CHECK(subscribes(UUID_OMRON_RX0));
        pass_memory();
        CHECK(subscribes(UUID_BLOOD_PRESSURE_MEASUREMENT));
        CHECK(!plan.hearing);
        reply(0);
        CHECK(plan.hearing);
        CHECK_EQ(next().verb, DRIVER_DRAINED);

        plan_begin(&plan, &setup);
        (void) pass_reads();
        pass_memory();
        CHECK(subscribes(UUID_BLOOD_PRESSURE_MEASUREMENT));
        reply(-EACCES);
        CHECK_EQ(next().verb, DRIVER_DRAINED);
}

/* LOCKED: classic, and no key. */
static void a_memory_that_stays_shut_leaves_2a35(void) {
        struct plan_setup setup = with_memory(true, false);

        setup.memory.stack = OMRON_CLASSIC;
        plan_begin(&plan, &setup);
        (void) next();
        reply(0);
        (void) pass_reads();
        plan_elapsed(&plan, &noon);
        pass_memory();
        CHECK_EQ(plan.memory.facts.error, MEMORY_LOCKED);
        CHECK_EQ(next().verb, DRIVER_WAIT);
        CHECK_EQ(next().wait_usec, 0);

        plan_begin(&plan, &setup); /* but not on a link that is gone */
        (void) next();
        reply(0);
        (void) pass_reads();
        plan_elapsed(&plan, &noon);
        CHECK(subscribes(UUID_OMRON_RX0));
        reply(-ENOTCONN);
        CHECK_EQ(next().verb, DRIVER_FAILED);

        setup.listen = false;
        plan_begin(&plan, &setup);
        (void) pass_reads();
        pass_memory();
        CHECK_EQ(next().verb, DRIVER_FAILED);
        CHECK_EQ(next().error, -EACCES);
}

static void a_failed_pairing_still_listens(void) {
        struct plan_setup setup = with_memory(true, true);

        setup.memory.stack = OMRON_CLASSIC;
        plan_begin(&plan, &setup);
        (void) pass_reads();
        CHECK(subscribes(UUID_OMRON_RX0));
        reply(-EPERM);
        CHECK_EQ(plan.memory.facts.error, MEMORY_NOT_ENCRYPTED);
        CHECK(subscribes(UUID_BLOOD_PRESSURE_MEASUREMENT));
        reply(0);
        CHECK_EQ(next().verb, DRIVER_WAIT);

        plan_begin(&plan, &setup); /* but not on a link that is gone */
        (void) pass_reads();
        (void) next();
        reply(-ENOTCONN);
        CHECK_EQ(next().verb, DRIVER_FAILED);
        CHECK_EQ(next().error, -ENOTCONN);
}

static void the_cuff_says_its_name_itself(void) {
        struct plan_setup setup = with_memory(false, false);
        const char *name = "HEM-7380T1";

        plan_begin(&plan, &setup);
        while (next().verb == DRIVER_READ) {
                bool model = strcmp(next().uuid, UUID_MODEL_NUMBER) == 0;

                plan_reply(&plan, &noon, model ? 0 : -ENOENT, (const uint8_t *) name,
                           model ? strlen(name) : 0);
        }
        CHECK_EQ(plan.memory.n_candidates, 1);
        CHECK_STR(plan.memory.candidate[0]->id, name);

        plan_begin(&plan, &setup);
        (void) pass_reads();
        (void) next();
        CHECK_STR(plan.memory.candidate[0]->id, "HEM-7155T-K4"); /* from before */
}

static void whose_business_the_clock_is(void) {
        static const uint8_t clock[CURRENT_TIME_SIZE] = {0xEA, 0x07, 3, 1, 12, 0, 0, 7, 0, 1};

        for (int read = 0; read < 2; read++) {
                struct plan_setup setup = with_memory(false, false);

                plan_begin(&plan, &setup);
                while (next().verb == DRIVER_READ) {
                        bool ours = read && strcmp(next().uuid, UUID_CURRENT_TIME) == 0;

                        plan_reply(&plan, &noon, ours ? 0 : -ENOENT, clock,
                                   ours ? sizeof clock : 0);
                }
                CHECK(subscribes(UUID_OMRON_RX0));
                CHECK_EQ(plan.memory.setup.clock_by_profile, read == 1);
        }
}

static void a_clock_refused_by_profile_is_the_memorys(void) {
        static const uint8_t clock[CURRENT_TIME_SIZE] = {0xEA, 0x07, 2, 1, 12, 0, 0, 7, 0, 1};
        struct plan_setup setup = with_memory(false, false);

        for (int given = 0; given < 2; given++) {
                setup.memory.clock_by_profile = given;
                plan_begin(&plan, &setup);
                while (next().verb == DRIVER_READ)
                        plan_reply(&plan, &noon, 0, clock, sizeof clock);
                CHECK_EQ(next().verb, DRIVER_WRITE);
                reply(-EACCES);
                CHECK(plan.standard.facts.clock_refused);
                CHECK(subscribes(UUID_OMRON_RX0));
                CHECK_EQ(plan.memory.setup.clock_by_profile, given);
        }
}

/* Refused in an earlier session: it can still be read, and is the memory's all the same. */
static void a_clock_that_may_not_be_set_by_profile_is_the_memorys(void) {
        static const uint8_t clock[CURRENT_TIME_SIZE] = {0xEA, 0x07, 2, 1, 12, 0, 0, 7, 0, 1};
        struct plan_setup setup = with_memory(false, false);

        setup.may_set_clock = false;
        plan_begin(&plan, &setup);
        while (next().verb == DRIVER_READ)
                plan_reply(&plan, &noon, 0, clock, sizeof clock);
        CHECK(plan.standard.facts.clock_read);
        CHECK(subscribes(UUID_OMRON_RX0));
        CHECK(!plan.memory.setup.clock_by_profile);
}

static void an_elapsed_wait_nobody_has(void) {
        struct plan_setup setup = with_memory(true, false);

        plan_begin(&plan, &setup);
        plan_elapsed(&plan, &noon);
        CHECK(subscribes(UUID_BLOOD_PRESSURE_MEASUREMENT));
}

static void stopping(void) {
        struct plan_setup setup = with_memory(true, false);

        plan_begin(&plan, &setup);
        (void) next();
        plan_stop(&plan);
        CHECK_EQ(next().verb, DRIVER_DRAINED);

        plan_begin(&plan, &setup);
        (void) next();
        reply(0);
        (void) pass_reads();
        plan_elapsed(&plan, &noon);
        (void) next();
        reply(0);
        plan_stop(&plan);
        CHECK_EQ(plan.memory.facts.error, MEMORY_STOPPED);
        CHECK_EQ(next().verb, DRIVER_WAIT); /* 2A35 is subscribed: until the hang-up */
}

static void replies_to_nothing_are_dropped(void) {
        struct plan_setup setup = with_memory(true, false);

        plan_begin(&plan, &setup);
        (void) next();
        reply(0);
        (void) pass_reads();
        reply(-ENOTCONN);
        CHECK_EQ(next().verb, DRIVER_WAIT);
        plan_elapsed(&plan, &noon);
        reply(-ENOTCONN);
        CHECK(subscribes(UUID_OMRON_RX0));
}

CHECK_MAIN("unit.plan", TEST(without_a_memory_it_is_the_standard_plan),
           TEST(what_the_cuff_is_is_left_out_when_it_is_known),
           TEST(first_it_listens_then_it_reads), TEST(every_value_makes_it_listen_anew),
           TEST(without_listening_2a35_is_left_alone), TEST(a_refused_2a35_is_no_reason_to_stop),
           TEST(after_pairing_2a35_comes_last), TEST(a_memory_that_stays_shut_leaves_2a35),
           TEST(a_failed_pairing_still_listens), TEST(the_cuff_says_its_name_itself),
           TEST(whose_business_the_clock_is), TEST(a_clock_refused_by_profile_is_the_memorys),
           TEST(a_clock_that_may_not_be_set_by_profile_is_the_memorys),
           TEST(an_elapsed_wait_nobody_has), TEST(stopping), TEST(replies_to_nothing_are_dropped))
