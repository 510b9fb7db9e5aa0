/* HCI commands and events; and captures of a real kernel. */
#include "trace_hci_fixture.h"

#define COMPLETE "3e 13 01 00 4000 00 00 332211db5f28 1800 0000 2a00 00"

/* One of each, with the bytes that its event needs. */
static const struct vector VECTORS[] = {
        {TRACE_HCI_EVENT, COMPLETE, TRACE_CONNECTED, 14},
        {TRACE_HCI_EVENT,
         "3e 1f 0a 00 4000 00 01 332211db5f28 060504030241 000000000000 1800 0000 2a00 00",
         TRACE_CONNECTED, 14},
        {TRACE_HCI_EVENT,
         "3e 22 29 00 4000 00 01 332211db5f28 060504030241 000000000000 1800 0000 2a00 00 ff ffff",
         TRACE_CONNECTED, 14},
        {TRACE_HCI_EVENT, "05 04 00 4000 16", TRACE_DISCONNECTED, 6},
        {TRACE_HCI_EVENT, "08 04 00 4000 01", TRACE_ENCRYPTION_DONE, 6},
        {TRACE_HCI_EVENT, "59 05 00 4000 01 10", TRACE_ENCRYPTION_DONE, 6},
        {TRACE_HCI_EVENT, "30 03 00 4000", TRACE_ENCRYPTION_DONE, 5},
        {TRACE_HCI_EVENT, "3e 0d 05 4000 0000000000000000 0000", TRACE_ENCRYPTION_ASKED, 15},
        {TRACE_HCI_COMMAND, "1920 1c 4000 0000000000000000 0000 289693bda2f7a1422d404cff0b5d17a3",
         TRACE_ENCRYPTION_ASKED, 15},
        {TRACE_HCI_EVENT, "3e 16 02 01 00 00 332211db5f28 0a 020106 06ff0e02034800 c4",
         TRACE_ADVERTISED, 23},
        {TRACE_HCI_EVENT,
         "3e 24 0d 01 1300 00 332211db5f28 01 00 ff 7f c4 0000 00 000000000000 0a"
         "020106 06ff0e02034800",
         TRACE_ADVERTISED, 38},
};

static void every_frame_may_be_cut_anywhere_and_its_size_may_lie(void) {
        for (size_t i = 0; i < sizeof VECTORS / sizeof VECTORS[0]; i++)
                check_cut(&VECTORS[i], VECTORS[i].type == TRACE_HCI_EVENT ? 1 : 2);
}

static void a_connection_has_its_handle_and_the_address_as_printed(void) {
        static const char *const events[] = {
                COMPLETE,
                "3e 1f 0a 00 4000 00 00 332211db5f28 000000000000 000000000000 1800 0000 2a00 00",
                "3e 22 29 00 4000 00 00 332211db5f28 000000000000 000000000000 1800 0000 2a00 00",
                "3e 13 01 00 40f0 00 00 332211db5f28 1800 0000 2a00 00", /* bits above the handle */
        };

        for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
                struct frames f = frames_new();

                CHECK_EQ(feed_event(&f, events[i]), 1);
                CHECK_EQ(f.got[0].kind, TRACE_CONNECTED);
                CHECK_EQ(f.got[0].handle, 0x40);
                check_address(&f.got[0], "28:5F:DB:11:22:33");
                CHECK_EQ(f.got[0].own_random, TRACE_NOT_TOLD); /* no command was seen */
        }
}

static void a_connection_that_failed_is_none(void) {
        struct frames f = frames_new();

        CHECK_EQ(feed_event(&f, "3e 13 01 3e 4000 00 00 332211db5f28 1800 0000 2a00 00"), 0);
        CHECK_EQ(feed_event(&f, "3e 13 0a 02 4000 00 00 332211db5f28 1800 0000 2a00 00"), 0);
        CHECK_EQ(feed_event(&f, "05 04 0c 4000 16"), 0); /* nor a disconnection that failed */
}

/* LE Create Connection with an own address type, then an Enhanced Connection Complete that says
 * with which private address. */
static enum trace_answer own_random(const char *command, const char *event) {
        struct frames f = frames_new();

