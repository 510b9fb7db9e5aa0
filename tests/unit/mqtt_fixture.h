/* For the tests of the MQTT client: an owner that keeps books, and a mosquitto on a free port. */
#pragma once

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <systemd/sd-event.h>

#include "check.h"
#include "mqtt/client.h"

#define MAYBE_UNUSED __attribute__((unused))
#define PATIENCE     30 /* seconds until a wait is given up: far more than anything here takes */

/* Paho 1.3.12 leaks topic and payload of messages that it destroys before it begins to send. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void) {
        return "leak:MQTTAsync_send\n";
}

const char *__asan_default_options(void);
const char *__asan_default_options(void) {
        return "fast_unwind_on_malloc=0:print_suppressions=0"; /* to see through Paho's frames */
}

struct owner {
        sd_event *event;
        struct mqtt_client *client;
        struct mqtt_options options;
        int connected, lost, acknowledged, room, stopped, messages, refused;
        int version; /* of the last `connected` */
        char url[128], why[512], refusal[512];
        char why_first[512]; /* of this owner's first `lost` */
        uint64_t last_token;
        bool out_of_order;
        unsigned flying, flying_max; /* published and not acknowledged: our own count */
        char topic[128], payload[128];
        char heard[16];           /* the first letter of each message */
        const char *answer_topic; /* each message is answered here; NULL: none */
        bool retained, free_when_lost;
        double tick, gap_max;           /* the longest the loop was not ours */
        uint64_t to_publish, published; /* `room` goes on until all are out */
        const char *publish_topic;
};

