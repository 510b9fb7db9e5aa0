/* What the commands that ask the service say, and how it is laid out; which cuff a word means; the
 * words of a command line for somebody else. */
#include <locale.h>
#include <string.h>

#include "app/wall_clock.h"
#include "check.h"
#include "cli/command.h"
#include "cli/cuff_word.h"
#include "cli/cuffs.h"
#include "cli/exit_code.h"
#include "cli/info.h"
#include "cli/owner.h"
#include "cli/shell_print.h"
#include "cli/tame.h"
#include "cli/watch.h"

#define NOW "2026-11-22T19:00:00+01:00"

static char printed[8192];

static FILE *paper(void) {
        memset(printed, 0, sizeof printed);
        setlocale(LC_CTYPE, "C.UTF-8");
        return fmemopen(printed, sizeof printed, "w");
}

/* --- texts and times --- */

static void texts_out_of_messages(void) {
        cJSON *json = cJSON_Parse(
                "{\"a\":\"x\",\"b\":7,\"c\":{\"d\":\"y\"},\"u\":[1,null,300,-1,\"2\",255]}");
        const cJSON *users = cJSON_GetObjectItemCaseSensitive(json, "u");
        static const char *const wanted[] = {"1",       "unknown", "unknown",
                                             "unknown", "unknown", "255"};
        char user[SHELL_USER_SIZE];

        CHECK_STR(shell_text(json, "a"), "x");
        CHECK_STR(shell_text(json, "b"), "");
        CHECK_STR(shell_text(json, "A"), "");
        CHECK_STR(shell_text(NULL, "a"), "");
        CHECK_STR(shell_text(shell_object(json, "c"), "d"), "y");
        CHECK(!shell_object(json, "a") && !shell_object(json, "u") && !shell_object(NULL, "c"));
        for (int i = 0; i < 6; i++)
                CHECK_STR(shell_user(cJSON_GetArrayItem(users, i), user), wanted[i]);
        CHECK_STR(shell_user(NULL, user), "unknown");
        cJSON_Delete(json);
}

static void times_in_few_letters(void) {
        static const char *const wrong[] = {"",
                                            "x",
                                            "2026-11-22",
                                            "2026-11-22 18:04:31",
                                            "2026-11-2xT18:04",
                                            "2026-11-22T18-04",
                                            "2026-11-22T18:0"};
        char time[SHELL_TIME_SIZE];

        CHECK_STR(shell_time("2026-11-22T18:04:31+01:00", time), "2026-11-22 18:04");
        CHECK_STR(shell_time_short("2026-11-22T18:04:31+01:00", NOW, time), "18:04");
        CHECK_STR(shell_time_short("2026-11-21T18:04:31+01:00", NOW, time), "2026-11-21");
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
                CHECK_STR(shell_time(wrong[i], time), "");
                CHECK_STR(shell_time_short(wrong[i], NOW, time), "");
        }
}

static void lines_fit(void) {
        FILE *f = paper();

        shell_wrap(f, 20, 4, "One ", "two three four five  six");
        shell_wrap(f, 20, 2, "", "averyverylongwordthatdoesnotfit so");
        shell_wrap(f, 12, 2, "", "12345 \033[31m12345\033[0m 12345"); /* colours take no room */
        shell_wrap(f, 12, 2, "", "ÄÖÜÄÖ ÄÖÜÄÖ x");
        shell_wrap(f, SHELL_COLUMNS_ANY, 2, "", "a b");
        shell_wrap(f, 20, 2, "none", "");
        fclose(f);
        CHECK_STR(printed, "One two three four\n    five  six\n"
                           "averyverylongwordthatdoesnotfit\n  so\n"
                           "12345 \033[31m12345\033[0m\n  12345\n"
                           "ÄÖÜÄÖ ÄÖÜÄÖ\n  x\n"
                           "a b\n"
                           "none\n");
}

static void messages_are_tamed(void) {
        cJSON *json = cJSON_Parse(
                "{\"a\\u001b\":\"x\\u0007\\n\",\"b\":[\"\\u009b\",{\"c\":\"ü\"}],\"d\":7}");
        char *text;

        tame_json(json);
        tame_json(NULL);
        text = cJSON_PrintUnformatted(json);
        CHECK_STR(text, "{\"a?\":\"x? \",\"b\":[\"??\",{\"c\":\"ü\"}],\"d\":7}");
        free(text);
        cJSON_Delete(json);
}

