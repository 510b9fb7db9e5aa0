#include "app/config.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "app/config_load.h"
#include "base/nearest.h"
#include "app/option_value.h"
#include "base/cleanup.h"

#define DEFAULT_PATH "/etc/cuff2mqtt/cuff2mqtt.conf"
#define PREFIX       "CUFF2MQTT_"

extern char **environ;

/* --- sentences -----------------------------------------------------------------------------------
 */

void config_load_error(struct config_load *l, const struct option *o, const char *format, ...) {
        const char *origin = l->origin[option_index(o)];
        va_list ap;

        fprintf(l->errors, "%s ", origin ? origin : o->path);
        va_start(ap, format);
        vfprintf(l->errors, format, ap);
        va_end(ap);
        putc('\n', l->errors);
        l->n_errors++;
        l->is_wrong[option_index(o)] = true;
}

void config_load_stray(struct config_load *l, const char *prefix, const char *format, ...) {
        va_list ap;

        fprintf(l->errors, "%s ", prefix);
        va_start(ap, format);
        vfprintf(l->errors, format, ap);
        va_end(ap);
        putc('\n', l->errors);
        l->n_errors++;
}

void config_load_warning(struct config_load *l, const struct option *o, const char *format, ...) {
        const char *origin = l->origin[option_index(o)];
        va_list ap;

        fprintf(l->warnings, "%s ", origin ? origin : o->path);
        va_start(ap, format);
        vfprintf(l->warnings, format, ap);
        va_end(ap);
        putc('\n', l->warnings);
}

void config_load_set(struct config_load *l, const struct option *o, const char *origin,
                     const char *text) {
        char why[OPTION_WHY_SIZE], *copy = strdup(origin);
        int r;

        if (!copy) {
                l->error = -ENOMEM;
                return;
        }
        free(l->origin[option_index(o)]);
        l->origin[option_index(o)] = copy;
        r = option_value_set(o, text, &l->config, why);
        if (r == -EINVAL)
                config_load_error(l, o, "%s", why);
        else if (r < 0)
                l->error = r;
}

/* --- defaults ------------------------------------------------------------------------------------
 */

static void set_defaults(struct config_load *l) {
        for (size_t i = 0; i < option_count; i++) {
                int r = option_value_set_default(&option_table[i], &l->config);

                if (r < 0)
                        l->error = r;
        }
}

/* systemd's, the service's usual one, or the user's own (XDG Base Directory Specification). */
static char *default_state_directory(void) {
        const char *given = getenv("STATE_DIRECTORY"), *state = getenv("XDG_STATE_HOME"),
                   *home = getenv("HOME");
        char *path = NULL;

        if (given && given[0] == '/') /* several are separated by colons */
                return strndup(given, strcspn(given, ":"));
        if (geteuid() == 0 || (!home && !state))
                return strdup("/var/lib/cuff2mqtt");
        if (state && state[0] == '/')
                return asprintf(&path, "%s/cuff2mqtt", state) < 0 ? NULL : path;
        return asprintf(&path, "%s/.local/state/cuff2mqtt", home ? home : "") < 0 ? NULL : path;
}

/* --- environment ---------------------------------------------------------------------------------
 */

static void set_urls(struct config_load *l, const struct option *o, const char *origin,
                     char *text) {
        char *rest = text;

        option_value_clear(o, &l->config);
        for (char *url; (url = strsep(&rest, " ,"));)
                if (url[0])
                        config_load_set(l, o, origin, url);
        if (l->config.mqtt.n_urls == 0 && !l->is_wrong[option_index(o)])
                config_load_stray(l, origin,
                                  "names no broker: write one, as mqtt://localhost:1883");
}

static void read_known_variables(struct config_load *l) {
        char name[OPTION_WHY_SIZE], origin[OPTION_WHY_SIZE + 1];

        for (size_t i = 0; i < option_count; i++) {
                const struct option *o = &option_table[i];
                const char *text;

                option_environment_name(o, name);
                text = getenv(name);
                if (!text || !text[0])
                        continue;
                snprintf(origin, sizeof origin, "%s:", name);
                if (o->type == OPTION_URLS) {
                        _cleanup_(freep) char *copy = strdup(text);

                        if (copy)
                                set_urls(l, o, origin, copy);
                        else
                                l->error = -ENOMEM;
                } else {
                        config_load_set(l, o, origin, text);
                }
        }
}

