/* The MQTT client against a real mosquitto; a broker of bytes where the order of packets matters.
 */
#include "mqtt_fake_broker.h"

static void connects_with(enum mqtt_version asked, int got) {
        struct mosquitto m = {0};
        struct owner o = {.options.version = asked};

        mosquitto_start(&m);
        owner_start(&o, (const char *const[]){m.url}, 1);
        CHECK(!mqtt_client_is_connected(o.client));
        CHECK_EQ(mqtt_client_publish(o.client,
                                     &(struct mqtt_outgoing){.topic = "t", .payload = "p"}),
                 -ENOTCONN);
        WAIT(&o, o.connected == 1);
        CHECK_EQ(o.version, got);
        CHECK_STR(o.url, m.url);
        CHECK_STR(mqtt_client_url(o.client), m.url);
        CHECK_EQ(mqtt_client_room(o.client), MQTT_WINDOW);
        CHECK_EQ(o.lost, 0);
        owner_done(&o);
        mosquitto_done(&m);
}

static void connects_with_mqtt_5_first(void) {
        connects_with(MQTT_VERSION_AUTO, 5);
}

static void connects_with_mqtt_5_when_told(void) {
        connects_with(MQTT_VERSION_5, 5);
}

static void connects_with_mqtt_3_1_1_when_told(void) {
        connects_with(MQTT_VERSION_3_1_1, 4);
}

/* The child inherits no Paho thread: no client lives here. 3.1.1, because MQTT 5 delays the will.
 */
static void the_will_is_seen_when_the_process_dies(void) {
        struct mosquitto m = {0};
        struct watcher w;
        pid_t child;

        mosquitto_start(&m);
        watcher_start(&w, &m, "b/state");
        child = fork();
        if (child == 0) {
                struct owner o = {.options = {.version = MQTT_VERSION_3_1_1,
                                              .will_topic = "b/state",
                                              .will_payload = "offline"},
                                  .to_publish = 1,
                                  .publish_topic = "b/state"};

                owner_start(&o, (const char *const[]){m.url}, 1);
                for (;;)
                        sd_event_run(o.event, UINT64_MAX);
        }
        CHECK(watcher_saw(&w, "0 b/state 131/84/67"));
        CHECK(!strstr(w.text, "offline"));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        CHECK(watcher_saw(&w, "0 b/state offline"));
        watcher_done(&w);
        mosquitto_done(&m);
}

static double drain(enum mqtt_version version, uint64_t n) {
        struct mosquitto m = {0};
        struct owner o = {.options.version = version, .publish_topic = "t"};
        double begin;

        mosquitto_start(&m);
        owner_start(&o, (const char *const[]){m.url}, 1);
        WAIT(&o, o.connected == 1);
        begin = seconds();
        o.to_publish = n;
        owner_publish_on(&o);
        WAIT(&o, o.acknowledged == (int) n);
        begin = seconds() - begin;
        CHECK(!o.out_of_order);
        CHECK(o.flying_max == MQTT_WINDOW);
        CHECK(o.room > 0);
        CHECK_EQ(mqtt_client_counters(o.client)->published, n);
        CHECK_EQ(mqtt_client_counters(o.client)->dropped, 0);
        CHECK_EQ(o.lost, 0);
        owner_done(&o);
        mosquitto_done(&m);
        return begin;
}

/* Paho 1.3.12 stalls over MQTT 5 with more than 20 in flight: then this would take 400 times as
 * long. */
static void a_thousand_messages_are_acknowledged_in_order_within_the_window(void) {
        double old = drain(MQTT_VERSION_3_1_1, 1000), new = drain(MQTT_VERSION_5, 1000);

        printf("# 1000 messages: MQTT 5 %.3f s, 3.1.1 %.3f s, ratio %.2f\n", new, old, new / old);
        CHECK(new < 20 * old);
}

/* More than the window and the queue hold: refused, not swallowed. */
static void the_queue_is_limited_and_qos_0_passes_the_window(void) {
        struct mosquitto m = {0};
        struct owner o = {0};
        struct mqtt_outgoing certain = {.topic = "t", .payload = "p", .qos = 1, .token = 1};
        int accepted = 0, r;

        mosquitto_start(&m);
        owner_start(&o, (const char *const[]){m.url}, 1);
        WAIT(&o, o.connected == 1);
        for (int i = 0; i < MQTT_WINDOW; i++)
                CHECK_EQ(mqtt_client_publish(o.client,
                                             &(struct mqtt_outgoing){.topic = "t", .payload = "0"}),
                         0);
        CHECK_EQ(mqtt_client_room(o.client), MQTT_WINDOW);
        CHECK_EQ(mqtt_client_counters(o.client)->published, MQTT_WINDOW);
        while ((r = mqtt_client_publish(o.client, &certain)) == 0) {
                certain.token++;
                accepted++;
        }
        CHECK_EQ(r, -ENOBUFS);
        CHECK_EQ(accepted, MQTT_WINDOW + MQTT_QUEUE);
        CHECK_EQ(mqtt_client_room(o.client), 0);
        WAIT(&o, o.acknowledged == accepted);
        CHECK(!o.out_of_order);
        CHECK(o.room > 0);
        owner_done(&o);
        mosquitto_done(&m);
}

