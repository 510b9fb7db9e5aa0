/* `cuff2mqtt decode`: what bytes of a cuff mean, one JSON object per value. The kinds of bytes, by
 * where they come from: standard characteristics (decode_sig.c), OMRON's advertisement, records and
 * clock (decode_omron.c), its frames and settings (decode_memory.c), its unlock (decode_unlock.c);
 * pairing (decode_smp.c). */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/omron_model.h"
#include "mqtt/json.h"

struct decode_value {
        const uint8_t *bytes;
        size_t n;
        const struct omron_model *model; /* NULL: not told */
};

/* Adds to `j->root` what the bytes say. 0, or an error word of core: what could be read is added
 * all the same, and `*reason`, a sentence for people, is set where there is more to say than the
 * word. */
typedef int (*decode_function)(const struct decode_value *v, struct json *j, const char **reason);

int decode_2a2b(const struct decode_value *v, struct json *j, const char **reason);
int decode_2a35(const struct decode_value *v, struct json *j, const char **reason);
int decode_2a49(const struct decode_value *v, struct json *j, const char **reason);
int decode_2a52(const struct decode_value *v, struct json *j, const char **reason);
int decode_advert(const struct decode_value *v, struct json *j, const char **reason);
int decode_record(const struct decode_value *v, struct json *j, const char **reason);
int decode_clock(const struct decode_value *v, struct json *j, const char **reason);
int decode_index(const struct decode_value *v, struct json *j, const char **reason);
int decode_settings(const struct decode_value *v, struct json *j, const char **reason);
int decode_frame(const struct decode_value *v, struct json *j, const char **reason);
int decode_unlock(const struct decode_value *v, struct json *j, const char **reason);
int decode_smp(const struct decode_value *v, struct json *j, const char **reason);

/* What several kinds share. `parent` as in mqtt/json.h. */
void decode_add_hex(struct json *j, cJSON *parent, const char *key, const uint8_t *bytes, size_t n);
void decode_add_word(struct json *j, cJSON *parent, const char *key, uint16_t word); /* "0x020e" */
/* "2026-06-17T15:35:30", second at most 59; null when year, month or day is unknown. */
void decode_add_time(struct json *j, cJSON *parent, const char *key, const struct date_time *dt);
/* The fields of one memory record. 0 or as omron_record_decode(). */
int decode_add_record(struct json *j, cJSON *parent, enum omron_layout layout,
                      const struct decode_value *v);
