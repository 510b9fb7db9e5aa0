/* How far the memory of a cuff was read and kept: a place in the ring of each user. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/bdaddr.h"
#include "core/omron_record.h"
#include "store/store.h"

/* `ret[i]` is that of user i + 1; those never saved are unknown. 0 or negative errno. */
int store_marks_load(struct store *s, const struct bdaddr *cuff, struct omron_mark *ret, size_t n);
/* All `n` in one transaction; an unknown one is forgotten. 0 or negative errno. */
int store_marks_save(struct store *s, const struct bdaddr *cuff, const struct omron_mark *marks,
                     size_t n);
