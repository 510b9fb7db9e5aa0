/* What is waited for, and how long: the broker, what it keeps, the service, its answer. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/ask_parts.h"
#include "cli/exit_code.h"
#include "cli/shell_print.h"

#define BROKER_USEC  10000000u /* to be there */
#define AWAY_USEC    20000000u /* .. again; and for a service that had accepted */
#define KEPT_USEC    3000000u  /* for what the broker keeps: it comes at once, or there is none */
#define OFFLINE_USEC 3000000u  /* for a service that may be starting */
#define ANSWER_USEC  10000000u
#define EXPIRY_S     30 /* a request that nobody takes is not done later, behind everybody's back */

#define JOURNAL "`journalctl -u cuff2mqtt -n 20`"

/* --- how long --- */

static void be_patient(struct ask *a, enum ask_patience why, uint64_t usec) {
        if (a->why == why && deadline_is_set(&a->patience))
                return;
        a->why = why;
        deadline_set_usec(&a->patience, usec);
}

static bool has_heard_of_each(const struct ask *a) {
        size_t i = 0;

        while (i < a->n && a->one[i].heard)
                i++;
        return i == a->n;
}

void ask_settle(struct ask *a) {
        bool offline = a->service == ASK_SERVICE_OFFLINE;

        if (a->wait == ASK_WAIT_NOTHING)
                deadline_clear(&a->patience);
        else if (!guest_is_connected(&a->guest))
                be_patient(a, ASK_FOR_BROKER, a->was_connected ? AWAY_USEC : BROKER_USEC);
        else if (a->wait == ASK_WAIT_KEPT)
                be_patient(a, ASK_FOR_KEPT, KEPT_USEC);
        else if (a->wait == ASK_WAIT_ONLINE || offline)
                be_patient(a, ASK_FOR_SERVICE, a->accepted ? AWAY_USEC : OFFLINE_USEC);
        else if (!has_heard_of_each(a))
                be_patient(a, ASK_FOR_ANSWER, ANSWER_USEC);
}

static void on_patience_over(void *userdata) {
        struct ask *a = userdata;

        switch (a->why) {
        case ASK_FOR_BROKER:
                ask_end(a, EXIT_CODE_NO_BROKER,
                        a->was_connected ? "the connection to the MQTT broker is lost: %s"
                                         : "there is no connection to the MQTT broker: %s",
                        a->trouble[0] ? a->trouble
                                      : "it does not answer; `cuff2mqtt doctor` says more");
                break;
        case ASK_FOR_KEPT:
                a->heard_enough = true;
                break;
        case ASK_FOR_SERVICE:
                ask_end(a, EXIT_CODE_NO_ANSWER,
                        a->accepted ? "the service went away meanwhile: see " JOURNAL
                                      ", then ask again"
                                    : "the service does not run: see `systemctl status cuff2mqtt`");
                break;
        case ASK_FOR_ANSWER:
                ask_end(a, EXIT_CODE_NO_ANSWER,
                        "the service does not answer within 10 seconds: see " JOURNAL);
                break;
        }
}

static void on_limit(void *userdata) {
        ask_end(userdata, EXIT_CODE_NO_ANSWER,
                "the service has not told how it ended: see " JOURNAL ", then ask again");
}

void ask_wait_init(struct ask *a) {
        deadline_init(&a->patience, a->event, on_patience_over, a);
        deadline_init(&a->limit, a->event, on_limit, a);
}

void ask_wait_done(struct ask *a) {
        deadline_done(&a->patience);
        deadline_done(&a->limit);
}

static void wait_for(struct ask *a, enum ask_wait what) {
        a->wait = what;
        deadline_clear(&a->patience);
        ask_settle(a);
}

/* --- what the broker keeps --- */

static bool has_all(const struct ask *a) {
        if (a->service == ASK_SERVICE_UNKNOWN)
                return false;
        return a->setup.events->has_all ? a->setup.events->has_all(a->setup.owner)
                                        : a->devices != NULL;
}

int ask_hear(struct ask *a, bool offline_will_do) {
        wait_for(a, ASK_WAIT_KEPT);
        while (!ask_is_over(a) && !a->heard_enough && !has_all(a))
                ask_run(a);
        if (a->service == ASK_SERVICE_UNKNOWN)
                ask_end(a, EXIT_CODE_NO_ANSWER,
                        "the MQTT broker knows no service below \"%s\": start it, with the broker "
                        "and the base topic of this configuration",
                        a->config.mqtt.base_topic);
        wait_for(a, ASK_WAIT_ONLINE);
        while (!ask_is_over(a) && !offline_will_do && a->service != ASK_SERVICE_ONLINE)
                ask_run(a);
        wait_for(a, ASK_WAIT_NOTHING);
        return ask_is_over(a) ? a->code : EXIT_CODE_OK;
}

int ask_must_be_online(struct ask *a) {
        if (a->service == ASK_SERVICE_ONLINE)
                return EXIT_CODE_OK;
        fflush(stdout);
        ask_end(a, EXIT_CODE_NO_ANSWER,
                "the service does not run; this is what it said last: see `systemctl status "
                "cuff2mqtt`");
        return a->code;
}

/* --- the request --- */

