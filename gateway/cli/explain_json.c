#include <errno.h>

#include "cli/explain.h"
#include "mqtt/json.h"

static void add_byte(struct json *j, const char *key, bool known, uint8_t value) {
        json_number(j, j->root, key, (struct number){.known = known, .value = known ? value : 0});
}

static void add_features(struct json *j, const char *key, bool known,
                         const struct smp_features *features) {
        const struct {
                const char *key;
                uint8_t value;
        } fields[] = {
                {"io", features->io},
                {"oob", features->oob},
                {"auth", features->auth},
                {"max_key_size", features->max_key_size},
                {"initiator_keys", features->initiator_keys},
                {"responder_keys", features->responder_keys},
        };
        cJSON *object;

        if (!known) {
                json_null(j, j->root, key);
                return;
        }
        object = json_object(j, j->root, key);
        for (size_t i = 0; i < ELEMENTS(fields); i++)
                json_number(j, object, fields[i].key,
                            (struct number){.known = true, .value = fields[i].value});
}

static void add_cause(struct json *j, cJSON *array, const struct verdict_cause *c) {
        cJSON *object = json_object(j, array, NULL);
        char evidence[2 * VERDICT_EVIDENCE_MAX + 16];

        snprintf(evidence, sizeof evidence, "%s%s%s%s", c->evidence_for,
                 c->evidence_for[0] && c->evidence_against[0] ? " " : "",
                 c->evidence_against[0] ? "Against it: " : "", c->evidence_against);
        json_text(j, object, "cause", pairing_cause_to_string(c->cause));
        json_text(j, object, "evidence", evidence);
        json_text(j, object, "remedy", pairing_cause_remedy(c->cause));
}

int explain_json(FILE *f, const char *before, const struct trace_pairing *p,
                 const struct verdict *v) {
        struct json j = json_begin(cJSON_CreateObject());
        _cleanup_(freep) char *text = NULL;
        cJSON *causes;

        json_text(&j, j.root, "outcome", trace_outcome_to_string(p->outcome));
        json_text(&j, j.root, "failed_by", trace_side_to_string(p->failed_by));
        add_byte(&j, "reason", p->has_reason, p->reason);
        add_byte(&j, "security_request", p->has_security_request, p->security_request);
        add_features(&j, "request", p->has_request, &p->request);
        add_features(&j, "response", p->has_response, &p->response);
        add_byte(&j, "disconnect_reason", p->has_disconnect, p->disconnect_reason);
        causes = json_array(&j, j.root, "causes");
        for (size_t i = 0; i < v->n; i++)
                add_cause(&j, causes, &v->cause[i]);
        text = json_end(&j);
        if (!text)
                return -ENOMEM;
        fprintf(f, "%s%s", before, text);
        return 0;
}