static double seconds(void) {
        struct timespec t;

        clock_gettime(CLOCK_MONOTONIC, &t);
        return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

/* Runs the loop until `condition` holds. */
#define WAIT(o, condition)                                                                         \
        do {                                                                                       \
                double end_ = seconds() + PATIENCE;                                                \
                while (!(condition) && seconds() < end_)                                           \
                        sd_event_run((o)->event, 1000000);                                         \
                CHECK(condition);                                                                  \
        } while (0)

/* As a publisher does it: never more than there is room for. */
static void owner_publish_on(struct owner *o) {
        while (o->published < o->to_publish && mqtt_client_room(o->client) > 0) {
                struct mqtt_outgoing m = {.topic = o->publish_topic,
                                          .payload = "131/84/67",
                                          .qos = 1,
                                          .token = o->published + 1};

                CHECK_EQ(mqtt_client_publish(o->client, &m), 0);
                o->published++;
                o->flying++;
                if (o->flying > o->flying_max)
                        o->flying_max = o->flying;
        }
}

static void owner_connected(void *owner, const char *url, int version) {
        struct owner *o = owner;

        o->connected++;
        o->version = version;
        snprintf(o->url, sizeof o->url, "%s", url);
        CHECK(mqtt_client_is_connected(o->client));
        CHECK_EQ(mqtt_client_version(o->client), version);
        owner_publish_on(o);
}

static void owner_lost(void *owner, const char *why) {
        struct owner *o = owner;

        if (o->lost++ == 0)
                snprintf(o->why_first, sizeof o->why_first, "%s", why);
        snprintf(o->why, sizeof o->why, "%s", why);
        CHECK(!mqtt_client_is_connected(o->client));
        if (o->free_when_lost) {
                mqtt_client_free(o->client);
                o->client = NULL;
        }
}

static void owner_message(void *owner, const struct mqtt_incoming *m) {
        struct owner *o = owner;
        const struct mqtt_outgoing answer = {.topic = o->answer_topic, .payload = "done", .qos = 1};

        if (o->messages < (int) sizeof o->heard - 1)
                o->heard[o->messages] = *m->payload;
        o->messages++;
        o->retained = m->retained;
        snprintf(o->topic, sizeof o->topic, "%s", m->topic);
        snprintf(o->payload, sizeof o->payload, "%s", m->payload);
        CHECK_EQ(m->payload[m->payload_size], 0);
        if (o->answer_topic)
                CHECK_EQ(mqtt_client_publish(o->client, &answer), 0);
}

static void owner_acknowledged(void *owner, uint64_t token) {
        struct owner *o = owner;

        o->acknowledged++;
        o->flying -= o->flying > 0;
        o->out_of_order |= token <= o->last_token;
        o->last_token = token;
}

static void owner_room(void *owner) {
        struct owner *o = owner;

        o->room++;
        CHECK(mqtt_client_room(o->client) > 0);
        owner_publish_on(o);
}

static void owner_stopped(void *owner) {
        struct owner *o = owner;

        o->stopped++;
}

static void owner_refused(void *owner, uint64_t token, const char *why) {
        struct owner *o = owner;

        o->refused++;
        snprintf(o->refusal, sizeof o->refusal, "%s", why);
}

static const struct mqtt_events owner_events = {
        .connected = owner_connected,
        .lost = owner_lost,
        .message = owner_message,
        .acknowledged = owner_acknowledged,
        .room = owner_room,
        .stopped = owner_stopped,
        .refused = owner_refused,
};

/* Fills what is not set with what suits a test, then starts. `urls` must outlive the owner. */
static void owner_start(struct owner *o, const char *const *urls, size_t n) {
        static char id[64];

        snprintf(id, sizeof id, "cuff2mqtt-test-%d", getpid());
        if (!o->event)
                CHECK(sd_event_new(&o->event) >= 0);
        o->options.urls = urls;
        o->options.n_urls = n;
        if (!o->options.client_id)
                o->options.client_id = id;
        if (!o->options.keep_alive_s)
                o->options.keep_alive_s = 30;
        if (!o->options.backoff_min_usec) {
                o->options.backoff_min_usec = 20000;
                o->options.backoff_max_usec = 100000;
        }
        CHECK_EQ(mqtt_client_new(o->event, &o->options, &owner_events, o, &o->client), 0);
        CHECK_EQ(mqtt_client_start(o->client), 0);
}

static void owner_done(struct owner *o) {
        mqtt_client_free(o->client);
        sd_event_unref(o->event);
        *o = (struct owner){0};
}

/* --- processes and files --- */

MAYBE_UNUSED static char *test_directory(void) {
        static char path[64];

        snprintf(path, sizeof path, "/tmp/cuff2mqtt-mqtt-XXXXXX");
        CHECK(mkdtemp(path));
        return path;
}

MAYBE_UNUSED static void write_file(const char *directory, const char *name, const char *text) {
        char path[256];
        FILE *f;

        snprintf(path, sizeof path, "%s/%s", directory, name);
        f = fopen(path, "we");
        CHECK(f);
        if (f) {
                fputs(text, f);
                fclose(f);
        }
}

MAYBE_UNUSED static int run(const char *const argv[]) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0) {
                int null = open("/dev/null", O_RDWR);

                dup2(null, STDOUT_FILENO);
                dup2(null, STDERR_FILENO);
                execvp(argv[0], (char *const *) (uintptr_t) argv);
                _exit(127);
        }
        waitpid(pid, &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define RUN(...) run((const char *const[]){__VA_ARGS__, NULL})

MAYBE_UNUSED static int listen_anywhere(int *ret_port) {
        struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t n = sizeof a;
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), yes = 1;

        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
        CHECK_EQ(bind(fd, (struct sockaddr *) &a, sizeof a), 0);
        CHECK_EQ(listen(fd, 16), 0);
        CHECK_EQ(getsockname(fd, (struct sockaddr *) &a, &n), 0);
        *ret_port = ntohs(a.sin_port);
        return fd;
}

MAYBE_UNUSED static int free_port(void) {
        int port;

        close(listen_anywhere(&port));
        return port;
}

/* --- mosquitto --- */

struct mosquitto {
        char *directory;
        char options[1024]; /* lines of configuration after the listener's; "": anonymous */
        int port;
        pid_t pid;
        char url[64];
};

/* Until it says that it runs, on its standard error. */
MAYBE_UNUSED static bool await_running(int fd) {
        char text[4096] = "";
        size_t n = 0;
        struct pollfd p = {.fd = fd, .events = POLLIN};

        while (n < sizeof text - 1 && poll(&p, 1, PATIENCE * 1000) == 1) {
                ssize_t got = read(fd, text + n, sizeof text - 1 - n);

                if (got <= 0)
                        return false;
                n += (size_t) got;
                text[n] = '\0';
                if (strstr(text, " running"))
                        return true;
        }
        return false;
}

