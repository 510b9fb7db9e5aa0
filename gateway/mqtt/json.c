#include "mqtt/json.h"

#include <errno.h>
#include <string.h>

/* --- UTF-8 --- */

/* Bytes of the well-formed sequence at `p` (Unicode 15, table 3-7); 0 none, also at the final NUL.
 */
static size_t utf8_sequence(const unsigned char *p) {
        static const struct {
                unsigned char first, last, second_low, second_high, n;
        } forms[] = {
                {0x01, 0x7F, 0x00, 0x00, 1}, {0xC2, 0xDF, 0x80, 0xBF, 2},
                {0xE0, 0xE0, 0xA0, 0xBF, 3}, {0xE1, 0xEC, 0x80, 0xBF, 3},
                {0xED, 0xED, 0x80, 0x9F, 3}, {0xEE, 0xEF, 0x80, 0xBF, 3},
                {0xF0, 0xF0, 0x90, 0xBF, 4}, {0xF1, 0xF3, 0x80, 0xBF, 4},
                {0xF4, 0xF4, 0x80, 0x8F, 4},
        };

        for (size_t f = 0; f < ELEMENTS(forms); f++) {
                if (*p < forms[f].first || *p > forms[f].last)
                        continue;
                if (forms[f].n > 1 && (p[1] < forms[f].second_low || p[1] > forms[f].second_high))
                        return 0;
                for (size_t i = 2; i < forms[f].n; i++)
                        if ((p[i] & 0xC0) != 0x80)
                                return 0;
                return forms[f].n;
        }
        return 0;
}

bool json_is_utf8(const char *text, size_t n) {
        const unsigned char *p = (const unsigned char *) text, *end = p + n;

        for (size_t length; (length = utf8_sequence(p)) > 0;)
                p += length;
        return p == end;
}

static char *utf8_repair(const char *text) {
        static const char replacement[] = "\xEF\xBF\xBD"; /* U+FFFD */
        char *repaired = malloc(3 * strlen(text) + 1), *to = repaired;

        if (!repaired)
                return NULL;
        while (*text) {
                size_t n = utf8_sequence((const unsigned char *) text);

                to = mempcpy(to, n ? text : replacement, n ? n : 3);
                text += n ? n : 1;
        }
        *to = '\0';
        return repaired;
}

/* --- building --- */

struct json json_begin(cJSON *root) {
        return (struct json){.root = root, .failed = !root};
}

char *json_end(struct json *j) {
        char *text = j->failed ? NULL : cJSON_PrintUnformatted(j->root);

        cJSON_Delete(j->root);
        *j = (struct json){.failed = true};
        return text;
}

static cJSON *add(struct json *j, cJSON *parent, const char *key, cJSON *item) {
        if (item &&
            (key ? cJSON_AddItemToObject(parent, key, item) : cJSON_AddItemToArray(parent, item)))
                return item;
        cJSON_Delete(item);
        j->failed = true;
        return NULL;
}

cJSON *json_object(struct json *j, cJSON *parent, const char *key) {
        return add(j, parent, key, cJSON_CreateObject());
}

cJSON *json_array(struct json *j, cJSON *parent, const char *key) {
        return add(j, parent, key, cJSON_CreateArray());
}

void json_null(struct json *j, cJSON *parent, const char *key) {
        add(j, parent, key, cJSON_CreateNull());
}

void json_bool(struct json *j, cJSON *parent, const char *key, bool value) {
        add(j, parent, key, cJSON_CreateBool(value));
}

void json_real(struct json *j, cJSON *parent, const char *key, double value) {
        add(j, parent, key, cJSON_CreateNumber(value));
}

void json_number(struct json *j, cJSON *parent, const char *key, struct number value) {
        add(j, parent, key, value.known ? cJSON_CreateNumber(value.value) : cJSON_CreateNull());
}

