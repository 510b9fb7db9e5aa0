#include "base/deadline.h"

#include <errno.h>

#include "base/cleanup.h"
#include "check.h"

#define FAR_USEC (3600 * 1000000ULL) /* never reached */

struct owner {
        struct deadline deadline;
        sd_event *event;
        int passed, again;
        uint64_t again_usec;
};

struct noted { /* a letter for each time it passes */
        char word;
        char *order;
        size_t *n;
};

static void on_passed(void *userdata) {
        struct owner *o = userdata;

        o->passed++;
        CHECK(!deadline_is_set(&o->deadline));
        if (o->again-- > 0)
                CHECK_EQ(deadline_set_usec(&o->deadline, o->again_usec), 0);
        else
                sd_event_exit(o->event, 0);
}

static struct owner *owner_new(void) {
        struct owner *o = calloc(1, sizeof *o);

        if (!o || sd_event_new(&o->event) < 0)
                abort();
        deadline_init(&o->deadline, o->event, on_passed, o);
        return o;
}

static void owner_free(struct owner *o) {
        deadline_done(&o->deadline);
        sd_event_unref(o->event);
        free(o);
}
DEFINE_CLEANUP(struct owner *, owner_free)

/* Handles what is due now, without waiting. */
static void run_due(sd_event *event) {
        while (sd_event_run(event, 0) > 0)
                ;
}

static void a_deadline_passes_once(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();

        CHECK(!deadline_is_set(&o->deadline));
        CHECK_EQ(deadline_set_usec(&o->deadline, 1000), 0);
        CHECK(deadline_is_set(&o->deadline));
        CHECK_EQ(sd_event_loop(o->event), 0);
        CHECK_EQ(o->passed, 1);
        CHECK(!deadline_is_set(&o->deadline));
}

static void it_passes_only_after_its_time(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();
        struct timespec begin, end;

        clock_gettime(CLOCK_MONOTONIC, &begin);
        CHECK_EQ(deadline_set_usec(&o->deadline, 20000), 0);
        CHECK_EQ(sd_event_loop(o->event), 0);
        clock_gettime(CLOCK_MONOTONIC, &end);
        CHECK((end.tv_sec - begin.tv_sec) * 1000000 + (end.tv_nsec - begin.tv_nsec) / 1000 >=
              20000);
}

static void note(void *userdata) {
        struct noted *n = userdata;

        n->order[(*n->n)++] = n->word;
}

/* Both are due; the one that was set first gives way to the other, also when it is set again. */
static void one_that_gives_way_comes_last(void) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        char order[8] = "";
        size_t n = 0;
        struct noted polite = {'p', order, &n}, other = {'o', order, &n};
        struct deadline first, second;

        CHECK_EQ(sd_event_new(&event), 0);
        deadline_init(&first, event, note, &polite);
        deadline_give_way(&first);
        deadline_init(&second, event, note, &other);
        for (int i = 0; i < 2; i++) {
                CHECK_EQ(deadline_set_usec(&first, 0), 0);
                CHECK_EQ(deadline_set_usec(&second, 0), 0);
                CHECK(sd_event_run(event, UINT64_MAX) > 0);
                CHECK(sd_event_run(event, UINT64_MAX) > 0);
        }
        CHECK_STR(order, "opop");
        deadline_done(&first);
        deadline_done(&second);
}

static void zero_passes_on_the_next_turn(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();

        CHECK_EQ(deadline_set_usec(&o->deadline, 0), 0);
        CHECK_EQ(o->passed, 0);
        CHECK_EQ(sd_event_loop(o->event), 0);
        CHECK_EQ(o->passed, 1);
}

static void setting_again_replaces_what_was_set(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();

        CHECK_EQ(deadline_set_usec(&o->deadline, FAR_USEC), 0);
        CHECK_EQ(deadline_set_usec(&o->deadline, 0), 0);
        CHECK_EQ(sd_event_loop(o->event), 0);
        CHECK_EQ(o->passed, 1);
}

static void moving_it_away_keeps_it_from_passing(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();

        CHECK_EQ(deadline_set_usec(&o->deadline, 0), 0);
        CHECK_EQ(deadline_set_usec(&o->deadline, FAR_USEC), 0);
        run_due(o->event);
        CHECK_EQ(o->passed, 0);
        CHECK(deadline_is_set(&o->deadline));
}

