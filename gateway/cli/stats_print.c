#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/stats.h"
#include "cli/tame.h"
#include "mqtt/json.h"

#define LABEL 16
#define CELL  14 /* "  " and what is in it */

/* --- for people: a line per fact, a column per window; as many as fit beside each other --- */

struct block {
        FILE *out;
        const struct stats_person *person;
        size_t first, n; /* windows */
};

static const char *pressures(const struct stats_set *s, char *ret, size_t size) {
        if (s->systolic.n == 0)
                snprintf(ret, size, "-");
        else
                snprintf(ret, size, "%" PRIu64 "/%" PRIu64, stats_mean(&s->systolic),
                         stats_mean(&s->diastolic));
        return ret;
}

static const char *range(const struct stats_value *v, char *ret, size_t size) {
        if (v->n == 0)
                snprintf(ret, size, "-");
        else
                snprintf(ret, size, "%d..%d", v->lowest, v->highest);
        return ret;
}

static const char *mean(const struct stats_value *v, char *ret, size_t size) {
        if (v->n == 0)
                snprintf(ret, size, "-");
        else
                snprintf(ret, size, "%" PRIu64, stats_mean(v));
        return ret;
}

enum line {
        LINE_COUNT,
        LINE_PRESSURES,
        LINE_PULSE,
        LINE_SYSTOLIC,
        LINE_DIASTOLIC,
        LINE_PULSE_RANGE,
        LINE_MORNING,
        LINE_EVENING,
        LINE_MAX_,
};

static const char *const labels[LINE_MAX_] = {
        [LINE_COUNT] = "measurements",       [LINE_PRESSURES] = "average mmHg",
        [LINE_PULSE] = "average bpm",        [LINE_SYSTOLIC] = "upper from..to",
        [LINE_DIASTOLIC] = "lower from..to", [LINE_PULSE_RANGE] = "bpm from..to",
        [LINE_MORNING] = "mornings",         [LINE_EVENING] = "evenings",
};

static const char *text_of(const struct stats_sums *s, enum line line, char *ret, size_t size) {
        switch (line) {
        case LINE_COUNT:
                snprintf(ret, size, "%" PRIu64, s->all.systolic.n);
                return ret;
        case LINE_PRESSURES:
                return pressures(&s->all, ret, size);
        case LINE_PULSE:
                return mean(&s->all.pulse, ret, size);
        case LINE_SYSTOLIC:
                return range(&s->all.systolic, ret, size);
        case LINE_DIASTOLIC:
                return range(&s->all.diastolic, ret, size);
        case LINE_PULSE_RANGE:
                return range(&s->all.pulse, ret, size);
        case LINE_MORNING:
                return pressures(&s->at[STATS_MORNING], ret, size);
        default:
                return pressures(&s->at[STATS_EVENING], ret, size);
        }
}

static void print_line(const struct block *b, enum line line) {
        char text[64];

        fprintf(b->out, "%-*s", LABEL, labels[line]);
        for (size_t i = b->first; i < b->first + b->n; i++)
                fprintf(b->out, "%*s", CELL,
                        text_of(&b->person->window[i], line, text, sizeof text));
        fputc('\n', b->out);
}

static void print_head(const struct block *b) {
        char text[32];

        fprintf(b->out, "%-*s", LABEL, "");
        for (size_t i = b->first; i < b->first + b->n; i++) {
                snprintf(text, sizeof text, stats_window_days[i] > 0 ? "%d days" : "all",
                         stats_window_days[i]);
                fprintf(b->out, "%*s", CELL, text);
        }
        fputc('\n', b->out);
}

static void print_category(const struct block *b, size_t category, const char *word) {
        char text[64];

        snprintf(text, sizeof text, "%s", word);
        for (char *c = text; *c; c++)
                *c = *c == '_' ? ' ' : *c;
        fprintf(b->out, "%-*s", LABEL, text);
        for (size_t i = b->first; i < b->first + b->n; i++) {
                const struct stats_sums *s = &b->person->window[i];

                if (s->all.systolic.n > 0)
                        snprintf(text, sizeof text, "%u %%",
                                 stats_percent(s->category[category], s->all.systolic.n));
                else
                        snprintf(text, sizeof text, "-");
                fprintf(b->out, "%*s", CELL, text);
        }
        fputc('\n', b->out);
}

static void print_block(const struct block *b, enum category_scheme scheme) {
        size_t n;
        const char *const *words = category_words(scheme, &n);

        fputc('\n', b->out);
        print_head(b);
        for (enum line line = 0; line < LINE_MAX_; line++)
                print_line(b, line);
        for (size_t i = 0; i < n && i < STATS_CATEGORIES_MAX; i++)
                print_category(b, i, words[i]);
}

/* "Anna", "Anna, all cuffs", "user 1 of Kitchen": what tells this one from the others. */
static void print_who(FILE *out, const struct stats *s, const struct stats_person *p,
                      const struct history_screen *screen) {
        _cleanup_(freep) char *who = NULL;
        const char *label = history_user_label(&p->user);
        bool named = history_person(&p->user)[0];
        unsigned width;

        if (asprintf(&who, "%s%s%s%s", named ? "" : "user ", label, p->several ? "" : " of ",
                     p->several ? "" : history_cuff_name(s->h, &p->user.cuff)) < 0)
                who = NULL;
        width = who ? history_text_width(who) : 0;
        if (who)
                history_print_text(out, who, width < screen->columns ? width : screen->columns,
                                   screen->unicode);
        fputc('\n', out);
}

