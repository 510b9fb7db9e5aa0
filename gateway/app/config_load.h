/* One loading in progress: what config.c, config_file.c and config_check.c hand to each other. */
#pragma once

#include <stdarg.h>
#include <stdio.h>

#include "app/option_table.h"

struct config_load {
        struct config config;
        const char *path;        /* of the file, also if there is none */
        FILE *errors, *warnings; /* one line each */
        unsigned n_errors;
        int error; /* -ENOMEM, -ENOENT ..: stronger than -EINVAL */
        /* Who set each option, as a sentence about it begins: "FILE:3: mqtt.url" or
         * "CUFF2MQTT_MQTT_URL:". NULL: nobody, it has its default. */
        char *origin[OPTION_MAX];
        bool is_wrong[OPTION_MAX]; /* an error about it was said already */
};

/* "ORIGIN rest of the sentence" */
void config_load_error(struct config_load *l, const struct option *o, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
/* "PREFIX sentence", about no option that exists. */
void config_load_stray(struct config_load *l, const char *prefix, const char *format, ...)
        __attribute__((format(printf, 3, 4)));
void config_load_warning(struct config_load *l, const struct option *o, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* Text into the option, noting the origin (copied). URLS: appended. */
void config_load_set(struct config_load *l, const struct option *o, const char *origin,
                     const char *text);

/* config_file.c: all of the file. `is_default`: it need not exist. */
void config_file_read(struct config_load *l, const char *path, bool is_default);
/* config_check.c: what several options together must hold; reads the password file. */
void config_check(struct config_load *l);
