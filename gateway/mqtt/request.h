/* Requests under B/bridge/request/: parsed against a schema, answered in one shape.
 * The table {name, schema, handler} stands in app/requests.c. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bdaddr.h"

#define REQUEST_SIZE_MAX 4096 /* larger ones: too_large */
#define REQUEST_FIELDS   8
#define REQUEST_TEXT     128 /* longest string value, with NUL */

enum request_code {
        REQUEST_OK,
        REQUEST_ACCEPTED, /* not errors: the status word */
        REQUEST_BAD_JSON,
        REQUEST_BAD_REQUEST,
        REQUEST_UNKNOWN_REQUEST,
        REQUEST_UNKNOWN_DEVICE,
        REQUEST_NOT_PAIRED,
        REQUEST_BUSY,
        REQUEST_TIMEOUT,
        REQUEST_BLE_FAILED,
        REQUEST_AUTH_FAILED,
        REQUEST_ADAPTER_OFF,
        REQUEST_UNSUPPORTED,
        REQUEST_RATE_LIMITED,
        REQUEST_INTERNAL,
        REQUEST_TOO_LARGE,
        REQUEST_CODE_MAX_,
};
const char *request_code_to_string(enum request_code code); /* "ok" "accepted" "bad_json" .. */

enum request_type {
        REQUEST_BOOL,
        REQUEST_INTEGER,
        REQUEST_STRING,
        REQUEST_ADDRESS,
        REQUEST_OBJECT
};

struct cJSON;
struct request_schema;

struct request_field { /* one row of a schema */
        const char *name;
        enum request_type type;
        bool required;
        int64_t min, max; /* INTEGER: limits; STRING: length in bytes */
        const char *help; /* for docs and error texts */
        bool is_bare; /* a bare (non-JSON) payload, or a bare JSON string/number/bool, is this field
                       */
        bool nullable;            /* null is a value, too */
        bool is_name;             /* STRING: people read it: one line, with something to see */
        const char *const *words; /* STRING: one of these, up to a NULL; NULL: any text */
        const struct request_schema *members; /* OBJECT: what may stand in it */
};

struct request_schema {
        struct request_field field[REQUEST_FIELDS];
        size_t n;
};

struct request_value {
        bool present;
        bool null; /* it is null, where it may be */
        bool boolean;
        int64_t integer;
        struct bdaddr address;
        char text[REQUEST_TEXT];
        const struct cJSON *object; /* for request_read(); of the request */
};

struct request {
        struct request_value value[REQUEST_FIELDS]; /* by the index of the schema's field */
        char *transaction;  /* JSON text ("\"abc\"" or "42"), NULL none; freed by request_done */
        struct cJSON *root; /* freed by request_done */
};

/* `payload` may hold anything. Empty = {}. 0 (REQUEST_OK) or the code, with a sentence for people
 * in
 * `*ret_error` (to be freed). `ret` is always initialised: the transaction is there whenever it
 * could be read, also on errors. Unknown keys, duplicate keys, NUL in strings, depth > 8:
 * bad_request or bad_json. Transactions: strings up to 256 bytes, or integers up to 2^53. */
enum request_code request_parse(const struct request_schema *schema, const char *payload,
                                size_t size, struct request *ret, char **ret_error);
void request_done(struct request *r);
/* The fields of an OBJECT, which request_parse() has judged already. `ret` lives as long as the
 * request that it is of; not for request_done(). */
void request_read(const struct request_schema *schema, const struct cJSON *object,
                  struct request *ret);

/* {"status":"ok","data":{..},"transaction":..} / {"status":"accepted",..} /
 * {"status":"error","data":{}, "error":"..","code":"..","transaction":..}. `data` JSON text or NULL
 * for {}. To be freed. */
char *request_response(enum request_code code, const char *data, const char *error,
                       const char *transaction);
