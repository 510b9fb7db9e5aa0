/* The cuff's life, and what its Device1 object tells: signals and replies become session events. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "app/pairing_first.h"
#include "app/wall_clock.h"

#define LOG_COMPONENT "cuff"
#include "base/log.h"

#define CONNECT_TRIES_MAX 3
#define GONE_USEC         2000000u /* a dongle that is pulled goes after its devices */

static void explain(struct cuff *cuff, enum bluez_error error) {
        collector_may_talk(cuff->collector, error);
        cuff_judge_error(cuff, error);
        cuff_set_trouble(cuff, "%s. %s", bluez_error_cause(error), bluez_error_remedy(error));
        log_cuff_debug(cuff->address, "BlueZ: %s", bluez_error_to_string(error));
}

/* Ours: bonded, or being paired in an open window. Others' business is left alone. */
static bool is_ours(const struct cuff *cuff) {
        return bluez_device_info(cuff->device)->bonded ||
               pairing_wants(&cuff->collector->pairing, cuff);
}

/* While Connect() has no answer yet, the kernel still asks the cuff for its features, and answers
 * Pair() with a success that is none. */
static void link_is_up(struct cuff *cuff) {
        const struct bluez_device_info *info = bluez_device_info(cuff->device);

        if (cuff->pausing || !is_ours(cuff))
                return; /* our Disconnect() is on its way, or somebody else's connection */
        pairing_linked(&cuff->collector->pairing, cuff);
        if (!session_is_linked(&cuff->session) && pairing_waits(&cuff->collector->pairing, cuff) &&
            !info->bonded)
                return; /* the kernel tries once more by itself what has just failed, and may
                           succeed */
        if (cuff->session.state == SESSION_CONNECTING &&
            pairing_wants(&cuff->collector->pairing, cuff)) {
                if (!bluez_device_is_connecting(cuff->device))
                        cuff_event(cuff, EVENT_BOND_NEEDED);
                return;
        }
        cuff_event(cuff, EVENT_CONNECTED);
        if (!info->bonded)
                cuff_event(cuff, EVENT_BOND_NEEDED);
}

void cuff_take_link(struct cuff *cuff) {
        if (cuff->device && bluez_device_info(cuff->device)->connected &&
            !session_is_linked(&cuff->session))
                link_is_up(cuff);
}

/* BlueZ forgets the services when a link ends, and says so first. What it says of Connected then
 * can be that it is true: a cuff that still advertises was connected anew meanwhile (seen in the
 * lab). */
static void services_are_gone(struct cuff *cuff) {
        switch (cuff->session.state) {
        case SESSION_SUBSCRIBING:
        case SESSION_COLLECTING:
        case SESSION_LINGERING:
                cuff_event(cuff, EVENT_LOST);
                break;
        default:
                break;
        }
}

static void on_changed(void *owner, unsigned changes) {
        struct cuff *cuff = owner;
        const struct bluez_device_info *info = bluez_device_info(cuff->device);

        if (changes & (BLUEZ_DEVICE_CONNECTED | BLUEZ_DEVICE_GONE))
                cuff->encrypted = false; /* another link, or none */
        if (changes & BLUEZ_DEVICE_ADVERTISED) {
                cuff->has_rssi = info->has_rssi;
                cuff->rssi = info->rssi;
                cuff_seen(cuff, info->omron_data, info->omron_size);
        }
        if (changes & BLUEZ_DEVICE_ADDED)
                cuff->memory.old_link = info->connected;
        if (info->trusted && (changes & BLUEZ_DEVICE_ADDED)) /* a trusted device cannot be paused */
                bluez_device_set_trusted(cuff->device, false);
        if ((changes & BLUEZ_DEVICE_ADDED) && info->bonded && !info->connected)
                bluez_gatt_find(cuff->gatt); /* to listen before it speaks */
        if ((changes & BLUEZ_DEVICE_NAME) && !cuff->record.name[0])
                cuff->collector->events->cuff_known(cuff->collector->owner, cuff);
        if (changes & BLUEZ_DEVICE_GONE) {
                bluez_gatt_reset(cuff->gatt);
                cuff_event(cuff, EVENT_LOST);
                deadline_set_usec(&cuff->gone, GONE_USEC);
                return;
        }
        if ((changes & BLUEZ_DEVICE_BONDED) && !info->bonded)
                cuff_forgotten(cuff);
        if ((changes & BLUEZ_DEVICE_RESOLVED) && !info->resolved)
                services_are_gone(cuff);
        if ((changes & BLUEZ_DEVICE_CONNECTED) && info->connected)
                link_is_up(cuff);
        if (changes & BLUEZ_DEVICE_BONDED)
                pairing_bonded_changed(&cuff->collector->pairing, cuff);
        if ((changes & BLUEZ_DEVICE_RESOLVED) && info->resolved &&
            cuff->session.state == SESSION_RESOLVING)
                bluez_gatt_find(cuff->gatt);
        if ((changes & BLUEZ_DEVICE_RESOLVED) && info->resolved &&
            cuff->session.state == SESSION_PAIRING)
                pairing_resolved(&cuff->collector->pairing, cuff);
        if ((changes & BLUEZ_DEVICE_CONNECTED) && !info->connected) {
                cuff_event(cuff, EVENT_LOST);
                if (!cuff->pausing) /* else BlueZ may have connected it anew before it heard us */
                        cuff_memory_away(cuff);
                if (info->bonded)
                        cuff_listen_early(cuff);
        }
}

