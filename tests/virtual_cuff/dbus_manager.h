/* AgentManager1 and GattManager1: agents and auto-connect profiles, per bus client. */
#pragma once

#include "dbus_daemon.h"

int manager_export(struct daemon *d); /* AgentManager1 at /org/bluez */
int manager_export_gatt(struct daemon *d, sd_bus_slot **ret);
void manager_forget(struct daemon *d);          /* bluetoothd stopped */
void manager_forget_profiles(struct daemon *d); /* the adapter is gone */
void manager_client_left(struct daemon *d, const char *owner);

/* Who decides: the agent of `owner` (NULL: nobody's), else the default one. False: there is none.
 */
bool manager_agent(struct daemon *d, const char *owner, const char **ret_owner,
                   const char **ret_path);
bool manager_has_default_agent(const struct daemon *d);
bool manager_has_profile(const struct daemon *d, const char *owner);  /* of this client */
bool manager_wants(const struct daemon *d, const struct device *dev); /* a profile has its UUID */
