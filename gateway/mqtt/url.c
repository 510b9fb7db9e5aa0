#include "mqtt/url.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/cleanup.h"
#include "base/hex.h"

static const struct scheme {
        const char *name, *paho;
        unsigned port;
        bool tls, path;
} schemes[] = {
        {"mqtt", "tcp", 1883, false, false},
        {"mqtts", "ssl", 8883, true, false},
        {"ws", "ws", 80, false, true},
        {"wss", "wss", 443, true, true},
};

struct slice {
        const char *at;
        size_t n;
};

static const struct scheme *find_scheme(const char *text, const char **ret_rest) {
        const char *end = strstr(text, "://");

        for (size_t i = 0; end && i < ELEMENTS(schemes); i++)
                if (strlen(schemes[i].name) == (size_t) (end - text) &&
                    strncasecmp(schemes[i].name, text, (size_t) (end - text)) == 0) {
                        *ret_rest = end + strlen("://");
                        return &schemes[i];
                }
        return NULL;
}

/* %xx decoded; a NUL is refused because what follows takes strings. */
static int decode(struct slice s, char **ret) {
        _cleanup_(freep) char *text = calloc(1, s.n + 1);
        size_t length = 0;

        if (!text)
                return -ENOMEM;
        for (size_t i = 0; i < s.n; i++) {
                int c = (unsigned char) s.at[i];

                if (c == '%') {
                        int high = i + 2 < s.n ? hex_digit(s.at[i + 1]) : -1;
                        int low = i + 2 < s.n ? hex_digit(s.at[i + 2]) : -1;

                        if (high < 0 || low < 0 || high + low == 0)
                                return -EINVAL;
                        c = high << 4 | low;
                        i += 2;
                }
                text[length++] = (char) c;
        }
        *ret = TAKE_PTR(text);
        return 0;
}

/* "user" or "user:password", in front of the last @ of the authority. */
static int take_user(struct slice *authority, struct mqtt_url *url) {
        const char *at = memrchr(authority->at, '@', authority->n);
        struct slice user, password = {0};
        const char *colon;
        int r;

        if (!at)
                return 0;
        user = (struct slice){authority->at, (size_t) (at - authority->at)};
        authority->n -= user.n + 1;
        authority->at = at + 1;
        colon = memchr(user.at, ':', user.n);
        if (colon) {
                password = (struct slice){colon + 1, user.n - (size_t) (colon - user.at) - 1};
                user.n = (size_t) (colon - user.at);
        }
        if (user.n == 0)
                return -EINVAL;
        r = decode(user, &url->user);
        return r < 0 || !colon ? r : decode(password, &url->password);
}

static int parse_port(struct slice s, unsigned *ret) {
        unsigned port = 0;

        if (s.n == 0 || s.n > 5)
                return -EINVAL;
        for (size_t i = 0; i < s.n; i++) {
                if (s.at[i] < '0' || s.at[i] > '9')
                        return -EINVAL;
                port = port * 10 + (unsigned) (s.at[i] - '0');
        }
        if (port == 0 || port > UINT16_MAX)
                return -EINVAL;
        *ret = port;
        return 0;
}

/* "host", "host:port", "[v6]", "[v6]:port". */
static int split_host(struct slice authority, struct slice *ret_host, unsigned *port) {
        struct slice host = authority;
        const char *end = authority.at + authority.n, *after;

        if (host.n > 0 && host.at[0] == '[') {
                after = memchr(host.at, ']', host.n);
                if (!after)
                        return -EINVAL;
                host = (struct slice){host.at + 1, (size_t) (after - host.at) - 1};
                after++;
        } else {
                after = memchr(host.at, ':', host.n);
                after = after ? after : end;
                host.n = (size_t) (after - host.at);
        }
        if (host.n == 0 || memchr(host.at, '[', host.n) || memchr(host.at, ']', host.n))
                return -EINVAL;
        *ret_host = host;
        if (after == end)
                return 0;
        if (*after != ':')
                return -EINVAL;
        return parse_port((struct slice){after + 1, (size_t) (end - after) - 1}, port);
}

static bool is_printable(const char *text) {
        for (; *text; text++)
                if ((unsigned char) *text <= ' ' || (unsigned char) *text >= 0x7F)
                        return false;
        return true;
}

static int compose(const struct scheme *scheme, struct slice authority, struct slice host,
                   unsigned port, const char *path, struct mqtt_url *url) {
        bool v6 = memchr(host.at, ':', host.n);

        url->tls = scheme->tls;
        url->host = strndup(host.at, host.n);
        if (!url->host)
                return -ENOMEM;
        if (asprintf(&url->text, "%s://%.*s%s", scheme->name, (int) authority.n, authority.at,
                     path) < 0) {
                url->text = NULL;
                return -ENOMEM;
        }
        if (asprintf(&url->paho, "%s://%s%s%s:%u%s", scheme->paho, v6 ? "[" : "", url->host,
                     v6 ? "]" : "", port, path) < 0) {
                url->paho = NULL;
                return -ENOMEM;
        }
        return 0;
}

int mqtt_url_parse(const char *text, struct mqtt_url *ret) {
        _cleanup_(mqtt_url_done) struct mqtt_url url = {0};
        const struct scheme *scheme;
        struct slice authority, host;
        const char *rest, *path;
        unsigned port;
        int r;

        scheme = is_printable(text) ? find_scheme(text, &rest) : NULL;
        if (!scheme)
                return -EINVAL;
        authority = (struct slice){rest, strcspn(rest, "/?#")};
        path = rest + authority.n;
        if (*path == '?' || *path == '#')
                return -EINVAL;
        if (!scheme->path && strcmp(path, "/") == 0)
                path = "";
        if (!scheme->path && *path)
                return -EINVAL;
        port = scheme->port;
        r = take_user(&authority, &url);
        if (r >= 0)
                r = split_host(authority, &host, &port);
        if (r >= 0)
                r = compose(scheme, authority, host, port, path, &url);
        if (r < 0)
                return r;
        *ret = url;
        url = (struct mqtt_url){0};
        return 0;
}

void mqtt_url_done(struct mqtt_url *url) {
        free(url->text);
        free(url->paho);
        free(url->host);
        free(url->user);
        free(url->password);
        *url = (struct mqtt_url){0};
}
