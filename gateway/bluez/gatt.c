#include "bluez/gatt.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "bluez/objects.h"

#define SUBSCRIBE_LIMIT_USEC  (10 * UINT64_C(1000000)) /* on 6.1 kernels it can hang for ever */
#define READ_WRITE_LIMIT_USEC (30 * UINT64_C(1000000))
#define SUFFIX_SIZE           32 /* "/service0010/char0011": what a path has after the device's */

enum operation { OPERATION_SUBSCRIBE, OPERATION_READ, OPERATION_WRITE };

struct characteristic {
        char suffix[SUFFIX_SIZE], uuid[BLUEZ_UUID_SIZE];
};

struct map {
        uint16_t mtu;
        size_t n;
        struct characteristic at[];
};

struct early { /* a value whose characteristic is not known yet */
        struct early *next;
        char suffix[SUFFIX_SIZE];
        size_t size;
        uint8_t value[];
};

struct bluez_gatt {
        struct bluez_bus *bus;
        char path[OBJECTS_PATH_SIZE]; /* of the device */
        struct map *map;
        struct early *early;
        size_t n_early;
        sd_bus_slot *changed, *find, *pending;
        enum operation operation; /* of `pending` */
        bool reporting, dead;     /* freed while we report: the memory waits until we are done */
        const struct bluez_gatt_events *events;
        void *owner;
};

DEFINE_CLEANUP(struct bluez_gatt *, bluez_gatt_free)

/* What `path` has after the device's own; NULL if it is not below the device, or too long. */
static const char *suffix_of(const struct bluez_gatt *g, const char *path) {
        size_t n = strlen(g->path);

        if (strncmp(path, g->path, n) != 0 || path[n] != '/' || strlen(path + n) >= SUFFIX_SIZE)
                return NULL;
        return path + n;
}

static const struct characteristic *by_suffix(const struct bluez_gatt *g, const char *suffix) {
        for (size_t i = 0; g->map && i < g->map->n; i++)
                if (strcmp(g->map->at[i].suffix, suffix) == 0)
                        return &g->map->at[i];
        return NULL;
}

static const struct characteristic *by_uuid(const struct bluez_gatt *g, const char *uuid) {
        for (size_t i = 0; g->map && i < g->map->n; i++)
                if (strcasecmp(g->map->at[i].uuid, uuid) == 0)
                        return &g->map->at[i];
        return NULL;
}

/* --- values --- */

static void forget_early(struct bluez_gatt *g, struct early **at) {
        struct early *e = *at;

        *at = e->next;
        g->n_early--;
        free(e);
}

/* At the end of the list; the oldest gives way, so that what nobody claims cannot block the list.
 */
static void keep_early(struct bluez_gatt *g, const char *suffix, const uint8_t *value,
                       size_t size) {
        struct early *e = malloc(sizeof *e + size), **end = &g->early;

        if (!e)
                return;
        if (g->n_early == BLUEZ_GATT_EARLY_MAX)
                forget_early(g, &g->early);
        while (*end)
                end = &(*end)->next;
        e->next = NULL;
        strcpy(e->suffix, suffix);
        e->size = size;
        memcpy(e->value, value, size);
        *end = e;
        g->n_early++;
}

static struct early **first_known(struct bluez_gatt *g) {
        for (struct early **e = &g->early; *e; e = &(*e)->next)
                if (by_suffix(g, (*e)->suffix))
                        return e;
        return NULL;
}

/* The owner gets copies: it may free or reset g inside the callback. */
static void report_value(struct bluez_gatt *g, const struct characteristic *c, const uint8_t *value,
                         size_t size) {
        char uuid[BLUEZ_UUID_SIZE];

        memcpy(uuid, c->uuid, sizeof uuid);
        g->events->value(g->owner, uuid, value, size);
}

/* `found`, then the early values that are known now. */
static void report_found(struct bluez_gatt *g, enum bluez_error error) {
        struct early **e;

        g->reporting = true;
        g->events->found(g->owner, error == BLUEZ_OK ? g->map->n : 0, error);
        while ((e = first_known(g))) { /* none after a reset or free */
                uint8_t value[PROPS_VALUE_MAX];
                size_t size = (*e)->size;
                const struct characteristic *c = by_suffix(g, (*e)->suffix);

                memcpy(value, (*e)->value, size);
                forget_early(g, e);
                report_value(g, c, value, size);
        }
        g->reporting = false;
        if (g->dead)
                free(g);
}

