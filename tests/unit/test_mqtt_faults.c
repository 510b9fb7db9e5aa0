/* The MQTT client against brokers that refuse, stall and lie, and a name server that is slow. */
#include <dlfcn.h>
#include <netdb.h>

#include "mqtt_fake_broker.h"

#define SLOW_SECONDS 3

/* In front of the C library's, for Paho too: "slow.invalid" is how a dead name server feels. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret) {
        int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
        void *found = dlsym(RTLD_NEXT, "getaddrinfo");

        memcpy(&next, &found, sizeof next);
        if (strcmp(node, "slow.invalid") == 0) {
                poll(NULL, 0, SLOW_SECONDS * 1000);
                return EAI_AGAIN;
        }
        return next(node, service, hints, ret);
}

static const char *const one_topic[] = {"b/request/#"};

static void comes_back_with(struct owner *o, struct fake *f, int version) {
        int before = o->connected;

        fake_hang_up_all(f);
        WAIT(o, o->connected > before);
        CHECK_EQ(o->version, version);
}

/* `tries`: how often 5 was tried; it is not tried again. */
static void check_fallen_back(struct owner *o, struct fake *f, int tries) {
        CHECK_EQ(o->version, 4);
        CHECK_EQ(f->connects[1], 1);
        comes_back_with(o, f, 4);
        CHECK_EQ(f->connects[0], tries); /* remembered */
        CHECK_EQ(f->connects[1], 2);
        owner_done(o);
        fake_free(f);
}

static void falls_back(struct owner *o, struct fake *f) {
        o->options.subscriptions = one_topic;
        o->options.n_subscriptions = 1;
        owner_start(o, (const char *const[]){f->url}, 1);
        WAIT(o, o->connected == 1);
        CHECK_EQ(o->lost, 0);
        CHECK_EQ(f->connects[0], 1);
        check_fallen_back(o, f, 1);
}

static void mqtt_5_refused_by_reason_falls_back_and_is_remembered(void) {
        struct owner o = {0};
        struct fake *f = fake_new(&o);

        f->connack[0] = refusal_5;
        f->connack_size[0] = sizeof refusal_5;
        falls_back(&o, f);
}

static void mqtt_5_refused_in_the_words_of_3_1_1_falls_back_and_is_remembered(void) {
        static const uint8_t refusal[] = {0x20, 2, 0, 1};
        struct owner o = {0};
        struct fake *f = fake_new(&o);

        f->connack[0] = refusal;
        f->connack_size[0] = sizeof refusal;
        falls_back(&o, f);
}

static void mqtt_5_met_with_silence_falls_back_and_is_remembered(void) {
        struct owner o = {0};
        struct fake *f = fake_new(&o);

        /* On a busy machine Paho can take the early hang-up for a refused connection: then 5 is
         * tried once more before. */
        f->hang_up[0] = true;
        o.options.subscriptions = one_topic;
        o.options.n_subscriptions = 1;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        check_fallen_back(&o, f, f->connects[0]);
}

static void a_pinned_version_does_not_fall_back(void) {
        struct owner o = {.options.version = MQTT_VERSION_5};
        struct fake *f = fake_new(&o);

        f->connack[0] = refusal_5;
        f->connack_size[0] = sizeof refusal_5;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.lost >= 2);
        CHECK(strstr(o.why, "does not speak MQTT 5"));
        CHECK_EQ(f->connects[1], 0);
        owner_done(&o);
        fake_free(f);
}

/* One that has fallen back and then refuses all the same says nothing of the next one. */
static void the_next_broker_is_tried_with_mqtt_5(void) {
        static const uint8_t unavailable[] = {0x20, 2, 0, 3};
        struct mosquitto next = {0};
        struct owner o = {0};
        struct fake *f = fake_new(&o);

        f->connack[0] = refusal_5;
        f->connack_size[0] = sizeof refusal_5;
        f->connack[1] = unavailable;
        f->connack_size[1] = sizeof unavailable;
        mosquitto_start(&next);
        owner_start(&o, (const char *const[]){f->url, next.url}, 2);
        WAIT(&o, o.connected == 1);
        CHECK_EQ(f->connects[1], 1);
        CHECK_EQ(o.version, 5);
        owner_done(&o);
        fake_free(f);
        mosquitto_done(&next);
}

