/* JSON inside this room: a cJSON tree built without asking after each step (one failed allocation
 * sticks, as a short read does in core/bytes.h), and a parser that takes RFC 8259 and nothing more.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "core/measurement.h"

#define JSON_DEPTH_MAX 8
#define JSON_EXACT_MAX (1LL << 53) /* whole numbers up to here survive cJSON's double */

DEFINE_CLEANUP(cJSON *, cJSON_Delete)

struct json {
        cJSON *root;
        bool failed; /* memory ran out: json_end() gives NULL */
};

struct json json_begin(cJSON *root); /* cJSON_CreateObject() or cJSON_CreateArray() */
char *json_end(struct json *j);      /* the text on one line, to be freed; frees the tree */

/* `key` NULL: `parent` is an array. `parent` NULL (an earlier failure) is taken. */
cJSON *json_object(struct json *j, cJSON *parent, const char *key);
cJSON *json_array(struct json *j, cJSON *parent, const char *key);
void json_null(struct json *j, cJSON *parent, const char *key);
void json_bool(struct json *j, cJSON *parent, const char *key, bool value);
void json_real(struct json *j, cJSON *parent, const char *key, double value);
void json_number(struct json *j, cJSON *parent, const char *key, struct number value);
void json_answer(struct json *j, cJSON *parent, const char *key, struct answer value);
void json_raw(struct json *j, cJSON *parent, const char *key, const char *json_text);

/* NULL and "" become null, or nothing at all; bytes that are not UTF-8 become U+FFFD. */
void json_text(struct json *j, cJSON *parent, const char *key, const char *text);
void json_text_if_any(struct json *j, cJSON *parent, const char *key, const char *text);

/* No NUL among the `n` bytes either; text[n] is a NUL. */
bool json_is_utf8(const char *text, size_t n);

/* `text` is terminated by a NUL at text[n]. 0; -EBADMSG not JSON (a NUL inside and broken UTF-8
 * included); -ERANGE JSON with a \u0000 or nested deeper than JSON_DEPTH_MAX; -ENOMEM.
 * `ret_exact`: no whole number in it lies beyond JSON_EXACT_MAX. */
int json_parse(const char *text, size_t n, cJSON **ret, bool *ret_exact);