/* Paho takes a topic only in UTF-8: what it will never take must not keep back what follows. */
static void what_cannot_be_sent_is_dropped_and_the_next_one_goes(void) {
        struct mosquitto m = {0};
        struct owner o = {0};
        struct mqtt_outgoing sent = {.topic = "a\xFF", .payload = "p", .qos = 1, .token = 1};

        mosquitto_start(&m);
        owner_start(&o, (const char *const[]){m.url}, 1);
        WAIT(&o, o.connected == 1);
        CHECK_EQ(mqtt_client_publish(o.client, &sent), 0);
        CHECK_EQ(mqtt_client_counters(o.client)->dropped, 1);
        sent.topic = "a";
        CHECK_EQ(mqtt_client_publish(o.client, &sent), 0);
        WAIT(&o, o.acknowledged == 1);
        owner_done(&o);
        mosquitto_done(&m);
}

static void comes_back_when_the_broker_does(void) {
        struct mosquitto m = {0};
        struct owner o = {0};

        mosquitto_start(&m);
        owner_start(&o, (const char *const[]){m.url}, 1);
        WAIT(&o, o.connected == 1);
        mosquitto_kill(&m);
        WAIT(&o, o.lost >= 3); /* the connection, then attempts that are refused */
        CHECK(strstr(o.why_first, m.url) && strstr(o.why_first, "closed the connection"));
        CHECK(strstr(o.why, m.url) && strstr(o.why, "refuses the connection"));
        mosquitto_start(&m);
        WAIT(&o, o.connected == 2);
        CHECK_EQ(mqtt_client_counters(o.client)->reconnects, 1);
        CHECK_EQ(o.version, 5);
        owner_done(&o);
        mosquitto_done(&m);
}

static void a_dead_broker_is_followed_by_the_next(void) {
        struct mosquitto m = {0};
        struct owner o = {0};
        char dead[64];

        mosquitto_start(&m);
        snprintf(dead, sizeof dead, "mqtts://anna:secret@127.0.0.1:%d", free_port());
        owner_start(&o, (const char *const[]){dead, m.url}, 2);
        WAIT(&o, o.connected == 1);
        CHECK_STR(o.url, m.url);
        CHECK_EQ(o.lost, 1);
        CHECK(strstr(o.why, "mqtts://127.0.0.1:") && !strstr(o.why, "secret"));
        owner_done(&o);
        mosquitto_done(&m);
}

static void a_host_that_does_not_exist_is_said_so(void) {
        struct owner o = {0};

        owner_start(&o, (const char *const[]){"mqtt://no-such-host.invalid"}, 1);
        WAIT(&o, o.lost >= 1);
        CHECK(strstr(o.why, "no host \"no-such-host.invalid\""));
        owner_done(&o);
}

static void refuses_password(enum mqtt_version version, const char *user, const char *expected) {
        struct mosquitto m = {.directory = test_directory()};
        struct owner o = {
                .options = {.version = version, .user = user, .password = "wrong-secret"}};
        char path[128];

        snprintf(path, sizeof path, "%s/users", m.directory);
        CHECK_EQ(RUN("mosquitto_passwd", "-b", "-c", path, "anna", "right"), 0);
        chmod(path, 0644);
        chmod(m.directory, 0755); /* mosquitto drops root */
        snprintf(m.options, sizeof m.options, "password_file %s", path);
        mosquitto_start(&m);
        owner_start(&o, (const char *const[]){m.url}, 1);
        WAIT(&o, o.lost >= 2);
        CHECK(strstr(o.why_first, expected));
        CHECK_STR(o.why, o.why_first); /* each time the same: the version does not flap */
        CHECK(strstr(o.why, m.url) && !strstr(o.why, "secret"));
        CHECK_EQ(o.connected, 0);
        owner_done(&o);
        mosquitto_done(&m);
}

