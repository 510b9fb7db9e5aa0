/* Commands about the world around bluetoothd: adapter, daemon, other clients, faults. */
#include "script_commands.h"

#include <stdio.h>

#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_foreign.h"
#include "dbus_front.h"
#include "dbus_scan.h"
#include "util.h"

enum { STRANGERS_MAX = 5000 };

static void set_blocked(struct daemon *d, bool blocked) {
        d->blocked = blocked;
        daemon_set_powered(d, d->powered && !blocked);
}

static void do_adapter(struct front *f, struct words *w) {
        const char *address = words_address(w), *powered = words_option(w, "powered"),
                   *roles = words_option(w, "roles");
        struct daemon *d = &f->daemon;

        daemon_adapter_remove(d);
        if (address)
                snprintf(d->adapter_address, sizeof d->adapter_address, "%s", address);
        if (roles)
                snprintf(d->roles, sizeof d->roles, "%s", roles);
        d->blocked = words_yes(words_option(w, "blocked"));
        daemon_adapter_add(d);
        if (powered && !words_yes(powered))
                daemon_set_powered(d, false);
}

static void do_adapter_remove(struct front *f, struct words *w) {
        daemon_adapter_remove(&f->daemon);
}

/* adapter-add [hci1]: a dongle that is put back often gets another name */
static void do_adapter_add(struct front *f, struct words *w) {
        const char *name = words_plain(w, 0);
        struct daemon *d = &f->daemon;

        if (d->adapter_present) {
                w->problem = "it is there";
                return;
        }
        if (name)
                snprintf(d->adapter_path, sizeof d->adapter_path, "/org/bluez/%s", name);
        for (struct device *dev = d->devices; dev; dev = dev->next)
                device_place(dev);
        daemon_adapter_add(d);
}

static void do_rfkill(struct front *f, struct words *w) {
        set_blocked(&f->daemon, words_yes(words_plain(w, 0)));
}

static void do_bluetoothd_stop(struct front *f, struct words *w) {
        daemon_stop(&f->daemon);
}

static void do_bluetoothd_start(struct front *f, struct words *w) {
        if (daemon_start(&f->daemon) < 0)
                w->problem = "the name org.bluez could not be owned";
}

static void do_foreign_agent(struct front *f, struct words *w) {
        foreign_agent(&f->daemon, words_yes(words_plain(w, 0)));
}

static void do_foreign_scan(struct front *f, struct words *w) {
        foreign_scan(&f->daemon, words_yes(words_plain(w, 0)));
}

static void do_stranger(struct front *f, struct words *w) {
        const char *address = words_address(w), *rate = words_option(w, "adverts");
        struct device *dev;

        if (!address || device_by_address(&f->daemon, address)) {
                w->problem = "a new address is needed";
                return;
        }
        dev = device_new(&f->daemon, address, NULL);
        dev->paired = dev->bonded = words_yes(words_option(w, "bonded"));
        dev->temporary = !dev->bonded;
        if (dev->bonded)
                device_export(dev);
        if (rate && strtod(rate, NULL) > 0)
                dev->advert_interval_usec = (uint64_t) ((double) SEC / strtod(rate, NULL));
        scan_air(dev);
}

/* strangers COUNT [adverts=N/s]: a flood, all of them with OMRON's company and other names */
static void do_strangers(struct front *f, struct words *w) {
        const char *count = words_plain(w, 0), *rate = words_option(w, "adverts");
        double hertz = rate && strtod(rate, NULL) > 0 ? strtod(rate, NULL) : 4;
        unsigned long n = count ? strtoul(count, NULL, 10) : 0;
        char address[18];

        if (n < 1 || n > STRANGERS_MAX) {
                w->problem = "COUNT up to 5000";
                return;
        }
        for (unsigned i = 1; i <= n; i++) {
                struct device *dev;

                snprintf(address, sizeof address, "C1:00:00:00:%02X:%02X", i >> 8 & 0xFF, i & 0xFF);
                if (device_by_address(&f->daemon, address))
                        continue;
                dev = device_new(&f->daemon, address, NULL);
                dev->noise = i;
                dev->advert_interval_usec = (uint64_t) ((double) SEC / hertz);
                scan_air(dev);
        }
}

static void do_rssi_only(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);

        if (c)
                front_device(c)->rssi_only = words_yes(words_plain(w, 0));
}

static void do_block(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        struct device *dev = c ? front_device(c) : NULL;

        if (!dev)
                return;
        dev->blocked = words_yes(words_plain(w, 0));
        device_changed(dev, "Blocked", NULL);
}

static void do_paired_without_bond(struct front *f, struct words *w) {
        struct cuff *c = words_cuff(w, f);
        struct device *dev = c ? front_device(c) : NULL;

        if (!dev)
                return;
        dev->paired = true;
        dev->temporary = false;
        device_export(dev);
        device_changed(dev, "Paired", NULL);
}

/* fail METHOD NAME [TEXT...]: the words after NAME, joined */
static void join_text(const struct words *w, size_t first, char *ret, size_t size) {
        const char *word;

        *ret = '\0';
        for (size_t i = first; (word = words_plain(w, i)); i++) {
                size_t n = strlen(ret);

                snprintf(ret + n, size - n, "%s%s", n ? " " : "", word);
        }
}

static void do_fail(struct front *f, struct words *w) {
        char text[128];

        if (!words_plain(w, 1)) {
                w->problem = "fail METHOD NAME [TEXT...]";
                return;
        }
        join_text(w, 2, text, sizeof text);
        call_add_fault(&f->daemon, FAULT_FAIL, words_plain(w, 0), words_plain(w, 1), text, 0,
                       words_times(w));
}

static void do_delay(struct front *f, struct words *w) {
        const char *seconds = words_plain(w, 1);

        if (!seconds)
                w->problem = "delay METHOD SECONDS";
        else
                call_add_fault(&f->daemon, FAULT_DELAY, words_plain(w, 0), words_option(w, "error"),
                               NULL, (uint64_t) (strtod(seconds, NULL) * (double) SEC),
                               words_times(w));
}

static void do_unanswered(struct front *f, struct words *w) {
        if (!words_plain(w, 0))
                w->problem = "unanswered METHOD";
        else
                call_add_fault(&f->daemon, FAULT_UNANSWERED, words_plain(w, 0), NULL, NULL, 0,
                               words_times(w));
}

static void do_faults_none(struct front *f, struct words *w) {
        call_forget_faults(&f->daemon);
}

static void do_time_scale(struct front *f, struct words *w) {
        const char *scale = words_plain(w, 0);

        if (!scale || strtod(scale, NULL) <= 0)
                w->problem = "time-scale F";
        else
                f->daemon.time_scale = strtod(scale, NULL);
}

/* clang-format off */
const struct script_command script_front[] = {
        {"adapter", do_adapter},
        {"adapter-remove", do_adapter_remove},
        {"adapter-add", do_adapter_add},
        {"rfkill", do_rfkill},
        {"bluetoothd-stop", do_bluetoothd_stop},
        {"bluetoothd-start", do_bluetoothd_start},
        {"foreign-agent", do_foreign_agent},
        {"foreign-scan", do_foreign_scan},
        {"stranger", do_stranger},
        {"strangers", do_strangers},
        {"rssi-only", do_rssi_only},
        {"block", do_block},
        {"paired-without-bond", do_paired_without_bond},
        {"fail", do_fail},
        {"delay", do_delay},
        {"unanswered", do_unanswered},
        {"faults-none", do_faults_none},
        {"time-scale", do_time_scale},
        {NULL, NULL},
};
/* clang-format on */