static void json_on_one_line(void) {
        FILE *f = paper();

        shell_print_json(f, cJSON_Parse("{\"a\":\"\\n\\u001b\\u009b\"}"));
        fclose(f);
        CHECK_STR(printed, "{\"a\":\"\\n\\u001b??\"}\n");
}

/* --- which cuff --- */

static const struct cuff_named cuffs[] = {
        {{{0x28, 0xFF, 0xB2, 0x05, 0x91, 0xB5}}, "Bedroom"},
        {{{0x00, 0x5F, 0xBF, 0x11, 0x22, 0x33}}, "Bathroom"},
        {{{0x28, 0xFF, 0xB2, 0x05, 0x91, 0xB6}}, "Bed"},
        {{{0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF}}, ""},
};

static void a_word_means_a_cuff(void) {
        static const struct {
                const char *word;
                size_t matches, place;
        } rows[] = {
                {"bedroom", 1, 0}, {"BEDR", 1, 0},  {"bed", 1, 2},
                {"b", 3, 0},       {"be", 2, 0},    {"28ffb20591b6", 1, 2},
                {"28ff", 2, 0},    {"aa:bb", 1, 3}, {"aabb", 1, 3},
                {"x", 0, 0},       {"", 0, 0},      {"bedroom2", 0, 0},
        };

        setlocale(LC_CTYPE, "C.UTF-8");
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                size_t place = 99, n = cuff_word_find(rows[i].word, cuffs, 4, &place);

                CHECK_EQ(n, rows[i].matches);
                if (n == 1)
                        CHECK_EQ(place, rows[i].place);
        }
        CHECK_EQ(cuff_word_find("x", NULL, 0, &(size_t){0}), 0);
}

static void two_of_one_name_are_told_apart(void) {
        static const char longest[] =
                "123456789 123456789 123456789 123456789 123456789 123456789 123";
        struct cuff_named same[] = {
                {{{0x28, 0xFF, 0xB2, 0x05, 0x91, 0xB5}}, "Bed"},
                {{{1, 2, 3, 4, 5, 6}}, ""},
                {{{0x00, 0x5F, 0xBF, 0x11, 0x22, 0x33}}, "Bed"},
                {{{1, 2, 3, 4, 5, 7}}, ""},
                {{{0x28, 0xFF, 0xB2, 0x05, 0x91, 0xB6}}, "Bed"},
                {{{1, 2, 3, 4, 5, 8}}, "bed"},
                {{{0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0x01}}, ""},
                {{{0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0x02}}, ""},
        };
        static const char *const wanted[] = {"Bed 91:B5", "", "Bed 22:33", "", "Bed 91:B6", "bed"};

        strcpy(same[6].name, longest);
        strcpy(same[7].name, longest);
        cuff_word_distinguish(same, 8);
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
                CHECK_STR(same[i].name, wanted[i]);
        CHECK_STR(same[6].name + strlen(longest), " EE:01");
        CHECK_STR(same[7].name + strlen(longest), " EE:02");
        cuff_word_distinguish(NULL, 0);
}

/* --- the table of cuffs --- */

static struct cuffs_row row_of(const char *cuff, const char *state, bool online) {
        cJSON *c = cJSON_Parse(cuff), *s = cJSON_Parse(state);
        struct cuffs_row row;

        cuffs_row(c, s, NOW, online, &row);
        cJSON_Delete(c);
        cJSON_Delete(s);
        return row;
}

#define CUFF                                                                                       \
        "{\"name\":\"Bedroom\",\"model\":\"BP7350\",\"address\":\"28:FF:B2:05:91:B5\",\"bonded\":" \
        "true,"                                                                                    \
        "\"last_sync\":\"2026-11-20T07:00:00+01:00\",\"users\":{\"1\":{\"name\":\"Anna\"},\"2\":{" \
        "},"                                                                                       \
        "\"3\":{\"name\":null,\"person\":\"bob\"}}}"