void json_answer(struct json *j, cJSON *parent, const char *key, struct answer value) {
        add(j, parent, key, value.known ? cJSON_CreateBool(value.yes) : cJSON_CreateNull());
}

void json_raw(struct json *j, cJSON *parent, const char *key, const char *text) {
        add(j, parent, key, cJSON_CreateRaw(text));
}

void json_text_if_any(struct json *j, cJSON *parent, const char *key, const char *text) {
        _cleanup_(freep) char *repaired = NULL;

        if (!text || !*text)
                return;
        repaired = utf8_repair(text);
        add(j, parent, key, repaired ? cJSON_CreateString(repaired) : NULL);
}

void json_text(struct json *j, cJSON *parent, const char *key, const char *text) {
        if (text && *text)
                json_text_if_any(j, parent, key, text);
        else
                json_null(j, parent, key);
}

/* --- parsing --- */

/* cJSON is generous: it takes raw control characters, 01, -.5, a byte order mark, \uZZZZ (as NUL)
 * and 1000 levels. This walk over the tokens refuses those; cJSON then judges how they stand
 * together. */
struct scan {
        const char *at; /* ends at a NUL, which no token contains */
        unsigned depth;
        bool has_nul, exact;
};

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool scan_digits(struct scan *s) {
        const char *start = s->at;

        while (is_digit(*s->at))
                s->at++;
        return s->at > start;
}

static bool scan_number(struct scan *s) {
        const char *first = *s->at == '-' ? ++s->at : s->at;

        if (!scan_digits(s) || (*first == '0' && s->at > first + 1))
                return false;
        if (*s->at != '.' && *s->at != 'e' && *s->at != 'E') {
                errno = 0;
                if (strtoull(first, NULL, 10) > (unsigned long long) JSON_EXACT_MAX || errno)
                        s->exact = false;
                return true;
        }
        if (*s->at == '.' && (s->at++, !scan_digits(s)))
                return false;
        if (*s->at != 'e' && *s->at != 'E')
                return true;
        s->at++;
        if (*s->at == '+' || *s->at == '-')
                s->at++;
        return scan_digits(s);
}

static bool scan_string(struct scan *s) {
        s->at++;
        while (*s->at != '"') {
                if ((unsigned char) *s->at < ' ')
                        return false;
                if (*s->at++ != '\\')
                        continue;
                if (*s->at == 'u') {
                        if (strspn(s->at + 1, "0123456789abcdefABCDEF") < 4)
                                return false;
                        s->has_nul |= strncmp(s->at + 1, "0000", 4) == 0;
                }
                if (*s->at)
                        s->at++;
        }
        s->at++;
        return true;
}

static int scan_token(struct scan *s) {
        if (*s->at == '"')
                return scan_string(s) ? 0 : -EBADMSG;
        if (*s->at == '-' || is_digit(*s->at))
                return scan_number(s) ? 0 : -EBADMSG;
        if (*s->at == '{' || *s->at == '[')
                s->depth++;
        else if (*s->at == '}' || *s->at == ']')
                s->depth--;
        else if (!strchr(" \t\r\n,:aeflnrstu", *s->at)) /* of true, false, null */
                return -EBADMSG;
        s->at++;
        return s->depth == JSON_DEPTH_MAX + 1 ? -ERANGE : 0;
}

int json_parse(const char *text, size_t n, cJSON **ret, bool *ret_exact) {
        struct scan s = {.at = text, .exact = true};
        cJSON *root;

        if (!json_is_utf8(text, n))
                return -EBADMSG;
        while (*s.at) {
                int r = scan_token(&s);

                if (r < 0)
                        return r;
        }
        root = cJSON_ParseWithLengthOpts(text, n + 1, NULL, true);
        if (!root) /* or out of memory, which cJSON does not tell apart */
                return -EBADMSG;
        if (s.has_nul) {
                cJSON_Delete(root);
                return -ERANGE;
        }
        *ret = root;
        *ret_exact = s.exact;
        return 0;
}
