#include "cli/doctor.h"

#include <assert.h>
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>

#include "app/option_table.h"
#include "app/option_value.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "base/deadline.h"
#include "cli/command.h"
#include "cli/exit_code.h"

#define USUAL_CONFIG  "/etc/cuff2mqtt/cuff2mqtt.conf"
#define USUAL_STATE   "/var/lib/cuff2mqtt"
#define ROOT_VARIABLE "CUFF2MQTT_DOCTOR_ROOT"
#define LIMIT_USEC    (15 * 1000000ULL)
#define LINES_SHOWN   2 /* of what is wrong with the configuration */

void doctor_begin(struct doctor *d) {
        d->parts++;
}

void doctor_end(struct doctor *d) {
        assert(d->parts > 0);
        if (--d->parts == 0)
                sd_event_exit(d->event, 0);
}

/* --- all parts, until they have ended or nobody waits any more --- */

struct wait {
        struct doctor *doctor;
        uint64_t limit_usec;
        struct deadline limit;
        bool interrupted;
};

static void on_limit(void *userdata) {
        struct wait *w = userdata;

        sd_event_exit(w->doctor->event, 0);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        struct wait *w = userdata;

        w->interrupted = true;
        return sd_event_exit(w->doctor->event, 0);
}

/* Blocked before any part starts a thread: a signal that lands in one would end the process. */
static int take_signals(struct wait *w, sd_event_source *ret[2]) {
        static const int signals[] = {SIGINT, SIGTERM};
        sigset_t set;
        int r = 0;

        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTS(signals); i++)
                sigaddset(&set, signals[i]);
        sigprocmask(SIG_BLOCK, &set, NULL);
        for (size_t i = 0; i < ELEMENTS(signals) && r >= 0; i++)
                r = sd_event_add_signal(w->doctor->event, &ret[i], signals[i], on_signal, w);
        return r;
}

static void begin_parts(struct doctor *d) {
        doctor_show_waiting(d);
        doctor_host(d);
        if (!d->no_config)
                doctor_store(d);
        doctor_begin(d); /* ours: the loop ends only after all have begun */
        doctor_bluez(d);
        if (!d->no_config)
                doctor_broker(d);
        doctor_end(d);
}

static void give_up_on_the_rest(struct wait *w) {
        struct doctor *d = w->doctor;

        for (unsigned i = 0; i < DOCTOR_CHECK_MAX_; i++)
                if (d->finding[i].status != DOCTOR_NOT_LOOKED)
                        continue;
                else if (w->interrupted)
                        doctor_found(d, i, DOCTOR_SKIPPED, "Run it again, to the end.",
                                     "interrupted before it was known");
                else
                        doctor_found(d, i, DOCTOR_PROBLEM,
                                     "Run it again. If it stays so, restart what it asks: this "
                                     "computer, or the broker's.",
                                     "did not answer within %.3g s", (double) w->limit_usec / 1e6);
}

int doctor_look(struct doctor *d, uint64_t limit_usec) {
        struct wait w = {.doctor = d, .limit_usec = limit_usec};
        sd_event_source *signals[2] = {NULL, NULL};
        int r;

        deadline_init(&w.limit, d->event, on_limit, &w);
        r = take_signals(&w, signals);
        if (r >= 0)
                r = deadline_set_usec(&w.limit, limit_usec);
        if (r >= 0) {
                begin_parts(d);
                r = sd_event_loop(d->event);
                give_up_on_the_rest(&w);
        }
        deadline_done(&w.limit);
        for (size_t i = 0; i < ELEMENTS(signals); i++)
                sd_event_source_unref(signals[i]);
        doctor_show_done();
        return r < 0 ? r : 0;
}

/* --- the configuration --- */

static int take_defaults(struct config *c) {
        int r = 0;

        *c = (struct config){0};
        for (size_t i = 0; i < option_count && r >= 0; i++)
                r = option_value_set_default(&option_table[i], c);
        if (r >= 0 && !c->state_directory && !(c->state_directory = strdup(USUAL_STATE)))
                r = -ENOMEM;
        return r;
}

/* Keeps the first lines and counts all. In a report only the number is told: the lines have names
 * of files, and what was written there by mistake. */
static const char *first_lines(const struct doctor *d, char *lines, const char *what, char *ret,
                               size_t size) {
        unsigned n = 0;
        size_t used;

        for (const char *c = lines; *c; c++)
                n += *c == '\n';
        used = (size_t) snprintf(ret, size, "%u %s%s%s", n, what, n == 1 ? "" : "s",
                                 d->report ? "" : ":");
        if (d->report)
                return ret;
        for (unsigned i = 0; i < n && i < LINES_SHOWN && used < size; i++)
                used += (size_t) snprintf(ret + used, size - used, "%s %s", i > 0 ? ";" : "",
                                          strsep(&lines, "\n"));
        if (n > LINES_SHOWN && used < size)
                snprintf(ret + used, size - used, "; ..");
        return ret;
}

/* What depends on the configuration, when there is none. */
static void skip_what_needs_it(struct doctor *d, const char *remedy) {
        static const enum doctor_check checks[] = {DOCTOR_SERVICE, DOCTOR_DATABASE,
                                                   DOCTOR_SPACE,   DOCTOR_BROKER,
                                                   DOCTOR_TOPICS,  DOCTOR_DISCOVERY};

        for (size_t i = 0; i < ELEMENTS(checks); i++)
                doctor_found(d, checks[i], DOCTOR_SKIPPED, remedy,
                             "the configuration has to be read first");
}

