/* Commands about cuffs. */
#include "script_commands.h"

#include <stdio.h>

#include "att_server.h"
#include "script_memory.h"
#include "util.h"

/* --- what kind of cuff --- */

static void set_clock(struct cuff *c, const char *clock) {
        bool unset = strcmp(clock, "unset") == 0;
        bool offset = clock[0] == '+' || clock[0] == '-';

        cuff_set_clock(c, !unset, offset ? strtoll(clock, NULL, 10) : 0);
}

static void describe_cuff(struct cuff *c, const struct words *w) {
        const char *name = words_option(w, "name"), *model = words_option(w, "model");
        const char *omron = words_option(w, "omron"), *users = words_option(w, "users");
        const char *clock = words_option(w, "clock"), *battery = words_option(w, "battery");

        if (name)
                snprintf(c->name, sizeof c->name, "%s", name);
        if (model)
                snprintf(c->model, sizeof c->model, "%s", model);
        if (omron)
                c->omron = words_yes(omron);
        if (users)
                c->users = strcmp(users, "2") == 0 ? 2 : 1;
        if (clock)
                set_clock(c, clock);
        if (battery)
                c->battery = (uint8_t) atoi(battery);
        if (words_option(w, "random"))
                c->random_address = words_yes(words_option(w, "random"));
        if (words_option(w, "security-request"))
                c->security_request = words_yes(words_option(w, "security-request"));
        if (words_option(w, "open"))
                c->open = words_yes(words_option(w, "open"));
        if (words_option(w, "unasked"))
                c->unasked = words_yes(words_option(w, "unasked"));
        if (words_option(w, "indicates"))
                c->indicates = words_yes(words_option(w, "indicates"));
        if (words_option(w, "tail"))
                c->tail_usec = strtoul(words_option(w, "tail"), NULL, 10) * SEC;
}

static void describe_radio(struct cuff *c, struct words *w) {
        unsigned interval = words_number(w, "advert-interval", 20, 10240); /* as the air allows */
        unsigned mtu = words_number(w, "mtu", ATT_MTU_MIN, ATT_MTU_MAX);

        if (interval)
                c->advert_interval_usec = interval * MSEC;
        if (mtu)
                c->mtu = (uint16_t) mtu;
}

static void do_cuff(struct front *f, struct words *w) {
        const char *address = words_address(w);
        struct cuff *c;

        if (!address) {
                w->problem = "cuff ADDRESS";
                return;
        }
        c = words_find_cuff(f, address);
        if (!c)
                c = front_new_cuff(f, address);
        if (!c) {
                w->problem = "the address is taken";
                return;
        }
        script_describe_memory(c, w); /* first: the others may change what it brings along */
        describe_cuff(c, w);
        describe_radio(c, w);
}

static void do_bonded(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);

        if (c)
                w->problem = front_bonded(c);
}

static void do_bond_lost(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        const char *how = words_plain(w, 0);

        if (!c)
                return;
        if (how && strcmp(how, "taken") != 0)
                w->problem = "bond-lost [taken]";
        else
                front_bond_lost(c, how != NULL);
}

/* --- pairing --- */

static void do_pairing_outcome(struct front *f, struct words *w) {
        static const char *const names[] = {
                [CUFF_PAIRS] = "ok",
                [CUFF_FAILS] = "fail",
                [CUFF_HANGS_UP] = "hangup",
                [CUFF_IS_SILENT] = "timeout",
                [CUFF_NOT_BONDED] = "not-bonded",
                [CUFF_REJECTS] = "rejected",
        };
        struct cuff *c = words_cuff(w, f);
        unsigned outcome, reason = words_number(w, "reason", 1, UINT8_MAX);

        if (w->problem)
                return;
        if (!words_find(names, ELEMENTS(names), words_plain(w, 0), &outcome)) {
                w->problem = "ok, fail, hangup, timeout, not-bonded or rejected";
                return;
        }
        c->outcome = outcome;
        c->fail_reason = reason ? (uint8_t) reason : CUFF_UNSPECIFIED;
        c->outcome_times = words_option(w, "times") ? words_times(w) : 0;
}

