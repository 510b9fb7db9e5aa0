/* The keys that open the memory of classic OMRON cuffs: a file for each cuff,
 * DIRECTORY/keys/005fbf112233, with 32 hexadecimal digits and a newline. Not in the database: a
 * cuff takes a key once, and without it stays shut, so it must outlive a database that is lost. */
#pragma once

#include <stdint.h>

#include "core/bdaddr.h"

#define STORE_KEY_SIZE 16

/* 0; -ENOENT there is none; -EBADMSG not 32 hexadecimal digits; -EACCES, .. A file of ours that
 * others may read is closed to them. */
int store_key_load(const char *directory, const struct bdaddr *cuff, uint8_t ret[STORE_KEY_SIZE]);
/* On the disk when it returns 0 (file 0600, directory 0700). After an error the old one is there.
 */
int store_key_save(const char *directory, const struct bdaddr *cuff,
                   const uint8_t key[STORE_KEY_SIZE]);

/* 0, also if there is none. The cuff keeps it: only pairing again makes it take another. */
int store_key_remove(const char *directory, const struct bdaddr *cuff);

/* 32 hexadecimal digits in either case, white space after them. 0 or -EBADMSG. */
int store_key_parse(const char *text, uint8_t ret[STORE_KEY_SIZE]);
