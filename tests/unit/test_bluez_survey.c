/* One look at the bus and at what bluetoothd shows: whatever is wrong has its own outcome. */
#include "bluez/survey.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "bluez_fixture.h"

#define LONG_USEC  60000000
#define SHORT_USEC 100000

struct look {
        struct bluez_survey *survey;
        unsigned told;
        struct bluez_survey_result result; /* a copy: the survey is freed when it tells */
};

static void on_done(void *owner, const struct bluez_survey_result *result) {
        struct look *l = owner;

        l->told++;
        l->result = *result;
        bluez_survey_free(l->survey);
        l->survey = NULL;
}

static void begin(struct fixture *f, struct look *l, uint64_t limit_usec) {
        *l = (struct look){0};
        CHECK_EQ(bluez_survey_new(f->event, limit_usec, on_done, l, &l->survey), 0);
        CHECK_EQ(l->told, 0); /* from the loop, never at once */
}

static void look(struct fixture *f, struct look *l, uint64_t limit_usec) {
        begin(f, l, limit_usec);
        UNTIL(f, l->told == 1);
}

/* --- answers of bluetoothd, by hand --- */

static sd_bus_message *new_list(struct fixture *f) {
        sd_bus_message *m = NULL;

        CHECK(sd_bus_message_new_method_return(f->held, &m) >= 0);
        CHECK(sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}") >= 0);
        return m;
}

/* What follows `interface` is its a{sv}, as for sd_bus_message_append(). */
static void append(sd_bus_message *m, const char *path, const char *interface, ...) {
        va_list list;

        sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");
        sd_bus_message_append(m, "o", path);
        sd_bus_message_open_container(m, 'a', "{sa{sv}}");
        sd_bus_message_open_container(m, 'e', "sa{sv}");
        sd_bus_message_append(m, "s", interface);
        va_start(list, interface);
        CHECK(sd_bus_message_appendv(m, "a{sv}", list) >= 0);
        va_end(list);
        sd_bus_message_close_container(m);
        sd_bus_message_close_container(m);
        CHECK(sd_bus_message_close_container(m) >= 0);
}

static void send_list(struct fixture *f, sd_bus_message *m) {
        CHECK(sd_bus_message_close_container(m) >= 0);
        CHECK(sd_bus_send(f->fake, m, NULL) >= 0);
        sd_bus_message_unref(m);
        f->held = sd_bus_message_unref(f->held);
}

static void init(struct fixture *f) {
        fixture_prepare(f);
        fixture_own(f);
}

/* The question has arrived and waits for its answer. */
static void ask(struct fixture *f, struct look *l) {
        init(f);
        f->hold = "GetManagedObjects";
        begin(f, l, LONG_USEC);
        UNTIL(f, f->held);
}

/* --- tests --- */

static void what_bluetoothd_lists_is_copied(void) {
        const struct bluez_survey_adapter *a;
        const struct bluez_survey_device *d;
        struct fixture f;
        struct look l;
        sd_bus_message *m;

        ask(&f, &l);
        m = new_list(&f);
        append(m, ADAPTER, "org.bluez.Adapter1", 9, "Address", "s", "00:1A:7D:DA:71:01", "Alias",
               "s", "pi", "Modalias", "s", "usb:v1D6Bp0246d0542", "PowerState", "s", "on",
               "Powered", "b", 1, "Pairable", "b", 1, "Discoverable", "b", 1, "Discovering", "b", 1,
               "Roles", "as", 2, "peripheral", "central");
        append(m, DEVICE, "org.bluez.Device1", 8, "Address", "s", CUFF, "Name", "s", "BLESmart",
               "Paired", "b", 1, "Bonded", "b", 1, "Connected", "b", 1, "Trusted", "b", 1,
               "Blocked", "b", 1, "UUIDs", "as", 1, "00001810-0000-1000-8000-00805f9b34fb");
        send_list(&f, m);
        UNTIL(&f, l.told == 1);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_DONE);
        CHECK_EQ(l.result.pid, getpid()); /* the fake lives in this process */
        CHECK_EQ(l.result.n_adapters, 1);
        a = &l.result.adapter[0];
        CHECK_STR(a->path, ADAPTER);
        CHECK_STR(a->address, "00:1A:7D:DA:71:01");
        CHECK_STR(a->alias, "pi");
        CHECK_STR(a->modalias, "usb:v1D6Bp0246d0542");
        CHECK_STR(a->power_state, "on");
        CHECK(a->powered && a->pairable && a->discoverable && a->discovering);
        CHECK(a->has_roles && a->central);
        CHECK_EQ(l.result.n_devices, 1);
        d = &l.result.device[0];
        CHECK_STR(d->adapter, ADAPTER);
        CHECK_STR(d->address, CUFF);
        CHECK_STR(d->name, "BLESmart");
        CHECK(d->bonded && d->paired && d->connected && d->trusted && d->blocked && d->is_cuff);
        fixture_done(&f);
}

