/* The frame around the checks: waiting for the parts, what they share, and the three outputs. The
 * parts are played here. */
#include "cli/explain_words.h"
#include "doctor_fixture.h"

#include <cjson/cJSON.h>
#include <signal.h>

#define SECOND 1000000ULL
#define LONG   (3600 * SECOND) /* a test that waited for it would be ended by its runner */

static const char *const asked_for[] = {"host", "store", "bluez", "broker"};

int gethostname(char *ret, size_t size) {
        snprintf(ret, size, "annas-pi.example");
        return 0;
}

/* --- the parts --- */

static struct play {
        bool asked[4];
        enum { ANSWERS, ANSWERS_LATER, NEVER_ANSWERS, IS_INTERRUPTED } bluez;
        sd_event_source *timer;
} play;

static void find_all(struct doctor *d, enum doctor_check first, enum doctor_check last) {
        for (unsigned i = first; i <= last; i++)
                if (d->finding[i].status == DOCTOR_NOT_LOOKED)
                        doctor_found(d, i, DOCTOR_OK, NULL, "fine");
}

void doctor_host(struct doctor *d) {
        play.asked[0] = true;
        find_all(d, DOCTOR_KERNEL, DOCTOR_WIFI);
        find_all(d, DOCTOR_PRIVACY, DOCTOR_SECURE_CONNECTIONS);
}

void doctor_store(struct doctor *d) {
        play.asked[1] = true;
        find_all(d, DOCTOR_SERVICE, DOCTOR_SPACE);
}

static void bluez_answers(struct doctor *d) {
        find_all(d, DOCTOR_BUS, DOCTOR_SCANNING);
        find_all(d, DOCTOR_CUFFS, DOCTOR_CUFFS);
}

static int on_answer(sd_event_source *source, uint64_t usec, void *userdata) {
        bluez_answers(userdata);
        doctor_end(userdata);
        return 0;
}

void doctor_bluez(struct doctor *d) {
        play.asked[2] = true;
        if (play.bluez == ANSWERS) {
                bluez_answers(d);
                return;
        }
        doctor_begin(d);
        if (play.bluez == ANSWERS_LATER)
                sd_event_add_time_relative(d->event, &play.timer, CLOCK_MONOTONIC, 1000, 1,
                                           on_answer, d);
        else
                doctor_found(d, DOCTOR_BUS, DOCTOR_OK, NULL, "fine");
        if (play.bluez == IS_INTERRUPTED)
                kill(getpid(), SIGINT);
}

void doctor_broker(struct doctor *d) {
        play.asked[3] = true;
        find_all(d, DOCTOR_BROKER, DOCTOR_DISCOVERY);
}

static void open_play(struct house *h, int bluez) {
        house_open(h);
        play = (struct play){.bluez = bluez};
        if (sd_event_new(&h->doctor.event) < 0)
                abort();
        doctor_found(&h->doctor, DOCTOR_CONFIG, DOCTOR_OK, NULL, "good");
}

static void close_play(struct house *h) {
        sd_event_source_unref(play.timer);
        sd_event_unref(h->doctor.event);
        house_close(h);
}

/* --- waiting --- */

static void it_ends_when_all_parts_have_answered(void) {
        for (int bluez = ANSWERS; bluez <= ANSWERS_LATER; bluez++) {
                struct house h;

                open_play(&h, bluez);
                CHECK_EQ(doctor_look(&h.doctor, LONG), 0);
                for (size_t i = 0; i < 4; i++)
                        CHECK(play.asked[i]);
                CHECK_EQ(doctor_count(&h.doctor, DOCTOR_OK), DOCTOR_CHECK_MAX_);
                close_play(&h);
        }
}