#define STATE                                                                                      \
        "{\"battery\":15,\"battery_low\":true,\"last_seen\":\"2026-11-22T18:04:00+01:00\","        \
        "\"last_sync\":null,\"sync_state\":\"problem\",\"sync_error\":\"It hung up\"}"

static void what_is_said_of_a_cuff(void) {
        static const char *const wanted[CUFFS_COLUMNS] = {
                "Bedroom", "BP7350",     "28:FF:B2:05:91:B5", "15 %",
                "18:04",   "2026-11-20", "problem",           "Anna, 2, bob"};
        struct cuffs_row row = row_of(CUFF, STATE, true);

        for (size_t c = 0; c < CUFFS_COLUMNS; c++)
                CHECK_STR(row.cell[c], wanted[c]);
        CHECK_STR(row.trouble, "It hung up");
        CHECK(row.battery_low);
        row = row_of(CUFF, STATE, false); /* what it did then, nobody knows any more */
        CHECK_STR(row.cell[CUFFS_STATE], "-");
        CHECK_STR(row.trouble, "");
        row = row_of("{\"bonded\":false}", "null", true);
        CHECK_STR(row.cell[CUFFS_STATE], "not paired");
        CHECK_STR(row.cell[CUFFS_NAME], "-");
        row = row_of("7", "{\"battery\":\"x\",\"last_seen\":7,\"sync_state\":[]}", true);
        for (size_t c = 0; c < CUFFS_COLUMNS; c++)
                CHECK_STR(row.cell[c], "-");
        CHECK_STR(row_of("{}", "{\"battery\":101}", true).cell[CUFFS_BATTERY], "-");
        CHECK_STR(row_of("{}", "{\"battery\":0}", true).cell[CUFFS_BATTERY], "0 %");
}

static void the_table_of_cuffs(void) {
        struct cuffs_row rows[2] = {row_of(CUFF, STATE, true),
                                    row_of("{\"name\":\"Bath\"}", "null", true)};
        FILE *f = paper();

        cuffs_print(f, rows, 2, 100, true, false);
        fclose(f);
        CHECK_STR(printed,
                  "name     model   address            battery  seen   last read   state    users\n"
                  "Bedroom  BP7350  28:FF:B2:05:91:B5  15 %     18:04  2026-11-20  problem  "
                  "Anna, 2, bob\n"
                  "Bath     -       -                  -        -      -           -        -\n"
                  "\n"
                  "Bedroom: It hung up\n");
        f = paper();
        cuffs_print(f, rows, 1, 79, true, true); /* closer together */
        fclose(f);
        CHECK(strstr(printed, "28:FF:B2:05:91:B5 \033[33m15 %   \033[0m 18:04 2026-11-20 "
                              "\033[31mproblem\033[0m Anna, 2, bob\n"));
        f = paper();
        cuffs_print(f, rows, 2, 30, true, false);
        fclose(f);
        CHECK_STR(printed, "Bedroom\n"
                           "  model     BP7350\n"
                           "  address   28:FF:B2:05:91:B5\n"
                           "  battery   15 %\n"
                           "  seen      18:04\n"
                           "  last read 2026-11-20\n"
                           "  state     problem\n"
                           "  users     Anna, 2, bob\n"
                           "\n"
                           "Bath\n"
                           "  model     -\n"
                           "  address   -\n"
                           "  battery   -\n"
                           "  seen      -\n"
                           "  last read -\n"
                           "  state     -\n"
                           "  users     -\n"
                           "\n"
                           "Bedroom: It hung up\n");
}

static void long_names_are_cut_before_the_table_goes(void) {
        struct cuffs_row row = row_of(CUFF, STATE, true);
        FILE *f = paper();

        strcpy(row.cell[CUFFS_NAME], "A very long name of a cuff");
        cuffs_print(f, &row, 1, 80, true, false);
        fclose(f);
        CHECK(strncmp(printed, "name ", 5) == 0);
        CHECK(strstr(printed, "A very lon\u2026") || strstr(printed, "A very l"));
        CHECK_EQ(strchr(printed, '\n') - printed <= 80, true);
}

/* --- the gateway --- */

