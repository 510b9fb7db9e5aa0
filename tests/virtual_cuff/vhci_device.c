#include "vhci_device.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { PACKET_VENDOR = 0xFF }; /* between the driver and us: create a controller */

static int on_readable(sd_event_source *s, int fd, uint32_t events, void *userdata) {
        struct device *d = userdata;
        uint8_t packet[DEVICE_PACKET_MAX];
        ssize_t n = read(fd, packet, sizeof packet);

        if (n <= 0)
                return n < 0 && errno != EAGAIN ? -errno : 0;
        if (packet[0] != PACKET_VENDOR)
                d->received(d->owner, packet[0], packet + 1, (size_t) n - 1);
        else
                d->created(d->owner);
        return 0;
}

int device_open(struct device *d, sd_event *event, const char *path) {
        static const uint8_t create[] = {PACKET_VENDOR, 0x00};
        int r = 0;

        d->fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
        if (d->fd < 0)
                return -errno;
        if (write(d->fd, create, sizeof create) != sizeof create)
                r = errno ? -errno : -EIO;
        if (r >= 0)
                r = sd_event_add_io(event, &d->source, d->fd, EPOLLIN, on_readable, d);
        if (r >= 0)
                r = sd_event_source_set_exit_on_failure(d->source, true);
        if (r < 0)
                device_close(d);
        return r;
}

void device_close(struct device *d) {
        d->source = sd_event_source_disable_unref(d->source);
        if (d->fd >= 0)
                close(d->fd);
        d->fd = -1;
}

void device_send(struct device *d, uint8_t type, const void *bytes, size_t size) {
        uint8_t packet[DEVICE_PACKET_MAX];

        if (d->fd < 0 || size >= sizeof packet)
                return;
        packet[0] = type;
        memcpy(packet + 1, bytes, size);
        if (write(d->fd, packet, size + 1) < 0)
                return; /* ENXIO: the host has switched its side off */
}
