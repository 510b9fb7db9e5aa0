/* The service pairs; this program asks for it and shows what it says: the request `pairing` with a
 * transaction, its answer, and the events that carry the same transaction. Events that nobody was
 * there to hear are lost: what the broker keeps tells then that the window is closed, and a time
 * is set for every ending. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "base/cleanup.h"
#include "cli/pair_problem.h"
#include "cli/pair_service.h"

#define RESPONSE "bridge/response/pairing"
#define EVENT    "bridge/event"
#define STATE    "bridge/state"
#define INFO     "bridge/info"

#define NOT_OPENED "The service does not open a pairing window"

/* Closing has its own transaction: the answer to the first request may still be under way. */
static void ask(struct service *s, bool active) {
        _cleanup_(freep) char *text = NULL;
        char address[BDADDR_STRING_SIZE];
        cJSON *data = cJSON_CreateObject();

        cJSON_AddBoolToObject(data, "active", active);
        if (active && s->pair->address) {
                bdaddr_to_string(s->pair->address, address);
                cJSON_AddStringToObject(data, "address", address);
        }
        cJSON_AddStringToObject(data, "transaction",
                                active ? s->guest.token : s->closing_transaction);
        text = cJSON_PrintUnformatted(data);
        cJSON_Delete(data);
        if (text)
                guest_publish(&s->guest, "bridge/request/pairing", text, 0);
        service_wait(s, active ? WAIT_ANSWER : WAIT_CLOSED);
}

/* --- what comes --- */

static void on_connected(void *owner) {
        struct service *s = owner;

        s->trouble[0] = '\0';
        s->offline = false; /* it is told anew */
        if (s->closing || s->finishing)
                return;
        if (s->answered) { /* until the service says that it is back, too */
                deadline_clear(&s->patience);
                service_wait(s, WAIT_BACK);
                return;
        }
        s->asked = true; /* once more: what was sent before may be lost */
        ask(s, true);
}

static void on_lost(void *owner, const char *why) {
        struct service *s = owner;

        snprintf(s->trouble, sizeof s->trouble, "%s", why);
        if (s->answered && !s->closing && !s->finishing)
                service_wait(s, WAIT_BACK);
}

/* The service is there: from here on only the window's end ends this. */
static void is_answered(struct service *s) {
        if (s->answered || s->finishing)
                return;
        s->answered = true;
        deadline_clear(&s->patience);
        if (!s->closing)
                pair_view_say(&s->pair->view, "The service runs: it does the pairing");
}

static void on_refusal(struct service *s, const char *code, const char *error) {
        if (strcmp(code, "busy") == 0)
                pair_fail(s->pair, "busy", NOT_OPENED, "another one is open",
                          "Wait for its end, or close it (in Home Assistant the switch Pairing), "
                          "and try again");
        else if (strcmp(code, "adapter_off") == 0)
                pair_fail_problem(s->pair, "adapter", NOT_OPENED, error);
        else
                pair_fail(s->pair, code, NOT_OPENED, error,
                          "Run `cuff2mqtt doctor`: it says what is missing");
}

static const char *text_of(const cJSON *message, const char *key, const char *otherwise) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(message, key));

        return text ? text : otherwise;
}

static void on_response(struct service *s, const cJSON *answer) {
        bool good = strcmp(text_of(answer, "status", "error"), "error") != 0;

        is_answered(s);
        if (s->closing && good)
                ask(s, false);
        else if (s->closing)
                s->pair->part->finish(s->pair);
        else if (good)
                service_wait_for_end(s);
        else
                on_refusal(s, text_of(answer, "code", "internal"),
                           text_of(answer, "error", "it did not say why"));
}

static void on_event(struct service *s, const cJSON *event) {
        const char *type = text_of(event, "type", "");
        const cJSON *data = cJSON_GetObjectItemCaseSensitive(event, "data");
        _cleanup_(freep) char *text = data ? cJSON_PrintUnformatted(data) : NULL;

        if (strncmp(type, "pairing_", 8) != 0)
                return;
        if (s->closing) { /* too late, but for this */
                if (strcmp(text_of(data, "step", ""), "bonded") == 0)
                        s->pair->view.bonded = true;
                return;
        }
        is_answered(s);
        pair_event(s->pair, type, text);
        if (s->pair->view.end == PAIR_GOES_ON)
                service_wait_for_end(s);
}

