/* Words of times and names, what fits into the table, bars, CSV, ids of FHIR. */
#include <errno.h>
#include <limits.h>
#include <locale.h>

#include "app/wall_clock.h"
#include "check.h"
#include "cli/history.h"
#include "cli/history_csv.h"
#include "cli/history_fhir.h"
#include "cli/history_omblepy.h"
#include "cli/history_table.h"
#include "mqtt/json.h"
#include "mqtt/message.h"

/* --- times: 2026-10-25 has 25 hours here --- */

#define OCT_25 1792879200 /* 2026-10-25T00:00:00+02:00 */

static void the_last_ones_are_a_number_or_a_time(void) {
        static const struct {
                const char *text;
                size_t count;
                int64_t since;
        } rows[] = {
                {"1", 1, 0},
                {"100000", 100000, 0},
                {"1d", 0, OCT_25 + 25 * 3600 - 25 * 3600}, /* the same time of day */
                {"7D", 0, OCT_25 - 6 * 24 * 3600},
                {"1w", 0, OCT_25 - 6 * 24 * 3600},
                {"1y", 0, 1761429600}, /* summer time ended that day, too */
                {"12m", 0, 1761429600},
        };
        struct history_last last;

        wall_clock_set_zone("Europe/Berlin");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                CHECK_EQ(history_last_parse(rows[i].text, OCT_25 + 25 * 3600, &last), 0);
                CHECK_EQ(last.count, rows[i].count);
                CHECK_EQ(last.since_utc, rows[i].since);
        }
        for (const char *const *t =
                     (const char *const[]){"", "0", "-1", "0d", "d", "7x", "7dd", "7 d", "1.5",
                                           "99999999999999999999", "+7", NULL};
             *t; t++)
                CHECK_EQ(history_last_parse(*t, OCT_25, &last), -EINVAL);
}

/* 2026-03-31 12:00 has no partner in February; 999999 years ago there was no Gregorian calendar. */
static void months_have_ends(void) {
        struct history_last last;
        struct date_time t;

        wall_clock_set_zone("Europe/Berlin");
        CHECK_EQ(history_last_parse("1m", 1774951200, &last), 0);
        CHECK_EQ(wall_clock_local(last.since_utc, &t), 0);
        CHECK(t.year == 2026 && t.month == 2 && t.day == 28 && t.hour == 12);
        CHECK_EQ(history_last_parse("999999y", 1774951200, &last), 0);
        CHECK_EQ(wall_clock_local(last.since_utc, &t), 0);
        CHECK_EQ(t.year, 1926);
        CHECK_EQ(history_last_parse("999999999y", 1774951200, &last), 0);
        CHECK_EQ(wall_clock_local(last.since_utc, &t), 0);
        CHECK_EQ(t.year, 1926);
        CHECK_EQ(history_last_parse("999999999d", 1774951200, &last), 0);
        CHECK(last.since_utc < 0);
}

/* --- names --- */

static void names_match_by_their_beginning(void) {
        setlocale(LC_CTYPE, "C.UTF-8");
        CHECK_EQ(cuff_word_match("anna", "Anna"), CUFF_WORD_IS);
        CHECK_EQ(cuff_word_match("AN", "Anna"), CUFF_WORD_BEGINS);
        CHECK_EQ(cuff_word_match("annab", "Anna"), CUFF_WORD_IS_NOT);
        CHECK_EQ(cuff_word_match("nna", "Anna"), CUFF_WORD_IS_NOT);
        CHECK_EQ(cuff_word_match("äN", "Änne"), CUFF_WORD_BEGINS);
        CHECK_EQ(cuff_word_match("", "Anna"), CUFF_WORD_IS_NOT);
        CHECK_EQ(cuff_word_match("a", ""), CUFF_WORD_IS_NOT);
        CHECK_EQ(cuff_word_match("", ""), CUFF_WORD_IS_NOT);
        CHECK_EQ(cuff_word_match("\xFFx", "\xFFX"), CUFF_WORD_IS); /* broken: by its bytes */
        CHECK_EQ(cuff_word_match("\xFF", "\xFFX"), CUFF_WORD_BEGINS);
        setlocale(LC_CTYPE, "C");
        CHECK_EQ(cuff_word_match("ANNA", "anna"), CUFF_WORD_IS);
        CHECK_EQ(cuff_word_match("äNNE", "änne"), CUFF_WORD_IS);
}

