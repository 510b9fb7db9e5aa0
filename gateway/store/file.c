#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"

/* A file system without modes has nothing to tighten. */
static void tighten(int fd) {
        struct stat st;

        if (fstat(fd, &st) >= 0 && st.st_uid == geteuid() && st.st_mode & 077)
                (void) fchmod(fd, st.st_mode & 07700);
}

static int open_room(const char *directory, const char *room, bool make) {
        _cleanup_(closep) int parent = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int fd;

        if (parent < 0)
                return -errno;
        if (make && mkdirat(parent, room, 0700) >= 0) {
                if (fsync(parent) < 0)
                        return -errno;
        } else if (make && errno != EEXIST) {
                return -errno;
        }
        fd = openat(parent, room, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        tighten(fd);
        return fd;
}

static int write_all(int fd, const void *bytes, size_t n) {
        const uint8_t *at = bytes, *end = at + n;

        while (at < end) {
                ssize_t written = write(fd, at, (size_t) (end - at));

                if (written < 0 && errno != EINTR)
                        return -errno;
                if (written > 0)
                        at += written;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

static int write_new(int room, const char *name, const void *bytes, size_t n) {
        /* What a power cut left behind may have any mode, or be a link. */
        if (unlinkat(room, name, 0) < 0 && errno != ENOENT)
                return -errno;
        _cleanup_(closep) int fd =
                openat(room, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        return fd < 0 ? -errno : write_all(fd, bytes, n);
}

int file_save(const char *directory, const char *room, const char *name, const void *bytes,
              size_t n) {
        _cleanup_(closep) int fd = open_room(directory, room, /* make= */ true);
        _cleanup_(freep) char *fresh = NULL;
        int r;

        if (fd < 0)
                return fd;
        if (asprintf(&fresh, "%s.new", name) < 0) {
                fresh = NULL;
                return -ENOMEM;
        }
        r = write_new(fd, fresh, bytes, n);
        if (r >= 0 && renameat(fd, fresh, fd, name) < 0)
                r = -errno;
        if (r < 0) {
                (void) unlinkat(fd, fresh, 0);
                return r;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

int file_load(const char *directory, const char *room, const char *name, void *ret, size_t size) {
        _cleanup_(closep) int fd = -1, in = open_room(directory, room, /* make= */ false);
        ssize_t n;

        if (in < 0)
                return in;
        fd = openat(in, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        tighten(fd);
        do
                n = read(fd, ret, size); /* a small regular file comes at once */
        while (n < 0 && errno == EINTR);
        return n < 0 ? -errno : (int) n;
}

bool file_exists(const char *directory, const char *room, const char *name) {
        _cleanup_(closep) int fd = open_room(directory, room, /* make= */ false);

        return fd >= 0 && faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) >= 0;
}

int file_remove(const char *directory, const char *room, const char *name) {
        _cleanup_(closep) int fd = open_room(directory, room, /* make= */ false);

        if (fd < 0)
                return fd == -ENOENT ? 0 : fd;
        if (unlinkat(fd, name, 0) < 0)
                return errno == ENOENT ? 0 : -errno;
        return fsync(fd) < 0 ? -errno : 0;
}
