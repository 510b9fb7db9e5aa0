#include "mqtt/request.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "mqtt/json.h"
#include "mqtt/request_parts.h"

#define TRANSACTION          "transaction"
#define TRANSACTION_SIZE_MAX 256
#define SHOWN                64 /* bytes of a foreign key that are looked at or repeated */

const char *request_code_to_string(enum request_code code) {
        static const char *const words[REQUEST_CODE_MAX_] = {
                [REQUEST_OK] = "ok",
                [REQUEST_ACCEPTED] = "accepted",
                [REQUEST_BAD_JSON] = "bad_json",
                [REQUEST_BAD_REQUEST] = "bad_request",
                [REQUEST_UNKNOWN_REQUEST] = "unknown_request",
                [REQUEST_UNKNOWN_DEVICE] = "unknown_device",
                [REQUEST_NOT_PAIRED] = "not_paired",
                [REQUEST_BUSY] = "busy",
                [REQUEST_TIMEOUT] = "timeout",
                [REQUEST_BLE_FAILED] = "ble_failed",
                [REQUEST_AUTH_FAILED] = "auth_failed",
                [REQUEST_ADAPTER_OFF] = "adapter_off",
                [REQUEST_UNSUPPORTED] = "unsupported",
                [REQUEST_RATE_LIMITED] = "rate_limited",
                [REQUEST_INTERNAL] = "internal",
                [REQUEST_TOO_LARGE] = "too_large",
        };

        return words[code];
}

static enum request_code refuse_key(const struct request_schema *schema, const char *key,
                                    char **ret_error) {
        struct nearest n;

        nearest_init(&n, key);
        for (size_t i = 0; i < schema->n; i++)
                nearest_offer(&n, schema->field[i].name);
        nearest_offer(&n, TRANSACTION);
        if (nearest_best(&n))
                return request_refuse(ret_error, REQUEST_BAD_REQUEST,
                                      "unknown key \"%.*s\"; the nearest known one is \"%s\"",
                                      SHOWN, key, nearest_best(&n));
        return request_refuse(ret_error, REQUEST_BAD_REQUEST, "unknown key \"%.*s\"", SHOWN, key);
}

/* A string or an exact whole number as JSON text; NULL when it is neither (or memory is out). */
static char *transaction_text(const cJSON *item, bool exact) {
        static const struct request_field any = {.min = -JSON_EXACT_MAX, .max = JSON_EXACT_MAX};
        struct request_value value = {0};
        char *text;

        if (cJSON_IsString(item))
                return strlen(item->valuestring) <= TRANSACTION_SIZE_MAX
                               ? cJSON_PrintUnformatted(item)
                               : NULL;
        if (!request_value_integer(&any, item, &value))
                return NULL;
        /* 2^53 is also what cJSON reads for 2^53 + 1, which could not be echoed unchanged. */
        if (!exact && (value.integer == any.min || value.integer == any.max))
                return NULL;
        /* Not printed by cJSON, which rounds to 15 digits. */
        return asprintf(&text, "%" PRId64, value.integer) < 0 ? NULL : text;
}

/* Taken before anything else is judged, so that errors carry it too; not when it stands there
 * twice. */
static enum request_code take_transaction(const cJSON *object, bool exact, struct request *ret,
                                          char **ret_error) {
        const cJSON *item, *found = NULL;

        cJSON_ArrayForEach(item, object) {
                if (strcmp(item->string, TRANSACTION) != 0)
                        continue;
                if (found)
                        return request_refuse(ret_error, REQUEST_BAD_REQUEST,
                                              "\"" TRANSACTION "\" is there twice");
                found = item;
        }
        if (!found)
                return REQUEST_OK;
        ret->transaction = transaction_text(found, exact);
        if (!ret->transaction)
                return request_refuse(ret_error, REQUEST_BAD_REQUEST,
                                      "\"" TRANSACTION
                                      "\" must be a text of at most %d bytes or a whole "
                                      "number up to 2^53",
                                      TRANSACTION_SIZE_MAX);
        return REQUEST_OK;
}

