/* What several options together must hold, and the password that comes from a file. */
#include "app/config_load.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define PASSWORD_MAX 1024 /* bytes, as mqtt.password */

static const struct option *pick(const char *path) {
        return option_find(path);
}

/* Has a value, and nothing wrong was said about it. */
static bool is_set(const struct config_load *l, const char *path, const char *value) {
        return value && !l->is_wrong[option_index(pick(path))];
}

/* Neither of them is usable if one was wrong: say nothing more then. */
static bool is_sound(const struct config_load *l, const char *a, const char *b) {
        return !l->is_wrong[option_index(pick(a))] && !l->is_wrong[option_index(pick(b))];
}

static void check_together(struct config_load *l, const char *a, const char *value_a, const char *b,
                           const char *value_b) {
        if (is_set(l, a, value_a) && !value_b && is_sound(l, a, b))
                config_load_error(l, pick(a), "is set without %s: set both or none", b);
}

static void check_order(struct config_load *l, const char *low, uint64_t low_usec, const char *high,
                        uint64_t high_usec) {
        const char *blamed = l->origin[option_index(pick(low))] ? low : high;

        if (low_usec <= high_usec || !is_sound(l, low, high))
                return;
        config_load_error(l, pick(blamed), "is wrong: %s (%g s) must not be longer than %s (%g s)",
                          low, (double) low_usec / 1e6, high, (double) high_usec / 1e6);
}

/* --- the password file ---------------------------------------------------------------------------
 */

/* What a person can change: systemd's copy is not it. */
static const char *file_name(const struct config_load *l) {
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        const char *path = l->config.mqtt.password_file;

        if (directory && directory[0] && strncmp(path, directory, strlen(directory)) == 0)
                return "systemd's credential mqtt-password (the unit takes it from "
                       "/etc/cuff2mqtt/password)";
        return path;
}

static void refuse_file(struct config_load *l, const char *format_end) {
        config_load_error(l, pick("mqtt.password_file"), "names %s, which %s", file_name(l),
                          format_end);
}

/* Bytes read into `ret` (NUL-terminated), at most PASSWORD_MAX + 3; negative errno, already said.
 */
static ssize_t read_password(struct config_load *l, char ret[PASSWORD_MAX + 4]) {
        const char *path = l->config.mqtt.password_file;
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        struct stat st;
        ssize_t n;

        if (fd < 0 || fstat(fd, &st) < 0) {
                config_load_error(l, pick("mqtt.password_file"),
                                  "names %s, which cannot be read: %s", path, strerror(errno));
                return -EINVAL;
        }
        if (!S_ISREG(st.st_mode)) {
                refuse_file(l, "is not a file");
                return -EINVAL;
        }
        if (st.st_mode & S_IROTH)
                config_load_warning(
                        l, pick("mqtt.password_file"),
                        "names %s, which every user of this machine can read: chmod o-r %s", path,
                        path);
        n = read(fd, ret, PASSWORD_MAX + 3);
        if (n < 0) {
                config_load_error(l, pick("mqtt.password_file"),
                                  "names %s, which cannot be read: %s", path, strerror(errno));
                return -EINVAL;
        }
        ret[n] = '\0';
        return n;
}

static void take_password(struct config_load *l) {
        char text[PASSWORD_MAX + 4];
        ssize_t n = read_password(l, text);

        if (n < 0)
                return;
        if (n > 0 && text[n - 1] == '\n')
                text[--n] = '\0';
        if (n > 0 && text[n - 1] == '\r')
                text[--n] = '\0';
        if (n == 0)
                refuse_file(l, "is empty: write the password into it");
        else if (n > PASSWORD_MAX)
                refuse_file(l, "is too long: a password has at most 1024 bytes");
        else if (strlen(text) != (size_t) n || strpbrk(text, "\r\n"))
                refuse_file(l, "must hold one line: the password");
        else if (!(l->config.mqtt.password = strdup(text)))
                l->error = -ENOMEM;
        explicit_bzero(text, sizeof text);
}

/* --- .. that nobody named ------------------------------------------------------------------------
 */

