/* The vectors of tests/vectors/omron.json that are advertisements or the SIG's characteristics;
 * those of OMRON's memory are in test_vectors_omron.c and test_vectors_records.c. */
#include <errno.h>

#include "core/advertisement.h"
#include "core/blood_pressure.h"
#include "core/racp.h"
#include "vectors_fixture.h"

/* --- advert_msd --- */

static void check_counters(const cJSON *users, const struct advertisement *a) {
        const cJSON *user;
        unsigned i = 0;

        if (!users)
                return;
        CHECK(a->has_counters);
        CHECK_EQ(cJSON_GetArraySize(users), a->user_slots);
        cJSON_ArrayForEach(user, users) {
                static const char *const keys[] = {"seq", "count", NULL};

                check_keys(user, keys);
                check_field(user, "seq", a->user[i].sequence);
                check_field(user, "count", a->user[i].count);
                i++;
        }
}

/* The bytes that no field of ours holds. */
static void check_tail(const struct vector *v, const struct advertisement *a) {
        const char *tail = cJSON_GetStringValue(cJSON_GetObjectItem(v->decoded, "tail"));
        size_t at = 2 + 3 * a->user_slots;
        char text[3];

        if (!tail)
                return;
        CHECK_EQ(strlen(tail), 2 * (v->n - at));
        for (; at < v->n; at++, tail += 2) {
                snprintf(text, sizeof text, "%02x", v->bytes[at]);
                CHECK(strncmp(text, tail, 2) == 0);
        }
}

static void check_advertisement(const struct vector *v) {
        /* The last four are about the cuff or the bytes, not in them. */
        static const char *const keys[] = {"company",
                                           "type",
                                           "flags",
                                           "users",
                                           "time_not_set",
                                           "pairing",
                                           "forced_transfer",
                                           "user",
                                           "tail",
                                           "address",
                                           "name",
                                           "service_uuids",
                                           "note",
                                           NULL};
        const char *address = cJSON_GetStringValue(cJSON_GetObjectItem(v->decoded, "address"));
        struct advertisement a = {0};
        struct bdaddr parsed;

        check_keys(v->decoded, keys);
        CHECK_EQ(advertisement_decode(v->bytes, v->n, &a), 0);
        CHECK_STR(cJSON_GetStringValue(cJSON_GetObjectItem(v->decoded, "company")), "0x020e");
        CHECK_EQ(ADVERTISEMENT_COMPANY_OMRON, 0x020E);
        check_field(v->decoded, "type", a.type);
        check_field(v->decoded, "flags",
                    (long long) (a.user_slots - 1) | a.clock_unset << 2 | a.pairing << 3 |
                            a.news << 6);
        check_field(v->decoded, "users", a.user_slots);
        check_field(v->decoded, "time_not_set", a.clock_unset);
        check_field(v->decoded, "pairing", a.pairing);
        check_field(v->decoded, "forced_transfer", a.news);
        check_counters(cJSON_GetObjectItem(v->decoded, "user"), &a);
        check_tail(v, &a);
        if (address)
                CHECK_EQ(bdaddr_from_string(address, &parsed), 0);
}

/* --- the SIG's characteristics --- */

static void check_current_time(const struct vector *v) {
        static const char *const keys[] = {"datetime", "day_of_week", "fractions256",
                                           "adjust_reason", NULL};
        struct current_time time = {0};
        uint8_t back[CURRENT_TIME_SIZE];

        check_keys(v->decoded, keys);
        CHECK_EQ(current_time_decode(v->bytes, v->n, &time), 0);
        check_date_time(v->decoded, true, &time.date_time);
        check_field(v->decoded, "day_of_week", time.day_of_week);
        check_field(v->decoded, "fractions256", time.fractions256);
        check_field(v->decoded, "adjust_reason", time.adjust_reason);

        current_time_encode(&time, back);
        CHECK(v->n == sizeof back && memcmp(back, v->bytes, v->n) == 0);
}

static void check_pressure(const cJSON *decoded, const char *key, bool known, int mmhg) {
        const char *unit = cJSON_GetStringValue(cJSON_GetObjectItem(decoded, "unit"));
        const cJSON *field = cJSON_GetObjectItem(decoded, key);

        if (unit && strcmp(unit, "kPa") == 0) {
                CHECK(known);
                CHECK_EQ(mmhg, (int) (cJSON_GetNumberValue(field) * 7.500617 + 0.5));
                return;
        }
        check_number(decoded, key, known, mmhg);
}

static void check_status(const cJSON *decoded, const struct measurement *m) {
        const cJSON *status = cJSON_GetObjectItem(decoded, "status");
        unsigned bits = status ? (unsigned) status->valueint : 0;

        CHECK_EQ(m->irregular_heartbeat.known, status != NULL);
        check_field(decoded, "irregular_pulse", m->irregular_heartbeat.yes);
        if (!status)
                return;
        CHECK_EQ(m->body_movement.yes, bits & 1);
        CHECK_EQ(m->cuff_fit_ok.yes, !(bits >> 1 & 1));
        CHECK_EQ(m->irregular_heartbeat.yes, bits >> 2 & 1);
        CHECK_EQ(m->position_ok.yes, !(bits >> 5 & 1));
}

