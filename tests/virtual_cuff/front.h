/* What the command language needs of the program it runs in. Two front ends implement it, each
 * program links one: dbus_front.c (plays org.bluez) and vhci_front.c (a Bluetooth controller). */
#pragma once

#include "cuff.h"

struct front; /* the world of the front end; the language only hands it on */

uint64_t front_now(const struct front *f); /* usec, monotonic */

/* Cuffs, in the order they were made; NULL: no more. */
struct cuff *front_first(struct front *f);
struct cuff *front_next(struct cuff *c);
const char *front_address(const struct cuff *c); /* upper case */
/* A new cuff with an upper case address that no other cuff has; NULL: something else has it. */
struct cuff *front_new_cuff(struct front *f, const char *address);

/* Something in the model changed by command: its due time may have moved. */
void front_changed(struct cuff *c);
/* Both sides have keys already. A text when this front end cannot do that. */
const char *front_bonded(struct cuff *c);
/* The cuff forgets its keys; with `taken` another host has bonded with it instead. */
void front_bond_lost(struct cuff *c, bool taken);
/* Answers "state ADDRESS key=value..". */
void front_show(struct cuff *c);