static void what_is_missing_or_off_is_so(void) {
        const struct bluez_survey_adapter *a;
        struct fixture f;
        struct look l;
        sd_bus_message *m;

        ask(&f, &l);
        m = new_list(&f);
        append(m, ADAPTER, "org.bluez.Adapter1", 0);
        append(m, "/org/bluez/hci1", "org.bluez.Adapter1", 2, "Powered", "b", 0, "Roles", "as", 1,
               "peripheral");
        send_list(&f, m);
        UNTIL(&f, l.told == 1);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_DONE);
        CHECK_EQ(l.result.n_adapters, 2);
        a = l.result.adapter;
        CHECK(!a[0].powered && !a[0].pairable && !a[0].discovering && !a[0].has_roles);
        CHECK_STR(a[0].power_state, "");
        CHECK(a[1].has_roles && !a[1].central);
        CHECK_EQ(l.result.n_devices, 0);
        fixture_done(&f);
}

/* Nothing but questions: no agent, no scan, no connection. */
static void nothing_is_changed(void) {
        struct object adapter = {.path = ADAPTER, .interface = "org.bluez.Adapter1"};
        struct fixture f;
        struct look l;

        init(&f);
        fixture_put(&f, &adapter);
        look(&f, &l, LONG_USEC);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_DONE);
        CHECK_STR(f.calls, "GetManagedObjects ");
        fixture_done(&f);
}

/* Whoever passed by is left out, a cuff, too: many of them could leave no room for the bonded ones.
 * Older releases have no Bonded. */
static void what_is_paired_is_kept(void) {
        const struct bluez_survey_device *d;
        char path[80];
        struct fixture f;
        struct look l;
        sd_bus_message *m;

        ask(&f, &l);
        m = new_list(&f);
        append(m, ADAPTER "/dev_1", "org.bluez.Device1", 1, "Name", "s", "passer-by");
        append(m, ADAPTER "/dev_2", "org.bluez.Device1", 2, "Name", "s", "mouse", "Paired", "b", 1);
        append(m, ADAPTER "/dev_3", "org.bluez.Device1", 3, "Name", "s", "half", "Paired", "b", 1,
               "Bonded", "b", 0);
        for (int i = 0; i < SURVEY_DEVICES_MAX; i++) {
                snprintf(path, sizeof path, ADAPTER "/dev_x%d", i);
                append(m, path, "org.bluez.Device1", 2, "Name", "s", "stranger", "ManufacturerData",
                       "a{qv}", 1, 0x020E, "ay", 1, 1);
        }
        append(m, ADAPTER "/dev_4", "org.bluez.Device1", 3, "Name", "s", "ours", "Bonded", "b", 1,
               "ManufacturerData", "a{qv}", 1, 0x020E, "ay", 1, 1);
        send_list(&f, m);
        UNTIL(&f, l.told == 1);
        CHECK_EQ(l.result.n_devices, 3);
        d = l.result.device;
        CHECK_STR(d[0].name, "mouse");
        CHECK(d[0].paired && d[0].bonded && !d[0].is_cuff);
        CHECK_STR(d[1].name, "half");
        CHECK(d[1].paired && !d[1].bonded && !d[1].is_cuff);
        CHECK_STR(d[2].name, "ours");
        CHECK(d[2].bonded && d[2].is_cuff);
        fixture_done(&f);
}

