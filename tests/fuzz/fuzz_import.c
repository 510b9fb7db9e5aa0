/* Any bytes as an export of another program. */
#include "cli/import_parse.h"

#include <errno.h>
#include <string.h>

#include "fuzz/property.h"

struct told {
        size_t rows, refused;
        enum import_format format;
        bool whimsical; /* every other row is refused here */
};

static const char *on_row(void *owner, const struct import_row *row) {
        const struct measurement *m = &row->measurement;
        struct told *t = owner;

        REQUIRE(measurement_check(m) == 0);
        REQUIRE(m->has_time && date_time_check(&m->taken) == 0 && m->taken.second < 60);
        REQUIRE(!date_time_is_first_day(&m->taken));
        REQUIRE(import_format_tells_user(t->format) == (m->user != MEASUREMENT_USER_UNKNOWN));
        REQUIRE(m->user > 0);
        REQUIRE(!row->whole_minute || m->taken.second == 0);
        REQUIRE(m->pulse_bpm.known || m->pulse_bpm.value == 0);
        t->rows++;
        return t->whimsical && t->rows % 2 ? "of a whim" : NULL;
}

static void on_refused(void *owner, const char *where, const char *why) {
        struct told *t = owner;

        REQUIRE(where[0] && strlen(where) < 40);
        REQUIRE(why[0] && why[strlen(why) - 1] != '.');
        for (; *where; where++)
                REQUIRE(*where >= ' ' && *where < 0x7F);
        t->refused++;
}

static int parse(const char *text, size_t n, struct told *t) {
        static const struct import_events events = {.row = on_row, .refused = on_refused};
        const char *why = NULL;
        int r = import_parse(text, n, t->format, &events, t, &why);

        REQUIRE(r == 0 || r == -EBADMSG);
        REQUIRE((r < 0) == (why != NULL));
        REQUIRE(r == 0 || t->rows + t->refused == 0);
        return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) {
        char *text = malloc(n + 1);
        struct told plain = {0}, whim = {.whimsical = true};
        const char *why = NULL;
        int r;

        REQUIRE(text);
        if (n > 0)
                memcpy(text, data, n);
        text[n] = '\0';
        r = import_detect(text, n, &plain.format, &why);
        REQUIRE(r == 0 || (r == -ENOTSUP && why));
        if (r == 0) {
                whim.format = plain.format;
                REQUIRE(parse(text, n, &plain) == parse(text, n, &whim));
                REQUIRE(plain.rows == whim.rows);
                REQUIRE(plain.refused + (plain.rows + 1) / 2 == whim.refused);
        }
        free(text);
        return 0;
}
