/* One cuff: its session, its D-Bus objects, its driver, and what we know about it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/deadline.h"
#include "bluez/device.h"
#include "bluez/gatt.h"
#include "core/advertisement.h"
#include "cuff/driver_standard.h"
#include "cuff/session.h"
#include "store/cuffs.h"

#define CUFF_TROUBLE_SIZE 320

struct collector;

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

        struct driver_standard driver;
        bool collected;         /* this session reached the collecting, or a value came */
        bool asking;            /* an operation of the driver is under way */
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

/* --- between cuff.c (the session), cuff_read.c (driver, values) and cuff_device.c (signals) --- */
extern const struct bluez_gatt_events cuff_gatt_events;
void cuff_continue_plan(struct cuff *cuff); /* until an operation is under way or none is left */
void cuff_look_again(void *userdata);
void cuff_listen_early(struct cuff *cuff); /* while it is away */
