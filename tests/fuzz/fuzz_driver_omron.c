/* A hostile cuff against driver_omron: the input decides what every call ends with and what the
 * cuff says. What must hold: the plan ends; one START and one END at most, and END if START and the
 * link lives; nothing is written into the cuff's memory; no record comes twice in a ring's order.
 *
 * Input: stack, model and options in four bytes; then for each request what becomes of it. */
#include <errno.h>
#include <string.h>

#include "core/bytes.h"
#include "core/gatt_uuid.h"
#include "cuff/driver_omron.h"
#include "property.h"

#define STEPS_MAX 60000 /* two rings of 1000 records of 24 bytes, 12 at a time, each four times */

enum mood { HONEST, HONEST_TOO, SILENT, REFUSES, DAMAGED, NOISE, CALL_FAILS, STOPPED, MOOD_MAX_ };

static struct {
        struct driver_omron driver;
        struct driver_now now;
        struct bytes input;
        uint8_t request[OMRON_FRAME_MAX];
        size_t request_size;
        unsigned starts, ends, taken[OMRON_USERS_MAX];
        bool gone;
} world;

static void take_all(void) {
        struct driver_omron_record record;
        struct driver_omron_block block;

        while (driver_omron_take(&world.driver, &record)) {
                REQUIRE(record.user >= 1 && record.user <= OMRON_USERS_MAX);
                REQUIRE(record.raw_size > 0 && record.raw_size <= OMRON_RECORD_SIZE_MAX);
                REQUIRE(record.slot < 1000);
                REQUIRE(++world.taken[record.user - 1] <= 1000);
                REQUIRE(record.error != 0 || measurement_check(&record.measurement) == 0);
        }
        while (driver_omron_take_block(&world.driver, &block))
                REQUIRE(block.size <= OMRON_PAYLOAD_MAX);
        REQUIRE(world.driver.queued <= DRIVER_OMRON_QUEUE);
        REQUIRE(world.driver.carried < OMRON_RECORD_SIZE_MAX);
        REQUIRE(strlen(world.driver.facts.proof) < DRIVER_OMRON_PROOF_SIZE);
}

static void say_raw(const uint8_t *bytes, size_t n) {
        static const char *const rx[] = {UUID_OMRON_RX0, UUID_OMRON_RX1, UUID_OMRON_RX2,
                                         UUID_OMRON_RX3};

        for (unsigned i = 0; n > 0; i++) {
                size_t size = world.driver.setup.stack == OMRON_MODERN ? n
                              : n < OMRON_SLICE_SIZE                   ? n
                                                                       : OMRON_SLICE_SIZE;

                (void) driver_omron_value(&world.driver, &world.now, rx[i % OMRON_CHANNELS], bytes,
                                          size);
                bytes += size;
                n -= size;
        }
}

static void say_noise(void) {
        size_t n = bytes_u8(&world.input) % (OMRON_FRAME_MAX + 4);

        n = n < bytes_left(&world.input) ? n : bytes_left(&world.input);
        say_raw(world.input.at, n);
        world.input.at += n;
}

/* What a cuff would answer, its payload from the input; or with a result that is none. */
static void say_answer(enum mood mood) {
        struct omron_frame frame = {.type = (uint16_t) (world.request[1] << 8 | world.request[2]),
                                    .address =
                                            (uint16_t) (world.request[3] << 8 | world.request[4]),
                                    .stated = world.request[5]};
        uint8_t bytes[OMRON_FRAME_MAX];
        uint8_t seed = bytes_u8(&world.input);
        size_t n;

        if (frame.type == OMRON_FRAME_READ && mood != REFUSES)
                frame.payload_size = frame.stated;
        for (size_t i = 0; i < frame.payload_size; i++)
                frame.payload[i] = bytes_left(&world.input) > 0 && seed & 1
                                           ? bytes_u8(&world.input)
                                           : (uint8_t) (seed * (i + 1));
        frame.type |= OMRON_FRAME_REPLY;
        frame.result = mood == REFUSES ? (seed & 1 ? OMRON_RESULT_ADDRESS : seed) : 0;
        n = omron_frame_encode(&frame, bytes);
        if (mood == DAMAGED)
                bytes[seed % n] ^= 0x40;
        say_raw(bytes, n);
}

static void say_unlock(const struct driver_request *r) {
        uint8_t value[OMRON_UNLOCK_SIZE] = {r->value[0] | OMRON_UNLOCK_REPLY};

        memcpy(value + 2, r->value + 1, OMRON_TOKEN_NONCE_SIZE);
        value[1] = bytes_u8(&world.input) & 0x80 ? bytes_u8(&world.input) : 0;
        (void) driver_omron_value(&world.driver, &world.now, UUID_OMRON_UNLOCK, value,
                                  sizeof value);
}

