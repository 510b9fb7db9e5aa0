/* FHIR R4: https://hl7.org/fhir/R4/bp.html, heartrate.html, observation-vitalsigns.html. */
#include "cli/history_fhir.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/exit_code.h"
#include "cli/history.h"
#include "cli/tame.h"
#include "core/fnv.h"
#include "mqtt/json.h"
#include "mqtt/message.h"

#define LOINC       "http://loinc.org"
#define UCUM        "http://unitsofmeasure.org"
#define CATEGORIES  "http://terminology.hl7.org/CodeSystem/observation-category"
#define PROFILES    "http://hl7.org/fhir/StructureDefinition/"
#define IDENTIFIERS "urn:cuff2mqtt:measurement"
#define HEX_LOWER   "0123456789abcdef"

struct code {
        const char *loinc, *display;
};

static const struct code pressures = {"85354-9", "Blood pressure panel with all children optional"};
static const struct code systolic = {"8480-6", "Systolic blood pressure"};
static const struct code diastolic = {"8462-4", "Diastolic blood pressure"};
static const struct code mean = {"8478-0", "Mean blood pressure"};
static const struct code heart_rate = {"8867-4", "Heart rate"};

/* --- ids --- */

void history_fhir_uuid(const char *id, enum history_fhir_kind kind,
                       char ret[HISTORY_FHIR_UUID_SIZE]) {
        char digits[MEASUREMENT_ID_SIZE];

        if (strlen(id) == MEASUREMENT_ID_SIZE - 1 && strspn(id, HEX_LOWER) == strlen(id))
                strcpy(digits, id);
        else
                snprintf(digits, sizeof digits, "%016" PRIx64, fnv1a(id, strlen(id)));
        /* 48 bits, the version, 12 bits, the variant, then ours: "cuff2m" */
        snprintf(ret, HISTORY_FHIR_UUID_SIZE, "%.8s-%.4s-8%.3s-8%c%02x-63756666326d", digits,
                 digits + 8, digits + 12, digits[15], kind == HISTORY_FHIR_PULSE ? 2u : 1u);
}

void history_fhir_patient(const char *person, const struct bdaddr *cuff, uint8_t user,
                          char ret[HISTORY_FHIR_ID_SIZE]) {
        char word[MESSAGE_USER_SIZE];

        if (person[0]) {
                snprintf(ret, HISTORY_FHIR_ID_SIZE, "%s", person);
                for (char *c = ret; *c; c++)
                        if (!strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789.-",
                                    *c))
                                *c = '-';
                return;
        }
        bdaddr_to_id(cuff, ret);
        message_user_to_string(user, word);
        strcat(strcat(ret, "-"), word);
}

/* --- parts of an Observation --- */

static void add_coding(struct json *j, cJSON *parent, const char *system, const char *code,
                       const char *display) {
        cJSON *coding = json_object(j, json_array(j, parent, "coding"), NULL);

        json_text(j, coding, "system", system);
        json_text(j, coding, "code", code);
        json_text(j, coding, "display", display);
}

static void add_quantity(struct json *j, cJSON *parent, int value, const char *unit,
                         const char *ucum) {
        cJSON *quantity = json_object(j, parent, "valueQuantity");

        json_real(j, quantity, "value", value);
        json_text(j, quantity, "unit", unit);
        json_text(j, quantity, "system", UCUM);
        json_text(j, quantity, "code", ucum);
}

static void add_component(struct json *j, cJSON *components, const struct code *code, int mmhg) {
        cJSON *component = json_object(j, components, NULL);

        add_coding(j, json_object(j, component, "code"), LOINC, code->loinc, code->display);
        add_quantity(j, component, mmhg, "mmHg", "mm[Hg]");
}

static void add_pressures(struct json *j, cJSON *observation, const struct measurement *m) {
        cJSON *components = json_array(j, observation, "component");

        add_component(j, components, &systolic, m->systolic_mmhg);
        add_component(j, components, &diastolic, m->diastolic_mmhg);
        if (m->mean_mmhg.known)
                add_component(j, components, &mean, m->mean_mmhg.value);
}

/* What whoever reads the values should know, in words. An empty array is not allowed. */
static void add_notes(struct json *j, cJSON *observation, const struct store_measurement *m) {
        const struct measurement *v = &m->measurement;
        const struct {
                bool is_so;
                const char *text;
        } notes[] = {
                {v->irregular_heartbeat.known && v->irregular_heartbeat.yes,
                 "The cuff noticed an irregular heartbeat."},
                {v->body_movement.known && v->body_movement.yes,
                 "The cuff noticed movement while measuring."},
                {v->cuff_fit_ok.known && !v->cuff_fit_ok.yes, "The cuff did not fit well."},
                {v->position_ok.known && !v->position_ok.yes,
                 "The cuff was not held in a good position."},
                {!m->clock_ok, "The cuff's clock was wrong: the time is when the measurement "
                               "arrived."},
        };
        cJSON *array = NULL;

        for (size_t i = 0; i < ELEMENTS(notes); i++) {
                if (!notes[i].is_so)
                        continue;
                if (!array)
                        array = json_array(j, observation, "note");
                json_text(j, json_object(j, array, NULL), "text", notes[i].text);
        }
}

