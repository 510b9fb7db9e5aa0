#include "cli/ask.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cli/ask_parts.h"
#include "cli/exit_code.h"
#include "cli/owner.h"
#include "cli/shell_print.h"
#include "cli/tame.h"
#include "mqtt/json.h"

void ask_end(struct ask *a, int code, const char *format, ...) {
        _cleanup_(freep) char *text = NULL;
        va_list arguments;

        if (a->code >= 0)
                return;
        a->code = code;
        if (!format)
                return;
        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        if (a->setup.events->clear)
                a->setup.events->clear(a->setup.owner);
        fprintf(stderr, "cuff2mqtt: %s\n", text ? tame(text) : "memory is out");
}

bool ask_is_over(const struct ask *a) {
        return a->code >= 0;
}

int ask_run(struct ask *a) {
        int r = sd_event_run(a->event, UINT64_MAX);

        if (r < 0)
                ask_end(a, EXIT_CODE_FAILURE, "the event loop ended: %s", strerror(-r));
        return a->code >= 0 ? a->code : EXIT_CODE_OK;
}

int ask_listen(struct ask *a) {
        while (!ask_is_over(a))
                ask_run(a);
        return a->code;
}

/* --- what comes --- */

static int take_cuff(struct ask *a, const cJSON *entry) {
        struct cuff_named *cuff = &a->cuffs[a->n_cuffs];

        if (bdaddr_from_string(shell_text(entry, "address"), &cuff->address) < 0)
                return -EBADMSG;
        snprintf(cuff->name, sizeof cuff->name, "%s", shell_text(entry, "name"));
        a->n_cuffs++;
        return 0;
}

/* Those whose address nobody can read are left out of both lists. */
static void take_devices(struct ask *a, cJSON *devices) {
        struct cuff_named *cuffs;
        cJSON *entry, *next;

        if (!cJSON_IsArray(devices)) {
                cJSON_Delete(devices);
                return;
        }
        cuffs = calloc((size_t) cJSON_GetArraySize(devices) + 1, sizeof *cuffs);
        if (!cuffs) {
                cJSON_Delete(devices);
                return;
        }
        cJSON_Delete(a->devices);
        free(a->cuffs);
        a->devices = devices;
        a->cuffs = cuffs;
        a->n_cuffs = 0;
        for (entry = devices->child; entry; entry = next) {
                next = entry->next;
                if (take_cuff(a, entry) < 0)
                        cJSON_Delete(cJSON_DetachItemViaPointer(devices, entry));
        }
        cuff_word_distinguish(a->cuffs, a->n_cuffs);
}

/* "online" that is not kept but told now: of a service that begins anew, however short it was away.
 */
static void take_state(struct ask *a, const char *state, bool retained) {
        enum ask_service before = a->service;

        if (strcmp(state, "online") == 0)
                a->service = ASK_SERVICE_ONLINE;
        else if (strcmp(state, "offline") == 0)
                a->service = ASK_SERVICE_OFFLINE;
        if (a->service == ASK_SERVICE_ONLINE && (a->service != before || !retained))
                ask_again(a);
        else
                ask_settle(a);
}

static void on_message(void *owner, const char *path, const struct mqtt_incoming *m) {
        struct ask *a = owner;
        cJSON *json = NULL;

        if (strcmp(path, ASK_STATE) == 0)
                take_state(a, m->payload, m->retained);
        else if (json_parse(m->payload, m->payload_size, &json, &(bool){false}) < 0)
                json = NULL;
        tame_json(json);
        if (json && ask_is_answer(a, path))
                ask_take_answer(a, TAKE_PTR(json));
        else if (a->setup.events->heard)
                a->setup.events->heard(a->setup.owner, path, m, json);
        if (json && strcmp(path, ASK_DEVICES) == 0)
                take_devices(a, TAKE_PTR(json));
        cJSON_Delete(json);
}

static void on_connected(void *owner) {
        struct ask *a = owner;

        a->trouble[0] = '\0';
        a->was_connected = true;
        if (a->setup.events->connected)
                a->setup.events->connected(a->setup.owner);
        ask_again(a);
}

