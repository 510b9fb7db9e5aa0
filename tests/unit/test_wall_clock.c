/* Times as people write them, in requests and on the command line: local, with an offset, in UTC;
 * and nothing else. */
#include "app/wall_clock.h"

#include <errno.h>
#include <time.h>

#include "check.h"

#define OCT_25 1792879200 /* 2026-10-25T00:00:00+02:00 */

static int64_t parse(const char *text) {
        int64_t t = -1, end = -1;
        int r = wall_clock_parse(text, &t, &end);

        if (r < 0)
                printf("# \"%s\" is refused\n", text);
        CHECK_EQ(r, 0);
        return t;
}

/* `date -u -d .. +%s` says the same. */
static void local_times_in_berlin(void) {
        wall_clock_set_zone("Europe/Berlin");
        CHECK_EQ(parse("2026-11-22"), 1795302000);
        CHECK_EQ(parse("2026-11-22T00:00"), 1795302000);
        CHECK_EQ(parse("2026-11-22T00:00:00"), 1795302000);
        CHECK_EQ(parse("2026-11-22T18:04"), 1795302000 + 18 * 3600 + 4 * 60);
        CHECK_EQ(parse("2026-11-22T18:04:31"), 1795302000 + 18 * 3600 + 4 * 60 + 31);
        CHECK_EQ(parse("2026-07-01"), 1782856800); /* in summer, two hours before UTC */
}

static void with_an_offset_the_zone_is_of_no_matter(void) {
        static const char *const zones[] = {"Europe/Berlin", "America/St_Johns", "UTC"};

        for (size_t i = 0; i < 3; i++) {
                wall_clock_set_zone(zones[i]);
                CHECK_EQ(parse("2026-11-22T18:04:31Z"), 1795370671);
                CHECK_EQ(parse("2026-11-22T18:04Z"), 1795370640);
                CHECK_EQ(parse("2026-11-22T19:04:31+01:00"), 1795370671);
                CHECK_EQ(parse("2026-11-22T14:34:31-03:30"), 1795370671);
                CHECK_EQ(parse("2026-11-23T08:04+14:00"), 1795370640);
                CHECK_EQ(parse("2026-11-22T18:04:31+00:00"), 1795370671);
                CHECK_EQ(parse("2026-07-01T00:00:00-00:00"), 1782864000);
        }
}

static void a_time_has_a_beginning_and_an_end(void) {
        static const struct {
                const char *text;
                int64_t begin, end;
        } rows[] = {
                {"2026-10-25", OCT_25, OCT_25 + 25 * 3600},
                {"2026-10-24", OCT_25 - 24 * 3600, OCT_25},
                {"2026-03-29", 1774738800, 1774738800 + 23 * 3600},
                {"2026-10-25T00:01", OCT_25 + 60, OCT_25 + 120},
                {"2026-10-25 00:01", OCT_25 + 60, OCT_25 + 120},
                {"2026-10-25T00:00:59", OCT_25 + 59, OCT_25 + 60},
                {"2026-10-24T22:01Z", OCT_25 + 60, OCT_25 + 120},
                {"2026-10-25 00:00:59+02:00", OCT_25 + 59, OCT_25 + 60},
                {"2026-10-24T12:00:59-10:00", OCT_25 + 59, OCT_25 + 60},
                {"2024-02-29", 1709161200, 1709161200 + 24 * 3600},
                {"2019-01-01", 1546297200, 1546297200 + 24 * 3600},
        };

        wall_clock_set_zone("Europe/Berlin");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                int64_t begin = 0, end = 0;

                CHECK_EQ(wall_clock_parse(rows[i].text, &begin, &end), 0);
                CHECK_EQ(begin, rows[i].begin);
                CHECK_EQ(end, rows[i].end);
        }
}

/* On the 29th of March 2026 2:30 is not there, on the 25th of October it is there twice. */
static void when_the_clock_is_moved(void) {
        int64_t t;

        wall_clock_set_zone("Europe/Berlin");
        CHECK_EQ(parse("2026-03-29"), 1774738800);
        CHECK_EQ(parse("2026-03-30"), 1774738800 + 23 * 3600);
        CHECK_EQ(parse("2026-03-29T01:59:59") + 1, parse("2026-03-29T03:00:00"));
        t = parse("2026-03-29T02:30");
        CHECK(t == parse("2026-03-29T01:30") || t == parse("2026-03-29T03:30"));
        CHECK_EQ(parse("2026-10-26") - parse("2026-10-25"), 25 * 3600);
        t = parse("2026-10-25T02:30");
        CHECK(t == parse("2026-10-25T02:30+02:00") || t == parse("2026-10-25T02:30+01:00"));
}

static void what_is_printed_is_taken_back(void) {
        static const char *const zones[] = {"Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"};
        char text[WALL_CLOCK_TEXT_SIZE];

        for (size_t i = 0; i < 3; i++) {
                wall_clock_set_zone(zones[i]);
                for (int64_t t = 1795370671; t < 1795370671 + 366 * 86400; t += 86400 * 7 + 1) {
                        wall_clock_format_local(t, text);
                        CHECK_EQ(parse(text), t);
                        wall_clock_format_utc(t, text);
                        CHECK_EQ(parse(text), t);
                }
        }
}

