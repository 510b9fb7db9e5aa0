/* The table for people: looked through once for what its columns must hold, then told. */
#include "cli/history_table.h"

#include <string.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/exit_code.h"
#include "cli/history.h"

enum mark { MARK_HEARTBEAT, MARK_MOVEMENT, MARK_FIT, MARK_CLOCK, MARK_MAX_ };

/* Letters in the last column; the clock's stands behind the time. */
static const struct {
        char letter;
        const char *meaning;
} marks[MARK_MAX_] = {
        [MARK_HEARTBEAT] = {'i', "irregular heartbeat"},
        [MARK_MOVEMENT] = {'m', "moved while measuring"},
        [MARK_FIT] = {'f', "the cuff did not fit well"},
        [MARK_CLOCK] = {'?', "the cuff's clock was wrong: this is when the measurement arrived"},
};

struct table {
        struct history *h;
        FILE *out;
        struct history_screen screen;
        struct history_facts facts;
        struct history_layout layout;
        uint64_t n;
        bool seen[MARK_MAX_];
        bool several_cuffs, several_users;
        struct bdaddr first_cuff;
        struct history_user first_user;
};

static bool has_mark(const struct store_measurement *m, enum mark mark) {
        const struct measurement *v = &m->measurement;

        switch (mark) {
        case MARK_HEARTBEAT:
                return v->irregular_heartbeat.known && v->irregular_heartbeat.yes;
        case MARK_MOVEMENT:
                return v->body_movement.known && v->body_movement.yes;
        case MARK_FIT:
                return v->cuff_fit_ok.known && !v->cuff_fit_ok.yes;
        default:
                return !m->clock_ok;
        }
}

static const char *category(const struct table *t, const struct store_measurement *m) {
        return category_of(t->h->scheme, m->measurement.systolic_mmhg,
                           m->measurement.diastolic_mmhg);
}

/* --- the first look --- */

static void widen(unsigned *width, const char *text) {
        unsigned w = history_text_width(text);

        if (*width < w)
                *width = w;
}

/* Two are one if they have the same person; nameless ones the same number: the cuff tells them
 * apart. */
static bool is_same_user(const struct history_user *a, const struct history_user *b) {
        if (history_person(a)[0] || history_person(b)[0])
                return strcmp(history_person(a), history_person(b)) == 0;
        return a->user == b->user;
}

static int look(void *owner, const struct store_measurement *m) {
        struct table *t = owner;
        const struct history_user *u = history_user(t->h, &m->cuff, m->measurement.user);

        if (t->n++ == 0) {
                t->first_cuff = m->cuff;
                t->first_user = *u;
        }
        t->several_cuffs |= !bdaddr_equal(&t->first_cuff, &m->cuff);
        t->several_users |= !is_same_user(&t->first_user, u);
        widen(&t->facts.cuff, history_cuff_name(t->h, &m->cuff));
        widen(&t->facts.user, history_user_label(u));
        widen(&t->facts.category, category(t, m));
        for (enum mark mark = 0; mark < MARK_MAX_; mark++)
                t->seen[mark] |= has_mark(m, mark);
        return 0;
}

static void choose_layout(struct table *t) {
        widen(&t->facts.cuff, "cuff");
        widen(&t->facts.user, "user");
        widen(&t->facts.category, "class");
        for (enum mark mark = 0; mark < MARK_CLOCK; mark++)
                t->facts.marks += t->seen[mark];
        if (!t->several_cuffs)
                t->facts.cuff = 0;
        if (!t->several_users)
                t->facts.user = 0;
        t->layout = history_layout(t->screen.columns, &t->facts);
}

/* --- the lines --- */

static void print_column(const struct table *t, const char *text, unsigned width) {
        if (width == 0)
                return;
        fprintf(t->out, "%*s", (int) t->layout.gap, "");
        history_print_text(t->out, text, width, t->screen.unicode);
}

static void print_head(const struct table *t) {
        const struct history_layout *l = &t->layout;
        char scale[HISTORY_COLUMNS];

        fprintf(t->out, "%-17s", "time");
        print_column(t, "cuff", l->cuff);
        print_column(t, "user", l->user);
        fprintf(t->out, "%*s%7s%*s%3s", (int) l->gap, "", "mmHg", (int) l->gap, "", "bpm");
        snprintf(scale, sizeof scale, "%-*d%d", l->bar > 3 ? (int) l->bar - 3 : 0, HISTORY_BAR_LOW,
                 HISTORY_BAR_HIGH);
        print_column(t, scale, l->bar);
        if (l->category > 0)
                fprintf(t->out, "%*sclass", (int) l->gap, "");
        fputc('\n', t->out);
}

