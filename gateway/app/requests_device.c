/* Requests about one cuff. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "app/cuff.h"
#include "app/render.h"
#include "app/requests.h"
#include "base/cleanup.h"
#include "mqtt/message.h"
#include "store/persons.h"

#define PRESS "Press the cuff's Bluetooth button"

static struct cuff *cuff_of(const struct bridge *b, const struct request *request,
                            struct reply *ret) {
        return requests_cuff(b, request->value[DEVICE].text, ret);
}

/* What is done at the next connection, and answered then. `r`: of cuff_want(). */
static struct reply at_next_connection(const struct bridge *b, const struct cuff *cuff, int r) {
        switch (r) {
        case 0:
                return requests_accept(message_object("device", cuff->id, "next", PRESS, NULL));
        case -EALREADY:
                return requests_refuse(REQUEST_BUSY, "This has been asked for already: press the "
                                                     "cuff's Bluetooth button, so that it can be "
                                                     "done");
        case -EBUSY:
                return requests_refuse(REQUEST_BUSY, "The cuff is being read just now: try again "
                                                     "when it is at rest");
        case -EAGAIN:
                return requests_refuse(REQUEST_BUSY, "A pairing window is open: wait for its end "
                                                     "or close it with the request pairing, "
                                                     "{\"active\": false}");
        case -ENODEV:
                return requests_no_adapter(b);
        case -ENOKEY:
                return requests_refuse(REQUEST_NOT_PAIRED,
                                       "Bluetooth on this computer has no keys for the cuff any "
                                       "more: start pairing and hold the cuff's Bluetooth button "
                                       "until the P blinks");
        case -ENOTSUP:
                return requests_refuse(REQUEST_UNSUPPORTED,
                                       "The memory of this cuff is not read: the "
                                       "option omron.memory, or its own option memory, is off");
        default:
                return requests_refuse(REQUEST_INTERNAL, "%s", strerror(-r));
        }
}

struct reply requests_device_pair(struct bridge *b, const struct request *request) {
        const struct request_value *timeout = &request->value[PAIR_TIMEOUT];
        const struct bdaddr *address = &request->value[PAIR_ADDRESS].address;
        struct pairing *pairing = &b->collector->pairing;
        char id[BDADDR_ID_SIZE];
        int r = pairing_open(pairing,
                             timeout->present ? (uint64_t) timeout->integer * 1000000
                                              : b->config->timing.pairing_window_usec,
                             address, request->transaction);

        if (r < 0)
                return requests_window_refused(b, r);
        pairing_answer(pairing, b->ticket);
        bdaddr_to_id(address, id);
        return requests_accept(message_object(
                "device", id, "next", "Hold the cuff's Bluetooth button until the P blinks", NULL));
}

struct reply requests_device_dump(struct bridge *b, const struct request *request) {
        bool values = request->value[DUMP_VALUES].boolean;
        struct reply reply;
        struct cuff *cuff = cuff_of(b, request, &reply);

        return cuff ? at_next_connection(b, cuff, cuff_want_dump(cuff, values, b->ticket)) : reply;
}

/* Those that cannot be asked are left out, as long as there is one that can. */
static struct reply sync_all(struct bridge *b) {
        const struct collector *c = b->collector;
        struct reply reply =
                requests_refuse(REQUEST_UNKNOWN_DEVICE, "There is no cuff yet: pair one");
        unsigned asked = 0;

        for (size_t i = 0; i < c->n_cuffs; i++) {
                int r = c->cuffs[i]->stored ? cuff_want(c->cuffs[i], CUFF_WISH_SYNC, b->ticket)
                                            : -ENOENT;

                asked += r == 0;
                if (r < 0 && r != -ENOENT) {
                        free(reply.error);
                        reply = at_next_connection(b, c->cuffs[i], r);
                }
        }
        if (asked == 0)
                return reply;
        free(reply.error);
        reply = requests_accept(message_object("device", NULL, "next",
                                               "Press the Bluetooth button of each cuff", NULL));
        reply.answers = asked;
        return reply;
}

