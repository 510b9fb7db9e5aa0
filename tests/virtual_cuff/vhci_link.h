/* Links as the controller keeps them: connection events, packets both ways, the procedures of the
 * link layer and how a link ends (Core Specification 5.4, Vol 6 Part B, 4.5 and 5.1). Time runs in
 * connection events, and only while there is something to do. */
#pragma once

#include <systemd/sd-event.h>

#include "l2cap.h"
#include "vhci_scan.h"

/* Without the data length extension a packet carries 27 bytes, on the air and over HCI. */
enum { LINK_PACKET_MAX = 27, LINK_BUFFERS = 8 };

enum link_procedure {
        PROCEDURE_FEATURES,
        PROCEDURE_VERSION,
        PROCEDURE_UPDATE,
        PROCEDURE_ENCRYPT,
        PROCEDURE_HOST_ENDS,
        PROCEDURE_CUFF_ENDS,
        PROCEDURES,
};

struct link_packet {
        struct link_packet *next;
        bool first; /* of its frame */
        size_t size;
        uint8_t bytes[LINK_PACKET_MAX];
};

struct link {
        struct link *next;
        struct front *front;
        struct vhci_cuff *cuff;
        uint16_t handle;
        struct smp_address host; /* as the cuff sees it */

        uint16_t interval, latency, timeout; /* 1.25 ms, events, 10 ms */
        uint64_t anchor_usec;                /* of a connection event */
        sd_event_source *event_timer, *end_timer;
        bool deaf;           /* the cuff answers no more: no events, the end is near */
        uint8_t deaf_reason; /* .. and what the host will be told */

        struct link_packet *from_host, *from_cuff;
        struct l2cap frames;

        unsigned left[PROCEDURES]; /* events until it is done; 0: not under way */
        struct link_wish update;
        uint8_t end_reason; /* the host's */
        bool encrypted;
        uint8_t ltk[16], rand[8]; /* the host's */
        uint16_t ediv;
};

/* The initiator heard the cuff. */
void link_open(struct front *f, struct vhci_cuff *c, uint8_t own_type,
               const struct link_wish *wish);
/* All ends at once and the host is told nothing: it reset us, or we are no more. */
void link_drop_all(struct front *f);
/* As the commands carry it, from the shortest interval on. False: out of range. */
bool link_read_wish(const uint8_t *p, struct link_wish *ret);
struct link *link_by_handle(struct front *f, uint16_t handle); /* NULL: there is none */

/* An ACL packet of the host, as HCI frames it. */
void link_receive(struct front *f, const uint8_t *packet, size_t size);
/* From the cuff, on an L2CAP channel. */
void link_send(struct link *l, uint16_t channel, const uint8_t *payload, size_t size);
void link_hang_up(struct link *l); /* the cuff's wish */
void link_vanish(struct link *l);  /* the cuff is gone; supervision will notice */

/* For vhci_procedure.c. */
void link_set_parameters(struct link *l, const struct link_wish *wish);
void link_end(struct link *l, uint8_t reason, const char *by, uint8_t reason_on_air);

/* The host's wishes; each is followed by its event. */
void link_begin(struct link *l, enum link_procedure procedure);
