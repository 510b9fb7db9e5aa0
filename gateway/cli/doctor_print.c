#include "cli/doctor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/explain_words.h"
#include "mqtt/json.h"

#define STATUS_WIDTH 7  /* "problem", "warning", "skipped" */
#define TITLE_WIDTH  18 /* "JustWorksRepairing" */
#define TITLE_COLUMN (2 + STATUS_WIDTH + 2)
#define INDENT       (TITLE_COLUMN + TITLE_WIDTH + 2)

static const struct {
        const char *name, *colour;
} statuses[] = {
        [DOCTOR_NOT_LOOKED] = {"?", ""},
        [DOCTOR_OK] = {"ok", "\033[32m"},
        [DOCTOR_WARNING] = {"warning", "\033[33m"},
        [DOCTOR_PROBLEM] = {"problem", "\033[31m"},
        [DOCTOR_SKIPPED] = {"skipped", "\033[2m"},
};

const char *doctor_status_to_string(enum doctor_status status) {
        return statuses[status].name;
}

static const char *text_of(const struct doctor_finding *f) {
        return f->text ? f->text : "";
}

/* --- for people --- */

/* The first line wraps as if it had no colours; they are put around the status afterwards. A
 * remedy of several checks in a row is said once. */
static void print_check(FILE *f, const struct doctor_row *row, const struct doctor_finding *found,
                        const char *said, bool colours) {
        const char *status = doctor_status_to_string(found->status);
        char first[INDENT + 1];
        _cleanup_(freep) char *lines = NULL;
        size_t size;
        FILE *memory = open_memstream(&lines, &size);

        if (!memory)
                return;
        snprintf(first, sizeof first, "  %-*s  %-*s  ", STATUS_WIDTH, status, TITLE_WIDTH,
                 row->title);
        explain_wrap(memory, first, INDENT, text_of(found));
        if (found->remedy && !(said && strcmp(said, found->remedy) == 0)) {
                snprintf(first, sizeof first, "%*sDo: ", TITLE_COLUMN, "");
                explain_wrap(memory, first, strlen(first), found->remedy);
        }
        fclose(memory);
        if (colours)
                fprintf(f, "  %s%s\033[0m%s", statuses[found->status].colour, status,
                        lines + 2 + strlen(status));
        else
                fputs(lines, f);
}

static const char *plural(unsigned n) {
        return n == 1 ? "" : "s";
}

void doctor_print(FILE *f, const struct doctor *d, bool colours) {
        unsigned problems = doctor_count(d, DOCTOR_PROBLEM),
                 warnings = doctor_count(d, DOCTOR_WARNING);
        const char *section = "";

        for (size_t i = 0; i < DOCTOR_CHECK_MAX_; i++) {
                const struct doctor_row *row = &doctor_checks[i];

                if (strcmp(row->section, section) != 0)
                        fprintf(f, "%s%s\n", i > 0 ? "\n" : "", row->section);
                section = row->section;
                print_check(f, row, &d->finding[i], i > 0 ? d->finding[i - 1].remedy : NULL,
                            colours);
        }
        fprintf(f, "\n%u problem%s, %u warning%s.\n", problems, plural(problems), warnings,
                plural(warnings));
}

/* --- for programs --- */

static struct number whole(unsigned n) {
        return (struct number){.known = true, .value = n};
}

int doctor_print_json(FILE *f, const struct doctor *d) {
        struct json j = json_begin(cJSON_CreateObject());
        _cleanup_(freep) char *text = NULL;
        cJSON *checks;

        json_number(&j, j.root, "problems", whole(doctor_count(d, DOCTOR_PROBLEM)));
        json_number(&j, j.root, "warnings", whole(doctor_count(d, DOCTOR_WARNING)));
        checks = json_array(&j, j.root, "checks");
        for (size_t i = 0; i < DOCTOR_CHECK_MAX_; i++) {
                const struct doctor_finding *found = &d->finding[i];
                cJSON *check = json_object(&j, checks, NULL);

                json_text(&j, check, "check", doctor_checks[i].slug);
                json_text(&j, check, "status", doctor_status_to_string(found->status));
                json_text(&j, check, "text", text_of(found));
                json_text(&j, check, "remedy", found->remedy);
        }
        text = json_end(&j);
        if (!text)
                return -ENOMEM;
        fprintf(f, "%s\n", text);
        return 0;
}

/* --- while it waits --- */

static bool can_show(void) {
        const char *terminal = getenv("TERM");

        return isatty(STDERR_FILENO) && !(terminal && strcmp(terminal, "dumb") == 0);
}

void doctor_show_waiting(const struct doctor *d) {
        for (size_t i = 0; can_show() && i < DOCTOR_CHECK_MAX_; i++)
                if (d->finding[i].status == DOCTOR_NOT_LOOKED) {
                        fprintf(stderr, "\r\033[KLooking at %s: %s ..", doctor_checks[i].section,
                                doctor_checks[i].title);
                        return;
                }
}

void doctor_show_done(void) {
        if (can_show())
                fputs("\r\033[K", stderr);
}