static void leap_days(void) {
        wall_clock_set_zone("UTC");
        CHECK_EQ(parse("2028-02-29"), 1835395200);
        CHECK_EQ(parse("2000-02-29"), 951782400);
}

static void what_is_no_time_is_refused(void) {
        static const char *const bad[] = {
                "",
                "now",
                "2026",
                "2026-11",
                "2026-11-22T",
                "2026-11-22T18",
                "2026-11-22T18:0",
                "2026-11-22T18:04:3",
                "2026-11-22T18:04:31.5",
                "2026-11-22T18:04:31.5Z",
                "2026-11-22  18:04",
                "2026-11-22\t18:04",
                "2026-11-22t18:04",
                "2026-11-22T18:04z",
                "2026-11-22Z",
                "2026-11-22+01:00",
                "2026-11-22T18:04+01",
                "2026-11-22T18:04+0100",
                "2026-11-22T18:04+1:00",
                "2026-11-22T18:04 +01:00",
                "2026-11-22T18:04+25:00",
                "2026-11-22T18:04+01:60",
                "2026-11-22T18:04Z ",
                " 2026-11-22",
                "2026-11-22 ",
                "2026-11-22x",
                "2026-1-2",
                "2026- 1- 2",
                "+026-11-22",
                "-026-11-22",
                "26-11-22",
                "12026-11-22",
                "1969-12-31",
                "9999-12-31",
                "20261122",
                "2026-11-22T18:04ZZ",
                "2026-11-22T18:04+14:01",
                "2026-11-22T18:04+01:00Z",
                "2026-00-22",
                "2026-13-22",
                "2026-11-00",
                "2026-11-31",
                "2026-02-29",
                "2026-02-30",
                "2100-02-29",
                "2026-02-29T12:00Z",
                "2026-11-22T24:00",
                "2026-11-22T18:60",
                "2026-11-22T18:04:60",
                "2026-11-22T18:04:61",
                "22.11.2026",
                "11/22/2026",
                "2026-11-22T18:04:31Europe/Berlin",
                "２０２６-11-22",
                "1795370671",
        };

        wall_clock_set_zone("Europe/Berlin");
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
                int64_t t = 42, end = 42;

                if (wall_clock_parse(bad[i], &t, &end) != -EBADMSG)
                        printf("# \"%s\" was taken\n", bad[i]);
                CHECK_EQ(wall_clock_parse(bad[i], &t, &end), -EBADMSG);
                CHECK(t == 42 && end == 42);
        }
}

/* A cuff's clock may stand there, and people ask for it (`--to 2099-12-31`). */
static void beyond_2038(void) {
        static const struct {
                const char *text;
                int64_t utc;
        } rows[] = {
                {"2038-01-20T00:00:00Z", 2147558400},
                {"2039-07-01T02:00:00+02:00", 2193091200},
                {"2099-12-31T23:59:59Z", 4102444799},
                {"9998-06-30T00:00:00Z", 253354780800},
        };
        const bool known = sizeof(time_t) > 4;
        const struct date_time summer = {2039, 7, 1, 2, 0, 0};
        char text[WALL_CLOCK_TEXT_SIZE];
        int64_t begin, end, utc = 42;
        struct date_time local = {.year = 42};

        wall_clock_set_zone("Europe/Berlin");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                CHECK_EQ(parse(rows[i].text), rows[i].utc);
                wall_clock_format_utc(rows[i].utc, text);
                CHECK_EQ(parse(text), rows[i].utc);
                wall_clock_format_local(rows[i].utc, text);
                CHECK_EQ(parse(text), rows[i].utc);
        }
        /* Of a time_t of 32 bits libc tells nothing there: no zone, and never a wrong date. */
        CHECK_EQ(wall_clock_parse("2039-07-01", &begin, &end), 0);
        CHECK_EQ(begin, known ? 2193084000 : 2193091200);
        CHECK_EQ(end - begin, 24 * 3600);
        CHECK_EQ(wall_clock_parse("2038-01-19", &begin, &end), 0);
        CHECK_EQ(begin, 2147468400);
        CHECK_EQ(end - begin, known ? 24 * 3600 : 25 * 3600);
        CHECK_EQ(wall_clock_utc(&summer, &utc), known ? 0 : -ERANGE);
        CHECK_EQ(utc, known ? 2193091200 : 42);
        CHECK_EQ(wall_clock_local(2193091200, &local), known ? 0 : -ERANGE);
        CHECK_EQ(local.year, known ? 2039 : 42);
        wall_clock_format_local(2193091200, text);
        CHECK_STR(text, known ? "2039-07-01T02:00:00+02:00" : "2039-07-01T00:00:00Z");
        CHECK_EQ(wall_clock_local(INT64_MAX, &local), -ERANGE);
}

CHECK_MAIN("unit.wall_clock", TEST(local_times_in_berlin),
           TEST(with_an_offset_the_zone_is_of_no_matter), TEST(a_time_has_a_beginning_and_an_end),
           TEST(when_the_clock_is_moved), TEST(what_is_printed_is_taken_back), TEST(leap_days),
           TEST(beyond_2038), TEST(what_is_no_time_is_refused))
