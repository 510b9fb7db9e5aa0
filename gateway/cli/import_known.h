/* Whether a measurement of a file is in the database already. The store knows equal ones within two
 * seconds of one user; an export can have lost its seconds, and its user is what somebody typed. */
#pragma once

#include "cli/import_parse.h"
#include "store/store.h"

struct import_known {
        struct import_known_one *one;
        size_t n, allocated;
};

/* All of this cuff that have a usable time. 0 or negative errno. */
int import_known_load(struct import_known *k, struct store *s, const struct bdaddr *cuff);
void import_known_done(struct import_known *k);

enum import_known_match { IMPORT_NOT_KNOWN, IMPORT_KNOWN, IMPORT_KNOWN_OF_ANOTHER };

/* Of this cuff, with the same values, at the same moment: within two seconds, or in the same minute
 * where one of the two has no seconds. It is known whosever it is said to be: a cuff measures one
 * person. */
enum import_known_match import_known_find(const struct import_known *k,
                                          const struct import_row *row);
