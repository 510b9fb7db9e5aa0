/* What we export to BlueZ, the agent and the auto-connect profile, on a private bus. */
#include "bluez/agent.h"

#include <errno.h>

#include "bluez/profile.h"
#include "bluez_fixture.h"

#define AGENT "/org/cuff2mqtt/agent"

/* --- agent --- */

struct owner {
        struct bluez_agent *agent;
        int registered, unregistered, asked;
        enum bluez_error error;
        char method[32];
        bool accepted, free_it;
};

static void on_registered(void *userdata, enum bluez_error error) {
        struct owner *o = userdata;

        o->registered++;
        o->error = error;
}

static void on_asked(void *userdata, const char *method, bool ours, bool accepted) {
        struct owner *o = userdata;

        o->asked++;
        snprintf(o->method, sizeof o->method, "%s", method);
        o->accepted = accepted;
        if (o->free_it) {
                bluez_agent_free(o->agent);
                o->agent = NULL;
        }
}

static void on_unregistered(void *userdata) {
        ((struct owner *) userdata)->unregistered++;
}

static void begin(struct fixture *f, struct owner *o) {
        static const struct bluez_agent_events events = {on_registered, on_asked, on_unregistered};

        fixture_init(f);
        CHECK_EQ(bluez_agent_new(f->bus, &events, o, &o->agent), 0);
}

static void end(struct fixture *f, struct owner *o) {
        bluez_agent_free(o->agent);
        fixture_done(f);
}

struct answer {
        bool in;
        char error[64]; /* "" accepted */
};

static int on_answer(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct answer *a = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(m);

        a->in = true;
        snprintf(a->error, sizeof a->error, "%s", error ? error->name : "");
        return 0;
}

/* `from` asks our agent; the arguments follow `types`. */
static void ask(struct fixture *f, sd_bus *from, struct answer *answer, const char *method,
                const char *types, ...) {
        sd_bus_message *m = NULL;
        const char *we;
        va_list list;

        *answer = (struct answer){0};
        CHECK(sd_bus_get_unique_name(bluez_bus_get(f->bus), &we) >= 0);
        CHECK(sd_bus_message_new_method_call(from, &m, we, AGENT, "org.bluez.Agent1", method) >= 0);
        va_start(list, types);
        CHECK(sd_bus_message_appendv(m, types, list) >= 0);
        va_end(list);
        CHECK(sd_bus_call_async(from, NULL, m, on_answer, answer, 0) >= 0);
        sd_bus_message_unref(m);
        UNTIL(f, answer->in);
}

static void the_agent_is_registered_as_default_and_leaves(void) {
        struct owner o = {0};
        struct fixture f;
        const char *path, *capability;

        begin(&f, &o);
        CHECK_EQ(bluez_agent_unregister(o.agent), 0);
        CHECK_EQ(o.unregistered, 1); /* at once: not registered */
        f.hold = "RegisterAgent";
        CHECK_EQ(bluez_agent_register(o.agent), 0);
        CHECK_EQ(bluez_agent_register(o.agent), -EBUSY);
        UNTIL(&f, f.held);
        CHECK(sd_bus_message_read(f.held, "os", &path, &capability) > 0);
        CHECK_STR(path, AGENT);
        CHECK_STR(capability, "NoInputNoOutput");
        CHECK(!bluez_agent_is_registered(o.agent));
        fixture_reply_held(&f);
        UNTIL(&f, o.registered == 1);
        CHECK_EQ(o.error, BLUEZ_OK);
        CHECK(bluez_agent_is_registered(o.agent));
        CHECK_EQ(bluez_agent_unregister(o.agent), 0);
        CHECK(!bluez_agent_is_registered(o.agent));
        UNTIL(&f, o.unregistered == 2);
        CHECK_STR(f.calls, "RegisterAgent RequestDefaultAgent UnregisterAgent ");
        end(&f, &o);
}