        CHECK_EQ(feed_command(&f, command), 0);
        CHECK_EQ(feed_event(&f, event), 1);
        return f.got[0].own_random;
}

#define CREATE(type) "0d20 19 6000 6000 00 00 332211db5f28 " type " 1800 2800 0000 2a00 0000 0000"
#define EXTENDED(type)                                                                             \
        "4320 1a 00 " type " 00 332211db5f28 01 6000 6000 1800 2800 0000 2a00 0000 0000"
#define PUBLIC  "3e 1f 0a 00 4000 00 00 332211db5f28 000000000000 000000000000 1800 0000 2a00 00"
#define PRIVATE "3e 1f 0a 00 4000 00 00 332211db5f28 060504030241 000000000000 1800 0000 2a00 00"

static void the_create_command_tells_whether_the_host_was_random(void) {
        CHECK_EQ(own_random(CREATE("00"), COMPLETE), TRACE_NO);
        CHECK_EQ(own_random(CREATE("01"), COMPLETE), TRACE_YES);
        CHECK_EQ(own_random(CREATE("02"), COMPLETE), TRACE_NOT_TOLD);
        CHECK_EQ(own_random(CREATE("03"), COMPLETE), TRACE_YES);
        CHECK_EQ(own_random(CREATE("04"), COMPLETE), TRACE_NOT_TOLD);
        CHECK_EQ(own_random(CREATE("02"), PUBLIC), TRACE_NO);
        CHECK_EQ(own_random(CREATE("02"), PRIVATE), TRACE_YES);
        CHECK_EQ(own_random(EXTENDED("00"), COMPLETE), TRACE_NO);
        CHECK_EQ(own_random(EXTENDED("01"), COMPLETE), TRACE_YES);
        CHECK_EQ(own_random("0d20 0c 6000 6000 00 00 332211db5f28 01", COMPLETE), TRACE_NOT_TOLD);
        CHECK_EQ(own_random("4320 01 00 01", COMPLETE), TRACE_NOT_TOLD);
        CHECK_EQ(own_random("0d20", COMPLETE), TRACE_NOT_TOLD);
}

static void the_create_command_counts_for_its_adapter_until_the_next(void) {
        struct frames f = frames_new();

        CHECK_EQ(feed_command(&f, CREATE("01")), 0);
        f.adapter = 1;
        CHECK_EQ(feed_event(&f, COMPLETE), 1);
        CHECK_EQ(f.got[0].own_random, TRACE_NOT_TOLD);
        f.adapter = 0;
        CHECK_EQ(feed_event(&f, COMPLETE), 1);
        CHECK_EQ(f.got[0].own_random, TRACE_YES);
        CHECK_EQ(feed_command(&f, EXTENDED("00")), 0);
        CHECK_EQ(feed_event(&f, COMPLETE), 1);
        CHECK_EQ(f.got[0].own_random, TRACE_NO);
}

static void at_the_peripheral_the_host_is_the_peer(void) {
        struct frames f = frames_new();

        CHECK_EQ(feed_command(&f, CREATE("00")), 0);
        CHECK_EQ(feed_event(&f, "3e 13 01 00 4000 01 01 332211db5f68 1800 0000 2a00 00"), 1);
        CHECK_EQ(f.got[0].own_random, TRACE_YES);
        check_address(&f.got[0], "68:5F:DB:11:22:33");
        CHECK_EQ(feed_event(&f, "3e 13 01 00 4100 01 00 332211db5f28 1800 0000 2a00 00"), 1);
        CHECK_EQ(f.got[0].own_random, TRACE_NO);
}

static void a_disconnection_has_its_reason(void) {
        struct frames f = frames_new();

        CHECK_EQ(feed_event(&f, COMPLETE), 1);
        CHECK_EQ(feed_event(&f, "05 04 00 4000 13"), 1);
        CHECK_EQ(f.got[0].kind, TRACE_DISCONNECTED);
        CHECK_EQ(f.got[0].handle, 0x40);
        CHECK_EQ(f.got[0].status, 0x13);
        CHECK_EQ(feed_event(&f, "05 04 00 ff0e 08"), 1); /* of a link from before the capture */
        CHECK_EQ(f.got[0].handle, 0xEFF);
}

