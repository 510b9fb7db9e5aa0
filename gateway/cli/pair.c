#include "cli/pair.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/service_directory.h"
#include "cuff/pairing_cause.h"
#include "cuff/pairing_guess.h"
#include "store/survey.h"

#define TICK_USEC 1000000u

/* --- how it ended --- */

/* Endings that are no cause of a failed pairing. */
static const struct {
        const char *code;
        int exit_code;
} codes[] = {
        {"adapter", EXIT_CODE_ADAPTER},
        {"agent_not_taken", EXIT_CODE_PAIR_AGENT},
        {"busy", EXIT_CODE_BUSY},
        {"no_broker", EXIT_CODE_NO_BROKER},
        {"service_silent", EXIT_CODE_NO_ANSWER},
        {"not_a_cuff", EXIT_CODE_PAIR_ADDRESS},
        {"too_many", EXIT_CODE_PAIR_TOO_MANY},
        {"old_bond", EXIT_CODE_PAIR_OLD_BOND},
        {"stopping", EXIT_CODE_PAIR_CLOSED},
        /* BlueZ's own words */
        {"blocked", EXIT_CODE_ADAPTER},
        {"not_ready", EXIT_CODE_ADAPTER},
        {"access_denied", EXIT_CODE_ADAPTER},
        {"no_reply", EXIT_CODE_ADAPTER},
};

/* Of a pairing that failed; -ENODATA: its code is no cause. */
static int cause_of(const struct pair *p) {
        for (int cause = 0; cause < PAIRING_CAUSE_MAX_; cause++)
                if (strcmp(pairing_cause_to_string((enum pairing_cause) cause), p->view.code) == 0)
                        return cause;
        return -ENODATA;
}

/* What D-Bus leaves open the kernel may have heard. The guess stands where the bytes allow it: it
 * knows the P and the bonds from before. */
static void ask_kernel(struct pair *p) {
        const char *sure = pairing_certainty_to_string(PAIRING_SURE);
        const char *possible = pairing_certainty_to_string(PAIRING_POSSIBLE);
        struct pair_view *view = &p->view;
        char evidence[sizeof view->evidence], certainty[sizeof view->certainty];
        struct verdict verdict;
        int guess = cause_of(p);
        size_t i = 0;

        if (view->end != PAIR_FAILED || guess < 0 || strcmp(view->certainty, sure) == 0 ||
            !pair_trace_verdict(p->trace, view->device, &verdict))
                return;
        while (i < verdict.n && (int) verdict.cause[i].cause != guess)
                i++;
        snprintf(certainty, sizeof certainty, "%s",
                 verdict.n == 1  ? sure
                 : i < verdict.n ? view->certainty
                                 : possible);
        i = i < verdict.n ? i : 0;
        if (verdict.cause[i].cause == PAIRING_CAUSE_NOT_IN_CAPTURE ||
            verdict.cause[i].cause == PAIRING_CAUSE_HOST_STOPPED) /* by us: the window closed */
                return;
        pair_trace_evidence(p->trace, &verdict.cause[i], evidence, sizeof evidence);
        pair_view_fail(view, pairing_cause_to_string(verdict.cause[i].cause),
                       pairing_cause_meaning(verdict.cause[i].cause), evidence,
                       pairing_cause_remedy(verdict.cause[i].cause));
        snprintf(view->certainty, sizeof view->certainty, "%s", certainty);
}

static int exit_code_of(const struct pair *p) {
        if (p->exit_code)
                return p->exit_code;
        if (p->view.end == PAIR_PAIRED || (p->view.end == PAIR_CLOSED && p->view.bonded))
                return EXIT_CODE_OK;
        if (p->view.end != PAIR_FAILED)
                return EXIT_CODE_PAIR_CLOSED;
        for (size_t i = 0; i < ELEMENTS(codes); i++)
                if (strcmp(codes[i].code, p->view.code) == 0)
                        return codes[i].exit_code;
        return cause_of(p) < 0 ? EXIT_CODE_FAILURE : EXIT_CODE_PAIR_CAUSE + cause_of(p);
}

void pair_event(struct pair *p, const char *type, const char *data) {
        if (p->view.end != PAIR_GOES_ON)
                return;
        pair_view_event(&p->view, type, data);
        if (p->view.end != PAIR_GOES_ON)
                p->part->finish(p);
}

void pair_fail(struct pair *p, const char *code, const char *cause, const char *evidence,
               const char *remedy) {
        if (p->view.end != PAIR_GOES_ON)
                return;
        pair_view_fail(&p->view, code, cause, evidence, remedy);
        if (p->state)
                p->part->finish(p);
}

/* --- the loop --- */

static void on_tick(void *userdata) {
        struct pair *p = userdata;

        pair_view_tick(&p->view, wall_clock_now());
        deadline_set_usec(&p->tick, TICK_USEC);
}

/* The second time hurries. */
static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        struct pair *p = userdata;

        if (p->interrupted)
                return sd_event_exit(p->event, 0);
        p->interrupted = true;
        if (p->view.end == PAIR_GOES_ON) {
                p->view.end = PAIR_CLOSED;
                p->part->close(p);
        }
        return 0;
}

