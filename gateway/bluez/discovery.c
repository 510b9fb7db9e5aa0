#include "bluez/discovery.h"

#include <errno.h>
#include <string.h>

#include "core/gatt_uuid.h"

_Static_assert(sizeof(((struct discovery *) NULL)->path) ==
                       sizeof(((struct bluez_adapter_info *) NULL)->path),
               "the same path");

void discovery_init(struct discovery *d, struct bluez_bus *bus) {
        *d = (struct discovery){.bus = bus};
}

void discovery_done(struct discovery *d) {
        sd_bus_slot_unref(d->call);
        discovery_init(d, d->bus);
}

static int call(struct discovery *d, const char *member, sd_bus_message_handler_t handler) {
        int r = sd_bus_call_method_async(bluez_bus_get(d->bus), &d->call, "org.bluez", d->path,
                                         "org.bluez.Adapter1", member, handler, d, NULL);

        return r < 0 ? r : 0;
}

static void report(struct discovery *d, enum bluez_error error) {
        bluez_done_t done = d->done;

        d->done = NULL;
        if (done)
                done(d->userdata, error); /* last: the owner may free the adapter */
}

static int on_stopped(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct discovery *d = userdata;

        d->call = sd_bus_slot_unref(d->call);
        d->running = d->stopping = false; /* an error means that there was nothing to stop */
        report(d, bluez_error_from(sd_bus_message_get_error(reply)));
        return 0;
}

static int send_stop(struct discovery *d) {
        int r = call(d, "StopDiscovery", on_stopped);

        d->stopping = r >= 0;
        return r;
}

/* The start has ended, well or not; a stop may have been asked for meanwhile. */
static void started(struct discovery *d, enum bluez_error error) {
        bool stop = d->stop_wanted;

        d->stop_wanted = false;
        if (stop && d->running && send_stop(d) >= 0)
                return;
        report(d, stop ? BLUEZ_OK : error);
}

static int on_started(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct discovery *d = userdata;
        enum bluez_error error = bluez_error_from(sd_bus_message_get_error(reply));

        d->call = sd_bus_slot_unref(d->call);
        /* This connection has a session already. One that does not scan (yet) is a failure: who
         * tries again finds out what became of it. */
        if (error == BLUEZ_IN_PROGRESS && d->discovering)
                error = BLUEZ_OK;
        d->running = error == BLUEZ_OK;
        started(d, error);
        return 0;
}

static int on_filtered(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct discovery *d = userdata;
        enum bluez_error error = bluez_error_from(sd_bus_message_get_error(reply));

        d->call = sd_bus_slot_unref(d->call);
        if (error == BLUEZ_OK && !d->stop_wanted) {
                if (call(d, "StartDiscovery", on_started) >= 0)
                        return 0;
                error = BLUEZ_FAILED;
        }
        started(d, error);
        return 0;
}

/* Always a filter: without one BlueZ scans in turns with BR/EDR and is blind half of the time. */
static int send_filter(struct discovery *d, bool filtered) {
        sd_bus *bus = bluez_bus_get(d->bus);

        if (!filtered)
                return sd_bus_call_method_async(bus, &d->call, "org.bluez", d->path,
                                                "org.bluez.Adapter1", "SetDiscoveryFilter",
                                                on_filtered, d, "a{sv}", 2, "Transport", "s", "le",
                                                "DuplicateData", "b", 1);
        return sd_bus_call_method_async(bus, &d->call, "org.bluez", d->path, "org.bluez.Adapter1",
                                        "SetDiscoveryFilter", on_filtered, d, "a{sv}", 3,
                                        "Transport", "s", "le", "DuplicateData", "b", 1, "UUIDs",
                                        "as", 3, UUID_BLOOD_PRESSURE_SERVICE,
                                        UUID_OMRON_MODERN_SERVICE, UUID_OMRON_CLASSIC_SERVICE);
}

int discovery_start(struct discovery *d, const char *adapter_path, bool filtered, bluez_done_t done,
                    void *userdata) {
        int r;

        if (d->call)
                return -EBUSY;
        if (!adapter_path[0] || !bluez_bus_is_up(d->bus))
                return -ENOTCONN;
        memcpy(d->path, adapter_path, strlen(adapter_path) + 1);
        r = send_filter(d, filtered);
        if (r < 0)
                return r;
        d->done = done;
        d->userdata = userdata;
        return 0;
}

int discovery_stop(struct discovery *d, bluez_done_t done, void *userdata) {
        int r;

        if (d->stopping || d->stop_wanted)
                return -EBUSY;
        if (d->call)
                d->stop_wanted = true; /* BlueZ refuses to stop what it is still starting */
        else if (d->running) {
                r = send_stop(d);
                if (r < 0)
                        return r;
        }
        d->done = done;
        d->userdata = userdata;
        if (!d->call)
                report(d, BLUEZ_OK);
        return 0;
}
