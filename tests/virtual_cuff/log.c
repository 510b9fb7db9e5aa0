#include "log.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

static double seconds_since_start(void) {
        static struct timespec start;
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        if (!start.tv_sec)
                start = now;
        return (double) (now.tv_sec - start.tv_sec) + (double) (now.tv_nsec - start.tv_nsec) / 1e9;
}

static void put_line(const char *format, va_list arguments) __attribute__((format(printf, 1, 0)));
static void put_line(const char *format, va_list arguments) {
        vprintf(format, arguments);
        putchar('\n');
        fflush(stdout);
}

void log_line(const char *format, ...) {
        va_list arguments;

        printf("log %.3f ", seconds_since_start());
        va_start(arguments, format);
        put_line(format, arguments);
        va_end(arguments);
}

void log_answer(const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        put_line(format, arguments);
        va_end(arguments);
}

const char *log_hex(const void *bytes, unsigned long n, char *ret) {
        const uint8_t *b = bytes;

        for (unsigned long i = 0; i < n; i++)
                snprintf(ret + 2 * i, 3, "%02x", b[i]);
        ret[2 * n] = '\0';
        return ret;
}
