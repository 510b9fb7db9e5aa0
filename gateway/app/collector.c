#include "app/collector.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/cuff.h"
#include "app/wall_clock.h"
#include "core/gatt_uuid.h"
#include "mqtt/message.h"
#include "store/removed.h"

#define LOG_COMPONENT "collector"
#include "base/log.h"

/* --- for the other files of the collector --- */

struct cuff *collector_find(const struct collector *c, const struct bdaddr *address) {
        for (size_t i = 0; i < c->n_cuffs; i++)
                if (bdaddr_equal(&c->cuffs[i]->record.address, address))
                        return c->cuffs[i];
        return NULL;
}

int collector_add(struct collector *c, const struct store_cuff *record, bool stored,
                  struct cuff **ret) {
        struct cuff *cuff;
        int r;

        if (c->n_cuffs == COLLECTOR_CUFFS_MAX) {
                log_error("There are %d cuffs already: remove one first", COLLECTOR_CUFFS_MAX);
                return -ENOSPC;
        }
        r = cuff_new(c, record, stored, &cuff);
        if (r < 0)
                return r;
        if (c->adapter_on) {
                r = cuff_attach(cuff, bluez_adapter_info(c->adapter)->path);
                if (r < 0) {
                        cuff_free(cuff);
                        return r;
                }
        }
        c->cuffs[c->n_cuffs++] = cuff;
        *ret = cuff;
        return 0;
}

/* Not from inside the cuff's own callbacks: it leaves the list now and is freed on the next turn.
 */
void collector_drop(struct collector *c, struct cuff *cuff) {
        for (size_t i = 0; i < c->n_cuffs; i++) {
                if (c->cuffs[i] != cuff)
                        continue;
                c->cuffs[i] = c->cuffs[--c->n_cuffs];
                deadline_clear(&cuff->timer);
                cuff_free(c->dropped);
                c->dropped = cuff;
                deadline_set_usec(&c->sweep, 0);
                return;
        }
}

static void on_sweep(void *userdata) {
        struct collector *c = userdata;

        cuff_free(c->dropped);
        c->dropped = NULL;
}

bool collector_is_connecting(const struct collector *c) {
        for (size_t i = 0; i < c->n_cuffs; i++)
                if (c->cuffs[i]->session.state == SESSION_CONNECTING)
                        return true;
        return false;
}

bool collector_is_linked(const struct collector *c) {
        for (size_t i = 0; i < c->n_cuffs; i++)
                if (session_is_linked(&c->cuffs[i]->session))
                        return true;
        return false;
}

void collector_happened(struct collector *c, const char *type, char *data,
                        const char *transaction) {
        c->events->happened(c->owner, type, data, transaction);
        free(data);
}

void collector_may_talk(struct collector *c, enum bluez_error error) {
        bool denied = error == BLUEZ_ACCESS_DENIED;

        if (c->access_denied == denied)
                return;
        c->access_denied = denied;
        c->events->bridge_changed(c->owner);
}

const char *collector_problem(const struct collector *c, char *buffer, size_t size) {
        if (intake_problem(&c->intake, buffer, size))
                return buffer;
        if (c->access_denied || bluez_adapter_info(c->adapter)->error == BLUEZ_ACCESS_DENIED)
                return "The system's message bus forbids the gateway to use Bluetooth: run it as a "
                       "user in the "
                       "group `bluetooth`, or in a container with the D-Bus AppArmor rules";
        if (!bluez_bus_is_up(c->bus))
                return "The Bluetooth service of the system is not running: try `sudo systemctl "
                       "start bluetooth`";
        switch (bluez_adapter_info(c->adapter)->state) {
        case BLUEZ_ADAPTER_ABSENT:
                return "There is no Bluetooth adapter (or not the configured one): plug it in, or "
                       "correct the option "
                       "`adapter`";
        case BLUEZ_ADAPTER_OFF: /* BlueZ 5.66 does not tell when it is a software block */
                return "The Bluetooth adapter is switched off: try `sudo rfkill unblock "
                       "bluetooth`, then "
                       "`bluetoothctl power on`";
        case BLUEZ_ADAPTER_BLOCKED:
                return "Bluetooth is switched off by a software block: try `sudo rfkill unblock "
                       "bluetooth`";
        default:
                return NULL;
        }
}

/* --- the adapter --- */

