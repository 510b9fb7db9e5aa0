/* Every option there is, one row each. What an option may hold stands here and nowhere else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "app/config.h"

#define OPTION_MAX      80  /* rows at most */
#define OPTION_WHY_SIZE 512 /* longest sentence about a wrong value, with NUL */

enum option_type {                 /* and the field of struct config it fills */
                   OPTION_BOOL,    /* bool */
                   OPTION_INTEGER, /* unsigned */
                   OPTION_SECONDS, /* uint64_t, microseconds */
                   OPTION_WORD,    /* an enum, int */
                   OPTION_TEXT,    /* char *, NULL when empty */
                   OPTION_URLS,    /* char *[CONFIG_URLS_MAX + 1] and the size_t after it */
};

struct option {
        const char *path; /* "mqtt.keep_alive" */
        enum option_type type;
        size_t offset;   /* of its field in struct config */
        double min, max; /* INTEGER, SECONDS: the value; TEXT: bytes, min 0 = may be empty */
        const char *const *words; /* WORD: in the order of the enum, ended by NULL */
        const char *standard;     /* the default as text */
        /* TEXT, URLS: is this non-empty text all right? If not, `why` says what it must be. */
        bool (*check)(const char *text, char *why, size_t size);
        bool is_secret; /* never printed */
        bool runtime;   /* can also be set over MQTT, as long as file and environment do not */
        const char *help;
};

extern const struct option option_table[];
extern const size_t option_count;

const struct option *option_find(const char *path); /* NULL: no such option */
size_t option_index(const struct option *o);
bool option_is_group(const char *path); /* "mqtt": there are options below it */

/* "mqtt.password_file" -> "CUFF2MQTT_MQTT_PASSWORD_FILE" */
void option_environment_name(const struct option *o, char ret[OPTION_WHY_SIZE]);