static int on_changed(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct bluez_gatt *g = userdata;
        const struct characteristic *c;
        const char *suffix = suffix_of(g, sd_bus_message_get_path(m));
        union props p;

        if (!suffix || !bluez_bus_is_sender(g->bus, m) ||
            objects_read_changed(m, &props_of_characteristic, &p) <= 0 || !(p.has & PROPS_VALUE) ||
            !g->events->believes(g->owner))
                return 0;
        c = by_suffix(g, suffix);
        if (c)
                report_value(g, c, p.characteristic.value, p.characteristic.value_size);
        else
                keep_early(g, suffix, p.characteristic.value, p.characteristic.value_size);
        return 0;
}

/* --- finding --- */

struct finding {
        const struct bluez_gatt *gatt;
        struct map *map;
};

static int visit(void *userdata, const char *path, const union props *p) {
        struct finding *f = userdata;
        const char *suffix = suffix_of(f->gatt, path);
        struct characteristic *c;

        if (!suffix || !(p->has & PROPS_UUID) || f->map->n == BLUEZ_GATT_CHARACTERISTICS_MAX)
                return 0;
        c = &f->map->at[f->map->n++];
        strcpy(c->suffix, suffix);
        memcpy(c->uuid, p->characteristic.uuid, sizeof c->uuid);
        if (p->has & PROPS_MTU)
                f->map->mtu = p->characteristic.mtu;
        return 0;
}

/* The old map stays unless the reply could be read to its end. */
static int replace_map(struct bluez_gatt *g, sd_bus_message *reply) {
        size_t size =
                sizeof(struct map) + BLUEZ_GATT_CHARACTERISTICS_MAX * sizeof(struct characteristic);
        _cleanup_(freep) struct map *map = calloc(1, size);
        struct finding f = {.gatt = g, .map = map};
        int r;

        if (!map)
                return -ENOMEM;
        r = objects_walk(reply, &props_of_characteristic, visit, &f);
        if (r < 0)
                return r;
        free(g->map);
        g->map = TAKE_PTR(map);
        return 0;
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_gatt *g = userdata;
        enum bluez_error error = bluez_error_from(sd_bus_message_get_error(reply));

        g->find = sd_bus_slot_unref(g->find);
        if (error == BLUEZ_OK && replace_map(g, reply) < 0)
                error = BLUEZ_FAILED;
        report_found(g, error);
        return 0;
}

int bluez_gatt_find(struct bluez_gatt *g) {
        int r;

        if (g->find)
                return -EBUSY;
        if (!bluez_bus_is_up(g->bus))
                return -ENOTCONN;
        r = sd_bus_call_method_async(bluez_bus_get(g->bus), &g->find, "org.bluez", "/",
                                     "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                     on_objects, g, NULL);
        return r < 0 ? r : 0;
}

bool bluez_gatt_has(const struct bluez_gatt *g, const char *uuid) {
        return by_uuid(g, uuid);
}

uint16_t bluez_gatt_mtu(const struct bluez_gatt *g) {
        return g->map ? g->map->mtu : 0;
}

/* --- operations --- */

static int on_reply(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_gatt *g = userdata;
        enum bluez_error error = bluez_error_from(sd_bus_message_get_error(reply));
        const void *value = NULL;
        size_t size = 0;

        g->pending = sd_bus_slot_unref(g->pending);
        if (g->operation == OPERATION_SUBSCRIBE &&
            (error == BLUEZ_IN_PROGRESS || error == BLUEZ_ALREADY))
                error = BLUEZ_OK;
        if (g->operation == OPERATION_READ && error == BLUEZ_OK &&
            (sd_bus_message_read_array(reply, 'y', &value, &size) < 0 || size > PROPS_VALUE_MAX)) {
                error = BLUEZ_FAILED;
                value = NULL;
                size = 0;
        }
        g->events->done(g->owner, error, value, size);
        return 0;
}

/* A call to the characteristic, or why there cannot be one now. */
static int new_call(struct bluez_gatt *g, const char *uuid, const char *member,
                    sd_bus_message **ret) {
        const struct characteristic *c = by_uuid(g, uuid);
        char path[OBJECTS_PATH_SIZE + SUFFIX_SIZE];

        if (!c)
                return -ENOENT;
        if (g->pending)
                return -EBUSY;
        if (!bluez_bus_is_up(g->bus))
                return -ENOTCONN;
        snprintf(path, sizeof path, "%s%s", g->path, c->suffix);
        return sd_bus_message_new_method_call(bluez_bus_get(g->bus), ret, "org.bluez", path,
                                              props_of_characteristic.interface, member);
}

static int send_call(struct bluez_gatt *g, enum operation operation, sd_bus_message *m,
                     uint64_t limit_usec) {
        int r = sd_bus_call_async(bluez_bus_get(g->bus), &g->pending, m, on_reply, g, limit_usec);

        if (r < 0)
                return r;
        g->operation = operation;
        return 0;
}

int bluez_gatt_subscribe(struct bluez_gatt *g, const char *uuid) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = new_call(g, uuid, "StartNotify", &m);

        return r < 0 ? r : send_call(g, OPERATION_SUBSCRIBE, m, SUBSCRIBE_LIMIT_USEC);
}

