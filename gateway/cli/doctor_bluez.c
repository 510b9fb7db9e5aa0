/* What the system bus and bluetoothd tell: one look (bluez/survey), then a line for each check. */
#include "cli/doctor_bluez_parts.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/main_conf.h"

#define LIMIT_USEC (8 * UINT64_C(1000000)) /* and 2 s for the version */

/* The oldest release that all this was tried with. */
#define OLDEST_MAJOR 5
#define OLDEST_MINOR 66

struct look {
        struct doctor *d;
        struct bluez_survey *survey;
        struct doctor_version *version;
        bool file_is_newer;    /* main.conf, than the bluetoothd that runs here */
        sd_event_source *exit; /* the loop may end before we do */
};

static void look_free(struct look *l) {
        doctor_version_free(l->version);
        bluez_survey_free(l->survey);
        sd_event_source_disable_unref(l->exit);
        free(l);
}

static int on_exit_of_loop(sd_event_source *source, void *userdata) {
        look_free(userdata);
        return 0;
}

static void look_end(struct look *l) {
        struct doctor *d = l->d;

        look_free(l);
        doctor_end(d);
}

void doctor_bluez_skip(struct doctor *d, enum doctor_check check) {
        doctor_found(d, check, DOCTOR_SKIPPED, "Begin with what is said above about Bluetooth.",
                     "not looked at: BlueZ does not show it now");
}

/* --- the system bus -------------------------------------------------------------------------- */

static void bus_missing(struct doctor *d, int error) {
        if (doctor_in_container(d))
                doctor_found(
                        d, DOCTOR_BUS, DOCTOR_PROBLEM,
                        "Give the container the host's bus: docker's `-v /run/dbus:/run/dbus`.",
                        "cannot be reached: %s", strerror(-error));
        else
                doctor_found(d, DOCTOR_BUS, DOCTOR_PROBLEM,
                             "Start it: `sudo systemctl start dbus`. If it is not there: "
                             "`sudo apt install dbus`.",
                             "cannot be reached: %s", strerror(-error));
}

/* AccessDenied or, before the first word, a connection that is ended. */
static void bus_forbids(struct doctor *d, const char *what) {
        char command[PATH_MAX], remedy[PATH_MAX + 512];
        const char *user = getenv("USER");

        if (doctor_in_container(d)) {
                doctor_found(d, DOCTOR_BUS, DOCTOR_PROBLEM,
                             "Start the container with `--security-opt apparmor=unconfined` and "
                             "`-v /run/dbus:/run/dbus`, and without user namespaces of its own.",
                             "%s (AppArmor, or the bus's rules)", what);
                return;
        }
        snprintf(remedy, sizeof remedy,
                 "Run `sudo usermod -aG bluetooth %.64s` and log in again. What counts is the "
                 "service: `%s`.",
                 doctor_name(d, user ? user : "USER"),
                 doctor_as_service(d, command, sizeof command));
        doctor_found(d, DOCTOR_BUS, DOCTOR_PROBLEM, remedy, "%s (the bus's rules)", what);
}

static void look_at_bus(struct doctor *d, const struct bluez_survey_result *result) {
        switch (result->outcome) {
        case BLUEZ_SURVEY_NO_BUS:
                bus_missing(d, result->error);
                break;
        case BLUEZ_SURVEY_BUS_CLOSED:
                bus_forbids(d, "ended the connection before it answered");
                break;
        case BLUEZ_SURVEY_BUS_SILENT:
                doctor_found(d, DOCTOR_BUS, DOCTOR_PROBLEM,
                             doctor_on_host(d, "Reboot: everything depends on this bus."),
                             "does not answer");
                break;
        case BLUEZ_SURVEY_DENIED:
                bus_forbids(d, "this user may not talk to BlueZ: AccessDenied");
                break;
        case BLUEZ_SURVEY_DONE:
        case BLUEZ_SURVEY_FAILED:
                doctor_found(d, DOCTOR_BUS, DOCTOR_OK, NULL, "it answers, and lets us ask BlueZ");
                break;
        default:
                doctor_found(d, DOCTOR_BUS, DOCTOR_OK, NULL, "it answers");
        }
}

/* --- bluetoothd ------------------------------------------------------------------------------ */