static void adapter_goes_on(struct collector *c) {
        c->adapter_on = true;
        for (size_t i = 0; i < c->n_cuffs; i++)
                if (cuff_attach(c->cuffs[i], bluez_adapter_info(c->adapter)->path) < 0)
                        log_cuff_error(c->cuffs[i]->address,
                                       "The cuff cannot be watched on the bus");
        wake_adapter_on(&c->wake);
}

static void adapter_goes_off(struct collector *c) {
        pairing_bus_down(&c->pairing);
        c->adapter_on = false;
        for (size_t i = 0; i < c->n_cuffs; i++)
                cuff_detach(c->cuffs[i]);
        wake_adapter_off(&c->wake);
        collector_update_stopping(c);
}

static void tell_adapter(struct collector *c, enum bluez_adapter_state state) {
        char problem[512];
        const char *word = bluez_adapter_state_to_string(state);

        if (state == BLUEZ_ADAPTER_ON) {
                log_info("The Bluetooth adapter %s is on", bluez_adapter_info(c->adapter)->name);
                collector_happened(c, "adapter_up", NULL, NULL);
                return;
        }
        log_warning("%s", collector_problem(c, problem, sizeof problem));
        if (c->adapter_state == BLUEZ_ADAPTER_ON)
                collector_happened(c, "adapter_down", message_object("state", word, NULL), NULL);
}

static void on_adapter_changed(void *owner) {
        struct collector *c = owner;
        const struct bluez_adapter_info *info = bluez_adapter_info(c->adapter);
        struct bluez_adapter_info now = *info;
        bool waking;

        if (info->state == BLUEZ_ADAPTER_ON && !c->adapter_on && c->stage == COLLECTOR_RUNNING)
                adapter_goes_on(c);
        else if (info->state != BLUEZ_ADAPTER_ON && c->adapter_on)
                adapter_goes_off(c);
        if (info->error != BLUEZ_OK) /* an answer, too */
                c->listed = true;
        /* At the start an adapter that is off is being switched on: what comes of it is told. */
        waking = !c->told && info->state == BLUEZ_ADAPTER_OFF && info->error == BLUEZ_OK &&
                 c->config->bluetooth.power_on;
        if (c->listed && !waking && (info->state != c->adapter_state || !c->told)) {
                tell_adapter(c, info->state);
                c->adapter_state = info->state;
                c->told = true;
        }
        now.discovering = false; /* others scan day and night: no news */
        if (memcmp(&now, &c->adapter_info, sizeof now) == 0)
                return;
        c->adapter_info = now;
        c->events->bridge_changed(c->owner);
}

static bool is_cuff(char **uuids) {
        for (size_t i = 0; uuids && uuids[i]; i++)
                if (strcmp(uuids[i], UUID_BLOOD_PRESSURE_SERVICE) == 0 ||
                    strcmp(uuids[i], UUID_OMRON_CLASSIC_SERVICE) == 0 ||
                    strcmp(uuids[i], UUID_OMRON_MODERN_SERVICE) == 0)
                        return true;
        return false;
}

/* A cuff bonded with this adapter that the database does not know: paired by hand, or the database
 * was lost. Reading it is what its owner expects. */
static void on_device_listed(void *owner, const struct bdaddr *address, const char *name,
                             bool is_bonded, bool connected, char **uuids) {
        struct collector *c = owner;
        struct store_cuff record = {.address = *address};
        struct cuff *cuff;

        cuff = collector_find(c, address);
        if (cuff)
                cuff->listed_bonded = is_bonded;
        if (!is_bonded || !is_cuff(uuids) || cuff)
                return;
        if (c->store && store_removed_has(c->store, address)) {
                log_info("A cuff that was removed is still bonded with this adapter: pair it "
                         "anew to have it back");
                return;
        }
        if (collector_add(c, &record, /* stored= */ true, &cuff) < 0)
                return;
        cuff->listed_bonded = true;
        cuff_save(cuff);
        log_cuff_info(cuff->address, "Already bonded with this adapter: taken over");
        c->events->cuff_known(c->owner, cuff);
}

static void on_listed(void *owner) {
        struct collector *c = owner;

        c->listed = true;
        on_adapter_changed(c);
        for (size_t i = 0; i < c->n_cuffs && c->adapter_on; i++)
                if (!c->cuffs[i]->listed_bonded)
                        cuff_forgotten(c->cuffs[i]);
        wake_update(&c->wake); /* cuffs taken over may be the first to scan for */
}