/* `variable` is "NAME=value" and begins with PREFIX. */
static void check_variable(struct config_load *l, const char *variable) {
        size_t length = strcspn(variable, "=");
        _cleanup_(freep) char *name = strndup(variable, length), *prefix = NULL;
        char known[OPTION_WHY_SIZE];
        struct nearest n;

        if (!name || asprintf(&prefix, "%s:", name) < 0) {
                l->error = -ENOMEM;
                return;
        }
        nearest_init(&n, name);
        for (size_t i = 0; i < option_count; i++) {
                option_environment_name(&option_table[i], known);
                if (strcmp(known, name) == 0)
                        return;
                nearest_offer(&n, known);
        }
        if (nearest_best(&n))
                config_load_stray(l, prefix, "there is no such option; did you mean %s?",
                                  nearest_best(&n));
        else
                config_load_stray(l, prefix,
                                  "there is no such option; `cuff2mqtt help options` lists all");
}

static void read_unknown_variables(struct config_load *l) {
        for (char **v = environ; v && *v; v++) {
                if (strncmp(*v, PREFIX, strlen(PREFIX)) != 0 ||
                    strncmp(*v, PREFIX "SOURCE=", 17) == 0 || strncmp(*v, PREFIX "TEST_", 15) == 0)
                        continue;
                if ((*v)[strcspn(*v, "=")] == '=' && (*v)[strcspn(*v, "=") + 1] == '\0')
                        continue; /* empty is not set */
                check_variable(l, *v);
        }
}

/* --- all together --------------------------------------------------------------------------------
 */

static void finish(struct config_load *l) {
        struct config *c = &l->config;

        if (!c->state_directory && !(c->state_directory = default_state_directory()))
                l->error = -ENOMEM;
        c->has_adapter_address =
                c->adapter && bdaddr_from_string(c->adapter, &c->adapter_address) == 0;
}

static char *text_or_null(char *text) {
        if (text && text[0])
                return text;
        free(text);
        return NULL;
}

int config_load(const char *path, struct config *ret, char **ret_errors, char **ret_warnings) {
        struct config_load l = {.path = path ? path : DEFAULT_PATH};
        char *errors = NULL, *warnings = NULL;
        size_t errors_size, warnings_size;
        int r;

        l.errors = open_memstream(&errors, &errors_size);
        l.warnings = open_memstream(&warnings, &warnings_size);
        if (l.errors && l.warnings) {
                set_defaults(&l);
                config_file_read(&l, l.path, !path);
                read_known_variables(&l);
                read_unknown_variables(&l);
                config_check(&l);
                l.config.log_level_given = l.origin[option_index(option_find("log_level"))];
                finish(&l);
        } else {
                l.error = -ENOMEM;
        }
        fclosep(&l.errors);
        fclosep(&l.warnings);
        for (size_t i = 0; i < OPTION_MAX; i++)
                free(l.origin[i]);
        *ret_errors = text_or_null(errors);
        *ret_warnings = text_or_null(warnings);
        r = l.error ? l.error : !l.n_errors ? 0 : *ret_errors ? -EINVAL : -ENOMEM;
        if (r < 0)
                config_done(&l.config);
        else
                *ret = l.config;
        return r;
}

void config_done(struct config *c) {
        for (size_t i = 0; i < option_count; i++)
                option_value_clear(&option_table[i], c);
}

void config_print(const struct config *c) {
        for (size_t i = 0; i < option_count; i++) {
                printf("%s = ", option_table[i].path);
                option_value_print(&option_table[i], c, stdout);
                putchar('\n');
        }
}

void config_print_options(void) {
        char name[OPTION_WHY_SIZE], may[OPTION_WHY_SIZE];

        for (size_t i = 0; i < option_count; i++) {
                const struct option *o = &option_table[i];

                option_environment_name(o, name);
                option_value_describe(o, may, sizeof may);
                printf("%s = ", o->path);
                option_value_print_default(o, stdout);
                printf("\n        %s\n        %s; %s\n", o->help, may, name);
        }
}
