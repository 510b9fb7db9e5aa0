#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "cli/history.h"
#include "cli/progress.h"

#define PAGE_ROWS 4096 /* some 1 MB: for each page SQLite looks at the times of all rows */

struct page {
        size_t n;
        struct {
                struct store_measurement m;
                struct store_history_cursor here;
        } row[PAGE_ROWS];
};

typedef int placed_row(void *owner, const struct store_measurement *m,
                       const struct store_history_cursor *here);

static int take(void *owner, const struct store_measurement *m,
                const struct store_history_cursor *here) {
        struct page *p = owner;

        p->row[p->n].m = *m;
        p->row[p->n++].here = *here;
        return 0;
}

static bool is_selected(struct history *h, const struct store_measurement *m) {
        const char *who = h->selection.who;

        if (!who[0])
                return true;
        return cuff_word_match(who,
                               history_person(history_user(h, &m->cuff, m->measurement.user))) ==
               CUFF_WORD_IS;
}

static int tell_page(struct history *h, const struct page *p, placed_row *row, void *owner) {
        struct date_time local;
        int r = 0;

        for (size_t i = 0; i < p->n && r == 0; i++) {
                const struct store_measurement *m = &p->row[i].m;

                if (!is_selected(h, m))
                        continue;
                if (wall_clock_local(m->measured_at, &local) < 0)
                        h->dateless++;
                else
                        r = row(owner, m, &p->row[i].here);
        }
        return r;
}

/* A page is read, and the database let go of, before any of it is told. */
static int read_pages(struct history *h, struct store_history_filter filter, placed_row *row,
                      void *owner) {
        _cleanup_(freep) struct page *p = malloc(sizeof *p);
        struct progress progress;
        uint64_t done = 0;
        int64_t all = 0;
        int r;

        if (!p)
                return -ENOMEM;
        store_measurements_count(h->store, &all);
        progress_init(&progress, "Reading the measurements");
        filter.limit = PAGE_ROWS;
        do {
                p->n = 0;
                r = store_history_read(h->store, &filter, take, p);
                if (r == 0)
                        r = tell_page(h, p, row, owner);
                done += p->n;
                if (p->n > 0)
                        filter.after = p->row[p->n - 1].here;
                if (h->waiting || !isatty(STDOUT_FILENO))
                        progress_show(&progress, done, all > 0 ? (uint64_t) all : 1);
        } while (r == 0 && p->n == PAGE_ROWS);
        progress_done(&progress);
        return r;
}

/* --- the last ones: counted from the end, then told from the first of them on --- */

struct count {
        struct history_selection *selection;
        size_t left;
};

static int count_back(void *owner, const struct store_measurement *m,
                      const struct store_history_cursor *here) {
        struct count *c = owner;

        if (!c->selection->last_told.set)
                c->selection->last_told = *here;
        c->selection->first_told = *here;
        return --c->left == 0;
}

static int find_last(struct history *h) {
        struct count c = {.selection = &h->selection, .left = h->selection.last};
        struct store_history_filter filter = h->selection.filter;
        int r;

        filter.newest_first = true;
        r = read_pages(h, filter, count_back, &c);
        return r < 0 ? r : 0;
}

struct telling {
        const struct history_selection *selection;
        history_row *row;
        void *owner;
};

static bool is_before(const struct store_history_cursor *a, const struct store_history_cursor *b) {
        return a->measured_at < b->measured_at ||
               (a->measured_at == b->measured_at && a->arrival < b->arrival);
}

static int tell(void *owner, const struct store_measurement *m,
                const struct store_history_cursor *here) {
        struct telling *t = owner;
        const struct history_selection *s = t->selection;

        if (s->last > 0 && is_before(here, &s->first_told))
                return 0;
        if (s->last > 0 && is_before(&s->last_told, here)) /* came meanwhile */
                return 0;
        return t->row(t->owner, m);
}

int history_read(struct history *h, history_row *row, void *owner) {
        struct history_selection *s = &h->selection;
        struct telling t = {.selection = s, .row = row, .owner = owner};
        struct store_history_filter filter;
        int r;

        if (s->last > 0 && !s->first_told.set) {
                r = find_last(h);
                if (r < 0 || !s->first_told.set)
                        return r;
        }
        h->dateless = 0;
        filter = s->filter;
        if (s->last > 0)
                filter.from_s = s->first_told.measured_at;
        return read_pages(h, filter, tell, &t);
}
