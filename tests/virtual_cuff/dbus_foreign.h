/* Somebody else on the bus: a desktop's agent, another program's scan. Own bus connections. */
#pragma once

#include "dbus_daemon.h"

void foreign_agent(struct daemon *d, bool on);
void foreign_scan(struct daemon *d, bool on);
void foreign_daemon_is_back(struct daemon *d); /* they notice and register again */
void foreign_free(struct daemon *d);
