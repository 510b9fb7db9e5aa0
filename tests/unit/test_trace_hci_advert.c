/* Advertising reports. */
#include "trace_hci_fixture.h"

/* What a legacy report with this data says, "SS data"; -1: it gives no event. */
static int flag_of(const char *data) {
        struct frames f = frames_new();
        char hex[256];

        snprintf(hex, sizeof hex, "3e ff 02 01 04 01 332211db5f28 %s c4", data);
        if (feed_event(&f, hex) == 0)
                return -1;
        CHECK_EQ(f.n, 1);
        CHECK_EQ(f.got[0].kind, TRACE_ADVERTISED);
        check_address(&f.got[0], "28:5F:DB:11:22:33");
        return f.got[0].pairing_flag;
}

static void an_advertisement_tells_whether_the_cuff_wants_to_pair(void) {
        CHECK_EQ(flag_of("0a 020106 06ff0e02 030800"), TRACE_YES);
        CHECK_EQ(flag_of("0a 020106 06ff0e02 030000"), TRACE_NO);
        CHECK_EQ(flag_of("0a 06ff0e02 030800 020106"), TRACE_YES);      /* not the last field */
        CHECK_EQ(flag_of("0a 020106 06ff0e02 000800"), TRACE_NOT_TOLD); /* no type we know */
        CHECK_EQ(flag_of("07 020106 03ff0e02"), TRACE_NOT_TOLD);        /* nothing in it */
        CHECK_EQ(flag_of("09 020106 05ff0e02 0308"), TRACE_NOT_TOLD);   /* too short */
}

static void what_is_not_omrons_is_not_reported(void) {
        static const char *const data[] = {
                "00",
                "03 020106",
                "0a 020106 06ff4c00 030800", /* another company */
                "0a 020106 06ff0e03 030800",
                "0a 020106 0616 0e02 030800",   /* service data */
                "0a 020106 09ff0e02 030800",    /* its size goes past the end */
                "0b 020106 00 06ff0e02 030800", /* after the end of the fields */
                "06 02ff0e 020106",             /* half a company */
                "04 020106 02",
        };

        for (size_t i = 0; i < sizeof data / sizeof data[0]; i++)
                CHECK_EQ(flag_of(data[i]), -1);
}

static void many_reports_in_one_event_are_each_read(void) {
        struct frames f = frames_new();

        CHECK_EQ(feed_event(&f, "3e 45 02 04"
                                "00 00 010000000028 0a 020106 06ff0e02030800 c4"
                                "00 00 020000000028 03 020106 c4"
                                "04 00 030000000028 00 c4"
                                "00 01 040000000028 07 06ff0e02030000 c4"),
                 2);
        check_address(&f.got[0], "28:00:00:00:00:01");
        CHECK_EQ(f.got[0].pairing_flag, TRACE_YES);
        check_address(&f.got[1], "28:00:00:00:00:04");
        CHECK_EQ(f.got[1].pairing_flag, TRACE_NO);
}

#define EXTENDED_REST " 01 00 ff 7f c4 0000 00 000000000000 "

static void extended_reports_are_read_too(void) {
        static const char reports[] = "3e ff 0d 04"
                                      "1300 00 010000000028" EXTENDED_REST "07 06ff0e02030800"
                                      "1300 ff 000000000000" EXTENDED_REST "07 06ff0e02030800"
                                      "1300 00 030000000028" EXTENDED_REST "00"
                                      "1300 01 040000000028" EXTENDED_REST "07 06ff0e02030000";
        struct frames f = frames_new();

        CHECK_EQ(feed_event(&f, reports), 2); /* the second is nobody's, the third is empty */
        check_address(&f.got[0], "28:00:00:00:00:01");
        CHECK_EQ(f.got[0].pairing_flag, TRACE_YES);
        check_address(&f.got[1], "28:00:00:00:00:04");
        CHECK_EQ(f.got[1].pairing_flag, TRACE_NO);
}

static void the_number_of_reports_may_lie(void) {
        uint8_t bytes[4 + 40 * 14] = {0x3E, 0xFF, 0x02, 0xFF};
        static const uint8_t report[14] = {0x00, 0x00, 1, 2,    3,    4,    5,
                                           6,    4,    3, 0xFF, 0x0E, 0x02, 0xC4};
        struct frames f = frames_new();

        CHECK_EQ(feed_event(&f, "3e 02 02 ff"), 0);
        CHECK_EQ(feed_event(&f, "3e 10 02 00 00 00 332211db5f28 04 03ff0e02 c4"), 0);
        CHECK_EQ(feed_event(&f, "3e 10 02 ff 00 00 332211db5f28 04 03ff0e02 c4"), 1);
        CHECK_EQ(feed_event(&f, "3e 10 02 01 00 00 332211db5f28 ff 03ff0e02 c4"), 0);
        for (size_t i = 0; i < 40; i++)
                memcpy(bytes + 4 + 14 * i, report, sizeof report);
        /* An event has 255 bytes of parameters, and that is what counts. */
        CHECK_EQ(feed(&f, TRACE_HCI_EVENT, TRACE_NOT_TOLD, bytes, sizeof bytes), (255 - 2) / 14);
}

CHECK_MAIN("unit.trace_hci_advert", TEST(an_advertisement_tells_whether_the_cuff_wants_to_pair),
           TEST(what_is_not_omrons_is_not_reported), TEST(many_reports_in_one_event_are_each_read),
           TEST(extended_reports_are_read_too), TEST(the_number_of_reports_may_lie))