static void cleared_it_never_passes(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();

        CHECK_EQ(deadline_set_usec(&o->deadline, 0), 0);
        deadline_clear(&o->deadline);
        deadline_clear(&o->deadline);
        CHECK(!deadline_is_set(&o->deadline));
        run_due(o->event);
        CHECK_EQ(o->passed, 0);
}

static void for_ever_disarms_it(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();

        CHECK_EQ(deadline_set_usec(&o->deadline, 0), 0);
        CHECK_EQ(deadline_set_usec(&o->deadline, UINT64_MAX), 0);
        CHECK(!deadline_is_set(&o->deadline));
        run_due(o->event);
        CHECK_EQ(o->passed, 0);
}

static void a_time_beyond_the_clock_is_refused_and_keeps_what_was_set(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();

        CHECK_EQ(deadline_set_usec(&o->deadline, 0), 0);
        CHECK_EQ(deadline_set_usec(&o->deadline, UINT64_MAX - 1), -EOVERFLOW);
        CHECK_EQ(sd_event_loop(o->event), 0);
        CHECK_EQ(o->passed, 1);
}

/* A retry that could not be armed because there was no memory would never come. */
static void once_made_it_needs_no_memory(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();
        sd_event_source *made = o->deadline.source;

        CHECK(made && !deadline_is_set(&o->deadline));
        CHECK_EQ(deadline_set_usec(&o->deadline, FAR_USEC), 0);
        CHECK(o->deadline.source == made);
        deadline_clear(&o->deadline);
        CHECK_EQ(deadline_set_usec(&o->deadline, 0), 0);
        CHECK(o->deadline.source == made);
        CHECK_EQ(sd_event_loop(o->event), 0);
        CHECK_EQ(o->passed, 1);
}

static void passing_may_arm_it_again(void) {
        _cleanup_(owner_freep) struct owner *o = owner_new();

        o->again = 2;
        o->again_usec = 500;
        CHECK_EQ(deadline_set_usec(&o->deadline, 500), 0);
        CHECK_EQ(sd_event_loop(o->event), 0);
        CHECK_EQ(o->passed, 3);
}

static void on_passed_free(void *userdata) {
        struct owner *o = userdata;

        sd_event_exit(o->event, 7);
        owner_free(o);
}

static void passing_may_free_its_owner(void) {
        struct owner *o = owner_new();
        _cleanup_(sd_event_unrefp) sd_event *event = sd_event_ref(o->event);

        o->deadline.passed = on_passed_free;
        CHECK_EQ(deadline_set_usec(&o->deadline, 0), 0);
        CHECK_EQ(sd_event_loop(event), 7);
}

static void two_deadlines_pass_in_their_order(void) {
        _cleanup_(owner_freep) struct owner *late = owner_new();
        struct owner early = {.event = late->event, .again = 1, .again_usec = UINT64_MAX};

        deadline_init(&early.deadline, late->event, on_passed, &early);
        CHECK_EQ(deadline_set_usec(&late->deadline, 2000), 0);
        CHECK_EQ(deadline_set_usec(&early.deadline, 1), 0);
        CHECK_EQ(sd_event_loop(late->event), 0);
        CHECK_EQ(early.passed, 1);
        CHECK_EQ(late->passed, 1);
        deadline_done(&early.deadline);
}

CHECK_MAIN("unit.deadline", TEST(a_deadline_passes_once), TEST(it_passes_only_after_its_time),
           TEST(one_that_gives_way_comes_last), TEST(zero_passes_on_the_next_turn),
           TEST(setting_again_replaces_what_was_set), TEST(moving_it_away_keeps_it_from_passing),
           TEST(cleared_it_never_passes), TEST(for_ever_disarms_it),
           TEST(a_time_beyond_the_clock_is_refused_and_keeps_what_was_set),
           TEST(once_made_it_needs_no_memory), TEST(passing_may_arm_it_again),
           TEST(passing_may_free_its_owner), TEST(two_deadlines_pass_in_their_order))