static void what_never_answers_is_a_problem(void) {
        struct house h;

        open_play(&h, NEVER_ANSWERS);
        CHECK_EQ(doctor_look(&h.doctor, SECOND / 100), 0);
        CHECK_FOUND(&h, DOCTOR_BUS, "ok", "fine", "(none)");
        CHECK_STR(doctor_status_to_string(h.doctor.finding[DOCTOR_CUFFS].status), "problem");
        CHECK_STR(house_text(&h, DOCTOR_CUFFS), "did not answer within 0.01 s");
        CHECK(strstr(house_remedy(&h, DOCTOR_CUFFS), "Run it again."));
        CHECK_EQ(doctor_count(&h.doctor, DOCTOR_PROBLEM),
                 DOCTOR_SCANNING - DOCTOR_BUS + 1 /* CUFFS; BUS was found */);
        CHECK_EQ(doctor_count(&h.doctor, DOCTOR_NOT_LOOKED), 0);
        close_play(&h);
}

static void ctrl_c_ends_with_what_is_known(void) {
        struct house h;

        open_play(&h, IS_INTERRUPTED);
        CHECK_EQ(doctor_look(&h.doctor, LONG), 0);
        CHECK_FOUND(&h, DOCTOR_BUS, "ok", "fine", "(none)");
        CHECK_FOUND(&h, DOCTOR_CUFFS, "skipped", "interrupted before it was known",
                    "Run it again, to the end.");
        CHECK_EQ(doctor_count(&h.doctor, DOCTOR_PROBLEM), 0);
        close_play(&h);
}

static void without_a_configuration_nobody_looks_at_what_it_names(void) {
        struct house h;

        open_play(&h, ANSWERS);
        h.doctor.no_config = true;
        CHECK_EQ(doctor_look(&h.doctor, LONG), 0);
        for (size_t i = 0; i < 4; i++)
                CHECK_EQ(play.asked[i],
                         strcmp(asked_for[i], "host") == 0 || strcmp(asked_for[i], "bluez") == 0);
        CHECK_EQ(h.doctor.finding[DOCTOR_BROKER].status, DOCTOR_PROBLEM);
        close_play(&h);
}

/* --- what the parts share --- */

