#include "dbus_cuff.h"

#include <time.h>

#include "dbus_device.h"
#include "dbus_gatt.h"
#include "dbus_link.h"
#include "dbus_scan.h"
#include "util.h"

static void on_advertising(void *owner) {
        scan_air(owner);
}

static void on_indicate(void *owner, uint16_t handle, const uint8_t *value, size_t size) {
        gatt_indication(owner, handle, value, size);
}

static void on_hang_up(void *owner) {
        link_down(owner, "cuff");
}

static void on_vanished(void *owner) {
        struct device *dev = owner;

        if (dev->connected)
                link_lost_soon(dev);
}

static int64_t local_time(void *owner) {
        time_t now = time(NULL);
        struct tm t;

        localtime_r(&now, &t);
        return timegm(&t);
}

struct device *dbus_cuff_new(struct daemon *d, const char *address) {
        static const struct cuff_host host = {
                .advertising = on_advertising,
                .indicate = on_indicate,
                .hang_up = on_hang_up,
                .vanished = on_vanished,
                .local_time = local_time,
        };
        struct device *dev = device_new(d, address, must_alloc(sizeof(struct cuff)));

        cuff_init(dev->cuff, &host, dev);
        return dev;
}
