#include "dbus_front.h"

#include "dbus_device.h"
#include "dbus_gatt.h"
#include "dbus_link.h"
#include "dbus_scan.h"
#include "input.h"
#include "log.h"
#include "script_memory.h"
#include "util.h"

struct device *front_device(const struct cuff *c) {
        return c->owner;
}

uint64_t front_now(const struct front *f) {
        return daemon_now(&f->daemon);
}

/* --- what a cuff does by itself reaches bluetoothd --- */

static void on_advertising(void *owner) {
        scan_air(owner);
}

static void on_indicate(void *owner, uint16_t handle, const uint8_t *value, size_t size) {
        gatt_indication(owner, handle, value, size);
}

static void on_hang_up(void *owner) {
        link_down(owner, "cuff");
}

static void on_wants_security(void *owner) {
        link_security_requested(owner);
}

static void on_vanished(void *owner) {
        struct device *dev = owner;

        if (dev->connected)
                link_lost_soon(dev);
}

/* --- the cuffs --- */

static struct cuff *first_cuff_of(struct device *dev) {
        while (dev && !dev->cuff) /* strangers */
                dev = dev->next;
        return dev ? dev->cuff : NULL;
}

struct cuff *front_first(struct front *f) {
        return first_cuff_of(f->daemon.devices);
}

struct cuff *front_next(struct cuff *c) {
        return first_cuff_of(front_device(c)->next);
}

const char *front_address(const struct cuff *c) {
        return front_device(c)->address;
}

struct cuff *front_new_cuff(struct front *f, const char *address) {
        static const struct cuff_host host = {
                .advertising = on_advertising,
                .indicate = on_indicate,
                .hang_up = on_hang_up,
                .vanished = on_vanished,
                .local_time = input_local_time,
                .wants_security = on_wants_security,
        };
        struct device *dev;

        if (device_by_address(&f->daemon, address))
                return NULL;
        dev = device_new(&f->daemon, address, must_alloc(sizeof(struct cuff)));
        cuff_init(dev->cuff, &host, dev);
        memcpy(dev->cuff->address, dev->address, sizeof dev->address);
        return dev->cuff;
}

/* --- commands --- */

void front_changed(struct cuff *c) {
        link_model_changed(front_device(c));
}

const char *front_bonded(struct cuff *c) {
        struct device *dev = front_device(c);

        dev->paired = dev->bonded = dev->services_known = dev->browsed = true;
        dev->temporary = false;
        c->has_keys = true;
        device_export(dev);
        device_changed(dev, "Paired", "Bonded", NULL);
        link_arm(dev);
        return NULL;
}

/* Who has them instead makes no difference to bluetoothd: ours are refused either way. */
void front_bond_lost(struct cuff *c, bool taken) {
        c->has_keys = false;
        memset(c->cccds, 0, sizeof c->cccds);
}

void front_show(struct cuff *c) {
        const struct device *dev = front_device(c);
        uint64_t now = daemon_now(dev->daemon);
        struct wall_time t = cuff_clock(c, NULL);
        char memory[SCRIPT_SHOW_MAX];

        log_answer(
                "state %s connected=%s resolved=%s paired=%s bonded=%s keys=%s trusted=%s armed=%s "
                "encrypted=%s unsent=%zu sent=%zu cccd_2a35=%04x battery=%u advertising=%s "
                "flags=%02x clock_set=%s clock=%04u-%02u-%02uT%02u:%02u:%02u%s",
                dev->address, dev->connected ? "yes" : "no", dev->resolved ? "yes" : "no",
                dev->paired ? "yes" : "no", dev->bonded ? "yes" : "no", c->has_keys ? "yes" : "no",
                dev->trusted ? "yes" : "no", dev->armed ? "yes" : "no",
                c->link == CUFF_LINK_ENCRYPTED ? "yes" : "no", c->n_unsent, c->n_sent,
                cuff_cccd(c, UUID_MEASUREMENT), c->battery,
                cuff_is_advertising(c, now) ? "yes" : "no", cuff_flags(c, now),
                c->clock_set ? "yes" : "no", t.year, t.month, t.day, t.hour, t.minute, t.second,
                script_show_memory(c, memory));
}
