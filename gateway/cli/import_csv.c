/* The two exports that are lines of fields. omblepy's comes from Python's csv module: commas, CRLF,
 * and quotes where a field needs them. OBPM's is written without quotes, and its last field, the
 * comment, may hold anything. */
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/import_layouts.h"

#define FIELDS_MAX 8

struct line {
        struct import_text field[FIELDS_MAX];
        size_t n; /* may be more than fit */
};

struct reader {
        const char *at, *end;
        unsigned number; /* of the line that was read last */
};

/* The next line without its end. False: there is none. */
static bool next_line(struct reader *r, struct import_text *ret) {
        const char *end;

        if (r->at == r->end)
                return false;
        end = memchr(r->at, '\n', (size_t) (r->end - r->at));
        *ret = (struct import_text){r->at, (size_t) ((end ? end : r->end) - r->at)};
        r->at = end ? end + 1 : r->end;
        r->number++;
        if (ret->n > 0 && ret->at[ret->n - 1] == '\r')
                ret->n--;
        return true;
}

/* "131" without its quotes. No field that counts has one inside: such a one stays as it is, and is
 * refused by whoever reads it. */
static struct import_text unquoted(struct import_text t) {
        if (t.n >= 2 && t.at[0] == '"' && t.at[t.n - 1] == '"')
                return (struct import_text){t.at + 1, t.n - 2};
        return t;
}

static void split(struct import_text t, char separator, struct line *ret) {
        ret->n = 0;
        for (const char *at = t.at, *end = t.at + t.n;; ret->n++) {
                const char *stop = memchr(at, separator, (size_t) (end - at));

                if (ret->n < FIELDS_MAX)
                        ret->field[ret->n] = unquoted(
                                (struct import_text){at, (size_t) ((stop ? stop : end) - at)});
                if (!stop)
                        break;
                at = stop + 1;
        }
        ret->n++;
}

/* Where each column of the file goes; the order is that of omblepy's first record. */
enum column { DATETIME, SYS, DIA, BPM, MOV, IHB, COLUMNS };

static const char *const column_names[COLUMNS] = {
        [DATETIME] = "datetime", [SYS] = "sys", [DIA] = "dia",
        [BPM] = "bpm",           [MOV] = "mov", [IHB] = "ihb",
};

struct header {
        size_t n;               /* columns in the file */
        size_t column[COLUMNS]; /* which one; n: the file has none */
};

static bool take_column(struct import_text name, size_t place, struct header *h) {
        for (size_t c = 0; c < COLUMNS; c++)
                if (import_text_is(name, column_names[c])) {
                        if (h->column[c] != h->n)
                                return false;
                        h->column[c] = place;
                        return true;
                }
        return false;
}

static bool read_header(struct reader *r, struct header *ret) {
        struct import_text text;
        struct line line;

        if (!next_line(r, &text))
                return false;
        split(text, ',', &line);
        if (line.n > COLUMNS)
                return false;
        ret->n = line.n;
        for (size_t c = 0; c < COLUMNS; c++)
                ret->column[c] = line.n;
        for (size_t i = 0; i < line.n; i++)
                if (!take_column(line.field[i], i, ret))
                        return false;
        return ret->column[DATETIME] == 0 && ret->column[SYS] < ret->n &&
               ret->column[DIA] < ret->n && ret->column[BPM] < ret->n;
}

bool import_omblepy_is(const char *text, size_t n) {
        struct reader r = {.at = text, .end = text + n};
        struct header h;

        return read_header(&r, &h);
}

/* Not every cuff has them: no column, or nothing in it. */
static bool read_answer(const struct line *line, size_t place, struct answer *ret) {
        int value;

        if (place >= line->n || line->field[place].n == 0)
                return true;
        if (!import_fields_number(line->field[place], &value) || value > 1)
                return false;
        *ret = (struct answer){.known = true, .yes = value == 1};
        return true;
}

static bool read_pulse(struct import_text t, struct number *ret) {
        if (t.n == 0)
                return true;
        ret->known = import_fields_number(t, &ret->value);
        return ret->known;
}

