/* The controller's receiver while there is no link: the scanner, the initiator, the accept list
 * (Core Specification 5.4, Vol 4 Part E, 7.8.10 to 7.8.17; Vol 6 Part B, 4.4.3 and 4.4.4). An
 * advertising event is heard if it falls into a window. Nothing runs while nobody listens. */
#pragma once

#include <systemd/sd-event.h>

#include "vhci_air.h"

struct front;

enum { ACCEPT_LIST_SIZE = 16 };

struct listener {
        bool on, accept_list;                       /* accept_list: hears only who is on it */
        uint64_t interval_usec, window_usec, since; /* a window every interval */
};

struct link_wish {                 /* what the host wants of a connection */
        uint16_t interval_max;     /* 1.25 ms */
        uint16_t latency, timeout; /* timeout: 10 ms */
};

struct scan {
        struct advertiser *advertisers;
        sd_event_source *timer;
        struct smp_address accept_list[ACCEPT_LIST_SIZE];
        size_t n_accepted;

        struct listener scanner;
        bool active, filters_duplicates;

        struct listener initiator;
        struct smp_address peer; /* unless it goes by the accept list */
        uint8_t own_type;        /* with which address of ours */
        struct link_wish wish;
        bool cancelled; /* the host has been answered, and will be told */
};

/* Parameters as the commands carry them; an error of HCI. */
uint8_t scan_set_parameters(struct front *f, const uint8_t *p);
uint8_t scan_enable(struct front *f, const uint8_t *p);
uint8_t scan_connect(struct front *f, const uint8_t *p);
uint8_t scan_cancel_connect(struct front *f);
uint8_t scan_accept_clear(struct front *f);
uint8_t scan_accept_add(struct front *f, const uint8_t *p);
uint8_t scan_accept_remove(struct front *f, const uint8_t *p);
bool scan_is_busy(const struct front *f); /* scans or initiates */
void scan_reset(struct front *f);

/* Somebody begins or ends to advertise, or is no more. */
void scan_air_changed(struct front *f);
/* NULL: nobody has this address, of whatever type. */
struct advertiser *scan_find(struct front *f, const uint8_t address[6]);
void scan_add(struct front *f, struct advertiser *a);
void scan_remove_strangers(struct front *f);