static int set_up(struct pair *p) {
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        sigset_t set;
        int r = sd_event_default(&p->event);

        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTS(signals); i++)
                sigaddset(&set, signals[i]);
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGPIPE, SIG_IGN); /* who reads may go; the pairing ends in order */
        for (size_t i = 0; i < ELEMENTS(signals) && r >= 0; i++)
                r = sd_event_add_signal(p->event, NULL, signals[i], on_signal, p);
        deadline_init(&p->tick, p->event, on_tick, p);
        return r < 0 ? r : deadline_set_usec(&p->tick, TICK_USEC);
}

/* Where it may, it listens to the kernel: D-Bus does not tell the cuff's reason. That it may not is
 * no reason to leave the pairing be, and is told to those who asked. */
static void listen_in(struct pair *p, bool asked) {
        int fd = pair_trace_open();
        int r = fd < 0 ? fd : pair_trace_new(p->event, fd, &p->trace);

        if (r >= 0 || !asked)
                return;
        if (r == -EPERM)
                fprintf(stderr, "cuff2mqtt: only root may listen to the kernel: `sudo cuff2mqtt "
                                "pair --trace`\n");
        else
                fprintf(stderr,
                        "cuff2mqtt: the kernel's monitor channel cannot be opened (%s): there is "
                        "no trace\n",
                        strerror(-r));
}

/* A lock that this user may not look at is the service's, most likely: two must not talk to one
 * cuff. */
static const struct pair_part *choose_part(const struct config *config) {
        enum store_survey_lock lock = store_survey_lock(config->state_directory);

        return lock == STORE_SURVEY_LOCK_HELD || lock == STORE_SURVEY_LOCK_FORBIDDEN ? &pair_service
                                                                                     : &pair_alone;
}

static int pair(struct pair *p, const struct command_arguments *a) {
        int code, r = set_up(p);

        if (r < 0)
                return EXIT_CODE_FAILURE;
        pair_view_init(&p->view, stdout, a->json);
        listen_in(p, a->trace);
        p->part = choose_part(p->config);
        r = p->part->start(p);
        if (r >= 0)
                r = sd_event_loop(p->event);
        p->part->free(p);
        if (p->trace)
                ask_kernel(p);
        code = r < 0 && p->view.end == PAIR_GOES_ON ? EXIT_CODE_FAILURE : exit_code_of(p);
        pair_view_finish(&p->view, code);
        if (p->trace && a->trace && !a->json)
                pair_trace_tell(p->trace, stdout);
        pair_trace_free(p->trace);
        deadline_done(&p->tick);
        sd_event_unref(p->event);
        return code;
}

/* Where the service of this computer keeps its things: also seen by another user. */
static int use_directory_of_service(struct config *config) {
        char directory[PATH_MAX];
        char *found = strdup(service_directory(config->state_directory, "", directory));

        if (!found)
                return -ENOMEM;
        free(config->state_directory);
        config->state_directory = found;
        return 0;
}

static int run(const struct command_arguments *a) {
        _cleanup_(freep) char *errors = NULL, *warnings = NULL;
        struct pair p = {0};
        struct bdaddr address;
        struct config config;
        int code;

        if (a->operand[0] && bdaddr_from_string(a->operand[0], &address) < 0) {
                fprintf(stderr,
                        "cuff2mqtt: \"%s\" is no address; it looks like AA:BB:CC:DD:EE:FF\n"
                        "Try `cuff2mqtt pair --help`.\n",
                        a->operand[0]);
                return EXIT_CODE_USAGE;
        }
        if (config_load(a->config, &config, &errors, &warnings) < 0) {
                fprintf(stderr, "%s", errors ? errors : "");
                return EXIT_CODE_CONFIG;
        }
        if (use_directory_of_service(&config) < 0) {
                config_done(&config);
                return EXIT_CODE_FAILURE;
        }
        log_open();
        log_set_level(LOG_LEVEL_ERROR);
        p.config = &config;
        p.address = a->operand[0] ? &address : NULL;
        code = pair(&p, a);
        config_done(&config);
        return code;
}

const struct command command_pair = {
        .name = "pair",
        .synopsis = "[ADDRESS] [--trace] [--json] [--config FILE]",
        .summary = "Pair a cuff, step by step, and say what is wrong if it fails.",
        .help = "\n"
                "  ADDRESS        only this cuff; needed for cuffs that do not show that they "
                "want\n"
                "                 to be paired (other makers')\n"
                "  --trace        listen to the kernel meanwhile and explain what was said on the\n"
                "                 air; only root may\n"
                "  --json         one object per step, on one line each; the last is \"result\"\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "Hold the cuff's Bluetooth button until a P blinks on its display. If the service\n"
                "runs it does the pairing, and this shows how it goes; if not, this program does\n"
                "it by itself. Ctrl-C closes the window.\n"
                "Exit code 0: paired; 10: Bluetooth is not ready, 11: BlueZ takes no agent,\n"
                "12: closed before a cuff was paired, 13: another window is open, 14: the service\n"
                "runs and the broker is away, 15: the service does not answer, 16: the address\n"
                "is no cuff's, 17: too many cuffs, 18: the old bond stays; from 20 on the cause, "
                "as\n"
                "docs/messages.md lists them.\n",
        .options =
                (const struct command_option[]){
                        COMMAND_OPTION_CONFIG,
                        COMMAND_OPTION_JSON,
                        {"--trace", NULL, offsetof(struct command_arguments, trace)},
                        {0},
                },
        .operands = 1,
        .run = run,
};
