/* One characteristic as an object, and the operations under way on it. */
#pragma once

#include "dbus_daemon.h"

struct gatt_object {
        struct gatt_object *next;
        struct device *device;
        struct gatt_object *service; /* NULL: it is one */
        const struct att_row *row;   /* of the service or of the characteristic's declaration */
        char path[80];
        sd_bus_slot *slot, *notifying_slot;
        bool is_notifying; /* as it was told; stays where a session ends with its link */
        uint8_t value[CUFF_VALUE_MAX]; /* the last one seen by bluetoothd */
        size_t value_size;
};

struct notify_session { /* one per bus client and characteristic; outlives the link */
        struct notify_session *next;
        const struct att_row *row;
        char owner[32];
        bool is_unanswered; /* it is to be renewed on this link, and the cuff is silent */
};

void gatt_op_read(struct daemon *d, sd_bus_message *m);
void gatt_op_write(struct daemon *d, sd_bus_message *m);
void gatt_op_start_notify(struct daemon *d, sd_bus_message *m);
void gatt_op_stop_notify(struct daemon *d, sd_bus_message *m);
void gatt_op_fail_all(struct device *dev); /* the link ended under them */
void gatt_op_client_left(struct device *dev, const char *owner);

/* dbus_gatt.c */
uint16_t gatt_mtu(const struct device *dev);
struct gatt_object *gatt_object_by_path(struct device *dev, const char *path);
void gatt_changed(struct gatt_object *o, const char *property);
unsigned gatt_listeners(const struct gatt_object *o);
struct notify_session *gatt_session(struct gatt_object *o, const char *owner);
void gatt_session_add(struct gatt_object *o, const char *owner);
void gatt_session_end(struct device *dev, struct notify_session *s, const char *why);
int gatt_write_cccd(struct device *dev, uint16_t uuid, bool on, const char *by);