static void a_start_of_encryption_tells_whether_the_key_is_an_old_one(void) {
        static const struct {
                const char *rand_ediv;
                bool stored;
        } asked[] = {
                {"0000000000000000 0000", false}, {"0100000000000000 0000", true},
                {"0000000000000080 0000", true},  {"0000000000000000 0100", true},
                {"0000000000000000 0080", true},
        };

        for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
                struct frames f = frames_new();
                char hex[128];

                snprintf(hex, sizeof hex, "1920 1c 4100 %s ffffffffffffffffffffffffffffffff",
                         asked[i].rand_ediv);
                CHECK_EQ(feed_command(&f, hex), 1);
                CHECK_EQ(f.got[0].kind, TRACE_ENCRYPTION_ASKED);
                CHECK_EQ(f.got[0].handle, 0x41);
                CHECK_EQ(f.got[0].stored, asked[i].stored);
                snprintf(hex, sizeof hex, "3e 0d 05 4200 %s", asked[i].rand_ediv);
                CHECK_EQ(feed_event(&f, hex), 1);
                CHECK_EQ(f.got[0].kind, TRACE_ENCRYPTION_ASKED);
                CHECK_EQ(f.got[0].handle, 0x42);
                CHECK_EQ(f.got[0].stored, asked[i].stored);
        }
}

static void encryption_is_done_with_its_status_and_switched_off_is_nothing(void) {
        static const struct {
                const char *hex;
                int status; /* -1 no event */
        } done[] = {
                {"08 04 00 4000 01", 0},    {"08 04 06 4000 00", 6},    {"08 04 00 4000 00", -1},
                {"59 05 00 4000 01 10", 0}, {"59 05 05 4000 00 00", 5}, {"59 05 00 4000 00 00", -1},
                {"30 03 00 4000", 0},       {"30 03 3d 4000", 0x3D},
        };

        for (size_t i = 0; i < sizeof done / sizeof done[0]; i++) {
                struct frames f = frames_new();

                CHECK_EQ(feed_event(&f, done[i].hex), done[i].status >= 0);
                if (f.n == 0)
                        continue;
                CHECK_EQ(f.got[0].kind, TRACE_ENCRYPTION_DONE);
                CHECK_EQ(f.got[0].handle, 0x40);
                CHECK_EQ(f.got[0].status, done[i].status);
        }
}

/* A headset whose key is gone says nothing about a cuff. */
static void encryption_of_a_bredr_link_is_nothing(void) {
        struct frames f = frames_new();

        CHECK_EQ(feed_event(&f, "03 0b 00 4000 332211db5f28 01 00"), 0);
        CHECK_EQ(feed_event(&f, "08 04 06 4000 00"), 0);
        CHECK_EQ(feed_event(&f, "30 03 06 4000"), 0);
        CHECK_EQ(feed_event(&f, "08 04 06 4100 00"), 1); /* another link */
        CHECK_EQ(feed_event(&f, "05 04 00 4000 13"), 1);
        CHECK_EQ(feed_event(&f, COMPLETE), 1); /* its handle, used again */
        CHECK_EQ(feed_event(&f, "08 04 06 4000 00"), 1);
        CHECK_EQ(feed_event(&f, "03 0b 04 4000 332211db5f28 01 00"), 0); /* it failed */
        CHECK_EQ(feed_event(&f, "03 02 00 4000"), 0);                    /* cut */
        CHECK_EQ(feed_event(&f, "08 04 06 4000 00"), 1);
}

/* As the central's controller would say it, as of all links. */
static void at_the_peripheral_the_disconnection_is_turned_round(void) {
        static const struct {
                const char *hex;
                uint8_t status;
        } ends[] = {
                {"05 04 00 4000 13", 0x16}, {"05 04 00 4000 14", 0x16}, {"05 04 00 4000 15", 0x16},
                {"05 04 00 4000 16", 0x13}, {"05 04 00 4000 08", 0x08}, {"05 04 00 4000 3d", 0x3D},
        };

        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
                struct frames f = frames_new();

                CHECK_EQ(feed_event(&f, "3e 13 01 00 4000 01 00 332211db5f28 1800 0000 2a00 00"),
                         1);
                CHECK_EQ(feed_event(&f, ends[i].hex), 1);
                CHECK_EQ(f.got[0].status, ends[i].status);
        }
}

