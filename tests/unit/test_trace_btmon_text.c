/* Where btmon's blocks begin, their clock and their numbers, and text that is none of btmon's. */
#include "trace_btmon_fixture.h"

#define FAILED "SMP: Pairing Failed (0x05) len 1\nReason: Unspecified reason (0x08)\n"
#define ACL    "> ACL Data RX: Handle 64 flags 0x02 dlen 6 "

static bool is_header(const char *line) {
        uint8_t *exact = exact_copy((const uint8_t *) line, strlen(line));
        bool is = trace_btmon_is_header((const char *) exact, strlen(line));

        free(exact);
        return is;
}

static void a_header_is_known_by_its_words(void) {
        static const char *const headers[] = {
                "> ACL Data RX: Handle 64 flags 0x02 dlen 6",
                ">ACL Data RX: Handle 64 flags 0x02 dlen 6 #20 [hci0] 26.420475",
                "> > ACL Data RX: Handle 64 flags 0x02 dlen 6",
                ">>> ACL Data RX: Handle 64 flags 0x02 dlen 6",
                "&gt; ACL Data RX: Handle 64 flags 0x02 dlen 6",
                "ACL Data TX: Handl.. flags 0x02 dlen 6",
                "`< LE-ACL: Handle 64 [AA:BB:CC:DD:EE:FF] [1/6] flags 0x00 dlen 16",
                "17: > HCI Event: Encryption Change (0x08) plen 4",
                "17| > HCI Event: Encryption Change (0x08) plen 4",
                "17) > HCI Event: Encryption Change (0x08) plen 4",
                "> 17: > HCI Event: Encryption Change (0x08) plen 4",
                "\t17 > HCI Event: Encryption Change (0x08) plen 4",
                "\xEF\xBB\xBF> HCI Event: Encryption Change (0x08) plen 4",
                "\x1b[0;35m> HCI Event: Encryption Change\x1b[0m (0x08) plen 4",
                "< HCI Command: LE Start Encryption (0x08|0x0019) plen 28",
                "bluetoothd[746]: < ACL Data TX: Handle 64 flags 0x00 dlen 6",
                "> bluetoothd[746]: @ MGMT Command: Pair Device (0x0019) plen 8",
                "[bluetooth]# > ACL Data RX: Handle 64 flags 0x02 dlen 6",
                "\x1b[0;94m[bluetoothctl]\x1b[0m> < ACL Data TX: Handle 64 flags 0x00 dlen 6",
                "[My cuff]# @ MGMT Command: Pair Device (0x0019) plen 8",
                "<pre><code>&gt; ACL Data RX: Handle 64 flags 0x02 dlen 6<br>",
                "@ MGMT Event:... (0x0001) plen 6",
                "@ RAW Open: btmon (privileged) version 2.22",
                "= Note: Linux version 6.1.0 (x86_64) 0.455616",
                "= bluetoothd: Bluetooth daemon 5.66",
                "= New Index: 00:00:00:00:00:00 (Primary,Virtual,hci0)",
                "> SCO Data RX: Handle 2 flags 0x00 dlen 60",
                "< ISO Data TX: Handle 2304 flags 0x02 dlen 104",
        };
        static const char *const others[] = {
                "",
                ">",
                "Bluetooth monitor ver 5.66",
                "      SMP: Pairing Failed (0x05) len 1",
                "the > HCI Event: Encryption Change (0x08) plen 4",
                "2016-10-30 03:50:12.606786 > HCI Event: Encryption Change (0x08) plen 4",
                "HCI Event: Encryption Change",
                "HCI Event: Encryption Change (0x08)",
                "HCI Event: Encryption Change plen 4",
                "HCI Event (0x08) plen 4",
                "> ACL Data RX: Handle 64 flags 0x02",
                "> ACL data: handle 64 flags 0x02 dlen 6",
                "Note: it does not pair",
                "> Note: it does not pair",
                "New Index: 00:00:00:00:00:00",
                "bluetoothd: Bluetooth daemon 5.66",
                "bluetoothd[746]: src/device.c:bonding_failed()",
                "bluetoothd[746] < ACL Data TX: Handle 64 flags 0x00 dlen 6",
                "bluetoothd[x]: < ACL Data TX: Handle 64 flags 0x00 dlen 6",
                "[746]: < ACL Data TX: Handle 64 flags 0x00 dlen 6",
                "[bluetooth",
                "[bluetooth]#> ACL Data RX: Handle 64 flags 0x02 dlen 6",
                "<p>> ACL Data RX: Handle 64 flags 0x02 dlen 6",
                "17. > HCI Event: Encryption Change (0x08) plen 4",
                "&quot; HCI Event: Encryption Change (0x08) plen 4",
                "&g",
                "\x1b",
                "\x1b[",
                "\x1b[0;35",
        };

        for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++)
                if (!is_header(headers[i])) {
                        check_failed = true;
                        printf("# no header: %s\n", headers[i]);
                }
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
                if (is_header(others[i])) {
                        check_failed = true;
                        printf("# a header: %s\n", others[i]);
                }
}

