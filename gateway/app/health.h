/* How the service is, for who asks on this computer, without the broker: a socket in the state
 * directory. Each who connects gets one line of JSON, as `health_check` answers, and the end. Only
 * who may enter that directory can ask. */
#pragma once

#include <stdint.h>

#include <systemd/sd-event.h>

#define HEALTH_ANSWER_MAX 4096

struct health {
        sd_event_source *source;
        char *path; /* of the socket; NULL: there is none */
        char *(*answer)(void *userdata);
        void *userdata;
};

/* `answer` returns the line, to be freed; NULL memory is out. A socket that was left behind is
 * replaced: the database's lock is ours. 0, or negative errno: -ENAMETOOLONG, or of the file
 * system, which may know no sockets. */
int health_start(struct health *h, sd_event *event, const char *directory,
                 char *(*answer)(void *userdata), void *userdata);
void health_stop(struct health *h);

/* Blocks. 0, or -ENOENT -ECONNREFUSED nobody runs there, -ETIMEDOUT no answer in time, -EACCES
 * not for this user, -EBADMSG more than HEALTH_ANSWER_MAX or nothing at all, .. */
int health_ask(const char *directory, uint64_t limit_usec, char ret[HEALTH_ANSWER_MAX + 1]);
