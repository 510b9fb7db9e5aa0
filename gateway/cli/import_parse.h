/* What other programs exported: bytes in, measurements out. No I/O, no clock, nothing kept.
 * The layouts, and where each is known from, are in docs/import.md. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "core/measurement.h"

enum import_format {
        IMPORT_OMBLEPY_CSV, /* datetime,dia,sys,bpm,mov,ihb: in any order after the first */
        IMPORT_OBPM_CSV,    /* user;date;time;sys;dia;bpm;comment */
        IMPORT_UBPM_JSON,   /* {"UBPM": {"U1": [{"date", "time", "sys", "dia", ..}]}} */
};

struct import_row {
        struct measurement measurement; /* its user: MEASUREMENT_USER_UNKNOWN if the file does not
                                         * tell; its time is usable */
        bool whole_minute;              /* the file has no seconds: they are 0 here */
};

struct import_events {
        /* NULL: taken. Else why not, a part of a sentence; `refused` is told then. */
        const char *(*row)(void *owner, const struct import_row *row);
        /* `where`: "line 12", or "U2, entry 3"; valid during the call. No value stands in either.
         */
        void (*refused)(void *owner, const char *where, const char *why);
};

/* By its first bytes. 0, or -ENOTSUP with `*ret_why` (not to be freed): a sentence with what to do.
 * `text` ends with a NUL at text[n], as below. */
int import_detect(const char *text, size_t n, enum import_format *ret, const char **ret_why);
bool import_format_tells_user(enum import_format format);
const char *import_format_to_string(enum import_format format); /* for people */

/* Each row in the order of the file, refused or taken; empty lines are passed over. `format`: what
 * import_detect() found. 0, or -EBADMSG as a whole it cannot be read (damaged JSON), with
 * `*ret_why` as above: then no row was told. */
int import_parse(const char *text, size_t n, enum import_format format,
                 const struct import_events *events, void *owner, const char **ret_why);