static void it_is_seen_whether_it_was_btmon(void) {
        struct trace_btmon b;
        struct trace_event e;

        trace_btmon_init(&b);
        CHECK(!b.seen);
        CHECK(!trace_btmon_end(&b, &e));
        CHECK(!trace_btmon_line(&b, "SMP: Pairing Failed (0x05) len 1", 32, &e));
        CHECK(!b.seen);
        CHECK(!trace_btmon_line(&b, "= Note: Linux version", 21, &e));
        CHECK(b.seen);
        CHECK(!trace_btmon_line(&b, "SMP: Pairing Failed (0x05) len 1", 32, &e));
        CHECK(!trace_btmon_end(&b, &e));
}

static void the_direction_is_in_the_words(void) {
        CHECK_STR(tell("< ACL Data RX: Handle 1 flags 0x02 dlen 6\n" FAILED),
                  "1 -1 1 cuff 05 08\n");
        CHECK_STR(tell("> ACL Data TX: Handle 1 flags 0x02 dlen 6\n" FAILED),
                  "1 -1 1 host 05 08\n");
        CHECK_STR(tell("> < LE-ACL: Handle 1 flags 0x02 dlen 6\n" FAILED), "1 -1 1 host 05 08\n");
        CHECK_STR(tell("> > LE-ACL: Handle 1 flags 0x02 dlen 6\n" FAILED), "1 -1 1 cuff 05 08\n");
        CHECK_STR(tell("LE-ACL: Handle 1 flags 0x02 dlen 6\n" FAILED), "1 -1 1 ? 05 08\n");
}

/* --- the clock --- */

static void time_counts_from_the_first(void) {
        CHECK_STR(tell("= Note: Linux version 6.1.0 2.500000\n" ACL "#1 [hci0] 3.000001\n" FAILED),
                  "1 500001 64 cuff 05 08\n");
        CHECK_STR(tell(ACL "#1 [hci0] 10.000000\n" FAILED ACL "#2 [hci0] 9.999999\n" FAILED),
                  "1 0 64 cuff 05 08\n2 -1 64 cuff 05 08\n");
        CHECK_STR(tell(ACL "[hci0] 23:59:59.999999\n" FAILED ACL
                           "[hci0] 00:00:00.000001\n" FAILED ACL "[hci0] 00:00:01.000001\n" FAILED),
                  "1 0 64 cuff 05 08\n2 2 64 cuff 05 08\n3 1000002 64 cuff 05 08\n");
        CHECK_STR(tell(ACL "[hci0] 12:00:00.000000\n" FAILED ACL "[hci0] 11:59:59.000000\n" FAILED),
                  "1 0 64 cuff 05 08\n2 -1 64 cuff 05 08\n");
        CHECK_STR(tell(ACL "[hci0] 2024-02-28 23:59:59.000000\n" FAILED ACL
                           "[hci0] 2024-03-01 00:00:00.000000\n" FAILED),
                  "1 0 64 cuff 05 08\n2 86401000000 64 cuff 05 08\n");
}

