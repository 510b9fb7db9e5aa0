/* virtual-cuff [--address BUSADDRESS] [--script FILE]: plays org.bluez with cuffs behind it. */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "dbus_call.h"
#include "dbus_daemon.h"
#include "dbus_device.h"
#include "dbus_foreign.h"
#include "log.h"
#include "script.h"
#include "util.h"

struct input { /* commands from stdin, a line at a time */
        struct daemon *daemon;
        char line[1024];
        size_t n;
};

static void take_line(struct input *in) {
        in->line[in->n] = '\0';
        in->n = 0;
        script_line(in->daemon, in->line);
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

static int run_script(struct daemon *d, const char *path) {
        FILE *f = fopen(path, "re");
        char line[1024];

        if (!f)
                return -errno;
        while (fgets(line, sizeof line, f))
                script_line(d, line);
        fclose(f);
        return 0;
}

static int open_event(sd_event **ret, struct input *in) {
        sigset_t stop;
        int r = sd_event_new(ret);

        sigemptyset(&stop);
        sigaddset(&stop, SIGTERM);
        sigaddset(&stop, SIGINT);
        sigprocmask(SIG_BLOCK, &stop, NULL);
        signal(SIGPIPE, SIG_IGN);
        if (r >= 0)
                r = sd_event_add_signal(*ret, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(*ret, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_io(*ret, NULL, STDIN_FILENO, EPOLLIN, on_input, in);
        return r == -EPERM ? 0 : r; /* a regular file or /dev/null as stdin: no commands */
}

static int run(struct daemon *d, const char *script) {
        int r = 0;

        daemon_adapter_add(d);
        if (script)
                r = run_script(d, script);
        if (r >= 0)
                r = daemon_start(d);
        if (r >= 0)
                r = sd_event_loop(d->event);
        daemon_stop(d);
        foreign_free(d);
        call_free(d);
        while (d->devices)
                device_free(d->devices);
        return r;
}

int main(int argc, char **argv) {
        static const struct option options[] = {{"address", required_argument, NULL, 'a'},
                                                {"script", required_argument, NULL, 's'},
                                                {NULL, 0, NULL, 0}};
        struct daemon d = {.address = getenv("DBUS_SYSTEM_BUS_ADDRESS"),
                           .time_scale = 1,
                           .pairable = true,
                           .adapter_path = "/org/bluez/hci0",
                           .adapter_address = "00:1A:7D:DA:71:01",
                           .alias = "virtual"};
        struct input in = {.daemon = &d};
        const char *script = NULL;
        int option, r;

        while ((option = getopt_long(argc, argv, "", options, NULL)) != -1)
                if (option == 'a')
                        d.address = optarg;
                else if (option == 's')
                        script = optarg;
                else
                        return 2;
        if (!d.address) {
                fprintf(stderr, "virtual-cuff: --address or DBUS_SYSTEM_BUS_ADDRESS is needed\n");
                return 2;
        }
        r = open_event(&d.event, &in);
        if (r >= 0)
                r = run(&d, script);
        sd_event_unref(d.event);
        if (r < 0)
                fprintf(stderr, "virtual-cuff: %s\n", strerror(-r));
        return r < 0;
}