static const char *read_omblepy(const struct header *h, const struct line *line,
                                struct import_row *ret) {
        struct measurement *m = &ret->measurement;

        if (line->n != h->n)
                return "it has fewer or more fields than the first line";
        m->user = MEASUREMENT_USER_UNKNOWN;
        m->has_time = true;
        if (!import_fields_time(line->field[0], "YYYY-MM-DD hh:mm:ss", &m->taken))
                return IMPORT_WHY_TIME;
        if (!import_fields_number(line->field[h->column[SYS]], &m->systolic_mmhg) ||
            !import_fields_number(line->field[h->column[DIA]], &m->diastolic_mmhg))
                return IMPORT_WHY_PRESSURE;
        if (!read_pulse(line->field[h->column[BPM]], &m->pulse_bpm))
                return IMPORT_WHY_PULSE;
        if (!read_answer(line, h->column[MOV], &m->body_movement) ||
            !read_answer(line, h->column[IHB], &m->irregular_heartbeat))
                return IMPORT_WHY_FLAG;
        return import_fields_check(ret);
}

static void tell(const char *why, const struct reader *r, const struct import_row *row,
                 const struct import_events *events, void *owner) {
        char where[32];

        if (!why)
                why = events->row(owner, row);
        if (!why)
                return;
        snprintf(where, sizeof where, "line %u", r->number);
        events->refused(owner, where, why);
}

int import_omblepy_parse(const char *text, size_t n, const struct import_events *events,
                         void *owner, const char **ret_why) {
        struct reader r = {.at = text, .end = text + n};
        struct import_text t;
        struct header h;

        (void) read_header(&r, &h);
        while (next_line(&r, &t)) {
                struct import_row row = {0};
                struct line line;

                if (t.n == 0)
                        continue;
                split(t, ',', &line);
                tell(read_omblepy(&h, &line, &row), &r, &row, events, owner);
        }
        return 0;
}

/* The last column was "pulse" in its first versions, without a comment behind it. */
static const char *const obpm_headers[] = {
        "user;date;time;sys;dia;bpm;comment",
        "user;date;time;sys;dia;pulse",
};

bool import_obpm_is(const char *text, size_t n) {
        struct reader r = {.at = text, .end = text + n};
        struct import_text t;

        if (!next_line(&r, &t))
                return false;
        for (size_t i = 0; i < ELEMENTS(obpm_headers); i++)
                if (import_text_is(t, obpm_headers[i]))
                        return true;
        return false;
}

static const char *read_obpm(const struct line *line, struct import_row *ret) {
        struct measurement *m = &ret->measurement;
        int user;

        if (line->n < 6)
                return "it has fewer fields than the first line";
        if (!import_fields_number(line->field[0], &user) || user < 1 || user > IMPORT_USER_MAX)
                return IMPORT_WHY_USER;
        m->user = (uint8_t) user;
        m->has_time = ret->whole_minute = true;
        if (!import_fields_time(line->field[1], "DD.MM.YY", &m->taken) ||
            !import_fields_time(line->field[2], "hh:mm", &m->taken))
                return IMPORT_WHY_TIME;
        if (!import_fields_number(line->field[3], &m->systolic_mmhg) ||
            !import_fields_number(line->field[4], &m->diastolic_mmhg))
                return IMPORT_WHY_PRESSURE;
        m->pulse_bpm.known = import_fields_number(line->field[5], &m->pulse_bpm.value);
        if (!m->pulse_bpm.known)
                return IMPORT_WHY_PULSE;
        return import_fields_check(ret);
}

int import_obpm_parse(const char *text, size_t n, const struct import_events *events, void *owner,
                      const char **ret_why) {
        struct reader r = {.at = text, .end = text + n};
        struct import_text t;

        (void) next_line(&r, &t); /* the header */
        while (next_line(&r, &t)) {
                struct import_row row = {0};
                struct line line;

                if (t.n == 0)
                        continue;
                split(t, ';', &line);
                tell(read_obpm(&line, &row), &r, &row, events, owner);
        }
        return 0;
}
