/* The socket that says how the service is. */
#include "app/health.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/cleanup.h"
#include "check.h"

#define LIMIT_USEC 20000000u

struct place {
        char directory[64], socket[96];
        sd_event *event;
        struct health health;
        const char *says; /* NULL: memory is out */
        unsigned asked;
};

static char *answer(void *userdata) {
        struct place *p = userdata;

        p->asked++;
        return p->says ? strdup(p->says) : NULL;
}

static void begin(struct place *p) {
        *p = (struct place){.directory = "/tmp/test_health.XXXXXX", .says = "{\"healthy\":true}"};
        CHECK(mkdtemp(p->directory));
        snprintf(p->socket, sizeof p->socket, "%s/health", p->directory);
        CHECK(sd_event_new(&p->event) >= 0);
}

static void end(struct place *p) {
        health_stop(&p->health);
        sd_event_unref(p->event);
        unlink(p->socket);
        CHECK_EQ(rmdir(p->directory), 0);
}

static int start(struct place *p) {
        return health_start(&p->health, p->event, p->directory, answer, p);
}

struct asker {
        const struct place *place;
        char text[HEALTH_ANSWER_MAX + 1];
        int r;
};

static void *ask(void *userdata) {
        struct asker *a = userdata;

        a->r = health_ask(a->place->directory, LIMIT_USEC, a->text);
        return NULL;
}

/* One that asks while the service's loop runs. */
static struct asker ask_once(struct place *p) {
        struct asker a = {.place = p};
        unsigned before = p->asked;
        pthread_t thread;

        CHECK_EQ(pthread_create(&thread, NULL, ask, &a), 0);
        while (p->asked == before && sd_event_run(p->event, LIMIT_USEC) > 0)
                ;
        CHECK(p->asked > before);
        pthread_join(thread, NULL);
        return a;
}

static void an_answer(void) {
        struct place p;
        struct asker a;

        begin(&p);
        CHECK_EQ(start(&p), 0);
        for (int i = 0; i < 3; i++) {
                a = ask_once(&p);
                CHECK_EQ(a.r, 0);
                CHECK_STR(a.text, "{\"healthy\":true}");
        }
        end(&p);
}

/* Any length up to the limit comes whole; more, or none, is an error and not a piece. */
static void lengths(void) {
        static const int wanted[] = {0, 0, -EBADMSG, -EBADMSG};
        char text[HEALTH_ANSWER_MAX + 2];
        const char *says[] = {"x", text + 1, text, NULL};
        struct place p;

        memset(text, 'y', sizeof text - 1);
        text[sizeof text - 1] = '\0';
        begin(&p);
        CHECK_EQ(start(&p), 0);
        for (size_t i = 0; i < ELEMENTS(says); i++) {
                struct asker a;

                p.says = says[i];
                a = ask_once(&p);
                CHECK_EQ(a.r, wanted[i]);
                if (wanted[i] == 0)
                        CHECK_STR(a.text, says[i]);
        }
        end(&p);
}

static void nobody_there(void) {
        char text[HEALTH_ANSWER_MAX + 1];
        struct place p;

        begin(&p);
        CHECK_EQ(health_ask(p.directory, LIMIT_USEC, text), -ENOENT);
        CHECK_EQ(start(&p), 0);
        health_stop(&p.health);
        CHECK_EQ(health_ask(p.directory, LIMIT_USEC, text), -ENOENT); /* it tidied up */
        health_stop(&p.health);                                       /* harmless */
        end(&p);
}

/* The socket of one that was killed. */
static void left_behind(void) {
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        char text[HEALTH_ANSWER_MAX + 1];
        struct place p;
        int fd = socket(AF_UNIX, SOCK_STREAM, 0);

        begin(&p);
        snprintf(address.sun_path, sizeof address.sun_path, "%s", p.socket);
        CHECK_EQ(bind(fd, (struct sockaddr *) &address, sizeof address), 0);
        close(fd);
        CHECK_EQ(health_ask(p.directory, LIMIT_USEC, text), -ECONNREFUSED);
        CHECK_EQ(start(&p), 0);
        CHECK_EQ(ask_once(&p).r, 0);
        end(&p);
}

/* It does not take its turn: the asker gives up, also when the list of those who wait is full. */
static void one_that_hangs(void) {
        char text[HEALTH_ANSWER_MAX + 1];
        struct place p;

        begin(&p);
        CHECK_EQ(start(&p), 0);
        for (int i = 0; i < 40; i++)
                CHECK_EQ(health_ask(p.directory, 1000, text), -ETIMEDOUT);
        CHECK_EQ(p.asked, 0);
        /* Those have gone. It comes to itself, finds nobody, and the next is answered. */
        while (sd_event_run(p.event, 0) > 0)
                ;
        CHECK(p.asked > 0);
        CHECK_EQ(ask_once(&p).r, 0);
        end(&p);
}

static void no_place(void) {
        char deep[200], text[HEALTH_ANSWER_MAX + 1];
        struct place p;

        begin(&p);
        memset(deep, 'x', sizeof deep - 1);
        deep[0] = '/';
        deep[sizeof deep - 1] = '\0';
        CHECK_EQ(health_start(&p.health, p.event, deep, answer, &p), -ENAMETOOLONG);
        CHECK_EQ(health_ask(deep, LIMIT_USEC, text), -ENAMETOOLONG);
        CHECK_EQ(health_start(&p.health, p.event, "/nowhere", answer, &p), -ENOENT);
        CHECK_EQ(mkdir(p.socket, 0700), 0); /* something else has the name */
        CHECK(start(&p) < 0);
        CHECK_EQ(rmdir(p.socket), 0);
        end(&p);
}

CHECK_MAIN("unit.health", TEST(an_answer), TEST(lengths), TEST(nobody_there), TEST(left_behind),
           TEST(one_that_hangs), TEST(no_place))
