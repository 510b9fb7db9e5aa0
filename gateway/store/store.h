/* The database: SQLite, WAL, synchronous=FULL, one service per database. */
#pragma once

#include <stdint.h>

struct store;

/* Opens or makes `directory`/cuff2mqtt.db (directory 0700, file 0600), takes the lock
 * `directory`/cuff2mqtt.lock, checks and migrates. Makes `inst` once.
 * 0, or negative errno with `*ret_why` set (to be freed): one sentence for people with the remedy.
 *   -EBUSY   another service holds the lock
 *   -ENOTSUP the database is of a newer version: nothing was touched
 *   -EACCES -EROFS -ENOSPC -ENOENT ..  the directory or file cannot be used
 * A corrupt file is renamed to cuff2mqtt.db.corrupt-YYYYMMDD-HHMMSS (with its -wal and -shm), a new
 * one is made with what could be read of it: see store_set_aside. */
int store_open(const char *directory, struct store **ret, char **ret_why);
/* The same database to look things up in, also while a service runs on it: nothing is written, made
 * or migrated, no lock is taken; calls that would write fail with -EROFS. 0, or negative errno with
 * `*ret_why` as above:
 *   -ENOENT  there is none   -EACCES this user may not read it   -EUCLEAN it is damaged
 *   -ENOTSUP made by a newer cuff2mqtt, or not ours
 *   -ESTALE  made by an older one: a service must run on it once
 *   -EAGAIN  what was written last is in a log that only a writer can read: likewise
 *   -ENOTDIR -EISDIR -EBUSY -EIO ..  the directory or file cannot be used */
int store_open_reader(const char *directory, struct store **ret, char **ret_why);
void store_close(struct store *s);

/* Path of the corrupt database that was set aside by this open; NULL normally. */
const char *store_set_aside(const struct store *s);

/* "cuff2mqtt_" + 12 random hex digits: for discovery ids and the MQTT client id; never changes. */
const char *store_inst(const struct store *s);

/* Small values by name (options set over MQTT, ..). get: to be freed; -ENODATA. */
int store_meta_get(struct store *s, const char *key, char **ret);
int store_meta_set(struct store *s, const char *key, const char *value);
