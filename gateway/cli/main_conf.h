/* BlueZ's own configuration, read as BlueZ reads it (GKeyFile): a key counts in the group [General]
 * only, the last one wins, what is commented out is not there, a blank behind a word belongs to the
 * word. One line that is neither group nor key nor comment, and BlueZ ignores the whole file. */
#pragma once

#include <sys/types.h>

#include "cli/doctor.h"

#define MAIN_CONF "/etc/bluetooth/main.conf"

struct main_conf_value {
        unsigned line; /* 0: the key is not there */
        char text[64]; /* the beginning */
};

/* `key` of [General]. 0; -ENOENT: there is no file; -EBADMSG: BlueZ ignores it because of
 * `ret->line`; other negative errno: it cannot be read. */
int main_conf_read(const struct doctor *d, const char *key, struct main_conf_value *ret);
/* As GKeyFile reads a boolean: blanks behind it are none of it. */
bool main_conf_is_true(const struct main_conf_value *value);
/* The file was changed after this process was started: a bluetoothd does not know it yet. */
bool main_conf_is_newer(const struct doctor *d, pid_t pid);
