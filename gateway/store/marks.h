/* How far the memory of a cuff was read and kept: a place in the ring of each user. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bdaddr.h"
#include "store/store.h"

struct store_mark {
        bool known;
        uint16_t slot;
        uint64_t hash; /* of the record in it: another one there means that the ring has moved on */
};

/* `ret[i]` is that of user i + 1; those never saved are unknown. 0 or negative errno. */
int store_marks_load(struct store *s, const struct bdaddr *cuff, struct store_mark *ret, size_t n);
/* All `n` in one transaction; an unknown one is forgotten. 0 or negative errno. */
int store_marks_save(struct store *s, const struct bdaddr *cuff, const struct store_mark *marks,
                     size_t n);
