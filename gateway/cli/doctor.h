/* `cuff2mqtt doctor`: a line for each check of the host, with the remedy where something is wrong.
 *
 * A check finds exactly one thing: its row in doctor_checks (doctor.c) gives slug and title, the
 * part that looks (doctor_host.c: files of the system; doctor_bluez.c: D-Bus; doctor_broker.c;
 * doctor_store.c) calls doctor_found() once. What cannot be looked at is DOCTOR_SKIPPED with the
 * way to look at it. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <systemd/sd-event.h>

#include "app/config.h"

enum doctor_check {
        DOCTOR_CONFIG,             /* the configuration is good */
        DOCTOR_SERVICE,            /* the service runs on this state directory (its lock is held) */
        DOCTOR_DATABASE,           /* it can be opened and is sound */
        DOCTOR_SPACE,              /* room on its disk */
        DOCTOR_KERNEL,             /* not one that is known to be bad */
        DOCTOR_CLOCK,              /* synchronised */
        DOCTOR_TIME_ZONE,          /* not UTC inside a container */
        DOCTOR_RFKILL,             /* no block, soft or hard */
        DOCTOR_DRIVER,             /* adapter in sysfs: name, bus, driver */
        DOCTOR_WIFI,               /* no 2.4 GHz Wi-Fi on this computer */
        DOCTOR_BUS,                /* the system bus, and we may talk to org.bluez (AppArmor) */
        DOCTOR_BLUETOOTHD,         /* runs; its version */
        DOCTOR_ADAPTER,            /* present; the configured one */
        DOCTOR_POWER,              /* switched on */
        DOCTOR_LOW_ENERGY,         /* it can do LE as central */
        DOCTOR_AGENT,              /* another default agent is there: Pairable without our window */
        DOCTOR_PAIRABLE,           /* nobody has switched pairing off */
        DOCTOR_SCANNING,           /* somebody else scans */
        DOCTOR_PRIVACY,            /* main.conf: Privacy */
        DOCTOR_CONTROLLER_MODE,    /* main.conf: ControllerMode is not bredr */
        DOCTOR_REPAIRING,          /* main.conf: JustWorksRepairing */
        DOCTOR_SECURE_CONNECTIONS, /* main.conf: SecureConnections is not only */
        DOCTOR_CUFFS,              /* bonded cuffs: BlueZ and the database agree; when last heard */
        DOCTOR_BROKER,             /* reachable, and it lets us in */
        DOCTOR_TOPICS,             /* it lets us publish and subscribe below the base topic */
        DOCTOR_DISCOVERY,          /* Home Assistant is heard on the discovery prefix */
        DOCTOR_CHECK_MAX_,
};

enum doctor_status {
        DOCTOR_NOT_LOOKED, /* not yet */
        DOCTOR_OK,
        DOCTOR_WARNING, /* may be as it should; can be the reason when something does not work */
        DOCTOR_PROBLEM,
        DOCTOR_SKIPPED,
};

/* A cuff of the database, not removed by its owner: DOCTOR_CUFFS compares it with BlueZ's. */
struct doctor_cuff {
        char address[18];    /* "28:FF:B2:AA:BB:CC" */
        char name[64];       /* "" unknown */
        int64_t last_seen_s; /* Unix time; 0 never */
        bool bond_lost;
};

#define DOCTOR_CUFFS_MAX 64

struct doctor {
        const struct config *config; /* as loaded; defaults where it is wrong */
        const char *config_path;     /* as given; NULL the usual one */
        sd_event *event;
        char on_host[512]; /* of doctor_on_host() */
        const char *root;  /* "" ; tests put their own files below it (CUFF2MQTT_DOCTOR_ROOT) */
        bool report;       /* texts are made for strangers: see doctor_address, doctor_name */
        bool no_config;    /* it is wrong or cannot be read: doctor_store and doctor_broker, which
                            * would look at what nobody configured, are not asked */
        struct doctor_finding {
                enum doctor_status status;
                char *text, *remedy; /* owned; remedy NULL: none is needed */
        } finding[DOCTOR_CHECK_MAX_];
        unsigned parts; /* that still look */

