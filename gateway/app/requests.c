#include "app/requests.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app/cuff.h"

#define TEXT(a, b) .type = REQUEST_STRING, .min = (a), .max = (b)

/* clang-format off */

#define THE_CUFF \
        { .name = "device", TEXT(1, BDADDR_STRING_SIZE - 1), .required = true, .is_bare = true, \
          .help = "the cuff's id or address" }

static const char *const log_levels[] = { "error", "warning", "info", "debug", NULL };

const struct request_schema requests_user = {
        .field = {
                [USER_NAME] = {.name = "name", TEXT(1, STORE_TEXT_SIZE - 1), .nullable = true, .is_name = true,
                               .help = "shown in Home Assistant; null: none"},
                [USER_PERSON] = {.name = "person", TEXT(1, 32), .nullable = true,
                                 .help = "a word of a-z, 0-9 and _ for the person's own topic; null: none"},
        },
        .n = 2,
};
const struct request_schema requests_users = {
        .field = {
                {.name = "1", .type = REQUEST_OBJECT, .members = &requests_user},
                {.name = "2", .type = REQUEST_OBJECT, .members = &requests_user},
                {.name = "3", .type = REQUEST_OBJECT, .members = &requests_user},
                {.name = "4", .type = REQUEST_OBJECT, .members = &requests_user},
                {.name = "unknown", .type = REQUEST_OBJECT, .members = &requests_user},
        },
        .n = 5,
};
const struct request_schema requests_bridge_options = {
        .field = {[OPTIONS_LOG_LEVEL] = {.name = "log_level", .type = REQUEST_STRING, .words = log_levels, .nullable = true,
                                         .help = "null: as if it had never been set here"}},
        .n = 1,
};

const struct request_schema requests_cuff_options = {
        .field = {
                [CUFF_OPTION_SET_CLOCK] = {.name = "set_clock", .type = REQUEST_BOOL, .nullable = true,
                                           .help = "set its clock when it is wrong"},
                [CUFF_OPTION_LISTEN] = {.name = "listen", .type = REQUEST_BOOL, .nullable = true,
                                        .help = "take the measurements that it sends by itself"},
                [CUFF_OPTION_MEMORY] = {.name = "memory", .type = REQUEST_BOOL, .nullable = true,
                                        .help = "read its memory"},
        },
        .n = CUFF_OPTIONS,
};

