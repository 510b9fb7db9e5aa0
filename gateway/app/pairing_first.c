#include "app/pairing_first.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/collector.h"
#include "app/cuff.h"
#include "core/gatt_uuid.h"
#include "mqtt/json.h"

#define LOG_COMPONENT "pairing"
#include "base/log.h"

#define CLOCK_RIGHT_S 60 /* what is less is not set either */

enum clock { CLOCK_NOT_TOLD, CLOCK_RIGHT, CLOCK_SET, CLOCK_WRONG };

struct pairing_first {
        char *transaction;     /* JSON text or NULL */
        struct deadline begin; /* its session has begun by then */
        const char *stack;     /* "classic" "modern" "standard"; NULL: not known yet */
        char model[64];
        const char *model_id; /* whose memory it has, proved by content; NULL */
        bool no_memory;       /* or one that nobody here understands */
        unsigned users;       /* 0: not known */
        enum clock clock;
        bool told; /* that it was recognised */
        bool ending;
};

static void on_begin_over(void *userdata) {
        struct cuff *cuff = userdata;

        if (!session_is_linked(&cuff->session)) /* else its end tells */
                pairing_first_end(cuff, "The connection was over before it could begin");
}

void pairing_first_begin(struct cuff *cuff, unsigned users, const char *transaction) {
        struct pairing_first *first = calloc(1, sizeof *first);

        pairing_first_end(cuff, "The cuff was paired anew");
        if (!first)
                return;
        deadline_init(&first->begin, cuff->collector->event, on_begin_over, cuff);
        deadline_set_usec(&first->begin, cuff->collector->config->timing.session.connecting_usec);
        first->users = users;
        first->transaction = transaction ? strdup(transaction) : NULL;
        cuff->first = first;
}

void pairing_first_free(struct cuff *cuff) {
        if (!cuff->first)
                return;
        deadline_done(&cuff->first->begin);
        free(cuff->first->transaction);
        free(cuff->first);
        cuff->first = NULL;
}

/* --- words --- */

static struct json begin(const struct cuff *cuff) {
        struct json j = json_begin(cJSON_CreateObject());

        json_text(&j, j.root, "device", cuff->id);
        json_text(&j, j.root, "name", cuff_name(cuff));
        return j;
}

static void add_users(struct json *j, unsigned n) {
        cJSON *users = json_array(j, j->root, "users");

        for (unsigned u = 1; u <= n; u++)
                json_real(j, users, NULL, u);
}

/* Takes `j`. */
static void happened(struct cuff *cuff, const char *type, struct json *j, const char *text) {
        json_text(j, j->root, "text", text);
        log_cuff_info(cuff->address, "%s", text);
        collector_happened(cuff->collector, type, json_end(j), cuff->first->transaction);
}

static void tell(struct cuff *cuff, const char *step, const char *text) {
        struct json j = begin(cuff);

        json_text(&j, j.root, "step", step);
        happened(cuff, "pairing_progress", &j, text);
}

static void print_recognised(const struct pairing_first *first, char *ret, size_t size) {
        if (first->no_memory)
                snprintf(ret, size, "It is a %s, which sends its measurements by itself",
                         first->model);
        else if (!first->model_id)
                snprintf(ret, size,
                         "It is a %s with OMRON's memory; which kind, shows with what it holds",
                         first->model);
        else if (strcmp(first->stack, "classic") == 0)
                snprintf(ret, size, "It is a %s with OMRON's classic memory; users: %u",
                         first->model, first->users);
        else
                snprintf(ret, size, "It is a %s with OMRON's modern memory; users: %u",
                         first->model, first->users);
}

static void tell_recognised(struct cuff *cuff) {
        struct pairing_first *first = cuff->first;
        char text[256];
        struct json j;

        if (first->told || !first->stack)
                return;
        first->told = true;
        print_recognised(first, text, sizeof text);
        j = begin(cuff);
        json_text(&j, j.root, "step", "recognised");
        json_text(&j, j.root, "model", first->model);
        json_text(&j, j.root, "model_id", first->model_id);
        json_text(&j, j.root, "stack", first->stack);
        add_users(&j, first->users);
        happened(cuff, "pairing_progress", &j, text);
}