static void do_pairing_mode(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        const char *seconds = words_plain(w, 1);
        bool on = words_yes(words_plain(w, 0));

        if (c)
                cuff_pairing_mode(c, front_now(f),
                                  !on       ? 0
                                  : seconds ? strtoul(seconds, NULL, 10)
                                            : 60);
}

/* --- radio --- */

static void do_advertise(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        const char *seconds = words_plain(w, 0);

        if (c)
                cuff_advertise(c, front_now(f), seconds ? strtoul(seconds, NULL, 10) : 30);
}

static void do_quiet(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);

        if (!c)
                return;
        cuff_quiet(c);
        front_changed(c);
}

static void do_keeps_advertising(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);

        if (c)
                c->keeps_advertising = words_yes(words_plain(w, 0));
}

static void do_vanish(struct front *f, struct words *w) {
        static const char *const names[] = {
                [CUFF_CONNECTING] = "connecting", [CUFF_CONNECTED] = "connected",
                [CUFF_PAIRING] = "pairing",       [CUFF_SUBSCRIBING] = "subscribing",
                [CUFF_READING] = "reading",       [CUFF_COLLECTING] = "collecting",
                [CUFF_CONFIRMING] = "confirming", [CUFF_NOWHERE] = "nowhere",
        };
        struct cuff *c = words_cuff(w, f);
        const char *at = words_option(w, "at");
        unsigned point;

        if (!c)
                return;
        if (!at || strcmp(at, "now") == 0)
                cuff_vanish(c);
        else if (words_find(names, ELEMENTS(names), at, &point))
                c->vanish_at = point;
        else
                w->problem = "connecting, connected, pairing, subscribing, reading, collecting, "
                             "confirming, nowhere or now";
}

static void do_hang_up_after(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        const char *seconds = words_plain(w, 0);

        if (!c)
                return;
        if (!seconds)
                w->problem = "SECONDS or never";
        else if (strcmp(seconds, "never") == 0)
                c->hang_up_usec = UINT64_MAX;
        else
                c->hang_up_usec = (uint64_t) (strtod(seconds, NULL) * (double) SEC);
        front_changed(c);
}

static void do_speaks_after(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        const char *ms = words_plain(w, 0);

        if (c)
                c->first_indication_usec = ms ? strtoul(ms, NULL, 10) * MSEC : 0;
}

static void do_hold_indications(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        const char *ms = words_plain(w, 0);

        if (c)
                c->indication_gap_usec = ms ? strtoul(ms, NULL, 10) * MSEC : 0;
}

static void do_duplicate_indications(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);

        if (c)
                c->duplicates = words_yes(words_plain(w, 0));
}

static void do_clock(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        const char *clock = words_plain(w, 0);

        if (c)
                set_clock(c, clock ? clock : "ok");
}

static void do_clock_writable(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);

        if (c)
                c->clock_writable = words_yes(words_plain(w, 0));
}

/* --- show --- */

static void do_show(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);

        if (c)
                front_show(c);
}

static void do_nothing(struct front *f, struct words *w) {
}

/* clang-format off */
const struct script_command script_cuff[] = {
        {"cuff", do_cuff},
        {"bonded", do_bonded},
        {"bond-lost", do_bond_lost},
        {"pairing-outcome", do_pairing_outcome},
        {"pairing-mode", do_pairing_mode},
        {"advertise", do_advertise},
        {"quiet", do_quiet},
        {"keeps-advertising", do_keeps_advertising},
        {"vanish", do_vanish},
        {"hang-up-after", do_hang_up_after},
        {"speaks-after", do_speaks_after},
        {"hold-indications", do_hold_indications},
        {"duplicate-indications", do_duplicate_indications},
        {"clock", do_clock},
        {"clock-writable", do_clock_writable},
        {"show", do_show},
        {"here", do_nothing},
        {NULL, NULL},
};
/* clang-format on */