/* In lines as long as the terminal. */
static void print_clock(FILE *out, uint64_t n, unsigned columns) {
        static const char text[] = "came while the cuff's clock was wrong: counted, but as neither "
                                   "morning nor evening.";
        int used = fprintf(out, "\n%" PRIu64, n) - 1;

        for (const char *word = text; *word;) {
                int length = (int) strcspn(word, " ");
                bool fits = used + 1 + length <= (int) columns;

                fprintf(out, "%c%.*s", fits ? ' ' : '\n', length, word);
                used = fits ? used + 1 + length : length;
                word += length + (word[length] == ' ');
        }
        fputc('\n', out);
}

void stats_print(FILE *out, const struct stats *s, const struct history_screen *screen) {
        size_t fit = screen->columns > LABEL + CELL ? (screen->columns - LABEL) / CELL : 1;

        for (size_t i = 0; i < s->n; i++) {
                const struct stats_person *p = &s->person[i];
                uint64_t without = p->window[STATS_WINDOWS - 1].without_clock;

                if (i > 0)
                        fputc('\n', out);
                print_who(out, s, p, screen);
                for (size_t first = 0; first < STATS_WINDOWS; first += fit) {
                        size_t left = STATS_WINDOWS - first;

                        print_block(&(struct block){out, p, first, fit < left ? fit : left},
                                    s->h->scheme);
                }
                if (without > 0)
                        print_clock(out, without, screen->columns);
        }
        if (s->n == 0)
                fputs("Nothing was measured.\n", out);
}

/* --- for programs --- */

static void add_value(struct json *j, cJSON *parent, const char *key, const struct stats_value *v) {
        cJSON *o;

        if (v->n == 0) {
                json_null(j, parent, key);
                return;
        }
        o = json_object(j, parent, key);
        json_real(j, o, "mean", (double) stats_mean_tenths(v) / 10);
        json_real(j, o, "min", v->lowest);
        json_real(j, o, "max", v->highest);
}

static void add_set(struct json *j, cJSON *o, const struct stats_set *s) {
        json_real(j, o, "count", (double) s->systolic.n);
        add_value(j, o, "systolic", &s->systolic);
        add_value(j, o, "diastolic", &s->diastolic);
        add_value(j, o, "pulse", &s->pulse);
}

static void add_categories(struct json *j, cJSON *window, const struct stats_sums *s,
                           enum category_scheme scheme) {
        cJSON *categories = json_object(j, window, "category");
        size_t n;
        const char *const *words = category_words(scheme, &n);

        for (size_t i = 0; i < n && i < STATS_CATEGORIES_MAX; i++) {
                cJSON *o = json_object(j, categories, words[i]);
                unsigned share = stats_permille(s->category[i], s->all.systolic.n);

                json_real(j, o, "count", (double) s->category[i]);
                if (s->all.systolic.n > 0)
                        json_real(j, o, "share", share / 1000.0);
                else
                        json_null(j, o, "share");
        }
}

static void add_window(struct json *j, cJSON *windows, const struct stats *s,
                       const struct stats_person *p, size_t i) {
        const struct stats_sums *sums = &p->window[i];
        cJSON *o = json_object(j, windows, NULL);
        struct number days = {.known = stats_window_days[i] > 0, .value = stats_window_days[i]};

        json_number(j, o, "days", days);
        add_set(j, o, &sums->all);
        add_set(j, json_object(j, o, "morning"), &sums->at[STATS_MORNING]);
        add_set(j, json_object(j, o, "evening"), &sums->at[STATS_EVENING]);
        json_real(j, o, "without_clock", (double) sums->without_clock);
        add_categories(j, o, sums, s->h->scheme);
}

static void add_person(struct json *j, cJSON *people, const struct stats *s,
                       const struct stats_person *p) {
        cJSON *o = json_object(j, people, NULL), *windows;
        struct number user = {.known = p->user.user != MEASUREMENT_USER_UNKNOWN && !p->several,
                              .value = p->user.user};
        char id[BDADDR_ID_SIZE];

        bdaddr_to_id(&p->user.cuff, id);
        json_text(j, o, "person", p->user.person);
        json_text(j, o, "name", p->user.name);
        json_text(j, o, "device", p->several ? NULL : id);
        json_number(j, o, "user", user);
        windows = json_array(j, o, "windows");
        for (size_t i = 0; i < STATS_WINDOWS; i++)
                add_window(j, windows, s, p, i);
}

int stats_print_json(FILE *out, const struct stats *s) {
        struct json j = json_begin(cJSON_CreateObject());
        _cleanup_(freep) char *text = NULL;
        char until[WALL_CLOCK_TEXT_SIZE];
        cJSON *people;

        wall_clock_format_local(s->until, until);
        json_text(&j, j.root, "until", until);
        json_text(&j, j.root, "scheme", category_scheme_to_string(s->h->scheme));
        people = json_array(&j, j.root, "people");
        for (size_t i = 0; i < s->n; i++)
                add_person(&j, people, s, &s->person[i]);
        text = tame(json_end(&j));
        if (!text)
                return -ENOMEM;
        fprintf(out, "%s\n", text);
        return 0;
}
