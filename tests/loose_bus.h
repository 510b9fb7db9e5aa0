/* A bus connection that leads nowhere: enough for sd-bus to build and read messages. */
#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

struct loose_bus {
        sd_bus *bus;
        int far_end;
};

static inline int loose_bus_open(struct loose_bus *b) {
        int fd[2];

        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fd) < 0)
                return -1;
        b->far_end = fd[1];
        if (sd_bus_new(&b->bus) < 0 || sd_bus_set_fd(b->bus, fd[0], fd[0]) < 0)
                return -1;
        return sd_bus_start(b->bus) < 0 ? -1 : 0;
}

static inline void loose_bus_close(struct loose_bus *b) {
        sd_bus_close_unref(b->bus);
        close(b->far_end);
}
