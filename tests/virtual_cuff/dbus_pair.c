#include "dbus_pair.h"

#include <stdio.h>

#include "dbus_adapter.h"
#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_gatt.h"
#include "dbus_link.h"
#include "dbus_manager.h"
#include "log.h"
#include "util.h"

#define SMP_TAKES   (300 * MSEC)
#define SMP_REFUSAL (100 * MSEC)
#define SMP_LIMIT   (30 * SEC)
#define DROP_AFTER  (200 * MSEC) /* measured on the real stack: Connected false 0.2 s later */
#define AGENT_LIMIT (60 * SEC)

/* One row per way a pairing can go wrong: what the log says, and all that D-Bus ever shows. */
static const struct failure {
        const char *why, *error, *text; /* no error: the end of the link answers */
        const char *dropped_by;         /* the link ends */
} failures[] = {
        [CUFF_FAILS] = {"pairing-failed-0x08", "AuthenticationFailed", "Authentication Failed",
                        "daemon"},
        [CUFF_HANGS_UP] = {"hangup", NULL, NULL, "cuff"},
        [CUFF_IS_SILENT] = {"timeout", "AuthenticationTimeout", "Authentication Timeout", "daemon"},
        [CUFF_REJECTS] = {"rejected", "AuthenticationRejected", "Authentication Rejected",
                          "daemon"},
};
static const struct failure no_agent = {"no-agent", "AuthenticationFailed", "Authentication Failed",
                                        "daemon"};
static const struct failure agent_said_no = {"agent-rejected", "AuthenticationRejected",
                                             "Authentication Rejected", "daemon"};
static const struct failure not_in_pairing_mode = {"not-in-pairing-mode", NULL, NULL, "cuff"};
static const struct failure canceled = {"canceled", "AuthenticationCanceled",
                                        "Authentication Canceled", "daemon"};

static void pair_failed(struct device *dev, const struct failure *f) {
        log_line("pair-failed %s why=%s", dev->address, f->why);
        dev->pairing = false;
        dev->agent_call = sd_bus_slot_unref(dev->agent_call);
        device_timer_stop(dev, TIMER_SMP);
        if (f->error)
                call_finish(dev->daemon, &dev->pair, f->error, f->text);
        gatt_security_changed(dev, true);
        if (f->dropped_by)
                link_drop_in(dev, strcmp(f->dropped_by, "cuff") == 0 ? 0 : DROP_AFTER,
                             f->dropped_by);
}

/* --- it worked --- */

static void tell_paired(struct device *dev) {
        device_changed(dev, "Paired", NULL);
        call_finish(dev->daemon, &dev->pair, NULL, NULL);
}

static void pair_succeeded(struct device *dev, bool keys) {
        bool bonded = keys && adapter_is_pairable(dev->daemon);

        dev->pairing = false;
        dev->paired = true;
        dev->bonded = bonded;
        cuff_paired(dev->cuff, daemon_now(dev->daemon), bonded);
        log_line("%s %s", bonded ? "bonded" : "paired-without-bond", dev->address);
        if (bonded)
                device_changed(dev, "Bonded", NULL);
        link_model_changed(dev);
        gatt_security_changed(dev, false);
        if (dev->browsed)
                tell_paired(dev);
        else if (device_timer_runs(dev, TIMER_RESOLVED)) /* then Pair() is never answered */
                dev->pair = sd_bus_message_unref(dev->pair);
        else
                link_browse(dev);
        if (dev->resolved)
                link_arm(dev);
}

/* bluetoothd tells of Paired, and answers Pair(), once it has browsed the services too. */
void pair_resolved(struct device *dev) {
        if (dev->paired && !dev->browsed)
                tell_paired(dev);
}

/* --- the conversation --- */

static void on_smp_done(struct device *dev) {
        bool in_mode = daemon_now(dev->daemon) < dev->cuff->pairing_until;
        enum cuff_outcome outcome = dev->smp_outcome;

        if (dev->cuff->gone)
                return;
        if (outcome == CUFF_PAIRS || outcome == CUFF_NOT_BONDED)
                pair_succeeded(dev, outcome == CUFF_PAIRS);
        else
                pair_failed(dev, in_mode ? &failures[outcome] : &not_in_pairing_mode);
}

static void begin_smp(struct device *dev) {
        uint64_t takes = SMP_REFUSAL;

        dev->smp_outcome = cuff_pair(dev->cuff, daemon_now(dev->daemon));
        if (dev->smp_outcome == CUFF_PAIRS || dev->smp_outcome == CUFF_NOT_BONDED)
                takes = SMP_TAKES;
        else if (dev->smp_outcome == CUFF_IS_SILENT)
                takes = daemon_wait(dev->daemon, SMP_LIMIT);
        device_timer(dev, TIMER_SMP, takes, on_smp_done);
}

