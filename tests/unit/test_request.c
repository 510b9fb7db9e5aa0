/* Requests: what is taken, what is refused with which code, and that the transaction comes back. */
#include "check.h"

#include "mqtt/request.h"

enum { ACTIVE, TIMEOUT, ADDRESS, NAME };

static const struct request_schema pairing = {
        .field = {{"active", REQUEST_BOOL, true, 0, 0, NULL, true},
                  {"timeout", REQUEST_INTEGER, false, 10, 600, "seconds", false},
                  {"address", REQUEST_ADDRESS, false, 0, 0, NULL, false},
                  {"name", REQUEST_STRING, false, 1, 8, NULL, false}},
        .n = 4,
};
static const struct request_schema sync = {
        .field = {{"device", REQUEST_ADDRESS, false, 0, 0, NULL, true}}, .n = 1};
static const struct request_schema rename_any = {
        .field = {{"name", REQUEST_STRING, true, 0, 0, NULL, true}}, .n = 1};
static const struct request_schema wait_for = {
        .field = {{"seconds", REQUEST_INTEGER, true, 0, 10, NULL, true}}, .n = 1};
static const struct request_schema nothing = {.n = 0};

static struct request request;
static char *error;

static enum request_code parse_bytes(const struct request_schema *schema, const char *payload,
                                     size_t size) {
        char *exact = malloc(size ? size : 1); /* of exact size: the sanitizer guards its end */
        enum request_code code;

        request_done(&request);
        free(error);
        memcpy(exact, payload, size);
        code = request_parse(schema, exact, size, &request, &error);
        free(exact);
        CHECK_EQ(!error, code == REQUEST_OK);
        return code;
}

static enum request_code parse(const struct request_schema *schema, const char *payload) {
        return parse_bytes(schema, payload, strlen(payload));
}

static void clean(void) {
        request_done(&request);
        free(error);
        error = NULL;
}

static void check_codes(const struct request_schema *schema, enum request_code code,
                        const char *const *payloads) {
        for (; *payloads; payloads++) {
                enum request_code got = parse(schema, *payloads);

                if (got != code)
                        printf("# %s: %s: %s\n", *payloads, request_code_to_string(got),
                               error ? error : "");
                CHECK_EQ(got, code);
        }
        clean();
}

static void an_object_fills_the_fields_of_the_schema(void) {
        CHECK_EQ(parse(&pairing, " {\"active\": true, \"timeout\": 60, \"name\": \"Zo\\u00eb\","
                                 "\"address\":\"AA:BB:CC:DD:EE:FF\",\"transaction\":\"t1\"}\r\n"),
                 REQUEST_OK);
        CHECK(request.value[ACTIVE].present && request.value[ACTIVE].boolean);
        CHECK_EQ(request.value[TIMEOUT].integer, 60);
        CHECK_EQ(request.value[ADDRESS].address.byte[5], 0xFF);
        CHECK_STR(request.value[NAME].text, "Zo\xC3\xAB");
        CHECK_STR(request.transaction, "\"t1\"");
        CHECK_EQ(parse(&pairing, "{\"active\":false}"), REQUEST_OK);
        CHECK(request.value[ACTIVE].present && !request.value[ACTIVE].boolean);
        CHECK(!request.value[TIMEOUT].present);
        CHECK(!request.transaction);
        clean();
}

static void nothing_is_an_empty_object(void) {
        CHECK_EQ(parse(&nothing, ""), REQUEST_OK);
        CHECK_EQ(parse(&nothing, " \r\n"), REQUEST_OK);
        CHECK_EQ(parse(&nothing, "{}"), REQUEST_OK);
        CHECK_EQ(parse(&sync, ""), REQUEST_OK);
        CHECK(!request.value[0].present);
        CHECK_EQ(parse(&pairing, ""), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"active\" is missing");
        clean();
}