static void count(void) {
        unsigned type = (unsigned) (world.request[1] << 8 | world.request[2]);

        REQUIRE(type == OMRON_FRAME_START || type == OMRON_FRAME_READ || type == OMRON_FRAME_END);
        REQUIRE((world.starts += type == OMRON_FRAME_START) <= 1);
        REQUIRE((world.ends += type == OMRON_FRAME_END) <= 1);
        REQUIRE(type == OMRON_FRAME_START || world.starts == 1);
}

static void end_call(enum mood mood) {
        static const int errors[] = {-EIO, -EACCES, -EPERM, -ENOENT, -ENOTCONN};
        int error = mood == CALL_FAILS ? errors[bytes_u8(&world.input) % 5] : 0;

        world.gone = world.gone || error == -ENOTCONN;
        driver_omron_reply(&world.driver, &world.now, error);
}

/* The value comes before or after the reply to its write. */
static void on_write(const struct driver_request *r, enum mood mood) {
        bool early = mood == HONEST_TOO;
        bool unlock = strcmp(r->uuid, UUID_OMRON_UNLOCK) == 0;
        bool whole = true;

        if (!unlock) {
                if (strcmp(r->uuid, UUID_OMRON_TX0) == 0)
                        world.request_size = 0;
                REQUIRE(world.request_size + r->value_size <= sizeof world.request);
                memcpy(world.request + world.request_size, r->value, r->value_size);
                world.request_size += r->value_size;
                whole = world.request_size >= world.request[0];
                if (whole)
                        count();
        }
        if (!early)
                end_call(mood);
        if (mood == NOISE)
                say_noise();
        else if (unlock && mood < REFUSES && mood != SILENT)
                say_unlock(r);
        else if (whole && mood != SILENT && mood != CALL_FAILS && mood != STOPPED)
                say_answer(mood);
        if (early)
                end_call(mood);
}

static bool step(void) {
        struct driver_request r;
        enum mood mood = bytes_left(&world.input) ? bytes_u8(&world.input) % MOOD_MAX_ : SILENT;

        take_all();
        driver_omron_next(&world.driver, &world.now, &r);
        REQUIRE((r.uuid != NULL) == (r.verb < DRIVER_KEEP));
        REQUIRE((r.error < 0) == (r.verb == DRIVER_FAILED));
        REQUIRE(r.value_size <= sizeof r.value);
        if (mood == STOPPED && bytes_u8(&world.input) < 16)
                driver_omron_stop(&world.driver);
        switch (r.verb) {
        case DRIVER_SUBSCRIBE:
        case DRIVER_KEEP:
                REQUIRE(r.verb == DRIVER_SUBSCRIBE || r.keep == KEEP_KEY);
                end_call(mood);
                return true;
        case DRIVER_WRITE:
        case DRIVER_WRITE_COMMAND:
                on_write(&r, mood);
                return true;
        case DRIVER_WAIT:
                REQUIRE(r.wait_usec > 0);
                if (mood == NOISE)
                        say_noise();
                driver_omron_elapsed(&world.driver, &world.now);
                return true;
        default:
                return false;
        }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        struct driver_omron_setup setup = {.timing = DRIVER_TIMING_DEFAULT};
        const struct omron_model *m;
        unsigned steps = 0;
        uint8_t options;

        memset(&world, 0, sizeof world);
        world.input = bytes_of(data, n);
        world.now.synchronised = true;
        m = &omron_models[bytes_u8(&world.input) % omron_model_count];
        options = bytes_u8(&world.input);
        setup.stack = m->stack;
        setup.mtu = bytes_u8(&world.input);
        setup.proved = options & 1 ? m : NULL;
        setup.paired_now = options & 2;
        setup.has_key = !(options & 4);
        setup.no_token = options & 8;
        setup.dump = (options & 0x30) == 0x30;
        for (unsigned i = 0; i < OMRON_USERS_MAX; i++)
                setup.mark[i] = (struct omron_mark){
                        .known = options & 0x40, .slot = bytes_u8(&world.input), .hash = 1};
        driver_omron_begin(&world.driver, &setup, options & 0x80 ? m->id : "HEM-7155T");

        while (step())
                REQUIRE(++steps < STEPS_MAX);
        take_all();
        REQUIRE(!driver_omron_is_open(&world.driver));
        REQUIRE(world.gone || world.ends == world.starts);
        REQUIRE(world.driver.facts.complete || world.driver.facts.error || setup.dump);
        return 0;
}
