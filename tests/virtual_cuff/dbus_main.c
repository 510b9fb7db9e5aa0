/* virtual-cuff [--address BUSADDRESS] [--script FILE]: plays org.bluez with cuffs behind it. */
#include <getopt.h>
#include <stdio.h>

#include "dbus_call.h"
#include "dbus_device.h"
#include "dbus_foreign.h"
#include "dbus_front.h"
#include "input.h"
#include "util.h"

static int run(struct front *f, const char *script) {
        struct daemon *d = &f->daemon;
        int r = 0;

        daemon_adapter_add(d);
        if (script)
                r = input_script(f, script);
        if (r >= 0)
                r = daemon_start(d);
        if (r >= 0)
                r = sd_event_loop(d->event);
        daemon_stop(d);
        foreign_free(d);
        call_free(d);
        while (d->devices)
                device_free(d->devices);
        return r;
}

int main(int argc, char **argv) {
        static const struct option options[] = {{"address", required_argument, NULL, 'a'},
                                                {"script", required_argument, NULL, 's'},
                                                {NULL, 0, NULL, 0}};
        struct front f = {.daemon = {.address = getenv("DBUS_SYSTEM_BUS_ADDRESS"),
                                     .time_scale = 1,
                                     .pairable = true,
                                     .adapter_path = "/org/bluez/hci0",
                                     .adapter_address = "00:1A:7D:DA:71:01",
                                     .alias = "virtual",
                                     .roles = "central,peripheral"}};
        struct input in;
        const char *script = NULL;
        int option, r;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
                if (option == 'a')
                        f.daemon.address = optarg;
                else if (option == 's')
                        script = optarg;
                else
                        return 2;
        if (!f.daemon.address) {
                fprintf(stderr, "virtual-cuff: --address or DBUS_SYSTEM_BUS_ADDRESS is needed\n");
                return 2;
        }
        r = input_open(&in, &f, &f.daemon.event);
        if (r >= 0)
                r = run(&f, script);
        sd_event_unref(f.daemon.event);
        if (r < 0)
                fprintf(stderr, "virtual-cuff: %s\n", strerror(-r));
        return r < 0;
}
