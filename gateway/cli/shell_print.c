#include "cli/shell_print.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "cli/history_table.h"
#include "cli/tame.h"

#define COLUMNS_USUAL 80
#define COLUMNS_MIN   20

const char *shell_text(const cJSON *object, const char *key) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

        return text ? text : "";
}

const cJSON *shell_object(const cJSON *object, const char *key) {
        const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, key);

        return cJSON_IsObject(found) ? found : NULL;
}

const char *shell_user(const cJSON *user, char ret[SHELL_USER_SIZE]) {
        if (cJSON_IsNumber(user) && user->valuedouble >= 0 && user->valuedouble < 256)
                snprintf(ret, SHELL_USER_SIZE, "%d", user->valueint);
        else
                snprintf(ret, SHELL_USER_SIZE, "unknown");
        return ret;
}

/* --- times --- */

const char *shell_time(const char *iso, char ret[SHELL_TIME_SIZE]) {
        static const char shape[SHELL_TIME_SIZE] = "dddd-dd-ddTdd:dd";
        size_t i = 0;

        while (shape[i] && (shape[i] == 'd' ? isdigit((unsigned char) iso[i]) : iso[i] == shape[i]))
                i++;
        *ret = '\0';
        if (shape[i])
                return ret;
        snprintf(ret, SHELL_TIME_SIZE, "%.10s %.5s", iso, iso + strlen("2026-11-22T"));
        return ret;
}

const char *shell_time_short(const char *iso, const char *now_iso, char ret[SHELL_TIME_SIZE]) {
        bool today = strncmp(iso, now_iso, strlen("2026-11-22")) == 0;

        shell_time(iso, ret);
        if (today && *ret)
                memmove(ret, ret + strlen("2026-11-22 "), sizeof "18:04");
        else if (*ret)
                ret[strlen("2026-11-22")] = '\0';
        return ret;
}

/* --- lines --- */

unsigned shell_columns(FILE *out) {
        struct winsize size = {0};

        if (!isatty(fileno(out)))
                return SHELL_COLUMNS_ANY;
        if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
                return COLUMNS_USUAL;
        return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
}

bool shell_can_draw(FILE *out) {
        const char *terminal = getenv("TERM");

        return isatty(fileno(out)) && terminal && strcmp(terminal, "dumb") != 0;
}

/* Our own colours take no room. */
static unsigned width_of(const char *text) {
        unsigned width = history_text_width(text);

        while ((text = strchr(text, '\033'))) {
                size_t n = strcspn(text, "m") + 1;

                width -= (unsigned) n;
                text += n;
        }
        return width;
}

/* A word that is longer than a line is cut by the terminal, not by us. */
void shell_wrap(FILE *out, unsigned columns, unsigned indent, const char *first, const char *text) {
        unsigned column = width_of(first);
        bool begun = false;

        fputs(first, out);
        while (*text) {
                size_t n = strcspn(text, " ");
                _cleanup_(freep) char *word = strndup(text, n);
                unsigned width = word ? width_of(word) : 0;

                if (begun && column + 1 + width > columns) {
                        fprintf(out, "\n%*s", (int) indent, "");
                        column = indent;
                } else if (begun) {
                        fputc(' ', out);
                        column++;
                }
                fputs(word ? word : "", out);
                column += width;
                begun = true;
                text += n + (text[n] == ' ');
        }
        fputc('\n', out);
}

void shell_print_json(FILE *out, cJSON *value) {
        _cleanup_(freep) char *text = tame(cJSON_PrintUnformatted(value));

        cJSON_Delete(value);
        if (text)
                fprintf(out, "%s\n", text);
}
