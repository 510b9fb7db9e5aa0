#include "app/option_value.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/option_check.h"
#include "base/cleanup.h"

#define USEC_PER_S 1e6

static void *field_of(const struct option *o, struct config *c) {
        return (char *) c + o->offset;
}

static const void *const_field_of(const struct option *o, const struct config *c) {
        return (const char *) c + o->offset;
}

/* --- what it may hold ----------------------------------------------------------------------------
 */

static void describe_words(const struct option *o, char *ret, size_t size) {
        size_t n = (size_t) snprintf(ret, size, "one of");

        for (size_t i = 0; o->words[i] && n < size; i++)
                n += (size_t) snprintf(ret + n, size - n, "%s \"%s\"", i ? "," : "", o->words[i]);
}

void option_value_describe(const struct option *o, char *ret, size_t size) {
        switch (o->type) {
        case OPTION_BOOL:
                snprintf(ret, size, "true or false");
                return;
        case OPTION_INTEGER:
                snprintf(ret, size, "a whole number from %g to %g", o->min, o->max);
                return;
        case OPTION_SECONDS:
                snprintf(ret, size, "seconds from %g to %g", o->min, o->max);
                return;
        case OPTION_WORD:
                describe_words(o, ret, size);
                return;
        case OPTION_TEXT:
                snprintf(ret, size, "text in quotes, %sat most %g bytes",
                         o->min > 0 ? "not empty, " : "", o->max);
                return;
        case OPTION_URLS:
                snprintf(ret, size, "a URL in quotes, or a list [\"..\", \"..\"] of at most %d",
                         CONFIG_URLS_MAX);
                return;
        }
}

static int wrong(const struct option *o, const char *text, char why[OPTION_WHY_SIZE]) {
        char may[OPTION_WHY_SIZE / 2];

        option_value_describe(o, may, sizeof may);
        snprintf(why, OPTION_WHY_SIZE, "must be %s, not \"%.64s\"", may, text);
        return -EINVAL;
}

/* --- from text -----------------------------------------------------------------------------------
 */

/* -1 when it is none of them. */
static int find_word(const char *const *words, const char *text) {
        for (int i = 0; words[i]; i++)
                if (strcmp(words[i], text) == 0)
                        return i;
        return -1;
}

static int set_bool(const struct option *o, const char *text, bool *field,
                    char why[OPTION_WHY_SIZE]) {
        static const char *const words[] = {"false", "true", "no", "yes", "off",
                                            "on",    "0",    "1",  NULL};
        int i = find_word(words, text);

        if (i < 0)
                return wrong(o, text, why);
        *field = i % 2;
        return 0;
}

/* The whole text, within the limits; infinity and not-a-number never are. */
static bool number_from(const struct option *o, const char *text, double *ret) {
        char *end;
        double value = strtod(text, &end);

        if (text[0] == '\0' || *end || !(value >= o->min && value <= o->max))
                return false;
        *ret = value;
        return true;
}

static int set_number(const struct option *o, const char *text, struct config *c,
                      char why[OPTION_WHY_SIZE]) {
        double value;

        if (!number_from(o, text, &value))
                return wrong(o, text, why);
        if (o->type == OPTION_SECONDS) {
                *(uint64_t *) field_of(o, c) = (uint64_t) (value * USEC_PER_S + 0.5);
                return 0;
        }
        if (value != (double) (unsigned) value)
                return wrong(o, text, why);
        *(unsigned *) field_of(o, c) = (unsigned) value;
        return 0;
}

static int set_word(const struct option *o, const char *text, int *field,
                    char why[OPTION_WHY_SIZE]) {
        int i = find_word(o->words, text);

        if (i < 0)
                return wrong(o, text, why);
        *field = i;
        return 0;
}

static int set_text(const struct option *o, const char *text, char **field,
                    char why[OPTION_WHY_SIZE]) {
        size_t n = strlen(text);
        char *copy = NULL;

        if (n < (size_t) o->min) {
                snprintf(why, OPTION_WHY_SIZE, "must not be empty: the default is \"%s\"",
                         o->standard);
                return -EINVAL;
        }
        if (n > (size_t) o->max) {
                snprintf(why, OPTION_WHY_SIZE, "must be at most %g bytes long, not %zu", o->max, n);
                return -EINVAL;
        }
        if (n && !option_check_characters(text, why, OPTION_WHY_SIZE))
                return -EINVAL;
        if (n && o->check && !o->check(text, why, OPTION_WHY_SIZE))
                return -EINVAL;
        if (n && !(copy = strdup(text)))
                return -ENOMEM;
        free(*field);
        *field = copy;
        return 0;
}

