/* The characteristics of one device, on a private bus with a small org.bluez. */
#include "bluez/gatt.h"

#include <errno.h>

#include "bluez_fixture.h"

#define SERVICE     "00001810-0000-1000-8000-00805f9b34fb"
#define MEASUREMENT "00002a35-0000-1000-8000-00805f9b34fb"
#define BATTERY     "00002a19-0000-1000-8000-00805f9b34fb"
#define CHAR_A      DEVICE "/service0010/char0011"
#define CHAR_B      DEVICE "/service0020/char0021"
#define CHAR1       "org.bluez.GattCharacteristic1"

struct reader {
        struct bluez_gatt *gatt;
        int found_calls, done, values;
        size_t found, size;
        enum bluez_error error;
        uint8_t bytes[8];
        char order[128]; /* "found", then the first byte of each value */
        bool free_on_value, stranger;
};

static void on_found(void *owner, size_t found, enum bluez_error error) {
        struct reader *r = owner;

        r->found_calls++;
        r->found = found;
        r->error = error;
        strcat(r->order, "found ");
}

static void on_done(void *owner, enum bluez_error error, const uint8_t *value, size_t value_size) {
        struct reader *r = owner;

        r->done++;
        r->error = error;
        r->size = value_size;
        if (value_size > 0 && value_size <= sizeof r->bytes)
                memcpy(r->bytes, value, value_size);
}

static bool on_believes(void *owner) {
        struct reader *r = owner;

        return !r->stranger;
}

static void on_value(void *owner, const char *uuid, const uint8_t *value, size_t value_size) {
        struct reader *r = owner;
        size_t n = strlen(r->order);

        r->values++;
        snprintf(r->order + n, sizeof r->order - n, "%.8s=%d ", uuid, value_size ? value[0] : -1);
        if (r->free_on_value) {
                bluez_gatt_free(r->gatt);
                r->gatt = NULL;
        }
}

static struct object char_a = {.path = CHAR_A, .interface = CHAR1, .uuid = MEASUREMENT};
static struct object char_b = {.path = CHAR_B, .interface = CHAR1, .uuid = BATTERY};

static const struct bluez_gatt_events gatt_events = {on_found, on_done, on_believes, on_value};

static void begin_gatt(struct fixture *f, struct reader *r, bool find) {
        fixture_init(f);
        fixture_put(f, &char_a);
        fixture_put(f, &char_b);
        CHECK_EQ(bluez_gatt_new(f->bus, DEVICE, &gatt_events, r, &r->gatt), 0);
        fixture_settle(f);
        if (!find)
                return;
        CHECK_EQ(bluez_gatt_find(r->gatt), 0);
        UNTIL(f, r->found_calls == 1);
}

static void end_gatt(struct fixture *f, struct reader *r) {
        bluez_gatt_free(r->gatt);
        fixture_done(f);
}

static void send_value(struct fixture *f, const char *path, int byte) {
        fixture_changed(f->fake, NULL, path, CHAR1, 1, "Value", "ay", 1, byte);
}

static void characteristics_are_found_below_the_device(void) {
        struct object other = char_a;
        struct reader r = {0};
        struct fixture f;

        other.path = "/org/bluez/hci0/dev_00_5F_BF_11_22_34/service0010/char0011";
        begin_gatt(&f, &r, false);
        fixture_put(&f, &other);
        CHECK(!bluez_gatt_has(r.gatt, MEASUREMENT));
        CHECK_EQ(bluez_gatt_read(r.gatt, MEASUREMENT), -ENOENT);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        CHECK_EQ(bluez_gatt_find(r.gatt), -EBUSY);
        UNTIL(&f, r.found_calls == 1);
        CHECK_EQ(r.found, 2);
        CHECK_EQ(r.error, BLUEZ_OK);
        CHECK(bluez_gatt_has(r.gatt, MEASUREMENT) && bluez_gatt_has(r.gatt, BATTERY));
        CHECK(!bluez_gatt_has(r.gatt, SERVICE));
        end_gatt(&f, &r);
}

static void a_failed_find_keeps_the_map(void) {
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, true);
        fixture_refuse(&f, "GetManagedObjects", "org.freedesktop.DBus.Error.AccessDenied", "no");
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.found_calls == 2);
        CHECK_EQ(r.error, BLUEZ_ACCESS_DENIED);
        CHECK(bluez_gatt_has(r.gatt, MEASUREMENT));
        bluez_gatt_reset(r.gatt);
        CHECK(!bluez_gatt_has(r.gatt, MEASUREMENT));
        end_gatt(&f, &r);
}

