/* No service is on the database: this program is the collector for the time of one pairing. What
 * is read waits in the outbox for the service. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/collector.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/exit_code.h"
#include "cli/pair_problem.h"
#include "store/store.h"

#define START_USEC   15000000u /* for bluetoothd to tell of its adapter */
#define REFUSED_USEC 2000000u  /* it does not switch on: for it to try once more */

struct alone {
        struct pair *pair;
        struct config config; /* the program's, but nothing is armed */
        struct store *store;
        struct collector *collector;
        struct deadline patience;
        struct deadline begin, end; /* not from inside what the collector does just now */
        bool off, open, stopping;
};

/* The collector ends first: sessions and the kernel's list are left in order. */
static void on_end(void *userdata) {
        struct alone *a = userdata;

        if (a->collector)
                collector_stop(a->collector);
        else
                sd_event_exit(a->pair->event, 0);
}

static void finish(struct pair *p) {
        struct alone *a = p->state;

        if (a->stopping)
                return;
        a->stopping = true;
        deadline_clear(&a->patience);
        deadline_set_usec(&a->end, 0);
}

/* BlueZ says that it does not come up by itself: blocked or forbidden is an answer, a refusal to
 * switch it on may pass with the next try. */
static void give_up_soon(struct alone *a) {
        const struct collector *c = a->collector;
        const struct bluez_adapter_info *info = bluez_adapter_info(c->adapter);
        bool never = info->state == BLUEZ_ADAPTER_BLOCKED || info->error == BLUEZ_ACCESS_DENIED;
        bool refused = info->state == BLUEZ_ADAPTER_OFF &&
                       (info->error != BLUEZ_OK || !a->config.bluetooth.power_on);

        if (a->off || (!never && !refused))
                return;
        a->off = true;
        deadline_set_usec(&a->patience, never ? 0 : REFUSED_USEC);
}

static void try_to_open(void *userdata) {
        struct alone *a = userdata;
        struct collector *c = a->collector;

        if (a->open || a->stopping || !c->listed)
                return;
        if (!c->adapter_on) {
                give_up_soon(a);
                return;
        }
        a->open = pairing_open(&c->pairing, a->pair->config->timing.pairing_window_usec,
                               a->pair->address, NULL) == 0;
        if (a->open)
                deadline_clear(&a->patience);
}

static void on_patience_over(void *userdata) {
        struct alone *a = userdata;
        char problem[512];
        const char *why = collector_problem(a->collector, problem, sizeof problem);

        pair_fail_problem(a->pair, "adapter", "Bluetooth is not ready",
                          why ? why : "the Bluetooth adapter did not come up");
}

static void nothing_stored(void *owner, const struct bdaddr *cuff, uint8_t user) {
}

static void nothing_of_cuff(void *owner, const struct cuff *cuff) {
}

static void on_bridge_changed(void *owner) {
        struct alone *a = owner;

        if (!a->open)
                deadline_set_usec(&a->begin, 0);
}

static void on_happened(void *owner, const char *type, const char *data, const char *transaction) {
        struct alone *a = owner;

        if (strncmp(type, "pairing_", 8) == 0)
                pair_event(a->pair, type, data);
        else if (strcmp(type, "adapter_down") == 0 && !a->open)
                deadline_set_usec(&a->patience, 0);
        else
                on_bridge_changed(a); /* the adapter, most likely */
}

static void nothing_answered(void *owner, uint64_t ticket, enum request_code code, const char *data,
                             const char *error) {
}

static void on_store_broken(void *owner) {
        struct alone *a = owner;

        pair_fail(a->pair, "database", "The database is damaged",
                  "it could not be written while the cuff was being paired",
                  "Start the service: it sets the damaged file aside and makes a new one");
}

static void on_bus_gone(void *owner) {
        struct alone *a = owner;

        pair_fail(a->pair, "adapter", "The system's message bus ended", "D-Bus is gone",
                  "Run `systemctl status dbus`, then pair again");
        sd_event_exit(a->pair->event, 0);
}

static void on_stopped(void *owner) {
        struct alone *a = owner;

        sd_event_exit(a->pair->event, 0);
}

/* The service may be another user's than root: what is made here must be readable for it. Of the
 * process only its files change hands; BlueZ goes on seeing root. */
static void make_files_for_owner(const char *directory) {
        struct stat st;

        if (geteuid() != 0 || stat(directory, &st) < 0 || st.st_uid == 0)
                return;
        setfsgid(st.st_gid);
        setfsuid(st.st_uid);
}

static int open_store(struct alone *a) {
        _cleanup_(freep) char *why = NULL;
        int r;

        make_files_for_owner(a->pair->config->state_directory);
        r = store_open(a->pair->config->state_directory, &a->store, &why);
        if (r >= 0)
                return 0;
        a->pair->exit_code = r == -ENOTSUP ? EXIT_CODE_DATABASE_NEWER : EXIT_CODE_STATE;
        pair_fail(a->pair, "database", "The database cannot be used", why ? why : strerror(-r),
                  r == -EACCES ? "Run this as the service's user, or as root: `sudo cuff2mqtt pair`"
                               : "See what it says about the file, then pair again");
        return r;
}

static int start(struct pair *p) {
        static const struct collector_events events = {
                .stored = nothing_stored,
                .cuff_changed = nothing_of_cuff,
                .cuff_known = nothing_of_cuff,
                .bridge_changed = on_bridge_changed,
                .happened = on_happened,
                .answered = nothing_answered,
                .store_broken = on_store_broken,
                .bus_gone = on_bus_gone,
                .stopped = on_stopped,
        };
        struct alone *a = calloc(1, sizeof *a);
        int r;

        if (!a)
                return -ENOMEM;
        a->pair = p;
        p->state = a;
        deadline_init(&a->patience, p->event, on_patience_over, a);
        deadline_init(&a->begin, p->event, try_to_open, a);
        deadline_init(&a->end, p->event, on_end, a);
        wall_clock_set_zone(p->config->time_zone);
        r = open_store(a);
        if (r < 0)
                return r;
        pair_view_say(&p->view, "No service runs on this database: this program pairs by itself");
        a->config = *p->config;
        a->config.bluetooth.wake = CONFIG_WAKE_DISCOVERY;
        r = collector_new(p->event, &a->config, a->store, &events, a, &a->collector);
        if (r < 0) {
                pair_fail(p, "adapter", "The system's message bus cannot be reached", strerror(-r),
                          "Run `cuff2mqtt doctor`: it says what is missing");
                return r;
        }
        deadline_set_usec(&a->patience, START_USEC);
        return 0;
}

static void close_window(struct pair *p) {
        struct alone *a = p->state;

        if (a->open)
                pairing_close(&a->collector->pairing, "requested");
        finish(p);
}

static void alone_free(struct pair *p) {
        struct alone *a = p->state;

        if (!a)
                return;
        deadline_done(&a->patience);
        deadline_done(&a->begin);
        deadline_done(&a->end);
        collector_free(a->collector);
        store_close(a->store);
        free(a);
}

const struct pair_part pair_alone = {
        .start = start, .close = close_window, .finish = finish, .free = alone_free};
