/* docs/categories.md against the program: each scheme's table is made here from what category_of()
 * answers, and must stand on the page, whole, below the scheme's heading. */
#include "check.h"

#include <stdarg.h>

#include "core/category.h"

#define MMHG_MAX   300
#define PAGE_MAX   (1 << 15)
#define TABLE_HEAD "| class | systolic | diastolic |\n|---|---|---|\n"

static char page[PAGE_MAX], table[PAGE_MAX];

static void load(void) {
        const char *source = getenv("CUFF2MQTT_SOURCE");
        char path[4096];
        FILE *f;

        snprintf(path, sizeof path, "%s/docs/categories.md", source ? source : ".");
        f = fopen(path, "re");
        if (!f) {
                printf("FAIL category_page.file: %s cannot be read\n", path);
                exit(1);
        }
        page[fread(page, 1, sizeof page - 1, f)] = '\0';
        fclose(f);
}

static void add(const char *pattern, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *pattern, ...) {
        size_t n = strlen(table);
        va_list arguments;

        va_start(arguments, pattern);
        vsnprintf(table + n, sizeof table - n, pattern, arguments);
        va_end(arguments);
}

/* What one pressure alone makes of a value. */
static const char *alone(enum category_scheme s, bool systolic, int mmhg) {
        return systolic ? category_of(s, mmhg, 0) : category_of(s, 0, mmhg);
}

/* The lowest value that makes class `i` or one above it. */
static int begins(enum category_scheme s, bool systolic, size_t i) {
        size_t n;
        const char *const *words = category_words(s, &n);

        for (int mmhg = 0; mmhg < MMHG_MAX; mmhg++)
                for (size_t k = i; k < n; k++)
                        if (strcmp(alone(s, systolic, mmhg), words[k]) == 0)
                                return mmhg;
        return MMHG_MAX;
}

static void add_range(enum category_scheme s, bool systolic, size_t i, size_t n) {
        int from = begins(s, systolic, i), next = i + 1 < n ? begins(s, systolic, i + 1) : MMHG_MAX;
        bool all_low = from == 0 || from == next; /* this pressure does not make the class */

        if (!systolic)
                add("%s", all_low ? "and " : "or ");
        if (all_low)
                add("below %d", next);
        else if (next == MMHG_MAX)
                add("%d or more", from);
        else
                add("%d to %d", from, next - 1);
}

static void make_table(enum category_scheme s) {
        size_t n;
        const char *const *words = category_words(s, &n);

        table[0] = '\0';
        add("%s", TABLE_HEAD);
        for (size_t i = 0; i < n; i++) {
                add("| `%s` | ", words[i]);
                add_range(s, true, i, n);
                add(" | ");
                add_range(s, false, i, n);
                add(" |\n");
        }
        add("\n");
}

static void each_table_is_what_the_program_does(void) {
        load();
        for (enum category_scheme s = 0; s < CATEGORY_SCHEME_MAX_; s++) {
                char heading[64], *section, *got;

                snprintf(heading, sizeof heading, "\n## `%s`\n", category_scheme_to_string(s));
                section = strstr(page, heading);
                CHECK(section);
                got = section ? strstr(section + 1, TABLE_HEAD) : NULL;
                make_table(s);
                if (got && strncmp(got, table, strlen(table)) == 0)
                        continue;
                check_failed = true;
                printf("# docs/categories.md, %s: the table must be\n%s", heading + 1, table);
        }
}

static void there_are_no_tables_but_those(void) {
        size_t n = 0;

        load();
        for (const char *at = page; (at = strstr(at, "|---")); at = strchr(at, '\n'))
                n++;
        CHECK_EQ(n, CATEGORY_SCHEME_MAX_);
}

/* The words of the example at the top, which a reader tries first. */
static void the_example_is_what_the_program_says(void) {
        char want[256];

        load();
        snprintf(want, sizeof want, "{\"acc_aha\":\"%s\",\"esc\":\"%s\",\"esh\":\"%s\"}",
                 category_of(CATEGORY_ACC_AHA, 131, 84), category_of(CATEGORY_ESC, 131, 84),
                 category_of(CATEGORY_ESH, 131, 84));
        CHECK(strstr(page, want));
}

CHECK_MAIN("unit.category_page", TEST(each_table_is_what_the_program_does),
           TEST(there_are_no_tables_but_those), TEST(the_example_is_what_the_program_says))
