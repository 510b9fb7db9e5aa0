#include "check.h"

#include <errno.h>

#include "cuff/session.h"

#define STATES(state) (enum session_state state = SESSION_IDLE; state < SESSION_STATE_MAX_; state++)
#define EVENTS(event) (enum session_event event = 0; event < SESSION_EVENT_MAX_; event++)

static const struct session_timing timing = SESSION_TIMING_DEFAULT;

static struct session in(enum session_state state) {
        return (struct session){.state = state};
}

static bool same(const struct session *a, const struct session *b) {
        return a->state == b->state && a->collected == b->collected && a->stopped == b->stopped &&
               a->failures == b->failures && a->unresolved_losses == b->unresolved_losses;
}

/* Breadth first over the table, from IDLE: the only state a session begins in. */
static void every_state_is_reachable(void) {
        bool reached[SESSION_STATE_MAX_] = {[SESSION_IDLE] = true};
        bool grew = true;

        while (grew) {
                grew = false;
                for
                        STATES(state)
                        for
                                EVENTS(event) {
                                        struct session s = in(state);

                                        if (!reached[state])
                                                continue;
                                        (void) session_step(&s, event);
                                        grew = grew || !reached[s.state];
                                        reached[s.state] = true;
                                }
        }
        for
                STATES(state)
        CHECK(reached[state]);
        CHECK(!reached[SESSION_NONE]);
}

/* Whatever happens once, or never, timeouts alone lead to IDLE: at most disconnecting, resting,
 * idle. */
static void timeouts_alone_lead_home_from_everywhere(void) {
        for
                STATES(state)
                for
                        EVENTS(event) {
                                struct session s = in(state);
                                bool rested = state == SESSION_IDLE;

                                (void) session_step(&s, event);
                                for (int i = 0; i < 3 && s.state != SESSION_IDLE; i++) {
                                        rested = rested || s.state == SESSION_RESTING;
                                        CHECK(session_step(&s, EVENT_TIMEOUT) != ACTION_IGNORE);
                                }
                                CHECK_EQ(s.state, SESSION_IDLE);
                                CHECK(rested || state == SESSION_RESTING);
                        }
}

static void refusals_and_losses_lead_to_rest(void) {
        static const enum session_event ends[] = {EVENT_REFUSED, EVENT_LOST};

        for
                STATES(state)
        for (size_t i = 0; i < 2; i++) {
                struct session s = in(state);

                if (!session_is_linked(&s))
                        continue;
                (void) session_step(&s, ends[i]);
                (void) session_step(&s, EVENT_TIMEOUT);
                (void) session_step(&s, ends[i]);
                CHECK(!session_is_linked(&s));
        }
}

static void a_lost_link_ends_every_linked_state_and_no_other(void) {
        for
                STATES(state) {
                        struct session s = in(state);
                        bool linked = session_is_linked(&s);

                        CHECK_EQ(session_step(&s, EVENT_LOST),
                                 linked ? ACTION_REST : ACTION_IGNORE);
                        CHECK_EQ(s.state, linked ? SESSION_RESTING : state);
                }
}

static void a_stop_unlinks_every_linked_state(void) {
        for
                STATES(state) {
                        struct session s = in(state);
                        bool linked = session_is_linked(&s) && state != SESSION_DISCONNECTING;

                        CHECK_EQ(session_step(&s, EVENT_STOP),
                                 linked ? ACTION_DISCONNECT : ACTION_IGNORE);
                        CHECK_EQ(s.state, linked ? SESSION_DISCONNECTING : state);
                }
}

static void a_value_is_fed_in_every_state_and_makes_a_session_good(void) {
        for
                STATES(state) {
                        struct session s = in(state), before = s;

                        before.collected = session_is_linked(&s);
                        CHECK_EQ(session_step(&s, EVENT_VALUE), ACTION_FEED);
                        CHECK(same(&s, &before));
                }
}

static void an_ignored_event_changes_nothing(void) {
        for
                STATES(state)
                for
                        EVENTS(event) {
                                struct session s = in(state), before;

                                s.failures = 3;
                                s.unresolved_losses = 2;
                                before = s;
                                if (session_step(&s, event) == ACTION_IGNORE)
                                        CHECK(same(&s, &before));
                        }
}

/* Every way into RESTING says so once, and nothing else rests. */
static void to_rest_is_to_enter_resting(void) {
        for
                STATES(state)
                for
                        EVENTS(event) {
                                struct session s = in(state);
                                enum session_action action = session_step(&s, event);

                                CHECK_EQ(action == ACTION_REST,
                                         s.state == SESSION_RESTING && state != SESSION_RESTING);
                        }
}

static void linked_is_connecting_to_disconnecting(void) {
        for
                STATES(state) {
                        struct session s = in(state);

                        CHECK_EQ(session_is_linked(&s),
                                 state != SESSION_IDLE && state != SESSION_RESTING);
                }
}

static void every_linked_state_has_its_timeout(void) {
        static const uint64_t usec[SESSION_STATE_MAX_] = {
                [SESSION_IDLE] = UINT64_MAX,    [SESSION_CONNECTING] = 1,
                [SESSION_RESOLVING] = 2,        [SESSION_PAIRING] = 3,
                [SESSION_SUBSCRIBING] = 4,      [SESSION_COLLECTING] = 5,
                [SESSION_LINGERING] = 6,        [SESSION_DISCONNECTING] = 7,
                [SESSION_RESTING] = UINT64_MAX,
        };
        static const struct session_timing counted = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

        for
                STATES(state) {
                        struct session s = in(state);

                        CHECK_EQ(session_timeout_usec(&s, &counted), usec[state]);
                }
}