        /* Filled by doctor_store before it returns, read by doctor_bluez. */
        struct doctor_cuff cuff[DOCTOR_CUFFS_MAX];
        size_t n_cuffs;
        bool cuffs_known; /* the database could be read, or there is none yet */
};

struct doctor_row {
        const char *slug, *section, *title;
};
extern const struct doctor_row doctor_checks[DOCTOR_CHECK_MAX_];

/* Once per check. `remedy` NULL with OK. The texts are copied; `format` is printf's. What a
 * terminal would obey is taken out of them. */
void doctor_found(struct doctor *d, enum doctor_check check, enum doctor_status status,
                  const char *remedy, const char *format, ...)
        __attribute__((format(printf, 5, 6)));
/* A part of asynchronous work begins and ends; when none is left the loop ends. It also ends at
 * the overall limit and at Ctrl-C: what a part still holds then it frees in a source of
 * sd_event_add_exit(). */
void doctor_begin(struct doctor *d);
void doctor_end(struct doctor *d);

/* For texts: the whole address and name, or in a report "28:5F:DB:..:..:.." and "(name)". */
const char *doctor_address(const struct doctor *d, const char *address, char ret[32]);
const char *doctor_name(const struct doctor *d, const char *name);
/* A file below `root`, at most `size` - 1 bytes, without its last newline. 0 or negative errno. */
int doctor_read(const struct doctor *d, const char *path, char *ret, size_t size);
/* A regular file below `root`, of a reasonable size: 0 or negative errno. Never waits for a pipe.
 */
int doctor_open(const struct doctor *d, const char *path, FILE **ret);
/* The name of a file below `root`. 0 or -ENAMETOOLONG. */
int doctor_path(const struct doctor *d, const char *path, char *ret, size_t size);
/* "sudo -u cuff2mqtt cuff2mqtt doctor", with --config where it was given; without the "-u
 * cuff2mqtt" where there is no such user, because the service is root then; for a container the
 * command that runs it there. Returns `ret`. */
const char *doctor_as_service(const struct doctor *d, char *ret, size_t size);
/* "sudo cuff2mqtt doctor", the same way: for files that only root reads. */
const char *doctor_as_root(const struct doctor *d, char *ret, size_t size);
/* "sudo cuff2mqtt check-config", the same way. */
const char *doctor_check_config(const struct doctor *d, char *ret, size_t size);
/* "sudo systemctl restart cuff2mqtt", or what does that to a container. */
const char *doctor_of_service(const struct doctor *d, const char *verb, char ret[64]);
/* A word of a command line, in quotes where the shell needs them. Returns `ret`. */
const char *doctor_quote(const char *word, char *ret, size_t size);
/* A remedy for the computer itself: in a container it begins with "On the host: ". Good until the
 * next one. */
const char *doctor_on_host(struct doctor *d, const char *remedy);
bool doctor_in_container(const struct doctor *d);

/* The parts. The first two look at once; the others begin, and end within their own limits
 * (10 s at most), whatever the host does. Nothing is changed anywhere. */
void doctor_host(struct doctor *d);  /* KERNEL .. WIFI, PRIVACY .. SECURE_CONNECTIONS */
void doctor_store(struct doctor *d); /* SERVICE DATABASE SPACE; fills cuff[], before doctor_bluez */
void doctor_bluez(struct doctor *d); /* BUS .. SCANNING, CUFFS */
void doctor_broker(struct doctor *d); /* BROKER TOPICS DISCOVERY */

/* All parts, on `event`; what was not found after `limit_usec` did not answer. 0 or negative errno.
 */
int doctor_look(struct doctor *d, uint64_t limit_usec);
unsigned doctor_count(const struct doctor *d, enum doctor_status status);
void doctor_done(struct doctor *d); /* frees what was found */

/* What was found: for people, for programs (one line), for a report in Markdown. */
const char *doctor_status_to_string(enum doctor_status status);
void doctor_print(FILE *f, const struct doctor *d, bool colours);
int doctor_print_json(FILE *f, const struct doctor *d); /* 0 or -ENOMEM */
void doctor_report(FILE *f, const struct doctor *d);
/* On a terminal, on stderr: what is still awaited; nothing any more. */
void doctor_show_waiting(const struct doctor *d);
void doctor_show_done(void);
