/* The cuffs: what BlueZ has a bond with, and what our database says of them. */
#include "cli/doctor_bluez_parts.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

#define DAY_S      86400
#define LONG_AGO_S (14 * DAY_S)

struct view {
        struct doctor *d;
        const struct bluez_survey_result *result;
        const struct bluez_survey_adapter *adapter;
        int64_t now_s;
        FILE *text; /* a part for each cuff */
        unsigned cuffs;
        enum doctor_status worst;
        char remedy[PATH_MAX]; /* of the worst; of the first among equals */
};

__attribute__((format(printf, 3, 4))) static void say(struct view *v, enum doctor_status status,
                                                      const char *format, ...) {
        va_list ap;

        fputs(v->cuffs++ ? "; " : "", v->text);
        va_start(ap, format);
        vfprintf(v->text, format, ap);
        va_end(ap);
        if (status > v->worst) {
                v->worst = status;
                v->remedy[0] = '\0';
        }
}

/* Right after say(): only the worst needs one. */
__attribute__((format(printf, 3, 4))) static void advise(struct view *v, enum doctor_status status,
                                                         const char *format, ...) {
        va_list ap;

        if (status != v->worst || v->remedy[0])
                return;
        va_start(ap, format);
        vsnprintf(v->remedy, sizeof v->remedy, format, ap);
        va_end(ap);
}

static void say_and_pair_again(struct view *v, const char *who, const char *address,
                               const char *what) {
        say(v, DOCTOR_PROBLEM, "%s %s", who, what);
        advise(v, DOCTOR_PROBLEM, "Pair it again: `cuff2mqtt pair %s`.", address);
}

static const char *print_age(int64_t seconds, char ret[48]) {
        if (seconds < 3600)
                return "heard within the last hour";
        if (seconds < 2 * DAY_S)
                snprintf(ret, 48, "heard %d h ago", (int) (seconds / 3600));
        else
                snprintf(ret, 48, "heard %lld days ago", (long long) (seconds / DAY_S));
        return ret;
}

static void judge_age(struct view *v, const char *who, int64_t last_seen_s) {
        bool stale = last_seen_s <= 0 || v->now_s - last_seen_s > LONG_AGO_S;
        enum doctor_status status = stale ? DOCTOR_WARNING : DOCTOR_OK;
        char age[48];

        say(v, status, "%s is bonded, %s", who,
            last_seen_s > 0 ? print_age(v->now_s - last_seen_s, age) : "not heard since");
        if (stale)
                advise(v, status,
                       "Press the cuff's Bluetooth button near the Bluetooth adapter; look after "
                       "its batteries.");
}

static bool is_ours(const struct view *v, const struct bluez_survey_device *dev) {
        return strcmp(dev->adapter, v->adapter->path) == 0;
}

/* `dev` NULL: BlueZ does not have it; `known` NULL: the database does not. Not both. */
static void judge_cuff(struct view *v, const char *address, const char *name,
                       const struct bluez_survey_device *dev, const struct doctor_cuff *known) {
        char shown[32], who[128];

        address = doctor_address(v->d, address, shown);
        if (name[0])
                snprintf(who, sizeof who, "%s (%s)", doctor_name(v->d, name), address);
        else
                snprintf(who, sizeof who, "%s", address);
        if (!dev)
                say_and_pair_again(v, who, address,
                                   "was paired once, and BlueZ has no bond with it");
        else if (!dev->bonded)
                say_and_pair_again(v, who, address,
                                   "is paired without a bond: no keys were stored");
        else if (dev->blocked) {
                say(v, DOCTOR_PROBLEM, "%s is blocked in BlueZ", who);
                advise(v, DOCTOR_PROBLEM, "%sRun `bluetoothctl unblock %s`.",
                       doctor_in_container(v->d) ? "On the host: " : "", address);
        } else if (!known)
                say(v, DOCTOR_OK, "%s is bonded%s", who,
                    v->d->cuffs_known ? ", not in our database yet" : "");
        else if (known->bond_lost)
                say_and_pair_again(v, who, address, "has forgotten its bond with this computer");
        else
                judge_age(v, who, known->last_seen_s);
}

static const struct bluez_survey_device *device_of(const struct view *v, const char *address) {
        for (size_t i = 0; i < v->result->n_devices; i++)
                if (is_ours(v, &v->result->device[i]) &&
                    strcasecmp(v->result->device[i].address, address) == 0)
                        return &v->result->device[i];
        return NULL;
}

static bool is_known(const struct doctor *d, const char *address) {
        for (size_t i = 0; i < d->n_cuffs; i++)
                if (strcasecmp(d->cuff[i].address, address) == 0)
                        return true;
        return false;
}

static void judge_all(struct view *v) {
        struct doctor *d = v->d;

        for (size_t i = 0; i < d->n_cuffs; i++) {
                const struct doctor_cuff *known = &d->cuff[i];
                const struct bluez_survey_device *dev = device_of(v, known->address);

                judge_cuff(v, known->address, known->name[0] || !dev ? known->name : dev->name, dev,
                           known);
        }
        for (size_t i = 0; i < v->result->n_devices; i++) {
                const struct bluez_survey_device *dev = &v->result->device[i];

                if (is_ours(v, dev) && dev->is_cuff && !is_known(d, dev->address))
                        judge_cuff(v, dev->address, dev->name, dev, NULL);
        }
        if (v->cuffs == 0)
                fputs("no cuff is paired yet: `cuff2mqtt pair`", v->text);
        if (!d->cuffs_known && v->worst == DOCTOR_OK) {
                char command[PATH_MAX];

                fputs("; when it was heard is in the database only", v->text);
                v->worst = DOCTOR_SKIPPED;
                snprintf(v->remedy, sizeof v->remedy, "Run `%s`.",
                         doctor_as_service(d, command, sizeof command));
        }
}

void doctor_bluez_cuffs(struct doctor *d, const struct bluez_survey_result *result,
                        const struct bluez_survey_adapter *a) {
        struct view v = {.d = d, .result = result, .adapter = a, .worst = DOCTOR_OK};
        _cleanup_(freep) char *text = NULL;
        struct timespec now;
        size_t size;

        if (!a) {
                doctor_bluez_skip(d, DOCTOR_CUFFS);
                return;
        }
        clock_gettime(CLOCK_REALTIME, &now);
        v.now_s = now.tv_sec;
        v.text = open_memstream(&text, &size);
        if (!v.text) {
                doctor_bluez_skip(d, DOCTOR_CUFFS);
                return;
        }
        judge_all(&v);
        fclose(v.text);
        doctor_found(d, DOCTOR_CUFFS, v.worst, v.worst == DOCTOR_OK ? NULL : v.remedy, "%s", text);
}