#define START "1920 1c 4500 0000000000000000 0000 00000000000000000000000000000000"

static void a_refused_start_of_encryption_is_of_the_last_link(void) {
        struct frames f = frames_new();

        CHECK_EQ(feed_event(&f, "0f 04 0c 01 1920"), 0); /* none was seen */
        CHECK_EQ(feed_command(&f, START), 1);
        f.adapter = 1;
        CHECK_EQ(feed_event(&f, "0f 04 0c 01 1920"), 0);
        f.adapter = 0;
        CHECK_EQ(feed_event(&f, "0f 04 0c 01 1620"), 0); /* of another command */
        CHECK_EQ(feed_event(&f, "0f 04 0c 01 19"), 0);
        CHECK_EQ(feed_event(&f, "0f 04 0c 01 1920"), 1);
        CHECK_EQ(f.got[0].kind, TRACE_ENCRYPTION_DONE);
        CHECK_EQ(f.got[0].handle, 0x45);
        CHECK_EQ(f.got[0].status, 0x0C);
        CHECK_EQ(feed_event(&f, "0f 04 0c 01 1920"), 0); /* answered already */

        CHECK_EQ(feed_command(&f, START), 1);
        CHECK_EQ(feed_event(&f, "0f 04 00 01 1920"), 0); /* accepted */
        CHECK_EQ(feed_event(&f, "0f 04 0c 01 1920"), 0);

        CHECK_EQ(feed_command(&f, START), 1);
        CHECK_EQ(feed_command(&f, "1920 02 4600"), 0); /* which link this one was for is lost */
        CHECK_EQ(feed_event(&f, "0f 04 0c 01 1920"), 0);
}

static void what_is_not_about_links_gives_nothing(void) {
        struct frames f = frames_new();

        CHECK_EQ(feed_event(&f, "0e 04 01 030c 00"), 0);
        CHECK_EQ(feed_event(&f, "13 05 01 4000 0100"), 0);
        CHECK_EQ(feed_event(&f, "3e 0c 04 00 4000 0100000000000000"), 0);
        CHECK_EQ(feed_command(&f, "1620 02 4000"), 0);
        for (int type = TRACE_HCI_COMMAND; type <= TRACE_HCI_OTHER; type++)
                CHECK_EQ(feed(&f, (enum trace_hci_type) type, TRACE_NOT_TOLD, NULL, 0), 0);
        CHECK_EQ(feed_hex(&f, TRACE_HCI_OTHER, TRACE_YES, COMPLETE), 0);
}

static void the_types_of_the_monitor_and_of_h4_are_known(void) {
        static const struct {
                enum trace_hci_type type;
                enum trace_answer received;
        } monitor[20] = {
                [2] = {TRACE_HCI_COMMAND, TRACE_NOT_TOLD},
                [3] = {TRACE_HCI_EVENT, TRACE_NOT_TOLD},
                [4] = {TRACE_HCI_ACL, TRACE_NO},
                [5] = {TRACE_HCI_ACL, TRACE_YES},
                [16] = {TRACE_HCI_MGMT_COMMAND, TRACE_NOT_TOLD},
                [17] = {TRACE_HCI_MGMT_EVENT, TRACE_NOT_TOLD},
        };

        for (unsigned i = 0; i <= UINT16_MAX; i++) {
                bool known = (i >= 2 && i <= 5) || i == 16 || i == 17;
                enum trace_answer received = (enum trace_answer) 9;

                CHECK_EQ(trace_hci_of_monitor((uint16_t) i, &received),
                         known ? monitor[i].type : TRACE_HCI_OTHER);
                CHECK_EQ(received, known ? monitor[i].received : TRACE_NOT_TOLD);
        }
        for (unsigned i = 0; i <= UINT8_MAX; i++)
                CHECK_EQ(trace_hci_of_h4((uint8_t) i), i == 1   ? TRACE_HCI_COMMAND
                                                       : i == 2 ? TRACE_HCI_ACL
                                                       : i == 4 ? TRACE_HCI_EVENT
                                                                : TRACE_HCI_OTHER);
}

