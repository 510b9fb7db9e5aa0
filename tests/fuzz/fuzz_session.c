/* Random events, replies and values against session and driver_standard together. What must hold:
 * timeouts alone lead home from anywhere, a value is always fed and a lost link always ends it, the
 * plan ends, the clock is written only where it may be, and what a cuff calls itself is clean text.
 *
 * The input is a list of steps: one byte that chooses, then what the step takes. */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/bytes.h"
#include "core/gatt_uuid.h"
#include "cuff/driver_standard.h"
#include "cuff/session.h"

#define PLAN_MAX                                                                                   \
        10 /* replies after which the plan has ended: subscription, eight reads, one write */

#define MUST(condition)                                                                            \
        do {                                                                                       \
                if (!(condition))                                                                  \
                        __builtin_trap();                                                          \
        } while (0)

enum choice { /* below: a session event */
              CHOOSE_NOW = SESSION_EVENT_MAX_,
              CHOOSE_REPLY,
              CHOOSE_VALUE,
              CHOOSE_BEGIN,
              CHOICE_MAX_,
};

struct world {
        struct session session;
        struct driver_standard driver;
        struct driver_now now;
        unsigned replies, writes;
};

static void check_session(const struct session *s) {
        struct session home = *s;
        struct session lost = *s;
        struct session fed = *s;

        for (int i = 0; i < 3 && home.state != SESSION_IDLE; i++)
                (void) session_step(&home, EVENT_TIMEOUT);
        MUST(home.state == SESSION_IDLE);
        MUST(session_step(&fed, EVENT_VALUE) == ACTION_FEED);
        MUST(fed.state == s->state);
        if (session_is_linked(s))
                MUST(session_step(&lost, EVENT_LOST) == ACTION_REST);
}

/* A driver writes nothing but the clock, and that only when everything allows it. */
static void check_write(const struct world *w, const struct driver_request *request) {
        const struct driver_facts *facts = &w->driver.facts;

        MUST(strcmp(request->uuid, UUID_CURRENT_TIME) == 0);
        MUST(request->value_size == CURRENT_TIME_SIZE);
        MUST(w->driver.may_set_clock && w->now.synchronised);
        MUST(facts->clock_read && !facts->clock_refused && !facts->clock_set);
        MUST(facts->clock_unset ||
             (facts->drift_s.known && (facts->drift_s.value > 60 || facts->drift_s.value < -60)));
        MUST(w->writes == 0);
}

static void check_driver(struct world *w, struct driver_request *ret) {
        struct driver_request again;

        driver_standard_next(&w->driver, &w->now, ret);
        driver_standard_next(&w->driver, &w->now, &again);
        MUST(again.verb == ret->verb && again.uuid == ret->uuid && again.error == ret->error);
        MUST((ret->uuid != NULL) == (ret->verb <= DRIVER_WRITE));
        MUST((ret->error < 0) == (ret->verb == DRIVER_FAILED));
        if (ret->verb == DRIVER_WRITE)
                check_write(w, ret);
        else
                MUST(ret->value_size == 0);
        if (w->replies >= PLAN_MAX)
                MUST(ret->verb == DRIVER_WAIT || ret->verb == DRIVER_FAILED);
}

static void check_text(const char text[DRIVER_TEXT_SIZE]) {
        const char *end = memchr(text, '\0', DRIVER_TEXT_SIZE);

        MUST(end != NULL);
        MUST(end == text || end[-1] != ' ');
        for (const char *c = text; c < end; c++)
                MUST((uint8_t) *c >= 0x20 && *c != 0x7f && (uint8_t) *c < 0xf5);
}

static void step_reply(struct world *w, struct bytes *b) {
        static const int errors[] = {0, 0, 0, -ENOENT, -EACCES, -EPERM, -EIO, -ENOTCONN};
        struct driver_request request;
        size_t size;
        int error;

        check_driver(w, &request);
        w->writes += request.verb == DRIVER_WRITE;
        error = errors[bytes_u8(b) % 8];
        size = bytes_u8(b) % 80;
        if (size > bytes_left(b))
                size = bytes_left(b);
        driver_standard_reply(&w->driver, &w->now, error, b->at, size);
        b->at += size;
        w->replies++;
        check_driver(w, &request);
        check_text(w->driver.facts.model);
        check_text(w->driver.facts.serial);
        check_text(w->driver.facts.firmware);
        check_text(w->driver.facts.hardware);
        check_text(w->driver.facts.manufacturer);
}

static void step_value(struct world *w, struct bytes *b) {
        static const char *const uuids[] = {UUID_BLOOD_PRESSURE_MEASUREMENT,
                                            UUID_INTERMEDIATE_CUFF_PRESSURE, UUID_BATTERY_LEVEL,
                                            UUID_CURRENT_TIME};
        struct measurement m = {.user = 0xAA};
        const char *uuid = uuids[bytes_u8(b) % 4];
        size_t size = bytes_u8(b) % 32;
        int r;

        if (size > bytes_left(b))
                size = bytes_left(b);
        r = driver_standard_value(&w->driver, uuid, b->at, size, &m);
        b->at += size;
        MUST(r <= 1);
        if (r == 1)
                MUST(uuid == uuids[0] && measurement_check(&m) == 0);
        else
                MUST(m.user == 0xAA && m.systolic_mmhg == 0);
        MUST(w->driver.facts.battery_percent.value >= 0);
        MUST(w->driver.facts.battery_percent.value <= 100);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        struct bytes b = bytes_of(data, size);
        struct session_timing timing = SESSION_TIMING_DEFAULT;
        struct world w = {.now.synchronised = true};

        session_init(&w.session);
        driver_standard_begin(&w.driver, true);
        while (bytes_left(&b) > 0) {
                unsigned choice = bytes_u8(&b) % CHOICE_MAX_;

                if (choice < SESSION_EVENT_MAX_)
                        (void) session_step(&w.session, (enum session_event) choice);
                else if (choice == CHOOSE_REPLY)
                        step_reply(&w, &b);
                else if (choice == CHOOSE_VALUE)
                        step_value(&w, &b);
                else if (choice == CHOOSE_NOW)
                        w.now = (struct driver_now){.local = date_time_take(&b),
                                                    .synchronised = bytes_u8(&b) & 1};
                else {
                        driver_standard_begin(&w.driver, bytes_u8(&b) & 1);
                        w.replies = w.writes = 0;
                }
                check_session(&w.session);
                MUST(session_rest_usec(&w.session, &timing, (uint32_t) choice << 28) <= 375000000);
        }
        return 0;
}
