/* /dev/vhci: whoever has it open is a Bluetooth controller of this machine; closing it pulls the
 * controller out. Packets have a type byte in front, as on a UART (Core Specification 5.4, Vol 4
 * Part A). */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

enum device_packet { PACKET_COMMAND = 0x01, PACKET_ACL = 0x02, PACKET_EVENT = 0x04 };
enum { DEVICE_PACKET_MAX = 1 + 4 + 1024 };

struct device {
        int fd; /* -1: closed */
        sd_event_source *source;
        void (*created)(void *owner);
        void (*received)(void *owner, uint8_t type, const uint8_t *bytes, size_t size);
        void *owner;
};

/* 0 or negative errno. */
int device_open(struct device *d, sd_event *event, const char *path);
void device_close(struct device *d);
/* What the host does not want to hear (it is down, or there is no device) is lost. */
void device_send(struct device *d, uint8_t type, const void *bytes, size_t size);
