#include "cli/stats.h"

#include <errno.h>
#include <locale.h>
#include <stdlib.h>

#include "app/wall_clock.h"
#include "cli/exit_code.h"

const int stats_window_days[STATS_WINDOWS] = {7, 30, 90, 0};

static bool is_same(const struct history_user *a, const struct history_user *b) {
        if (history_person(a)[0] || history_person(b)[0])
                return cuff_word_match(history_person(a), history_person(b)) == CUFF_WORD_IS;
        return a->user == b->user && bdaddr_equal(&a->cuff, &b->cuff);
}

static struct stats_person *person_of(struct stats *s, const struct history_user *u) {
        struct stats_person *grown;

        for (size_t i = 0; i < s->n; i++)
                if (is_same(&s->person[i].user, u)) {
                        s->person[i].several |= s->person[i].user.user != u->user ||
                                                !bdaddr_equal(&s->person[i].user.cuff, &u->cuff);
                        return &s->person[i];
                }
        grown = reallocarray(s->person, s->n + 1, sizeof *grown);
        if (!grown)
                return NULL;
        s->person = grown;
        grown[s->n] = (struct stats_person){.user = *u};
        return &grown[s->n++];
}

/* Of the cuff's own time, as it was there and then: a journey or another zone changes nothing. */
static unsigned hour_of(const struct store_measurement *m) {
        struct date_time local = m->measurement.taken;

        if (!m->measurement.has_time)
                wall_clock_local(m->measured_at, &local);
        return local.hour;
}

/* None is behind the end of the windows: they are not read. */
static int row(void *owner, const struct store_measurement *m) {
        struct stats *s = owner;
        struct stats_person *p = person_of(s, history_user(s->h, &m->cuff, m->measurement.user));

        if (!p)
                return -ENOMEM;
        for (size_t i = 0; i < STATS_WINDOWS; i++)
                if (m->measured_at >= s->since[i])
                        stats_sums_add(&p->window[i], &m->measurement, m->clock_ok, hour_of(m),
                                       s->h->scheme);
        return 0;
}

/* Windows end now: what a cuff dates into the future is not in them, unless --to says so. */
static void choose_windows(struct stats *s, struct history *h) {
        s->until = h->arguments->to ? h->selection.filter.to_s : h->now_s + 1;
        h->selection.filter.to_s = s->until;
        for (size_t i = 0; i < STATS_WINDOWS; i++)
                s->since[i] = stats_window_days[i] > 0
                                      ? history_days_before(s->until, stats_window_days[i])
                                      : INT64_MIN;
}

static int show(struct history *h) {
        struct stats s = {.h = h};
        struct history_screen screen = history_screen(stdout);
        int r;

        choose_windows(&s, h);
        h->waiting = true;
        r = history_read(h, row, &s);
        if (r >= 0 && h->arguments->json)
                r = stats_print_json(stdout, &s);
        else if (r >= 0)
                stats_print(stdout, &s, &screen);
        free(s.person);
        return history_end(h, r);
}

static int run(const struct command_arguments *a) {
        struct history h;
        int code;

        setlocale(LC_CTYPE, "");
        code = history_open(&h, "stats", a);
        if (code == EXIT_CODE_OK)
                code = history_select(&h);
        if (code == EXIT_CODE_OK)
                code = show(&h);
        history_done(&h);
        return code;
}

/* clang-format off */
const struct command command_stats = {
        .name = "stats",
        .synopsis = "[OPTION]..",
        .summary = "Averages over 7, 30 and 90 days, by time of day and by class.",
        .help = "\n"
                "  --cuff CUFF    only of this cuff: its name, its id or its address, or how one begins\n"
                "  --user USER    only of this user: 1, 2, .., unknown, a name, or how it begins\n"
                "  --to TIME      as it was then: 2026-11-22 (the end of that day) or 2026-11-22T18:04\n"
                "  --json         one object, for programs\n"
                "  --config FILE  instead of /etc/cuff2mqtt/cuff2mqtt.conf\n"
                "\n"
                "For each person. Morning is 05:00 to 11:59, evening 17:00 to 23:59, by the cuff's clock;\n"
                "where that was wrong a measurement counts, but in neither. The service may run meanwhile;\n"
                "nothing is changed. More in docs/history.md.\n"
                "Exit code 0: done, also if nothing was measured; 64: an option is not understood, or no\n"
                "such cuff or user; 65: the database belongs to a newer cuff2mqtt; 73: it cannot be read.\n",
        .options = (const struct command_option[]){
                COMMAND_OPTION_CONFIG,
                COMMAND_OPTION_JSON,
                COMMAND_OPTION_CUFF,
                COMMAND_OPTION_USER,
                COMMAND_OPTION_TO,
                {0},
        },
        .run = run,
};
/* clang-format on */