static void a_wrong_password_is_said_so_and_no_reason_for_another_version(void) {
        refuses_password(MQTT_VERSION_AUTO, "anna", "refuses user \"anna\" or the password");
        refuses_password(MQTT_VERSION_3_1_1, "anna", "refuses user \"anna\" or the password");
        refuses_password(MQTT_VERSION_AUTO, NULL, "wants a user and a password");
}

static void requests_arrive_our_own_messages_do_not(void) {
        struct mosquitto m = {0};
        struct owner o = {
                .options = {.subscriptions = (const char *const[]){"b/request/#", "ha/status"},
                            .n_subscriptions = 2},
                .publish_topic = "b/request/x"};

        mosquitto_start(&m);
        say(&m, "b/request/old", "retained", true);
        owner_start(&o, (const char *const[]){m.url}, 1);
        WAIT(&o, o.connected == 1);
        o.to_publish = 5;
        owner_publish_on(&o);
        WAIT(&o, o.acknowledged == 5);
        say(&m, "ha/status", "online", false);
        WAIT(&o, o.messages >= 1); /* in order: what was ours or retained would have come before */
        CHECK_STR(o.topic, "ha/status");
        CHECK_STR(o.payload, "online");
        CHECK_EQ(o.messages, 1);
        CHECK_EQ(mqtt_client_counters(o.client)->received, 1);
        owner_done(&o);
        mosquitto_done(&m);
}

static void with_3_1_1_a_retained_request_bears_its_flag(void) {
        struct mosquitto m = {0};
        struct owner o = {.options = {.version = MQTT_VERSION_3_1_1,
                                      .subscriptions = (const char *const[]){"b/request/#"},
                                      .n_subscriptions = 1}};

        mosquitto_start(&m);
        say(&m, "b/request/old", "x", true);
        owner_start(&o, (const char *const[]){m.url}, 1);
        WAIT(&o, o.messages == 1);
        CHECK(o.retained);
        say(&m, "b/request/new", "y", false);
        WAIT(&o, o.messages == 2);
        CHECK(!o.retained);
        owner_done(&o);
        mosquitto_done(&m);
}

static void a_request_over_64_kb_is_dropped_and_counted(void) {
        struct mosquitto m = {0};
        struct owner o = {.options = {.subscriptions = (const char *const[]){"b/request/#"},
                                      .n_subscriptions = 1}};
        char *large = malloc(64 * 1024 + 2);

        memset(large, 'x', 64 * 1024 + 1);
        large[64 * 1024 + 1] = '\0';
        mosquitto_start(&m);
        owner_start(&o, (const char *const[]){m.url}, 1);
        WAIT(&o, o.connected == 1);
        say(&m, "b/request/large", large, false);
        large[64 * 1024] = '\0';
        say(&m, "b/request/just", large, false);
        WAIT(&o, o.messages == 1);
        CHECK_STR(o.topic, "b/request/just");
        CHECK_EQ(mqtt_client_counters(o.client)->dropped, 1);
        free(large);
        owner_done(&o);
        mosquitto_done(&m);
}

static const char *const requests[] = {"b/request/#"};

/* MQTT 5 PUBLISH of QoS 0: a and b before the SUBACK, c behind it. */
static const uint8_t a_and_b[] = {0x30, 5, 0, 1, 't', 0, 'a', 0x30, 5, 0, 1, 't', 0, 'b'};
static const uint8_t only_c[] = {0x30, 5, 0, 1, 't', 0, 'c'};

static void what_a_kept_session_delivers_at_once_can_be_answered(void) {
        struct owner o = {.options = {.subscriptions = requests, .n_subscriptions = 1},
                          .answer_topic = "b/result"};
        struct fake *f = fake_new(&o);

        f->queued = a_and_b;
        f->queued_size = sizeof a_and_b;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, f->publishes == 2);
        CHECK_STR(o.heard, "ab");
        o.answer_topic = NULL; /* c's answer has no broker any more */
        f->goodbye = only_c;
        f->goodbye_size = sizeof only_c;
        fake_hang_up_all(f);
        WAIT(&o, o.lost == 2);
        CHECK_STR(o.heard, "ababc");
        CHECK_EQ(mqtt_client_counters(o.client)->dropped, 0);
        owner_done(&o);
        fake_free(f);
}

