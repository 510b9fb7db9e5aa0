#include "dbus_link.h"

#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_gatt.h"
#include "dbus_manager.h"
#include "dbus_pair.h"
#include "dbus_scan.h"
#include "log.h"
#include "util.h"

/* Measured on kernel 6.12 and bluetoothd 5.66; not scaled below 1 s.
 */
#define AUTO_CONNECT      (200 * MSEC) /* from the first advertisement to Connected */
#define CLIENT_CONNECT    (150 * MSEC)
#define CONNECT_SCANNING  (3300 * MSEC) /* .. with discovery left running */
#define RESUME_SCANNING   (6600 * MSEC) /* armed while it advertises and others scan */
#define CONNECT_ANSWER    (60 * MSEC) /* after Connected: the kernel asks for the features first */
#define ENCRYPTS          (40 * MSEC)
#define GATT_READY        (120 * MSEC) /* a cuff that speaks at once has spoken */
#define RESOLVED          (150 * MSEC)
#define DISCOVERED        (600 * MSEC) /* where they are not known: later than keys are exchanged */
#define BOND_LOST_DROP    (160 * MSEC) /* after encryption was asked for: 0.2 s after Connected */
#define BOND_LOST_AGAIN   (1500 * MSEC) /* 4 times in 8 s */
#define CONNECT_LIMIT     (41 * SEC)
#define INITIATOR_BLOCKED (20500 * MSEC) /* by a cuff that vanished after one advertisement */
#define DISCONNECT_AFTER  (2 * SEC)      /* bluetoothd's own delay */
#define SUPERVISION       (420 * MSEC)
#define SECURITY_REQUEST  (50 * MSEC)

/* --- the cuff's own timer --- */

static void tick_model(struct device *dev) {
        cuff_tick(dev->cuff, daemon_now(dev->daemon));
        link_model_changed(dev);
}

void link_model_changed(struct device *dev) {
        uint64_t now = daemon_now(dev->daemon), due = cuff_due(dev->cuff);

        if (due == UINT64_MAX)
                device_timer_stop(dev, TIMER_MODEL);
        else
                device_timer(dev, TIMER_MODEL, due > now ? due - now : 0, tick_model);
}

/* --- ends --- */

static void answer_disconnects(struct device *dev) {
        while (dev->disconnects) {
                struct pending *p = dev->disconnects;

                dev->disconnects = p->next;
                call_finish(dev->daemon, &p->m, NULL, NULL);
                free(p);
        }
}

static void on_reconnect_once(struct device *dev) {
        link_want(dev);
}

void link_down(struct device *dev, const char *by) {
        static const enum device_timer of_link[] = {TIMER_MODEL,   TIMER_CONNECT, TIMER_ANSWER,
                                                    TIMER_ENCRYPT, TIMER_READY,   TIMER_RESOLVED,
                                                    TIMER_SMP,     TIMER_DROP,    TIMER_DISCONNECT};
        bool was_resolved = dev->resolved;

        if (!dev->connected)
                return;
        dev->browsed = dev->browsed || device_timer_runs(dev, TIMER_RESOLVED);
        if (strcmp(by, "client") == 0)
                cuff_host_leaves(dev->cuff, daemon_now(dev->daemon));
        log_line("disconnect %s by=%s", dev->address, by);
        for (size_t i = 0; i < ELEMENTS(of_link); i++)
                device_timer_stop(dev, of_link[i]);
        dev->connected = dev->resolved = false;
        cuff_link_down(dev->cuff, daemon_now(dev->daemon));
        gatt_link_ended(dev);
        if (was_resolved)
                device_changed(dev, "ServicesResolved", NULL);
        if (dev->paired && !dev->bonded) {
                dev->paired = false;
                device_changed(dev, "Paired", NULL);
        }
        device_changed(dev, "Connected", NULL);
        pair_link_ended(dev);
        call_finish(dev->daemon, &dev->connect, "Failed", "br-connection-canceled");
        answer_disconnects(dev);
        scan_air(dev);
}

static void on_drop(struct device *dev) {
        link_down(dev, dev->drop_reason);
}

void link_drop_in(struct device *dev, uint64_t usec, const char *by) {
        dev->drop_reason = by;
        device_timer(dev, TIMER_DROP, usec, on_drop);
}

void link_lost_soon(struct device *dev) {
        log_line("vanished %s", dev->address);
        link_drop_in(dev, SUPERVISION, "lost");
}

/* --- a link comes up --- */