static void look_for_bluetoothd(struct doctor *d, const struct bluez_survey_result *result) {
        switch (result->outcome) {
        case BLUEZ_SURVEY_ABSENT:
                doctor_found(
                        d, DOCTOR_BLUETOOTHD, DOCTOR_PROBLEM,
                        doctor_on_host(d, result->activatable
                                                  ? "Run `sudo systemctl enable --now bluetooth`."
                                                  : "Run `sudo apt install bluez`, then `sudo "
                                                    "systemctl enable "
                                                    "--now bluetooth`."),
                        result->activatable ? "bluetoothd does not run"
                                            : "bluetoothd does not run, and BlueZ seems not "
                                              "to be installed");
                break;
        case BLUEZ_SURVEY_SILENT:
                doctor_found(d, DOCTOR_BLUETOOTHD, DOCTOR_PROBLEM,
                             doctor_on_host(d, "Run `sudo systemctl restart bluetooth`; if that "
                                               "does not help, reboot."),
                             "bluetoothd does not answer");
                break;
        case BLUEZ_SURVEY_FAILED:
                doctor_found(d, DOCTOR_BLUETOOTHD, DOCTOR_PROBLEM,
                             doctor_on_host(d, "Run `sudo systemctl restart bluetooth`; if it "
                                               "stays, update BlueZ."),
                             "bluetoothd gives no list of what it knows: %s",
                             result->message[0] ? result->message : "it cannot be read");
                break;
        default:
                doctor_bluez_skip(d, DOCTOR_BLUETOOTHD);
        }
}

/* `version` is what its own file said; "" or nonsense: nothing. */
static void bluetoothd_runs(struct doctor *d, const char *version, bool knows_its_file) {
        unsigned major, minor;
        char name[64] = "bluetoothd";
        bool known = sscanf(version, "%u.%u", &major, &minor) == 2;

        if (known)
                snprintf(name, sizeof name, "bluetoothd %u.%u", major, minor);
        if (!knows_its_file)
                doctor_found(d, DOCTOR_BLUETOOTHD, DOCTOR_WARNING,
                             doctor_on_host(d, "`sudo systemctl restart bluetooth`"),
                             "%s runs, but " MAIN_CONF " was changed after it was started: what is "
                             "said of it below does not count yet",
                             name);
        else if (!known)
                doctor_found(d, DOCTOR_BLUETOOTHD, DOCTOR_OK, NULL, "%s runs; version not known",
                             name);
        else if (major < OLDEST_MAJOR || (major == OLDEST_MAJOR && minor < OLDEST_MINOR))
                doctor_found(d, DOCTOR_BLUETOOTHD, DOCTOR_WARNING,
                             doctor_on_host(d, "If pairing or reading fails, update the system: "
                                               "Debian 12 and Raspberry Pi OS of 2023 have 5.66."),
                             "%s runs; nothing older than %d.%d was tried", name, OLDEST_MAJOR,
                             OLDEST_MINOR);
        else
                doctor_found(d, DOCTOR_BLUETOOTHD, DOCTOR_OK, NULL, "%s runs", name);
}

static void on_version(void *owner, const char *text) {
        struct look *l = owner;

        bluetoothd_runs(l->d, text, !l->file_is_newer);
        look_end(l);
}

/* Its file speaks for the one that runs only where that is a process here, not outside of this
 * container. */
static bool is_here(const struct doctor *d, pid_t pid) {
        char path[64], comm[32];

        snprintf(path, sizeof path, "/proc/%lld/comm", (long long) pid);
        return doctor_read(d, path, comm, sizeof comm) >= 0 && strcmp(comm, "bluetoothd") == 0;
}

/* --- the adapter ----------------------------------------------------------------------------- */

static void no_adapter(struct doctor *d, const struct bluez_survey_result *result) {
        char list[512] = "", address[32];
        size_t used = 0;

        if (result->n_adapters == 0) {
                doctor_found(d, DOCTOR_ADAPTER, DOCTOR_PROBLEM,
                             doctor_on_host(d, "Plug one in. If it is, `sudo dmesg | grep -i "
                                               "bluetooth` tells why the kernel does not take "
                                               "it."),
                             "there is none");
                return;
        }
        for (size_t i = 0; i < result->n_adapters && used < sizeof list; i++)
                used += (size_t) snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "",
                                          doctor_address(d, result->adapter[i].address, address));
        doctor_found(d, DOCTOR_ADAPTER, DOCTOR_PROBLEM,
                     "Set the option `adapter` to one that is there, or leave it out.",
                     "the one that the option `adapter` names is not there (%s); there is %s",
                     d->config->adapter ? doctor_address(d, d->config->adapter, address) : "",
                     list);
}

