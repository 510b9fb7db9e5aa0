/* Discovery: sessions and filters per bus client, and what they let through. */
#pragma once

#include "dbus_daemon.h"

void scan_set_filter(struct daemon *d, sd_bus_message *m);
void scan_start(struct daemon *d, sd_bus_message *m);
void scan_stop(struct daemon *d, sd_bus_message *m);
void scan_client_left(struct daemon *d, const char *owner);
void scan_forget(struct daemon *d); /* all sessions end */
bool scan_is_on(const struct daemon *d);

/* RemoveDevice: a scan under way does not tell of it a second time. */
void scan_removed(struct device *dev);
/* Starts (or goes on with) the device's advertising, if it does. */
void scan_air(struct device *dev);
