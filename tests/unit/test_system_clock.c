/* Whether a cuff's clock may be set: the owner's word, the kernel's, or that of systemd-timedated,
 * which is played here. So is the kernel. */
#include "app/system_clock.h"

#include <errno.h>
#include <sys/timex.h>

#include "bluez_fixture.h"

#define TIMEDATE "org.freedesktop.timedate1"

static int kernel_state, kernel_status;

int adjtimex(struct timex *t) {
        if (kernel_state < 0) {
                errno = EPERM;
                return -1;
        }
        t->status = kernel_status;
        return kernel_state;
}

static void kernel(int state, int status) {
        kernel_state = state;
        kernel_status = status;
}

struct world {
        struct fixture f;
        struct system_clock clock;
};

/* The kernel must not be asked; the bus has a timedated, which keeps its first answer back. */
static void begin(struct world *w, enum config_system_clock policy) {
        fixture_prepare(&w->f);
        fixture_own(&w->f);
        CHECK(sd_bus_request_name(w->f.fake, TIMEDATE, 0) >= 0);
        fixture_open_bus(&w->f);
        UNTIL(&w->f, w->f.up == 1);
        kernel(-1, 0);
        w->f.hold = "Get";
        system_clock_init(&w->clock, policy, w->f.bus);
}

static void end(struct world *w) {
        system_clock_done(&w->clock);
        fixture_done(&w->f);
}

static void answer(struct world *w, const char *type, int value) {
        UNTIL(&w->f, w->f.held);
        CHECK(sd_bus_reply_method_return(w->f.held, "v", type, value) >= 0);
        w->f.held = sd_bus_message_unref(w->f.held);
        w->f.hold = "Get"; /* the next one */
        fixture_settle(&w->f);
}

static void the_owners_word_is_above_all(void) {
        static const struct {
                enum config_system_clock policy;
                bool right;
        } cases[] = {{CONFIG_CLOCK_TRUSTED, true}, {CONFIG_CLOCK_UNTRUSTED, false}};

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct world w;

                begin(&w, cases[i].policy);
                for (int state = -1; state <= TIME_ERROR; state++) {
                        kernel(state, 0);
                        CHECK_EQ(system_clock_is_right(&w.clock), cases[i].right);
                        CHECK(!system_clock_ask(&w.clock));
                }
                fixture_settle(&w.f);
                CHECK_STR(w.f.calls, "");
                end(&w);
        }
}

static void the_kernel_is_believed_where_it_may_be_asked(void) {
        struct world w;

        begin(&w, CONFIG_CLOCK_AUTO);
        answer(&w, "b", 1);
        kernel(TIME_ERROR, STA_UNSYNC);
        CHECK(!system_clock_is_right(&w.clock));
        kernel(TIME_OK, STA_UNSYNC);
        CHECK(!system_clock_is_right(&w.clock));
        CHECK(!system_clock_ask(&w.clock));
        kernel(TIME_OK, 0);
        CHECK(system_clock_is_right(&w.clock));
        CHECK(!system_clock_ask(&w.clock));
        fixture_settle(&w.f);
        CHECK_STR(w.f.calls, "Get "); /* the one of the start */
        end(&w);
}

static void else_timedated_is_asked_and_its_last_answer_counts(void) {
        const char *interface, *property;
        struct world w;

        begin(&w, CONFIG_CLOCK_AUTO);
        CHECK(!system_clock_is_right(&w.clock));
        CHECK(system_clock_ask(&w.clock)); /* one question with the one of the start */
        UNTIL(&w.f, w.f.held);
        CHECK_STR(sd_bus_message_get_destination(w.f.held), TIMEDATE);
        CHECK_STR(sd_bus_message_get_path(w.f.held), "/org/freedesktop/timedate1");
        CHECK_STR(sd_bus_message_get_interface(w.f.held), "org.freedesktop.DBus.Properties");
        CHECK(sd_bus_message_read(w.f.held, "ss", &interface, &property) >= 0);
        CHECK_STR(interface, TIMEDATE);
        CHECK_STR(property, "NTPSynchronized");
        CHECK(!system_clock_is_right(&w.clock));
        answer(&w, "b", 1);
        CHECK(system_clock_is_right(&w.clock));
        CHECK_STR(w.f.calls, "Get ");
        CHECK(system_clock_ask(&w.clock));
        UNTIL(&w.f, w.f.held);
        CHECK(system_clock_is_right(&w.clock)); /* until the next one is there */
        answer(&w, "b", 0);
        CHECK(!system_clock_is_right(&w.clock));
        CHECK_STR(w.f.calls, "Get Get ");
        end(&w);
}

static void what_is_no_answer_makes_no_clock_right(void) {
        struct world w;

        begin(&w, CONFIG_CLOCK_AUTO);
        for (int i = 0; i < 3; i++) {
                answer(&w, "b", 1);
                CHECK(system_clock_is_right(&w.clock));
                if (i == 0) { /* of another type */
                        CHECK(system_clock_ask(&w.clock));
                        answer(&w, "u", 1);
                } else if (i == 1) {
                        fixture_refuse(&w.f, "Get", SD_BUS_ERROR_ACCESS_DENIED, "no");
                        CHECK(system_clock_ask(&w.clock));
                        UNTIL(&w.f, !w.f.fail);
                        fixture_settle(&w.f);
                } else { /* nobody has the name */
                        CHECK(sd_bus_release_name(w.f.fake, TIMEDATE) >= 0);
                        CHECK(system_clock_ask(&w.clock));
                        fixture_settle(&w.f);
                }
                CHECK(!system_clock_is_right(&w.clock));
                CHECK(system_clock_ask(&w.clock)); /* and it is asked again */
        }
        end(&w);
}

static void an_end_while_it_is_asked(void) {
        struct world w;

        begin(&w, CONFIG_CLOCK_AUTO);
        UNTIL(&w.f, w.f.held);
        system_clock_done(&w.clock);
        CHECK(sd_bus_reply_method_return(w.f.held, "v", "b", 1) >= 0);
        fixture_settle(&w.f);
        CHECK(!w.clock.timedate.synchronised);
        end(&w);
}

CHECK_MAIN("unit.system_clock", TEST(the_owners_word_is_above_all),
           TEST(the_kernel_is_believed_where_it_may_be_asked),
           TEST(else_timedated_is_asked_and_its_last_answer_counts),
           TEST(what_is_no_answer_makes_no_clock_right), TEST(an_end_while_it_is_asked))
