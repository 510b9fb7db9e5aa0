/* One line per event, said once, by program code (app, cli); inner rooms never log.
 * Under systemd: journal with fields. Else: plain text on stderr. Never a pressure, pulse, key or
 * person's name above debug. */
#pragma once

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Who also wants each line that passes the level (bridge/logging). `component` is e.g. "collector";
 * the message begins with the cuff's address if it is about one. What the sink logs never comes
 * back to it. */
typedef void (*log_sink_t)(enum log_level level, const char *component, const char *message,
                           void *userdata);

/* Chooses journal or stderr by JOURNAL_STREAM (systemd.exec(5)). Level info. */
void log_open(void);
void log_set_level(enum log_level level);
enum log_level log_get_level(void);
void log_set_sink(log_sink_t sink, void *userdata);

/* `cuff` is an address or NULL. The message is one line without a final newline. */
void log_write(enum log_level level, const char *component, const char *cuff, const char *format,
               ...) __attribute__((format(printf, 4, 5)));

const char *log_level_to_string(enum log_level level); /* "error" "warning" "info" "debug" */
int log_level_from_string(const char *text);           /* -EINVAL for anything else */

/* A file defines LOG_COMPONENT before including this. */
#define log_error(...)              log_write(LOG_LEVEL_ERROR, LOG_COMPONENT, NULL, __VA_ARGS__)
#define log_warning(...)            log_write(LOG_LEVEL_WARNING, LOG_COMPONENT, NULL, __VA_ARGS__)
#define log_info(...)               log_write(LOG_LEVEL_INFO, LOG_COMPONENT, NULL, __VA_ARGS__)
#define log_debug(...)              log_write(LOG_LEVEL_DEBUG, LOG_COMPONENT, NULL, __VA_ARGS__)
#define log_cuff_error(cuff, ...)   log_write(LOG_LEVEL_ERROR, LOG_COMPONENT, cuff, __VA_ARGS__)
#define log_cuff_warning(cuff, ...) log_write(LOG_LEVEL_WARNING, LOG_COMPONENT, cuff, __VA_ARGS__)
#define log_cuff_info(cuff, ...)    log_write(LOG_LEVEL_INFO, LOG_COMPONENT, cuff, __VA_ARGS__)
#define log_cuff_debug(cuff, ...)   log_write(LOG_LEVEL_DEBUG, LOG_COMPONENT, cuff, __VA_ARGS__)