static void subscribing_again_is_a_success(void) {
        static const char *const answers[][2] = {
                {"org.bluez.Error.InProgress", ""},
                {"org.bluez.Error.Failed", "Already notifying"},
                {"org.bluez.Error.AlreadyExists", ""},
        };
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, true);
        for (int i = 0; i < 3; i++) {
                fixture_refuse(&f, "StartNotify", answers[i][0], answers[i][1]);
                CHECK_EQ(bluez_gatt_subscribe(r.gatt, MEASUREMENT), 0);
                CHECK_EQ(bluez_gatt_subscribe(r.gatt, MEASUREMENT), -EBUSY);
                UNTIL(&f, r.done == i + 1);
                CHECK_EQ(r.error, BLUEZ_OK);
        }
        fixture_refuse(&f, "StartNotify", "org.bluez.Error.NotPermitted", "Not paired");
        CHECK_EQ(bluez_gatt_subscribe(r.gatt, MEASUREMENT), 0);
        UNTIL(&f, r.done == 4);
        CHECK_EQ(r.error, BLUEZ_NOT_ENCRYPTED);
        CHECK(!strstr(f.calls, "StopNotify"));
        end_gatt(&f, &r);
}

static void values_are_read_and_written(void) {
        static const uint8_t bytes[] = {9, 8};
        const char *key, *text;
        struct reader r = {0};
        struct fixture f;
        const void *sent;
        size_t n;

        begin_gatt(&f, &r, true);
        CHECK_EQ(bluez_gatt_read(r.gatt, BATTERY), 0);
        UNTIL(&f, r.done == 1);
        CHECK_EQ(r.size, 4);
        CHECK(memcmp(r.bytes, f.value, 4) == 0);
        CHECK_STR(sd_bus_message_get_path(f.last), CHAR_B);
        for (int response = 0; response < 2; response++) {
                CHECK_EQ(bluez_gatt_write(r.gatt, MEASUREMENT, bytes, 2, response), 0);
                UNTIL(&f, r.done == 2 + response);
                CHECK(sd_bus_message_read_array(f.last, 'y', &sent, &n) > 0);
                CHECK(n == 2 && memcmp(sent, bytes, 2) == 0);
                CHECK(sd_bus_message_read(f.last, "a{sv}", 1, &key, "s", &text) > 0);
                CHECK_STR(key, "type");
                CHECK_STR(text, response ? "request" : "command");
        }
        fixture_refuse(&f, "WriteValue", "org.bluez.Error.Failed",
                       "Operation failed with ATT error: 0x80");
        CHECK_EQ(bluez_gatt_write(r.gatt, MEASUREMENT, bytes, 2, true), 0);
        UNTIL(&f, r.done == 4);
        CHECK_EQ(r.error, BLUEZ_ATT_ERROR);
        end_gatt(&f, &r);
}

static void early_values_are_kept_and_come_after_found(void) {
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, false);
        send_value(&f, CHAR_A, 1);
        send_value(&f, CHAR_B, 2);
        send_value(&f, CHAR_A, 3);
        fixture_settle(&f);
        bluez_gatt_link_lost(r.gatt); /* keeps them */
        CHECK_EQ(r.values, 0);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.values == 3);
        send_value(&f, CHAR_A, 4);
        UNTIL(&f, r.values == 4);
        CHECK_STR(r.order, "found 00002a35=1 00002a19=2 00002a35=3 00002a35=4 ");
        end_gatt(&f, &r);
}

static void of_too_many_early_values_the_newest_stay(void) {
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, false);
        send_value(&f, CHAR_A, 200);
        for (int i = 0; i < BLUEZ_GATT_EARLY_MAX; i++)
                send_value(&f, DEVICE "/service0030/char0031", i); /* never claimed */
        send_value(&f, CHAR_A, 201);
        fixture_settle(&f);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.values == 1);
        CHECK_STR(r.order, "found 00002a35=201 ");
        end_gatt(&f, &r);
}