/* The unit hands over an empty line where there is no such file. */
static bool is_blank(const char *path) {
        _cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
        char text[2];
        ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);

        return n == 0 || (n == 1 && text[0] == '\n');
}

/* systemd.exec(5), LoadCredential=. NULL: it hands over none, or memory ended. */
static char *credential_path(void) {
        const char *directory = getenv("CREDENTIALS_DIRECTORY");
        _cleanup_(freep) char *path = NULL;

        if (!directory || !directory[0] || asprintf(&path, "%s/mqtt-password", directory) < 0)
                return NULL;
        return access(path, F_OK) == 0 ? TAKE_PTR(path) : NULL;
}

/* The file `password` beside the configuration. NULL: there is none to be had. */
static char *neighbour_path(struct config_load *l) {
        const char *slash = strrchr(l->path, '/');
        _cleanup_(freep) char *path = NULL;

        if (asprintf(&path, "%.*spassword", slash ? (int) (slash + 1 - l->path) : 0, l->path) < 0)
                return NULL;
        if (access(path, R_OK) == 0)
                return TAKE_PTR(path);
        if (errno == EACCES)
                config_load_warning(l, pick("mqtt.password_file"),
                                    "is not set, and %s cannot be read: %s", path, strerror(errno));
        return NULL;
}

static void find_password(struct config_load *l) {
        _cleanup_(freep) char *path = credential_path();

        if (path && is_blank(path))
                return;
        if (!path && !(path = neighbour_path(l)))
                return;
        l->config.mqtt.password_file = TAKE_PTR(path);
        take_password(l);
}

static void check_password(struct config_load *l) {
        const struct config *c = &l->config;

        if (!is_sound(l, "mqtt.password", "mqtt.password_file"))
                return;
        if (c->mqtt.password && c->mqtt.password_file)
                config_load_error(l, pick("mqtt.password_file"),
                                  "and mqtt.password are both set: keep one");
        else if ((c->mqtt.password || c->mqtt.password_file) && !c->mqtt.user &&
                 is_sound(l, "mqtt.user", "mqtt.user"))
                config_load_error(l,
                                  pick(c->mqtt.password ? "mqtt.password" : "mqtt.password_file"),
                                  "is set without mqtt.user: set the user too");
        else if (c->mqtt.password_file)
                take_password(l);
        else if (c->mqtt.user && !c->mqtt.password)
                find_password(l);
}

/* --- TLS -----------------------------------------------------------------------------------------
 */

static void check_tls(struct config_load *l) {
        const struct config *c = &l->config;
        bool encrypted = false;

        check_together(l, "mqtt.certificate_file", c->mqtt.certificate_file, "mqtt.key_file",
                       c->mqtt.key_file);
        check_together(l, "mqtt.key_file", c->mqtt.key_file, "mqtt.certificate_file",
                       c->mqtt.certificate_file);
        for (size_t i = 0; i < c->mqtt.n_urls; i++)
                encrypted |= strncmp(c->mqtt.url[i], "mqtts:", 6) == 0 ||
                             strncmp(c->mqtt.url[i], "wss:", 4) == 0;
        if (c->mqtt.ca_file && !encrypted && is_sound(l, "mqtt.url", "mqtt.ca_file"))
                config_load_warning(l, pick("mqtt.ca_file"),
                                    "has no effect: no mqtt.url begins with mqtts:// or wss://");
}

void config_check(struct config_load *l) {
        const struct config *c = &l->config;

        check_password(l);
        check_tls(l);
        check_order(l, "mqtt.backoff_min", c->mqtt.backoff_min_usec, "mqtt.backoff_max",
                    c->mqtt.backoff_max_usec);
        check_order(l, "homeassistant.birth_delay_min", c->homeassistant.birth_delay_min_usec,
                    "homeassistant.birth_delay_max", c->homeassistant.birth_delay_max_usec);
        check_order(l, "timing.backoff_min", c->timing.session.backoff_min_usec,
                    "timing.backoff_max", c->timing.session.backoff_max_usec);
}