static void print_time(const struct table *t, const struct store_measurement *m) {
        struct date_time local = {0};

        wall_clock_local(m->measured_at, &local); /* one without is never told */
        fprintf(t->out, "%04u-%02u-%02u %02u:%02u%c", local.year, local.month, local.day,
                local.hour, local.minute, m->clock_ok ? ' ' : marks[MARK_CLOCK].letter);
}

static void print_values(const struct table *t, const struct measurement *v) {
        char pressures[32], pulse[16] = "-";

        snprintf(pressures, sizeof pressures, "%3d/%3d", v->systolic_mmhg, v->diastolic_mmhg);
        if (v->pulse_bpm.known)
                snprintf(pulse, sizeof pulse, "%d", v->pulse_bpm.value);
        fprintf(t->out, "%*s%7.7s%*s%3.3s", (int) t->layout.gap, "", pressures, (int) t->layout.gap,
                "", pulse);
}

/* The padding, which only marks need, is not coloured. */
static void print_category(const struct table *t, const struct store_measurement *m, bool marked) {
        const char *word = category(t, m);
        const char *colour = t->screen.colours ? history_category_colour(t->h->scheme, word) : "";

        if (t->layout.category == 0)
                return;
        fprintf(t->out, "%*s%s", (int) t->layout.gap, "", colour);
        for (const char *c = word; *c; c++)
                fputc(*c == '_' ? ' ' : *c, t->out);
        fputs(*colour ? "\033[0m" : "", t->out);
        if (marked)
                fprintf(t->out, "%*s", (int) (t->layout.category - history_text_width(word)), "");
}

static int print_row(void *owner, const struct store_measurement *m) {
        struct table *t = owner;
        const struct history_layout *l = &t->layout;
        const struct history_user *u = history_user(t->h, &m->cuff, m->measurement.user);
        char bar[HISTORY_BAR_SIZE], letters[MARK_MAX_ + 1] = "";
        size_t n = 0;

        for (enum mark mark = 0; mark < MARK_CLOCK; mark++)
                if (has_mark(m, mark))
                        letters[n++] = marks[mark].letter;
        print_time(t, m);
        print_column(t, history_cuff_name(t->h, &m->cuff), l->cuff);
        print_column(t, history_user_label(u), l->user);
        print_values(t, &m->measurement);
        if (l->bar > 0)
                fprintf(t->out, "%*s%s", (int) l->gap, "",
                        history_bar(m->measurement.systolic_mmhg, m->measurement.diastolic_mmhg,
                                    l->bar, t->screen.unicode, bar));
        print_category(t, m, n > 0);
        if (n > 0)
                fprintf(t->out, "%*s%s", (int) l->gap, "", letters);
        fputc('\n', t->out);
        return history_written(t->out);
}

static void print_legend(const struct table *t) {
        bool first = true;

        for (enum mark mark = 0; mark < MARK_MAX_; mark++)
                if (t->seen[mark]) {
                        fprintf(t->out, "%s%c  %s\n", first ? "\n" : "", marks[mark].letter,
                                marks[mark].meaning);
                        first = false;
                }
}

static void print_nothing(const struct table *t) {
        int64_t all = 0;

        store_measurements_count(t->h->store, &all);
        fputs(all == 0 ? "Nothing has been measured yet.\n"
                       : "No measurement is like that; without options all are shown.\n",
              t->out);
}

int history_table(struct history *h, FILE *out) {
        struct table t = {.h = h, .out = out, .screen = history_screen(out)};
        int r;

        h->waiting = true;
        r = history_read(h, look, &t);
        h->waiting = false;
        if (r < 0)
                return history_end(h, r);
        if (t.n == 0) {
                print_nothing(&t);
                return history_end(h, 0);
        }
        choose_layout(&t);
        print_head(&t);
        r = history_read(h, print_row, &t);
        if (r >= 0)
                print_legend(&t);
        return history_end(h, r);
}