/* --- the table --- */

static void no_line_is_wider_than_the_terminal(void) {
        for (unsigned columns = 40; columns <= HISTORY_COLUMNS; columns++)
                for (unsigned bits = 0; bits < 256; bits++) {
                        struct history_facts f = {
                                .cuff = bits & 1 ? (bits & 2 ? 60 : 4) : 0,
                                .user = bits & 4 ? (bits & 8 ? 60 : 4) : 0,
                                .category = bits & 16 ? (bits & 32 ? 12 : 6) : 0,
                                .marks = bits >> 6,
                        };
                        struct history_layout l = history_layout(columns, &f);

                        CHECK(history_layout_width(&l) <= columns);
                        CHECK(l.marks == f.marks);     /* never too few */
                        CHECK(!f.user || l.user >= 4); /* whose it is, always */
                        CHECK(l.bar <= HISTORY_BAR_MAX && (l.bar == 0 || l.bar >= 8));
                        CHECK(l.category == 0 || l.category == f.category);
                }
}

static void what_fits_is_shown(void) {
        struct history_layout l = history_layout(80, &(struct history_facts){.category = 8});

        CHECK_EQ(history_layout_width(&l), 17 + 2 + 7 + 2 + 3 + 2 + HISTORY_BAR_MAX + 2 + 8);
        CHECK(l.gap == 2 && l.bar == HISTORY_BAR_MAX && l.category == 8 && !l.cuff && !l.user);
        l = history_layout(80, &(struct history_facts){20, 20, 8, 3});
        CHECK(l.cuff == 14 && l.user == 14 && l.category == 8 && l.marks == 3 && l.bar == 0);
        l = history_layout(40, &(struct history_facts){20, 20, 8, 3});
        CHECK(l.gap == 1 && l.user == 6 && l.marks == 3 && !l.cuff && !l.category && !l.bar);
}

static void bars(void) {
        static const struct {
                int systolic, diastolic;
                unsigned width;
                const char *ascii, *unicode;
        } rows[] = {
                {120, 80, 20, ".....=====..........", "     █████          "},
                {118, 76, 20, "....======..........", "    ▐█████          "},
                {131, 84, 20, ".....=======........", "     ▐█████▌        "},
                {200, 40, 8, "========", "████████"},
                {280, 30, 8, "========", "████████"},
                {280, 250, 8, ".......=", "       ▐"},
                {30, 20, 8, "=.......", "▌       "},
                {80, 120, 8, "...=....", "   ▐    "}, /* of a broken database */
                {120, 80, 1, "=", "▌"},
                {180, 50, 1, "=", "█"},
                {INT_MIN, INT_MAX, 8, ".......=", "       ▐"},
        };
        char bar[HISTORY_BAR_SIZE];

        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                CHECK_STR(
                        history_bar(rows[i].systolic, rows[i].diastolic, rows[i].width, false, bar),
                        rows[i].ascii);
                CHECK_STR(
                        history_bar(rows[i].systolic, rows[i].diastolic, rows[i].width, true, bar),
                        rows[i].unicode);
        }
}

static const char *printed(const char *text, unsigned width, bool unicode) {
        static char line[128];
        FILE *f = fmemopen(line, sizeof line, "w");

        history_print_text(f, text, width, unicode);
        fputc('\0', f);
        fclose(f);
        return line;
}

static void texts_fill_their_column(void) {
        setlocale(LC_CTYPE, "C.UTF-8");
        CHECK_STR(printed("Anna", 6, true), "Anna  ");
        CHECK_STR(printed("Annabel", 6, true), "Annab…");
        CHECK_STR(printed("Annabel", 6, false), "Annab~");
        CHECK_STR(printed("Zoë", 4, true), "Zoë ");
        CHECK_STR(printed("Zoë", 4, false), "Zo? ");
        CHECK_STR(printed("花子さん", 6, true), "花子… ");
        CHECK_STR(printed("花子", 4, false), "????");
        CHECK_EQ(history_text_width("花子"), 4);
        CHECK_STR(printed("", 3, true), "   ");
        setlocale(LC_CTYPE, "C");
        CHECK_STR(printed("Zoë", 5, false), "Zo?? ");
}

