/* What the tests of tests/vectors/omron.json share: each field that a vector's "decoded" states is
 * checked, a field that nobody knows fails. One line per vector. */
#pragma once

#include <errno.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "check.h"
#include "core/date_time.h"
#include "core/omron_model.h"
#include "exact.h"

DEFINE_CLEANUP(cJSON *, cJSON_Delete)

struct vector {
        uint8_t *bytes; /* exact size */
        size_t n;
        const cJSON *decoded;
        const cJSON *item; /* all of it */
};

static inline bool is_one_of(const char *key, const char *const *keys) {
        for (; *keys; keys++)
                if (strcmp(key, *keys) == 0)
                        return true;
        return false;
}

static inline void check_keys(const cJSON *decoded, const char *const *keys) {
        const cJSON *field;

        cJSON_ArrayForEach(field, decoded) {
                if (is_one_of(field->string, keys))
                        continue;
                check_failed = true;
                printf("# no check for the field %s\n", field->string);
        }
}

/* When the vector states the field, `got` must equal it (false and true are 0 and 1). */
static inline void check_field(const cJSON *decoded, const char *key, long long got) {
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
static inline void check_number(const cJSON *decoded, const char *key, bool known, long long got) {
        if (!cJSON_HasObjectItem(decoded, key))
                return;
        CHECK_EQ(known, !cJSON_IsNull(cJSON_GetObjectItem(decoded, key)));
        if (known)
                check_field(decoded, key, got);
}

static inline void check_date_time(const cJSON *decoded, bool has_time,
                                   const struct date_time *dt) {
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

/* The row of "HEM-7382T1 (BP5465)"; NULL for "all", "any", "classic", "modern". */
static inline const struct omron_model *model_of(const struct vector *v) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(v->item, "model"));
        char name[64];

        if (!text || strncmp(text, "HEM-", 4) != 0)
                return NULL;
        snprintf(name, sizeof name, "%.*s", (int) strcspn(text, " /"), text);
        CHECK(omron_model_find(name));
        return omron_model_find(name);
}

static inline const char *text_of(const cJSON *decoded, const char *key) {
        return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(decoded, key));
}

static inline void check_text(const cJSON *decoded, const char *key, const char *got) {
        if (cJSON_HasObjectItem(decoded, key))
                CHECK_STR(got, text_of(decoded, key));
}

static inline void check_hex(const cJSON *decoded, const char *key, const uint8_t *bytes,
                             size_t n) {
        char text[2 * OMRON_SETTINGS_SIZE_MAX + 1] = "";

        for (size_t i = 0; i < n; i++)
                snprintf(text + 2 * i, 3, "%02x", bytes[i]);
        check_text(decoded, key, text);
}

/* With the seconds that a reader is shown: 60..63 count as 59. */
static inline void check_time(const cJSON *decoded, const char *key, struct date_time t) {
        char text[64];

        if (t.second > 59)
                t.second = 59;
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d", t.year, t.month, t.day, t.hour,
                 t.minute, t.second);
        check_text(decoded, key, text);
}

static inline bool is_from_cuff(const struct vector *v) {
        const char *direction = text_of(v->decoded, "direction");
        bool from_cuff = direction && strcmp(direction, "cuff->host") == 0;

        CHECK(from_cuff || (direction && strcmp(direction, "host->cuff") == 0));
        return from_cuff;
}

struct kind {
        const char *name;
        int count; /* vectors of this kind in the file: none may be lost */
        void (*check)(const struct vector *v);
};

static inline cJSON *load(void) {
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

static inline int digit(char c) {
        const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

        return at ? (int) (at - digits) : -1;
}

/* The bytes of `hex`, on the heap, at their exact size. */
static inline uint8_t *bytes_from_hex(const char *hex, size_t *ret_n) {
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

static inline void check_vector(const cJSON *item, void (*check)(const struct vector *v)) {
        _cleanup_(freep) uint8_t *bytes = NULL;
        struct vector v = {.decoded = cJSON_GetObjectItem(item, "decoded"), .item = item};

        bytes = bytes_from_hex(cJSON_GetStringValue(cJSON_GetObjectItem(item, "hex")), &v.n);
        v.bytes = bytes;
        CHECK(bytes && v.decoded);
        if (bytes && v.decoded)
                check(&v);
}

/* Returns how many failed. A missing vector is a failure too. */
static inline int run_kind(const cJSON *file, const struct kind *kind) {
        int count = 0, failed = 0;
        const cJSON *item;

        if (!kind->check)
                return 0;
        cJSON_ArrayForEach(item, file) {
                const char *name = cJSON_GetStringValue(cJSON_GetObjectItem(item, "kind"));

                if (!name || strcmp(name, kind->name) != 0)
                        continue;
                check_failed = false;
                check_vector(item, kind->check);
                printf("%s vectors.%s.%d\n", check_failed ? "FAIL" : "ok", name, ++count);
                failed += check_failed;
        }
        if (count >= kind->count)
                return failed;
        printf("FAIL vectors.%s: %d vectors of %d\n", kind->name, count, kind->count);
        return failed + 1;
}

/* The whole main of a test of vectors. */
static inline int run_kinds(const struct kind *kinds, size_t n) {
        _cleanup_(cJSON_Deletep) cJSON *file = load();
        int failed = 0;

        setvbuf(stdout, NULL, _IOLBF, 0);
        if (!file)
                printf("FAIL vectors.file: tests/vectors/omron.json cannot be read\n");
        for (size_t i = 0; file && i < n; i++)
                failed += run_kind(file, &kinds[i]);
        return !file || failed ? 1 : 0;
}
