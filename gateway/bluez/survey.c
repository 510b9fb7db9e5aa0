#include "bluez/survey.h"

#include <errno.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "base/cleanup.h"
#include "base/deadline.h"
#include "bluez/error.h"
#include "bluez/objects.h"

struct bluez_survey {
        sd_bus *bus;
        sd_bus_slot *call; /* the one question under way */
        struct deadline limit;
        void (*done)(void *owner, const struct bluez_survey_result *result);
        void *owner;
        struct bluez_survey_result result; /* its outcome: what the limit would make it, now */
};

static void end(struct bluez_survey *s, enum bluez_survey_outcome outcome) {
        s->call = sd_bus_slot_unref(s->call);
        deadline_clear(&s->limit);
        s->result.outcome = outcome;
        s->done(s->owner, &s->result); /* last: it may have freed s */
}

/* --- questions, one after the other ---------------------------------------------------------- */

/* `argument` NULL: none. Whom we ask is not started by it: this is no reason to change anything. */
static int ask(struct bluez_survey *s, const char *whom, const char *path, const char *interface,
               const char *member, const char *argument, sd_bus_message_handler_t handler) {
        sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(s->bus, &m, whom, path, interface, member);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(m, false);
        if (r >= 0 && argument)
                r = sd_bus_message_append(m, "s", argument);
        if (r >= 0) {
                s->call = sd_bus_slot_unref(s->call);
                r = sd_bus_call_async(s->bus, &s->call, m, handler, s, UINT64_MAX);
        }
        sd_bus_message_unref(m);
        return r;
}

static int ask_bus(struct bluez_survey *s, const char *member, const char *argument,
                   sd_bus_message_handler_t handler) {
        return ask(s, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                   member, argument, handler);
}

static int on_activatable(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_survey *s = userdata;
        const char *name;

        if (!sd_bus_message_is_method_error(reply, NULL) &&
            sd_bus_message_enter_container(reply, 'a', "s") > 0)
                while (sd_bus_message_read(reply, "s", &name) > 0)
                        if (strcmp(name, "org.bluez") == 0)
                                s->result.activatable = true;
        end(s, BLUEZ_SURVEY_ABSENT);
        return 0;
}

static int on_pid(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_survey *s = userdata;
        uint32_t pid;

        if (!sd_bus_message_is_method_error(reply, NULL) &&
            sd_bus_message_read(reply, "u", &pid) > 0)
                s->result.pid = (pid_t) pid;
        end(s, BLUEZ_SURVEY_DONE);
        return 0;
}

/* --- what bluetoothd lists ------------------------------------------------------------------- */

static int take_adapter(void *userdata, const char *path, const union props *p) {
        struct bluez_survey_result *result = userdata;
        struct bluez_survey_adapter *a = &result->adapter[result->n_adapters];

        if (result->n_adapters == SURVEY_ADAPTERS_MAX || strlen(path) >= sizeof a->path)
                return 0;
        strcpy(a->path, path);
        strcpy(a->address, p->adapter.address);
        strcpy(a->alias, p->adapter.name);
        strcpy(a->modalias, p->adapter.modalias);
        strcpy(a->power_state, p->adapter.power_state);
        a->powered = p->adapter.powered;
        a->pairable = p->adapter.pairable;
        a->discoverable = p->adapter.discoverable;
        a->discovering = p->adapter.discovering;
        a->has_roles = p->adapter.has & PROPS_ROLES;
        a->central = p->adapter.central;
        result->n_adapters++;
        return 0;
}

static int take_device(void *userdata, const char *path, const union props *p) {
        struct bluez_survey_result *result = userdata;
        struct bluez_survey_device *d = &result->device[result->n_devices];
        const char *slash = strrchr(path, '/');
        size_t n = (size_t) (slash - path); /* every path has one */

        /* Strangers that only advertise could fill the list. */
        if (result->n_devices == SURVEY_DEVICES_MAX || n >= sizeof d->adapter ||
            (!p->device.paired && !p->device.bonded))
                return 0;
        memcpy(d->adapter, path, n); /* the rest is 0 */
        strcpy(d->address, p->device.address);
        strcpy(d->name, p->device.name);
        d->paired = p->device.paired;
        d->bonded = p->device.has & PROPS_BONDED ? p->device.bonded : p->device.paired;
        d->connected = p->device.connected;
        d->trusted = p->device.trusted;
        d->blocked = p->device.blocked;
        d->is_cuff = props_has_blood_pressure(&p->device) || p->device.omron_size > 0;
        result->n_devices++;
        return 0;
}