static void texts_are_tamed(void) {
        static const struct {
                const char *said, *kept;
        } cases[] = {
                {"plain", "plain"},
                {"two\nlines\tand\r\x1b[2J\x7f", "two lines and??[2J?"},
                {"M\xC3\xBCller \xE2\x82\xAC", "M\xC3\xBCller \xE2\x82\xAC"},
                {"c1 \xC2\x9B"
                 "2J",
                 "c1 ??2J"},
                {"\xC2\xA0|", "\xC2\xA0|"},
                {"broken \xC3", "broken ?"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct house h;

                house_open(&h);
                doctor_found(&h.doctor, DOCTOR_AGENT, DOCTOR_WARNING, cases[i].said, "%s",
                             cases[i].said);
                CHECK_FOUND(&h, DOCTOR_AGENT, "warning", cases[i].kept, cases[i].kept);
                house_close(&h);
        }
}

static void names_and_addresses_are_for_their_owner_only(void) {
        struct doctor d = {0};
        char text[32];

        CHECK_STR(doctor_name(&d, "Anna"), "Anna");
        CHECK_STR(doctor_address(&d, "28:5F:DB:01:02:03", text), "28:5F:DB:01:02:03");
        d.report = true;
        CHECK_STR(doctor_name(&d, "Anna"), "(name)");
        CHECK_STR(doctor_address(&d, "28:5F:DB:01:02:03", text), "28:5F:DB:..:..:..");
        CHECK_STR(doctor_address(&d, "Anna", text), "(address)");
}

static void files_are_read_below_the_root(void) {
        struct house h;
        char text[8], name[80], exact[80];

        house_open(&h);
        house_put(&h, "/a/b", "12\n\n");
        CHECK_EQ(doctor_read(&h.doctor, "/a/b", text, sizeof text), 0);
        CHECK_STR(text, "12\n");
        house_put(&h, "/empty", "");
        CHECK_EQ(doctor_read(&h.doctor, "/empty", text, sizeof text), 0);
        CHECK_STR(text, "");
        house_put(&h, "/long", "123456789");
        CHECK_EQ(doctor_read(&h.doctor, "/long", text, sizeof text), 0);
        CHECK_STR(text, "1234567");
        strcpy(text, "kept");
        CHECK(doctor_read(&h.doctor, "/none", text, sizeof text) < 0);
        CHECK(doctor_read(&h.doctor, "/a", text, sizeof text) < 0);
        CHECK_STR(text, "kept");
        snprintf(exact, sizeof exact, "%s/a/b", h.root);
        CHECK_EQ(doctor_path(&h.doctor, "/a/b", name, strlen(exact) + 1), 0);
        CHECK_STR(name, exact);
        CHECK(doctor_path(&h.doctor, "/a/b", name, strlen(exact)) < 0);
        house_close(&h);
}

static void the_line_to_run_fits_the_machine(void) {
        struct house h;
        char line[128], verb[64];

        house_open(&h);
        CHECK_STR(doctor_as_service(&h.doctor, line, sizeof line), "sudo cuff2mqtt doctor");
        house_put(&h, "/etc/passwd", "root:x:0:0\ncuff2mqtt2:x:998:998\nxcuff2mqtt:x:9:9\n");
        CHECK_STR(doctor_as_service(&h.doctor, line, sizeof line), "sudo cuff2mqtt doctor");
        house_put(&h, "/etc/passwd", "root:x:0:0\ncuff2mqtt:x:998:998\n");
        CHECK_STR(doctor_as_service(&h.doctor, line, sizeof line),
                  "sudo -u cuff2mqtt cuff2mqtt doctor");
        h.doctor.config_path = "c.conf";
        CHECK_STR(doctor_as_service(&h.doctor, line, sizeof line),
                  "sudo -u cuff2mqtt cuff2mqtt doctor --config c.conf");
        CHECK_STR(doctor_as_root(&h.doctor, line, sizeof line),
                  "sudo cuff2mqtt doctor --config c.conf");
        CHECK_STR(doctor_check_config(&h.doctor, line, sizeof line),
                  "sudo cuff2mqtt check-config --config c.conf");
        CHECK_STR(doctor_of_service(&h.doctor, "start", verb), "sudo systemctl start cuff2mqtt");
        CHECK_STR(doctor_on_host(&h.doctor, "`x`"), "`x`");
        h.doctor.config_path = "my files/anna's";
        CHECK_STR(doctor_as_root(&h.doctor, line, sizeof line),
                  "sudo cuff2mqtt doctor --config 'my files/anna'\\''s'");
        house_close(&h);
}

static void in_a_container_the_lines_are_for_the_host(void) {
        struct house h;
        char line[128], verb[64];

        house_open(&h);
        house_put(&h, "/etc/passwd", "root:x:0:0\ncuff2mqtt:x:998:998\n");
        house_put(&h, "/.dockerenv", "");
        CHECK_STR(doctor_on_host(&h.doctor, "`x`"), "On the host: `x`");
        CHECK_STR(doctor_as_service(&h.doctor, line, sizeof line),
                  "docker exec CONTAINER cuff2mqtt doctor");
        CHECK_STR(doctor_as_root(&h.doctor, line, sizeof line),
                  "docker exec -u root CONTAINER cuff2mqtt doctor");
        CHECK_STR(doctor_check_config(&h.doctor, line, sizeof line),
                  "docker exec CONTAINER cuff2mqtt check-config");
        CHECK_STR(doctor_of_service(&h.doctor, "restart", verb), "docker restart CONTAINER");
        house_put(&h, "/run/systemd/system/x", ""); /* LXC, systemd-nspawn: a system of its own */
        CHECK_STR(doctor_on_host(&h.doctor, "`x`"), "On the host: `x`");
        CHECK_STR(doctor_as_service(&h.doctor, line, sizeof line),
                  "sudo -u cuff2mqtt cuff2mqtt doctor");
        CHECK_STR(doctor_of_service(&h.doctor, "restart", verb),
                  "sudo systemctl restart cuff2mqtt");
        house_close(&h);
}

static void a_word_is_quoted_where_the_shell_needs_it(void) {
        static const struct {
                const char *word, *quoted;
        } cases[] = {
                {"/var/lib/x-1.2_3,4+@%=:", "/var/lib/x-1.2_3,4+@%=:"},
                {"", "''"},
                {"a b", "'a b'"},
                {"$(x)", "'$(x)'"},
                {"it's", "'it'\\''s'"},
                {"~", "'~'"},
                {"'", "''\\'''"},
        };
        char text[64], small[8];

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
                CHECK_STR(doctor_quote(cases[i].word, text, sizeof text), cases[i].quoted);
        for (size_t n = 1; n <= sizeof small; n++) {
                memset(small, 'x', sizeof small);
                CHECK(strlen(doctor_quote("a 'b' c' d''", small, n)) < n);
        }
}

/* --- outputs --- */

static void every_check_has_its_words(void) {
        for (size_t i = 0; i < DOCTOR_CHECK_MAX_; i++) {
                CHECK(doctor_checks[i].slug && doctor_checks[i].section);
                CHECK(doctor_checks[i].title && strlen(doctor_checks[i].title) <= 18);
                for (size_t k = 0; k < i; k++)
                        CHECK(strcmp(doctor_checks[i].slug, doctor_checks[k].slug) != 0);
        }
}

static void find_some(struct house *h) {
        struct doctor *d = &h->doctor;

        house_open(h);
        doctor_found(d, DOCTOR_CONFIG, DOCTOR_OK, NULL, "good");
        doctor_found(d, DOCTOR_SERVICE, DOCTOR_PROBLEM,
                     "Do this one thing, which needs so many words that they do not fit into one "
                     "line of a terminal.",
                     "a text of so many words that they do not fit into one line of a terminal "
                     "either, %s",
                     "whatever one does");
        doctor_found(d, DOCTOR_DATABASE, DOCTOR_SKIPPED, "the same", "one");
        doctor_found(d, DOCTOR_SPACE, DOCTOR_SKIPPED, "the same", "two");
        doctor_found(d, DOCTOR_KERNEL, DOCTOR_WARNING, "other", "three");
        find_all(d, DOCTOR_CONFIG, DOCTOR_DISCOVERY);
}

static char *printed(const struct doctor *d, bool colours) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        doctor_print(f, d, colours);
        fclose(f);
        return text;
}

