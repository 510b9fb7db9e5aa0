/* A private bus with the smallest org.bluez that serves: objects to list, signals to send, and one
 * handler that answers every call, refuses it or holds it. Our side and the fake share one loop. */
#pragma once

#include <signal.h>
#include <stdarg.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bluez/bus.h"
#include "check.h"

#define ADAPTER     "/org/bluez/hci0"
#define DEVICE      ADAPTER "/dev_00_5F_BF_11_22_33"
#define CUFF        "00:5F:BF:11:22:33"
#define OBJECTS_MAX 128

struct object {
        const char *path, *interface, *address, *uuid, *power_state;
        bool powered, connected, bonded;
};

struct fixture {
        char dir[32], calls[1024]; /* calls: "Member " for each, in order */
        pid_t daemon;
        sd_event *event;
        sd_bus *fake;
        struct bluez_bus *bus;
        int up, down, gone;
        struct object *objects[OBJECTS_MAX];
        const char *fail, *fail_name, *fail_text; /* the next call of this member is refused */
        const char *hold;            /* the next call of this member is kept in `held` */
        sd_bus_message *held, *last; /* last: the call before any later one */
        uint8_t value[4];            /* what ReadValue answers, one byte more if held */
};

/* Runs the loop until it holds; an event that does not come within 5 s is a failure. */
#define UNTIL(f, condition)                                                                        \
        do {                                                                                       \
                while (!(condition))                                                               \
                        if (sd_event_run((f)->event, 5000000) <= 0) {                              \
                                CHECK(condition);                                                  \
                                break;                                                             \
                        }                                                                          \
        } while (0)

static inline void fixture_append(sd_bus_message *m, const struct object *o) {
        sd_bus_message_open_container(m, 'a', "{sv}");
        if (o->address)
                sd_bus_message_append(m, "{sv}", "Address", "s", o->address);
        if (o->power_state)
                sd_bus_message_append(m, "{sv}", "PowerState", "s", o->power_state);
        if (o->uuid && strstr(o->path, "/char"))
                sd_bus_message_append(m, "{sv}", "UUID", "s", o->uuid);
        else if (o->uuid)
                sd_bus_message_append(m, "{sv}", "UUIDs", "as", 1, o->uuid);
        sd_bus_message_append(m, "{sv}", "Powered", "b", o->powered);
        sd_bus_message_append(m, "{sv}", "Connected", "b", o->connected);
        sd_bus_message_append(m, "{sv}", "Bonded", "b", o->bonded);
        sd_bus_message_close_container(m);
}

/* PropertiesChanged; what follows `type` is its a{sv}, as for sd_bus_message_append(). */
static inline void fixture_changed(sd_bus *from, const char *to, const char *path,
                                   const char *interface, ...) {
        sd_bus_message *m = NULL;
        va_list list;

        CHECK(sd_bus_message_new_signal(from, &m, path, "org.freedesktop.DBus.Properties",
                                        "PropertiesChanged") >= 0);
        sd_bus_message_append(m, "s", interface);
        va_start(list, interface);
        CHECK(sd_bus_message_appendv(m, "a{sv}", list) >= 0);
        va_end(list);
        sd_bus_message_append(m, "as", 0);
        CHECK(to ? sd_bus_send_to(from, m, to, NULL) >= 0 : sd_bus_send(from, m, NULL) >= 0);
        sd_bus_message_unref(m);
}

/* It has been there all the time. */
static inline void fixture_put(struct fixture *f, struct object *o) {
        for (size_t i = 0; i < OBJECTS_MAX; i++)
                if (!f->objects[i]) {
                        f->objects[i] = o;
                        return;
                }
        CHECK(!"room for one more object");
}

/* It appears: InterfacesAdded. */
static inline void fixture_add(struct fixture *f, struct object *o) {
        sd_bus_message *m = NULL;

        fixture_put(f, o);
        CHECK(sd_bus_message_new_signal(f->fake, &m, "/", "org.freedesktop.DBus.ObjectManager",
                                        "InterfacesAdded") >= 0);
        sd_bus_message_append(m, "o", o->path);
        sd_bus_message_open_container(m, 'a', "{sa{sv}}");
        sd_bus_message_open_container(m, 'e', "sa{sv}");
        sd_bus_message_append(m, "s", o->interface);
        fixture_append(m, o);
        sd_bus_message_close_container(m);
        sd_bus_message_close_container(m);
        CHECK(sd_bus_send(f->fake, m, NULL) >= 0);
        sd_bus_message_unref(m);
}

static inline void fixture_remove(struct fixture *f, struct object *o) {
        for (size_t i = 0; i < OBJECTS_MAX; i++)
                if (f->objects[i] == o)
                        f->objects[i] = NULL;
        CHECK(sd_bus_emit_signal(f->fake, "/", "org.freedesktop.DBus.ObjectManager",
                                 "InterfacesRemoved", "oas", o->path, 1, o->interface) >= 0);
}

