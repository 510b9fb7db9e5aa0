#include "dbus_gatt_op.h"

#include <stdio.h>
#include <string.h>

#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_gatt.h"
#include "dbus_link.h"
#include "dbus_pair.h"
#include "log.h"
#include "util.h"

#define ATT_TAKES (20 * MSEC)

enum gatt_op_kind { OP_READ, OP_WRITE, OP_COMMAND, OP_START_NOTIFY };

struct gatt_op {
        struct gatt_op *next;
        struct device *device;
        struct gatt_object *object;
        sd_bus_message *m;
        sd_event_source *timer;
        enum gatt_op_kind kind;
        uint8_t value[CUFF_VALUE_MAX];
        size_t value_size;
        bool waits_for_security;
        bool is_orphan; /* who called has left the bus */
};

static void op_end(struct gatt_op *op) {
        LIST_REMOVE(op->device->ops, op);
        sd_event_source_disable_unref(op->timer);
        sd_bus_message_unref(op->m);
        free(op);
}

/* --- answers --- */

static void op_answer_refusal(struct gatt_op *op, int error) {
        struct daemon *d = op->device->daemon;
        char text[64];

        snprintf(text, sizeof text, "Operation failed with ATT error: 0x%02x", (unsigned) error);
        if (error == ATT_READ_NOT_PERMITTED)
                call_error(d, op->m, "NotPermitted", "Read not permitted");
        else if (error == ATT_WRITE_NOT_PERMITTED)
                call_error(d, op->m, "NotPermitted", "Write not permitted");
        else if (error == ATT_REQUEST_NOT_SUPPORTED)
                call_error(d, op->m, "NotSupported", "Operation is not supported");
        else if (error == ATT_INSUFFICIENT_AUTHENTICATION)
                call_error(d, op->m, "NotPermitted", "Not paired");
        else if (error == ATT_INVALID_LENGTH)
                call_error(d, op->m, "InvalidArguments", "Invalid Length");
        else
                call_error(d, op->m, "Failed", text);
}

static void op_refuse(struct gatt_op *op, int error) {
        if (op->device->daemon->bus)
                op_answer_refusal(op, error);
        op_end(op);
}

static void op_answer_read(struct gatt_op *op) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        log_line("call ReadValue path=%s answer=ok", op->object->path);
        gatt_changed(op->object, "Value");
        if (sd_bus_message_new_method_return(op->m, &reply) >= 0 &&
            sd_bus_message_append_array(reply, 'y', op->value, op->value_size) >= 0)
                sd_bus_send(op->device->daemon->bus, reply, NULL);
}

/* bluetoothd forgets who left meanwhile, as soon as the cuff has answered. */
static void op_add_session(struct gatt_op *op) {
        const char *owner = sd_bus_message_get_sender(op->m);

        gatt_session_add(op->object, owner);
        if (op->is_orphan)
                gatt_session_end(op->device, gatt_session(op->object, owner), "client-left-bus");
}

static void op_succeed(struct gatt_op *op) {
        struct daemon *d = op->device->daemon;
        char hex[2 * CUFF_VALUE_MAX + 1];

        if (op->kind == OP_READ) {
                log_line("read %s uuid=%04x", op->device->address, op->object->row->uuid);
                memcpy(op->object->value, op->value, op->value_size);
                op->object->value_size = op->value_size;
                op_answer_read(op);
                op_end(op);
                return;
        }
        if (op->kind == OP_WRITE || op->kind == OP_COMMAND)
                log_line("write %s uuid=%04x value=%s", op->device->address, op->object->row->uuid,
                         log_hex(op->value, op->value_size, hex));
        else if (op->kind == OP_START_NOTIFY)
                op_add_session(op);
        call_ok(d, op->m);
        op_end(op);
}

/* --- on the air --- */

static int op_try(struct gatt_op *op) {
        struct device *dev = op->device;
        uint64_t now = daemon_now(dev->daemon);
        const struct att_row *value = att_find(dev->cuff->table, ATT_VALUE, op->object->row->uuid);

        switch (op->kind) {
        case OP_READ:
                return cuff_read(dev->cuff, now, value->handle, op->value, &op->value_size);
        case OP_WRITE:
                if (op->value_size > gatt_mtu(dev) - 3U) /* in parts: no cuff knows that */
                        return ATT_REQUEST_NOT_SUPPORTED;
                return cuff_write(dev->cuff, now, value->handle, op->value, op->value_size);
        case OP_COMMAND: /* nobody says whether it was taken */
                return cuff_write(dev->cuff, now, value->handle, op->value, op->value_size);
        case OP_START_NOTIFY:
                return gatt_listeners(op->object)
                               ? ATT_OK
                               : gatt_write_cccd(dev, op->object->row->uuid, true, "client");
        }
        return ATT_OK;
}

static void op_run(struct gatt_op *op) {
        struct device *dev = op->device;
        int error = op_try(op);

        if (error && op->kind == OP_COMMAND) {
                log_line("refused %s uuid=%04x error=%02x", dev->address, op->object->row->uuid,
                         (unsigned) error);
                error = ATT_OK;
        }
        if (error == ATT_SILENCE)
                return; /* ends with the link */
        if (error == ATT_INSUFFICIENT_AUTHENTICATION && !op->waits_for_security) {
                op->waits_for_security = true;
                if (!dev->bonded && !dev->pairing)
                        pair_start(dev, "gatt"); /* bluetoothd raises the security level */
                return;
        }
        if (error)
                op_refuse(op, error);
        else
                op_succeed(op);
        link_model_changed(dev);
}