MAYBE_UNUSED static bool mosquitto_start_once(struct mosquitto *m) {
        char configuration[1200], path[256];
        int pipes[2];

        snprintf(configuration, sizeof configuration, "listener %d 127.0.0.1\n%s\n", m->port,
                 *m->options ? m->options : "allow_anonymous true");
        write_file(m->directory, "mosquitto.conf", configuration);
        snprintf(path, sizeof path, "%s/mosquitto.conf", m->directory);
        CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
        m->pid = fork();
        if (m->pid == 0) {
                dup2(pipes[1], STDERR_FILENO);
                execlp("mosquitto", "mosquitto", "-c", path, (char *) NULL);
                execl("/usr/sbin/mosquitto", "mosquitto", "-c", path, (char *) NULL);
                _exit(127);
        }
        close(pipes[1]);
        if (await_running(pipes[0])) {
                close(pipes[0]); /* mosquitto does not mind */
                return true;
        }
        close(pipes[0]);
        kill(m->pid, SIGKILL);
        waitpid(m->pid, NULL, 0);
        m->pid = 0;
        return false;
}

MAYBE_UNUSED static void mosquitto_start(struct mosquitto *m) {
        bool again = m->port != 0;

        if (!m->directory)
                m->directory = test_directory();
        for (int i = 0; i < 10; i++) { /* somebody may take the port in between */
                if (!again)
                        m->port = free_port();
                if (mosquitto_start_once(m))
                        break;
        }
        CHECK(m->pid > 0);
        snprintf(m->url, sizeof m->url, "mqtt://127.0.0.1:%d", m->port);
}

MAYBE_UNUSED static void mosquitto_kill(struct mosquitto *m) {
        if (m->pid > 0) {
                kill(m->pid, SIGKILL);
                waitpid(m->pid, NULL, 0);
        }
        m->pid = 0;
}

MAYBE_UNUSED static void mosquitto_done(struct mosquitto *m) {
        mosquitto_kill(m);
        RUN("rm", "-r", m->directory);
        m->directory = NULL;
}

/* `mosquitto_sub`: what it prints (retain flag, topic, payload) can be awaited. */
struct watcher {
        pid_t pid;
        int fd;
        char text[65536];
        size_t n;
};

MAYBE_UNUSED static bool watcher_saw(struct watcher *w, const char *what) {
        struct pollfd p = {.fd = w->fd, .events = POLLIN};
        double end = seconds() + PATIENCE;

        while (!strstr(w->text, what) && seconds() < end && w->n < sizeof w->text - 1) {
                ssize_t got = poll(&p, 1, 1000) == 1
                                      ? read(w->fd, w->text + w->n, sizeof w->text - 1 - w->n)
                                      : -1;

                if (got == 0)
                        break;
                if (got > 0)
                        w->text[w->n += (size_t) got] = '\0';
        }
        return strstr(w->text, what);
}

MAYBE_UNUSED static void say(const struct mosquitto *m, const char *topic, const char *payload,
                             bool retain) {
        char port[8];

        snprintf(port, sizeof port, "%d", m->port);
        CHECK_EQ(RUN("mosquitto_pub", "-p", port, "-h", "127.0.0.1", "-t", topic, "-m", payload,
                     "-q", "1", retain ? "-r" : NULL),
                 0);
}

/* Returns when it is subscribed: it has printed a retained message that was there before. */
MAYBE_UNUSED static void watcher_start(struct watcher *w, const struct mosquitto *m,
                                       const char *topic) {
        char port[8];
        int pipes[2];

        say(m, "marker", "here", true);
        snprintf(port, sizeof port, "%d", m->port);
        CHECK_EQ(pipe2(pipes, O_CLOEXEC), 0);
        *w = (struct watcher){.fd = pipes[0], .pid = fork()};
        if (w->pid == 0) {
                dup2(pipes[1], STDOUT_FILENO);
                execlp("mosquitto_sub", "mosquitto_sub", "-p", port, "-h", "127.0.0.1", "-t", topic,
                       "-t", "marker", "-q", "1", "-F", "%r %t %p", (char *) NULL);
                _exit(127);
        }
        close(pipes[1]);
        CHECK(watcher_saw(w, "1 marker here"));
}

MAYBE_UNUSED static void watcher_done(struct watcher *w) {
        kill(w->pid, SIGTERM);
        waitpid(w->pid, NULL, 0);
        close(w->fd);
}
