/* Scope-bound cleanup: _cleanup_(x_freep) on a local, TAKE_PTR to hand it over. No goto. */
#pragma once

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))

#define TAKE_PTR(p)                                                                                \
        ({                                                                                         \
                __typeof__(p) *take_ = &(p);                                                       \
                __typeof__(p) taken_ = *take_;                                                     \
                *take_ = NULL;                                                                     \
                taken_;                                                                            \
        })

#define TAKE_FD(fd)                                                                                \
        ({                                                                                         \
                int *take_ = &(fd);                                                                \
                int taken_ = *take_;                                                               \
                *take_ = -1;                                                                       \
                taken_;                                                                            \
        })

/* DEFINE_CLEANUP(struct x *, x_free) makes x_freep for _cleanup_. */
#define DEFINE_CLEANUP(type, function)                                                             \
        static inline void function##p(type *p) {                                                  \
                if (*p)                                                                            \
                        function(*p);                                                              \
        }

static inline void freep(void *p) {
        free(*(void **) p);
}

static inline void closep(const int *fd) {
        if (*fd >= 0)
                close(*fd);
}

static inline void fclosep(FILE **f) {
        if (*f)
                fclose(*f);
}

#define ELEMENTS(array) (sizeof(array) / sizeof((array)[0]))
