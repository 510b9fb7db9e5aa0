/* The front end that plays org.bluez: bluetoothd 5.66 as it was measured, with cuffs behind it.
 * This header holds the shared data; each file's own functions stand in its own header. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "cuff.h"

struct daemon;
struct gatt_object;
struct gatt_op;
struct notify_session;

enum device_timer {
        TIMER_ADVERT,     /* the next advertisement */
        TIMER_MODEL,      /* cuff_due() */
        TIMER_CONNECT,    /* the link is about to come up */
        TIMER_GIVE_UP,    /* the limit of a pending Connect or Pair */
        TIMER_ANSWER,     /* the kernel knows the cuff's features: Connect is answered */
        TIMER_ENCRYPT,    /* the kernel encrypts a bonded link */
        TIMER_READY,      /* bluetoothd writes the CCCDs it wants */
        TIMER_RESOLVED,   /* services are known */
        TIMER_SMP,        /* pairing is decided */
        TIMER_DISCONNECT, /* Disconnect() reaches the air */
        TIMER_DROP,       /* the link is about to be lost */
        TIMER_FORGET,     /* a temporary device is forgotten */
        TIMER_MAX_,
};

struct device {
        struct daemon *daemon;
        struct device *next;
        char address[18], path[48];
        struct cuff *cuff; /* NULL: a stranger, who only advertises */
        unsigned noise;    /* of a flood: not 0, and what its adverts say is made of it */
        uint64_t advert_interval_usec;

        bool exported;
        sd_bus_slot *slot, *rssi_slot, *data_slot;
        sd_event_source *timers[TIMER_MAX_];

        /* What bluetoothd believes */
        bool temporary, connected, resolved, paired, bonded, trusted, blocked;
        bool services_known; /* from an earlier connection; kept with the bond */
        bool browsed;        /* .. or it has tried: from then on it waits for services no more */
        bool armed;          /* on the kernel's auto-connect list */
        bool disarmed;       /* .. taken off it by Disconnect(), until the next Connect() */
        int16_t rssi;
        bool has_rssi, has_data, heard; /* heard: in this scan */
        bool rssi_only;                 /* each advertisement is told twice, first its RSSI alone */
        uint8_t data[CUFF_OMRON_MAX];
        size_t data_size;
        int logged_flags;         /* of the last advertisement that was logged; -1 */
        uint64_t not_before;      /* no automatic connection earlier */
        uint64_t not_told_before; /* removed during a scan: unless another one begins */
        unsigned bond_failures;

        sd_bus_message *connect, *pair; /* calls that wait for their answer */
        struct pending *disconnects;
        bool connect_by_client, pairing;
        enum cuff_outcome smp_outcome;
        sd_bus_slot *agent_call;
        const char *drop_reason;

        struct gatt_object *objects;
        struct gatt_op *ops;
        struct notify_session *sessions;
};

struct pending { /* a call that waits */
        struct pending *next;
        sd_bus_message *m;
};

struct daemon {
        sd_event *event;
        const char *address; /* of the bus */
        sd_bus *bus;         /* NULL while bluetoothd is stopped */
        double time_scale;   /* bluetoothd's own waits of a second and more are divided by this */

        char adapter_path[24], adapter_address[18], alias[64];
        bool adapter_present, powered, blocked, pairable, discoverable;
        bool was_pairable; /* the value last signalled */
        char roles[48];    /* with commas; "no": an older release, without the property */
        sd_bus_slot *adapter_slot, *roles_slot, *gatt_manager_slot;

        struct device *devices;
        unsigned flood;            /* adverts of noisy strangers */
        struct device *initiating; /* whom the one initiator is busy with */
        uint64_t initiator_until;  /* .. because that one vanished after its advertisement */

        struct agent *agents;
        unsigned agent_order;
        struct profile *profiles;
        struct scan *scans;
        struct fault *faults;
        struct delayed *delayed;
        struct foreign *foreign;
};

int daemon_start(struct daemon *d); /* owns the name; 0 or negative errno */
void daemon_stop(struct daemon *d); /* sessions, agents, profiles are forgotten, links are down */
void daemon_adapter_add(struct daemon *d);
void daemon_adapter_remove(struct daemon *d);
/* As Powered and rfkill do it. */
void daemon_set_powered(struct daemon *d, bool powered);

uint64_t daemon_now(const struct daemon *d);
uint64_t daemon_wait(const struct daemon *d, uint64_t usec); /* scaled */
