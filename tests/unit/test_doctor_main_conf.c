/* What /etc/bluetooth/main.conf says: every word of every key, and all the ways a line can be
 * written. */
#include "doctor_fixture.h"

#include <time.h>

#include "cli/doctor_host.h"
#include "cli/main_conf.h"

#define PATH      "/etc/bluetooth/main.conf"
#define LONG_WORD "a word that is far too long to be any of those that BlueZ knows here or anywhere"

static void look(struct house *h, const char *text) {
        house_open(h);
        unsetenv("container");
        if (text)
                house_put(h, PATH, text);
        doctor_main_conf(&h->doctor);
}

static const enum doctor_check checks[] = {DOCTOR_PRIVACY, DOCTOR_CONTROLLER_MODE, DOCTOR_REPAIRING,
                                           DOCTOR_SECURE_CONNECTIONS};
static const char *const keys[] = {"Privacy", "ControllerMode", "JustWorksRepairing",
                                   "SecureConnections"};

static void every_word_has_its_meaning(void) {
        static const struct {
                int key;
                const char *value, *status, *text;
        } cases[] = {
                {0, "off", "ok", "its own address"},
                {0, "device", "warning", "no report says that this helps or harms a cuff"},
                {0, "limited-device", "warning", "private addresses"},
                {0, "network", "warning", "hears only cuffs that use private addresses"},
                {0, "on", "warning", "hears only"},
                {0, "limited-network", "warning", "hears only"},
                {1, "dual", "ok", "Low Energy"},
                {1, "le", "ok", "Low Energy only"},
                {1, "bredr", "problem", "no cuff can be heard"},
                {2, "never", "ok", "the gateway removes the old one first"},
                {2, "confirm", "ok", "agent"},
                {2, "always", "ok", "unasked"},
                {3, "on", "ok", "cuffs pair without"},
                {3, "off", "ok", "cuffs pair without"},
                {3, "only", "problem", "no cuff can be paired"},
        };
        static const char *const standard[] = {"off", "dual", "never", "on"};

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                enum doctor_check check = checks[cases[i].key];
                const char *key = keys[cases[i].key];
                char text[128], begins[128], remedy[160];
                struct house h;

                snprintf(text, sizeof text, "# a comment\n[General]\n\n%s = %s\n", key,
                         cases[i].value);
                look(&h, text);
                snprintf(begins, sizeof begins, PATH ":4: %s: ", cases[i].value);
                snprintf(remedy, sizeof remedy,
                         "Line 4 of " PATH ": `%s = %s`, then `sudo systemctl restart bluetooth`.",
                         key, standard[cases[i].key]);
                CHECK_STR(doctor_status_to_string(h.doctor.finding[check].status), cases[i].status);
                CHECK(strncmp(house_text(&h, check), begins, strlen(begins)) == 0);
                CHECK(strstr(house_text(&h, check), cases[i].text));
                CHECK_STR(house_remedy(&h, check),
                          strcmp(cases[i].status, "ok") ? remedy : "(none)");
                house_close(&h);
        }
}

static void all_are_defaults(const char *text) {
        static const char *const begin[] = {"off (BlueZ's default): ", "dual (BlueZ's default): ",
                                            "never (BlueZ's default): ", "on (BlueZ's default): "};
        struct house h;

        look(&h, text);
        for (size_t i = 0; i < 4; i++) {
                CHECK_EQ(h.doctor.finding[checks[i]].status, DOCTOR_OK);
                CHECK(strncmp(house_text(&h, checks[i]), begin[i], strlen(begin[i])) == 0);
        }
        house_close(&h);
}

static void what_is_not_said_has_its_default(void) {
        all_are_defaults(NULL);
        all_are_defaults("");
        all_are_defaults("[General]\n#ControllerMode = bredr\n  # SecureConnections=only\n");
        all_are_defaults("[LE]\nControllerMode=bredr\n[Policy]\n"
                         "SecureConnections = only\nPrivacy=device\n");
        all_are_defaults("[General]\nXControllerMode = bredr\n;ControllerMode = bredr\n"
                         "controllermode = bredr\nControllerModeX = bredr\n"
                         "ControllerMode[de] = bredr\n");
        all_are_defaults("[ General ]\nControllerMode = bredr\n[general]\nPrivacy=device\n");
        all_are_defaults("[General]\n\vControllerMode = bredr\n"); /* no blank to GKeyFile */
}

