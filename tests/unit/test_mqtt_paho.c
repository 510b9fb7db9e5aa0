/* What Paho 1.3.12 does wrong, and that we live with it. */
#include <dlfcn.h>
#include <stdatomic.h>

#include <MQTTAsync.h>

#include "mqtt_fake_broker.h"

#define CYCLES 4

static atomic_int alive, alive_max, made, refused_frees;

/* Paho's own trace: entry of each function. Called on any thread. */
static void on_trace(enum MQTTASYNC_TRACE_LEVELS level, char *message) {
        int now, max;

        if (strstr(message, "Failed to remove heap item"))
                atomic_fetch_add(&refused_frees, 1);
        if (strstr(message, "> MQTTAsync_destroy:"))
                atomic_fetch_sub(&alive, 1);
        if (!strstr(message, "> MQTTAsync_createWithOptions:"))
                return;
        atomic_fetch_add(&made, 1);
        now = atomic_fetch_add(&alive, 1) + 1;
        max = atomic_load(&alive_max);
        while (now > max && !atomic_compare_exchange_weak(&alive_max, &max, now))
                ;
}

/* What Paho could not write it frees twice, the second time with the handle: a handle that is made
 * between the two gets that memory and loses it (a crash in MQTTProperties_free, 1.3.12). */
static void a_broken_handle_is_gone_before_the_next_is_made(void) {
        struct owner o = {.publish_topic = "t"};
        struct fake *f = fake_new(&o);

        o.options.backoff_min_usec = 1000;
        o.options.backoff_max_usec = 2000;
        f->no_puback = true;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        made = alive = alive_max = 2; /* the first, and the keeper */
        MQTTAsync_setTraceCallback(on_trace);
        MQTTAsync_setTraceLevel(MQTTASYNC_TRACE_MAXIMUM);
        for (int i = 1; i <= CYCLES; i++) {
                WAIT(&o, o.connected == i);
                fake_hang_up_all(f);
                o.to_publish += 8; /* into the broken connection */
                owner_publish_on(&o);
                if (check_failed)
                        break;
        }
        WAIT(&o, o.connected == CYCLES + 1);
        owner_done(&o);
        fake_free(f);
        MQTTAsync_setTraceCallback(NULL);
        printf("# %d handles, at most %d at once; Paho refused to free twice %d times\n",
               atomic_load(&made), atomic_load(&alive_max), atomic_load(&refused_frees));
        CHECK_EQ(atomic_load(&made), CYCLES + 2);
        CHECK_EQ(atomic_load(&alive_max), 2);
        CHECK_EQ(atomic_load(&alive), 0);
}

static atomic_int traced;

static void count_trace(enum MQTTASYNC_TRACE_LEVELS level, char *message) {
        if (level < MQTTASYNC_TRACE_ERROR)
                atomic_fetch_add(&traced, 1);
}

/* mqtt/attempt.c says what its trace does to the heap. */
static void paho_keeps_no_trace(void) {
        struct owner o = {.publish_topic = "t"};
        struct fake *f = fake_new(&o);

        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        MQTTAsync_setTraceCallback(count_trace); /* before, Paho tells it its version */
        o.to_publish = 1;
        owner_publish_on(&o);
        WAIT(&o, o.acknowledged == 1);
        owner_done(&o);
        fake_free(f);
        MQTTAsync_setTraceCallback(NULL);
        CHECK_EQ(atomic_load(&traced), 0);
}

static int tls_prepared;

/* In front of OpenSSL's, whose header nothing else here needs. */
int OPENSSL_init_ssl(uint64_t what, const void *settings);

int OPENSSL_init_ssl(uint64_t what, const void *settings) {
        static int (*init)(uint64_t, const void *);

        tls_prepared++;
        if (!init)
                *(void **) &init = dlsym(RTLD_NEXT, "OPENSSL_init_ssl");
        return init(what, settings);
}

/* mqtt/attempt.c says what that takes. With TLS OpenSSL prepares itself: test_mqtt_tls.c. */
static void without_tls_openssl_is_not_prepared(void) {
        struct owner o = {.publish_topic = "t"};
        struct fake *f = fake_new(&o);

        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        owner_done(&o);
        fake_free(f);
        CHECK_EQ(tls_prepared, 0);
}

/* --- memory --- */

static bool no_memory;

/* In front of Paho's. */
int MQTTAsync_send(MQTTAsync handle, const char *topic, int size, const void *payload, int qos,
                   int retained, MQTTAsync_responseOptions *response) {
        static int (*send)(MQTTAsync, const char *, int, const void *, int, int,
                           MQTTAsync_responseOptions *);

        if (!send)
                *(void **) &send = dlsym(RTLD_NEXT, "MQTTAsync_send");
        return no_memory ? -99 : send(handle, topic, size, payload, qos, retained, response);
}

static void without_memory_nothing_is_dropped(void) {
        struct owner o = {.publish_topic = "t"};
        struct fake *f = fake_new(&o);

        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        no_memory = true;
        o.to_publish = 3;
        owner_publish_on(&o);
        WAIT(&o, o.lost == 1);
        CHECK(strstr(o.why, "was not sent a message, because memory ran out: we connect again"));
        CHECK_EQ(mqtt_client_counters(o.client)->dropped, 0);
        no_memory = false;
        WAIT(&o, o.connected == 2);
        o.published = 0; /* what was not acknowledged, as a publisher does it */
        owner_publish_on(&o);
        WAIT(&o, o.acknowledged == 3);
        owner_done(&o);
        fake_free(f);
}

/* Lost by Paho's own thread, or withheld by the broker: from here it looks the same. */
static void an_acknowledgement_that_never_comes_ends_the_connection(void) {
        struct owner o = {.options = {.keep_alive_s = 1}, .publish_topic = "t"};
        struct fake *f = fake_new(&o);

        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        o.to_publish = 1;
        owner_publish_on(&o);
        WAIT(&o, o.acknowledged == 1); /* that one clears the deadline */
        f->no_puback = true;
        o.to_publish = 2;
        owner_publish_on(&o);
        WAIT(&o, o.lost == 1);
        CHECK(strstr(o.why, "does not acknowledge what we send: we connect again"));
        f->no_puback = false;
        o.published = 1;
        WAIT(&o, o.acknowledged == 2);
        owner_done(&o);
        fake_free(f);
}

CHECK_MAIN("unit.mqtt_paho", TEST(a_broken_handle_is_gone_before_the_next_is_made),
           TEST(paho_keeps_no_trace), TEST(without_tls_openssl_is_not_prepared),
           TEST(without_memory_nothing_is_dropped),
           TEST(an_acknowledgement_that_never_comes_ends_the_connection))
