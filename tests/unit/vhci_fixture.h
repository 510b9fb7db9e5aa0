/* What the tests of the vhci front end share: PDUs as hex text, a record of what was said, bytes
 * that only look random. */
#pragma once

#include "check.h"
#include "exact.h"
#include "log.h"

/* "0a 0300" -> bytes; returns how many. */
static inline size_t from_hex(const char *text, uint8_t *ret) {
        size_t n = 0;
        unsigned byte;
        int used;

        while (sscanf(text, " %2x%n", &byte, &used) == 1) {
                ret[n++] = (uint8_t) byte;
                text += used;
        }
        return n;
}

/* Words in the order they were said, with a space between. */
struct record_of_words {
        char text[2048], taken[2048];
};

static inline void say(struct record_of_words *r, const char *word) {
        size_t used = strlen(r->text);

        if (used + strlen(word) + 2 > sizeof r->text)
                abort();
        sprintf(r->text + used, "%s%s", used ? " " : "", word);
}

static inline void say_bytes(struct record_of_words *r, const uint8_t *bytes, size_t n) {
        char hex[1100];

        if (2 * n + 1 > sizeof hex)
                abort();
        say(r, log_hex(bytes, n, hex));
}

/* What was said since the last call; valid until the next. */
static inline const char *take(struct record_of_words *r) {
        strcpy(r->taken, r->text);
        r->text[0] = '\0';
        return r->taken;
}

/* xorshift: the same for everybody who starts with the same seed, which is not 0. */
static inline uint32_t draw(uint32_t *seed) {
        *seed ^= *seed << 13;
        *seed ^= *seed >> 17;
        *seed ^= *seed << 5;
        return *seed;
}