static void a_line_may_be_written_in_many_ways(void) {
        static const struct {
                const char *text, *begins;
        } cases[] = {
                {"[General]\nControllerMode=bredr", PATH ":2: bredr: "},
                {"  [General]  \r\n\tControllerMode\t= \f bredr\r\n", PATH ":2: bredr: "},
                {"[LE]\n[General]\nControllerMode=le\nControllerMode=bredr\n", PATH ":4: bredr: "},
                {"[General]\nA=b\n[LE]\nX=y\n[General]\nControllerMode=bredr\n",
                 PATH ":6: bredr: "},
                {"# \xff\n\n[General]\nName = \xff [x] #\nA b=c\nA[de_DE@euro]=x\nA[]=\n"
                 "ControllerMode=bredr\n",
                 PATH ":8: bredr: "},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct house h;

                look(&h, cases[i].text);
                CHECK_EQ(h.doctor.finding[DOCTOR_CONTROLLER_MODE].status, DOCTOR_PROBLEM);
                CHECK(strncmp(house_text(&h, DOCTOR_CONTROLLER_MODE), cases[i].begins,
                              strlen(cases[i].begins)) == 0);
                house_close(&h);
        }
}

/* GKeyFile gives up, and BlueZ goes on without its file. */
static void one_bad_line_and_bluez_ignores_the_file(void) {
        static const struct {
                unsigned line;
                const char *text;
        } cases[] = {
                {1, "ControllerMode = bredr\n"},
                {2, "[General]\nControllerMode\nControllerMode = bredr\n"},
                {3, "[General]\nControllerMode = bredr\n= bredr\n"},
                {2, "[General]\n; a comment elsewhere\nControllerMode = bredr\n"},
                {1, "\xef\xbb\xbf[General]\nControllerMode = bredr\n"},
                {1, "[General] # mine\nControllerMode = bredr\n"},
                {1, "[General\nControllerMode = bredr\n"},
                {2, "[General]\n[]\nControllerMode = bredr\n"},
                {2, "[General]\n[a[b]\nControllerMode = bredr\n"},
                {2, "[General]\n[a\001b]\nControllerMode = bredr\n"},
                {2, "[General]\nA]=x\nControllerMode = bredr\n"},
                {2, "[General]\nA[=x\nControllerMode = bredr\n"},
                {2, "[General]\nA [de]=x\nControllerMode = bredr\n"},
                {2, "[General]\nA[de]x=x\nControllerMode = bredr\n"},
                {2, "[General]\nA[d e]=x\nControllerMode = bredr\n"},
                {2, "[General]\n[x]y=1\nControllerMode = bredr\n"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                char text[256], remedy[128];
                struct house h;

                look(&h, cases[i].text);
                snprintf(text, sizeof text,
                         PATH ":%u is not written as BlueZ wants it: it ignores the whole file and "
                              "takes its default, dual",
                         cases[i].line);
                snprintf(remedy, sizeof remedy,
                         "Correct line %u of " PATH
                         ", or take it out, then `sudo systemctl restart "
                         "bluetooth`.",
                         cases[i].line);
                CHECK_FOUND(&h, DOCTOR_CONTROLLER_MODE, "warning", text, remedy);
                house_close(&h);
        }
}

static void a_word_that_bluez_does_not_know_is_told(void) {
        static const char *const values[] = {"BREDR",  "bredr # only", "",         LONG_WORD,
                                             "bredr ", "bredr\t\r",    "\"bredr\""};

        for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
                char text[256];
                struct house h;

                snprintf(text, sizeof text, "[General]\nControllerMode = %s\n", values[i]);
                look(&h, text);
                CHECK_EQ(h.doctor.finding[DOCTOR_CONTROLLER_MODE].status, DOCTOR_WARNING);
                CHECK(strstr(house_text(&h, DOCTOR_CONTROLLER_MODE), "takes its default, dual"));
                CHECK(strstr(house_remedy(&h, DOCTOR_CONTROLLER_MODE), "`ControllerMode = dual`"));
                house_close(&h);
        }
}

static void a_boolean_is_read_as_glib_does(void) {
        static const struct {
                const char *line;
                unsigned number;
                bool yes;
        } cases[] = {
                {"AlwaysPairable = true", 2, true},    {"AlwaysPairable=true \t\r", 2, true},
                {"AlwaysPairable=1", 2, true},         {"AlwaysPairable = TRUE", 2, false},
                {"AlwaysPairable = yes", 2, false},    {"AlwaysPairable = 1x", 2, false},
                {"AlwaysPairable = true #", 2, false}, {"X = true", 0, false},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct main_conf_value value;
                struct house h;
                char text[64];

                snprintf(text, sizeof text, "[General]\n%s\n", cases[i].line);
                house_open(&h);
                house_put(&h, PATH, text);
                CHECK_EQ(main_conf_read(&h.doctor, "AlwaysPairable", &value), 0);
                CHECK_EQ(value.line, cases[i].number);
                CHECK_EQ(main_conf_is_true(&value), cases[i].yes);
                house_close(&h);
        }
}