/* --- a request --- */

static enum request_code judge_members(const struct request_field *field, const cJSON *object,
                                       char **ret_error);

static enum request_code take_field(const struct request_schema *schema, size_t i,
                                    const cJSON *item, struct request *ret, char **ret_error) {
        const struct request_field *field = &schema->field[i];

        if (!request_value_take(field, item, &ret->value[i]))
                return request_value_refuse(field, ret_error);
        return ret->value[i].object ? judge_members(field, item, ret_error) : REQUEST_OK;
}

static enum request_code take_item(const struct request_schema *schema, const cJSON *item,
                                   struct request *ret, char **ret_error) {
        for (size_t i = 0; i < schema->n; i++) {
                if (strcmp(item->string, schema->field[i].name) != 0)
                        continue;
                if (ret->value[i].present)
                        return request_refuse(ret_error, REQUEST_BAD_REQUEST,
                                              "\"%s\" is there twice", schema->field[i].name);
                return take_field(schema, i, item, ret, ret_error);
        }
        return refuse_key(schema, item->string, ret_error);
}

static enum request_code check_required(const struct request_schema *schema,
                                        const struct request *request, char **ret_error) {
        for (size_t i = 0; i < schema->n; i++)
                if (schema->field[i].required && !request->value[i].present)
                        return request_refuse(ret_error, REQUEST_BAD_REQUEST, "\"%s\" is missing",
                                              schema->field[i].name);
        return REQUEST_OK;
}

static enum request_code take_members(const struct request_schema *schema, const cJSON *object,
                                      bool is_root, struct request *ret, char **ret_error) {
        const cJSON *item;

        cJSON_ArrayForEach(item, object) {
                enum request_code code = REQUEST_OK;

                if (!is_root || strcmp(item->string, TRANSACTION) != 0)
                        code = take_item(schema, item, ret, ret_error);
                if (code != REQUEST_OK)
                        return code;
        }
        return check_required(schema, ret, ret_error);
}

/* What it says is of the object inside: `"users": unknown key ..`. */
static enum request_code judge_members(const struct request_field *field, const cJSON *object,
                                       char **ret_error) {
        _cleanup_(freep) char *error = NULL;
        struct request request = {0};
        enum request_code code =
                take_members(field->members, object, /* is_root= */ false, &request, &error);

        if (code == REQUEST_OK)
                return code;
        return request_refuse(ret_error, code, "\"%s\": %s", field->name, error ? error : "");
}

void request_read(const struct request_schema *schema, const struct cJSON *object,
                  struct request *ret) {
        _cleanup_(freep) char *error = NULL;

        *ret = (struct request){0};
        take_members(schema, object, /* is_root= */ false, ret, &error);
}

static enum request_code take_object(const struct request_schema *schema, const cJSON *object,
                                     bool exact, struct request *ret, char **ret_error) {
        enum request_code code = take_transaction(object, exact, ret, ret_error);

        return code == REQUEST_OK
                       ? take_members(schema, object, /* is_root= */ true, ret, ret_error)
                       : code;
}

static enum request_code take_bare(const struct request_schema *schema, size_t bare,
                                   const cJSON *item, struct request *ret, char **ret_error) {
        enum request_code code = take_field(schema, bare, item, ret, ret_error);

        return code == REQUEST_OK ? check_required(schema, ret, ret_error) : code;
}

/* What begins neither as an object, an array nor a string is the bare field as it stands: the id of
 * a cuff may have twelve decimal digits and is no number then. */
static enum request_code take_raw(const struct request_schema *schema, size_t bare,
                                  const char *text, size_t n, struct request *ret,
                                  char **ret_error) {
        enum request_type type = schema->field[bare].type;
        _cleanup_(cJSON_Deletep) cJSON *item = NULL;
        bool exact;

        if (type == REQUEST_STRING || type == REQUEST_ADDRESS)
                item = cJSON_CreateString(text);
        else if (json_parse(text, n, &item, &exact) < 0)
                item = NULL; /* no value of any type */
        return take_bare(schema, bare, item, ret, ret_error);
}