/* A device that offers more than any cuff: those past the limit are not there. */
static void so_many_characteristics_are_known(void) {
        static char path[BLUEZ_GATT_CHARACTERISTICS_MAX + 1][64], uuid[sizeof path / 64][40];
        static struct object object[BLUEZ_GATT_CHARACTERISTICS_MAX + 1];
        struct reader r = {0};
        struct fixture f;

        fixture_init(&f);
        for (int i = 0; i <= BLUEZ_GATT_CHARACTERISTICS_MAX; i++) {
                snprintf(path[i], sizeof path[i], DEVICE "/service0010/char%04x", 0x11 + i);
                snprintf(uuid[i], sizeof uuid[i], "0000%04x-0000-1000-8000-00805f9b34fb", i);
                object[i] = (struct object){.path = path[i], .interface = CHAR1, .uuid = uuid[i]};
                fixture_put(&f, &object[i]);
        }
        CHECK_EQ(bluez_gatt_new(f.bus, DEVICE, &gatt_events, &r, &r.gatt), 0);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.found_calls == 1);
        CHECK_EQ(r.found, BLUEZ_GATT_CHARACTERISTICS_MAX);
        CHECK(bluez_gatt_has(r.gatt, uuid[BLUEZ_GATT_CHARACTERISTICS_MAX - 1]));
        CHECK(!bluez_gatt_has(r.gatt, uuid[BLUEZ_GATT_CHARACTERISTICS_MAX]));
        end_gatt(&f, &r);
}

/* Nobody's values are neither told nor kept for later. */
static void values_of_a_stranger_are_not_kept(void) {
        struct reader r = {.stranger = true};
        struct fixture f;

        begin_gatt(&f, &r, false);
        send_value(&f, CHAR_A, 1);
        fixture_settle(&f);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.found_calls == 1);
        send_value(&f, CHAR_A, 2);
        fixture_settle(&f);
        CHECK_EQ(r.values, 0);
        r.stranger = false;
        send_value(&f, CHAR_A, 3);
        UNTIL(&f, r.values == 1);
        CHECK_STR(r.order, "found 00002a35=3 ");
        end_gatt(&f, &r);
}

static void the_owner_may_free_the_map_with_a_value(void) {
        struct reader r = {.free_on_value = true};
        struct fixture f;

        begin_gatt(&f, &r, false);
        send_value(&f, CHAR_A, 1);
        send_value(&f, CHAR_A, 2);
        fixture_settle(&f);
        CHECK_EQ(bluez_gatt_find(r.gatt), 0);
        UNTIL(&f, r.values == 1);
        fixture_settle(&f);
        CHECK_EQ(r.values, 1);
        end_gatt(&f, &r);
}

static void a_lost_link_drops_the_operation(void) {
        struct reader r = {0};
        struct fixture f;

        begin_gatt(&f, &r, true);
        f.hold = "StartNotify";
        CHECK_EQ(bluez_gatt_subscribe(r.gatt, MEASUREMENT), 0);
        UNTIL(&f, f.held);
        bluez_gatt_link_lost(r.gatt);
        fixture_reply_held(&f);
        fixture_settle(&f);
        CHECK_EQ(r.done, 0);
        CHECK(bluez_gatt_has(r.gatt, MEASUREMENT));
        CHECK_EQ(bluez_gatt_read(r.gatt, BATTERY), 0);
        UNTIL(&f, r.done == 1);
        end_gatt(&f, &r);
}

/* A measurement that another local user invents is none. */
static void only_bluetoothd_brings_values(void) {
        struct reader r = {0};
        struct fixture f;
        const char *we;
        sd_bus *liar;

        begin_gatt(&f, &r, true);
        liar = fixture_liar(&f, &we);
        fixture_changed(liar, we, CHAR_A, CHAR1, 1, "Value", "ay", 1, 66);
        fixture_liar_done(&f, liar);
        CHECK_EQ(r.values, 0);
        end_gatt(&f, &r);
}

CHECK_MAIN("unit.bluez_gatt", TEST(characteristics_are_found_below_the_device),
           TEST(a_failed_find_keeps_the_map), TEST(subscribing_again_is_a_success),
           TEST(values_are_read_and_written), TEST(early_values_are_kept_and_come_after_found),
           TEST(of_too_many_early_values_the_newest_stay), TEST(so_many_characteristics_are_known),
           TEST(values_of_a_stranger_are_not_kept), TEST(the_owner_may_free_the_map_with_a_value),
           TEST(a_lost_link_drops_the_operation), TEST(only_bluetoothd_brings_values))
