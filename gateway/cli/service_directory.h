/* Which state directory the service of this computer uses, seen by somebody who may be another
 * user. */
#pragma once

#include <limits.h>

/* `configured`, but where that is this user's own by default and does not exist, the system's
 * (/var/lib/cuff2mqtt) if there is one: without an option each user has a directory of their own.
 * `root` is put before the system's ("": none). Returns `ret`. */
const char *service_directory(const char *configured, const char *root, char ret[PATH_MAX]);
