/* One value of a request against its field: taken, or refused in words. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "mqtt/json.h"
#include "mqtt/request_parts.h"

enum request_code request_refuse(char **ret_error, enum request_code code, const char *format,
                                 ...) {
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(ret_error, format, arguments) < 0)
                *ret_error = NULL;
        va_end(arguments);
        return code;
}

static bool is_word(const char *const *words, const char *text) {
        while (*words && strcmp(*words, text) != 0)
                words++;
        return *words;
}

/* Of the well-formed UTF-8 character at `text`, which has `*ret_n` bytes. */
static uint32_t code_at(const char *text, size_t *ret_n) {
        const unsigned char *p = (const unsigned char *) text;
        size_t n = *p < 0x80 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
        uint32_t code = n == 1 ? *p : *p & (0x7Fu >> n);

        for (size_t i = 1; i < n; i++)
                code = code << 6 | (p[i] & 0x3Fu);
        *ret_n = n;
        return code;
}

/* Names go to Home Assistant and to terminals: no control characters, no line breaks, nothing that
 * turns the direction of what follows, and not only blanks. `text` is UTF-8. */
static bool is_name(const char *text) {
        static const struct {
                uint32_t first, last;
        } forbidden[] = {{0x00, 0x1F}, {0x7F, 0x9F}, {0x2028, 0x202E}, {0x2066, 0x2069}},
          blank[] = {{0x20, 0x20},     {0xA0, 0xA0},     {0x2000, 0x200F}, {0x202F, 0x202F},
                     {0x205F, 0x2064}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}};
        bool seen = false;

        for (size_t n; *text; text += n) {
                uint32_t code = code_at(text, &n);
                bool visible = true;

                for (size_t i = 0; i < ELEMENTS(forbidden); i++)
                        if (code >= forbidden[i].first && code <= forbidden[i].last)
                                return false;
                for (size_t i = 0; i < ELEMENTS(blank); i++)
                        visible &= code < blank[i].first || code > blank[i].last;
                seen |= visible;
        }
        return seen;
}

/* `min` is 0 for most texts; `max` 0 means as long as fits. */
static bool take_text(const struct request_field *field, const cJSON *item,
                      struct request_value *ret) {
        int64_t max = field->max > 0 && field->max < REQUEST_TEXT ? field->max : REQUEST_TEXT - 1;
        size_t n;

        if (!cJSON_IsString(item))
                return false;
        n = strlen(item->valuestring);
        if ((int64_t) n < field->min || (int64_t) n > max)
                return false;
        memcpy(ret->text, item->valuestring, n + 1);
        return (!field->words || is_word(field->words, ret->text)) &&
               (!field->is_name || is_name(ret->text));
}

bool request_value_integer(const struct request_field *field, const cJSON *item,
                           struct request_value *ret) {
        double value = cJSON_GetNumberValue(item); /* NaN unless a number */

        if (!(value >= (double) -JSON_EXACT_MAX && value <= (double) JSON_EXACT_MAX) ||
            (double) (int64_t) value != value)
                return false;
        ret->integer = (int64_t) value;
        return ret->integer >= field->min && ret->integer <= field->max;
}

bool request_value_take(const struct request_field *field, const cJSON *item,
                        struct request_value *ret) {
        ret->present = true;
        ret->null = field->nullable && cJSON_IsNull(item);
        if (ret->null)
                return true;
        switch (field->type) {
        case REQUEST_BOOL:
                ret->boolean = cJSON_IsTrue(item);
                return cJSON_IsBool(item);
        case REQUEST_INTEGER:
                return request_value_integer(field, item, ret);
        case REQUEST_STRING:
                return take_text(field, item, ret);
        case REQUEST_ADDRESS:
                return cJSON_IsString(item) &&
                       bdaddr_from_string(item->valuestring, &ret->address) == 0;
        case REQUEST_OBJECT:
                ret->object = item;
                return cJSON_IsObject(item);
        }
        return false;
}

/* "a", "b" or "c". To be freed. */
static char *list_words(const char *const *words) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        if (!f)
                return NULL;
        for (size_t i = 0; words[i]; i++)
                fprintf(f, "%s\"%s\"", i == 0 ? "" : words[i + 1] ? ", " : " or ", words[i]);
        fclose(f);
        return text;
}

/* What may stand there. To be freed. */
static char *wanted_of(const struct request_field *field) {
        int64_t most = field->max > 0 && field->max < REQUEST_TEXT ? field->max : REQUEST_TEXT - 1;
        char *wanted = NULL;
        int n = 0;

        switch (field->type) {
        case REQUEST_BOOL:
                n = asprintf(&wanted, "true or false");
                break;
        case REQUEST_INTEGER:
                n = asprintf(&wanted, "a whole number from %" PRId64 " to %" PRId64, field->min,
                             field->max);
                break;
        case REQUEST_STRING:
                if (field->words)
                        return list_words(field->words);
                n = asprintf(&wanted, "a text of %" PRId64 " to %" PRId64 " bytes%s", field->min,
                             most, field->is_name ? " in one line, with something to see" : "");
                break;
        case REQUEST_ADDRESS:
                n = asprintf(&wanted, "an address like \"AA:BB:CC:DD:EE:FF\"");
                break;
        case REQUEST_OBJECT:
                n = asprintf(&wanted, "an object");
                break;
        }
        return n < 0 ? NULL : wanted;
}

enum request_code request_value_refuse(const struct request_field *field, char **ret_error) {
        _cleanup_(freep) char *wanted = wanted_of(field);

        if (!wanted)
                return REQUEST_INTERNAL;
        return request_refuse(ret_error, REQUEST_BAD_REQUEST, "\"%s\" must be %s%s%s%s%s",
                              field->name, wanted, field->nullable ? ", or null" : "",
                              field->help ? " (" : "", field->help ? field->help : "",
                              field->help ? ")" : "");
}
