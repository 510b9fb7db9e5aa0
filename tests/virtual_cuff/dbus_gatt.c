/* Objects, notify sessions and what indications become; the operations are in dbus_gatt_op.c. */
#include "dbus_gatt.h"

#include <stdio.h>

#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_gatt_op.h"
#include "dbus_link.h"
#include "log.h"
#include "util.h"

#define SERVICE_INTERFACE        "org.bluez.GattService1"
#define CHARACTERISTIC_INTERFACE "org.bluez.GattCharacteristic1"
enum { OUR_MTU = 517 }; /* what bluetoothd asks for */

/* --- properties --- */

static int get_uuid(sd_bus *bus, const char *path, const char *interface, const char *name,
                    sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct gatt_object *o = userdata;
        char uuid[ATT_UUID_TEXT];

        return sd_bus_message_append(reply, "s", att_uuid_text(o->row->uuid, uuid));
}

static int get_parent(sd_bus *bus, const char *path, const char *interface, const char *name,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct gatt_object *o = userdata;

        return sd_bus_message_append(reply, "o", o->service ? o->service->path : o->device->path);
}

static int get_primary(sd_bus *bus, const char *path, const char *interface, const char *name,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "b", 1);
}

static int get_value(sd_bus *bus, const char *path, const char *interface, const char *name,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct gatt_object *o = userdata;

        return sd_bus_message_append_array(reply, 'y', o->value, o->value_size);
}

static int get_notifying(sd_bus *bus, const char *path, const char *interface, const char *name,
                         sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct gatt_object *o = userdata;

        return sd_bus_message_append(reply, "b", o->is_notifying);
}

uint16_t gatt_mtu(const struct device *dev) {
        return (uint16_t) earlier(dev->cuff->mtu, OUR_MTU);
}

static int get_mtu(sd_bus *bus, const char *path, const char *interface, const char *name,
                   sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct gatt_object *o = userdata;

        return sd_bus_message_append(reply, "q", gatt_mtu(o->device));
}

