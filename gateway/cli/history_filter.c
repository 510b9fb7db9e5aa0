/* Which measurements are meant. What is not known is refused with what there is. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "app/wall_clock.h"
#include "cli/exit_code.h"
#include "cli/history.h"

#define EARLIEST INT64_MIN
#define LATEST   INT64_MAX
#define NO_TIME  " is no time; it looks like 2026-11-22 or 2026-11-22T18:04"

static int refuse(const struct history *h, const char *before, const char *word,
                  const char *after) {
        return command_refuse_word(h->command, before, word, after);
}

/* --- who there is that the list of cuffs does not have: those of cuffs that were removed --- */

static int meet(void *owner, const struct store_measurement *m) {
        struct history *h = owner;

        history_user(h, &m->cuff, m->measurement.user);
        if (history_has_cuff(h, &m->cuff))
                return 0;
        return history_add_cuff(h, &(struct store_cuff){.address = m->cuff});
}

static int meet_all(struct history *h) {
        struct history_selection wanted = h->selection;
        int r;

        h->selection = (struct history_selection){
                .filter = {.user = STORE_HISTORY_ANY_USER, .from_s = EARLIEST, .to_s = LATEST}};
        r = history_read(h, meet, h);
        h->selection = wanted;
        return r;
}

/* --- the cuff --- */

static int select_cuff(struct history *h) {
        const char *word = h->arguments->cuff;
        size_t n, at = 0;
        int r;

        if (!word)
                return EXIT_CODE_OK;
        n = cuff_word_find(word, h->cuffs, h->n_cuffs, &at);
        if (n == 0) {
                r = meet_all(h);
                if (r < 0)
                        return history_fail(h, r);
                n = cuff_word_find(word, h->cuffs, h->n_cuffs, &at);
        }
        if (n != 1)
                return cuff_word_refuse(h->command, word, n, h->cuffs, h->n_cuffs);
        h->selection.cuff = h->cuffs[at].address;
        h->selection.filter.cuff = &h->selection.cuff;
        return EXIT_CODE_OK;
}

/* --- the user --- */

static bool is_candidate(const struct history *h, const struct history_user *u) {
        return history_person(u)[0] &&
               (!h->selection.filter.cuff || bdaddr_equal(h->selection.filter.cuff, &u->cuff));
}

static enum cuff_word_match match_user(const char *word, const struct history_user *u) {
        enum cuff_word_match as_name = cuff_word_match(word, u->name),
                             as_person = cuff_word_match(word, u->person);

        return as_name > as_person ? as_name : as_person;
}

/* How many people the word means: one, whatever the number of cuffs. */
static size_t find_people(const struct history *h, const char *word, const char **ret) {
        for (enum cuff_word_match wanted = CUFF_WORD_IS; wanted > CUFF_WORD_IS_NOT; wanted--) {
                size_t n = 0;

                for (size_t i = 0; i < h->n_users; i++) {
                        const struct history_user *u = &h->users[i];

                        if (!is_candidate(h, u) || match_user(word, u) != wanted ||
                            (n > 0 && cuff_word_match(*ret, history_person(u)) == CUFF_WORD_IS))
                                continue;
                        *ret = history_person(u);
                        n++;
                }
                if (n > 0)
                        return n;
        }
        return 0;
}

static int refuse_user(const struct history *h, const char *word, size_t matches) {
        if (matches > 0)
                refuse(h, "", word, " can be more than one user");
        else
                refuse(h, "no user is called ", word, ": write a name, a number, or `unknown`");
        if (h->n_users > 0)
                fputs("These are known:\n", stderr);
        for (size_t i = 0; i < h->n_users; i++) {
                const struct history_user *u = &h->users[i];
                struct history_user number = {.user = u->user};

                if (h->selection.filter.cuff && !bdaddr_equal(h->selection.filter.cuff, &u->cuff))
                        continue;
                fprintf(stderr, "  %-7s  ", history_user_label(&number));
                fprintf(stderr, "%s%sof %s\n", history_person(u)[0] ? history_user_label(u) : "",
                        history_person(u)[0] ? ", " : "", history_cuff_name(h, &u->cuff));
        }
        return EXIT_CODE_USAGE;
}

static int select_person(struct history *h) {
        const char *word = h->arguments->user, *who = "";
        size_t n = find_people(h, word, &who);

        if (n == 0) {
                int r = meet_all(h);

                if (r < 0)
                        return history_fail(h, r);
                n = find_people(h, word, &who);
        }
        if (n != 1)
                return refuse_user(h, word, n);
        strcpy(h->selection.who, who);
        return EXIT_CODE_OK;
}

static int select_user(struct history *h) {
        const char *word = h->arguments->user;
        char *end;
        long n;

        if (!word)
                return EXIT_CODE_OK;
        n = strtol(word, &end, 10);
        if (strcasecmp(word, "unknown") == 0)
                h->selection.filter.user = MEASUREMENT_USER_UNKNOWN;
        else if (isdigit((unsigned char) *word) && !*end && n > 0 && n < MEASUREMENT_USER_UNKNOWN)
                h->selection.filter.user = (int) n;
        else
                return select_person(h);
        return EXIT_CODE_OK;
}

/* --- the time --- */

static int select_time(struct history *h) {
        const struct command_arguments *a = h->arguments;
        struct store_history_filter *f = &h->selection.filter;
        struct history_last last = {0};
        int64_t begin, end;

        if (a->from && wall_clock_parse(a->from, &f->from_s, &end) < 0)
                return refuse(h, "--from ", a->from, NO_TIME);
        if (a->to && wall_clock_parse(a->to, &begin, &f->to_s) < 0)
                return refuse(h, "--to ", a->to, NO_TIME);
        if (a->from && a->to && f->from_s >= f->to_s)
                return refuse(h, "--from is after --to ", a->to, ": exchange them");
        if (!a->last)
                return EXIT_CODE_OK;
        if (history_last_parse(a->last, h->now_s, &last) < 0)
                return refuse(h, "--last ", a->last,
                              " is neither a number of measurements (1 or more) nor a time like "
                              "7d, 2w, 6m, "
                              "1y");
        if (last.count == 0 && a->from)
                return refuse(h, "--from and --last ", a->last,
                              " both say where to begin: leave one out");
        h->selection.last = last.count;
        if (last.count == 0)
                f->from_s = last.since_utc;
        return EXIT_CODE_OK;
}

int history_select(struct history *h) {
        int code;

        h->selection = (struct history_selection){
                .filter = {.user = STORE_HISTORY_ANY_USER, .from_s = EARLIEST, .to_s = LATEST}};
        code = select_time(h);
        if (code == EXIT_CODE_OK)
                code = select_cuff(h);
        return code == EXIT_CODE_OK ? select_user(h) : code;
}
