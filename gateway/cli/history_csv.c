/* The measurement of the topics as a line of RFC 4180, each field a column; lines end with LF. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/render.h"
#include "base/cleanup.h"
#include "cli/exit_code.h"
#include "cli/history.h"
#include "cli/history_csv.h"
#include "cli/tame.h"
#include "mqtt/json.h"

/* Of an object within the object: a point between the names. */
static const char *const columns[] = {
        "measured_at",
        "device",
        "user",
        "user_name",
        "systolic",
        "diastolic",
        "pulse",
        "map",
        "map_estimated",
        "pulse_pressure",
        "clock_ok",
        "irregular_heartbeat",
        "atrial_fibrillation",
        "body_movement",
        "cuff_fit_ok",
        "position_ok",
        "irregular_beats",
        "artifacts",
        "truread.count",
        "truread.index",
        "category.acc_aha",
        "category.esc",
        "category.esh",
        "record",
        "received_at",
        "id",
};

void history_csv_head(FILE *out) {
        for (size_t i = 0; i < ELEMENTS(columns); i++)
                fprintf(out, "%s%s", i > 0 ? "," : "", columns[i]);
        fputc('\n', out);
}

/* A text that a spreadsheet would take for a formula gets an apostrophe, which it does not show.
 * Quotes also where some take semicolons and tabs for ends of fields, too. */
void history_csv_text(FILE *out, const char *text) {
        bool formula = *text && strchr("=+-@", *text);

        if (!formula && !text[strcspn(text, ",;\t\"\r\n")] && *text != ' ') {
                fputs(text, out);
                return;
        }
        fputs(formula ? "\"'" : "\"", out);
        for (; *text; text++)
                fputs((char[]){*text, *text == '"' ? '"' : '\0', '\0'}, out);
        fputc('"', out);
}

static cJSON *find(const cJSON *object, const char *path) {
        const char *point = strchr(path, '.');
        char name[32];

        if (!point)
                return cJSON_GetObjectItemCaseSensitive(object, path);
        snprintf(name, sizeof name, "%.*s", (int) (point - path), path);
        return cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(object, name),
                                                point + 1);
}

int history_csv_line(FILE *out, const char *payload) {
        _cleanup_(cJSON_Deletep) cJSON *object = cJSON_Parse(payload);

        if (!object)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTS(columns); i++) {
                cJSON *value = find(object, columns[i]);

                if (i > 0)
                        fputc(',', out);
                if (cJSON_IsBool(value))
                        fputs(cJSON_IsTrue(value) ? "true" : "false", out);
                else if (cJSON_IsNumber(value))
                        fprintf(out, "%.15g", value->valuedouble);
                else if (cJSON_IsString(value))
                        history_csv_text(out, tame(value->valuestring));
        }
        fputc('\n', out);
        return 0;
}

/* --- what is told --- */

struct writing {
        struct history *h;
        FILE *out;
};

static char *payload_of(struct history *h, const struct store_measurement *m) {
        return tame(render_measurement(h->store, m, /* is_event= */ false));
}

static int csv_row(void *owner, const struct store_measurement *m) {
        struct writing *w = owner;
        _cleanup_(freep) char *payload = payload_of(w->h, m);
        int r = payload ? history_csv_line(w->out, payload) : -ENOMEM;

        return r < 0 ? r : history_written(w->out);
}

int history_csv(struct history *h, FILE *out) {
        struct writing w = {.h = h, .out = out};

        history_csv_head(out);
        return history_end(h, history_read(h, csv_row, &w));
}

static int json_row(void *owner, const struct store_measurement *m) {
        struct writing *w = owner;
        _cleanup_(freep) char *payload = payload_of(w->h, m);

        if (!payload)
                return -ENOMEM;
        fprintf(w->out, "%s\n", payload);
        return history_written(w->out);
}

int history_json(struct history *h, FILE *out) {
        struct writing w = {.h = h, .out = out};

        return history_end(h, history_read(h, json_row, &w));
}