/* Everything that can be asked. */
const struct bridge_request bridge_requests[] = {
        {"pairing",
         "Opens the pairing window, or closes it. How it goes comes as events with the same transaction.",
         "`active`, `until`: the window's end or null",
         {.field = {[PAIRING_ACTIVE] = {.name = "active", .type = REQUEST_BOOL, .required = true, .is_bare = true,
                                        .help = "true opens the pairing window, false closes it"},
                    [PAIRING_TIMEOUT] = {.name = "timeout", .type = REQUEST_INTEGER, .min = 10, .max = 600,
                                         .help = "how long the window stays open, seconds; otherwise the option timing.pairing_window"},
                    [PAIRING_ADDRESS] = {.name = "address", .type = REQUEST_ADDRESS,
                                         .help = "pair this cuff and no other"}},
          .n = 3},
         requests_pairing, false},
        {"device/pair",
         "Pairs this cuff. It answers again when that is over; how it goes comes as events, too.",
         "`device`",
         {.field = {[PAIR_ADDRESS] = {.name = "address", .type = REQUEST_ADDRESS, .required = true, .is_bare = true,
                                      .help = "of the cuff"},
                    [PAIR_TIMEOUT] = {.name = "timeout", .type = REQUEST_INTEGER, .min = 10, .max = 600,
                                      .help = "how long it may take, seconds; otherwise the option timing.pairing_window"}},
          .n = 2},
         requests_device_pair, false},
        {"device/remove",
         "Forgets a cuff: its bond, its devices in Home Assistant and what is retained of it. Its measurements stay in the "
         "database unless `purge` is true.",
         "`device`",
         {.field = {[DEVICE] = THE_CUFF,
                    [REMOVE_UNPAIR] = {.name = "unpair", .type = REQUEST_BOOL,
                                       .help = "false: BlueZ keeps the bond; otherwise true"},
                    [REMOVE_PURGE] = {.name = "purge", .type = REQUEST_BOOL,
                                      .help = "true: its measurements, names, options and keys are deleted, too"}},
          .n = 3},
         requests_device_remove, false},
        {"device/sync",
         "Reads a cuff as soon as it can be reached: most must be woken with their Bluetooth button. It answers again when "
         "the cuff was read, or was not heard for two minutes. Without `device`: all of them, one answer each.",
         "`device`, `new_records`",
         {.field = {[DEVICE] = {.name = "device", TEXT(1, BDADDR_STRING_SIZE - 1), .is_bare = true,
                                .help = "the cuff's id or address; none: all"}},
          .n = 1},
         requests_device_sync, false},
        {"device/rename",
         "Gives a cuff another name. Topics and ids stay as they are.",
         "`device`, `from`, `to`",
         {.field = {[DEVICE] = THE_CUFF,
                    [RENAME_NAME] = {.name = "name", TEXT(1, STORE_TEXT_SIZE - 1), .required = true, .is_name = true,
                                     .help = "the name people see"}},
          .n = 2},
         requests_device_rename, false},
        {"device/users",
         "Names the users of a cuff. What is not given stays as it is.",
         "`device`, `users`: all of them, as in `bridge/devices`",
         {.field = {[DEVICE] = THE_CUFF,
                    [USERS_USERS] = {.name = "users", .type = REQUEST_OBJECT, .required = true,
                                     .members = &requests_users, .help = "by their number"}},
          .n = 2},
         requests_device_users, false},
        {"device/options",
         "Options of one cuff, kept in the database. null: as configured. What the configuration file says of this cuff "
         "comes first.",
         "`device`, `from`, `to`: the options before and now, `restart_required`",
         {.field = {[DEVICE] = THE_CUFF,
                    [DEVICE_OPTIONS] = {.name = "options", .type = REQUEST_OBJECT, .required = true,
                                        .members = &requests_cuff_options, .help = "those to change"}},
          .n = 2},
         requests_device_options, false},
        {"device/time",
         "Sets a cuff's clock at its next connection, if this computer's own is right. It answers again then, or when the "
         "cuff was not heard for two minutes.",
         "`device`, `drift_before`: seconds the cuff was ahead, null if its clock was not set",
         {.field = {[DEVICE] = THE_CUFF}, .n = 1},
         requests_device_time, false},
        {"device/dump",
         "Describes a cuff's memory for a report, at its next connection, in a file beside the database. It answers again "
         "then, or when the cuff was not heard for two minutes.",
         "`device`, `file`: where the description is; nothing of it goes over MQTT",
         {.field = {[DEVICE] = THE_CUFF,
                    [DUMP_VALUES] = {.name = "values", .type = REQUEST_BOOL,
                                     .help = "true: with the bytes of measurements; that file is for nobody else"}},
          .n = 2},
         requests_device_dump, false},
        {"history",
         "Measurements from the database, the newest first. The option `mqtt.history` can forbid it.",
         "`records`: as on the measurement topic; `next`: the `cursor` for those behind them, or null",
         {.field = {[DEVICE] = THE_CUFF,
                    [HISTORY_USER] = {.name = "user", TEXT(1, 7), .help = "\"1\", \"2\", .. or \"unknown\"; none: all"},
                    [HISTORY_FROM] = {.name = "from", TEXT(10, 32), .help = "measured then or later, as \"2026-11-22\" or with a time"},
                    [HISTORY_TO] = {.name = "to", TEXT(10, 32), .help = "measured before then; of a day: before it began"},
                    [HISTORY_LIMIT] = {.name = "limit", .type = REQUEST_INTEGER, .min = 1, .max = 500,
                                       .help = "how many at most; 50 if it is not said"},
                    [HISTORY_CURSOR] = {.name = "cursor", TEXT(1, 64), .help = "`next` of the answer before"}},
          .n = 6},
         requests_history, true},
        {"options",
         "Options of the gateway that can be changed while it runs. What the configuration file or the environment say comes "
         "first.",
         "`options`, `restart_required`",
         {.field = {[OPTIONS_OPTIONS] = {.name = "options", .type = REQUEST_OBJECT, .required = true,
                                         .members = &requests_bridge_options, .help = "those to change"}},
          .n = 1},
         requests_options, false},
        {"devices", "The cuffs.", "as `bridge/devices`", {.n = 0}, requests_devices, true},
        {"info", "The gateway.", "as `bridge/info`", {.n = 0}, requests_info, true},
        {"health_check", "Whether all is well.",
         "`healthy`, `problem`, `checks`: `bluetooth`, `database`, `mqtt`", {.n = 0}, requests_health_check, true},
        {"restart",
         "Ends the service in good order when this answer is out; whoever supervises it starts it again.",
         "`{}`", {.n = 0}, requests_restart, false},
        {"backup",
         "Copies the database and the keys of cuffs beside the database. Old copies are for you to remove.",
         "`path`, `measurements`", {.n = 0}, requests_backup, false},
        {0},
};
/* clang-format on */

const struct bridge_request *requests_find(const char *name) {
        for (const struct bridge_request *r = bridge_requests; r->name; r++)
                if (strcmp(r->name, name) == 0)
                        return r;
        return NULL;
}

/* --- for the handlers --- */

struct reply requests_refuse(enum request_code code, const char *format, ...) {
        struct reply reply = {.code = code};
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(&reply.error, format, arguments) < 0)
                reply.error = NULL;
        va_end(arguments);
        return reply;
}

struct reply requests_ok(char *data) {
        return data ? (struct reply){.code = REQUEST_OK, .data = data}
                    : requests_refuse(REQUEST_INTERNAL, "Memory is out: try again later");
}

struct reply requests_accept(char *data) {
        return (struct reply){.code = REQUEST_ACCEPTED, .answers = 1, .data = data};
}

struct cuff *requests_cuff(const struct bridge *b, const char *text, struct reply *ret) {
        for (size_t i = 0; i < b->collector->n_cuffs; i++) {
                struct cuff *cuff = b->collector->cuffs[i];

                if (cuff->stored &&
                    (strcasecmp(text, cuff->id) == 0 || strcasecmp(text, cuff->address) == 0))
                        return cuff;
        }
        *ret = requests_refuse(REQUEST_UNKNOWN_DEVICE,
                               "There is no such cuff: bridge/devices lists those there are");
        return NULL;
}
