/* Any bytes as a record of each layout, as a measurement, and as what names it. */
#include "core/omron_record.h"

#include <errno.h>

#include "exact.h"
#include "fuzz/property.h"

static bool has_size(enum omron_layout layout, size_t n) {
        switch (layout) {
        case OMRON_LAYOUT_LE:
                return n == 14 || n == 16;
        case OMRON_LAYOUT_6401:
                return n == 16 || n == 32;
        case OMRON_LAYOUT_HG24:
                return n == 24;
        default:
                return n == 14;
        }
}

static void require_answer(const struct answer *a, bool may_be_known) {
        REQUIRE(!a->known || may_be_known);
        REQUIRE(a->known || !a->yes);
}

static void require_number(const struct number *a, int low, int high) {
        REQUIRE(a->known ? a->value >= low && a->value <= high : a->value == 0);
}

static void require_measurement(const struct omron_record *r, const uint8_t *raw, size_t n) {
        for (int fit = 0; fit < 2; fit++) {
                struct measurement m;
                int e;

                memset(&m, 0xAA, sizeof m);
                e = omron_record_to_measurement(r, 1, fit, raw, n, &m);
                REQUIRE(e == measurement_check(&m));
                REQUIRE(m.user == 1 && m.has_time && date_time_equal(&m.taken, &r->taken));
                REQUIRE(m.record_hash == omron_record_hash(raw, n) && m.record_hash != 0);
                REQUIRE(!m.mean_mmhg.known && !m.position_ok.known && m.pulse_bpm.known);
                require_answer(&m.irregular_heartbeat, r->has_flags);
                require_answer(&m.body_movement, r->has_flags);
                require_answer(&m.cuff_fit_ok, r->has_flags);
                REQUIRE(m.cuff_fit_ok.known == (r->has_flags && (fit || r->fit_bit)));
                require_number(&m.irregular_beats, 0, 15);
                require_number(&m.artifacts, 0, 15);
                require_number(&m.series_position, 1, 3);
                require_number(&m.sequence, 1, 0xFFFF);
        }
}

static void require_record(const struct omron_record *r, enum omron_layout layout) {
        REQUIRE(r->systolic_mmhg >= 25 && r->systolic_mmhg <= 250);
        REQUIRE(r->diastolic_mmhg >= 0 && r->diastolic_mmhg <= 255);
        REQUIRE(r->pulse_bpm >= 0 && r->pulse_bpm <= 255);
        REQUIRE(r->taken.year >= 2000 && r->taken.year <= 2255);
        REQUIRE(r->has_flags == (layout != OMRON_LAYOUT_6401));
        REQUIRE(r->position <= 3 && r->artifacts <= 15 && r->irregular_beats <= 15);
        REQUIRE(r->sequence.known == (layout == OMRON_LAYOUT_LE));
        REQUIRE(!r->user.known || layout == OMRON_LAYOUT_LE);
        REQUIRE(r->has_checksum == (layout <= OMRON_LAYOUT_SW6));
        REQUIRE(omron_record_checksum_ok(r) ==
                (!r->has_checksum || r->checksum == r->checksum_expected));
        if (!r->has_flags)
                return;
        REQUIRE(r->taken.year <= 2063 && r->taken.month <= 15 && r->taken.day <= 31);
        REQUIRE(r->taken.hour <= 31 && r->taken.minute <= 63 && r->taken.second <= 63);
}

/* LE and SW are the same record with the words swapped. */
static void require_swapped(const uint8_t *raw, const struct omron_record *le, int want) {
        struct omron_record sw;
        uint8_t swapped[14];

        for (size_t i = 0; i < sizeof swapped; i++)
                swapped[i] = raw[i ^ 1];
        REQUIRE(omron_record_decode(OMRON_LAYOUT_SW, swapped, sizeof swapped, &sw) == want);
        if (want < 0)
                return;
        REQUIRE(sw.systolic_mmhg == le->systolic_mmhg && sw.pulse_bpm == le->pulse_bpm);
        REQUIRE(date_time_equal(&sw.taken, &le->taken) && sw.checksum == le->checksum);
        REQUIRE(sw.checksum_expected == le->checksum_expected && sw.last_byte == le->last_byte);
}

static void decode(enum omron_layout layout, const uint8_t *raw, size_t n) {
        struct omron_record r, untouched;
        int e;

        memset(&r, 0xAA, sizeof r);
        memset(&untouched, 0xAA, sizeof untouched);
        e = omron_record_decode(layout, raw, n, &r);
        REQUIRE((e == -EBADMSG) == !has_size(layout, n));
        REQUIRE(e == 0 || e == -EBADMSG || e == -ENODATA);
        if (layout == OMRON_LAYOUT_LE && n == 14)
                require_swapped(raw, &r, e);
        if (e < 0) {
                REQUIRE(memcmp(&r, &untouched, sizeof r) == 0);
                return;
        }
        require_record(&r, layout);
        require_measurement(&r, raw, n);
}

static void guess(const uint8_t *raw, size_t n) {
        enum omron_layout layout = OMRON_LAYOUT_MAX_;
        int e = omron_record_guess(raw, n, &layout);
        struct omron_record r;

        REQUIRE(e == 0 ? layout <= OMRON_LAYOUT_SW : e == -ENOTSUP && layout == OMRON_LAYOUT_MAX_);
        if (e == 0)
                REQUIRE(omron_record_decode(layout, raw, n, &r) == 0 &&
                        omron_record_checksum_ok(&r));
}

/* The first bytes of the input, at each size that a record can have and those around. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        size_t most = n < OMRON_RECORD_SIZE_MAX + 1 ? n : OMRON_RECORD_SIZE_MAX + 1;

        for (size_t size = 0; size <= most; size++) {
                uint8_t *exact = exact_copy(data, size);

                for (int layout = 0; layout < OMRON_LAYOUT_MAX_; layout++)
                        decode((enum omron_layout) layout, exact, size);
                guess(exact, size);
                free(exact);
        }
        return 0;
}
