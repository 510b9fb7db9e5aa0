#include "cli/cuffs.h"

#include <string.h>

#include "base/cleanup.h"
#include "cli/history_table.h"
#include "cli/shell_print.h"

#define GAP_WIDE   2
#define GAP_NARROW 1
#define NAME_MAX   24 /* of what is cut; the others come as they are */
#define NAME_MIN   10
#define USERS_MAX  40
#define LABEL      10

static const char *const heads[CUFFS_COLUMNS] = {"name", "model",     "address", "battery",
                                                 "seen", "last read", "state",   "users"};

/* --- one cuff --- */

static void add_user(char users[CUFFS_CELL_SIZE], const cJSON *user) {
        const char *name = shell_text(user, "name"), *person = shell_text(user, "person");
        size_t n = strlen(users);

        snprintf(users + n, CUFFS_CELL_SIZE - n, "%s%s", n > 0 ? ", " : "",
                 name[0]     ? name
                 : person[0] ? person
                             : user->string);
}

static void put_battery(const cJSON *state, struct cuffs_row *row) {
        const cJSON *battery = cJSON_GetObjectItemCaseSensitive(state, "battery");

        if (cJSON_IsNumber(battery) && battery->valuedouble >= 0 && battery->valuedouble <= 100)
                snprintf(row->cell[CUFFS_BATTERY], CUFFS_CELL_SIZE, "%d %%", battery->valueint);
        row->battery_low = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(state, "battery_low"));
}

static void put_time(const char *iso, const char *now, char cell[CUFFS_CELL_SIZE]) {
        char time[SHELL_TIME_SIZE];

        snprintf(cell, CUFFS_CELL_SIZE, "%s", shell_time_short(iso, now, time));
}

void cuffs_row(const cJSON *cuff, const cJSON *state, const char *now, bool online,
               struct cuffs_row *ret) {
        const cJSON *users = shell_object(cuff, "users");
        const char *last_sync = shell_text(state, "last_sync");
        bool lost = cJSON_IsFalse(cJSON_GetObjectItemCaseSensitive(cuff, "bonded"));

        *ret = (struct cuffs_row){0};
        snprintf(ret->cell[CUFFS_NAME], CUFFS_CELL_SIZE, "%s", shell_text(cuff, "name"));
        snprintf(ret->cell[CUFFS_MODEL], CUFFS_CELL_SIZE, "%s", shell_text(cuff, "model"));
        snprintf(ret->cell[CUFFS_ADDRESS], CUFFS_CELL_SIZE, "%s", shell_text(cuff, "address"));
        put_battery(state, ret);
        put_time(shell_text(state, "last_seen"), now, ret->cell[CUFFS_SEEN]);
        put_time(last_sync[0] ? last_sync : shell_text(cuff, "last_sync"), now,
                 ret->cell[CUFFS_SYNC]);
        if (online)
                snprintf(ret->cell[CUFFS_STATE], CUFFS_CELL_SIZE, "%s",
                         lost ? "not paired" : shell_text(state, "sync_state"));
        for (const cJSON *user = users ? users->child : NULL; user; user = user->next)
                add_user(ret->cell[CUFFS_USERS], user);
        if (online)
                snprintf(ret->trouble, sizeof ret->trouble, "%s", shell_text(state, "sync_error"));
        for (size_t i = 0; i < CUFFS_COLUMNS; i++)
                if (!ret->cell[i][0])
                        strcpy(ret->cell[i], "-");
}

/* --- as a table --- */

struct table {
        FILE *out;
        const struct cuffs_row *rows;
        size_t n;
        unsigned width[CUFFS_COLUMNS], gap;
        bool unicode, colours;
};

static unsigned at_most(enum cuffs_column column) {
        return column == CUFFS_NAME || column == CUFFS_MODEL ? NAME_MAX
               : column == CUFFS_USERS                       ? USERS_MAX
                                                             : CUFFS_CELL_SIZE;
}

static void measure(struct table *t) {
        for (enum cuffs_column c = 0; c < CUFFS_COLUMNS; c++) {
                t->width[c] = (unsigned) strlen(heads[c]);
                for (size_t i = 0; i < t->n; i++) {
                        unsigned w = history_text_width(t->rows[i].cell[c]);

                        w = w < at_most(c) ? w : at_most(c);
                        t->width[c] = t->width[c] < w ? w : t->width[c];
                }
        }
}

