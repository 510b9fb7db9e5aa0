#include "vhci_att_fixture.h"

/* --- MTU --- */

static void the_mtu_is_the_smaller_of_both_and_never_below_23(void) {
        static const struct {
                uint16_t cuff;
                const char *request, *response, *log;
        } cases[] = {
                {23, "02 0502", "031700", "mtu " ADDRESS " 23\n"},
                {247, "02 0502", "03f700", "mtu " ADDRESS " 247\n"},
                {247, "02 6400", "03f700", "mtu " ADDRESS " 100\n"},
                {100, "02 f700", "036400", "mtu " ADDRESS " 100\n"},
                {100, "02 1600", "036400", "mtu " ADDRESS " 23\n"},
                {100, "02 0000", "036400", "mtu " ADDRESS " 23\n"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct link l;

                begin(&l);
                CHECK_EQ(l.server.mtu, 23);
                l.cuff.mtu = cases[i].cuff;
                CHECK_STR(ask(&l, cases[i].request), cases[i].response);
                CHECK_LOG(&l, cases[i].log);
        }
}

/* --- reading --- */

static void values_are_read(void) {
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(ask(&l, "0a 0300"), "0b424c45736d6172745f30303030"); /* BLEsmart_0000 */
        CHECK_LOG(&l, "read " ADDRESS " uuid=2a00\n");
        CHECK_STR(ask(&l, "0a 0500"), "0b8003");
        CHECK_STR(ask(&l, "0a 1800"), "0b0700");
        CHECK_STR(ask(&l, "0a 2200"), "0b5a");
        CHECK_STR(ask(&l, "0a 3200"), "0b425037333530"); /* BP7350 */
        CHECK_STR(ask(&l, "0a 4200"), "0be7070b0e160d14020000");
        CHECK_LOG(&l, "read " ADDRESS " uuid=2a01\n"
                      "read " ADDRESS " uuid=2a49\n"
                      "read " ADDRESS " uuid=2a19\n"
                      "read " ADDRESS " uuid=2a24\n"
                      "read " ADDRESS " uuid=2a2b\n");
}

static void declarations_and_cccds_are_read_without_a_line(void) {
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(ask(&l, "0a 0100"), "0b0018");
        CHECK_STR(ask(&l, "0a 1100"), "0b201200352a");
        CHECK_STR(ask(&l, "0a 4100"), "0b1a42002b2a");
        CHECK_STR(ask(&l, "0a 1300"), "0b0000");
        CHECK_LOG(&l, "");
}

static void what_cannot_be_read_is_refused(void) {
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(ask(&l, "0a 1200"), "010a120002"); /* is only indicated */
        CHECK_LOG(&l, "refused " ADDRESS " opcode=0a handle=0012 error=02\n");
        CHECK_STR(ask(&l, "0a 0000"), "010a000001");
        CHECK_STR(ask(&l, "0a 0600"), "010a060001"); /* a hole in the table */
        CHECK_STR(ask(&l, "0a ffff"), "010affff01");
        CHECK_STR(ask(&l, "0c 0600 0000"), "010c060001");
        CHECK_STR(ask(&l, "0c 1200 0000"), "010c120002");
}

#define NAME60 "an uncommonly long name, made for values that take 3 answers"

static void a_long_value_is_read_in_parts(void) {
        char hex[2 * 60 + 1], expected[2 * 60 + 3];
        struct link l;

        begin(&l);
        strcpy(l.cuff.name, NAME60);
        log_hex(NAME60, 60, hex);
        sprintf(expected, "0b%.44s", hex);
        CHECK_STR(ask(&l, "0a 0300"), expected);
        CHECK_LOG(&l, "read " ADDRESS " uuid=2a00\n");
        sprintf(expected, "0d%.44s", hex + 44);
        CHECK_STR(ask(&l, "0c 0300 1600"), expected);
        sprintf(expected, "0d%.44s", hex + 88);
        CHECK_STR(ask(&l, "0c 0300 2c00"), expected);
        CHECK_STR(ask(&l, "0c 0300 3c00"), "0d"); /* at its end */
        CHECK_LOG(&l, "");
        CHECK_STR(ask(&l, "0c 0300 3d00"), "010c030007");
        CHECK_STR(ask(&l, "0c 0300 ffff"), "010c030007");
        l.log[0] = '\0';
        sprintf(expected, "0d%.44s", hex);
        CHECK_STR(ask(&l, "0c 0300 0000"), expected);
        CHECK_LOG(&l, "read " ADDRESS " uuid=2a00\n");
        CHECK_STR(ask(&l, "0c 2200 0100"), "0d"); /* a value that is not long */

        l.cuff.mtu = 61;
        ask(&l, "02 0502");
        sprintf(expected, "0b%s", hex);
        CHECK_STR(ask(&l, "0a 0300"), expected);
}

/* --- permissions --- */

static void what_needs_encryption_is_refused_until_there_is_some(void) {
        struct link l;
        char read[16], write[24], refused[16];

        begin(&l);
        CHECK_STR(ask(&l, "0a 1800"), "010a180005");
        CHECK_LOG(&l, "refused " ADDRESS " opcode=0a handle=0018 error=05\n");
        CHECK_STR(ask(&l, "12 1300 0200"), "0112130005");
        CHECK_LOG(&l, "refused " ADDRESS " opcode=12 handle=0013 error=05\n");
        CHECK_EQ(cuff_cccd(&l.cuff, UUID_MEASUREMENT), 0);
        for (size_t i = 0; i < att_standard.n; i++) {
                sprintf(read, "0a %02x00", att_standard.rows[i].handle);
                sprintf(write, "12 %02x00 0000", att_standard.rows[i].handle);
                begin(&l);
                sprintf(refused, "010a%02x0005", att_standard.rows[i].handle);
                CHECK_EQ(strcmp(ask(&l, read), refused) == 0, att_standard.rows[i].encrypted);
                sprintf(refused, "0112%02x0005", att_standard.rows[i].handle);
                CHECK_EQ(strcmp(ask(&l, write), refused) == 0, att_standard.rows[i].encrypted);
                begin_encrypted(&l);
                ask(&l, read);
                ask(&l, write);
                CHECK(!strstr(l.log, "error=05"));
        }
}

/* --- writing --- */

static void a_cccd_is_written_and_clearing_it_is_a_violation(void) {
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(ask(&l, "12 1300 0000"), "13");
        CHECK_LOG(&l, "cccd " ADDRESS " uuid=2a35 value=0000\n");
        CHECK_STR(ask(&l, "12 1300 0200"), "13");
        CHECK_LOG(&l, "cccd " ADDRESS " uuid=2a35 value=0002\n");
        CHECK_EQ(cuff_cccd(&l.cuff, UUID_MEASUREMENT), 2);
        CHECK_STR(ask(&l, "0a 1300"), "0b0200");
        CHECK_STR(ask(&l, "12 2300 0100"), "13");
        CHECK_LOG(&l, "cccd " ADDRESS " uuid=2a19 value=0001\n");
        CHECK_STR(ask(&l, "12 1300 0000"), "13");
        CHECK_LOG(&l, "cccd " ADDRESS " uuid=2a35 value=0000\n"
                      "violation CCCD cleared by client while connected: " ADDRESS " uuid=2a35\n");
        CHECK_STR(ask(&l, "12 1300 00"), "011213000d");
        CHECK_STR(ask(&l, "12 1300 020000"), "011213000d");
}

static void the_clock_is_written(void) {
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(ask(&l, "12 4200 e8070102030405020000"), "13");
        CHECK_LOG(&l, "write " ADDRESS " uuid=2a2b value=e8070102030405020000\n");
        CHECK_STR(ask(&l, "0a 4200"), "0be8070102030405020000");
        CHECK_STR(ask(&l, "12 4200 e807"), "011242000d");
        l.cuff.clock_writable = false;
        l.log[0] = '\0';
        CHECK_STR(ask(&l, "12 4200 e8070102030405020000"), "0112420080");
        CHECK_LOG(&l, "refused " ADDRESS " opcode=12 handle=0042 error=80\n");
}

static void what_cannot_be_written_is_refused(void) {
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(ask(&l, "12 0300 41"), "0112030003");
        CHECK_STR(ask(&l, "12 1100 00"), "0112110003");
        CHECK_STR(ask(&l, "12 0100"), "0112010003");
        CHECK_STR(ask(&l, "12 0000 00"), "0112000001");
        CHECK_STR(ask(&l, "12 0600 00"), "0112060001");
}

static void a_write_command_is_carried_out_and_never_answered(void) {
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(ask(&l, "52 1300 0200"), "");
        CHECK_LOG(&l, "cccd " ADDRESS " uuid=2a35 value=0002\n");
        CHECK_EQ(cuff_cccd(&l.cuff, UUID_MEASUREMENT), 2);
        CHECK_STR(ask(&l, "52 0300 41"), "");
        CHECK_STR(ask(&l, "52 0600 41"), "");
        CHECK_STR(ask(&l, "52 1300 00"), "");
        CHECK_LOG(&l, "");
}

/* --- indications --- */

static void a_measurement_is_indicated_and_confirmed(void) {
        static const uint8_t record[] = {0x1E, 0x83, 0x00, 0x54, 0x00};
        struct link l;

        begin_encrypted(&l);
        cuff_store(&l.cuff, record, sizeof record, 1, 0);
        ask(&l, "12 1300 0200");
        l.log[0] = '\0';
        CHECK_STR(tick(&l), "1d12001e83005400");
        CHECK_LOG(&l, "indication " ADDRESS " value=1e83005400\n");
        CHECK_STR(ask(&l, "1e 00"), ""); /* not a confirmation */
        CHECK_EQ(l.cuff.n_unsent, 1);
        CHECK_STR(ask(&l, "1e"), "");
        CHECK_LOG(&l, "confirmed " ADDRESS " left=0\n");
        CHECK_EQ(l.cuff.n_unsent, 0);
        CHECK_STR(ask(&l, "1e"), ""); /* nothing is to be confirmed any more */
        CHECK_LOG(&l, "");
}

static const char *push(struct link *l, uint16_t handle, const uint8_t *value, size_t size) {
        struct capture c;

        capture_begin(&c);
        att_server_push(&l->server, handle, value, size);
        capture_end(&c, l);
        return take(&l->said);
}

static void a_push_is_a_notification_where_nothing_indicates_and_is_cut_to_the_mtu(void) {
        static const uint8_t value[30] = {0x01};
        char expected[7 + 2 * sizeof value] = "1b220001";
        struct link l;

        begin_encrypted(&l);
        CHECK_STR(push(&l, 0x22, value, 1), "1b220001");
        CHECK_LOG(&l, "");
        memset(expected + 8, '0', 2 * 19);
        CHECK_STR(push(&l, 0x22, value, sizeof value), expected);
        l.cuff.mtu = 40;
        ask(&l, "02 2800");
        memset(expected + 8, '0', 2 * 29);
        CHECK_STR(push(&l, 0x22, value, sizeof value), expected);
}

/* --- the cuff behind it --- */

static void a_cuff_that_is_gone_answers_nothing(void) {
        static const char *const requests[] = {
                "02 0502", "10 0100 ffff 0028", "0a 0300", "12 1300 0200", "1e", "0e"};
        struct link l;

        begin_encrypted(&l);
        l.cuff.awaits_confirmation = true;
        cuff_vanish(&l.cuff);
        for (size_t i = 0; i < ELEMENTS(requests); i++)
                CHECK_STR(ask(&l, requests[i]), "");
        CHECK(l.cuff.awaits_confirmation);

        begin(&l);
        cuff_link_down(&l.cuff, l.now);
        for (size_t i = 0; i < ELEMENTS(requests); i++)
                CHECK_STR(ask(&l, requests[i]), "");
        CHECK_LOG(&l, "");
}

static void a_cuff_may_vanish_at_a_request(void) {
        static const struct {
                enum cuff_point point;
                const char *request;
        } cases[] = {
                {CUFF_READING, "0a 0300"},
                {CUFF_READING, "0c 0300 0000"},
                {CUFF_READING, "08 0100 ffff 002a"},
                {CUFF_SUBSCRIBING, "12 1300 0200"},
        };

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct link l;

                begin_encrypted(&l);
                l.cuff.vanish_at = cases[i].point;
                CHECK_STR(ask(&l, "0a 0200"), "0b020300002a"); /* declarations are not values */
                CHECK_STR(ask(&l, cases[i].request), "");
                CHECK_EQ(l.n_vanished, 1);
                CHECK_LOG(&l, "");
        }
}

