/* Other programs at the same adapter. BlueZ names none of them: what is said here is concluded. */
#include "cli/doctor_bluez_parts.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "cli/main_conf.h"

/* They register an agent, at least while their window or prompt is open. */
static const char *const agents[] = {
        "bluetoothctl", "blueman-applet", "blueman-manager", "bt-agent", "bluetooth-agent",
        "lxpanel",      "wf-panel-pi",    "gnome-shell",     "kded5",    "kded6",
        NULL,
};
/* They may scan, and are hardly run for anything but Bluetooth (or are Home Assistant). */
static const char *const scanners[] = {
        "bluetoothctl", "blueman-manager", "btmgmt", "hcitool", "hass", "TheengsGateway", NULL,
};

DEFINE_CLEANUP(DIR *, closedir)

static bool is_among(const char *const *names, const char *name) {
        for (; *names; names++)
                if (strcmp(*names, name) == 0)
                        return true;
        return false;
}

/* "; running here: bluetoothctl (process 812)" of those that run, or what else can be said. */
static const char *running(const struct doctor *d, const char *const *names, char *ret,
                           size_t size) {
        char path[PATH_MAX], comm[32];
        _cleanup_(closedirp) DIR *dir =
                doctor_path(d, "/proc", path, sizeof path) < 0 ? NULL : opendir(path);
        const struct dirent *e;
        size_t used = 0;

        ret[0] = '\0';
        while (dir && (e = readdir(dir)) && used < size) {
                if (strspn(e->d_name, "0123456789") != strlen(e->d_name))
                        continue;
                snprintf(path, sizeof path, "/proc/%s/comm", e->d_name);
                if (doctor_read(d, path, comm, sizeof comm) < 0 || !is_among(names, comm))
                        continue;
                used += (size_t) snprintf(ret + used, size - used, "%s%s (process %s)",
                                          used ? ", " : "; running here: ", comm, e->d_name);
        }
        if (!used && doctor_in_container(d))
                snprintf(ret, size, "; it may run outside this container");
        return ret;
}

static bool service_runs(const struct doctor *d) {
        return d->finding[DOCTOR_SERVICE].status == DOCTOR_OK;
}

/* What main.conf says of AlwaysPairable. */
enum always { ALWAYS_NO, ALWAYS_YES, ALWAYS_UNKNOWN };

static enum always is_always_pairable(const struct doctor *d) {
        struct main_conf_value value;
        int r = main_conf_read(d, "AlwaysPairable", &value);

        if (r == -ENOENT ? doctor_in_container(d) : r < 0 && r != -EBADMSG)
                return ALWAYS_UNKNOWN;
        return r >= 0 && main_conf_is_true(&value) ? ALWAYS_YES : ALWAYS_NO;
}

/* Without AlwaysPairable bluetoothd switches Pairable on for the first default agent and off after
 * the last one (measured on 5.66). That is all that D-Bus shows of agents: no property and no call
 * names them, and one that is not the default agent does not show at all. */
static void look_for_agent(struct doctor *d, const struct bluez_survey_adapter *a,
                           enum always always) {
        char candidates[256];

        if (always == ALWAYS_YES)
                doctor_found(d, DOCTOR_AGENT, DOCTOR_SKIPPED,
                             doctor_on_host(d, "Take AlwaysPairable out of " MAIN_CONF
                                               ", then `sudo systemctl restart bluetooth`, if you "
                                               "want to know."),
                             "an agent of another program shows only by Pairable, which is always "
                             "on here (AlwaysPairable in main.conf)");
        else if (!a->pairable)
                doctor_found(d, DOCTOR_AGENT, DOCTOR_OK, NULL,
                             "no other program seems to answer for pairing (Pairable is off)");
        else
                doctor_found(d, DOCTOR_AGENT, DOCTOR_WARNING,
                             "Close it while you pair: a desktop's Bluetooth menu, bluetoothctl. "
                             "While its pairing window is open cuff2mqtt is the default agent, and "
                             "gives that back.",
                             "another program seems to answer for pairing: Pairable is on, as it "
                             "is with a default agent (or after `bluetoothctl pairable on`%s); "
                             "BlueZ does not say whose%s%s",
                             always == ALWAYS_UNKNOWN
                                     ? ", or with AlwaysPairable in main.conf, which is not seen "
                                       "from here"
                                     : "",
                             service_runs(d) ? " (if a pairing window is open now: ours)" : "",
                             running(d, agents, candidates, sizeof candidates));
}

static void look_at_pairable(struct doctor *d, const struct bluez_survey_adapter *a,
                             enum always always) {
        if (a->pairable)
                doctor_found(d, DOCTOR_PAIRABLE, DOCTOR_OK, NULL, "on");
        else if (always == ALWAYS_YES)
                doctor_found(d, DOCTOR_PAIRABLE, DOCTOR_PROBLEM,
                             doctor_on_host(d, "Run `bluetoothctl pairable on`."),
                             "somebody has switched pairing off, and with AlwaysPairable in "
                             "main.conf it stays so: a cuff pairs, and no keys are stored");
        else if (always == ALWAYS_UNKNOWN)
                doctor_found(d, DOCTOR_PAIRABLE, DOCTOR_SKIPPED,
                             doctor_on_host(d, "`grep -n AlwaysPairable " MAIN_CONF
                                               "`: if that is true, `bluetoothctl pairable on`."),
                             "off, which is usual outside of pairing unless main.conf says "
                             "AlwaysPairable, which is not seen from here");
        else
                doctor_found(d, DOCTOR_PAIRABLE, DOCTOR_OK, NULL,
                             "off, which is usual outside of pairing (whether somebody switched "
                             "it off cannot be told); a pairing window switches it on");
}

static void look_for_scan(struct doctor *d, const struct bluez_survey_adapter *a) {
        bool ours = service_runs(d) && d->config->bluetooth.wake == CONFIG_WAKE_DISCOVERY;
        char candidates[256];

        if (!a->discovering)
                doctor_found(d, DOCTOR_SCANNING, DOCTOR_OK, NULL, "nobody scans through BlueZ");
        else if (ours)
                doctor_found(d, DOCTOR_SCANNING, DOCTOR_OK, NULL,
                             "our own service scans (option bluetooth.wake)");
        else
                doctor_found(d, DOCTOR_SCANNING, DOCTOR_WARNING,
                             "End the scan while you pair, or if connections fail. Otherwise leave "
                             "it: cuffs are found all the same.",
                             "another program scans: connecting to a cuff can take 3 to 7 s "
                             "instead of less than one%s%s",
                             service_runs(d) ? " (if a pairing window is open now: it is ours)"
                                             : "",
                             running(d, scanners, candidates, sizeof candidates));
}

void doctor_bluez_others(struct doctor *d, const struct bluez_survey_adapter *a) {
        enum always always = is_always_pairable(d);

        look_for_agent(d, a, always);
        look_at_pairable(d, a, always);
        look_for_scan(d, a);
}