static void on_connect_done(void *owner, enum bluez_error error) {
        struct cuff *cuff = owner;

        if (cuff->session.state != SESSION_CONNECTING)
                return;
        if (error == BLUEZ_OK || error == BLUEZ_ALREADY || error == BLUEZ_IN_PROGRESS) {
                if (bluez_device_info(cuff->device)->connected) /* else Connected tells */
                        link_is_up(cuff);
                return;
        }
        if (error == BLUEZ_CONNECT_ABORTED && ++cuff->connect_tries < CONNECT_TRIES_MAX) {
                log_cuff_debug(cuff->address, "The link did not come up, once more");
                bluez_device_connect(cuff->device);
                return;
        }
        explain(cuff, error);
        pairing_connect_failed(&cuff->collector->pairing, cuff, error);
        cuff_event(cuff, EVENT_REFUSED);
}

static void on_pair_done(void *owner, enum bluez_error error) {
        struct cuff *cuff = owner;

        if (cuff->session.state == SESSION_PAIRING)
                pairing_pair_done(&cuff->collector->pairing, cuff, error);
}

static void on_disconnect_done(void *owner, enum bluez_error error) {
        struct cuff *cuff = owner;
        bool was_pause = cuff->pausing;

        cuff->pausing = false;
        if (!bluez_device_info(cuff->device)->connected)
                cuff_memory_away(cuff);
        if (!bluez_device_info(cuff->device)->connected || error != BLUEZ_OK)
                cuff_event(cuff, EVENT_LOST); /* a cancelled Connect yields no Connected=false */
        if (was_pause && cuff->session.state == SESSION_IDLE) /* late: it was armed again already */
                wake_arm(&cuff->collector->wake);
        collector_session_moved(cuff->collector, cuff);
}

static const struct bluez_device_events device_events = {
        .changed = on_changed,
        .connect_done = on_connect_done,
        .pair_done = on_pair_done,
        .disconnect_done = on_disconnect_done,
};

void cuff_pause(struct cuff *cuff) {
        if (cuff->device && bluez_device_disconnect(cuff->device) >= 0)
                cuff->pausing = true;
}

void cuff_connect_now(struct cuff *cuff) {
        int r;

        if (!cuff->connect_due)
                return;
        cuff->connect_due = false;
        cuff->connect_tries = 0;
        pairing_connects(&cuff->collector->pairing, cuff);
        r = bluez_device_connect(cuff->device);
        if (r < 0 && r != -EBUSY) {
                cuff_set_trouble(cuff, "BlueZ could not be asked to connect (%s)", strerror(-r));
                cuff_event(cuff, EVENT_REFUSED);
        }
}

/* Heard since the session ended: counters that moved, or the cuff says so and did not before. Not
 * after a failure: then the back-off decides, whatever the cuff holds. */
static bool has_news(const struct cuff *cuff) {
        const struct advertisement *now = &cuff->advert, *then = &cuff->rest_advert;

        if (!cuff->has_advert || cuff->session.failures > 0)
                return false;
        if (now->news && !then->news)
                return true;
        if (!now->has_counters || !then->has_counters)
                return false;
        for (unsigned u = 0; u < now->user_slots; u++)
                if (now->user[u].sequence != then->user[u].sequence)
                        return true;
        return false;
}

