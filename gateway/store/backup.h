/* Files beside the database that people may send to us, or need when a cuff went wrong. All are
 * 0600 in directories of 0700, and on the disk when the call returns 0. Negative errno. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "core/bdaddr.h"

/* Settings of a cuff before they are changed: DIRECTORY/backups/005fbf112233-20261122T063102Z-
 * 0260.bin, `address` being where they were read. Never over another one: "-2" and so on follows
 * the address then. `now`: UTC seconds, 1970 to 9999, else -ERANGE. */
int store_backup_save(const char *directory, const struct bdaddr *cuff, int64_t now,
                      uint16_t address, const uint8_t *bytes, size_t n);

/* The latest description of a cuff's memory: DIRECTORY/dumps/005fbf112233.json. */
int store_dump_save(const char *directory, const struct bdaddr *cuff, const char *json);
