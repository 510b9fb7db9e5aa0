/* Requests about the gateway itself. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "app/render.h"
#include "app/requests.h"
#include "app/wall_clock.h"
#include "base/cleanup.h"
#include "mqtt/message.h"
#include "store/copy.h"

#define LOG_COMPONENT "bridge"
#include "base/log.h"

static struct reply answer(cJSON *json) {
        char *text = cJSON_PrintUnformatted(json);

        cJSON_Delete(json);
        return requests_ok(text);
}

static void add_text(cJSON *object, const char *key, const char *text) {
        if (text)
                cJSON_AddStringToObject(object, key, text);
        else
                cJSON_AddNullToObject(object, key);
}

struct reply requests_no_adapter(const struct bridge *b) {
        char buffer[BRIDGE_PROBLEM_SIZE];
        const char *problem = bridge_problem(b, buffer);

        return requests_refuse(REQUEST_ADAPTER_OFF, "%s",
                               problem ? problem
                                       : "The Bluetooth adapter is not ready: try again in a "
                                         "minute");
}

struct reply requests_window_refused(const struct bridge *b, int error) {
        if (error == -EBUSY)
                return requests_refuse(REQUEST_BUSY, "A pairing window is open already: wait for "
                                                     "its end or close it with the request "
                                                     "pairing, {\"active\": false}");
        return requests_no_adapter(b);
}

struct reply requests_pairing(struct bridge *b, const struct request *request) {
        struct pairing *pairing = &b->collector->pairing;
        const struct request_value *timeout = &request->value[PAIRING_TIMEOUT];
        const struct request_value *address = &request->value[PAIRING_ADDRESS];
        char until[WALL_CLOCK_TEXT_SIZE];
        cJSON *data;
        int r = 0;

        if (!request->value[PAIRING_ACTIVE].boolean)
                pairing_close(pairing, "requested");
        else
                r = pairing_open(pairing,
                                 timeout->present ? (uint64_t) timeout->integer * 1000000
                                                  : b->config->timing.pairing_window_usec,
                                 address->present ? &address->address : NULL, request->transaction);
        if (r < 0)
                return requests_window_refused(b, r);
        wall_clock_format_local(pairing->until_s, until);
        data = cJSON_CreateObject();
        cJSON_AddBoolToObject(data, "active", pairing->active);
        add_text(data, "until", pairing->active ? until : NULL);
        return answer(data);
}

struct reply requests_devices(struct bridge *b, const struct request *request) {
        return requests_ok(render_devices(b->store, b->collector));
}

struct reply requests_info(struct bridge *b, const struct request *request) {
        return requests_ok(bridge_info(b));
}

struct reply requests_health_check(struct bridge *b, const struct request *request) {
        return requests_ok(bridge_health_check(b));
}

/* --- options --- */

struct reply requests_options(struct bridge *b, const struct request *request) {
        const struct request_value *level;
        struct request options;
        cJSON *data;
        int r;

        request_read(&requests_bridge_options, request->value[OPTIONS_OPTIONS].object, &options);
        level = &options.value[OPTIONS_LOG_LEVEL];
        if (level->present && b->config->log_level_given)
                return requests_refuse(
                        REQUEST_UNSUPPORTED,
                        "log_level is set in the configuration (or the environment), "
                        "which comes first: take it out there");
        r = level->present ? bridge_set_log_level(b, level->null ? NULL : level->text) : 0;
        if (r < 0)
                return requests_refuse(REQUEST_INTERNAL,
                                       "The database does not take the option: %s", strerror(-r));
        data = cJSON_CreateObject();
        cJSON_AddStringToObject(cJSON_AddObjectToObject(data, "options"), "log_level",
                                log_level_to_string(log_get_level()));
        cJSON_AddBoolToObject(data, "restart_required", false);
        return answer(data);
}

/* --- restart, backup --- */

/* One that is delivered again on our first connection, or soon after our start, is what we were
 * started by: the broker did not hear that it had arrived. Else that would never end. */
struct reply requests_restart(struct bridge *b, const struct request *request) {
        uint64_t running = wall_clock_monotonic_usec() - b->started_usec;

        if (!b->redelivered || (mqtt_client_counters(b->publisher->client)->reconnects > 0 &&
                                running > BRIDGE_RESTART_AGAIN_USEC))
                b->restart_asked = true;
        return requests_ok(strdup("{}"));
}

/* Made with the first. What the copy itself says is for who can choose another place. */
static struct reply make_room(const char *directory) {
        struct stat st;

        if (mkdir(directory, 0700) < 0 && errno != EEXIST)
                return requests_refuse(REQUEST_INTERNAL,
                                       "%s cannot be made (%s): free some space on that disk "
                                       "(`df -h` and `df -i` show it), and let the service write "
                                       "there",
                                       directory, strerror(errno));
        if (stat(directory, &st) >= 0 && !S_ISDIR(st.st_mode))
                return requests_refuse(REQUEST_INTERNAL, "%s is not a directory: move it away",
                                       directory);
        if (access(directory, W_OK | X_OK) < 0)
                return requests_refuse(REQUEST_INTERNAL,
                                       "The service may not write to %s (%s): give it to the "
                                       "service (`sudo chown cuff2mqtt: %s`), on a disk that is "
                                       "not read-only",
                                       directory, strerror(errno), directory);
        return (struct reply){.code = REQUEST_OK};
}

struct reply requests_backup(struct bridge *b, const struct request *request) {
        _cleanup_(freep) char *directory = NULL, *path = NULL, *why = NULL;
        struct date_time now = date_time_from_seconds(wall_clock_now());
        int64_t measurements = 0;
        struct reply reply;
        char name[32];
        cJSON *data;
        int r;

        snprintf(name, sizeof name, "gateway-%04u%02u%02u-%02u%02u%02u", now.year, now.month,
                 now.day, now.hour, now.minute, now.second);
        if (asprintf(&directory, "%s/backups", b->config->state_directory) < 0) {
                directory = NULL;
                return requests_ok(NULL);
        }
        if (asprintf(&path, "%s/%s", directory, name) < 0) {
                path = NULL;
                return requests_ok(NULL);
        }
        reply = make_room(directory);
        if (reply.code != REQUEST_OK)
                return reply;
        r = store_copy(b->store, b->config->state_directory, path, &why);
        if (r == -EEXIST)
                return requests_refuse(REQUEST_RATE_LIMITED,
                                       "There is a backup of this very second: wait a moment");
        if (r < 0)
                return requests_refuse(REQUEST_INTERNAL, "%s", why ? why : strerror(-r));
        store_measurements_count(b->store, &measurements);
        log_info("A backup was made: %s", path);
        data = cJSON_CreateObject();
        cJSON_AddStringToObject(data, "path", path);
        cJSON_AddNumberToObject(data, "measurements", (double) measurements);
        return answer(data);
}
