#include "cli/doctor_host.h"

#include <ctype.h>
#include <string.h>
#include <time.h>

#include "app/wall_clock.h"
#include "base/cleanup.h"

/* --- kernel --- */

/* "6.1.0-55-amd64" is Debian's 6.1.0-55. */
static bool is_release(const char *release, const char *version) {
        size_t n = strlen(version);

        return strncmp(release, version, n) == 0 && !isalnum((unsigned char) release[n]);
}

static void look_at_kernel(struct doctor *d) {
        /* Seen in this project's lab (docs/testing.md), 3 of 3 times; 6.1.0-47 and -54 hold. */
        static const char *const bad[] = {"6.1.0-55", "6.1.0-56"};
        unsigned major = 0, minor = 0;
        char release[128] = "";

        doctor_read(d, "/proc/sys/kernel/osrelease", release, sizeof release);
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                if (is_release(release, bad[i])) {
                        doctor_found(d, DOCTOR_KERNEL, DOCTOR_PROBLEM,
                                     doctor_on_host(d, "`sudo apt full-upgrade`, then restart into "
                                                       "another kernel (6.1.0-54 and 6.12 hold). "
                                                       "`uname -r` says which one runs."),
                                     "Linux %s dies of a bug of its own (\"list_del corruption\") "
                                     "when a cuff has lost its bond",
                                     release);
                        return;
                }
        if (sscanf(release, "%u.%u", &major, &minor) != 2)
                doctor_found(d, DOCTOR_KERNEL, DOCTOR_SKIPPED, "`uname -r`",
                             "cannot see which one runs");
        else if (major < 5 || (major == 5 && minor < 10))
                doctor_found(d, DOCTOR_KERNEL, DOCTOR_WARNING,
                             doctor_on_host(d, "`sudo apt full-upgrade`, or a newer release of the "
                                               "system."),
                             "Linux %s is old; this was tried with 6.1 and 6.12", release);
        else
                doctor_found(d, DOCTOR_KERNEL, DOCTOR_OK, NULL, "Linux %s", release);
}

/* --- time --- */

static void look_at_clock(struct doctor *d) {
        int r;

        switch (d->config->system_clock) {
        case CONFIG_CLOCK_TRUSTED:
                doctor_found(d, DOCTOR_CLOCK, DOCTOR_OK, NULL,
                             "taken as right, because system_clock is \"trusted\"");
                return;
        case CONFIG_CLOCK_UNTRUSTED:
                doctor_found(d, DOCTOR_CLOCK, DOCTOR_WARNING,
                             "If this computer's clock is right: system_clock = \"auto\";",
                             "taken as wrong, because system_clock is \"untrusted\": cuffs' clocks "
                             "are not set");
                return;
        case CONFIG_CLOCK_AUTO:
                break;
        }
        r = wall_clock_ask_kernel();
        if (r > 0)
                doctor_found(d, DOCTOR_CLOCK, DOCTOR_OK, NULL, "synchronised");
        else if (r == 0)
                doctor_found(d, DOCTOR_CLOCK, DOCTOR_WARNING,
                             doctor_on_host(d, "`timedatectl` says more; `sudo timedatectl set-ntp "
                                               "true` and a network set it right."),
                             "not synchronised: cuffs' clocks are not set");
        else
                doctor_found(
                        d, DOCTOR_CLOCK, DOCTOR_WARNING,
                        "Let this program ask the kernel (adjtimex, which seccomp or systemd's "
                        "ProtectClock= forbids); or, if the clock is right: system_clock = "
                        "\"trusted\";",
                        "not known to be synchronised (%s): cuffs' clocks are not set, unless "
                        "systemd-timedated knows more",
                        strerror(-r));
}

static void look_at_time_zone(struct doctor *d) {
        time_t now = time(NULL);
        struct tm local = {0};

        localtime_r(&now, &local);
        if (d->config->time_zone)
                doctor_found(d, DOCTOR_TIME_ZONE, DOCTOR_OK, NULL, "%s, as configured",
                             d->config->time_zone);
        else if (!wall_clock_is_suspicious(NULL))
                doctor_found(d, DOCTOR_TIME_ZONE, DOCTOR_OK, NULL, "%s, the system's",
                             local.tm_zone ? local.tm_zone : "not named");
        else if (doctor_in_container(d))
                doctor_found(d, DOCTOR_TIME_ZONE, DOCTOR_WARNING,
                             "Start the container with CUFF2MQTT_TIME_ZONE=Europe/Berlin, or the "
                             "zone where you live.",
                             "this container runs in UTC; cuffs show the time on your wall");
        else
                doctor_found(d, DOCTOR_TIME_ZONE, DOCTOR_OK, NULL,
                             "UTC, the system's; if your cuffs show another time, set time_zone");
}

void doctor_host(struct doctor *d) {
        look_at_kernel(d);
        look_at_clock(d);
        look_at_time_zone(d);
        doctor_radio(d);
        doctor_main_conf(d);
}
