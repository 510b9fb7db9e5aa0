#include "cuff/driver_standard.h"

#include <assert.h>
#include <errno.h>

#include "core/gatt_uuid.h"
#include "cuff/text.h"

#define DRIFT_TOLERATED_S 60

enum step {
        STEP_SUBSCRIBE,
        STEP_FEATURE,
        STEP_BATTERY,
        STEP_MODEL,
        STEP_SERIAL,
        STEP_FIRMWARE,
        STEP_HARDWARE,
        STEP_MANUFACTURER,
        STEP_CLOCK,
        STEP_SET_CLOCK, /* left out unless clock_is_due() */
        STEP_WAIT,      /* where the plan ends */
        STEP_FAILED,    /* only by fail() */
        STEP_MAX_,
};

/* Subscribed first, so that a cuff that sends at once loses nothing while the rest is read. */
static const struct {
        enum driver_verb verb;
        const char *uuid;
} plan[STEP_MAX_] = {
        [STEP_SUBSCRIBE] = {DRIVER_SUBSCRIBE, UUID_BLOOD_PRESSURE_MEASUREMENT},
        [STEP_FEATURE] = {DRIVER_READ, UUID_BLOOD_PRESSURE_FEATURE},
        [STEP_BATTERY] = {DRIVER_READ, UUID_BATTERY_LEVEL},
        [STEP_MODEL] = {DRIVER_READ, UUID_MODEL_NUMBER},
        [STEP_SERIAL] = {DRIVER_READ, UUID_SERIAL_NUMBER},
        [STEP_FIRMWARE] = {DRIVER_READ, UUID_FIRMWARE_REVISION},
        [STEP_HARDWARE] = {DRIVER_READ, UUID_HARDWARE_REVISION},
        [STEP_MANUFACTURER] = {DRIVER_READ, UUID_MANUFACTURER_NAME},
        [STEP_CLOCK] = {DRIVER_READ, UUID_CURRENT_TIME},
        [STEP_SET_CLOCK] = {DRIVER_WRITE, UUID_CURRENT_TIME},
        [STEP_WAIT] = {DRIVER_WAIT, NULL},
        [STEP_FAILED] = {DRIVER_FAILED, NULL},
};

/* A cuff that lost power starts at 2019-01-01 00:00 and may tick on from there, so all of that day
 * and everything before it is no time (three records of an HEM-7155T-MW3, dzikus/esphome-omron; the
 * README of eigger/hass-omron; fairly sure). No such date, or a far one, is none either. */
static bool clock_is_unset(const struct date_time *dt) {
        static const struct date_time first = {.year = 2019, .month = 1, .day = 2};

        return date_time_check(dt) < 0 || date_time_to_seconds(dt) < date_time_to_seconds(&first);
}

static void take_clock(struct driver_facts *facts, const struct driver_now *now,
                       const uint8_t *value, size_t n) {
        struct current_time time;

        if (current_time_decode(value, n, &time) < 0)
                return;
        facts->clock_read = true;
        facts->clock_unset = clock_is_unset(&time.date_time);
        if (!facts->clock_unset && date_time_check(&now->local) == 0)
                facts->drift_s =
                        (struct number){true, date_time_difference_s(&time.date_time, &now->local)};
}

static int take_battery(struct driver_facts *facts, const uint8_t *value, size_t n) {
        uint8_t percent;
        int r = battery_level_decode(value, n, &percent);

        if (r < 0)
                return r;
        facts->battery_percent = (struct number){.known = true, .value = percent};
        return 0;
}

/* What a read told us. Whatever cannot be understood stays unknown: all of it is optional. */
static void take(struct driver_standard *d, const struct driver_now *now, const uint8_t *value,
                 size_t n) {
        struct driver_facts *facts = &d->facts;

        switch (d->step) {
        case STEP_FEATURE:
                facts->has_feature = blood_pressure_feature_decode(value, n, &facts->feature) == 0;
                if (facts->has_feature)
                        facts->feature_bits = (struct number){true, value[0] | value[1] << 8};
                break;
        case STEP_BATTERY:
                (void) take_battery(facts, value, n);
                break;
        case STEP_MODEL:
                text_from_value(value, n, facts->model, sizeof facts->model);
                break;
        case STEP_SERIAL:
                text_from_value(value, n, facts->serial, sizeof facts->serial);
                break;
        case STEP_FIRMWARE:
                text_from_value(value, n, facts->firmware, sizeof facts->firmware);
                break;
        case STEP_HARDWARE:
                text_from_value(value, n, facts->hardware, sizeof facts->hardware);
                break;
        case STEP_MANUFACTURER:
                text_from_value(value, n, facts->manufacturer, sizeof facts->manufacturer);
                break;
        case STEP_CLOCK:
                take_clock(facts, now, value, n);
                break;
        case STEP_SET_CLOCK:
                facts->clock_set = true;
                break;
        }
}

