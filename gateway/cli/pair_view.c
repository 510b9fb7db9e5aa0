#include "cli/pair_view.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "cli/explain_words.h"
#include "cli/tame.h"
#include "core/date_time.h"
#include "mqtt/json.h"

#define WINDOW_MAX_S 600 /* no window is longer */

void pair_view_init(struct pair_view *v, FILE *out, bool json) {
        const char *term = getenv("TERM");

        *v = (struct pair_view){.out = out, .json = json};
        v->terminal = !json && isatty(fileno(out)) && term && strcmp(term, "dumb") != 0;
        setvbuf(out, NULL, _IOLBF, 0);
}

/* --- lines --- */

static void keep(char *to, size_t size, const char *text) {
        snprintf(to, size, "%s", text);
        tame(to);
}

static void clear_countdown(struct pair_view *v) {
        if (v->waiting)
                fputs("\r\033[K", v->out);
        v->waiting = false;
}

static void line(struct pair_view *v, const char *said) {
        _cleanup_(freep) char *text = v->json ? NULL : tame(strdup(said));

        if (!text)
                return;
        clear_countdown(v);
        explain_wrap(v->out, "- ", 2, text);
        fflush(v->out);
}

void pair_view_say(struct pair_view *v, const char *sentence) {
        line(v, sentence);
}

/* `data` NULL: {}. */
static void print_json(struct pair_view *v, const char *type, cJSON *data) {
        struct json j = json_begin(cJSON_CreateObject());
        _cleanup_(freep) char *text = NULL;

        json_text(&j, j.root, "type", type);
        cJSON_AddItemToObject(j.root, "data", data ? data : cJSON_CreateObject());
        text = tame(json_end(&j));
        if (text)
                fprintf(v->out, "%s\n", text);
        fflush(v->out);
}

void pair_view_tick(struct pair_view *v, int64_t now_s) {
        long long left = (long long) (v->until_s - now_s);

        if (!v->terminal || v->end != PAIR_GOES_ON || v->bonded || v->until_s == 0)
                return;
        if (left < 0 || left > WINDOW_MAX_S) { /* the clock was set meanwhile */
                clear_countdown(v);
                fflush(v->out);
                return;
        }
        fprintf(v->out, "\r\033[K  %lld:%02lld left", left / 60, left % 60);
        fflush(v->out);
        v->waiting = true;
}

/* --- events --- */

static const char *text_of(const cJSON *data, const char *key) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(data, key));

        return text ? text : "";
}

/* "2026-11-23T05:12:00+01:00" in UTC seconds; 0: none. */
static int64_t seconds_of(const char *iso) {
        struct tm tm = {0};
        const char *end = strptime(iso, "%Y-%m-%dT%H:%M:%S%z", &tm);
        const struct date_time t = {
                .year = (uint16_t) (tm.tm_year + 1900),
                .month = (uint8_t) (tm.tm_mon + 1),
                .day = (uint8_t) tm.tm_mday,
                .hour = (uint8_t) tm.tm_hour,
                .minute = (uint8_t) tm.tm_min,
                .second = (uint8_t) tm.tm_sec,
        };

        return end && !*end ? date_time_to_seconds(&t) - tm.tm_gmtoff : 0;
}

static void on_progress(struct pair_view *v, const cJSON *data) {
        int64_t until_s = seconds_of(text_of(data, "until"));

        if (until_s)
                v->until_s = until_s;
        v->bonded = v->bonded || strcmp(text_of(data, "step"), "bonded") == 0;
        if (text_of(data, "text")[0])
                line(v, text_of(data, "text"));
}

static void on_failed(struct pair_view *v, const cJSON *data) {
        const char *cause = text_of(data, "cause");

        v->end = PAIR_FAILED;
        keep(v->code, sizeof v->code, text_of(data, "code"));
        keep(v->device, sizeof v->device, text_of(data, "device"));
        keep(v->cause, sizeof v->cause, cause[0] ? cause : "It failed, and nobody said why");
        keep(v->evidence, sizeof v->evidence, text_of(data, "evidence"));
        keep(v->remedy, sizeof v->remedy, text_of(data, "remedy"));
        keep(v->certainty, sizeof v->certainty, text_of(data, "certainty"));
}

/* After the bond the window closes, and the reading goes on. */
static void on_stopped(struct pair_view *v, const cJSON *data) {
        bool paired = strcmp(text_of(data, "reason"), "paired") == 0;

        if (v->end == PAIR_GOES_ON && !paired && !v->bonded)
                v->end = PAIR_CLOSED;
}

void pair_view_event(struct pair_view *v, const char *type, const char *text) {
        cJSON *data = text ? cJSON_Parse(text) : cJSON_CreateObject();

        if (!data)
                return;
        if (strcmp(type, "pairing_progress") == 0) {
                on_progress(v, data);
        } else if (strcmp(type, "pairing_failed") == 0) {
                on_failed(v, data);
        } else if (strcmp(type, "pairing_stopped") == 0) {
                on_stopped(v, data);
        } else if (strcmp(type, "pairing_finished") == 0) {
                v->end = PAIR_PAIRED;
                line(v, text_of(data, "text"));
        }
        if (v->json)
                print_json(v, type, data);
        else
                cJSON_Delete(data);
}

void pair_view_fail(struct pair_view *v, const char *code, const char *cause, const char *evidence,
                    const char *remedy) {
        v->end = PAIR_FAILED;
        keep(v->code, sizeof v->code, code);
        keep(v->cause, sizeof v->cause, cause);
        keep(v->evidence, sizeof v->evidence, evidence);
        keep(v->remedy, sizeof v->remedy, remedy);
        v->certainty[0] = '\0';
}

static void finish_json(struct pair_view *v, int exit_code) {
        struct json j = json_begin(cJSON_CreateObject());

        json_bool(&j, j.root, "paired",
                  v->end == PAIR_PAIRED || (v->end == PAIR_CLOSED && v->bonded));
        json_text(&j, j.root, "code", v->code);
        json_text(&j, j.root, "certainty", v->certainty);
        json_text(&j, j.root, "cause", v->cause);
        json_text(&j, j.root, "evidence", v->evidence);
        json_text(&j, j.root, "remedy", v->remedy);
        json_real(&j, j.root, "exit_code", exit_code);
        if (j.failed)
                cJSON_Delete(j.root);
        else
                print_json(v, "result", j.root);
}

/* How sure it is stands behind it, where it is not. */
static void print_cause(struct pair_view *v) {
        bool unsure = v->certainty[0] && strcmp(v->certainty, "sure") != 0;
        char text[sizeof v->cause + sizeof v->certainty + sizeof " ()"];

        snprintf(text, sizeof text, "%s%s%s%s", v->cause, unsure ? " (" : "",
                 unsure ? v->certainty : "", unsure ? ")" : "");
        explain_wrap(v->out, "Cause:    ", 10, text);
}

void pair_view_finish(struct pair_view *v, int exit_code) {
        clear_countdown(v);
        if (v->json) {
                finish_json(v, exit_code);
                return;
        }
        if (v->end == PAIR_CLOSED)
                line(v, v->bonded ? "The cuff is paired; its first reading was not waited for"
                                  : "The window is closed; no cuff was paired");
        if (v->end != PAIR_FAILED)
                return;
        print_cause(v);
        explain_wrap(v->out, "Evidence: ", 10, v->evidence);
        explain_wrap(v->out, "Do:       ", 10, v->remedy);
}
