/*
 * 2A35 Blood Pressure Measurement and 2A36 Intermediate Cuff Pressure, one shape:
 *
 *      FF SS SS DD DD MM MM [YY YY mm dd hh mi ss] [PP PP] [UU] [TT TT]
 *
 *      FF flags                   bit 0: kPa, else mmHg; bits 1..4: time, pulse, user, status
 * follow SS DD MM systolic, diastolic, mean: SFLOAT. 2A36: SS is the cuff pressure, DD and MM are
 * NaN YY.. Date Time             PP pulse per minute, SFLOAT UU user, FF unknown        TT status,
 * LE16
 */
#include "core/blood_pressure.h"

#include <errno.h>

#include "core/bytes.h"
#include "core/divide.h"
#include "core/sfloat.h"

enum status {
        STATUS_BODY_MOVEMENT = 1 << 0,
        STATUS_CUFF_LOOSE = 1 << 1,
        STATUS_IRREGULAR_PULSE = 1 << 2,
        STATUS_POSITION_IMPROPER = 1 << 5,
};

enum feature {
        FEATURE_BODY_MOVEMENT = 1 << 0,
        FEATURE_CUFF_FIT = 1 << 1,
        FEATURE_IRREGULAR_PULSE = 1 << 2,
        FEATURE_PULSE_RANGE = 1 << 3,
        FEATURE_POSITION = 1 << 4,
        FEATURE_MULTIPLE_BONDS = 1 << 5,
};

struct frame {
        uint8_t flags;
        struct sfloat systolic, diastolic, mean, pulse;
        struct date_time taken;
        uint8_t user;
        uint16_t status;
};

static int frame_decode(const uint8_t *value, size_t n, struct frame *ret) {
        struct bytes b = bytes_of(value, n);
        /* A cuff for one person need not send a user. */
        struct frame f = {.pulse = {.kind = SFLOAT_NAN}, .user = 1};

        f.flags = bytes_u8(&b);
        f.systolic = sfloat_take(&b);
        f.diastolic = sfloat_take(&b);
        f.mean = sfloat_take(&b);
        if (f.flags & BLOOD_PRESSURE_TIME)
                f.taken = date_time_take(&b);
        if (f.flags & BLOOD_PRESSURE_PULSE)
                f.pulse = sfloat_take(&b);
        if (f.flags & BLOOD_PRESSURE_USER)
                f.user = bytes_u8(&b);
        if (f.flags & BLOOD_PRESSURE_STATUS)
                f.status = bytes_le16(&b);
        if (b.short_read)
                return -EBADMSG;

        *ret = f;
        return 0;
}

static int mmhg_from_sfloat(struct sfloat value, uint8_t flags, int *ret_mmhg) {
        int32_t milli;
        int r;

        r = sfloat_to_milli(value, &milli);
        if (r < 0)
                return r;

        *ret_mmhg = flags & BLOOD_PRESSURE_KPA ? measurement_mmhg_from_milli_kpa(milli)
                                               : (int) divide_rounded(milli, 1000);
        return 0;
}

/* Many cuffs do not send a mean: NaN, or plain 0. */
static struct number mean_from_frame(const struct frame *f) {
        int mmhg;

        if (mmhg_from_sfloat(f->mean, f->flags, &mmhg) < 0 || mmhg == 0)
                return (struct number){.known = false};
        return (struct number){.known = true, .value = mmhg};
}

static struct number pulse_from_frame(const struct frame *f) {
        int32_t milli;

        if (sfloat_to_milli(f->pulse, &milli) < 0)
                return (struct number){.known = false};
        return (struct number){.known = true, .value = (int) divide_rounded(milli, 1000)};
}

/* A cuff that sends the status answers all of it; 2A49 says which of the questions it can notice.
 */
static struct answer answer_from_frame(const struct frame *f, bool yes) {
        bool known = f->flags & BLOOD_PRESSURE_STATUS;

        return (struct answer){.known = known, .yes = known && yes};
}

int blood_pressure_decode(const uint8_t *value, size_t n, struct measurement *ret) {
        struct measurement m = {0};
        struct frame f;
        int r;

        r = frame_decode(value, n, &f);
        if (r < 0)
                return r;
        r = mmhg_from_sfloat(f.systolic, f.flags, &m.systolic_mmhg);
        if (r < 0)
                return r;
        r = mmhg_from_sfloat(f.diastolic, f.flags, &m.diastolic_mmhg);
        if (r < 0)
                return r;

        /* As sent: some cuffs count users from 0, but mapping 0 onto 1 could mix two people. */
        m.user = f.user;
        m.has_time = f.flags & BLOOD_PRESSURE_TIME;
        m.taken = f.taken;
        m.mean_mmhg = mean_from_frame(&f);
        m.pulse_bpm = pulse_from_frame(&f);
        m.body_movement = answer_from_frame(&f, f.status & STATUS_BODY_MOVEMENT);
        m.cuff_fit_ok = answer_from_frame(&f, !(f.status & STATUS_CUFF_LOOSE));
        m.irregular_heartbeat = answer_from_frame(&f, f.status & STATUS_IRREGULAR_PULSE);
        m.position_ok = answer_from_frame(&f, !(f.status & STATUS_POSITION_IMPROPER));

        *ret = m;
        return 0;
}

int intermediate_cuff_pressure_decode(const uint8_t *value, size_t n, int *ret_mmhg) {
        struct frame f;
        int r;

        r = frame_decode(value, n, &f);
        if (r < 0)
                return r;
        return mmhg_from_sfloat(f.systolic, f.flags, ret_mmhg);
}

int blood_pressure_feature_decode(const uint8_t *value, size_t n,
                                  struct blood_pressure_feature *ret) {
        struct bytes b = bytes_of(value, n);
        uint16_t bits = bytes_le16(&b);

        if (b.short_read)
                return -EBADMSG;

        *ret = (struct blood_pressure_feature){
                .body_movement = bits & FEATURE_BODY_MOVEMENT,
                .cuff_fit = bits & FEATURE_CUFF_FIT,
                .irregular_pulse = bits & FEATURE_IRREGULAR_PULSE,
                .pulse_range = bits & FEATURE_PULSE_RANGE,
                .position = bits & FEATURE_POSITION,
                .multiple_bonds = bits & FEATURE_MULTIPLE_BONDS,
        };
        return 0;
}

int battery_level_decode(const uint8_t *value, size_t n, uint8_t *ret_percent) {
        if (n == 0)
                return -EBADMSG;
        if (value[0] > 100)
                return -ERANGE;

        *ret_percent = value[0];
        return 0;
}

static void doubt(struct answer *answer, bool can_detect, bool nothing_detected) {
        if (!can_detect && answer->yes == nothing_detected)
                *answer = (struct answer){0};
}

void blood_pressure_apply_feature(struct measurement *m, const struct blood_pressure_feature *f) {
        doubt(&m->body_movement, f->body_movement, false);
        doubt(&m->cuff_fit_ok, f->cuff_fit, true);
        doubt(&m->irregular_heartbeat, f->irregular_pulse, false);
        doubt(&m->position_ok, f->position, true);
}