static bool clock_is_due(const struct driver_standard *d, const struct driver_now *now) {
        const struct driver_facts *facts = &d->facts;
        int drift_s = facts->drift_s.value; /* 0 while unknown */

        if (!d->may_set_clock || !facts->clock_read)
                return false;
        if (!now->synchronised || date_time_check(&now->local) < 0)
                return false;
        return d->clock_wanted || facts->clock_unset || drift_s > DRIFT_TOLERATED_S ||
               drift_s < -DRIFT_TOLERATED_S;
}

/* Reason "manual": OMRON's own sample writes 01, eigger/hass-omron 00, cuffs took both (an
 * HEM-7155T-MW3 answers reads with 01; sure). */
static void write_clock(const struct date_time *local, struct driver_request *request) {
        struct current_time time = {
                .date_time = *local,
                .day_of_week = date_time_day_of_week(local),
                .adjust_reason = ADJUST_MANUAL,
        };

        current_time_encode(&time, request->value);
        request->value_size = CURRENT_TIME_SIZE;
}

void driver_standard_begin(struct driver_standard *d, bool may_set_clock) {
        *d = (struct driver_standard){.step = STEP_SUBSCRIBE, .may_set_clock = may_set_clock};
}

void driver_standard_begin_reading(struct driver_standard *d, bool may_set_clock) {
        driver_standard_begin(d, may_set_clock);
        d->step = STEP_FEATURE;
}

static bool describes(unsigned step) {
        return step == STEP_FEATURE || (step >= STEP_MODEL && step <= STEP_MANUFACTURER);
}

void driver_standard_next(struct driver_standard *d, const struct driver_now *now,
                          struct driver_request *ret) {
        assert(d->step < STEP_MAX_);
        while (d->is_described && describes(d->step))
                d->step++;
        if (d->step == STEP_SET_CLOCK && !clock_is_due(d, now))
                d->step = STEP_WAIT;

        *ret = (struct driver_request){
                .verb = plan[d->step].verb, .uuid = plan[d->step].uuid, .error = d->error};
        if (ret->verb == DRIVER_WRITE)
                write_clock(&now->local, ret);
}

static void fail(struct driver_standard *d, int error) {
        d->step = STEP_FAILED;
        d->error = error;
}

void driver_standard_reply(struct driver_standard *d, const struct driver_now *now, int error,
                           const uint8_t *value, size_t value_size) {
        if (d->step >= STEP_WAIT) /* nothing was asked */
                return;
        if (error == -ENOTCONN || (error < 0 && d->step == STEP_SUBSCRIBE)) {
                fail(d, error);
                return;
        }

        if (error == 0)
                take(d, now, value, value_size);
        else if (error == -EACCES && d->step == STEP_SET_CLOCK)
                d->facts.clock_refused = true; /* ATT 0x80 of an HEM-6232T (hass-omron#11; sure) */
        d->misread |= describes(d->step) && error < 0 && error != -ENOENT;
        d->facts.described = !d->is_described && d->step >= STEP_MANUFACTURER && !d->misread;
        d->step++;
}

static int take_measurement(const uint8_t *value, size_t n, struct measurement *ret) {
        struct measurement m;
        int r;

        r = blood_pressure_decode(value, n, &m);
        if (r < 0)
                return r;
        r = measurement_check(&m);
        if (r < 0)
                return r;

        *ret = m;
        return 1;
}

int driver_standard_value(struct driver_standard *d, const char *uuid, const uint8_t *value,
                          size_t value_size, struct measurement *ret) {
        if (text_equal(uuid, UUID_BLOOD_PRESSURE_MEASUREMENT))
                return take_measurement(value, value_size, ret);
        if (text_equal(uuid, UUID_INTERMEDIATE_CUFF_PRESSURE))
                return 0; /* the display's number while inflating; nobody keeps it */
        if (text_equal(uuid, UUID_BATTERY_LEVEL))
                return take_battery(&d->facts, value, value_size);
        return -ENOTSUP;
}