static void what_is_said_of_the_gateway(void) {
        cJSON *info = cJSON_Parse(
                "{\"version\":\"1.2\",\"hostname\":\"pi\",\"started\":\"2026-11-22T18:04:00+01:"
                "00\","
                "\"base_topic\":\"cuff2mqtt\",\"log_level\":\"info\",\"time_zone\":null,"
                "\"adapter\":{\"address\":\"00:1A:7D:DA:71:01\",\"name\":\"hci0\",\"state\":"
                "\"blocked\"},"
                "\"pairing\":{\"active\":true,\"until\":\"2026-11-22T18:06:00+01:00\"},"
                "\"restart_required\":true}");
        cJSON *health = cJSON_Parse(
                "{\"time\":\"2026-11-22T17:04:00Z\",\"uptime_s\":93784,\"rss_kb\":5120,\"cpu_s\":1."
                "26,"
                "\"fds\":12,\"mqtt\":{\"published\":10,\"received\":2,\"dropped\":0,\"reconnects\":"
                "1},"
                "\"ble\":{\"connects\":4,\"failures\":1},\"db\":{\"records\":120,\"outbox\":3},"
                "\"healthy\":false,\"problem\":\"Bluetooth is off: switch it on\"}");
        FILE *f = paper();

        wall_clock_set_zone("Europe/Berlin");
        info_print(f, info, health, true, 2, SHELL_COLUMNS_ANY);
        fclose(f);
        CHECK_STR(printed, "Service       runs, cuff2mqtt 1.2 on pi, since 2026-11-22 18:04\n"
                           "Bluetooth     hci0 00:1A:7D:DA:71:01: blocked\n"
                           "Pairing       the window is open until 2026-11-22 18:06\n"
                           "Cuffs         2\n"
                           "Base topic    cuff2mqtt\n"
                           "Log level     info\n"
                           "Options       some take effect after a restart only\n"
                           "Health        Bluetooth is off: switch it on\n"
                           "Measurements  120; waiting for the broker: 3\n"
                           "MQTT          messages: 10 out, 2 in, 0 dropped; reconnections: 1\n"
                           "Connections   to cuffs: 4; failed: 1\n"
                           "Process       up 1 day 2 h, 5.0 MB, 1.3 s of CPU, 12 open files\n"
                           "As of         2026-11-22 18:04\n");
        cJSON_Delete(info);
        cJSON_Delete(health);
        f = paper();
        info_print(f, NULL, NULL, false, 0, SHELL_COLUMNS_ANY);
        fclose(f);
        CHECK_STR(printed, "Service       does not run\n");
        info = cJSON_Parse("{\"adapter\":7,\"pairing\":[],\"version\":{}}");
        health = cJSON_Parse("{\"uptime_s\":1e300,\"db\":{\"records\":-1},\"healthy\":true}");
        f = paper();
        info_print(f, info, health, true, 0, SHELL_COLUMNS_ANY);
        fclose(f);
        CHECK(strstr(printed, "\nHealth        good\nMeasurements  0; waiting for"));
        CHECK(strstr(printed, "\nBluetooth     not known\n"));
        cJSON_Delete(info);
        cJSON_Delete(health);
}

/* --- watching --- */

static const char *watched(void (*watch)(const struct watch_view *, const cJSON *, const char *),
                           const char *message, size_t n_cuffs) {
        FILE *f = paper();
        const struct watch_view view = {.out = f,
                                        .columns = SHELL_COLUMNS_ANY,
                                        .scheme = CATEGORY_ACC_AHA,
                                        .cuffs = cuffs,
                                        .n_cuffs = n_cuffs};
        cJSON *json = cJSON_Parse(message);

        watch(&view, json, NOW);
        cJSON_Delete(json);
        fclose(f);
        return printed;
}