static void people_get_columns(void) {
        static const char columns[] =
                "Service\n"
                "  ok       Configuration       good\n"
                "  problem  Service             a text of so many words that they do not fit\n"
                "                               into one line of a terminal either, whatever\n"
                "                               one does\n"
                "           Do: Do this one thing, which needs so many words that they do not\n"
                "               fit into one line of a terminal.\n"
                "  skipped  Database            one\n"
                "           Do: the same\n"
                "  skipped  Room on its disk    two\n"
                "\n"
                "Computer\n"
                "  warning  Kernel              three\n"
                "           Do: other\n"
                "  ok       Clock               fine\n";
        struct house h;
        char *text, *first;

        find_some(&h);
        text = printed(&h.doctor, false);
        first = strndup(text, sizeof columns - 1);
        CHECK_STR(first, columns);
        free(first);
        for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
                CHECK(strlen(line) <= EXPLAIN_COLUMNS);
        free(text);
        house_close(&h);
}

static void it_ends_with_the_number_of_problems(void) {
        struct house h;
        char *text;

        find_some(&h);
        text = printed(&h.doctor, false);
        CHECK(strstr(text, "\n\n1 problem, 1 warning.\n"));
        free(text);
        house_close(&h);
        house_open(&h);
        find_all(&h.doctor, DOCTOR_CONFIG, DOCTOR_DISCOVERY);
        text = printed(&h.doctor, false);
        CHECK(strstr(text, "\n\n0 problems, 0 warnings.\n"));
        CHECK(!strstr(text, "\033"));
        free(text);
        house_close(&h);
}

