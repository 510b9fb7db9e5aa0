/* Commands about the world: adapter, daemon, other clients, faults. */
#include "script_commands.h"

#include <ctype.h>
#include <stdio.h>

#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_foreign.h"
#include "dbus_scan.h"
#include "util.h"

void upper_case(char *ret, size_t size, const char *address) {
        snprintf(ret, size, "%s", address);
        for (; *ret; ret++)
                *ret = (char) toupper((unsigned char) *ret);
}

static void set_blocked(struct daemon *d, bool blocked) {
        d->blocked = blocked;
        daemon_set_powered(d, d->powered && !blocked);
}

static void do_adapter(struct daemon *d, struct words *w) {
        const char *address = words_address(w), *powered = words_option(w, "powered");

        daemon_adapter_remove(d);
        if (address)
                upper_case(d->adapter_address, sizeof d->adapter_address, address);
        d->blocked = words_yes(words_option(w, "blocked"));
        daemon_adapter_add(d);
        if (powered && !words_yes(powered))
                daemon_set_powered(d, false);
}

static void do_adapter_remove(struct daemon *d, struct words *w) {
        daemon_adapter_remove(d);
}

/* adapter-add [hci1]: a dongle that is put back often gets another name */
static void do_adapter_add(struct daemon *d, struct words *w) {
        const char *name = words_plain(w, 0);

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

static void do_rfkill(struct daemon *d, struct words *w) {
        set_blocked(d, words_yes(words_plain(w, 0)));
}

static void do_bluetoothd_stop(struct daemon *d, struct words *w) {
        daemon_stop(d);
}

static void do_bluetoothd_start(struct daemon *d, struct words *w) {
        if (daemon_start(d) < 0)
                w->problem = "the name org.bluez could not be owned";
}

static void do_foreign_agent(struct daemon *d, struct words *w) {
        foreign_agent(d, words_yes(words_plain(w, 0)));
}

static void do_foreign_scan(struct daemon *d, struct words *w) {
        foreign_scan(d, words_yes(words_plain(w, 0)));
}

static void do_stranger(struct daemon *d, struct words *w) {
        const char *given = words_address(w), *rate = words_option(w, "adverts");
        char address[18];
        struct device *dev;

        if (!given || device_by_address(d, given)) {
                w->problem = "a new address is needed";
                return;
        }
        upper_case(address, sizeof address, given);
        dev = device_new(d, address, NULL);
        if (rate && strtod(rate, NULL) > 0)
                dev->advert_interval_usec = (uint64_t) ((double) SEC / strtod(rate, NULL));
        scan_air(dev);
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

static void do_fail(struct daemon *d, struct words *w) {
        char text[128];

        if (!words_plain(w, 1)) {
                w->problem = "fail METHOD NAME [TEXT...]";
                return;
        }
        join_text(w, 2, text, sizeof text);
        call_add_fault(d, FAULT_FAIL, words_plain(w, 0), words_plain(w, 1), text, 0,
                       words_times(w));
}

static void do_delay(struct daemon *d, struct words *w) {
        const char *seconds = words_plain(w, 1);

        if (!seconds)
                w->problem = "delay METHOD SECONDS";
        else
                call_add_fault(d, FAULT_DELAY, words_plain(w, 0), NULL, NULL,
                               (uint64_t) (strtod(seconds, NULL) * (double) SEC), words_times(w));
}

static void do_unanswered(struct daemon *d, struct words *w) {
        if (!words_plain(w, 0))
                w->problem = "unanswered METHOD";
        else
                call_add_fault(d, FAULT_UNANSWERED, words_plain(w, 0), NULL, NULL, 0,
                               words_times(w));
}

static void do_time_scale(struct daemon *d, struct words *w) {
        const char *scale = words_plain(w, 0);

        if (!scale || strtod(scale, NULL) <= 0)
                w->problem = "time-scale F";
        else
                d->time_scale = strtod(scale, NULL);
}

/* clang-format off */
const struct script_command script_world[] = {
        {"adapter", do_adapter},
        {"adapter-remove", do_adapter_remove},
        {"adapter-add", do_adapter_add},
        {"rfkill", do_rfkill},
        {"bluetoothd-stop", do_bluetoothd_stop},
        {"bluetoothd-start", do_bluetoothd_start},
        {"foreign-agent", do_foreign_agent},
        {"foreign-scan", do_foreign_scan},
        {"stranger", do_stranger},
        {"fail", do_fail},
        {"delay", do_delay},
        {"unanswered", do_unanswered},
        {"time-scale", do_time_scale},
        {NULL, NULL},
};
/* clang-format on */
