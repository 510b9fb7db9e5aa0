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
#include "mqtt/request.h"
#include "store/cuffs.h"
#include "store/marks.h"

#define CUFF_TROUBLE_SIZE 900 /* a proof that failed is long */

enum cuff_wish { /* asked for over MQTT, done at the next connection, and answered then */
                 CUFF_WISH_SYNC,
                 CUFF_WISH_TIME,
                 CUFF_WISH_DUMP,
                 CUFF_WISHES,
};

enum cuff_option { /* of one cuff, set over MQTT */
                   CUFF_OPTION_SET_CLOCK,
                   CUFF_OPTION_LISTEN,
                   CUFF_OPTION_MEMORY,
                   CUFF_OPTIONS,
};

struct cuff_wished {
        struct cuff *cuff;
        uint64_t ticket; /* who is to be answered; 0: it is not wanted */
        struct deadline limit;
};

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
        struct dump *dump; /* being made in this session */
        bool dump_values;  /* the one asked for: with the values of people */
};

struct cuff {
        struct collector *collector;
        struct store_cuff record;
        bool stored;                      /* in the database; else it is only being paired */
        char address[BDADDR_STRING_SIZE]; /* for logs */
        char id[BDADDR_ID_SIZE];          /* for topics and payloads */
        bool listed_bonded;               /* BlueZ listed it with keys */
        bool told_stranger;               /* values came from somebody without them */
        bool encrypted;                   /* the kernel said so of this link */

        struct session session;
        struct deadline timer; /* how long the session's state may last */
        struct bluez_device *device;
        struct bluez_gatt *gatt;    /* both NULL without an adapter */
        struct deadline look_again; /* for characteristics that are not exported yet */
        struct deadline gone;       /* BlueZ removed the device: the bond, or the adapter? */

        struct plan plan;
        struct cuff_memory memory;
        struct cuff_wished wish[CUFF_WISHES];
        struct answer option[CUFF_OPTIONS]; /* unknown: as configured */
        struct pairing_first *first;   /* it was just paired, and its first reading is told; NULL */
        struct driver_request request; /* the last one */
        struct deadline plan_wait;     /* the plan waits no longer than this */
        bool collected;                /* this session reached the collecting, or a value came */
        bool asking;                   /* the request is under way */
        bool has_clock;                /* .. and the cuff has one to be set (2A2B) */
        bool described;         /* since we run: what it is was read, and is not asked again */
        bool pausing;           /* our Disconnect() takes it off the auto-connect list */
        bool connect_due;       /* Connect as soon as discovery has stopped */
        unsigned connect_tries; /* within this session */
        int64_t arrival_s;      /* when the session began, UTC */
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

/* cuff_option.c: what holds for this cuff. The configuration's lists come first, then what was set
 * over MQTT, then the configuration for all. */
bool cuff_option(const struct cuff *cuff, enum cuff_option which);
bool cuff_option_is_configured(const struct cuff *cuff, enum cuff_option which); /* by a list */
const char *cuff_option_to_string(enum cuff_option which);                       /* "set_clock" */
/* On the disk when it returns 0. Unknown: as configured. */
int cuff_option_set(struct cuff *cuff, enum cuff_option which, struct answer value);
void cuff_option_load(struct cuff *cuff);
/* In a list of addresses from the configuration; NULL is an empty one. */
bool cuff_is_listed(const struct cuff *cuff, const char *list);

/* cuff_wish.c. `ticket`: with what it is answered (collector_events), at the end of the next
 * session, or when timing.wish is over. 0; -EALREADY it is wanted already; -EBUSY the cuff is being
 * read; -EAGAIN a pairing window is open; -ENODEV no adapter; -ENOKEY no bond. */
int cuff_want(struct cuff *cuff, enum cuff_wish which, uint64_t ticket);
/* dump.c: the same for a description of its memory. -ENOTSUP: its memory is not read. */
int cuff_want_dump(struct cuff *cuff, bool values, uint64_t ticket);
bool cuff_wants(const struct cuff *cuff, enum cuff_wish which);
#define CUFF_SYSTEM_CLOCK_WRONG                                                                    \
        "This computer's own clock is not synchronised, so the cuff's is left alone: see "         \
        "`timedatectl`"
/* It is granted, or cannot be. */
void cuff_wish_answer(struct cuff *cuff, enum cuff_wish which, enum request_code code,
                      const char *data, const char *error);
/* A session ends, before what it has learnt is forgotten. */
void cuff_wishes_end(struct cuff *cuff, bool good);
/* A session ends that counts for none: what is over its time waits no longer. */
void cuff_wishes_look(struct cuff *cuff);
/* All that are left. */
void cuff_wishes_refuse(struct cuff *cuff, enum request_code code, const char *error);
void cuff_wishes_init(struct cuff *cuff);
void cuff_wishes_done(struct cuff *cuff);

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
