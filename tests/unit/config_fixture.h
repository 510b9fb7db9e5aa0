/* For the tests of the configuration: a directory of its own for each test, and the last result of
 * config_load in it. */
#pragma once

#include <errno.h>
#include <sys/stat.h>

#include "app/config.h"
#include "app/option_table.h"
#include "app/option_value.h"
#include "base/cleanup.h"
#include "check.h"

extern char **environ;

static struct {
        char directory[64];
        struct config config;
        char *errors, *warnings;
        int result;
} now;

static inline void clear_environment(void) {
        for (char **v = environ; *v;) {
                _cleanup_(freep) char *name = strndup(*v, strcspn(*v, "="));

                if (strncmp(name, "CUFF2MQTT_", 10) == 0)
                        unsetenv(name);
                else
                        v++;
        }
        unsetenv("STATE_DIRECTORY");
        unsetenv("CREDENTIALS_DIRECTORY");
}

static inline void begin(void) {
        memset(&now, 0, sizeof now);
        strcpy(now.directory, "/tmp/cuff2mqtt-test-XXXXXX");
        CHECK(mkdtemp(now.directory) != NULL);
        clear_environment();
}

static inline char *path_of(const char *name) {
        char *path = NULL;

        CHECK(asprintf(&path, "%s/%s", now.directory, name) > 0);
        return path;
}

static inline void put(const char *name, const void *bytes, size_t n, unsigned mode) {
        _cleanup_(freep) char *path = path_of(name);
        _cleanup_(fclosep) FILE *f = fopen(path, "we");

        CHECK(f && fwrite(bytes, 1, n, f) == n && fchmod(fileno(f), mode) == 0);
}

/* "$" in the text stands for the test's directory and a slash, "$$" for itself. */
static inline char *expand(const char *text) {
        char *out = NULL;
        size_t size;
        FILE *f = open_memstream(&out, &size);

        for (; *text; text++)
                if (text[0] == '$' && text[1] == '$')
                        putc(*text++, f);
                else if (*text == '$')
                        fprintf(f, "%s/", now.directory);
                else
                        putc(*text, f);
        fclose(f);
        return out;
}

static inline void forget(void) {
        if (now.result == 0)
                config_done(&now.config);
        memset(&now.config, 0, sizeof now.config);
        free(TAKE_PTR(now.errors));
        free(TAKE_PTR(now.warnings));
        now.result = -ECANCELED;
}

static inline int load_file(const char *path) {
        forget();
        now.result = config_load(path, &now.config, &now.errors, &now.warnings);
        return now.result;
}

static inline int load(const char *text) {
        _cleanup_(freep) char *full = expand(text), *path = path_of("c");

        put("c", full, strlen(full), 0640);
        return load_file(path);
}

static inline void end(void) {
        char command[128];

        forget();
        snprintf(command, sizeof command, "rm -rf %s", now.directory);
        CHECK_EQ(system(command), 0);
        clear_environment();
}

/* `text` as the file c has exactly these errors. */
static inline void refuses(const char *text, const char *errors) {
        _cleanup_(freep) char *want = expand(errors);

        CHECK_EQ(load(text), -EINVAL);
        CHECK_STR(now.errors, want);
}

static inline void accepts(const char *text) {
        CHECK_EQ(load(text), 0);
        if (now.errors)
                printf("# %s", now.errors);
        CHECK(!now.errors);
}

static inline char *printed(const struct config *c) {
        char *out = NULL;
        size_t size;
        FILE *f = open_memstream(&out, &size);

        for (size_t i = 0; i < option_count; i++) {
                fprintf(f, "%s = ", option_table[i].path);
                option_value_print(&option_table[i], c, f);
                putc('\n', f);
        }
        fclose(f);
        return out;
}

static inline bool says(const char *text, const char *part) {
        return text && strstr(text, part);
}