static void check_blood_pressure(const struct vector *v) {
        static const char *const keys[] = {
                "flags",    "unit",  "sys",     "dia",    "map",
                "datetime", "pulse", "user_id", "status", "irregular_pulse",
                NULL};
        struct measurement m = {0};

        check_keys(v->decoded, keys);
        check_field(v->decoded, "flags", v->bytes[0]);
        if (cJSON_IsNull(cJSON_GetObjectItem(v->decoded, "sys"))) {
                CHECK_EQ(blood_pressure_decode(v->bytes, v->n, &m), -ENODATA);
                CHECK_EQ(m.systolic_mmhg, 0);
                return;
        }
        CHECK_EQ(blood_pressure_decode(v->bytes, v->n, &m), 0);
        CHECK_EQ(measurement_check(&m), 0);
        check_pressure(v->decoded, "sys", true, m.systolic_mmhg);
        check_pressure(v->decoded, "dia", true, m.diastolic_mmhg);
        check_pressure(v->decoded, "map", m.mean_mmhg.known, m.mean_mmhg.value);
        check_date_time(v->decoded, m.has_time, &m.taken);
        check_number(v->decoded, "pulse", m.pulse_bpm.known, m.pulse_bpm.value);
        CHECK_EQ(m.pulse_bpm.known, cJSON_HasObjectItem(v->decoded, "pulse"));
        check_number(v->decoded, "user_id", m.user != MEASUREMENT_USER_UNKNOWN, m.user);
        check_status(v->decoded, &m);
}

static void check_feature(const struct vector *v) {
        static const char *const keys[] = {"movement",    "cuff_fit", "irregular_pulse",
                                           "pulse_range", "position", "multi_bond",
                                           NULL};
        struct blood_pressure_feature f = {0};

        check_keys(v->decoded, keys);
        CHECK_EQ(blood_pressure_feature_decode(v->bytes, v->n, &f), 0);
        check_field(v->decoded, "movement", f.body_movement);
        check_field(v->decoded, "cuff_fit", f.cuff_fit);
        check_field(v->decoded, "irregular_pulse", f.irregular_pulse);
        check_field(v->decoded, "pulse_range", f.pulse_range);
        check_field(v->decoded, "position", f.position);
        check_field(v->decoded, "multi_bond", f.multiple_bonds);
}

static void check_racp(const struct vector *v) {
        static const char *const keys[] = {"op", "operator", "count", "request", "value", NULL};
        static const char *const ops[] = {[RACP_REPORT] = "report stored records",
                                          [RACP_COUNT_REPLY] = "number of records",
                                          [RACP_REPLY] = "response"};
        const char *which = cJSON_GetStringValue(cJSON_GetObjectItem(v->decoded, "operator"));
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItem(v->decoded, "value"));
        struct racp racp = {0};

        check_keys(v->decoded, keys);
        CHECK_EQ(racp_decode(v->bytes, v->n, &racp), 0);
        CHECK_STR(cJSON_GetStringValue(cJSON_GetObjectItem(v->decoded, "op")), ops[racp.op]);
        CHECK_STR(which ? which : "", racp.which == RACP_OPERATOR_ALL ? "all" : "");
        CHECK_STR(value ? value : "", racp.result == RACP_RESULT_SUCCESS ? "success" : "");
        check_field(v->decoded, "count", racp.count);
        check_field(v->decoded, "request", racp.request);
}

/* --- all of them --- */

/* Without a check: in test_vectors_omron.c or test_vectors_records.c. */
static const struct kind kinds[] = {
        {"advert_msd", 8, check_advertisement},
        {"cts_2a2b", 1, check_current_time},
        {"sig_2a35", 4, check_blood_pressure},
        {"sig_2a49", 1, check_feature},
        {"sig_2a52", 3, check_racp},
        {"clock_window", 2, NULL},
        {"clock_window_swapped", 1, NULL},
        {"frame", 23, NULL},
        {"index", 1, NULL},
        {"index_mirror", 1, NULL},
        {"record", 25, NULL},
        {"record_empty", 3, NULL},
        {"secure_error", 1, NULL},
        {"settings_block", 1, NULL},
        {"unlock", 6, NULL},
        {"unlock_token", 2, NULL},
};

/* Every vector is of a kind that some test knows, and none is lost. */
static int find_strangers(void) {
        _cleanup_(cJSON_Deletep) cJSON *file = load();
        int failed = 0, want = 0;
        const cJSON *item;

        for (size_t i = 0; i < ELEMENTS(kinds); i++)
                want += kinds[i].count;
        cJSON_ArrayForEach(item, file) {
                const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(item, "kind"));
                bool known = false;

                for (size_t i = 0; name && i < ELEMENTS(kinds); i++)
                        known = known || strcmp(name, kinds[i].name) == 0;
                if (known)
                        continue;
                printf("# no test knows the kind %s\n", name ? name : "(none)");
                failed++;
        }
        if (cJSON_GetArraySize(file) < want)
                failed++;
        printf("%s vectors.kinds\n", failed ? "FAIL" : "ok");
        return failed;
}

int main(void) {
        int r = run_kinds(kinds, ELEMENTS(kinds));

        return find_strangers() > 0 ? 1 : r;
}
