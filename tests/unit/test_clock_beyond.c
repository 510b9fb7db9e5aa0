/* A system clock beyond what a time_t of 32 bits can express, as libc tells it on Debian 12 for
 * armhf: clock_gettime() fails. Here it does so everywhere. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app/wall_clock.h"
#include "cli/command.h"
#include "cli/exit_code.h"

#include "check.h"

static int error;

int clock_gettime(clockid_t clock, struct timespec *ret) {
        if (error) {
                errno = error;
                return -1;
        }
        *ret = (struct timespec){.tv_sec = 1795415462};
        return 0;
}

/* Runs `cuff2mqtt NAME`; what it says on stderr, which fits into the pipe. */
static int say(const char *name, char *ret, size_t size) {
        char program[] = "cuff2mqtt", word[32];
        char *argv[] = {program, word, NULL};
        int saved = dup(STDERR_FILENO), ends[2], code;
        ssize_t n;

        snprintf(word, sizeof word, "%s", name);
        if (saved < 0 || pipe(ends) < 0)
                abort();
        dup2(ends[1], STDERR_FILENO);
        close(ends[1]);
        code = command_main(2, argv);
        dup2(saved, STDERR_FILENO);
        close(saved);
        n = read(ends[0], ret, size - 1);
        close(ends[0]);
        ret[n > 0 ? n : 0] = '\0';
        return code;
}

static void the_clock_is_told_or_an_error(void) {
        error = 0;
        CHECK_EQ(wall_clock_check(), 0);
        CHECK_EQ(wall_clock_now(), 1795415462);
        error = EOVERFLOW;
        CHECK_EQ(wall_clock_check(), -EOVERFLOW);
        CHECK_EQ(wall_clock_now(), 0);
}

static void nothing_is_begun(void) {
        static const char *const names[] = {"run", "pair", "history", "backup", "doctor"};
        char text[1024];

        error = EOVERFLOW;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
                CHECK_EQ(say(names[i], text, sizeof text), EXIT_CODE_FAILURE);
                CHECK_STR(text,
                          "cuff2mqtt: the clock of this computer stands beyond the year 2038, "
                          "which programs of this release of Debian cannot tell: set it right "
                          "(`date`), or install a newer release\n");
        }
}

static void help_is_given_all_the_same(void) {
        char text[1024];

        error = EOVERFLOW;
        CHECK_EQ(say("help", text, sizeof text), EXIT_CODE_OK);
        CHECK_STR(text, "");
        CHECK_EQ(say("version", text, sizeof text), EXIT_CODE_OK);
        CHECK_STR(text, "");
}

CHECK_MAIN("unit.clock_beyond", TEST(the_clock_is_told_or_an_error), TEST(nothing_is_begun),
           TEST(help_is_given_all_the_same))
