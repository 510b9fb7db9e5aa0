#include "script_words.h"

#include <ctype.h>

#include "dbus_device.h"
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
                if (is_address(w->word[i]))
                        return w->word[i];
        return NULL;
}

struct device *words_cuff(struct words *w, struct daemon *d) {
        const char *address = words_address(w);
        struct device *found = NULL;

        for (struct device *dev = d->devices; dev; dev = dev->next) {
                if (!dev->cuff || (address && strcasecmp(dev->address, address) != 0))
                        continue;
                if (found)
                        w->problem = "which cuff?";
                found = dev;
        }
        if (!found)
                w->problem = "no such cuff";
        return w->problem ? NULL : found;
}

unsigned words_times(const struct words *w) {
        const char *times = words_option(w, "times");

        return times ? (unsigned) strtoul(times, NULL, 10) : 1;
}