static void a_good_session_rests_for_the_cooldown_whatever_the_chance(void) {
        struct session s = in(SESSION_RESTING);

        CHECK_EQ(session_rest_usec(&s, &timing, 0), 60000000);
        CHECK_EQ(session_rest_usec(&s, &timing, UINT32_MAX), 60000000);
}

static void backoff_doubles_up_to_its_cap(void) {
        uint64_t before = 0;

        for (unsigned failures = 1; failures <= 100; failures++) {
                struct session s = {.state = SESSION_RESTING, .failures = failures};
                uint64_t least = session_rest_usec(&s, &timing, 0);
                uint64_t middle = session_rest_usec(&s, &timing, 0x80000000);
                uint64_t most = session_rest_usec(&s, &timing, UINT32_MAX);
                uint64_t want = failures <= 6 ? 5000000ull << (failures - 1) : 300000000;

                CHECK_EQ(least, want - want / 4);
                CHECK_EQ(most, want + want / 4);
                CHECK(middle >= want && middle < want + want / 1000);
                CHECK(middle >= before);
                before = middle;
        }
}

static void more_chance_is_never_a_shorter_rest(void) {
        struct session s = {.state = SESSION_RESTING, .failures = 4};
        uint64_t before = 0;

        for (uint64_t random = 0; random <= UINT32_MAX; random += 0x00ffffff) {
                uint64_t rest = session_rest_usec(&s, &timing, (uint32_t) random);

                CHECK(rest >= before);
                before = rest;
        }
}

static void odd_timings_do_not_overflow(void) {
        struct session_timing odd = {.backoff_min_usec = 10, .backoff_max_usec = 5};
        struct session s = {.state = SESSION_RESTING, .failures = 1};

        CHECK_EQ(session_rest_usec(&s, &odd, 0), 4); /* the cap wins */
        odd = (struct session_timing){.backoff_min_usec = 0, .backoff_max_usec = 1000};
        s.failures = 3;
        CHECK_EQ(session_rest_usec(&s, &odd, 0), 0);
        s.failures = UINT32_MAX;
        CHECK_EQ(session_rest_usec(&s, &odd, UINT32_MAX), 1250);
        odd.backoff_min_usec = 1;
        odd.backoff_max_usec = UINT64_MAX >> 17;
        CHECK_EQ(session_rest_usec(&s, &odd, 0), odd.backoff_max_usec - odd.backoff_max_usec / 4);
}

static void every_word_is_there_and_is_its_own(void) {
        for (enum session_state a = 0; a < SESSION_STATE_MAX_; a++)
                for (enum session_state b = 0; b < SESSION_STATE_MAX_; b++)
                        CHECK_EQ(strcmp(session_state_to_string(a), session_state_to_string(b)) ==
                                         0,
                                 a == b);
        for (enum session_action a = 0; a < SESSION_ACTION_MAX_; a++)
                for (enum session_action b = 0; b < SESSION_ACTION_MAX_; b++)
                        CHECK_EQ(strcmp(session_action_to_string(a), session_action_to_string(b)) ==
                                         0,
                                 a == b);
        CHECK_STR(session_state_to_string(SESSION_RESTING), "resting");
        CHECK_STR(session_action_to_string(ACTION_DISCONNECT), "disconnect");
        CHECK_STR(session_state_to_string(SESSION_STATE_MAX_), "unknown");
        CHECK_STR(session_event_to_string(SESSION_EVENT_MAX_), "unknown");
        CHECK_STR(session_action_to_string(SESSION_ACTION_MAX_), "unknown");
}

static void event_words_are_read_back(void) {
        for
                EVENTS(event)
        CHECK_EQ(session_event_from_string(session_event_to_string(event)), event);
        CHECK_STR(session_event_to_string(EVENT_BOND_NEEDED), "bond_needed");
        CHECK_EQ(session_event_from_string(""), -EINVAL);
        CHECK_EQ(session_event_from_string("see"), -EINVAL);
        CHECK_EQ(session_event_from_string("seen "), -EINVAL);
        CHECK_EQ(session_event_from_string("SEEN"), -EINVAL);
        CHECK_EQ(session_event_from_string("unknown"), -EINVAL);
}

static void a_new_session_is_idle_and_blameless(void) {
        struct session s = {.state = SESSION_RESTING, .collected = true, .failures = 7};

        session_init(&s);
        CHECK_EQ(s.state, SESSION_IDLE);
        CHECK_EQ(s.collected, false);
        CHECK_EQ(s.failures, 0);
        CHECK_EQ(s.unresolved_losses, 0);
}

CHECK_MAIN("unit.session", TEST(every_state_is_reachable),
           TEST(timeouts_alone_lead_home_from_everywhere), TEST(refusals_and_losses_lead_to_rest),
           TEST(a_lost_link_ends_every_linked_state_and_no_other),
           TEST(a_stop_unlinks_every_linked_state),
           TEST(a_value_is_fed_in_every_state_and_makes_a_session_good),
           TEST(an_ignored_event_changes_nothing), TEST(to_rest_is_to_enter_resting),
           TEST(linked_is_connecting_to_disconnecting), TEST(every_linked_state_has_its_timeout),
           TEST(a_good_session_rests_for_the_cooldown_whatever_the_chance),
           TEST(backoff_doubles_up_to_its_cap), TEST(more_chance_is_never_a_shorter_rest),
           TEST(odd_timings_do_not_overflow), TEST(every_word_is_there_and_is_its_own),
           TEST(event_words_are_read_back), TEST(a_new_session_is_idle_and_blameless))
