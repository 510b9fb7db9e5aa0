/* Preloaded into the service: a known burden. A figure of the bench that does not move under one is
 * not measured. All are off unless the environment says how much:
 *
 *   BURDEN_MEMORY_KB   memory, written to
 *   BURDEN_WAKE_HZ     a thread that wakes up so many times a second
 *   BURDEN_START_MS    before main()
 *   BURDEN_WAIT_USEC   in each sync of a file: so much longer
 *   BURDEN_WORK_USEC   in each sync of a file: so much processor time */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "preload.h"

static long wait_usec, work_usec;
static int (*real_fsync)(int), (*real_fdatasync)(int);

static long amount(const char *name) {
        const char *text = getenv(name);

        return text ? strtol(text, NULL, 10) : 0;
}

static void pause_usec(long usec) {
        nanosleep(&(struct timespec){usec / 1000000, usec % 1000000 * 1000}, NULL);
}

static void *wake(void *hz) {
        for (;;)
                pause_usec(1000000 / *(long *) hz);
        return NULL;
}

static long used_usec(void) {
        struct timespec t;

        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
        return t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void suffer(void) {
        if (wait_usec)
                pause_usec(wait_usec);
        for (long begin = used_usec(); used_usec() < begin + work_usec;)
                ;
}

__attribute__((constructor)) static void begin(void) {
        static long hz;
        static char *memory;
        size_t size = (size_t) amount("BURDEN_MEMORY_KB") * 1024;
        pthread_t thread;

        preload_find(&real_fsync, "fsync");
        preload_find(&real_fdatasync, "fdatasync");
        wait_usec = amount("BURDEN_WAIT_USEC");
        work_usec = amount("BURDEN_WORK_USEC");
        hz = amount("BURDEN_WAKE_HZ");
        pause_usec(amount("BURDEN_START_MS") * 1000);
        if (size && (memory = malloc(size)))
                for (size_t i = 0; i < size; i += 1024)
                        ((volatile char *) memory)[i] = 1;
        if (hz && pthread_create(&thread, NULL, wake, &hz) != 0)
                abort();
}

__attribute__((visibility("default"))) int fsync(int fd) {
        suffer();
        return real_fsync(fd);
}

__attribute__((visibility("default"))) int fdatasync(int fd) {
        suffer();
        return real_fdatasync(fd);
}
