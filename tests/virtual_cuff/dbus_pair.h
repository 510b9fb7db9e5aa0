/* Pairing: Device1.Pair and CancelPairing, and pairings that the cuff or an ATT error starts. */
#pragma once

#include "dbus_daemon.h"

void pair_method(struct daemon *d, sd_bus_message *m);
void pair_cancel_method(struct daemon *d, sd_bus_message *m);
/* by: client (with dev->pair pending), cuff, gatt */
void pair_start(struct device *dev, const char *by);
void pair_link_ended(struct device *dev);
void pair_resolved(struct device *dev);
void pair_client_left(struct daemon *d, const char *owner);