static void what_is_delivered_before_the_suback_is_forgotten_with_the_connection(void) {
        struct owner o = {.options = {.subscriptions = requests, .n_subscriptions = 1}};
        struct fake *f = fake_new(&o);

        f->no_suback = true;
        f->queued = a_and_b;
        f->queued_size = sizeof a_and_b;
        owner_start(&o, (const char *const[]){f->url}, 1);
        WAIT(&o, f->subscribes == 1);
        f->no_suback = false;
        f->queued = only_c;
        f->queued_size = sizeof only_c;
        fake_hang_up_all(f);
        WAIT(&o, o.messages == 1);
        CHECK_STR(o.heard, "c");
        CHECK_EQ(o.connected, 1);
        CHECK_EQ(mqtt_client_counters(o.client)->dropped, 2);
        owner_done(&o);
        fake_free(f);
}

static void a_stop_says_the_last_word_and_no_will_follows(void) {
        struct mosquitto m = {0};
        struct owner o = {.options = {.will_topic = "b/state", .will_payload = "died"},
                          .to_publish = 8,
                          .publish_topic = "b/state"};
        struct watcher w;

        mosquitto_start(&m);
        watcher_start(&w, &m, "b/state");
        owner_start(&o, (const char *const[]){m.url}, 1);
        WAIT(&o, o.connected == 1);
        CHECK_EQ(mqtt_client_stop(o.client,
                                  &(struct mqtt_outgoing){
                                          .topic = "b/state", .payload = "offline", .qos = 1},
                                  PATIENCE * UINT64_C(1000000)),
                 0);
        CHECK_EQ(mqtt_client_stop(o.client, NULL, 1), -EALREADY);
        WAIT(&o, o.stopped == 1);
        CHECK_EQ(o.acknowledged, 8);
        CHECK(watcher_saw(&w, "0 b/state offline"));
        owner_done(&o);
        say(&m, "b/state", "later", false);
        CHECK(watcher_saw(&w, "later"));
        CHECK(!strstr(w.text, "died"));
        watcher_done(&w);
        mosquitto_done(&m);
}

/* Paho takes about a second to notice a new socket: a hundred (CYCLES=100) are for the long run. */
static void many_broker_restarts_do_no_harm(void) {
        const char *text = getenv("CYCLES");
        int cycles = text ? atoi(text) : 5;
        struct mosquitto m = {0};
        struct owner o = {
                .options = {.subscriptions = (const char *const[]){"b/#"}, .n_subscriptions = 1},
                .publish_topic = "t"};

        o.options.backoff_min_usec = 1000;
        o.options.backoff_max_usec = 4000;
        mosquitto_start(&m);
        owner_start(&o, (const char *const[]){m.url}, 1);
        for (int i = 1; i <= cycles; i++) {
                WAIT(&o, o.connected == i);
                o.to_publish += 3; /* some acknowledged, some not */
                owner_publish_on(&o);
                mosquitto_kill(&m);
                mosquitto_start(&m);
                if (check_failed)
                        break;
        }
        WAIT(&o, o.connected == cycles + 1);
        CHECK_EQ(mqtt_client_counters(o.client)->reconnects, cycles);
        owner_done(&o);
        mosquitto_done(&m);
}

static void the_owner_may_free_the_client_in_any_event(void) {
        struct owner o = {.free_when_lost = true};
        char dead[64];

        snprintf(dead, sizeof dead, "mqtt://127.0.0.1:%d", free_port());
        owner_start(&o, (const char *const[]){dead}, 1);
        WAIT(&o, o.lost == 1);
        CHECK(!o.client);
        owner_done(&o);
}

CHECK_MAIN("unit.mqtt_client", TEST(connects_with_mqtt_5_first),
           TEST(connects_with_mqtt_5_when_told), TEST(connects_with_mqtt_3_1_1_when_told),
           TEST(the_will_is_seen_when_the_process_dies),
           TEST(a_thousand_messages_are_acknowledged_in_order_within_the_window),
           TEST(the_queue_is_limited_and_qos_0_passes_the_window),
           TEST(what_cannot_be_sent_is_dropped_and_the_next_one_goes),
           TEST(comes_back_when_the_broker_does), TEST(a_dead_broker_is_followed_by_the_next),
           TEST(a_host_that_does_not_exist_is_said_so),
           TEST(a_wrong_password_is_said_so_and_no_reason_for_another_version),
           TEST(requests_arrive_our_own_messages_do_not),
           TEST(with_3_1_1_a_retained_request_bears_its_flag),
           TEST(a_request_over_64_kb_is_dropped_and_counted),
           TEST(what_a_kept_session_delivers_at_once_can_be_answered),
           TEST(what_is_delivered_before_the_suback_is_forgotten_with_the_connection),
           TEST(a_stop_says_the_last_word_and_no_will_follows),
           TEST(many_broker_restarts_do_no_harm), TEST(the_owner_may_free_the_client_in_any_event))
