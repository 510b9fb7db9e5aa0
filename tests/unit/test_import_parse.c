/* Exports of other programs, by the layouts in docs/import.md. All people and values are invented.
 */
#include "cli/import_parse.h"

#include <errno.h>

#include "check.h"

#define ROWS_MAX 16

struct told {
        struct import_row row[ROWS_MAX];
        size_t n, refused;
        char where[32], why[160]; /* of the last that was refused */
        const char *answer;       /* to each row */
        enum import_format format;
        int result;
};

static const char *on_row(void *owner, const struct import_row *row) {
        struct told *t = owner;

        if (t->answer)
                return t->answer;
        if (t->n < ROWS_MAX)
                t->row[t->n] = *row;
        t->n++;
        return NULL;
}

static void on_refused(void *owner, const char *where, const char *why) {
        struct told *t = owner;

        t->refused++;
        snprintf(t->where, sizeof t->where, "%s", where);
        snprintf(t->why, sizeof t->why, "%s", why);
}

static const struct import_events events = {.row = on_row, .refused = on_refused};

static struct told read_answered(const char *text, const char *answer) {
        struct told t = {.answer = answer};
        const char *why = NULL;

        t.result = import_detect(text, strlen(text), &t.format, &why);
        if (t.result >= 0)
                t.result = import_parse(text, strlen(text), t.format, &events, &t, &why);
        CHECK_EQ(t.result < 0, why != NULL);
        if (why) {
                CHECK_EQ(why[strlen(why) - 1], '.');
                snprintf(t.why, sizeof t.why, "%s", why);
        }
        return t;
}

static struct told read_text(const char *text) {
        return read_answered(text, NULL);
}

static void check_time(const struct import_row *row, unsigned year, unsigned month, unsigned day,
                       unsigned hour, unsigned minute, unsigned second) {
        const struct date_time want = {(uint16_t) year, (uint8_t) month,  (uint8_t) day,
                                       (uint8_t) hour,  (uint8_t) minute, (uint8_t) second};

        CHECK(row->measurement.has_time);
        CHECK(date_time_equal(&row->measurement.taken, &want));
}

static void check_values(const struct import_row *row, int user, int systolic, int diastolic,
                         int pulse) {
        CHECK_EQ(row->measurement.user, user);
        CHECK_EQ(row->measurement.systolic_mmhg, systolic);
        CHECK_EQ(row->measurement.diastolic_mmhg, diastolic);
        CHECK_EQ(row->measurement.pulse_bpm.known, pulse > 0);
        CHECK_EQ(row->measurement.pulse_bpm.value, pulse);
}

static void check_answer(struct answer got, int want) { /* -1: unknown */
        CHECK_EQ(got.known, want >= 0);
        CHECK_EQ(got.yes, want > 0);
}

/* ---- omblepy's CSV ---- */

#define OMBLEPY "datetime,dia,sys,bpm,mov,ihb\r\n"

static void omblepy_is_read(void) {
        struct told t = read_text(OMBLEPY "2026-11-21 07:05:59,84,131,67,0,1\r\n"
                                          "2026-11-22 18:04:31,80,122,70,1,0\r\n");

        CHECK_EQ(t.result, 0);
        CHECK_EQ(t.format, IMPORT_OMBLEPY_CSV);
        CHECK(!import_format_tells_user(t.format));
        CHECK_EQ(t.n, 2);
        CHECK_EQ(t.refused, 0);
        check_time(&t.row[0], 2026, 11, 21, 7, 5, 59);
        check_values(&t.row[0], MEASUREMENT_USER_UNKNOWN, 131, 84, 67);
        check_answer(t.row[0].measurement.body_movement, 0);
        check_answer(t.row[0].measurement.irregular_heartbeat, 1);
        check_answer(t.row[1].measurement.body_movement, 1);
        check_answer(t.row[1].measurement.irregular_heartbeat, 0);
        check_answer(t.row[1].measurement.cuff_fit_ok, -1);
        CHECK(!t.row[0].whole_minute);
        check_time(&t.row[1], 2026, 11, 22, 18, 4, 31);
}

/* Its later versions write the columns as the cuff's driver has them, and not every cuff has all.
 */
