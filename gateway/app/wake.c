#include "app/wake.h"

#include "app/collector.h"
#include "app/cuff.h"

#define LOG_COMPONENT "wake"
#include "base/log.h"

#define SCAN_RETRY_MIN_USEC  1000000u
#define SCAN_RETRY_DOUBLINGS 6 /* up to 64 s */
#define ARM_RETRY_USEC       2000000u

static void on_retry(void *userdata) {
        wake_update(userdata);
}

int wake_init(struct wake *w, struct collector *c) {
        *w = (struct wake){.collector = c, .arm_due = true};
        deadline_init(&w->scan_retry, c->event, on_retry, w);
        deadline_init(&w->arm_retry, c->event, on_retry, w);
        w->fell_back = c->config->bluetooth.wake == CONFIG_WAKE_DISCOVERY;
        return bluez_profile_new(c->bus, &w->profile);
}

void wake_done(struct wake *w) {
        deadline_done(&w->scan_retry);
        deadline_done(&w->arm_retry);
        bluez_monitor_free(w->monitor);
        bluez_profile_free(w->profile);
}

bool wake_is_armed(const struct wake *w) {
        return !w->fell_back && !w->arm_due && bluez_profile_is_armed(w->profile);
}

void wake_adapter_on(struct wake *w) {
        w->fell_back = w->collector->config->bluetooth.wake == CONFIG_WAKE_DISCOVERY;
        wake_arm(w); /* first thing: after a crash the kernel is still armed for nobody */
}

void wake_adapter_off(struct wake *w) {
        bluez_profile_bus_down(w->profile);
        bluez_monitor_free(w->monitor);
        w->monitor = NULL;
        w->arming = w->scanning = w->scan_busy = false;
        w->arm_due = true;
        deadline_clear(&w->scan_retry);
        deadline_clear(&w->arm_retry);
}

/* --- auto-connect --- */

static void on_armed(void *userdata, enum bluez_error error) {
        struct wake *w = userdata;
        struct collector *c = w->collector;

        w->arming = false;
        if (error != BLUEZ_OK) {
                log_warning("BlueZ does not connect cuffs by itself here (%s); scanning for them "
                            "instead",
                            bluez_error_cause(error));
                w->fell_back = true;
        }
        collector_may_talk(c, error);
        for (size_t i = 0; i < c->n_cuffs; i++) /* registering armed those too that must wait */
                if (c->cuffs[i]->session.state == SESSION_RESTING ||
                    ((c->pairing.active || c->stage != COLLECTOR_RUNNING) &&
                     !session_is_linked(&c->cuffs[i]->session)))
                        cuff_pause(c->cuffs[i]);
        wake_update(w);
        collector_update_stopping(c);
}

static void update_arming(struct wake *w) {
        struct collector *c = w->collector;

        if (!w->arm_due || w->arming || w->fell_back || c->pairing.active ||
            c->stage != COLLECTOR_RUNNING || collector_is_linked(c) ||
            deadline_is_set(&w->arm_retry))
                return;
        w->arming = bluez_profile_arm(w->profile, bluez_adapter_info(c->adapter)->path, on_armed,
                                      w) >= 0;
        w->arm_due = !w->arming;
        if (w->arm_due) /* it could not even be asked: no memory */
                deadline_set_usec(&w->arm_retry, ARM_RETRY_USEC);
}

void wake_arm(struct wake *w) {
        w->arm_due = true;
        wake_update(w);
}

/* --- discovery --- */

static void on_sighting(void *owner, const struct bluez_sighting *s) {
        struct wake *w = owner;

        pairing_sighted(&w->collector->pairing, s);
}

static void on_scan_started(void *userdata, enum bluez_error error) {
        struct wake *w = userdata;
        unsigned doublings =
                w->scan_failures < SCAN_RETRY_DOUBLINGS ? w->scan_failures : SCAN_RETRY_DOUBLINGS;

        w->scan_busy = false;
        w->scanning = error == BLUEZ_OK;
        if (w->scanning) {
                w->scan_failures = 0;
                w->collector->counters.scans++;
        } else {
                if (w->scan_failures++ == 0)
                        log_warning("Scanning did not start: %s. %s", bluez_error_cause(error),
                                    bluez_error_remedy(error));
                deadline_set_usec(&w->scan_retry, (uint64_t) SCAN_RETRY_MIN_USEC << doublings);
        }
        wake_update(w);
}

static void on_scan_stopped(void *userdata, enum bluez_error error) {
        struct wake *w = userdata;

        w->scan_busy = w->scanning = false;
        wake_update(w);
}

static bool wants_scan(const struct wake *w) {
        const struct collector *c = w->collector;

        if (c->stage != COLLECTOR_RUNNING || collector_is_connecting(c) ||
            deadline_is_set(&w->scan_retry))
                return false;
        if (c->pairing.active)
                return !c->pairing.removing && !deadline_is_set(&c->pairing.retry) &&
                       (!c->pairing.candidate ||
                        !session_is_linked(&c->pairing.candidate->session));
        return w->fell_back && c->n_cuffs > 0;
}

static void connect_those_due(struct wake *w) {
        struct collector *c = w->collector;

        for (size_t i = 0; i < c->n_cuffs; i++)
                cuff_connect_now(c->cuffs[i]);
}

static void update_scan(struct wake *w) {
        struct collector *c = w->collector;
        bool wanted = wants_scan(w), filtered = !c->pairing.active;

        if (w->scan_busy)
                return;
        if (w->scanning && (!wanted || w->filtered != filtered)) {
                w->scan_busy = true;
                if (bluez_adapter_stop_discovery(c->adapter, on_scan_stopped, w) < 0)
                        on_scan_stopped(w, BLUEZ_FAILED);
                return;
        }
        if (!w->scanning && wanted) {
                w->scan_busy = true;
                w->filtered = filtered;
                if (bluez_adapter_start_discovery(c->adapter, filtered, on_scan_started, w) < 0)
                        on_scan_started(w, BLUEZ_FAILED);
                return;
        }
        if (!w->scanning)
                connect_those_due(w);
}

static void update_monitor(struct wake *w) {
        struct collector *c = w->collector;

        if (c->pairing.active && !w->monitor) {
                if (bluez_monitor_new(c->bus, bluez_adapter_info(c->adapter)->path, on_sighting, w,
                                      &w->monitor) < 0)
                        log_warning("Bluetooth signals cannot be watched; pairing will not find a "
                                    "cuff");
        } else if (!c->pairing.active && w->monitor) {
                bluez_monitor_free(w->monitor);
                w->monitor = NULL;
        }
}

void wake_update(struct wake *w) {
        if (!w->collector->adapter_on)
                return;
        update_monitor(w);
        update_scan(w);
        update_arming(w);
}

void wake_stop(struct wake *w) {
        if (w->collector->adapter_on)
                bluez_profile_unregister(w->profile, NULL, NULL);
}
