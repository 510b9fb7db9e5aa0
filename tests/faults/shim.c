/* Preloaded into the service by the fault matrix: the machine around it goes wrong on command. What
 * it shall do stands in a file that both map (faults_shim.py writes it); what it did is counted
 * there.
 *
 * Disk: the n-th change of a file of the database, and every later one until it is healed, fails
 * with an errno of choice; or the process is killed there, between two system calls of one
 * transaction.
 *
 * Memory: the n-th allocation, and some behind it, give NULL.
 *
 * Clock: CLOCK_REALTIME is off by some seconds; waits until a time of that clock are as long as
 * they were.
 *
 * Names: getaddrinfo() takes its time, as with a name server that does not answer.
 *
 * Heap: how much of it is in use is told to who asks (tests/soak). So that its answer is known to
 * be worth something, bytes and descriptors can be lost on purpose, with each sync of the database.
 *
 * Not for programs under AddressSanitizer, which has its own malloc. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "preload.h"

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

#define EXPORT __attribute__((visibility("default")))

enum disk_mode { DISK_CHANGES, DISK_READS };

struct control {            /* faults_shim.py has the same order */
        int64_t disk_after; /* so many more go well; negative: all */
        int64_t disk_errno;
        int64_t disk_kills;
        int64_t disk_mode;
        int64_t memory_after;
        int64_t memory_times;
        int64_t clock_offset_s;
        int64_t name_delay_ms;
        int64_t disk_hits, memory_hits, name_hits; /* what happened */
        int64_t heap_asked, heap_told;             /* numbers of the question and of the answer: */
        int64_t heap_used, heap_sqlite;            /* bytes in all, and those that are SQLite's */
        int64_t leak_bytes, leak_descriptors;
};

static struct control *control;

static int (*real_open)(const char *, int, ...);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off64_t);
static ssize_t (*real_pread)(int, void *, size_t, off64_t);
static int (*real_fsync)(int), (*real_fdatasync)(int);
static int (*real_ftruncate)(int, off64_t);
static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_getaddrinfo)(const char *, const char *, const struct addrinfo *,
                               struct addrinfo **);
static int64_t (*sqlite_memory_used)(void); /* of those who have SQLite */

__attribute__((constructor)) static void begin(void) {
        const char *path = getenv("FAULTS_CONTROL");
        int fd;

        preload_find(&real_open, "open64");
        preload_find(&real_write, "write");
        preload_find(&real_pwrite, "pwrite64");
        preload_find(&real_pread, "pread64");
        preload_find(&real_fsync, "fsync");
        preload_find(&real_fdatasync, "fdatasync");
        preload_find(&real_ftruncate, "ftruncate64");
        preload_find(&real_clock_gettime, "clock_gettime");
        preload_find(&real_getaddrinfo, "getaddrinfo");
        void *symbol = dlsym(RTLD_DEFAULT, "sqlite3_memory_used");
        memcpy(&sqlite_memory_used, &symbol, sizeof symbol);
        fd = path ? real_open(path, O_RDWR | O_CLOEXEC) : -1;
        if (fd < 0)
                return;
        void *map = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        close(fd);
        if (map != MAP_FAILED)
                control = map;
}

/* One of `after` is used up; true: none was left. */
static bool is_due(int64_t *after) {
        int64_t left = __atomic_load_n(after, __ATOMIC_RELAXED);

        while (left > 0)
                if (__atomic_compare_exchange_n(after, &left, left - 1, false, __ATOMIC_RELAXED,
                                                __ATOMIC_RELAXED))
                        return false;
        return left == 0;
}

static void count(int64_t *hits) {
        __atomic_add_fetch(hits, 1, __ATOMIC_RELAXED);
}

/* --- disk --- */

static bool is_database(int fd) {
        char link[32], path[4096];
        ssize_t n;

        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        n = readlink(link, path, sizeof path - 1);
        if (n <= 0)
                return false;
        path[n] = '\0';
        return strstr(path, "/cuff2mqtt.db");
}

static bool disk_fails(enum disk_mode mode) {
        if (!control || control->disk_mode != mode || !is_due(&control->disk_after))
                return false;
        count(&control->disk_hits);
        if (control->disk_kills) {
                __atomic_store_n(&control->disk_after, -1, __ATOMIC_RELAXED); /* once */
                raise(SIGKILL);
        }
        errno = (int) control->disk_errno;
        return true;
}

static bool fails_on(int fd, enum disk_mode mode) {
        return control && __atomic_load_n(&control->disk_after, __ATOMIC_RELAXED) >= 0 &&
               is_database(fd) && disk_fails(mode);
}

EXPORT ssize_t write(int fd, const void *data, size_t size) {
        return fails_on(fd, DISK_CHANGES) ? -1 : real_write(fd, data, size);
}

EXPORT ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) {
        return fails_on(fd, DISK_CHANGES) ? -1 : real_pwrite(fd, data, size, at);
}

EXPORT ssize_t pread64(int fd, void *data, size_t size, off64_t at) {
        return fails_on(fd, DISK_READS) ? -1 : real_pread(fd, data, size, at);
}

EXPORT int fsync(int fd) {
        return fails_on(fd, DISK_CHANGES) ? -1 : real_fsync(fd);
}

static void leak(void) {
        if (!control)
                return;
        if (control->leak_bytes > 0) {
                void *lost = malloc((size_t) control->leak_bytes);
                if (lost)
                        memset(lost, 1, (size_t) control->leak_bytes);
        }
        for (int64_t i = 0; i < control->leak_descriptors; i++)
                (void) !fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 0);
}