static void on_bus_up(void *owner) {
        struct collector *c = owner;

        bluez_adapter_bus_up(c->adapter);
        c->events->bridge_changed(c->owner);
}

static void on_bus_down(void *owner) {
        struct collector *c = owner;

        if (c->adapter_on)
                adapter_goes_off(c);
        bluez_adapter_bus_down(c->adapter);
        c->listed = true;
        on_adapter_changed(c);
}

static void on_bus_gone(void *owner) {
        struct collector *c = owner;

        log_error("The system bus is gone");
        c->events->bus_gone(c->owner);
}

/* --- into the database --- */

static void on_stored(void *owner, const struct bdaddr *cuff, uint8_t user) {
        struct collector *c = owner;

        c->events->stored(c->owner, cuff, user);
}

static void on_store_broken(void *owner) {
        struct collector *c = owner;

        c->events->store_broken(c->owner);
}

static void on_intake_changed(void *owner) {
        struct collector *c = owner;

        c->events->bridge_changed(c->owner);
}

void collector_set_store(struct collector *c, struct store *store) {
        c->store = store;
        intake_set_store(&c->intake, store);
        for (size_t i = 0; i < c->n_cuffs; i++) {
                cuff_save(c->cuffs[i]);
                cuff_memory_init(c->cuffs[i]); /* what the new one lacks, the memory may have */
        }
}

static int load_cuffs(struct collector *c) {
        struct store_cuff *records = NULL;
        struct cuff *cuff;
        size_t n = 0;
        int r = store_cuffs_list(c->store, &records, &n);

        for (size_t i = 0; r >= 0 && i < n; i++)
                r = collector_add(c, &records[i], /* stored= */ true, &cuff);
        free(records);
        return r;
}

void collector_session_moved(struct collector *c, struct cuff *cuff) {
        c->events->cuff_changed(c->owner, cuff);
        wake_update(&c->wake);
        collector_update_stopping(c);
}

/* --- life --- */

static int set_up(struct collector *c) {
        static const struct bluez_bus_events bus_events = {on_bus_up, on_bus_down, on_bus_gone};
        static const struct bluez_adapter_events adapter_events = {on_adapter_changed,
                                                                   on_device_listed, on_listed};
        static const struct intake_events intake_events = {on_stored, on_store_broken,
                                                           on_intake_changed};
        const struct config *config = c->config;
        int r;

        deadline_init(&c->stop_timer, c->event, collector_on_stop_timer, c);
        deadline_init(&c->sweep, c->event, on_sweep, c);
        intake_init(&c->intake, c->event, c->store, &intake_events, c);
        c->cuffs = calloc(COLLECTOR_CUFFS_MAX, sizeof(struct cuff *));
        if (!c->cuffs)
                return -ENOMEM;
        r = bluez_bus_new(c->event, &bus_events, c, &c->bus);
        if (r < 0)
                return r;
        system_clock_init(&c->clock, config->system_clock, c->bus);
        r = bluez_adapter_new(c->bus, config->has_adapter_address ? &config->adapter_address : NULL,
                              config->bluetooth.power_on, &adapter_events, c, &c->adapter);
        if (r < 0)
                return r;
        r = wake_init(&c->wake, c);
        if (r < 0)
                return r;
        r = pairing_init(&c->pairing, c);
        if (r < 0)
                return r;
        return load_cuffs(c);
}

int collector_new(sd_event *event, const struct config *config, struct store *store,
                  const struct collector_events *events, void *owner, struct collector **ret) {
        struct collector *c = calloc(1, sizeof *c);
        int r;

        if (!c)
                return -ENOMEM;
        c->event = event;
        c->config = config;
        c->store = store;
        c->events = events;
        c->owner = owner;
        r = set_up(c);
        if (r < 0) {
                collector_free(c);
                return r;
        }
        *ret = c;
        return 0;
}

void collector_free(struct collector *c) {
        if (!c)
                return;
        deadline_done(&c->stop_timer);
        deadline_done(&c->sweep);
        cuff_free(c->dropped);
        for (size_t i = 0; i < c->n_cuffs; i++)
                cuff_free(c->cuffs[i]);
        free(c->cuffs);
        pairing_done(&c->pairing);
        wake_done(&c->wake);
        bluez_adapter_free(c->adapter);
        system_clock_done(&c->clock);
        bluez_bus_free(c->bus);
        intake_done(&c->intake);
        free(c);
}
