#include "app/health.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"

#define HEALTH_SOCKET  "health"
#define HEALTH_BACKLOG 8
#define HEALTH_AT_ONCE 8 /* answered before the rest of the service has its turn again */

static int address_of(const char *directory, struct sockaddr_un *ret) {
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        if (snprintf(ret->sun_path, sizeof ret->sun_path, "%s/" HEALTH_SOCKET, directory) >=
            (int) sizeof ret->sun_path)
                return -ENAMETOOLONG;
        return 0;
}

/* Not blocking: an fd, or negative errno. */
static int open_socket(const char *directory, struct sockaddr_un *ret) {
        int fd, r = address_of(directory, ret);

        if (r < 0)
                return r;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        return fd < 0 ? -errno : fd;
}

/* --- the service --- */

/* Never waits: a new socket's buffer is larger than any answer. */
static void tell(const struct health *h, int fd) {
        _cleanup_(freep) char *text = h->answer(h->userdata);

        if (text && strlen(text) <= HEALTH_ANSWER_MAX)
                (void) !send(fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int on_asked(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct health *h = userdata;

        for (int i = 0; i < HEALTH_AT_ONCE; i++) {
                _cleanup_(closep) int asking = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

                if (asking < 0)
                        break;
                tell(h, asking);
        }
        return 0;
}

int health_start(struct health *h, sd_event *event, const char *directory,
                 char *(*answer)(void *userdata), void *userdata) {
        struct sockaddr_un address;
        _cleanup_(closep) int fd = open_socket(directory, &address);
        int r;

        *h = (struct health){.answer = answer, .userdata = userdata};
        if (fd < 0)
                return fd;
        if (unlink(address.sun_path) < 0 && errno != ENOENT)
                return -errno;
        if (bind(fd, (struct sockaddr *) &address, sizeof address) < 0 ||
            chmod(address.sun_path, 0600) < 0) /* nobody can have connected: it does not listen */
                return -errno;
        h->path = strdup(address.sun_path);
        r = !h->path ? -ENOMEM
            : listen(fd, HEALTH_BACKLOG) < 0
                    ? -errno
                    : sd_event_add_io(event, &h->source, fd, EPOLLIN, on_asked, h);
        if (r >= 0)
                r = sd_event_source_set_io_fd_own(h->source, true);
        if (r < 0) {
                unlink(address.sun_path);
                health_stop(h);
                return r;
        }
        (void) TAKE_FD(fd);
        return 0;
}

void health_stop(struct health *h) {
        sd_event_source_disable_unref(h->source);
        if (h->path)
                unlink(h->path);
        free(h->path);
        *h = (struct health){0};
}

/* --- who asks --- */

/* Until the other side ends: how much it was. */
static int read_all(int fd, uint64_t until_usec, char *ret, size_t size) {
        size_t n = 0;

        for (;;) {
                struct pollfd one = {.fd = fd, .events = POLLIN};
                uint64_t now = wall_clock_monotonic_usec();
                ssize_t r;

                r = now < until_usec ? poll(&one, 1, (int) ((until_usec - now) / 1000 + 1)) : 0;
                if (r == 0)
                        return -ETIMEDOUT;
                if (r > 0)
                        r = recv(fd, ret + n, size - n, MSG_DONTWAIT);
                if (r == 0)
                        return (int) n;
                if (r < 0 && errno != EINTR && errno != EAGAIN)
                        return -errno;
                if (r > 0)
                        n += (size_t) r;
                if (n == size)
                        return -EBADMSG;
        }
}

int health_ask(const char *directory, uint64_t limit_usec, char ret[HEALTH_ANSWER_MAX + 1]) {
        struct sockaddr_un address;
        _cleanup_(closep) int fd = open_socket(directory, &address);
        int r;

        if (fd < 0)
                return fd;
        /* A service that hangs takes no more when its list is full (-EAGAIN). */
        if (connect(fd, (struct sockaddr *) &address, sizeof address) < 0)
                return errno == EAGAIN ? -ETIMEDOUT : -errno;
        r = read_all(fd, wall_clock_monotonic_usec() + limit_usec, ret, HEALTH_ANSWER_MAX + 1);
        if (r < 0)
                return r;
        ret[r] = '\0';
        return r > 0 ? 0 : -EBADMSG;
}