static int on_op(sd_event_source *s, uint64_t usec, void *userdata) {
        op_run(userdata);
        return 0;
}

void gatt_security_changed(struct device *dev, bool failed) {
        for (struct gatt_op *op = dev->ops, *next; op; op = next) {
                next = op->next;
                if (!op->waits_for_security)
                        continue;
                if (failed)
                        op_refuse(op, ATT_INSUFFICIENT_AUTHENTICATION);
                else
                        op_run(op);
        }
}

void gatt_op_client_left(struct device *dev, const char *owner) {
        for (struct gatt_op *op = dev->ops; op; op = op->next)
                op->is_orphan |= strcmp(sd_bus_message_get_sender(op->m), owner) == 0;
}

void gatt_op_fail_all(struct device *dev) {
        while (dev->ops)
                op_refuse(dev->ops, ATT_UNLIKELY);
}

/* --- methods --- */

/* The object a call is for; answers the call itself if that is not possible. */
static struct gatt_object *target(struct daemon *d, sd_bus_message *m) {
        const char *path = sd_bus_message_get_path(m);
        struct device *dev = device_by_path(d, path);
        struct gatt_object *o = dev ? gatt_object_by_path(dev, path) : NULL;

        if (!o)
                call_error(d, m, "Failed", "Not connected");
        return o;
}

static struct gatt_op *op_new(struct gatt_object *o, sd_bus_message *m, enum gatt_op_kind kind) {
        struct device *dev = o->device;
        struct gatt_op *op, **end = &dev->ops;

        if (!dev->connected) {
                call_error(dev->daemon, m, "Failed", "Not connected");
                return NULL;
        }
        op = must_alloc(sizeof *op);
        op->device = dev;
        op->object = o;
        op->kind = kind;
        op->m = sd_bus_message_ref(m);
        while (*end)
                end = &(*end)->next;
        *end = op;
        sd_event_add_time_relative(dev->daemon->event, &op->timer, CLOCK_MONOTONIC, ATT_TAKES, 1,
                                   on_op, op);
        return op;
}

void gatt_op_read(struct daemon *d, sd_bus_message *m) {
        struct gatt_object *o = target(d, m);

        if (o)
                op_new(o, m, OP_READ);
}

static bool wants_command(sd_bus_message *m) {
        const char *key, *type = "";
        int r = sd_bus_message_enter_container(m, 'a', "{sv}");

        while (r >= 0 && sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r >= 0 && strcmp(key, "type") == 0)
                        r = sd_bus_message_read(m, "v", "s", &type);
                else if (r >= 0)
                        r = sd_bus_message_skip(m, "v");
                if (r >= 0)
                        r = sd_bus_message_exit_container(m);
        }
        return strcasecmp(type, "command") == 0;
}

static bool is_being_written(const struct gatt_object *o) {
        for (const struct gatt_op *op = o->device->ops; op; op = op->next)
                if (op->object == o && op->kind == OP_WRITE)
                        return true;
        return false;
}

void gatt_op_write(struct daemon *d, sd_bus_message *m) {
        struct gatt_object *o = target(d, m);
        enum gatt_op_kind kind;
        const void *value;
        size_t size;
        struct gatt_op *op;

        if (!o)
                return;
        if (sd_bus_message_read_array(m, 'y', &value, &size) < 0 || size > CUFF_VALUE_MAX) {
                call_error(d, m, "InvalidArguments", "Invalid arguments in method call");
                return;
        }
        kind = wants_command(m) ? OP_COMMAND : OP_WRITE;
        if (kind == OP_WRITE && is_being_written(o)) {
                call_error(d, m, "InProgress", "In Progress");
                return;
        }
        if (kind == OP_COMMAND && size > gatt_mtu(o->device) - 3U) {
                call_error(d, m, "Failed", "Failed to initiate write");
                return;
        }
        op = op_new(o, m, kind);
        if (!op)
                return;
        memcpy(op->value, value, size);
        op->value_size = size;
}

void gatt_op_start_notify(struct daemon *d, sd_bus_message *m) {
        struct gatt_object *o = target(d, m);

        if (!o)
                return;
        if (!att_cccd(o->device->cuff->table, o->row->uuid)) {
                call_error(d, m, "NotSupported", "Operation is not supported");
        } else if (gatt_session(o, sd_bus_message_get_sender(m)) && o->device->connected) {
                call_ok(d, m);
        } else if (gatt_session(o, sd_bus_message_get_sender(m))) {
                call_error(d, m, "InProgress", "In Progress");
        } else if (!o->device->connected) { /* remembered for the next connection */
                gatt_session_add(o, sd_bus_message_get_sender(m));
                call_ok(d, m);
        } else {
                op_new(o, m, OP_START_NOTIFY);
        }
}

void gatt_op_stop_notify(struct daemon *d, sd_bus_message *m) {
        struct gatt_object *o = target(d, m);
        struct notify_session *s = o ? gatt_session(o, sd_bus_message_get_sender(m)) : NULL;

        if (!o)
                return;
        if (!s) {
                call_error(d, m, "Failed", "No notify session started");
                return;
        }
        if (o->device->connected && gatt_listeners(o) == 1)
                log_line("violation CCCD cleared by client while connected: %s uuid=%04x",
                         o->device->address, o->row->uuid);
        gatt_session_end(o->device, s, "StopNotify");
        call_ok(d, m);
}