/* Of the service itself, retained: that it is there, and whether a window is open. */
static void on_state(struct service *s, const char *state) {
        s->offline = strcmp(state, "offline") == 0;
        if (!s->answered || s->closing || s->finishing)
                return;
        if (s->offline)
                service_wait(s, WAIT_BACK);
        else if (s->wait == WAIT_BACK)
                deadline_clear(&s->patience);
}

static void on_info(struct service *s, const cJSON *info) {
        const cJSON *pairing = cJSON_GetObjectItemCaseSensitive(info, "pairing");
        bool closed = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(pairing, "active"));

        if (closed && s->answered && !s->closing && !s->finishing && !s->pair->view.bonded)
                service_wait(s, WAIT_ENDING);
}

static void on_ours(struct service *s, const char *path, const cJSON *message) {
        const char *transaction = text_of(message, "transaction", "");

        if (strcmp(transaction, s->closing_transaction) == 0)
                s->pair->part->finish(s->pair);
        else if (strcmp(transaction, s->guest.token) != 0)
                return;
        else if (strcmp(path, RESPONSE) == 0)
                on_response(s, message);
        else
                on_event(s, message);
}

static void on_message(void *owner, const char *path, const struct mqtt_incoming *m) {
        struct service *s = owner;
        cJSON *message;

        if (strcmp(path, STATE) == 0) {
                on_state(s, m->payload);
                return;
        }
        message = cJSON_ParseWithLength(m->payload, m->payload_size);
        if (strcmp(path, INFO) == 0)
                on_info(s, message);
        else if (message && !m->retained)
                on_ours(s, path, message);
        cJSON_Delete(message);
}

static void on_stopped(void *owner) {
        struct service *s = owner;

        sd_event_exit(s->pair->event, 0);
}

static void on_refused(void *owner, const char *why) {
        struct service *s = owner;

        pair_fail(s->pair, "no_broker", "The MQTT broker does not allow this", why,
                  "Allow this user to read and write below the base topic");
}

/* --- beginning and end --- */

static int start(struct pair *p) {
        static const char *const paths[] = {RESPONSE, EVENT, STATE, INFO, NULL};
        static const struct guest_events events = {
                .connected = on_connected,
                .lost = on_lost,
                .message = on_message,
                .refused = on_refused,
                .stopped = on_stopped,
        };
        struct service *s = calloc(1, sizeof *s);
        int r;

        if (!s)
                return -ENOMEM;
        s->pair = p;
        p->state = s;
        service_wait_init(s);
        r = guest_start(&s->guest, p->event, p->config, "pair", paths, &events, s);
        snprintf(s->closing_transaction, sizeof s->closing_transaction, "%s-close", s->guest.token);
        if (r < 0) {
                pair_fail(p, "no_broker", "The MQTT client could not be set up", strerror(-r),
                          "Run `cuff2mqtt doctor`: it says what is wrong");
                return r;
        }
        service_wait(s, WAIT_BROKER);
        return 0;
}

static void finish(struct pair *p) {
        struct service *s = p->state;

        if (s->finishing)
                return;
        s->finishing = true;
        deadline_clear(&s->patience);
        deadline_clear(&s->bound);
        guest_stop(&s->guest);
}

/* A request that is not answered yet may be refused: then the open window is somebody else's. */
static void close_window(struct pair *p) {
        struct service *s = p->state;

        s->closing = true;
        if (!s->asked || !guest_is_connected(&s->guest))
                finish(p);
        else if (s->answered)
                ask(s, false);
        else
                service_wait(s, WAIT_CLOSED);
}

static void service_free(struct pair *p) {
        struct service *s = p->state;

        if (!s)
                return;
        service_wait_done(s);
        guest_done(&s->guest);
        free(s);
}

const struct pair_part pair_service = {
        .start = start, .close = close_window, .finish = finish, .free = service_free};