/* Nothing is wrong but that another user has to read it (the file itself, a password file). */
static bool is_only_forbidden(const char *errors) {
        const char *why = strerror(EACCES);
        size_t n = strlen(why);

        for (const char *line = errors, *end; (end = strchr(line, '\n')); line = end + 1)
                if ((size_t) (end - line) < n || strncmp(end - n, why, n) != 0)
                        return false;
        return errors[0];
}

static void find_bad_config(struct doctor *d, char *errors, const char *remedy) {
        char line[PATH_MAX + 64], command[PATH_MAX], text[1024];

        d->no_config = true;
        if (is_only_forbidden(errors)) {
                snprintf(line, sizeof line, "`%s`", doctor_as_service(d, command, sizeof command));
                remedy = line;
                doctor_found(d, DOCTOR_CONFIG, DOCTOR_SKIPPED, remedy,
                             "this user may not read all of it");
        } else {
                doctor_found(d, DOCTOR_CONFIG, DOCTOR_PROBLEM, remedy, "%s",
                             first_lines(d, errors, "error", text, sizeof text));
        }
        skip_what_needs_it(d, remedy);
}

/* 0; -ENOMEM. `config` is good in any case but that. */
static int look_at_config(struct doctor *d, struct config *config) {
        _cleanup_(freep) char *errors = NULL, *warnings = NULL;
        char command[PATH_MAX], remedy[PATH_MAX + 64], text[1024];
        int r = config_load(d->config_path, config, &errors, &warnings);

        snprintf(remedy, sizeof remedy, "`%s` says all of it.",
                 doctor_check_config(d, command, sizeof command));
        d->config = config;
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                find_bad_config(d, errors ? errors : (char[]){""}, remedy);
                return take_defaults(config);
        }
        if (warnings) {
                doctor_found(d, DOCTOR_CONFIG, DOCTOR_WARNING, remedy, "%s",
                             first_lines(d, warnings, "warning", text, sizeof text));
        } else if (!d->config_path && access(USUAL_CONFIG, F_OK) < 0) {
                doctor_found(d, DOCTOR_CONFIG, DOCTOR_OK, NULL,
                             "no file: the environment and the defaults hold");
        } else {
                doctor_found(d, DOCTOR_CONFIG, DOCTOR_OK, NULL, "good");
        }
        return 0;
}

/* --- the command --- */

static bool use_colours(void) {
        const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

        return isatty(STDOUT_FILENO) && !(no && no[0]) &&
               !(terminal && strcmp(terminal, "dumb") == 0);
}

static int examine(struct doctor *d, struct config *config) {
        int r = sd_event_new(&d->event);

        if (r < 0)
                return r;
        r = look_at_config(d, config);
        if (r < 0)
                return r;
        wall_clock_set_zone(config->time_zone);
        return doctor_look(d, LIMIT_USEC);
}

static int run(const struct command_arguments *a) {
        const char *root = getenv(ROOT_VARIABLE);
        _cleanup_(freep) char *below = strdup(root ? root : "");
        struct doctor d = {.config_path = a->config, .root = below, .report = a->report};
        struct config config = {0};
        int r = -ENOMEM;

        if (a->json && a->report) {
                fprintf(stderr, "cuff2mqtt: --json and --report are two outputs: choose one\n"
                                "Try `cuff2mqtt doctor --help`.\n");
                return EXIT_CODE_USAGE;
        }
        unsetenv(ROOT_VARIABLE); /* no option of the configuration */
        if (below)
                r = examine(&d, &config);
        if (r >= 0 && a->json)
                r = doctor_print_json(stdout, &d);
        else if (r >= 0 && a->report)
                doctor_report(stdout, &d);
        else if (r >= 0)
                doctor_print(stdout, &d, use_colours());
        if (r < 0)
                fprintf(stderr, "cuff2mqtt: cannot look: %s\n", strerror(-r));
        if (r >= 0)
                r = doctor_count(&d, DOCTOR_PROBLEM) > 0 ? EXIT_CODE_FAILURE : EXIT_CODE_OK;
        else
                r = EXIT_CODE_FAILURE;
        sd_event_unref(d.event);
        doctor_done(&d);
        config_done(&config);
        return r;
}

const struct command command_doctor = {
        .name = "doctor",
        .synopsis = "[--json | --report] [--config FILE]",
        .summary = "Look at computer, Bluetooth and broker, and say what is wrong.",
        .help = "\n"
                "  --json         one object on one line, for programs\n"
                "  --report       Markdown to attach to a report: no names, addresses shortened, "
                "no "
                "values, no keys\n"
                "  --config FILE  instead of " USUAL_CONFIG "\n"
                "\n"
                "One line for each check: ok, warning, problem or skipped; what is wrong comes "
                "with "
                "what to do.\n"
                "Nothing is changed anywhere. It needs no rights; a check that does says how to "
                "run "
                "it. Each is\n"
                "explained in docs/doctor.md. Exit code 0: no problem, 1: at least one.\n",
        .options = (const struct command_option[]){COMMAND_OPTION_CONFIG,
                                                   COMMAND_OPTION_JSON,
                                                   {"--report", NULL,
                                                    offsetof(struct command_arguments, report)},
                                                   {0}},
        .run = run,
};
