#include "dbus_scan.h"

#include <stdio.h>

#include "dbus_adapter.h"
#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_link.h"
#include "log.h"
#include "util.h"

#define TEMPORARY (30 * SEC) /* unseen devices are forgotten */
#define RESTART   (10 * SEC) /* until then the controller keeps its list of who was heard already */
enum { FILTER_UUIDS_MAX = 8 };

struct scan { /* one bus client: its filter, and whether it discovers */
        struct scan *next;
        char owner[32];
        bool on, duplicates;
        char uuids[FILTER_UUIDS_MAX][40];
        size_t n_uuids;
        char pattern[64];
};

static struct scan *scan_of(struct daemon *d, const char *owner, bool create) {
        struct scan *s;

        for (s = d->scans; s; s = s->next)
                if (strcmp(s->owner, owner) == 0)
                        return s;
        if (!create)
                return NULL;
        s = must_alloc(sizeof *s);
        snprintf(s->owner, sizeof s->owner, "%s", owner);
        s->next = d->scans;
        d->scans = s;
        return s;
}

bool scan_is_on(const struct daemon *d) {
        for (const struct scan *s = d->scans; s; s = s->next)
                if (s->on)
                        return true;
        return false;
}

/* --- what passes --- */

static bool filter_passes(const struct scan *s, const struct device *dev) {
        const char *name = dev->cuff ? dev->cuff->name : "";

        if (!s->on)
                return false;
        if (s->pattern[0] && strncmp(dev->address, s->pattern, strlen(s->pattern)) != 0 &&
            strncmp(name, s->pattern, strlen(s->pattern)) != 0)
                return false;
        if (s->n_uuids == 0)
                return true;
        for (size_t i = 0; i < s->n_uuids; i++)
                if (device_has_service(dev, s->uuids[i]))
                        return true;
        return false;
}

static void forget(struct device *dev) {
        if (dev->temporary && !dev->connected)
                device_unexport(dev);
}

/* Filters of all clients are OR-ed: whoever looks closely sees what others let through. */
static void heard_by_scans(struct device *dev, const uint8_t *data, size_t size) {
        struct daemon *d = dev->daemon;
        bool passes = false, duplicates = false;
        int16_t rssi = (int16_t) (-60 - rand() % 5);
        bool news = !dev->heard || size != dev->data_size || memcmp(data, dev->data, size) != 0;

        for (struct scan *s = d->scans; s; s = s->next)
                if (filter_passes(s, dev)) {
                        passes = true;
                        duplicates = duplicates || s->duplicates;
                }
        if (!passes || !d->powered || !d->bus || daemon_now(d) < dev->not_told_before)
                return;
        if (dev->temporary)
                device_timer(dev, TIMER_FORGET, later(daemon_wait(d, TEMPORARY), 3 * SEC), forget);
        if (dev->rssi_only)
                device_heard(dev, rssi, NULL, 0, false, true);
        device_heard(dev, rssi, data, size, news || duplicates, !dev->heard);
}

/* --- the air --- */

/* OMRON's company, and bytes that are wrong in another way each time. The flag of pairing is not
 * set: who sets it is tried, as anybody who presses the button of a cuff. */
static void make_noise(struct device *dev) {
        uint8_t data[CUFF_OMRON_MAX];
        size_t n;

        dev->noise = dev->noise * 1664525u + 1013904223u;
        n = (dev->noise >> 8) % (sizeof data + 1);
        for (size_t i = 0; i < n; i++)
                data[i] = (uint8_t) (dev->noise >> (i % 24));
        if (n > 0)
                data[0] %= 10;
        if (n > 1)
                data[1] &= 0xF7;
        dev->noise |= 1;
        heard_by_scans(dev, data, n);
        if (scan_is_on(dev->daemon) && ++dev->daemon->flood % 1000 == 0)
                log_line("flood adverts=%u", dev->daemon->flood);
}

static void stranger_advertises(struct device *dev) {
        static const uint8_t beacon[] = {0x10, 0x05, 0x0B, 0x1C, 0x2A, 0x3D, 0x7E, 0x00};

        device_timer(dev, TIMER_ADVERT, dev->advert_interval_usec, stranger_advertises);
        if (dev->noise)
                make_noise(dev);
        else
                heard_by_scans(dev, beacon, sizeof beacon);
}