static void only_times_are_times(void) {
        static const char *const none[] = {
                "26",
                "26.5",
                "26.320",
                "26.1234567",
                "26.323537x",
                "x26.323537",
                ".323537",
                "12345678901.323537",
                "10:11.323537",
                "10:11:12",
                "10:11:12:13.323537",
                "24:00:00.000000",
                "10:60:00.000000",
                "10:00:60.000000",
                "100:00:00.000000",
                "10:x:00.000000",
                "10:10:.000000",
        };
        char text[256];

        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
                snprintf(text, sizeof text, ACL "#9 [hci0] %s\n" FAILED, none[i]);
                CHECK_STR(tell(text), "9 -1 64 cuff 05 08\n");
        }
        CHECK_STR(tell(ACL "#8 [hci0] 1.0000\n" FAILED ACL "#9 [hci0] 1.3235\n" FAILED),
                  "8 0 64 cuff 05 08\n9 323500 64 cuff 05 08\n");
}

/* A time without a sound date is one of any day. */
static void only_dates_are_dates(void) {
        static const char *const none[] = {
                "2024-01-0x", "2024-00-01", "2024-13-01",  "2024-01-00", "2024-01-32",
                "1969-12-31", "20240-1-1",  "2024/01/01",  "2024-01/01", "2024-01-",
                "2024-001-1", "2024-",      "2024-01-01x", "2024-1",
        };
        char text[256];

        CHECK_STR(tell(ACL "[hci0] 1970-01-02 00:00:00.000000\n" ACL
                           "[hci0] 1970-12-31 00:00:00.000000\n" FAILED),
                  "2 31363200000000 64 cuff 05 08\n");
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
                snprintf(text, sizeof text,
                         ACL "[hci0] 1999-01-01 10:00:00.000000\n" ACL
                             "[hci0] %s 10:00:01.000000\n" FAILED,
                         none[i]);
                CHECK_STR(tell(text), "2 1000000 64 cuff 05 08\n");
        }
}

static void a_stamp_may_be_below_its_header(void) {
        CHECK_STR(tell(ACL "\n#17 [hci2] 1.000000\n" FAILED), "17 0 64 hci2 cuff 05 08\n");
        CHECK_STR(tell(ACL "#17 [hci2]\n\n1.000000\n" FAILED), "17 0 64 hci2 cuff 05 08\n");
        CHECK_STR(tell(ACL "\n> #17\n> [hci2]\n> 1.000000\n" FAILED), "1 0 64 hci2 cuff 05 08\n");
        /* once told it is told */
        CHECK_STR(tell(ACL "#17 [hci2] 1.000000\n#18 [hci3] 2.000000\n" FAILED),
                  "17 0 64 hci2 cuff 05 08\n");
}

static void a_number_where_btmon_has_one(void) {
        CHECK_STR(tell(ACL "#17\n" FAILED ACL "\n" FAILED ACL "#x\n" FAILED ACL "#1x\n" FAILED),
                  "17 -1 64 cuff 05 08\n2 -1 64 cuff 05 08\n3 -1 64 cuff 05 08\n"
                  "4 -1 64 cuff 05 08\n");
        CHECK_STR(tell(ACL "#18446744073709551615\n" FAILED ACL "#18446744073709551616\n" FAILED),
                  "18446744073709551615 -1 64 cuff 05 08\n2 -1 64 cuff 05 08\n");
        CHECK_STR(tell(ACL "[hci65535]\n" FAILED ACL "[hci65536]\n" FAILED ACL "[hci]\n" FAILED ACL
                           "[hci7\n" FAILED),
                  "1 -1 64 hci65535 cuff 05 08\n2 -1 64 cuff 05 08\n3 -1 64 cuff 05 08\n"
                  "4 -1 64 cuff 05 08\n");
}