static unsigned width_of(const struct table *t, unsigned gap) {
        unsigned sum = gap * (CUFFS_COLUMNS - 1);

        for (enum cuffs_column c = 0; c < CUFFS_COLUMNS; c++)
                sum += t->width[c];
        return sum;
}

/* Rather a name that is cut than no table. */
static void squeeze(struct table *t, unsigned columns) {
        static const enum cuffs_column order[] = {CUFFS_NAME, CUFFS_MODEL, CUFFS_USERS};

        for (size_t i = 0; i < ELEMENTS(order); i++)
                while (width_of(t, t->gap) > columns && t->width[order[i]] > NAME_MIN)
                        t->width[order[i]]--;
}

static const char *colour_of(const struct cuffs_row *row, enum cuffs_column c) {
        if (c == CUFFS_BATTERY && row->battery_low)
                return "\033[33m";
        if (c == CUFFS_STATE && (row->trouble[0] || strcmp(row->cell[c], "not paired") == 0))
                return "\033[31m";
        return "";
}

/* The last one is not padded. */
static void print_cell(const struct table *t, const char *text, enum cuffs_column c,
                       const char *colour) {
        unsigned width = t->width[c], w = history_text_width(text);

        fputs(t->colours ? colour : "", t->out);
        history_print_text(t->out, text, c + 1 < CUFFS_COLUMNS || w > width ? width : w,
                           t->unicode);
        fputs(t->colours && *colour ? "\033[0m" : "", t->out);
        fprintf(t->out, "%*s", c + 1 < CUFFS_COLUMNS ? (int) t->gap : 0, "");
}

static void print_table(const struct table *t) {
        for (enum cuffs_column c = 0; c < CUFFS_COLUMNS; c++)
                print_cell(t, heads[c], c, "");
        fputc('\n', t->out);
        for (size_t i = 0; i < t->n; i++) {
                for (enum cuffs_column c = 0; c < CUFFS_COLUMNS; c++)
                        print_cell(t, t->rows[i].cell[c], c, colour_of(&t->rows[i], c));
                fputc('\n', t->out);
        }
}

/* --- as blocks: a head, and a line for each fact --- */

static void print_block(const struct table *t, const struct cuffs_row *row, unsigned columns) {
        char label[LABEL + 3];
        unsigned w = history_text_width(row->cell[CUFFS_NAME]);

        history_print_text(t->out, row->cell[CUFFS_NAME], w < columns ? w : columns, t->unicode);
        fputc('\n', t->out);
        for (enum cuffs_column c = CUFFS_NAME + 1; c < CUFFS_COLUMNS; c++) {
                _cleanup_(freep) char *text = NULL;
                const char *colour = t->colours ? colour_of(row, c) : "";

                if (asprintf(&text, "%s", row->cell[c]) < 0)
                        continue;
                snprintf(label, sizeof label, "  %-*s", LABEL, heads[c]);
                fputs(colour, t->out);
                shell_wrap(t->out, columns, LABEL + 2, label, text);
                fputs(*colour ? "\033[0m" : "", t->out);
        }
}

static void print_troubles(const struct table *t, unsigned columns) {
        for (size_t i = 0; i < t->n; i++) {
                _cleanup_(freep) char *text = NULL;

                if (!t->rows[i].trouble[0] ||
                    asprintf(&text, "%s: %s", t->rows[i].cell[CUFFS_NAME], t->rows[i].trouble) < 0)
                        continue;
                fputc('\n', t->out);
                shell_wrap(t->out, columns, 0, "", text);
        }
}

void cuffs_print(FILE *out, const struct cuffs_row *rows, size_t n, unsigned columns, bool unicode,
                 bool colours) {
        struct table t = {.out = out, .rows = rows, .n = n, .unicode = unicode, .colours = colours};

        measure(&t);
        t.gap = width_of(&t, GAP_WIDE) <= columns ? GAP_WIDE : GAP_NARROW;
        squeeze(&t, columns);
        if (width_of(&t, t.gap) <= columns)
                print_table(&t);
        else
                for (size_t i = 0; i < n; i++) {
                        fputs(i > 0 ? "\n" : "", out);
                        print_block(&t, &rows[i], columns);
                }
        print_troubles(&t, columns);
}
