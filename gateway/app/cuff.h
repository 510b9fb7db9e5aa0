/* One cuff: its session, its D-Bus objects, its driver, and what we know about it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "bluez/device.h"
#include "bluez/gatt.h"
#include "core/advertisement.h"
#include "cuff/plan.h"
#include "cuff/session.h"
#include "store/cuffs.h"
#include "store/marks.h"

#define CUFF_TROUBLE_SIZE 900 /* a proof that failed is long */

struct collector;
struct dump;
struct pairing_first;

struct cuff_memory {   /* of an OMRON cuff: what lasts longer than one link (cuff_memory.c) */
        bool present;  /* the cuff has the characteristics */
        bool channels; /* BlueZ would subscribe them by itself on the next link */
        bool old_link; /* it was up before we were: START may have been said on it, and is said once
                        */
        bool paired_now;             /* this link has just bonded */
        bool ending;                 /* told to end */
        bool no_commands;            /* its TX takes writes with response only */
        bool told_no_writes;         /* said once */
        bool given_up;               /* nobody here understands this memory */
        unsigned key_try;            /* which of the known keys comes next */
        uint8_t key[OMRON_KEY_SIZE]; /* of this session */
        struct omron_mark mark[OMRON_USERS_MAX];
        bool mark_stuck[OMRON_USERS_MAX]; /* a record waits for the database: the mark must not pass
                                             it */
        struct driver_omron_record taken[DRIVER_OMRON_QUEUE]; /* of the driver, not yet committed */
        size_t n_taken;
        struct dump *dump;             /* being made in this session */
        bool dump_wanted, dump_values; /* asked for; .. with the values of people */
        char *dump_transaction;        /* JSON text or NULL */
};

struct cuff {
        struct collector *collector;
        struct store_cuff record;
        bool stored;                      /* in the database; else it is only being paired */
        char address[BDADDR_STRING_SIZE]; /* for logs */
        char id[BDADDR_ID_SIZE];          /* for topics and payloads */
        bool listed_bonded;               /* BlueZ listed it with keys */

        struct session session;
        struct deadline timer; /* how long the session's state may last */
        struct bluez_device *device;
        struct bluez_gatt *gatt;    /* both NULL without an adapter */
        struct deadline look_again; /* for characteristics that are not exported yet */
        struct deadline gone;       /* BlueZ removed the device: the bond, or the adapter? */

        struct plan plan;
        struct cuff_memory memory;
        struct pairing_first *first;   /* it was just paired, and its first reading is told; NULL */
        struct driver_request request; /* the last one */
        struct deadline plan_wait;     /* the plan waits no longer than this */
        bool collected;                /* this session reached the collecting, or a value came */
        bool asking;                   /* the request is under way */
        bool pausing;                  /* our Disconnect() takes it off the auto-connect list */
        bool connect_due;              /* Connect as soon as discovery has stopped */
        unsigned connect_tries;        /* within this session */
        int64_t arrival_s;             /* when the session began, UTC */
        unsigned new_measurements;
        uint64_t rest_began_usec;

        bool has_rssi;
        int16_t rssi;
        bool has_advert;
        struct advertisement advert;      /* the latest understood */
        struct advertisement rest_advert; /* the one known when the session ended */
        char trouble[CUFF_TROUBLE_SIZE];  /* why the last session failed, for people; "" none */
};

int cuff_new(struct collector *c, const struct store_cuff *record, bool stored, struct cuff **ret);
void cuff_free(struct cuff *cuff);

/* The adapter is on: make the D-Bus objects. Off or gone: the link is lost, drop them. */
int cuff_attach(struct cuff *cuff, const char *adapter_path);
void cuff_detach(struct cuff *cuff);

/* The one way into the session. */
void cuff_event(struct cuff *cuff, enum session_event event);
/* The advertisement was heard by whoever scans; decides whether it is worth a connection. */
void cuff_seen(struct cuff *cuff, const uint8_t *omron_data, size_t omron_size);
/* Discovery has stopped, or never ran: the Connect that waited for it may go out. */
void cuff_connect_now(struct cuff *cuff);
/* Off the auto-connect list: Disconnect() on an untrusted device, connected or not. */
void cuff_pause(struct cuff *cuff);
void cuff_take_link(struct cuff *cuff); /* one that came up when it was not wanted, if any */
void cuff_set_trouble(struct cuff *cuff, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
void cuff_save(struct cuff *cuff);
/* BlueZ has no keys for it any more (removed, or its storage is gone). Said once. */
void cuff_forgotten(struct cuff *cuff);
void cuff_judge_error(struct cuff *cuff, enum bluez_error error);
/* "idle" "connecting" "pairing" "reading" "resting" "problem" (README.md, Topics). */
const char *cuff_sync_state(const struct cuff *cuff);
/* The name people gave it, else its model, else what it advertises. */
const char *cuff_name(const struct cuff *cuff);
/* Whether the name is worth being shown: Home Assistant makes entity ids of the first one it sees,
 * and in the first session the model is read a moment after the first measurement may have come. */
bool cuff_is_introduced(const struct cuff *cuff);

/* A description of its memory for a report, at the next connection. -ENOTSUP: it has no such
 * memory. -EBUSY: one is on its way. */
int cuff_want_dump(struct cuff *cuff, bool values, const char *transaction);

/* --- between cuff.c (the session), cuff_read.c (plan, values), cuff_device.c (signals) and
 * cuff_memory.c (all about OMRON's memory) --- */
extern const struct bluez_gatt_events cuff_gatt_events;
void cuff_continue_plan(struct cuff *cuff); /* until an operation is under way or none is left */
void cuff_look_again(void *userdata);
void cuff_on_plan_wait(void *userdata);
/* Said, and its bytes kept, once. Negative errno: they are not. */
int cuff_refuse_value(struct cuff *cuff, const char *uuid, const uint8_t *value, size_t size,
                      int error);
/* cuff_key.c. One key per link, in turn: the cuff's own, then the configured ones; false: none. */
bool cuff_key_choose(struct cuff *cuff, uint8_t ret[OMRON_KEY_SIZE]);
/* The key to program: the one it had from us, else a new one. */
bool cuff_key_make(struct cuff *cuff, uint8_t ret[OMRON_KEY_SIZE]);
int cuff_key_keep(struct cuff *cuff, const uint8_t key[OMRON_KEY_SIZE]);
void cuff_memory_init(struct cuff *cuff); /* from the database */
void cuff_memory_done(struct cuff *cuff);
void cuff_memory_set_up(struct cuff *cuff, struct plan_setup *setup);
int cuff_memory_keep(struct cuff *cuff, const struct driver_request *request);
void cuff_memory_take(struct cuff *cuff);   /* what the driver has read */
void cuff_memory_commit(struct cuff *cuff); /* .. goes to the database, together */
/* No more reading: it must hear END, else it shows an error. False: there is nothing to end. */
bool cuff_memory_stop(struct cuff *cuff);
/* .. and one that is not open yet stays shut: the service is stopping. */
void cuff_memory_close(struct cuff *cuff);
bool cuff_memory_is_incomplete(const struct cuff *cuff); /* as it would be if the link fell now */
/* The session ends. True: what there was to read was read. Else the trouble is set. */
bool cuff_memory_end(struct cuff *cuff);
void cuff_memory_away(struct cuff *cuff);                /* the link is gone */
bool cuff_memory_wants_silence(const struct cuff *cuff); /* 2A35 is to be left alone */
void cuff_listen_early(struct cuff *cuff);               /* while it is away */
