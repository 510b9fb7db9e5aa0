/* Whether a link is encrypted, as the kernel lists it: its answers are played here. */
#include "bluez/link.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

enum { GET_DEVICE = 211, GET_LINKS = 212, LE = 0x80, BREDR = 0x01 };
enum { CENTRAL = 0x0001, ENCRYPTED = 0x0004 };

/* One connection: 16 bytes in the kernel's own order. */
struct connection {
        uint16_t handle;
        uint8_t address[6];
        uint8_t type, out;
        uint16_t state;
        uint32_t mode;
};

static struct {
        bool no_sockets, no_device, no_list;
        uint8_t adapter[6]; /* least significant byte first */
        uint16_t device, n;
        struct connection connection[3];
} kernel;

int socket(int family, int type, int protocol) {
        CHECK_EQ(family, AF_BLUETOOTH);
        if (!kernel.no_sockets)
                return dup(0);
        errno = EAFNOSUPPORT;
        return -1;
}

int ioctl(int fd, unsigned long request, ...) {
        va_list list;
        uint8_t *bytes;

        va_start(list, request);
        bytes = va_arg(list, void *);
        va_end(list);
        memcpy(&kernel.device, bytes, 2);
        errno = ENODEV;
        if ((request & 0xff) == GET_DEVICE) {
                memcpy(bytes + 10, kernel.adapter, sizeof kernel.adapter);
                return kernel.no_device ? -1 : 0;
        }
        CHECK_EQ(request & 0xff, GET_LINKS);
        memcpy(bytes + 2, &kernel.n, 2);
        memcpy(bytes + 4, kernel.connection, sizeof kernel.connection);
        return kernel.no_list ? -1 : 0;
}

static const struct bdaddr cuff = {{0x28, 0xFF, 0xB2, 0x05, 0x91, 0xB5}};
static const struct bluez_adapter_info adapter = {
        .path = "/org/bluez/hci3",
        .address = {{0x00, 0x1A, 0x7D, 0xDA, 0x71, 0x01}},
};

static void link_up(unsigned n, uint8_t last_byte, uint8_t type, uint32_t mode) {
        kernel.n = (uint16_t) n;
        kernel.connection[n - 1] = (struct connection){
                .address = {last_byte, 0x91, 0x05, 0xB2, 0xFF, 0x28}, .type = type, .mode = mode};
}

static void begin(void) {
        memset(&kernel, 0, sizeof kernel);
        memcpy(kernel.adapter, (uint8_t[]){0x01, 0x71, 0xDA, 0x7D, 0x1A, 0x00}, 6);
}

static void the_cuffs_own_le_link_counts(void) {
        begin();
        CHECK_EQ(bluez_link_look(&adapter, &cuff), BLUEZ_LINK_NONE);
        CHECK_EQ(kernel.device, 3);
        link_up(1, 0xB6, LE, CENTRAL | ENCRYPTED);
        link_up(2, 0xB5, BREDR, CENTRAL | ENCRYPTED);
        CHECK_EQ(bluez_link_look(&adapter, &cuff), BLUEZ_LINK_NONE);
        link_up(3, 0xB5, LE, CENTRAL);
        CHECK_EQ(bluez_link_look(&adapter, &cuff), BLUEZ_LINK_PLAIN);
        link_up(3, 0xB5, LE, CENTRAL | ENCRYPTED);
        CHECK_EQ(bluez_link_look(&adapter, &cuff), BLUEZ_LINK_ENCRYPTED);
}

static void who_cannot_be_asked_says_nothing(void) {
        struct bluez_adapter_info odd = adapter;

        begin();
        link_up(1, 0xB5, LE, CENTRAL);
        kernel.no_sockets = true;
        CHECK_EQ(bluez_link_look(&adapter, &cuff), BLUEZ_LINK_UNKNOWN);
        kernel.no_sockets = false;
        kernel.no_device = true;
        CHECK_EQ(bluez_link_look(&adapter, &cuff), BLUEZ_LINK_UNKNOWN);
        kernel.no_device = false;
        kernel.no_list = true;
        CHECK_EQ(bluez_link_look(&adapter, &cuff), BLUEZ_LINK_UNKNOWN);
        kernel.no_list = false;
        CHECK_EQ(bluez_link_look(&adapter, &cuff), BLUEZ_LINK_PLAIN);
        odd.path[0] = '\0';
        CHECK_EQ(bluez_link_look(&odd, &cuff), BLUEZ_LINK_UNKNOWN);
}

static void an_adapter_of_another_machine_is_not_ours(void) {
        begin();
        link_up(1, 0xB5, LE, CENTRAL);
        kernel.adapter[0] = 0x02;
        CHECK_EQ(bluez_link_look(&adapter, &cuff), BLUEZ_LINK_UNKNOWN);
}

CHECK_MAIN("unit.bluez_link", TEST(the_cuffs_own_le_link_counts),
           TEST(who_cannot_be_asked_says_nothing), TEST(an_adapter_of_another_machine_is_not_ours))