static void a_refused_registration_is_told(void) {
        struct owner o = {0};
        struct fixture f;

        begin(&f, &o);
        fixture_refuse(&f, "RegisterAgent", "org.freedesktop.DBus.Error.AccessDenied", "no");
        CHECK_EQ(bluez_agent_register(o.agent), 0);
        UNTIL(&f, o.registered == 1);
        CHECK_EQ(o.error, BLUEZ_ACCESS_DENIED);
        CHECK(!bluez_agent_is_registered(o.agent));
        fixture_refuse(&f, "RegisterAgent", "org.bluez.Error.AlreadyExists", "");
        CHECK_EQ(bluez_agent_register(o.agent), 0);
        UNTIL(&f, o.registered == 2);
        CHECK_EQ(o.error, BLUEZ_OK);
        bluez_agent_bus_down(o.agent);
        CHECK(!bluez_agent_is_registered(o.agent));
        CHECK_EQ(o.unregistered, 0);
        end(&f, &o);
}

static void only_the_allowed_device_is_accepted(void) {
        struct owner o = {0};
        struct fixture f;
        struct answer a;

        begin(&f, &o);
        ask(&f, f.fake, &a, "RequestAuthorization", "o", DEVICE);
        CHECK_STR(a.error, "org.bluez.Error.Rejected"); /* nobody is allowed yet */
        bluez_agent_allow(o.agent, DEVICE);
        ask(&f, f.fake, &a, "RequestAuthorization", "o", DEVICE);
        CHECK_STR(a.error, "");
        CHECK(o.accepted);
        CHECK_STR(o.method, "RequestAuthorization");
        ask(&f, f.fake, &a, "RequestConfirmation", "ou", DEVICE, 123456);
        CHECK_STR(a.error, "");
        ask(&f, f.fake, &a, "AuthorizeService", "os", DEVICE,
            "00001810-0000-1000-8000-00805f9b34fb");
        CHECK_STR(a.error, "");
        ask(&f, f.fake, &a, "RequestConfirmation", "ou", DEVICE "4", 123456);
        CHECK_STR(a.error, "org.bluez.Error.Rejected");
        CHECK(!o.accepted);
        bluez_agent_allow(o.agent, NULL);
        ask(&f, f.fake, &a, "RequestAuthorization", "o", DEVICE);
        CHECK_STR(a.error, "org.bluez.Error.Rejected");
        CHECK_EQ(o.asked, 6);
        end(&f, &o);
}

static void codes_are_rejected_and_cancel_is_not(void) {
        struct owner o = {0};
        struct fixture f;
        struct answer a;

        begin(&f, &o);
        bluez_agent_allow(o.agent, DEVICE);
        ask(&f, f.fake, &a, "RequestPinCode", "o", DEVICE);
        CHECK_STR(a.error, "org.bluez.Error.Rejected");
        ask(&f, f.fake, &a, "RequestPasskey", "o", DEVICE);
        CHECK_STR(a.error, "org.bluez.Error.Rejected");
        ask(&f, f.fake, &a, "DisplayPinCode", "os", DEVICE, "0000");
        CHECK_STR(a.error, "org.bluez.Error.Rejected");
        ask(&f, f.fake, &a, "DisplayPasskey", "ouq", DEVICE, 1, 0);
        CHECK_STR(a.error, "org.bluez.Error.Rejected");
        CHECK_EQ(o.asked, 4);
        ask(&f, f.fake, &a, "Cancel", "");
        CHECK_STR(a.error, "");
        CHECK_EQ(o.asked, 4);
        end(&f, &o);
}

static void a_released_agent_is_no_longer_registered(void) {
        struct owner o = {0};
        struct fixture f;
        struct answer a;

        begin(&f, &o);
        CHECK_EQ(bluez_agent_register(o.agent), 0);
        UNTIL(&f, o.registered == 1);
        ask(&f, f.fake, &a, "Release", "");
        CHECK_STR(a.error, "");
        CHECK(!bluez_agent_is_registered(o.agent));
        end(&f, &o);
}