static void measurements_in_words(void) {
        CHECK_STR(watched(watch_measurement,
                          "{\"user\":1,\"user_name\":\"Anna\",\"device\":\"28ffb20591b5\","
                          "\"systolic\":131,"
                          "\"diastolic\":84,\"pulse\":67,\"measured_at\":\"2026-11-22T18:04:31+01:"
                          "00\","
                          "\"category\":{\"acc_aha\":\"stage_1\"},\"backlog\":false,\"clock_ok\":"
                          "true}",
                          1),
                  "2026-11-22 18:04  Anna: 131/84, pulse 67, stage 1\n");
        CHECK_STR(watched(watch_measurement,
                          "{\"device\":\"28ffb20591b5\",\"user\":2,\"systolic\":131}", 2),
                  "2026-11-22 19:00  user 2 of Bedroom: 131/?\n");
        CHECK_STR(watched(watch_measurement, "{}", 0), "2026-11-22 19:00  user unknown: ?/?\n");
        CHECK_STR(
                watched(watch_measurement, "{\"systolic\":1000,\"diastolic\":-1,\"pulse\":1e9}", 0),
                "2026-11-22 19:00  user unknown: ?/?, pulse ?\n");
        CHECK_STR(watched(watch_measurement,
                          "{\"device\":\"aabbccddeeff\",\"user\":1,\"clock_ok\":false}", 4),
                  "2026-11-22 19:00  user 1 of aabbccddeeff: ?/?, the cuff's clock was wrong\n");
}

static void events_in_words(void) {
        CHECK_STR(watched(watch_event,
                          "{\"type\":\"sync_finished\",\"data\":{\"device\":\"28ffb20591b5\","
                          "\"new_measurements\":3}}",
                          4),
                  "2026-11-22 19:00  Bedroom was read; new measurements: 3\n");
        CHECK_STR(watched(watch_event,
                          "{\"type\":\"pairing_failed\",\"data\":{\"remedy\":\"Wait\"}}", 0),
                  "2026-11-22 19:00  Pairing failed: Wait\n");
        CHECK_STR(watched(watch_event, "{\"type\":\"sync_failed\"}", 0),
                  "2026-11-22 19:00  The cuff could not be read\n");
        CHECK_STR(watched(watch_event, "{\"type\":\"some_new_thing\",\"data\":{\"reason\":\"So\"}}",
                          0),
                  "2026-11-22 19:00  some new thing: So\n");
        CHECK_STR(watched(watch_event, "{}", 0), "");
}

/* --- for somebody else to type --- */

static void words_of_a_command_line(void) {
        const struct command_arguments a = {
                .config = "/etc/x y", .purge = true, .yes = true, .operand = {"-dash", "it's"}};
        const char *words[COMMAND_WORDS_MAX];
        char *text;

        command_words(&command_remove, &a, words);
        text = owner_command(words);
        CHECK_STR(text, "cuff2mqtt remove --config '/etc/x y' --purge --yes -- -dash 'it'\\''s'");
        free(text);
        text = owner_command_as(0, words);
        CHECK(text && strncmp(text, "sudo cuff2mqtt remove ", 22) == 0);
        free(text);
        text = owner_command_as(4000000, words); /* nobody has that number */
        CHECK(text && strncmp(text, "sudo -u '#4000000' cuff2mqtt ", 29) == 0);
        free(text);
        command_words(&command_version, &(struct command_arguments){.json = true, .operand = {"-"}},
                      words);
        text = owner_command(words);
        CHECK_STR(text, "cuff2mqtt version -");
        free(text);
        text = owner_command((const char *const[]){"", "a\033b", NULL});
        CHECK_STR(text, "'' 'a?b'");
        free(text);
}

static void all_commands_are_listed(void) {
        size_t n = 0;

        for (; command_list[n]; n++) {
                CHECK(command_find(command_list[n]->name) == command_list[n]);
                CHECK(strlen(command_list[n]->summary) <= 64);
                CHECK(command_list[n]->operands <= COMMAND_OPERANDS_MAX);
        }
        CHECK_EQ(n, 20);
        CHECK(strstr(command_exit_codes, "\n  15  "));
}

CHECK_MAIN("unit.shell_words", TEST(texts_out_of_messages), TEST(times_in_few_letters),
           TEST(lines_fit), TEST(messages_are_tamed), TEST(json_on_one_line),
           TEST(a_word_means_a_cuff), TEST(two_of_one_name_are_told_apart),
           TEST(what_is_said_of_a_cuff), TEST(the_table_of_cuffs),
           TEST(long_names_are_cut_before_the_table_goes), TEST(what_is_said_of_the_gateway),
           TEST(measurements_in_words), TEST(events_in_words), TEST(words_of_a_command_line),
           TEST(all_commands_are_listed))
