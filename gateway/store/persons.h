/* Persons: words that users of cuffs are mapped to (store_users_save). Every word that was ever
 * used is remembered, so that its topic can be cleared when nobody has it any more, whenever the
 * broker is there. */
#pragma once

#include <stddef.h>

#include "store/cuffs.h"
#include "store/measurements.h"

struct store_person {
        char slug[STORE_TEXT_SIZE];
};

/* Before a user is mapped to it. 0 or negative errno. */
int store_persons_note(struct store *s, const char *slug);
/* By the alphabet; `*ret` to be freed. 0 or negative errno. */
int store_persons_list(struct store *s, struct store_person **ret, size_t *ret_n);
/* The newest measurement of all users that are this person, of cuffs that were not removed.
 * -ENODATA: there is none. */
int store_persons_newest(struct store *s, const char *slug, struct store_measurement *ret);
