/* Cuffs that were removed: remembered, so that what is retained of them on the broker can be
 * cleared whenever it is there, and a bond that BlueZ kept does not bring them back. Also when it
 * was paired again: the users that it had may not be those that it has. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/bdaddr.h"
#include "store/store.h"

#define STORE_REMOVED_USERS_MAX 8

struct store_removed {
        struct bdaddr address;
        uint8_t user[STORE_REMOVED_USERS_MAX]; /* that it ever had */
        size_t n_users;
};

/* The cuff leaves the database, and is remembered as removed, in one transaction. Its measurements
 * and names stay, or go with it, also those that wait for the broker; its marks go in any case:
 * paired again, its memory is read from the beginning. 0 or negative errno. */
int store_removed_add(struct store *s, const struct bdaddr *address, bool with_measurements);
/* It was paired again. 0 also if it never was removed. */
int store_removed_end(struct store *s, const struct bdaddr *address);
/* And not paired again. */
bool store_removed_has(struct store *s, const struct bdaddr *address);
/* `*ret` to be freed. 0 or negative errno. */
int store_removed_list(struct store *s, struct store_removed **ret, size_t *ret_n);
