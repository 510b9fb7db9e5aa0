/* What can be asked under bridge/request/: one table {name, schema, handler}. The schemas judge
 * what comes in, and docs/requests.md is written from them. */
#pragma once

#include "app/bridge.h"
#include "mqtt/request.h"

struct reply {                  /* what a handler answers */
        enum request_code code; /* ACCEPTED: bridge_answer() follows */
        unsigned answers;       /* .. so many times */
        char *data;             /* JSON text, freed; NULL: {} */
        char *error;            /* for people, freed */
};

struct bridge_request {
        const char *name;
        const char *summary; /* for docs/requests.md: what it does */
        const char *answer;  /* .. and the answer's data; of one that is accepted, the second's */
        struct request_schema schema;
        struct reply (*handle)(struct bridge *b, const struct request *request);
        bool reads; /* it only tells: asked again it is done again, and may have a large answer */
};

/* Up to one without a name. */
extern const struct bridge_request bridge_requests[];
const struct bridge_request *requests_find(const char *name); /* NULL: there is none */

/* --- for the handlers (requests_*.c) --- */
struct reply requests_refuse(enum request_code code, const char *format, ...)
        __attribute__((format(printf, 2, 3)));
/* Takes `data` (JSON text). */
struct reply requests_ok(char *data);
struct reply requests_accept(char *data);
/* By its id in the topics, or its address. NULL, and `*ret` says so. */
struct cuff *requests_cuff(const struct bridge *b, const char *text, struct reply *ret);

/* Places in the schemas. */
enum { PAIRING_ACTIVE, PAIRING_TIMEOUT, PAIRING_ADDRESS };
enum { PAIR_ADDRESS, PAIR_TIMEOUT };
enum { DEVICE }; /* of all that are about one cuff */
enum { REMOVE_UNPAIR = DEVICE + 1, REMOVE_PURGE };
enum { RENAME_NAME = DEVICE + 1 };
enum { USERS_USERS = DEVICE + 1 };
enum { USER_NAME, USER_PERSON };
enum { DEVICE_OPTIONS = DEVICE + 1 };
enum { DUMP_VALUES = DEVICE + 1 };
enum { HISTORY_USER = DEVICE + 1, HISTORY_FROM, HISTORY_TO, HISTORY_LIMIT, HISTORY_CURSOR };
enum { OPTIONS_OPTIONS };
enum { OPTIONS_LOG_LEVEL };

/* Inside of "users", and of one of them; inside of "options". */
extern const struct request_schema requests_users, requests_user, requests_cuff_options,
        requests_bridge_options;

void requests_remove_limit(void *userdata);  /* the bridge's removal takes too long */
void requests_remove_look(struct bridge *b); /* the adapter may be gone: the removal ends */
/* No adapter, or it is off: why, and what to do. */
struct reply requests_no_adapter(const struct bridge *b);
/* A pairing window could not be opened (negative errno of pairing_open()). */
struct reply requests_window_refused(const struct bridge *b, int error);

struct reply requests_pairing(struct bridge *b, const struct request *request);
struct reply requests_devices(struct bridge *b, const struct request *request);
struct reply requests_info(struct bridge *b, const struct request *request);
struct reply requests_health_check(struct bridge *b, const struct request *request);
struct reply requests_options(struct bridge *b, const struct request *request);
struct reply requests_restart(struct bridge *b, const struct request *request);
struct reply requests_backup(struct bridge *b, const struct request *request);
struct reply requests_history(struct bridge *b, const struct request *request);
struct reply requests_device_pair(struct bridge *b, const struct request *request);
struct reply requests_device_remove(struct bridge *b, const struct request *request);
struct reply requests_device_sync(struct bridge *b, const struct request *request);
struct reply requests_device_rename(struct bridge *b, const struct request *request);
struct reply requests_device_users(struct bridge *b, const struct request *request);
struct reply requests_device_options(struct bridge *b, const struct request *request);
struct reply requests_device_time(struct bridge *b, const struct request *request);
struct reply requests_device_dump(struct bridge *b, const struct request *request);