static void columns_of_omblepy_stand_in_any_order(void) {
        struct told t = read_text("datetime,mov,ihb,bpm,dia,sys\r\n"
                                  "2026-11-21 07:05:59,1,0,67,84,131\r\n");

        CHECK_EQ(t.n, 1);
        check_values(&t.row[0], MEASUREMENT_USER_UNKNOWN, 131, 84, 67);
        check_answer(t.row[0].measurement.body_movement, 1);
        t = read_text("datetime,sys,dia,bpm\n2026-11-21 07:05:59,131,84,67\n");
        CHECK_EQ(t.n, 1);
        check_values(&t.row[0], MEASUREMENT_USER_UNKNOWN, 131, 84, 67);
        check_answer(t.row[0].measurement.body_movement, -1);
        check_answer(t.row[0].measurement.irregular_heartbeat, -1);
}

static void what_omblepy_left_empty_is_unknown(void) {
        struct told t = read_text(OMBLEPY "2026-11-21 07:05:59,84,131,,,\r\n");

        CHECK_EQ(t.n, 1);
        check_values(&t.row[0], MEASUREMENT_USER_UNKNOWN, 131, 84, 0);
        check_answer(t.row[0].measurement.body_movement, -1);
}

static void marks_quotes_ends_and_empty_lines_do_not_matter(void) {
        static const char *const texts[] = {
                "\xEF\xBB\xBF" OMBLEPY "2026-11-21 07:05:59,84,131,67,0,1\r\n",
                "datetime,dia,sys,bpm,mov,ihb\n\n2026-11-21 07:05:59,84,131,67,0,1\n\n",
                "datetime,dia,sys,bpm,mov,ihb\n2026-11-21 07:05:59,84,131,67,0,1",
                "\"datetime\",\"dia\",\"sys\",\"bpm\",\"mov\",\"ihb\"\r\n"
                "\"2026-11-21 07:05:59\",\"84\",\"131\",67,0,\"1\"\r\n",
        };

        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
                struct told t = read_text(texts[i]);

                CHECK_EQ(t.n, 1);
                CHECK_EQ(t.refused, 0);
                check_time(&t.row[0], 2026, 11, 21, 7, 5, 59);
                check_values(&t.row[0], MEASUREMENT_USER_UNKNOWN, 131, 84, 67);
        }
}

static void headers_that_omblepy_does_not_write_are_refused(void) {
        static const char *const headers[] = {
                "datetime,dia,sys,bpm,mov,ihb,note", /* none of its columns */
                "datetime,dia,sys,sys,bpm",          /* doubled */
                "datetime,dia,sys",                  /* no pulse */
                "datetime,dia,bpm",                  /* no systolic */
                "datetime,sys,bpm",                  /* no diastolic */
                "dia,datetime,sys,bpm",              /* another order than any version's */
                "datetime;dia;sys;bpm;mov;ihb",      /* went through a spreadsheet */
        };

        for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
                struct told t = read_text(headers[i]);

                CHECK_EQ(t.result, -ENOTSUP);
                CHECK(strstr(t.why, "omblepy"));
        }
}

/* ---- OBPM's CSV ---- */

#define OBPM "user;date;time;sys;dia;bpm;comment\n"

static void obpm_is_read(void) {
        struct told t = read_text(OBPM "1;21.11.14;07:05;131;084;067;\n"
                                       "2;22.11.14;18:04;122;080;070;\"after; a \"walk\"\n");

        CHECK_EQ(t.format, IMPORT_OBPM_CSV);
        CHECK(import_format_tells_user(t.format));
        CHECK_EQ(t.n, 2);
        CHECK_EQ(t.refused, 0);
        check_time(&t.row[0], 2014, 11, 21, 7, 5, 0);
        check_values(&t.row[0], 1, 131, 84, 67);
        check_values(&t.row[1], 2, 122, 80, 70);
        check_answer(t.row[0].measurement.irregular_heartbeat, -1);
        CHECK(t.row[0].whole_minute && t.row[1].whole_minute);
        check_time(&t.row[1], 2014, 11, 22, 18, 4, 0);
}

static void first_versions_of_obpm_have_no_comment(void) {
        struct told t = read_text("user;date;time;sys;dia;pulse\r\n1;21.11.14;07:05;131;84;67\r\n");

        CHECK_EQ(t.n, 1);
        check_values(&t.row[0], 1, 131, 84, 67);
}

/* ---- UBPM's JSON ---- */

#define ENTRY(rest) "{\"date\":\"21.11.2026\",\"time\":\"07:05:59\"," rest "}"

