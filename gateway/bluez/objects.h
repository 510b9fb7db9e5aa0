/* Whole messages of org.freedesktop.DBus.Properties and ObjectManager, and the object paths of
 * BlueZ. As untrusted as the properties in them: see props.h. Private to this room. */
#pragma once

#include "bluez/props.h"
#include "core/bdaddr.h"

#define OBJECTS_PATH_SIZE 64 /* of an adapter or a device; longer ones are not BlueZ's */

/* A PropertiesChanged. 1: of this class; 0: of another interface, `ret` untouched. */
int objects_read_changed(sd_bus_message *m, const struct props_class *class, union props *ret);
/* An InterfacesAdded. 1: it adds this class; 0: it does not. `ret_path` points into `m`. */
int objects_read_added(sd_bus_message *m, const struct props_class *class, const char **ret_path,
                       union props *ret);
/* An InterfacesRemoved. 1: it takes this class from the object at `path`; 0: it does not. */
int objects_read_removed(sd_bus_message *m, const struct props_class *class, const char *path);

/* A reply of GetManagedObjects, from its beginning: `visit` sees each object that has the class. It
 * returns 0 to go on, 1 to end the walk, negative errno to fail it; so does the walk. */
typedef int (*objects_visit_t)(void *userdata, const char *path, const union props *p);
int objects_walk(sd_bus_message *m, const struct props_class *class, objects_visit_t visit,
                 void *userdata);

/* "/org/bluez/hci0" + address <-> "/org/bluez/hci0/dev_AA_BB_CC_DD_EE_FF". -ENAMETOOLONG; -EINVAL:
 * not the path of a device of this adapter. */
int objects_device_path(const char *adapter_path, const struct bdaddr *address,
                        char ret[OBJECTS_PATH_SIZE]);
int objects_device_address(const char *adapter_path, const char *path, struct bdaddr *ret);
