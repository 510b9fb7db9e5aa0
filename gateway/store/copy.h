/* A consistent copy of everything a gateway knows, taken while the service runs: the database and
 * the keys of the cuffs. Put in place of a state directory it is that gateway: same measurements,
 * same ids, same keys. */
#pragma once

#include "store/store.h"

/* Makes the directory `to` (0700; it must not be there yet) with cuff2mqtt.db and keys/ in it
 * (0600), whole or not at all, and on the disk when it returns 0. `directory`: where `s` lives;
 * `s`: of a service, or of store_open_reader(). 0, or negative errno with `*ret_why` set (to be
 * freed): one sentence for people with the remedy; -EEXIST: `to` is there. */
int store_copy(struct store *s, const char *directory, const char *to, char **ret_why);
