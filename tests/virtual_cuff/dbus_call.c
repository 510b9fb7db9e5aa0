#include "dbus_call.h"

#include <stdio.h>

#include "log.h"
#include "util.h"

struct fault {
        struct fault *next;
        enum fault_kind kind;
        char method[32], name[96], text[128];
        uint64_t delay_usec;
        unsigned times;
};

struct delayed { /* a call that will be carried out later */
        struct delayed *next;
        struct daemon *daemon;
        sd_bus_message *m;
        const struct call_method *method;
        struct fault fault; /* its name: how it fails then; "": it does not */
        sd_event_source *timer;
};

static void log_call(sd_bus_message *m, const char *answer) {
        log_line("call %s path=%s answer=%s", sd_bus_message_get_member(m),
                 sd_bus_message_get_path(m), answer);
}

void call_ok(struct daemon *d, sd_bus_message *m) {
        log_call(m, "ok");
        sd_bus_reply_method_return(m, NULL);
}

void call_error(struct daemon *d, sd_bus_message *m, const char *name, const char *text) {
        char full[128];

        snprintf(full, sizeof full, "%s%s", strchr(name, '.') ? "" : "org.bluez.Error.", name);
        log_call(m, full);
        sd_bus_reply_method_errorf(m, full, "%s", text ? text : "");
}

void call_finish(struct daemon *d, sd_bus_message **m, const char *name, const char *text) {
        if (!*m)
                return;
        if (d->bus && name) /* stopped: nobody is left to answer */
                call_error(d, *m, name, text);
        else if (d->bus)
                call_ok(d, *m);
        *m = sd_bus_message_unref(*m);
}

void call_add_fault(struct daemon *d, enum fault_kind kind, const char *method, const char *name,
                    const char *text, uint64_t delay_usec, unsigned times) {
        struct fault *f = must_alloc(sizeof *f), **end = &d->faults;

        f->kind = kind;
        f->delay_usec = delay_usec;
        f->times = times;
        snprintf(f->method, sizeof f->method, "%s", method);
        snprintf(f->name, sizeof f->name, "%s", name ? name : "");
        snprintf(f->text, sizeof f->text, "%s", text ? text : "");
        while (*end)
                end = &(*end)->next;
        *end = f;
}

/* The oldest fault planned for this method, used up by one; false if there is none. */
static bool take_fault(struct daemon *d, const char *method, struct fault *ret) {
        for (struct fault *f = d->faults; f; f = f->next) {
                if (strcmp(f->method, method) != 0)
                        continue;
                *ret = *f;
                if (--f->times == 0) {
                        LIST_REMOVE(d->faults, f);
                        free(f);
                }
                return true;
        }
        return false;
}

static void delayed_free(struct delayed *later) {
        LIST_REMOVE(later->daemon->delayed, later);
        sd_bus_message_unref(later->m);
        sd_event_source_disable_unref(later->timer);
        free(later);
}

void call_forget_faults(struct daemon *d) {
        while (d->faults) {
                struct fault *f = d->faults;

                d->faults = f->next;
                free(f);
        }
}

void call_free(struct daemon *d) {
        while (d->delayed)
                delayed_free(d->delayed);
        call_forget_faults(d);
}

void call_link_ended(struct daemon *d, const char *path) {
        size_t n = strlen(path);

        for (struct delayed *later = d->delayed, *next; later; later = next) {
                const char *on = sd_bus_message_get_path(later->m);

                next = later->next;
                if (strncmp(on, path, n) != 0 || on[n] != '/')
                        continue;
                if (d->bus == sd_bus_message_get_bus(later->m))
                        call_error(d, later->m, "Failed", "Not connected");
                delayed_free(later);
        }
}

static int on_delayed(sd_event_source *s, uint64_t usec, void *userdata) {
        struct delayed *later = userdata;

        /* The bus it came over may be gone by now. */
        if (later->daemon->bus == sd_bus_message_get_bus(later->m)) {
                if (later->fault.name[0])
                        call_error(later->daemon, later->m, later->fault.name, "Failed");
                else
                        later->method->work(later->daemon, later->m);
        }
        delayed_free(later);
        return 0;
}

static void carry_out_later(struct daemon *d, sd_bus_message *m, const struct call_method *method,
                            const struct fault *fault) {
        struct delayed *later = must_alloc(sizeof *later);

        log_line("delay %s", method->member);
        later->daemon = d;
        later->next = d->delayed;
        d->delayed = later;
        later->method = method;
        later->fault = *fault;
        later->m = sd_bus_message_ref(m);
        sd_event_add_time_relative(d->event, &later->timer, CLOCK_MONOTONIC, fault->delay_usec, 1,
                                   on_delayed, later);
}

int call_dispatch(struct daemon *d, sd_bus_message *m, const struct call_method *methods) {
        const char *member = sd_bus_message_get_member(m);
        struct fault fault;

        while (methods->member && strcmp(methods->member, member) != 0)
                methods++;
        if (!methods->member)
                return 0;
        if (!take_fault(d, member, &fault)) {
                methods->work(d, m);
                return 1;
        }
        if (fault.kind == FAULT_FAIL)
                call_error(d, m, fault.name, fault.text);
        else if (fault.kind == FAULT_DELAY)
                carry_out_later(d, m, methods, &fault);
        else
                log_call(m, "none");
        return 1;
}

static int on_any_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        struct daemon *d = userdata;
        struct fault fault;

        if (!sd_bus_message_is_method_call(m, "org.freedesktop.DBus.ObjectManager",
                                           "GetManagedObjects") ||
            !take_fault(d, "GetManagedObjects", &fault))
                return 0;
        if (fault.kind == FAULT_FAIL)
                call_error(d, m, fault.name, fault.text);
        else
                log_call(m, "none");
        return 1;
}

int call_watch_objects(struct daemon *d, sd_bus *bus) {
        return sd_bus_add_filter(bus, NULL, on_any_message, d);
}