/* The cuff refuses the key (HCI 0x06): Connected, then not. Bonded stays true on our side. */
static void bond_is_lost(struct device *dev) {
        log_line("key-missing %s", dev->address);
        gatt_link_refused(dev);
        device_timer_stop(dev, TIMER_READY);
        device_timer_stop(dev, TIMER_RESOLVED);
        dev->bond_failures++;
        dev->not_before = daemon_now(dev->daemon) + BOND_LOST_DROP +
                          (dev->bond_failures > 1 ? BOND_LOST_AGAIN : 0);
        if (dev->connect_by_client && dev->bond_failures == 1)
                device_timer(dev, TIMER_GIVE_UP, BOND_LOST_DROP + AUTO_CONNECT, on_reconnect_once);
        dev->connect_by_client = false;
        link_drop_in(dev, BOND_LOST_DROP, "cuff");
}

static void link_encrypted(struct device *dev) {
        log_line("encrypted %s", dev->address);
        dev->bond_failures = 0;
        cuff_link_encrypted(dev->cuff, daemon_now(dev->daemon));
        link_model_changed(dev);
        gatt_security_changed(dev, false);
}

static void on_encrypt(struct device *dev) {
        if (dev->cuff->gone)
                return;
        if (dev->cuff->has_keys)
                link_encrypted(dev);
        else
                bond_is_lost(dev);
}

/* Also when the cuff has gone since it answered to the link and its encryption. */
static void on_ready(struct device *dev) {
        if (!dev->cuff->gone || dev->cuff->link == CUFF_LINK_ENCRYPTED)
                gatt_link_ready(dev);
}

static void on_resolved(struct device *dev) {
        bool news = !dev->services_known;

        if (dev->cuff->gone)
                return;
        dev->resolved = dev->services_known = true;
        gatt_export(dev);
        if (news)
                device_changed(dev, "UUIDs", NULL);
        log_line("resolved %s", dev->address);
        device_changed(dev, "ServicesResolved", NULL);
        pair_resolved(dev);
        dev->browsed = true;
        link_arm(dev);
}

static void on_security_request(struct device *dev) {
        if (!dev->cuff->gone && !dev->pairing)
                pair_start(dev, "cuff");
}

/* A link with keys is encrypted, or about to be. */
void link_security_requested(struct device *dev) {
        if (!dev->bonded && !dev->pairing)
                device_timer(dev, TIMER_SMP, SECURITY_REQUEST, on_security_request);
}

static void on_pair_wanted(struct device *dev) {
        if (!dev->pairing)
                pair_start(dev, "client");
}

void link_browse(struct device *dev) {
        uint64_t usec = dev->services_known ? RESOLVED : DISCOVERED;

        device_timer(dev, TIMER_READY, usec - (RESOLVED - GATT_READY), on_ready);
        device_timer(dev, TIMER_RESOLVED, usec, on_resolved);
}

/* What happens next on a new link: a bonded one is encrypted, a paired one waits for the keys. */
static void begin_browsing(struct device *dev) {
        if (dev->bonded)
                device_timer(dev, TIMER_ENCRYPT, ENCRYPTS, on_encrypt);
        else if (dev->pair)
                device_timer(dev, TIMER_SMP, ENCRYPTS, on_pair_wanted);
        else if (dev->cuff->security_request)
                device_timer(dev, TIMER_SMP, SECURITY_REQUEST, on_security_request);
        if (!dev->pair || dev->connect_by_client) /* Pair() alone browses once it has the keys */
                link_browse(dev);
}

static void on_answer(struct device *dev) {
        call_finish(dev->daemon, &dev->connect, NULL, NULL);
}

static bool is_wanted(const struct device *dev) {
        return dev->connect || dev->pair || dev->armed || device_timer_runs(dev, TIMER_GIVE_UP);
}

static void link_up(struct device *dev) {
        bool by_client = dev->connect || dev->pair;
        uint64_t now = daemon_now(dev->daemon);

        dev->daemon->initiating = NULL;
        if (!is_wanted(dev) || !cuff_is_advertising(dev->cuff, now))
                return; /* canceled; or it went silent and the initiator waits on */
        device_timer_stop(dev, TIMER_GIVE_UP);
        device_timer_stop(dev, TIMER_ADVERT);
        device_timer_stop(dev, TIMER_FORGET);
        log_line("connect %s by=%s", dev->address, by_client ? "client" : "auto");
        dev->connected = true;
        dev->temporary = false;
        dev->connect_by_client = dev->connect != NULL;
        cuff_link_up(dev->cuff, now);
        device_changed(dev, "Connected", NULL);
        begin_browsing(dev);
        if (dev->connect)
                device_timer(dev, TIMER_ANSWER, CONNECT_ANSWER, on_answer);
        link_model_changed(dev);
}

/* --- who wants it --- */

void link_arm(struct device *dev) {
        struct daemon *d = dev->daemon;
        uint64_t now = daemon_now(d);

        if (!dev->bonded || dev->armed || dev->disarmed || !manager_wants(d, dev))
                return;
        dev->armed = true;
        if (scan_is_on(d) && cuff_is_advertising(dev->cuff, now))
                dev->not_before = now + daemon_wait(d, RESUME_SCANNING);
        log_line("armed %s", dev->address);
        scan_air(dev);
}