static void nobody_but_bluetoothd_is_answered(void) {
        struct owner o = {0};
        struct fixture f;
        struct answer a;
        sd_bus *liar;

        begin(&f, &o);
        bluez_agent_allow(o.agent, DEVICE);
        liar = fixture_connect(&f);
        ask(&f, liar, &a, "RequestAuthorization", "o", DEVICE);
        CHECK_STR(a.error, "org.freedesktop.DBus.Error.AccessDenied");
        ask(&f, liar, &a, "RequestPinCode", "o", DEVICE);
        CHECK_STR(a.error, "org.freedesktop.DBus.Error.AccessDenied");
        ask(&f, liar, &a, "Cancel", "");
        CHECK_STR(a.error, "org.freedesktop.DBus.Error.AccessDenied");
        CHECK_EQ(bluez_agent_register(o.agent), 0);
        UNTIL(&f, o.registered == 1);
        ask(&f, liar, &a, "Release", "");
        CHECK_STR(a.error, "org.freedesktop.DBus.Error.AccessDenied");
        CHECK(bluez_agent_is_registered(o.agent));
        CHECK_EQ(o.asked, 0);
        sd_bus_close_unref(liar);
        end(&f, &o);
}

static void the_owner_may_free_the_agent_when_asked(void) {
        struct owner o = {.free_it = true};
        struct fixture f;
        struct answer a;

        begin(&f, &o);
        ask(&f, f.fake, &a, "RequestAuthorization", "o", DEVICE);
        CHECK_STR(a.error, "org.bluez.Error.Rejected");
        CHECK_EQ(o.asked, 1);
        end(&f, &o);
}

/* --- profile --- */

struct arming {
        int done;
        enum bluez_error error;
};

static void on_done(void *userdata, enum bluez_error error) {
        struct arming *a = userdata;

        a->done++;
        a->error = error;
}

static void arming_again_unregisters_first(void) {
        struct bluez_profile *p = NULL;
        struct arming a = {0};
        struct fixture f;

        fixture_init(&f);
        CHECK_EQ(bluez_profile_new(f.bus, &p), 0);
        CHECK_EQ(bluez_profile_unregister(p, on_done, &a), 0);
        CHECK_EQ(a.done, 1); /* at once: not registered */
        CHECK_EQ(bluez_profile_arm(p, ADAPTER, on_done, &a), 0);
        CHECK_EQ(bluez_profile_arm(p, ADAPTER, on_done, &a), -EBUSY);
        UNTIL(&f, a.done == 2);
        CHECK_EQ(a.error, BLUEZ_OK);
        CHECK(bluez_profile_is_armed(p));
        CHECK_EQ(bluez_profile_arm(p, ADAPTER, on_done, &a), 0);
        CHECK(!bluez_profile_is_armed(p));
        UNTIL(&f, a.done == 3);
        CHECK(bluez_profile_is_armed(p));
        CHECK_EQ(bluez_profile_unregister(p, on_done, &a), 0);
        UNTIL(&f, a.done == 4);
        CHECK(!bluez_profile_is_armed(p));
        CHECK_STR(f.calls, "RegisterApplication UnregisterApplication RegisterApplication "
                           "UnregisterApplication ");
        bluez_profile_free(p);
        fixture_done(&f);
}

static void a_failed_arming_is_told_once(void) {
        struct bluez_profile *p = NULL;
        struct arming a = {0};
        struct fixture f;

        fixture_init(&f);
        CHECK_EQ(bluez_profile_new(f.bus, &p), 0);
        fixture_refuse(&f, "RegisterApplication", "org.bluez.Error.Failed", "No object received");
        CHECK_EQ(bluez_profile_arm(p, ADAPTER, on_done, &a), 0);
        UNTIL(&f, a.done == 1);
        CHECK_EQ(a.error, BLUEZ_FAILED);
        CHECK(!bluez_profile_is_armed(p));
        fixture_refuse(&f, "RegisterApplication", "org.bluez.Error.AlreadyExists", "");
        CHECK_EQ(bluez_profile_arm(p, ADAPTER, on_done, &a), 0);
        UNTIL(&f, a.done == 2);
        CHECK_EQ(a.error, BLUEZ_OK);
        CHECK(bluez_profile_is_armed(p));
        CHECK_STR(f.calls, "RegisterApplication RegisterApplication UnregisterApplication "
                           "RegisterApplication ");
        bluez_profile_bus_down(p);
        CHECK(!bluez_profile_is_armed(p));
        bluez_profile_free(p);
        fixture_done(&f);
}

