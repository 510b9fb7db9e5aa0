#include "cli/watch.h"

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/history_table.h"
#include "cli/shell_print.h"

#define INDENT 2

/* --- one line --- */

struct line {
        FILE *f;
        char *text;
        size_t size;
};

/* It must stay where it is until it is finished: the stream points into it. */
static void begin(struct line *l) {
        *l = (struct line){0};
        l->f = open_memstream(&l->text, &l->size);
}

static void finish(const struct watch_view *v, struct line *l, const char *time) {
        char first[SHELL_TIME_SIZE + INDENT];

        if (!l->f || fclose(l->f) != 0)
                return;
        snprintf(first, sizeof first, "%s  ", time);
        if (l->text[0])
                shell_wrap(v->out, v->columns, INDENT, first, l->text);
        free(l->text);
}

void watch_say(const struct watch_view *v, const char *now, const char *sentence) {
        char time[SHELL_TIME_SIZE];
        struct line l;

        begin(&l);
        if (l.f)
                fputs(sentence, l.f);
        finish(v, &l, shell_time(now, time));
}

/* The name; its id where nobody has named it; "The cuff" where nobody said which. */
static const char *name_of(const struct watch_view *v, const char *id) {
        struct bdaddr address;

        if (bdaddr_from_string(id, &address) < 0)
                return "The cuff";
        for (size_t i = 0; i < v->n_cuffs; i++)
                if (bdaddr_equal(&v->cuffs[i].address, &address) && v->cuffs[i].name[0])
                        return v->cuffs[i].name;
        return id;
}

/* --- measurements --- */

static void put_number(FILE *f, const cJSON *m, const char *key) {
        const cJSON *n = cJSON_GetObjectItemCaseSensitive(m, key);

        if (cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble < 1000)
                fprintf(f, "%d", n->valueint);
        else
                fputc('?', f);
}

static void put_who(FILE *f, const struct watch_view *v, const cJSON *m) {
        const char *name = shell_text(m, "user_name");
        char user[SHELL_USER_SIZE];

        if (name[0])
                fputs(name, f);
        else
                fprintf(f, "user %s",
                        shell_user(cJSON_GetObjectItemCaseSensitive(m, "user"), user));
        if (v->n_cuffs > 1)
                fprintf(f, " of %s", name_of(v, shell_text(m, "device")));
}

static void put_class(FILE *f, const struct watch_view *v, const cJSON *m) {
        const char *word =
                shell_text(shell_object(m, "category"), category_scheme_to_string(v->scheme));
        const char *colour = v->colours ? history_category_colour(v->scheme, word) : "";

        if (!word[0])
                return;
        fprintf(f, ", %s", colour);
        for (; *word; word++)
                fputc(*word == '_' ? ' ' : *word, f);
        fputs(*colour ? "\033[0m" : "", f);
}

static void put_marks(FILE *f, const cJSON *m) {
        static const struct {
                const char *key;
                bool when;
                const char *words;
        } marks[] = {
                {"irregular_heartbeat", true, "irregular heartbeat"},
                {"body_movement", true, "moved while measuring"},
                {"cuff_fit_ok", false, "the cuff did not fit well"},
                {"position_ok", false, "not held in the right position"},
                {"clock_ok", false, "the cuff's clock was wrong"},
                {"backlog", true, "measured earlier"},
        };

        for (size_t i = 0; i < ELEMENTS(marks); i++) {
                const cJSON *value = cJSON_GetObjectItemCaseSensitive(m, marks[i].key);

                if (cJSON_IsBool(value) && cJSON_IsTrue(value) == marks[i].when)
                        fprintf(f, ", %s", marks[i].words);
        }
}