static inline int fixture_list(struct fixture *f, sd_bus_message *call) {
        sd_bus_message *m = NULL;
        int r;

        CHECK(sd_bus_message_new_method_return(call, &m) >= 0);
        sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
        for (size_t i = 0; i < OBJECTS_MAX; i++) {
                if (!f->objects[i])
                        continue;
                sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");
                sd_bus_message_append(m, "o", f->objects[i]->path);
                sd_bus_message_open_container(m, 'a', "{sa{sv}}");
                sd_bus_message_open_container(m, 'e', "sa{sv}");
                sd_bus_message_append(m, "s", f->objects[i]->interface);
                fixture_append(m, f->objects[i]);
                sd_bus_message_close_container(m);
                sd_bus_message_close_container(m);
                sd_bus_message_close_container(m);
        }
        sd_bus_message_close_container(m);
        r = sd_bus_send(f->fake, m, NULL);
        sd_bus_message_unref(m);
        return r;
}

static inline int fixture_get_all(struct fixture *f, sd_bus_message *call) {
        for (size_t i = 0; i < OBJECTS_MAX; i++) {
                sd_bus_message *m = NULL;
                int r;

                if (!f->objects[i] || strcmp(f->objects[i]->path, sd_bus_message_get_path(call)))
                        continue;
                CHECK(sd_bus_message_new_method_return(call, &m) >= 0);
                fixture_append(m, f->objects[i]);
                r = sd_bus_send(f->fake, m, NULL);
                sd_bus_message_unref(m);
                return r;
        }
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_UNKNOWN_OBJECT, "no such object");
}

/* The only property anyone sets that changes something here is Powered. */
static inline int fixture_set(struct fixture *f, sd_bus_message *call) {
        const char *interface, *property;

        sd_bus_message_read(call, "ss", &interface, &property);
        for (size_t i = 0; i < OBJECTS_MAX && strcmp(property, "Powered") == 0; i++)
                if (f->objects[i] && !strcmp(f->objects[i]->path, sd_bus_message_get_path(call)))
                        f->objects[i]->powered = true;
        fixture_changed(f->fake, NULL, sd_bus_message_get_path(call), interface, 1, property, "b",
                        1);
        return sd_bus_reply_method_return(call, NULL);
}

static inline int fixture_answer(struct fixture *f, sd_bus_message *m) {
        if (sd_bus_message_is_method_call(m, NULL, "GetManagedObjects"))
                return fixture_list(f, m);
        if (sd_bus_message_is_method_call(m, NULL, "GetAll"))
                return fixture_get_all(f, m);
        if (sd_bus_message_is_method_call(m, NULL, "Set"))
                return fixture_set(f, m);
        if (sd_bus_message_is_method_call(m, NULL, "ReadValue"))
                return sd_bus_reply_method_return(m, "ay", 4, f->value[0], f->value[1], f->value[2],
                                                  f->value[3]);
        return sd_bus_reply_method_return(m, NULL);
}

static inline int fixture_on_call(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct fixture *f = userdata;
        const char *member = sd_bus_message_get_member(m);
        size_t n = strlen(f->calls);

        snprintf(f->calls + n, sizeof f->calls - n, "%s ", member);
        sd_bus_message_unref(f->last);
        f->last = sd_bus_message_ref(m);
        if (f->fail && strcmp(f->fail, member) == 0) {
                f->fail = NULL;
                return sd_bus_reply_method_errorf(m, f->fail_name, "%s", f->fail_text);
        }
        if (f->hold && strcmp(f->hold, member) == 0) {
                f->hold = NULL;
                f->held = sd_bus_message_ref(m);
                return 1;
        }
        return fixture_answer(f, m);
}

static inline void fixture_refuse(struct fixture *f, const char *member, const char *name,
                                  const char *text) {
        f->fail = member;
        f->fail_name = name;
        f->fail_text = text;
}

static inline void fixture_on_up(void *owner) {
        ((struct fixture *) owner)->up++;
}

static inline void fixture_on_down(void *owner) {
        ((struct fixture *) owner)->down++;
}

static inline void fixture_on_gone(void *owner) {
        ((struct fixture *) owner)->gone++;
}