static void colours_change_nothing_else(void) {
        struct house h;
        char *plain, *coloured, *to;

        find_some(&h);
        plain = printed(&h.doctor, false);
        coloured = printed(&h.doctor, true);
        CHECK(strstr(coloured, "  \033[31mproblem\033[0m  Service  "));
        CHECK(strstr(coloured, "  \033[32mok\033[0m       Configuration  "));
        CHECK(strstr(coloured, "  \033[33mwarning\033[0m  Kernel  "));
        CHECK(strstr(coloured, "  \033[2mskipped\033[0m  Database  "));
        to = coloured;
        for (const char *from = coloured; *from; from++)
                if (*from == '\033')
                        from = strchr(from, 'm');
                else
                        *to++ = *from;
        *to = '\0';
        CHECK_STR(coloured, plain);
        free(plain);
        free(coloured);
        house_close(&h);
}

static const char *member(const cJSON *object, const char *key) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

        return text ? text : "(none)";
}

static void programs_get_one_line_with_every_check(void) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);
        struct house h;
        cJSON *all, *check;
        int i = 0;

        find_some(&h);
        CHECK_EQ(doctor_print_json(f, &h.doctor), 0);
        fclose(f);
        CHECK(strchr(text, '\n') == text + size - 1);
        all = cJSON_Parse(text);
        CHECK_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(all, "problems")), 1);
        CHECK_EQ(cJSON_GetNumberValue(cJSON_GetObjectItem(all, "warnings")), 1);
        cJSON_ArrayForEach(check, cJSON_GetObjectItem(all, "checks")) {
                CHECK_STR(member(check, "check"), doctor_checks[i].slug);
                CHECK_STR(member(check, "status"),
                          doctor_status_to_string(h.doctor.finding[i].status));
                CHECK_STR(member(check, "text"), house_text(&h, (enum doctor_check) i));
                CHECK_STR(member(check, "remedy"), house_remedy(&h, (enum doctor_check) i));
                CHECK_EQ(cJSON_GetArraySize(check), 4);
                i++;
        }
        CHECK_EQ(i, DOCTOR_CHECK_MAX_);
        cJSON_Delete(all);
        free(text);
        house_close(&h);
}

static char *reported(struct house *h) {
        char *text = NULL;
        size_t size;
        FILE *f = open_memstream(&text, &size);

        find_all(&h->doctor, DOCTOR_CONFIG, DOCTOR_DISCOVERY);
        doctor_report(f, &h->doctor);
        fclose(f);
        return text;
}

static void a_report_says_versions_and_every_check(void) {
        struct house h;
        char *text, row[64];

        house_open(&h);
        house_put(&h, "/proc/sys/kernel/osrelease", "6.12.1-arm64\n");
        doctor_found(&h.doctor, DOCTOR_BLUETOOTHD, DOCTOR_OK, NULL, "runs: version 5.66 of 2 it");
        doctor_found(&h.doctor, DOCTOR_POWER, DOCTOR_PROBLEM, "a | b", "c|d <e>");
        text = reported(&h);
        CHECK(strncmp(text, "### cuff2mqtt doctor\n\n- cuff2mqtt ", 34) == 0);
        CHECK(strstr(text, "\n- Linux 6.12.1-arm64\n- BlueZ 5.66\n- problems: 1, warnings: 0\n\n"
                           "| check | status | what was found | what helps |\n|---|---|---|---|\n"
                           "| config | ok | fine |  |\n"));
        CHECK(strstr(text, "\n| power | problem | c\\|d \\<e> | a \\| b |\n"));
        for (size_t i = 0; i < DOCTOR_CHECK_MAX_; i++) {
                snprintf(row, sizeof row, "\n| %s | ", doctor_checks[i].slug);
                CHECK(strstr(text, row));
        }
        free(text);
        house_close(&h);
        house_open(&h);
        text = reported(&h);
        CHECK(strstr(text, "\n- Linux (not known)\n- BlueZ: not known\n"));
        free(text);
        house_close(&h);
}