EXPORT int fdatasync(int fd) {
        leak();
        return fails_on(fd, DISK_CHANGES) ? -1 : real_fdatasync(fd);
}

EXPORT int ftruncate64(int fd, off64_t size) {
        return fails_on(fd, DISK_CHANGES) ? -1 : real_ftruncate(fd, size);
}

/* A file of the database that is made, or opened to be changed. */
EXPORT int open64(const char *path, int flags, ...) {
        mode_t mode = 0;
        va_list ap;

        if (flags & O_CREAT) {
                va_start(ap, flags);
                mode = va_arg(ap, mode_t);
                va_end(ap);
        }
        if (control && (flags & O_ACCMODE) != O_RDONLY && strstr(path, "/cuff2mqtt.db") &&
            __atomic_load_n(&control->disk_after, __ATOMIC_RELAXED) >= 0 &&
            disk_fails(DISK_CHANGES))
                return -1;
        return real_open(path, flags, mode);
}

/* --- memory --- */

static bool is_refused(void) {
        if (!control || __atomic_load_n(&control->memory_after, __ATOMIC_RELAXED) < 0 ||
            !is_due(&control->memory_after))
                return false;
        if (__atomic_sub_fetch(&control->memory_times, 1, __ATOMIC_RELAXED) < 0) {
                __atomic_store_n(&control->memory_after, -1, __ATOMIC_RELAXED);
                return false;
        }
        count(&control->memory_hits);
        errno = ENOMEM;
        return true;
}

/* Bytes in use. Not mallinfo's: for that, what a thread keeps for its next allocations is in use.
 */
static int64_t heap;

static void *counted(void *p) {
        int64_t size = (int64_t) malloc_usable_size(p);

        __atomic_add_fetch(&heap, size, __ATOMIC_RELAXED);
        return p;
}

EXPORT void *malloc(size_t size) {
        return is_refused() ? NULL : counted(__libc_malloc(size));
}

EXPORT void *calloc(size_t n, size_t size) {
        return is_refused() ? NULL : counted(__libc_calloc(n, size));
}

EXPORT void *realloc(void *p, size_t size) {
        int64_t before = (int64_t) malloc_usable_size(p);
        void *moved;

        if (is_refused())
                return NULL;
        moved = __libc_realloc(p, size);
        if (!moved && size > 0)
                return NULL;
        __atomic_sub_fetch(&heap, before, __ATOMIC_RELAXED);
        return counted(moved);
}

EXPORT void *memalign(size_t alignment, size_t size) {
        return counted(__libc_memalign(alignment, size));
}

EXPORT void *aligned_alloc(size_t alignment, size_t size) {
        return memalign(alignment, size);
}

EXPORT int posix_memalign(void **ret, size_t alignment, size_t size) {
        void *p = memalign(alignment, size);

        if (p)
                *ret = p;
        return p ? 0 : ENOMEM;
}

EXPORT void free(void *p) {
        int64_t size = (int64_t) malloc_usable_size(p);

        __atomic_sub_fetch(&heap, size, __ATOMIC_RELAXED);
        __libc_free(p);
}

/* --- heap --- */

/* The service's loop asks for the time again and again. */
static void tell_heap(void) {
        int64_t asked = control ? __atomic_load_n(&control->heap_asked, __ATOMIC_ACQUIRE) : 0;

        if (!control || asked == __atomic_load_n(&control->heap_told, __ATOMIC_RELAXED))
                return;
        control->heap_used = __atomic_load_n(&heap, __ATOMIC_RELAXED);
        control->heap_sqlite = sqlite_memory_used ? sqlite_memory_used() : 0;
        __atomic_store_n(&control->heap_told, asked, __ATOMIC_RELEASE);
}

/* --- clock --- */

static int64_t offset(void) {
        return control ? __atomic_load_n(&control->clock_offset_s, __ATOMIC_RELAXED) : 0;
}

EXPORT int clock_gettime(clockid_t clock, struct timespec *ret) {
        int r = real_clock_gettime(clock, ret);

        tell_heap();
        if (r == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
                ret->tv_sec += (time_t) offset();
        return r;
}

EXPORT time_t time(time_t *ret) {
        struct timespec now;

        clock_gettime(CLOCK_REALTIME, &now);
        if (ret)
                *ret = now.tv_sec;
        return now.tv_sec;
}

EXPORT int gettimeofday(struct timeval *ret, void *zone) {
        struct timespec now;

        (void) zone;
        clock_gettime(CLOCK_REALTIME, &now);
        *ret = (struct timeval){now.tv_sec, now.tv_nsec / 1000};
        return 0;
}

/* The kernel waits by its own clock. */
static struct timespec kernel_time(const struct timespec *t) {
        return (struct timespec){t->tv_sec - (time_t) offset(), t->tv_nsec};
}

EXPORT int pthread_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *m,
                                  const struct timespec *until) {
        struct timespec t = kernel_time(until);

        return pthread_cond_clockwait(c, m, CLOCK_REALTIME, &t);
}

EXPORT int sem_timedwait(sem_t *s, const struct timespec *until) {
        struct timespec t = kernel_time(until);

        return sem_clockwait(s, CLOCK_REALTIME, &t);
}

/* --- names --- */

EXPORT int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                       struct addrinfo **ret) {
        const struct timespec step = {0, 10000000};

        if (control && control->name_delay_ms > 0)
                count(&control->name_hits);
        for (int64_t waited = 0;
             control && waited < __atomic_load_n(&control->name_delay_ms, __ATOMIC_RELAXED);
             waited += 10)
                nanosleep(&step, NULL);
        return real_getaddrinfo(node, service, hints, ret);
}
