/* Any bytes as 2A35, 2A36, 2A49 and 2A19. */
#include "core/blood_pressure.h"

#include <errno.h>

#include "core/sfloat.h"
#include "exact.h"
#include "fuzz/property.h"

static bool is_untouched(const void *output, size_t n) {
        const uint8_t *bytes = output;

        for (size_t i = 0; i < n; i++)
                if (bytes[i] != 0xAA)
                        return false;
        return true;
}

static size_t announced_size(uint8_t flags) {
        return 7u + (flags & 0x02 ? 7 : 0) + (flags & 0x04 ? 2 : 0) + (flags & 0x08 ? 1 : 0) +
               (flags & 0x10 ? 2 : 0);
}

static struct sfloat sfloat_at(const uint8_t *at) {
        return sfloat_from_raw((uint16_t) (at[0] | at[1] << 8));
}

/* What a number says it does not know, it must not say; nor an answer. */
static void require_consistent(const struct measurement *m) {
        const struct answer *answers[] = {&m->irregular_heartbeat, &m->body_movement,
                                          &m->cuff_fit_ok, &m->position_ok};
        static const struct date_time zero;

        REQUIRE(m->pulse_bpm.known || m->pulse_bpm.value == 0);
        REQUIRE(m->mean_mmhg.known ? m->mean_mmhg.value != 0 : m->mean_mmhg.value == 0);
        REQUIRE(!m->sequence.known && m->sequence.value == 0);
        REQUIRE(m->has_time || date_time_equal(&m->taken, &zero));
        for (size_t i = 0; i < 4; i++) {
                REQUIRE(answers[i]->known == answers[0]->known);
                REQUIRE(answers[i]->known || !answers[i]->yes);
        }
}

static void require_plausible(const struct measurement *m) {
        REQUIRE(m->systolic_mmhg >= 60 && m->systolic_mmhg <= 280);
        REQUIRE(m->diastolic_mmhg >= 30 && m->diastolic_mmhg <= 180);
        REQUIRE(m->diastolic_mmhg < m->systolic_mmhg);
        REQUIRE(!m->pulse_bpm.known || (m->pulse_bpm.value >= 30 && m->pulse_bpm.value <= 240));
}

static void require_stable_id(const struct measurement *m) {
        static const struct bdaddr cuff = {{1, 2, 3, 4, 5, 6}};
        char id[MEASUREMENT_ID_SIZE], again[MEASUREMENT_ID_SIZE];

        measurement_id(&cuff, m, 0, id);
        /* With a usable time, the arrival is no part of it. */
        measurement_id(&cuff, m, m->has_time && date_time_check(&m->taken) != -ENODATA, again);
        REQUIRE(strcmp(id, again) == 0);
        REQUIRE(strspn(id, "0123456789abcdef") == 16 && id[16] == '\0');
}

static void fuzz_measurement(const uint8_t *data, size_t n) {
        struct measurement m;
        int r;

        memset(&m, 0xAA, sizeof m);
        r = blood_pressure_decode(data, n, &m);
        REQUIRE((r == -EBADMSG) == (n == 0 || n < announced_size(data[0])));
        if (r < 0) {
                REQUIRE(r == -EBADMSG || r == -ENODATA || r == -ERANGE);
                REQUIRE(is_untouched(&m, sizeof m));
                return;
        }
        REQUIRE(sfloat_at(data + 1).kind == SFLOAT_FINITE);
        REQUIRE(sfloat_at(data + 3).kind == SFLOAT_FINITE);
        REQUIRE(m.has_time == ((data[0] & 0x02) != 0));
        REQUIRE((data[0] & 0x08) || m.user == 1);
        REQUIRE(m.position_ok.known == ((data[0] & 0x10) != 0));
        require_consistent(&m);
        require_stable_id(&m);
        if (measurement_check(&m) == 0)
                require_plausible(&m);
}

static void fuzz_cuff_pressure(const uint8_t *data, size_t n) {
        int mmhg, r;

        memset(&mmhg, 0xAA, sizeof mmhg);
        r = intermediate_cuff_pressure_decode(data, n, &mmhg);
        REQUIRE((r == -EBADMSG) == (n == 0 || n < announced_size(data[0])));
        REQUIRE(r == 0 || is_untouched(&mmhg, sizeof mmhg));
        if (r == 0 && !(data[0] & 0x01) && sfloat_at(data + 1).exponent == 0)
                REQUIRE(mmhg == sfloat_at(data + 1).mantissa);
}

static void fuzz_feature(const uint8_t *data, size_t n) {
        struct blood_pressure_feature f;
        int r;

        memset(&f, 0xAA, sizeof f);
        r = blood_pressure_feature_decode(data, n, &f);
        REQUIRE(r == (n < 2 ? -EBADMSG : 0));
        if (r < 0) {
                REQUIRE(is_untouched(&f, sizeof f));
                return;
        }
        REQUIRE((data[0] & 0x3F) == (f.body_movement | f.cuff_fit << 1 | f.irregular_pulse << 2 |
                                     f.pulse_range << 3 | f.position << 4 | f.multiple_bonds << 5));
}

static void fuzz_battery(const uint8_t *data, size_t n) {
        uint8_t percent = 0xAA;
        int r = battery_level_decode(data, n, &percent);

        REQUIRE(r == (n == 0 ? -EBADMSG : data[0] > 100 ? -ERANGE : 0));
        REQUIRE(percent == (r == 0 ? data[0] : 0xAA));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        uint8_t *exact = exact_copy(data, n);

        fuzz_measurement(exact, n);
        fuzz_cuff_pressure(exact, n);
        fuzz_feature(exact, n);
        fuzz_battery(exact, n);
        free(exact);
        return 0;
}