static void configure(struct config *c) {
        static char url[][40] = {"mqtt://broker.example.org:1883", "mqtts://cuff2mqtt@gate.example",
                                 "mqtt://[fd00::7]", "mqtt://localhost"},
                    user[] = "gate", password[] = "hunter2", client[] = "cellar",
                    topic[] = "house/bp", prefix[] = "homeassistant";

        for (size_t i = 0; i < 4; i++)
                c->mqtt.url[c->mqtt.n_urls++] = url[i];
        c->mqtt.user = user;
        c->mqtt.password = password;
        c->mqtt.client_id = client;
        c->mqtt.base_topic = topic;
        c->homeassistant.discovery_prefix = prefix;
}

/* Whatever a part says by mistake, or a library's error quotes. */
static void a_report_names_nobody(void) {
        static const struct {
                const char *said, *told;
        } cases[] = {
                {"28:FF:B2:05:91:BE!", "28:FF:B2:..:..:..!"},
                {"28-ff-b2-05-91-be", "28-ff-b2-..-..-.."},
                {"/org/bluez/hci0/dev_28_FF_B2_05_91_BE", "/org/bluez/hci0/dev_28_FF_B2_.._.._.."},
                {"topic x/28ffb20591be/state", "topic x/28ffb2....../state"},
                {"28:FF:B2:05:91:BE0 28ffb20591be0", "28:FF:B2:05:91:BE0 28ffb20591be0"},
                {"28:FF:B2_05:91:BE", "28:FF:B2_05:91:BE"},
                {"open /home/anna/a.conf: no", "open (name): no"},
                {"x\"/root"
                 "/a b\"",
                 "x\"(name) b\""},
                {"anna ANNA's annabel xanna _anna", "(name) (name)'s annabel xanna _(name)"},
                {"broker.example.org:1883", "(name):1883"},
                {"mqtts://gate.example:8883/x", "mqtts://(name):8883/x"},
                {"http://[fd00::7]:1", "http://[(name)]:1"},
                {"as gate, not gates, at house/bp/x", "as (name), not gates, at (name)/x"},
                {"pass hunter2.", "pass (name)."},
                {"id cellar", "id (name)"},
                {"on Annas-Pi, annas-pi.example and annas-pi2", "on (name), (name) and annas-pi2"},
                {"/srv/a/c.conf:3: no", "(name):3: no"},
                {"cuff2mqtt root localhost", "cuff2mqtt root localhost"},
                {"a\\|b<c", "a\\\\\\|b\\<c"},
        };
        struct house h;
        char wanted[128];

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char *text;

                house_open(&h);
                configure(&h.config);
                h.doctor.config_path = "/srv/a/c.conf";
                setenv("USER", "anna", 1);
                doctor_found(&h.doctor, DOCTOR_AGENT, DOCTOR_WARNING, cases[i].said, "%s",
                             cases[i].said);
                text = reported(&h);
                snprintf(wanted, sizeof wanted, "\n| agent | warning | %s | %s |\n", cases[i].told,
                         cases[i].told);
                if (!strstr(text, wanted))
                        printf("# %s\n", strstr(text, "\n| agent"));
                CHECK(strstr(text, wanted));
                free(text);
                house_close(&h);
        }
}

CHECK_MAIN("unit.doctor", TEST(it_ends_when_all_parts_have_answered),
           TEST(what_never_answers_is_a_problem), TEST(ctrl_c_ends_with_what_is_known),
           TEST(without_a_configuration_nobody_looks_at_what_it_names), TEST(texts_are_tamed),
           TEST(names_and_addresses_are_for_their_owner_only), TEST(files_are_read_below_the_root),
           TEST(the_line_to_run_fits_the_machine), TEST(in_a_container_the_lines_are_for_the_host),
           TEST(a_word_is_quoted_where_the_shell_needs_it), TEST(every_check_has_its_words),
           TEST(people_get_columns), TEST(it_ends_with_the_number_of_problems),
           TEST(colours_change_nothing_else), TEST(programs_get_one_line_with_every_check),
           TEST(a_report_says_versions_and_every_check), TEST(a_report_names_nobody))