static void colours_go_with_the_class(void) {
        CHECK_STR(history_category_colour(CATEGORY_ACC_AHA, "normal"), "\033[32m");
        CHECK_STR(history_category_colour(CATEGORY_ACC_AHA, "stage_1"), "\033[33m");
        CHECK_STR(history_category_colour(CATEGORY_ACC_AHA, "stage_2"), "\033[31m");
        CHECK_STR(history_category_colour(CATEGORY_ACC_AHA, "crisis"), "\033[31m");
        CHECK_STR(history_category_colour(CATEGORY_ESC, "elevated"), "\033[33m");
        CHECK_STR(history_category_colour(CATEGORY_ESC, "hypertension"), "\033[31m");
        CHECK_STR(history_category_colour(CATEGORY_ESH, "normal"), "\033[32m");
        CHECK_STR(history_category_colour(CATEGORY_ESH, "high_normal"), "\033[33m");
        CHECK_STR(history_category_colour(CATEGORY_ESC, "crisis"), "");
}

/* --- CSV --- */

static const char *quoted(const char *text) {
        static char line[256];
        FILE *f = fmemopen(line, sizeof line, "w");

        history_csv_text(f, text);
        fputc('\0', f);
        fclose(f);
        return line;
}

static void texts_of_csv_are_quoted_and_no_formulas(void) {
        CHECK_STR(quoted("Anna"), "Anna");
        CHECK_STR(quoted(""), "");
        CHECK_STR(quoted("a,b"), "\"a,b\"");
        CHECK_STR(quoted("a;b"), "\"a;b\"");
        CHECK_STR(quoted("a\"b"), "\"a\"\"b\"");
        CHECK_STR(quoted("a\nb"), "\"a\nb\"");
        CHECK_STR(quoted(" a"), "\" a\"");
        CHECK_STR(quoted("=1+1"), "\"'=1+1\"");
        CHECK_STR(quoted("+1"), "\"'+1\"");
        CHECK_STR(quoted("-1"), "\"'-1\"");
        CHECK_STR(quoted("@x\""), "\"'@x\"\"\"");
        CHECK_STR(quoted("a=1"), "a=1");
}

static const struct measurement sample = {
        .user = 1,
        .has_time = true,
        .taken = {2026, 11, 1, 7, 0, 63},
        .systolic_mmhg = 131,
        .diastolic_mmhg = 84,
        .pulse_bpm = {true, 67},
        .body_movement = {true, true},
        .series_position = {true, 2},
};

static size_t count(const char *text, char c) {
        size_t n = 0;

        for (; *text; text++)
                n += *text == c;
        return n;
}

/* The head names each field of the payload, as a path where it is an object, and no other. */
static void check_columns(const char *head, const cJSON *object, const char *above, size_t *n) {
        const cJSON *item;

        cJSON_ArrayForEach(item, object) {
                char name[64], column[68];

                snprintf(name, sizeof name, "%s%s%s", above, *above ? "." : "", item->string);
                if (cJSON_IsObject(item)) {
                        check_columns(head, item, name, n);
                        continue;
                }
                snprintf(column, sizeof column, ",%s,", name);
                if (!strstr(head, column))
                        printf("# no column %s\n", name);
                CHECK(strstr(head, column));
                ++*n;
        }
}

static void csv_has_each_field_of_the_payload(void) {
        _cleanup_(freep) char *payload = message_measurement(&(struct message_measurement){
                .measurement = &sample, .id = "0123456789abcdef", .measured_at = "2026-11-01"});
        _cleanup_(cJSON_Deletep) cJSON *object = cJSON_Parse(payload);
        char text[4096], head[2048];
        FILE *f = fmemopen(text, sizeof text, "w");
        const char *line;
        size_t n = 0;

        history_csv_head(f);
        CHECK_EQ(history_csv_line(f, payload), 0);
        CHECK_EQ(history_csv_line(f, "no JSON"), -ENOMEM);
        fputc('\0', f);
        fclose(f);
        line = strchr(text, '\n') + 1;
        snprintf(head, sizeof head, ",%.*s,", (int) (line - text - 1), text);
        check_columns(head, object, "", &n);
        CHECK_EQ(n, count(head, ',') - 1);
        CHECK_EQ(count(line, ','), count(head, ',') - 2);
        CHECK(strstr(line, ",131,84,67,"));
        CHECK(strstr(line, ",3,2,stage_1,")); /* truread.count, .index */
}

