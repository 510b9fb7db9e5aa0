#include "bluez/link.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

/* As the kernel's include/net/bluetooth/hci_sock.h and hci.h have it; no header of the C library
 * does. */
#define PROTOCOL_HCI 1 /* BTPROTO_HCI */
#define GET_DEVICE   _IOR('H', 211, int)
#define GET_LINKS    _IOR('H', 212, int)

enum { TYPE_LE = 0x80, MODE_ENCRYPTED = 0x0004 };
enum { LINKS_MAX = 64 };

struct device_info {
        uint16_t number;
        char name[8];
        uint8_t address[6];
        uint8_t rest[112]; /* more than the kernel fills in */
};

struct link_info {
        uint16_t handle;
        uint8_t address[6];
        uint8_t type, out;
        uint16_t state;
        uint32_t mode;
};

struct link_list {
        uint16_t device, n; /* n: room, then how many there are */
        struct link_info link[LINKS_MAX];
};

static enum bluez_link judge(const struct link_list *list, const uint8_t address[6]) {
        for (size_t i = 0; i < list->n && i < LINKS_MAX; i++) {
                const struct link_info *link = &list->link[i];

                if (link->type == TYPE_LE && memcmp(link->address, address, 6) == 0)
                        return link->mode & MODE_ENCRYPTED ? BLUEZ_LINK_ENCRYPTED
                                                           : BLUEZ_LINK_PLAIN;
        }
        return BLUEZ_LINK_NONE;
}

/* A bluetoothd that is not of this kernel has an adapter that this kernel does not know. */
static enum bluez_link ask(int fd, const struct bluez_adapter_info *adapter, unsigned number,
                           const struct bdaddr *device) {
        struct device_info own = {.number = (uint16_t) number};
        struct link_list list = {.device = (uint16_t) number, .n = LINKS_MAX};
        uint8_t wire[6];

        bdaddr_to_wire(&adapter->address, wire);
        if (ioctl(fd, GET_DEVICE, &own) < 0 || memcmp(own.address, wire, sizeof wire) != 0 ||
            ioctl(fd, GET_LINKS, &list) < 0)
                return BLUEZ_LINK_UNKNOWN;
        bdaddr_to_wire(device, wire);
        return judge(&list, wire);
}

enum bluez_link bluez_link_look(const struct bluez_adapter_info *adapter,
                                const struct bdaddr *device) {
        enum bluez_link found;
        unsigned number;
        int fd;

        if (sscanf(adapter->path, "/org/bluez/hci%u", &number) != 1)
                return BLUEZ_LINK_UNKNOWN;
        fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, PROTOCOL_HCI);
        if (fd < 0)
                return BLUEZ_LINK_UNKNOWN;
        found = ask(fd, adapter, number, device);
        close(fd);
        return found;
}
