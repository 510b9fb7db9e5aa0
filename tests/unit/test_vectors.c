/* Every vector of tests/vectors/omron.json that the core can decode by now: each field that its
 * "decoded" states is checked; a field that nobody here knows fails. One line per vector. */
#include <errno.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "check.h"
#include "core/advertisement.h"
#include "core/blood_pressure.h"
#include "exact.h"

DEFINE_CLEANUP(cJSON *, cJSON_Delete)

struct vector {
        uint8_t *bytes; /* exact size */
        size_t n;
        const cJSON *decoded;
};

static bool is_one_of(const char *key, const char *const *keys) {
        for (; *keys; keys++)
                if (strcmp(key, *keys) == 0)
                        return true;
        return false;
}

static void check_keys(const cJSON *decoded, const char *const *keys) {
        const cJSON *field;

        cJSON_ArrayForEach(field, decoded) {
                if (is_one_of(field->string, keys))
                        continue;
                check_failed = true;
                printf("# no check for the field %s\n", field->string);
        }
}

/* When the vector states the field, `got` must equal it (false and true are 0 and 1). */
static void check_field(const cJSON *decoded, const char *key, long long got) {
        const cJSON *field = cJSON_GetObjectItemCaseSensitive(decoded, key);

        if (!field)
                return;
        CHECK(cJSON_IsBool(field) || cJSON_IsNumber(field));
        if ((cJSON_IsBool(field) ? cJSON_IsTrue(field) : (long long) field->valuedouble) == got)
                return;
        check_failed = true;
        printf("# %s is %lld\n", key, got);
}

/* Null in the vector: unknown here. */
static void check_number(const cJSON *decoded, const char *key, bool known, long long got) {
        if (!cJSON_HasObjectItem(decoded, key))
                return;
        CHECK_EQ(known, !cJSON_IsNull(cJSON_GetObjectItem(decoded, key)));
        if (known)
                check_field(decoded, key, got);
}

static void check_date_time(const cJSON *decoded, bool has_time, const struct date_time *dt) {
        const cJSON *field = cJSON_GetObjectItemCaseSensitive(decoded, "datetime");
        char text[64];

        if (!field)
                return;
        if (cJSON_IsNull(field)) {
                CHECK(!has_time || date_time_check(dt) == -ENODATA);
                return;
        }
        CHECK(has_time);
        CHECK_EQ(date_time_check(dt), 0);
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", dt->year, dt->month, dt->day,
                 dt->hour, dt->minute, dt->second);
        CHECK_STR(text, cJSON_GetStringValue(field));
}

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

/* --- all of them --- */

static const struct {
        const char *name;
        int count; /* vectors of this kind in the file: none may be lost */
        void (*check)(const struct vector *v);
} kinds[] = {
        {"advert_msd", 8, check_advertisement},
        {"cts_2a2b", 1, check_current_time},
        {"sig_2a35", 4, check_blood_pressure},
        {"sig_2a49", 1, check_feature},
};

static cJSON *load(void) {
        const char *source = getenv("CUFF2MQTT_SOURCE");
        _cleanup_(fclosep) FILE *f = NULL;
        _cleanup_(freep) char *text = NULL;
        char path[4096];
        size_t n = 0;

        snprintf(path, sizeof path, "%s/tests/vectors/omron.json", source ? source : ".");
        f = fopen(path, "re");
        if (!f || getdelim(&text, &n, '\0', f) < 0)
                return NULL;
        return cJSON_Parse(text);
}

static int digit(char c) {
        const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

        return at ? (int) (at - digits) : -1;
}

/* The bytes of `hex`, on the heap, at their exact size. */
static uint8_t *bytes_from_hex(const char *hex, size_t *ret_n) {
        uint8_t bytes[256];
        size_t n = 0;

        while (hex[0] && n < sizeof bytes) {
                int high = digit(hex[0]), low = digit(hex[1]);

                if (high < 0 || low < 0)
                        return NULL;
                bytes[n++] = (uint8_t) (high << 4 | low);
                hex += 2;
        }
        *ret_n = n;
        return exact_copy(bytes, n);
}

static void check_vector(const cJSON *item, void (*check)(const struct vector *v)) {
        _cleanup_(freep) uint8_t *bytes = NULL;
        struct vector v = {.decoded = cJSON_GetObjectItem(item, "decoded")};

        bytes = bytes_from_hex(cJSON_GetStringValue(cJSON_GetObjectItem(item, "hex")), &v.n);
        v.bytes = bytes;
        CHECK(bytes && v.decoded);
        if (bytes && v.decoded)
                check(&v);
}

/* Returns how many failed. A missing vector is a failure too. */
static int run_kind(const cJSON *file, size_t kind) {
        int count = 0, failed = 0;
        const cJSON *item;

        cJSON_ArrayForEach(item, file) {
                const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(item, "kind"));

                if (!name || strcmp(name, kinds[kind].name) != 0)
                        continue;
                check_failed = false;
                check_vector(item, kinds[kind].check);
                printf("%s vectors.%s.%d\n", check_failed ? "FAIL" : "ok", name, ++count);
                failed += check_failed;
        }
        if (count >= kinds[kind].count)
                return failed;
        printf("FAIL vectors.%s: %d vectors of %d\n", kinds[kind].name, count, kinds[kind].count);
        return failed + 1;
}

int main(void) {
        _cleanup_(cJSON_Deletep) cJSON *file = load();
        int failed = 0;

        setvbuf(stdout, NULL, _IOLBF, 0);
        if (!file)
                printf("FAIL vectors.file: tests/vectors/omron.json cannot be read\n");
        for (size_t i = 0; file && i < ELEMENTS(kinds); i++)
                failed += run_kind(file, i);
        return !file || failed ? 1 : 0;
}
