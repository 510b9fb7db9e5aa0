/* Who may do what this user may not, and the words to do it with. */
#pragma once

#include <sys/types.h>

#include "app/config.h"

/* Whose a file or a directory is. 0 or negative errno. */
int owner_of(const char *path, uid_t *ret);

/* A command for a shell, to be freed; NULL out of memory. `words` end with NULL, are quoted where a
 * shell would not take them as they are, and made harmless. */
char *owner_command(const char *const *words);
/* The same as another user does it: "sudo -u cuff2mqtt ", or "sudo " for root, before it. */
char *owner_command_as(uid_t owner, const char *const *words);

/* The configuration. An exit code; unless it is EXIT_CODE_OK what is wrong was said, and who may
 * read it: `words` are the command. */
int owner_config_load(const char *path, const char *const *words, struct config *ret);
/* "Run it as the user it belongs to: `sudo ..`" on standard error. */
void owner_say(const char *directory, const char *const *words);
