/* The collector half: from a cuff's advertisement to the database. Never waits for the broker.
 * cuff*.c: one cuff's session · pairing*.c: the pairing window, its attempts, the first reading ·
 * wake.c: how cuffs are noticed ·
 * intake.c: into the database. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/config.h"
#include "app/intake.h"
#include "app/pairing.h"
#include "app/system_clock.h"
#include "app/wake.h"
#include "bluez/adapter.h"
#include "bluez/agent.h"
#include "bluez/bus.h"
#include "mqtt/request.h"
#include "store/cuffs.h"

#define COLLECTOR_CUFFS_MAX 64

struct cuff;

struct collector_events {
        void (*stored)(void *owner, const struct bdaddr *cuff, uint8_t user);
        void (*cuff_changed)(void *owner, const struct cuff *cuff); /* its state topic, its facts */
        void (*cuff_known)(void *owner, const struct cuff *cuff); /* new, or its name or model is */
        void (*bridge_changed)(void *owner);                      /* adapter, pairing, problem */
        /* For bridge/event. `data`: JSON object as text, NULL for none; `transaction` JSON text or
         * NULL. */
        void (*happened)(void *owner, const char *type, const char *data, const char *transaction);
        /* The second answer to a request that took its time, by its ticket. `data` JSON text or
         * NULL; `error` a sentence or NULL. */
        void (*answered)(void *owner, uint64_t ticket, enum request_code code, const char *data,
                         const char *error);
        void (*store_broken)(void *owner); /* give another with collector_set_store, or end */
        void (*bus_gone)(void *owner);
        void (*stopped)(void *owner);
};

struct collector {
        sd_event *event;
        const struct config *config;
        struct store *store;
        const struct collector_events *events;
        void *owner;

        struct bluez_bus *bus;
        struct bluez_adapter *adapter;
        struct system_clock clock;
        struct wake wake;
        struct pairing pairing;
        struct intake intake;

        struct cuff **cuffs;
        size_t n_cuffs;
        struct {
                uint64_t scans, connects, failures;
        } counters;

        bool adapter_on;
        enum bluez_adapter_state adapter_state; /* last announced */
        struct bluez_adapter_info adapter_info; /* as it was told last */
        bool listed, told;  /* bluetoothd has answered; the state was announced */
        bool access_denied; /* the last call was refused by the bus policy */
        enum {
                COLLECTOR_RUNNING,
                COLLECTOR_FINISHING, /* sessions may end by themselves */
                COLLECTOR_DISCONNECTING,
                COLLECTOR_STOPPED,
        } stage;
        struct deadline stop_timer;
        struct deadline sweep;
        struct cuff *dropped; /* to be freed outside its own callbacks */
};

/* `config` and `store` are borrowed. 0 or negative errno (no system bus). */
int collector_new(sd_event *event, const struct config *config, struct store *store,
                  const struct collector_events *events, void *owner, struct collector **ret);
void collector_free(struct collector *c);

void collector_set_store(struct collector *c, struct store *store);

/* Orderly: let sessions end, disconnect, leave the kernel's auto-connect list, `stopped`. Called
 * again: hurry, do not wait for the sessions. */
void collector_stop(struct collector *c);

/* NULL, or one sentence for people on why cuffs cannot be read or saved at present. */
const char *collector_problem(const struct collector *c, char *buffer, size_t size);

/* --- for cuff.c, pairing.c, wake.c --- */
struct cuff *collector_find(const struct collector *c, const struct bdaddr *address);
/* Known to the collector from now on; in the database once it is bonded. -ENOSPC: too many. */
int collector_add(struct collector *c, const struct store_cuff *record, bool stored,
                  struct cuff **ret);
void collector_drop(struct collector *c, struct cuff *cuff);
/* A cuff's session changed its state: scanning, arming, pairing and stopping may have to move on.
 */
void collector_session_moved(struct collector *c, struct cuff *cuff);
bool collector_is_connecting(const struct collector *c); /* the initiator is busy */
bool collector_is_linked(const struct collector *c);     /* any session is under way */
/* A reply of BlueZ: whether the bus lets us talk to it. */
void collector_may_talk(struct collector *c, enum bluez_error error);
/* For bridge/event; takes `data` (message_object) over. */
void collector_happened(struct collector *c, const char *type, char *data, const char *transaction);
/* Of collector_stop.c: goes on with an orderly stop when it can. */
void collector_update_stopping(struct collector *c);
void collector_on_stop_timer(void *userdata);
