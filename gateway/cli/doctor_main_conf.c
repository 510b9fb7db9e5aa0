/* What BlueZ's main.conf means for cuffs. */
#include "cli/doctor_host.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/main_conf.h"

#define RESTART ", then `sudo systemctl restart bluetooth`."

#define PRIVATE                                                                                    \
        "the host connects from private addresses; no report says that this helps or harms a cuff"
#define FROM_PRIVATE_ONLY                                                                          \
        "the host hears only cuffs that use private addresses, and connects from one; BlueZ "      \
        "itself warns of older devices here"

struct meaning {
        const char *value;
        enum doctor_status status;
        const char *text;
};

/* The first meaning of each is the default. */
/* clang-format off */
static const struct setting {
        enum doctor_check check;
        const char *key;
        struct meaning meaning[6];
} settings[] = {
        {DOCTOR_PRIVACY, "Privacy", {
                {"off", DOCTOR_OK, "the host connects from its own address"},
                {"device", DOCTOR_WARNING, PRIVATE},
                {"limited-device", DOCTOR_WARNING, PRIVATE},
                {"network", DOCTOR_WARNING, FROM_PRIVATE_ONLY},
                {"on", DOCTOR_WARNING, FROM_PRIVATE_ONLY},
                {"limited-network", DOCTOR_WARNING, FROM_PRIVATE_ONLY}}},
        {DOCTOR_CONTROLLER_MODE, "ControllerMode", {
                {"dual", DOCTOR_OK, "Low Energy, which cuffs use, and classic Bluetooth"},
                {"le", DOCTOR_OK, "Low Energy only: all that cuffs need"},
                {"bredr", DOCTOR_PROBLEM, "Low Energy is switched off: no cuff can be heard"}}},
        {DOCTOR_REPAIRING, "JustWorksRepairing", {
                {"never", DOCTOR_OK, "a cuff cannot replace its own bond; in the pairing window the gateway removes the old one first"},
                {"confirm", DOCTOR_OK, "a cuff that asks to replace its own bond is put to the agent; the gateway does not need this"},
                {"always", DOCTOR_OK, "a cuff may replace its own bond unasked; the gateway does not need this"}}},
        {DOCTOR_SECURE_CONNECTIONS, "SecureConnections", {
                {"on", DOCTOR_OK, "used where the other side can; cuffs pair without"},
                {"off", DOCTOR_OK, "not used; cuffs pair without"},
                {"only", DOCTOR_PROBLEM, "no cuff can be paired: all that were seen use legacy pairing (BlueZ 5.66 ignores this line, newer ones obey it)"}}},
};
/* clang-format on */

static const struct meaning *meaning_of(const struct setting *s, const char *value) {
        for (size_t i = 0; i < ELEMENTS(s->meaning) && s->meaning[i].value; i++)
                if (strcmp(s->meaning[i].value, value) == 0)
                        return &s->meaning[i];
        return NULL;
}

static void judge(struct doctor *d, const struct setting *s, const struct main_conf_value *v) {
        const struct meaning *standard = &s->meaning[0], *meaning = meaning_of(s, v->text);
        char remedy[256];

        if (v->line == 0) {
                doctor_found(d, s->check, standard->status, NULL, "%s (BlueZ's default): %s",
                             standard->value, standard->text);
                return;
        }
        snprintf(remedy, sizeof remedy, "Line %u of " MAIN_CONF ": `%s = %s`" RESTART, v->line,
                 s->key, standard->value);
        if (!meaning)
                doctor_found(d, s->check, DOCTOR_WARNING, doctor_on_host(d, remedy),
                             MAIN_CONF ":%u: BlueZ knows no \"%s\" here and takes its default, %s",
                             v->line, v->text, standard->value);
        else
                doctor_found(d, s->check, meaning->status,
                             meaning->status == DOCTOR_OK ? NULL : doctor_on_host(d, remedy),
                             MAIN_CONF ":%u: %s: %s", v->line, v->text, meaning->text);
}

static void find_ignored(struct doctor *d, const struct setting *s, unsigned line) {
        char remedy[128];

        snprintf(remedy, sizeof remedy, "Correct line %u of " MAIN_CONF ", or take it out" RESTART,
                 line);
        doctor_found(d, s->check, DOCTOR_WARNING, doctor_on_host(d, remedy),
                     MAIN_CONF
                     ":%u is not written as BlueZ wants it: it ignores the whole file and "
                     "takes its default, %s",
                     line, s->meaning[0].value);
}

static void find_out_of_sight(struct doctor *d, const struct setting *s) {
        char remedy[128];

        snprintf(remedy, sizeof remedy, "`grep -n %s " MAIN_CONF "`", s->key);
        doctor_found(d, s->check, DOCTOR_SKIPPED, doctor_on_host(d, remedy),
                     "this container does not see the host's " MAIN_CONF);
}

static void look(struct doctor *d, const struct setting *s) {
        char command[PATH_MAX], remedy[PATH_MAX + 8];
        struct main_conf_value value;
        int r = main_conf_read(d, s->key, &value);

        if (r == -EBADMSG) {
                find_ignored(d, s, value.line);
        } else if (r == -ENOENT && doctor_in_container(d)) {
                find_out_of_sight(d, s);
        } else if (r < 0 && r != -ENOENT) {
                snprintf(remedy, sizeof remedy, "`%s`", doctor_as_root(d, command, sizeof command));
                doctor_found(d, s->check, DOCTOR_SKIPPED, remedy, MAIN_CONF " cannot be read: %s",
                             strerror(-r));
        } else {
                judge(d, s, &value);
        }
}

void doctor_main_conf(struct doctor *d) {
        for (size_t i = 0; i < ELEMENTS(settings); i++)
                look(d, &settings[i]);
}