static void cuff_advertises(struct device *dev) {
        uint64_t now = daemon_now(dev->daemon);
        uint8_t data[CUFF_OMRON_MAX];
        size_t size;
        int flags;

        if (!cuff_is_advertising(dev->cuff, now)) {
                dev->logged_flags = -1;
                return;
        }
        device_timer(dev, TIMER_ADVERT, dev->advert_interval_usec, cuff_advertises);
        flags = cuff_flags(dev->cuff, now);
        if (flags != dev->logged_flags)
                log_line("advert %s flags=%02x", dev->address, (unsigned) flags);
        dev->logged_flags = flags;
        size = cuff_omron_data(dev->cuff, now, data);
        heard_by_scans(dev, data, size);
        link_consider(dev);
}

void scan_air(struct device *dev) {
        if (!dev->cuff)
                device_timer(dev, TIMER_ADVERT, 0, stranger_advertises);
        else
                device_timer(dev, TIMER_ADVERT, 0, cuff_advertises);
}

/* --- sessions --- */

static int read_uuids(sd_bus_message *m, struct scan *s) {
        const char *uuid;
        int r = sd_bus_message_enter_container(m, 'v', "as");

        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(m, "s", &uuid)) > 0)
                if (s->n_uuids < FILTER_UUIDS_MAX)
                        snprintf(s->uuids[s->n_uuids++], sizeof s->uuids[0], "%s", uuid);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int read_entry(sd_bus_message *m, struct scan *s) {
        const char *key, *text;
        int flag, r = sd_bus_message_read(m, "s", &key);

        if (r < 0)
                return r;
        if (strcmp(key, "UUIDs") == 0)
                return read_uuids(m, s);
        if (strcmp(key, "DuplicateData") == 0) {
                r = sd_bus_message_read(m, "v", "b", &flag);
                s->duplicates = r >= 0 && flag;
                return r;
        }
        if (strcmp(key, "Pattern") == 0) {
                r = sd_bus_message_read(m, "v", "s", &text);
                if (r >= 0)
                        snprintf(s->pattern, sizeof s->pattern, "%s", text);
                return r;
        }
        return sd_bus_message_skip(m, "v"); /* Transport, RSSI, Discoverable: all pass */
}

void scan_set_filter(struct daemon *d, sd_bus_message *m) {
        struct scan *s = scan_of(d, sd_bus_message_get_sender(m), true);
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        s->n_uuids = 0;
        s->duplicates = false;
        s->pattern[0] = '\0';
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = read_entry(m, s);
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        if (r < 0)
                call_error(d, m, "InvalidArguments", "Invalid arguments in method call");
        else
                call_ok(d, m);
}

void scan_start(struct daemon *d, sd_bus_message *m) {
        struct scan *s = scan_of(d, sd_bus_message_get_sender(m), true);
        bool was_on = scan_is_on(d);

        if (!d->powered) {
                call_error(d, m, "NotReady", "Resource Not Ready");
                return;
        }
        if (s->on) {
                call_error(d, m, "InProgress", "Operation already in progress");
                return;
        }
        s->on = true;
        log_line("discovery start owner=%s", s->owner);
        call_ok(d, m);
        if (!was_on)
                adapter_changed(d, "Discovering", NULL);
}

void scan_removed(struct device *dev) {
        struct daemon *d = dev->daemon;

        dev->not_told_before = scan_is_on(d) ? daemon_now(d) + daemon_wait(d, RESTART) : 0;
}

static void nobody_scans(struct daemon *d) {
        for (struct device *dev = d->devices; dev; dev = dev->next) {
                dev->not_told_before = 0;
                device_unheard(dev);
        }
        if (d->bus && d->adapter_present)
                adapter_changed(d, "Discovering", NULL);
}

static void session_end(struct daemon *d, struct scan *s) {
        bool was_on = s->on;

        if (was_on)
                log_line("discovery stop owner=%s", s->owner);
        LIST_REMOVE(d->scans, s);
        free(s);
        if (was_on && !scan_is_on(d))
                nobody_scans(d);
}

void scan_stop(struct daemon *d, sd_bus_message *m) {
        struct scan *s = scan_of(d, sd_bus_message_get_sender(m), false);

        if (!s || !s->on) {
                call_error(d, m, "Failed", "No discovery started");
                return;
        }
        call_ok(d, m);
        session_end(d, s); /* the filter goes with it, as in bluetoothd */
}

void scan_client_left(struct daemon *d, const char *owner) {
        struct scan *s = scan_of(d, owner, false);

        if (s)
                session_end(d, s);
}

void scan_forget(struct daemon *d) {
        while (d->scans)
                session_end(d, d->scans);
}
