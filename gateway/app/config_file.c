/* The file: libconfig parses it, this walks what it found. */
#include "app/config_load.h"

#include <errno.h>
#include <libconfig.h>
#include <string.h>
#include <sys/stat.h>

#include "base/nearest.h"
#include "app/option_value.h"
#include "base/cleanup.h"

#define FILE_SIZE_MAX (1024 * 1024)
#define NUMBER_SIZE   32

struct reader { /* of one file and what it includes */
        struct config_load *load;
        const char *path;
        char *directory; /* of `path`: where included files are looked for */
};

/* libconfig 1.5 names an included file as the @include line does, 1.7 with the directory before it.
 */
static char *file_name(const struct reader *r, const char *file) {
        char *name = NULL;

        if (!file)
                return strdup(r->path);
        if (strcmp(file, r->path) == 0 || file[0] == '/' || strcmp(r->directory, ".") == 0 ||
            strncmp(file, r->directory, strlen(r->directory)) == 0)
                return strdup(file);
        return asprintf(&name, "%s/%s", r->directory, file) < 0 ? NULL : name;
}

/* "FILE:3: " and then what the sentence is about. */
static char *origin_of(const struct reader *r, const config_setting_t *s, const char *what) {
        _cleanup_(freep) char *file = file_name(r, config_setting_source_file(s));
        char *origin = NULL;

        if (!file ||
            asprintf(&origin, "%s:%u: %s", file, config_setting_source_line(s), what) < 0) {
                r->load->error = -ENOMEM;
                return NULL;
        }
        return origin;
}

/* --- known settings ------------------------------------------------------------------------------
 */

/* The types of libconfig an option accepts, as a mask. */
static unsigned accepted(enum option_type type) {
        const unsigned whole = 1u << CONFIG_TYPE_INT | 1u << CONFIG_TYPE_INT64;

        switch (type) {
        case OPTION_BOOL:
                return 1u << CONFIG_TYPE_BOOL;
        case OPTION_INTEGER:
                return whole;
        case OPTION_SECONDS:
                return whole | 1u << CONFIG_TYPE_FLOAT;
        case OPTION_WORD:
        case OPTION_TEXT:
        case OPTION_URLS:
                return 1u << CONFIG_TYPE_STRING;
        }
        return 0;
}

/* A scalar as text; `buffer` is used for numbers. */
static const char *text_of(const config_setting_t *s, char buffer[NUMBER_SIZE]) {
        switch (config_setting_type(s)) {
        case CONFIG_TYPE_STRING:
                return config_setting_get_string(s);
        case CONFIG_TYPE_BOOL:
                return config_setting_get_bool(s) ? "true" : "false";
        case CONFIG_TYPE_FLOAT:
                snprintf(buffer, NUMBER_SIZE, "%.15g", config_setting_get_float(s));
                return buffer;
        default:
                snprintf(buffer, NUMBER_SIZE, "%lld", config_setting_get_int64(s));
                return buffer;
        }
}

static void set_scalar(const struct reader *r, const struct option *o, const config_setting_t *s) {
        _cleanup_(freep) char *origin = origin_of(r, s, o->path);
        char buffer[NUMBER_SIZE], may[OPTION_WHY_SIZE];

        if (!origin)
                return;
        if (accepted(o->type) & 1u << config_setting_type(s)) {
                config_load_set(r->load, o, origin, text_of(s, buffer));
                return;
        }
        option_value_describe(o, may, sizeof may);
        config_load_stray(r->load, origin, "must be %s", may);
        r->load->is_wrong[option_index(o)] = true;
}

static void set_urls(const struct reader *r, const struct option *o, const config_setting_t *s) {
        option_value_clear(o, &r->load->config);
        if (!config_setting_is_array(s) && !config_setting_is_list(s)) {
                set_scalar(r, o, s);
                return;
        }
        for (int i = 0; i < config_setting_length(s); i++)
                set_scalar(r, o, config_setting_get_elem(s, (unsigned) i));
        if (config_setting_length(s) == 0) {
                _cleanup_(freep) char *origin = origin_of(r, s, o->path);

                if (origin)
                        config_load_stray(r->load, origin, "names no broker: write one, as \"%s\"",
                                          o->standard);
        }
}

/* A password in a file that everybody can read protects little. */
static void warn_of_open_file(const struct reader *r, const struct option *o,
                              const config_setting_t *s) {
        _cleanup_(freep) char *file = file_name(r, config_setting_source_file(s));
        const char *text = config_setting_get_string(s);
        struct stat st;

        if (!file || !text || !text[0] || stat(file, &st) < 0 || !(st.st_mode & S_IROTH))
                return;
        config_load_warning(
                r->load, o,
                "stands in a file that every user of this machine can read: chmod o-r %s", file);
}

static void set_option(const struct reader *r, const struct option *o, const config_setting_t *s) {
        if (o->type == OPTION_URLS)
                set_urls(r, o, s);
        else
                set_scalar(r, o, s);
        if (o->is_secret)
                warn_of_open_file(r, o, s);
}

/* --- unknown settings ----------------------------------------------------------------------------
 */

static const char *last_part(const char *path) {
        const char *dot = strrchr(path, '.');

        return dot ? dot + 1 : path;
}

static void offer_group(struct nearest *n, const char *path) {
        char group[NEAREST_SIZE];

        snprintf(group, sizeof group, "%.*s", (int) strcspn(path, "."), path);
        nearest_offer(n, group);
}