static void ubpm_is_read(void) {
        struct told t = read_text(
                "{\n    \"UBPM\": {\n        \"U1\": [\n            {\n"
                "                \"bpm\": 67,\n                \"date\": \"21.11.2026\",\n"
                "                \"dia\": 84,\n                \"ihb\": 1,\n"
                "                \"mov\": 0,\n                \"msg\": \"\",\n"
                "                \"sys\": 131,\n                \"time\": \"07:05:59\"\n"
                "            }\n        ],\n        \"U2\": [" ENTRY(
                        "\"sys\":122,\"dia\":80,\"bpm\":70,\"msg\":\"nach dem Fr\xC3\xBChst\xC3\xBC"
                        "ck\"") "]}}");

        CHECK_EQ(t.format, IMPORT_UBPM_JSON);
        CHECK(import_format_tells_user(t.format));
        CHECK_EQ(t.n, 2);
        CHECK_EQ(t.refused, 0);
        check_time(&t.row[0], 2026, 11, 21, 7, 5, 59);
        check_values(&t.row[0], 1, 131, 84, 67);
        check_answer(t.row[0].measurement.irregular_heartbeat, 1);
        check_answer(t.row[0].measurement.body_movement, 0);
        check_values(&t.row[1], 2, 122, 80, 70);
        check_answer(t.row[1].measurement.irregular_heartbeat, -1);
        CHECK(!t.row[0].whole_minute);
}

static void a_time_of_ubpm_may_have_no_seconds(void) {
        struct told t = read_text("{\"UBPM\":{\"U1\":[{\"date\":\"21.11.2026\",\"time\":\"07:05\","
                                  "\"sys\":131,\"dia\":84,\"bpm\":67}]}}");

        CHECK_EQ(t.n, 1);
        CHECK(t.row[0].whole_minute);
        check_time(&t.row[0], 2026, 11, 21, 7, 5, 0);
}

static void entries_of_ubpm_that_are_wrong_are_told(void) {
        static const struct {
                const char *entry, *why;
        } cases[] = {
                {"7", "no object"},
                {"{\"sys\":131,\"dia\":84,\"bpm\":67}", "date or time"},
                {"{\"date\":5,\"time\":\"07:05:59\",\"sys\":131,\"dia\":84,\"bpm\":67}",
                 "date or time"},
                {ENTRY("\"sys\":\"131\",\"dia\":84,\"bpm\":67"), "whole numbers"},
                {ENTRY("\"sys\":131.5,\"dia\":84,\"bpm\":67"), "whole numbers"},
                {ENTRY("\"sys\":-131,\"dia\":84,\"bpm\":67"), "whole numbers"},
                {ENTRY("\"sys\":1e300,\"dia\":84,\"bpm\":67"), "whole numbers"},
                {ENTRY("\"SYS\":131,\"dia\":84,\"bpm\":67"), "whole numbers"},
                {ENTRY("\"sys\":131,\"bpm\":67"), "whole numbers"},
                {ENTRY("\"sys\":131,\"dia\":84"), "pulse"},
                {ENTRY("\"sys\":131,\"dia\":84,\"bpm\":67,\"mov\":2"), "mov"},
                {ENTRY("\"sys\":131,\"dia\":84,\"bpm\":67,\"ihb\":null"), "ihb"},
                {ENTRY("\"sys\":290,\"dia\":84,\"bpm\":67"), "no living person"},
        };
        char text[512];

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                snprintf(text, sizeof text, "{\"UBPM\":{\"U2\":[%s,%s]}}",
                         ENTRY("\"sys\":131,\"dia\":84,\"bpm\":67"), cases[i].entry);
                struct told t = read_text(text);

                CHECK_EQ(t.n, 1);
                CHECK_EQ(t.refused, 1);
                CHECK_STR(t.where, "U2, entry 2");
                CHECK(strstr(t.why, cases[i].why));
        }
}

static void parts_of_ubpm_that_are_no_user_are_told(void) {
        static const char *const parts[] = {"\"U0\":[]", "\"U01\":[]", "\"U255\":[]",
                                            "\"U\":[]",  "\"X1\":[]",  "\"U1\":{}",
                                            "\"u1\":[]", "\"U1x\":[]", "\"version\":1"};
        char text[256];

        for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
                snprintf(text, sizeof text, "{\"UBPM\":{%s,\"U254\":[%s]}}", parts[i],
                         ENTRY("\"sys\":131,\"dia\":84,\"bpm\":67"));
                struct told t = read_text(text);

                CHECK_EQ(t.n, 1);
                CHECK_EQ(t.row[0].measurement.user, 254);
                CHECK_EQ(t.refused, 1);
        }
}

