/* Private to this room: small private files, DIRECTORY/ROOM/NAME. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The directories of ours beside the database. */
#define FILE_KEYS    "keys"
#define FILE_BACKUPS "backups"
#define FILE_DUMPS   "dumps"

/* Makes the room if need be (0700; tightened if it is ours) and the file (0600), whole or not at
 * all: what had the name stays until the new one is on the disk. 0 or negative errno. */
int file_save(const char *directory, const char *room, const char *name, const void *bytes,
              size_t n);

/* At most `size` bytes: how many, or -ENOENT, -EACCES, .. A file of ours that others may look into
 * is closed to them. */
int file_load(const char *directory, const char *room, const char *name, void *ret, size_t size);

bool file_exists(const char *directory, const char *room, const char *name);
/* 0, also if it is not there. */
int file_remove(const char *directory, const char *room, const char *name);