void watch_measurement(const struct watch_view *v, const cJSON *m, const char *now) {
        char time[SHELL_TIME_SIZE];
        struct line l;

        begin(&l);
        if (l.f) {
                put_who(l.f, v, m);
                fputs(": ", l.f);
                put_number(l.f, m, "systolic");
                fputc('/', l.f);
                put_number(l.f, m, "diastolic");
                if (cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(m, "pulse"))) {
                        fputs(", pulse ", l.f);
                        put_number(l.f, m, "pulse");
                }
                put_class(l.f, v, m);
                put_marks(l.f, m);
        }
        if (!*shell_time(shell_text(m, "measured_at"), time))
                shell_time(now, time);
        finish(v, &l, time);
}

/* --- events --- */

static const struct {
        const char *type;
        bool about_cuff;    /* its name stands before the words */
        const char *words;  /* "" none */
        const char *key[2]; /* texts of its data that follow them; NULL none */
} kinds[] = {
        {"device_paired", true, "is paired", {NULL, NULL}},
        {"device_removed", true, "was removed", {NULL, NULL}},
        {"device_renamed", false, "A cuff has another name", {"from", "to"}},
        {"pairing_started", false, "The pairing window is open", {NULL, NULL}},
        {"pairing_progress", false, "", {"text", NULL}},
        {"pairing_failed", false, "Pairing failed", {"cause", "remedy"}},
        {"pairing_stopped", false, "", {"text", NULL}},
        {"pairing_finished", false, "", {"text", NULL}},
        {"sync_started", true, "is connected", {NULL, NULL}},
        {"sync_finished", true, "was read", {NULL, NULL}},
        {"sync_failed", true, "could not be read", {"reason", NULL}},
        {"bond_lost", true, "has lost its bond: pair it again", {NULL, NULL}},
        {"adapter_up", false, "Bluetooth is ready", {NULL, NULL}},
        {"adapter_down", false, "Bluetooth is not ready", {"state", NULL}},
        {"memory_dumped", true, "was described for a report", {"file", NULL}},
        {"measurement_refused", true, "has a measurement that cannot be taken", {"reason", NULL}},
};

static void put_texts(FILE *f, const cJSON *data, const char *const key[2], bool behind) {
        const char *between = behind ? ": " : "";

        for (size_t i = 0; i < 2 && key[i]; i++) {
                const char *text = shell_text(data, key[i]);

                if (text[0]) {
                        fprintf(f, "%s%s", between, text);
                        between = "; ";
                }
        }
}

/* A word that we do not know is said as it is. */
static void put_unknown(FILE *f, const char *type, const cJSON *data) {
        static const char *const keys[2] = {"text", "reason"};

        for (; *type; type++)
                fputc(*type == '_' ? ' ' : *type, f);
        put_texts(f, data, keys, true);
}

static void put_event(FILE *f, const struct watch_view *v, const cJSON *event) {
        const char *type = shell_text(event, "type"), *given;
        const cJSON *data = shell_object(event, "data"), *n;
        size_t i = 0;

        while (i < ELEMENTS(kinds) && strcmp(kinds[i].type, type) != 0)
                i++;
        if (i == ELEMENTS(kinds)) {
                put_unknown(f, type, data);
                return;
        }
        given = shell_text(data, "name"); /* of one that is not in the list yet, or any more */
        if (kinds[i].about_cuff)
                fprintf(f, "%s ", given[0] ? given : name_of(v, shell_text(data, "device")));
        fputs(kinds[i].words, f);
        n = cJSON_GetObjectItemCaseSensitive(data, "new_measurements");
        if (cJSON_IsNumber(n) && n->valuedouble >= 0 && n->valuedouble < 1e6)
                fprintf(f, "; new measurements: %d", n->valueint);
        put_texts(f, data, kinds[i].key, kinds[i].words[0]);
}

void watch_event(const struct watch_view *v, const cJSON *event, const char *now) {
        char time[SHELL_TIME_SIZE];
        struct line l;

        begin(&l);
        if (l.f)
                put_event(l.f, v, event);
        finish(v, &l, shell_time(now, time));
}
