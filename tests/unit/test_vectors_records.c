/* The vectors of tests/vectors/omron.json that are records of OMRON's memory, and the handshake
 * that comes before they are read. */
#include <errno.h>

#include "core/omron_record.h"
#include "core/omron_unlock.h"
#include "vectors_fixture.h"

/* --- records --- */

static bool is_swapped(enum omron_layout layout) {
        return layout == OMRON_LAYOUT_SW || layout == OMRON_LAYOUT_SW6;
}

static void check_record_flags(const cJSON *d, const struct omron_record *r) {
        CHECK(r->has_flags && r->has_checksum);
        check_field(d, "ihb", r->irregular_heartbeat);
        check_field(d, "mov", r->body_movement);
        check_field(d, "cuff_bit12", r->fit_bit);
        check_field(d, "bit13", r->bit13);
        check_field(d, "multi_idx", r->position);
        check_field(d, "artifact_count", r->artifacts);
        check_field(d, "ihb_count", r->irregular_beats);
        check_field(d, "checksum_ok", omron_record_checksum_ok(r));
        check_field(d, "checksum", r->checksum);
        check_field(d, "last_byte", r->last_byte);
}

static void check_record(const struct vector *v) {
        static const char *const keys[] = {
                "layout",    "size",        "sys",         "dia",
                "pulse",     "datetime",    "ihb",         "raw_seconds",
                "mov",       "cuff_bit12",  "bit13",       "multi_idx",
                "ihb_count", "checksum_ok", "checksum",    "artifact_count",
                "last_byte", "sequence",    "user_byte13", "clock_never_set",
                NULL};
        const struct omron_model *m = model_of(v);
        const cJSON *d = v->decoded;
        struct omron_record r = {0};
        enum omron_layout guess;

        check_keys(d, keys);
        CHECK(m);
        if (!m)
                return;
        check_text(d, "layout", is_swapped(m->layout) ? "word_swapped" : "le");
        check_field(d, "size", (long long) v->n);
        CHECK_EQ(v->n, m->record_size);
        CHECK_EQ(omron_record_decode(m->layout, v->bytes, v->n, &r), 0);
        check_field(d, "sys", r.systolic_mmhg);
        check_field(d, "dia", r.diastolic_mmhg);
        check_field(d, "pulse", r.pulse_bpm);
        check_time(d, "datetime", r.taken);
        check_field(d, "raw_seconds", r.taken.second);
        check_record_flags(d, &r);
        CHECK_EQ(r.sequence.known, cJSON_HasObjectItem(d, "sequence"));
        check_number(d, "sequence", r.sequence.known, r.sequence.value);
        CHECK_EQ(r.user.known, cJSON_HasObjectItem(d, "user_byte13"));
        check_number(d, "user_byte13", r.user.known, r.user.value);

        /* The file calls every second of 63 so; to us it takes the first day as well. */
        check_field(d, "clock_never_set", r.taken.second == 63);
        CHECK_EQ(date_time_check(&r.taken),
                 r.taken.second == 63 && date_time_is_first_day(&r.taken) ? -ENODATA : 0);

        if (!omron_record_checksum_ok(&r))
                return;
        CHECK_EQ(omron_record_guess(v->bytes, v->n, &guess), 0);
        CHECK_EQ(guess, is_swapped(m->layout) ? OMRON_LAYOUT_SW : OMRON_LAYOUT_LE);
}

/* Empty in every layout that has this size. */
static void check_empty_record(const struct vector *v) {
        static const char *const keys[] = {"empty", NULL};
        struct omron_record r;
        int layouts = 0;

        check_keys(v->decoded, keys);
        for (int layout = 0; layout < OMRON_LAYOUT_MAX_; layout++) {
                int e = omron_record_decode((enum omron_layout) layout, v->bytes, v->n, &r);

                if (e == -EBADMSG)
                        continue;
                check_field(v->decoded, "empty", e == -ENODATA);
                layouts++;
        }
        CHECK_EQ(layouts, v->n == 14 ? 3 : 2);
}

/* --- the handshake --- */

static void check_unlock(const struct vector *v) {
        /* "meaning" is prose. */
        static const char *const keys[] = {"direction", "status", "meaning", NULL};
        struct omron_unlock_reply reply = {0};
        uint8_t bytes[OMRON_UNLOCK_SIZE];

        check_keys(v->decoded, keys);
        if (is_from_cuff(v)) {
                CHECK_EQ(omron_unlock_decode(v->bytes, v->n, &reply), 0);
                CHECK_EQ(reply.command, v->bytes[0] & 0x7F);
                check_field(v->decoded, "status", reply.status);
                return;
        }
        omron_unlock_encode(v->bytes[0] ? OMRON_UNLOCK_OPEN : OMRON_UNLOCK_STORE_KEY,
                            omron_community_key, bytes);
        CHECK_EQ(v->n, sizeof bytes);
        CHECK(memcmp(bytes, v->bytes, sizeof bytes) == 0);
}

static void check_token(const struct vector *v) {
        static const char *const keys[] = {"direction", "status", "nonce", NULL};
        struct omron_unlock_reply reply = {0};
        uint8_t bytes[OMRON_TOKEN_SIZE];

        check_keys(v->decoded, keys);
        if (is_from_cuff(v)) {
                CHECK_EQ(omron_unlock_decode(v->bytes, v->n, &reply), 0);
                CHECK_EQ(reply.command, OMRON_UNLOCK_TOKEN);
                check_field(v->decoded, "status", reply.status);
                check_hex(v->decoded, "nonce", reply.nonce, sizeof reply.nonce);
                return;
        }
        check_hex(v->decoded, "nonce", v->bytes + 1, OMRON_TOKEN_NONCE_SIZE);
        omron_token_encode(v->bytes + 1, bytes);
        CHECK_EQ(v->n, sizeof bytes);
        CHECK(memcmp(bytes, v->bytes, sizeof bytes) == 0);
}

static void check_secure_error(const struct vector *v) {
        static const char *const keys[] = {"error", NULL};
        uint8_t code = 0;

        check_keys(v->decoded, keys);
        CHECK_EQ(omron_secure_error_decode(v->bytes, v->n, &code), 0);
        check_field(v->decoded, "error", code);
}

int main(void) {
        static const struct kind kinds[] = {
                {"record", 25, check_record},
                {"record_empty", 3, check_empty_record},
                {"secure_error", 1, check_secure_error},
                {"unlock", 6, check_unlock},
                {"unlock_token", 2, check_token},
        };

        return run_kinds(kinds, ELEMENTS(kinds));
}
