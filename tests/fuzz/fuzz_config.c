/* Any bytes as the configuration file: an answer, never a crash, and a sentence with every refusal.
 * Inputs with @include are left out: they would make the result depend on the machine's files. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "app/config.h"
#include "app/option_value.h"
#include "base/cleanup.h"

#define INPUT_MAX 16384

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets the texts it has half read when it finds a syntax error; once, as the
 * service ends then. Everything else that leaks is ours. */
const char *__lsan_default_suppressions(void) {
        return "leak:strbuf_append\nleak:libconfig_yylex";
}

static void print_all(const struct config *c) {
        _cleanup_(fclosep) FILE *null = fopen("/dev/null", "we");

        for (size_t i = 0; null && i < option_count; i++)
                option_value_print(&option_table[i], c, null);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(freep) char *errors = NULL, *warnings = NULL;
        _cleanup_(closep) int fd = -1;
        struct config config;
        char path[64];
        int r;

        if (size > INPUT_MAX || memmem(data, size, "@include", 8))
                return -1;
        fd = memfd_create("config", MFD_CLOEXEC);
        if (fd < 0 || (size && write(fd, data, size) != (ssize_t) size))
                return -1;
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        r = config_load(path, &config, &errors, &warnings);
        if ((r < 0) != (errors != NULL))
                abort();
        if (r < 0)
                return 0;
        print_all(&config);
        config_done(&config);
        return 0;
}
