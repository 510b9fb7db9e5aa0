/* Links: who connects whom when, encryption, resolved services, and how they end. */
#pragma once

#include "dbus_daemon.h"

/* An advertisement of this cuff was on the air: does somebody want to connect it? */
void link_consider(struct device *dev);
/* by: client, cuff, lost, daemon */
void link_down(struct device *dev, const char *by);
void link_lost_soon(struct device *dev); /* the cuff vanished; supervision notices */
void link_drop_in(struct device *dev, uint64_t usec, const char *by);
void link_security_requested(struct device *dev); /* by the cuff */
void link_browse(struct device *dev);             /* GATT is ready, then resolved, a little later */
void link_model_changed(struct device *dev);      /* runs the cuff's own timer */
/* Puts the device on the auto-connect list if it is bonded and a profile wants it. */
void link_arm(struct device *dev);

/* Device1 methods; they answer by themselves. */
void link_connect(struct daemon *d, sd_bus_message *m);
void link_disconnect(struct daemon *d, sd_bus_message *m);
void link_disconnect_now(struct device *dev); /* RemoveDevice, power off */
/* The initiator looks for this device (Connect and Pair). */
void link_want(struct device *dev);
