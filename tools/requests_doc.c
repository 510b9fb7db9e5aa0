/* Prints docs/requests.md, the page about requests, from gateway/app/requests.c.
 * `make docs/requests.md` calls it; `make lint` compares. */
#include "app/requests.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* clang-format off */
static const char introduction[] =
        "<!-- Made by `make docs/requests.md` from gateway/app/requests.c. Do not edit. -->\n"
        "\n"
        "# Requests over MQTT\n"
        "\n"
        "Send to `cuff2mqtt/bridge/request/NAME` (QoS 1, **never retained**: a retained one is ignored\n"
        "and logged); the answer comes on `cuff2mqtt/bridge/response/NAME`. `cuff2mqtt` is the option\n"
        "`mqtt.base_topic`. The payload is one JSON object of at most 4096 bytes; nothing at all is `{}`.\n"
        "Where a field below is marked *bare*, its value may also be the whole payload, without JSON.\n"
        "Keys that are not here are refused, and so are keys that stand twice.\n"
        "\n"
        "Any request may have a `transaction`, a text of at most 256 bytes or a whole number up to 2^53:\n"
        "it comes back unchanged. The same request with the same transaction within a minute is answered\n"
        "again and not done again, unless it failed; with other data it is another request. With MQTT 5 a\n"
        "response topic below `cuff2mqtt/bridge/response/` and correlation data are honoured, for a second\n"
        "answer, too. At most 64 requests wait for a second answer: the next one that would change\n"
        "something is `busy`.\n"
        "\n"
        "    {\"status\": \"ok\", \"data\": {..}, \"transaction\": 42}\n"
        "    {\"status\": \"accepted\", \"data\": {..}, \"transaction\": 42}     it takes its time: a second answer follows\n"
        "    {\"status\": \"error\", \"data\": {}, \"error\": \"a sentence\", \"code\": \"busy\", \"transaction\": 42}\n"
        "\n"
        "| `code` | |\n"
        "|---|---|\n";

static const struct {
        enum request_code code;
        const char *meaning;
} codes[] = {
        {REQUEST_BAD_JSON, "the payload is not JSON (RFC 8259), or not UTF-8"},
        {REQUEST_BAD_REQUEST, "a key or a value is wrong; the sentence names it"},
        {REQUEST_TOO_LARGE, "more than 4096 bytes, or an answer that the broker does not take"},
        {REQUEST_UNKNOWN_REQUEST, "there is no request of this name"},
        {REQUEST_UNKNOWN_DEVICE, "there is no such cuff"},
        {REQUEST_NOT_PAIRED, "Bluetooth here has no keys for the cuff any more"},
        {REQUEST_BUSY, "it is being done already, or something else is in the way: later"},
        {REQUEST_TIMEOUT, "the cuff (or BlueZ) was not heard in time, or the window was closed before"},
        {REQUEST_BLE_FAILED, "the cuff was heard, and could not be read"},
        {REQUEST_AUTH_FAILED, "the pairing failed"},
        {REQUEST_ADAPTER_OFF, "Bluetooth is not ready"},
        {REQUEST_UNSUPPORTED, "the cuff cannot do it, or an option forbids it"},
        {REQUEST_RATE_LIMITED, "too soon after the last time"},
        {REQUEST_INTERNAL, "the database or memory fails; the sentence says what"},
};

static const char before_requests[] =
        "\n"
        "Who may write to `cuff2mqtt/bridge/request/#` can pair and remove cuffs, and read measurements\n"
        "with `history` (the option `mqtt.history` forbids it). See homeassistant.md for an ACL.\n";

/* clang-format on */

static_assert(ANSWERS_MAX == 64 && REQUEST_SIZE_MAX == 4096, "the introduction says so");

static void print_type(const struct request_field *f) {
        switch (f->type) {
        case REQUEST_BOOL:
                printf("true or false");
                break;
        case REQUEST_INTEGER:
                printf("a number, %" PRId64 " to %" PRId64, f->min, f->max);
                break;
        case REQUEST_ADDRESS:
                printf("an address, as \"AA:BB:CC:DD:EE:FF\"");
                break;
        case REQUEST_OBJECT:
                printf("an object");
                break;
        case REQUEST_STRING:
                for (size_t i = 0; f->words && f->words[i]; i++)
                        printf("%s\"%s\"", i == 0 ? "" : ", ", f->words[i]);
                if (!f->words)
                        printf("%s, at most %" PRId64 " bytes",
                               f->is_name ? "a text in one line" : "a text", f->max);
                break;
        }
        printf("%s%s", f->nullable ? " or null" : "", f->is_bare ? " (*bare*)" : "");
}

static void print_fields(const struct request_schema *schema, const char *inside) {
        for (size_t i = 0; i < schema->n; i++) {
                const struct request_field *f = &schema->field[i];
                char path[128];

                snprintf(path, sizeof path, "%s%s", inside, f->name);
                printf("| `%s`%s | ", path, f->required ? "" : " (may be left out)");
                print_type(f);
                printf(" | %s |\n", f->help ? f->help : "");
                if (f->members) {
                        snprintf(path, sizeof path, "%s%s.", inside, f->name);
                        print_fields(f->members, path);
                }
        }
}

int main(void) {
        fputs(introduction, stdout);
        for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
                printf("| `%s` | %s |\n", request_code_to_string(codes[i].code), codes[i].meaning);
        fputs(before_requests, stdout);
        for (const struct bridge_request *r = bridge_requests; r->name; r++) {
                printf("\n## `%s`\n\n%s\n", r->name, r->summary);
                if (r->schema.n) {
                        printf("\n| field | what it may be | |\n|---|---|---|\n");
                        print_fields(&r->schema, "");
                }
                printf("\nAnswer: %s.\n", r->answer);
        }
        return 0;
}
