/* Commands about cuffs. */
#include "script_commands.h"

#include <stdio.h>

#include "dbus_cuff.h"
#include "dbus_device.h"
#include "dbus_link.h"
#include "dbus_scan.h"
#include "log.h"
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
}

static void do_cuff(struct daemon *d, struct words *w) {
        const char *given = words_address(w);
        char address[18];
        struct device *dev;

        if (!given) {
                w->problem = "cuff ADDRESS";
                return;
        }
        upper_case(address, sizeof address, given);
        dev = device_by_address(d, address);
        if (!dev)
                dev = dbus_cuff_new(d, address);
        describe_cuff(dev->cuff, w);
}

static void do_bonded(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);

        if (!dev)
                return;
        dev->paired = dev->bonded = dev->services_known = true;
        dev->temporary = false;
        dev->cuff->has_keys = true;
        device_export(dev);
        link_arm(dev);
}

static void do_bond_lost(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);

        if (!dev)
                return;
        dev->cuff->has_keys = false;
        memset(dev->cuff->cccds, 0, sizeof dev->cuff->cccds);
}

/* --- pairing --- */

static bool find_name(const char *const *names, size_t n, const char *name, unsigned *ret) {
        for (unsigned i = 0; name && i < n; i++)
                if (names[i] && strcmp(names[i], name) == 0) {
                        *ret = i;
                        return true;
                }
        return false;
}

static void do_pairing_outcome(struct daemon *d, struct words *w) {
        static const char *const names[] = {
                [CUFF_PAIRS] = "ok",
                [CUFF_FAILS] = "fail",
                [CUFF_HANGS_UP] = "hangup",
                [CUFF_IS_SILENT] = "timeout",
                [CUFF_NOT_BONDED] = "not-bonded",
                [CUFF_REJECTS] = "rejected",
        };
        struct device *dev = words_cuff(w, d);
        unsigned outcome;

        if (!dev)
                return;
        if (!find_name(names, ELEMENTS(names), words_plain(w, 0), &outcome)) {
                w->problem = "ok, fail, hangup, timeout, not-bonded or rejected";
                return;
        }
        dev->cuff->outcome = outcome;
        dev->cuff->outcome_times = words_option(w, "times") ? words_times(w) : 0;
}

static void do_pairing_mode(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);
        const char *seconds = words_plain(w, 1);
        bool on = words_yes(words_plain(w, 0));

        if (dev)
                cuff_pairing_mode(dev->cuff, daemon_now(d),
                                  !on       ? 0
                                  : seconds ? strtoul(seconds, NULL, 10)
                                            : 60);
}

/* --- radio --- */

static void do_advertise(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);
        const char *seconds = words_plain(w, 0);

        if (dev)
                cuff_advertise(dev->cuff, daemon_now(d), seconds ? strtoul(seconds, NULL, 10) : 30);
}

static void do_quiet(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);

        if (dev)
                cuff_quiet(dev->cuff);
}

static void do_keeps_advertising(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);

        if (dev)
                dev->cuff->keeps_advertising = words_yes(words_plain(w, 0));
}

static void do_rssi_only(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);

        if (dev)
                dev->rssi_only = words_yes(words_plain(w, 0));
}

static void do_vanish(struct daemon *d, struct words *w) {
        static const char *const names[] = {
                [CUFF_CONNECTING] = "connecting", [CUFF_CONNECTED] = "connected",
                [CUFF_PAIRING] = "pairing",       [CUFF_SUBSCRIBING] = "subscribing",
                [CUFF_READING] = "reading",       [CUFF_COLLECTING] = "collecting",
        };
        struct device *dev = words_cuff(w, d);
        const char *at = words_option(w, "at");
        unsigned point;

        if (!dev)
                return;
        if (!at || strcmp(at, "now") == 0)
                cuff_vanish(dev->cuff);
        else if (find_name(names, ELEMENTS(names), at, &point))
                dev->cuff->vanish_at = point;
        else
                w->problem =
                        "connecting, connected, pairing, subscribing, reading, collecting or now";
}

static void do_hang_up_after(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);
        const char *seconds = words_plain(w, 0);

        if (!dev)
                return;
        if (!seconds)
                w->problem = "SECONDS or never";
        else if (strcmp(seconds, "never") == 0)
                dev->cuff->hang_up_usec = UINT64_MAX;
        else
                dev->cuff->hang_up_usec = (uint64_t) (strtod(seconds, NULL) * (double) SEC);
        link_model_changed(dev);
}

static void do_speaks_after(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);
        const char *ms = words_plain(w, 0);

        if (dev)
                dev->cuff->first_indication_usec = ms ? strtoul(ms, NULL, 10) * MSEC : 0;
}

static void do_hold_indications(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);
        const char *ms = words_plain(w, 0);

        if (dev)
                dev->cuff->indication_gap_usec = ms ? strtoul(ms, NULL, 10) * MSEC : 0;
}

static void do_duplicate_indications(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);

        if (dev)
                dev->cuff->duplicates = words_yes(words_plain(w, 0));
}

static void do_clock(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);
        const char *clock = words_plain(w, 0);

        if (dev)
                set_clock(dev->cuff, clock ? clock : "ok");
}

static void do_clock_writable(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);

        if (dev)
                dev->cuff->clock_writable = words_yes(words_plain(w, 0));
}

/* --- show --- */

static void do_show(struct daemon *d, struct words *w) {
        struct device *dev = words_cuff(w, d);
        struct wall_time t;
        struct cuff *c;

        if (!dev)
                return;
        c = dev->cuff;
        t = cuff_clock(c, NULL);
        log_answer(
                "state %s connected=%s resolved=%s paired=%s bonded=%s keys=%s trusted=%s armed=%s "
                "encrypted=%s unsent=%zu sent=%zu cccd_2a35=%04x battery=%u advertising=%s "
                "flags=%02x clock_set=%s clock=%04u-%02u-%02uT%02u:%02u:%02u",
                dev->address, dev->connected ? "yes" : "no", dev->resolved ? "yes" : "no",
                dev->paired ? "yes" : "no", dev->bonded ? "yes" : "no", c->has_keys ? "yes" : "no",
                dev->trusted ? "yes" : "no", dev->armed ? "yes" : "no",
                c->link == CUFF_LINK_ENCRYPTED ? "yes" : "no", c->n_unsent, c->n_sent,
                cuff_cccd(c, UUID_MEASUREMENT), c->battery,
                cuff_is_advertising(c, daemon_now(d)) ? "yes" : "no", cuff_flags(c, daemon_now(d)),
                c->clock_set ? "yes" : "no", t.year, t.month, t.day, t.hour, t.minute, t.second);
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
        {"rssi-only", do_rssi_only},
        {"vanish", do_vanish},
        {"hang-up-after", do_hang_up_after},
        {"speaks-after", do_speaks_after},
        {"hold-indications", do_hold_indications},
        {"duplicate-indications", do_duplicate_indications},
        {"clock", do_clock},
        {"clock-writable", do_clock_writable},
        {"show", do_show},
        {NULL, NULL},
};
/* clang-format on */