/* --- lines --- */

static void a_line_ends_at_its_limit(void) {
        char text[4 * TRACE_BTMON_LINE_MAX];

        /* what is behind the limit is not there: dlen, then the rest of a comment */
        snprintf(text, sizeof text, "> ACL Data RX: %*s Handle 64 flags 0x02 dlen 6\n" FAILED,
                 2 * TRACE_BTMON_LINE_MAX, " ");
        CHECK_STR(tell(text), "1 -1 64 cuff 05 08\n"); /* blanks do not count */
        memset(text + 15, 'x', TRACE_BTMON_LINE_MAX);
        CHECK_STR(tell(text), "");
        memset(text, 'y', sizeof text);
        CHECK(!trace_btmon_is_header(text, sizeof text));
        memcpy(text, ACL, strlen(ACL));
        CHECK(trace_btmon_is_header(text, sizeof text));
        for (size_t i = 1; i < sizeof text; i += 2)
                text[i] = ' ';
        CHECK(!trace_btmon_is_header(text, sizeof text));
}

static void what_is_no_letter_is_a_blank(void) {
        static const char line[] = "> ACL\0Data\x01RX:\tHandle\r64 flags 0x02  dlen\xC2\xA0"
                                   "6\r";

        CHECK(trace_btmon_is_header(line, sizeof line));
        CHECK_STR(tell(ACL "\nSMP:\tPairing Failed&nbsp;(0x05)\r\n&amp;\nReason:(0x08)"),
                  "1 -1 64 cuff 05 08\n");
}

static void brackets_hold_whole_numbers(void) {
        static const char *const none[] = {
                "(0x00|0x0005)x",
                "(0x08|)",
                "(0x40|0x0001)",
                "(0x01|0x0400)",
                "(5",
                "(05 )",
                "(0x5g)",
                "()",
                "(x)",
                "5.0",
                "(-5)",
                "five",
                "0x",
                "18446744073709551616",
        };
        char text[256];

        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
                snprintf(text, sizeof text, ACL "\nSMP: x (0x05)\nReason: %s\n", none[i]);
                CHECK_STR(tell(text), strcmp(none[i], "(0x00|0x0005)x") == 0
                                              ? "1 -1 64 cuff 05 05\n"
                                              : "1 -1 64 cuff 05 cut\n");
        }
        CHECK_STR(tell(ACL "\nSMP: x (0x05)\nReason: a (3M) of (0xC) (0x09)\n"),
                  "1 -1 64 cuff 05 0c\n");
        CHECK_STR(tell(ACL "\nSMP: x (0x05)\nReason: 12 of them\n"), "1 -1 64 cuff 05 0c\n");
}

/* HCI commands are known by both parts of their code; OCF 0x0019 of another group is another. */
static void a_command_has_two_numbers(void) {
        CHECK_STR(tell("< HCI Command: LE Start.. (0x08|0x0019) plen 28\nHandle: 64\n"),
                  "1 -1 64 encrypt\n");
        CHECK_STR(tell("< HCI Command: Remote Name.. (0x01|0x0019) plen 28\nHandle: 64\n"), "");
        CHECK_STR(tell("@ MGMT Command: x (0x10019) plen 8\nLE Address: x\nCapability: (0x03)\n"),
                  "");
}

CHECK_MAIN("unit.trace_btmon_text", TEST(a_header_is_known_by_its_words),
           TEST(it_is_seen_whether_it_was_btmon), TEST(the_direction_is_in_the_words),
           TEST(time_counts_from_the_first), TEST(only_times_are_times), TEST(only_dates_are_dates),
           TEST(a_stamp_may_be_below_its_header), TEST(a_number_where_btmon_has_one),
           TEST(a_line_ends_at_its_limit), TEST(what_is_no_letter_is_a_blank),
           TEST(brackets_hold_whole_numbers), TEST(a_command_has_two_numbers))