void link_consider(struct device *dev) {
        struct daemon *d = dev->daemon;
        bool by_client = dev->connect || dev->pair;
        uint64_t now = daemon_now(d);

        if (!d->bus || !d->powered || !is_wanted(dev) || dev->connected)
                return;
        if (d->initiating || now < d->initiator_until || now < dev->not_before)
                return; /* the next advertisement may find it free */
        d->initiating = dev;
        if (cuff_reaches(dev->cuff, CUFF_CONNECTING)) {
                d->initiating = NULL;
                d->initiator_until = now + daemon_wait(d, INITIATOR_BLOCKED);
                return;
        }
        device_timer(dev, TIMER_CONNECT,
                     !by_client      ? AUTO_CONNECT
                     : scan_is_on(d) ? daemon_wait(d, CONNECT_SCANNING)
                                     : CLIENT_CONNECT,
                     link_up);
}

static void on_give_up(struct device *dev) {
        log_line("connect-failed %s", dev->address);
        if (dev->daemon->initiating == dev)
                dev->daemon->initiating = NULL;
        device_timer_stop(dev, TIMER_CONNECT);
        call_finish(dev->daemon, &dev->connect, "Failed", "le-connection-abort-by-local");
        call_finish(dev->daemon, &dev->pair, "ConnectionAttemptFailed", "Page Timeout");
}

void link_want(struct device *dev) {
        uint64_t limit = dev->pair ? INITIATOR_BLOCKED : CONNECT_LIMIT;

        device_timer(dev, TIMER_GIVE_UP, daemon_wait(dev->daemon, limit), on_give_up);
        device_timer_stop(dev, TIMER_FORGET);
        dev->temporary = false;
        scan_air(dev);
}

/* --- methods --- */

/* The kernel can make one link at a time. One that is up is made, before the call is answered. */
static void check_one_at_a_time(struct daemon *d, const struct device *dev) {
        for (struct device *other = d->devices; other; other = other->next)
                if (other != dev && other->connect && !other->connected)
                        log_line("violation more than one Connect pending: %s and %s",
                                 other->address, dev->address);
}

void link_connect(struct daemon *d, sd_bus_message *m) {
        struct device *dev = device_by_path(d, sd_bus_message_get_path(m));

        if (!dev) {
                call_error(d, m, "DoesNotExist", "Does Not Exist");
        } else if (!d->powered) {
                call_error(d, m, "NotReady", "Resource Not Ready");
        } else if (dev->connect || dev->pair) {
                call_error(d, m, "InProgress", "In Progress");
        } else if (dev->connected) {
                call_ok(d, m);
        } else if (!dev->cuff) {
                call_error(d, m, "Failed", "le-connection-abort-by-local");
        } else {
                check_one_at_a_time(d, dev);
                dev->connect = sd_bus_message_ref(m);
                dev->bond_failures = 0;
                dev->not_before = 0;
                if (dev->disarmed) {
                        dev->disarmed = false;
                        link_arm(dev);
                }
                link_want(dev);
        }
}

static void on_disconnect(struct device *dev) {
        link_down(dev, "client");
}

void link_disconnect_now(struct device *dev) {
        if (dev->daemon->initiating == dev)
                dev->daemon->initiating = NULL;
        device_timer_stop(dev, TIMER_CONNECT);
        device_timer_stop(dev, TIMER_GIVE_UP);
        link_down(dev, "daemon");
        call_finish(dev->daemon, &dev->connect, "Failed", "br-connection-canceled");
        call_finish(dev->daemon, &dev->pair, "AuthenticationCanceled", "Authentication Canceled");
}

static void disarm(struct device *dev) {
        if (dev->trusted)
                return; /* a trusted device stays on the list, and loops */
        if (dev->armed)
                log_line("disarmed %s", dev->address);
        dev->disarmed = dev->disarmed || dev->armed;
        dev->armed = false;
}

void link_disconnect(struct daemon *d, sd_bus_message *m) {
        struct device *dev = device_by_path(d, sd_bus_message_get_path(m));
        struct pending *p;

        if (!dev) {
                call_error(d, m, "DoesNotExist", "Does Not Exist");
                return;
        }
        disarm(dev);
        if (!dev->connected) {
                if (d->initiating == dev)
                        d->initiating = NULL;
                device_timer_stop(dev, TIMER_CONNECT);
                device_timer_stop(dev, TIMER_GIVE_UP);
                call_finish(d, &dev->connect, "Failed", "br-connection-canceled");
                call_ok(d, m);
                return;
        }
        p = must_alloc(sizeof *p);
        p->m = sd_bus_message_ref(m);
        p->next = dev->disconnects;
        dev->disconnects = p;
        if (!device_timer_runs(dev, TIMER_DISCONNECT))
                device_timer(dev, TIMER_DISCONNECT, daemon_wait(d, DISCONNECT_AFTER),
                             on_disconnect);
}
