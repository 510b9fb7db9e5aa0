/* Options: one row each (path, type, limits, default, help). Precedence: environment, file,
 * default. The environment's name follows from the path: "mqtt.password_file" ->
 * CUFF2MQTT_MQTT_PASSWORD_FILE. An empty variable counts as not set. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/log.h"
#include "core/bdaddr.h"
#include "core/category.h"
#include "cuff/driver.h"
#include "cuff/session.h"

#define CONFIG_URLS_MAX 8

enum config_wake { CONFIG_WAKE_AUTO_CONNECT, CONFIG_WAKE_DISCOVERY };
enum config_system_clock { CONFIG_CLOCK_AUTO, CONFIG_CLOCK_TRUSTED, CONFIG_CLOCK_UNTRUSTED };

struct config { /* strings are owned; NULL where empty means "none" */
        /* top level */
        char *state_directory; /* "/var/lib/cuff2mqtt"; not root and no STATE_DIRECTORY:
                                * $XDG_STATE_HOME/cuff2mqtt or ~/.local/state/cuff2mqtt */
        char *time_zone;       /* NULL: the system's */
        enum log_level log_level;
        bool log_level_given; /* in the file or the environment: what MQTT says does not count */
        char *adapter;        /* address; NULL: the first */
        bool has_adapter_address;
        struct bdaddr adapter_address;
        enum config_system_clock system_clock;
        struct { /* bluetooth.* */
                bool power_on;
                enum config_wake wake;
                bool set_clock; /* set the cuff's clock when it is wrong */
        } bluetooth;
        struct { /* mqtt.* */
                /* NULL-terminated; in the file a string or a list, in the environment separated by
                 * spaces or commas */
                char *url[CONFIG_URLS_MAX + 1];
                size_t n_urls;
                int version;                           /* enum mqtt_version */
                char *client_id;                       /* NULL: the instance id */
                char *user, *password, *password_file; /* password: also read from password_file;
                                                        * with a user and neither, from systemd's
                                                        * credential mqtt-password or the file
                                                        * `password` beside the configuration */
                char *ca_file, *certificate_file, *key_file;
                char *base_topic;
                bool history; /* the request `history` is answered */
                unsigned keep_alive_s;
                uint64_t backoff_min_usec, backoff_max_usec;
        } mqtt;
        struct { /* homeassistant.* */
                bool discovery;
                char *discovery_prefix;                              /* "homeassistant" */
                enum category_scheme category;                       /* whose classes it shows */
                uint64_t birth_delay_min_usec, birth_delay_max_usec; /* 1..5 s */
        } homeassistant;
        struct {                    /* omron.*; lists are separated by spaces or commas */
                bool memory;        /* read the memory of OMRON cuffs */
                char *keys;         /* that other programs stored in classic cuffs: 32 hexadecimal
                                     * digits each, or "default" */
                char *no_listening; /* lists of addresses of cuffs: 2A35 is left alone on them, ..
                                     */
                char *set_clock;    /* .. and what may be written into their memory */
                char *clear_unread;
                char *registration;
        } omron;
        struct { /* timing.*: seconds, whole or with a fraction; for tests and odd radios */
                struct session_timing session; /* timing.connecting .. timing.backoff_max */
                struct driver_timing driver;   /* timing.listen .. timing.program */
                uint64_t pairing_window_usec;  /* 120 s, default of the pairing request */
                uint64_t pairing_retry_usec;   /* 5 s */
                uint64_t health_usec;          /* 300 s */
                uint64_t stop_usec; /* 5 s: how long an orderly stop waits for sessions */
                uint64_t wish_usec; /* 120 s: how long what was asked of a sleeping cuff is kept */
                uint64_t tail_usec; /* 5 s: adverts right after a session are its tail */
        } timing;
};

/* Reads `path` (NULL: /etc/cuff2mqtt/cuff2mqtt.conf if it exists, else defaults) and the
 * environment. 0; -EINVAL something in them is wrong; -ENOENT the named file is missing; other
 * errno.
 * `*ret_errors` and `*ret_warnings` are always set: NULL, or text to be freed, one sentence per
 * line, each "file:line: option what is wrong: what to do" or "CUFF2MQTT_X: ..". All errors at
 * once. */
int config_load(const char *path, struct config *ret, char **ret_errors, char **ret_warnings);
void config_done(struct config *c);

/* The options as they are in effect, "path = value", on stdout; secrets as "(set)". */
void config_print(const struct config *c);
/* The table: default, help, limits and environment name of every option, on stdout. */
void config_print_options(void);