/* Spoken once, MQTT 5 is not doubted because of one connection that ended early. */
static void silence_of_a_broker_that_speaks_mqtt_5_is_no_reason_to_fall_back(void) {
        struct owner o = {0};
        struct fake *f = fake_new(&o);

        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        f->hang_up[0] = true;
        fake_hang_up(&f->client[0]);
        WAIT(&o, f->connects[0] == 2);
        f->hang_up[0] = false;
        WAIT(&o, o.connected == 2);
        CHECK_EQ(o.version, 5);
        CHECK_EQ(f->connects[1], 0);
        CHECK_EQ(o.lost, 2);
        CHECK(strstr(o.why, "hung up without an answer"));
        owner_done(&o);
        fake_free(f);
}

static void silence_costs_mqtt_5_one_connection(void) {
        struct owner o = {0};
        struct fake *f = fake_new(&o);

        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        f->hang_up[0] = true;
        comes_back_with(&o, f, 4);
        f->hang_up[0] = false;
        comes_back_with(&o, f, 5);
        f->connack[0] = refusal_5;
        comes_back_with(&o, f, 4);
        f->connack[0] = connack_5; /* refused once: not asked again */
        comes_back_with(&o, f, 4);
        owner_done(&o);
        fake_free(f);
}

static void connect_says_session_will_delay_and_keep_alive(void) {
        struct owner o = {
                .options = {.will_topic = "b/state", .will_payload = "offline", .user = "anna"}};
        struct fake *f = fake_new(&o);
        static const uint8_t expiry[] = {0x11, 0, 0, 3600 >> 8, 3600 & 0xFF},
                             delay[] = {0x18, 0, 0, 0, 10};

        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        /* 10 len 00 04 M Q T T 05 flags: user, will retain, will QoS 1, will, no clean start */
        CHECK_EQ(f->connect[9], 0x80 | 0x20 | 0x08 | 0x04);
        CHECK_EQ(f->connect[10] << 8 | f->connect[11], 30);
        CHECK(memmem(f->connect, f->connect_size, expiry, sizeof expiry));
        CHECK(memmem(f->connect, f->connect_size, delay, sizeof delay));
        CHECK(memmem(f->connect, f->connect_size, "offline", 7));
        owner_done(&o);
        fake_free(f);
}

static void with_3_1_1_the_session_is_kept_too(void) {
        struct owner o = {.options = {.version = MQTT_VERSION_3_1_1}};
        struct fake *f = fake_new(&o);

        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        CHECK_EQ(f->connect[8], 4);
        CHECK_EQ(f->connect[9], 0);
        owner_done(&o);
        fake_free(f);
}

static void mqtt_passes_through_a_websocket(void) {
        struct owner o = {.publish_topic = "t", .to_publish = 50};
        struct fake *f = fake_new(&o);
        char url[64];

        f->websocket = true;
        snprintf(url, sizeof url, "ws://127.0.0.1:%d/mqtt", f->port);
        owner_start(&o, (const char *const[]){url}, 1);
        WAIT(&o, o.acknowledged == 50);
        CHECK_EQ(o.version, 5);
        CHECK_STR(o.url, url);
        owner_done(&o);
        fake_free(f);
}

static void what_the_broker_does_not_acknowledge_is_not_acknowledged(void) {
        struct owner o = {.publish_topic = "t", .to_publish = 100};
        struct fake *f = fake_new(&o);

        f->no_puback = true;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, f->publishes == MQTT_WINDOW);
        for (int i = 0; i < 50; i++) /* more would come in this time: one turn of the loop each */
                CHECK_EQ(mqtt_client_publish(
                                 o.client,
                                 &(struct mqtt_outgoing){.topic = "t", .payload = "p", .qos = 1}),
                         0);
        fake_hang_up(&f->client[0]);
        WAIT(&o, o.lost == 1);
        CHECK_EQ(o.acknowledged, 0);
        CHECK_EQ(f->publishes, MQTT_WINDOW);
        CHECK_EQ(f->unacknowledged_max, MQTT_WINDOW);
        CHECK_EQ(mqtt_client_counters(o.client)->published, 0);
        f->no_puback = false; /* and a new connection begins with an empty window */
        o.published = 0;
        WAIT(&o, o.acknowledged == 100);
        CHECK(!o.out_of_order);
        owner_done(&o);
        fake_free(f);
}

