/* OMRON's advertisement, memory records and clock windows. */
#include "cli/decode.h"

#include <errno.h>

#include "core/advertisement.h"
#include "core/omron_settings.h"

/* --- the advertisement --- */

static void add_users(struct json *j, const struct advertisement *a) {
        cJSON *users = json_array(j, j->root, "user");

        for (unsigned i = 0; i < a->user_slots; i++) {
                cJSON *user = json_object(j, users, NULL);

                json_real(j, user, "seq", a->user[i].sequence);
                json_real(j, user, "count", a->user[i].count);
        }
}

static int refuse_advert(const struct decode_value *v, int r, const char **reason) {
        if (r == -EBADMSG)
                *reason = "the data is shorter than its type needs";
        else if (v->n > 2 && v->bytes[0] == (ADVERTISEMENT_COMPANY_OMRON & 0xFF) &&
                 v->bytes[1] == ADVERTISEMENT_COMPANY_OMRON >> 8)
                *reason = "leave out the company id, 0e 02, that stands before the data";
        else
                *reason = "nobody has described an advertisement of this type";
        return r;
}

int decode_advert(const struct decode_value *v, struct json *j, const char **reason) {
        struct advertisement a;
        size_t known;
        int r;

        r = advertisement_decode(v->bytes, v->n, &a);
        if (r < 0)
                return refuse_advert(v, r, reason);
        decode_add_word(j, j->root, "company", ADVERTISEMENT_COMPANY_OMRON);
        json_real(j, j->root, "type", a.type);
        json_real(j, j->root, "flags", v->bytes[1]);
        json_real(j, j->root, "users", a.user_slots);
        json_bool(j, j->root, "time_not_set", a.clock_unset);
        json_bool(j, j->root, "pairing", a.pairing);
        json_bool(j, j->root, "forced_transfer", a.news);
        if (a.has_counters)
                add_users(j, &a);
        known = a.has_counters ? 2 + 3 * a.user_slots : 2;
        if (v->n > known)
                decode_add_hex(j, j->root, "tail", v->bytes + known, v->n - known);
        return 0;
}

/* --- a record --- */

static void add_flags(struct json *j, cJSON *parent, const struct omron_record *r) {
        json_real(j, parent, "ihb", r->irregular_heartbeat);
        json_real(j, parent, "mov", r->body_movement);
        json_real(j, parent, "cuff_bit12", r->fit_bit);
        json_real(j, parent, "bit13", r->bit13);
        json_real(j, parent, "multi_idx", r->position);
        json_real(j, parent, "artifact_count", r->artifacts);
        json_real(j, parent, "ihb_count", r->irregular_beats);
}

int decode_add_record(struct json *j, cJSON *parent, enum omron_layout layout,
                      const struct decode_value *v) {
        struct omron_record record;
        int r;

        r = omron_record_decode(layout, v->bytes, v->n, &record);
        if (r == -ENODATA)
                json_bool(j, parent, "empty", true);
        if (r < 0)
                return r;
        json_text(j, parent, "layout", omron_layout_to_string(layout));
        json_real(j, parent, "size", (double) v->n);
        json_real(j, parent, "sys", record.systolic_mmhg);
        json_real(j, parent, "dia", record.diastolic_mmhg);
        json_real(j, parent, "pulse", record.pulse_bpm);
        decode_add_time(j, parent, "datetime", &record.taken);
        json_real(j, parent, "raw_seconds", record.taken.second);
        json_bool(j, parent, "clock_never_set", record.taken.second == 63);
        if (record.has_flags)
                add_flags(j, parent, &record);
        if (record.has_checksum) {
                json_bool(j, parent, "checksum_ok", omron_record_checksum_ok(&record));
                json_real(j, parent, "checksum", record.checksum);
                json_real(j, parent, "checksum_expected", record.checksum_expected);
                json_real(j, parent, "last_byte", record.last_byte);
        }
        if (record.sequence.known)
                json_number(j, parent, "sequence", record.sequence);
        if (record.user.known)
                json_number(j, parent, "user_byte13", record.user);
        json_bool(j, parent, "plausible", omron_record_is_plausible(&record));
        return 0;
}