void cuff_seen(struct cuff *cuff, const uint8_t *omron_data, size_t omron_size) {
        struct collector *c = cuff->collector;
        uint64_t rested = wall_clock_monotonic_usec() - cuff->rest_began_usec;

        cuff->record.last_seen = wall_clock_now();
        if (omron_size && advertisement_decode(omron_data, omron_size, &cuff->advert) == 0)
                cuff->has_advert = true;
        if (c->stage != COLLECTOR_RUNNING || !cuff->device)
                return;
        if (cuff->session.state == SESSION_RESTING && !cuff->record.bond_lost &&
            rested > c->config->timing.tail_usec && has_news(cuff)) {
                cuff_event(cuff, EVENT_NEWS);
                wake_arm(&c->wake);
        }
        if (cuff->session.state != SESSION_IDLE || collector_is_connecting(c))
                return;
        if (!bluez_device_info(cuff->device)->bonded ||
            (c->pairing.active && cuff->has_advert && cuff->advert.pairing))
                return; /* pairing_sighted decides, and counts the attempts */
        if (!wake_is_armed(&c->wake) || c->pairing.active) /* else the kernel connects by itself */
                cuff_event(cuff, EVENT_SEEN);
}

static void on_timer(void *userdata) {
        struct cuff *cuff = userdata;

        if (!cuff->trouble[0] &&
            (cuff->session.state == SESSION_CONNECTING || cuff->session.state == SESSION_RESOLVING))
                cuff_set_trouble(cuff, "The cuff did not answer in time: bring it closer to the "
                                       "gateway and press its Bluetooth button");
        if (cuff_memory_stop(cuff)) {
                deadline_set_usec(&cuff->timer, cuff->collector->config->timing.stop_usec);
                return;
        }
        pairing_timed_out(&cuff->collector->pairing, cuff);
        cuff_event(cuff, EVENT_TIMEOUT);
        if (cuff->session.state == SESSION_IDLE)
                wake_arm(&cuff->collector->wake);
}

static void on_gone(void *userdata) {
        struct cuff *cuff = userdata;

        if (!bluez_device_info(cuff->device)->bonded) /* it may be paired anew meanwhile */
                cuff_forgotten(cuff);
}

int cuff_attach(struct cuff *cuff, const char *adapter_path) {
        struct collector *c = cuff->collector;
        int r;

        if (cuff->device)
                return 0;
        r = bluez_device_new(c->bus, adapter_path, &cuff->record.address, &device_events, cuff,
                             &cuff->device);
        if (r < 0)
                return r;
        r = bluez_gatt_new(c->bus, bluez_device_path(cuff->device), &cuff_gatt_events, cuff,
                           &cuff->gatt);
        if (r < 0) {
                bluez_device_free(cuff->device);
                cuff->device = NULL;
        }
        return r; /* the device reads itself as soon as it is made */
}

void cuff_detach(struct cuff *cuff) {
        if (!cuff->device)
                return;
        if (session_is_linked(&cuff->session) && !cuff->trouble[0])
                cuff_set_trouble(cuff, "Bluetooth went away while the cuff was being read");
        cuff->session.unresolved_losses = 0; /* the adapter's fault says nothing of the bond */
        cuff_event(cuff, EVENT_LOST);
        cuff->session.unresolved_losses = 0;
        deadline_clear(&cuff->gone);
        cuff_memory_away(cuff);
        bluez_gatt_free(cuff->gatt);
        bluez_device_free(cuff->device);
        cuff->gatt = NULL;
        cuff->device = NULL;
        cuff->pausing = cuff->asking = false;
}

int cuff_new(struct collector *c, const struct store_cuff *record, bool stored, struct cuff **ret) {
        struct cuff *cuff = calloc(1, sizeof *cuff);

        if (!cuff)
                return -ENOMEM;
        cuff->collector = c;
        cuff->record = *record;
        cuff->stored = stored;
        bdaddr_to_string(&record->address, cuff->address);
        bdaddr_to_id(&record->address, cuff->id);
        session_init(&cuff->session);
        plan_begin(&cuff->plan, &(struct plan_setup){.has_standard = true});
        deadline_init(&cuff->timer, c->event, on_timer, cuff);
        deadline_init(&cuff->look_again, c->event, cuff_look_again, cuff);
        deadline_init(&cuff->gone, c->event, on_gone, cuff);
        deadline_init(&cuff->plan_wait, c->event, cuff_on_plan_wait, cuff);
        cuff_memory_init(cuff);
        cuff_wishes_init(cuff);
        cuff_option_load(cuff);
        *ret = cuff;
        return 0;
}

void cuff_free(struct cuff *cuff) {
        if (!cuff)
                return;
        deadline_done(&cuff->timer);
        deadline_done(&cuff->look_again);
        deadline_done(&cuff->gone);
        deadline_done(&cuff->plan_wait);
        cuff_memory_done(cuff);
        cuff_wishes_done(cuff);
        pairing_first_free(cuff);
        bluez_gatt_free(cuff->gatt);
        bluez_device_free(cuff->device);
        free(cuff);
}