static void the_brokers_limits_are_kept(void) {
        /* receive maximum 3, maximum packet size 40 */
        static const uint8_t connack[] = {0x20, 11, 0, 0, 8, 0x21, 0, 3, 0x27, 0, 0, 0, 40};
        struct owner o = {.publish_topic = "t", .to_publish = 50};
        struct fake *f = fake_new(&o);
        struct mqtt_outgoing m = {.topic = "topic", .qos = 1};
        char payload[64] = "";

        f->connack[0] = connack;
        f->connack_size[0] = sizeof connack;
        f->no_puback = true;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, f->publishes == 3);
        CHECK_EQ(mqtt_client_room(o.client), 0);
        m.payload = memset(payload, 'x', 28); /* 2 + 2 + 5 + 2 + 1 + 28 = 40 */
        CHECK_EQ(mqtt_client_publish(o.client, &m), 0);
        m.payload = memset(payload, 'x', 29);
        CHECK_EQ(mqtt_client_publish(o.client, &m), -EMSGSIZE);
        payload[20] = '\0';
        m.expiry_s = 60; /* 5 more */
        m.correlation = "abc";
        m.correlation_size = 3; /* 6 more */
        CHECK_EQ(mqtt_client_publish(o.client, &m), -EMSGSIZE);
        payload[17] = '\0';
        CHECK_EQ(mqtt_client_publish(o.client, &m), 0);
        CHECK_EQ(f->unacknowledged_max, 3);
        owner_done(&o);
        fake_free(f);
}

static void a_refused_message_is_told_and_frees_its_place(void) {
        struct owner o = {.publish_topic = "t", .to_publish = 40};
        struct fake *f = fake_new(&o);

        f->puback_code = 0x87;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.refused == 40);
        CHECK_EQ(o.acknowledged, 0);
        CHECK_EQ(mqtt_client_counters(o.client)->dropped, 40);
        CHECK(strstr(o.refusal, f->url) && strstr(o.refusal, "access list"));
        owner_done(&o);
        fake_free(f);
}

static void a_refused_subscription_is_told_and_stops_nothing(enum mqtt_version version) {
        struct owner o = {
                .options = {.version = version, .subscriptions = one_topic, .n_subscriptions = 1}};
        struct fake *f = fake_new(&o);

        f->suback_code = 0x80;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.refused == 1);
        CHECK_EQ(o.connected, 1);
        CHECK(strstr(o.refusal, "b/request/#"));
        owner_done(&o);
        fake_free(f);
}

static void a_refused_subscription_is_told(void) {
        a_refused_subscription_is_told_and_stops_nothing(MQTT_VERSION_5);
        a_refused_subscription_is_told_and_stops_nothing(MQTT_VERSION_3_1_1);
}

static void connected_waits_for_the_suback(void) {
        struct owner o = {.options = {.subscriptions = one_topic, .n_subscriptions = 1}};
        struct fake *f = fake_new(&o);

        f->no_suback = true;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, f->connects[0] == 1);
        CHECK_EQ(mqtt_client_stop(o.client,
                                  &(struct mqtt_outgoing){.topic = "t", .payload = "x", .qos = 1},
                                  PATIENCE * UINT64_C(1000000)),
                 0);
        WAIT(&o, o.stopped == 1);
        CHECK_EQ(o.connected, 0);
        CHECK_EQ(f->publishes, 1); /* the last word all the same */
        WAIT(&o, f->ends == 1);
        CHECK_EQ(f->disconnects, 1);
        owner_done(&o);
        fake_free(f);
}

static void a_second_client_of_the_same_name_is_said_so(void) {
        static const uint8_t taken_over[] = {0xE0, 2, 0x8E, 0};
        struct owner o = {.options = {.subscriptions = one_topic, .n_subscriptions = 1}};
        struct fake *f = fake_new(&o);

        f->goodbye = taken_over;
        f->goodbye_size = sizeof taken_over;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.lost >= 1);
        CHECK(strstr(o.why, "same client id"));
        owner_done(&o);
        fake_free(f);
}

/* The broker then publishes the will: no DISCONNECT may be sent. */
static void a_stop_without_puback_ends_at_its_limit_without_goodbye(void) {
        struct owner o = {0};
        struct fake *f = fake_new(&o);

        f->no_puback = true;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, o.connected == 1);
        CHECK_EQ(mqtt_client_stop(o.client,
                                  &(struct mqtt_outgoing){.topic = "t", .payload = "x", .qos = 1},
                                  300000),
                 0);
        WAIT(&o, o.stopped == 1);
        CHECK_EQ(f->publishes, 1);
        owner_done(&o);
        CHECK_EQ(f->disconnects, 0);
        fake_free(f);
}