/* An empty slot has no checksum to tell its layout by; it is empty in every layout of its size. */
static bool is_empty(const struct decode_value *v) {
        struct omron_record record;
        bool empty = false;

        for (enum omron_layout layout = OMRON_LAYOUT_LE; layout < OMRON_LAYOUT_MAX_; layout++) {
                int r = omron_record_decode(layout, v->bytes, v->n, &record);

                if (r >= 0)
                        return false;
                empty |= r == -ENODATA;
        }
        return empty;
}

static int layout_of(const struct decode_value *v, enum omron_layout *ret, const char **reason) {
        int r;

        if (v->model) {
                *ret = v->model->layout;
                return 0;
        }
        r = omron_record_guess(v->bytes, v->n, ret);
        if (r < 0)
                *reason = "the checksum does not tell the layout: say --model";
        return r;
}

int decode_record(const struct decode_value *v, struct json *j, const char **reason) {
        enum omron_layout layout = OMRON_LAYOUT_LE;
        int r;

        if (is_empty(v)) {
                json_bool(j, j->root, "empty", true);
                *reason = "an empty slot";
                return -ENODATA;
        }
        r = layout_of(v, &layout, reason);
        if (r < 0)
                return r;
        r = decode_add_record(j, j->root, layout, v);
        if (r == -ENODATA)
                *reason = "an empty slot, or a measurement that failed";
        if (r == -EBADMSG)
                *reason = "no record of this cuff has this size";
        return r;
}

/* --- the clock --- */

static const char *const clock_layouts[] = {
        [OMRON_CLOCK_LIN16] = "16B: time at +8, sum(0..13) at +14",
        [OMRON_CLOCK_MIX16] = "16B word-swapped: after swapping, time at +8, sum(0..13) at +14",
        [OMRON_CLOCK_LIN10] = "10B: time at +2, sum(0..7) at +8",
        [OMRON_CLOCK_MIX10] = "10B word-swapped: after swapping, time at +2, sum(0..7) at +8",
        [OMRON_CLOCK_PRE6401] = "not understood",
};

/* An empty window has no checksum to tell its layout by; it is empty in every layout of its size.
 */
static bool is_blank(const struct decode_value *v) {
        struct omron_clock clock;

        return (omron_clock_decode(OMRON_CLOCK_LIN16, v->bytes, v->n, &clock) == 0 ||
                omron_clock_decode(OMRON_CLOCK_LIN10, v->bytes, v->n, &clock) == 0) &&
               clock.blank;
}

static int clock_of(const struct decode_value *v, enum omron_clock_layout *ret,
                    struct omron_clock *ret_clock, const char **reason) {
        int r = v->model ? 0 : omron_clock_guess(v->bytes, v->n, ret);

        if (r < 0) {
                *reason = "the checksum does not tell the layout: say --model";
                return r;
        }
        if (v->model)
                *ret = v->model->clock;
        r = omron_clock_decode(*ret, v->bytes, v->n, ret_clock);
        if (r == -ENOTSUP)
                *reason = "nobody has understood the clock of this cuff";
        if (r == -EBADMSG)
                *reason = "the clock window of this cuff has another size";
        return r;
}

int decode_clock(const struct decode_value *v, struct json *j, const char **reason) {
        enum omron_clock_layout layout;
        struct omron_clock clock;
        int r;

        if (is_blank(v)) {
                json_bool(j, j->root, "empty", true);
                *reason = "an empty clock window";
                return -ENODATA;
        }
        r = clock_of(v, &layout, &clock, reason);
        if (r < 0)
                return r;
        decode_add_time(j, j->root, "datetime", &clock.time);
        json_bool(j, j->root, "checksum_ok", clock.checksum_ok);
        json_text(j, j->root, "layout", clock_layouts[layout]);
        json_bool(j, j->root, "plausible", date_time_check(&clock.time) != -ERANGE);
        return 0;
}