int bluez_gatt_read(struct bluez_gatt *g, const char *uuid) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = new_call(g, uuid, "ReadValue", &m);

        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "a{sv}", 0);
        return r < 0 ? r : send_call(g, OPERATION_READ, m, READ_WRITE_LIMIT_USEC);
}

int bluez_gatt_write(struct bluez_gatt *g, const char *uuid, const uint8_t *value,
                     size_t value_size, bool with_response) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r = new_call(g, uuid, "WriteValue", &m);

        if (r < 0)
                return r;
        r = sd_bus_message_append_array(m, 'y', value, value_size);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "a{sv}", 1, "type", "s",
                                  with_response ? "request" : "command");
        return r < 0 ? r : send_call(g, OPERATION_WRITE, m, READ_WRITE_LIMIT_USEC);
}

void bluez_gatt_unsubscribe(struct bluez_gatt *g, const char *uuid) {
        const struct characteristic *c = by_uuid(g, uuid);
        char path[OBJECTS_PATH_SIZE + SUFFIX_SIZE];

        if (!c || !bluez_bus_is_up(g->bus))
                return;
        snprintf(path, sizeof path, "%s%s", g->path, c->suffix);
        (void) sd_bus_call_method_async(bluez_bus_get(g->bus), NULL, "org.bluez", path,
                                        props_of_characteristic.interface, "StopNotify", NULL, NULL,
                                        NULL);
}

/* --- life --- */

int bluez_gatt_new(struct bluez_bus *bus, const char *device_path,
                   const struct bluez_gatt_events *events, void *owner, struct bluez_gatt **ret) {
        _cleanup_(bluez_gatt_freep) struct bluez_gatt *g = calloc(1, sizeof *g);
        int r;

        if (!g)
                return -ENOMEM;
        if (strlen(device_path) >= sizeof g->path)
                return -ENAMETOOLONG;
        strcpy(g->path, device_path);
        g->bus = bus;
        g->events = events;
        g->owner = owner;
        r = bluez_bus_match(bus, &g->changed, on_changed, g,
                            "path_namespace='%s',interface='org.freedesktop.DBus.Properties',"
                            "member='PropertiesChanged',arg0='org.bluez.GattCharacteristic1'",
                            device_path);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(g);
        return 0;
}

void bluez_gatt_link_lost(struct bluez_gatt *g) {
        g->find = sd_bus_slot_unref(g->find);
        g->pending = sd_bus_slot_unref(g->pending);
}

void bluez_gatt_reset(struct bluez_gatt *g) {
        bluez_gatt_link_lost(g);
        free(g->map);
        g->map = NULL;
        while (g->early)
                forget_early(g, &g->early);
}

void bluez_gatt_free(struct bluez_gatt *g) {
        if (!g)
                return;
        bluez_gatt_reset(g);
        sd_bus_slot_unref(g->changed);
        g->dead = true;
        if (!g->reporting)
                free(g);
}
