/* The whole test framework. A test program is a list of TEST functions run by CHECK_MAIN; each
 * prints "ok NAME", "FAIL NAME" (after lines that say where) or "skip NAME"; exit code 1 if any
 * failed. */
#pragma once

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool check_failed;
static bool check_skipped __attribute__((unused));

/* What cannot be tried here: neither passed nor failed. The runner shows and counts it apart. */
#define CHECK_SKIP(why)                                                                            \
        do {                                                                                       \
                check_skipped = true;                                                              \
                printf("# skipped: %s\n", why);                                                    \
        } while (0)

#define CHECK(condition)                                                                           \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        check_failed = true;                                                       \
                        printf("# %s:%d: %s is false\n", __FILE__, __LINE__, #condition);          \
                }                                                                                  \
        } while (0)

#define CHECK_EQ(got, want)                                                                        \
        do {                                                                                       \
                long long got_ = (long long) (got), want_ = (long long) (want);                    \
                if (got_ != want_) {                                                               \
                        check_failed = true;                                                       \
                        printf("# %s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #got, got_,  \
                               want_);                                                             \
                }                                                                                  \
        } while (0)

#define CHECK_STR(got, want)                                                                       \
        do {                                                                                       \
                const char *got_ = (got), *want_ = (want);                                         \
                if (!got_ || strcmp(got_, want_) != 0) {                                           \
                        check_failed = true;                                                       \
                        printf("# %s:%d: %s is \"%s\", not \"%s\"\n", __FILE__, __LINE__, #got,    \
                               got_ ? got_ : "(null)", want_);                                     \
                }                                                                                  \
        } while (0)

struct check_test {
        const char *name;
        void (*run)(void);
};

#define TEST(function)                                                                             \
        { #function, function }

/* CHECK_MAIN("unit.sfloat", TEST(a), TEST(b)) */
#define CHECK_MAIN(suite, ...)                                                                     \
        int main(void) {                                                                           \
                static const struct check_test tests[] = {__VA_ARGS__};                            \
                int failed = 0;                                                                    \
                setvbuf(stdout, NULL, _IOLBF, 0);                                                  \
                for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++) {                      \
                        check_failed = check_skipped = false;                                      \
                        tests[i].run();                                                            \
                        printf("%s %s.%s\n",                                                       \
                               check_failed    ? "FAIL"                                            \
                               : check_skipped ? "skip"                                            \
                                               : "ok",                                             \
                               suite, tests[i].name);                                              \
                        failed += check_failed;                                                    \
                }                                                                                  \
                return failed ? 1 : 0;                                                             \
        }