static int exit_code_of(const char *code) {
        static const struct {
                const char *code;
                int exit_code;
        } codes[] = {
                {"busy", EXIT_CODE_BUSY},
                {"rate_limited", EXIT_CODE_BUSY},
                {"timeout", EXIT_CODE_NOT_HEARD},
                {"adapter_off", EXIT_CODE_ADAPTER},
                {"unknown_device", EXIT_CODE_USAGE},
                {"bad_request", EXIT_CODE_USAGE},
                {"too_large", EXIT_CODE_USAGE},
        };

        for (size_t i = 0; i < ELEMENTS(codes); i++)
                if (strcmp(codes[i].code, code) == 0)
                        return codes[i].exit_code;
        return EXIT_CODE_FAILURE;
}

void ask_again(struct ask *a) {
        _cleanup_(freep) char *path = NULL;

        if (asprintf(&path, "bridge/request/%s", a->setup.request ? a->setup.request : "") < 0)
                path = NULL;
        for (size_t i = 0; path && a->wait == ASK_WAIT_ANSWER && i < a->n; i++)
                if (!a->one[i].answer) {
                        a->one[i].heard = false;
                        guest_publish(&a->guest, path, a->one[i].payload, EXPIRY_S);
                }
        deadline_clear(&a->patience);
        ask_settle(a);
}

bool ask_is_answer(const struct ask *a, const char *path) {
        size_t n = strlen(ASK_RESPONSE);

        return strncmp(path, ASK_RESPONSE, n) == 0 && a->setup.request &&
               strcmp(path + n, a->setup.request) == 0;
}

static void is_accepted(struct ask *a, size_t request) {
        const struct ask_events *events = a->setup.events;

        if (!a->accepted) {
                deadline_set_usec(&a->limit, a->limit_usec);
                if (events->tick)
                        deadline_set_usec(&a->tick, ASK_SECOND_USEC);
        }
        a->accepted = true;
        if (events->accepted)
                events->accepted(a->setup.owner, request);
}

static void take_answer(struct ask *a, struct ask_one *one, cJSON *answer) {
        const struct ask_events *events = a->setup.events;
        bool accepted = strcmp(shell_text(answer, "status"), "accepted") == 0;

        one->heard = true;
        if (!accepted)
                one->answer = cJSON_Duplicate(answer, true);
        if (accepted && !one->accepted) {
                one->accepted = true;
                is_accepted(a, (size_t) (one - a->one));
        }
        if (!accepted && events->answered)
                events->answered(a->setup.owner, (size_t) (one - a->one));
        deadline_clear(&a->patience); /* a->limit says how long */
        ask_settle(a);
}

void ask_take_answer(struct ask *a, cJSON *answer) {
        for (size_t i = 0; a->wait == ASK_WAIT_ANSWER && i < a->n; i++)
                if (!a->one[i].answer &&
                    strcmp(shell_text(answer, "transaction"), a->one[i].transaction) == 0)
                        take_answer(a, &a->one[i], answer);
        cJSON_Delete(answer);
}

const cJSON *ask_data(const struct ask *a, size_t request) {
        return shell_object(a->one[request].answer, "data");
}

/* Without a sentence of the service there is still one. */
const char *ask_error(const struct ask *a, size_t request) {
        const char *error = shell_text(a->one[request].answer, "error");

        if (strcmp(shell_text(a->one[request].answer, "status"), "ok") == 0)
                return NULL;
        return error[0] ? error : "the service refused, and did not say why: see " JOURNAL;
}

static int judge(struct ask *a) {
        for (size_t i = 0; i < a->n; i++) {
                const char *error = ask_error(a, i);

                if (!error)
                        continue;
                ask_end(a, exit_code_of(shell_text(a->one[i].answer, "code")),
                        a->n > 1 ? NULL : "%s", error);
                return a->code;
        }
        return EXIT_CODE_OK;
}

void ask_requests_done(struct ask *a) {
        for (size_t i = 0; i < a->n; i++) {
                cJSON_Delete(a->one[i].answer);
                free(a->one[i].payload);
        }
        free(TAKE_PTR(a->one));
        a->n = 0;
        a->accepted = false;
}

/* Takes `data`. */
static bool write_request(struct ask *a, struct ask_one *one, cJSON *data) {
        snprintf(one->transaction, sizeof one->transaction, "%s-%u", a->guest.token,
                 ++a->n_requests);
        cJSON_AddStringToObject(data, "transaction", one->transaction);
        one->payload = cJSON_PrintUnformatted(data);
        cJSON_Delete(data);
        return one->payload;
}

static bool has_each(const struct ask *a) {
        size_t i = 0;

        while (i < a->n && a->one[i].answer)
                i++;
        return i == a->n;
}

int ask_requests(struct ask *a, cJSON *const *data, size_t n, uint64_t limit_usec) {
        ask_requests_done(a);
        a->one = calloc(n, sizeof *a->one);
        a->n = a->one ? n : 0;
        for (size_t i = 0; i < n; i++)
                if (!a->one || !write_request(a, &a->one[i], data[i]))
                        ask_end(a, EXIT_CODE_FAILURE, "memory is out");
        a->limit_usec = limit_usec ? limit_usec : ANSWER_USEC;
        a->wait = ASK_WAIT_ANSWER;
        ask_again(a);
        while (!ask_is_over(a) && !has_each(a))
                ask_run(a);
        wait_for(a, ASK_WAIT_NOTHING);
        deadline_clear(&a->limit);
        deadline_clear(&a->tick);
        return ask_is_over(a) ? a->code : judge(a);
}

int ask_request(struct ask *a, cJSON *data, uint64_t limit_usec) {
        return ask_requests(a, &data, 1, limit_usec);
}
