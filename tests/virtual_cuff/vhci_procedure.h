/* The procedures of a link: begun by the host or the cuff, done some connection events later, and
 * the host is told. */
#pragma once

#include "vhci_link.h"

void procedure_begin(struct link *l, enum link_procedure procedure);
bool procedure_is_under_way(const struct link *l);
/* One connection event. False: the link has ended, and is no more. */
bool procedure_step(struct link *l);