struct reply requests_device_sync(struct bridge *b, const struct request *request) {
        struct reply reply;
        struct cuff *cuff;

        if (!request->value[DEVICE].present)
                return sync_all(b);
        cuff = cuff_of(b, request, &reply);
        return cuff ? at_next_connection(b, cuff, cuff_want(cuff, CUFF_WISH_SYNC, b->ticket))
                    : reply;
}

struct reply requests_device_time(struct bridge *b, const struct request *request) {
        struct reply reply;
        struct cuff *cuff = cuff_of(b, request, &reply);

        if (!cuff)
                return reply;
        if (cuff->record.clock_refused)
                return requests_refuse(REQUEST_UNSUPPORTED,
                                       "The cuff does not let its clock be set: set it by hand");
        /* Who has to be asked is asked anew when the cuff is there. */
        if (!system_clock_is_right(&b->collector->clock) && !system_clock_ask(&b->collector->clock))
                return requests_refuse(REQUEST_UNSUPPORTED, CUFF_SYSTEM_CLOCK_WRONG);
        return at_next_connection(b, cuff, cuff_want(cuff, CUFF_WISH_TIME, b->ticket));
}

/* --- names --- */

static int tell_renamed(struct bridge *b, const struct cuff *cuff, const char *from,
                        const char *transaction, char **ret) {
        char *data =
                message_object("device", cuff->id, "from", from, "to", cuff->record.name, NULL);

        if (!data)
                return -ENOMEM;
        b->collector->events->cuff_known(b->collector->owner, cuff);
        bridge_event(b, "device_renamed", data, transaction);
        *ret = data;
        return 0;
}

struct reply requests_device_rename(struct bridge *b, const struct request *request) {
        struct reply reply;
        struct cuff *cuff = cuff_of(b, request, &reply);
        char from[STORE_TEXT_SIZE], *data = NULL;
        struct store_cuff record;
        int r;

        if (!cuff)
                return reply;
        snprintf(from, sizeof from, "%s", cuff_name(cuff));
        record = cuff->record;
        snprintf(record.name, sizeof record.name, "%.*s", STORE_TEXT_SIZE - 1,
                 request->value[RENAME_NAME].text);
        r = store_cuffs_save(b->store, &record);
        if (r < 0)
                return requests_refuse(REQUEST_INTERNAL, "The database does not take the name: %s",
                                       strerror(-r));
        cuff->record = record;
        r = tell_renamed(b, cuff, from, request->transaction, &data);
        return r < 0 ? requests_refuse(REQUEST_INTERNAL, "Memory is out") : requests_ok(data);
}

/* A slug: it becomes a level of topics. */
static bool is_person(const char *text) {
        for (; *text; text++)
                if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789_", *text))
                        return false;
        return true;
}

static void take_text(const struct request_value *value, char to[STORE_TEXT_SIZE]) {
        if (value->present)
                snprintf(to, STORE_TEXT_SIZE, "%.*s", STORE_TEXT_SIZE - 1,
                         value->null ? "" : value->text);
}

/* The user as it is, or as it begins. */
static int find_user(struct store *store, const struct bdaddr *cuff, uint8_t number,
                     struct store_user *ret) {
        struct store_user *users = NULL;
        size_t n = 0;
        int r = store_users_list(store, cuff, &users, &n);

        *ret = (struct store_user){.cuff = *cuff, .user = number};
        for (size_t i = 0; r >= 0 && i < n; i++)
                if (users[i].user == number)
                        *ret = users[i];
        free(users);
        return r;
}

static int name_user(struct store *store, const struct bdaddr *cuff, uint8_t number,
                     const struct request *names) {
        struct store_user user;
        int r = find_user(store, cuff, number, &user);

        if (r < 0)
                return r;
        take_text(&names->value[USER_NAME], user.name);
        take_text(&names->value[USER_PERSON], user.person);
        r = user.person[0] ? store_persons_note(store, user.person) : 0;
        return r < 0 ? r : store_users_save(store, &user);
}