/* --- omblepy --- */

static const char *omblepy(const struct store_measurement *m, enum history_omblepy_gap wanted) {
        static char line[128];
        FILE *f = fmemopen(line, sizeof line, "w");

        CHECK_EQ(history_omblepy_line(f, m), wanted);
        fputc('\0', f);
        fclose(f);
        return line;
}

static void omblepy_has_the_cuffs_own_time(void) {
        struct store_measurement m = {
                .measurement = sample, .clock_ok = true, .measured_at = OCT_25};

        wall_clock_set_zone("Europe/Berlin");
        CHECK_STR(omblepy(&m, HISTORY_OMBLEPY_NO_GAP), "2026-11-01 07:00:59,84,131,67,1,0\r\n");
        m.measurement.body_movement.yes = false;
        m.measurement.irregular_heartbeat = (struct answer){true, true};
        CHECK_STR(omblepy(&m, HISTORY_OMBLEPY_NO_GAP), "2026-11-01 07:00:59,84,131,67,0,1\r\n");
        m.clock_ok = false;
        CHECK_STR(omblepy(&m, HISTORY_OMBLEPY_NO_TIME), "");
        m.clock_ok = true;
        m.measurement.has_time = false;
        CHECK_STR(omblepy(&m, HISTORY_OMBLEPY_NO_TIME), "");
        m.measurement.pulse_bpm.known = false;
        CHECK_STR(omblepy(&m, HISTORY_OMBLEPY_NO_PULSE), "");
}

/* --- FHIR: the rules of the profiles are tests/component/test_history.py's --- */

static void uuids_follow_from_ids(void) {
        char a[HISTORY_FHIR_UUID_SIZE], b[HISTORY_FHIR_UUID_SIZE];

        history_fhir_uuid("bd9276ac90674b74", HISTORY_FHIR_PRESSURE, a);
        CHECK_STR(a, "bd9276ac-9067-84b7-8401-63756666326d");
        history_fhir_uuid("bd9276ac90674b74", HISTORY_FHIR_PULSE, b);
        CHECK_STR(b, "bd9276ac-9067-84b7-8402-63756666326d");
        history_fhir_uuid("../\" broken", HISTORY_FHIR_PULSE, a); /* database */
        CHECK_EQ(strlen(a), HISTORY_FHIR_UUID_SIZE - 1);
        CHECK_EQ(strspn(a, "0123456789abcdef-"), HISTORY_FHIR_UUID_SIZE - 1);
        history_fhir_uuid("", HISTORY_FHIR_PULSE, b);
        CHECK(strcmp(a, b) != 0);
}

static void patients_have_sound_ids(void) {
        static const struct bdaddr cuff = {{0x00, 0x5F, 0xBF, 0x11, 0x22, 0x33}};
        char id[HISTORY_FHIR_ID_SIZE], person[100];

        history_fhir_patient("anna", &cuff, 1, id);
        CHECK_STR(id, "anna");
        history_fhir_patient("", &cuff, 1, id);
        CHECK_STR(id, "005fbf112233-1");
        history_fhir_patient("", &cuff, MEASUREMENT_USER_UNKNOWN, id);
        CHECK_STR(id, "005fbf112233-unknown");
        history_fhir_patient("a_b/ë", &cuff, 1, id);
        CHECK_STR(id, "a-b---");
        memset(person, 'x', sizeof person);
        person[sizeof person - 1] = '\0';
        history_fhir_patient(person, &cuff, 1, id);
        CHECK_EQ(strlen(id), 64);
}

CHECK_MAIN("unit.history", TEST(the_last_ones_are_a_number_or_a_time), TEST(months_have_ends),
           TEST(names_match_by_their_beginning), TEST(no_line_is_wider_than_the_terminal),
           TEST(what_fits_is_shown), TEST(bars), TEST(texts_fill_their_column),
           TEST(colours_go_with_the_class), TEST(texts_of_csv_are_quoted_and_no_formulas),
           TEST(csv_has_each_field_of_the_payload), TEST(omblepy_has_the_cuffs_own_time),
           TEST(uuids_follow_from_ids), TEST(patients_have_sound_ids))