static void a_stop_in_a_black_hole_ends_at_its_limit(void) {
        struct owner o = {0};
        struct fake *f = fake_new(&o);
        double begin;

        f->connack[0] = NULL;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, f->connects[0] == 1);
        begin = seconds();
        CHECK_EQ(mqtt_client_stop(o.client, NULL, 500000), 0);
        WAIT(&o, o.stopped == 1);
        owner_done(&o);
        CHECK(seconds() - begin < 10); /* Paho gives up after 20 s */
        CHECK_EQ(o.lost, 0);
        fake_free(f);
}

static void a_stop_before_any_connection_is_at_once(void) {
        struct owner o = {0};
        char dead[64];

        snprintf(dead, sizeof dead, "mqtt://127.0.0.1:%d", free_port());
        o.options.backoff_min_usec = o.options.backoff_max_usec = PATIENCE * UINT64_C(4000000);
        owner_start(&o, (const char *const[]){dead}, 1);
        WAIT(&o, o.lost == 1); /* now in its back-off */
        CHECK_EQ(mqtt_client_stop(o.client, NULL, UINT64_MAX - 1), 0);
        CHECK_EQ(o.stopped, 0);
        WAIT(&o, o.stopped == 1);
        owner_done(&o);
}

static int on_tick(sd_event_source *source, uint64_t usec, void *userdata) {
        struct owner *o = userdata;
        double now = seconds();

        if (o->tick > 0 && now - o->tick > o->gap_max)
                o->gap_max = now - o->tick;
        o->tick = now;
        sd_event_source_set_time_relative(source, 10000);
        sd_event_source_set_enabled(source, SD_EVENT_ON);
        return 0;
}

/* Twice: the second attempt destroys the handle of the first. Then a stop and free amid one. */
static void a_slow_name_server_never_blocks_the_loop(void) {
        struct owner o = {0};
        sd_event_source *ticks = NULL;
        double begin, took;

        CHECK(sd_event_new(&o.event) >= 0);
        sd_event_add_time_relative(o.event, &ticks, CLOCK_MONOTONIC, 10000, 1, on_tick, &o);
        owner_start(&o, (const char *const[]){"mqtt://slow.invalid", "mqtts://slow.invalid"}, 2);
        begin = seconds();
        WAIT(&o, o.lost == 2);
        took = seconds() - begin;
        printf("# names took %.2f s, the loop was held up for %.3f s at most\n", took, o.gap_max);
        CHECK(took > 2 * SLOW_SECONDS * 0.9);
        CHECK(strstr(o.why, "no host \"slow.invalid\""));
        begin = seconds();
        WAIT(&o, seconds() - begin > 0.5); /* into the next attempt; back-off is 0.1 s at most */
        CHECK_EQ(mqtt_client_stop(o.client, NULL, 100000), 0);
        WAIT(&o, o.stopped == 1);
        CHECK(o.gap_max < SLOW_SECONDS / 2.0);
        begin = seconds();
        ticks = sd_event_source_disable_unref(ticks);
        owner_done(&o); /* the handle is left behind */
        CHECK(seconds() - begin < SLOW_SECONDS / 2.0);
}

/* The last one leaves a name server's thread behind: keep it at the end. */
CHECK_MAIN("unit.mqtt_faults", TEST(mqtt_5_refused_by_reason_falls_back_and_is_remembered),
           TEST(mqtt_5_refused_in_the_words_of_3_1_1_falls_back_and_is_remembered),
           TEST(mqtt_5_met_with_silence_falls_back_and_is_remembered),
           TEST(a_pinned_version_does_not_fall_back), TEST(the_next_broker_is_tried_with_mqtt_5),
           TEST(silence_costs_mqtt_5_one_connection),
           TEST(silence_of_a_broker_that_speaks_mqtt_5_is_no_reason_to_fall_back),
           TEST(connect_says_session_will_delay_and_keep_alive),
           TEST(with_3_1_1_the_session_is_kept_too), TEST(mqtt_passes_through_a_websocket),
           TEST(what_the_broker_does_not_acknowledge_is_not_acknowledged),
           TEST(the_brokers_limits_are_kept), TEST(a_refused_message_is_told_and_frees_its_place),
           TEST(a_refused_subscription_is_told), TEST(connected_waits_for_the_suback),
           TEST(a_second_client_of_the_same_name_is_said_so),
           TEST(a_stop_without_puback_ends_at_its_limit_without_goodbye),
           TEST(a_stop_in_a_black_hole_ends_at_its_limit),
           TEST(a_stop_before_any_connection_is_at_once),
           TEST(a_slow_name_server_never_blocks_the_loop))