static void look_at_power(struct doctor *d, const struct bluez_survey_adapter *a) {
        bool switched = d->finding[DOCTOR_RFKILL].status == DOCTOR_PROBLEM,
             blocked = switched || strcmp(a->power_state, "off-blocked") == 0;

        if (a->powered)
                doctor_found(d, DOCTOR_POWER, DOCTOR_OK, NULL, "on");
        else if (switched) /* by a program or by the computer itself: said there */
                doctor_found(d, DOCTOR_POWER, DOCTOR_PROBLEM,
                             doctor_on_host(d, "First what is said above of the radio switch, then "
                                               "`bluetoothctl power on`."),
                             "off: blocked (rfkill)");
        else if (blocked)
                doctor_found(d, DOCTOR_POWER, DOCTOR_PROBLEM,
                             doctor_on_host(d, "Run `sudo rfkill unblock bluetooth`, then "
                                               "`bluetoothctl power on`."),
                             "off: blocked (rfkill)");
        else
                doctor_found(d, DOCTOR_POWER, DOCTOR_PROBLEM,
                             doctor_on_host(d, "Run `bluetoothctl power on`."), "off");
}

static void look_at_low_energy(struct doctor *d, const struct bluez_survey_adapter *a) {
        if (!a->has_roles)
                doctor_found(d, DOCTOR_LOW_ENERGY, DOCTOR_SKIPPED,
                             doctor_on_host(d, "Run `sudo btmgmt info`: `le` is to be among the "
                                               "supported settings."),
                             "this BlueZ does not tell the adapter's roles");
        else if (!a->central)
                doctor_found(d, DOCTOR_LOW_ENERGY, DOCTOR_PROBLEM,
                             "Use an adapter for Bluetooth 4.0 or later.",
                             "the adapter cannot be a central: it has no Low Energy");
        else
                doctor_found(d, DOCTOR_LOW_ENERGY, DOCTOR_OK, NULL, "the adapter can be a central");
}

static void look_at_adapter(struct doctor *d, const struct bluez_survey_result *result,
                            const struct bluez_survey_adapter *a) {
        const char *name = strrchr(a->path, '/') + 1;
        char address[32];

        doctor_found(d, DOCTOR_ADAPTER, DOCTOR_OK, NULL, "%s, %s, %s%s%s", name,
                     doctor_address(d, a->address, address), doctor_name(d, a->alias),
                     a->modalias[0] ? ", " : "", a->modalias);
        look_at_power(d, a);
        look_at_low_energy(d, a);
        doctor_bluez_others(d, a);
        doctor_bluez_cuffs(d, result, a);
}

/* --- all of it ------------------------------------------------------------------------------- */

static void skip_adapter(struct doctor *d) {
        doctor_bluez_skip(d, DOCTOR_POWER);
        doctor_bluez_skip(d, DOCTOR_LOW_ENERGY);
        doctor_bluez_skip(d, DOCTOR_AGENT);
        doctor_bluez_skip(d, DOCTOR_PAIRABLE);
        doctor_bluez_skip(d, DOCTOR_SCANNING);
        doctor_bluez_skip(d, DOCTOR_CUFFS);
}

static void on_survey(void *owner, const struct bluez_survey_result *result) {
        struct look *l = owner;
        struct doctor *d = l->d;
        const struct config *c = d->config;
        const struct bluez_survey_adapter *a =
                bluez_survey_choose(result, c->has_adapter_address ? &c->adapter_address : NULL);

        look_at_bus(d, result);
        if (result->outcome != BLUEZ_SURVEY_DONE) {
                look_for_bluetoothd(d, result);
                doctor_bluez_skip(d, DOCTOR_ADAPTER);
                skip_adapter(d);
                look_end(l);
                return;
        }
        if (a)
                look_at_adapter(d, result, a);
        else {
                no_adapter(d, result);
                skip_adapter(d);
        }
        l->file_is_newer = is_here(d, result->pid) && main_conf_is_newer(d, result->pid);
        if (!is_here(d, result->pid) || doctor_version_ask(d, on_version, l, &l->version) < 0)
                on_version(l, "");
}

void doctor_bluez(struct doctor *d) {
        struct look *l = calloc(1, sizeof *l);

        if (!l)
                return; /* the checks are said not to have answered */
        l->d = d;
        if (sd_event_add_exit(d->event, &l->exit, on_exit_of_loop, l) < 0 ||
            bluez_survey_new(d->event, LIMIT_USEC, on_survey, l, &l->survey) < 0) {
                look_free(l);
                return;
        }
        doctor_begin(d);
}