static void damaged_json_is_refused_as_a_whole(void) {
        static const char *const texts[] = {
                "{\"UBPM\": {\"U1\": [",
                "{\"UBPM\": {\"U1\": []}} x",
                "{\"UBPM\": {\"U1\": [{\"msg\": \"\xFF\"}]}}",
                "{\"UBPM\": []}",
                "{\"UBPM\"",
        };

        for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
                struct told t = read_text(texts[i]);

                CHECK_EQ(t.result, -EBADMSG);
                CHECK_EQ(t.n + t.refused, 0);
        }
}

/* ---- what is none of them ---- */

static void unknown_files_are_refused_by_name(void) {
        static const struct {
                const char *text, *why;
        } cases[] = {
                {"", "empty"},
                {"\xEF\xBB\xBF", "empty"},
                {"SQLite format 3", "database"},
                {"{\"measurements\": []}", "JSON"},
                {"[]", "JSON"},
                {"Date;Time;SYS;DIA;BPM\n", "UBPM's own CSV"},
                {"user;date;time;sys;dia;bpm\n", "OBPM"},
                {"\n" OMBLEPY, "first line"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                enum import_format format;
                const char *why = NULL;

                CHECK_EQ(import_detect(cases[i].text, strlen(cases[i].text), &format, &why),
                         -ENOTSUP);
                CHECK(why && strstr(why, cases[i].why));
        }
}

static void formats_have_names(void) {
        CHECK_STR(import_format_to_string(IMPORT_OMBLEPY_CSV), "omblepy's CSV");
        CHECK_STR(import_format_to_string(IMPORT_OBPM_CSV), "OBPM's CSV");
        CHECK_STR(import_format_to_string(IMPORT_UBPM_JSON), "UBPM's JSON");
}

/* ---- lines that cannot be taken ---- */

/* Each stands between two good ones, which are read. */
static void damaged_lines_are_told_and_the_rest_is_read(void) {
        static const struct {
                const char *line, *why;
        } cases[] = {
                {"2026-11-21 07:05:59,84,131,67,0", "fields"},
                {"2026-11-21 07:05:59,84,131,67,0,1,1", "fields"},
                {"2026-11-21 07:05:59,84,131,67,0,1,1,1,1,1,1,1", "fields"},
                {"2026-11-2", "fields"},
                {" ", "fields"},
                {"21.11.2026 07:05:59,84,131,67,0,1", "date or time"},
                {"2026-11-21T07:05:59,84,131,67,0,1", "date or time"},
                {"2026-11-21 07:05:60,84,131,67,0,1", "date or time"},
                {"2026-11-21 07:05:5x,84,131,67,0,1", "date or time"},
                {"2026-11-21 07:05,84,131,67,0,1", "date or time"},
                {",84,131,67,0,1", "date or time"},
                {"2026-02-30 07:05:59,84,131,67,0,1", "no such date"},
                {"2026-11-21 24:05:59,84,131,67,0,1", "no such date"},
                {"2009-11-21 07:05:59,84,131,67,0,1", "2010 to 2099"},
                {"0000-00-00 00:00:00,84,131,67,0,1", "no such date"},
                {"2019-01-01 12:00:59,84,131,67,0,1", "2019-01-01"},
                {"2019-01-01 00:00:00,84,131,67,0,1", "2019-01-01"},
                {"2026-11-21 07:05:59,,131,67,0,1", "whole numbers"},
                {"2026-11-21 07:05:59,84,131.0,67,0,1", "whole numbers"},
                {"2026-11-21 07:05:59,84,-31,67,0,1", "whole numbers"},
                {"2026-11-21 07:05:59,84,0131,67,0,1", "whole numbers"},
                {"2026-11-21 07:05:59,\"84,131,67,0,1", "whole numbers"},
                {"2026-11-21 07:05:59,84,131,x,0,1", "pulse"},
                {"2026-11-21 07:05:59,84,131,67,2,1", "mov"},
                {"2026-11-21 07:05:59,84,131,67,0,yes", "ihb"},
                {"2026-11-21 07:05:59,131,84,67,0,1", "no living person"},
                {"2026-11-21 07:05:59,84,281,67,0,1", "no living person"},
                {"2026-11-21 07:05:59,84,131,0,0,1", "no living person"},
        };
        char text[256];

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                snprintf(text, sizeof text, "%s%s\r\n%s\r\n%s\r\n", OMBLEPY,
                         "2026-11-20 07:05:59,84,131,67,0,1", cases[i].line,
                         "2026-11-22 07:05:59,84,131,67,0,1");
                struct told t = read_text(text);

                CHECK_EQ(t.result, 0);
                CHECK_EQ(t.n, 2);
                CHECK_EQ(t.refused, 1);
                CHECK_STR(t.where, "line 3");
                if (!strstr(t.why, cases[i].why))
                        printf("# %s: %s\n", cases[i].line, t.why);
                CHECK(strstr(t.why, cases[i].why));
        }
}