/* Place in requests_users to number. */
static uint8_t number_of(size_t place) {
        return place + 1 == requests_users.n ? MEASUREMENT_USER_UNKNOWN : (uint8_t) (place + 1);
}

static struct reply name_users(struct bridge *b, struct cuff *cuff, const struct request *users) {
        struct request names;

        for (size_t i = 0; i < requests_users.n; i++) {
                if (!users->value[i].present)
                        continue;
                request_read(&requests_user, users->value[i].object, &names);
                if (!is_person(names.value[USER_PERSON].text))
                        return requests_refuse(REQUEST_BAD_REQUEST,
                                               "\"person\" must be a word of a-z, 0-9 and _");
        }
        for (size_t i = 0; i < requests_users.n; i++) {
                int r = 0;

                if (!users->value[i].present)
                        continue;
                request_read(&requests_user, users->value[i].object, &names);
                if (!names.value[USER_NAME].present && !names.value[USER_PERSON].present)
                        continue;
                r = name_user(b->store, &cuff->record.address, number_of(i), &names);
                if (r < 0)
                        return requests_refuse(REQUEST_INTERNAL,
                                               "The database does not take the name: %s",
                                               strerror(-r));
        }
        b->collector->events->cuff_known(b->collector->owner, cuff);
        return requests_ok(render_users(b->store, cuff));
}

struct reply requests_device_users(struct bridge *b, const struct request *request) {
        struct reply reply;
        struct cuff *cuff = cuff_of(b, request, &reply);
        struct request users;

        if (!cuff)
                return reply;
        request_read(&requests_users, request->value[USERS_USERS].object, &users);
        return name_users(b, cuff, &users);
}

/* --- options --- */

static void add_options(cJSON *object, const char *key, const struct cuff *cuff) {
        cJSON *options = cJSON_AddObjectToObject(object, key);

        for (size_t i = 0; i < CUFF_OPTIONS; i++)
                cJSON_AddBoolToObject(options, cuff_option_to_string((enum cuff_option) i),
                                      cuff_option(cuff, (enum cuff_option) i));
}

static struct reply check_options(const struct cuff *cuff, const struct request *options) {
        for (size_t i = 0; i < CUFF_OPTIONS; i++)
                if (options->value[i].present && !options->value[i].null &&
                    cuff_option_is_configured(cuff, (enum cuff_option) i))
                        return requests_refuse(
                                REQUEST_UNSUPPORTED,
                                "The configuration says for this cuff what \"%s\" is "
                                "(omron.no_listening), and comes first: take it out there",
                                cuff_option_to_string((enum cuff_option) i));
        return (struct reply){.code = REQUEST_OK};
}

struct reply requests_device_options(struct bridge *b, const struct request *request) {
        struct reply reply;
        struct cuff *cuff = cuff_of(b, request, &reply);
        struct request options;
        cJSON *data;
        char *text;

        if (!cuff)
                return reply;
        request_read(&requests_cuff_options, request->value[DEVICE_OPTIONS].object, &options);
        reply = check_options(cuff, &options);
        if (reply.code != REQUEST_OK)
                return reply;
        data = cJSON_CreateObject();
        cJSON_AddStringToObject(data, "device", cuff->id);
        add_options(data, "from", cuff);
        for (size_t i = 0; i < CUFF_OPTIONS; i++) {
                const struct request_value *v = &options.value[i];
                int r = v->present ? cuff_option_set(cuff, (enum cuff_option) i,
                                                     (struct answer){!v->null, v->boolean})
                                   : 0;

                if (r < 0) {
                        cJSON_Delete(data);
                        return requests_refuse(REQUEST_INTERNAL,
                                               "The database does not take the option: %s",
                                               strerror(-r));
                }
        }
        add_options(data, "to", cuff);
        cJSON_AddBoolToObject(data, "restart_required", false);
        text = cJSON_PrintUnformatted(data);
        cJSON_Delete(data);
        return requests_ok(text);
}
