/* virtual-cuff-vhci [--address ADDRESS] [--device /dev/vhci] [--script FILE]: a Bluetooth
 * controller of this machine, with cuffs in its reach. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "input.h"
#include "util.h"
#include "vhci_adapter.h"
#include "vhci_address.h"
#include "vhci_cuff.h"
#include "vhci_front.h"

enum { INTERVAL_30_MS = 24 };

/* Whoever encrypts for the first time waits until OpenSSL has settled, 0.3 s in an emulated
 * machine: that is not for the middle of a pairing. */
static void warm_up(void) {
        uint8_t block[16] = {0};

        smp_e(block, block, block);
}

static const char *explain(int error) {
        switch (error) {
        case -ENOENT:
        case -ENODEV:
                return "there is no such device; try: modprobe hci_vhci";
        case -EACCES:
                return "only root may be a Bluetooth controller";
        }
        return strerror(-error);
}

static int run(struct front *f, const char *script) {
        int r = script ? input_script(f, script) : 0;

        if (r < 0) {
                fprintf(stderr, "virtual-cuff-vhci: %s: %s\n", script, strerror(-r));
                return r;
        }
        if (f->device.fd < 0) /* the script may have added it */
                r = adapter_add(f);
        if (r < 0) {
                fprintf(stderr, "virtual-cuff-vhci: %s: %s\n", f->device_path, explain(r));
                return r;
        }
        r = sd_event_loop(f->event);
        if (r < 0)
                fprintf(stderr, "virtual-cuff-vhci: %s\n", strerror(-r));
        return r;
}

static void clean_up(struct front *f) {
        if (f->device.fd >= 0)
                adapter_remove(f);
        while (f->cuffs)
                vhci_cuff_free(f->cuffs);
        scan_remove_strangers(f);
        sd_event_unref(f->event);
}

static int usage(void) {
        fprintf(stderr, "virtual-cuff-vhci [--address ADDRESS] [--device PATH] [--script FILE]\n");
        return 2;
}

int main(int argc, char **argv) {
        static const struct option options[] = {{"address", required_argument, NULL, 'a'},
                                                {"device", required_argument, NULL, 'd'},
                                                {"script", required_argument, NULL, 's'},
                                                {NULL, 0, NULL, 0}};
        struct front f = {.device_path = "/dev/vhci",
                          .device = {.fd = -1},
                          .address = {.bytes = {0x01, 0x71, 0xDA, 0x7D, 0x1A, 0x00}},
                          .random_address = {.type = ADDRESS_RANDOM},
                          .interval = INTERVAL_30_MS};
        struct input in;
        const char *script = NULL;
        int option, r;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
                if (option == 'd')
                        f.device_path = optarg;
                else if (option == 's')
                        script = optarg;
                else if (option != 'a' || !address_parse(optarg, f.address.bytes))
                        return usage();
        warm_up();
        r = input_open(&in, &f, &f.event);
        if (r >= 0)
                r = run(&f, script);
        clean_up(&f);
        return r < 0;
}
