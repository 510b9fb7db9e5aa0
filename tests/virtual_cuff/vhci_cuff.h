/* One cuff in reach of the controller: the model, its radio and what answers on its link. */
#pragma once

#include <systemd/sd-event.h>

#include "att_server.h"
#include "smp.h"
#include "vhci_air.h"

struct front;
struct link;

struct vhci_cuff {
        struct vhci_cuff *next;
        struct front *front;
        struct cuff model;
        char text[18]; /* its address */
        struct advertiser radio;
        sd_event_source *timer; /* the model's, and the end of its advertising */
        bool on_air;            /* as it was logged, with these flags */
        uint8_t flags;

        struct link *link; /* NULL: none */
        bool hangs_up;     /* .. and it will not be for long */
        struct smp smp;
        struct att_server att;
        struct smp_keys keys;      /* of the bond */
        bool bluffs;               /* takes any key for its own */
        const char *pairing_waits; /* pairing is under way; why it failed if the link ends now */
};

struct vhci_cuff *vhci_cuff_new(struct front *f, const char *address);
void vhci_cuff_free(struct vhci_cuff *c);
struct vhci_cuff *vhci_cuff_of(const struct cuff *model);
/* Its due time may have moved, or its radio changed. */
void vhci_cuff_changed(struct vhci_cuff *c);

void vhci_cuff_link_up(struct vhci_cuff *c, struct link *l);
void vhci_cuff_link_down(struct vhci_cuff *c);
void vhci_cuff_receive(struct vhci_cuff *c, uint16_t channel, const uint8_t *payload, size_t size);
/* The key of (rand, ediv), or what a bluff puts in its place. False: it has none. */
bool vhci_cuff_find_key(struct vhci_cuff *c, const uint8_t rand[8], uint16_t ediv, uint8_t ret[16]);
void vhci_cuff_hang_up(struct vhci_cuff *c);
void vhci_cuff_encrypted(struct vhci_cuff *c, bool stk);
