#include "app/pairing_attempt.h"

#include <errno.h>
#include <stdio.h>

#include "mqtt/json.h"

enum pairing_rung pairing_attempt_rung(unsigned failures) {
        if (failures == 0)
                return PAIRING_RUNG_PAIR;
        return failures % 2 == 1 ? PAIRING_RUNG_AGAIN : PAIRING_RUNG_CUFF;
}

void pairing_attempt_begin(struct pairing_attempt *a, unsigned failures, enum trace_answer flag,
                           uint64_t heard_usec) {
        *a = (struct pairing_attempt){
                .open = true,
                .heard_usec = heard_usec,
                .facts = {.rung = pairing_attempt_rung(failures),
                          .pairing_flag = flag,
                          .flag_age_usec = -1,
                          .heard = true,
                          .failures = failures},
        };
}

void pairing_attempt_connects(struct pairing_attempt *a, uint64_t now) {
        if (a->open && a->facts.pairing_flag != TRACE_NOT_TOLD)
                a->facts.flag_age_usec = (int64_t) (now - a->heard_usec);
}

void pairing_attempt_linked(struct pairing_attempt *a, uint64_t now) {
        if (a->open && !a->link_usec)
                a->link_usec = now;
}

void pairing_attempt_asks(struct pairing_attempt *a, uint64_t now) {
        if (a->open && !a->ask_usec)
                a->ask_usec = now;
}

static int64_t span(uint64_t from, uint64_t to) {
        return from ? (int64_t) (to - from) : -1;
}

void pairing_attempt_end(struct pairing_attempt *a, enum pairing_end end, uint64_t now) {
        a->open = false;
        /* Pair() is also told that no link came up when it had one. */
        a->facts.end = end == PAIRING_END_NO_LINK && a->ask_usec ? PAIRING_END_LINK_FELL : end;
        a->facts.link_usec = span(a->link_usec, now);
        a->facts.pair_usec = span(a->ask_usec, now);
}

enum pairing_end pairing_attempt_judge(const struct pairing_attempt *a, bool fell) {
        /* On the cuff's own rung the link is the question. */
        if (!a->ask_usec && !(a->link_usec && a->facts.rung == PAIRING_RUNG_CUFF))
                return PAIRING_END_NO_LINK;
        if (fell)
                return PAIRING_END_LINK_FELL;
        return a->answered || a->facts.rung == PAIRING_RUNG_CUFF ? PAIRING_END_TIMEOUT
                                                                 : PAIRING_END_NO_REPLY;
}

bool pairing_attempt_was_silent(const struct pairing_attempt *a) {
        return a->facts.end == PAIRING_END_NO_LINK && a->facts.link_usec < 0;
}

int pairing_attempt_end_of(enum bluez_error error) {
        switch (error) {
        case BLUEZ_AUTH_FAILED:
                return PAIRING_END_FAILED;
        case BLUEZ_NOT_ENCRYPTED: /* BlueZ wanted to pair for the subscription, and could not */
                return PAIRING_END_NOT_ENCRYPTED;
        case BLUEZ_AUTH_CANCELED:
                return PAIRING_END_CANCELED;
        case BLUEZ_AUTH_REJECTED:
                return PAIRING_END_REJECTED;
        case BLUEZ_AUTH_TIMEOUT:
                return PAIRING_END_TIMEOUT;
        case BLUEZ_NO_REPLY:
                return PAIRING_END_NO_REPLY;
        case BLUEZ_NOT_CONNECTED:
                return PAIRING_END_LINK_FELL;
        case BLUEZ_CONNECT_ABORTED:
        case BLUEZ_CONNECT_TIMEOUT:
        case BLUEZ_CANCELED:
                return PAIRING_END_NO_LINK;
        default:
                return -ENOTSUP;
        }
}

/* --- why --- */

void pairing_failure_say(struct pairing_failure *f, const char *code, const char *cause,
                         const char *evidence, const char *remedy) {
        f->verdict.n = 0;
        f->certainty = PAIRING_SURE;
        snprintf(f->code, sizeof f->code, "%s", code);
        snprintf(f->cause, sizeof f->cause, "%s", cause);
        snprintf(f->evidence, sizeof f->evidence, "%s", evidence);
        snprintf(f->remedy, sizeof f->remedy, "%s", remedy);
}

void pairing_failure_guess(struct pairing_failure *f, const struct pairing_facts *facts) {
        enum pairing_certainty certainty;
        struct verdict verdict;

        pairing_guess(facts, &verdict, &certainty);
        pairing_failure_say(f, pairing_cause_to_string(verdict.cause[0].cause),
                            pairing_cause_meaning(verdict.cause[0].cause),
                            verdict.cause[0].evidence_for,
                            pairing_cause_remedy(verdict.cause[0].cause));
        f->verdict = verdict;
        f->certainty = certainty;
}

static void add_cause(struct json *j, cJSON *causes, const char *code, const char *evidence,
                      const char *remedy) {
        cJSON *o = json_object(j, causes, NULL);

        json_text(j, o, "cause", code);
        json_text(j, o, "evidence", evidence);
        json_text(j, o, "remedy", remedy);
}

char *pairing_failure_print(const struct pairing_failure *f, const char *device) {
        struct json j = json_begin(cJSON_CreateObject());
        cJSON *causes;

        json_text(&j, j.root, "device", device);
        json_text(&j, j.root, "code", f->code);
        json_text(&j, j.root, "cause", f->cause);
        json_text(&j, j.root, "evidence", f->evidence);
        json_text(&j, j.root, "remedy", f->remedy);
        json_text(&j, j.root, "certainty", pairing_certainty_to_string(f->certainty));
        causes = json_array(&j, j.root, "causes");
        if (f->verdict.n == 0)
                add_cause(&j, causes, f->code, f->evidence, f->remedy);
        for (size_t i = 0; i < f->verdict.n; i++) {
                const struct verdict_cause *c = &f->verdict.cause[i];

                add_cause(&j, causes, pairing_cause_to_string(c->cause), c->evidence_for,
                          pairing_cause_remedy(c->cause));
        }
        return json_end(&j);
}