static int on_agent_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct device *dev = userdata;
        const sd_bus_error *refusal = sd_bus_message_get_error(m);

        dev->agent_call = sd_bus_slot_unref(dev->agent_call);
        log_line("agent-asked RequestAuthorization answer=%s", refusal ? refusal->name : "ok");
        if (refusal)
                pair_failed(dev, &agent_said_no);
        else
                begin_smp(dev);
        return 0;
}

static void ask_agent(struct device *dev, const char *owner, const char *path) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        sd_bus *bus = dev->daemon->bus;

        if (sd_bus_message_new_method_call(bus, &m, owner, path, "org.bluez.Agent1",
                                           "RequestAuthorization") < 0 ||
            sd_bus_message_append(m, "o", dev->path) < 0 ||
            sd_bus_call_async(bus, &dev->agent_call, m, on_agent_answer, dev, AGENT_LIMIT) < 0)
                pair_failed(dev, &agent_said_no);
}

static void on_refused(struct device *dev) {
        pair_failed(dev, &no_agent);
}

void pair_start(struct device *dev, const char *by) {
        bool local = dev->pair != NULL;
        const char *owner = local ? sd_bus_message_get_sender(dev->pair) : NULL, *path;

        log_line("pair-start %s by=%s", dev->address, by);
        dev->pairing = true;
        if (cuff_reaches(dev->cuff, CUFF_PAIRING))
                return;
        if (!manager_agent(dev->daemon, owner, &owner, &path))
                device_timer(dev, TIMER_SMP, SMP_REFUSAL, on_refused);
        else if (local)
                begin_smp(dev);
        else
                ask_agent(dev, owner, path);
}

void pair_link_ended(struct device *dev) {
        static const struct failure link_lost = {"link-lost", "AuthenticationCanceled",
                                                 "Authentication Canceled", NULL};

        if (dev->pairing)
                pair_failed(dev, &link_lost);
        else
                call_finish(dev->daemon, &dev->pair, "AuthenticationCanceled",
                            "Authentication Canceled");
}

/* --- methods --- */

/* A link that is not ready yet: the kernel answers at once that the security is as wished (seen on
 * 6.12), bluetoothd believes it, and refuses the pairing that follows as a second one. */
static void pair_too_early(struct device *dev, sd_bus_message *m) {
        log_line("violation Pair() before Connect() was answered: %s", dev->address);
        dev->paired = true;
        device_changed(dev, "Paired", NULL);
        call_ok(dev->daemon, m);
}

void pair_method(struct daemon *d, sd_bus_message *m) {
        struct device *dev = device_by_path(d, sd_bus_message_get_path(m));

        if (!dev || !dev->cuff) {
                call_error(d, m, "ConnectionAttemptFailed", "Page Timeout");
        } else if (dev->bonded) {
                log_line("violation Pair() on bonded %s", dev->address);
                call_error(d, m, "AlreadyExists", "Already Exists");
        } else if (dev->pair || dev->pairing) {
                call_error(d, m, "InProgress", "In Progress");
        } else if (!d->powered) {
                call_error(d, m, "NotReady", "Resource Not Ready");
        } else if (dev->connected && dev->connect) {
                pair_too_early(dev, m);
        } else {
                dev->pair = sd_bus_message_ref(m);
                if (dev->connected)
                        pair_start(dev, "client");
                else if (!dev->connect)
                        link_want(dev);
        }
}

static void cancel(struct device *dev) {
        device_timer_stop(dev, TIMER_GIVE_UP);
        if (dev->pairing)
                pair_failed(dev, &canceled);
        else
                call_finish(dev->daemon, &dev->pair, canceled.error, canceled.text);
}

void pair_cancel_method(struct daemon *d, sd_bus_message *m) {
        struct device *dev = device_by_path(d, sd_bus_message_get_path(m));

        if (!dev || !dev->pair) {
                call_error(d, m, "DoesNotExist", "Does Not Exist");
                return;
        }
        cancel(dev);
        call_ok(d, m);
}

void pair_client_left(struct daemon *d, const char *owner) {
        for (struct device *dev = d->devices; dev; dev = dev->next)
                if (dev->pair && strcmp(sd_bus_message_get_sender(dev->pair), owner) == 0)
                        cancel(dev);
}