static enum request_code take_payload(const struct request_schema *schema, const char *text,
                                      size_t n, struct request *ret, char **ret_error) {
        size_t bare = 0;
        cJSON *root = NULL;
        bool exact;
        int r;

        while (bare < schema->n && !schema->field[bare].is_bare)
                bare++;
        if (!json_is_utf8(text, n))
                return request_refuse(ret_error, REQUEST_BAD_JSON, "the request is not UTF-8 text");
        if (bare < schema->n && !strchr("{[\"", text[0]))
                return take_raw(schema, bare, text, n, ret, ret_error);
        r = json_parse(text, n, &root, &exact);
        ret->root = r < 0 ? NULL : root;
        if (r == -ERANGE)
                return request_refuse(
                        ret_error, REQUEST_BAD_REQUEST,
                        "the request holds \\u0000 or is nested deeper than %d levels",
                        JSON_DEPTH_MAX);
        if (r < 0)
                return request_refuse(ret_error, REQUEST_BAD_JSON, "the request is not valid JSON");
        if (cJSON_IsObject(root))
                return take_object(schema, root, exact, ret, ret_error);
        if (cJSON_IsString(root) && bare < schema->n)
                return take_bare(schema, bare, root, ret, ret_error);
        return request_refuse(ret_error, REQUEST_BAD_REQUEST, "the request must be a JSON object");
}

/* A copy with a final NUL and no white space around; {} in place of nothing. */
static char *trim(const char *payload, size_t size, size_t *ret_n) {
        static const char white[] = {' ', '\t', '\r', '\n'};
        char *text;

        for (; size > 0 && memchr(white, payload[0], sizeof white); size--)
                payload++;
        while (size > 0 && memchr(white, payload[size - 1], sizeof white))
                size--;
        if (size == 0) {
                payload = "{}";
                size = 2;
        }
        text = malloc(size + 1); /* not strndup: it would stop at a NUL, which must be refused */
        if (!text)
                return NULL;
        memcpy(text, payload, size);
        text[size] = '\0';
        *ret_n = size;
        return text;
}

enum request_code request_parse(const struct request_schema *schema, const char *payload,
                                size_t size, struct request *ret, char **ret_error) {
        _cleanup_(freep) char *text = NULL;
        enum request_code code;
        size_t n;

        *ret = (struct request){0};
        *ret_error = NULL;
        if (size > REQUEST_SIZE_MAX)
                return request_refuse(ret_error, REQUEST_TOO_LARGE,
                                      "the request is larger than %d bytes", REQUEST_SIZE_MAX);
        text = trim(payload, size, &n);
        if (!text)
                return REQUEST_INTERNAL;
        code = take_payload(schema, text, n, ret, ret_error);
        if (code != REQUEST_OK)
                memset(ret->value, 0, sizeof ret->value);
        return code;
}

void request_done(struct request *r) {
        free(r->transaction);
        cJSON_Delete(r->root);
        *r = (struct request){0};
}

/* --- the answer --- */

char *request_response(enum request_code code, const char *data, const char *error,
                       const char *transaction) {
        bool is_error = code != REQUEST_OK && code != REQUEST_ACCEPTED;
        struct json j = json_begin(cJSON_CreateObject());

        json_text(&j, j.root, "status", is_error ? "error" : request_code_to_string(code));
        json_raw(&j, j.root, "data", data && !is_error ? data : "{}");
        if (is_error) {
                json_text(&j, j.root, "error",
                          error && *error ? error : request_code_to_string(code));
                json_text(&j, j.root, "code", request_code_to_string(code));
        }
        json_raw(&j, j.root, "transaction", transaction ? transaction : "null");
        return json_end(&j);
}
