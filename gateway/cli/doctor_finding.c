/* The checks, what was found of each, and what the parts share. */
#include "cli/doctor.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "cli/tame.h"
#include "mqtt/json.h"

#define SERVICE_USER   "cuff2mqtt"
#define CONTAINER      "CONTAINER" /* its name is not known in it */
#define FILE_MAX_BYTES (1 << 20)

/* clang-format off */
const struct doctor_row doctor_checks[DOCTOR_CHECK_MAX_] = {
        [DOCTOR_CONFIG]             = {"config", "Service", "Configuration"},
        [DOCTOR_SERVICE]            = {"service", "Service", "Service"},
        [DOCTOR_DATABASE]           = {"database", "Service", "Database"},
        [DOCTOR_SPACE]              = {"space", "Service", "Room on its disk"},
        [DOCTOR_KERNEL]             = {"kernel", "Computer", "Kernel"},
        [DOCTOR_CLOCK]              = {"clock", "Computer", "Clock"},
        [DOCTOR_TIME_ZONE]          = {"time_zone", "Computer", "Time zone"},
        [DOCTOR_RFKILL]             = {"rfkill", "Computer", "Radio switch"},
        [DOCTOR_DRIVER]             = {"driver", "Computer", "Driver"},
        [DOCTOR_WIFI]               = {"wifi", "Computer", "Wi-Fi"},
        [DOCTOR_BUS]                = {"bus", "Bluetooth", "System bus"},
        [DOCTOR_BLUETOOTHD]         = {"bluetoothd", "Bluetooth", "BlueZ"},
        [DOCTOR_ADAPTER]            = {"adapter", "Bluetooth", "Adapter"},
        [DOCTOR_POWER]              = {"power", "Bluetooth", "Power"},
        [DOCTOR_LOW_ENERGY]         = {"low_energy", "Bluetooth", "Low Energy"},
        [DOCTOR_AGENT]              = {"agent", "Bluetooth", "Agent"},
        [DOCTOR_PAIRABLE]           = {"pairable", "Bluetooth", "Pairable"},
        [DOCTOR_SCANNING]           = {"scanning", "Bluetooth", "Scanning"},
        [DOCTOR_PRIVACY]            = {"privacy", "BlueZ's configuration", "Privacy"},
        [DOCTOR_CONTROLLER_MODE]    = {"controller_mode", "BlueZ's configuration", "ControllerMode"},
        [DOCTOR_REPAIRING]          = {"repairing", "BlueZ's configuration", "JustWorksRepairing"},
        [DOCTOR_SECURE_CONNECTIONS] = {"secure_connections", "BlueZ's configuration", "SecureConnections"},
        [DOCTOR_CUFFS]              = {"cuffs", "Cuffs", "Cuffs"},
        [DOCTOR_BROKER]             = {"broker", "MQTT", "Broker"},
        [DOCTOR_TOPICS]             = {"topics", "MQTT", "Topics"},
        [DOCTOR_DISCOVERY]          = {"discovery", "MQTT", "Home Assistant"},
};
/* clang-format on */

/* --- what was found --- */

void doctor_found(struct doctor *d, enum doctor_check check, enum doctor_status status,
                  const char *remedy, const char *format, ...) {
        struct doctor_finding *f = &d->finding[check];
        va_list ap;

        assert(f->status == DOCTOR_NOT_LOOKED && status != DOCTOR_NOT_LOOKED);
        f->status = status;
        va_start(ap, format);
        if (vasprintf(&f->text, format, ap) < 0)
                f->text = NULL;
        va_end(ap);
        tame(f->text);
        f->remedy = tame(remedy ? strdup(remedy) : NULL);
        doctor_show_waiting(d);
}

unsigned doctor_count(const struct doctor *d, enum doctor_status status) {
        unsigned n = 0;

        for (size_t i = 0; i < ELEMENTS(d->finding); i++)
                n += d->finding[i].status == status;
        return n;
}

void doctor_done(struct doctor *d) {
        for (size_t i = 0; i < ELEMENTS(d->finding); i++) {
                free(d->finding[i].text);
                free(d->finding[i].remedy);
                d->finding[i] = (struct doctor_finding){0};
        }
}

/* --- for the parts --- */

const char *doctor_address(const struct doctor *d, const char *address, char ret[32]) {
        if (!d->report)
                snprintf(ret, 32, "%s", address);
        else if (strlen(address) == strlen("28:5F:DB:00:00:00"))
                snprintf(ret, 32, "%.8s:..:..:..", address);
        else
                snprintf(ret, 32, "(address)");
        return ret;
}

const char *doctor_name(const struct doctor *d, const char *name) {
        return d->report ? "(name)" : name;
}

int doctor_path(const struct doctor *d, const char *path, char *ret, size_t size) {
        int n = snprintf(ret, size, "%s%s", d->root, path);

        return n < 0 || (size_t) n >= size ? -ENAMETOOLONG : 0;
}