static int add_url(const struct option *o, const char *text, struct config *c,
                   char why[OPTION_WHY_SIZE]) {
        if (strlen(text) > 256) {
                snprintf(why, OPTION_WHY_SIZE, "must be at most 256 bytes long, not %zu",
                         strlen(text));
                return -EINVAL;
        }
        if (!option_check_characters(text, why, OPTION_WHY_SIZE) ||
            !o->check(text, why, OPTION_WHY_SIZE))
                return -EINVAL;
        if (c->mqtt.n_urls == CONFIG_URLS_MAX) {
                snprintf(why, OPTION_WHY_SIZE, "may list %d brokers at most: take some out",
                         CONFIG_URLS_MAX);
                return -EINVAL;
        }
        if (!(c->mqtt.url[c->mqtt.n_urls] = strdup(text)))
                return -ENOMEM;
        c->mqtt.n_urls++;
        return 0;
}

int option_value_set(const struct option *o, const char *text, struct config *c,
                     char why[OPTION_WHY_SIZE]) {
        switch (o->type) {
        case OPTION_BOOL:
                return set_bool(o, text, field_of(o, c), why);
        case OPTION_INTEGER:
        case OPTION_SECONDS:
                return set_number(o, text, c, why);
        case OPTION_WORD:
                return set_word(o, text, field_of(o, c), why);
        case OPTION_TEXT:
                return set_text(o, text, field_of(o, c), why);
        case OPTION_URLS:
                return add_url(o, text, c, why);
        }
        return -EINVAL;
}

int option_value_set_default(const struct option *o, struct config *c) {
        char why[OPTION_WHY_SIZE];

        option_value_clear(o, c);
        return option_value_set(o, o->standard, c, why);
}

void option_value_clear(const struct option *o, struct config *c) {
        if (o->type == OPTION_TEXT) {
                char **text = field_of(o, c);

                free(*text);
                *text = NULL;
        }
        if (o->type == OPTION_URLS)
                for (; c->mqtt.n_urls > 0; c->mqtt.n_urls--)
                        free(TAKE_PTR(c->mqtt.url[c->mqtt.n_urls - 1]));
}

/* --- to text -------------------------------------------------------------------------------------
 */

static void print_quoted(const char *text, FILE *out) {
        putc('"', out);
        for (; *text; text++) {
                if (*text == '"' || *text == '\\')
                        putc('\\', out);
                putc(*text, out);
        }
        putc('"', out);
}

static void print_urls(char *const *urls, FILE *out) {
        putc('[', out);
        for (size_t i = 0; urls[i]; i++) {
                if (i)
                        fputs(", ", out);
                print_quoted(urls[i], out);
        }
        putc(']', out);
}

static void print_text(const struct option *o, const char *text, FILE *out) {
        print_quoted(!text ? "" : o->is_secret ? "(set)" : text, out);
}

void option_value_print(const struct option *o, const struct config *c, FILE *out) {
        const void *field = const_field_of(o, c);

        switch (o->type) {
        case OPTION_BOOL:
                fputs(*(const bool *) field ? "true" : "false", out);
                return;
        case OPTION_INTEGER:
                fprintf(out, "%u", *(const unsigned *) field);
                return;
        case OPTION_SECONDS:
                fprintf(out, "%.12g", (double) *(const uint64_t *) field / USEC_PER_S);
                return;
        case OPTION_WORD:
                print_quoted(o->words[*(const int *) field], out);
                return;
        case OPTION_TEXT:
                print_text(o, *(char *const *) field, out);
                return;
        case OPTION_URLS:
                print_urls(field, out);
                return;
        }
}

void option_value_print_default(const struct option *o, FILE *out) {
        bool is_bare =
                o->type == OPTION_BOOL || o->type == OPTION_INTEGER || o->type == OPTION_SECONDS;

        if (is_bare)
                fputs(o->standard, out);
        else
                print_quoted(o->standard, out);
}
