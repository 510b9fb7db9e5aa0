#include "input.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "script.h"
#include "util.h"

static void take_line(struct input *in) {
        in->line[in->n] = '\0';
        in->n = 0;
        script_line(in->front, in->line);
}

static int on_input(sd_event_source *s, int fd, uint32_t events, void *userdata) {
        struct input *in = userdata;
        char buffer[4096];
        ssize_t n = read(fd, buffer, sizeof buffer);

        if (n <= 0) { /* the world goes on without commands */
                sd_event_source_set_enabled(s, SD_EVENT_OFF);
                return 0;
        }
        for (ssize_t i = 0; i < n; i++)
                if (buffer[i] == '\n')
                        take_line(in);
                else if (in->n < sizeof in->line - 1)
                        in->line[in->n++] = buffer[i];
        return 0;
}

int input_open(struct input *in, struct front *f, sd_event **ret) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        sigset_t stop;
        int r = sd_event_new(&event);

        *in = (struct input){.front = f};
        sigemptyset(&stop);
        sigaddset(&stop, SIGTERM);
        sigaddset(&stop, SIGINT);
        sigprocmask(SIG_BLOCK, &stop, NULL);
        signal(SIGPIPE, SIG_IGN);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(event, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_input, in);
        if (r < 0 && r != -EPERM) /* a regular file or /dev/null as stdin: no commands */
                return r;
        *ret = event;
        event = NULL;
        return 0;
}

int input_script(struct front *f, const char *path) {
        FILE *file = fopen(path, "re");
        char line[1024];

        if (!file)
                return -errno;
        while (fgets(line, sizeof line, file))
                script_line(f, line);
        fclose(file);
        return 0;
}

int64_t input_local_time(void *owner) {
        time_t now = time(NULL);
        struct tm t;

        localtime_r(&now, &t);
        return timegm(&t);
}
