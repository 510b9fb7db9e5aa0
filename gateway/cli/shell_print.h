/* How the commands that ask the service show what it says: texts out of its messages, times in few
 * letters, and lines that fit. */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include <cjson/cJSON.h>

#define SHELL_TIME_SIZE 17 /* "2026-11-22 18:04" + NUL */

/* The text under this key; "" where there is none, or something else. NULL is taken. */
const char *shell_text(const cJSON *object, const char *key);
const cJSON *shell_object(const cJSON *object, const char *key); /* NULL: not there */
/* A measurement's "user": its number, or "unknown". Returns `ret`. */
#define SHELL_USER_SIZE 16
const char *shell_user(const cJSON *user, char ret[SHELL_USER_SIZE]);

/* "2026-11-22T18:04:31+01:00" as "2026-11-22 18:04". What is no such time: "". Returns `ret`. */
const char *shell_time(const char *iso, char ret[SHELL_TIME_SIZE]);
/* .. of today, as the second time tells it: "18:04"; of another day "2026-11-22". */
const char *shell_time_short(const char *iso, const char *now_iso, char ret[SHELL_TIME_SIZE]);

#define SHELL_COLUMNS_ANY 10000
/* Of a terminal, at least 20; of anything else SHELL_COLUMNS_ANY: one line is one line. */
unsigned shell_columns(FILE *out);
/* A terminal that obeys: something may be drawn again on the same line. */
bool shell_can_draw(FILE *out);

/* `text` behind `first`, in lines of at most `columns`; those that follow are indented so far.
 * Escapes in it are ours: they are colours, "\033[..m". */
void shell_wrap(FILE *out, unsigned columns, unsigned indent, const char *first, const char *text);
/* One JSON value on a line, harmless to a terminal. Takes `value`. */
void shell_print_json(FILE *out, cJSON *value);