/* Whoever edits the file and forgets the rest. */
static void a_bluetoothd_that_was_started_before_the_change_does_not_know_it(void) {
        static const struct {
                int changed_s, uptime_s, started_s; /* ago; ago; after the start of the computer */
                bool newer;
        } cases[] = {
                {10, 1000, 100, true},    {899, 1000, 100, false}, {898, 1000, 100, true},
                {5000, 1000, 100, false}, {-50, 1000, 100, false},
        };
        long tick = sysconf(_SC_CLK_TCK);

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}};
                char name[256], text[256];
                struct house h;

                house_open(&h);
                CHECK(!main_conf_is_newer(&h.doctor, 7)); /* nothing is known */
                house_put(&h, PATH, "");
                CHECK(!main_conf_is_newer(&h.doctor, 7));
                snprintf(text, sizeof text, "%d.00 1.00\n", cases[i].uptime_s);
                house_put(&h, "/proc/uptime", text);
                CHECK(!main_conf_is_newer(&h.doctor, 7));
                snprintf(text, sizeof text,
                         "7 (a ) b) S 1 1 1 0 -1 4194560 1 0 1 0 1 1 0 0 20 0 1 0 %ld 10 20\n",
                         cases[i].started_s * tick);
                house_put(&h, "/proc/7/stat", text);
                times[1].tv_sec = time(NULL) - cases[i].changed_s;
                snprintf(name, sizeof name, "%s" PATH, h.root);
                CHECK_EQ(utimensat(AT_FDCWD, name, times, 0), 0);
                CHECK_EQ(main_conf_is_newer(&h.doctor, 7), cases[i].newer);
                CHECK(!main_conf_is_newer(&h.doctor, 8));
                house_close(&h);
        }
}

static void a_file_that_cannot_be_read_is_skipped_with_the_way_to_read_it(void) {
        struct house h;

        house_open(&h);
        house_link(&h, PATH, "main.conf"); /* to itself: nobody can, not even root */
        doctor_main_conf(&h.doctor);
        for (size_t i = 0; i < 4; i++)
                CHECK_FOUND(&h, checks[i], "skipped",
                            PATH " cannot be read: Too many levels of symbolic links",
                            "`sudo cuff2mqtt doctor`");
        house_close(&h);

        house_open(&h);
        h.doctor.config_path = "/srv/c.conf";
        house_put(&h, PATH "/x", ""); /* a directory: it opens, and gives nothing */
        doctor_main_conf(&h.doctor);
        for (size_t i = 0; i < 4; i++)
                CHECK_FOUND(&h, checks[i], "skipped", PATH " cannot be read: Is a directory",
                            "`sudo cuff2mqtt doctor --config /srv/c.conf`");
        house_close(&h);
}

/* Nobody is kept waiting: not by a pipe without a writer, not by a file without an end. */
static void a_pipe_or_a_huge_file_is_not_read(void) {
        char name[256];
        struct house h;

        house_open(&h);
        house_way(&h, PATH, name);
        CHECK_EQ(mkfifo(name, 0644), 0);
        alarm(30); /* or this test would wait for ever */
        doctor_main_conf(&h.doctor);
        alarm(0);
        CHECK_EQ(h.doctor.finding[DOCTOR_PRIVACY].status, DOCTOR_SKIPPED);
        house_close(&h);

        house_open(&h);
        house_put(&h, PATH, "[General]\n");
        snprintf(name, sizeof name, "%s" PATH, h.root);
        CHECK_EQ(truncate(name, (off_t) 1 << 40), 0);
        doctor_main_conf(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_PRIVACY, "skipped", PATH " cannot be read: File too large",
                    "`sudo cuff2mqtt doctor`");
        house_close(&h);
}

static void in_a_container_the_hosts_file_is_out_of_sight(void) {
        struct house h;

        house_open(&h);
        house_put(&h, "/.dockerenv", "");
        doctor_main_conf(&h.doctor);
        CHECK_FOUND(&h, DOCTOR_CONTROLLER_MODE, "skipped",
                    "this container does not see the host's " PATH,
                    "On the host: `grep -n ControllerMode " PATH "`");
        house_close(&h);

        house_open(&h);
        house_put(&h, "/.dockerenv", "");
        house_put(&h, PATH, "[General]\nControllerMode = bredr\n");
        doctor_main_conf(&h.doctor);
        CHECK_STR(house_remedy(&h, DOCTOR_CONTROLLER_MODE),
                  "On the host: Line 2 of " PATH ": `ControllerMode = dual`, then `sudo systemctl "
                  "restart bluetooth`.");
        house_close(&h);
}

CHECK_MAIN("unit.doctor_main_conf", TEST(every_word_has_its_meaning),
           TEST(what_is_not_said_has_its_default), TEST(a_line_may_be_written_in_many_ways),
           TEST(one_bad_line_and_bluez_ignores_the_file), TEST(a_boolean_is_read_as_glib_does),
           TEST(a_bluetoothd_that_was_started_before_the_change_does_not_know_it),
           TEST(a_pipe_or_a_huge_file_is_not_read), TEST(a_word_that_bluez_does_not_know_is_told),
           TEST(a_file_that_cannot_be_read_is_skipped_with_the_way_to_read_it),
           TEST(in_a_container_the_hosts_file_is_out_of_sight))
