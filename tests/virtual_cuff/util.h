/* The few words all files of the virtual cuff share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define _cleanup_(function) __attribute__((cleanup(function)))
#define ELEMENTS(array)     (sizeof(array) / sizeof((array)[0]))

#define MSEC 1000ULL
#define SEC  1000000ULL

static inline uint64_t earlier(uint64_t a, uint64_t b) {
        return a < b ? a : b;
}

static inline uint64_t later(uint64_t a, uint64_t b) {
        return a > b ? a : b;
}

/* Unlinks `item` from a singly linked list whose elements have `next`. */
#define LIST_REMOVE(head, item)                                                                    \
        do {                                                                                       \
                for (__typeof__(&(head)) at_ = &(head); *at_; at_ = &(*at_)->next)                 \
                        if (*at_ == (item)) {                                                      \
                                *at_ = (item)->next;                                               \
                                break;                                                             \
                        }                                                                          \
        } while (0)

static inline void *must_alloc(size_t n) {
        void *p = calloc(1, n);

        if (!p)
                abort();
        return p;
}