static int get_flags(sd_bus *bus, const char *path, const char *interface, const char *name,
                     sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        static const struct {
                uint8_t property;
                const char *name;
        } names[] = {{ATT_READ, "read"},
                     {ATT_WRITE_COMMAND, "write-without-response"},
                     {ATT_WRITE, "write"},
                     {ATT_NOTIFY, "notify"},
                     {ATT_INDICATE, "indicate"}};
        struct gatt_object *o = userdata;
        int r = sd_bus_message_open_container(reply, 'a', "s");

        for (size_t i = 0; i < ELEMENTS(names) && r >= 0; i++)
                if (o->row->properties & names[i].property)
                        r = sd_bus_message_append(reply, "s", names[i].name);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* clang-format off */
static const struct call_method methods[] = {
        {"ReadValue", gatt_op_read},
        {"WriteValue", gatt_op_write},
        {"StartNotify", gatt_op_start_notify},
        {"StopNotify", gatt_op_stop_notify},
        {NULL, NULL},
};
/* clang-format on */

static int on_method(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct gatt_object *o = userdata;

        return call_dispatch(o->device->daemon, m, methods);
}

/* clang-format off */
#define CONSTANT SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES  SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define OPEN     SD_BUS_VTABLE_UNPRIVILEGED
static const sd_bus_vtable service_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("UUID", "s", get_uuid, 0, CONSTANT),
        SD_BUS_PROPERTY("Device", "o", get_parent, 0, CONSTANT),
        SD_BUS_PROPERTY("Primary", "b", get_primary, 0, CONSTANT),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable characteristic_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("ReadValue", "a{sv}", "ay", on_method, OPEN),
        SD_BUS_METHOD("WriteValue", "aya{sv}", "", on_method, OPEN),
        SD_BUS_METHOD("StartNotify", "", "", on_method, OPEN),
        SD_BUS_METHOD("StopNotify", "", "", on_method, OPEN),
        SD_BUS_PROPERTY("UUID", "s", get_uuid, 0, CONSTANT),
        SD_BUS_PROPERTY("Service", "o", get_parent, 0, CONSTANT),
        SD_BUS_PROPERTY("Value", "ay", get_value, 0, CHANGES),
        SD_BUS_PROPERTY("Flags", "as", get_flags, 0, CONSTANT),
        SD_BUS_PROPERTY("MTU", "q", get_mtu, 0, CHANGES),
        SD_BUS_VTABLE_END,
};
static const sd_bus_vtable notifying_vtable[] = { /* where there is a CCCD */
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Notifying", "b", get_notifying, 0, CHANGES),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

void gatt_changed(struct gatt_object *o, const char *property) {
        sd_bus_emit_properties_changed(o->device->daemon->bus, o->path, CHARACTERISTIC_INTERFACE,
                                       property, NULL);
}

/* --- objects --- */

static struct gatt_object *object_add(struct device *dev, const struct att_row *row,
                                      struct gatt_object *service) {
        struct gatt_object *o = must_alloc(sizeof *o), **end = &dev->objects;
        sd_bus *bus = dev->daemon->bus;

        o->device = dev;
        o->row = row;
        o->service = service;
        snprintf(o->path, sizeof o->path, "%.60s/%s%04x", service ? service->path : dev->path,
                 service ? "char" : "service", row->handle);
        while (*end)
                end = &(*end)->next;
        *end = o;
        if (service)
                sd_bus_add_object_vtable(bus, &o->slot, o->path, CHARACTERISTIC_INTERFACE,
                                         characteristic_vtable, o);
        else
                sd_bus_add_object_vtable(bus, &o->slot, o->path, SERVICE_INTERFACE, service_vtable,
                                         o);
        if (att_cccd(dev->cuff->table, row->uuid))
                sd_bus_add_object_vtable(bus, &o->notifying_slot, o->path, CHARACTERISTIC_INTERFACE,
                                         notifying_vtable, o);
        sd_bus_emit_object_added(bus, o->path);
        return o;
}

void gatt_export(struct device *dev) {
        const struct att_table *table = dev->cuff->table;
        struct gatt_object *service = NULL;

        if (dev->objects)
                return; /* they outlive the link */
        for (size_t i = 0; i < table->n; i++) {
                const struct att_row *row = &table->rows[i];

                if (row->kind == ATT_SERVICE) /* bluetoothd keeps Generic Access to itself */
                        service = row->uuid == UUID_GAP ? NULL : object_add(dev, row, NULL);
                else if (row->kind == ATT_CHARACTERISTIC && service)
                        object_add(dev, row, service);
        }
}

static void forget_objects(struct device *dev, bool signal) {
        while (dev->objects) {
                struct gatt_object *o = dev->objects;

                dev->objects = o->next;
                if (signal && dev->daemon->bus)
                        sd_bus_emit_object_removed(dev->daemon->bus, o->path);
                sd_bus_slot_unref(o->slot);
                sd_bus_slot_unref(o->notifying_slot);
                free(o);
        }
}

static void forget_sessions(struct device *dev) {
        while (dev->sessions) {
                struct notify_session *s = dev->sessions;

                dev->sessions = s->next;
                free(s);
        }
}

void gatt_unexport(struct device *dev) {
        gatt_op_fail_all(dev);
        forget_sessions(dev);
        forget_objects(dev, true);
}

void gatt_forget(struct device *dev) {
        gatt_op_fail_all(dev);
        forget_sessions(dev);
        forget_objects(dev, false);
}

struct gatt_object *gatt_object_by_path(struct device *dev, const char *path) {
        for (struct gatt_object *o = dev->objects; o; o = o->next)
                if (strcmp(o->path, path) == 0)
                        return o;
        return NULL;
}

/* --- notify sessions --- */

static void set_notifying(struct gatt_object *o, bool on) {
        if (o->is_notifying == on)
                return;
        o->is_notifying = on;
        gatt_changed(o, "Notifying");
}

struct notify_session *gatt_session(struct gatt_object *o, const char *owner) {
        for (struct notify_session *s = o->device->sessions; s; s = s->next)
                if (s->row == o->row && strcmp(s->owner, owner) == 0)
                        return s;
        return NULL;
}

unsigned gatt_listeners(const struct gatt_object *o) {
        unsigned n = 0;

        for (struct notify_session *s = o->device->sessions; s; s = s->next)
                n += s->row == o->row;
        return n;
}

void gatt_session_add(struct gatt_object *o, const char *owner) {
        struct notify_session *s = must_alloc(sizeof *s);

        if (gatt_session(o, owner)) {
                free(s);
                return;
        }
        s->row = o->row;
        snprintf(s->owner, sizeof s->owner, "%s", owner);
        s->next = o->device->sessions;
        o->device->sessions = s;
        if (o->device->connected) /* else with the first link on which it is enabled */
                set_notifying(o, true);
}

int gatt_write_cccd(struct device *dev, uint16_t uuid, bool on, const char *by) {
        struct daemon *d = dev->daemon;
        const struct att_row *row = att_cccd(dev->cuff->table, uuid);
        uint16_t value = !on ? 0 : row->properties & ATT_INDICATE ? 2 : 1;
        uint8_t bytes[2] = {(uint8_t) value, 0};
        int error = cuff_write(dev->cuff, daemon_now(d), row->handle, bytes, sizeof bytes);

        if (!error)
                log_line("cccd %s uuid=%04x value=%04x by=%s", dev->address, uuid, value, by);
        link_model_changed(dev);
        return error;
}

void gatt_session_end(struct device *dev, struct notify_session *s, const char *why) {
        const struct att_row *row = s->row;

        LIST_REMOVE(dev->sessions, s);
        free(s);
        for (struct gatt_object *o = dev->objects; o; o = o->next)
                if (o->row == row && gatt_listeners(o) == 0) {
                        if (dev->connected && gatt_write_cccd(dev, row->uuid, false, "daemon") == 0)
                                log_line("cccd-cleared %s uuid=%04x why=%s", dev->address,
                                         row->uuid, why);
                        set_notifying(o, false);
                }
}

static void renew(struct device *dev, struct notify_session *s) {
        int error = gatt_write_cccd(dev, s->row->uuid, true, "daemon");

        s->is_unanswered = error == ATT_SILENCE;
        for (struct gatt_object *o = dev->objects; o && !error; o = o->next)
                if (o->row == s->row)
                        set_notifying(o, true);
}

void gatt_link_ready(struct device *dev) {
        gatt_write_cccd(dev, UUID_SERVICE_CHANGED, true, "daemon");
        gatt_write_cccd(dev, UUID_BATTERY_LEVEL, true, "daemon");
        for (struct notify_session *s = dev->sessions; s; s = s->next)
                renew(dev, s);
}

void gatt_link_refused(struct device *dev) {
        for (struct notify_session *s = dev->sessions; s; s = s->next)
                s->is_unanswered = true;
}

/* Sessions outlive the link, but for those whose renewal was under way: bluetoothd takes the end
 * for the cuff's refusal, and says nothing. */
void gatt_link_ended(struct device *dev) {
        gatt_op_fail_all(dev);
        call_link_ended(dev->daemon, dev->path);
        for (struct notify_session *s = dev->sessions, *next; s; s = next) {
                next = s->next;
                if (!s->is_unanswered)
                        continue;
                LIST_REMOVE(dev->sessions, s);
                free(s);
        }
}

bool gatt_client_uses(const struct device *dev, const char *owner) {
        for (struct notify_session *s = dev->sessions; s; s = s->next)
                if (strcmp(s->owner, owner) == 0)
                        return true;
        return false;
}

void gatt_client_left(struct daemon *d, const char *owner) {
        for (struct device *dev = d->devices; dev; dev = dev->next) {
                gatt_op_client_left(dev, owner);
                for (struct notify_session *s = dev->sessions, *next; s; s = next) {
                        next = s->next;
                        if (strcmp(s->owner, owner) == 0)
                                gatt_session_end(dev, s, "client-left-bus");
                }
        }
}

/* --- indications --- */

/* Or a notification. bluetoothd confirms at once, whether anybody listens or not. */
void gatt_indication(struct device *dev, uint16_t handle, const uint8_t *value, size_t size) {
        const struct att_row *row = att_by_handle(dev->cuff->table, handle);
        unsigned listeners = 0;
        char hex[2 * CUFF_VALUE_MAX + 1];

        size = earlier(size, gatt_mtu(dev) - 3U);
        for (struct gatt_object *o = dev->objects; o; o = o->next) {
                if (o->row->uuid != row->uuid || (listeners = gatt_listeners(o)) == 0)
                        continue;
                memcpy(o->value, value, size);
                o->value_size = size;
                gatt_changed(o, "Value");
        }
        if (!(row->properties & ATT_INDICATE))
                return;
        log_line("indication %s value=%s listeners=%u", dev->address, log_hex(value, size, hex),
                 listeners);
        if (cuff_confirm(dev->cuff, daemon_now(dev->daemon)))
                log_line("confirmed %s left=%zu", dev->address, dev->cuff->n_unsent);
}