static void an_unregister_ends_the_arming_under_way(void) {
        struct bluez_profile *p = NULL;
        struct arming arm = {0}, leave = {0};
        struct fixture f;

        fixture_init(&f);
        CHECK_EQ(bluez_profile_new(f.bus, &p), 0);
        f.hold = "RegisterApplication";
        CHECK_EQ(bluez_profile_arm(p, ADAPTER, on_done, &arm), 0);
        UNTIL(&f, f.held);
        CHECK_EQ(bluez_profile_unregister(p, on_done, &leave), 0);
        CHECK_EQ(bluez_profile_arm(p, ADAPTER, on_done, &arm), -EBUSY);
        UNTIL(&f, leave.done == 1);
        fixture_reply_held(&f);
        fixture_settle(&f);
        CHECK_EQ(arm.done, 0);
        CHECK(!bluez_profile_is_armed(p));
        bluez_profile_free(p);
        fixture_done(&f);
}

struct tree {
        bool in, profile;
        int uuids;
};

static int on_property(struct tree *t, sd_bus_message *m) {
        const char *key, *uuid;

        CHECK(sd_bus_message_read(m, "s", &key) > 0);
        if (strcmp(key, "UUIDs") != 0)
                return sd_bus_message_skip(m, "v");
        CHECK(sd_bus_message_enter_container(m, 'v', "as") > 0);
        CHECK(sd_bus_message_enter_container(m, 'a', "s") > 0);
        while (sd_bus_message_read(m, "s", &uuid) > 0)
                t->uuids++;
        sd_bus_message_exit_container(m);
        return sd_bus_message_exit_container(m);
}

static int on_tree(sd_bus_message *m, void *userdata, sd_bus_error *ret_error) {
        struct tree *t = userdata;
        const char *path, *interface;

        t->in = true;
        CHECK(sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}") > 0);
        while (sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}") > 0) {
                sd_bus_message_read(m, "o", &path);
                sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
                while (sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
                        sd_bus_message_read(m, "s", &interface);
                        if (strcmp(interface, "org.bluez.GattProfile1") == 0) {
                                CHECK_STR(path, "/org/cuff2mqtt/profile0");
                                t->profile = true;
                        }
                        sd_bus_message_enter_container(m, 'a', "{sv}");
                        while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
                                on_property(t, m);
                                sd_bus_message_exit_container(m);
                        }
                        sd_bus_message_exit_container(m);
                        sd_bus_message_exit_container(m);
                }
                sd_bus_message_exit_container(m);
                sd_bus_message_exit_container(m);
        }
        return 0;
}

/* As bluetoothd does before it answers RegisterApplication. */
static void bluetoothd_finds_the_profile_at_our_object_manager(void) {
        struct bluez_profile *p = NULL;
        struct tree t = {0};
        struct answer a = {0};
        struct fixture f;
        const char *we;

        fixture_init(&f);
        CHECK_EQ(bluez_profile_new(f.bus, &p), 0);
        CHECK(sd_bus_get_unique_name(bluez_bus_get(f.bus), &we) >= 0);
        CHECK(sd_bus_call_method_async(f.fake, NULL, we, "/org/cuff2mqtt",
                                       "org.freedesktop.DBus.ObjectManager", "GetManagedObjects",
                                       on_tree, &t, NULL) >= 0);
        UNTIL(&f, t.in);
        CHECK(t.profile);
        CHECK_EQ(t.uuids, 3);
        CHECK(sd_bus_call_method_async(f.fake, NULL, we, "/org/cuff2mqtt/profile0",
                                       "org.bluez.GattProfile1", "Release", on_answer, &a,
                                       NULL) >= 0);
        UNTIL(&f, a.in);
        CHECK_STR(a.error, "");
        bluez_profile_free(p);
        fixture_done(&f);
}

CHECK_MAIN("unit.bluez_agent", TEST(the_agent_is_registered_as_default_and_leaves),
           TEST(a_refused_registration_is_told), TEST(only_the_allowed_device_is_accepted),
           TEST(codes_are_rejected_and_cancel_is_not),
           TEST(a_released_agent_is_no_longer_registered), TEST(nobody_but_bluetoothd_is_answered),
           TEST(the_owner_may_free_the_agent_when_asked), TEST(arming_again_unregisters_first),
           TEST(a_failed_arming_is_told_once), TEST(an_unregister_ends_the_arming_under_way),
           TEST(bluetoothd_finds_the_profile_at_our_object_manager))
