#include "cli/import_parse.h"

#include <errno.h>
#include <string.h>

#include "cli/import_layouts.h"

#define KNOWN                                                                                      \
        "omblepy's userN.csv begins with \"datetime,\", omblepy's and UBPM's ubpm.json with "      \
        "{\"UBPM\": ..}, OBPM's CSV with \"user;date;time;sys;dia;\""

static const struct layout {
        const char *name;
        bool tells_user;
        bool (*is)(const char *text, size_t n);
        int (*parse)(const char *text, size_t n, const struct import_events *events, void *owner,
                     const char **ret_why);
} layouts[] = {
        [IMPORT_OMBLEPY_CSV] = {"omblepy's CSV", false, import_omblepy_is, import_omblepy_parse},
        [IMPORT_OBPM_CSV] = {"OBPM's CSV", true, import_obpm_is, import_obpm_parse},
        [IMPORT_UBPM_JSON] = {"UBPM's JSON", true, import_ubpm_is, import_ubpm_parse},
};

#define LAYOUTS (sizeof layouts / sizeof layouts[0])

/* Programs of Windows put one before UTF-8. */
static void skip_mark(const char **text, size_t *n) {
        static const char mark[] = "\xEF\xBB\xBF";

        if (*n >= 3 && memcmp(*text, mark, 3) == 0) {
                *text += 3;
                *n -= 3;
        }
}

static bool begins(const char *text, size_t n, const char *with) {
        return n >= strlen(with) && memcmp(text, with, strlen(with)) == 0;
}

static const char *explain_unknown(const char *text, size_t n) {
        if (n == 0)
                return "The file is empty.";
        if (begins(text, n, "SQLite format 3"))
                return "This is a database of its program, whose layout is not known here: export "
                       "from that program as JSON (UBPM) or CSV (OBPM), and import that.";
        if (begins(text, n, "datetime,"))
                return "It begins like omblepy's CSV, but some of its columns are missing, doubled "
                       "or none of omblepy's (datetime, sys, dia, bpm, mov, ihb).";
        if (begins(text, n, "{") || begins(text, n, "["))
                return "This JSON is none that is known here: UBPM's and omblepy's begins with "
                       "{\"UBPM\": {\"U1\": [..]}}.";
        return "Its first line is none that is known here: " KNOWN
               ". UBPM's own CSV is not known well enough: export as JSON from UBPM.";
}

int import_detect(const char *text, size_t n, enum import_format *ret, const char **ret_why) {
        skip_mark(&text, &n);
        for (size_t i = 0; i < LAYOUTS; i++)
                if (layouts[i].is(text, n)) {
                        *ret = (enum import_format) i;
                        return 0;
                }
        *ret_why = explain_unknown(text, n);
        return -ENOTSUP;
}

bool import_format_tells_user(enum import_format format) {
        return layouts[format].tells_user;
}

const char *import_format_to_string(enum import_format format) {
        return layouts[format].name;
}

int import_parse(const char *text, size_t n, enum import_format format,
                 const struct import_events *events, void *owner, const char **ret_why) {
        skip_mark(&text, &n);
        return layouts[format].parse(text, n, events, owner, ret_why);
}
