/* Whatever arrives under bridge/request/: parsed against each kind of schema, then answered. Holds:
 * a request that is refused says why and fills nothing; values keep their limits; the answer is one
 * JSON object with the documented keys; a transaction in the request is the one in the answer. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "mqtt/json.h"
#include "mqtt/request.h"

static const struct request_schema schemas[] = {
        {.field = {{"active", REQUEST_BOOL, true, 0, 0, NULL, true},
                   {"timeout", REQUEST_INTEGER, false, 10, 600, "seconds", false},
                   {"address", REQUEST_ADDRESS, false, 0, 0, NULL, false}},
         .n = 3},
        {.field = {{"device", REQUEST_ADDRESS, false, 0, 0, NULL, true},
                   {"name", REQUEST_STRING, false, 1, 32, NULL, false}},
         .n = 2},
        {.field = {{"name", REQUEST_STRING, true, 0, 0, NULL, true}}, .n = 1},
        {.n = 0},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_values(const struct request_schema *schema, const struct request *request,
                         bool taken) {
        for (size_t i = 0; i < REQUEST_FIELDS; i++) {
                const struct request_field *field = &schema->field[i];
                const struct request_value *value = &request->value[i];

                assert(!value->present || (taken && i < schema->n));
                if (taken && i < schema->n && field->required)
                        assert(value->present);
                if (!value->present)
                        continue;
                if (field->type == REQUEST_INTEGER)
                        assert(value->integer >= field->min && value->integer <= field->max);
                if (field->type == REQUEST_STRING)
                        assert(strnlen(value->text, REQUEST_TEXT) < REQUEST_TEXT);
        }
}

/* The answer as a subscriber sees it. */
static void check_answer(enum request_code code, const char *error, const char *transaction) {
        char *text = request_response(code, "{\"a\":1}", error, transaction);
        cJSON *answer = NULL, *sent = transaction ? cJSON_Parse(transaction) : cJSON_CreateNull();
        bool exact;

        assert(json_parse(text, strlen(text), &answer, &exact) == 0);
        assert(!strpbrk(text, "\r\n"));
        assert(cJSON_IsString(cJSON_GetObjectItem(answer, "status")));
        assert(cJSON_IsObject(cJSON_GetObjectItem(answer, "data")));
        assert(!cJSON_GetObjectItem(answer, "code") == (code == REQUEST_OK));
        assert(!cJSON_GetObjectItem(answer, "error") == (code == REQUEST_OK));
        assert(cJSON_Compare(cJSON_GetObjectItem(answer, "transaction"), sent, true));
        cJSON_Delete(answer);
        cJSON_Delete(sent);
        free(text);
}

/* What cJSON alone, told nothing of limits, finds as transaction is what we found. It takes any
 * control character for white space: what is an object only for it is left out. */
static void check_transaction(const uint8_t *data, size_t size, const struct request *request,
                              bool taken) {
        bool is_object = false;
        cJSON *root = cJSON_ParseWithLength((const char *) data, size), *kept;
        cJSON *given = cJSON_GetObjectItemCaseSensitive(root, "transaction");

        for (size_t i = 0; i < size && !is_object && memchr(" \t\r\n{", data[i], 5); i++)
                is_object = data[i] == '{';
        if (taken && is_object)
                assert(!request->transaction == !given);
        if (request->transaction) {
                kept = cJSON_Parse(request->transaction);
                assert(cJSON_IsString(kept) || cJSON_IsNumber(kept));
                assert(cJSON_Compare(kept, given, true));
                cJSON_Delete(kept);
        }
        cJSON_Delete(root);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        for (size_t i = 0; i < sizeof schemas / sizeof schemas[0]; i++) {
                struct request request;
                char *error;
                enum request_code code =
                        request_parse(&schemas[i], (const char *) data, size, &request, &error);

                assert(!error == (code == REQUEST_OK));
                assert(code == REQUEST_OK || code == REQUEST_BAD_JSON ||
                       code == REQUEST_BAD_REQUEST || code == REQUEST_TOO_LARGE);
                assert((code == REQUEST_TOO_LARGE) == (size > REQUEST_SIZE_MAX));
                check_values(&schemas[i], &request, code == REQUEST_OK);
                check_transaction(data, size, &request, code == REQUEST_OK);
                check_answer(code, error, request.transaction);
                request_done(&request);
                free(error);
        }
        return 0;
}
