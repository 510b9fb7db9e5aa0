#include "app/system_clock.h"

#include "app/wall_clock.h"

void system_clock_init(struct system_clock *s, enum config_system_clock policy,
                       struct bluez_bus *bus) {
        s->policy = policy;
        bluez_timedate_init(&s->timedate, bus);
        (void) system_clock_ask(s);
}

void system_clock_done(struct system_clock *s) {
        bluez_timedate_done(&s->timedate);
}

bool system_clock_is_right(const struct system_clock *s) {
        int r;

        if (s->policy != CONFIG_CLOCK_AUTO)
                return s->policy == CONFIG_CLOCK_TRUSTED;
        r = wall_clock_ask_kernel();
        return r < 0 ? s->timedate.synchronised : r > 0;
}

bool system_clock_ask(struct system_clock *s) {
        if (s->policy != CONFIG_CLOCK_AUTO || wall_clock_ask_kernel() >= 0)
                return false;
        bluez_timedate_ask(&s->timedate);
        return true;
}
