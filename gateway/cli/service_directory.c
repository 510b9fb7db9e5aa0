#include "cli/service_directory.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SYSTEM_DIRECTORY "/var/lib/cuff2mqtt"

static bool is_below(const char *path, const char *directory) {
        size_t n = directory ? strlen(directory) : 0;

        return n > 0 && strncmp(path, directory, n) == 0 && path[n] == '/';
}

const char *service_directory(const char *configured, const char *root, char ret[PATH_MAX]) {
        bool own = is_below(configured, getenv("HOME")) ||
                   is_below(configured, getenv("XDG_STATE_HOME"));
        struct stat st;

        if (own && stat(configured, &st) < 0 && errno == ENOENT &&
            snprintf(ret, PATH_MAX, "%s%s", root, SYSTEM_DIRECTORY) < PATH_MAX &&
            stat(ret, &st) >= 0)
                return ret;
        snprintf(ret, PATH_MAX, "%s", configured);
        return ret;
}