static void a_bare_payload_is_the_single_argument(void) {
        static const char *const addresses[] = {"aabbccddeeff", " \"AA:BB:CC:DD:EE:FF\" ",
                                                "AA:BB:CC:DD:EE:FF", NULL};

        check_codes(&sync, REQUEST_OK, addresses);
        CHECK_EQ(parse(&sync, "112233445566"), REQUEST_OK); /* an id, though also a number */
        CHECK_EQ(request.value[0].address.byte[0], 0x11);
        CHECK_EQ(parse(&rename_any, "my cuff"), REQUEST_OK);
        CHECK_STR(request.value[0].text, "my cuff");
        CHECK_EQ(parse(&rename_any, "true"), REQUEST_OK);
        CHECK_STR(request.value[0].text, "true");
        CHECK_EQ(parse(&pairing, "true"), REQUEST_OK);
        CHECK(request.value[ACTIVE].boolean);
        CHECK_EQ(parse(&wait_for, "7"), REQUEST_OK);
        CHECK_EQ(request.value[0].integer, 7);
        CHECK_EQ(parse(&wait_for, "11"), REQUEST_BAD_REQUEST);
        CHECK_EQ(parse(&pairing, "on"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"active\" must be true or false");
        CHECK_EQ(parse(&pairing, "null"), REQUEST_BAD_REQUEST);
        CHECK_EQ(parse(&sync, "kitchen"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"device\" must be an address like \"AA:BB:CC:DD:EE:FF\"");
        clean();
}

static void without_a_single_argument_what_is_not_json_is_bad_json(void) {
        static const char *const bad[] = {"on", "aabbccddeeff",   "{", "]", "tru",
                                          "01", "\xEF\xBB\xBF{}", NULL};
        static const char *const json[] = {"true", "5", "\"x\"", "[]", "null", NULL};

        check_codes(&nothing, REQUEST_BAD_JSON, bad);
        check_codes(&nothing, REQUEST_BAD_REQUEST, json);
}

static void json_is_taken_strictly(void) {
        static const char *const bad[] = {
                "{\"active\":true",
                "{\"active\":true,}",
                "{\"active\":true}x",
                "{\"active\":true} {}",
                "{'active':true}",
                "{active:true}",
                "{\"active\":True}",
                "{\"active\":true,\"timeout\":+60}",
                "{\"active\":true,\"timeout\":060}",
                "{\"active\":true,\"timeout\":60.}",
                "{\"active\":true,\"timeout\":.6}",
                "{\"active\":true,\"timeout\":6e}",
                "{\"active\":true,\"timeout\":0x3c}",
                "{\"active\":true,\"timeout\":NaN}",
                "{\"active\":true,\"name\":\"a\nb\"}",
                "{\"active\":true,\"name\":\"\\x41\"}",
                "{\"active\":true,\"name\":\"\\u00g1\"}",
                "{\"active\":true,\"name\":\"\\ud83d\"}",
                "{\"active\":true,\"name\":\"\\ude00\"}",
                "{\"active\":true,\"name\":\"\\ud83dx\\ude00\"}",
                "{\"active\":true,\"name\":\"\xFF\"}",
                "{\"active\":true,\"name\":\"\xC0\x80\"}",
                "{\"active\":true,\"name\":\"open",
                "{\"active\":true,\"name\":\"open\\",
                "{\"active\":\v true}",
                "{\"active\":true /* on */}",
                "\"active",
                "[",
                NULL,
        };

        check_codes(&pairing, REQUEST_BAD_JSON, bad);
        CHECK_EQ(parse(&pairing, "{\"active\":true,\"name\":\"\\ud83d\\ude00\\u0027\"}"),
                 REQUEST_OK);
        CHECK_STR(request.value[NAME].text, "\xF0\x9F\x98\x80'");
        clean();
}

static void values_of_the_wrong_type_or_size_are_refused(void) {
        static const char *const bad[] = {
                "{\"active\":1}",
                "{\"active\":\"true\"}",
                "{\"active\":null}",
                "{\"active\":true,\"timeout\":9}",
                "{\"active\":true,\"timeout\":601}",
                "{\"active\":true,\"timeout\":60.5}",
                "{\"active\":true,\"timeout\":\"60\"}",
                "{\"active\":true,\"timeout\":1e400}",
                "{\"active\":true,\"timeout\":-60}",
                "{\"active\":true,\"timeout\":[60]}",
                "{\"active\":true,\"address\":\"AA:BB\"}",
                "{\"active\":true,\"address\":5}",
                "{\"active\":true,\"name\":\"\"}",
                "{\"active\":true,\"name\":\"ninebytes\"}",
                "{\"active\":true,\"name\":{}}",
                "{\"timeout\":60}",
                "[true]",
                NULL,
        };
        char text[REQUEST_TEXT + 1] = "";

        check_codes(&pairing, REQUEST_BAD_REQUEST, bad);
        CHECK_EQ(parse(&pairing, "{\"active\":true,\"timeout\":5}"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"timeout\" must be a whole number from 10 to 600 (seconds)");
        CHECK(!request.value[ACTIVE].present); /* nothing half-filled */
        memset(text, 'x', REQUEST_TEXT - 1);
        CHECK_EQ(parse(&rename_any, text), REQUEST_OK);
        text[REQUEST_TEXT - 1] = 'x';
        CHECK_EQ(parse(&rename_any, text), REQUEST_BAD_REQUEST);
        clean();
}

static void unknown_keys_are_named_with_the_nearest_known_one(void) {
        CHECK_EQ(parse(&pairing, "{\"active\":true,\"timout\":60}"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "unknown key \"timout\"; the nearest known one is \"timeout\"");
        CHECK_EQ(parse(&pairing, "{\"Active\":true}"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "unknown key \"Active\"; the nearest known one is \"active\"");
        CHECK_EQ(parse(&nothing, "{\"transactoin\":\"t\"}"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "unknown key \"transactoin\"; the nearest known one is \"transaction\"");
        CHECK_EQ(parse(&nothing, "{\"\":1}"), REQUEST_BAD_REQUEST);
        clean();
}

static void keys_that_stand_twice_are_refused(void) {
        CHECK_EQ(parse(&pairing, "{\"active\":true,\"activ\\u0065\":false,\"transaction\":\"t\"}"),
                 REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"active\" is there twice");
        CHECK_STR(request.transaction, "\"t\"");
        CHECK_EQ(parse(&nothing, "{\"transaction\":1,\"transaction\":2}"), REQUEST_BAD_REQUEST);
        CHECK(!request.transaction);
        clean();
}

static void a_nul_is_refused_wherever_it_stands(void) {
        static const char raw[] = "{\"active\":true}\0", inside[] = "{\"name\":\"a\0b\"}";

        CHECK_EQ(parse_bytes(&pairing, raw, sizeof raw - 1), REQUEST_BAD_JSON);
        CHECK_EQ(parse_bytes(&rename_any, inside, sizeof inside - 1), REQUEST_BAD_JSON);
        CHECK_EQ(parse_bytes(&rename_any, "a\0b", 3), REQUEST_BAD_JSON);
        CHECK_EQ(parse_bytes(&rename_any, "\0", 1), REQUEST_BAD_JSON);
        CHECK_EQ(parse(&rename_any, "{\"name\":\"a\\u0000b\"}"), REQUEST_BAD_REQUEST);
        CHECK_EQ(parse(&nothing, "{\"transaction\":\"\\u0000\"}"), REQUEST_BAD_REQUEST);
        CHECK(!request.transaction);
        clean();
}

static void deep_nesting_and_long_payloads_are_refused_early(void) {
        static char payload[REQUEST_SIZE_MAX + 2];

        CHECK_EQ(parse(&nothing, "{\"a\":[[[[[[[1]]]]]]]}"), REQUEST_BAD_REQUEST);
        CHECK(strstr(error, "unknown key"));
        CHECK_EQ(parse(&nothing, "{\"a\":[[[[[[[[1]]]]]]]]}"), REQUEST_BAD_REQUEST);
        CHECK(strstr(error, "nested deeper than 8"));
        memset(payload, '[', REQUEST_SIZE_MAX);
        CHECK_EQ(parse(&nothing, payload), REQUEST_BAD_REQUEST);
        memset(payload, ' ', REQUEST_SIZE_MAX);
        CHECK_EQ(parse(&nothing, payload), REQUEST_OK);
        payload[REQUEST_SIZE_MAX] = ' ';
        CHECK_EQ(parse(&nothing, payload), REQUEST_TOO_LARGE);
        CHECK(!request.transaction);
        clean();
}

static void transactions_are_kept_as_json(void) {
        static const struct {
                const char *given, *kept; /* NULL: refused */
        } cases[] = {
                {"\"\"", "\"\""},
                {"\"a\\\"b\\n\\u0027\\u00eb\\ud83d\\ude00\"",
                 "\"a\\\"b\\n'\xC3\xAB\xF0\x9F\x98\x80\""},
                {"42", "42"},
                {"-7", "-7"},
                {"0", "0"},
                {"-0", "0"},
                {"1e2", "100"},
                {"1e-400", "0"},
                {"9007199254740992", "9007199254740992"},
                {"9007199254740993", NULL},
                {"-9007199254740993", NULL},
                {"99999999999999999999999", NULL},
                {"1.5", NULL},
                {"1e999", NULL},
                {"true", NULL},
                {"null", NULL},
                {"[]", NULL},
                {"{}", NULL},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char payload[128];

                snprintf(payload, sizeof payload, "{\"transaction\":%s}", cases[i].given);
                CHECK_EQ(parse(&nothing, payload),
                         cases[i].kept ? REQUEST_OK : REQUEST_BAD_REQUEST);
                CHECK_EQ(!request.transaction, !cases[i].kept);
                if (cases[i].kept)
                        CHECK_STR(request.transaction, cases[i].kept);
        }
        clean();
}

static void a_transaction_of_256_bytes_is_the_longest(void) {
        char payload[400];

        snprintf(payload, sizeof payload, "{\"transaction\":\"%0256d\"}", 0);
        CHECK_EQ(parse(&nothing, payload), REQUEST_OK);
        snprintf(payload, sizeof payload, "{\"transaction\":\"%0257d\"}", 0);
        CHECK_EQ(parse(&nothing, payload), REQUEST_BAD_REQUEST);
        CHECK(!request.transaction);
        clean();
}

static void errors_carry_the_transaction(void) {
        CHECK_EQ(parse(&pairing, "{\"x\":1,\"active\":2,\"transaction\":5}"), REQUEST_BAD_REQUEST);
        CHECK_STR(request.transaction, "5");
        CHECK_EQ(parse(&pairing, "{\"active\":true,\"timeout\":99999999999999999999,"
                                 "\"transaction\":5}"),
                 REQUEST_BAD_REQUEST);
        CHECK_STR(request.transaction, "5");
        clean();
}

static void check_text(char *got, const char *want) {
        CHECK_STR(got, want);
        free(got);
}

static void answers_have_one_shape(void) {
        check_text(request_response(REQUEST_OK, "{\"a\":1}", NULL, "\"t\""),
                   "{\"status\":\"ok\",\"data\":{\"a\":1},\"transaction\":\"t\"}");
        check_text(request_response(REQUEST_ACCEPTED, NULL, NULL, NULL),
                   "{\"status\":\"accepted\",\"data\":{},\"transaction\":null}");
        check_text(request_response(REQUEST_BUSY, NULL, "One \"sync\" runs.", "42"),
                   "{\"status\":\"error\",\"data\":{},\"error\":\"One \\\"sync\\\" runs.\","
                   "\"code\":\"busy\",\"transaction\":42}");
        check_text(request_response(REQUEST_INTERNAL, NULL, NULL, NULL),
                   "{\"status\":\"error\",\"data\":{},\"error\":\"internal\","
                   "\"code\":\"internal\",\"transaction\":null}");
}

static void every_code_has_a_word(void) {
        for (int code = 0; code < REQUEST_CODE_MAX_; code++)
                CHECK(request_code_to_string((enum request_code) code));
        CHECK_STR(request_code_to_string(REQUEST_TOO_LARGE), "too_large");
}

static const char *const levels[] = {"info", "debug", NULL};
static const struct request_schema person = {
        .field = {{.name = "name", .type = REQUEST_STRING, .nullable = true, .min = 1, .max = 8},
                  {.name = "level", .type = REQUEST_STRING, .words = levels}},
        .n = 2};
static const struct request_schema people = {
        .field = {{.name = "1", .type = REQUEST_OBJECT, .members = &person},
                  {.name = "2", .type = REQUEST_OBJECT, .members = &person}},
        .n = 2};
static const struct request_schema users = {
        .field = {{.name = "users", .type = REQUEST_OBJECT, .required = true, .members = &people}},
        .n = 1};

static void objects_have_members_of_their_own(void) {
        struct request slots, one;

        CHECK_EQ(parse(&users, "{\"users\":{\"2\":{\"name\":\"Ann\",\"level\":\"debug\"}}}"),
                 REQUEST_OK);
        request_read(&people, request.value[0].object, &slots);
        CHECK(!slots.value[0].present && slots.value[1].present);
        request_read(&person, slots.value[1].object, &one);
        CHECK_STR(one.value[0].text, "Ann");
        CHECK_STR(one.value[1].text, "debug");
        CHECK_EQ(parse(&users, "{\"users\":{\"1\":{\"name\":null}}}"), REQUEST_OK);
        request_read(&people, request.value[0].object, &slots);
        request_read(&person, slots.value[0].object, &one);
        CHECK(one.value[0].present && one.value[0].null && !one.value[1].present);
        clean();
}

static void what_is_wrong_inside_is_said_with_its_place(void) {
        CHECK_EQ(parse(&users, "{\"users\":{\"3\":{}}}"), REQUEST_BAD_REQUEST);
        CHECK(strstr(error, "\"users\": unknown key \"3\""));
        CHECK_EQ(parse(&users, "{\"users\":{\"1\":{\"name\":\"\"}}}"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"users\": \"1\": \"name\" must be a text of 1 to 8 bytes, or null");
        CHECK_EQ(parse(&users, "{\"users\":{\"1\":{\"level\":\"loud\"}}}"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"users\": \"1\": \"level\" must be \"info\" or \"debug\"");
        CHECK_EQ(parse(&users, "{\"users\":{\"1\":{\"level\":null}}}"), REQUEST_BAD_REQUEST);
        CHECK_EQ(parse(&users, "{\"users\":[]}"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"users\" must be an object");
        CHECK_EQ(parse(&users, "{\"users\":null}"), REQUEST_BAD_REQUEST);
        CHECK_EQ(parse(&users, "{\"users\":{\"1\":{},\"1\":{}}}"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"users\": \"1\" is there twice");
        CHECK_EQ(parse(&users, "{\"users\":{\"transaction\":1}}"), REQUEST_BAD_REQUEST);
        clean();
}

/* Names go to Home Assistant and to terminals. */
static void names_are_one_line_with_something_to_see(void) {
        static const struct request_schema named = {.field = {{.name = "name",
                                                               .type = REQUEST_STRING,
                                                               .is_bare = true,
                                                               .is_name = true,
                                                               .min = 1,
                                                               .max = 20}},
                                                    .n = 1};

        check_codes(&named, REQUEST_OK,
                    (const char *const[]){"Anna", "Zo\xC3\xAB", " x ", "\xF0\x9F\x98\x80",
                                          "\xE6\x98\xA5", "\xED\x95\x9C",
                                          "{\"name\":\"Ann\\u0027s\"}", "{\"name\":\" Anna \"}",
                                          "{\"name\":\"\\ud83d\\udc69\\u200d\\ud83d\\udc67\"}",
                                          "{\"name\":\"\\u00a1\\u2010\\u2030\\u206a\"}", NULL});
        check_codes(&named, REQUEST_BAD_REQUEST,
                    (const char *const[]){
                            "\"\"", "\" \"", "a\tb", "a\nb", "a\x1B[31m", "a\x7F", "a\xC2\x80",
                            "a\xC2\x9F", "\xC2\xA0", "\xE3\x80\x80 ", "{\"name\":\"a\\u0001\"}",
                            "{\"name\":\"\\u0085a\"}", "{\"name\":\"a\\u2028b\"}",
                            "{\"name\":\"a\\u202e\"}", "{\"name\":\"a\\u2066\"}",
                            "{\"name\":\"\\u200b\\u2060\"}", "{\"name\":\"\\ufeff\"}", NULL});
        CHECK_EQ(parse(&rename_any, "{\"name\":5}"), REQUEST_BAD_REQUEST);
        CHECK_STR(error, "\"name\" must be a text of 0 to 127 bytes"); /* all there is room for */
        CHECK_EQ(parse(&named, "\" \""), REQUEST_BAD_REQUEST);
        CHECK_STR(error,
                  "\"name\" must be a text of 1 to 20 bytes in one line, with something to see");
        clean();
}

CHECK_MAIN("unit.request", TEST(an_object_fills_the_fields_of_the_schema),
           TEST(nothing_is_an_empty_object), TEST(a_bare_payload_is_the_single_argument),
           TEST(without_a_single_argument_what_is_not_json_is_bad_json),
           TEST(json_is_taken_strictly), TEST(values_of_the_wrong_type_or_size_are_refused),
           TEST(unknown_keys_are_named_with_the_nearest_known_one),
           TEST(keys_that_stand_twice_are_refused), TEST(a_nul_is_refused_wherever_it_stands),
           TEST(deep_nesting_and_long_payloads_are_refused_early),
           TEST(transactions_are_kept_as_json), TEST(a_transaction_of_256_bytes_is_the_longest),
           TEST(errors_carry_the_transaction), TEST(answers_have_one_shape),
           TEST(every_code_has_a_word), TEST(objects_have_members_of_their_own),
           TEST(what_is_wrong_inside_is_said_with_its_place),
           TEST(names_are_one_line_with_something_to_see))