/* Starts the daemon and returns when it listens: it prints its address then. */
static inline void fixture_start_daemon(struct fixture *f) {
        char path[64], address[64];
        int fd[2];
        FILE *config;

        strcpy(f->dir, "/tmp/test-bluez-XXXXXX");
        CHECK(mkdtemp(f->dir));
        snprintf(path, sizeof path, "%s/conf", f->dir);
        config = fopen(path, "we");
        fprintf(config,
                "<busconfig><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>"
                "<policy context='default'><allow user='*'/><allow own='*'/>"
                "<allow send_destination='*'/><allow receive_sender='*'/></policy></busconfig>",
                f->dir);
        fclose(config);
        CHECK(pipe(fd) == 0);
        f->daemon = fork();
        if (f->daemon == 0) {
                char option[96], print[64];

                prctl(PR_SET_PDEATHSIG, SIGTERM); /* a test that crashes leaves no daemon */
                /* It says on stderr that it may not raise its limit of open files. */
                if (!freopen("/dev/null", "w", stderr))
                        _exit(127);
                snprintf(option, sizeof option, "--config-file=%s", path);
                snprintf(print, sizeof print, "--print-address=%d", fd[1]);
                execlp("dbus-daemon", "dbus-daemon", option, print, "--nofork", "--nopidfile",
                       (char *) NULL);
                _exit(127);
        }
        close(fd[1]);
        CHECK(read(fd[0], address, sizeof address) > 0);
        close(fd[0]);
        snprintf(address, sizeof address, "unix:path=%s/bus", f->dir);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", address, 1);
}

static inline sd_bus *fixture_connect(struct fixture *f) {
        sd_bus *bus = NULL;

        CHECK(sd_bus_open_system(&bus) >= 0);
        CHECK(sd_bus_attach_event(bus, f->event, 0) >= 0);
        return bus;
}

static inline void fixture_own(struct fixture *f) {
        CHECK(sd_bus_request_name(f->fake, "org.bluez", SD_BUS_NAME_ALLOW_REPLACEMENT) >= 0);
}

/* The daemon and the fake, not yet our side. */
static inline void fixture_prepare(struct fixture *f) {
        *f = (struct fixture){.value = {1, 2, 3, 4}};
        fixture_start_daemon(f);
        CHECK(sd_event_new(&f->event) >= 0);
        f->fake = fixture_connect(f);
        CHECK(sd_bus_add_fallback(f->fake, NULL, "/", fixture_on_call, f) >= 0);
}

static inline void fixture_open_bus(struct fixture *f) {
        static const struct bluez_bus_events events = {fixture_on_up, fixture_on_down,
                                                       fixture_on_gone};

        CHECK_EQ(bluez_bus_new(f->event, &events, f, &f->bus), 0);
}

/* Everything, with bluetoothd on the bus and our side knowing it. */
static inline void fixture_init(struct fixture *f) {
        fixture_prepare(f);
        fixture_own(f);
        fixture_open_bus(f);
        UNTIL(f, f->up == 1);
}

static inline void fixture_stop_daemon(struct fixture *f) {
        if (f->daemon > 0) {
                kill(f->daemon, SIGTERM);
                waitpid(f->daemon, NULL, 0);
        }
        f->daemon = 0;
}

static inline void fixture_done(struct fixture *f) {
        char path[64];

        sd_bus_message_unref(f->held);
        sd_bus_message_unref(f->last);
        bluez_bus_free(f->bus);
        sd_bus_close_unref(f->fake);
        sd_event_unref(f->event);
        fixture_stop_daemon(f);
        snprintf(path, sizeof path, "%s/conf", f->dir);
        unlink(path);
        snprintf(path, sizeof path, "%s/bus", f->dir);
        unlink(path);
        rmdir(f->dir);
}

static inline int fixture_on_pong(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        *(bool *) userdata = true;
        return 0;
}

/* What our side sent has reached the fake, what the fake sent has reached us, and once more: so has
 * what either sent because of that. */
static inline void fixture_settle(struct fixture *f) {
        for (int i = 0; i < 2; i++) {
                bool pong = false;

                CHECK(sd_bus_call_method_async(bluez_bus_get(f->bus), NULL, "org.bluez", "/",
                                               "org.freedesktop.DBus.Peer", "Ping", fixture_on_pong,
                                               &pong, NULL) >= 0);
                UNTIL(f, pong);
        }
}

static inline void fixture_reply_held(struct fixture *f) {
        CHECK(sd_bus_reply_method_return(f->held, NULL) >= 0);
        f->held = sd_bus_message_unref(f->held);
}

/* Another client of the bus, which sends us what only bluetoothd may. `ret_we`: our name. */
static inline sd_bus *fixture_liar(struct fixture *f, const char **ret_we) {
        CHECK(sd_bus_get_unique_name(bluez_bus_get(f->bus), ret_we) >= 0);
        return fixture_connect(f);
}

/* All its lies have passed the daemon, and so reach us before any later answer. */
static inline void fixture_liar_done(struct fixture *f, sd_bus *liar) {
        CHECK(sd_bus_call_method(liar, "org.freedesktop.DBus", "/", "org.freedesktop.DBus.Peer",
                                 "Ping", NULL, NULL, NULL) >= 0);
        fixture_settle(f);
        sd_bus_close_unref(liar);
}
