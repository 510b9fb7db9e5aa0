/* `cuff2mqtt history` and `cuff2mqtt stats`: measurements looked up in the database, also while a
 * service runs on it; nothing is written. history_open.c opens it, history_people.c knows cuffs and
 * users by name, history_filter.c takes the options, history_time.c their times, history_read.c
 * tells the measurements; each way to write them has a file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "app/config.h"
#include "cli/command.h"
#include "cli/cuff_word.h"
#include "core/category.h"
#include "core/date_time.h"
#include "store/cuffs.h"
#include "store/history.h"

struct history_user { /* a user of a cuff */
        struct bdaddr cuff;
        uint8_t user;
        char name[STORE_TEXT_SIZE], person[STORE_TEXT_SIZE]; /* as above */
};

struct history_selection {
        struct store_history_filter filter;
        struct bdaddr cuff;        /* what the filter points to */
        char who[STORE_TEXT_SIZE]; /* only of this person, on whatever cuff; "" of all */
        size_t last;               /* only so many, the newest; 0 all */
        struct store_history_cursor first_told, last_told; /* of those, once they are known */
};

struct history {
        const char *command; /* "history", "stats" */
        const struct command_arguments *arguments;
        struct config config;
        struct store *store;
        enum category_scheme scheme;
        int64_t now_s;
        struct cuff_named *cuffs;
        size_t n_cuffs;
        struct history_user *users;
        size_t n_users;
        struct history_selection selection;
        bool waiting;      /* nothing is shown meanwhile: show progress */
        uint64_t dateless; /* left out by the last history_read(): no calendar has their time */
};

/* The configuration, its directory and time zone, the cuffs and the users. An exit code; unless it
 * is EXIT_CODE_OK a sentence with the remedy was said. history_done() in any case. */
int history_open(struct history *h, const char *command, const struct command_arguments *a);
void history_done(struct history *h);
/* Says why reading failed (negative errno); the exit code. A closed pipe is nobody's fault: it says
 * nothing then. */
int history_fail(const struct history *h, int error);
/* 0; -EPIPE nobody reads `out` any more; -EIO it cannot be written. */
int history_written(FILE *out);
/* The end of what was told: EXIT_CODE_OK, or what history_fail() makes of `r`. */
int history_end(const struct history *h, int r);

/* --- history_people.c --- */

/* Those that were removed too. Never NULL; the second is valid until the next call. */
const char *history_cuff_name(const struct history *h, const struct bdaddr *cuff); /* or its id */
const struct history_user *history_user(struct history *h, const struct bdaddr *cuff, uint8_t user);
/* Who it is, whatever the cuff: the person, else the name; "" not known. */
const char *history_person(const struct history_user *u);
/* The name, "1", "unknown". Valid until the next call. */
const char *history_user_label(const struct history_user *u);
int history_add_users(struct history *h, const struct bdaddr *cuff); /* 0; -ENOMEM .. */
int history_add_cuff(struct history *h, const struct store_cuff *cuff);
bool history_has_cuff(const struct history *h, const struct bdaddr *cuff);

/* --- history_filter.c --- */

/* --cuff --user --from --to --last into `h->selection`. An exit code, as above. */
int history_select(struct history *h);

/* --- history_time.c: all of it in the time zone of this process --- */

struct history_last {
        size_t count;      /* so many measurements; 0: */
        int64_t since_utc; /* from then on */
};
/* "5": five measurements; "7d" "2w" "6m" "1y" before `now`. 0; -EINVAL. */
int history_last_parse(const char *text, int64_t now, struct history_last *ret);
/* The same time of day so many days earlier. */
int64_t history_days_before(int64_t utc, int days);

/* --- history_read.c --- */

/* 0 goes on; anything else ends the reading and is what it returns. */
typedef int history_row(void *owner, const struct store_measurement *m);
/* The selected measurements, oldest first, in pages: while a row is told (somebody may look at the
 * page in a pager) nothing is held that the service would wait for. 0; negative errno; what `row`
 * returned. */
int history_read(struct history *h, history_row *row, void *owner);

/* --- the ways to write them: exit codes --- */

int history_table(struct history *h, FILE *out);
int history_json(struct history *h, FILE *out);
int history_csv(struct history *h, FILE *out);
int history_fhir(struct history *h, FILE *out);
int history_omblepy(struct history *h, FILE *out);