static void only_so_many_are_kept(void) {
        char path[80];
        struct fixture f;
        struct look l;
        sd_bus_message *m;

        ask(&f, &l);
        m = new_list(&f);
        for (int i = 0; i < SURVEY_ADAPTERS_MAX + 2; i++) {
                snprintf(path, sizeof path, "/org/bluez/hci%d", i);
                append(m, path, "org.bluez.Adapter1", 1, "Powered", "b", 1);
        }
        for (int i = 0; i < SURVEY_DEVICES_MAX + 2; i++) {
                snprintf(path, sizeof path, ADAPTER "/dev_%d", i);
                append(m, path, "org.bluez.Device1", 1, "Bonded", "b", 1);
        }
        send_list(&f, m);
        UNTIL(&f, l.told == 1);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_DONE);
        CHECK_EQ(l.result.n_adapters, SURVEY_ADAPTERS_MAX);
        CHECK_EQ(l.result.n_devices, SURVEY_DEVICES_MAX);
        fixture_done(&f);
}

/* A path that is not BlueZ's does not fit, and is left out. */
static void long_paths_are_left_out(void) {
        char path[100] = "/", below[120];
        struct fixture f;
        struct look l;
        sd_bus_message *m;

        memset(path + 1, 'a', sizeof path - 2);
        path[sizeof path - 1] = '\0';
        snprintf(below, sizeof below, "%s/dev", path);
        ask(&f, &l);
        m = new_list(&f);
        append(m, path, "org.bluez.Adapter1", 1, "Powered", "b", 1);
        append(m, below, "org.bluez.Device1", 1, "Bonded", "b", 1);
        append(m, "/", "org.bluez.Device1", 1, "Bonded", "b", 1);
        send_list(&f, m);
        UNTIL(&f, l.told == 1);
        CHECK_EQ(l.result.n_adapters, 0);
        CHECK_EQ(l.result.n_devices, 1);
        CHECK_STR(l.result.device[0].adapter, "");
        fixture_done(&f);
}

static void nobody_has_the_name(void) {
        struct fixture f;
        struct look l;

        fixture_prepare(&f);
        look(&f, &l, LONG_USEC);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_ABSENT);
        CHECK(!l.result.activatable); /* nothing is, on this bus */
        fixture_done(&f);
}

static void bluetoothd_that_ends_meanwhile_is_absent(void) {
        struct fixture f;
        struct look l;

        ask(&f, &l);
        f.fake = sd_bus_close_unref(f.fake);
        UNTIL(&f, l.told == 1);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_ABSENT);
        fixture_done(&f);
}

static void refusals_are_told_apart(void) {
        static const struct {
                const char *name;
                enum bluez_survey_outcome outcome;
        } cases[] = {
                {"org.freedesktop.DBus.Error.AccessDenied", BLUEZ_SURVEY_DENIED},
                {"org.freedesktop.DBus.Error.NoReply", BLUEZ_SURVEY_SILENT},
                {"org.bluez.Error.Failed", BLUEZ_SURVEY_FAILED},
        };
        struct fixture f;
        struct look l;

        init(&f);
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                fixture_refuse(&f, "GetManagedObjects", cases[i].name, "");
                look(&f, &l, LONG_USEC);
                CHECK_EQ(l.result.outcome, cases[i].outcome);
        }
        CHECK_STR(l.result.message, "org.bluez.Error.Failed");
        fixture_done(&f);
}

static void an_answer_of_another_kind_is_a_failure(void) {
        struct fixture f;
        struct look l;

        ask(&f, &l);
        CHECK(sd_bus_reply_method_return(f.held, "s", "hello") >= 0);
        UNTIL(&f, l.told == 1);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_FAILED);
        CHECK_STR(l.result.message, "");
        fixture_done(&f);
}

static void silence_ends_at_the_limit(void) {
        struct fixture f;
        struct look l;

        init(&f);
        f.hold = "GetManagedObjects";
        look(&f, &l, SHORT_USEC);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_SILENT);
        fixture_done(&f);
}

static void without_a_socket_there_is_no_bus(void) {
        struct fixture f;
        struct look l;

        fixture_prepare(&f);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere/bus", 1);
        look(&f, &l, LONG_USEC);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_NO_BUS);
        CHECK_EQ(l.result.error, -ENOENT);
        fixture_done(&f);
}