struct story {
        char text[4096];
        size_t n;
};

/* One line per event of a link or of the air: frame, what, and its first bytes. */
static void tell(const struct trace_event *e, void *data) {
        static const char *const sides[] = {"?", "host", "cuff"};
        struct story *s = data;
        char *at = s->text + s->n;
        size_t room = sizeof s->text - s->n;
        int n = 0;

        if (e->kind == TRACE_SMP)
                n = snprintf(at, room, "%llu %s %02x%02x %zu%s\n", (unsigned long long) e->number,
                             sides[e->side], e->pdu[0], e->pdu[1], e->pdu_size,
                             e->pdu_cut ? " cut" : "");
        else if (e->kind == TRACE_ADVERTISED)
                n = snprintf(at, room, "%llu advertised %d\n", (unsigned long long) e->number,
                             e->pairing_flag);
        else if (e->kind == TRACE_CONNECTED)
                n = snprintf(at, room, "%llu connected %u %d\n", (unsigned long long) e->number,
                             e->handle, e->own_random);
        else if (e->kind <= TRACE_ENCRYPTION_DONE)
                n = snprintf(at, room, "%llu kind %d %u 0x%02x %d\n",
                             (unsigned long long) e->number, e->kind, e->handle, e->status,
                             e->stored);
        s->n += (size_t) n;
}

/* Frames, sides and bytes as tshark 4.0 shows them. */
static void a_capture_of_a_refusal_is_read_as_tshark_reads_it(void) {
        struct story s = {0};

        CHECK(each_event("secreq_fail_connect", tell, &s));
        CHECK_STR(s.text, "382 advertised 0\n"
                          "417 advertised 0\n"
                          "422 connected 64 1\n"
                          "472 cuff 0b01 2\n"
                          "473 host 0103 7\n"
                          "475 cuff 0508 2\n"
                          "479 kind 1 64 0x16 0\n");
}

static void a_capture_of_a_pairing_is_read_as_tshark_reads_it(void) {
        struct story s = {0};

        CHECK(each_event("pair_ok", tell, &s));
        CHECK_STR(s.text, "268 advertised 0\n"
                          "311 advertised 0\n"
                          "316 connected 64 1\n"
                          "323 host 0103 7\n"
                          "326 cuff 0203 7\n"
                          "348 host 03d6 17\n"
                          "353 cuff 03fb 17\n"
                          "354 host 04fa 17\n"
                          "363 cuff 0411 17\n"
                          "364 kind 3 64 0x00 0\n"
                          "369 kind 4 64 0x00 0\n"
                          "379 cuff 063c 17\n"
                          "380 cuff 071a 11\n");
}

static void a_private_address_of_the_host_is_seen(void) {
        struct story s = {0};

        CHECK(each_event("privacy_device", tell, &s));
        CHECK(strstr(s.text, " connected 64 2\n") != NULL);
}

CHECK_MAIN("unit.trace_hci", TEST(every_frame_may_be_cut_anywhere_and_its_size_may_lie),
           TEST(a_connection_has_its_handle_and_the_address_as_printed),
           TEST(a_connection_that_failed_is_none),
           TEST(the_create_command_tells_whether_the_host_was_random),
           TEST(the_create_command_counts_for_its_adapter_until_the_next),
           TEST(at_the_peripheral_the_host_is_the_peer), TEST(a_disconnection_has_its_reason),
           TEST(a_start_of_encryption_tells_whether_the_key_is_an_old_one),
           TEST(encryption_is_done_with_its_status_and_switched_off_is_nothing),
           TEST(encryption_of_a_bredr_link_is_nothing),
           TEST(at_the_peripheral_the_disconnection_is_turned_round),
           TEST(a_refused_start_of_encryption_is_of_the_last_link),
           TEST(what_is_not_about_links_gives_nothing),
           TEST(the_types_of_the_monitor_and_of_h4_are_known),
           TEST(a_capture_of_a_refusal_is_read_as_tshark_reads_it),
           TEST(a_capture_of_a_pairing_is_read_as_tshark_reads_it),
           TEST(a_private_address_of_the_host_is_seen))
