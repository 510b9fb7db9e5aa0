/* For libraries that tests preload into the service. */
#pragma once

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* The next `name` behind this library: into `ret`, a pointer to a function. dlsym() gives an object
 * pointer, where C wants one to a function. */
static inline void preload_find(void *ret, const char *name) {
        void *symbol = dlsym(RTLD_NEXT, name);

        if (!symbol)
                abort();
        memcpy(ret, &symbol, sizeof symbol);
}
