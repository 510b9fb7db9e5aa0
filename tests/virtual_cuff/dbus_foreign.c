#include "dbus_foreign.h"

#include "log.h"
#include "util.h"

#define AGENT_PATH "/foreign/agent"

struct foreign {
        struct daemon *daemon;
        sd_bus *agent_bus, *scan_bus; /* NULL: off */
};

static sd_bus *join_bus(struct daemon *d) {
        sd_bus *bus = NULL;

        if (sd_bus_new(&bus) < 0 || sd_bus_set_address(bus, d->address) < 0 ||
            sd_bus_set_bus_client(bus, true) < 0 || sd_bus_start(bus) < 0 ||
            sd_bus_attach_event(bus, d->event, 0) < 0)
                abort();
        return bus;
}

static struct foreign *foreign_of(struct daemon *d) {
        if (!d->foreign) {
                d->foreign = must_alloc(sizeof *d->foreign);
                d->foreign->daemon = d;
        }
        return d->foreign;
}

/* Everything is asynchronous: the callee lives in this very process. */
static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const sd_bus_error *refusal = sd_bus_message_get_error(m);

        if (refusal)
                log_line("foreign refused %s", refusal->name);
        return 0;
}

/* --- an agent that says yes --- */

static int on_request(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        log_line("foreign-agent-asked %s", sd_bus_message_get_member(m));
        return sd_bus_reply_method_return(m, NULL);
}

/* clang-format off */
static const sd_bus_vtable foreign_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD("Release", "", "", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestAuthorization", "o", "", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("RequestConfirmation", "ou", "", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("AuthorizeService", "os", "", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD("Cancel", "", "", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
/* clang-format on */

static void register_agent(struct foreign *f) {
        sd_bus_call_method_async(f->agent_bus, NULL, "org.bluez", "/org/bluez",
                                 "org.bluez.AgentManager1", "RegisterAgent", on_answer, f, "os",
                                 AGENT_PATH, "KeyboardDisplay");
        sd_bus_call_method_async(f->agent_bus, NULL, "org.bluez", "/org/bluez",
                                 "org.bluez.AgentManager1", "RequestDefaultAgent", on_answer, f,
                                 "o", AGENT_PATH);
}

void foreign_agent(struct daemon *d, bool on) {
        struct foreign *f = foreign_of(d);

        if (on && !f->agent_bus) {
                f->agent_bus = join_bus(d);
                sd_bus_add_object_vtable(f->agent_bus, NULL, AGENT_PATH, "org.bluez.Agent1",
                                         foreign_vtable, f);
                register_agent(f);
        } else if (!on) {
                f->agent_bus = sd_bus_flush_close_unref(f->agent_bus);
        }
}

/* --- a scan that sees all --- */

static void start_scan(struct foreign *f) {
        sd_bus_call_method_async(f->scan_bus, NULL, "org.bluez", f->daemon->adapter_path,
                                 "org.bluez.Adapter1", "SetDiscoveryFilter", on_answer, f, "a{sv}",
                                 1, "DuplicateData", "b", 1);
        sd_bus_call_method_async(f->scan_bus, NULL, "org.bluez", f->daemon->adapter_path,
                                 "org.bluez.Adapter1", "StartDiscovery", on_answer, f, NULL);
}

void foreign_scan(struct daemon *d, bool on) {
        struct foreign *f = foreign_of(d);

        if (on && !f->scan_bus) {
                f->scan_bus = join_bus(d);
                start_scan(f);
        } else if (!on) {
                f->scan_bus = sd_bus_flush_close_unref(f->scan_bus);
        }
}

void foreign_daemon_is_back(struct daemon *d) {
        if (d->foreign && d->foreign->agent_bus)
                register_agent(d->foreign);
        if (d->foreign && d->foreign->scan_bus)
                start_scan(d->foreign);
}

void foreign_free(struct daemon *d) {
        if (!d->foreign)
                return;
        sd_bus_flush_close_unref(d->foreign->agent_bus);
        sd_bus_flush_close_unref(d->foreign->scan_bus);
        free(d->foreign);
        d->foreign = NULL;
}
