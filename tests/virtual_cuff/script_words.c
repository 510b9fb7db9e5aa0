#include "script_words.h"

#include <ctype.h>

#include "util.h"

void words_split(struct words *w, char *line) {
        char *at = line, *to;

        *w = (struct words){0};
        while (w->n < WORDS_MAX) {
                bool quoted = false;

                while (isspace((unsigned char) *at))
                        at++;
                if (!*at || *at == '#')
                        return;
                w->word[w->n++] = to = at;
                for (; *at && (quoted || !isspace((unsigned char) *at)); at++) {
                        if (*at == '"')
                                quoted = !quoted;
                        else
                                *to++ = *at;
                }
                if (*at)
                        at++;
                *to = '\0';
        }
}

const char *words_option(const struct words *w, const char *key) {
        size_t n = strlen(key);

        for (size_t i = 1; i < w->n; i++)
                if (strncmp(w->word[i], key, n) == 0 && w->word[i][n] == '=')
                        return w->word[i] + n + 1;
        return NULL;
}

unsigned words_number(struct words *w, const char *key, unsigned min, unsigned max) {
        const char *text = words_option(w, key);
        unsigned long n = text ? strtoul(text, NULL, 0) : 0;

        if (!text || (n >= min && n <= max))
                return (unsigned) n;
        w->problem = "a number is out of range";
        return 0;
}

bool words_yes(const char *text) {
        return text && (strcmp(text, "yes") == 0 || strcmp(text, "on") == 0 ||
                        strcmp(text, "true") == 0 || strcmp(text, "1") == 0);
}

static bool is_address(const char *word) {
        if (strlen(word) != 17)
                return false;
        for (size_t i = 0; i < 17; i++)
                if (i % 3 == 2 ? word[i] != ':' : !isxdigit((unsigned char) word[i]))
                        return false;
        return true;
}

const char *words_plain(const struct words *w, size_t nth) {
        for (size_t i = 1; i < w->n; i++)
                if (!strchr(w->word[i], '=') && !is_address(w->word[i]) && nth-- == 0)
                        return w->word[i];
        return NULL;
}

const char *words_address(const struct words *w) {
        for (size_t i = 1; i < w->n; i++)
                if (is_address(w->word[i])) {
                        for (char *c = w->word[i]; *c; c++)
                                *c = (char) toupper((unsigned char) *c);
                        return w->word[i];
                }
        return NULL;
}

struct cuff *words_find_cuff(struct front *f, const char *address) {
        for (struct cuff *c = front_first(f); c; c = front_next(c))
                if (strcmp(front_address(c), address) == 0)
                        return c;
        return NULL;
}

struct cuff *words_cuff(struct words *w, struct front *f) {
        const char *address = words_address(w);
        struct cuff *only = front_first(f), *found = address ? words_find_cuff(f, address) : only;

        if (!found)
                w->problem = "no such cuff";
        else if (!address && front_next(only))
                w->problem = "which cuff?";
        return w->problem ? NULL : found;
}

bool words_find(const char *const *names, size_t n, const char *name, unsigned *ret) {
        for (unsigned i = 0; name && i < n; i++)
                if (names[i] && strcmp(names[i], name) == 0) {
                        *ret = i;
                        return true;
                }
        return false;
}

unsigned words_times(const struct words *w) {
        const char *times = words_option(w, "times");

        return times ? (unsigned) strtoul(times, NULL, 10) : 1;
}
