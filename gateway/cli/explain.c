#include "cli/explain.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/command.h"
#include "cli/exit_code.h"
#include "cli/explain_words.h"
#include "cli/progress.h"

/* --- frames in, pairings out --- */

void explain_init(struct explain *e, const struct explain_events *events, void *owner) {
        trace_hci_init(&e->hci);
        trace_air_init(&e->air);
        trace_btmon_init(&e->btmon);
        trace_init(&e->trace);
        e->events = events;
        e->owner = owner;
        e->frames = 0;
        progress_init(&e->progress, "");
}

static void tell(struct explain *e, const struct trace_pairing *p) {
        progress_done(&e->progress);
        e->events->pairing(e->owner, p);
}

static void step(struct explain *e, const struct trace_event *event) {
        const struct trace_pairing *p = trace_step(&e->trace, event);

        if (p)
                tell(e, p);
}

void explain_frame(struct explain *e, const struct capture_frame *frame) {
        struct trace_event event[TRACE_HCI_EVENTS_MAX];
        size_t n = 0;

        switch (frame->kind) {
        case CAPTURE_HCI:
                n = trace_hci_step(&e->hci, &frame->hci, event);
                e->frames++;
                break;
        case CAPTURE_AIR:
                n = trace_air_step(&e->air, &frame->air, event);
                e->frames++;
                break;
        case CAPTURE_TEXT:
                n = trace_btmon_line(&e->btmon, frame->line.text, frame->line.n, event) ? 1 : 0;
                e->frames = e->btmon.blocks;
                break;
        }
        for (size_t i = 0; i < n; i++)
                step(e, &event[i]);
}

void explain_end(struct explain *e) {
        const struct trace_pairing *p;
        struct trace_event event;

        if (trace_btmon_end(&e->btmon, &event))
                step(e, &event);
        while ((p = trace_end(&e->trace)))
                tell(e, p);
}

/* --- one capture --- */