/* A socket that is no bus: it never says anything, or hangs up. */
static int listen_as_bus(struct fixture *f) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char text[64];
        int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

        snprintf(address.sun_path, sizeof address.sun_path, "%s/no-bus", f->dir);
        snprintf(text, sizeof text, "unix:path=%s/no-bus", f->dir);
        setenv("DBUS_SYSTEM_BUS_ADDRESS", text, 1);
        CHECK_EQ(bind(fd, (struct sockaddr *) &address, sizeof address), 0);
        CHECK_EQ(listen(fd, 1), 0);
        return fd;
}

static void unlisten(struct fixture *f, int fd) {
        char path[64];

        close(fd);
        snprintf(path, sizeof path, "%s/no-bus", f->dir);
        unlink(path);
        fixture_done(f);
}

static void a_bus_that_does_not_greet_is_told_apart(void) {
        struct fixture f;
        struct look l;
        int fd;

        fixture_prepare(&f);
        fd = listen_as_bus(&f);
        look(&f, &l, SHORT_USEC);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_BUS_SILENT);
        unlisten(&f, fd);
}

static void a_bus_that_hangs_up_is_told_apart(void) {
        struct fixture f;
        struct look l;
        int fd;

        fixture_prepare(&f);
        fd = listen_as_bus(&f);
        begin(&f, &l, LONG_USEC);
        close(accept(fd, NULL, NULL)); /* it was connected to when the survey began */
        UNTIL(&f, l.told == 1);
        CHECK_EQ(l.result.outcome, BLUEZ_SURVEY_BUS_CLOSED);
        unlisten(&f, fd);
}

static void freed_in_between_it_tells_nothing(void) {
        bool pong = false;
        struct fixture f;
        struct look l;

        ask(&f, &l);
        bluez_survey_free(l.survey);
        CHECK(sd_bus_reply_method_return(f.held, "a{oa{sa{sv}}}", 0) >= 0);
        CHECK(sd_bus_call_method_async(f.fake, NULL, "org.freedesktop.DBus", "/",
                                       "org.freedesktop.DBus.Peer", "Ping", fixture_on_pong, &pong,
                                       NULL) >= 0);
        UNTIL(&f, pong);
        CHECK_EQ(l.told, 0);
        bluez_survey_free(NULL);
        fixture_done(&f);
}

static void the_adapter_of_the_service_is_chosen(void) {
        struct bluez_survey_result r = {
                .n_adapters = 4,
                .adapter = {{.path = "/org/bluez/hci9", .address = "nonsense", .powered = true},
                            {.path = "/org/bluez/hci2", .address = "00:00:00:00:00:02"},
                            {.path = "/org/bluez/hci1", .address = "00:00:00:00:00:01"},
                            {.path = "/org/bluez/hci3", .address = "00:00:00:00:00:AB"}},
        };
        struct bdaddr wanted = {{0, 0, 0, 0, 0, 0xAB}}, other = {{1, 2, 3, 4, 5, 6}};

        CHECK_STR(bluez_survey_choose(&r, NULL)->path, "/org/bluez/hci1");
        CHECK_STR(bluez_survey_choose(&r, &wanted)->path, "/org/bluez/hci3");
        CHECK(!bluez_survey_choose(&r, &other));
        r.adapter[3].powered = true;
        CHECK_STR(bluez_survey_choose(&r, NULL)->path, "/org/bluez/hci3");
        r.adapter[1].powered = true;
        CHECK_STR(bluez_survey_choose(&r, NULL)->path, "/org/bluez/hci2");
        r.n_adapters = 0;
        CHECK(!bluez_survey_choose(&r, NULL));
}

CHECK_MAIN("unit.bluez_survey", TEST(what_bluetoothd_lists_is_copied),
           TEST(what_is_missing_or_off_is_so), TEST(nothing_is_changed),
           TEST(what_is_paired_is_kept), TEST(only_so_many_are_kept), TEST(long_paths_are_left_out),
           TEST(nobody_has_the_name), TEST(bluetoothd_that_ends_meanwhile_is_absent),
           TEST(refusals_are_told_apart), TEST(an_answer_of_another_kind_is_a_failure),
           TEST(silence_ends_at_the_limit), TEST(without_a_socket_there_is_no_bus),
           TEST(a_bus_that_does_not_greet_is_told_apart), TEST(a_bus_that_hangs_up_is_told_apart),
           TEST(freed_in_between_it_tells_nothing), TEST(the_adapter_of_the_service_is_chosen))
