/* The MQTT client and TLS: a real mosquitto with certificates that are made here. */
#include "mqtt_fixture.h"

static void in(const char *directory, const char *command) {
        char line[1024];

        snprintf(line, sizeof line, "cd %s && %s", directory, command);
        CHECK_EQ(RUN("sh", "-c", line), 0);
}

/* ca: signs server (for the name localhost, not for 127.0.0.1) and client; other: signs nothing
 * here. */
static void make_certificates(const char *directory) {
        in(directory,
           "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
           "-subj /CN=ca -keyout ca.key -out ca.crt");
        in(directory,
           "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
           "-subj /CN=other -keyout other.key -out other.crt");
        in(directory,
           "echo subjectAltName=DNS:localhost > names; for n in server client; do "
           "openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost "
           "-keyout $n.key -out $n.csr && openssl x509 -req -in $n.csr -CA ca.crt -CAkey ca.key "
           "-CAcreateserial -days 2 -extfile names -out $n.crt || exit 1; done; chmod 644 *");
        chmod(directory, 0755); /* mosquitto drops root */
}

static void start_with_tls(struct mosquitto *m, const char *more) {
        m->directory = test_directory();
        make_certificates(m->directory);
        snprintf(m->options, sizeof m->options,
                 "allow_anonymous true\ncafile %s/ca.crt\ncertfile %s/server.crt\nkeyfile "
                 "%s/server.key\n%s",
                 m->directory, m->directory, m->directory, more);
        mosquitto_start(m);
}

struct tls_case {
        const char *scheme, *host, *ca, *certificate, *key; /* file names, NULL none */
        const char *why; /* expected in the sentence; NULL: it connects */
};

static void check_case(const struct mosquitto *m, const struct tls_case *t) {
        struct owner o = {0};
        char url[128], ca[128], certificate[128], key[128];

        snprintf(url, sizeof url, "%s://%s:%d", t->scheme, t->host, m->port);
        snprintf(ca, sizeof ca, "%s/%s", m->directory, t->ca ? t->ca : "");
        snprintf(certificate, sizeof certificate, "%s/%s", m->directory,
                 t->certificate ? t->certificate : "");
        snprintf(key, sizeof key, "%s/%s", m->directory, t->key ? t->key : "");
        o.options.ca_file = t->ca ? ca : NULL;
        o.options.certificate_file = t->certificate ? certificate : NULL;
        o.options.key_file = t->key ? key : NULL;
        owner_start(&o, (const char *const[]){url}, 1);
        if (t->why) {
                WAIT(&o, o.lost >= 1);
                CHECK_EQ(o.connected, 0);
                CHECK(strstr(o.why, url));
                CHECK(strstr(o.why, t->why));
                printf("# %s\n", o.why);
        } else {
                WAIT(&o, o.connected == 1);
                CHECK_EQ(o.lost, 0);
                CHECK_EQ(o.version, 5);
        }
        owner_done(&o);
}

static void the_brokers_certificate_and_name_are_checked(void) {
        static const struct tls_case cases[] = {
                {"mqtts", "localhost", "ca.crt", NULL, NULL, NULL},
                {"mqtts", "localhost", "other.crt", NULL, NULL, "signed by nobody in mqtt.ca_file"},
                {"mqtts", "localhost", NULL, NULL, NULL,
                 "signed by nobody in mqtt.ca_file (or the system's"},
                {"mqtts", "127.0.0.1", "ca.crt", NULL, NULL,
                 "certificate is not for the name \"127.0.0.1\""},
                {"mqtts", "localhost", "missing.crt", NULL, NULL, "check mqtt.ca_file"},
                {"mqtt", "localhost", NULL, NULL, NULL, "mqtts:// on this port"},
        };
        struct mosquitto m = {0};

        start_with_tls(&m, "");
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                check_case(&m, &cases[i]);
        mosquitto_done(&m);
}

static void a_client_certificate_is_shown_when_there_is_one(void) {
        static const struct tls_case cases[] = {
                {"mqtts", "localhost", "ca.crt", "client.crt", "client.key", NULL},
                {"mqtts", "localhost", "ca.crt", NULL, NULL, "a client certificate"},
        };
        struct mosquitto m = {0};

        start_with_tls(&m, "require_certificate true");
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                check_case(&m, &cases[i]);
        mosquitto_done(&m);
}

/* A server that speaks nothing newer than `version`; its first words are awaited. */
static pid_t start_old_server(const struct mosquitto *m, const char *version, int *ret_stdin) {
        char port[16], text[256] = "";
        int to[2], from[2];
        pid_t pid;

        snprintf(port, sizeof port, "127.0.0.1:%d", m->port);
        CHECK_EQ(pipe2(to, O_CLOEXEC) + pipe2(from, O_CLOEXEC), 0);
        pid = fork();
        if (pid == 0) {
                CHECK_EQ(chdir(m->directory), 0);
                dup2(to[0], STDIN_FILENO);
                dup2(from[1], STDOUT_FILENO);
                dup2(from[1], STDERR_FILENO);
                execlp("openssl", "openssl", "s_server", "-accept", port, "-cert", "server.crt",
                       "-key", "server.key", version, "-cipher", "DEFAULT:@SECLEVEL=0",
                       (char *) NULL);
                _exit(127);
        }
        close(to[0]);
        close(from[1]);
        for (ssize_t n = 0, got = 1; !strstr(text, "ACCEPT") && got > 0; n += got)
                got = read(from[0], text + n, sizeof text - 1 - (size_t) n);
        CHECK(strstr(text, "ACCEPT"));
        close(from[0]);
        *ret_stdin = to[1];
        return pid;
}

static void tls_1_1_is_refused(void) {
        static const struct tls_case old = {"mqtts", "localhost", "ca.crt",
                                            NULL,    NULL,        "TLS 1.2 or later"};
        struct mosquitto m = {.directory = test_directory(), .port = free_port()};
        int keep = -1;
        pid_t server;

        make_certificates(m.directory);
        server = start_old_server(&m, "-tls1_1", &keep);
        check_case(&m, &old);
        kill(server, SIGKILL);
        waitpid(server, NULL, 0);
        close(keep);
        mosquitto_done(&m);
}

CHECK_MAIN("unit.mqtt_tls", TEST(the_brokers_certificate_and_name_are_checked),
           TEST(a_client_certificate_is_shown_when_there_is_one), TEST(tls_1_1_is_refused))