/* Also discovery, which asks for no value; but nothing shortens a wait that goes on. */
static void every_request_puts_off_the_hang_up(void) {
        struct link l;
        uint64_t due;

        begin(&l);
        due = cuff_due(&l.cuff);
        l.now += 3 * SEC;
        ask(&l, "10 0100 ffff 0028");
        CHECK_EQ(cuff_due(&l.cuff), due + 3 * SEC);
        l.cuff.last_activity = l.now + 30 * SEC; /* SMP is silent */
        due = cuff_due(&l.cuff);
        ask(&l, "10 0100 ffff 0028");
        CHECK_EQ(cuff_due(&l.cuff), due);
}

CHECK_MAIN("unit.vhci_att", TEST(the_mtu_is_the_smaller_of_both_and_never_below_23),
           TEST(values_are_read), TEST(declarations_and_cccds_are_read_without_a_line),
           TEST(what_cannot_be_read_is_refused), TEST(a_long_value_is_read_in_parts),
           TEST(what_needs_encryption_is_refused_until_there_is_some),
           TEST(a_cccd_is_written_and_clearing_it_is_a_violation), TEST(the_clock_is_written),
           TEST(what_cannot_be_written_is_refused),
           TEST(a_write_command_is_carried_out_and_never_answered),
           TEST(a_measurement_is_indicated_and_confirmed),
           TEST(a_push_is_a_notification_where_nothing_indicates_and_is_cut_to_the_mtu),
           TEST(a_cuff_that_is_gone_answers_nothing), TEST(a_cuff_may_vanish_at_a_request),
           TEST(every_request_puts_off_the_hang_up))
