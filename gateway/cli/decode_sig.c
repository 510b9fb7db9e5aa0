/* Characteristics of the Bluetooth SIG. */
#include "cli/decode.h"

#include <errno.h>

#include "core/blood_pressure.h"
#include "core/racp.h"
#include "core/sfloat.h"

int decode_2a2b(const struct decode_value *v, struct json *j, const char **reason) {
        struct current_time time;
        int r;

        r = current_time_decode(v->bytes, v->n, &time);
        if (r < 0) {
                *reason = "a current time has 10 bytes";
                return r;
        }
        decode_add_time(j, j->root, "datetime", &time.date_time);
        json_real(j, j->root, "day_of_week", time.day_of_week);
        json_real(j, j->root, "fractions256", time.fractions256);
        json_real(j, j->root, "adjust_reason", time.adjust_reason);
        json_bool(j, j->root, "plausible", date_time_check(&time.date_time) != -ERANGE);
        return 0;
}

/* --- 2a35: the numbers as sent, in their own unit; the verdict is core's --- */

static void add_sfloat(struct json *j, const char *key, struct bytes *b) {
        int32_t milli;

        if (sfloat_to_milli(sfloat_take(b), &milli) < 0)
                json_null(j, j->root, key);
        else
                json_real(j, j->root, key, milli / 1000.0);
}

static void add_status(struct json *j, struct bytes *b, const struct measurement *m) {
        json_real(j, j->root, "status", bytes_le16(b));
        if (!m->irregular_heartbeat.known)
                return;
        json_answer(j, j->root, "movement", m->body_movement);
        json_answer(j, j->root, "cuff_fit_ok", m->cuff_fit_ok);
        json_answer(j, j->root, "irregular_pulse", m->irregular_heartbeat);
        json_answer(j, j->root, "position_ok", m->position_ok);
}

static void add_fields(struct json *j, struct bytes b, const struct measurement *m) {
        uint8_t flags = bytes_u8(&b);

        json_real(j, j->root, "flags", flags);
        json_text(j, j->root, "unit", flags & BLOOD_PRESSURE_KPA ? "kPa" : "mmHg");
        add_sfloat(j, "sys", &b);
        add_sfloat(j, "dia", &b);
        add_sfloat(j, "map", &b);
        if (flags & BLOOD_PRESSURE_TIME) {
                struct date_time taken = date_time_take(&b);

                decode_add_time(j, j->root, "datetime", &taken);
        }
        if (flags & BLOOD_PRESSURE_PULSE)
                add_sfloat(j, "pulse", &b);
        if (flags & BLOOD_PRESSURE_USER) {
                uint8_t user = bytes_u8(&b);

                json_number(j, j->root, "user_id",
                            (struct number){user != MEASUREMENT_USER_UNKNOWN, user});
        }
        if (flags & BLOOD_PRESSURE_STATUS)
                add_status(j, &b, m);
}

int decode_2a35(const struct decode_value *v, struct json *j, const char **reason) {
        struct measurement m = {0};
        int r;

        r = blood_pressure_decode(v->bytes, v->n, &m);
        if (r == -EBADMSG) {
                *reason = "the value is shorter than its flags say";
                return r;
        }
        add_fields(j, bytes_of(v->bytes, v->n), &m);
        if (r == -ENODATA)
                *reason = "the cuff says that this measurement failed";
        if (r == 0)
                json_bool(j, j->root, "plausible",
                          measurement_check(&m) == 0 &&
                                  (!m.has_time || date_time_check(&m.taken) != -ERANGE));
        return r;
}

int decode_2a49(const struct decode_value *v, struct json *j, const char **reason) {
        struct blood_pressure_feature f;
        int r;

        r = blood_pressure_feature_decode(v->bytes, v->n, &f);
        if (r < 0) {
                *reason = "a blood pressure feature has 2 bytes";
                return r;
        }
        json_bool(j, j->root, "movement", f.body_movement);
        json_bool(j, j->root, "cuff_fit", f.cuff_fit);
        json_bool(j, j->root, "irregular_pulse", f.irregular_pulse);
        json_bool(j, j->root, "pulse_range", f.pulse_range);
        json_bool(j, j->root, "position", f.position);
        json_bool(j, j->root, "multi_bond", f.multiple_bonds);
        return 0;
}

/* --- 2a52; the words are the SIG's, shortened --- */

static void add_name(struct json *j, const char *key, const char *const *names, size_t n,
                     unsigned number) {
        if (number < n && names[number])
                json_text(j, j->root, key, names[number]);
        else
                json_real(j, j->root, key, number);
}

int decode_2a52(const struct decode_value *v, struct json *j, const char **reason) {
        static const char *const ops[] = {
                [RACP_REPORT] = "report stored records",
                [RACP_DELETE] = "delete stored records",
                [RACP_ABORT] = "abort",
                [RACP_COUNT] = "report number of records",
                [RACP_COUNT_REPLY] = "number of records",
                [RACP_REPLY] = "response",
        };
        static const char *const operators[] = {
                "none", "all", "up to", "from", "range", "first", "last",
        };
        static const char *const results[] = {
                [1] = "success",
                [2] = "op code not supported",
                [3] = "operator invalid",
                [4] = "operator not supported",
                [5] = "operand invalid",
                [RACP_RESULT_NO_RECORDS] = "no records",
                [7] = "abort failed",
                [8] = "not completed",
                [9] = "operand not supported",
        };
        struct racp racp;
        int r;

        r = racp_decode(v->bytes, v->n, &racp);
        if (r < 0) {
                *reason = r == -EBADMSG ? "the value is shorter than its op code needs"
                                        : "the Bluetooth SIG has no such op code";
                return r;
        }
        add_name(j, "op", ops, ELEMENTS(ops), racp.op);
        add_name(j, "operator", operators, ELEMENTS(operators), racp.which);
        if (racp.op == RACP_COUNT_REPLY)
                json_real(j, j->root, "count", racp.count);
        if (racp.op == RACP_REPLY) {
                json_real(j, j->root, "request", racp.request);
                add_name(j, "value", results, ELEMENTS(results), racp.result);
        }
        return 0;
}