int doctor_read(const struct doctor *d, const char *path, char *ret, size_t size) {
        _cleanup_(closep) int fd = -1;
        char name[PATH_MAX];
        size_t used = 0;
        ssize_t n = 1;
        int r = doctor_path(d, path, name, sizeof name);

        if (r < 0)
                return r;
        fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
                return -errno;
        while (n > 0 && used < size - 1) {
                n = read(fd, ret + used, size - 1 - used);
                if (n < 0)
                        return -errno;
                used += (size_t) n;
        }
        ret[used - (used > 0 && ret[used - 1] == '\n')] = '\0';
        return 0;
}

int doctor_open(const struct doctor *d, const char *path, FILE **ret) {
        _cleanup_(closep) int fd = -1;
        char name[PATH_MAX];
        struct stat st;
        int r = doctor_path(d, path, name, sizeof name);

        if (r < 0)
                return r;
        fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
        if (st.st_size > FILE_MAX_BYTES)
                return -EFBIG;
        *ret = fdopen(fd, "r");
        if (!*ret)
                return -errno;
        fd = -1; /* the stream's now */
        return 0;
}

static bool has_user(const struct doctor *d, const char *name) {
        _cleanup_(fclosep) FILE *f = NULL;
        _cleanup_(freep) char *line = NULL;
        size_t size = 0, n = strlen(name);

        if (doctor_open(d, "/etc/passwd", &f) < 0)
                return false;
        while (getline(&line, &size, f) >= 0)
                if (strncmp(line, name, n) == 0 && line[n] == ':')
                        return true;
        return false;
}

const char *doctor_quote(const char *word, char *ret, size_t size) {
        static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                    "/._-+,:@%=";
        size_t n = 0;

        if (word[0] && word[strspn(word, plain)] == '\0') {
                snprintf(ret, size, "%s", word);
                return ret;
        }
        for (const char *c = word; *c && n + sizeof "''\\''" < size; c++)
                n += (size_t) sprintf(ret + n, "%s%s", c == word ? "'" : "",
                                      *c == '\'' ? "'\\''" : (char[]){*c, '\0'});
        snprintf(ret + n, size - n, word[0] ? "'" : "''");
        return ret;
}

bool doctor_in_container(const struct doctor *d) {
        static const char *const marks[] = {"/.dockerenv", "/run/.containerenv",
                                            "/run/systemd/container"};
        const char *variable = getenv("container"); /* systemd-nspawn, LXC, Podman */
        char path[PATH_MAX];

        for (size_t i = 0; i < ELEMENTS(marks); i++)
                if (doctor_path(d, marks[i], path, sizeof path) == 0 && access(path, F_OK) == 0)
                        return true;
        return variable && variable[0];
}

/* One program and its files, without sudo and systemd: docker's kind. */
static bool is_bare_container(const struct doctor *d) {
        char path[PATH_MAX];

        return doctor_in_container(d) &&
               (doctor_path(d, "/run/systemd/system", path, sizeof path) < 0 ||
                access(path, F_OK) < 0);
}

/* `user`: "-u cuff2mqtt " or the like. */
static const char *as(const struct doctor *d, const char *user, const char *command, char *ret,
                      size_t size) {
        char path[PATH_MAX] = "";

        if (d->config_path)
                doctor_quote(d->config_path, path, sizeof path);
        snprintf(ret, size, "%s%s%scuff2mqtt %s%s%s",
                 is_bare_container(d) ? "docker exec " : "sudo ", user,
                 is_bare_container(d) ? CONTAINER " " : "", command, path[0] ? " --config " : "",
                 path);
        return ret;
}

const char *doctor_as_root(const struct doctor *d, char *ret, size_t size) {
        return as(d, is_bare_container(d) ? "-u root " : "", "doctor", ret, size);
}

const char *doctor_check_config(const struct doctor *d, char *ret, size_t size) {
        return as(d, "", "check-config", ret, size);
}

const char *doctor_as_service(const struct doctor *d, char *ret, size_t size) {
        return as(d,
                  !is_bare_container(d) && has_user(d, SERVICE_USER) ? "-u " SERVICE_USER " " : "",
                  "doctor", ret, size);
}

const char *doctor_of_service(const struct doctor *d, const char *verb, char ret[64]) {
        if (is_bare_container(d))
                snprintf(ret, 64, "docker %s " CONTAINER, verb);
        else
                snprintf(ret, 64, "sudo systemctl %s cuff2mqtt", verb);
        return ret;
}

const char *doctor_on_host(struct doctor *d, const char *remedy) {
        if (!doctor_in_container(d))
                return remedy;
        snprintf(d->on_host, sizeof d->on_host, "On the host: %s", remedy);
        return d->on_host;
}
