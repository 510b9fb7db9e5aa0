#include "vhci_adapter.h"

#include "log.h"
#include "util.h"
#include "vhci_address.h"
#include "vhci_front.h"
#include "vhci_hci.h"
#include "vhci_link.h"

static void on_created(void *owner) {
        const struct front *f = owner;
        char text[18];

        log_line("adapter add %s", address_text(f->address.bytes, text));
}

static void on_received(void *owner, uint8_t type, const uint8_t *bytes, size_t size) {
        if (type == PACKET_COMMAND)
                hci_receive(owner, bytes, size);
        else if (type == PACKET_ACL)
                link_receive(owner, bytes, size);
}

int adapter_add(struct front *f) {
        f->device.created = on_created;
        f->device.received = on_received;
        f->device.owner = f;
        return device_open(&f->device, f->event, f->device_path);
}

void adapter_reset(struct front *f) {
        link_drop_all(f);
        scan_reset(f);
        memset(f->random_address.bytes, 0, sizeof f->random_address.bytes);
}

void adapter_remove(struct front *f) {
        char text[18];

        device_close(&f->device);
        adapter_reset(f);
        log_line("adapter remove %s", address_text(f->address.bytes, text));
}
