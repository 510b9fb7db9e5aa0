#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

#include "cli/history_table.h"

#define COLUMNS_FEW 60 /* below: columns stand closer */
#define COLUMNS_MIN 20
#define TIME        17 /* "2026-11-22 18:04", and a mark */
#define PRESSURES   7
#define PULSE       3
#define NAME_MIN    6
#define NAME_MAX    14
#define BAR_MIN     8

/* --- the terminal --- */

static unsigned columns_of(FILE *out) {
        struct winsize size = {0};

        if (ioctl(fileno(out), TIOCGWINSZ, &size) < 0 || size.ws_col == 0 ||
            size.ws_col > HISTORY_COLUMNS)
                return HISTORY_COLUMNS;
        return size.ws_col < COLUMNS_MIN ? COLUMNS_MIN : size.ws_col;
}

struct history_screen history_screen(FILE *out) {
        const char *no = getenv("NO_COLOR"), *terminal = getenv("TERM");

        setlocale(LC_CTYPE, "");
        return (struct history_screen){
                .columns = columns_of(out),
                .colours = isatty(fileno(out)) && !(no && no[0]) &&
                           !(terminal && strcmp(terminal, "dumb") == 0),
                .unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
        };
}

/* --- what fits --- */

unsigned history_layout_width(const struct history_layout *l) {
        const unsigned optional[] = {l->cuff, l->user, l->bar, l->category, l->marks};
        unsigned width = TIME + l->gap + PRESSURES + l->gap + PULSE;

        for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
                width += optional[i] > 0 ? l->gap + optional[i] : 0;
        return width;
}

/* Gives a column up to `wanted`, if at least `least` of it fit. */
static void give(struct history_layout *l, unsigned *column, unsigned columns, unsigned least,
                 unsigned wanted) {
        unsigned used = history_layout_width(l) + l->gap;
        unsigned room = used < columns ? columns - used : 0;

        if (wanted > 0 && room >= (least < wanted ? least : wanted))
                *column = room < wanted ? room : wanted;
}

static unsigned least_of(unsigned a, unsigned b) {
        return a < b ? a : b;
}

struct history_layout history_layout(unsigned columns, const struct history_facts *f) {
        struct history_layout l = {.gap = columns < COLUMNS_FEW ? 1 : 2};

        give(&l, &l.marks, columns, f->marks, f->marks);
        give(&l, &l.user, columns, NAME_MIN, least_of(f->user, NAME_MAX));
        give(&l, &l.category, columns, f->category, f->category);
        give(&l, &l.cuff, columns, NAME_MIN, least_of(f->cuff, NAME_MAX));
        give(&l, &l.bar, columns, BAR_MIN, HISTORY_BAR_MAX);
        return l;
}

/* --- the bar --- */

/* In half columns from the left. */
static int place(int mmhg, unsigned width) {
        int halves = (int) width * 2, range = HISTORY_BAR_HIGH - HISTORY_BAR_LOW;

        if (mmhg <= HISTORY_BAR_LOW)
                return 0;
        if (mmhg >= HISTORY_BAR_HIGH)
                return halves;
        return ((mmhg - HISTORY_BAR_LOW) * halves + range / 2) / range;
}

const char *history_bar(int systolic_mmhg, int diastolic_mmhg, unsigned width, bool unicode,
                        char ret[HISTORY_BAR_SIZE]) {
        static const char *const blocks[] = {" ", "\u258C", "\u2590", "\u2588"}; /* left, right */
        static const char *const ascii[] = {".", "=", "=", "="};
        int from = place(diastolic_mmhg, width), to = place(systolic_mmhg, width);
        char *at = ret;

        if (to <= from) { /* never nothing */
                from = from > 0 ? from - 1 : 0;
                to = from + 1;
        }
        for (int left = 0; left < (int) width * 2; left += 2) {
                unsigned halves = (left >= from && left < to ? 1u : 0u) |
                                  (left + 1 >= from && left + 1 < to ? 2u : 0u);

                at = stpcpy(at, (unicode ? blocks : ascii)[halves]);
        }
        *at = '\0';
        return ret;
}

/* --- texts --- */

/* Bytes and columns of the first character. What is none in this locale is a "?". */
static size_t next_character(const char *text, mbstate_t *state, unsigned *ret_width) {
        wchar_t c;
        size_t n = mbrtowc(&c, text, strlen(text), state);
        int width;

        *ret_width = 1;
        if (n == (size_t) -1 || n == (size_t) -2) {
                *state = (mbstate_t){0};
                return 1;
        }
        width = wcwidth(c);
        if (width >= 0)
                *ret_width = (unsigned) width;
        return n;
}

unsigned history_text_width(const char *text) {
        mbstate_t state = {0};
        unsigned sum = 0, width;

        for (; *text; sum += width)
                text += next_character(text, &state, &width);
        return sum;
}

void history_print_text(FILE *out, const char *text, unsigned width, bool unicode) {
        bool cut = history_text_width(text) > width;
        unsigned left = cut ? width - 1 : width, w;
        mbstate_t state = {0};

        while (*text) {
                size_t n = next_character(text, &state, &w);

                if (w > left)
                        break;
                if (unicode || (n == 1 && (unsigned char) *text < 0x80))
                        fwrite(text, 1, n, out);
                else
                        fprintf(out, "%.*s", (int) w, "??");
                text += n;
                left -= w;
        }
        if (cut)
                fputs(unicode ? "\u2026" : "~", out);
        fprintf(out, "%*s", (int) left, "");
}

/* --- colours --- */

const char *history_category_colour(enum category_scheme scheme, const char *word) {
        size_t n, i = 0;
        const char *const *words = category_words(scheme, &n);

        while (i < n && strcmp(words[i], word) != 0)
                i++;
        if (i == n)
                return "";
        /* of six classes: two green, one yellow, three red */
        return i * 4 < n - 1 ? "\033[32m" : i * 5 < 3 * (n - 1) ? "\033[33m" : "\033[31m";
}