/* The same word in another group, else the most similar one. */
static void find_nearest(struct nearest *n, bool is_group) {
        for (size_t i = 0; i < option_count && !is_group; i++)
                if (strcmp(last_part(option_table[i].path), last_part(n->word)) == 0) {
                        n->distance = 0;
                        snprintf(n->best, sizeof n->best, "%s", option_table[i].path);
                        return;
                }
        for (size_t i = 0; i < option_count; i++)
                if (!is_group)
                        nearest_offer(n, option_table[i].path);
                else if (strchr(option_table[i].path, '.'))
                        offer_group(n, option_table[i].path);
}

static void refuse_unknown(const struct reader *r, const config_setting_t *s, const char *path) {
        _cleanup_(freep) char *origin = origin_of(r, s, path);
        struct nearest n;

        if (!origin)
                return;
        nearest_init(&n, path);
        find_nearest(&n, config_setting_is_group(s));
        if (nearest_best(&n))
                config_load_stray(r->load, origin, "is no option; did you mean %s?",
                                  nearest_best(&n));
        else
                config_load_stray(r->load, origin,
                                  "is no option; `cuff2mqtt help options` lists all");
}

/* --- the walk ------------------------------------------------------------------------------------
 */

static void walk_setting(const struct reader *r, const config_setting_t *s, const char *group);

static void walk(const struct reader *r, const config_setting_t *group, const char *path) {
        for (int i = 0; i < config_setting_length(group); i++)
                walk_setting(r, config_setting_get_elem(group, (unsigned) i), path);
}

static void walk_setting(const struct reader *r, const config_setting_t *s, const char *group) {
        _cleanup_(freep) char *path = NULL;
        const struct option *o;

        if (asprintf(&path, "%s%s%s", group, group[0] ? "." : "", config_setting_name(s)) < 0) {
                r->load->error = -ENOMEM;
                return;
        }
        o = option_find(path);
        if (o) {
                set_option(r, o, s);
        } else if (option_is_group(path) && config_setting_is_group(s)) {
                walk(r, s, path);
        } else if (option_is_group(path)) {
                _cleanup_(freep) char *origin = origin_of(r, s, path);

                if (origin)
                        config_load_stray(r->load, origin,
                                          "must be a group: %s = { name = value; };", path);
        } else {
                refuse_unknown(r, s, path);
        }
}

/* --- reading -------------------------------------------------------------------------------------
 */

static const char *remedy_of(const char *text) {
        if (strstr(text, "duplicate"))
                return "keep one of the two";
        if (strstr(text, "include file"))
                return "names are relative to the directory of the main file";
        if (strstr(text, "mismatched"))
                return "all entries of a list [..] must be of one kind";
        return "here or just before; write name = value; and put texts in double quotes";
}

static void refuse_syntax(const struct reader *r, const config_t *file) {
        const char *text = config_error_text(file) ? config_error_text(file) : "cannot be read";
        _cleanup_(freep) char *name = file_name(r, config_error_file(file)), *prefix = NULL;

        if (!name || asprintf(&prefix, "%s:%d:", name, config_error_line(file)) < 0)
                r->load->error = -ENOMEM;
        else
                config_load_stray(r->load, prefix, "%s: %s", text, remedy_of(text));
}

/* libconfig's scanner ends the whole process when a directory is included: found first. */
static bool includes_directory(const struct reader *r) {
        _cleanup_(fclosep) FILE *f = fopen(r->path, "re");
        _cleanup_(freep) char *line = NULL;
        char name[256], prefix[512];
        size_t size = 0;
        struct stat st;

        for (unsigned n = 1; f && getline(&line, &size, f) >= 0; n++) {
                _cleanup_(freep) char *path = NULL;

                if (sscanf(line, " @include \"%255[^\"]\"", name) != 1 ||
                    asprintf(&path, "%s/%s", r->directory, name) < 0 || stat(path, &st) < 0 ||
                    !S_ISDIR(st.st_mode))
                        continue;
                snprintf(prefix, sizeof prefix, "%s:%u:", r->path, n);
                config_load_stray(r->load, prefix,
                                  "%s is a directory: include the files in it one by one", path);
                return true;
        }
        return false;
}

/* What can be said before libconfig looks at it. */
static bool is_readable(struct config_load *l, const char *path, bool is_default) {
        char prefix[512];
        struct stat st;

        snprintf(prefix, sizeof prefix, "%s:", path);
        if (stat(path, &st) < 0 || access(path, R_OK) < 0) {
                if (errno == ENOENT && is_default)
                        return false;
                l->error = -errno;
                config_load_stray(l, prefix, "cannot be read: %s", strerror(errno));
                return false;
        }
        if (!S_ISREG(st.st_mode)) {
                l->error = -EISDIR;
                config_load_stray(l, prefix, "is not a file");
                return false;
        }
        if (st.st_size > FILE_SIZE_MAX) {
                l->error = -EFBIG;
                config_load_stray(l, prefix,
                                  "is larger than 1 MB: this cannot be the configuration");
                return false;
        }
        return true;
}

void config_file_read(struct config_load *l, const char *path, bool is_default) {
        const char *slash = strrchr(path, '/');
        _cleanup_(freep) char *directory =
                slash ? strndup(path, slash == path ? 1 : (size_t) (slash - path)) : strdup(".");
        struct reader r = {.load = l, .path = path, .directory = directory};
        config_t file;

        if (!directory) {
                l->error = -ENOMEM;
                return;
        }
        if (!is_readable(l, path, is_default) || includes_directory(&r))
                return;
        config_init(&file);
        config_set_include_dir(&file, directory);
        if (config_read_file(&file, path))
                walk(&r, config_root_setting(&file), "");
        else
                refuse_syntax(&r, &file);
        config_destroy(&file);
}
