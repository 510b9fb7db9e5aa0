/* What a cuff does on SMP: the model decides, the log tells. */
#pragma once

#include "smp.h"

struct vhci_cuff;

extern const struct smp_host pair_host; /* its owner is a struct vhci_cuff */

/* The Security Request that some cuffs greet every host with. */
void pair_request_security(struct vhci_cuff *c);
void pair_receive(struct vhci_cuff *c, const uint8_t *pdu, size_t size);
void pair_encrypted(struct vhci_cuff *c); /* with the STK */
void pair_link_ended(struct vhci_cuff *c);