static void tell_clock(struct cuff *cuff) {
        switch (cuff->first->clock) {
        case CLOCK_RIGHT:
                tell(cuff, "clock", "The cuff's clock is right");
                break;
        case CLOCK_SET:
                tell(cuff, "clock", "The cuff's clock was wrong, and is set now");
                break;
        case CLOCK_WRONG:
                tell(cuff, "clock",
                     "The cuff's clock is wrong and could not be set: set date and time on the "
                     "cuff itself");
                break;
        default:
                break;
        }
}

/* --- what is known --- */

static enum clock clock_of(bool unset, struct number drift_s) {
        if (unset)
                return CLOCK_WRONG;
        if (!drift_s.known)
                return CLOCK_NOT_TOLD;
        return abs(drift_s.value) <= CLOCK_RIGHT_S ? CLOCK_RIGHT : CLOCK_WRONG;
}

static enum clock look_at_clock(const struct plan *plan) {
        const struct driver_facts *f = &plan->standard.facts;
        const struct driver_omron_facts *m = &plan->memory.facts;

        if (f->clock_set || (plan->setup.has_memory && m->wrote_clock))
                return CLOCK_SET;
        if (f->clock_read)
                return clock_of(f->clock_unset, f->drift_s);
        if (plan->setup.has_memory && m->has_clock)
                return clock_of(m->clock_unset, m->drift_s);
        return CLOCK_NOT_TOLD;
}

static const char *stack_of(const struct cuff *cuff) {
        if (!cuff->memory.present)
                return "standard";
        return bluez_gatt_has(cuff->gatt, UUID_OMRON_RX1) ? "classic" : "modern";
}

/* Its own session has begun: before, the plan is that of an earlier link. */
static bool is_under_way(const struct cuff *cuff) {
        return cuff->first && cuff->gatt &&
               (cuff->session.state == SESSION_SUBSCRIBING ||
                cuff->session.state == SESSION_COLLECTING);
}

void pairing_first_look(struct cuff *cuff) {
        const struct plan *plan = &cuff->plan;
        struct pairing_first *first = cuff->first;
        const struct omron_model *model;

        if (!is_under_way(cuff))
                return;
        model = plan->setup.has_memory ? plan->memory.facts.model : NULL;
        snprintf(first->model, sizeof first->model, "%s",
                 plan->standard.facts.model[0] ? plan->standard.facts.model : cuff_name(cuff));
        first->stack = stack_of(cuff);
        first->no_memory = !plan->setup.has_memory ||
                           plan->memory.facts.error == MEMORY_UNKNOWN_MODEL ||
                           plan->memory.facts.error == MEMORY_UNPROVED;
        first->clock = look_at_clock(plan);
        if (model) {
                first->model_id = model->id;
                first->users = model->users;
        }
        if (model || (!plan->setup.has_memory && plan->standard.facts.model[0]))
                tell_recognised(cuff);
}

/* --- the end --- */

static void tell_read(struct cuff *cuff) {
        char text[128];

        if (cuff->new_measurements == 0)
                snprintf(text, sizeof text, "The cuff was read; it holds no new measurements");
        else
                snprintf(text, sizeof text, "The cuff was read; new measurements: %u",
                         cuff->new_measurements);
        tell(cuff, "read", text);
}

static void tell_finished(struct cuff *cuff, bool good) {
        const struct pairing_first *first = cuff->first;
        struct json j = begin(cuff);

        json_text(&j, j.root, "model", first->stack ? first->model : NULL);
        json_text(&j, j.root, "model_id", first->model_id);
        add_users(&j, first->users);
        if (good)
                json_real(&j, j.root, "new_measurements", cuff->new_measurements);
        else
                json_null(&j, j.root, "new_measurements");
        happened(cuff, "pairing_finished", &j,
                 good ? "The cuff is paired. From now on take measurements as always, near the "
                        "gateway: each arrives by itself some seconds later"
                      : "The cuff is paired, but could not be read yet: press its Bluetooth button "
                        "once, near the gateway, and it is tried again");
}

void pairing_first_end(struct cuff *cuff, const char *why) {
        char text[CUFF_TROUBLE_SIZE + 64];

        if (!cuff->first || cuff->first->ending) /* who hears of it may stop the collector */
                return;
        cuff->first->ending = true;
        tell_recognised(cuff);
        tell_clock(cuff);
        if (why) {
                snprintf(text, sizeof text, "The first reading failed: %s", why);
                tell(cuff, "read_failed", text);
        } else {
                tell_read(cuff);
        }
        tell_finished(cuff, !why);
        pairing_first_free(cuff);
}
