/* {"UBPM": {"U1": [{"date": "22.11.2026", "time": "18:04:31", "sys": 131, "dia": 84, "bpm": 67,
 * "ihb": 0, "mov": 0, "msg": ""}, ..], "U2": [..]}} */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/import_layouts.h"
#include "mqtt/json.h"

#define WHERE_SIZE 64

struct telling {
        const struct import_events *events;
        void *owner;
};

/* The first name in the outer object: enough to know it by, before the whole is read. */
bool import_ubpm_is(const char *text, size_t n) {
        static const char blank[] = " \t\r\n", name[] = "\"UBPM\"";
        const char *at = text + strspn(text, blank);

        if (*at != '{')
                return false;
        at++;
        at += strspn(at, blank);
        return strncmp(at, name, strlen(name)) == 0;
}

static struct import_text text_of(const cJSON *entry, const char *key) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, key));

        return text ? (struct import_text){text, strlen(text)} : (struct import_text){"", 0};
}

static bool number_of(const cJSON *entry, const char *key, int *ret) {
        const cJSON *item = cJSON_GetObjectItemCaseSensitive(entry, key);

        if (!cJSON_IsNumber(item) || !(item->valuedouble >= 0 && item->valuedouble <= 999) ||
            item->valuedouble != item->valueint)
                return false;
        *ret = item->valueint;
        return true;
}

static bool answer_of(const cJSON *entry, const char *key, struct answer *ret) {
        int value;

        if (!cJSON_GetObjectItemCaseSensitive(entry, key))
                return true;
        if (!number_of(entry, key, &value) || value > 1)
                return false;
        *ret = (struct answer){.known = true, .yes = value == 1};
        return true;
}

static bool time_of(const cJSON *entry, struct import_row *ret) {
        const struct import_text time = text_of(entry, "time");
        struct date_time *taken = &ret->measurement.taken;

        ret->measurement.has_time = true;
        ret->whole_minute = import_fields_time(time, "hh:mm", taken);
        return import_fields_time(text_of(entry, "date"), "DD.MM.YYYY", taken) &&
               (ret->whole_minute || import_fields_time(time, "hh:mm:ss", taken));
}

static const char *read_entry(const cJSON *entry, uint8_t user, struct import_row *ret) {
        struct measurement *m = &ret->measurement;

        if (!cJSON_IsObject(entry))
                return "it is no object";
        m->user = user;
        if (!time_of(entry, ret))
                return IMPORT_WHY_TIME;
        if (!number_of(entry, "sys", &m->systolic_mmhg) ||
            !number_of(entry, "dia", &m->diastolic_mmhg))
                return IMPORT_WHY_PRESSURE;
        m->pulse_bpm.known = number_of(entry, "bpm", &m->pulse_bpm.value);
        if (!m->pulse_bpm.known)
                return IMPORT_WHY_PULSE;
        if (!answer_of(entry, "mov", &m->body_movement) ||
            !answer_of(entry, "ihb", &m->irregular_heartbeat))
                return IMPORT_WHY_FLAG;
        return import_fields_check(ret);
}

static void parse_user(const struct telling *t, const cJSON *list, uint8_t user) {
        const cJSON *entry;
        unsigned number = 0;

        cJSON_ArrayForEach(entry, list) {
                struct import_row row = {0};
                const char *why = read_entry(entry, user, &row);
                char where[WHERE_SIZE];

                number++;
                if (!why)
                        why = t->events->row(t->owner, &row);
                if (!why)
                        continue;
                snprintf(where, sizeof where, "U%u, entry %u", user, number);
                t->events->refused(t->owner, where, why);
        }
}

/* "U1": 1; 0 for any other name. */
static uint8_t user_of(const char *name) {
        int user;

        if (name[0] != 'U' || name[1] == '0' ||
            !import_fields_number((struct import_text){name + 1, strlen(name + 1)}, &user))
                return 0;
        return user <= IMPORT_USER_MAX ? (uint8_t) user : 0;
}

int import_ubpm_parse(const char *text, size_t n, const struct import_events *events, void *owner,
                      const char **ret_why) {
        const struct telling t = {events, owner};
        _cleanup_(cJSON_Deletep) cJSON *root = NULL;
        const cJSON *users, *list;
        bool exact;

        if (json_parse(text, n, &root, &exact) < 0) {
                *ret_why = "This JSON is damaged or was cut off: export it again.";
                return -EBADMSG;
        }
        users = cJSON_GetObjectItemCaseSensitive(root, "UBPM");
        if (!cJSON_IsObject(users)) {
                *ret_why = "This JSON is none of UBPM's: \"UBPM\" is no object.";
                return -EBADMSG;
        }
        cJSON_ArrayForEach(list, users) {
                const uint8_t user = user_of(list->string);

                if (user && cJSON_IsArray(list))
                        parse_user(&t, list, user);
                else
                        events->refused(owner, "a part of \"UBPM\"",
                                        "it is no list of a user (\"U1\", \"U2\", ..)");
        }
        return 0;
}