static int take_objects(struct bluez_survey *s, sd_bus_message *reply) {
        int r = objects_walk(reply, &props_of_adapter, take_adapter, &s->result);

        return r < 0 ? r : objects_walk(reply, &props_of_device, take_device, &s->result);
}

static enum bluez_survey_outcome outcome_of(const struct bluez_survey *s, enum bluez_error error) {
        if (sd_bus_is_open(s->bus) <= 0) /* every call that waits then ends with an error */
                return BLUEZ_SURVEY_BUS_CLOSED;
        switch (error) {
        case BLUEZ_ACCESS_DENIED:
                return BLUEZ_SURVEY_DENIED;
        case BLUEZ_GONE:
                return BLUEZ_SURVEY_ABSENT;
        case BLUEZ_NO_REPLY:
                return BLUEZ_SURVEY_SILENT;
        default:
                return BLUEZ_SURVEY_FAILED;
        }
}

static int on_objects(sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        struct bluez_survey *s = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(reply);
        enum bluez_survey_outcome outcome;

        if (!error) {
                if (take_objects(s, reply) < 0)
                        end(s, BLUEZ_SURVEY_FAILED);
                else if (ask_bus(s, "GetConnectionUnixProcessID", "org.bluez", on_pid) < 0)
                        end(s, BLUEZ_SURVEY_DONE);
                else
                        s->result.outcome = BLUEZ_SURVEY_DONE;
                return 0;
        }
        outcome = s->result.outcome = outcome_of(s, bluez_error_from(error));
        if (outcome == BLUEZ_SURVEY_ABSENT &&
            ask_bus(s, "ListActivatableNames", NULL, on_activatable) >= 0)
                return 0;
        if (outcome == BLUEZ_SURVEY_FAILED)
                strncpy(s->result.message, error->name, sizeof s->result.message - 1);
        end(s, outcome);
        return 0;
}

/* --- life ------------------------------------------------------------------------------------ */

static void on_limit(void *userdata) {
        struct bluez_survey *s = userdata;
        bool greeted = s->bus && sd_bus_is_ready(s->bus) > 0;

        if (s->result.outcome == BLUEZ_SURVEY_SILENT && !greeted)
                end(s, BLUEZ_SURVEY_BUS_SILENT);
        else
                end(s, s->result.outcome);
}

static int begin(struct bluez_survey *s, sd_event *event) {
        int r = sd_bus_open_system(&s->bus);

        if (r >= 0)
                r = sd_bus_attach_event(s->bus, event, SD_EVENT_PRIORITY_NORMAL);
        return r < 0 ? r
                     : ask(s, "org.bluez", "/", "org.freedesktop.DBus.ObjectManager",
                           "GetManagedObjects", NULL, on_objects);
}

int bluez_survey_new(sd_event *event, uint64_t limit_usec,
                     void (*done)(void *owner, const struct bluez_survey_result *result),
                     void *owner, struct bluez_survey **ret) {
        struct bluez_survey *s = calloc(1, sizeof *s);
        int r;

        if (!s)
                return -ENOMEM;
        s->done = done;
        s->owner = owner;
        s->result.outcome = BLUEZ_SURVEY_SILENT;
        deadline_init(&s->limit, event, on_limit, s);
        s->result.error = begin(s, event);
        if (s->result.error < 0) { /* told from the loop, as everything else */
                s->result.outcome = BLUEZ_SURVEY_NO_BUS;
                limit_usec = 0;
        }
        r = deadline_set_usec(&s->limit, limit_usec);
        if (r < 0) {
                bluez_survey_free(s);
                return r;
        }
        *ret = s;
        return 0;
}

void bluez_survey_free(struct bluez_survey *s) {
        if (!s)
                return;
        deadline_done(&s->limit);
        sd_bus_slot_unref(s->call);
        sd_bus_close_unref(s->bus);
        free(s);
}

const struct bluez_survey_adapter *bluez_survey_choose(const struct bluez_survey_result *result,
                                                       const struct bdaddr *wanted) {
        const struct bluez_survey_adapter *best = NULL;
        struct bdaddr address;

        for (size_t i = 0; i < result->n_adapters; i++) {
                const struct bluez_survey_adapter *a = &result->adapter[i];

                if (bdaddr_from_string(a->address, &address) < 0 ||
                    (wanted && !bdaddr_equal(&address, wanted)))
                        continue;
                if (!best || a->powered > best->powered ||
                    (a->powered == best->powered && strcmp(a->path, best->path) < 0))
                        best = a;
        }
        return best;
}