static void on_lost(void *owner, const char *why) {
        struct ask *a = owner;

        snprintf(a->trouble, sizeof a->trouble, "%s", why);
        if (a->setup.events->lost)
                a->setup.events->lost(a->setup.owner);
        ask_settle(a);
}

static void on_refused(void *owner, const char *why) {
        ask_end(owner, EXIT_CODE_NO_BROKER,
                "the MQTT broker does not allow this: %s. Allow this user to read and write below "
                "the base topic",
                why);
}

static void on_stopped(void *owner) {
        struct ask *a = owner;

        a->stopped = true;
}

static void on_tick(void *userdata) {
        struct ask *a = userdata;

        a->setup.events->tick(a->setup.owner);
        deadline_set_usec(&a->tick, ASK_SECOND_USEC);
}

/* --- beginning and end --- */

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        struct ask *a = userdata;

        if (a->code >= 0) /* the second time hurries */
                a->stopped = true;
        a->interrupted = true;
        if (a->accepted)
                ask_end(a, EXIT_CODE_FAILURE,
                        "interrupted: the service has been asked, and may still do it");
        else
                ask_end(a, EXIT_CODE_FAILURE, NULL);
        return 0;
}

static int set_up(struct ask *a) {
        static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
        sigset_t set;
        int r = sd_event_new(&a->event);

        if (r < 0)
                return r;
        sigemptyset(&set);
        for (size_t i = 0; i < ELEMENTS(signals); i++)
                sigaddset(&set, signals[i]);
        sigprocmask(SIG_BLOCK, &set, NULL);
        for (size_t i = 0; i < ELEMENTS(signals) && r >= 0; i++)
                r = sd_event_add_signal(a->event, NULL, signals[i], on_signal, a);
        deadline_init(&a->tick, a->event, on_tick, a);
        ask_wait_init(a);
        return r < 0 ? r : 0;
}

static int connect_guest(struct ask *a) {
        static const struct guest_events events = {
                .connected = on_connected,
                .lost = on_lost,
                .message = on_message,
                .refused = on_refused,
                .stopped = on_stopped,
        };
        const char *all[GUEST_PATHS_MAX + 1] = {ASK_DEVICES, ASK_STATE};
        const char *const *paths = a->setup.paths;
        char response[64];
        size_t n = 2;

        if (a->setup.request) {
                snprintf(response, sizeof response, ASK_RESPONSE "%s", a->setup.request);
                all[n++] = response;
        }
        while (paths && *paths && n < GUEST_PATHS_MAX)
                all[n++] = *paths++;
        return guest_start(&a->guest, a->event, &a->config, a->command->name, all, &events, a);
}

int ask_open(struct ask *a, const struct command *c, const struct command_arguments *arguments,
             const struct ask_setup *setup) {
        static const struct ask_events none = {0};
        const char *words[COMMAND_WORDS_MAX];
        int code, r;

        *a = (struct ask){.command = c, .setup = *setup, .code = -1, .stopped = true};
        if (!a->setup.events)
                a->setup.events = &none;
        command_words(c, arguments, words);
        code = owner_config_load(arguments->config, words, &a->config);
        if (code != EXIT_CODE_OK)
                return a->code = code;
        log_open();
        log_set_level(LOG_LEVEL_ERROR);
        wall_clock_set_zone(a->config.time_zone);
        r = set_up(a);
        if (r >= 0)
                r = connect_guest(a);
        if (r < 0) {
                ask_end(a, EXIT_CODE_NO_BROKER,
                        "the MQTT client could not be set up (%s): run `cuff2mqtt doctor`",
                        strerror(-r));
                return a->code;
        }
        a->stopped = false;
        return EXIT_CODE_OK;
}

void ask_close(struct ask *a) {
        if (!a->stopped)
                guest_stop(&a->guest);
        while (!a->stopped && sd_event_run(a->event, UINT64_MAX) >= 0) {
        }
        guest_done(&a->guest);
        ask_wait_done(a);
        deadline_done(&a->tick);
        sd_event_unref(a->event);
        cJSON_Delete(a->devices);
        ask_requests_done(a);
        free(a->cuffs);
        config_done(&a->config);
}