static void add_about(struct json *j, cJSON *o, const struct history_fhir *f) {
        char reference[HISTORY_FHIR_ID_SIZE + sizeof "Patient/"];
        cJSON *category = json_object(j, json_array(j, o, "category"), NULL), *subject;

        add_coding(j, category, CATEGORIES, "vital-signs", "Vital Signs");
        subject = json_object(j, o, "subject");
        snprintf(reference, sizeof reference, "Patient/%s", f->patient);
        json_text(j, subject, "reference", reference);
        json_text_if_any(j, subject, "display", f->patient_name);
        json_text(j, o, "effectiveDateTime", f->measured_at);
        json_text(j, json_object(j, o, "device"), "display", f->cuff_name);
}

char *history_fhir_entry(const struct history_fhir *f, enum history_fhir_kind kind) {
        const struct store_measurement *m = f->measurement;
        bool is_pulse = kind == HISTORY_FHIR_PULSE;
        const struct code *code = is_pulse ? &heart_rate : &pressures;
        struct json j = json_begin(cJSON_CreateObject());
        char uuid[HISTORY_FHIR_UUID_SIZE], url[sizeof "urn:uuid:" + HISTORY_FHIR_UUID_SIZE];
        cJSON *o, *identifier;

        history_fhir_uuid(m->id, kind, uuid);
        snprintf(url, sizeof url, "urn:uuid:%s", uuid);
        json_text(&j, j.root, "fullUrl", url);
        o = json_object(&j, j.root, "resource");
        json_text(&j, o, "resourceType", "Observation");
        json_text(&j, o, "id", uuid);
        json_text(&j, json_array(&j, json_object(&j, o, "meta"), "profile"), NULL,
                  is_pulse ? PROFILES "heartrate" : PROFILES "bp");
        identifier = json_object(&j, json_array(&j, o, "identifier"), NULL);
        json_text(&j, identifier, "system", is_pulse ? IDENTIFIERS ":pulse" : IDENTIFIERS);
        json_text(&j, identifier, "value", m->id);
        json_text(&j, o, "status", "final");
        add_coding(&j, json_object(&j, o, "code"), LOINC, code->loinc, code->display);
        add_about(&j, o, f);
        if (is_pulse)
                add_quantity(&j, o, m->measurement.pulse_bpm.value, "beats/minute", "/min");
        else
                add_pressures(&j, o, &m->measurement);
        add_notes(&j, o, m);
        return json_end(&j);
}

/* --- the Bundle, an entry per line --- */

struct writing {
        struct history *h;
        FILE *out;
        bool begun;
};

static int write_entry(struct writing *w, const struct history_fhir *f,
                       enum history_fhir_kind kind) {
        _cleanup_(freep) char *entry = tame(history_fhir_entry(f, kind));

        if (!entry)
                return -ENOMEM;
        fprintf(w->out, "%s%s", w->begun ? ",\n" : ",\"entry\":[\n", entry);
        w->begun = true;
        return history_written(w->out);
}

static int row(void *owner, const struct store_measurement *m) {
        struct writing *w = owner;
        const struct history_user *u = history_user(w->h, &m->cuff, m->measurement.user);
        char patient[HISTORY_FHIR_ID_SIZE], measured_at[WALL_CLOCK_TEXT_SIZE];
        struct history_fhir f = {
                .measurement = m,
                .measured_at = measured_at,
                .patient = patient,
                .patient_name = u->name[0] ? u->name : u->person,
                .cuff_name = history_cuff_name(w->h, &m->cuff),
        };
        int r;

        wall_clock_format_local(m->measured_at, measured_at);
        history_fhir_patient(u->person, &m->cuff, m->measurement.user, patient);
        r = write_entry(w, &f, HISTORY_FHIR_PRESSURE);
        if (r == 0 && m->measurement.pulse_bpm.known)
                r = write_entry(w, &f, HISTORY_FHIR_PULSE);
        return r;
}

int history_fhir(struct history *h, FILE *out) {
        struct writing w = {.h = h, .out = out};
        int r;

        fputs("{\"resourceType\":\"Bundle\",\"type\":\"collection\"", out);
        r = history_read(h, row, &w);
        fputs(w.begun ? "\n]}\n" : "}\n", out); /* an empty array is not allowed */
        return history_end(h, r);
}
