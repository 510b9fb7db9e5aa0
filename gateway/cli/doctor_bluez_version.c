/* D-Bus does not tell BlueZ's version; bluetoothd's file does. */
#include "cli/doctor_bluez_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>

#include "base/cleanup.h"
#include "base/deadline.h"

#define LIMIT_USEC 2000000

struct doctor_version {
        pid_t pid; /* 0: none, or it has ended */
        int fd;    /* what it says */
        sd_event_source *io;
        struct deadline limit;
        char text[32];
        size_t used;
        void (*done)(void *owner, const char *text);
        void *owner;
};

static void end(struct doctor_version *v) {
        v->io = sd_event_source_disable_unref(v->io);
        deadline_clear(&v->limit);
        v->text[v->used] = '\0';
        v->text[strcspn(v->text, "\n")] = '\0';
        v->done(v->owner, v->text); /* last: it may have freed v */
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        struct doctor_version *v = userdata;
        ssize_t n = read(fd, v->text + v->used, sizeof v->text - 1 - v->used);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        v->used += n > 0 ? (size_t) n : 0;
        if (n <= 0) /* it has ended, or there is no room for more */
                end(v);
        return 0;
}

static void on_limit(void *userdata) {
        end(userdata);
}

/* Where Debian and Fedora have it, and where Arch and older ones do. */
static int find(const struct doctor *d, char *ret, size_t size) {
        static const char *const files[] = {"/usr/libexec/bluetooth/bluetoothd",
                                            "/usr/lib/bluetooth/bluetoothd"};

        for (size_t i = 0; i < ELEMENTS(files); i++)
                if (doctor_path(d, files[i], ret, size) >= 0 && access(ret, X_OK) == 0)
                        return 0;
        return -ENOENT;
}

static int spawn(const char *path, int output, pid_t *ret) {
        char program[] = "bluetoothd", option[] = "--version", *argv[] = {program, option, NULL},
             *environment[] = {NULL};
        posix_spawn_file_actions_t actions;
        int r = posix_spawn_file_actions_init(&actions);

        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                                     0);
        if (r == 0)
                r = posix_spawn(ret, path, &actions, NULL, argv, environment);
        posix_spawn_file_actions_destroy(&actions);
        return -r;
}

static int begin(struct doctor_version *v, const struct doctor *d) {
        _cleanup_(closep) int write_end = -1;
        char path[PATH_MAX];
        int fd[2], r;

        r = find(d, path, sizeof path);
        if (r < 0)
                return r;
        if (pipe2(fd, O_CLOEXEC) < 0)
                return -errno;
        v->fd = fd[0];
        write_end = fd[1];
        if (fcntl(v->fd, F_SETFL, O_NONBLOCK) < 0)
                return -errno;
        r = spawn(path, write_end, &v->pid);
        if (r < 0)
                return r;
        r = sd_event_add_io(d->event, &v->io, v->fd, EPOLLIN, on_readable, v);
        return r < 0 ? r : deadline_set_usec(&v->limit, LIMIT_USEC);
}

int doctor_version_ask(const struct doctor *d, void (*done)(void *owner, const char *text),
                       void *owner, struct doctor_version **ret) {
        struct doctor_version *v = calloc(1, sizeof *v);
        int r;

        if (!v)
                return -ENOMEM;
        v->fd = -1;
        v->done = done;
        v->owner = owner;
        deadline_init(&v->limit, d->event, on_limit, v);
        r = begin(v, d);
        if (r < 0)
                doctor_version_free(v);
        else
                *ret = v;
        return r;
}

void doctor_version_free(struct doctor_version *v) {
        if (!v)
                return;
        sd_event_source_disable_unref(v->io);
        deadline_done(&v->limit);
        closep(&v->fd);
        if (v->pid > 0) { /* it has said what it had to say, or never will */
                kill(v->pid, SIGKILL);
                waitpid(v->pid, NULL, 0);
        }
        free(v);
}