static void damaged_lines_of_obpm_are_told(void) {
        static const struct {
                const char *line, *why;
        } cases[] = {
                {"1;21.11.14;07:05;131;84", "fields"},
                {"0;21.11.14;07:05;131;84;67;", "user"},
                {"255;21.11.14;07:05;131;84;67;", "user"},
                {"Ada;21.11.14;07:05;131;84;67;", "user"},
                {"1;21.11.2014;07:05;131;84;67;", "date or time"},
                {"1;21.11.14;07:05:59;131;84;67;", "date or time"},
                {"1;21/11/14;07:05;131;84;67;", "date or time"},
                {"1;21.11.14;07:05;;84;67;", "whole numbers"},
                {"1;21.11.14;07:05;131;;67;", "whole numbers"},
                {"1;21.11.14;07:05;131;84;;", "pulse"},
                {"1;21.11.09;07:05;131;84;67;", "2010 to 2099"},
                {"1;21.11.14;07:05;31;84;67;", "no living person"},
        };
        char text[256];

        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
                snprintf(text, sizeof text, OBPM "%s\n1;21.11.14;07:06;131;084;067;\n",
                         cases[i].line);
                struct told t = read_text(text);

                CHECK_EQ(t.n, 1);
                CHECK_EQ(t.refused, 1);
                CHECK_STR(t.where, "line 2");
                CHECK(strstr(t.why, cases[i].why));
        }
}

static void a_nul_among_the_bytes_is_a_damaged_line(void) {
        static const char text[] = OMBLEPY "2026-11-21 07:05:59,84,131,6\0,0,1\r\n"
                                           "2026-11-22 07:05:59,84,131,67,0,1\r\n";
        struct told t = {0};
        const char *why = NULL;

        CHECK_EQ(import_parse(text, sizeof text - 1, IMPORT_OMBLEPY_CSV, &events, &t, &why), 0);
        CHECK_EQ(t.n, 1);
        CHECK_EQ(t.refused, 1);
}

static void who_takes_the_rows_can_refuse_them(void) {
        struct told t = read_answered(OMBLEPY "2026-11-21 07:05:59,84,131,67,0,1\r\n", "of today");

        CHECK_EQ(t.refused, 1);
        CHECK_STR(t.where, "line 2");
        CHECK_STR(t.why, "of today");
        t = read_answered("{\"UBPM\":{\"U1\":[" ENTRY("\"sys\":131,\"dia\":84,\"bpm\":67") "]}}",
                          "of today");
        CHECK_EQ(t.refused, 1);
        CHECK_STR(t.where, "U1, entry 1");
}

CHECK_MAIN("unit.import_parse", TEST(omblepy_is_read), TEST(columns_of_omblepy_stand_in_any_order),
           TEST(what_omblepy_left_empty_is_unknown),
           TEST(marks_quotes_ends_and_empty_lines_do_not_matter),
           TEST(headers_that_omblepy_does_not_write_are_refused), TEST(obpm_is_read),
           TEST(first_versions_of_obpm_have_no_comment), TEST(ubpm_is_read),
           TEST(a_time_of_ubpm_may_have_no_seconds), TEST(entries_of_ubpm_that_are_wrong_are_told),
           TEST(parts_of_ubpm_that_are_no_user_are_told), TEST(damaged_json_is_refused_as_a_whole),
           TEST(unknown_files_are_refused_by_name), TEST(formats_have_names),
           TEST(damaged_lines_are_told_and_the_rest_is_read), TEST(damaged_lines_of_obpm_are_told),
           TEST(a_nul_among_the_bytes_is_a_damaged_line), TEST(who_takes_the_rows_can_refuse_them))