static const char *name_of(const char *path) {
        return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* NULL: said on stderr. */
static struct capture *open_capture(const char *path) {
        struct capture *c = NULL;
        char why[CAPTURE_WHY_MAX];

        if (capture_open(path, &c, why, sizeof why) < 0)
                fprintf(stderr, "cuff2mqtt: %s\n", why);
        return c;
}

/* Damage is said, and ends the reading: what came before it counts. 0 or negative errno (said). */
static int read_capture(struct capture *c, const char *path, struct explain *e) {
        struct capture_frame frame;
        bool text = false;
        char what[PATH_MAX];
        int r;

        snprintf(what, sizeof what, "Reading %s", name_of(path));
        progress_init(&e->progress, what);
        while ((r = capture_next(c, &frame)) > 0) {
                text = frame.kind == CAPTURE_TEXT;
                explain_frame(e, &frame);
                progress_show(&e->progress, capture_position(c), capture_size(c));
        }
        progress_done(&e->progress);
        explain_end(e);
        if (r < 0)
                fprintf(stderr, "cuff2mqtt: %s\n", capture_trouble(c));
        if (text && !e->btmon.seen) {
                fprintf(stderr,
                        "cuff2mqtt: %s is text, but nothing in it looks like btmon's: save what "
                        "`sudo btmon` shows, or better, record with `sudo btmon -w FILE`; from "
                        "Wireshark save the packets as pcapng, not as text\n",
                        name_of(path));
                return -EINVAL;
        }
        return r == -EBADMSG ? 0 : r;
}

/* --- the good capture --- */

struct good {
        bool found;
        struct trace_pairing pairing; /* the first that came furthest */
};

/* 0: nothing to follow. A sniffer sees no more of a success than that it goes on encrypted. */
static int rank(const struct trace_pairing *p) {
        if (p->outcome == TRACE_INCOMPLETE)
                return p->phase >= TRACE_PHASE_ENCRYPTION ? 1 : 0;
        return p->outcome == TRACE_BONDED ? 3 : p->outcome == TRACE_PAIRED_WITHOUT_KEYS ? 2 : 0;
}

static void on_good(void *owner, const struct trace_pairing *p) {
        struct good *good = owner;

        if (!p->has_request || (good->found && rank(&good->pairing) >= rank(p)))
                return;
        good->found = true;
        good->pairing = *p;
}

/* --- the capture in question --- */

struct asked {
        bool json, keys;
        bool told, failed; /* of --json: there was an object; one could not be made */
        unsigned pairings;
        bool has_refused, passed;
        struct trace_pairing refused; /* by the cuff; passed: which took the same request later */
        bool has_subject;
        struct trace_pairing
                subject; /* to be compared: the last bad one with a request, else the last */
};

static bool is_bad(const struct trace_pairing *p) {
        return p->outcome != TRACE_BONDED && p->outcome != TRACE_ENCRYPTED_WITH_STORED_KEY;
}

static bool is_same(const struct trace_pairing *a, const struct trace_pairing *b) {
        return a->has_address == b->has_address &&
               (!a->has_address || bdaddr_equal(&a->address, &b->address)) &&
               memcmp(&a->request, &b->request, sizeof a->request) == 0;
}

static void note_refusal(struct asked *a, const struct trace_pairing *p) {
        if (p->outcome == TRACE_FAILED && p->failed_by == TRACE_CUFF && p->has_request) {
                a->refused = *p;
                a->has_refused = true;
                a->passed = false;
        } else if (p->outcome == TRACE_BONDED && a->has_refused && is_same(&a->refused, p)) {
                a->passed = true;
        }
}

static void on_asked(void *owner, const struct trace_pairing *p) {
        struct asked *a = owner;
        struct verdict verdict;

        verdict_of(p, &verdict);
        a->pairings++;
        note_refusal(a, p);
        if (p->has_request && (is_bad(p) || !a->has_subject || !is_bad(&a->subject))) {
                a->has_subject = true;
                a->subject = *p;
        }
        if (!a->json) {
                explain_story(stdout, a->pairings, p, &verdict, a->keys);
                return;
        }
        /* What there is no memory for is left out, and said: what is printed stays JSON. */
        if (explain_json(stdout, a->told ? "," : "", p, &verdict) < 0)
                a->failed = true;
        else
                a->told = true;
}

static void say_sum(const struct asked *a, uint64_t frames) {
        if (a->pairings == 0) {
                printf("There is no pairing in it, and no encrypted connection (%llu packets): "
                       "begin to record before the cuff connects.\n",
                       (unsigned long long) frames);
                return;
        }
        if (a->passed)
                explain_wrap(
                        stdout, "", 0,
                        "The cuff refused, and took the same request later in this capture: the "
                        "request was not the reason. It was passing, or the P was not blinking "
                        "yet.");
}

static void compare(const struct asked *a, const struct good *good, const char *const files[2]) {
        if (good->found && rank(&good->pairing) == 0)
                printf("There is nothing to compare: no pairing in %s succeeded. The second file "
                       "is the capture of one that does.\n",
                       name_of(files[1]));
        else if (good->found && a->has_subject)
                explain_compare(stdout, &a->subject, &good->pairing);
        else
                printf("There is nothing to compare: %s has no Pairing Request.\n",
                       name_of(good->found ? files[0] : files[1]));
}

static void say_no_memory(void) {
        fprintf(stderr, "cuff2mqtt: there is no memory left\n");
}

/* An exit code. `good` NULL: nothing to compare with. */
static int explain_one(const char *const files[2], struct explain *e, const struct good *good) {
        _cleanup_(capture_freep) struct capture *c = open_capture(files[0]);
        struct asked *a = e->owner;
        int r;

        if (!c)
                return EXIT_CODE_FAILURE;
        if (a->json)
                printf("{\"pairings\":[");
        else
                printf("%s: %s\n\n", name_of(files[0]), capture_format(c));
        r = read_capture(c, files[0], e);
        if (a->json)
                printf("]}\n");
        else if (r == 0)
                say_sum(a, e->frames);
        if (r == 0 && good)
                compare(a, good, files);
        if (a->failed)
                say_no_memory();
        return r < 0 || a->failed ? EXIT_CODE_FAILURE : EXIT_CODE_OK;
}

/* 0, or -1: said. */
static int read_good(const char *path, struct explain *e) {
        _cleanup_(capture_freep) struct capture *c = open_capture(path);

        return c && read_capture(c, path, e) == 0 ? 0 : -1;
}

static int refuse(const char *why) {
        fprintf(stderr, "cuff2mqtt: %s\nTry `cuff2mqtt explain --help`.\n", why);
        return EXIT_CODE_USAGE;
}

static int run(const struct command_arguments *arguments) {
        static const struct explain_events good_events = {.pairing = on_good};
        static const struct explain_events asked_events = {.pairing = on_asked};
        _cleanup_(freep) struct explain *e = malloc(sizeof *e);
        _cleanup_(freep) struct good *good = calloc(1, sizeof *good);
        _cleanup_(freep) struct asked *asked = calloc(1, sizeof *asked);
        const char *const *files = arguments->operand;

        if (!files[0])
                return refuse("explain needs a capture");
        if (files[1] && strcmp(files[0], "-") == 0 && strcmp(files[1], "-") == 0)
                return refuse("only one of the two captures can be standard input");
        if (!e || !good || !asked) {
                say_no_memory();
                return EXIT_CODE_FAILURE;
        }
        if (files[1] && arguments->json)
                fprintf(stderr,
                        "cuff2mqtt: --json tells of %s alone; without it the two are "
                        "compared\n",
                        files[0]);
        explain_init(e, &good_events, good);
        if (files[1] && !arguments->json && read_good(files[1], e) < 0)
                return EXIT_CODE_FAILURE;
        asked->json = arguments->json;
        asked->keys = arguments->keys;
        explain_init(e, &asked_events, asked);
        return explain_one(files, e, files[1] && !arguments->json ? good : NULL);
}

const struct command command_explain = {
        .name = "explain",
        .synopsis = "FILE [GOOD_FILE] [--json] [--keys]",
        .summary = "Say why a pairing failed, from a capture; needs no adapter.",
        .help = "\n"
                "  FILE       what was recorded while pairing failed; - is standard input:\n"
                "             btsnoop (sudo btmon -w FILE; an Android phone's btsnoop_hci.log),\n"
                "             pcap or pcapng (Wireshark, tcpdump, the nRF Sniffer), or btmon's\n"
                "             text as it is shown, or as somebody pasted it\n"
                "  GOOD_FILE  the same while another host (a phone) paired: the two requests are\n"
                "             shown side by side, with the differences that can matter\n"
                "  --json     one object on one line, for programs (FILE only)\n"
                "  --keys     show keys and what keys can be computed from; else they are hidden\n"
                "\n"
                "  sudo btmon -w cuff.btsnoop      in one terminal, while you pair in another\n"
                "  cuff2mqtt explain cuff.btsnoop\n"
                "\n"
                "A capture holds addresses, keys and measurements: look at it before you publish\n"
                "it. Exit code 0: explained, whatever it says; 1: no capture, or it cannot be\n"
                "read; 64: a word of the command is wrong.\n",
        .options =
                (const struct command_option[]){
                        COMMAND_OPTION_JSON,
                        {"--keys", NULL, offsetof(struct command_arguments, keys)},
                        {0},
                },
        .operands = 2,
        .run = run,
};
